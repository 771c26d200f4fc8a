"""Households with a big dog: the recordings, and what is counted of a device that lives with them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from benchmarks import bank, dogs
from benchmarks.dogs import BigDogs, big_dogs, household
from benchmarks.scenarios.recording import Recording
from benchmarks.scenarios.scene import DAY_S
from benchmarks.scoring import Heard
from tests.benchmarks.made import told


def right(days: Sequence[Recording], pets: bool) -> list[Heard]:
    """Knows person and dog, and asks about the person on the first day with pets."""
    heard = []
    for n, day in enumerate(days):
        people = [told(stay.on_s, stay.off_s, counts=n > 0 or not pets, asked=pets and n == 0) for stay in day.stays]
        visits = [told(thing.start_s, thing.end_s, counts=False, asked=pets) for thing in day.things]
        heard.append(Heard((*people, *visits)))
    return heard


def wrong(days: Sequence[Recording], pets: bool) -> list[Heard]:
    return [Heard(tuple(told(thing.start_s, thing.end_s) for thing in day.things)) for day in days]


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two households are enough here."""
    monkeypatch.setitem(dogs.HOUSEHOLDS, "tune", 2)


def test_each_day_has_the_person_and_the_dog_apart_from_each_other() -> None:
    days = household(7)
    assert len(days) == 10
    dog_kg = {thing.kg for day in days for thing in day.things}
    assert len(dog_kg) == 1
    assert 12.0 <= dog_kg.pop() <= 40.0
    loads = []
    for n, day in enumerate(days):
        (stay,) = day.stays
        loads.append(float(np.median(day.kg.sum(axis=1)[(day.t > stay.on_s + 10.0) & (day.t < stay.off_s - 10.0)])))
        assert n * DAY_S <= day.t[0] < stay.end_s < day.t[-1] < (n + 1) * DAY_S
        assert 1 <= len(day.things) <= 2
        spans = sorted([(stay.start_s, stay.end_s), *((thing.start_s, thing.end_s) for thing in day.things)])
        assert all(after[0] - before[1] > 149.0 for before, after in pairwise(spans))
    assert np.ptp(loads) < 0.2 * np.median(loads)


def test_a_device_that_knows_its_dog_has_nothing_counted() -> None:
    result = big_dogs("tune", right)
    assert (result.first_counted, result.later_counted, result.lost) == (0, 0, 0)
    assert (result.sessions, result.asked, result.asked_without_pets) == (20, 2, 0)
    assert 2 <= result.first_visits <= 4
    assert 18 <= result.later_visits <= 36


def test_a_dog_that_counts_is_counted_once_a_visit() -> None:
    result = big_dogs("tune", wrong)
    assert result.first_counted == result.first_visits
    assert result.later_counted == result.later_visits
    assert result.asked == 0


def test_nothing_reported_is_nothing_counted() -> None:
    result = big_dogs("tune", lambda days, _: [Heard()] * len(days))
    assert (result.first_counted, result.later_counted, result.lost) == (0, 0, 0)
    assert result != BigDogs()


def test_the_households_have_seeds_of_their_own() -> None:
    used = {job.seed for which in ("tune", "report") for part in ("sessions", "days") for job in bank.jobs(which, part)}
    assert not used & {*dogs.seeds("tune"), *dogs.seeds("report")}
    assert not set(dogs.seeds("tune")) & set(dogs.seeds("report"))
