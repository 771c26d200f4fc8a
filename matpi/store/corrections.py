"""Correct what was said of a session: ratings and stop signs follow an edit of it, and can be deleted themselves.

Each function runs inside a transaction the caller has opened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date

from matpi.core.model import Rating, Session, StopSign
from matpi.store import history

TABLES = ("ratings", "stops")
BY_HAND = "by hand"
"""The boot of a record whose time was corrected: the next start in its own boot would date it back by the clock."""


def follow(
    conn: sqlite3.Connection, before: Session, after: Session, dated: Callable[[float], tuple[int, date]]
) -> int:
    """Move the ratings and stop signs of a session with its start and its person; return how many there are to move.

    `dated` gives local time minus UTC in seconds, and the plan's day, both at a UTC.
    """
    if (before.start_utc, before.person) == (after.start_utc, after.person):
        return 0
    followed = 0
    for table in TABLES:
        found = conn.execute(
            f"SELECT id, boot_id, mono, utc, utc_offset_s, day, estimated FROM {table} WHERE session_id = ?",  # noqa: S608
            (before.id,),
        ).fetchall()
        for record_id, boot_id, mono, utc, offset_s, day, estimated in found:
            moved = utc, offset_s, day, estimated, boot_id
            if after.start_utc is not None and after.start_utc != before.start_utc:
                since_start_s = None
                if utc is not None and before.start_utc is not None:
                    since_start_s = utc - before.start_utc
                elif boot_id == before.boot_id:
                    since_start_s = mono - before.start_mono
                if since_start_s is not None:
                    at_utc = after.start_utc + since_start_s
                    offset_now_s, day_now = dated(at_utc)
                    moved = at_utc, offset_now_s, day_now.isoformat(), after.estimated, BY_HAND
            conn.execute(
                f"UPDATE {table} SET utc = ?, utc_offset_s = ?, day = ?, estimated = ?, boot_id = ?, person = ?"  # noqa: S608
                " WHERE id = ?",
                (*moved, after.person, record_id),
            )
        followed += len(found)
    return followed


def delete(conn: sqlite3.Connection, record: Rating | StopSign) -> None:
    """Delete it for good; the diagnostics count it."""
    table, kind = ("ratings", "rating_deleted") if isinstance(record, Rating) else ("stops", "stop_deleted")
    conn.execute(f"DELETE FROM {table} WHERE id = ?", (record.id,))  # noqa: S608
    history.tally(conn, kind, record.id)
