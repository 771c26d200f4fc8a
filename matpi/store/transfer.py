"""Export of everything and import of the same, as JSON or as a folder of CSV files.

Floats are written in full, so a round trip is exact, with one exception: a session that is still open comes in as
ended by a power cut at its last checkpoint. An import goes by id: what the log has already is left as it is, so
importing twice changes nothing. The single things of the JSON (zero, calibration, acknowledgement, settings) are
taken where there is none yet. Whose a record is comes along (store/arriving.py).
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from matpi.core.model import Calibration, EndReason, Settings, Zero
from matpi.errors import ImportFormatError, StoreError
from matpi.store import faults, history, posting, rows
from matpi.store.arriving import Arriving
from matpi.store.db import Store
from matpi.store.rows import StoredSession
from matpi.store.tables import CSV_TABLES, DAYS, EDITS, FORMAT, RATINGS, SESSIONS, STOPS, TABLES, VERSION, Table


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
        out.writerows([rows.text_of(value) for value in table.values(record)] for record in records)
        path = folder / f"{table.name}.csv"
        _write(path, text.getvalue().encode())
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
        _write(target, data)
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
    return [(table, [table.of_row(row) for row in conn.execute(table.select)]) for table in tables]


def _singles(conn: sqlite3.Connection) -> dict[str, Any]:
    zeros, texts = history.zeros(conn), history.setting_texts(conn)
    return {
        "zero": zeros.get("current"),
        "zero_before": zeros.get("before"),
        "calibration": history.calibration(conn),
        "acknowledgement": history.acknowledgement(conn),
        "settings": rows.settings_of(texts)[0] if texts else None,
    }


def _write(path: Path, data: bytes) -> None:
    # Beside it and then renamed: an export that breaks off leaves the one before.
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise faults.of_os(error, path, "write the export", log=False) from error


def _keep(store: Store, found: Iterable[Found], singles: dict[str, Any], name: str | None) -> Imported:
    new: dict[str, int] = dict.fromkeys((table.name for table in TABLES), 0)
    known = nobodys = 0
    with store.writing() as conn:
        arriving = Arriving(conn, name)
        here = {table.name: {table.key_of(record) for record in records} for table, records in _lists(conn, TABLES)}
        # A session that is here keeps its own trace of edits.
        kept_sessions = frozenset(key[0] for key in here[SESSIONS.name])
        seen: set[tuple[str, rows.Row]] = set()
        for one in arriving.booked(found):
            key = one.table.key_of(one.record)
            if (one.table.name, key) in seen:
                raise ImportFormatError(f"{one.where}, field {one.table.key[-1]}: {key[-1]!r} is there twice.")
            seen.add((one.table.name, key))
            if key in here[one.table.name] or (one.table is EDITS and key[0] in kept_sessions):
                known += 1
                continue
            _insert(conn, one)
            new[one.table.name] += 1
            nobodys += isinstance(one.record, StoredSession) and one.record.session.person is None
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
    )


def _insert(conn: sqlite3.Connection, one: Found) -> None:
    record = one.record
    if isinstance(record, StoredSession) and record.session.is_open:
        # It cannot go on here, and must not end the session that does.
        record = replace(record, session=record.session.closed(EndReason.POWER_LOST))
    try:
        conn.execute(one.table.insert, rows.bound(one.table.stored(record)))
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
