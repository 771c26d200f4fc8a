"""Change who shares the mat, as `matpi people` does.

Each function runs inside a transaction the caller has opened.

The first name takes over the log so far, and the last one to be removed leaves it to no person: with one person nothing
depends on the name. In between, what a person has in the log stays theirs, also when they are removed. A name means
the same person again when it comes back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from matpi.core.people import GUEST, GUEST_ID, PEOPLE_MAX, People, Person, as_stored
from matpi.errors import StoreError, UsageError
from matpi.store import history
from matpi.store.tables import PEOPLE, TABLES, Member

OWNED = tuple(table.sql for table in TABLES if "person" in table.columns)
"""The tables whose rows belong to a person."""
EXAMPLES = {
    "add": "add Ada",
    "rename": "rename Ada Eva",
    "remove": "remove Ada",
    "choose": "choose Ada",
    "goal": "goal Ada 4",
}
"""What `matpi people` can change, each with as many words as it takes."""
ONE = "With one name nothing changes; a second one makes the device tell people apart."


def names_of(known: Sequence[Member]) -> Mapping[str | None, str]:
    """Return id -> name, None for what belongs to no person; empty where no person was ever named."""
    return {} if not known else {None: "nobody", GUEST_ID: GUEST, **{member.id: member.name for member in known}}


def check(words: Sequence[str]) -> None:
    """Raise UsageError unless `words` are a change such as add NAME, as after `matpi people`."""
    example = EXAMPLES.get(words[0])
    if example is None:
        *most, last = EXAMPLES
        raise UsageError(f"`matpi people` cannot {words[0]!r}; use {', '.join(most)} or {last}.")
    needed = len(example.split())
    what = {"rename": "a name and the new one", "goal": "a name and a number"}.get(words[0], "a name")
    if len(words) < needed:
        raise UsageError(f"`matpi people {words[0]}` needs {what}, for example `matpi people {example}`.")
    if len(words) > needed:
        raise UsageError(f"`matpi people {words[0]}` takes {what}; put a name of two words in quotes.")
    if words[0] == "goal":
        _goal(words[2])


def change(conn: sqlite3.Connection, words: Sequence[str], new_id: Callable[[], str]) -> str:
    """Do what the words say and return a sentence about it. Raises UsageError; then nothing has changed."""
    check(words)
    match words[0], words[1].strip():
        case "add", name:
            member, sessions = add(conn, name, new_id())
            alone = len(here(conn)) < 2
            whose = "session of the log is" if sessions == 1 else "sessions of the log are"
            had = f"; {sessions} {whose} theirs" if sessions else ""
            return f"{member.name} shares the mat now{had}.{f' {ONE}' if alone else ''}"
        case "rename", name:
            rename(conn, name, words[2])
            return f"{name} is called {as_stored(words[2])} from now on, also in the log so far."
        case "remove", name:
            member, left = remove(conn, name)
            if not left:
                return f"Nobody is named any more; the log goes on without {member.name}'s name."
            back = "the log keeps what was theirs, and the same name brings it back"
            return f"{member.name} is gone from the menu; {back}."
        case "choose", name:
            member = named(conn, name)
            history.choose(conn, member.id)
            return f"The next session is {member.name}'s."
        case _, name:
            goal = _goal(words[2])
            set_goal(conn, name, goal)
            return f"The goal of {name} is {'as it is set for all' if goal is None else f'{goal} days a week'}."


def _goal(text: str) -> int | None:
    if text == "none":
        return None
    if not (text.isdecimal() and text.isascii() and len(text) <= 2):
        raise UsageError(f"{text!r} is no weekly goal; write 3 to 7, or none for what is set for all.")
    return int(text)


def here(conn: sqlite3.Connection) -> list[Member]:
    """Return those who are not removed, in the order of the menu."""
    return [member for member in history.members(conn) if not member.removed]


def people_of(conn: sqlite3.Connection) -> tuple[People, tuple[str, ...]]:
    """Return those who are here; none of them, and a sentence, when a row of the log is invalid."""
    try:
        found = here(conn)
        everybody = tuple(member.person() for member in found)
        return People(everybody, next((member.id for member in found if member.chosen), None)), ()
    except StoreError as error:
        return People(), (str(error),)
    except ValueError as error:
        return People(), (f"The people in the log are invalid ({error}); correct the table `people` by hand.",)


def named(conn: sqlite3.Connection, name: str) -> Member:
    """Return the person of this name, of those who are here. Raises UsageError."""
    found = find(here(conn), name)
    if found is None:
        raise UsageError(f"Nobody here is called {name!r}; `matpi people` lists the names.")
    return found


def add(conn: sqlite3.Connection, name: str, new_id: str) -> tuple[Member, int]:
    """Add a person, or bring one back; return them and how many sessions they have. Raises UsageError."""
    present = here(conn)
    found = find(history.members(conn), name)
    if found is not None and not found.removed:
        raise UsageError(f"There is a {found.name!r} already; give the other one another name.")
    _checked(name)
    if len(present) >= PEOPLE_MAX:
        raise UsageError(f"One mat knows up to {PEOPLE_MAX} people; `matpi people remove NAME` makes room.")
    if found is None:
        found = Member(new_id, as_stored(name), chosen=not present)
        conn.execute(PEOPLE.insert, PEOPLE.stored(found))
    else:
        conn.execute("UPDATE people SET removed = 0, chosen = ? WHERE id = ?", (not present, found.id))
    if not present:
        for table in OWNED:
            # What they have answered about a day, or to the safety pages, is not replaced.
            conn.execute(f"UPDATE OR IGNORE {table} SET person = ? WHERE person IS NULL", (found.id,))  # noqa: S608
    (count,) = conn.execute(
        "SELECT count(*) FROM sessions WHERE person = ? AND deleted_why IS NULL", (found.id,)
    ).fetchone()
    return found, count


def rename(conn: sqlite3.Connection, name: str, new: str) -> None:
    """Give a person another name. Raises UsageError."""
    member = named(conn, name)
    other = find(history.members(conn), new)
    if other is not None and other.id != member.id:
        gone = " has been here before, and what was theirs is in the log" if other.removed else " is here already"
        raise UsageError(f"A {other.name!r}{gone}; choose another name.")
    _checked(new)
    conn.execute("UPDATE people SET name = ? WHERE id = ?", (as_stored(new), member.id))


def remove(conn: sqlite3.Connection, name: str) -> tuple[Member, int]:
    """Remove a person from the menu, not the log; return them and how many are left. Raises UsageError."""
    member = named(conn, name)
    left = [other for other in here(conn) if other.id != member.id]
    if left:
        conn.execute("UPDATE people SET removed = 1, chosen = 0 WHERE id = ?", (member.id,))
        if member.chosen:
            history.choose(conn, left[0].id)
    else:
        for table in OWNED:
            conn.execute(f"UPDATE OR REPLACE {table} SET person = NULL WHERE person = ?", (member.id,))  # noqa: S608
        conn.execute("DELETE FROM people WHERE id = ?", (member.id,))
    return member, len(left)


def set_goal(conn: sqlite3.Connection, name: str, weekly_goal: int | None) -> None:
    """Set the goal of one person; None: what is set for all. Raises UsageError."""
    member = named(conn, name)
    try:
        replace(member, weekly_goal=weekly_goal)
    except ValueError as error:
        raise UsageError(f"The weekly goal of {member.name} stays as it is: {error}.") from error
    conn.execute("UPDATE people SET weekly_goal = ? WHERE id = ?", (weekly_goal, member.id))


def owner_of(conn: sqlite3.Connection, name: str) -> str:
    """Return the id of a person who is or was here. Raises UsageError."""
    found = find(history.members(conn), name)
    if found is None:
        raise UsageError(f"Nobody is or was called {name!r}; `matpi people` lists the names.")
    return found.id


def find(members: Iterable[Member], name: str) -> Member | None:
    """Return the one of this name; upper and lower case are the same."""
    wanted = as_stored(name).casefold()
    return next((member for member in members if member.name.casefold() == wanted), None)


def _checked(name: str) -> None:
    try:
        Person("new", as_stored(name))
    except ValueError as error:
        raise UsageError(f"This name cannot be used: {error}.") from error
