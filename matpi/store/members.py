"""Who shares the mat: the statements behind `matpi people`. Each runs inside a transaction the caller has opened.

The first name takes over the log so far, and the last one to be removed leaves it to nobody in particular: with one
person nothing depends on the name. In between, what was somebody's stays theirs, also when they are gone. A name means
the same person again when it comes back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from matpi.core.people import PEOPLE_MAX, People, Person, as_stored
from matpi.errors import StoreError, UsageError
from matpi.store import history, rows
from matpi.store.rows import Member

OWNED = ("sessions", "ratings", "stops", "days", "acknowledgement")
"""The tables whose rows are somebody's."""


def people_of(conn: sqlite3.Connection) -> tuple[People, tuple[str, ...]]:
    """Those who are here, and a sentence when the log holds what cannot be: then it is as if nobody was named."""
    try:
        here = [member for member in history.members(conn) if not member.removed]
        everybody = tuple(member.person() for member in here)
        return People(everybody, next((member.id for member in here if member.chosen), None)), ()
    except StoreError as error:
        return People(), (str(error),)
    except ValueError as error:
        return People(), (f"The people in the log cannot be ({error}); correct the table `people` by hand.",)


def named(conn: sqlite3.Connection, name: str) -> Member:
    """Who has this name, of those who are here. Raises UsageError."""
    found = _find(history.members(conn), name)
    if found is None or found.removed:
        raise UsageError(f"Nobody here is called {name!r}; `matpi people` lists the names.")
    return found


def add(conn: sqlite3.Connection, name: str, new_id: str) -> tuple[Member, int]:
    """Somebody new, or back again; and how many sessions are theirs from the start. Raises UsageError."""
    members = history.members(conn)
    here = [member for member in members if not member.removed]
    found = _find(members, name)
    if found is not None and not found.removed:
        raise UsageError(f"There is a {found.name!r} already; give the other one another name.")
    _checked(name)
    if len(here) >= PEOPLE_MAX:
        raise UsageError(f"One mat knows up to {PEOPLE_MAX} people; `matpi people remove NAME` makes room.")
    if found is None:
        found = Member(new_id, as_stored(name), chosen=not here)
        conn.execute(rows.INSERT_MEMBER, rows.values_of(found, rows.MEMBER_FIELDS))
    else:
        conn.execute("UPDATE people SET removed = 0, chosen = ? WHERE id = ?", (not here, found.id))
    if not here:
        book_unnamed(conn, found.id)
    (count,) = conn.execute(
        "SELECT count(*) FROM sessions WHERE person = ? AND deleted_why IS NULL", (found.id,)
    ).fetchone()
    return found, count


def rename(conn: sqlite3.Connection, name: str, new: str) -> None:
    """Raises UsageError."""
    member = named(conn, name)
    other = _find(history.members(conn), new)
    if other is not None and other.id != member.id:
        gone = " has been here before, and what was theirs is in the log" if other.removed else " is here already"
        raise UsageError(f"A {other.name!r}{gone}; choose another name.")
    _checked(new)
    conn.execute("UPDATE people SET name = ? WHERE id = ?", (as_stored(new), member.id))


def remove(conn: sqlite3.Connection, name: str) -> tuple[Member, int]:
    """The name goes, the log stays; and how many are left. Raises UsageError."""
    member = named(conn, name)
    left = [other for other in history.members(conn) if not other.removed and other.id != member.id]
    if left:
        conn.execute("UPDATE people SET removed = 1, chosen = 0 WHERE id = ?", (member.id,))
        if member.chosen:
            choose(conn, left[0].id)
    else:
        for table in OWNED:
            conn.execute(f"UPDATE OR REPLACE {table} SET person = NULL WHERE person = ?", (member.id,))  # noqa: S608
        conn.execute("DELETE FROM people WHERE id = ?", (member.id,))
    return member, len(left)


def choose(conn: sqlite3.Connection, person_id: str) -> None:
    """Raises StoreError when there is nobody of this id."""
    conn.execute("UPDATE people SET chosen = 0 WHERE chosen = 1")
    if not conn.execute("UPDATE people SET chosen = 1 WHERE id = ? AND NOT removed", (person_id,)).rowcount:
        raise StoreError(f"There is nobody of the id {person_id!r} to be chosen; see `matpi people`.")


def set_goal(conn: sqlite3.Connection, name: str, weekly_goal: int | None) -> None:
    """None: what is set for all. Raises UsageError."""
    member = named(conn, name)
    try:
        Person(member.id, member.name, weekly_goal=weekly_goal)
    except ValueError as error:
        raise UsageError(f"The weekly goal of {member.name} stays as it is: {error}.") from error
    conn.execute("UPDATE people SET weekly_goal = ? WHERE id = ?", (weekly_goal, member.id))


def book_unnamed(conn: sqlite3.Connection, person_id: str) -> None:
    """What is nobody's becomes this person's; what they have said of a day, or to the safety pages, already, stands."""
    for table in OWNED:
        conn.execute(f"UPDATE OR IGNORE {table} SET person = ? WHERE person IS NULL", (person_id,))  # noqa: S608


def owner_of(conn: sqlite3.Connection, name: str) -> str:
    """The id behind a name of anybody who is or was here. Raises UsageError."""
    found = _find(history.members(conn), name)
    if found is None:
        raise UsageError(f"Nobody is or was called {name!r}; `matpi people` lists the names.")
    return found.id


def _find(members: Iterable[Member], name: str) -> Member | None:
    wanted = as_stored(name).casefold()
    return next((member for member in members if member.name.casefold() == wanted), None)


def _checked(name: str) -> None:
    try:
        Person("new", as_stored(name))
    except ValueError as error:
        raise UsageError(f"That is no name here: {error}.") from error
