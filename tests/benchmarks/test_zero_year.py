"""The zero over a year is judged from outside, and each error in it is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from benchmarks import bank
from benchmarks.household import NOMINAL, Household
from benchmarks.scenarios.recording import Thing
from benchmarks.scenarios.scene import DAY_S
from benchmarks.scenarios.seasons import Day, Walk, Year, days_of
from benchmarks.zero_told import Limit, Outcome, Results, in_all, lines, section
from benchmarks.zero_watch import Watch, run_year
from benchmarks.zero_without import STUCK, UNPROTECTED, UNREPORTED, VARIANTS, limits
from benchmarks.zero_year import SEEDS, jobs
from matpi.core.events import Reading
from matpi.core.presence.zero import ZeroWord

HOUR_S = 3600.0
WITH_SESSION = 3_000_001
"""It has a session on its second day."""
AWAY = Year(WITH_SESSION, 2, Walk(0.1 * DAY_S, 0.1 * DAY_S + 10 * HOUR_S, 20.0, noise_kg=0.1))
"""20 kg in 10 h: beyond the reach in two hours, and a body's weight, restless enough for one, in seven."""


def part(day: Day, until_h: float) -> Day:
    """The day up to some hour."""
    recording = day.recording
    end = float(recording.t[0] // DAY_S) * DAY_S + until_h * HOUR_S
    rows = recording.t < end
    return replace(
        day,
        recording=replace(recording, t=recording.t[rows], kg=recording.kg[rows], flagged=recording.flagged[rows]),
    )


@pytest.fixture(scope="module")
def day() -> Day:
    return next(day for day in days_of(Year(WITH_SESSION, 3)) if day.recording.sessions)


@pytest.fixture(scope="module")
def as_it_is() -> Outcome:
    return run_year(Year(WITH_SESSION, 2))


def test_two_days_with_sound_cells_have_no_error(as_it_is: Outcome) -> None:
    assert as_it_is.found == as_it_is.sessions > 0
    assert as_it_is.faults == ()
    assert as_it_is.moved_under_person == 0
    assert 0.0 < as_it_is.zero_off_kg < 0.1
    assert as_it_is.warned is None


def test_without_protection_the_zero_moves_under_a_person_and_the_session_is_an_error() -> None:
    followed = run_year(Year(WITH_SESSION, 2), UNPROTECTED)
    assert followed.moved_under_person > 0
    assert sum(followed.errors.values()) > 0, "the load of the person is taken for the zero"
    assert section(Results((followed,))).count("**not reached**") >= 2


def test_a_zero_that_does_not_follow_is_further_off(as_it_is: Outcome) -> None:
    assert run_year(Year(WITH_SESSION, 2), STUCK).zero_off_kg > as_it_is.zero_off_kg + 0.05


def test_a_cell_that_drifts_is_reported_before_its_first_error() -> None:
    drifted = run_year(AWAY)
    assert drifted.drift_kg_h == pytest.approx(2.0)
    assert drifted.reported_h is not None
    assert drifted.reported_kg is not None
    assert 3.0 < drifted.reported_kg < 20.0
    assert drifted.error_h is not None, "the mat is empty, and over 12 kg are on it"
    assert drifted.warned
    assert sum(drifted.errors.values()) == 0, "while it drifts, errors are the cell's"


def test_a_drift_that_is_not_reported_misses_the_target() -> None:
    silent = run_year(AWAY, UNREPORTED)
    assert silent.reported_h is None
    assert silent.error_h is not None
    assert silent.warned is False
    assert in_all([silent])["reported_in_time"] == 0
    assert (
        "| a failing cell reported before its first error | all that cause one | 0 of 1 | **not reached** |"
        in section(Results((silent,)))
    )


def test_check_the_mat_because_of_a_bag_is_no_warning_of_the_drift() -> None:
    begin = 0.1 * DAY_S
    watch = Watch(AWAY)
    watch.things.append(Thing(begin, begin + 500.0, "bag", 5.0))
    watch.home.device.presence.zero._astray_seconds = 600
    assert watch.home.device.presence.zero.word == ZeroWord.CHECK
    watch.check(begin + 100.0)
    assert watch.reported_at
    assert watch.drift_reported_at is None
    watch.check(begin + 1000.0)
    assert watch.drift_reported_at == begin + 1000.0


def test_a_power_cut_loses_what_is_not_stored() -> None:
    day = next(days_of(Year(WITH_SESSION, 1)))
    watch = Watch(Year(WITH_SESSION, 1))
    watch.run_day(part(day, 2.0))
    home = watch.home
    stored, moved = home._zero, home.device.presence.zero.total_kg
    assert stored is not None
    before = home.device
    home.restart(float(day.recording.t[0]) + 2.1 * HOUR_S)
    assert home.device is not before
    assert home.device.presence.zero.total_kg == stored.zero.total_kg
    assert abs(stored.zero.total_kg - moved) < 0.1


def test_no_zero_is_set_by_hand_during_a_session() -> None:
    home = Household(0.0, calibrated=True)
    home.listen(Reading(n / 10, (0.2, 0.3)) for n in range(300))
    assert home.zero_by_hand(30.0)
    home.listen(Reading(30.0 + n / 10, (30.0, 40.0)) for n in range(100))
    assert not home.zero_by_hand(40.0)
    assert home.device.presence.zero.kg == (0.2, 0.3)


def test_a_bridge_that_was_turned_stays_turned_through_power_cuts() -> None:
    home = Household(0.0, calibrated=False)

    def listen(begin_s: int, end_s: int, kg: float) -> None:
        t = np.arange(begin_s * 10, end_s * 10) / 10.0
        breath_kg = 0.03 * np.sin(2 * np.pi * t / 4.0) if kg else 0.0 * t
        # The first channel reads backwards, on an empty mat of 5 and 7 kg.
        left, right = 5.0 - kg - breath_kg, 7.0 + 1.2 * kg + breath_kg
        home.listen(map(Reading, t.tolist(), zip(left.tolist(), right.tolist(), strict=True)))

    listen(0, 60, 0.0)
    listen(60, 180, 30.0)
    listen(180, 240, 0.0)
    (session,) = home.sessions
    assert session.start_s == pytest.approx(60.0, abs=2.0)
    assert session.end_s == pytest.approx(180.0, abs=2.0)
    home.restart(240.0)
    assert home.device.zeroing.calibration == structs.replace(NOMINAL, counts_per_kg=(-42_950.0, 42_950.0))
    assert home.device.presence.zero.kg == pytest.approx((-5.0, 7.0))
    listen(240, 300, 0.0)
    listen(300, 400, 30.0)
    listen(400, 460, 0.0)
    assert home.sessions[1].start_s == pytest.approx(300.0, abs=1.0)
    assert home.sessions[1].counts


def test_the_section_has_one_row_a_drift_and_the_lines_one_a_year(as_it_is: Outcome) -> None:
    drifted = replace(as_it_is, seed=2, drift_kg=-8.0, drift_kg_h=0.1, reported_h=30.0, reported_kg=-3.6)
    results = Results(
        (as_it_is, drifted), (("", as_it_is), ("slowly", drifted)), (Limit(5.0, 1800.0, 7200.0, None),), 3.5
    )
    text = section(results)
    assert text == section(results)
    assert "| smallest drift of a cell that is reported | at most 4 kg | 6.5 kg | **not reached** |" in section(
        replace(results, least_reported_kg=6.5)
    )
    assert "| 2 | -8.0 | 0.10 | 30.0 | -3.6 | none | no error |" in text
    assert "not reached" not in text
    assert "| slowly |" in text
    assert "| 5 | 30 | 2.5 | 120 | never |" in text
    kinds = [line["figure"] for line in lines(results, 1.0)]
    assert kinds[:6] == ["zero_year"] * 2 + ["zero_without"] * 2 + ["zero_drift_limit", "zero_years"]
    assert kinds[-1] == "zero_years_s"


def test_a_steady_drift_is_reported_and_is_no_session_that_counts() -> None:
    steady, fast = limits((40.0, 80.0))
    assert steady.reported_s is not None
    assert 600.0 < steady.reported_s < 1000.0
    assert fast.reported_s is None, "over 12 kg before the ten minutes are over"
    assert fast.object_s is not None
    for limit in (steady, fast):
        assert limit.session_s is None
        assert limit.in_time


def test_the_full_run_has_a_whole_year_and_each_variant_and_the_short_one_neither() -> None:
    full, short = jobs("report", full=True), jobs("tune", full=False)
    assert [job.year.days for job in full].count(365) == 1
    assert tuple(job.variant for job in full if job.variant) == VARIANTS
    assert not any(job.variant for job in short)
    assert {job.year.seed for job in full} <= set(SEEDS["report"])
    assert all(job.year.walk is not None for job in full)
    assert sum(job.year.days for job in short) <= 40
    assert {job.year.seed for job in short} <= set(SEEDS["tune"])


def test_no_other_benchmark_has_these_seeds() -> None:
    ranges = [*SEEDS.values(), *bank.SEEDS.values()]
    assert sum(map(len, ranges)) == len({seed for seeds in ranges for seed in seeds})
    assert np.unique([seeds.start for seeds in ranges]).size == 4
