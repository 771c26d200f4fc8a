"""`matpi people`: who shares the mat; and the names that other commands take with `--person` and show.

Reading works beside a running device; changing needs the log for itself (StoreBusyError). JSON lines, one a person,
with these fields in this order: id, name, chosen, removed, weekly_goal (null: as set for all), usual_kg (on the mat;
null: not learnt), sessions, plan_day.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from matpi.commands import settings
from matpi.commands.editing import doubts
from matpi.commands.output import lines, say, table
from matpi.commands.target import reading, writing
from matpi.core.clock import day_of
from matpi.core.dated import end_of, first_offset, records
from matpi.core.model import Memory
from matpi.core.plan.custom_plan import course_of
from matpi.core.plan.programme import plan as plan_of
from matpi.core.plan.usual_load import learnt
from matpi.drivers.clock import boot_id
from matpi.paths import default_store, device_store, stored_zone
from matpi.store import members
from matpi.store.db import Store
from matpi.store.tables import Member


def names(log: Store) -> Mapping[str | None, str]:
    """Return id -> name, empty where no one was ever named. None: the owner is not known."""
    return members.names_of(log.members())


def name_of(names: Mapping[str | None, str], person: str | None) -> str | None:
    """Return the name for a program: the id of a person the log no longer has, None where no one is named."""
    return None if person is None else names.get(person, person)


def who(names: Mapping[str | None, str], *person: str | None) -> tuple[str, ...]:
    """Return the last column of a table where people are named; its head without a `person`."""
    return () if not names else tuple(names.get(owner, "?") for owner in person) or ("who",)


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


def run(store: Path | None, words: Sequence[str], *, as_json: bool) -> None:
    if words:
        say(change(store, words))
    else:
        show(store, time.time(), as_json=as_json)


def show(store: Path | None, now_utc: float, *, as_json: bool) -> None:
    with reading(store) as log:
        path = log.path
        memory, known = log.load(), log.members()
    rows = _rows(memory, known, today_of(memory, path, now_utc).day)
    if as_json:
        lines(rows)
        return
    for doubt in doubts(memory):
        say(doubt)
    if not rows:
        say("One person uses this mat. `matpi people add NAME` names the people who share it.")
        return
    table(
        ("", "name", "plan day", "sessions", "weekly goal", "on the mat"),
        [
            (
                ">" if row["chosen"] else "",
                row["name"] + (" (gone)" if row["removed"] else ""),
                "" if row["plan_day"] is None else str(row["plan_day"]),
                str(row["sessions"]),
                str(row["weekly_goal"] or "as all"),
                "" if row["usual_kg"] is None else f"~{row['usual_kg']:.0f} kg",
            )
            for row in rows
        ],
        right=(2, 3),
    )
    if sum(not row["removed"] for row in rows) < 2:
        say(members.ONE)


def _rows(memory: Memory, known: Sequence[Member], today: date) -> list[dict[str, Any]]:
    usual = learnt(memory.people, memory.log)
    zone = stored_zone(memory.settings.zone)
    course, _ = course_of(memory.settings.own_plan)
    rows: list[dict[str, Any]] = []
    for member in known:
        own, person = only(memory, member.id), usual.person(member.id)
        plan = plan_of(own.log, today, own.settings, own.acknowledgement, course=course, zone=zone)
        rows.append(
            {
                "id": member.id,
                "name": member.name,
                "chosen": member.chosen,
                "removed": member.removed,
                "weekly_goal": member.weekly_goal,
                "usual_kg": None if person is None or person.usual_kg is None else round(person.usual_kg, 1),
                "sessions": len(own.log.counting),
                "plan_day": None if member.removed else plan.day,
            }
        )
    return rows


def change(store: Path | None, words: Sequence[str]) -> str:
    """Do what the words say and return a sentence about it. Raises UsageError; then nothing has changed."""
    members.check(words)
    settings.begin(store or default_store())
    with writing(store) as log, log.writing() as conn:
        return members.change(conn, words, lambda: uuid.uuid4().hex)
