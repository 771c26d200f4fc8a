"""See the log as one person's, and on which day of the plan."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from matpi.core.clock import day_of
from matpi.core.dated import end_of, first_offset, records
from matpi.core.model import Log, Memory
from matpi.drivers.clock import boot_id
from matpi.paths import device_store, stored_zone
from matpi.store import members
from matpi.store.db import Store


def names(log: Store) -> Mapping[str | None, str]:
    """Return id -> name, empty where no one was ever named. None: the owner is not known."""
    return members.names_of(log.members())


def name_of(names: Mapping[str | None, str], person: str | None) -> str | None:
    """Return the name for a program: the id of a person the log no longer has, None where no one is named."""
    return None if person is None else names.get(person, person)


def owner_of(log: Store, name: str) -> str:
    """Return the id behind `--person NAME`. Raises UsageError."""
    with log.reading() as conn:
        return members.owner_of(conn, name)


def loaded(log: Store, name: str | None) -> tuple[str | None, Memory]:
    """Return the id of the person called `name`, else of the chosen one, and what is stored.

    The id is None where no one is named. Raises UsageError.
    """
    memory = log.load()
    if name is not None:
        return owner_of(log, name), memory
    people = memory.people
    return people.chosen or people.all[0].id if people.all else None, memory


def only(memory: Memory, owner: str | None) -> Memory:
    """Return `memory` as if the mat was this person's alone."""
    person = None if owner is None else memory.people.person(owner)
    goal = memory.settings.weekly_goal if person is None or person.weekly_goal is None else person.weekly_goal
    return replace(
        memory,
        log=memory.log.of(owner),
        open=memory.open if memory.open is not None and memory.open.person == owner else None,
        acknowledgement=memory.answer_of(owner),
        settings=replace(memory.settings, weekly_goal=goal),
    )


def _estimated_now(memory: Memory) -> float:
    """Return the device's time while its clock is not known, minus infinity once it has been since."""
    last = max(records(memory.log, memory.open), key=lambda record: end_of(record) or 0.0, default=None)
    if last is None or not last.estimated:
        return float("-inf")
    t = time.monotonic()
    return t + first_offset(t, boot_id(), memory.log, memory.open)


def sharing(log: Log, known: Log) -> Log:
    """Return the same log with the very records of `known` where they are equal: then the two compare at once."""
    sessions, ratings = ({one.id: one for one in records} for records in (known.sessions, known.ratings))
    return replace(
        log,
        sessions=tuple(had if (had := sessions.get(one.id)) == one else one for one in log.sessions),
        ratings=tuple(had if (had := ratings.get(one.id)) == one else one for one in log.ratings),
    )


class Today(NamedTuple):
    """The plan's day of a log."""

    day: date
    estimated: bool
    """The clock is not known; it is about the day that the device takes it for."""
    ahead: bool
    """It is the last day of a log that runs ahead of the clock."""


def today_of(memory: Memory, path: Path, now_utc: float) -> Today:
    """Return the day of the log at `path`; the clock of this machine reads `now_utc`.

    The simulated clock may have run ahead of the real one; in the device's log a date in the future is a mistake.
    """
    about_utc = _estimated_now(memory)
    now = max(now_utc, about_utc)
    ends = [s.end_utc or 0.0 for s in (*memory.log.sessions, *([memory.open] if memory.open else []))]
    last = max(ends, default=0.0)
    ahead = path != device_store() and last > now
    day = day_of(last if ahead else now, stored_zone(memory.settings.zone), memory.settings.day_start)
    return Today(day, about_utc > now_utc, ahead)
