"""Describe each table once: its columns, a record as a row and a row as a record.

Records that the core does not have (StoredSession, Edit, Tally, Member) are here too.

To store a new kind: its record with a `key` in core/model.py, its table here, and a schema_vN.sql that makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from enum import StrEnum
from operator import attrgetter, itemgetter
from types import NoneType
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from msgspec import Struct

from matpi.core.model import (
    LOAD_MAX_KG,
    Acknowledgement,
    Calibration,
    DayRecord,
    Doubt,
    EndReason,
    Looser,
    Moment,
    Rating,
    Session,
    Settings,
    StopSign,
    Zero,
)
from matpi.core.people import Person

Row = tuple[Any, ...]
T = TypeVar("T")

# -- records -----------------------------------------------------------------------------------------------------------


class StoredSession(Struct, frozen=True):
    """A session as the store has it: open, closed, or deleted with the trace of that."""

    session: Session
    deleted_utc: float | None = None
    """None with a `deleted_why`: the clock was not trusted."""
    deleted_why: str | None = None
    """None: not deleted."""

    def __post_init__(self) -> None:
        if self.deleted_why is None and self.deleted_utc is not None:
            raise ValueError("a deleted session needs `deleted_why`")
        if self.deleted_why is not None and self.session.is_open:
            raise ValueError("an open session cannot be deleted")

    @property
    def counts(self) -> bool:
        return self.deleted_why is None and self.session.counts


class Edit(Struct, frozen=True):
    """What one field of a session was before it was changed; texts as the export writes them, None: unset."""

    session_id: str
    n: int
    edited_utc: float | None = None
    field: str = ""
    before: str | None = None
    after: str | None = None

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError("edits are numbered from 1")


class Tally(Struct, frozen=True):
    """How often a kind of event was noted, and the last text of it."""

    kind: str
    count: int
    last_text: str


class Member(Struct, frozen=True):
    """A person who shares the mat, or did: their records stay in the log."""

    id: str
    name: str
    weekly_goal: int | None = None
    chosen: bool = False
    removed: bool = False

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("a person needs an id")
        if self.chosen and self.removed:
            raise ValueError("who was removed cannot be chosen")
        self.person()

    def person(self) -> Person:
        """Return the person. Raises ValueError for an invalid name."""
        return Person(self.id, self.name, weekly_goal=self.weekly_goal)


DATE: Final = frozenset({"start_utc", "utc", "utc_offset_s", "day"})
"""What a clock fills in later: saving a record that does not know it yet leaves it as it is."""


class Table:
    """The rows of `sql` are records of the type `record`; a column is a field of it, or of its session."""

    def __init__(
        self,
        name: str,
        noun: str,
        record: type,
        columns: tuple[str, ...],
        *,
        key: tuple[str, ...] = ("id",),
        sql: str = "",
        order: str = "seq",
        where: str = "",
        unique: str = "",
        derived: tuple[str, ...] = (),
    ) -> None:
        """Describe a table named `name` in the export, and in the database unless `sql` is given.

        `columns` are in the order of the export: new ones are only ever appended. `key` fields decide whether two
        records are the same one, with the index `unique` in the database. `derived` fields are exported and not stored.
        """
        self.name, self.noun, self.record, self.columns = name, noun, record, columns
        self.key, self.sql, self.derived, self.fields = key, sql or name, derived, columns + derived
        self._unique = unique or ", ".join(key)
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        self.select = f"SELECT {names} FROM {self.sql}{where} ORDER BY {order}"  # noqa: S608  our own names
        self.insert = f"INSERT INTO {self.sql} ({names}) VALUES ({marks})"  # noqa: S608
        hints = get_type_hints(record)
        nested = get_type_hints(Session) if record is StoredSession else {}
        self._get = attrgetter(*(column if column in hints else f"session.{column}" for column in columns))
        readers = ((n, _reader(hints.get(column) or nested[column])) for n, column in enumerate(columns))
        self._readers = tuple((n, reader) for n, reader in readers if reader is not None)
        self._nested = None
        if record is StoredSession:
            places = [columns.index(name) for name in Session.__struct_fields__]
            ends = [columns.index(name) for name in StoredSession.__struct_fields__[1:]]
            self._nested = itemgetter(*places), itemgetter(*ends)

    def stored(self, record: Any) -> Row:
        """Return the record as SQLite takes it."""
        return tuple(_bound(value) for value in self._get(record))

    def exported(self, record: Any) -> Row:
        """Return the values of `fields`."""
        return (*self._get(record), *(getattr(record, name) for name in self.derived))

    def key_of(self, record: Any) -> Row:
        return tuple(_bound(getattr(getattr(record, "session", record), name)) for name in self.key)

    def record_of(self, row: Row) -> Any:
        """Return the record of a row of `select`. Raises TypeError or ValueError for one that makes none."""
        values = list(row)
        for n, read in self._readers:
            if values[n] is not None:
                values[n] = read(values[n])
        if self._nested is not None:  # by position: there are thousands of sessions
            session, deleted = self._nested
            return StoredSession(Session(*session(values)), *deleted(values))
        return self.record(**dict(zip(self.columns, values, strict=True)))

    def one(self, where: str) -> str:
        """Return the select of the rows where this holds."""
        return self.select.replace(" ORDER BY", f" WHERE {where} ORDER BY")

    def upsert(self, keep: frozenset[str] = DATE, where: str = "") -> str:
        """Return the insert that replaces the record of this key; unset values of `keep` leave what is there."""
        changed = ", ".join(
            f"{name} = " + (f"coalesce(excluded.{name}, {name})" if name in keep else f"excluded.{name}")
            for name in self.columns
            if name not in self.key
        )
        return f"{self.insert} ON CONFLICT ({self._unique}) DO UPDATE SET {changed}{where}"


def _bound(value: Any) -> Any:
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, tuple):
        import json

        return json.dumps(value)
    return value


def _spans(text: str) -> tuple[tuple[float | None, float | None], ...]:
    import json

    def seconds(value: Any) -> float | None:
        return None if value is None else float(value)

    return tuple((seconds(since), seconds(until)) for since, until in json.loads(text))


_READERS: Final[Mapping[type, Callable[[Any], Any]]] = {
    bool: bool, date: date.fromisoformat, time: time.fromisoformat, EndReason: EndReason, Doubt: Doubt, Moment: Moment
}  # fmt: skip


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    if get_origin(hint) is tuple:
        return _spans
    return next((_READERS.get(kind) for kind in get_args(hint) or (hint,) if kind is not NoneType), None)


def text_of(value: object) -> str | None:
    """Return a value as CSV export and `session_edits` have it: floats in full, days in ISO, None unset."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    return str(value)


def oldest_first(records: Iterable[T], utc_of: Callable[[T], float | None]) -> tuple[T, ...]:
    """Sort records in order of arrival by wall clock; an undated one stays behind the one before it."""
    keyed, last = [], float("-inf")
    for record in records:
        utc = utc_of(record)
        last = last if utc is None else utc
        keyed.append((last, record))
    return tuple(record for _, record in sorted(keyed, key=lambda pair: pair[0]))


_DATED = ("id", "boot_id", "mono", "utc", "utc_offset_s", "day")
_PLACE = ("zone", "day_start")

SESSIONS: Final = Table(
    "sessions",
    "session",
    StoredSession,
    ("id", "boot_id", "start_mono", "start_utc", "utc_offset_s", "day", "span_s", "on_mat_s", "reason", "aways",
     "routine", "edited", "deleted_utc", "deleted_why", "load_kg", "person", "doubt", "yours", "estimated", *_PLACE),
    derived=("counts",),
)  # fmt: skip
EDITS: Final = Table(
    "edits",
    "edit",
    Edit,
    ("session_id", "n", "edited_utc", "field", "before", "after"),
    key=("session_id", "n"),
    sql="session_edits",
    order="rowid",
)
RATINGS: Final = Table(
    "ratings", "rating", Rating, (*_DATED, "value", "moment", "session_id", "person", "estimated", *_PLACE)
)
STOPS: Final = Table("stops", "stop sign", StopSign, (*_DATED, "session_id", "person", "estimated", *_PLACE))
LOOSER: Final = Table("looser", '"looser" answer', Looser, ("session_id", "looser"), key=("session_id",))
DAYS: Final = Table(
    "days",
    "day record",
    DayRecord,
    ("day", "rest", "snoozed", "person"),
    key=("day", "person"),
    order="day, person",
    unique="day, ifnull(person, '')",
)
PEOPLE: Final = Table("people", "person", Member, ("id", "name", "weekly_goal", "chosen", "removed"))
DIAGNOSTICS: Final = Table("diagnostics", "count", Tally, ("kind", "count", "last_text"), key=("kind",), order="kind")
ANSWERS: Final = Table(
    "answers",
    "safety answer",
    Acknowledgement,
    ("some", "utc", "cleared", "person", "cleared_utc", "earlier", "asked_again"),
    key=("person",),
    sql="acknowledgement",
    where=" WHERE person IS NOT NULL",
    order="person",
    unique="ifnull(person, '')",
)

PUT: Final[Mapping[type, tuple[Table, str]]] = {
    Rating: (RATINGS, RATINGS.upsert()),
    StopSign: (STOPS, STOPS.upsert()),
    Looser: (LOOSER, LOOSER.upsert()),
    DayRecord: (DAYS, DAYS.upsert()),
    Acknowledgement: (ANSWERS, ANSWERS.upsert(keep=frozenset())),
}
"""How a record that is one row is saved; history.py has the statements of the others."""
CSV_TABLES: Final = (SESSIONS, EDITS, RATINGS, STOPS, DAYS, PEOPLE, LOOSER)
TABLES: Final = (*CSV_TABLES, DIAGNOSTICS, ANSWERS)


# -- what there is one of ----------------------------------------------------------------------------------------------

SINGLES: Final[Mapping[str, type]] = {
    "zero": Zero,
    "zero_before": Zero,
    "calibration": Calibration,
    "acknowledgement": Acknowledgement,
    "settings": Settings,
}
"""In the export, in JSON only."""
ZERO: Final = "kg_1, kg_2, kg_3, kg_4, by_hand, anchor_kg"


def zero_values(zero: Zero) -> Row:
    """Return the values of ZERO. Raises ValueError unless there are 1 to 4 channels."""
    if not 1 <= len(zero.kg) <= 4:
        raise ValueError(f"a zero has 1 to 4 channels, not {len(zero.kg)}")
    return (*zero.kg, *(None,) * (4 - len(zero.kg)), zero.by_hand, zero.anchor_kg)


def zero_of(row: Row) -> Zero:
    """Return the zero of a row. Raises ValueError for one that no cells can have."""
    kg = tuple(value for value in row[:4] if value is not None)
    if not kg or not all(abs(value) < LOAD_MAX_KG for value in kg):
        raise ValueError(f"a zero has 1 to 4 channels under {LOAD_MAX_KG:g} kg, not {kg}")
    return Zero(kg, by_hand=bool(row[4]), anchor_kg=row[5])
