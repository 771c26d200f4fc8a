"""The range of each day of the past is the one that `plan` gives for that day from the log up to then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

from msgspec.structs import replace

from matpi.core.model import Acknowledgement, EndReason, Log, Moment, Rating, Session, Settings, StopSign
from matpi.core.plan.programme import plan

TODAY = date(2026, 6, 30)


def utc_of(day: date) -> float:
    return datetime(day.year, day.month, day.day, 21, tzinfo=UTC).timestamp()


def random_log(seed: int) -> Log:
    random = Random(seed)
    sessions, stops, ratings = [], [], []
    day = TODAY - timedelta(days=120)
    while day <= TODAY:
        for n in range(random.choice((0, 1, 1, 1, 2))):
            long_s = random.uniform(60, 1300)
            sessions.append(
                Session(f"{day}{n}", "b", 1.0, long_s, long_s, EndReason.LEFT, utc_of(day) + 3600 * n, 0, day)
            )
        if random.random() < 0.03:
            stops.append(StopSign(f"{day}", "b", 1.0, None, utc_of(day), 0, day))
        if random.random() < 0.3:
            ratings.append(Rating(f"{day}", "b", 1.0, 5, Moment.DAY, None, utc_of(day), 0, day))
        day += timedelta(days=random.choice((1, 1, 1, 1, 2, 9, 25) if random.random() < 0.3 else (1,)))
    return Log(tuple(sessions), tuple(ratings), tuple(stops))


def until(log: Log, day: date) -> Log:
    """The log as it was before the sessions of `day`."""

    def early(one: Session | Rating | StopSign) -> bool:
        return one.day is not None and one.day < day

    return replace(
        log,
        sessions=tuple(filter(early, log.sessions)),
        ratings=tuple(filter(early, log.ratings)),
        stops=tuple(filter(early, log.stops)),
    )


def test_each_day_has_the_range_that_held_when_it_began() -> None:
    ranges: set[tuple[int, int]] = set()
    for seed in range(12):
        log = random_log(seed)
        settings = Settings(stay_on_tier=seed % 3 == 0, no_restart=seed % 4 == 0)
        found = plan(log, TODAY, settings, band_days=56).bands
        assert list(found) == [TODAY - timedelta(days=n) for n in range(55, -1, -1)]
        for day, band in found.items():
            then = plan(until(log, day), day, settings)
            assert band == (then.lower_min, then.upper_min), (seed, day)
        ranges |= set(found.values())
    assert len(ranges) == 5, "each tier of the plan, and what follows it"


def test_a_day_kept_short_by_the_safety_answer_has_no_range() -> None:
    asked, agreed = TODAY - timedelta(days=20), TODAY - timedelta(days=10)
    answer = Acknowledgement(some=True, utc=utc_of(asked), cleared=True, cleared_utc=utc_of(agreed))
    found = plan(random_log(1), TODAY, Settings(), answer, band_days=56).bands

    assert asked - timedelta(days=1) in found
    assert not {asked, agreed, TODAY - timedelta(days=15)} & set(found)
    assert agreed + timedelta(days=1) in found
    assert plan(Log(), TODAY, Settings(), Acknowledgement(some=True, utc=None), band_days=3).bands == {}


def test_asking_for_the_ranges_changes_nothing_else() -> None:
    for seed in range(20):
        log = random_log(seed)
        for ago in (0, 1, 3, 8, 30):
            day, settings = TODAY - timedelta(days=ago), Settings(stay_on_tier=seed % 2 == 0)
            assert plan(log, day, settings) == plan(log, day, settings, band_days=56)
