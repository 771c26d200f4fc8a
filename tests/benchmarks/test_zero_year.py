"""A year with the zero is judged from outside: what goes wrong in it is seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import bank
from benchmarks.scenarios.recording import Thing
from benchmarks.scenarios.scene import DAY_S
from benchmarks.scenarios.seasons import Day, Walk, Year, days_of
from benchmarks.zero_told import Limit, Outcome, Told, in_all, lines, section
from benchmarks.zero_watch import Watch, through
from benchmarks.zero_without import Mute, Stuck, Unprotected, limits
from benchmarks.zero_year import SEEDS, jobs
from matpi.core.presence.zero import ZeroWord

HOUR_S = 3600.0
WITH_SESSION = 3_000_001
"""On both of its first two days somebody lies there."""
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
    return through(Year(WITH_SESSION, 2))


def test_two_days_with_sound_cells_have_no_error(as_it_is: Outcome) -> None:
    assert as_it_is.found == as_it_is.sessions > 0
    assert as_it_is.faults == ()
    assert as_it_is.moved_under_somebody == 0
    assert 0.0 < as_it_is.zero_off_kg < 0.1
    assert as_it_is.warned is None


def test_without_its_protection_the_zero_swallows_a_person_and_it_is_seen() -> None:
    swallowed = through(Year(WITH_SESSION, 2), Unprotected)
    assert swallowed.moved_under_somebody > 0
    assert sum(swallowed.errors.values()) > 0, "a person who is no longer there is no session"
    assert section(Told((swallowed,))).count("**not reached**") >= 2


def test_a_zero_that_stays_is_seen_in_the_distance(as_it_is: Outcome) -> None:
    assert through(Year(WITH_SESSION, 2), Stuck).zero_off_kg > as_it_is.zero_off_kg + 0.05


def test_a_cell_that_walks_away_is_told_before_it_costs() -> None:
    walked = through(AWAY)
    assert walked.walk_kg_h == pytest.approx(2.0)
    assert walked.told_h is not None
    assert walked.told_kg is not None
    assert 3.0 < walked.told_kg < 20.0
    assert walked.cost_h is not None, "nobody is on the mat, and over 12 kg are"
    assert walked.warned
    assert sum(walked.errors.values()) == 0, "while it walks, errors are the cell's"


def test_a_walk_that_nobody_is_told_of_is_seen() -> None:
    silent = through(AWAY, Mute)
    assert silent.told_h is None
    assert silent.cost_h is not None
    assert silent.warned is False
    assert in_all([silent])["told_before"] == 0
    assert "| a failing cell told before it cost a session | all that cost one | 0 of 1 | **not reached** |" in section(
        Told((silent,))
    )


def test_a_word_that_a_bag_brings_is_no_warning() -> None:
    begin = 0.1 * DAY_S
    watch = Watch(AWAY)
    watch.things.append(Thing(begin, begin + 500.0, "bag", 5.0))
    watch.home.device.presence.zero.astray = True
    assert watch.home.device.presence.zero.word == ZeroWord.CHECK
    watch.hear(begin + 100.0)
    assert watch.told_at
    assert watch.walk_told_at is None
    watch.hear(begin + 1000.0)
    assert watch.walk_told_at == begin + 1000.0


def test_the_power_cut_takes_what_is_not_stored(day: Day) -> None:
    watch = Watch(Year(WITH_SESSION, 1))
    watch.live_day(part(day, 2.0))
    home = watch.home
    stored, moved, noise = home._zero, home.device.presence.zero.total_kg, home.device.presence.zero.noise_kg
    assert stored is not None
    before = home.device
    home.restart(float(day.recording.t[0]) + 2.1 * HOUR_S)
    assert home.device is not before
    assert home.device.presence.zero.total_kg == stored.zero.total_kg
    assert abs(stored.zero.total_kg - moved) < 0.1
    assert (noise is None) == (home.device.presence.zero.noise_kg is None)


def test_the_section_has_one_row_a_walk_and_the_lines_one_a_year(as_it_is: Outcome) -> None:
    walked = replace(as_it_is, seed=2, walk_kg=-8.0, walk_kg_h=0.1, told_h=30.0, told_kg=-3.6)
    told = Told((as_it_is, walked), (("", as_it_is), ("slowly", walked)), (Limit(5.0, 1800.0, None),), 3.5)
    text = section(told)
    assert text == section(told)
    assert "| shortest walk of a cell that is told | at most 4 kg | 6.5 kg | **not reached** |" in section(
        replace(told, least_told_kg=6.5)
    )
    assert "| 2 | -8.0 kg | 0.10 kg | 30.0 h | -3.6 kg | none | costs nothing |" in text
    assert "not reached" not in text
    assert "| without: slowly |" in text
    assert "| 5 kg | 30 min | 2.5 kg | never |" in text
    kinds = [line["figure"] for line in lines(told, 1.0)]
    assert kinds[:6] == ["zero_year"] * 2 + ["zero_without"] * 2 + ["zero_walk_limit", "zero_years"]
    assert kinds[-1] == "zero_years_s"


def test_a_steady_walk_is_told_and_never_taken_for_somebody() -> None:
    (fast,) = limits((80.0,))
    assert fast.told_s is not None
    assert 600.0 < fast.told_s < 900.0
    assert fast.cost_s is None


def test_the_full_run_has_a_whole_year_and_the_short_one_none() -> None:
    full, short = jobs("report", full=True), jobs("tune", full=False)
    assert [job.year.days for job in full].count(365) == 1
    assert {job.year.seed for job in full} <= set(SEEDS["report"])
    assert all(job.year.walk is not None for job in full)
    assert sum(job.year.days for job in short) <= 40
    assert {job.year.seed for job in short} <= set(SEEDS["tune"])


def test_the_seeds_are_nobody_elses() -> None:
    ranges = [*SEEDS.values(), *bank.SEEDS.values()]
    assert sum(map(len, ranges)) == len({seed for seeds in ranges for seed in seeds})
    assert np.unique([seeds.start for seeds in ranges]).size == 4
