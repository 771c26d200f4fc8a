"""The LED: slow, soft, and as bright as the eye thinks."""

from __future__ import annotations

from itertools import pairwise

import pytest

from matpi.core.effects import Pattern
from matpi.core.light import duty, light, period_s, repeats, table

FPS = 50


def rises(pattern: Pattern, span_s: float) -> list[float]:
    """When the lamp begins to lighten, at 200 samples a second."""
    times = [step / 200 for step in range(int(span_s * 200))]
    values = [0.0, *(duty(pattern, t) for t in times)]
    steps = [after - before for before, after in pairwise(values)]
    return [t for t, (before, now) in zip(times, pairwise([0.0, *steps]), strict=True) if now > 0.0 >= before]


@pytest.mark.parametrize(
    ("lightness", "luminance"),
    [(0.0, 0.0), (8.0, 8.0 / 903.3), (50.0, 0.18418651851244416), (100.0, 1.0)],
)
def test_lightness_becomes_light_as_the_cie_says(lightness: float, luminance: float) -> None:
    assert light(lightness) == pytest.approx(luminance, rel=1e-12)


def test_the_two_branches_of_the_curve_meet() -> None:
    assert light(8.0) == pytest.approx(light(8.0 + 1e-9), abs=1e-6)


@pytest.mark.parametrize("pattern", list(Pattern))
def test_never_faster_than_half_a_hertz(pattern: Pattern) -> None:
    begun = rises(pattern, 60.0)
    assert all(after - before >= 2.0 for before, after in pairwise(begun))
    # The same said with windows: in no 2 s does a second rise begin.
    assert all(sum(start <= t < start + 2.0 for t in begun) <= 1 for start in begun)


def test_a_breath_lasts_five_seconds_and_an_attention_blinks_twice_in_ten() -> None:
    assert len(rises(Pattern.BREATH, 60.0)) == 12
    assert len(rises(Pattern.ATTENTION, 60.0)) == 12
    assert len(rises(Pattern.PACER, 60.0)) == 6
    assert len(rises(Pattern.ATTENTION, 10.0)) == 2


def test_a_breath_is_soft_and_reaches_both_ends() -> None:
    values = [duty(Pattern.BREATH, step / FPS) for step in range(15 * FPS)]
    # Computed: the steepest step of a 1.7 s rise at 50 a second is 0.0262 of full light.
    assert max(abs(after - before) for before, after in pairwise(values)) < 0.03
    assert (min(values), max(values)) == (0.0, 1.0)


def test_a_breath_rises_faster_than_it_falls_and_rests() -> None:
    values = table(Pattern.BREATH, FPS)
    up = sum(after > before for before, after in pairwise(values))
    down = sum(after < before for before, after in pairwise(values))
    dark = sum(value == 0.0 for value in values)
    assert up < down
    assert dark >= 0.5 * FPS


def test_the_edges_of_a_blink_are_soft() -> None:
    values = table(Pattern.ATTENTION, FPS)
    assert max(abs(after - before) for before, after in pairwise(values)) < 0.16  # computed: 0.148
    assert max(values) == 1.0
    assert values[-1] == 0.0


def test_saved_is_solid_for_two_seconds_and_ends() -> None:
    assert [duty(Pattern.SAVED, t) for t in (0.0, 1.0, 1.999)] == [1.0, 1.0, 1.0]
    assert [duty(Pattern.SAVED, t) for t in (2.0, 2.001, 60.0, 1e9)] == [0.0] * 4


def test_off_is_dark_and_nothing_shines_before_it_begins() -> None:
    assert [duty(Pattern.OFF, t) for t in (0.0, 1.0, 1e9)] == [0.0] * 3
    assert [duty(pattern, -0.01) for pattern in Pattern] == [0.0] * len(Pattern)


@pytest.mark.parametrize("pattern", list(Pattern))
def test_light_stays_within_bounds(pattern: Pattern) -> None:
    assert all(0.0 <= duty(pattern, step / 97) <= 1.0 for step in range(3000))


@pytest.mark.parametrize("pattern", [pattern for pattern in Pattern if repeats(pattern)])
def test_a_table_is_one_period_of_the_pattern(pattern: Pattern) -> None:
    values = table(pattern, FPS)
    assert len(values) == period_s(pattern) * FPS
    for turn in (0, 1, 7):
        at = [duty(pattern, turn * period_s(pattern) + step / FPS) for step in range(len(values))]
        assert at == pytest.approx(values, abs=1e-9)


def test_a_table_that_does_not_repeat_ends_as_the_pattern_does() -> None:
    assert table(Pattern.SAVED, FPS) == [1.0] * (2 * FPS) + [0.0]
    assert table(Pattern.OFF, FPS) == [0.0]


def test_the_pacer_is_the_breath_in_lightness_with_its_top_at_4_s() -> None:
    values = table(Pattern.PACER, FPS)
    assert len(values) == 10 * FPS
    assert values.index(max(values)) == 4 * FPS
    assert values[0] == 0.0
    assert max(values) == pytest.approx(1.0)
    assert duty(Pattern.PACER, 2.0) == pytest.approx(light(50.0))
    assert duty(Pattern.PACER, 7.0) == pytest.approx(light(50.0))
