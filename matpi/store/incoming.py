"""Read a document of `matpi export`: each record checked, each complaint with file, line and field."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from json.decoder import WHITESPACE  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, BinaryIO, Final
from unicodedata import normalize

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from matpi.core.dated import utc_of
from matpi.core.model import ROUTINE_NAMES, UTC_MAX, Acknowledgement, Rating, Session, Settings, StopSign, Zero
from matpi.core.plan.custom_plan import read_plan
from matpi.errors import ConfigError, ImportFormatError, is_control, printable
from matpi.store import faults, raw
from matpi.store.tables import (
    ANSWERS,
    DIAGNOSTICS,
    RATINGS,
    SESSIONS,
    SINGLES,
    STOPS,
    TABLES,
    StoredSession,
    Table,
    text_of,
)

FORMAT, VERSION = "matpi", 6
"""What an exported document says of itself. A change of a field is a new version."""
VERSIONS_READ = (1, 2, 3, 4, 5, 6)
"""1: before several people; its records have no `person`, its sessions no `load_kg`. Up to 2 the `utc` of a cleared
answer to the safety pages is when it was cleared, and earlier answers are not stored. Up to 3 sessions have no
`doubt`, `yours` and `counts`, nothing has `estimated`, and a zero has a `noise_kg`. Up to 4 there is no `looser`, and
up to 5 nothing has `zone` and `day_start`."""
ZERO_REACH_KG = 10.0
"""A zero follows no further from its anchor on any device: the most that `zero_reach_kg` can be set to."""

Lines = dict[tuple[str, int | None], int]
_LINES = dict.fromkeys(map(ord, "\t\n\r"), " ")

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
    ("the screen cannot show", "name"),
    ("is the id of guests", "id"),
    ("a person needs an id", "id"),
    ("a weekly goal lies", "weekly_goal"),
    ("who was removed", "chosen"),
)
"""The values themselves say what is wrong, not in which field."""


class Found(Struct, frozen=True):
    """A record of the document and where it is there, for the message when it does not fit."""

    table: Table
    record: Any
    where: str


class Document(Struct, frozen=True):
    """What was read: the records, and by name what there is one of."""

    found: list[Found]
    singles: dict[str, Any]


def read(source: Path | BinaryIO, latest_utc: float = UTC_MAX) -> Document:
    """Read what transfer.export_json writes. Raises ImportFormatError, also after `latest_utc`."""
    return parse(text_of_file(source), _name(source), latest_utc)


def text_of_file(source: Path | BinaryIO) -> str:
    """Return the text of an export. Raises ImportFormatError for a file that cannot be one."""
    name = _name(source)
    if isinstance(source, Path) and (source.suffix.lower() == ".csv" or source.is_dir()):
        raise ImportFormatError(
            f"{name} is not read: CSV is for spreadsheets and goes out only; name a JSON file of `matpi export`."
        )
    try:
        data = source.read_bytes() if isinstance(source, Path) else source.read()
        if data.startswith(raw.MAGIC):
            raise ImportFormatError(
                f"{name} is a database, not an export; if it is a session log, `matpi export FILE --store {name}` makes"
                " an export of it, and docs/dev/store.md says how a backup is put back."
            )
        return data.decode("utf-8-sig")
    except OSError as error:
        why = faults.denied(Path(name)) if isinstance(error, PermissionError) else error.strerror
        raise ImportFormatError(f"{name} cannot be read: {why}; nothing was imported.") from error
    except UnicodeDecodeError as error:
        raise ImportFormatError(f"{name} is not UTF-8 text; nothing was imported.") from error


def _name(source: Path | BinaryIO) -> str:
    return str(source) if isinstance(source, Path) else "the input"


def parse(text: str, name: str, latest_utc: float = UTC_MAX) -> Document:
    """Read the text of an export that is called `name`. Raises as `read`."""
    try:
        document = _composed(msgspec.json.decode(text))
        lines = _lines(text) if isinstance(document, dict) else {}
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
    found, singles = _records(document, lines, name, latest_utc), _singles(document, lines, name)
    if document["version"] < 3:
        singles = {key: _cleared_apart(value) for key, value in singles.items()}
        found = [replace(one, record=_cleared_apart(one.record)) for one in found]
    return Document(found, singles)


_IDS: Final = {"id", "boot_id", "session_id", "person"}


def _composed(value: Any) -> Any:
    """Return the value, its texts but the ids in NFC: an editor on a Mac may write letters in two parts."""
    match value:
        case str():
            return normalize("NFC", value)
        case list():
            return [_composed(item) for item in value]
        case dict():
            return {key: item if key in _IDS else _composed(item) for key, item in value.items()}
        case _:
            return value


def _cleared_apart(value: Any) -> Any:
    """Move the date of a cleared safety answer to `cleared_utc`: up to version 2 it was in `utc`."""
    if isinstance(value, Acknowledgement) and value.some and value.cleared and value.cleared_utc is None:
        return replace(value, utc=None, cleared_utc=value.utc)
    return value


class _WrongError(ValueError):
    """What is wrong in a field of a record."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"field {field}: {why}")


@contextlib.contextmanager
def _refusing(where: str, field: str) -> Iterator[None]:
    """Raise an error in the block as ImportFormatError; `field` is its field unless it names another one."""
    try:
        yield
    except msgspec.ValidationError as error:
        why = re.sub(r" - at `.*`$", "", str(error))
        raise ImportFormatError(f"{where}, field {_field(error) or field}: {why}; nothing was imported.") from error
    except _WrongError as error:
        raise ImportFormatError(f"{where}, {error}; nothing was imported.") from None


def _records(document: dict[str, Any], lines: Lines, name: str, latest_utc: float) -> list[Found]:
    lists = [(table, document.get(table.name, [])) for table in TABLES]
    for table, rows in lists:
        if not isinstance(rows, list):
            raise ImportFormatError(f"{name}, line {lines[table.name, None]}, field {table.name}: no list.")
    found = []
    for table, rows in lists:
        for n, row in enumerate(rows):
            where = f"{name}, line {lines[table.name, n]}"
            with _refusing(where, "unknown"):
                record = _record(table, row)
                _check_values(table, record)
                if table in {SESSIONS, RATINGS, STOPS}:
                    _check_time(getattr(record, "session", record), latest_utc)
            found.append(Found(table, record, where))
    return found


def _singles(document: dict[str, Any], lines: Lines, name: str) -> dict[str, Any]:
    singles: dict[str, Any] = {}
    for key, kind in SINGLES.items():
        if (value := document.get(key)) is None:
            continue
        with _refusing(f"{name}, line {lines[key, None]}", key):
            one: Any = msgspec.convert(value, kind)
            singles[key] = one
            if isinstance(one, Zero) and not abs(one.total_kg - (one.anchor_kg or 0.0)) <= ZERO_REACH_KG:
                far = f"{one.total_kg:g} kg is further from its anchor than a zero can be ({ZERO_REACH_KG:g} kg)"
                raise _WrongError(key, far)
            if isinstance(one, Settings):
                _check_settings(one)
    return singles


def _check_settings(settings: Settings) -> None:
    for field in ("zone", "routine", "own_plan"):
        # A plan of one's own is a text of several lines.
        _check_text(field, getattr(settings, field).translate(_LINES if field == "own_plan" else {}))
    try:
        if settings.own_plan:
            read_plan(settings.own_plan)
    except ConfigError as error:
        raise _WrongError("own_plan", str(error).rstrip(".")) from error


def _record(table: Table, row: Any) -> Any:
    """Return one row as a record."""
    if not isinstance(row, dict):
        raise _WrongError(table.name, "an entry is not an object")
    unknown = row.keys() - set(table.fields)
    if unknown:
        raise _WrongError(min(unknown), f"{table.name} have none of that name; remove it")
    if table is DIAGNOSTICS and isinstance(text := row.get("last_text"), str):
        row = {**row, "last_text": printable(text)}  # older versions stored texts of errors as they came
    if table is not SESSIONS:
        return msgspec.convert(row, table.record)
    own = {key: row[key] for key in ("deleted_utc", "deleted_why") if key in row}
    session = {key: row[key] for key in row.keys() - own.keys() - {"counts"}}
    stored = msgspec.convert({"session": session, **own}, StoredSession)
    # It follows from the other fields: a file in which it was changed alone would not do what it says.
    counts, said = text_of(stored.counts), row.get("counts")
    if said is not None and text_of(said) != counts:
        why = f"it is {counts} by doubt, yours, reason and deleted_why; change yours, or leave counts out"
        raise _WrongError("counts", why)
    return stored


def _check_values(table: Table, record: Any) -> None:
    for field, value in zip(table.fields, table.exported(record), strict=True):
        # SQLite would keep "not a number" as unset.
        if isinstance(value, float) and not math.isfinite(value):
            raise _WrongError(field, f"{value} is no finite number")
        if isinstance(value, int) and abs(value) >= 2**63:
            raise _WrongError(field, "the number is too large")
        if isinstance(value, str):
            _check_text(field, value)
        if field == "routine" and value not in ROUTINE_NAMES:
            raise _WrongError(field, f"there is no routine {value!r}; there are {', '.join(ROUTINE_NAMES)}")
    if table is ANSWERS and record.person is None:
        raise _WrongError("person", "an answer here needs whose it is")


def _check_text(field: str, text: str) -> None:
    if any(map(is_control, text)):
        raise _WrongError(field, f"{text!r} has a control character; take it out")


def _check_time(record: Session | Rating | StopSign, latest_utc: float) -> None:
    """Check that it is not in the future, and that the plan's day is its local date or the one before."""
    field, utc = "start_utc" if isinstance(record, Session) else "utc", utc_of(record)
    if utc is None:
        if record.day is not None:
            raise _WrongError("day", f"{record.day} needs {field} beside it, or both are unset")
        return
    if utc > latest_utc:
        raise _WrongError(field, f"{utc:.0f} is in the future")
    if record.utc_offset_s is None or record.day is None:
        return
    local = datetime.fromtimestamp(0, UTC) + timedelta(seconds=utc + record.utc_offset_s)
    if not 0 <= (local.date() - record.day).days <= 1:
        other = f"{record.day} is not the day of {local:%Y-%m-%d %H:%M}, which start and offset make"
        raise _WrongError("day", f"{other}; correct the one that is wrong")


def _field(error: msgspec.ValidationError) -> str | None:
    text = str(error)
    if missing := re.search(r"required field `(\w+)`", text):
        return missing[1]
    if invariant := next((name for words, name in _FIELD_OF_INVARIANT if words in text), None):
        return invariant
    at = re.search(r"at `\$.*?(\w+)(?:\[[^]]*\])*`$", text)
    return at[1] if at else None


def _line_of_error(text: str, error: msgspec.DecodeError) -> int:
    found = re.search(r"\(byte (\d+)\)", str(error))
    data = text.encode()
    return data[: int(found[1]) if found else len(data)].count(b"\n") + 1


def _lines(text: str) -> Lines:
    """Return the line of each value of the document (key, None) and of each entry of its lists (key, n).

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
