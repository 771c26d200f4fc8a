"""The records that only the store has, values as text, and records in the order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any, TypeVar

from matpi.core.model import Session
from matpi.core.people import Person

Row = tuple[Any, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredSession:
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


@dataclass(frozen=True, slots=True)
class Edit:
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


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a kind of event was noted, and the last text of it."""

    kind: str
    count: int
    last_text: str


@dataclass(frozen=True, slots=True)
class Member:
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
        """Raises ValueError for a name that is none."""
        return Person(self.id, self.name, weekly_goal=self.weekly_goal)


def text_of(value: object) -> str | None:
    """Return one value as the CSV export and the trace of edits write it: floats in full, days in ISO, None unset."""
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
    """Sort records in order of arrival by wall clock; one without stays behind the one that arrived before it."""
    keyed, last = [], float("-inf")
    for record in records:
        utc = utc_of(record)
        last = last if utc is None else utc
        keyed.append((last, record))
    return tuple(record for _, record in sorted(keyed, key=lambda pair: pair[0]))
