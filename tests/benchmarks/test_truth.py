"""The truth on loads drawn by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.scenarios import days
from benchmarks.scenarios.loads import Array
from benchmarks.scenarios.recording import sharp_stay
from benchmarks.scenarios.truth import judged

T = np.arange(0.0, 200.0, 0.01)


def load(*points: tuple[float, float]) -> Array:
    """Straight lines between (s, kg)."""
    at, kg = zip(*points, strict=True)
    return np.asarray(np.interp(T, at, kg))


def truth(*points: tuple[float, float], on_kg: float = 12.0) -> tuple[float, float, float]:
    stay = judged(sharp_stay(10.0, 150.0), T, load(*points), on_kg)
    return stay.touch_s, stay.on_s, stay.off_s


def test_a_known_path_has_its_touch_its_threshold_and_its_end() -> None:
    up = ((0, 0), (10, 0), (14, 40))  # 10 kg a second
    down = ((150, 40), (154, 0))
    assert truth(*up, *down) == pytest.approx((10.2, 11.2, 153.4), abs=0.02)
    assert truth(*up, *down, on_kg=4.0) == pytest.approx((10.1, 10.4, 153.8), abs=0.02)


def test_a_hand_put_down_while_getting_up_leaves_two_ends_that_are_right() -> None:
    lies = ((0, 0), (10, 0), (10.1, 40), (150, 40), (150.1, 0))
    hand = ((152, 0), (152.1, 20), (152.5, 20), (152.6, 0))
    stay = judged(sharp_stay(10.0, 153.0), T, load(*lies, *hand))
    assert (stay.left_s, stay.off_s) == pytest.approx((150.09, 152.57), abs=0.02)
    alone = judged(sharp_stay(10.0, 150.0), T, load(*lies))
    assert alone.left_s == alone.off_s


def test_a_knee_first_belongs_to_the_rise_and_a_lone_touch_does_not() -> None:
    knee = ((0, 0), (10, 0), (11, 8), (18, 8), (19, 40), (150, 40), (154, 0))
    assert truth(*knee) == pytest.approx((10.25, 18.125, 153.4), abs=0.02)
    lone = ((0, 0), (10, 0), (10.1, 8), (11, 8), (11.1, 0), (15, 0), (15.1, 40), (150, 40), (154, 0))
    assert truth(*lone) == pytest.approx((15.005, 15.03, 153.4), abs=0.02)
    bounce = ((0, 0), (10, 0), (10.1, 20), (10.4, 20), (10.5, 0), (11, 0), (11.1, 40), (150, 40), (154, 0))
    assert truth(*bounce) == pytest.approx((10.01, 11.03, 153.4), abs=0.02)


def test_over_the_threshold_for_less_than_three_seconds_begins_nothing() -> None:
    moment = judged(sharp_stay(10.0, 150.0), T, load((0, 0), (10, 0), (10.1, 40), (12.5, 40), (12.6, 0), (200, 0)))
    assert moment.on_s == moment.off_s
    assert not moment.is_session
    assert not moment.is_grey


def test_holes_belong_to_the_stay_and_long_ones_are_refused() -> None:
    def with_hole(seconds: float, left: float) -> tuple[tuple[float, float], ...]:
        out = (50, 40), (50.5, left), (50.5 + seconds, left), (51 + seconds, 40)
        return (0, 0), (10, 0), (10.1, 40), *out, (190, 40), (190.1, 0)

    assert truth(*with_hole(18.0, 0.0))[2] == pytest.approx(190.085, abs=0.02)
    assert truth(*with_hole(88.0, 8.0))[2] == pytest.approx(190.085, abs=0.02)
    for seconds, left in ((21.0, 0.0), (115.0, 8.0)):
        with pytest.raises(ValueError, match="from"):
            truth(*with_hole(seconds, left))


def test_a_person_on_the_mat_from_the_start_has_touched_it_then() -> None:
    assert truth((0, 40), (150, 40), (154, 0))[:2] == (10.0, 10.0)


def test_a_stay_later_is_the_same_stay() -> None:
    (stay,) = days.session("plain", 5).stays
    assert stay.later(100.0).over_s == pytest.approx(stay.over_s)
    assert stay.later(100.0).later(-100.0) == replace(stay.later(100.0).later(-100.0))
