"""What is told of a record elsewhere: the few fields that leave the house, as docs/upstream.md has them.

No weight, no name, no calibration, nothing that was not kept: who receives it learns when somebody lay there for how
long, and how they said it felt. A person is an id that means nothing outside of this log.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from matpi.store import rows

_OUR_ID: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Told:
    """One record as it stands; a revision and an id make a delivery of it."""

    kind: str
    timestamp: str | None
    """When it happened, UTC; None while the date is not known, or only estimated."""
    fields: Mapping[str, Any]

    def digest(self) -> str:
        """Equal for what a receiver could not tell apart."""
        return hashlib.blake2b(_json([self.kind, self.fields]).encode(), digest_size=12).hexdigest()

    def body(self, record_id: str, rev: int) -> str:
        data = {"id": record_id, "rev": rev, **self.fields}
        return _json({"type": self.kind, "timestamp": self.timestamp, "data": data})


def delivery_id(table: str, record_id: str, rev: int) -> str:
    """Fit for a header and a topic, and of this record alone: an import may have brought in a session "1" and a
    rating "1", while what the device makes is a UUID.
    """
    ours = _OUR_ID.fullmatch(record_id) is not None
    one = record_id if ours else hashlib.blake2b(f"{table}/{record_id}".encode(), digest_size=16).hexdigest()
    return f"{one}-{rev}"


def read(conn: sqlite3.Connection, table: str, record_id: str) -> Told | None:
    """None for a session that is still going on. A record that is no longer there is told as deleted, and so is what
    was said of a session that is deleted.
    """
    kind, select, make = TABLES[table]
    row = conn.execute(select, (record_id,)).fetchone()
    return Told(f"{kind}_deleted", None, {"deleted": None}) if row is None else make(row)


def _session(row: tuple[Any, ...]) -> Told | None:
    stored = rows.stored_session_of(row)
    session = stored.session
    if session.is_open:
        return None
    if session.estimated:
        session = replace(session, start_utc=None, utc_offset_s=None, day=None)
    if stored.deleted_why is not None:
        return Told("session_deleted", _iso(stored.deleted_utc), {"deleted": _iso(stored.deleted_utc)})
    fields = {
        "start": _iso(session.start_utc, session.utc_offset_s),
        "end": _iso(session.end_utc, session.utc_offset_s),
        "day": rows.text_of(session.day),
        "on_mat_s": round(session.on_mat_s, 1),
        "span_s": round(session.span_s, 1),
        "reason": session.reason,
        "routine": session.routine,
        "aways": session.aways,
        "edited": session.edited,
        "person": session.person,
        "counts": session.counts,
        "doubt": session.doubt,
        "yours": session.yours,
    }
    return Told("session", _iso(session.end_utc), fields)


def _rating(row: tuple[Any, ...]) -> Told:
    utc, offset_s, day, session_id, person, deleted_utc, deleted, value, moment = row
    if deleted is not None:
        return Told("rating_deleted", _iso(deleted_utc), {"deleted": _iso(deleted_utc)})
    at = _iso(utc, offset_s)
    fields = {"at": at, "day": day, "value": value, "moment": moment, "session": session_id, "person": person}
    return Told("rating", _iso(utc), fields)


def _stop(row: tuple[Any, ...]) -> Told:
    utc, offset_s, day, session_id, person, deleted_utc, deleted = row
    if deleted is not None:
        return Told("stop_sign_deleted", _iso(deleted_utc), {"deleted": _iso(deleted_utc)})
    at = _iso(utc, offset_s)
    return Told("stop_sign", _iso(utc), {"at": at, "day": day, "session": session_id, "person": person})


_SELECT_SESSION: Final = rows.SELECT_SESSIONS.replace("ORDER BY seq", "WHERE id = ?")
_SAID: Final = (
    "iif(own.estimated, NULL, own.utc), own.utc_offset_s, iif(own.estimated, NULL, own.day), own.session_id,"
    " own.person, sessions.deleted_utc, deleted_why"
)
_OF_SESSION: Final = "LEFT JOIN sessions ON sessions.id = own.session_id WHERE own.id = ?"
_SELECT_RATING: Final = f"SELECT {_SAID}, own.value, own.moment FROM ratings AS own {_OF_SESSION}"  # noqa: S608
_SELECT_STOP: Final = f"SELECT {_SAID} FROM stops AS own {_OF_SESSION}"  # noqa: S608

TABLES: Final[Mapping[str, tuple[str, str, Callable[[tuple[Any, ...]], Told | None]]]] = {
    "sessions": ("session", _SELECT_SESSION, _session),
    "ratings": ("rating", _SELECT_RATING, _rating),
    "stops": ("stop_sign", _SELECT_STOP, _stop),
}
"""Table -> kind of its records, how one is read, what is told of it."""


def _iso(utc: float | None, offset_s: int | None = None) -> str | None:
    """To the second, in UTC or with the local offset. A time beyond the calendar is told as not known: whatever an
    import has brought in, it must not keep a session from being saved.
    """
    if utc is None:
        return None
    try:
        zone = UTC if offset_s is None else timezone(timedelta(seconds=offset_s))
        text = datetime.fromtimestamp(round(utc), zone).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return None
    return text.removesuffix("+00:00") + "Z" if offset_s is None else text


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
