"""Queue what changes in the log for each receiver (sink), in the transaction of the change.

Triggers of the writer's connection note which record was touched. Before the commit `post` makes a revision of each
whose content differs, for the sinks that were given the record before, and for all of them when it was recorded just
now. Records older than a sink are queued for it on request only (`send_part`).

A message has a few fields of its record, as docs/dev/upstream.md lists them: when a session was, how the person rated
it. No weight, no name, no calibration. A person is an id that means nothing outside of this log.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from matpi.core.model import Rating, StopSign
from matpi.store import file
from matpi.store.tables import RATINGS, SESSIONS, STOPS, StoredSession, Table, text_of

# Records of one transaction when the whole past is queued: 24 ms on a busy x86-64 (measured).
PART: Final = 100

SKIPPED: Final = 1000
"""More than what a record is changed between two backups. Chosen."""

# Table -> when an INSERT, when an UPDATE of it means that it was recorded now: a session is, when it ends.
_RECORDED: Final = {
    "sessions": ("NEW.reason IS NOT NULL", "OLD.reason IS NULL AND NEW.reason IS NOT NULL"),
    "ratings": ("1", "0"),
    "stops": ("1", "0"),
}
# A session takes its ratings and stop signs with it when it is deleted, and brings them back when it is restored.
_SAID: Final = """CREATE TEMP TRIGGER touched_said_{table} AFTER UPDATE OF deleted_why ON sessions
WHEN (OLD.deleted_why IS NULL) <> (NEW.deleted_why IS NULL)
BEGIN INSERT INTO touched SELECT '{table}', id, 0 FROM {table} WHERE session_id = NEW.id; END"""


def begin(conn: sqlite3.Connection, sinks: Sequence[str] | None) -> None:
    """Note from here on what is touched. `sinks` are those of the config; None leaves them as they were.

    So a command that knows no config writes for the same ones as the device.
    """
    if sinks is not None:
        _use(conn, sinks)
    if not _enabled(conn):
        return
    # Temporary, so that the file has no trigger that a program without this function would run into.
    conn.execute("CREATE TEMP TABLE touched (record TEXT NOT NULL, id TEXT NOT NULL, recorded INTEGER NOT NULL)")
    for table in TABLES:
        inserted, updated = _RECORDED[table]
        for what, which, recorded in (("INSERT", "NEW", inserted), ("UPDATE", "NEW", updated), ("DELETE", "OLD", "0")):
            note = f"INSERT INTO touched VALUES ('{table}', {which}.id, {recorded})"  # noqa: S608  our own names
            conn.execute(f"CREATE TEMP TRIGGER touched_{table}_{what} AFTER {what} ON {table} BEGIN {note}; END")
    for table in ("ratings", "stops"):
        conn.execute(_SAID.format(table=table))


def of_the_past(conn: sqlite3.Connection) -> None:
    """Take what the transaction under way has touched so far as not recorded now."""
    # An import may bring in years: what receivers get of the past is theirs to ask for.
    if _watches(conn):
        conn.execute("UPDATE touched SET recorded = 0")


def post(conn: sqlite3.Connection) -> None:
    """Queue what the transaction under way has changed. Free where no sink is configured."""
    if not _watches(conn):
        return
    # In the order of the first change: receivers get the records as they came about.
    touched = conn.execute(
        "SELECT record, id, max(recorded) FROM touched GROUP BY record, id ORDER BY min(rowid)"
    ).fetchall()
    if not touched:
        return
    # A rollback brings these rows back to what they were: temporary tables are part of the transaction.
    conn.execute("DELETE FROM touched")
    sinks = _enabled(conn)
    for table, record_id, recorded in touched:
        _post_one(conn, table, record_id, sinks, unheard=bool(recorded))


def send_part(conn: sqlite3.Connection, sink: str, table: str, after: int) -> tuple[int, int | None]:
    """Queue the next PART records of a table as they are, those that have arrived too.

    Return how many were queued, and after which `seq` to go on, None at the end.
    """
    part = conn.execute(
        f"SELECT seq, id FROM {table} WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608  our own names
        (after, PART),
    ).fetchall()
    queued = sum(_post_one(conn, table, record_id, [sink], unheard=True, again=True) for _, record_id in part)
    return queued, part[-1][0] if len(part) == PART else None


def _post_one(
    conn: sqlite3.Connection,
    table: str,
    record_id: str,
    sinks: Iterable[str],
    *,
    unheard: bool = False,
    again: bool = False,
) -> int:
    """Queue a record as it is for those of `sinks` that have another revision of it. Return their number.

    `unheard`: for those too that were never given it. `again`: for those too that have this very revision.
    """
    message = read(conn, table, record_id)
    if message is None:
        return 0
    record, digest, gone = f"{table}/{record_id}", message.digest(), message.kind.endswith("_deleted")
    # The same content again is no new revision: a session that is saved twice is sent once.
    last, was = conn.execute("SELECT rev, digest FROM revisions WHERE record = ?", (record,)).fetchone() or (0, "")
    rev = last + (digest != was)
    heard = dict(conn.execute("SELECT sink, rev FROM told WHERE record = ?", (record,)).fetchall())
    delivery, body = delivery_id(table, record_id, rev), message.body(record_id, rev)
    queued = 0
    for sink in sinks:
        # A sink that never had the record counts as up to date, unless the record is new: history is sent on request.
        had = heard.get(sink, 0 if unheard else rev)
        if gone and not had:
            # Deleted before this sink ever got it: there is nothing to delete there, but a restored one is news.
            _give(conn, sink, record, 0)
        elif had != rev or (again and sink in heard):
            if gone:
                _take_back(conn, sink, [delivery_id(table, record_id, one) for one in range(1, rev)])
            if again:
                # The arrived delivery has the same id, and the INSERT below would be ignored because of it.
                conn.execute("DELETE FROM outbox WHERE sink = ? AND id = ? AND state = 'acked'", (sink, delivery))
            # One of this id may be waiting already, when the past is requested twice: it is sent once.
            row = (sink, delivery, message.kind, body)
            queued += conn.execute(
                "INSERT OR IGNORE INTO outbox (sink, id, kind, body) VALUES (?, ?, ?, ?)", row
            ).rowcount
            _give(conn, sink, record, rev)
    # A revision that no sink was given is not counted, so that receivers see no gap.
    if queued and rev != last:
        conn.execute("INSERT OR REPLACE INTO revisions (record, rev, digest) VALUES (?, ?, ?)", (record, rev, digest))
    return queued


def _give(conn: sqlite3.Connection, sink: str, record: str, rev: int) -> None:
    conn.execute("INSERT OR REPLACE INTO told (sink, record, rev) VALUES (?, ?, ?)", (sink, record, rev))


def _take_back(conn: sqlite3.Connection, sink: str, deliveries: Iterable[str]) -> None:
    """Remove from the outbox what was deleted before it arrived."""
    # The deletion itself is sent all the same: one of these may be on its way, or its answer was lost.
    conn.executemany(
        "DELETE FROM outbox WHERE sink = ? AND id = ? AND state <> 'acked'",
        [(sink, delivery) for delivery in deliveries],
    )


def _watches(conn: sqlite3.Connection) -> bool:
    return conn.execute("SELECT 1 FROM temp.sqlite_master WHERE name = 'touched'").fetchone() is not None


def _enabled(conn: sqlite3.Connection) -> list[str]:
    return [name for (name,) in conn.execute("SELECT name FROM sinks WHERE enabled = 1 ORDER BY name")]


def _use(conn: sqlite3.Connection, sinks: Sequence[str]) -> None:
    before = _enabled(conn)
    # At nearly every start: no write to the card.
    if sorted(sinks) == before:
        return
    with file.transaction(conn):
        conn.execute("UPDATE sinks SET enabled = 0")
        conn.executemany(
            "INSERT INTO sinks (name, enabled) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET enabled = 1",
            [(name,) for name in sinks],
        )
        for sink in (sink for sink in sinks if sink not in before):
            # It was in the config before: what it has may have been edited or deleted while it was not.
            had = conn.execute("SELECT record FROM told WHERE sink = ? ORDER BY record", (sink,)).fetchall()
            for table, _, record_id in (record.partition("/") for (record,) in had):
                _post_one(conn, table, record_id, [sink])


def skip_numbers(conn: sqlite3.Connection) -> None:
    """Let a restored log of any version number nothing as it may have been numbered after the backup.

    A receiver has what was sent then, and would take another revision of that number for the same one.
    """
    if conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'revisions'").fetchone() is None:
        return  # of before the outbox
    for table in TABLES:
        # Those that had not been sent yet, too.
        conn.execute(
            "INSERT OR IGNORE INTO revisions (record, rev, digest) SELECT ? || id, 1, '' FROM "  # noqa: S608  our own
            + table,
            (f"{table}/",),
        )
    conn.execute("UPDATE revisions SET rev = rev + ?", (SKIPPED,))
    conn.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'outbox'", (SKIPPED,))


# -- what is sent of a record ------------------------------------------------------------------------------------------

_OUR_ID: Final = re.compile(r"[0-9a-f]{32}")
# Table -> the kind of its records.
TABLES: Final[Mapping[str, tuple[str, Table]]] = {
    "sessions": ("session", SESSIONS),
    "ratings": ("rating", RATINGS),
    "stops": ("stop_sign", STOPS),
}


class Message(Struct, frozen=True):
    """One record as it is; a revision and an id make a delivery of it."""

    kind: str
    timestamp: str | None  # when it happened, UTC; None while the date is not known, or only estimated
    fields: Mapping[str, Any]

    def digest(self) -> str:
        """Return a text that is equal for what is the same to a receiver."""
        # The timestamp follows from the fields, and the revision is what is decided by this.
        return _digest(_json([self.kind, self.fields]), 12)

    def body(self, record_id: str, rev: int) -> str:
        data = {"id": record_id, "rev": rev, **self.fields}
        return _json({"type": self.kind, "timestamp": self.timestamp, "data": data})


def _digest(text: str, size: int) -> str:
    from hashlib import blake2b  # here: with OpenSSL behind it, 3 MB, and needed only with a sink

    return blake2b(text.encode(), digest_size=size).hexdigest()


def delivery_id(table: str, record_id: str, rev: int) -> str:
    """Return an id of this revision alone, fit for a header and a topic."""
    # What the device makes is a UUID, but an import may have brought in a session "1" and a rating "1".
    ours = _OUR_ID.fullmatch(record_id) is not None
    one = record_id if ours else _digest(f"{table}/{record_id}", 16)
    return f"{one}-{rev}"


def read(conn: sqlite3.Connection, table: str, record_id: str) -> Message | None:
    """Return the message about a record; None for a session under way and for an invalid row.

    A record that is not there any more is reported as deleted, and so is what belongs to a deleted session.
    """
    kind, description = TABLES[table]
    row = conn.execute(description.one("id = ?"), (record_id,)).fetchone()
    if row is None:
        return Message(f"{kind}_deleted", None, {"deleted": None})
    try:
        record = description.record_of(row)
    except (TypeError, ValueError):
        return None
    if isinstance(record, StoredSession):
        return _of_session(record)
    deleted = "SELECT deleted_utc FROM sessions WHERE id = ? AND deleted_why IS NOT NULL"
    session = conn.execute(deleted, (record.session_id,)).fetchone()
    return _of_answer(kind, record) if session is None else _deleted(kind, session[0])


def _of_session(stored: StoredSession) -> Message | None:
    session = stored.session
    if session.is_open:
        return None
    if stored.deleted_why is not None:
        return _deleted("session", stored.deleted_utc)
    # An estimated date is for the person in front of the device; a receiver gets the true one as a new revision.
    if session.estimated:
        session = replace(session, start_utc=None, day=None)
    fields = {
        "start": _iso(session.start_utc, session.utc_offset_s),
        "end": _iso(session.end_utc, session.utc_offset_s),
        "day": text_of(session.day),
        "on_mat_s": round(session.on_mat_s, 1),
        "span_s": round(session.span_s, 1),
        **{
            name: getattr(session, name)
            for name in ("reason", "routine", "aways", "edited", "person", "counts", "doubt", "yours")
        },
    }
    return Message("session", _iso(session.end_utc), fields)


def _of_answer(kind: str, record: Rating | StopSign) -> Message:
    if record.estimated:
        record = replace(record, utc=None, day=None)
    given = {"value": record.value, "moment": record.moment} if isinstance(record, Rating) else {}
    at, day = _iso(record.utc, record.utc_offset_s), text_of(record.day)
    fields = {"at": at, "day": day, **given, "session": record.session_id, "person": record.person}
    return Message(kind, _iso(record.utc), fields)


def _deleted(kind: str, utc: float | None) -> Message:
    return Message(f"{kind}_deleted", _iso(utc), {"deleted": _iso(utc)})


def _iso(utc: float | None, offset_s: int | None = None) -> str | None:
    """Return it to the second, in UTC or with the local offset; None when unknown or beyond the calendar."""
    if utc is None:
        return None
    try:
        zone = UTC if offset_s is None else timezone(timedelta(seconds=offset_s))
        text = datetime.fromtimestamp(round(utc), zone).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        # Sent as not known: no time that an import has brought in may keep a session from being saved.
        return None
    return text.removesuffix("+00:00") + "Z" if offset_s is None else text


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
