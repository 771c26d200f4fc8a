"""Placements to slopes: what is true is found within the told error, and every way it can go wrong is told as that."""

from __future__ import annotations

import random
from math import pi, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matpi.core.calibration.solve import ALIKE, Solved, names_of, solve
from matpi.core.calibration.weighing import Held, Refusal
from matpi.words import ENGLISH

NOMINAL = 43_000.0
ENDS: list[tuple[float, ...]] = [(0.8, 0.2), (0.2, 0.8)]
"""Share of the weight on each channel, a placement."""


def held(counts: tuple[float, ...], rng: random.Random, noise: float) -> Held:
    blocks = tuple(tuple(c + rng.gauss(0.0, noise) for c in counts) for _ in range(4))
    return Held(tuple(sum(b[n] for b in blocks) / 4 for n in range(len(counts))), blocks)


def placed(
    spots: list[tuple[float, ...]],
    slopes: tuple[float, ...],
    *,
    kg: float = 70.0,
    offsets: tuple[float, ...] | None = None,
    noise: float = 0.0,
    sway: float = 0.0,
    seed: int = 1,
) -> tuple[Held, list[Held]]:
    """`noise` in counts a block; `sway`: share of the weight that goes from the first channel to the last and back."""
    rng = random.Random(seed)
    offsets = offsets or (0.0,) * len(slopes)
    empty = held(offsets, rng, noise)
    rest = []
    for spot in spots:
        blocks = []
        for block in range(4):
            way = sway * sin(2 * pi * 0.27 * block + spot[0])
            there = (spot[0] + way, *spot[1:-1], spot[-1] - way) if len(spot) > 1 else spot
            blocks.append(
                tuple(
                    o + s * kg * share + rng.gauss(0.0, noise)
                    for o, s, share in zip(offsets, slopes, there, strict=True)
                )
            )
        rest.append(Held(tuple(sum(b[n] for b in blocks) / 4 for n in range(len(slopes))), tuple(blocks)))
    return empty, rest


def corners(channels: int, near: float = 0.55) -> list[tuple[float, ...]]:
    """Standing on each corner in turn: most there, the rest spread over the others."""
    rest = (1.0 - near) / (channels - 1)
    return [tuple(near if n == corner else rest for n in range(channels)) for corner in range(channels)]


@st.composite
def builds(draw: st.DrawFn) -> tuple[list[tuple[float, ...]], tuple[float, ...], dict[str, float | tuple[float, ...]]]:
    channels = draw(st.integers(1, 4))
    ratios = draw(st.lists(st.floats(0.75, 1.6), min_size=channels, max_size=channels))
    signs = draw(st.lists(st.sampled_from([1.0, 1.0, -1.0]), min_size=channels, max_size=channels))
    offsets = draw(st.lists(st.floats(-645_000, 645_000), min_size=channels, max_size=channels))
    spots: list[tuple[float, ...]] = [(1.0,)]
    if channels == 2:
        head, foot = draw(st.floats(0.65, 1.05)), draw(st.floats(-0.05, 0.35))
        spots = [(head, 1.0 - head), (foot, 1.0 - foot)]
    elif channels > 2:
        spots = corners(channels, draw(st.floats(0.5, 0.85)))
    return (
        spots,
        tuple(NOMINAL * r * s for r, s in zip(ratios, signs, strict=True)),
        {
            "kg": draw(st.floats(40.0, 150.0)),
            "offsets": tuple(offsets),
            "noise": draw(st.floats(0.0, 155.0)),
            "sway": draw(st.floats(0.0, 0.02)),
            "seed": draw(st.integers(0, 1000)),
        },
    )


@settings(max_examples=300, derandomize=True, deadline=None)
@given(builds())
def test_what_is_true_is_found_within_the_told_error(
    build: tuple[list[tuple[float, ...]], tuple[float, ...], dict[str, float]],
) -> None:
    spots, slopes, rest = build
    empty, there = placed(spots, slopes, **rest)  # type: ignore[arg-type]
    result = solve(empty, there, rest["kg"], NOMINAL)
    assert isinstance(result, Solved), result
    for found, true in zip(result.calibration.counts_per_kg, slopes, strict=True):
        assert abs(found / true - 1.0) <= result.error_percent / 100
    assert result.error_percent < 1.5
    assert result.turned == tuple(n for n, slope in enumerate(slopes) if slope < 0)
    assert not result.calibration.approximate
    assert result.zero.kg == (0.0,) * len(slopes)
    assert result.calibration.reference_counts == tuple(round(c) for c in empty.counts)


def test_the_calibrated_scale_weighs_the_person_right_anywhere() -> None:
    slopes, offsets = (39_000.0, -47_500.0), (212_000.0, -180_000.0)
    empty, there = placed(ENDS, slopes, offsets=offsets, noise=60.0)
    result = solve(empty, there, 70.0, NOMINAL)
    assert isinstance(result, Solved)
    for head in (0.1, 0.5, 0.62, 0.9):
        counts = tuple(round(o + s * 64.0 * w) for o, s, w in zip(offsets, slopes, (head, 1 - head), strict=True))
        assert sum(result.calibration.kg(counts)) == pytest.approx(64.0, rel=0.002)


def test_a_weight_known_to_half_a_kilogram_only_is_told_in_the_error() -> None:
    empty, there = placed(ENDS, (NOMINAL, NOMINAL))
    exact = solve(empty, there, 70.0, NOMINAL)
    rounded = solve(empty, there, 70.0, NOMINAL, weight_error_kg=0.5)
    assert isinstance(exact, Solved)
    assert isinstance(rounded, Solved)
    assert rounded.error_percent - exact.error_percent == pytest.approx(100 * 0.5 / 70)


def test_places_nearer_to_each_other_make_the_told_error_larger() -> None:
    told = []
    for far in (0.9, 0.75, 0.62):
        empty, there = placed([(far, 1 - far), (1 - far, far)], (NOMINAL, NOMINAL), noise=150.0)
        result = solve(empty, there, 70.0, NOMINAL)
        assert isinstance(result, Solved)
        told.append(result.error_percent)
    assert told == sorted(told)


def test_one_placement_of_a_known_weight_gives_a_common_factor() -> None:
    empty, there = placed([(0.5, 0.5)], (0.8 * NOMINAL, 0.8 * NOMINAL), kg=20.0)
    result = solve(empty, there, 20.0, NOMINAL)
    assert isinstance(result, Solved)
    assert result.calibration.counts_per_kg == pytest.approx((0.8 * NOMINAL, 0.8 * NOMINAL))


def refused(
    spots: list[tuple[float, ...]], slopes: tuple[float, ...], *, kg: float = 70.0, typed: float = 70.0, **more: float
) -> Refusal:
    empty, there = placed(spots, slopes, kg=kg, **more)  # type: ignore[arg-type]
    result = solve(empty, there, typed, NOMINAL)
    assert isinstance(result, Refusal), result
    return result


@pytest.mark.parametrize(("dead", "short"), [(0, "head"), (1, "foot")])
def test_a_dead_channel_is_told_by_its_name(dead: int, short: str) -> None:
    slopes = tuple(0.001 * NOMINAL if n == dead else NOMINAL for n in range(2))
    assert ENGLISH.say(refused(ENDS, slopes, noise=40.0).what) == f"{short}: no signal"
    assert ENGLISH.say(refused([(0.5, 0.5)], slopes).what) == f"{short}: no signal"


def test_a_dead_corner_of_four() -> None:
    assert ENGLISH.say(refused(corners(4), (NOMINAL, NOMINAL, 50.0, NOMINAL)).what) == "cell 3: no signal"


@pytest.mark.parametrize("slopes", [(NOMINAL, NOMINAL), (30_000.0, -50_000.0)])
def test_swapped_ends(slopes: tuple[float, ...]) -> None:
    refusal = refused(ENDS[::-1], slopes, noise=40.0)
    assert ENGLISH.say(refusal.what) == "head, foot swapped"
    assert "[[scale.channels]]" in refusal.remedy


def test_corners_in_another_order() -> None:
    spots = corners(4)
    assert ENGLISH.say(refused([spots[1], spots[0], *spots[2:]], (NOMINAL,) * 4).what) == "corners are mixed up"


@pytest.mark.parametrize("spots", [[(0.5, 0.5), (0.5, 0.5)], [(0.55, 0.45), (0.45, 0.55)], [(0.8, 0.2), (0.8, 0.2)]])
def test_places_too_alike(spots: list[tuple[float, ...]]) -> None:
    assert refused(spots, (NOMINAL, NOMINAL), noise=30.0) is ALIKE


@pytest.mark.parametrize(("odd", "short"), [(0, "head"), (1, "foot")])
@pytest.mark.parametrize("other", [0.85, 1.0, 1.2])
def test_one_cell_of_a_pair_dead_or_turned_round(odd: int, short: str, other: float) -> None:
    half = tuple((0.5 if n == odd else other) * NOMINAL for n in range(2))
    weak = tuple((0.08 if n == odd else other) * NOMINAL for n in range(2))
    assert ENGLISH.say(refused(ENDS, half, noise=40.0).what) == f"{short}: half a signal"
    assert ENGLISH.say(refused(ENDS, weak, noise=40.0).what) == f"{short}: weak signal"


@pytest.mark.parametrize(("kg", "typed"), [(70.0, 150.0), (100.0, 40.0)])
def test_a_weight_that_cannot_be(kg: float, typed: float) -> None:
    refusal = refused(ENDS, (NOMINAL, NOMINAL), kg=kg, typed=typed)
    assert ENGLISH.say(refusal.what) == "values do not match"
    assert "counts_per_kg" in refusal.remedy


@pytest.mark.parametrize("slope", [21_500.0, 23_879.0])
def test_four_cells_on_one_chip_pass_where_a_pair_is_nominal(slope: float) -> None:
    """needhamia.com measured 23 879 where 21 475 is nominal."""
    empty, there = placed([(1.0,)], (slope,))
    assert isinstance(solve(empty, there, 70.0, NOMINAL), Solved)


def test_too_little_weight() -> None:
    assert ENGLISH.say(refused(ENDS, (NOMINAL, NOMINAL), kg=8.0, typed=8.0).what) == "changed under 10 kg"


def test_readings_that_wander() -> None:
    assert ENGLISH.say(refused(ENDS, (NOMINAL, NOMINAL), noise=1.2 * NOMINAL).what) == "readings wander"


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_name_is_told_in_the_room_there_is(channels: int) -> None:
    names = names_of(channels)
    assert len(names.channels) == len(names.short) == len(set(names.short)) == channels
    assert all(len(ENGLISH("scale.half_signal", where=short)) <= 21 for short in names.short)
