"""Whose the records of an import are in the log they come into.

A name means the same person everywhere. A name that is new here comes along as it was, into a log where nobody is named
and nothing happened yet; into any other as somebody who is not here now, so that nobody's menu grows by an import.
What is nobody's becomes his or hers who is named by hand, or who is the only one here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from matpi.core.model import Acknowledgement, DayRecord, Rating, StopSign
from matpi.core.people import PEOPLE_MAX
from matpi.store import history, members
from matpi.store.rows import Member, StoredSession

if TYPE_CHECKING:
    from matpi.store.transfer import Found


class Arriving:
    """Runs inside the transaction of the import. `name`: whose what is nobody's becomes, None: see above."""

    def __init__(self, conn: sqlite3.Connection, name: str | None) -> None:
        self._conn = conn
        self._name = name
        self._here: dict[str, str] = {}
        """The id here of an id there."""
        self._nobodys: str | None = None
        (unnamed,) = conn.execute("SELECT count(*) FROM sessions WHERE person IS NULL").fetchone()
        self._as_they_were = not unnamed and not self.somebody_named()
        self.new_names: tuple[str, ...] = ()

    def somebody_named(self) -> bool:
        return any(not member.removed for member in history.members(self._conn))

    def booked(self, found: Iterable[Found]) -> Iterator[Found]:
        """People first, then what is theirs. Each must be stored before the next one is asked for.

        Raises UsageError when `name` is nobody's.
        """
        all_found = list(found)
        for one in all_found:
            if isinstance(one.record, Member):
                yield from self._arrived(one)
        self._nobodys = self._owner_of_the_rest()
        for one in all_found:
            if not isinstance(one.record, Member):
                yield replace(one, record=self._with_owner(one.record))

    def _arrived(self, one: Found) -> Iterator[Found]:
        known = history.members(self._conn)
        member: Member = one.record
        same = next((other for other in known if other.id == member.id), None)
        same = same or next((other for other in known if other.name.casefold() == member.name.casefold()), None)
        if same is not None and same.id != member.id:
            self._here[member.id] = same.id
            return
        if same is None:
            self.new_names += (member.name,)
            here = [other for other in known if not other.removed]
            if not self._as_they_were or len(here) >= PEOPLE_MAX:
                member = replace(member, removed=True, chosen=False)
            member = replace(member, chosen=member.chosen and not any(other.chosen for other in here))
        yield replace(one, record=member)

    def _owner_of_the_rest(self) -> str | None:
        if self._name is not None:
            return members.owner_of(self._conn, self._name)
        here = [member.id for member in history.members(self._conn) if not member.removed]
        return here[0] if len(here) == 1 else None

    def _with_owner(self, record: Any) -> Any:
        match record:
            case StoredSession(session):
                return replace(record, session=replace(session, person=self._owner(session.person)))
            case Rating() | StopSign() | DayRecord() | Acknowledgement():
                return replace(record, person=self._owner(record.person))
            case _:
                return record

    def _owner(self, person: str | None) -> str | None:
        return self._nobodys if person is None else self._here.get(person, person)
