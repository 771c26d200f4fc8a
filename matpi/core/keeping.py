"""The log in memory, and the records that the store has not confirmed yet. Nothing is dropped when a save fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import inf
from typing import TypeVar

from matpi.core.dated import redated
from matpi.core.effects import DateBoot, Drop, Save, Write
from matpi.core.model import DayRecord, Log, Rating, Session, StopSign

RETRY_S = 30.0  # chosen: a full disk is freed by a person, not by haste

_Record = TypeVar("_Record", bound=Session | Rating | StopSign)


class Keeper:
    """`log` holds what happened, saved or not. `waiting` are ids without an answer, `failed` those refused so far."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.said: dict[tuple[date, str | None], DayRecord] = {}
        """Of days, since the start."""
        self.waiting: dict[str, Write] = {}
        self.failed: dict[str, str] = {}
        self.unwritten = ""
        """Why the last thing besides the records, such as a checkpoint, could not be written; "" when it could."""
        self.retry_due = inf

    def take_log(self, log: Log) -> None:
        """The store's log as somebody changed it, and on top of it what the store does not have yet."""
        self.log = log
        for effect in list(self.waiting.values()):
            self.keep(effect)

    def keep(self, effect: Write) -> None:
        """A record enters the log; whatever is to be kept waits for the store's answer."""
        log = self.log
        match effect:
            case Save(Session() as session):
                self.log = replace(log, sessions=_put(log.sessions, session))
            case Save(Rating() as rating):
                self.log = replace(log, ratings=_put(log.ratings, rating))
            case Save(StopSign() as stop):
                self.log = replace(log, stops=_put(log.stops, stop))
            case Drop(kind, stop_id) if kind is StopSign:
                self.log = replace(log, stops=tuple(stop for stop in log.stops if stop.id != stop_id))
            case Save(DayRecord() as record):
                others = (day for day in log.days if (day.day, day.person) != (record.day, record.person))
                self.log = replace(log, days=(*others, record))
                self.said[record.day, record.person] = record
            case _:
                pass
        self.waiting[effect.key] = effect

    def goes_on(self, session_id: str) -> bool:
        """A session that was dropped or ended is under way again: do not take its row away after all.

        True when it was the last of the log, which is without it now: it counts once, when it ends.
        """
        if isinstance(self.waiting.get(session_id), Drop):
            del self.waiting[session_id]
            self.failed.pop(session_id, None)
        *before, last = self.log.sessions or (None,)
        if last is None or last.id != session_id:
            return False
        self.log = replace(self.log, sessions=tuple(before))
        return True

    def forget(self, record_id: str) -> None:
        """What waits under this id is out of date."""
        self.waiting.pop(record_id, None)
        self.failed.pop(record_id, None)

    def saved(self, record_id: str) -> bool:
        """The store has it. False when it was not a record that waited: a checkpoint, say."""
        self.unwritten = ""
        self.failed.pop(record_id, None)
        if not self.failed:
            self.retry_due = inf
        return self.waiting.pop(record_id, None) is not None

    def refused(self, t: float, record_id: str, why: str) -> bool:
        """The store could not. True when this is news: nothing had failed before."""
        news = not self.trouble
        if record_id in self.waiting:
            self.failed[record_id] = why
            self.retry_due = t + RETRY_S
        else:
            self.unwritten = why
        return news

    @property
    def trouble(self) -> str:
        """Why something is not on the disk; "" when all is."""
        return next(iter(self.failed.values()), self.unwritten)

    def retry(self, t: float) -> list[Write]:
        """What to ask again, now that it is time."""
        if t < self.retry_due:
            return []
        self.retry_due = t + RETRY_S if self.failed else inf
        return [self.waiting[record_id] for record_id in self.failed]

    def is_saved(self, record_id: str) -> bool:
        return record_id not in self.waiting

    def date(self, dating: DateBoot) -> None:
        """Date the records of a boot, as the store does with its rows."""
        log = self.log
        new = replace(
            log,
            sessions=tuple(redated(record, dating) for record in log.sessions),
            ratings=tuple(redated(record, dating) for record in log.ratings),
            stops=tuple(redated(record, dating) for record in log.stops),
        )
        self.log = log if new == log else new
        for key, effect in self.waiting.items():
            if isinstance(effect, Save) and isinstance(effect.record, Session | Rating | StopSign):
                self.waiting[key] = Save(redated(effect.record, dating))


def _put(records: tuple[_Record, ...], record: _Record) -> tuple[_Record, ...]:
    """Replace the one with this id, or append."""
    if any(old.id == record.id for old in records):
        return tuple(record if old.id == record.id else old for old in records)
    return (*records, record)
