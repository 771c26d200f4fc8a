"""The plan's day by docs/dev/behaviour.md 3, from zoneinfo alone: what the clock cases hold the product against."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

DAY_S = 86_400.0
_DAY = timedelta(days=1)
_CYCLE_DAYS = 10_227  # 28 years, after which weekdays and leap years come round


class Later(tzinfo):
    """The history of a zone, moved on by cycles of 28 years: the device believes no clock from before 2025."""

    def __init__(self, name: str, cycles: int) -> None:
        self._zone, self._by = ZoneInfo(name), timedelta(days=_CYCLE_DAYS * cycles)

    def fromutc(self, dt: datetime) -> datetime:
        local = (dt.replace(tzinfo=UTC) - self._by).astimezone(self._zone)
        return (local.replace(tzinfo=None) + self._by).replace(tzinfo=self, fold=local.fold)

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        assert dt is not None
        return (dt.replace(tzinfo=None) - self._by).replace(tzinfo=self._zone, fold=dt.fold).utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        return timedelta(0)

    def tzname(self, dt: datetime | None) -> str | None:
        return str(self._zone)


ZONES: dict[str, tzinfo] = {
    "Australia/Lord_Howe": ZoneInfo("Australia/Lord_Howe"),  # half an hour of summer time
    "America/Sao_Paulo": Later("America/Sao_Paulo", 1),  # at midnight, until 2019: 2047 here
    "Africa/Casablanca": ZoneInfo("Africa/Casablanca"),  # back for Ramadan
    "Asia/Kathmandu": Later("Asia/Kathmandu", 2),  # 15 min on, on 1986-01-01: 2042 here
    "Pacific/Apia": Later("Pacific/Apia", 1),  # no 2011-12-30: no 2039-12-30 here
    "Antarctica/Troll": ZoneInfo("Antarctica/Troll"),  # two hours of summer time
    "America/St_Johns": Later("America/St_Johns", 1),  # at 00:01, until 2011: 2039 here
    "Europe/Berlin": ZoneInfo("Europe/Berlin"),
    "UTC": UTC,
}


@cache
def changes(name: str) -> tuple[float, ...]:
    """The instants from 2026 to 2060 at which the zone's clock does something."""
    zone, found = ZONES[name], []
    at = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    while at < datetime(2060, 1, 1, tzinfo=UTC).timestamp():
        if _offset(at, zone) != _offset(at + 7 * DAY_S, zone):
            low, high = at, at + 7 * DAY_S
            while high - low > 1.0:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(middle, zone) == _offset(low, zone) else (low, middle)
            found.append(high)
        at += 7 * DAY_S
    return tuple(found)


@lru_cache(4096)  # asked for again with every later session of a life
def right_day(utc: float, zone: tzinfo, day_start: time) -> date:
    """The latest date of the calendar whose start the wall clock has shown or jumped over."""
    begun = timedelta(hours=day_start.hour, minutes=day_start.minute)
    latest = wall(utc, zone)
    if _offset(utc, zone) < _offset(utc - 3 * 3600, zone):  # put back: what it has shown already counts
        latest = max(wall(utc - 60 * minutes, zone) for minutes in range(181))
    day = (latest - begun).date()
    while not _exists(day, zone):
        day -= _DAY
    return day


def wall(utc: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(utc, UTC).astimezone(zone).replace(tzinfo=None)


def _offset(utc: float, zone: tzinfo) -> timedelta:
    return wall(utc, zone) - datetime.fromtimestamp(utc, UTC).replace(tzinfo=None)


def _exists(day: date, zone: tzinfo) -> bool:
    noon = datetime.combine(day, time(12), zone).timestamp()
    return wall(noon, zone).date() == day
