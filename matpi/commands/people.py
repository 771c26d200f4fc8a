"""`matpi people`: who shares the mat; and the names that other commands take with `--person` and show.

Reading works beside a running device; changing needs the log for itself (StoreBusyError). JSON lines, one a person,
with these fields in this order: id, name, chosen, removed, weekly_goal (null: as set for all), usual_kg (on the mat;
null: not learnt), sessions, plan_day.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from matpi import paths
from matpi.commands import settings
from matpi.commands.log import reading, writing
from matpi.commands.output import lines, say, table
from matpi.core.clock import day_of
from matpi.core.dated import end_of, first_offset, records
from matpi.core.household import learnt
from matpi.core.model import Memory
from matpi.core.plan.custom_plan import course_of
from matpi.core.plan.programme import plan as plan_of
from matpi.drivers.clock import boot_id
from matpi.paths import default_store, stored_zone, system_zone, zone_doubts
from matpi.store import members
from matpi.store.db import Store, is_unmade
from matpi.store.tables import Member


def names(log: Store) -> Mapping[str | None, str]:
    """What to call whose a record is; empty where nobody was ever named. None: nobody knows whose."""
    return members.names_of(log.members())


def name_of(names: Mapping[str | None, str], person: str | None) -> str | None:
    """For programs: the name, the id of one that the log no longer has, None where nobody is named."""
    return None if person is None else names.get(person, person)


def who(names: Mapping[str | None, str], *person: str | None) -> tuple[str, ...]:
    """The last column of a table where somebody was ever named; its head without a `person`."""
    return () if not names else tuple(names.get(owner, "?") for owner in person) or ("who",)


def owner_of(log: Store, name: str) -> str:
    """Whose `--person NAME` are. Raises UsageError."""
    with log.reading() as conn:
        return members.owner_of(conn, name)


def owner(log: Store, memory: Memory, name: str | None) -> str | None:
    """As `owner_of`; without a name who is chosen, None where nobody is named."""
    if name is not None:
        return owner_of(log, name)
    people = memory.people
    return people.chosen or people.all[0].id if people.all else None


def only(memory: Memory, owner: str | None) -> Memory:
    """As if the mat was this person's alone."""
    person = None if owner is None else memory.people.person(owner)
    goal = memory.settings.weekly_goal if person is None or person.weekly_goal is None else person.weekly_goal
    return replace(
        memory,
        log=memory.log.of(owner),
        open=memory.open if memory.open is not None and memory.open.person == owner else None,
        acknowledgement=memory.answer_of(owner),
        settings=replace(memory.settings, weekly_goal=goal),
    )


def estimated_now(memory: Memory) -> float:
    """What the device takes as the time while its clock is not known; minus infinity when it has been known since."""
    last = max(records(memory.log, memory.open), key=lambda record: end_of(record) or 0.0, default=None)
    if last is None or not last.estimated:
        return float("-inf")
    t = time.monotonic()
    return t + first_offset(t, boot_id(), memory.log, memory.open)


def run(store: Path | None, words: Sequence[str], *, as_json: bool) -> None:
    if words:
        say(change(store, words))
    else:
        show(store, time.time(), as_json=as_json)


def show(store: Path | None, now_utc: float, *, as_json: bool) -> None:
    with reading(store) as log:
        path = log.path
        memory, known = log.load(), log.members()
    if path != paths.device_store():  # the simulated clock may have run ahead of the real one
        now_utc = max([now_utc, *(s.end_utc or 0.0 for s in memory.log.sessions)])
    rows = _rows(memory, known, max(now_utc, estimated_now(memory)))
    if as_json:
        lines(rows)
        return
    for doubt in (*memory.doubts, *zone_doubts(memory.settings.zone)):
        say(doubt)
    if not rows:
        say("Nobody is named; the mat is one person's. `matpi people add NAME` names one.")
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


def _rows(memory: Memory, known: Sequence[Member], now_utc: float) -> list[dict[str, Any]]:
    usual = learnt(memory.people, memory.log)
    zone = stored_zone(memory.settings.zone)
    today = day_of(now_utc, zone, memory.settings.day_start)
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


def change(store: Path | None, words: Sequence[str], new_id: Callable[[], str] = lambda: uuid.uuid4().hex) -> str:
    """Do what the words say and return a sentence about it. Raises UsageError; then nothing has changed."""
    members.check(words)
    path = store or default_store()
    if is_unmade(path):
        settings.change(path, (), system_zone())
    with writing(store) as log, log.writing() as conn:
        return members.change(conn, words, new_id)
