# ruff: noqa: INP001
"""Copies the session log before an upgrade, puts the copy back after one that failed: keep_log.py VERB CONFIG RELEASE.

install.sh runs it as the service's user, with the service stopped. `backup` writes LOG.before-RELEASE and drops older
copies. `restore` puts it back only if the log's schema is another one now, so that a version that merely did not
start costs nothing that was written since. Standard library only: neither version of matpi is trusted here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

LOG = "/var/lib/matpi/matpi.db"


def log_of(config: Path) -> Path:
    """Where the config says the log is; under MATPI_ROOT if that is set. Raises OSError, ValueError."""
    store = tomllib.loads(config.read_text(encoding="utf-8-sig")).get("store", {}) if config.exists() else {}
    path = store.get("path", LOG) if isinstance(store, dict) else None
    if not isinstance(path, str) or not path.startswith("/"):
        raise ValueError("path in [store] is no absolute path in quotes")
    return Path(f"{os.environ.get('MATPI_ROOT', '')}{path}")


@contextlib.contextmanager
def sole_writer(log: Path) -> Iterator[None]:
    """Holds the lock every matpi that writes holds. Raises BlockingIOError when one does."""
    fd = os.open(beside(log, ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(fd)


def backup(log: Path, copy: Path) -> str:
    """Returns what was done, for a person."""
    for old in log.parent.glob(f"{log.name}.before-*"):
        old.unlink()
    if not log.exists():
        # An empty file is an empty database of schema 0.
        copy.touch(0o600)
        return f"There is no session log yet at {log}."
    half = beside(copy, ".half")
    with contextlib.closing(connect(log)) as source, contextlib.closing(connect(half)) as target:
        source.backup(target)
        # One file, whole by itself.
        target.execute("PRAGMA journal_mode = DELETE")
    half.chmod(0o600)
    flush(half)
    half.replace(copy)
    flush(log.parent)
    return f"The session log is copied to {copy}."


def restore(log: Path, copy: Path) -> str:
    """Returns what was done, for a person."""
    if not copy.exists():
        return "The session log is kept as it is: there is no copy from before."
    try:
        if schema(log) == schema(copy):
            return "The session log is kept as it is: its schema did not change."
    except sqlite3.DatabaseError:
        # Not a database any more: SQLite cannot write the copy over it.
        for name in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                beside(log, name).replace(beside(log, f".damaged-by-upgrade{name}"))
    # In one transaction: a power cut leaves one log or the other, never half of both.
    with contextlib.closing(connect(copy)) as source, contextlib.closing(connect(log)) as target:
        source.backup(target)
    return f"The session log is again as it was, from {copy}."


def schema(path: Path) -> int:
    """The schema's number; -1 for no file."""
    if not path.exists():
        return -1
    with contextlib.closing(connect(path)) as conn:
        return int(conn.execute("PRAGMA user_version").fetchone()[0])


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def flush(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def main(verb: str, config: str, release: str) -> int:
    done = {"backup": backup, "restore": restore}[verb]
    try:
        log = log_of(Path(config))
        if not log.parent.is_dir():
            said = f"There is no session log yet at {log}."
        else:
            with sole_writer(log):
                said = done(log, beside(log, f".before-{release}"))
    except BlockingIOError:
        return told("The session log is in use by another matpi; stop that one first, then try again.")
    except (OSError, sqlite3.Error) as error:
        return told(f"The session log could not be copied ({error}); make room or look at the disk, then try again.")
    except ValueError as error:
        return told(f"{config} cannot be used ({error}); correct that, then try again.")
    sys.stdout.write(f"{said}\n")
    return 0


def told(sentence: str) -> int:
    sys.stderr.write(f"matpi: {sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
