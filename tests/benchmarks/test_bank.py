"""The bank: repeatable, its two sets apart, and its truth true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import bank
from benchmarks.scenarios import days, waveforms
from benchmarks.scenarios.recording import Recording, Stay, sharp_stay

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"
"""Recordings that may not be copied into this repository, see tests/real/recordings.py."""
DAY_S = 2 * 3600.0
WHICH: tuple[bank.Which, ...] = ("tune", "report")
PARTS: tuple[bank.Part, ...] = ("sessions", "days")


def rows(recording: Recording, begin: float, end: float) -> np.ndarray:
    """The good readings between two times, summed over the channels."""
    use = (recording.t >= begin) & (recording.t < end) & ~recording.flagged
    return np.asarray(recording.kg[use].sum(axis=1))


def test_there_is_enough() -> None:
    stays = len(bank.jobs("report", "sessions")) + bank.SESSIONS["two_sessions"] - bank.SESSIONS["short"]
    assert stays >= 6200
    assert bank.SESSIONS[days.LIGHT] >= 400
    assert bank.EMPTY_DAYS[days.BUSY] * days.BUSY_S >= 120 * 3600.0
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
        assert np.median(during) > (5.0 if kind == "calves" else 12.0)
        assert stay.start_s <= stay.touch_s <= stay.on_s < stay.off_s <= stay.end_s + 0.02
    if kind == "boot":
        assert one.stays[0].start_s == 0.0
        return
    assert one.stays[0].start_s >= 40.0
    empty = rows(one, 0.0, 39.0)
    assert abs(np.median(empty)) < (2.8 if kind == "drift" else 1.5)
    assert one.duration_s - one.stays[-1].end_s >= 40.0


def test_sessions_last_about_four_minutes() -> None:
    minutes = np.array([days.session("plain", seed).stays[0].length_s / 60.0 for seed in range(40)])
    assert minutes.min() > 0.9
    assert minutes.max() < 10.5
    assert 3.0 < np.median(minutes) < 5.0


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
        assert gap < 2.0 or day.faults, "a sensor timeout is a fault"


def test_quiet_hours_are_cheap() -> None:
    still = days.empty_day("still", 1, rate=10)
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
    made = [sharp_stay(0.0, length) for length in (28.9, 29.1, 30.9, 31.1)]
    assert [stay.is_session for stay in made] == [False, False, True, True]
    assert [stay.is_grey for stay in made] == [False, True, True, False]
    slow = Stay(0.0, 36.0, "lying", touch_s=0.5, on_s=8.0, off_s=35.0, left_s=35.0)
    assert not slow.is_session
    assert slow.is_grey, "a start between the touch and the threshold is right, so both lengths are"


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


def test_breath_on_a_made_recording_is_24_to_100_g_peak_to_peak_an_end() -> None:
    """Of each breath the swing of head against foot, halved; a breath to the next it varies by some 15 %."""
    for seed in range(12):
        made = days.session("calm", seed, rate=80)
        (stay,) = made.stays
        inside = (made.t > stay.on_s + 20.0) & (made.t < stay.off_s - 12.0) & ~made.flagged
        between = (made.kg[inside, 0] - made.kg[inside, 1]) / 2.0
        smooth = np.convolve(between, np.ones(40) / 40, "valid")[::8]
        swings = [np.ptp(part) for part in np.array_split(smooth, len(smooth) // 100 or 1)]  # of 10 s: one slow breath
        assert 0.010 < np.median(swings) < 0.150, seed


def test_what_is_no_good_sensor_or_a_big_dog_is_marked() -> None:
    for kind, faults, dog in (("plain", 0, 0), ("dropouts", 1, 0), ("glitches", 1, 0), ("big_dog_stays", 0, 1)):
        made = days.session(kind, 3)
        assert (made.faults, made.big_dog_stays) == (bool(faults), bool(dog))
    calves = days.session("calves", 3)
    assert calves.on_kg == 4.0
    assert len(calves.zero_kg) == calves.kg.shape[1]


def test_something_stays_behind_when_the_person_has_left() -> None:
    for kind in ("stays_behind", "big_dog_stays"):
        for seed in range(6):
            made = days.session(kind, seed)
            (stay,) = made.stays
            thing = next(each for each in made.things if each.kind != "hand")
            assert stay.start_s < thing.start_s < stay.end_s
            assert thing.end_s > stay.end_s + 9.0
            left = np.median(rows(made, stay.end_s + 2.0, stay.end_s + 9.0))
            assert left == pytest.approx(thing.kg, abs=2.5)


def test_beside_a_machine_the_empty_mat_is_not_quiet() -> None:
    noisy = [np.std(rows(days.session("machine_before", seed, rate=10), 0.0, 39.0)) for seed in range(20)]
    quiet = [np.std(rows(days.session("plain", seed, rate=10), 0.0, 39.0)) for seed in range(20)]
    assert np.median(noisy) > 1.2 * np.median(quiet)
