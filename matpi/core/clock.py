"""Time in the core: the monotonic clock of the events, the wall clock, and the days of the plan.

A Pi has no battery clock. Until a trusted clock comes there is no time of day; days are estimated, so that the plan
needs no network.

A day of the plan begins when the local clock first shows `day_start` (04:00) and lasts until it does so again: 24 h, or
23, 25, 23.5 when the clocks change. A clock time that a change skips counts as the first instant after the gap; one
that comes twice counts the first time. So days never overlap, never leave a hole and never run backwards, even when the
change falls on the start of the day. A date that a zone left out (Apia, 2011-12-30) has no hours; its night belongs
to the day before.

`utc` is Unix seconds of the years 2 to 9998; beyond that `datetime` raises OverflowError or ValueError.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from matpi.core.effects import DateBoot

if TYPE_CHECKING:
    from matpi.core.model import Memory, Settings

EARLIEST_UTC = 1_735_689_600.0  # 2025: no matpi is older, so a clock that shows less has stopped, such as in 1970
LATEST_UTC = 4_070_908_800.0  # 2099: a clock beyond is wrong for longer than a mat lasts. Both chosen.
MOVES_S = 60.0
"""Dates move with a step of the clock from here on, and with a shorter one to another day. Chosen: each move rewrites
records and sends them again."""
STEP_S = 0.5  # as in drivers/clock.py: what is less is no step

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  naive on purpose: local time is UTC plus the zone's offset
_DAY = timedelta(days=1)
_MIDNIGHT = time(0, 0)


class Place(NamedTuple):
    """Name of the zone and start of the day that held until a time of the monotonic clock."""

    until: float
    zone: str
    day_start: time


class Clock:
    """Own the offset between the monotonic and the wall clock, the zone, and which boot this is."""

    def __init__(
        self,
        t: float,
        boot_id: str,
        memory: Memory,
        zone_for: Callable[[str], tzinfo],
        new_id: Callable[[], str],
        offset_utc: float,
    ) -> None:
        """`zone_for` makes a tzinfo from an IANA name; `offset_utc` is an estimate until `trusted`."""
        self.boot_id, self.new_id = boot_id, new_id
        self.t = self.began = t
        """The time of the event that is handled, in monotonic seconds; and when the device started."""
        self.offset_utc = offset_utc  # utc = monotonic + offset
        self.trusted = False  # a trusted clock has given the time in this boot
        self.zone_for = zone_for
        self._places: tuple[Place, ...] = ()  # where the mat has been since the start, oldest first; the last is here
        self.use(memory.settings)

    def use(self, settings: Settings) -> None:
        """Take zone and start of the day from `settings`."""
        self.zone, self.day_start = self.zone_for(settings.zone), settings.day_start
        here = Place(inf, settings.zone, settings.day_start)
        if self._places[-1:] != (here,):
            before = (place._replace(until=min(place.until, self.t)) for place in self._places)
            self._places = (*before, here)
        self._day = (0.0, 0.0, date.min)
        self._next: dict[tuple[time, ...], tuple[object, float]] = {}

    def set(self, t: float, utc: float, trusted: bool) -> float:
        """Set the wall clock if `utc` is trusted and plausible. Return the step in seconds, 0.0 when ignored.

        One that is not trusted may move an estimate forward: it continues from when the machine last saved it.
        """
        if not believable(utc) or (self.trusted and not trusted):
            return 0.0
        step = utc - t - self.offset_utc
        if not trusted and step < MOVES_S:
            return 0.0
        self.offset_utc, self.trusted = utc - t, trusted
        return step

    def slept(self) -> None:
        """Begin another boot: the machine was suspended, and its monotonic clock with it."""
        self.boot_id = self.new_id()

    def utc(self, t: float) -> float | None:
        """Return Unix seconds; None until trusted."""
        return t + self.offset_utc if self.trusted else None

    @property
    def today(self) -> date:
        return self.day(self.t)

    def day(self, t: float) -> date:
        return self.day_at(t + self.offset_utc)

    def day_at(self, utc: float) -> date:
        begin, end, day = self._day
        if not begin <= utc < end:
            day = day_of(utc, self.zone, self.day_start)
            self._day = (*day_bounds(day, self.zone, self.day_start), day)
        return day

    def day_begins(self, utc: float) -> float:
        """Return when the plan's day of `utc` began, in Unix seconds."""
        return day_bounds(self.day_at(utc), self.zone, self.day_start)[0]

    def day_ends(self, t: float) -> float:
        """Return the monotonic time at which the plan's day ends."""
        self.day(t)
        return self._day[1] - self.offset_utc

    def offset_at(self, utc: float) -> int:
        return utc_offset_s(utc, self.zone)

    def local(self, t: float) -> datetime | None:
        """Return the local time, naive; None until trusted."""
        utc = self.utc(t)
        return None if utc is None else _NAIVE_EPOCH + timedelta(seconds=utc + self.offset_at(utc))

    def next(self, t: float, *clocks: time) -> float:
        """Return when the local clock next shows one of these times, monotonic; infinity until trusted."""
        utc = self.utc(t)
        if utc is None:
            return inf
        of = self.offset_utc, self.zone
        known, found = self._next.get(clocks, (None, -inf))
        if known != of or found <= t:  # asked for with every picture
            found = t - utc + min(next_local(utc, self.zone, clock) for clock in clocks)
            self._next[clocks] = of, found
        return found

    def dating(self, boot_id: str, offset_utc: float, *, estimated: bool) -> DateBoot:
        """Return the effect that dates the records of a boot."""
        return DateBoot(boot_id, offset_utc, estimated, self.zone, self.day_start, self.zone_for)

    def place(self, t: float) -> Place:
        """Return where the mat was at a time since the start."""
        return next(place for place in self._places if t < place.until)

    def stamp(self, t: float) -> dict[str, Any]:
        """Return the fields that date a record of `t`, which is now."""
        utc = t + self.offset_utc
        return {
            "boot_id": self.boot_id,
            "mono": t,
            "utc": utc,
            "utc_offset_s": self.offset_at(utc),
            "day": self.day_at(utc),
            "estimated": not self.trusted,
            "zone": self._places[-1].zone,
            "day_start": self.day_start,
        }


def believable(utc: float) -> bool:
    """Return whether a person may be on a mat at this time; what vouches for a clock may be wrong."""
    return EARLIEST_UTC <= utc < LATEST_UTC


def between(now: time, begin: time, end: time) -> bool:
    """Return whether `now` is in [begin, end), over midnight when that ends before it begins."""
    return begin <= now < end if begin <= end else now >= begin or now < end


def day_of(utc: float, zone: tzinfo, day_start: time = _MIDNIGHT) -> date:
    """Return the day of the plan in which this instant lies. A session belongs to the day of its start."""
    day = _local(utc, zone).date() + _DAY  # one ahead: a clock put back over midnight shows the old date again
    while _beginning(day, zone, day_start) > utc:
        day -= _DAY
    return day


def day_bounds(day: date, zone: tzinfo, day_start: time = _MIDNIGHT) -> tuple[float, float]:
    """Return the first instant of the day, and of the next; equal for a date the zone left out."""
    return _beginning(day, zone, day_start), _beginning(day + _DAY, zone, day_start)


def utc_offset_s(utc: float, zone: tzinfo) -> int:
    """Return local time minus UTC at this instant, in seconds."""
    offset = _local(utc, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def next_local(utc: float, zone: tzinfo, hhmm: time) -> float:
    """Return when the local clock next shows `hhmm` after `utc`, for the first time on that date."""
    day = _local(utc, zone).date() - _DAY
    while (instant := local_instant(day, zone, hhmm)) is None or instant <= utc:
        day += _DAY
    return instant


def local_instant(day: date, zone: tzinfo, hhmm: time, *, last: bool = False) -> float | None:
    """Return when the local clock shows `hhmm` on this date; None when the zone left the date out.

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
