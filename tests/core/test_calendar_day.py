"""Days and clock times against a walk over the wall clock, minute by minute, which knows nothing of offsets."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from matpi.core.clock import day_bounds, day_of, local_instant, next_local, utc_offset_s

MINUTE = 60
SEED = 20110430

# Each zone with the UTC days around which its clock does something, and one ordinary day.
ODD_DAYS = {
    "Europe/Berlin": ["2026-03-29", "2026-10-25", "1980-04-06", "2025-07-10"],
    "America/New_York": ["2026-03-08", "2026-11-01", "1974-01-06", "2025-02-01"],
    "Australia/Lord_Howe": ["2026-04-04", "2026-10-03", "1981-02-28", "2025-06-15"],
    "Pacific/Apia": ["2011-12-30", "2012-03-31", "2011-09-24", "2024-01-01"],
    "Africa/Casablanca": ["2026-02-15", "2026-03-22", "2018-10-28", "2025-12-24"],
    "Asia/Kathmandu": ["1985-12-31", "2026-05-05"],
    "America/St_Johns": ["2010-11-07", "2011-03-13"],  # at 00:01, back over midnight
    "UTC": ["2026-12-31", "2024-02-29"],
}
DAY_STARTS = [time(4, 0), time(2, 30), time(0, 0), time(14, 0), time(23, 30)]  # 02:30 lies inside most changes


class WallWalk:
    """Looks at the wall clock once a minute for some days and writes down what it sees."""

    def __init__(self, zone: ZoneInfo, around: date) -> None:
        start = datetime(around.year, around.month, around.day, tzinfo=UTC) - timedelta(days=4)
        self.first = int(start.timestamp())
        self.walls = [
            (start + timedelta(minutes=minute)).astimezone(zone).replace(tzinfo=None) for minute in range(8 * 1440)
        ]
        self.dates = {wall.date() for wall in self.walls}

    def days(self, day_start: time) -> list[date]:
        """For every minute the latest date of the calendar whose `day_start` was seen or jumped over so far."""
        shift = timedelta(hours=day_start.hour, minutes=day_start.minute)
        latest, days = date.min, []
        for wall in self.walls:
            day = (wall - shift).date()
            if day > latest and day in self.dates:
                latest = day
            days.append(latest)
        return days

    def arrivals(self, hhmm: time) -> list[int]:
        """Unix seconds at which each date of the calendar first shows `hhmm` or has jumped over it."""
        waiting = sorted(datetime.combine(day, hhmm) for day in self.dates if day > self.walls[0].date())
        seen = []
        for minute, wall in enumerate(self.walls):
            while waiting and wall >= waiting[0]:
                waiting.pop(0)
                seen.append(self.first + minute * MINUTE)
        return seen


@pytest.mark.parametrize("name", ODD_DAYS)
def test_days_and_next_times_agree_with_the_wall_clock(name: str) -> None:
    rng = random.Random(f"{SEED} {name}")
    zone = ZoneInfo(name)
    each = 1500 // len(ODD_DAYS[name])  # 8 zones x 1500 = 12,000 pairs of zone and instant
    asked = 0
    for text in ODD_DAYS[name]:
        walk = WallWalk(zone, date.fromisoformat(text))
        days = {day_start: walk.days(day_start) for day_start in DAY_STARTS}
        clock_times = [time(rng.randrange(24), rng.randrange(60)) for _ in range(6)] + [time(2, 30), time(0, 0)]
        arrivals = {hhmm: walk.arrivals(hhmm) for hhmm in clock_times}
        for _ in range(each):
            minute = rng.randrange(2 * 1440, 6 * 1440)
            utc = walk.first + minute * MINUTE + rng.choice([0.0, rng.random() * 59.9])
            day_start = rng.choice(DAY_STARTS)
            assert day_of(utc, zone, day_start) == days[day_start][minute], (name, utc, day_start)
            hhmm = rng.choice(clock_times)
            assert next_local(utc, zone, hhmm) == min(t for t in arrivals[hhmm] if t > utc), (name, utc, hhmm)
            seen = walk.walls[minute] - datetime(1970, 1, 1)  # noqa: DTZ001 - the oracle compares naive wall times
            assert utc_offset_s(utc, zone) == seen.total_seconds() - (walk.first + minute * MINUTE)
            asked += 1
    assert asked == 1500


@pytest.mark.parametrize("day_start", DAY_STARTS)
@pytest.mark.parametrize("name", ODD_DAYS)
def test_days_tile_time(name: str, day_start: time) -> None:
    zone = ZoneInfo(name)
    for text in ODD_DAYS[name]:
        day = date.fromisoformat(text) - timedelta(days=4)
        _, edge = day_bounds(day, zone, day_start)
        for _ in range(8):
            day += timedelta(days=1)
            begin, end = day_bounds(day, zone, day_start)
            assert begin == edge
            if begin < end:
                assert day_of(begin, zone, day_start) == day == day_of(end - 0.001, zone, day_start)
            assert day_of(end, zone, day_start) > day
            edge = end


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 28), 23),  # the change comes at 02:00 or 03:00, before the day ends at 04:00
        ("Europe/Berlin", date(2026, 3, 29), 24),
        ("Europe/Berlin", date(2026, 10, 24), 25),
        ("America/New_York", date(2026, 3, 7), 23),
        ("America/New_York", date(2026, 10, 31), 25),
        ("Australia/Lord_Howe", date(2026, 4, 4), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 3), 23.5),
        ("Pacific/Apia", date(2011, 12, 29), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Asia/Kathmandu", date(2026, 5, 5), 24),
    ],
)
def test_how_long_a_day_is(name: str, day: date, hours: float) -> None:
    begin, end = day_bounds(day, ZoneInfo(name), time(4, 0))
    assert end - begin == hours * 3600


def test_the_night_belongs_to_the_day_before() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    four = datetime(2026, 6, 10, 4, 0, tzinfo=berlin).timestamp()
    assert day_of(four - 1, berlin, time(4, 0)) == date(2026, 6, 9)
    assert day_of(four, berlin, time(4, 0)) == date(2026, 6, 10)


def test_the_night_after_a_date_that_never_was_belongs_to_the_last_one_that_was() -> None:
    apia = ZoneInfo("Pacific/Apia")
    two_at_night = datetime(2011, 12, 31, 2, 0, tzinfo=apia).timestamp()
    assert day_of(two_at_night, apia, time(4, 0)) == date(2011, 12, 29)
    assert local_instant(date(2011, 12, 30), apia, time(21, 0)) is None
    nine = datetime(2011, 12, 29, 21, 0, tzinfo=apia).timestamp()
    assert next_local(nine, apia, time(21, 0)) - nine == 86400


def test_a_skipped_time_is_the_end_of_the_gap_and_a_doubled_one_comes_once() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    gap_end = datetime(2026, 3, 29, 1, 0, tzinfo=UTC).timestamp()
    assert local_instant(date(2026, 3, 29), berlin, time(2, 30)) == gap_end
    assert datetime.fromtimestamp(gap_end, berlin).time() == time(3, 0)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
    assert local_instant(date(2026, 10, 25), berlin, time(2, 30)) == first
    assert local_instant(date(2026, 10, 25), berlin, time(2, 30), last=True) == first + 3600
    assert next_local(first, berlin, time(2, 30)) == first + 25 * 3600


def test_a_start_of_day_that_comes_twice_does_not_send_anybody_back_a_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()  # 02:30 for the first time
    again_two = first + 1800  # 02:00 for the second time
    assert day_of(first, berlin, time(2, 30)) == date(2026, 10, 25)
    assert day_of(again_two, berlin, time(2, 30)) == date(2026, 10, 25)
