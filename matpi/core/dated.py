"""Dates of records, by trusted clocks and without.

A boot has one offset, utc = mono + offset, so that days apart within it stay days apart. Without a trusted clock the
offset is estimated: the boot continues from the newest time known. How long the power was off is not known and counts
for nothing; so an estimate is never late, and no day is counted that was none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta, timezone, tzinfo
from math import ceil
from typing import TypeVar

from msgspec.structs import replace

from matpi.core.clock import EARLIEST_UTC, MOVES_S, STEP_S, Clock, believable, day_of, utc_offset_s
from matpi.core.effects import DateBoot
from matpi.core.model import Dated, Log, Session

_DAY_S = 86_400.0

Record = TypeVar("Record", bound=Dated)


def mono_of(record: Dated) -> float:
    return record.start_mono if isinstance(record, Session) else record.mono


def utc_of(record: Dated) -> float | None:
    return record.start_utc if isinstance(record, Session) else record.utc


def end_of(record: Dated) -> float | None:
    return record.end_utc if isinstance(record, Session) else record.utc


def redated(record: Record, dating: DateBoot) -> Record:
    """Return the record as `dating` has it; the same object when nothing changes.

    A date by a trusted clock is moved only by a trusted one that differs by MOVES_S or in the day, and never after a
    person has edited it; what is missing beside it, such as its day, is filled in.
    """
    if record.boot_id != dating.boot_id:
        return record
    zone, day_start = _place(record, dating)
    was, utc = utc_of(record), mono_of(record) + dating.offset_utc
    offset_s, day, estimated = record.utc_offset_s, record.day, record.estimated
    edited = isinstance(record, Session) and record.edited
    if was is not None and not estimated and (dating.estimated or edited or _near(was, utc, zone, day_start)):
        utc = was
    elif was is not None or day is None:
        offset_s, day, estimated = None, None, dating.estimated
    offset_s = utc_offset_s(utc, zone) if offset_s is None else offset_s
    day = day or day_of(utc, zone, day_start)
    at = {"start_utc" if isinstance(record, Session) else "utc": utc}
    new = replace(record, **at, utc_offset_s=offset_s, day=day, estimated=estimated)
    return record if new == record else new


def moves(log: Log, dating: DateBoot) -> bool:
    """Return whether a record would have another date."""
    return any(redated(r, dating) is not r for table in (log.sessions, log.ratings, log.stops) for r in table)


def _near(was: float, utc: float, zone: tzinfo, day_start: time) -> bool:
    """Return whether a date is left as it is."""
    off = abs(utc - was)
    return off < STEP_S or (off < MOVES_S and day_of(was, zone, day_start) == day_of(utc, zone, day_start))


def _place(record: Dated, dating: DateBoot) -> tuple[tzinfo, time]:
    """Return zone and start of the day at the time of the record: a change of them moves no past day.

    Of one of an earlier version, or whose zone is unknown here, the offset is known.
    """
    zone = dating.zone_for(record.zone) if record.zone else dating.zone
    was, offset_s = utc_of(record), record.utc_offset_s
    if was is not None and offset_s is not None and offset_s != utc_offset_s(was, zone):
        zone = timezone(timedelta(seconds=offset_s))
    return zone, record.day_start or dating.day_start


def records(log: Log, left_open: Session | None = None) -> list[Dated]:
    """Return all of them by their dates; one without follows the one that it is stored behind."""
    keyed: list[tuple[float, Dated]] = []
    sessions = log.sessions if left_open is None else (*log.sessions, left_open)
    for table in (sessions, log.ratings, log.stops):
        last = -1.0
        for record in table:
            utc = utc_of(record)
            last = last if utc is None else utc
            keyed.append((last, record))
    return [record for _, record in sorted(keyed, key=lambda pair: pair[0])]


def first_offset(t: float, boot_id: str, log: Log, left_open: Session | None) -> float:
    """Return the estimated offset of a boot that begins at `t`.

    That of its own records (the service was restarted), else `t` is the newest time that the log knows.
    """
    known = [record for record in records(log, left_open) if utc_of(record) is not None]
    for record in reversed(known):
        utc = utc_of(record)
        if record.boot_id == boot_id and utc is not None and not (isinstance(record, Session) and record.edited):
            return utc - mono_of(record)
    ends = [end for end in map(end_of, known) if end is not None and believable(end)]
    return max(ends, default=EARLIEST_UTC) - t


def undated(log: Log, clock: Clock) -> Iterator[DateBoot]:
    """Yield estimates for boots whose records have no date at all, as older versions stored them.

    Each begins where the one before it ended.
    """
    tables: tuple[tuple[Dated, ...], ...] = (log.sessions, log.ratings, log.stops)
    if all(record.day is not None for table in tables for record in table):
        return
    offsets = {r.boot_id: utc - mono_of(r) for r in records(log) if (utc := utc_of(r)) is not None}
    given = set[str]()
    for table in tables:
        last = EARLIEST_UTC
        for record in table:
            end = end_of(record)
            if end is None and record.day is None:
                offset = offsets.setdefault(record.boot_id, last - mono_of(record))
                end = mono_of(record) + offset + (record.span_s if isinstance(record, Session) else 0.0)
                if record.boot_id not in given:
                    given.add(record.boot_id)
                    yield clock.dating(record.boot_id, offset, estimated=True)
            last = max(last, end or last)


def in_order(log: Log, left_open: Session | None, clock: Clock) -> Iterator[tuple[DateBoot, DateBoot]]:
    """Yield the estimate of each earlier boot to be corrected, now that it is known when this one began; and corrected.

    Those between two known times move together: up to the day before the later one, for people lie down most days,
    but not onto its day, which would be done with no one on the mat; and before it in any case.
    """
    bound, run, shifts = clock.began + clock.offset_utc, list[Dated](), dict[str, tuple[float, float]]()
    for record in (*reversed(records(log, left_open)), None):
        if record is not None and record.estimated:
            run.append(record)
            continue
        # Known to be later than this boot: one of the two clocks was wrong, and nothing follows for what is between.
        known = (record and utc_of(record)) or 0.0
        if run and known <= bound and (shift := _shift(run, bound, clock)):
            for one in run:
                shifts.setdefault(one.boot_id, ((utc_of(one) or 0.0) - mono_of(one), shift))
        run.clear()
        bound = bound if record is None else min(bound, utc_of(record) or bound)
    for boot, (offset, shift) in shifts.items():
        yield clock.dating(boot, offset, estimated=True), clock.dating(boot, offset + shift, estimated=True)


def _shift(run: list[Dated], bound: float, clock: Clock) -> float:
    last = max(utc_of(record) or 0.0 for record in run)
    end = max(end_of(record) or 0.0 for record in run)
    days = ceil((clock.day_begins(bound) - last) / _DAY_S) - 1
    return min(max(days, 0) * _DAY_S, bound - end)
