"""The whole device on a simulated mat, through power cuts, full disks, broken cells, bags and cats."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from matpi.control.state import state_of
from matpi.core.device import Device
from matpi.core.effects import Changed, Effect, Note, Pattern, Report, Save, Show
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Doubt, EndReason, Session, Settings
from matpi.core.views import Fault, SessionDone, Timer, View
from matpi.errors import UsageError
from matpi.store.db import Store
from matpi.twin.twin import Twin
from matpi.twin.world import VirtualWorld
from matpi.words import ENGLISH
from tests.bench import said

NOON = 1_773_576_000.0
"""2026-03-15 12:00 UTC, a Sunday."""
EMPTY_S = 30.0
"""How long the mat is empty first."""
CHECKPOINT_S = 15.0
EDGE_S = 0.75
"""How well the ends of a session are told: getting on and off takes as long in which either answer is right."""

Make = Callable[..., "Room"]


class Room:
    """A rig in a story; `after` lets time go by."""

    def __init__(self, path: Path, **more: Any) -> None:
        self.effects: list[Effect] = []
        self.rig = VirtualWorld(path, utc=NOON, watch=self.effects.append, **more)
        self.path = path

    def after(self, seconds: float, act: str | None = None) -> float:
        """When it was done."""
        self.rig.run_until(self.rig.t + seconds)
        if act is not None:
            self.rig.mat.act(act, self.rig.t)
        return self.rig.t

    def cut(self, seconds: float, meanwhile: str | None = None) -> None:
        """Pull the plug for a while."""
        self.rig.power_off()
        self.after(seconds, meanwhile)
        self.after(3.0 if meanwhile else 0.0)
        self.rig.power_on()

    @property
    def device(self) -> Device:
        assert self.rig.device is not None
        return self.rig.device

    # Methods, not properties: they change from one line of a story to the next.

    def state(self) -> Front:
        return self.device.stage.front

    def view(self) -> View:
        assert self.device.display.shown is not None
        return said(self.device.display.shown.view)

    def led(self) -> Pattern:
        return self.rig.light.pattern

    @property
    def stored(self) -> list[Session]:
        with Store.open(self.path, read_only=True) as log:
            return [entry.session for entry in log.sessions() if entry.deleted_why is None]

    @property
    def the_one(self) -> Session:
        (session,) = self.stored
        return session

    @property
    def counting(self) -> Session:
        """The one session that counts."""
        (session,) = (session for session in self.stored if session.counts)
        return session

    @property
    def said(self) -> list[str]:
        return [str(effect.event) for effect in self.effects if isinstance(effect, Report)]

    @property
    def states(self) -> list[str]:
        return [effect.dest for effect in self.effects if isinstance(effect, Changed)]

    def notes(self, kind: str) -> list[Note]:
        return [effect for effect in self.effects if isinstance(effect, Note) and effect.kind == kind]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A room with a device that somebody has used before; `on=False`: not booted yet."""
    rooms: list[Room] = []

    def make(*, on: bool = True, **more: Any) -> Room:
        path = tmp_path / "matpi.db"
        with Store.open(path) as log:
            log.write(Save(Settings()))
            log.write(Save(Acknowledgement(some=False, utc=NOON)))
        rooms.append(Room(path, **more))
        if on:
            rooms[-1].rig.power_on()
        return rooms[-1]

    yield make
    for room in rooms:
        room.rig.power_off()


@pytest.fixture
def room(make: Make) -> Room:
    room = make()
    room.after(EMPTY_S)
    return room


def lay(room: Room, seconds: float) -> float:
    """Lie down, stay, get up, and wait until the device is sure; what the session should come to."""
    down = room.after(0.0, "lie_down")
    up = room.after(seconds, "get_up")
    room.after(25.0)
    return up + 1.8 - (down + 0.1)


# -- people, things, animals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kg", [35.0, 74.0, 140.0])
def test_a_session_is_as_long_as_it_was(make: Make, kg: float, seed: int) -> None:
    room = make(kg=kg, seed=seed)
    room.after(EMPTY_S)
    true_s = lay(room, 300)
    assert room.the_one.on_mat_s == pytest.approx(true_s, abs=EDGE_S)
    assert (room.the_one.reason, room.the_one.aways) == (EndReason.LEFT, 0)
    assert room.the_one.start_utc == pytest.approx(NOON + EMPTY_S + 0.1, abs=0.3)


@pytest.mark.parametrize("act", ["sit", "stand"])
@pytest.mark.parametrize("kg", [45.0, 74.0, 140.0])
def test_sitting_or_standing_on_it_is_a_session_as_lying_is(make: Make, act: str, kg: float) -> None:
    room = make(kg=kg)
    room.after(EMPTY_S)
    down = room.after(0.0, act)
    up = room.after(180.0, "get_up")
    room.after(25.0)
    assert room.the_one.on_mat_s == pytest.approx(up - down, abs=2.5)  # on in 0.8 or 1.2 s, off in about 1.8
    assert (room.the_one.reason, room.the_one.aways) == (EndReason.LEFT, 0)


def test_from_sitting_to_lying_to_standing_is_one_session(room: Room) -> None:
    down = room.after(0.0, "sit")
    room.after(30.0, "lie_down")
    room.after(120.0, "stand")
    up = room.after(30.0, "get_up")
    room.after(25.0)
    assert room.the_one.on_mat_s == pytest.approx(up - down, abs=2.5)
    assert room.the_one.reason is EndReason.LEFT


def test_a_bag_on_the_empty_mat_is_an_object(room: Room) -> None:
    room.after(0.0, "bag_on")
    room.after(60.0)
    assert room.state() is Front.OBJECT
    assert "object" in room.said
    room.after(0.0, "bag_off")
    room.after(5.0)
    assert room.state() is Front.IDLE
    assert (room.the_one.doubt, room.the_one.counts) == (Doubt.THING, False)


def test_somebody_lies_down_on_a_bag(room: Room) -> None:
    room.after(0.0, "bag_on")
    room.after(60.0)
    true_s = lay(room, 300)
    assert room.counting.on_mat_s == pytest.approx(true_s, abs=EDGE_S)
    assert room.counting.reason is EndReason.LEFT
    assert [session.doubt for session in room.stored] == [Doubt.THING, None]


def test_somebody_leaves_and_the_bag_stays(room: Room) -> None:
    down = room.after(0.0, "lie_down")
    room.after(120.0, "bag_on")
    up = room.after(180.0, "get_up")
    room.after(125.0)
    session = room.the_one
    assert session.reason is EndReason.LEFT
    assert session.on_mat_s == pytest.approx(up + 1.8 - down, abs=EDGE_S)
    assert room.device.presence.object_kg == pytest.approx(15.0, abs=0.5)
    room.after(3600.0)
    assert room.stored == [session]


def test_a_cat_walks_across(room: Room) -> None:
    for _ in range(5):
        room.after(10.0, "cat")
    room.after(60.0)
    assert room.said == []
    assert room.stored == []


def test_sitting_down_for_a_moment_is_no_session(room: Room) -> None:
    room.after(0.0, "sit")
    room.after(8.0, "get_up")
    room.after(60.0)
    assert room.stored == []
    assert "short" in room.said


def test_fidgeting_is_not_leaving(room: Room) -> None:
    """The hips lifted for less than a second."""
    down = room.after(0.0, "lie_down")
    for _ in range(12):
        room.after(20.0, "fidget")
    up = room.after(20.0, "get_up")
    room.after(25.0)
    assert room.said == ["arriving", "session_started", "away", "session_ended"]
    session = room.the_one
    assert session.on_mat_s == pytest.approx(up + 1.7 - down, abs=EDGE_S)
    assert session.aways == 0


def test_up_for_a_moment_and_back_is_one_session(room: Room) -> None:
    down = room.after(0.0, "lie_down")
    away = room.after(120.0, "get_up")
    back = room.after(10.0, "lie_down")
    up = room.after(120.0, "get_up")
    room.after(25.0)
    session = room.the_one
    assert session.aways == 1
    assert session.on_mat_s == pytest.approx((away - down) + (up - back) + 3.4, abs=2 * EDGE_S)
    assert session.span_s == pytest.approx(up + 1.7 - down, abs=EDGE_S)


@pytest.mark.parametrize("seed", range(3))
def test_any_evening_comes_out_as_it_was(make: Make, seed: int) -> None:
    """Restless people, cats and spikes: none invented, cut, split or missed. What a lift takes is not counted."""
    chance = random.Random(seed)
    room = make(seed=seed)
    true_s = []
    for _ in range(4):
        room.after(chance.uniform(30.0, 300.0))
        room.rig.fault("spikes", on=chance.random() < 0.5)
        down = room.after(0.0, "lie_down")
        end = down + chance.uniform(60.0, 900.0)
        while room.rig.t < end - 25.0:
            room.after(chance.uniform(3.0, 20.0), chance.choice((None, "fidget", "cat")))
        true_s.append(room.after(end - room.rig.t, "get_up") + 1.7 - down)
        room.after(25.0)
    assert [s.span_s for s in room.stored] == pytest.approx(true_s, abs=1.2)
    assert all(0.0 <= s.span_s - s.on_mat_s <= 0.8 * s.aways for s in room.stored)
    assert [(s.reason, s.doubt) for s in room.stored] == [(EndReason.LEFT, None)] * 4


# -- the load cells ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_spikes_over_twenty_minutes(make: Make, seed: int) -> None:
    room = make(seed=seed)
    room.rig.fault("spikes", on=True)
    room.after(EMPTY_S)
    true_s = lay(room, 20 * 60)
    room.after(300.0)
    assert room.the_one.on_mat_s == pytest.approx(true_s, abs=EDGE_S)
    assert room.the_one.reason is EndReason.LEFT
    assert room.the_one.aways <= 2, "two spikes of three readings are away for a tenth of a second"


def test_spikes_on_the_empty_mat_are_nobody(room: Room) -> None:
    room.rig.fault("spikes", on=True)
    room.after(3600.0)
    assert room.stored == []
    assert "session_started" not in room.said


def test_a_cell_unplugged_for_ten_seconds(room: Room) -> None:
    down = room.after(0.0, "lie_down")
    room.after(120.0)
    room.rig.fault("cell", on=True)
    room.after(10.0)
    assert room.state() is Front.HOLDING
    room.rig.fault("cell", on=False)
    up = room.after(120.0, "get_up")
    room.after(25.0)
    assert room.the_one.reason is EndReason.LEFT
    assert room.the_one.on_mat_s == pytest.approx(up + 1.7 - down, abs=EDGE_S)
    assert room.said.count("sensor_lost") == room.said.count("sensor_back") == 1


def test_a_cell_unplugged_for_ninety_seconds(room: Room) -> None:
    down = room.after(0.0, "lie_down")
    lost = room.after(120.0)
    room.rig.fault("cell", on=True)
    room.after(90.0)
    assert room.the_one.reason is EndReason.SENSOR_LOST
    assert room.the_one.on_mat_s == pytest.approx(lost - down, abs=EDGE_S)
    back = room.after(0.0)
    room.rig.fault("cell", on=False)
    up = room.after(120.0, "get_up")
    room.after(25.0)
    _, second = room.stored
    assert second.reason is EndReason.LEFT
    assert second.on_mat_s == pytest.approx(up + 1.8 - back, abs=EDGE_S)


def test_got_up_while_the_cell_was_unplugged(room: Room) -> None:
    """All that is known is that the load was there when the silence began."""
    down = room.after(0.0, "lie_down")
    lost = room.after(120.0)
    room.rig.fault("cell", on=True)
    room.after(5.0, "get_up")
    room.after(10.0)
    room.rig.fault("cell", on=False)
    room.after(60.0)
    assert room.the_one.on_mat_s == pytest.approx(lost - down, abs=EDGE_S)


def test_the_panel_unplugged_never_stops_the_timer(room: Room) -> None:
    room.after(0.0, "lie_down")
    room.after(60.0)
    room.rig.fault("panel", on=True)
    room.after(60.0)
    dark = room.rig.panel.image
    room.rig.fault("panel", on=False)
    room.after(60.0)
    assert (dark is None, room.rig.panel.image is None) == (True, False)
    assert (len(room.notes("panel_lost")), len(room.notes("panel_back"))) == (1, 1)
    room.after(0.0, "get_up")
    room.after(25.0)
    assert room.the_one.on_mat_s == pytest.approx(181.7, abs=EDGE_S)


# -- power ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_s", [46.0, 59.9, 300.0])
@pytest.mark.parametrize("off_s", [0.5, 60.0, 240.0])
def test_power_cut_with_somebody_still_there_is_one_session(room: Room, at_s: float, off_s: float) -> None:
    down = room.after(0.0, "lie_down")
    cut = room.after(at_s)
    room.cut(off_s)
    boot = room.rig.t
    up = room.after(200.0, "get_up")
    room.after(25.0)
    session = room.the_one
    assert session.reason is EndReason.LEFT
    true_s = (cut - down) + (up + 1.8 - boot)
    assert true_s - CHECKPOINT_S - 1.5 <= session.on_mat_s <= true_s + EDGE_S
    assert session.start_utc == pytest.approx(NOON + down, abs=EDGE_S)
    assert session.end_utc == pytest.approx(NOON + up + 1.8, abs=EDGE_S)
    assert len(room.notes("resumed")) == 1


def test_a_second_power_cut_in_the_same_session(room: Room) -> None:
    down = room.after(0.0, "lie_down")
    room.after(100.0)
    room.cut(30.0)
    room.after(100.0)
    room.cut(30.0)
    up = room.after(100.0, "get_up")
    room.after(25.0)
    true_s = up + 1.8 - down - 60.0
    assert true_s - 2 * (CHECKPOINT_S + 1.5) <= room.the_one.on_mat_s <= true_s + EDGE_S
    assert room.the_one.reason is EndReason.LEFT


def test_a_long_power_cut_ends_the_session_and_begins_another(room: Room) -> None:
    room.after(0.0, "lie_down")
    room.after(120.0)
    room.cut(400.0)
    boot = room.rig.t
    up = room.after(100.0, "get_up")
    room.after(25.0)
    first, second = room.stored
    assert first.reason is EndReason.POWER_LOST
    assert 120.0 - CHECKPOINT_S - EDGE_S <= first.on_mat_s <= 120.0
    assert second.on_mat_s == pytest.approx(up + 1.8 - boot, abs=1.5)


def test_got_up_during_the_power_cut(room: Room) -> None:
    room.after(0.0, "lie_down")
    room.after(180.0)
    room.cut(30.0, "get_up")
    room.after(30.0)
    session = room.the_one
    assert session.reason is EndReason.POWER_LOST
    assert 180.0 - CHECKPOINT_S - EDGE_S <= session.on_mat_s <= 180.0
    assert room.device.plans.today.today_s == session.on_mat_s
    assert room.device.plans.today.done


@pytest.mark.parametrize("at_s", [0.5, 2.0])
def test_a_cut_before_the_third_second_leaves_nothing(room: Room, at_s: float) -> None:
    room.after(0.0, "lie_down")
    room.after(at_s)
    room.cut(30.0, "get_up")
    room.after(60.0)
    assert room.stored == []


def test_what_was_stored_stays_through_any_number_of_cuts(room: Room) -> None:
    lay(room, 60)
    kept = room.the_one
    for _ in range(5):
        room.after(20.0)
        room.cut(10.0)
    room.after(30.0)
    assert room.stored == [kept]


def test_a_shut_down_loses_nothing_of_the_session(room: Room) -> None:
    room.after(0.0, "lie_down")
    room.after(127.0)
    room.rig.shut_down()
    assert room.the_one.is_open
    assert room.the_one.on_mat_s == pytest.approx(127.0, abs=0.3)
    assert room.rig.panel.image is None


def test_a_damaged_log_is_set_aside_and_the_device_runs(make: Make) -> None:
    room = make(on=False)
    damage = b"scratched" * 1000
    room.path.write_bytes(damage)
    room.rig.power_on()
    assert room.rig.store is not None
    aside = room.rig.store.set_aside
    assert aside is not None
    assert aside.read_bytes() == damage
    room.after(EMPTY_S)
    true_s = lay(room, 60)
    assert room.the_one.on_mat_s == pytest.approx(true_s, abs=EDGE_S)
    assert aside.read_bytes() == damage


def test_panel_and_page_say_which_backup_took_the_place_of_a_damaged_log(room: Room) -> None:
    lay(room, 60)
    day = str(room.the_one.day)
    room.rig.shut_down()
    with Store.open(room.path) as store:
        store.back_up(None)
    room.path.write_bytes(b"scratched" * 1000)
    room.rig.power_on()
    room.after(10.0)
    assert room.rig.store is not None
    aside = room.rig.store.set_aside
    assert aside is not None
    assert room.view() == Fault("Log was damaged", f"kept: {aside.name[-15:]}", f"backup of {day}")
    said = {"file": aside.name, "restored": True, "day": day}
    assert state_of(room.device, ENGLISH)["damaged"] == said
    assert room.device.plans.today.today_s > 50, "the session in the backup counts"
    room.rig.button(down=True)
    room.after(0.2)
    room.rig.button(down=False)
    room.after(1.0)
    assert not isinstance(room.view(), Fault)
    assert state_of(room.device, ENGLISH)["damaged"] is None


def test_a_bag_is_an_object_after_a_power_cut_too(room: Room) -> None:
    room.after(0.0, "bag_on")
    room.after(60.0)
    room.cut(30.0)
    room.after(60.0)
    assert room.state() is Front.OBJECT
    assert {(session.doubt, session.counts) for session in room.stored} == {(Doubt.THING, False)}


@pytest.mark.parametrize("seed", range(6))
def test_one_session_through_any_power_cuts(make: Make, seed: int) -> None:
    chance = random.Random(seed)
    room = make(seed=seed)
    room.after(EMPTY_S)
    since, on_s, cuts = room.after(0.0, "lie_down"), 0.0, chance.randrange(1, 4)
    for _ in range(cuts):
        on_s += room.after(chance.uniform(20.0, 200.0)) - since
        room.cut(chance.uniform(1.0, 280.0))
        since = room.rig.t
    on_s += room.after(chance.uniform(40.0, 200.0), "get_up") + 1.8 - since
    room.after(25.0)
    assert on_s - cuts * (CHECKPOINT_S + 1.5) <= room.the_one.on_mat_s <= on_s + EDGE_S


# -- the disk ------------------------------------------------------------------------------------------------------


def test_the_disk_fills_up_during_a_session(room: Room) -> None:
    down = room.after(0.0, "lie_down")
    room.after(120.0)
    room.rig.fault("disk", on=True)
    room.after(120.0)
    assert room.state() is Front.ON_MAT
    timer = room.view()
    assert isinstance(timer, Timer)
    assert timer.notice == "cannot save: disk"
    up = room.after(60.0, "get_up")
    room.after(22.5)
    done = room.view()
    assert isinstance(done, SessionDone)
    assert not done.saved
    assert room.led() is not Pattern.SAVED
    room.after(90.0)
    room.rig.press(0.15)  # wakes the panel
    room.after(1.0)
    assert [e.view for e in room.effects if isinstance(e, Show) and isinstance(e.view, Fault)]
    assert room.the_one.is_open, "as the last checkpoint left it"
    assert len(room.notes("save_failed")) == 1, "told once"

    room.rig.fault("disk", on=False)
    room.after(35.0)
    assert room.the_one.reason is EndReason.LEFT
    assert room.the_one.on_mat_s == pytest.approx(up + 1.7 - down, abs=EDGE_S)


def test_killed_while_the_disk_was_full_keeps_what_was_promised(room: Room) -> None:
    lay(room, 60)
    kept = room.the_one
    room.after(0.0, "lie_down")
    room.after(120.0)
    room.rig.fault("disk", on=True)
    room.after(120.0)
    room.rig.power_off()
    room.rig.fault("disk", on=False)
    room.after(5.0, "get_up")
    room.after(5.0)
    room.rig.power_on()
    room.after(30.0)
    first, second = room.stored
    assert first == kept
    assert second.reason is EndReason.POWER_LOST
    assert 120.0 - CHECKPOINT_S - EDGE_S <= second.on_mat_s <= 120.0


def test_a_rating_given_while_the_disk_was_full_is_kept(room: Room) -> None:
    lay(room, 60)
    room.after(5.0)
    room.rig.fault("disk", on=True)
    assert room.state() is Front.FELT_WRONG
    room.rig.press(0.15)
    room.after(1.0)
    assert room.state() is Front.RATING
    room.rig.press(0.15)
    room.after(6.0)
    assert room.state() is Front.SAVED
    room.rig.fault("disk", on=False)
    room.after(60.0)
    with Store.open(room.path, read_only=True) as log:
        assert [r.value for r in log.log().ratings] == [1]


# -- the clock -----------------------------------------------------------------------------------------------------


def test_a_session_gets_its_date_when_the_clock_is_known(make: Make) -> None:
    room = make(on=False)
    room.rig.trust_clock(trusted=False)
    room.rig.power_on()
    room.after(EMPTY_S)
    lay(room, 60)
    second = room.after(0.0, "lie_down")
    room.after(60.0)
    assert [s.estimated for s in room.stored] == [True, True]
    room.rig.trust_clock(trusted=True)
    room.after(60.0, "get_up")
    room.after(25.0)
    assert [s.start_utc for s in room.stored] == [
        pytest.approx(NOON + EMPTY_S, abs=EDGE_S),
        pytest.approx(NOON + second, abs=EDGE_S),
    ]
    assert [s.day for s in room.stored] == [date(2026, 3, 15)] * 2
    assert [s.estimated for s in room.stored] == [False, False]
    assert room.device.plans.today.today_s == pytest.approx(sum(s.on_mat_s for s in room.stored))


def test_no_reminder_while_the_clock_is_not_known(make: Make) -> None:
    room = make(on=False)
    room.rig.trust_clock(trusted=False)
    room.rig.power_on()
    room.rig.jump("21:00")
    room.after(60.0)
    assert room.led() is Pattern.OFF


def test_at_nine_with_nothing_done_the_led_breathes(room: Room) -> None:
    room.rig.jump("20:59")
    assert room.led() is Pattern.OFF
    room.rig.jump("21:00")
    room.after(1.0)
    assert room.led() is Pattern.BREATH
    room.after(40.0)
    assert room.led() is Pattern.OFF, "30 s, then a pause"
    room.rig.jump("21:15")
    room.after(1.0)
    assert room.led() is Pattern.BREATH
    room.rig.press(0.15)
    room.after(1.0)
    room.rig.jump("21:30")
    room.after(1.0)
    assert room.led() is Pattern.OFF, "a tap silences it until tomorrow"


def test_at_nine_with_the_day_done_the_led_is_silent(room: Room) -> None:
    lay(room, 150)
    room.after(200.0)
    room.rig.jump("21:00")
    room.after(1.0)
    assert room.led() is Pattern.OFF


def test_the_next_day_is_the_next_day_of_the_plan(make: Make) -> None:
    room = make(zone="UTC")
    for day in range(1, 5):
        assert room.device.plans.today.day == day
        room.after(EMPTY_S)
        lay(room, 150)
        room.after(200.0)
        room.rig.next_day()
        assert datetime.fromtimestamp(room.rig.utc, UTC) == datetime(2026, 3, 15 + day, 8, 0, tzinfo=UTC)
    assert room.device.plans.today.lower_min == 5


def test_time_skipped_with_somebody_on_the_mat_ends_at_the_cap(room: Room) -> None:
    room.after(0.0, "lie_down")
    room.after(60.0)
    room.rig.jump("21:00")
    assert room.the_one.reason is EndReason.CAP
    assert room.the_one.on_mat_s == pytest.approx(45 * 60, abs=1.0)
    assert room.state() is Front.CAPPED


def test_a_log_ahead_of_the_clock_goes_on_from_there(room: Room) -> None:
    room.rig.next_day()
    lay(room, 60)
    ended = room.the_one.end_utc
    assert ended is not None
    room.rig.power_off()
    again = Room(room.path)
    again.rig.power_on()
    assert again.rig.utc == pytest.approx(ended + 60.0)
    again.rig.power_off()


def test_a_session_left_open_ahead_of_the_clock_goes_on_from_there(room: Room) -> None:
    room.rig.next_day()
    room.after(0.0, "lie_down")
    room.after(60.0)
    room.rig.shut_down()
    again = Room(room.path)
    again.rig.power_on()
    assert again.rig.utc == pytest.approx(room.rig.utc + 60.0, abs=1.0)
    again.rig.power_off()


@pytest.mark.parametrize("text", ["", "25:00", "nine", "9"])
def test_no_time_of_day(room: Room, text: str) -> None:
    before = room.rig.t
    with pytest.raises(UsageError, match="no time of day"):
        room.rig.jump(text)
    assert room.rig.t == before


def test_no_such_fault(room: Room) -> None:
    with pytest.raises(UsageError, match="choose one of cell, spikes, panel, disk"):
        room.rig.fault("cable", on=True)


def test_no_power_no_life(make: Make) -> None:
    room = make(on=False)
    room.rig.press(0.15)
    room.after(60.0, "lie_down")
    room.after(60.0)
    room.rig.shut_down()
    assert (room.rig.t, room.effects, room.rig.device) == (120.0, [], None)


def test_a_mistake_in_the_twins_thread_is_told_and_ends_it(tmp_path: Path) -> None:
    ended = threading.Event()
    twin = Twin(lambda watch: VirtualWorld(tmp_path / "log.db", utc=1_773_586_800.0, watch=watch), crashed=ended.set)
    twin.start()
    twin._commands.put(lambda: 1 // 0)  # type: ignore[arg-type]
    assert ended.wait(60.0)
    with pytest.raises(ZeroDivisionError):
        twin.stop()


def test_the_page_lists_what_a_power_cut_would_leave(tmp_path: Path) -> None:
    """A session that a full disk has not taken is not listed, until it is."""
    path, listed = tmp_path / "log.db", queue.SimpleQueue[list[str]]()

    def put(kind: str, payload: dict[str, Any]) -> None:
        if kind == "sessions":
            listed.put([one["reason"] for one in payload["sessions"]])

    twin = Twin(lambda watch: VirtualWorld(path, utc=NOON, watch=watch), warp=60)
    twin.start()
    try:
        twin.subscribe(put)
        assert listed.get_nowait() == []
        twin.fault("disk", on=True)
        twin.act("lie_down")
        twin.next_day()
        twin.act("get_up")
        twin.jump("12:00")
        assert listed.get(timeout=60.0) == []
        twin.fault("disk", on=False)
        while listed.get(timeout=60.0) != ["cap"]:
            pass
    finally:
        twin.stop()


def test_time_slows_down_when_a_question_about_a_session_comes(tmp_path: Path) -> None:
    statuses = queue.SimpleQueue[dict[str, Any]]()
    twin = Twin(lambda watch: VirtualWorld(tmp_path / "log.db", utc=NOON, watch=watch), warp=60)

    def first(wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while not wanted(status := statuses.get(timeout=60.0)):
            pass
        return status

    twin.start()
    try:
        twin.subscribe(lambda kind, payload: statuses.put(payload) if kind == "status" else None)
        twin.act("lie_down")
        began = datetime.fromisoformat(first(lambda status: status["state"] == "ON_MAT")["clock"])
        status = first(lambda status: (datetime.fromisoformat(status["clock"]) - began).total_seconds() > 60.0)
        assert status["warp"] == 60
        twin.act("get_up")
        first(lambda status: status["state"] == "DONE" and status["warp"] == 1)
    finally:
        twin.stop()


def test_a_computer_that_stalls_lets_no_question_pass_and_makes_no_hold_of_a_tap(tmp_path: Path) -> None:
    seen = queue.SimpleQueue[tuple[str, dict[str, Any]]]()
    stall_s = 0.0
    twin = Twin(lambda watch: VirtualWorld(tmp_path / "log.db", utc=NOON, watch=watch), warp=60)

    def put(kind: str, payload: dict[str, Any]) -> None:  # the twin waits for it
        seen.put((kind, payload))
        if kind == "status":
            time.sleep(stall_s)

    def first(kind: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            found, payload = seen.get(timeout=60.0)
            if found == kind and wanted(payload):
                return payload

    twin.start()
    try:
        twin.subscribe(put)
        twin.act("lie_down")
        began = datetime.fromisoformat(first("status", lambda status: status["state"] == "ON_MAT")["clock"])
        first("status", lambda status: (datetime.fromisoformat(status["clock"]) - began).total_seconds() > 60.0)
        stall_s = 0.5  # half a minute of the fast clock
        twin.act("get_up")
        done = first("status", lambda status: status["state"] not in {"ON_MAT", "AWAY"})
        assert (done["state"], done["warp"]) == ("DONE", 1)
        first("status", lambda status: status["state"] == "RATING")
        stall_s = 1.0  # longer than a hold
        for down in (True, False):
            twin.button(down)
        assert "1 of 10. Hold" in first("frame", lambda frame: " of 10" in frame["text"])["text"]
    finally:
        twin.stop()


def test_a_zone_asked_for_is_set_in_a_log_that_has_another(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    first = VirtualWorld(path, utc=1_773_586_800.0, zone="UTC")
    first.power_on()
    first.shut_down()
    again = VirtualWorld(path, utc=1_773_586_800.0, zone="Europe/Berlin", zone_wanted=True)
    again.power_on()
    assert again.local.utcoffset() is not None
    assert str(again.zone) == "Europe/Berlin"
    again.shut_down()
    with Store.open(path, read_only=True) as store:
        assert store.load().settings.zone == "Europe/Berlin"


def test_a_boot_that_fails_leaves_the_log_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.db"
    monkeypatch.setattr("matpi.twin.world.boot", None)
    with pytest.raises(TypeError):
        VirtualWorld(path, utc=1_773_586_800.0).power_on()
    Store.open(path).close()


def test_a_twin_that_cannot_start_says_so_whatever_it_was(tmp_path: Path) -> None:
    def broken(_watch: Callable[[Effect], None]) -> VirtualWorld:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Twin(broken).start()
