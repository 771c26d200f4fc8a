"""People: where the load goes, and what of them can be seen in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.scenarios.loads import Array, Path
from benchmarks.scenarios.people import BREATH_KG, Visit, draw_half_on, draw_person, start_visit

SEEDS = range(30)
ON_KG, OFF_KG = 12.0, 6.0


def visit(seed: int, posture: str = "lying", how: str = "plain") -> Visit:
    rng = np.random.default_rng(seed)
    one = start_visit(draw_person(rng), rng, posture, 10.0)
    one.get_on(how)
    return one


def total(one: Visit, begin: float, end: float, hz: float = 10.0) -> tuple[Array, Array]:
    t = np.arange(begin, end, 1.0 / hz)
    return t, one.cells(t, np.random.default_rng(9)).sum(axis=1)


def spans_under(t: Array, kg: Array, limit: float) -> list[float]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (kg < limit).astype(int), [0]))))
    step = t[1] - t[0]
    return [float((b - a) * step) for a, b in zip(edges[::2], edges[1::2], strict=True)]


@pytest.mark.parametrize(("posture", "low", "high"), [("lying", 0.6, 0.75), ("sitting", 0.7, 0.9), ("standing", 1, 1)])
def test_the_mat_carries_the_posture_s_share(posture: str, low: float, high: float) -> None:
    for seed in SEEDS:
        one = visit(seed, posture)
        _, kg = total(one, one.path.t + 1.0, one.path.t + 30.0)
        assert low - 0.01 <= kg.mean() / one.person.kg <= high + 0.01


def test_one_leg_comes_after_the_other() -> None:
    for seed in SEEDS:
        one = visit(seed, "calves")
        t, kg = total(one, 10.0, one.path.t + 20.0)
        assert 5.9 < kg[-150:].mean() < 10.1
        assert kg.max() < ON_KG
        assert 2.9 < np.median(kg[(t > 12.0) & (t < 13.0)]) < 5.1
        assert 12.0 < one.path.t < 10.0 + 14.0


def test_a_person_half_on_the_mat_rests_at_13_to_25_kg() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        one = start_visit(draw_half_on(rng), rng, "half", 10.0)
        one.get_on("steps" if seed % 2 else "plain")
        assert 2.0 < one.path.t - 10.0 < 30.0
        _, kg = total(one, one.path.t + 1.0, one.path.t + 30.0)
        assert 12.9 < kg.mean() < 25.1


def test_a_knee_on_the_edge_stays_under_the_threshold_for_some_seconds() -> None:
    for seed in SEEDS:
        one = visit(seed, how="steps")
        t = np.arange(10.0, one.path.t, 0.05)
        kg = one.path.at(t)[0]
        before = t[np.argmax(kg > ON_KG)] - t[np.argmax(kg > 2.0)]
        assert 3.0 < before < 20.0


def test_who_sits_up_leaves_some_load_and_lies_down_again() -> None:
    for seed in SEEDS:
        one = visit(seed)
        rest, begin = one.rest_kg, one.path.t
        one.sit_up(8.0, 40.0)
        _, kg = total(one, begin, one.path.t + 3.0)
        assert kg[-20:].mean() == pytest.approx(rest, rel=0.02)
        assert 38.0 < (kg < ON_KG).sum() / 10.0 < 50.0
        assert kg.min() > OFF_KG


def test_stepping_on_takes_as_long_as_on_a_balance_board() -> None:
    for seed in SEEDS:
        one = visit(seed, "standing")
        t, kg = total(one, 10.0, one.path.t, hz=200.0)
        # After the last lift-off, for some lift off once more.
        up = t[np.flatnonzero(kg < 0.05 * one.person.kg)[-1] :]
        high = t[(kg > 0.95 * one.person.kg) & (t >= up[0])]
        assert 0.25 < high[0] - up[0] < 1.2


def test_slowly_is_slow() -> None:
    assert min(visit(seed, how="slow").path.t for seed in SEEDS) > 10.0 + 7.0
    assert max(visit(seed).path.t for seed in SEEDS) < 10.0 + 8.0


@pytest.mark.parametrize(("how", "low", "high"), [("roll", 1.5, 5.0), ("sit_up", 1.5, 8.0), ("slide", 4.5, 8.5)])
def test_three_ways_off(how: str, low: float, high: float) -> None:
    for seed in SEEDS:
        one = visit(seed)
        begin = one.path.t
        one.get_off(how)
        assert low < one.path.t - begin < high
        t, kg = total(one, begin, one.path.t + 1.0, hz=50.0)
        assert kg[-1] == 0.0
        gone = t[np.flatnonzero(kg > OFF_KG)[-1]]
        assert one.path.touches()[1] - gone < 1.5


def test_hips_lift_the_load_far_under_off_for_one_to_four_seconds() -> None:
    for seed in SEEDS:
        one = visit(seed)
        begin = one.path.t
        one.lift_hips()
        t, kg = total(one, begin, one.path.t + 1.0, hz=50.0)
        (seconds,) = spans_under(t, kg, 0.25 * one.rest_kg)
        assert 0.9 < seconds < 4.8


def test_fidgeting_never_takes_the_load_off_for_half_a_second() -> None:
    for seed in range(200):
        one = visit(seed)
        begin = one.path.t
        one.fidget()
        t, kg = total(one, begin, one.path.t + 1.0, hz=50.0)
        assert max(spans_under(t, kg, OFF_KG), default=0.0) < 0.5


def test_breath_goes_between_head_and_foot_and_hardly_into_the_sum() -> None:
    for seed in SEEDS:
        one = visit(seed)
        one.asleep = (0.0, 1e9)
        t = np.arange(one.path.t + 1.0, one.path.t + 61.0, 0.1)
        cells = one.cells(t, np.random.default_rng(9))
        second = np.ones(10) / 10  # the heart is in the sum
        head, foot = (np.convolve(cells[:, pair].sum(axis=1), second, "valid") for pair in ([0, 1], [2, 3]))
        assert np.corrcoef(head, foot)[0, 1] < -0.5
        assert (head + foot).std() < 0.5 * head.std() + 0.015
        assert np.ptp(head - foot) / 2.0 < 0.5 * 1.7 * BREATH_KG[1], "half of it asleep, some breaths deeper"


def test_a_pause_of_breath_leaves_the_heart() -> None:
    one = visit(3)
    one.person = replace(one.person, breath_kg=0.1)
    at = one.path.t + 60.0
    one.asleep, one.apnoea = (0.0, 1e9), [(at, at + 20.0)]
    t = np.arange(at - 40.0, at + 20.0, 0.1)
    head = one.cells(t, np.random.default_rng(9))[:, :2].sum(axis=1)
    paused, breathing = head[(t > at + 3.0) & (t < at + 19.0)].std(), head[t < at].std()
    assert paused < 0.4 * breathing
    assert paused > 0.0005


def test_somebody_standing_is_never_quiet() -> None:
    for seed in SEEDS:
        one = visit(seed, "standing")
        _, kg = total(one, one.path.t + 1.0, one.path.t + 60.0)
        assert 0.03 < kg.std() < 0.12, "rms of 77 recordings on force plates: 17, 26 and 55 g in three bands"


def test_nobody_is_shorter_away_than_told() -> None:
    for seed in SEEDS:
        one = visit(seed)
        one.leave_and_return(10.0)
        t, kg = total(one, 10.0, one.path.t, hz=50.0)
        assert 9.9 < max(spans_under(t, kg, OFF_KG)) < 14.0


def test_a_path_tells_its_touches() -> None:
    path = Path(5.0).to(1.0, 40.0).wait(60.0).to(1.0, 0.0)
    first, last = path.touches()
    assert path.at(np.array([first, last]))[0] == pytest.approx([1.0, 1.0], abs=0.3)
    assert 5.0 < first < 5.3
    assert 60.7 < last < 61.0
    with pytest.raises(ValueError, match="does not touch"):
        Path(5.0).to(1.0, 0.5).to(1.0, 0.0).touches()
