"""Reading what somebody hands to `matpi import`: each record checked, each complaint with file, line and field."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from json.decoder import WHITESPACE  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, BinaryIO
from unicodedata import normalize

import msgspec

from matpi.core.model import Acknowledgement
from matpi.errors import ImportFormatError, is_control, printable
from matpi.store import file
from matpi.store.rows import StoredSession, text_of
from matpi.store.tables import (
    ANSWERS,
    CSV_TABLES,
    DIAGNOSTICS,
    FORMAT,
    GUARD,
    RATINGS,
    SESSIONS,
    SINGLES,
    STOPS,
    TABLES,
    VERSIONS_READ,
    Table,
)
from matpi.store.transfer import Found

Lines = dict[tuple[str, int | None], int]
_LINES = dict.fromkeys(map(ord, "\t\n\r"), " ")
_OWN_OF_STORED = ("deleted_utc", "deleted_why")

_FIELD_OF_INVARIANT = (
    ("a session needs an id", "id"),
    ("time on the mat", "on_mat_s"),
    ("a session cannot have been left", "aways"),
    ("a rating lies", "value"),
    ("start_utc lies", "start_utc"),
    ("utc lies", "utc"),
    ("a deleted session needs", "deleted_why"),
    ("an open session cannot be deleted", "deleted_why"),
    ("edits are numbered", "n"),
    ("a load lies above", "load_kg"),
    ("a name has", "name"),
    ("is taken: the log lists", "name"),
    ("the panel has no letters", "name"),
    ("is the id of guests", "id"),
    ("a person needs an id", "id"),
    ("a weekly goal lies", "weekly_goal"),
    ("who was removed", "chosen"),
)
"""The values themselves say what is wrong, not in which field."""


def from_csv(folder: Path) -> Iterator[Found]:
    """The records of the files of an export that are in `folder`. Raises ImportFormatError."""
    present = [(table, path) for table in CSV_TABLES if (path := folder / f"{table.name}.csv").exists()]
    if not present:
        raise ImportFormatError(f"There is no sessions.csv in {folder}; name a folder that `matpi export` has written.")
    for table, path in present:
        yield from _csv_records(table, path)


def _csv_records(table: Table, path: Path) -> Iterator[Found]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            header = tuple(next(lines, ()))
            fields = table.fields[: len(header)] if len(header) in table.earlier else table.fields
            if header != fields:
                raise ImportFormatError(
                    f"{path}, line 1: the fields are not those of an export; they must be {','.join(table.fields)}."
                )
            start = lines.line_num + 1
            for cells in lines:
                where = f"{path}, line {start}"
                start = lines.line_num + 1
                if not cells:
                    continue
                if len(cells) != len(fields):
                    raise ImportFormatError(f"{where}: {len(cells)} fields where {len(fields)} belong.")
                row = {
                    name: cell.removeprefix(GUARD)
                    for name, cell in zip(fields, cells, strict=True)
                    if cell or name not in table.may_be_unset
                }
                yield Found(table, _record(table, row, where, strict=False), where)
    except OSError as error:
        raise ImportFormatError(f"{path} cannot be read: {error.strerror}; nothing was imported.") from error
    except UnicodeDecodeError as error:
        raise ImportFormatError(f"{path} is not UTF-8 text; save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise ImportFormatError(f"{path}, line {lines.line_num}: {error}; nothing was imported.") from error


def from_json(source: Path | BinaryIO) -> tuple[list[Found], dict[str, Any]]:
    """The records and the single things of an exported document. Raises ImportFormatError."""
    name = str(source) if isinstance(source, Path) else "the input"
    try:
        data = source.read_bytes() if isinstance(source, Path) else source.read()
        if data.startswith(file.MAGIC):
            raise ImportFormatError(
                f"{name} is a database, not an export; if it is a session log, `matpi export FILE --store {name}` makes"
                " an export of it, and docs/store.md says how a backup is put back."
            )
        text = data.decode("utf-8-sig")
        document = _composed(msgspec.json.decode(text))
        lines = _lines(text) if isinstance(document, dict) else {}
    except OSError as error:
        raise ImportFormatError(f"{name} cannot be read: {error.strerror}; nothing was imported.") from error
    except UnicodeDecodeError as error:
        raise ImportFormatError(f"{name} is not UTF-8 text; nothing was imported.") from error
    except RecursionError as error:
        raise ImportFormatError(f"{name} is nested too deeply for an export; nothing was imported.") from error
    except msgspec.DecodeError as error:
        raise ImportFormatError(
            f"{name}, line {_line_of_error(text, error)}: {error}; nothing was imported."
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ImportFormatError(f'{name}, line 1, field format: it must be "{FORMAT}"; name a file of `matpi export`.')
    if document.get("version") not in VERSIONS_READ:
        raise ImportFormatError(
            f"{name}, field version: {document.get('version')!r} is unknown, this matpi reads up to "
            f"{max(VERSIONS_READ)}; update matpi."
        )
    unknown = document.keys() - {"format", "version", *SINGLES, *(table.name for table in TABLES)}
    if unknown:
        raise ImportFormatError(f"{name}, field {min(unknown)}: an export has none of that name; remove it.")
    if document["version"] < 4:
        for zero in (document.get("zero"), document.get("zero_before")):
            if isinstance(zero, dict):
                zero.pop("noise_kg", None)
    found, singles = _json_records(document, lines, name), _json_singles(document, lines, name)
    if document["version"] >= 3:
        return found, singles
    since_3 = {key: _cleared_apart(value) for key, value in singles.items()}
    return [replace(one, record=_cleared_apart(one.record)) for one in found], since_3


def _composed(value: Any) -> Any:
    """With every text in NFC: a file that was edited on a Mac may have its letters in two parts."""
    match value:
        case str():
            return normalize("NFC", value)
        case list():
            return [_composed(item) for item in value]
        case dict():
            return {key: _composed(item) for key, item in value.items()}
        case _:
            return value


def _cleared_apart(value: Any) -> Any:
    """Of an answer to the safety pages as it was told up to version 2: its date was that of the clearing."""
    if isinstance(value, Acknowledgement) and value.some and value.cleared and value.cleared_utc is None:
        return replace(value, utc=None, cleared_utc=value.utc)
    return value


def _json_records(document: dict[str, Any], lines: Lines, name: str) -> list[Found]:
    lists = [(table, document.get(table.name, [])) for table in TABLES]
    for table, rows in lists:
        if not isinstance(rows, list):
            raise ImportFormatError(f"{name}, line {lines[table.name, None]}, field {table.name}: no list.")
    found = []
    for table, rows in lists:
        for n, row in enumerate(rows):
            where = f"{name}, line {lines[table.name, n]}"
            if not isinstance(row, dict):
                raise ImportFormatError(f"{where}, field {table.name}: an entry is not an object.")
            found.append(Found(table, _record(table, row, where, strict=True), where))
    return found


def _json_singles(document: dict[str, Any], lines: Lines, name: str) -> dict[str, Any]:
    singles: dict[str, Any] = {}
    for key, kind in SINGLES.items():
        if (value := document.get(key)) is None:
            continue
        where = f"{name}, line {lines[key, None]}"
        try:
            singles[key] = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise ImportFormatError(f"{where}, field {_field(error) or key}: {_why(error)}.") from error
    settings = singles.get("settings")
    for field in () if settings is None else ("zone", "routine", "own_plan"):
        # A plan of one's own is a text of several lines.
        text = getattr(settings, field).translate(_LINES if field == "own_plan" else {})
        _refuse_control(text, f"{name}, line {lines['settings', None]}, field {field}")
    return singles


def _record(table: Table, row: dict[str, Any], where: str, *, strict: bool) -> Any:
    """One row as a value; `strict` wants JSON's types, without it texts are read as what they should be."""
    unknown = row.keys() - set(table.fields)
    if unknown:
        raise ImportFormatError(f"{where}, field {min(unknown)}: {table.name} have none of that name; remove it.")
    if table is DIAGNOSTICS and isinstance(text := row.get("last_text"), str):
        row = {**row, "last_text": printable(text)}  # older versions stored texts of errors as they came
    shaped: dict[str, Any] = row
    if table.type is StoredSession:
        own = {key: row[key] for key in _OWN_OF_STORED if key in row}
        shaped = {"session": {key: row[key] for key in row.keys() - own.keys() - {"counts"}}, **own}
    try:
        record: Any = msgspec.convert(shaped, table.type, strict=strict)
    except msgspec.ValidationError as error:
        raise ImportFormatError(
            f"{where}, field {_field(error) or 'unknown'}: {_why(error)}; nothing was imported."
        ) from error
    if isinstance(record, StoredSession):
        _refuse_other_count(row.get("counts"), record, where)
    for name, value in zip(table.fields, table.values(record), strict=True):
        # SQLite would keep "not a number" as unset.
        if isinstance(value, float) and not math.isfinite(value):
            raise ImportFormatError(f"{where}, field {name}: {value} is no finite number; nothing was imported.")
        if isinstance(value, int) and abs(value) >= 2**63:
            raise ImportFormatError(f"{where}, field {name}: the number is too large; nothing was imported.")
        if isinstance(value, str):
            _refuse_control(value, f"{where}, field {name}")
    _refuse_other_day(table, record, where)
    return record


def _refuse_control(text: str, where: str) -> None:
    if any(map(is_control, text)):
        raise ImportFormatError(f"{where}: {text!r} has a control character; take it out. Nothing was imported.")


def _refuse_other_day(table: Table, record: Any, where: str) -> None:
    """The plan's day is the date of the local clock, or the one before, as the hour is at which a day starts."""
    if table is ANSWERS and record.person is None:
        raise ImportFormatError(f"{where}, field person: an answer here needs whose it is; nothing was imported.")
    dated: Any = record.session if isinstance(record, StoredSession) else record
    utc = getattr(dated, "start_utc", getattr(dated, "utc", None))
    if table not in {SESSIONS, RATINGS, STOPS} or utc is None or None in {dated.utc_offset_s, dated.day}:
        return
    local = datetime.fromtimestamp(0, UTC) + timedelta(seconds=utc + dated.utc_offset_s)
    if not 0 <= (local.date() - dated.day).days <= 1:
        raise ImportFormatError(
            f"{where}, field day: {dated.day} is not the day of {local:%Y-%m-%d %H:%M}, which start and offset make; "
            "correct the one that is wrong. Nothing was imported."
        )


def _refuse_other_count(said: object, record: StoredSession, where: str) -> None:
    """`counts` follows from the other fields: a file in which it was changed alone would not do what it says."""
    counts = text_of(record.counts)
    if said is not None and text_of(said) != counts:
        raise ImportFormatError(
            f"{where}, field counts: it is {counts} by doubt, yours, reason and deleted_why; change yours, or leave "
            "counts out; nothing was imported."
        )


def _field(error: msgspec.ValidationError) -> str | None:
    text = str(error)
    if missing := re.search(r"required field `(\w+)`", text):
        return missing[1]
    if invariant := next((name for words, name in _FIELD_OF_INVARIANT if words in text), None):
        return invariant
    at = re.search(r"at `\$.*?(\w+)(?:\[[^]]*\])*`$", text)
    return at[1] if at else None


def _why(error: msgspec.ValidationError) -> str:
    return re.sub(r" - at `.*`$", "", str(error))


def _line_of_error(text: str, error: msgspec.DecodeError) -> int:
    found = re.search(r"\(byte (\d+)\)", str(error))
    data = text.encode()
    return data[: int(found[1]) if found else len(data)].count(b"\n") + 1


def _lines(text: str) -> Lines:
    """The line of each value of the document (key, None) and of each entry of its lists (key, n).

    `text` is a valid JSON object; however it is laid out.
    """
    decode = json.JSONDecoder(parse_int=str).raw_decode  # an integer of any length is a position like another
    lines: Lines = {}
    counted, line = 0, 1

    def skip(at: int) -> int:
        return int(WHITESPACE.match(text, at).end())

    def note(key: str, n: int | None, at: int) -> None:
        nonlocal counted, line
        line += text.count("\n", counted, at)
        counted = at
        lines[key, n] = line

    at = skip(skip(0) + 1)
    while text[at] != "}":
        key, at = decode(text, at)
        at = skip(skip(at) + 1)
        note(key, None, at)
        if text[at] == "[":
            at, n = skip(at + 1), 0
            while text[at] != "]":
                note(key, n, at)
                _, at = decode(text, at)
                at, n = skip(at), n + 1
                at = skip(at + 1) if text[at] == "," else at
            at += 1
        else:
            _, at = decode(text, at)
        at = skip(at)
        at = skip(at + 1) if text[at] == "," else at
    return lines
