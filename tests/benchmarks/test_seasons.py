"""A simulated year repeats itself, stays within the room's temperatures, and fails when it is told to."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from benchmarks.scenarios.cells import draw_build
from benchmarks.scenarios.scene import DAY_S, chance
from benchmarks.scenarios.seasons import CARE_EVERY_DAYS, DayScene, Walk, Year, _care, days_of, draw_year, room_c
from benchmarks.scenarios.things import MatAway

SOUND = Year(3_000_001, 2)


def test_the_same_year_is_the_same_year() -> None:
    one, two = next(days_of(SOUND)), next(days_of(SOUND))
    assert np.array_equal(one.recording.kg, two.recording.kg)
    assert one.recording.stays == two.recording.stays
    other = next(days_of(replace(SOUND, seed=3_000_003)))
    assert one.recording.t.shape != other.recording.t.shape or not np.array_equal(one.recording.kg, other.recording.kg)


def test_days_follow_each_other_in_time() -> None:
    first, second = days_of(SOUND)
    assert 0.0 <= first.recording.t[0] < 2.0
    assert first.recording.t[-1] < DAY_S <= second.recording.t[0] < DAY_S + 2.0
    for day in (first, second):
        assert (np.diff(day.recording.t) > 0.0).all()
        for stay in day.recording.stays:
            assert day.recording.t[0] < stay.start_s < stay.end_s < day.recording.t[-1]


@pytest.mark.parametrize("seed", range(5))
def test_the_room_has_15_to_28_degrees_and_no_jumps(seed: int) -> None:
    t = np.arange(0.0, 365 * DAY_S, 600.0)
    c = room_c(chance("room", seed), 365)(t)
    assert 15.0 <= c.min() < 18.0
    assert 25.5 < c.max() < 30.5
    assert np.abs(np.diff(c)).max() < 1.0


def test_a_cell_walks_only_until_it_is_repaired() -> None:
    walk = Walk(1000.0, 5000.0, 10.0, shape=(0.0, 0.2, 1.0))
    at = np.array([0.0, 1000.0, 3000.0, 5000.0, walk.repaired_s - 1.0, walk.repaired_s])
    assert walk.part(at).tolist() == pytest.approx([0.0, 0.0, 0.2, 1.0, 1.0, 0.0])
    assert walk.repaired_s > walk.end_s + 2 * DAY_S


def test_what_has_walked_is_in_the_readings_of_its_channel() -> None:
    walk = Walk(3600.0, 7200.0, 8.0, cell=3)
    sound, failing = next(days_of(SOUND)).recording, next(days_of(replace(SOUND, walk=walk))).recording
    difference = failing.kg - sound.kg
    assert np.abs(difference[:, 0]).max() == 0.0
    late = sound.t > 7300.0
    assert difference[late, 1] == pytest.approx(np.full(late.sum(), 8.0))


@pytest.mark.parametrize("seed", range(12))
def test_what_a_mat_weighs_after_its_care_it_weighs_the_next_day(seed: int) -> None:
    rng = chance("care", seed)
    scene = DayScene(rng, draw_build(rng), busy=[])
    before_kg = -0.8
    after_kg, (_, back) = _care(scene, before_kg)
    t = np.linspace(back + 30.0, DAY_S, 50)
    (mat,) = (source for source in scene.sources if isinstance(source, MatAway))
    assert before_kg + mat.cells(t, rng).sum(axis=1)[-1] == pytest.approx(after_kg, abs=0.02)


@pytest.mark.parametrize("seed", range(3_000_000, 3_000_012))
def test_every_even_seed_fails_in_the_second_half(seed: int) -> None:
    walk = draw_year(seed).walk
    assert (walk is None) == bool(seed % 2)
    if walk is not None:
        assert walk.begin_s >= 0.5 * 365 * DAY_S
        assert walk.repaired_s < 365 * DAY_S
        assert 0.045 < abs(walk.kg) / (walk.end_s - walk.begin_s) * 3600.0 < 1.9
        assert all(b >= a for a, b in zip(walk.shape, walk.shape[1:], strict=False))


def test_half_a_month_has_its_care_its_cuts_and_nothing_while_the_power_is_off() -> None:
    days = list(islice(days_of(Year(3_000_001, 365)), CARE_EVERY_DAYS // 2 + 1))
    assert [bool(day.care) for day in days] == [False] * (CARE_EVERY_DAYS // 2) + [True]
    cuts = [(day, off, on) for day in days for off, on in day.cuts]
    assert 1 <= len(cuts) <= 8
    for day, off, on in cuts:
        assert not ((day.recording.t > off) & (day.recording.t < on)).any()
    assert sum(bool(day.recording.sessions) for day in days) > len(days) / 2


def test_a_year_has_a_day() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        draw_year(1, 0)
