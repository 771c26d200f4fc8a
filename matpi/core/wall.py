"""The wall clock as the core knows it: an offset from the monotonic clock, once somebody vouches for it.

A Pi has no battery clock: until trusted, nothing is dated, and a session made before gets its date when trust comes.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from math import inf

from matpi.core.calendar_day import day_bounds, day_of, utc_offset_s

_UNIX = datetime(1970, 1, 1)  # noqa: DTZ001  naive on purpose: local time is UTC plus the zone's offset


EARLIEST_UTC = 1_735_689_600.0
"""2025: no matpi is older, so a clock that shows less has stood still, such as in 1970."""
LATEST_UTC = 4_070_908_800.0
"""2099: a clock beyond is wrong for longer than a mat lasts. Both chosen."""


class Wall:
    def __init__(self, zone: tzinfo, day_start: time) -> None:
        self.zone, self.day_start = zone, day_start
        self.offset_utc: float | None = None
        """utc = monotonic + offset; None until the clock was trusted in this boot."""

    @property
    def trusted(self) -> bool:
        return self.offset_utc is not None

    def set(self, t: float, utc: float, trusted: bool) -> float:
        """Take the clock's word if it is trusted and believable; returns by how many seconds it differs from what was
        known.
        """
        if not (trusted and believable(utc)):
            return 0.0
        offset = utc - t
        step = 0.0 if self.offset_utc is None else offset - self.offset_utc
        self.offset_utc = offset
        return step

    def utc(self, t: float) -> float | None:
        return None if self.offset_utc is None else t + self.offset_utc

    def day(self, t: float) -> date | None:
        utc = self.utc(t)
        return None if utc is None else day_of(utc, self.zone, self.day_start)

    def day_at(self, utc: float) -> date:
        return day_of(utc, self.zone, self.day_start)

    def offset_at(self, utc: float) -> int:
        return utc_offset_s(utc, self.zone)

    def local(self, t: float) -> datetime | None:
        """Naive local time; None until trusted."""
        utc = self.utc(t)
        return None if utc is None else _UNIX + timedelta(seconds=utc + self.offset_at(utc))

    def day_ends(self, t: float) -> float:
        """Monotonic time at which the plan's day ends; infinity until trusted."""
        utc = self.utc(t)
        if utc is None or self.offset_utc is None:
            return inf
        return day_bounds(self.day_at(utc), self.zone, self.day_start)[1] - self.offset_utc


def believable(utc: float) -> bool:
    """Whether somebody may lie on a mat at this time; what vouches for a clock may be wrong."""
    return EARLIEST_UTC <= utc < LATEST_UTC
