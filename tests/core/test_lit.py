"""How long the panel and the LED are on while no one touches the device, and by which clock the panel dims."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from collections.abc import Callable
from datetime import time

from msgspec.structs import replace

from matpi.core.brightness import Brightness
from matpi.core.effects import Pattern, Show
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Log, Memory, Settings
from matpi.core.rules import DeviceRules
from matpi.core.screens.menu import Item
from matpi.core.views import Breathe, Fault, GetUp, Idle, Off, SessionDone
from matpi.words import ENGLISH
from tests.bench import NOON, UNCALIBRATED, Bench, said
from tests.core.test_device_routines import on_plan_day

HOUR = 3600.0
CAP = 45 * 60.0
KNOWN = Acknowledgement(some=False, utc=NOON)


def ready(log: Log | None = None, **more: object) -> Bench:
    memory = Memory(acknowledgement=KNOWN, calibration=UNCALIBRATED, log=log or Log())
    bench = Bench(memory, rate=4, **more)  # type: ignore[arg-type]
    bench.pass_s(40)
    return bench


def chosen(*items: str) -> Bench:
    bench = ready()
    for item in items:
        bench.choose(item)
    return bench


def lain(seconds: float = 100.0, up_s: float = 0.0, kg: float = 45.0, motion_kg: float = 0.05) -> Bench:
    bench = ready()
    bench.motion_kg = motion_kg
    bench.lie(seconds, kg)
    if up_s:
        bench.up(up_s)
    return bench


def pressed(bench: Bench, *seconds: float) -> Bench:
    for length in seconds:
        bench.press(length)
    return bench


def rated_before() -> Bench:
    """A session on a day that has its number."""
    bench = pressed(ready(), 0.15, 0.15, 0.9)
    bench.lie(130)
    bench.up(21)
    return pressed(bench, 0.15)


def off_the_mat() -> Bench:
    bench = chosen(Item.ROUTINE, ENGLISH("routines.recovery.title"))
    bench.lie(660)
    bench.up(21)
    return pressed(bench, 0.15)


def in_doubt() -> Bench:
    """A light load after three usual ones."""
    bench = ready()
    for kg in (60.0, 60.0, 60.0, 20.0):
        bench.lie(150, kg)
        bench.up(20.5 if kg < 60.0 else 300)
    return bench


def silent(bench: Bench, seconds: float) -> Bench:
    bench.silent = True
    bench.pass_s(seconds)
    return bench


def first_start() -> Bench:
    bench = Bench(acknowledged=False, rate=4)
    bench.pass_s(20)
    return bench


def page_shown() -> Bench:
    bench = ready(rules=DeviceRules(page_address="http://matpi.local:8377"))
    bench.choose(Item.PAGE)
    bench.hold(3.2)
    return bench


REACHED: dict[Front, Callable[[], Bench]] = {
    Front.IDLE: ready,
    Front.SAFETY: first_start,
    Front.MENU: lambda: pressed(ready(), 0.9),
    Front.READY: lambda: chosen(Item.ROUTINE, ENGLISH("routines.seat.title")),
    Front.TREND: lambda: chosen(Item.TREND),
    Front.CALIBRATING: lambda: chosen(Item.CALIBRATE),
    Front.PAGE: page_shown,
    Front.ARRIVING: lambda: lain(1.5),
    Front.ON_MAT: lain,
    Front.AWAY: lambda: lain(up_s=5),
    Front.HOLDING: lambda: silent(lain(), 5),
    Front.SENSOR_LOST: lambda: silent(ready(), 5),
    Front.CAPPED: lambda: lain(CAP + 10),
    Front.OBJECT: lambda: lain(50, kg=18.0, motion_kg=0.0),
    Front.DISCARDED: lambda: pressed(lain(), 3.5),
    Front.DONE: lambda: lain(up_s=21),
    Front.OFF_MAT: off_the_mat,
    Front.CONFIRM: in_doubt,
    Front.RATING: lambda: pressed(lain(130.0, up_s=21), 0.15),
    Front.SAVED: lambda: pressed(lain(130.0, up_s=21), 0.15, 0.15, 0.9),
    Front.LOOSER: rated_before,
    Front.FELT_WRONG: lambda: pressed(lain(130.0, up_s=21), 0.15, 0.15, 0.9, 0.15),
}


def test_from_every_state_the_panel_goes_dark_and_the_light_out_when_no_one_does_anything() -> None:
    """Whoever or whatever is on the mat stays there. A fault keeps the light blinking, and nothing else does."""
    assert set(REACHED) == set(Front)
    wrong = []
    for state, reach in REACHED.items():
        bench = reach()
        reached = bench.state
        bench.rate = 1
        bench.pass_s(1.5 * HOUR)
        light = Pattern.ATTENTION if bench.silent else Pattern.OFF
        if reached is not state or bench.view != Off() or bench.pattern is not light:
            wrong.append((state, reached, bench.view, bench.pattern))
    assert wrong == []


def test_lying_down_is_never_in_the_way_of_anything() -> None:
    """From every screen on which no one is on the mat, a load leads to arriving; one that is calibrated is measured."""
    occupied = {Front.ARRIVING, Front.ON_MAT, Front.AWAY, Front.HOLDING, Front.CAPPED}
    for front in set(Front) - occupied - {Front.SENSOR_LOST, Front.CALIBRATING}:
        bench = REACHED[front]()
        if front is Front.DISCARDED:
            bench.up(2)
            bench.pass_s(22)
        bench.lie(1.5, kg=70.0)
        assert bench.state is Front.ARRIVING, front


def test_cells_that_come_and_go_for_hours_light_the_panel_once() -> None:
    bench = pressed(ready(log=on_plan_day(6).log), 0.15)
    bench.pass_s(100)  # today's question has come, and no wake asks it again
    for _ in range(20):  # the first five minutes
        silent(bench, 5)
        assert isinstance(bench.view, Fault)
        bench.silent = False
        bench.pass_s(10)
    lit = 0
    for n in range(400):
        silent(bench, 5)
        lit += bench.view != Off()
        assert bench.pattern is Pattern.ATTENTION, "the light still reports it"
        bench.silent = False
        bench.pass_s(10)
        lit += bench.view != Off()
        if n == 200:
            bench.tap()
            assert isinstance(bench.view, Idle)
    assert lit < 25, "the five minutes after the tap"
    bench.pass_s(400)
    silent(bench, 5)
    assert isinstance(bench.view, Fault), "after a while without trouble it is news again"


def test_after_the_cap_screen_and_light_ask_up_for_five_minutes_and_again_after_a_press() -> None:
    bench = lain(CAP + 10)
    for _ in range(2):
        bench.pass_s(270)
        assert (bench.view, bench.pattern) == (GetUp(45), Pattern.ATTENTION)
        bench.pass_s(40)
        assert (bench.view, bench.pattern) == (Off(), Pattern.OFF)
        shift = bench.of(Show)[-1].shift
        bench.tap()
        assert bench.state is Front.CAPPED
        assert bench.of(Show)[-1].shift != shift, "the picture wanders"
    bench.pass_s(2 * HOUR)
    bench.up(2)
    assert isinstance(bench.view, SessionDone), "getting up lights the screen"
    bench.up(60)
    assert len(bench.saved) == 1


def test_the_light_asks_nobody_up_in_quiet_hours() -> None:
    """Quiet from 22:30: the cap comes a minute before, then one within the quiet hours."""
    for cap_at, lit in ((22 * HOUR + 29 * 60.0, Pattern.ATTENTION), (23 * HOUR, Pattern.OFF)):
        bench = ready(utc=NOON + cap_at - 12 * HOUR - CAP - 45.0)
        bench.lie(CAP + 20)
        assert (bench.view, bench.pattern) == (GetUp(45), lit)
        bench.pass_s(90)
        assert (bench.view, bench.pattern) == (GetUp(45), Pattern.OFF)


def shown(bench: Bench) -> list[tuple[float, Show]]:
    return [(t, e) for t, e in zip(bench.times, bench.effects, strict=True) if isinstance(e, Show)]


def test_the_panel_dims_an_hour_before_bedtime_to_the_second_whatever_it_shows() -> None:
    """At 21:30, and bright again at 07:00; during "get up", a fault, and an idle screen without a clock's minute."""
    for state in (Front.CAPPED, Front.SENSOR_LOST):
        for clock, before, after in (
            (21.5, Brightness.BRIGHT, Brightness.DIM),
            (7.0, Brightness.DIM, Brightness.BRIGHT),
        ):
            lead = CAP + 200 if state is Front.CAPPED else 200
            bench = ready(utc=NOON + (clock - 12) * HOUR - lead)
            turn = 100.0 + lead
            if state is Front.CAPPED:
                bench.lie(CAP + 10)
            else:
                silent(bench, 5)
            bench.pass_s(turn - bench.t - 1.0)
            assert (bench.state, bench.of(Show)[-1].brightness) == (state, before)
            view = bench.view
            bench.pass_s(2.0)
            t, last = shown(bench)[-1]
            assert (said(last.view), last.brightness) == (view, after)
            assert abs(t - turn) < 0.1


def test_the_breath_dims_at_its_time_too_and_a_new_bedtime_holds_at_once() -> None:
    settled = 20.0  # on the mat the panel dims after this
    bench = chosen(Item.ROUTINE, ENGLISH("routines.breath.title"))
    bench.lie(60)
    assert isinstance(bench.view, Breathe)
    bench.tap()  # mm:ss
    bench.tap()  # back to the breath, bright
    touched = bench.t
    assert bench.of(Show)[-1].brightness is Brightness.BRIGHT
    bench.pass_s(settled + 5)
    first = next(t for t, e in shown(bench) if t > touched and e.brightness is Brightness.DIM)
    assert abs(first - (touched + settled)) < 0.3

    bench = lain(CAP + 10)
    assert bench.of(Show)[-1].brightness is Brightness.BRIGHT
    bench.change(replace(Settings(), bedtime=time(13, 40)))
    assert bench.of(Show)[-1].brightness is Brightness.DIM
