"""Apply the numbered schema files in one transaction, and refuse a log of a newer matpi."""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from pathlib import Path

from matpi.errors import StoreError, StoreNewerError
from matpi.store import faults, file
from matpi.store.raw import Header

FOLDER = Path(__file__).parent


def steps() -> tuple[Path, ...]:
    """Return schema_v1.sql, schema_v2.sql, ... without a gap; step N brings version N-1 to N."""
    return _steps(FOLDER)


@cache  # asked for at each look at a log
def _steps(folder: Path) -> tuple[Path, ...]:
    numbered = {
        int(found[1]): path for path in folder.iterdir() if (found := re.fullmatch(r"schema_v(\d+)\.sql", path.name))
    }
    if sorted(numbered) != list(range(1, len(numbered) + 1)) or not numbered:
        raise StoreError(f"The schema files in {folder} are incomplete; install matpi again.")
    return tuple(numbered[n] for n in sorted(numbered))


def version(conn: sqlite3.Connection) -> int:
    (found,) = conn.execute("PRAGMA user_version").fetchone()
    return int(found)


def is_due(conn: sqlite3.Connection) -> bool:
    """Return whether the log is of an older matpi."""
    return 0 < version(conn) < len(steps())


def migrate(conn: sqlite3.Connection, path: Path) -> None:
    """Bring the database to the newest version in one transaction; a step that fails undoes all of them.

    Each file ends by setting `user_version` to its number. Raises StoreError naming the step.
    """
    files = steps()
    if version(conn) == len(files):
        return
    step = files[0]
    try:
        with file.transaction(conn):
            for number in range(version(conn) + 1, len(files) + 1):
                step = files[number - 1]
                _apply(conn, step, number)
    except sqlite3.Error as error:
        if not _is_sql(error):
            raise faults.of_sqlite(error, path) from error
        raise StoreError(
            f"The session log {path} could not be brought up to date: {step.name} failed ({error});"
            " it is as it was, go back to the matpi that wrote it and report this."
        ) from error


def refuse_strangers(header: Header | None, path: Path) -> None:
    """Raise StoreNewerError or StoreError for a file that is not ours to write."""
    if header is None or (header.bare and header.is_ours):
        return
    if not header.is_ours:
        raise StoreError(f"{path} is a database of another program; choose another path for the session log.")
    newest = len(steps())
    if header.version > newest:
        raise StoreNewerError(
            f"The session log {path} was written by a newer matpi (version {header.version}, this one knows up to"
            f" {newest}); update matpi, the file was not touched."
        )


def _apply(conn: sqlite3.Connection, step: Path, number: int) -> None:
    for statement in _statements(step):
        conn.execute(statement)
    if version(conn) != number:
        raise StoreError(f"{step.name} does not set user_version to {number}; install matpi again.")
    if conn.execute("PRAGMA foreign_key_check").fetchone():
        raise StoreError(f"{step.name} would leave edits without their session; the session log stays as it was.")


def _is_sql(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT}


def _statements(step: Path) -> list[str]:
    # executescript would commit first, and so break the one transaction.
    found, statement = [], ""
    for line in step.read_text(encoding="utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    if statement.strip():
        found.append(statement)
    return found
