"""Correct by hand what is in the log: sessions, and the ratings and stop signs that belong to them.

Each function runs inside a transaction the caller has opened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from msgspec.structs import replace

from matpi.core.dated import utc_of
from matpi.core.model import Doubt, EndReason, Looser, Rating, Session, StopSign
from matpi.errors import UsageError
from matpi.store import history
from matpi.store.tables import EDITS, RATINGS, SESSIONS, STOPS, StoredSession, text_of

BY_HAND: Final = "by hand"
"""The boot of a record whose time was corrected: the next start in its own boot would date it back by the clock."""
EDITABLE: Final[Mapping[str, tuple[type, ...]]] = {
    "start_utc": (float, int, type(None)),
    "utc_offset_s": (int, type(None)),
    "day": (date, type(None)),
    "span_s": (float, int),
    "on_mat_s": (float, int),
    "reason": (EndReason,),
    "aways": (int,),
    "routine": (str,),
    "person": (str, type(None)),
}


def delete_session(conn: sqlite3.Connection, session_id: str, utc: float | None, why: str) -> None:
    """Take a closed session out of the log; its row and `why` stay. Raises UsageError."""
    closed_session(conn, session_id)
    conn.execute("UPDATE sessions SET deleted_utc = ?, deleted_why = ? WHERE id = ?", (utc, why or BY_HAND, session_id))


def restore(conn: sqlite3.Connection, session_id: str) -> None:
    """Put a deleted session back into the log. Raises UsageError when there is no deleted one of that id."""
    back = conn.execute(
        "UPDATE sessions SET deleted_utc = NULL, deleted_why = NULL WHERE id = ? AND deleted_why IS NOT NULL",
        (session_id,),
    )
    if not back.rowcount:
        raise UsageError(f"There is no deleted session {session_id!r}; `matpi sessions --deleted` lists them.")


def edit(conn: sqlite3.Connection, session_id: str, utc: float | None, changes: Mapping[str, object]) -> Session:
    """Change fields of a closed session (EDITABLE) and return it; `session_edits` gets what they were.

    Raises UsageError for an unknown session, an unknown field or a value that makes no session.
    """
    before = closed_session(conn, session_id)
    for name, value in changes.items():
        if name not in EDITABLE:
            raise UsageError(f"A session has no {name!r} to edit; these can be: {', '.join(EDITABLE)}.")
        # No empty text: in a CSV it would look like an unset value.
        if not isinstance(value, EDITABLE[name]) or isinstance(value, bool) or value == "":
            raise UsageError(f"{value!r} is no value for {name!r} of a session; see `matpi sessions --help`.")
    exact = {
        name: float(value) if isinstance(value, int) and float in EDITABLE[name] else value
        for name, value in changes.items()
    }
    try:
        estimated = before.estimated and "start_utc" not in changes
        after = replace(before, **{**exact, "edited": True, "estimated": estimated})
        if "person" in changes:  # whose it is answers "Was that you?", as on the device (Household.attribute)
            after = replace(after, yours=None if None in {before.doubt, after.person} else True)
    except ValueError as error:
        raise UsageError(f"The session {session_id!r} was not changed: {error}.") from error
    _trace(conn, before, after, utc)
    try:
        conn.execute(SESSIONS.upsert(frozenset()), SESSIONS.stored(StoredSession(after)))
    except (sqlite3.IntegrityError, OverflowError) as error:
        raise UsageError(f"The session {session_id!r} was not changed: a value is out of bounds ({error}).") from error
    return after


def answer(conn: sqlite3.Connection, session_id: str, utc: float | None, *, yours: bool) -> tuple[Session, bool]:
    """Store the answer to "Was that you?" about a closed session; `session_edits` gets the one before.

    Returns the session, and whether a "no" to an unusual load has set `others` to pets. Raises UsageError for an
    unknown, open or deleted session.
    """
    before = closed_session(conn, session_id)
    after = replace(before, yours=yours)
    _trace(conn, before, after, utc)
    conn.execute("UPDATE sessions SET yours = ? WHERE id = ?", (yours, session_id))
    pets = after.doubt is Doubt.UNUSUAL and not yours and history.setting_texts(conn).get("others") != "pets"
    if pets:
        conn.execute("INSERT OR REPLACE INTO settings (key, value) VALUES ('others', 'pets')")
    return after, pets


def answer_looser(conn: sqlite3.Connection, session_id: str, looser: bool | None) -> None:
    """Store the answer to "Looser?" after a closed session; None deletes it. Raises UsageError."""
    closed_session(conn, session_id)
    if looser is None:
        conn.execute("DELETE FROM looser WHERE session_id = ?", (session_id,))
    else:
        history.put(conn, Looser(session_id, looser))


def closed_session(conn: sqlite3.Connection, session_id: str) -> Session:
    """Return the closed session of this id. Raises UsageError when there is none, it is open or deleted."""
    row = conn.execute(SESSIONS.one("id = ?"), (session_id,)).fetchone()
    found = None if row is None else SESSIONS.record_of(row)
    if found is None or found.deleted_why is not None:
        raise UsageError(f"There is no session {session_id!r}; `matpi sessions` lists them.")
    if found.session.is_open:
        raise UsageError(f"The session {session_id!r} is still going on; wait until it has ended.")
    return found.session  # type: ignore[no-any-return]


def _trace(conn: sqlite3.Connection, before: Session, after: Session, utc: float | None) -> None:
    """Store one edit for each field that differs."""
    number = "SELECT coalesce(max(n), 0) FROM session_edits WHERE session_id = ?"
    (n,) = conn.execute(number, (before.id,)).fetchone()
    for name in Session.__struct_fields__:
        was, now = getattr(before, name), getattr(after, name)
        if was != now and name not in {"edited", "estimated"}:
            n += 1
            conn.execute(EDITS.insert, (before.id, n, utc, name, text_of(was), text_of(now)))


def follow(
    conn: sqlite3.Connection, before: Session, after: Session, dated: Callable[[float], tuple[int, date]]
) -> int:
    """Move the ratings and stop signs of a session with its start and person; return their number.

    `dated` gives local time minus UTC in seconds, and the plan's day, both at a UTC.
    """
    if (before.start_utc, before.person) == (after.start_utc, after.person):
        return 0
    followed = 0
    for table in (RATINGS, STOPS):
        found = conn.execute(table.one("session_id = ?"), (before.id,)).fetchall()
        for one in history.usable(found, table.record_of, table.noun, None):
            record = _moved(one, before, after, dated)
            conn.execute(table.upsert(frozenset()), table.stored(replace(record, person=after.person)))
            followed += 1
    return followed


def _moved(
    record: Rating | StopSign, before: Session, after: Session, dated: Callable[[float], tuple[int, date]]
) -> Rating | StopSign:
    """Return the record as long after the session's start as it was."""
    if after.start_utc is None or after.start_utc == before.start_utc:
        return record
    if (utc := utc_of(record)) is not None and before.start_utc is not None:
        since_start_s = utc - before.start_utc
    elif record.boot_id == before.boot_id:
        since_start_s = record.mono - before.start_mono
    else:
        return record
    at_utc = after.start_utc + since_start_s
    offset_s, day = dated(at_utc)
    return replace(record, utc=at_utc, utc_offset_s=offset_s, day=day, estimated=after.estimated, boot_id=BY_HAND)


def delete(conn: sqlite3.Connection, record: Rating | StopSign) -> None:
    """Delete it for good; the diagnostics count it."""
    table, kind = (RATINGS, "rating_deleted") if isinstance(record, Rating) else (STOPS, "stop_deleted")
    conn.execute(f"DELETE FROM {table.sql} WHERE id = ?", (record.id,))  # noqa: S608
    history.tally(conn, kind, record.id)
