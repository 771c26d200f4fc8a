"""The lists of an export: their fields in the order that does not change, and how a record becomes a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from matpi.core.model import Acknowledgement, Calibration, DayRecord, Rating, Settings, StopSign, Zero
from matpi.store import rows
from matpi.store.rows import Edit, Row, StoredSession, Tally

FORMAT, VERSION = "matpi", 1
"""What an exported document says of itself. A change of a field is a new version."""


@dataclass(frozen=True, slots=True)
class Table:
    """`key` fields tell whether two records are the same one; `may_be_unset` ones are empty in CSV when None."""

    name: str
    fields: tuple[str, ...]
    key: tuple[str, ...]
    may_be_unset: frozenset[str]
    type: type
    select: str
    insert: str
    of_row: Callable[[Row], Any]

    def values(self, record: Any) -> Row:
        """In the order of `fields`."""
        if isinstance(record, StoredSession):
            return rows.session_values(record)
        return rows.values_of(record, self.fields)

    def key_of(self, record: Any) -> Row:
        values = dict(zip(self.fields, self.values(record), strict=True))
        return rows.bound(values[name] for name in self.key)


SESSIONS = Table(
    name="sessions",
    fields=rows.SESSION_FIELDS,
    key=("id",),
    may_be_unset=frozenset({"start_utc", "utc_offset_s", "day", "reason", "deleted_utc", "deleted_why"}),
    type=StoredSession,
    select=rows.SELECT_SESSIONS,
    insert=rows.INSERT_SESSION,
    of_row=rows.stored_session_of,
)
EDITS = Table(
    name="edits",
    fields=rows.EDIT_FIELDS,
    key=("session_id", "n"),
    may_be_unset=frozenset({"edited_utc", "before", "after"}),
    type=Edit,
    select=rows.SELECT_EDITS,
    insert=rows.INSERT_EDIT,
    of_row=rows.edit_of,
)
RATINGS = Table(
    name="ratings",
    fields=rows.RATING_FIELDS,
    key=("id",),
    may_be_unset=frozenset({"utc", "utc_offset_s", "day", "session_id"}),
    type=Rating,
    select=rows.SELECT_RATINGS,
    insert=rows.INSERT_RATING,
    of_row=rows.rating_of,
)
STOPS = Table(
    name="stops",
    fields=rows.STOP_FIELDS,
    key=("id",),
    may_be_unset=frozenset({"utc", "utc_offset_s", "day", "session_id"}),
    type=StopSign,
    select=rows.SELECT_STOPS,
    insert=rows.INSERT_STOP,
    of_row=rows.stop_of,
)
DAYS = Table(
    name="days",
    fields=rows.DAY_FIELDS,
    key=("day",),
    may_be_unset=frozenset(),
    type=DayRecord,
    select=rows.SELECT_DAYS,
    insert=rows.INSERT_DAY,
    of_row=rows.day_of,
)
DIAGNOSTICS = Table(
    name="diagnostics",
    fields=rows.DIAGNOSTIC_FIELDS,
    key=("kind",),
    may_be_unset=frozenset(),
    type=Tally,
    select=rows.SELECT_DIAGNOSTICS,
    insert=rows.INSERT_DIAGNOSTIC,
    of_row=rows.tally_of,
)

CSV_TABLES = (SESSIONS, EDITS, RATINGS, STOPS, DAYS)
TABLES = (*CSV_TABLES, DIAGNOSTICS)

SINGLES: Mapping[str, type] = {
    "zero": Zero,
    "zero_before": Zero,
    "calibration": Calibration,
    "acknowledgement": Acknowledgement,
    "settings": Settings,
}
"""What there is one of, in JSON only."""
