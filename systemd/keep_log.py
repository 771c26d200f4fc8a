# ruff: noqa: INP001
"""Copies the session log before an upgrade, puts a copy back where one is needed: keep_log.py VERB CONFIG RELEASE.

install.sh runs it as the service's user, with the service stopped and the Python of RELEASE. `backup` writes
LOG.before-RELEASE and drops older copies. `fit` does something only where RELEASE is too old for the log's schema: it
puts the newest copy from before that schema in its place and says which sessions came after it. `restore` undoes a
failed upgrade: it puts LOG.before-RELEASE back only if the log's schema is another one now, a record is gone or the log
is damaged, so that a version that merely did not start costs nothing that was written since. Standard library only:
neither version of matpi is trusted.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import sqlite3
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

LOG = "/var/lib/matpi/matpi.db"
LISTED = 20
"""So many sessions are named one by one."""


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
    needed = None
    if is_too_new(log):
        needed = older_copy(log)
        if needed is None:
            raise LookupError(
                f"The session log is of schema {schema(log)}, this version knows up to {known()}, and no copy of"
                " an older one is beside it; stay with the newer version"
            )
    for old in log.parent.glob(f"{log.name}.before-*"):
        # One of a newer schema was left by `fit`, with sessions that no log here has.
        if old != needed and not is_newer(old, schema(log)):
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


def fit(log: Path, copy: Path) -> str:
    """Returns what was done, for a person: nothing where the log fits."""
    if not is_too_new(log):
        return ""
    older = older_copy(log)
    if older is None:
        raise LookupError("There is no copy of the session log that this version can read")
    lost = after(log, older)
    with contextlib.closing(connect(Path(":memory:"))) as made:
        with contextlib.closing(connect(older)) as source:
            source.backup(made)
        keep_numbers(log, made)
        with contextlib.closing(connect(log)) as target:
            made.backup(target)
    told = [f"This version is too old for the session log; {older.name}, from before, is in its place."]
    if not lost:
        return f"{told[0]} No session came after it."
    told.append(f"Sessions that came after it, now in {copy} only: {len(lost)}")
    return "\n".join([*told, *(f"  {one}" for one in lost[:LISTED]), *["  ..."] * (len(lost) > LISTED)])


def keep_numbers(log: Path, made: sqlite3.Connection) -> None:
    """Gives nothing a number again that a receiver has had for something else; a log before the outbox has none."""
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(connect(log)) as conn:
        revisions = conn.execute("SELECT record, rev FROM revisions").fetchall()
        made.executemany(
            "INSERT INTO revisions VALUES (?, ?, '') ON CONFLICT (record) DO UPDATE SET rev = max(rev, excluded.rev)",
            revisions,
        )
        sequences = conn.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
        made.execute("DELETE FROM sqlite_sequence")
        made.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", sequences)


def known() -> int:
    """The newest schema this release can read; 0 where it has no schema files."""
    spec = importlib.util.find_spec("matpi")
    folders = (spec.submodule_search_locations if spec else None) or ()
    files = [path.stem for folder in folders for path in Path(folder).glob("store/schema_v*.sql")]
    return max((int(stem.removeprefix("schema_v")) for stem in files), default=0)


def is_too_new(log: Path) -> bool:
    return 0 < known() < schema(log)


def is_newer(copy: Path, than: int) -> bool:
    try:
        return schema(copy) > than
    except sqlite3.DatabaseError:
        return False


def older_copy(log: Path) -> Path | None:
    """The copy beside the log that this release can read and that has the most sessions: no date is trusted."""
    found = []
    for path in [*log.parent.glob(f"{log.name}.backup-*"), *log.parent.glob(f"{log.name}.before-*")]:
        with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(connect(path)) as conn:
            last = conn.execute("SELECT coalesce(max(seq), 0) FROM sessions").fetchone()[0]
            if is_whole(path) and schema(path) <= known():
                found.append((last, path))
    return max(found)[1] if found else None


def after(log: Path, copy: Path) -> list[str]:
    """The sessions that are in the log and not in the copy, a line each."""
    with contextlib.closing(connect(copy)) as conn:
        there = {row[0] for row in conn.execute("SELECT id FROM sessions")}
    with contextlib.closing(connect(log)) as conn:
        rows = conn.execute("SELECT id, day, start_utc, on_mat_s FROM sessions ORDER BY seq").fetchall()
    lines = []
    for name, day, utc, on_mat_s in rows:
        if name not in there:
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(utc)) if utc else day or "at an unknown time"
            lines.append(f"{when}, {on_mat_s / 60:.0f} min")
    return lines


def restore(log: Path, copy: Path) -> str:
    """Returns what was done, for a person."""
    if not copy.exists():
        return "The session log is kept as it is: there is no copy from before."
    if not is_whole(copy):
        raise LookupError("The session log is kept as it is: the copy from before is damaged")
    if log.exists() and not is_whole(log):
        # SQLite cannot write the copy over it.
        for name in ("-wal", "-shm", ""):
            with contextlib.suppress(FileNotFoundError):
                beside(log, name).replace(beside(log, f".damaged-by-upgrade{name}"))
    elif schema(log) == schema(copy) and not is_missing(log, copy):
        return "The session log is kept as it is: its schema did not change, and no record is gone."
    # In one transaction: a power cut leaves one log or the other, never half of both.
    with contextlib.closing(connect(copy)) as source, contextlib.closing(connect(log)) as target:
        source.backup(target)
    return f"The session log is again as it was, from {copy}."


def is_missing(log: Path, copy: Path) -> bool:
    """Whether the log lacks a record of the copy. A message of the outbox may be gone: it was sent."""
    with contextlib.closing(connect(log)) as conn:
        conn.execute("ATTACH ? AS copy", [str(copy)])
        with_ids = conn.execute(
            "SELECT m.name FROM copy.sqlite_master AS m JOIN pragma_table_info(m.name, 'copy') AS c"
            " WHERE m.type = 'table' AND m.name <> 'outbox' AND c.name = 'id'"
        ).fetchall()
        try:
            return any(
                conn.execute(
                    f"SELECT EXISTS (SELECT id FROM copy.{name} EXCEPT SELECT id FROM main.{name})"  # noqa: S608
                ).fetchone()[0]
                for (name,) in with_ids
            )
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_ERROR:
                raise
            return True  # a whole table is


def is_whole(path: Path) -> bool:
    try:
        with contextlib.closing(connect(path)) as conn:
            return bool(conn.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            return False
        raise  # a full disk, a lock


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
    done = {"backup": backup, "fit": fit, "restore": restore}[verb]
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
    except LookupError as error:
        return told(f"{error}.")
    except ValueError as error:
        return told(f"{config} cannot be used ({error}); correct that, then try again.")
    if said:
        sys.stdout.write(f"{said}\n")
    return 0


def told(sentence: str) -> int:
    sys.stderr.write(f"matpi: {sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
