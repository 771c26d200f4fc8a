"""From Unix time to the days a person lives in, and back.

A day of the plan begins when the local clock first shows `day_start` (04:00) and lasts until it does so again: 24 h, or
23, 25, 23.5 when the clocks change. A clock time that a change skips counts as the first instant after the gap; one
that comes twice counts the first time. So days never overlap, never leave a hole and never run backwards, even when the
change falls on the start of the day. A date that a zone left out (Apia, 2011-12-30) has no hours; its night belongs
to the day before.

`utc` is Unix seconds of the years 2 to 9998; beyond that `datetime` raises OverflowError or ValueError.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MIDNIGHT = time(0, 0)


def day_of(utc: float, zone: tzinfo, day_start: time = _MIDNIGHT) -> date:
    """The day of the plan in which this instant lies. A session belongs to the day of its start."""
    day = _local(utc, zone).date() + _DAY  # one ahead: a clock put back over midnight shows the old date again
    while _beginning(day, zone, day_start) > utc:
        day -= _DAY
    return day


def day_bounds(day: date, zone: tzinfo, day_start: time = _MIDNIGHT) -> tuple[float, float]:
    """First instant of the day, and of the next. Equal for a date the zone left out."""
    return _beginning(day, zone, day_start), _beginning(day + _DAY, zone, day_start)


def utc_offset_s(utc: float, zone: tzinfo) -> int:
    """Local time minus UTC at this instant, in seconds."""
    offset = _local(utc, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def next_local(utc: float, zone: tzinfo, hhmm: time) -> float:
    """The next instant strictly after `utc` at which the local clock shows `hhmm` (for the first time that date)."""
    day = _local(utc, zone).date() - _DAY
    while (instant := local_instant(day, zone, hhmm)) is None or instant <= utc:
        day += _DAY
    return instant


def local_instant(day: date, zone: tzinfo, hhmm: time, *, last: bool = False) -> float | None:
    """When the local clock shows `hhmm` on this date; None when the zone left the date out.

    In a gap the first instant after it; when the time comes twice, the first, or with `last` the second.
    """
    wall = datetime.combine(day, hhmm.replace(tzinfo=None))
    first = _unix(wall.replace(tzinfo=zone, fold=0))
    second = _unix(wall.replace(tzinfo=zone, fold=1))
    if first <= second:
        return second if last else first
    # PEP 495: in a gap, fold=0 reads the clock as before the change and so lands after it, fold=1 the other way round.
    before, after = int(second // 1) - 1, int(first // 1) + 1
    while after - before > 1:  # zones change at whole seconds
        middle = (before + after) // 2
        if _local(middle, zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            after = middle
    if day not in {_local(before, zone).date(), _local(after, zone).date()}:
        return None
    return float(after)


def _beginning(day: date, zone: tzinfo, day_start: time) -> float:
    while (instant := local_instant(day, zone, day_start)) is None:
        day += _DAY
    return instant


def _local(utc: float, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(seconds=utc)).astimezone(zone)


def _unix(aware: datetime) -> float:
    return (aware - _EPOCH) / timedelta(seconds=1)
