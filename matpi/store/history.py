"""Read and write records. Each function runs inside a transaction the caller has opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from matpi.core.dated import redated, utc_of
from matpi.core.effects import Calibrated, Chosen, DateBoot, Drop, Record, Zeros
from matpi.core.model import Acknowledgement, Calibration, Dated, Log, Rating, Session, Settings, StopSign, Zero
from matpi.errors import StoreError, printable
from matpi.store import tables
from matpi.store.settings import settings_texts
from matpi.store.tables import (
    ANSWERS,
    DAYS,
    LOOSER,
    PEOPLE,
    RATINGS,
    SESSIONS,
    STOPS,
    ZERO,
    Member,
    Row,
    StoredSession,
    Table,
    oldest_first,
)

T = TypeVar("T")
_PUT_OPEN = SESSIONS.upsert(where=" WHERE reason IS NULL")
_PUT_CLOSED = SESSIONS.upsert(tables.DATE | {"yours"}, where=" WHERE NOT edited")


# -- reading -----------------------------------------------------------------------------------------------------------


def usable(found: Iterable[Row], of: Callable[[Row], T], noun: str, doubts: list[str] | None) -> list[T]:
    """Return the values of the rows; an invalid row is left out, with a sentence in `doubts`, if given."""
    # No record may keep the device from starting.
    values = []
    for row in found:
        try:
            values.append(of(row))
        except (TypeError, ValueError) as error:
            if doubts is not None:
                doubts.append(f"A {noun} in the log is left out ({error}); correct its row by hand.")
    return values


def records(conn: sqlite3.Connection, table: Table, doubts: list[str] | None = None) -> list[Any]:
    """Return all of a table in order of arrival, those of deleted sessions too; `doubts` as in `usable`."""
    return usable(conn.execute(table.select), table.record_of, table.noun, doubts)


def sessions(conn: sqlite3.Connection, doubts: list[str] | None = None) -> list[StoredSession]:
    return records(conn, SESSIONS, doubts)


def ratings(conn: sqlite3.Connection, doubts: list[str] | None = None) -> list[Rating]:
    return records(conn, RATINGS, doubts)


def stops(conn: sqlite3.Connection, doubts: list[str] | None = None) -> list[StopSign]:
    return records(conn, STOPS, doubts)


def newest(conn: sqlite3.Connection, count: int) -> list[tuple[Session, int | None]]:
    """Return the last `count` sessions that are not deleted, oldest first, each with its rating."""
    last = (
        "seq IN (SELECT seq FROM sessions WHERE deleted_why IS NULL"
        " ORDER BY start_utc IS NULL DESC, start_utc DESC, seq DESC LIMIT ?)"
    )
    found = usable(conn.execute(SESSIONS.one(last), (count,)), SESSIONS.record_of, SESSIONS.noun, None)
    stored: list[Session] = [entry.session for entry in found]
    marks = ", ".join("?" * len(stored))
    rated = f"SELECT session_id, value FROM ratings WHERE session_id IN ({marks}) ORDER BY seq"  # noqa: S608
    values = dict(conn.execute(rated, [session.id for session in stored]))
    return [(session, values.get(session.id)) for session in oldest_first(stored, lambda one: one.start_utc)]


def log(conn: sqlite3.Connection, stored: list[StoredSession], doubts: list[str] | None = None) -> Log:
    """Return the log without the deleted sessions and what belongs to them."""
    kept = (entry.session for entry in stored if entry.deleted_why is None and not entry.session.is_open)
    deleted = {entry.session.id for entry in stored if entry.deleted_why is not None}
    counted = (rating for rating in ratings(conn, doubts) if rating.session_id not in deleted)
    signs = (stop for stop in stops(conn, doubts) if stop.session_id not in deleted)
    return Log(
        sessions=oldest_first(kept, lambda session: session.start_utc),
        ratings=oldest_first(counted, lambda rating: rating.utc),
        stops=oldest_first(signs, lambda stop: stop.utc),
        days=tuple(records(conn, DAYS, doubts)),
        looser=tuple(answer for answer in records(conn, LOOSER, doubts) if answer.session_id not in deleted),
    )


def zeros(conn: sqlite3.Connection, doubts: list[str] | None = None) -> dict[str, Zero]:
    """Return the zeros by `current` and `before`."""
    found = conn.execute(f"SELECT which, {ZERO} FROM zero")  # noqa: S608  our own names
    return dict(usable(found, lambda row: (row[0], tables.zero_of(row[1:])), "zero", doubts))


def acknowledgement(conn: sqlite3.Connection, doubts: list[str] | None = None) -> Acknowledgement | None:
    """Return the answer to the safety pages where no person is named."""
    found = conn.execute(ANSWERS.select.replace("IS NOT NULL", "IS NULL"))
    return next(iter(usable(found, ANSWERS.record_of, ANSWERS.noun, doubts)), None)


def members(conn: sqlite3.Connection) -> list[Member]:
    """Return the people in the order of the menu, with the removed. Raises StoreError for an invalid one."""
    try:
        return [PEOPLE.record_of(row) for row in conn.execute(PEOPLE.select)]
    except ValueError as error:
        raise StoreError(f"The people in the log are invalid ({error}); correct the table `people` by hand.") from error


def calibration(conn: sqlite3.Connection, doubts: list[str] | None = None) -> Calibration | None:
    found = conn.execute("SELECT reference_counts, counts_per_kg, approximate FROM calibration ORDER BY channel")
    columns = tuple(zip(*found, strict=True))
    made = usable([columns] if columns else [], lambda c: Calibration(c[0], c[1], any(c[2])), "calibration", doubts)
    return made[0] if made else None


def setting_texts(conn: sqlite3.Connection) -> dict[str, str]:
    return dict(conn.execute("SELECT key, value FROM settings ORDER BY key"))


# -- writing -----------------------------------------------------------------------------------------------------------


def put(conn: sqlite3.Connection, record: Record) -> None:
    """Insert or replace a record. Raises StoreError for what cannot be stored."""
    match record:
        case Session():
            put_closed(conn, record)
        case Zeros(zero, before):
            put_zeros(conn, zero, before)
        case Calibrated(calibration, zero):
            put_calibration(conn, calibration)
            put_zeros(conn, zero, None)
        case Chosen(person):
            choose(conn, person)
        case Settings():
            put_settings(conn, record)
        case _:
            table, statement = tables.PUT[type(record)]
            conn.execute(statement, table.stored(record))


def put_open(conn: sqlite3.Connection, session: Session) -> None:
    """Insert or replace the open row; a closed one stays. Raises StoreError for a session that has ended."""
    if not session.is_open:
        raise StoreError(f"The session {session.id} has ended and takes no checkpoint; save it.")
    conn.execute(_PUT_OPEN, SESSIONS.stored(StoredSession(session)))


def put_closed(conn: sqlite3.Connection, session: Session) -> None:
    """Insert or replace a closed session. Raises StoreError for an open one."""
    if session.is_open:
        raise StoreError(f"The session {session.id} is still open; close it with a reason before saving.")
    conn.execute(_PUT_CLOSED, SESSIONS.stored(StoredSession(session)))
    # An answer given on the mat is stored also where the rest was edited; saving without one takes none back.
    conn.execute(
        "UPDATE sessions SET deleted_utc = NULL, deleted_why = NULL, yours = coalesce(?, yours) WHERE id = ?",
        (session.yours, session.id),
    )


def put_zeros(conn: sqlite3.Connection, zero: Zero, before: Zero | None) -> None:
    """Replace both zeros. Raises StoreError for one without 1 to 4 channels."""
    conn.execute("DELETE FROM zero")
    for which, value in (("current", zero), ("before", before)):
        if value is None:
            continue
        try:
            columns = tables.zero_values(value)
        except ValueError as error:
            raise StoreError(f"The zero was not stored: {error}; check the configured channels.") from error
        conn.execute(f"INSERT INTO zero (which, {ZERO}) VALUES (?, ?, ?, ?, ?, ?, ?)", (which, *columns))  # noqa: S608


def put_settings(conn: sqlite3.Connection, settings: Settings) -> None:
    """Store all at once. Rows of settings unknown to this version stay as they are."""
    conn.executemany(
        "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        settings_texts(settings).items(),
    )


def put_calibration(conn: sqlite3.Connection, calibration: Calibration) -> None:
    conn.execute("DELETE FROM calibration")
    conn.executemany(
        "INSERT INTO calibration (reference_counts, counts_per_kg, approximate) VALUES (?, ?, ?)",
        [
            (reference, slope, calibration.approximate)
            for reference, slope in zip(calibration.reference_counts, calibration.counts_per_kg, strict=True)
        ],
    )


def choose(conn: sqlite3.Connection, person_id: str) -> None:
    """Make this person the owner of the next sessions. Raises StoreError when no person has this id."""
    conn.execute("UPDATE people SET chosen = 0 WHERE chosen = 1")
    if not conn.execute("UPDATE people SET chosen = 1 WHERE id = ? AND NOT removed", (person_id,)).rowcount:
        raise StoreError(f"There is nobody of the id {person_id!r} to be chosen; see `matpi people`.")


def drop(conn: sqlite3.Connection, effect: Drop) -> None:
    """Remove a record and count it under the reason; a closed session stays, marked as deleted."""
    if effect.kind is StopSign:
        if conn.execute("DELETE FROM stops WHERE id = ?", (effect.id,)).rowcount:
            tally(conn, effect.why, effect.id)
        return
    conn.execute("DELETE FROM sessions WHERE id = ? AND reason IS NULL", (effect.id,))
    conn.execute("UPDATE sessions SET deleted_why = ? WHERE id = ? AND deleted_why IS NULL", (effect.why, effect.id))
    tally(conn, effect.why, effect.id)


def tally(conn: sqlite3.Connection, kind: str, text: str) -> None:
    """Count one more of this kind."""
    conn.execute(
        "INSERT INTO diagnostics (kind, count, last_text) VALUES (?, 1, ?)"
        " ON CONFLICT (kind) DO UPDATE SET count = count + 1, last_text = excluded.last_text",
        # Texts of errors may carry bytes that are no text; the count matters more.
        (kind, printable(text.encode(errors="replace").decode())),
    )


def date_boot(conn: sqlite3.Connection, dating: DateBoot) -> None:
    """Date the records of a boot (core/dated.py `redated`)."""
    for table in (SESSIONS, RATINGS, STOPS):
        found = conn.execute(table.one("boot_id = ?"), (dating.boot_id,)).fetchall()
        for stored in usable(found, table.record_of, table.noun, None):
            record: Dated = getattr(stored, "session", stored)
            new = redated(record, dating)
            if new is not record:
                _date(conn, table, new)


def _date(conn: sqlite3.Connection, table: Table, record: Dated) -> None:
    """Update the date alone: a row whose id or text has a damaged byte stays the one row it is."""
    time = "start_utc" if table is SESSIONS else "utc"
    day = None if record.day is None else record.day.isoformat()
    conn.execute(
        f"UPDATE {table.sql} SET {time} = ?, utc_offset_s = ?, day = ?, estimated = ? WHERE id = ?",  # noqa: S608
        (utc_of(record), record.utc_offset_s, day, record.estimated, record.id),
    )
