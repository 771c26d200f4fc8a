"""What is shown and when: phases, notices, brightness, the panel's rest. Views only, no pixels."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from datetime import date, timedelta

import pytest

from matpi.core.brightness import Brightness
from matpi.core.effects import Pattern, Show
from matpi.core.events import PanelBack, PanelLost
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, EndReason, Log, Memory, Session, Settings
from matpi.core.views import Idle, Off, SessionDone, Splash, Timer, fraction
from matpi.words import ENGLISH
from tests.bench import NOON, Bench
from tests.core.test_device_routines import on_plan_day

KNOWN = Acknowledgement(some=False, utc=NOON)


def on_mat(bench: Bench, seconds: float) -> Bench:
    bench.pass_s(40)
    bench.lie(seconds)
    return bench


def changes(bench: Bench) -> list[tuple[float, str]]:
    """(elapsed, label) each time the timer's label changed, to the time it was shown."""
    out: list[tuple[float, str]] = []
    for view in bench.views:
        if isinstance(view, Timer) and (not out or out[-1][1] != view.label):
            out.append((view.elapsed_s, str(view.label)))
    return out


def test_the_phases_of_a_first_session() -> None:
    """Day 1: 2 to 5 minutes. Done for today at 2, soon at 4, enough at 5, and the light at 10."""
    bench = on_mat(Bench(), 700)
    assert changes(bench) == [
        (3, "stings - just breathe"),
        (120, "done for today"),
        (180, "settling"),
        (240, "1 min, then up slowly"),
        (300, "enough: up slowly"),
        (600, "please get up slowly"),
    ]


@pytest.mark.parametrize(
    ("elapsed_s", "label"),
    [
        (0, "stings - just breathe"),
        (119.9, "stings - just breathe"),
        (120, "settling"),
        (299.9, "settling"),
        (300, "warmth"),
        (839.9, "warmth"),
        (900, "quiet"),
    ],
)
def test_the_phases_by_elapsed_time_when_the_plan_is_long_and_done(elapsed_s: float, label: str) -> None:
    today = date(2026, 3, 15)
    done = [
        Session(f"s{n}", "b", 0.0, 1200.0, 1200.0, EndReason.LEFT, NOON - n * 86400, 0, today - timedelta(days=n))
        for n in range(20)
    ]
    bench = Bench(Memory(acknowledgement=KNOWN, log=Log(sessions=tuple(reversed(done)))))
    bench.pass_s(1)
    assert bench.device.plans.today.upper_min == 20
    assert ENGLISH(f"phases.{bench.device.pacing.phase(elapsed_s).says}") == label


def test_cues_come_within_a_fifth_of_a_second_without_a_reading() -> None:
    bench = on_mat(Bench(rate=10), 100)
    shown: dict[str, float] = {}
    start = 140.1
    while bench.t < start + 320:
        bench.pass_s(0.05)
        view = bench.view
        assert isinstance(view, Timer)
        shown.setdefault(str(view.label), bench.t - start)
    for label, due in [("done for today", 120), ("1 min, then up slowly", 240), ("enough: up slowly", 300)]:
        assert shown[label] == pytest.approx(due, abs=0.2)


def test_the_timer_counts_every_second_of_the_first_minute_and_then_minutes() -> None:
    bench = on_mat(Bench(), 200)
    shown = [view.elapsed_s for view in bench.views if isinstance(view, Timer)]
    assert sorted(set(shown)) == [*range(3, 61), 120, 180]
    assert shown == sorted(shown)


def test_the_screen_changes_no_more_often_than_needed() -> None:
    bench = on_mat(Bench(), 100)
    before = len(bench.of(Show))
    bench.pass_s(60)
    assert len(bench.of(Show)) - before <= 2


def test_the_light_asks_for_attention_long_before_the_cap() -> None:
    bench = on_mat(Bench(rate=5), 590)
    assert bench.pattern is Pattern.OFF
    bench.pass_s(15)
    assert bench.pattern is Pattern.ATTENTION


def test_the_panel_dims_on_the_mat_and_a_tap_brightens_it() -> None:
    bench = on_mat(Bench(), 10)
    assert bench.of(Show)[-1].brightness is Brightness.BRIGHT
    bench.pass_s(20)
    assert bench.of(Show)[-1].brightness is Brightness.DIM
    bench.tap()
    assert bench.of(Show)[-1].brightness is Brightness.BRIGHT


def test_the_panel_dims_in_the_wind_down_window() -> None:
    bench = Bench(utc=NOON + 9.6 * 3600)
    bench.pass_s(5)
    assert bench.of(Show)[-1].brightness is Brightness.DIM


def test_the_panel_is_off_after_thirty_seconds_idle_and_the_picture_wanders() -> None:
    bench = Bench(on_plan_day(6))
    bench.pass_s(29.5)
    assert isinstance(bench.view, Idle)
    bench.pass_s(1)
    assert isinstance(bench.view, Off)
    bench.tap()
    bench.pass_s(91)  # the question of the day's first wake, unanswered
    shifts = set()
    for _ in range(9):
        bench.tap()
        shifts.add(bench.of(Show)[-1].shift)
        bench.pass_s(31)
    assert len(shifts) == 9
    assert all(0 <= x <= 2 and 0 <= y <= 2 for x, y in shifts)


def test_an_idle_night_draws_nothing() -> None:
    bench = Bench(rate=1)
    bench.pass_s(60)
    before = len(bench.of(Show))
    bench.pass_s(4 * 3600)
    assert len(bench.of(Show)) == before


def test_the_idle_clock_ticks_with_the_minute() -> None:
    bench = Bench(utc=NOON + 50)
    bench.pass_s(9.9)
    assert isinstance(bench.view, Idle)
    assert bench.view.clock == "12:00"
    bench.pass_s(0.2)
    assert isinstance(bench.view, Idle)
    assert bench.view.clock == "12:01"


def test_local_time_and_no_time() -> None:
    berlin = Bench(Memory(acknowledgement=KNOWN, settings=Settings(zone="Europe/Berlin")))
    berlin.pass_s(3)
    assert isinstance(berlin.view, Idle)
    assert berlin.view.clock == "13:00"
    none = Bench(utc=None)
    none.pass_s(3)
    assert isinstance(none.view, Idle)
    assert (none.view.clock, none.view.notice) == ("~12-31", "clock not known yet")


def test_the_splash_gives_way_to_somebody_on_the_mat() -> None:
    bench = Bench()
    assert isinstance(bench.view, Splash)
    bench.lie(0.4)
    assert bench.state is Front.ARRIVING
    assert not isinstance(bench.view, Splash)


def test_a_panel_that_comes_back_gets_the_present_view_at_once() -> None:
    bench = on_mat(Bench(), 100)
    bench.send(PanelLost(bench.t))
    bench.pass_s(30)
    before = len(bench.of(Show))
    bench.send(PanelBack(bench.t))
    assert len(bench.of(Show)) == before + 1
    assert isinstance(bench.view, Timer)
    bench.up(60)
    assert len(bench.saved) == 1


def test_done_says_whether_the_day_is_done() -> None:
    for seconds, done in [(60, False), (130, True)]:
        bench = on_mat(Bench(), seconds + 0.5)
        bench.up(22)
        assert isinstance(bench.view, SessionDone)
        assert bench.view.done_today is done
        assert bench.view.on_mat_s == seconds


def test_two_sessions_of_a_day_are_done_together_and_the_screen_says_so_in_the_second() -> None:
    bench = on_mat(Bench(), 70)
    bench.up(60)
    bench.lie(70)
    labels = [label for _, label in changes(bench)]
    assert "done for today" in labels
    bench.up(60)
    assert bench.device.plans.today.done


@pytest.mark.parametrize(("value", "told"), [(-1, 0.0), (0, 0.0), (0.99, 15 / 16), (1, 1.0), (7, 1.0)])
def test_fractions_go_in_sixteenths_from_0_to_1(value: float, told: float) -> None:
    assert fraction(value) == told


def test_an_object_is_told_with_its_weight() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(42, kg=17.6)
    assert bench.view.__class__.__name__ == "Object"
    assert bench.view.load_kg == 18  # type: ignore[union-attr]
