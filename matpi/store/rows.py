"""Rows and values: what each table's columns mean. The field orders here are those of the export and do not change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, TypeVar

from matpi.core.model import (
    LOAD_MAX_KG,
    Acknowledgement,
    Calibration,
    DayRecord,
    Doubt,
    EndReason,
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

SESSION_FIELDS = (
    "id", "boot_id", "start_mono", "start_utc", "utc_offset_s", "day", "span_s", "on_mat_s", "reason", "aways",
    "routine", "edited", "deleted_utc", "deleted_why", "load_kg", "person", "doubt", "yours", "estimated",
    "counts",
)  # fmt: skip
"""`counts` is derived and not stored."""
EDIT_FIELDS = ("session_id", "n", "edited_utc", "field", "before", "after")
RATING_FIELDS = (
    "id", "boot_id", "mono", "utc", "utc_offset_s", "day", "value", "moment", "session_id", "person", "estimated",
)  # fmt: skip
STOP_FIELDS = ("id", "boot_id", "mono", "utc", "utc_offset_s", "day", "session_id", "person", "estimated")
DAY_FIELDS = ("day", "rest", "snoozed", "person")
MEMBER_FIELDS = ("id", "name", "weekly_goal", "chosen", "removed")
ANSWER_FIELDS = ("some", "utc", "cleared", "person", "cleared_utc", "earlier", "asked_again")
DIAGNOSTIC_FIELDS = ("kind", "count", "last_text")

SELECT_SESSIONS = (
    "SELECT id, boot_id, start_mono, start_utc, utc_offset_s, day, span_s, on_mat_s, reason, aways,"
    " routine, edited, deleted_utc, deleted_why, load_kg, person, doubt, yours, estimated FROM sessions ORDER BY seq"
)
SELECT_EDITS = "SELECT session_id, n, edited_utc, field, before, after FROM session_edits ORDER BY rowid"
SELECT_RATINGS = (
    "SELECT id, boot_id, mono, utc, utc_offset_s, day, value, moment, session_id, person, estimated FROM ratings"
    " ORDER BY seq"
)
SELECT_STOPS = "SELECT id, boot_id, mono, utc, utc_offset_s, day, session_id, person, estimated FROM stops ORDER BY seq"
SELECT_DAYS = "SELECT day, rest, snoozed, person FROM days ORDER BY day, person"
SELECT_MEMBERS = "SELECT id, name, weekly_goal, chosen, removed FROM people ORDER BY seq"
SELECT_ANSWERS = (
    "SELECT some, utc, cleared, person, cleared_utc, earlier, asked_again FROM acknowledgement"
    " WHERE person IS NOT NULL ORDER BY person"
)
SELECT_DIAGNOSTICS = "SELECT kind, count, last_text FROM diagnostics ORDER BY kind"

INSERT_SESSION = (
    "INSERT INTO sessions (id, boot_id, start_mono, start_utc, utc_offset_s, day, span_s, on_mat_s, reason, aways,"
    " routine, edited, deleted_utc, deleted_why, load_kg, person, doubt, yours, estimated)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_EDIT = "INSERT INTO session_edits (session_id, n, edited_utc, field, before, after) VALUES (?, ?, ?, ?, ?, ?)"
INSERT_RATING = (
    "INSERT INTO ratings (id, boot_id, mono, utc, utc_offset_s, day, value, moment, session_id, person, estimated)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_STOP = (
    "INSERT INTO stops (id, boot_id, mono, utc, utc_offset_s, day, session_id, person, estimated)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_DIAGNOSTIC = "INSERT INTO diagnostics (kind, count, last_text) VALUES (?, ?, ?)"
INSERT_DAY = "INSERT INTO days (day, rest, snoozed, person) VALUES (?, ?, ?, ?)"
INSERT_MEMBER = "INSERT INTO people (id, name, weekly_goal, chosen, removed) VALUES (?, ?, ?, ?, ?)"
INSERT_ANSWER = (
    "INSERT INTO acknowledgement (some, utc, cleared, person, cleared_utc, earlier, asked_again)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as the store keeps it: open, closed, or deleted with the trace of that."""

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


@dataclass(frozen=True, slots=True)
class Edit:
    """What one field of a session was before somebody changed it; texts as the export writes them, None: unset."""

    session_id: str
    n: int
    edited_utc: float | None = None
    field: str = ""
    before: str | None = None
    after: str | None = None

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError("edits are numbered from 1")


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something of this kind was noted, and what was said last."""

    kind: str
    count: int
    last_text: str


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who shares the mat, or did: what was theirs stays in the log."""

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
        """Raises ValueError for a name that is none."""
        return Person(self.id, self.name, weekly_goal=self.weekly_goal)


Item = StoredSession | Rating | StopSign | DayRecord


def session_values(stored: StoredSession) -> Row:
    """In the order of SESSION_FIELDS, without `counts`."""
    s = stored.session
    return (
        s.id, s.boot_id, s.start_mono, s.start_utc, s.utc_offset_s, s.day, s.span_s, s.on_mat_s, s.reason, s.aways,
        s.routine, s.edited, stored.deleted_utc, stored.deleted_why, s.load_kg, s.person, s.doubt, s.yours,
        s.estimated,
    )  # fmt: skip


def values_of(
    record: Edit | Rating | StopSign | DayRecord | Tally | Member | Acknowledgement, names: tuple[str, ...]
) -> Row:
    return tuple(getattr(record, name) for name in names)


def bound(values: Iterable[Any]) -> Row:
    """Values as SQLite takes them."""
    return tuple(
        value.isoformat() if isinstance(value, date) else _spans_text(value) if isinstance(value, tuple) else value
        for value in values
    )


def _spans_text(spans: tuple[tuple[float | None, float | None], ...]) -> str:
    import json

    return json.dumps(spans)


def text_of(value: object) -> str | None:
    """One value as the CSV export and the trace of edits write it: floats in full, days in ISO, None unset."""
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


def edit_of(row: Row) -> Edit:
    return Edit(*row)


def tally_of(row: Row) -> Tally:
    return Tally(*row)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def stored_session_of(row: Row) -> StoredSession:
    (id_, boot_id, start_mono, start_utc, offset_s, day, span_s, on_mat_s, reason, aways, routine, edited) = row[:12]
    session = Session(
        id=id_,
        boot_id=boot_id,
        start_mono=start_mono,
        span_s=span_s,
        on_mat_s=on_mat_s,
        reason=None if reason is None else EndReason(reason),
        start_utc=start_utc,
        utc_offset_s=offset_s,
        day=_day(day),
        aways=aways,
        routine=routine,
        edited=bool(edited),
        load_kg=row[14],
        person=row[15],
        doubt=None if row[16] is None else Doubt(row[16]),
        yours=None if row[17] is None else bool(row[17]),
        estimated=bool(row[18]),
    )
    return StoredSession(session, deleted_utc=row[12], deleted_why=row[13])


def rating_of(row: Row) -> Rating:
    id_, boot_id, mono, utc, offset_s, day, value, moment, session_id, person, estimated = row
    return Rating(
        id_, boot_id, mono, value, Moment(moment), session_id, utc, offset_s, _day(day), person, bool(estimated)
    )


def stop_of(row: Row) -> StopSign:
    id_, boot_id, mono, utc, offset_s, day, session_id, person, estimated = row
    return StopSign(id_, boot_id, mono, session_id, utc, offset_s, _day(day), person, bool(estimated))


def day_of(row: Row) -> DayRecord:
    return DayRecord(date.fromisoformat(row[0]), rest=bool(row[1]), snoozed=bool(row[2]), person=row[3])


def member_of(row: Row) -> Member:
    return Member(row[0], row[1], row[2], chosen=bool(row[3]), removed=bool(row[4]))


def zero_values(zero: Zero) -> Row:
    """kg_1 to kg_4, by_hand, anchor_kg. Raises ValueError unless there are 1 to 4 channels."""
    if not 1 <= len(zero.kg) <= 4:
        raise ValueError(f"a zero has 1 to 4 channels, not {len(zero.kg)}")
    return (*zero.kg, *(None,) * (4 - len(zero.kg)), zero.by_hand, zero.anchor_kg)


def zero_of(row: Row) -> Zero:
    """Raises ValueError for a zero that no cells can have."""
    kg = tuple(value for value in row[:4] if value is not None)
    if not kg or not all(abs(value) < LOAD_MAX_KG for value in kg):
        raise ValueError(f"a zero has 1 to 4 channels under {LOAD_MAX_KG:g} kg, not {kg}")
    return Zero(kg, by_hand=bool(row[4]), anchor_kg=row[5])


def acknowledgement_of(row: Row) -> Acknowledgement:
    import json

    some, utc, cleared, person, cleared_utc, earlier, asked_again = row
    spans = tuple((_seconds(since), _seconds(until)) for since, until in json.loads(earlier))
    return Acknowledgement(bool(some), utc, bool(cleared), person, cleared_utc, spans, bool(asked_again))


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)


def calibration_of(channels: list[Row]) -> Calibration:
    """`channels`: reference_counts, counts_per_kg, approximate of each."""
    return Calibration(
        tuple(row[0] for row in channels), tuple(row[1] for row in channels), any(row[2] for row in channels)
    )


def utc_of(item: Item) -> float | None:
    """Where an item stands in the log; what was said about a day stands at its end."""
    if isinstance(item, StoredSession):
        return item.session.start_utc
    if isinstance(item, DayRecord):
        # Not a date a day later: the last day of the calendar has none.
        return datetime(item.day.year, item.day.month, item.day.day, tzinfo=UTC).timestamp() + 86_400
    return item.utc


def oldest_first(records: Iterable[T], utc_of: Callable[[T], float | None]) -> tuple[T, ...]:
    """Sort records in order of arrival by wall clock; one without stays behind the one that arrived before it."""
    return merged((records,), utc_of)


def merged(tables: Iterable[Iterable[T]], utc_of: Callable[[T], float | None]) -> tuple[T, ...]:
    """`oldest_first` over several tables, each in its own order of arrival."""
    keyed = []
    for records in tables:
        last = float("-inf")
        for record in records:
            utc = utc_of(record)
            last = last if utc is None else utc
            keyed.append((last, record))
    return tuple(record for _, record in sorted(keyed, key=lambda pair: pair[0]))


def settings_texts(settings: Settings) -> dict[str, str]:
    """Each setting as the text its row keeps."""
    return {item.name: _setting_text(getattr(settings, item.name)) for item in fields(settings)}


def _setting_text(value: object) -> str:
    if isinstance(value, frozenset):
        return ",".join(str(number) for number in sorted(value))
    return text_of(value) or ""


def settings_of(texts: Mapping[str, str]) -> tuple[Settings, tuple[str, ...]]:
    """The settings, and one sentence for each stored value that is invalid; that one has its default.

    A key that this matpi does not know is left alone: a newer one may have stored it.
    """
    settings, doubts = Settings(), []
    known = {item.name for item in fields(settings)}
    for key, text in texts.items():
        if key not in known:
            continue
        default = getattr(settings, key)
        try:
            settings = replace(settings, **{key: _setting_value(default, text)})
        except ValueError as error:
            doubts.append(
                f"The stored setting `{key}` is invalid ({error}); its default {_setting_text(default)!r} is used,"
                " set it again."
            )
    return settings, tuple(doubts)


def _setting_value(default: object, text: str) -> Any:
    """`text` as a value of the default's type. Raises ValueError."""
    if isinstance(default, bool):
        if text not in {"true", "false"}:
            raise ValueError(f"{text!r} is neither true nor false")
        return text == "true"
    if isinstance(default, int):
        return int(text)
    if isinstance(default, time):
        return time.fromisoformat(text)
    if isinstance(default, frozenset):
        return frozenset(int(number) for number in text.split(",") if number)
    return text
