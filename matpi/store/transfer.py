"""Export of everything and import of the same, as JSON or as a folder of CSV files.

Floats are written in full, so a round trip is exact, with one exception: a session that is still open comes in as
ended by a power cut at its last checkpoint. An import goes by id: what the log has already is left as it is, so
importing twice changes nothing; what contradicts the log is reported (store/clashes.py). The single things of the JSON
(zero, calibration, acknowledgement, settings) are taken where there is none yet. Whose a record is comes along
(store/arriving.py).
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from matpi.core.model import Calibration, Settings, Zero
from matpi.errors import ImportFormatError, StoreError
from matpi.store import faults, file, history, posting, rows
from matpi.store.arriving import Arriving
from matpi.store.clashes import OVERLAPS, Clashes, Fit, as_ended
from matpi.store.db import Store
from matpi.store.rows import StoredSession
from matpi.store.tables import CSV_TABLES, DAYS, FORMAT, RATINGS, SESSIONS, STOPS, TABLES, VERSION, Table, cell_of


@dataclass(frozen=True, slots=True)
class Found:
    """A record of an import and where it stands there, for the message when it does not fit."""

    table: Table
    record: Any
    where: str


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
    """New sessions of which nobody knows whose they are, where people are named."""
    differing: tuple[tuple[str, str], ...] = ()
    """Table and id of what was left out: here with other content, or of another session than the one here."""
    overlapping: tuple[tuple[str, str], ...] = ()
    """New sessions that came in as deleted, each with the one here that was on the mat at the same time."""


def export_csv(store: Store, folder: Path) -> tuple[Path, ...]:
    """Write sessions.csv, edits.csv, ratings.csv, stops.csv, days.csv and people.csv; returns their paths.

    Raises StoreError.
    """
    import csv
    import io

    with store.reading() as conn:
        lists = _lists(conn, CSV_TABLES)
    written = []
    for table, records in lists:
        text = io.StringIO(newline="")
        out = csv.writer(text)
        out.writerow(table.fields)
        out.writerows([cell_of(value) for value in table.values(record)] for record in records)
        path = folder / f"{table.name}.csv"
        write_private(path, text.getvalue().encode())
        written.append(path)
    return tuple(written)


def export_json(store: Store, target: Path | BinaryIO) -> None:
    """Write one JSON document, a record a line. Raises StoreError; for a stream also what its write raises."""
    import msgspec

    with store.reading() as conn:
        lists = _lists(conn, TABLES)
        singles = _singles(conn)
    parts = [b'"format": "%b"' % FORMAT.encode(), b'"version": %d' % VERSION]
    for table, records in lists:
        lines = [msgspec.json.encode(dict(zip(table.fields, table.values(r), strict=True))) for r in records]
        parts.append(b'"%b": [%b]' % (table.name.encode(), b"\n" + b",\n".join(lines) + b"\n" if lines else b""))
    for name, single in singles.items():
        # Deterministic, or the rest days come in any order.
        parts.append(b'"%b": %b' % (name.encode(), msgspec.json.encode(single, order="deterministic")))
    data = b"{\n" + b",\n".join(parts) + b"\n}\n"
    if isinstance(target, Path):
        write_private(target, data)
    else:
        target.write(data)


def import_csv(store: Store, folder: Path, name: str | None = None) -> Imported:
    """Read the files `export_csv` writes, as many of them as there are. `name`: whose what is nobody's becomes.

    Raises ImportFormatError naming file, line and field, with nothing imported; StoreError.
    """
    from matpi.store import incoming

    return _keep(store, incoming.from_csv(folder), {}, name)


def import_json(store: Store, source: Path | BinaryIO, name: str | None = None) -> Imported:
    """Read what `export_json` writes. `name`: whose what is nobody's becomes.

    Raises ImportFormatError naming file, line and field, with nothing imported; StoreError.
    """
    from matpi.store import incoming

    return _keep(store, *incoming.from_json(source), name)


def _lists(conn: sqlite3.Connection, tables: Iterable[Table]) -> list[tuple[Table, list[Any]]]:
    """Raises StoreError for a record that cannot be: an export without it would not be everything."""
    try:
        return [(table, [table.of_row(row) for row in conn.execute(table.select)]) for table in tables]
    except (TypeError, ValueError) as error:
        raise StoreError(f"A record in the log is invalid ({error}); correct its row by hand.") from error


def _singles(conn: sqlite3.Connection) -> dict[str, Any]:
    zeros, texts = history.zeros(conn), history.setting_texts(conn)
    return {
        "zero": zeros.get("current"),
        "zero_before": zeros.get("before"),
        "calibration": history.calibration(conn),
        "acknowledgement": history.acknowledgement(conn),
        "settings": rows.settings_of(texts)[0] if texts else None,
    }


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


def _keep(store: Store, found: Iterable[Found], singles: dict[str, Any], name: str | None) -> Imported:
    new: dict[str, int] = dict.fromkeys((table.name for table in TABLES), 0)
    known = nobodys = 0
    overlapping = []
    with store.writing() as conn:
        arriving = Arriving(conn, name)
        here = {table.name: {table.key_of(one): one for one in records} for table, records in _lists(conn, TABLES)}
        clashes = Clashes(here)
        seen: set[tuple[str, rows.Row]] = set()
        for one in arriving.booked(found):
            key, record = one.table.key_of(one.record), as_ended(one.record)
            if (one.table.name, key) in seen:
                raise ImportFormatError(f"{one.where}, field {one.table.key[-1]}: {key[-1]!r} is there twice.")
            seen.add((one.table.name, key))
            if (fit := clashes.fit(one.table, record)) is not Fit.NEW:
                known += fit is Fit.KNOWN
                continue
            if isinstance(record, StoredSession) and record.deleted_why is None:
                other = clashes.overlapped(record.session)
                if other is not None:
                    record = replace(record, deleted_why=OVERLAPS + other.id)
                    overlapping.append((record.session.id, other.id))
            _insert(conn, replace(one, record=record))
            new[one.table.name] += 1
            nobodys += isinstance(record, StoredSession) and record.session.person is None
        taken = _take(conn, singles)
        nobodys = nobodys if arriving.somebody_named() else 0
        posting.of_the_past(conn)
    return Imported(
        new[SESSIONS.name],
        new[RATINGS.name],
        new[STOPS.name],
        new[DAYS.name],
        known,
        taken,
        arriving.new_names,
        nobodys,
        tuple(clashes.differing),
        tuple(overlapping),
    )


def _insert(conn: sqlite3.Connection, one: Found) -> None:
    try:
        conn.execute(one.table.insert, rows.bound(one.table.stored(one.record)))
    except sqlite3.IntegrityError as error:
        rule = str(error).removeprefix("CHECK constraint failed: ")
        field = next((name for name in one.table.fields if re.search(rf"\b{name}\b", rule)), one.table.key[0])
        why = "there is no such session" if "FOREIGN KEY" in rule else f"out of bounds, it must be {rule}"
        raise ImportFormatError(f"{one.where}, field {field}: {why}; nothing was imported.") from error


def _take(conn: sqlite3.Connection, singles: dict[str, Any]) -> tuple[str, ...]:
    here = _singles(conn)
    taken = [name for name, single in singles.items() if single is not None and here[name] is None]
    # An undo of another zero than the current one would be wrong.
    if "zero" not in taken and "zero_before" in taken:
        taken.remove("zero_before")
    try:
        for name in taken:
            value = singles[name]
            if isinstance(value, Zero):
                history.put_zeros(conn, singles["zero"], singles.get("zero_before"))
            elif isinstance(value, Calibration):
                history.put_calibration(conn, value)
            elif isinstance(value, Settings):
                history.put_settings(conn, value)
            else:
                history.put_acknowledgement(conn, value)
    except (sqlite3.IntegrityError, OverflowError, StoreError) as error:
        raise ImportFormatError(
            f"Field {name} of the import cannot be stored ({error}); nothing was imported."
        ) from error
    return tuple(taken)
