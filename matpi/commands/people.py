"""`matpi people`: who shares the mat; and the names that other commands take with `--person` and show.

A running device does the changes, else this process. JSON lines, one a person,
with these fields in this order: id, name, chosen, removed, weekly_goal (null: as set for all), usual_kg (on the mat;
null: not learnt), sessions, plan_day.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from matpi.commands.editing import doubts
from matpi.commands.output import lines, say, table
from matpi.commands.target import perform, reading
from matpi.control.log_view import only, today_of
from matpi.control.requests.settings import People
from matpi.core.model import Memory
from matpi.core.plan.custom_plan import course_of
from matpi.core.plan.programme import plan as plan_of
from matpi.core.plan.usual_load import learnt
from matpi.paths import stored_zone
from matpi.store import members
from matpi.store.tables import Member


def who(names: Mapping[str | None, str], *person: str | None) -> tuple[str, ...]:
    """Return the last column of a table where people are named; its head without a `person`."""
    return () if not names else tuple(names.get(owner, "?") for owner in person) or ("who",)


def run(store: Path | None, words: Sequence[str], *, as_json: bool) -> None:
    if words:
        members.check(words)
        perform(People(words), store)
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
