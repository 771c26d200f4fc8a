"""The 4-6 breath on the device: by plan from day 8, by hand any time, as a circle, by LED and chime, on time."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import pytest

from matpi.core.effects import Chime, ChimeKind, Light, Pattern, Show
from matpi.core.front import Front
from matpi.core.light import duty
from matpi.core.plan.breathing import CYCLES_MIN, RADIUS_MAX_PX, RADIUS_MIN_PX
from matpi.core.views import Breathe, Timer
from tests.bench import Bench
from tests.core.test_device_routines import on_plan_day, with_chosen


def lying(day: int, seconds: float, rate: float = 5.0) -> Bench:
    bench = Bench(on_plan_day(day), rate=rate)
    bench.pass_s(35)
    bench.lie(seconds)
    return bench


def start_of(bench: Bench) -> float:
    running = bench.device.session.running
    assert running is not None
    return running.start


# -- when it comes -------------------------------------------------------------------------------------------------


def test_on_day_7_it_does_not_come_by_itself_and_on_day_8_it_does() -> None:
    assert not any(isinstance(view, Breathe) for view in lying(7, 200).views)
    bench = lying(8, 119)
    assert isinstance(bench.view, Timer)
    bench.pass_s(1.5)
    assert isinstance(bench.view, Breathe)
    assert bench.view.inhale
    assert bench.pattern is Pattern.PACER
    bench.pass_s(CYCLES_MIN * 10.0 - 3)
    assert isinstance(bench.view, Breathe)
    bench.pass_s(3)
    assert isinstance(bench.view, Timer), "three minutes by plan on day 8"
    assert bench.pattern is Pattern.OFF


def test_a_tap_goes_round_from_minutes_to_seconds_to_the_breath_and_back() -> None:
    bench = lying(3, 90)
    assert isinstance(bench.view, Timer)
    assert not bench.view.seconds
    bench.tap()
    assert isinstance(bench.view, Timer)
    assert bench.view.seconds
    bench.tap()
    assert isinstance(bench.view, Breathe)
    bench.tap()
    assert isinstance(bench.view, Timer)
    assert not bench.view.seconds
    assert bench.pattern is Pattern.OFF


def test_the_breath_by_plan_can_be_sent_away_and_begun_again_by_hand() -> None:
    bench = lying(8, 150)
    assert isinstance(bench.view, Breathe)
    bench.tap()
    assert isinstance(bench.view, Timer)
    bench.pass_s(60)
    assert isinstance(bench.view, Timer), "not again by itself"
    bench.tap()
    bench.tap()
    assert isinstance(bench.view, Breathe)


def test_the_next_session_has_its_breath_again() -> None:
    bench = lying(8, 150)
    bench.tap()
    bench.up(60)
    bench.lie(125)
    assert isinstance(bench.view, Breathe)


def test_the_routine_breath_is_breath_from_the_start_to_enough() -> None:
    bench = with_chosen("breath", day=12, rate=5)
    bench.lie(20)
    assert isinstance(bench.view, Breathe)
    bench.lie(4 * 60 - 15)
    assert isinstance(bench.view, Breathe)
    assert bench.view.says == "1 min, then up slowly"
    bench.lie(60)
    assert isinstance(bench.view, Timer)
    assert bench.view.label == "enough: up slowly"


def test_enough_ends_the_breath_that_came_by_plan() -> None:
    bench = with_chosen("breath", day=12, rate=5)
    bench.lie(300.5)
    assert isinstance(bench.view, Timer)
    assert bench.pattern is Pattern.OFF


@pytest.mark.parametrize("begun_s", [250, 330])
def test_by_hand_it_comes_past_enough_too_and_goes_on_until_the_light_asks_to_get_up(begun_s: float) -> None:
    """Day 1 asks for 2 to 5 minutes: enough is 5:00, and "please get up slowly" is 10:00."""
    bench = lying(1, 100)
    start = start_of(bench)
    bench.pass_s(start + begun_s - bench.t)
    bench.tap()
    bench.tap()
    assert isinstance(bench.view, Breathe)
    assert bench.pattern is Pattern.PACER
    began = bench.t
    bench.pass_s(start + 340 - bench.t)
    assert isinstance(bench.view, Breathe)
    assert bench.view.says == "enough: up slowly"
    rung = {effect.kind for t, effect in zip(bench.times, bench.effects, strict=True)
            if isinstance(effect, Chime) and t > start + 301}  # fmt: skip
    assert rung == {ChimeKind.IN, ChimeKind.OUT}
    bench.pass_s(min(began + 298, start + 598) - bench.t)
    assert isinstance(bench.view, Breathe)
    bench.pass_s(start + 600.5 - bench.t)
    assert isinstance(bench.view, Timer)


def test_once_the_light_asks_to_get_up_a_tap_shows_the_seconds_and_nothing_else() -> None:
    bench = lying(1, 100)
    start = start_of(bench)
    bench.pass_s(start + 400 - bench.t)
    bench.tap()
    bench.tap()
    bench.pass_s(start + 599 - bench.t)
    assert isinstance(bench.view, Breathe)
    bench.pass_s(1.5)
    assert bench.pattern is Pattern.ATTENTION
    known = len(bench.of(Chime))
    for _ in range(4):
        bench.tap()
        assert isinstance(bench.view, Timer)
        assert bench.view.seconds
    assert bench.device.pacing.taps.by_hand_s is not None, "the breath of before; the taps began none"
    assert bench.device.pacing.taps.by_hand_s < 410
    bench.pass_s(30)
    assert isinstance(bench.view, Timer)
    assert not bench.view.seconds
    assert bench.pattern is Pattern.ATTENTION
    assert len(bench.of(Chime)) == known


def test_a_hold_shows_its_bar_over_the_breath_and_trouble_with_the_disk_is_told() -> None:
    bench = lying(8, 130)
    bench.disk_full = True
    bench.pass_s(16)
    assert isinstance(bench.view, Timer)
    assert bench.view.notice == "cannot save: disk"


# -- on time -------------------------------------------------------------------------------------------------------


def test_thirty_breaths_do_not_drift() -> None:
    """Every cycle of the circle begins within 20 ms of n * 10 s; so do the LED's and the chime's."""
    bench = lying(12, 100)
    start = start_of(bench) + 120.0
    bench.rate = 2.0
    bench.pass_s(330)
    began, rung = [], []
    last: Breathe | None = None
    for t, effect in zip(bench.times, bench.effects, strict=True):
        if isinstance(effect, Chime):
            rung.append(t - start)
        if isinstance(effect, Show) and isinstance(effect.view, Breathe):
            if effect.view.inhale and (last is None or not last.inhale):
                began.append(t - start)
            last = effect.view
    assert len(began) == 30
    assert max(abs(at - 10.0 * n) for n, at in enumerate(began)) < 0.020
    on_the_tens = [at for at in rung if abs(at - round(at / 10) * 10) < 0.2]
    assert {round(at / 10) for at in on_the_tens} >= set(range(30))
    assert max(abs(at - round(at / 10) * 10) for at in on_the_tens) < 0.020
    lights = [light for light in bench.of(Light) if light.pattern is Pattern.PACER]
    assert len(lights) == 1, "one breath, begun once"
    assert lights[0].since == pytest.approx(start, abs=0.001)


def test_the_circle_is_largest_when_the_breath_turns() -> None:
    bench = lying(12, 119)
    start = start_of(bench) + 120.0
    for at_s, radius in ((4.0, RADIUS_MAX_PX), (9.98, RADIUS_MIN_PX), (12.0, (RADIUS_MIN_PX + RADIUS_MAX_PX) // 2)):
        bench.pass_s(start + at_s - bench.t)
        assert isinstance(bench.view, Breathe)
        assert bench.view.radius_px == pytest.approx(radius, abs=1)


def test_the_breath_waits_while_somebody_is_away_and_the_light_with_it() -> None:
    bench = lying(12, 163)
    bench.up(6)
    assert bench.state is Front.AWAY
    assert bench.pattern is Pattern.OFF
    bench.lie(7)
    assert bench.state is Front.ON_MAT
    running = bench.device.session.running
    assert running is not None
    light = bench.of(Light)[-1]
    assert light.pattern is Pattern.PACER
    into_s = running.on_mat_s(bench.t) - 120.0
    assert bench.t - light.since == pytest.approx(into_s, abs=0.005)
    assert duty(Pattern.PACER, bench.t - light.since) == pytest.approx(duty(Pattern.PACER, into_s % 10), abs=0.01)


def test_the_sides_of_the_breath_are_rung_for_closed_eyes() -> None:
    bench = lying(1, 70)
    bench.tap()
    bench.tap()
    known = len(bench.of(Chime))
    bench.pass_s(25)
    assert [effect.kind for effect in bench.of(Chime)][known - 1 : known + 5] == [
        ChimeKind.IN, ChimeKind.OUT, ChimeKind.IN, ChimeKind.OUT, ChimeKind.IN, ChimeKind.OUT,
    ]  # fmt: skip


def test_the_panel_is_drawn_no_more_than_the_wire_can_carry() -> None:
    bench = lying(12, 130)
    before = len(bench.of(Show))
    bench.pass_s(20)
    assert len(bench.of(Show)) - before <= 2 * (2 * (RADIUS_MAX_PX - RADIUS_MIN_PX) + 12)
