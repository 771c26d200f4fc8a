"""People: where the load goes, and what of them can be seen in it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.scenarios.loads import Array, Path
from benchmarks.scenarios.people import Visit, draw_person, start_visit

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


def test_calves_lie_under_the_threshold() -> None:
    for seed in SEEDS:
        one = visit(seed, "calves")
        _, kg = total(one, one.path.t, one.path.t + 20.0)
        assert 3.9 < kg.mean() < 8.1
        assert kg.max() < ON_KG


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
        head, foot = cells[:, :2].sum(axis=1), cells[:, 2:].sum(axis=1)
        assert 0.01 < head.std() < 0.2
        assert np.corrcoef(head, foot)[0, 1] < -0.5
        assert (head + foot).std() < 0.5 * head.std() + 0.015


def test_a_pause_of_breath_leaves_the_heart() -> None:
    one = visit(3)
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
