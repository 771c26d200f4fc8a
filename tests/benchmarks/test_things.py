"""What is no session: how long, how heavy, and whether it moves."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.scenarios import things
from benchmarks.scenarios.loads import Array, Source

SEEDS = range(30)


def load(source: Source, begin: float, end: float, hz: float = 20.0) -> tuple[Array, Array]:
    t = np.arange(begin, end, 1.0 / hz)
    return t, source.cells(t, np.random.default_rng(9))


def test_what_passes_is_gone_within_seconds_and_leaves_nothing() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        for laid in (
            things.pet_walks(rng, 5.0, 4.0),
            things.child_walks(rng, 5.0),
            things.steps_over(rng, 5.0),
            things.hand(rng, 5.0),
        ):
            assert 0.3 < laid.end_s - laid.start_s < 9.0, laid.thing
            _, cells = load(laid, laid.end_s + 0.1, laid.end_s + 2.0)
            assert not cells.any(), laid.thing


def test_a_resting_dog_breathes_and_a_bag_does_not() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        dog = things.pet_rests(rng, 5.0, 25.0, 1200.0)
        bag = things.put_down(rng, 5.0, 25.0, 1200.0)
        head = {name: load(laid, 300.0, 900.0)[1][:, :2].sum(axis=1) for name, laid in {"dog": dog, "bag": bag}.items()}
        assert np.median(abs(np.diff(head["dog"][::10]))) > 0.002
        assert np.ptp(head["bag"]) < 1e-9
        assert load(bag, 300.0, 301.0)[1].sum(axis=1) == pytest.approx(25.0)


def test_a_dog_stays_as_long_as_told() -> None:
    dog = things.pet_rests(np.random.default_rng(1), 5.0, 30.0, 3600.0)
    assert 3590.0 < dog.thing.end_s - dog.thing.start_s < 3615.0


def test_laundry_grows_heavier() -> None:
    for seed in SEEDS:
        basket = things.laundry(np.random.default_rng(seed), 0.0, 600.0)
        t, cells = load(basket, 0.0, basket.end_s)
        kg = cells.sum(axis=1)
        assert kg[(t > 590.0) & (t < 599.0)].mean() > kg[(t > 1.0) & (t < 3.0)].mean() + 0.5


def test_the_mat_lifted_is_a_load_below_nothing_and_washed_it_comes_back_changed() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        before, away, back = things.mat_care(rng, 100.0, 600.0, 40_000.0, washed=True)
        assert isinstance(away, things.MatAway)
        assert before.thing.kind == back.thing.kind == "hand"
        t, cells = load(away, 90.0, 30_000.0, hz=1.0)
        kg = cells.sum(axis=1)
        assert kg[t < 99.0] == pytest.approx(0.0)
        gone = (t > 101.0) & (t < 699.0)
        assert kg[gone] == pytest.approx(-away.mat_kg)
        assert 0.4 < abs(kg[t > 701.0][0]) <= 2.0
        assert bool(abs(kg[-1]) < 0.1) is away.wet, "wet dries, another filling stays"


def test_a_pillow_is_light_and_somebody_beside_is_not() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        other = things.beside(rng, 10.0)
        kg = load(other, 10.0, other.end_s)[1].sum(axis=1)
        assert kg.max() > 7.0
        assert 3.0 < other.end_s - other.start_s < 60.0


def test_shaking_is_in_proportion_to_what_is_shaken() -> None:
    light, heavy = (things.shaken(np.random.default_rng(1), 0.0, 60.0, kg) for kg in (0.0, 27.0))
    quiet, loud = (load(each, 0.0, 60.0)[1].sum(axis=1).std() for each in (light, heavy))
    assert loud / quiet == pytest.approx(10.0, rel=0.01)
