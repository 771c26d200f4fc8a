"""The log and the settings in memory, and what the store has not confirmed: that is asked for again."""

from __future__ import annotations

from datetime import date
from math import inf
from typing import Any, TypeVar

from msgspec.structs import replace

from matpi.core.clock import Clock
from matpi.core.dated import redated
from matpi.core.effects import DateBoot, Drop, Emit, Note, Save, Write
from matpi.core.model import Dated, DayRecord, Log, Looser, Memory, Rating, Session, Settings, StopSign

RETRY_S = 30.0  # chosen: a full disk is freed by a person, not by haste

_Record = TypeVar("_Record", bound=Dated)


class Ledger:
    """Own log, settings and what waits for the store's answer. Ask again for what failed at `due`."""

    def __init__(self, memory: Memory, emit: Emit, clock: Clock) -> None:
        self.log, self.settings = memory.log, memory.settings
        self.waiting: dict[str, Write] = {}  # by key: not answered yet
        self.failed: dict[str, str] = {}  # by key: why the store could not, so far
        self.due = inf
        self._emit, self._clock = emit, clock
        self._unwritten = ""  # why the last thing besides the records, such as a checkpoint, could not be written
        self._days: dict[tuple[date, str | None], DayRecord] = {}  # entered since the start

    def save(self, write: Write) -> None:
        """Enter it, ask the store for it, and keep asking until the store has answered."""
        self._enter(write)
        self._emit(write)

    def change(self, name: str, value: Any) -> bool:
        """Set one field of the settings. Return False when it is that already."""
        settings = replace(self.settings, **{name: value})
        changes = settings != self.settings
        if changes:
            self.save(Save(settings))
        return changes

    def replace_log(self, log: Log) -> None:
        """Take the store's log, changed by a person, and on top of it what the store does not have yet."""
        self.log = log
        here = {(day.day, day.person): day for day in log.days}
        self._days = {key: here[key] for key in self._days if key in here}
        for write in list(self.waiting.values()):
            self._enter(write)

    def _enter(self, write: Write) -> None:
        log = self.log
        match write:
            case Save(Session() as session):
                self.log = replace(log, sessions=_put(log.sessions, session))
            case Save(Rating() as rating):
                self.log = replace(log, ratings=_put(log.ratings, rating))
            case Save(StopSign() as stop):
                self.log = replace(log, stops=_put(log.stops, stop))
            case Drop(kind, stop_id) if kind is StopSign:
                self.log = replace(log, stops=tuple(stop for stop in log.stops if stop.id != stop_id))
            case Save(Looser() as answer):
                others = (one for one in log.looser if one.session_id != answer.session_id)
                self.log = replace(log, looser=(*others, answer))
            case Save(DayRecord() as record):
                other_days = (day for day in log.days if (day.day, day.person) != (record.day, record.person))
                self.log = replace(log, days=(*other_days, record))
                self._days[record.day, record.person] = record
            case Save(Settings() as settings):
                self.settings = settings
                self._clock.use(settings)
            case _:
                pass
        self.waiting[write.key] = write

    def go_on(self, session_id: str) -> None:
        """Take a session that was dropped or ended as under way: it counts once, when it ends."""
        if isinstance(self.waiting.get(session_id), Drop):
            self.forget(session_id)
        sessions = self.log.sessions
        if sessions and sessions[-1].id == session_id:
            self.log = replace(self.log, sessions=sessions[:-1])

    def forget(self, key: str) -> None:
        """Stop asking for it: it is out of date."""
        self.waiting.pop(key, None)
        self.failed.pop(key, None)

    def saved(self, key: str) -> Write | None:
        """Take that the store has it. Return what waited; None when nothing did: it was a checkpoint, say."""
        self._unwritten = ""
        self.failed.pop(key, None)
        if not self.failed:
            self.due = inf
        return self.waiting.pop(key, None)

    def refused(self, t: float, key: str, why: str) -> None:
        """Take that the store could not, and why. Note it when nothing had failed before."""
        if not self.trouble:
            self._emit(Note(t, "save_failed", why))
        if key in self.waiting:
            self.failed[key] = why
            self.due = t + RETRY_S
        else:
            self._unwritten = why

    @property
    def trouble(self) -> str:
        """Return why something is not on the disk; "" when all is."""
        return next(iter(self.failed.values()), self._unwritten)

    def is_saved(self, key: str) -> bool:
        return key not in self.waiting

    def advance(self, t: float) -> None:
        """Ask again for what failed."""
        self.due = t + RETRY_S if self.failed else inf
        for key in self.failed:
            self._emit(self.waiting[key])

    def date(self, dating: DateBoot) -> None:
        """Date the records of a boot, here as in the store."""
        log = self.log
        new = replace(
            log,
            sessions=tuple(redated(record, dating) for record in log.sessions),
            ratings=tuple(redated(record, dating) for record in log.ratings),
            stops=tuple(redated(record, dating) for record in log.stops),
        )
        self.log = log if new == log else new
        for key, write in self.waiting.items():
            if isinstance(write, Save) and isinstance(write.record, Dated):
                self.waiting[key] = Save(redated(write.record, dating))
        self.save(dating)

    def day_records(self) -> list[DayRecord]:
        """Return what was said of days since the start, a rest or a reminder that was seen, and forget it."""
        records = [record for record in self._days.values() if record.rest or record.snoozed]
        self._days.clear()
        return records


def _put(records: tuple[_Record, ...], record: _Record) -> tuple[_Record, ...]:
    """Replace the one with this id, or append."""
    if any(old.id == record.id for old in records):
        return tuple(record if old.id == record.id else old for old in records)
    return (*records, record)
