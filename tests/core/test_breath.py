from __future__ import annotations

from itertools import pairwise
from math import floor

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matpi.core.plan.breathing import (
    CYCLE_S,
    CYCLES_MAX,
    FRAME_S,
    IN_S,
    OUT_S,
    RADIUS_MAX_PX,
    RADIUS_MIN_PX,
    Circle,
    Side,
    circle,
    cycles_done,
    lightness,
    next_change,
    pace,
)

elapsed = st.floats(0, 3600)
quick = hypothesis_settings(max_examples=300, deadline=None, derandomize=True)


def played(start_t: float, cycles: int) -> list[tuple[float, Circle]]:
    """As the device does it: woken at `start_t + next_change`, late by nothing; when, and what it saw then."""
    t, seen = start_t, [(start_t, circle(0.0))]
    while cycles_done(t - start_t) < cycles:
        t = start_t + next_change(t - start_t)
        seen.append((t, circle(t - start_t)))
    return seen


def test_four_in_six_out_and_no_hold() -> None:
    assert (IN_S, OUT_S, CYCLE_S) == (4.0, 6.0, 10.0)
    assert [pace(s).phase for s in (0, 3.999, 4, 9.999, 10)] == [Side.IN, Side.IN, Side.OUT, Side.OUT, Side.IN]
    assert [cycles_done(s) for s in (0, 9.999, 10, 299.9)] == [0, 0, 1, 29]
    assert (pace(1.0).left_s, pace(5.0).left_s) == (3.0, 5.0)
    assert [pace(s).fullness for s in (0, 2, 4, 7, 10)] == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_before_the_first_breath_is_its_beginning() -> None:
    assert pace(-5.0) == pace(0.0)


@pytest.mark.parametrize("start_t", [0.0, 100.0, 86_400.123456, 31_536_000.777])
def test_thirty_cycles_do_not_drift(start_t: float) -> None:
    """In virtual time the error is what a float of monotonic seconds cannot hold, and does not grow."""
    seen = played(start_t, CYCLES_MAX)
    turns = [(t, now) for (_, before), (t, now) in pairwise(seen) if before.phase is not now.phase]
    due = [n * CYCLE_S + part for n in range(CYCLES_MAX) for part in (IN_S, CYCLE_S)]
    assert len(turns) == len(due) == 60
    errors = [abs(t - start_t - at) for (t, _), at in zip(turns, due, strict=True)]
    assert max(errors) <= 2 * 3.8e-9  # half a unit in the last place of a year, twice
    if start_t == 0.0:
        assert max(errors) == 0.0


def test_a_late_wake_is_not_carried_on() -> None:
    """Woken up to 50 ms late each time, the last turn is as late as its own wake and no later."""
    t = 0.0
    while cycles_done(t) < CYCLES_MAX:
        due = next_change(t)
        t = due + 0.049 * ((due * 7919) % 1)
    assert due == CYCLES_MAX * CYCLE_S


def test_the_circle_is_drawn_often_enough_and_not_too_often() -> None:
    seen = [t for t, _ in played(0.0, 3)]
    gaps = [b - a for a, b in pairwise(seen)]
    assert min(gaps) >= FRAME_S - 1e-9
    assert max(gaps) <= 0.6 + 1e-9  # only where the breath turns does it rest: half a pixel of 24 takes 0.55 s
    assert len(seen) / 30 < 8  # pictures a second
    radii = [circle(n * 0.01).radius_px for n in range(1000)]
    assert (min(radii), max(radii)) == (RADIUS_MIN_PX, RADIUS_MAX_PX)
    assert max(abs(b - a) for a, b in pairwise(radii)) == 1


def test_the_seconds_count_down_to_one() -> None:
    assert [circle(s + 0.5).left_s for s in range(10)] == [4, 3, 2, 1, 6, 5, 4, 3, 2, 1]
    assert (circle(3.9999999).left_s, circle(4.0).left_s) == (6, 6)


def test_the_light_has_no_step_and_no_corner() -> None:
    step = 0.001
    curve = [lightness(n * step) for n in range(20_001)]
    slopes = [(b - a) / step for a, b in pairwise(curve)]
    assert max(map(abs, slopes)) < 0.4  # a raised cosine over 4 s: pi / 8
    assert max(abs(b - a) for a, b in pairwise(slopes)) < 0.001
    for turn in (0, 4, 10, 14, 20):
        assert abs(slopes[min(int(turn / step), 19_999)]) < 0.001


@quick
@given(elapsed)
def test_anywhere_the_parts_agree(at_s: float) -> None:
    breath, shown = pace(at_s), circle(at_s)
    assert 0.0 <= breath.fraction <= 1.0
    assert 0.0 <= breath.fullness <= 1.0
    side_s = IN_S if breath.phase is Side.IN else OUT_S
    assert breath.left_s == pytest.approx(side_s * (1 - breath.fraction), abs=1e-5)
    assert 0.0 < breath.left_s <= side_s
    assert cycles_done(at_s) == floor((at_s + 1e-6) / CYCLE_S)
    assert shown.phase is breath.phase
    assert abs(shown.radius_px - (RADIUS_MIN_PX + 24 * breath.fullness)) <= 0.5 + 24 * 0.4 * FRAME_S


@quick
@given(elapsed)
def test_nothing_changes_before_the_next_change_and_something_does_then(at_s: float) -> None:
    change = next_change(at_s)
    assert at_s < change <= at_s + 1.0
    assert circle(change) != circle(at_s)
    assert circle((at_s + change) / 2) == circle(at_s)
    assert circle(max(at_s, change - 2e-6)) == circle(at_s)


@quick
@given(elapsed, st.integers(0, 500))
def test_every_breath_is_like_the_first(at_s: float, cycles: int) -> None:
    later = pace(at_s + cycles * CYCLE_S)
    assert later.fullness == pytest.approx(pace(at_s).fullness, abs=1e-5)
