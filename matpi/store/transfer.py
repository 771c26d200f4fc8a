"""Export everything, and import it into another log.

JSON goes both ways, CSV is for spreadsheets and goes out only. Floats are written in full, so a round trip is exact,
with one exception: a session that is still open comes in as ended by a power cut at its last checkpoint. An import goes
by id: what the log has already stays as it is, so importing twice changes nothing; what contradicts the log is reported
(Clashes). What there is one of is taken where there is none yet, settings also where nothing has happened yet.

A name means the same person in both logs. A name that is new here comes along as it was into a log where no person is
named and nothing has happened yet; into any other as a person who is not here now, so that no menu grows by an import.
What belongs to no person becomes that of the person named by hand, or of the only one here.
"""

from __future__ import annotations

import re
import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from msgspec import Struct
from msgspec.structs import replace

from matpi.core.model import Acknowledgement, Calibration, EndReason, Session, Settings, Zero
from matpi.core.people import PEOPLE_MAX
from matpi.errors import ImportFormatError, StoreError
from matpi.store import history, members, outbox, tables
from matpi.store.atomic import write_private
from matpi.store.db import Store
from matpi.store.settings import settings_of
from matpi.store.tables import SESSIONS, TABLES, Member, Row, StoredSession, Table, text_of

if TYPE_CHECKING:
    from matpi.store.incoming import Document, Found

GUARD: Final = "'"
"""Before a text of a CSV that a spreadsheet would take for a formula, and before one that begins with it."""
_LATER: Final = tables.DATE | {"person"}
"""Fields that a record gets after it was stored: unset in the import, they contradict nothing; nor do those of its
date, where the import's are estimated."""
OVERLAPS: Final = "overlaps "
"""How the reason begins for which a session came in as deleted; the id of the other one follows."""


class Imported(Struct, frozen=True):
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
    looser: int = 0


# -- out ---------------------------------------------------------------------------------------------------------------


def export_csv(store: Store, folder: Path) -> tuple[Path, ...]:
    """Write one file a table of CSV_TABLES; return their paths. Raises StoreError."""
    with store.reading() as conn:
        lists = _lists(conn, tables.CSV_TABLES)
    files = {folder / f"{table.name}.csv": _csv(table, records) for table, records in lists}
    for path, data in files.items():
        write_private(path, data)
    return tuple(files)


def export_table(store: Store, table: Table) -> bytes:
    """Return one table as CSV. Raises StoreError."""
    with store.reading() as conn:
        [(_, records)] = _lists(conn, [table])
    return _csv(table, records)


def _csv(table: Table, records: list[Any]) -> bytes:
    import csv
    import io

    text = io.StringIO(newline="")
    out = csv.writer(text)
    out.writerow(table.fields)
    out.writerows([_cell(value) for value in table.exported(record)] for record in records)
    return text.getvalue().encode()


def export_json(store: Store, target: Path | BinaryIO) -> None:
    """Write one JSON document, a record a line. Raises StoreError, and what the stream raises."""
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


def _lists(conn: sqlite3.Connection, which: Iterable[Table]) -> list[tuple[Table, list[Any]]]:
    """Return all records. Raises StoreError for an invalid one: an export without it is not complete."""
    try:
        return [(table, [table.record_of(row) for row in conn.execute(table.select)]) for table in which]
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


# -- in ----------------------------------------------------------------------------------------------------------------


def take(store: Store, document: Document, name: str | None = None) -> Imported:
    """Import a document. `name`: the person who gets what belongs to none.

    Raises ImportFormatError naming file, line and field, with nothing imported; UsageError, StoreError.
    """
    new: Counter[str] = Counter()
    known = nobodys = 0
    overlapping = []
    with store.writing() as conn:
        owners = Owners(conn, name)
        here = {table.name: {table.key_of(one): one for one in records} for table, records in _lists(conn, TABLES)}
        clashes = Clashes(here)
        seen: set[tuple[str, Row]] = set()
        for one in owners.given(document.found):
            key, record = one.table.key_of(one.record), _ended(one.record)
            if (one.table.name, key) in seen:
                raise ImportFormatError(f"{one.where}, field {one.table.key[-1]}: {key[-1]!r} is there twice.")
            seen.add((one.table.name, key))
            if (fit := clashes.fit(one.table, record)) is not _Fit.NEW:
                known += fit is _Fit.KNOWN
                continue
            if isinstance(record, StoredSession):
                if record.deleted_why is None and (other := clashes.overlapped(record.session)) is not None:
                    record = replace(record, deleted_why=OVERLAPS + other.id)
                    overlapping.append((record.session.id, other.id))
                nobodys += record.session.person is None
            _insert(conn, replace(one, record=record))
            new[one.table.name] += 1
        taken = _take_singles(conn, document.singles, empty=not any(here.values()))
        nobodys = nobodys if owners.are_named() else 0
        outbox.of_the_past(conn)
    return Imported(
        **{name: new[name] for name in ("sessions", "ratings", "stops", "days", "looser")},
        known=known,
        taken=taken,
        people=owners.new_names,
        nobodys=nobodys,
        differing=tuple(clashes.differing),
        overlapping=tuple(overlapping),
    )


def _ended(record: Any) -> Any:
    """Close a session that is open in an import: it cannot go on here, and must not end the one that does."""
    if isinstance(record, StoredSession) and record.session.is_open:
        return replace(record, session=record.session.closed(EndReason.POWER_LOST))
    return record


def _insert(conn: sqlite3.Connection, one: Found) -> None:
    try:
        conn.execute(one.table.insert, one.table.stored(one.record))
    except sqlite3.IntegrityError as error:
        rule = str(error).removeprefix("CHECK constraint failed: ")
        field = next((name for name in one.table.fields if re.search(rf"\b{name}\b", rule)), one.table.key[0])
        why = "there is no such session" if "FOREIGN KEY" in rule else f"out of bounds, it must be {rule}"
        raise ImportFormatError(f"{one.where}, field {field}: {why}; nothing was imported.") from error


def _take_singles(conn: sqlite3.Connection, singles: dict[str, Any], *, empty: bool) -> tuple[str, ...]:
    here = _singles(conn)
    if empty and here["acknowledgement"] is None:
        here["settings"] = None  # those that a new device has begun with
    taken = [name for name, single in singles.items() if single is not None and here[name] is None]
    if "zero" not in taken and "zero_before" in taken:
        taken.remove("zero_before")  # an undo of another zero than the current one would be wrong
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
        why = f"Field {name} of the import cannot be stored ({error}); nothing was imported."
        raise ImportFormatError(why) from error
    return tuple(taken)


class Owners:
    """Find the owner here of each record of an import. Runs inside its transaction; `name` as in `take`."""

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
        return bool(members.here(self._conn))

    def given(self, found: Sequence[Found]) -> Iterator[Found]:
        """Yield people first, then what is theirs. Each must be stored before the next one is asked for.

        Raises UsageError when `name` is of no person.
        """
        for one in found:
            if isinstance(one.record, Member) and (member := self._arrived(one.record)) is not None:
                yield replace(one, record=member)
        here = members.here(self._conn)
        self._nobodys = here[0].id if len(here) == 1 else None
        if self._name is not None:
            self._nobodys = members.owner_of(self._conn, self._name)
        for one in found:
            if not isinstance(one.record, Member):
                yield replace(one, record=self._with_owner(one.table, one.record))

    def _arrived(self, member: Member) -> Member | None:
        """Return the member as it comes in; None for one who is here under another id."""
        known = history.members(self._conn)
        same = next((other for other in known if other.id == member.id), None) or members.find(known, member.name)
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


# -- what contradicts the log ------------------------------------------------------------------------------------------


class _Fit(Enum):
    """How a record of an import fits into the log."""

    NEW = "not here"
    KNOWN = "here, with the same content"
    OTHER = "here with other content, or said of another session than the one here"


class Clashes:
    """Compare an import with `here`, table name -> key -> record, as the log was before.

    Sessions must be asked about before what was said of them. An overlap within one import is of the log it comes from,
    as a wrong clock may have made it, and is no clash.
    """

    def __init__(self, here: Mapping[str, Mapping[Row, Any]]) -> None:
        self._here = here
        self._others: set[str] = set()
        """Ids that are of another session in the import than here."""
        stored = [entry.session for entry in here[SESSIONS.name].values() if entry.deleted_why is None]
        self._on_mat = sorted((s for s in stored if s.start_utc is not None), key=_start)
        self._longest_s = max((s.span_s for s in self._on_mat), default=0.0)
        self.differing: dict[tuple[str, str], None] = {}
        """Table and key of what is here with other content, or belongs to another session than the one here."""

    def fit(self, table: Table, record: Any) -> _Fit:
        """Return how the record fits into the log, and note one that is left out in `differing`."""
        key = table.key_of(record)
        here = self._here[table.name].get(key)
        if table is tables.EDITS and (session := self._here[SESSIONS.name].get(key[:1])) is not None:
            # The trace of edits comes with its session or not at all.
            return _Fit.KNOWN if record == here else self._other(SESSIONS, session)
        if getattr(record, "session_id", None) in self._others:
            return self._other(table, record)
        if here is None:
            return _Fit.NEW
        if isinstance(record, StoredSession) and _is_another(here.session, record.session):
            self._others.add(record.session.id)
        return _Fit.KNOWN if _is_same(table, here, record) else self._other(table, record)

    def overlapped(self, session: Session) -> Session | None:
        """Return a session here that was on the mat at the same time, None when there is none."""
        if session.start_utc is None:
            return None
        first = bisect_left(self._on_mat, session.start_utc - self._longest_s, key=_start)
        later = takewhile(lambda other: _start(other) <= (session.end_utc or 0.0), self._on_mat[first:])
        return next((other for other in later if session.overlaps(other)), None)

    def _other(self, table: Table, record: Any) -> _Fit:
        name = table.name, " ".join(str(part) for part in table.key_of(record) if part is not None)
        self.differing[name] = None
        return _Fit.OTHER


def _start(session: Session) -> float:
    return session.start_utc or 0.0


def _is_same(table: Table, here: Any, record: Any) -> bool:
    if table is tables.DIAGNOSTICS:
        return True  # counted by each device for itself
    if table is tables.PEOPLE:
        return bool(here.name == record.name)  # the rest changes with every choice in the menu
    if isinstance(here, StoredSession) and (here.deleted_why or "").startswith(OVERLAPS) and not record.deleted_why:
        here = replace(here, deleted_why=None)
    pairs = zip(table.fields, table.exported(here), table.exported(record), strict=True)
    estimated = getattr(record.session if isinstance(record, StoredSession) else record, "estimated", False)
    return all(
        mine == other or (other is None and name in _LATER) or (estimated and name in tables.DATE | {"estimated"})
        for name, mine, other in pairs
    )


def _is_another(here: Session, there: Session) -> bool:
    """Return whether more than an edit makes them differ: ratings of the one are not about the other."""
    if (here.boot_id, here.start_mono) != (there.boot_id, there.start_mono):
        return True
    dated = None not in {here.start_utc, there.start_utc} and not (here.estimated or there.estimated)
    moved = dated and here.start_utc != there.start_utc
    unlike = (here.span_s, here.on_mat_s) != (there.span_s, there.on_mat_s)
    return (moved or unlike) and not (here.edited or there.edited or here.is_open)
