"""The wall clock as the core knows it: an offset from the monotonic clock, estimated until a trusted clock gives it.

A Pi has no battery clock. Until trusted, there is no time of day; days are estimated, so the plan needs no network.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

from matpi.core.calendar_day import day_bounds, day_of, utc_offset_s
from matpi.core.effects import DateBoot

_UNIX = datetime(1970, 1, 1)  # noqa: DTZ001  naive on purpose: local time is UTC plus the zone's offset


EARLIEST_UTC = 1_735_689_600.0
"""2025: no matpi is older, so a clock that shows less has stood still, such as in 1970."""
LATEST_UTC = 4_070_908_800.0
"""2099: a clock beyond is wrong for longer than a mat lasts. Both chosen."""
MOVES_S = 60.0
"""Dates move with a step of the clock from here on. Chosen: less moves hardly a session to another day, and each move
rewrites records and sends them again."""


class Wall:
    def __init__(self, zone: tzinfo, day_start: time, began: float, offset_utc: float) -> None:
        self.zone, self.day_start = zone, day_start
        self.began = began
        """When the device was started, in monotonic seconds."""
        self.offset_utc = offset_utc
        """utc = monotonic + offset; an estimate until `trusted`."""
        self.trusted = False
        """A trusted clock has given the time in this boot."""

    def set(self, t: float, utc: float, trusted: bool) -> float:
        """Take the clock's word if it is believable and trusted. One that is not trusted may move an estimate forward:
        it continues from when the machine last saved it. Returns by how many seconds the time changed.
        """
        if not believable(utc) or (self.trusted and not trusted):
            return 0.0
        step = utc - t - self.offset_utc
        if not trusted and step < MOVES_S:
            return 0.0
        self.offset_utc, self.trusted = utc - t, trusted
        return step

    def utc(self, t: float) -> float | None:
        """None until trusted."""
        return t + self.offset_utc if self.trusted else None

    def day(self, t: float) -> date:
        return self.day_at(t + self.offset_utc)

    def day_at(self, utc: float) -> date:
        return day_of(utc, self.zone, self.day_start)

    def day_begins(self, utc: float) -> float:
        """When the plan's day of `utc` began."""
        return day_bounds(self.day_at(utc), self.zone, self.day_start)[0]

    def offset_at(self, utc: float) -> int:
        return utc_offset_s(utc, self.zone)

    def dating(self, boot_id: str, offset_utc: float, *, estimated: bool) -> DateBoot:
        """Return the effect that dates the records of a boot, in the zone of now."""
        return DateBoot(boot_id, offset_utc, estimated, self.zone, self.day_start)

    def local(self, t: float) -> datetime | None:
        """Naive local time; None until trusted."""
        utc = self.utc(t)
        return None if utc is None else _UNIX + timedelta(seconds=utc + self.offset_at(utc))

    def day_ends(self, t: float) -> float:
        """Monotonic time at which the plan's day ends."""
        return day_bounds(self.day(t), self.zone, self.day_start)[1] - self.offset_utc


def believable(utc: float) -> bool:
    """Whether somebody may lie on a mat at this time; what vouches for a clock may be wrong."""
    return EARLIEST_UTC <= utc < LATEST_UTC
