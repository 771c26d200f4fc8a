"""Find what of an import contradicts the log it comes into: known ids with other content, two sessions at one time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from matpi.core.model import EndReason, Session
from matpi.store.tables import DATE, DIAGNOSTICS, EDITS, PEOPLE, SESSIONS, Row, StoredSession, Table

LATER = DATE | {"person"}
"""Fields that a record gets after it was stored: unset in the import, they contradict nothing; nor do those of its
date, where the import's are estimated."""


OVERLAPS = "overlaps "
"""How the reason begins for which a session came in as deleted; the id of the other one follows."""


class Fit(Enum):
    """How a record of an import fits into the log."""

    NEW = "not here"
    KNOWN = "here, with the same content"
    OTHER = "here with other content, or said of another session than the one here"


class Clashes:
    """Compare the records of one import with `here`, table name -> key -> record, as it was before the import.

    Sessions must be asked about before what was said of them. An overlap within one import is of the log it comes from,
    as a wrong clock may have made it, and is no clash.
    """

    def __init__(self, here: Mapping[str, Mapping[Row, Any]]) -> None:
        self._here = here
        self._others: set[str] = set()
        """Ids that are of another session in the import than here."""
        stored = [entry.session for entry in here[SESSIONS.name].values() if entry.deleted_why is None]
        self._on_mat = sorted((s for s in stored if s.start_utc is not None), key=lambda s: s.start_utc or 0.0)
        self._longest_s = max((s.span_s for s in self._on_mat), default=0.0)
        self.differing: dict[tuple[str, str], None] = {}
        """Table and key of what is here with other content, or belongs to another session than the one here."""

    def fit(self, table: Table, record: Any) -> Fit:
        """Return how the record fits into the log, and note one that is left out in `differing`."""
        key = table.key_of(record)
        here = self._here[table.name].get(key)
        if table is EDITS and (session := self._here[SESSIONS.name].get(key[:1])) is not None:
            # The trace of edits comes with its session or not at all.
            return Fit.KNOWN if record == here else self._other(SESSIONS, session)
        if getattr(record, "session_id", None) in self._others:
            return self._other(table, record)
        if here is None:
            return Fit.NEW
        if isinstance(record, StoredSession) and _is_another(here.session, record.session):
            self._others.add(record.session.id)
        return Fit.KNOWN if _is_same(table, here, record) else self._other(table, record)

    def overlapped(self, session: Session) -> Session | None:
        """Return a session here that was on the mat at the same time, None when there is none."""
        if session.start_utc is None:
            return None
        first = bisect_left(self._on_mat, session.start_utc - self._longest_s, key=lambda s: s.start_utc or 0.0)
        return _first_overlapped(session, self._on_mat[first:])

    def _other(self, table: Table, record: Any) -> Fit:
        name = table.name, " ".join(str(part) for part in table.key_of(record) if part is not None)
        self.differing[name] = None
        return Fit.OTHER


def _first_overlapped(session: Session, later: Sequence[Session]) -> Session | None:
    for other in later:
        if (other.start_utc or 0.0) > (session.end_utc or 0.0):
            return None
        if session.overlaps(other):
            return other
    return None


def as_ended(record: Any) -> Any:
    """Close a session that is open in an import: it cannot go on here, and must not end the one that does."""
    if isinstance(record, StoredSession) and record.session.is_open:
        return replace(record, session=record.session.closed(EndReason.POWER_LOST))
    return record


def _is_same(table: Table, here: Any, record: Any) -> bool:
    if table is DIAGNOSTICS:
        return True  # counted by each device for itself
    if table is PEOPLE:
        return bool(here.name == record.name)  # the rest changes with every choice in the menu
    if isinstance(here, StoredSession) and (here.deleted_why or "").startswith(OVERLAPS) and not record.deleted_why:
        here = replace(here, deleted_why=None)
    pairs = zip(table.fields, table.exported(here), table.exported(record), strict=True)
    estimated = getattr(record.session if isinstance(record, StoredSession) else record, "estimated", False)
    return all(
        mine == other or (other is None and name in LATER) or (estimated and name in DATE | {"estimated"})
        for name, mine, other in pairs
    )


def _is_another(here: Session, there: Session) -> bool:
    """Whether not only an edit by hand makes them differ: what was said of the one was not said of the other."""
    if (here.boot_id, here.start_mono) != (there.boot_id, there.start_mono):
        return True
    dated = None not in {here.start_utc, there.start_utc} and not (here.estimated or there.estimated)
    moved = dated and here.start_utc != there.start_utc
    unlike = (here.span_s, here.on_mat_s) != (there.span_s, there.on_mat_s)
    return (moved or unlike) and not (here.edited or there.edited or here.is_open)
