"""The bank: repeatable, its two sets apart, and its truth true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import bank
from benchmarks.scenarios import days, waveforms
from benchmarks.scenarios.recording import Recording, Stay

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"
"""Recordings that may not be copied into this repository, see tests/real/recordings.py."""
DAY_S = 3 * 3600.0
WHICH: tuple[bank.Which, ...] = ("tune", "report")
PARTS: tuple[bank.Part, ...] = ("sessions", "days")


def rows(recording: Recording, begin: float, end: float) -> np.ndarray:
    """The good readings between two times, summed over the channels."""
    use = (recording.t >= begin) & (recording.t < end) & ~recording.flagged
    return np.asarray(recording.kg[use].sum(axis=1))


def test_there_is_enough() -> None:
    assert len(bank.jobs("report", "sessions")) >= 2000
    assert len(bank.jobs("report", "days")) >= 500
    assert set(bank.SESSIONS) == set(days.SESSIONS)
    assert set(bank.EMPTY_DAYS) == set(days.EMPTY_DAYS)
    for part in PARTS:
        assert {job.kind for job in bank.jobs("tune", part)} == {job.kind for job in bank.jobs("report", part)}


def test_no_seed_is_used_twice() -> None:
    seeds = [job.seed for which in WHICH for part in PARTS for job in bank.jobs(which, part)]
    assert len(seeds) == len(set(seeds))
    for which in WHICH:
        assert {job.seed for job in bank.jobs(which, "days")} <= set(bank.SEEDS[which])


def test_shares_make_the_whole() -> None:
    whole = bank.jobs("tune", "days")
    assert sorted(job.seed for k in range(2) for job in whole[k::2]) == [job.seed for job in whole]
    first = next(bank.recordings("tune", "sessions", share=(1, 400)))
    assert first.seed == bank.jobs("tune", "sessions")[1].seed


@pytest.mark.parametrize("kind", days.SESSIONS)
def test_a_session_is_the_same_each_time_and_its_truth_is_in_the_load(kind: str) -> None:
    one, again = days.session(kind, 77), days.session(kind, 77)
    assert np.array_equal(one.kg, again.kg)
    assert np.array_equal(one.t, again.t)
    assert (one.stays, one.things) == (again.stays, again.things)
    assert not np.array_equal(one.kg[:100], days.session(kind, 78).kg[:100])

    assert (np.diff(one.t) > 0.0).all()
    assert one.t[0] >= 0.0
    assert one.t[-1] <= one.duration_s + 0.1
    assert len(one.stays) == (2 if kind == "two_sessions" else 1)
    for stay in one.stays:
        during = rows(one, stay.start_s, stay.end_s)
        assert np.median(during) > (3.0 if kind == "calves" else 12.0)
    if kind == "boot":
        assert one.stays[0].start_s == 0.0
        return
    assert one.stays[0].start_s >= 40.0
    empty = rows(one, 0.0, 39.0)
    assert abs(np.median(empty)) < (2.8 if kind == "drift" else 1.5)
    assert one.duration_s - one.stays[-1].end_s >= 40.0


def test_sessions_are_as_long_as_the_plan_s() -> None:
    minutes = np.array([days.session("plain", seed).stays[0].length_s / 60.0 for seed in range(40)])
    assert minutes.min() > 1.9
    assert minutes.max() < 25.5
    assert ((minutes > 3.0) & (minutes < 20.0)).mean() > 0.75


@pytest.mark.parametrize("kind", days.EMPTY_DAYS)
def test_a_day_without_a_session_has_things_and_no_stay(kind: str) -> None:
    seeds = range(3)
    made = [days.empty_day(kind, seed, duration_s=DAY_S) for seed in seeds]
    assert not any(day.stays for day in made)
    assert np.array_equal(made[0].kg, days.empty_day(kind, 0, duration_s=DAY_S).kg)
    kinds = {thing.kind for day in made for thing in day.things}
    assert kinds - {"shaken"} or kind in {"still", "faults"}
    for day in made:
        gap = np.diff(day.t).max()
        assert gap < 2.0 or kind in {"faults", "mixed"}, "silence is a fault"


def test_quiet_hours_are_cheap() -> None:
    still = days.empty_day("still", 1)
    assert 1.5 < len(still.t) / still.duration_s < 3.0, "readings a second"


def test_a_person_away_for_less_than_twenty_seconds_has_not_left() -> None:
    """What the on and off thresholds of 12 and 6 kg see of it too."""
    for seed in range(20):
        one = days.session("away_and_back", seed)
        (stay,) = one.stays
        if not stay.is_session:
            continue
        on = one.t[(one.kg.sum(axis=1) > 8.0) & ~one.flagged]
        inside = np.diff(on[(on > stay.start_s) & (on < stay.end_s)])
        assert 1.0 < inside.max() < 20.5


def test_two_sessions_are_over_twenty_seconds_apart() -> None:
    for seed in range(10):
        first, second = days.session("two_sessions", seed).stays
        assert second.start_s - first.end_s > 24.0


def test_a_dog_of_over_the_threshold_is_a_class_of_its_own() -> None:
    heaviest = max(
        thing.kg for seed in range(5) for thing in days.empty_day("small_pets", seed, duration_s=DAY_S).things
    )
    assert heaviest < 12.0
    assert any(thing.kind == "dog lies" for thing in days.empty_day("dog_lies", 1, duration_s=DAY_S).things)


def test_what_is_too_near_to_thirty_seconds_is_left_out() -> None:
    short, grey, long = Stay(0.0, 24.0, "lying"), Stay(0.0, 33.0, "lying"), Stay(0.0, 36.0, "lying")
    assert [stay.is_session for stay in (short, grey, long)] == [False, True, True]
    assert [stay.is_grey for stay in (short, grey, long)] == [False, True, False]


def test_no_such_class() -> None:
    with pytest.raises(KeyError):
        days.session("flying", 1)
    with pytest.raises(KeyError):
        days.empty_day("flying", 1)


def test_real_waveforms_are_laid_in_where_they_are(tmp_path: Path) -> None:
    assert waveforms.standing(tmp_path, 1) is None
    assert not list(bank.recordings("tune", "recorded", folder=tmp_path))
    assert not bank.jobs("tune", "recorded")
    if not REAL.exists():
        pytest.skip("recordings absent")
    stand, presses = waveforms.standing(REAL, 1), waveforms.presses(REAL, 1)
    assert stand is not None
    assert presses is not None
    (stay,) = stand.stays
    assert stay.length_s == pytest.approx(101.79)
    assert np.median(rows(stand, stay.start_s + 5.0, stay.end_s - 5.0)) > 40.0
    assert rows(stand, stay.end_s + 1.0, stay.end_s + 20.0).max() < 6.0
    assert not presses.stays
    for thing in presses.things:
        assert rows(presses, thing.start_s, thing.end_s).max() > 15.0
