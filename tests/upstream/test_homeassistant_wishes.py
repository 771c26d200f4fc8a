"""What the device makes of a wish: it is done where it does no harm, and else it is noted."""

from __future__ import annotations

from datetime import time

from matpi.core.effects import Light, Note, Pattern, Zeros
from matpi.core.events import SettingWished, Wish, Wished
from matpi.core.model import Acknowledgement, DayRecord, Memory, Settings
from tests.bench import NOON, Bench

EVENING = NOON + 9.5 * 3600.0  # 21:30; the reminder comes 90 min before 22:30


def of(bench: Bench, kind: type) -> list[object]:
    return [effect for effect in bench.effects if isinstance(effect, kind)]


def wish(bench: Bench, what: Wish) -> None:
    bench.effects.clear()
    bench.send(Wished(bench.t, what))


def test_an_empty_mat_is_zeroed() -> None:
    bench = Bench()
    bench.up(60)
    wish(bench, Wish.ZERO)
    zeros = bench.saves(Zeros)
    assert len(zeros) == 1
    assert zeros[0].zero.by_hand


def test_an_occupied_mat_is_not() -> None:
    bench = Bench()
    bench.up(30)
    bench.lie(30)
    for _ in range(2):  # on the mat, then away from it
        wish(bench, Wish.ZERO)
        assert not bench.saves(Zeros)
        assert [note.kind for note in of(bench, Note) if isinstance(note, Note)] == ["zero_refused"]
        bench.up(5)
    bench.lie(60)
    assert bench.device.session.running is not None
    assert bench.device.session.running.on_mat_s(bench.t) > 60.0


def test_a_mat_with_a_bag_on_it_is_not() -> None:
    bench = Bench()
    bench.up(30)
    bench.motion_kg = 0.0
    bench.lie(120, kg=15.0)
    wish(bench, Wish.ZERO)
    assert not bench.saves(Zeros)


def test_cells_without_readings_are_not_zeroed() -> None:
    bench = Bench()
    bench.up(30)
    bench.silent = True
    bench.pass_s(10)
    wish(bench, Wish.ZERO)
    assert not bench.saves(Zeros)


def test_identify_lights_the_led_for_a_moment() -> None:
    bench = Bench()
    bench.up(30)
    wish(bench, Wish.IDENTIFY)
    bench.pass_s(5)
    patterns = [light.pattern for light in of(bench, Light) if isinstance(light, Light)]
    assert patterns[:2] == [Pattern.SAVED, Pattern.OFF]


def test_not_today_ends_the_reminder() -> None:
    bench = Bench(utc=EVENING)
    bench.up(60)
    assert bench.device.reminder.now is not None
    assert bench.device.reminder.now.reason is None
    wish(bench, Wish.SNOOZE)
    bench.pass_s(1)
    assert str(bench.device.reminder.now.reason) == "snoozed"
    wish(bench, Wish.SNOOZE)
    assert not bench.saves(DayRecord), "the same once more is nothing to write"


def test_a_rest_day_is_one_until_it_is_none() -> None:
    bench = Bench(utc=EVENING)
    bench.up(10)
    wish(bench, Wish.REST)
    assert bench.device.plans.today.rest_day
    wish(bench, Wish.NO_REST)
    assert not bench.device.plans.today.rest_day


def test_without_a_clock_there_is_no_today() -> None:
    bench = Bench(utc=None)
    bench.up(10)
    for what in (Wish.SNOOZE, Wish.REST):
        wish(bench, what)
        assert not bench.saves(DayRecord)
        assert [note.kind for note in of(bench, Note) if isinstance(note, Note)] == ["wish_refused"]


def test_a_setting_is_used_and_stored_and_the_others_stay() -> None:
    own = Settings(zone="Europe/Berlin", bedtime=time(23, 0))
    bench = Bench(Memory(acknowledgement=Acknowledgement(some=False, utc=NOON), settings=own))
    bench.up(10)
    bench.effects.clear()
    bench.send(SettingWished(bench.t, "weekly_goal", 3))
    assert bench.saves(Settings) == [Settings(zone="Europe/Berlin", bedtime=time(23, 0), weekly_goal=3)]
    assert bench.device.plans.today.weekly_goal == 3
    bench.effects.clear()
    bench.send(SettingWished(bench.t, "weekly_goal", 3))
    assert not bench.saves(Settings)


def test_a_setting_that_could_not_be_written_is_tried_again() -> None:
    bench = Bench(disk_full=True)
    bench.up(10)
    bench.send(SettingWished(bench.t, "nudge", False))
    assert not bench.device.ledger.settings.nudge
    bench.disk_full = False
    bench.effects.clear()
    bench.pass_s(40)
    assert bench.saves(Settings) == [bench.device.ledger.settings]
