"""Numbered schema files and the one transaction that applies them."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from matpi.errors import StoreError
from matpi.store import faults

SCHEMA_FOLDER = Path(__file__).parent


def steps(folder: Path = SCHEMA_FOLDER) -> tuple[Path, ...]:
    """schema_v1.sql, schema_v2.sql, ... without a gap; step N brings version N-1 to N."""
    numbered = {
        int(found[1]): path for path in folder.iterdir() if (found := re.fullmatch(r"schema_v(\d+)\.sql", path.name))
    }
    if sorted(numbered) != list(range(1, len(numbered) + 1)) or not numbered:
        raise StoreError(f"The schema files in {folder} are incomplete; install matpi again.")
    return tuple(numbered[n] for n in sorted(numbered))


def version(conn: sqlite3.Connection) -> int:
    (found,) = conn.execute("PRAGMA user_version").fetchone()
    return int(found)


def migrate(conn: sqlite3.Connection, path: Path, folder: Path = SCHEMA_FOLDER) -> None:
    """Bring the database to the newest version in one transaction; a step that fails undoes all of them.

    Each file ends by setting `user_version` to its number. Raises StoreError naming the step.
    """
    files = steps(folder)
    if version(conn) == len(files):
        return
    conn.execute("BEGIN IMMEDIATE")
    step = files[0]
    try:
        for number in range(version(conn) + 1, len(files) + 1):
            step = files[number - 1]
            _apply(conn, step, number)
        conn.execute("COMMIT")
    except BaseException as error:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        if isinstance(error, sqlite3.OperationalError | sqlite3.IntegrityError) and _is_sql(error):
            raise StoreError(
                f"The session log {path} could not be brought up to date: {step.name} failed ({error});"
                " it is as it was, go back to the matpi that wrote it and report this."
            ) from error
        if isinstance(error, sqlite3.Error):
            raise faults.of_sqlite(error, path) from error
        raise


def _apply(conn: sqlite3.Connection, step: Path, number: int) -> None:
    for statement in _statements(step):
        conn.execute(statement)
    if version(conn) != number:
        raise StoreError(f"{step.name} does not set user_version to {number}; install matpi again.")
    if conn.execute("PRAGMA foreign_key_check").fetchone():
        raise StoreError(f"{step.name} would leave edits without their session; the session log stays as it was.")


def _is_sql(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT}


def _statements(file: Path) -> list[str]:
    # executescript would commit first, and so break the one transaction.
    found, statement = [], ""
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    if statement.strip():
        found.append(statement)
    return found
