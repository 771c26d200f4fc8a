"""Export everything, and import it into another log.

JSON goes both ways, CSV is for spreadsheets and goes out only. Floats are written in full, so a round trip is exact,
with one exception: a session that is still open comes in as ended by a power cut at its last checkpoint. An import goes
by id: what the log has already stays as it is, so importing twice changes nothing; what contradicts the log is reported
(clashes.py). What there is one of (zero, calibration, acknowledgement, settings) is taken where there is none yet.

A name means the same person in both logs. A name that is new here comes along as it was into a log where no person is
named and nothing has happened yet; into any other as a person who is not here now, so that no menu grows by an import.
What belongs to no person becomes that of the person named by hand, or of the only one here.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from matpi.core.model import Acknowledgement, Calibration, Settings, Zero
from matpi.core.people import PEOPLE_MAX
from matpi.errors import ImportFormatError, StoreError
from matpi.store import faults, file, history, members, outbox
from matpi.store.clashes import OVERLAPS, Clashes, Fit, as_ended
from matpi.store.db import Store
from matpi.store.settings import settings_of
from matpi.store.tables import (
    CSV_TABLES,
    DAYS,
    RATINGS,
    SESSIONS,
    STOPS,
    TABLES,
    Member,
    Row,
    StoredSession,
    Table,
    text_of,
)

if TYPE_CHECKING:
    from matpi.store.incoming import Document, Found

GUARD: Final = "'"
"""Before a text of a CSV that a spreadsheet would take for a formula, and before one that begins with it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many records were new, how many were there already, and which single things were taken."""

    sessions: int
    ratings: int
    stops: int
    days: int
    known: int
    taken: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    """Names that were new."""
    nobodys: int = 0
    """New sessions that belong to no person, where people are named."""
    differing: tuple[tuple[str, str], ...] = ()
    """Table and id of what was left out: here with other content, or of another session than the one here."""
    overlapping: tuple[tuple[str, str], ...] = ()
    """New sessions that came in as deleted, each with the one here that was on the mat at the same time."""


# -- out ---------------------------------------------------------------------------------------------------------------


def export_csv(store: Store, folder: Path) -> tuple[Path, ...]:
    """Write one file a table of CSV_TABLES; returns their paths. Raises StoreError."""
    import csv
    import io

    with store.reading() as conn:
        lists = _lists(conn, CSV_TABLES)
    written = []
    for table, records in lists:
        text = io.StringIO(newline="")
        out = csv.writer(text)
        out.writerow(table.fields)
        out.writerows([_cell(value) for value in table.exported(record)] for record in records)
        path = folder / f"{table.name}.csv"
        write_private(path, text.getvalue().encode())
        written.append(path)
    return tuple(written)


def export_json(store: Store, target: Path | BinaryIO) -> None:
    """Write one JSON document, a record a line. Raises StoreError; for a stream also what its write raises."""
    import msgspec

    from matpi.store.incoming import FORMAT, VERSION

    with store.reading() as conn:
        lists = _lists(conn, TABLES)
        singles = _singles(conn)
    parts = [b'"format": "%b"' % FORMAT.encode(), b'"version": %d' % VERSION]
    for table, records in lists:
        lines = [msgspec.json.encode(dict(zip(table.fields, table.exported(r), strict=True))) for r in records]
        parts.append(b'"%b": [%b]' % (table.name.encode(), b"\n" + b",\n".join(lines) + b"\n" if lines else b""))
    for name, single in singles.items():
        # Deterministic, or the rest days come in any order.
        parts.append(b'"%b": %b' % (name.encode(), msgspec.json.encode(single, order="deterministic")))
    data = b"{\n" + b",\n".join(parts) + b"\n}\n"
    if isinstance(target, Path):
        write_private(target, data)
    else:
        target.write(data)


def _lists(conn: sqlite3.Connection, tables: Iterable[Table]) -> list[tuple[Table, list[Any]]]:
    """Raises StoreError for a record that cannot be: an export without it would not be everything."""
    try:
        return [(table, [table.record_of(row) for row in conn.execute(table.select)]) for table in tables]
    except (TypeError, ValueError) as error:
        raise StoreError(f"A record in the log is invalid ({error}); correct its row by hand.") from error


def _singles(conn: sqlite3.Connection) -> dict[str, Any]:
    zeros, texts = history.zeros(conn), history.setting_texts(conn)
    return {
        "zero": zeros.get("current"),
        "zero_before": zeros.get("before"),
        "calibration": history.calibration(conn),
        "acknowledgement": history.acknowledgement(conn),
        "settings": settings_of(texts)[0] if texts else None,
    }


def _cell(value: object) -> str | None:
    text = text_of(value)
    if not isinstance(value, str) or text is None or not text.startswith(("=", "+", "-", "@", "\t", "\r", GUARD)):
        return text
    try:
        float(text)
    except ValueError:
        return GUARD + text
    return text


def write_private(path: Path, data: bytes, what: str = "export") -> None:
    """Write a new file that its owner alone may read, whole or not at all; that is the folder's when root writes it.

    Raises StoreError.
    """
    # Beside it and then renamed: an export that breaks off leaves the one before.
    part = path.with_name(path.name + ".part")
    try:
        file.make_folder(path.parent)
        try:
            part.unlink(missing_ok=True)
            with open(part, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
                file.give_to_owner(out.fileno(), path.parent)
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise faults.of_os(error, path, f"write the {what}", log=False) from error


# -- in ----------------------------------------------------------------------------------------------------------------


def take(store: Store, document: Document, name: str | None = None) -> Imported:
    """Take a document into the log. `name`: the person whose what belongs to none becomes.

    Raises ImportFormatError naming file, line and field, with nothing imported; UsageError, StoreError.
    """
    new: dict[str, int] = dict.fromkeys((table.name for table in TABLES), 0)
    known = nobodys = 0
    overlapping = []
    with store.writing() as conn:
        owners = Owners(conn, name)
        here = {table.name: {table.key_of(one): one for one in records} for table, records in _lists(conn, TABLES)}
        clashes = Clashes(here)
        seen: set[tuple[str, Row]] = set()
        for one in owners.given(document.found):
            key, record = one.table.key_of(one.record), as_ended(one.record)
            if (one.table.name, key) in seen:
                raise ImportFormatError(f"{one.where}, field {one.table.key[-1]}: {key[-1]!r} is there twice.")
            seen.add((one.table.name, key))
            if (fit := clashes.fit(one.table, record)) is not Fit.NEW:
                known += fit is Fit.KNOWN
                continue
            if isinstance(record, StoredSession):
                if record.deleted_why is None and (other := clashes.overlapped(record.session)) is not None:
                    record = replace(record, deleted_why=OVERLAPS + other.id)
                    overlapping.append((record.session.id, other.id))
                nobodys += record.session.person is None
            _insert(conn, replace(one, record=record))
            new[one.table.name] += 1
        taken = _take_singles(conn, document.singles)
        nobodys = nobodys if owners.are_named() else 0
        outbox.of_the_past(conn)
    sessions, ratings, stops, days = (new[table.name] for table in (SESSIONS, RATINGS, STOPS, DAYS))
    left_out, names = tuple(clashes.differing), owners.new_names
    return Imported(sessions, ratings, stops, days, known, taken, names, nobodys, left_out, tuple(overlapping))


def _insert(conn: sqlite3.Connection, one: Found) -> None:
    try:
        conn.execute(one.table.insert, one.table.stored(one.record))
    except sqlite3.IntegrityError as error:
        rule = str(error).removeprefix("CHECK constraint failed: ")
        field = next((name for name in one.table.fields if re.search(rf"\b{name}\b", rule)), one.table.key[0])
        why = "there is no such session" if "FOREIGN KEY" in rule else f"out of bounds, it must be {rule}"
        raise ImportFormatError(f"{one.where}, field {field}: {why}; nothing was imported.") from error


def _take_singles(conn: sqlite3.Connection, singles: dict[str, Any]) -> tuple[str, ...]:
    here = _singles(conn)
    taken = [name for name, single in singles.items() if single is not None and here[name] is None]
    # An undo of another zero than the current one would be wrong.
    if "zero" not in taken and "zero_before" in taken:
        taken.remove("zero_before")
    try:
        for name in taken:
            match singles[name]:
                case Zero():
                    history.put_zeros(conn, singles["zero"], singles.get("zero_before"))
                case Calibration() as calibration:
                    history.put_calibration(conn, calibration)
                case Settings() | Acknowledgement() as record:
                    history.put(conn, record)
    except (sqlite3.IntegrityError, OverflowError, StoreError) as error:
        raise ImportFormatError(
            f"Field {name} of the import cannot be stored ({error}); nothing was imported."
        ) from error
    return tuple(taken)


class Owners:
    """Whose the records of an import are here. Runs inside its transaction; `name` as in `take`."""

    def __init__(self, conn: sqlite3.Connection, name: str | None) -> None:
        self._conn = conn
        self._name = name
        self._here: dict[str, str] = {}
        """The id here of an id there."""
        self._nobodys: str | None = None
        (unnamed,) = conn.execute("SELECT count(*) FROM sessions WHERE person IS NULL").fetchone()
        self._as_they_were = not unnamed and not self.are_named()
        self.new_names: tuple[str, ...] = ()

    def are_named(self) -> bool:
        return any(not member.removed for member in history.members(self._conn))

    def given(self, found: Iterable[Found]) -> Iterator[Found]:
        """Yield people first, then what is theirs. Each must be stored before the next one is asked for.

        Raises UsageError when `name` is of no person.
        """
        all_found = list(found)
        for one in all_found:
            if isinstance(one.record, Member) and (member := self._arrived(one.record)) is not None:
                yield replace(one, record=member)
        here = [member.id for member in history.members(self._conn) if not member.removed]
        self._nobodys = here[0] if len(here) == 1 else None
        if self._name is not None:
            self._nobodys = members.owner_of(self._conn, self._name)
        for one in all_found:
            if not isinstance(one.record, Member):
                yield replace(one, record=self._with_owner(one.table, one.record))

    def _arrived(self, member: Member) -> Member | None:
        """Return the member as it comes in; None for one who is here under another id."""
        known = history.members(self._conn)
        same = next((other for other in known if other.id == member.id), None)
        same = same or next((other for other in known if other.name.casefold() == member.name.casefold()), None)
        if same is not None and same.id != member.id:
            self._here[member.id] = same.id
            return None
        if same is not None:
            return member
        self.new_names += (member.name,)
        here = [other for other in known if not other.removed]
        if not self._as_they_were or len(here) >= PEOPLE_MAX:
            member = replace(member, removed=True, chosen=False)
        return replace(member, chosen=member.chosen and not any(other.chosen for other in here))

    def _with_owner(self, table: Table, record: Any) -> Any:
        if isinstance(record, StoredSession):
            return replace(record, session=replace(record.session, person=self._owner(record.session.person)))
        return replace(record, person=self._owner(record.person)) if "person" in table.columns else record

    def _owner(self, person: str | None) -> str | None:
        return self._nobodys if person is None else self._here.get(person, person)
