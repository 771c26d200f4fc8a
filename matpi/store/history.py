"""The statements: each runs inside a transaction the caller has opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from datetime import date
from typing import TypeVar

from matpi.core.dated import redated, utc_of
from matpi.core.effects import Calibrated, DateBoot, Drop, Record, Zeros
from matpi.core.model import (
    Acknowledgement,
    Calibration,
    DayRecord,
    Doubt,
    EndReason,
    Log,
    Rating,
    Session,
    Settings,
    StopSign,
    Zero,
)
from matpi.errors import StoreError, UsageError, printable
from matpi.store import rows
from matpi.store.rows import Edit, Member, StoredSession, Tally

T = TypeVar("T")
EDITABLE: Mapping[str, tuple[type, ...]] = {
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
_ZERO = "kg_1, kg_2, kg_3, kg_4, by_hand, anchor_kg"
_DATED = ((Session, "sessions", "start_utc"), (Rating, "ratings", "utc"), (StopSign, "stops", "utc"))


def usable(found: Iterable[rows.Row], of: Callable[[rows.Row], T], what: str, doubts: list[str] | None) -> list[T]:
    """The values of the rows. A row that makes no valid one is left out, with a sentence in `doubts` where one listens:
    no record may keep the device from starting.
    """
    values = []
    for row in found:
        try:
            values.append(of(row))
        except (TypeError, ValueError) as error:
            if doubts is not None:
                doubts.append(f"A {what} in the log is left out ({error}); correct its row by hand.")
    return values


def sessions(conn: sqlite3.Connection, doubts: list[str] | None = None) -> list[StoredSession]:
    """All, in order of arrival; `doubts` as in `usable`, here and below."""
    return usable(conn.execute(rows.SELECT_SESSIONS), rows.stored_session_of, "session", doubts)


def newest(conn: sqlite3.Connection, count: int) -> list[tuple[Session, int | None]]:
    """Return the last `count` sessions that are not deleted, oldest first, each with its rating."""
    last = (
        " WHERE seq IN (SELECT seq FROM sessions WHERE deleted_why IS NULL"
        " ORDER BY start_utc IS NULL DESC, start_utc DESC, seq DESC LIMIT ?) ORDER BY seq"
    )
    found = conn.execute(rows.SELECT_SESSIONS.replace(" ORDER BY seq", last), (count,))
    stored = [entry.session for entry in usable(found, rows.stored_session_of, "session", None)]
    marks = ", ".join("?" * len(stored))
    rated = f"SELECT session_id, value FROM ratings WHERE session_id IN ({marks}) ORDER BY seq"  # noqa: S608
    values = dict(conn.execute(rated, [session.id for session in stored]))
    return [(session, values.get(session.id)) for session in rows.oldest_first(stored, lambda one: one.start_utc)]


def edits(conn: sqlite3.Connection) -> list[Edit]:
    return [rows.edit_of(row) for row in conn.execute(rows.SELECT_EDITS)]


def tallies(conn: sqlite3.Connection) -> tuple[Tally, ...]:
    return tuple(rows.tally_of(row) for row in conn.execute(rows.SELECT_DIAGNOSTICS))


def log(conn: sqlite3.Connection, stored: list[StoredSession], doubts: list[str] | None = None) -> Log:
    """Without the deleted sessions, and without what was said of one: restored, it counts again with what was said."""
    kept = (entry.session for entry in stored if entry.deleted_why is None and not entry.session.is_open)
    deleted = {entry.session.id for entry in stored if entry.deleted_why is not None}
    counted = (rating for rating in ratings(conn, doubts) if rating.session_id not in deleted)
    signs = (stop for stop in stops(conn, doubts) if stop.session_id not in deleted)
    return Log(
        sessions=rows.oldest_first(kept, lambda session: session.start_utc),
        ratings=rows.oldest_first(counted, lambda rating: rating.utc),
        stops=rows.oldest_first(signs, lambda stop: stop.utc),
        days=tuple(usable(conn.execute(rows.SELECT_DAYS), rows.day_of, "day record", doubts)),
    )


def ratings(conn: sqlite3.Connection, doubts: list[str] | None = None) -> list[Rating]:
    """All, also those of deleted sessions, in order of arrival."""
    return usable(conn.execute(rows.SELECT_RATINGS), rows.rating_of, "rating", doubts)


def stops(conn: sqlite3.Connection, doubts: list[str] | None = None) -> list[StopSign]:
    """All, also those of deleted sessions, in order of arrival."""
    return usable(conn.execute(rows.SELECT_STOPS), rows.stop_of, "stop sign", doubts)


def zeros(conn: sqlite3.Connection, doubts: list[str] | None = None) -> dict[str, Zero]:
    """By `current` and `before`."""
    found = conn.execute(f"SELECT which, {_ZERO} FROM zero")  # noqa: S608  our own names
    return dict(usable(found, lambda row: (row[0], rows.zero_of(row[1:])), "zero", doubts))


def acknowledgement(conn: sqlite3.Connection, doubts: list[str] | None = None) -> Acknowledgement | None:
    """Where nobody is named."""
    found = conn.execute(rows.SELECT_ANSWERS.replace("IS NOT NULL", "IS NULL"))
    return next(iter(usable(found, rows.acknowledgement_of, "safety answer", doubts)), None)


def answers(conn: sqlite3.Connection, doubts: list[str] | None = None) -> tuple[Acknowledgement, ...]:
    """Of those who are named."""
    return tuple(usable(conn.execute(rows.SELECT_ANSWERS), rows.acknowledgement_of, "safety answer", doubts))


def members(conn: sqlite3.Connection) -> list[Member]:
    """In the order of the menu, with those who were removed. Raises StoreError when one of them cannot be."""
    try:
        return [rows.member_of(row) for row in conn.execute(rows.SELECT_MEMBERS)]
    except ValueError as error:
        raise StoreError(f"The people in the log cannot be ({error}); correct the table `people` by hand.") from error


def calibration(conn: sqlite3.Connection, doubts: list[str] | None = None) -> Calibration | None:
    found = conn.execute("SELECT reference_counts, counts_per_kg, approximate FROM calibration ORDER BY channel")
    channels = found.fetchall()
    all_of_it = [tuple(channels)] if channels else []
    return next(iter(usable(all_of_it, lambda row: rows.calibration_of(list(row)), "calibration", doubts)), None)


def setting_texts(conn: sqlite3.Connection) -> dict[str, str]:
    return dict(conn.execute("SELECT key, value FROM settings ORDER BY key"))


def put(conn: sqlite3.Connection, record: Record) -> None:
    """Insert or replace. Raises StoreError for what cannot be stored."""
    match record:
        case Session():
            put_closed(conn, record)
        case Rating():
            put_rating(conn, record)
        case StopSign():
            put_stop(conn, record)
        case DayRecord():
            put_day(conn, record)
        case Acknowledgement():
            put_acknowledgement(conn, record)
        case Zeros(zero, before):
            put_zeros(conn, zero, before)
        case Calibrated(calibration, zero):
            put_calibration(conn, calibration)
            put_zeros(conn, zero, None)
        case Settings():
            put_settings(conn, record)


def drop(conn: sqlite3.Connection, effect: Drop) -> None:
    if effect.kind is StopSign:
        if conn.execute("DELETE FROM stops WHERE id = ?", (effect.id,)).rowcount:
            tally(conn, effect.why, effect.id)
        return
    conn.execute("DELETE FROM sessions WHERE id = ? AND reason IS NULL", (effect.id,))
    conn.execute("UPDATE sessions SET deleted_why = ? WHERE id = ? AND deleted_why IS NULL", (effect.why, effect.id))
    tally(conn, effect.why, effect.id)


def put_open(conn: sqlite3.Connection, session: Session) -> None:
    if not session.is_open:
        raise StoreError(f"The session {session.id} has ended and takes no checkpoint; save it.")
    # What date_boot has filled in stays when the session in memory does not know it yet.
    conn.execute(
        rows.INSERT_SESSION + " ON CONFLICT (id) DO UPDATE SET boot_id = excluded.boot_id,"
        " start_mono = excluded.start_mono, start_utc = coalesce(excluded.start_utc, start_utc),"
        " utc_offset_s = coalesce(excluded.utc_offset_s, utc_offset_s), day = coalesce(excluded.day, day),"
        " span_s = excluded.span_s, on_mat_s = excluded.on_mat_s, aways = excluded.aways, routine = excluded.routine,"
        " load_kg = excluded.load_kg, person = excluded.person, doubt = excluded.doubt, yours = excluded.yours,"
        " estimated = excluded.estimated"
        " WHERE reason IS NULL",
        rows.bound(rows.session_values(StoredSession(session))),
    )


def put_closed(conn: sqlite3.Connection, session: Session) -> None:
    if session.is_open:
        raise StoreError(f"The session {session.id} is still open; close it with a reason before saving.")
    conn.execute(
        rows.INSERT_SESSION + " ON CONFLICT (id) DO UPDATE SET boot_id = excluded.boot_id,"
        " start_mono = excluded.start_mono, start_utc = coalesce(excluded.start_utc, start_utc),"
        " utc_offset_s = coalesce(excluded.utc_offset_s, utc_offset_s), day = coalesce(excluded.day, day),"
        " span_s = excluded.span_s, on_mat_s = excluded.on_mat_s, reason = excluded.reason, aways = excluded.aways,"
        " routine = excluded.routine, load_kg = excluded.load_kg, person = excluded.person, doubt = excluded.doubt,"
        " estimated = excluded.estimated"
        " WHERE NOT sessions.edited",
        rows.bound(rows.session_values(StoredSession(session))),
    )
    # An answer given on the mat is stored also where the rest was edited; saving without one takes none back.
    conn.execute(
        "UPDATE sessions SET deleted_utc = NULL, deleted_why = NULL, yours = coalesce(?, yours) WHERE id = ?",
        (session.yours, session.id),
    )


def put_rating(conn: sqlite3.Connection, rating: Rating) -> None:
    conn.execute(
        rows.INSERT_RATING + " ON CONFLICT (id) DO UPDATE SET boot_id = excluded.boot_id, mono = excluded.mono,"
        " utc = coalesce(excluded.utc, utc), utc_offset_s = coalesce(excluded.utc_offset_s, utc_offset_s),"
        " day = coalesce(excluded.day, day), value = excluded.value, moment = excluded.moment,"
        " session_id = excluded.session_id, person = excluded.person, estimated = excluded.estimated",
        rows.bound(rows.values_of(rating, rows.RATING_FIELDS)),
    )


def put_stop(conn: sqlite3.Connection, stop: StopSign) -> None:
    conn.execute(
        rows.INSERT_STOP + " ON CONFLICT (id) DO UPDATE SET boot_id = excluded.boot_id, mono = excluded.mono,"
        " utc = coalesce(excluded.utc, utc), utc_offset_s = coalesce(excluded.utc_offset_s, utc_offset_s),"
        " day = coalesce(excluded.day, day), session_id = excluded.session_id, person = excluded.person,"
        " estimated = excluded.estimated",
        rows.bound(rows.values_of(stop, rows.STOP_FIELDS)),
    )


def put_day(conn: sqlite3.Connection, record: DayRecord) -> None:
    conn.execute(
        rows.INSERT_DAY + " ON CONFLICT (day, ifnull(person, '')) DO UPDATE SET rest = excluded.rest,"
        " snoozed = excluded.snoozed",
        rows.bound(rows.values_of(record, rows.DAY_FIELDS)),
    )


def put_zeros(conn: sqlite3.Connection, zero: Zero, before: Zero | None) -> None:
    """Raises StoreError for a zero without 1 to 4 channels."""
    conn.execute("DELETE FROM zero")
    for which, value in (("current", zero), ("before", before)):
        if value is None:
            continue
        try:
            columns = rows.zero_values(value)
        except ValueError as error:
            raise StoreError(f"The zero was not stored: {error}; check the configured channels.") from error
        conn.execute(
            f"INSERT INTO zero (which, {_ZERO}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (which, *columns),
        )


def put_acknowledgement(conn: sqlite3.Connection, answer: Acknowledgement) -> None:
    conn.execute(
        rows.INSERT_ANSWER + " ON CONFLICT (ifnull(person, '')) DO UPDATE SET some = excluded.some,"
        " utc = excluded.utc, cleared = excluded.cleared, cleared_utc = excluded.cleared_utc,"
        " earlier = excluded.earlier, asked_again = excluded.asked_again",
        rows.bound(rows.values_of(answer, rows.ANSWER_FIELDS)),
    )


def put_settings(conn: sqlite3.Connection, settings: Settings) -> None:
    conn.executemany(
        "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        rows.settings_texts(settings).items(),
    )


def put_calibration(conn: sqlite3.Connection, calibration: Calibration) -> None:
    conn.execute("DELETE FROM calibration")
    conn.executemany(
        "INSERT INTO calibration (channel, reference_counts, counts_per_kg, approximate) VALUES (?, ?, ?, ?)",
        [
            (channel, reference, slope, calibration.approximate)
            for channel, (reference, slope) in enumerate(
                zip(calibration.reference_counts, calibration.counts_per_kg, strict=True), start=1
            )
        ],
    )


def tally(conn: sqlite3.Connection, kind: str, text: str) -> None:
    conn.execute(
        "INSERT INTO diagnostics (kind, count, last_text) VALUES (?, 1, ?)"
        " ON CONFLICT (kind) DO UPDATE SET count = count + 1, last_text = excluded.last_text",
        # Texts of errors may carry bytes that are no text; the count matters more.
        (kind, printable(text.encode(errors="replace").decode())),
    )


def closed_session(conn: sqlite3.Connection, session_id: str) -> Session:
    """Raises UsageError when there is none of that id, or it is open or deleted."""
    found = next((entry for entry in sessions(conn) if entry.session.id == session_id), None)
    if found is None or found.deleted_why is not None:
        raise UsageError(f"There is no session {session_id!r}; `matpi sessions` lists them.")
    if found.session.is_open:
        raise UsageError(f"The session {session_id!r} is still going on; wait until it has ended.")
    return found.session


def restore(conn: sqlite3.Connection, session_id: str) -> None:
    """See Store.restore_session."""
    back = conn.execute(
        "UPDATE sessions SET deleted_utc = NULL, deleted_why = NULL WHERE id = ? AND deleted_why IS NOT NULL",
        (session_id,),
    )
    if not back.rowcount:
        raise UsageError(f"There is no deleted session {session_id!r}; `matpi sessions --deleted` lists them.")


def edit(conn: sqlite3.Connection, session_id: str, utc: float | None, changes: Mapping[str, object]) -> Session:
    """See Store.edit_session."""
    before = closed_session(conn, session_id)
    for name, value in changes.items():
        if name not in EDITABLE:
            raise UsageError(f"A session has no {name!r} to edit; these can be: {', '.join(EDITABLE)}.")
        # No empty text: in a CSV it could not be told from an unset value.
        if not isinstance(value, EDITABLE[name]) or isinstance(value, bool) or value == "":
            raise UsageError(f"{value!r} is no value for {name!r} of a session; see `matpi sessions --help`.")
    exact = {
        name: float(value) if isinstance(value, int) and float in EDITABLE[name] else value
        for name, value in changes.items()
    }
    try:
        estimated = before.estimated and "start_utc" not in changes
        after = replace(before, **{**exact, "edited": True, "estimated": estimated})  # type: ignore[arg-type]
        if "person" in changes:  # whose it is answers "Was that you?", as on the device (core.who.book)
            after = replace(after, yours=None if None in {before.doubt, after.person} else True)
    except ValueError as error:
        raise UsageError(f"The session {session_id!r} was not changed: {error}.") from error
    _trace(conn, before, after, utc)
    values = rows.bound(rows.session_values(StoredSession(after)))
    try:
        conn.execute(
            "UPDATE sessions SET start_utc = ?, utc_offset_s = ?, day = ?, span_s = ?, on_mat_s = ?, reason = ?,"
            " aways = ?, routine = ?, edited = ?, person = ?, yours = ?, estimated = ? WHERE id = ?",
            (*values[3:12], after.person, after.yours, after.estimated, session_id),
        )
    except (sqlite3.IntegrityError, OverflowError) as error:
        raise UsageError(f"The session {session_id!r} was not changed: a value is out of bounds ({error}).") from error
    return after


def answer(conn: sqlite3.Connection, session_id: str, utc: float | None, *, yours: bool) -> tuple[Session, bool]:
    """See Store.answer_session."""
    before = closed_session(conn, session_id)
    after = replace(before, yours=yours)
    _trace(conn, before, after, utc)
    conn.execute("UPDATE sessions SET yours = ? WHERE id = ?", (yours, session_id))
    pets = after.doubt is Doubt.UNUSUAL and not yours and setting_texts(conn).get("others") != "pets"
    if pets:
        conn.execute("INSERT OR REPLACE INTO settings (key, value) VALUES ('others', 'pets')")
    return after, pets


def _trace(conn: sqlite3.Connection, before: Session, after: Session, utc: float | None) -> None:
    """One row of `session_edits` for each field that differs."""
    number = "SELECT coalesce(max(n), 0) FROM session_edits WHERE session_id = ?"
    (n,) = conn.execute(number, (before.id,)).fetchone()
    for item in fields(Session):
        was, now = getattr(before, item.name), getattr(after, item.name)
        if was != now and item.name not in {"edited", "estimated"}:
            n += 1
            conn.execute(rows.INSERT_EDIT, (before.id, n, utc, item.name, rows.text_of(was), rows.text_of(now)))


def date_boot(conn: sqlite3.Connection, dating: DateBoot) -> None:
    """Date what a boot stored (core/dated.py `redated`)."""

    def of_boot(select: str) -> sqlite3.Cursor:
        return conn.execute(select.replace("ORDER BY", "WHERE boot_id = ? ORDER BY"), (dating.boot_id,))

    stored: tuple[Session | Rating | StopSign, ...] = (
        *(entry.session for entry in usable(of_boot(rows.SELECT_SESSIONS), rows.stored_session_of, "session", None)),
        *usable(of_boot(rows.SELECT_RATINGS), rows.rating_of, "rating", None),
        *usable(of_boot(rows.SELECT_STOPS), rows.stop_of, "stop sign", None),
    )
    for record in stored:
        new = redated(record, dating)
        if new is record:
            continue
        table, utc = next((name, column) for kind, name, column in _DATED if isinstance(record, kind))
        conn.execute(
            f"UPDATE {table} SET {utc} = ?, utc_offset_s = ?, day = ?, estimated = ? WHERE id = ?",  # noqa: S608
            rows.bound((utc_of(new), new.utc_offset_s, new.day, new.estimated, new.id)),
        )
