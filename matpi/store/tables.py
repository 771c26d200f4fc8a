"""The lists of an export: their fields in the order that does not change, and how a record becomes a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from matpi.core.model import Acknowledgement, Calibration, DayRecord, Rating, Settings, StopSign, Zero
from matpi.store import rows
from matpi.store.rows import Edit, Member, Row, StoredSession, Tally

FORMAT, VERSION = "matpi", 4
"""What an exported document says of itself. A change of a field is a new version."""
VERSIONS_READ = (1, 2, 3, 4)
"""1: before several people; its records have no `person`, its sessions no `load_kg`. Up to 2 the `utc` of a cleared
answer to the safety pages is when it was cleared, and earlier answers are not stored. Up to 3 sessions have no
`doubt`, `yours` and `counts`, nothing has `estimated`, and a zero has a `noise_kg`."""


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
    earlier: tuple[int, ...] = ()
    """How many of the fields earlier versions had: new ones are only ever appended."""

    def values(self, record: Any) -> Row:
        """In the order of `fields`."""
        return (*self.stored(record), record.counts) if isinstance(record, StoredSession) else self.stored(record)

    def stored(self, record: Any) -> Row:
        """In the order of `insert`."""
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
    may_be_unset=frozenset({"start_utc", "utc_offset_s", "day", "reason", *rows.SESSION_FIELDS[12:]}),
    type=StoredSession,
    select=rows.SELECT_SESSIONS,
    insert=rows.INSERT_SESSION,
    of_row=rows.stored_session_of,
    earlier=(14, 16),
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
    may_be_unset=frozenset({"utc", "utc_offset_s", "day", "session_id", "person", "estimated"}),
    type=Rating,
    select=rows.SELECT_RATINGS,
    insert=rows.INSERT_RATING,
    of_row=rows.rating_of,
    earlier=(9, 10),
)
STOPS = Table(
    name="stops",
    fields=rows.STOP_FIELDS,
    key=("id",),
    may_be_unset=frozenset({"utc", "utc_offset_s", "day", "session_id", "person", "estimated"}),
    type=StopSign,
    select=rows.SELECT_STOPS,
    insert=rows.INSERT_STOP,
    of_row=rows.stop_of,
    earlier=(7, 8),
)
DAYS = Table(
    name="days",
    fields=rows.DAY_FIELDS,
    key=("day", "person"),
    may_be_unset=frozenset({"person"}),
    type=DayRecord,
    select=rows.SELECT_DAYS,
    insert=rows.INSERT_DAY,
    of_row=rows.day_of,
    earlier=(3,),
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

PEOPLE = Table(
    name="people",
    fields=rows.MEMBER_FIELDS,
    key=("id",),
    may_be_unset=frozenset({"weekly_goal"}),
    type=Member,
    select=rows.SELECT_MEMBERS,
    insert=rows.INSERT_MEMBER,
    of_row=rows.member_of,
)
ANSWERS = Table(
    name="answers",
    fields=rows.ANSWER_FIELDS,
    key=("person",),
    may_be_unset=frozenset({"utc", "cleared_utc"}),
    type=Acknowledgement,
    select=rows.SELECT_ANSWERS,
    insert=rows.INSERT_ANSWER,
    of_row=rows.acknowledgement_of,
)

GUARD = "'"
"""Before a text of a CSV that a spreadsheet would take for a formula, and before one that begins with it."""
CSV_TABLES = (SESSIONS, EDITS, RATINGS, STOPS, DAYS, PEOPLE)
TABLES = (*CSV_TABLES, DIAGNOSTICS, ANSWERS)


def cell_of(value: object) -> str | None:
    """Return what a CSV holds of a value."""
    text = rows.text_of(value)
    if not isinstance(value, str) or text is None or not text.startswith(("=", "+", "-", "@", "\t", "\r", GUARD)):
        return text
    try:
        float(text)
    except ValueError:
        return GUARD + text
    return text


SINGLES: Mapping[str, type] = {
    "zero": Zero,
    "zero_before": Zero,
    "calibration": Calibration,
    "acknowledgement": Acknowledgement,
    "settings": Settings,
}
"""What there is one of, in JSON only."""
