"""Whatever happens, in whatever order: no session lost, invented or doubled, no state that the mat contradicts.

Random stories of minutes to days in virtual time: loads, bags, silence, spikes, presses, clocks, disks, power cuts.
The same stories on every run (derandomized); other ones, and ten times as many, in `make soak`.
"""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import os
from itertools import pairwise
from math import sin
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from matpi.core.effects import Calibrated, Checkpoint, Drop, Report, Said, Save, Show
from matpi.core.events import (
    ButtonDown,
    ButtonUp,
    CalibrationWished,
    Event,
    LogChanged,
    PanelBack,
    PanelLost,
    Reading,
    SensorLost,
    SettingWished,
    Tick,
    WallClock,
    Wish,
    Wished,
)
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Log, Memory, Moment, Rating, Session
from matpi.core.people import People, Person
from matpi.core.presence.load import Load
from matpi.core.rules import DeviceRules
from matpi.core.views import Menu, RatingSaved, SessionDone
from tests.bench import NOMINAL, NOON, UNCALIBRATED, Bench, Body, Cells, end_of

LOADS_THAT_FIT: dict[Front, set[Load]] = {
    Front.IDLE: {Load.EMPTY},
    Front.SAFETY: {Load.EMPTY, Load.OBJECT},  # reached from the menu
    Front.MENU: {Load.EMPTY, Load.OBJECT},
    Front.ARRIVING: {Load.ARRIVING},
    Front.ON_MAT: {Load.ON},
    Front.AWAY: {Load.AWAY},
    Front.HOLDING: {Load.ON},
    Front.CAPPED: {Load.ON, Load.AWAY},
    Front.OBJECT: {Load.OBJECT},
    Front.DISCARDED: {Load.ON, Load.AWAY, Load.EMPTY, Load.OBJECT},
    Front.SENSOR_LOST: {Load.EMPTY, Load.OBJECT},
    Front.DONE: {Load.EMPTY, Load.OBJECT},
    Front.CONFIRM: {Load.EMPTY, Load.OBJECT},
    Front.OFF_MAT: {Load.EMPTY, Load.OBJECT},
    Front.READY: {Load.EMPTY, Load.OBJECT},
    Front.TREND: {Load.EMPTY, Load.OBJECT},
    Front.PAGE: {Load.EMPTY, Load.OBJECT},
    Front.RATING: {Load.EMPTY, Load.OBJECT},
    Front.SAVED: {Load.EMPTY, Load.OBJECT},
    Front.LOOSER: {Load.EMPTY, Load.OBJECT},
    Front.FELT_WRONG: {Load.EMPTY, Load.OBJECT},
    Front.CALIBRATING: {Load.EMPTY},
}
MUST_HEAR = {Front.ON_MAT, Front.ARRIVING, Front.IDLE, Front.MENU, Front.SAFETY, Front.OBJECT, Front.CALIBRATING}
MUST_NOT_HEAR = {Front.HOLDING, Front.SENSOR_LOST}


PAGED = DeviceRules(page_address="http://mat.local:8377")


class Watched(Bench):
    """Checks after every single event what must hold at any time."""

    began: dict[str, float]

    def __init__(self, memory: Memory | None = None, **given: Any) -> None:
        super().__init__(memory, rules=PAGED, **given)

    def send(self, event: Event) -> None:
        before = len(self.effects)
        super().send(event)
        now = event.t
        for _ in range(3):  # due at once is allowed; served, it is gone
            wake = self.device.next_wake()
            if wake is None or wake > now:
                break
            super().send(Tick(now))
        else:
            raise AssertionError(f"due for ever at {wake} in {self.state}, now {now}")
        state, presence = self.state, self.device.presence
        assert presence.load in LOADS_THAT_FIT[state], (state, presence.load)
        assert not (presence.silent and state in MUST_HEAR), state
        assert not (not presence.silent and state in MUST_NOT_HEAR), state
        running = self.device.session.running
        assert (running is not None) == (state in {Front.ON_MAT, Front.AWAY, Front.HOLDING})
        unanswered = dict(self.device.ledger.waiting)
        for effect in self.effects[before:]:
            match effect:
                case Checkpoint(session):
                    self._check(session, now)
                    assert session.is_open
                case Save(Session() as session):
                    self._check(session, now)
                    assert not session.is_open
                case Show(SessionDone(saved=True)):
                    last = self.device.session.last
                    assert last is None or last.id not in unanswered
                case Show(RatingSaved(saved=True)):
                    assert not any(
                        isinstance(write, Save) and isinstance(write.record, Rating) for write in unanswered.values()
                    )
                case _:
                    pass

    def _check(self, session: Session, now: float) -> None:
        assert 0.0 <= session.on_mat_s <= session.span_s + 1e-6
        if session.boot_id == self.device.clock.boot_id:
            assert end_of(session) <= now + 1e-6, "a session that ends in the future"

    def until(self, t: float) -> None:
        stands, last = 0, -1.0
        while (wake := self.device.next_wake()) is not None and wake <= t:
            self.t = max(self.t, wake)
            self.send(Tick(self.t))
            stands = stands + 1 if self.t <= last else 0
            assert stands < 20, f"time stands still at {self.t} in {self.state}"
            last = self.t


LOADS = st.sampled_from([0.0, 0.0, 0.0, 4.0, 7.0, 11.9, 20.0, 25.0, 45.0, 45.0, 45.0, 80.0])
SECONDS = st.one_of(
    st.sampled_from([0.1, 0.3, 0.5, 0.6, 1.0, 2.0, 2.9, 3.0, 3.1, 19.8, 20.0, 20.3, 29.9, 31.0, 60.0]),
    st.floats(0.05, 90.0),
)
STEP = st.one_of(
    st.tuples(st.just("load"), LOADS, SECONDS),
    st.tuples(st.just("load"), LOADS, SECONDS),
    st.tuples(st.just("load"), LOADS, SECONDS),
    st.tuples(st.just("still"), st.booleans(), st.floats(1.0, 50.0)),
    st.tuples(st.just("silent"), st.sampled_from([0.5, 1.9, 2.0, 2.1, 10.0, 59.0, 61.0, 130.0]), st.booleans()),
    st.tuples(st.just("word"), st.booleans(), st.just(0)),
    st.tuples(st.just("flagged"), st.floats(0.1, 5.0), st.just(0)),
    st.tuples(st.just("spike"), st.sampled_from([-400.0, 400.0, 15.0, -30.0]), st.integers(1, 3)),
    st.tuples(st.just("press"), st.sampled_from([0.01, 0.15, 0.15, 0.15, 0.9, 0.9, 3.2, 25.0]), st.just(0)),
    st.tuples(st.just("press"), st.sampled_from([0.01, 0.15, 0.15, 0.15, 0.9, 0.9, 3.2, 25.0]), st.just(0)),
    st.tuples(st.just("down"), st.booleans(), st.just(0)),
    st.tuples(st.just("clock"), st.sampled_from([-3e8, -40.0, 0.0, 0.0, 3e8]), st.booleans()),
    st.tuples(st.just("disk"), st.sampled_from(["full", "mute", "fine", "fine"]), st.just(0)),
    st.tuples(
        st.just("page"), st.sampled_from(["settings", "pets", "log", "lost", "back", "zero", "undo", "kg"]), st.just(0)
    ),
    st.tuples(
        st.just("stored"),
        st.sampled_from(["same", "ada", "both", "other", "none", "rated", "safe", "yours"]),
        st.just(0),
    ),
    st.tuples(
        st.just("stored"),
        st.sampled_from(["same", "ada", "both", "other", "none", "rated", "safe", "yours"]),
        st.just(0),
    ),
    st.tuples(st.just("long"), st.sampled_from([7.0, 20.0, 25.0]), st.booleans()),
    st.tuples(st.just("jump"), st.sampled_from([5.0, 25.0, 100.0, 3600.0, 86_400.0]), st.just(0)),
)
ON_MAT = [("load", 45.0, 40.0)]
BEGINNINGS: list[list[tuple[str, Any, Any]]] = [
    [],
    ON_MAT,
    [*ON_MAT, ("load", 0.0, 3.0)],
    [*ON_MAT, ("silent", 3.0, False)],
    [*ON_MAT, ("press", 3.2, 0)],
    [*ON_MAT, ("press", 3.2, 0), ("load", 0.0, 4.0)],
    [*ON_MAT, ("press", 3.2, 0), ("silent", 5.0, False)],
    [*ON_MAT, ("load", 0.0, 25.0)],
    [*ON_MAT, ("load", 0.0, 25.0), ("press", 0.15, 0), ("press", 0.9, 0)],
    [("still", True, 1.0), ("load", 20.0, 45.0)],
    [("still", True, 1.0), ("load", 20.0, 45.0), ("still", False, 1.0)],
    [*ON_MAT, ("long", 9.0, True)],
    [("page", "pets", 0), *ON_MAT, ("load", 0.0, 21.0)],
    [("page", "pets", 0), *ON_MAT, ("load", 0.0, 21.0), ("press", 0.15, 0)],
    [*ON_MAT, ("still", True, 1.0), ("load", 20.0, 40.0)],
    [("load", 45.0, 1.0)],
    [("cap", 45.0, 0)],
    [("cap", 25.0, 0), ("still", True, 1.0), ("cap", 25.0, 0)],
    [("press", 0.15, 0), ("press", 0.9, 0)],
    [("menu", "Page", 0), ("press", 3.2, 0)],
    [("menu", "Page", 0), ("press", 25.0, 0)],
]
"""To the doors of the rarer states; random steps alone seldom get there."""
STORY = st.builds(
    lambda beginning, rest: [*beginning, *rest], st.sampled_from(BEGINNINGS), st.lists(STEP, min_size=2, max_size=9)
)


def leaning(share: float) -> Body:
    """Somebody of 70 kg, this share of it on the head end."""
    return lambda t: (70 * share + 0.3 * sin(t), 70 * (1 - share) - 0.3 * sin(t))


def play(bench: Bench, story: list[tuple[str, Any, Any]]) -> None:
    for what, one, two in story:
        match what:
            case "load":
                bench.lie(two, kg=one)
            case "still":
                bench.motion_kg = 0.0 if one else 0.05
                bench.pass_s(two)
            case "silent":
                bench.silent = True
                bench.pass_s(one)
                bench.silent = False
                if two:
                    bench.pass_s(0.3)
            case "word":
                bench.send(SensorLost(bench.t, "unplugged") if one else Tick(bench.t))
            case "flagged":
                bench.ok = False
                bench.pass_s(one)
                bench.ok = True
            case "spike":
                for _ in range(two):
                    bench.until(bench.t + 0.1)
                    bench.t += 0.1
                    bench.send(Reading(bench.t, (0.7 * bench.kg + one, 0.3 * bench.kg)))
                bench.pass_s(0.2)
            case "press":
                bench.press(one)
            case "down":
                bench.send(ButtonDown(bench.t) if one else ButtonUp(bench.t))
                bench.pass_s(0.2)
            case "clock":
                bench.send(WallClock(bench.t, NOON + bench.t - 100 + one, trusted=two))
            case "disk":
                bench.disk_full, bench.mute_store = one == "full", one == "mute"
            case "page":
                said: dict[str, Event] = {
                    "settings": SettingWished(bench.t, "zone", "Europe/Berlin"),
                    "pets": SettingWished(bench.t, "others", "pets"),
                    "log": LogChanged(bench.t, Log()),
                    "lost": PanelLost(bench.t),
                    "back": PanelBack(bench.t),
                    "zero": Wished(bench.t, Wish.ZERO),
                    "undo": Wished(bench.t, Wish.UNDO_ZERO),
                    "kg": CalibrationWished(bench.t, 70.0),
                }
                bench.send(said[one])
            case "stored":
                bench.send(changed(bench, one))
            case "jump":  # the machine was asleep: one late event, then readings again
                bench.t += one
                bench.send(Tick(bench.t))
            case "menu":
                bench.hold()
                while isinstance(bench.view, Menu) and bench.view.items[bench.view.index] != one:
                    bench.tap()
            case "lean":
                bench.body = leaning(one)
                bench.pass_s(two)
                bench.body = None
            case "long":  # long enough to be an object, or to be what stayed
                bench.motion_kg = 0.0 if two else 0.05
                bench.lie(130.0, kg=one)
                bench.motion_kg = 0.05
            case "cap":
                bench.rate = 4.0
                bench.lie(2720.0, kg=one)
                bench.rate = 10.0


ADA, BEN, CLEO = Person("a", "Ada"), Person("b", "Ben"), Person("c", "Cleo")
NAMED = {"ada": People((ADA,)), "both": People((ADA, BEN), "b"), "other": People((BEN, CLEO), "c"), "none": People()}


def changed(bench: Bench, how: str) -> LogChanged:
    """What a person has changed in the store, and the device hears of."""
    rows, day = bench.rows, bench.device.clock.today
    rows.people = NAMED.get(how, rows.people)
    if how == "rated":
        rows.ratings["elsewhere"] = Rating(
            "elsewhere", "x", 0.0, 4, Moment.DAY, utc=NOON, day=day, person=rows.people.owner
        )
    if how == "safe":
        answer = Acknowledgement(some=True, utc=NOON, person=rows.people.owner)
        rows.answers[answer.person] = answer
    if how == "yours":
        closed = {id_: replace(s, yours=True) for id_, s in rows.sessions.items() if s.doubt and not s.is_open}
        rows.sessions.update(closed)
    memory = rows.memory()
    answers = tuple(filter(None, (memory.acknowledgement, *memory.answers)))
    return LogChanged(bench.t, memory.log, memory.people, answers)


def started(bench: Bench) -> set[str]:
    return {e.session.id for e in bench.of(Checkpoint)}


def settled(bench: Bench) -> set[str]:
    return {session.id for session in bench.saves(Session)} | {e.id for e in bench.of(Drop) if e.kind is Session}


def check_the_whole(bench: Bench, t0: float) -> None:
    under_way = {running.id for running in bench.device.session.unfinished}
    assert started(bench) <= settled(bench) | under_way, "a session was lost"
    dropped = {e.id: n for n, e in enumerate(bench.effects) if isinstance(e, Drop)}
    saves = [(n, e.record) for n, e in enumerate(bench.effects) if isinstance(e, Save)]
    kept = {record.id: (n, record) for n, record in saves if isinstance(record, Session)}
    sessions = [s for record_id, (n, s) in kept.items() if dropped.get(record_id, -1) < n]
    assert sum(s.on_mat_s for s in sessions) <= bench.t - t0 + 1e-6, "more time on the mat than has passed"
    own = sorted((s for s in sessions if s.boot_id == bench.device.clock.boot_id), key=lambda s: s.start_mono)
    for one, two in pairwise(own):
        assert end_of(one) <= two.start_mono + 1e-6, "two sessions at once"
    told = [e for e in bench.of(Report) if e.event is Said.SESSION_ENDED]
    assert all(e.at <= e.t + 1e-6 for e in told)


TIMES = int(os.environ.get("MATPI_FUZZ", "1"))
pytestmark = pytest.mark.timeout(300 * TIMES)
RUN = settings(
    max_examples=60 * TIMES,
    derandomize=TIMES == 1,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=TIMES > 1,
)


@RUN
@given(STORY)
def test_any_story(story: list[tuple[str, Any, Any]]) -> None:
    bench = Watched()
    bench.pass_s(30)
    play(bench, story)
    bench.disk_full = bench.mute_store = False
    bench.send(ButtonUp(bench.t))
    bench.up(100)
    check_the_whole(bench, 100.0)
    assert bench.device.session.running is None
    unsaved = set(bench.device.ledger.failed)
    bench.pass_s(40)
    assert not unsaved & set(bench.device.ledger.failed), "what had failed was tried again and is saved"


CALIBRATING = [("menu", "Calibrate", 0), ("press", 0.9, 0), ("press", 0.9, 0), ("load", 0.0, 6.0)]
AT_THE_HEAD = [*CALIBRATING, ("press", 0.9, 0), ("press", 0.9, 0), ("lean", 0.8, 8.0)]
CALIBRATED = [*AT_THE_HEAD, ("lean", 0.2, 8.0)]
CALIBRATION_BEGINNINGS: list[list[tuple[str, Any, Any]]] = [
    [],
    ON_MAT,
    CALIBRATING,
    AT_THE_HEAD,
    CALIBRATED,
    [("disk", "full", 0), *CALIBRATED],
    [("disk", "mute", 0), *CALIBRATED],
    [("disk", "full", 0), *CALIBRATED, ("load", 0.0, 30.0), *ON_MAT, ("disk", "fine", 0)],
]


@pytest.mark.parametrize("beginning", CALIBRATION_BEGINNINGS[4:])
def test_these_beginnings_do_calibrate(beginning: list[tuple[str, Any, Any]]) -> None:
    memory = Memory(acknowledgement=Acknowledgement(some=False, utc=NOON), calibration=UNCALIBRATED)
    bench = Watched(memory, cells=Cells((40_000.0, 45_000.0), (NOMINAL * 9, 0.0)))
    bench.pass_s(30)
    play(bench, beginning)
    assert len(bench.saves(Calibrated)) >= 1


@settings(RUN, max_examples=40 * TIMES)
@given(st.sampled_from(CALIBRATION_BEGINNINGS), st.lists(STEP, min_size=1, max_size=7), st.floats(-15.0, 15.0))
def test_any_story_of_a_mat_that_is_calibrated_on_the_way(
    beginning: list[tuple[str, Any, Any]], rest: list[tuple[str, Any, Any]], offset_kg: float
) -> None:
    cells = Cells((40_000.0, 45_000.0), (NOMINAL * offset_kg, 0.0))
    memory = Memory(acknowledgement=Acknowledgement(some=False, utc=NOON), calibration=UNCALIBRATED)
    bench = Watched(memory, cells=cells)
    bench.pass_s(30)
    assert not bench.device.presence.zero.seeking
    play(bench, [*beginning, *rest])
    bench.disk_full = bench.mute_store = False
    bench.send(ButtonUp(bench.t))
    bench.body = None
    bench.up(400)
    check_the_whole(bench, 100.0)
    assert bench.device.session.running is None
    assert bench.state is not Front.CALIBRATING
    assert bench.device.zeroing.calibration == bench.scale, "the device and the loop weigh with the same calibration"
    if not bench.device.ledger.waiting:
        assert bench.rows.calibration == bench.device.zeroing.calibration


@settings(RUN, max_examples=25 * TIMES)
@given(STORY, st.floats(1.0, 600.0), st.booleans(), STORY)
def test_any_story_with_a_power_cut_in_it(
    before: list[tuple[str, Any, Any]], off_s: float, clock: bool, after: list[tuple[str, Any, Any]]
) -> None:
    bench = Watched()
    bench.pass_s(30)
    play(bench, before)
    known = {s.id: s for s in bench.rows.sessions.values()}
    t_cut = bench.t
    again = Watched(bench.rows.memory(), utc=NOON + t_cut - 100 + off_s if clock else None, t=20.0, boot_id="boot-2")
    again.kg = bench.kg
    play(again, after)
    again.disk_full = again.mute_store = False
    again.send(ButtonUp(again.t))
    again.up(100)
    check_the_whole(again, 20.0 - (t_cut - 100.0))
    for session_id, session in known.items():
        if not session.is_open:
            now = again.rows.sessions[session_id]
            assert replace(now, yours=session.yours) == session, "what was closed stays as it was, but for an answer"
        elif session.on_mat_s >= 30:
            assert session_id in settled(again)
            if session_id in again.rows.sessions:
                assert again.rows.sessions[session_id].on_mat_s >= session.on_mat_s


@settings(RUN, max_examples=12 * TIMES)
@given(STORY)
def test_the_same_story_twice_gives_the_same_effects(story: list[tuple[str, Any, Any]]) -> None:
    told = []
    for _ in range(2):
        bench = Bench(rules=PAGED)
        bench.pass_s(30)
        play(bench, story)
        told.append(bench.effects)
    assert told[0] == told[1]
