"""Handle the database file on the disk: owner, lock, pragmas, check, and setting a damaged one aside."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from matpi import paths
from matpi.errors import StoreBusyError, StoreError
from matpi.store import faults, raw

BUSY_TIMEOUT_S = 5.0
"""How long a lock of a stray program is waited for. Chosen, unmeasured; our own readers never block the writer."""
CHECK_S = 5.0
"""The check at open gives up after this and trusts the file. A log of 5,000 sessions and as many ratings (8 MB) takes
0.02 s on x86-64 (measured), and some 0.5 s on a Pi Zero with a slow card (estimated). Chosen."""

COMPANIONS = ("-wal", "-shm", "-journal")


def companion(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def make_folder(folder: Path) -> None:
    """Make `folder` and its missing parents; each gets its parent's owner when root makes it."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            give_to_owner(fd, folder.parent)
        finally:
            os.close(fd)
        paths.sync_folder(folder.parent)


def make_file(path: Path) -> int:
    """Open `path` for reading and writing; a missing one is made, readable by its group.

    Returns the descriptor. A file that root makes in another user's folder gets that folder's owner: the service could
    not write one of root's. Raises OSError.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
    except FileExistsError:
        return os.open(path, os.O_RDWR)
    give_to_owner(fd, path.parent)
    return fd


def give_to_owner(fd: int, folder: Path) -> None:
    """Give what root has made in another user's folder to the owner of `folder`. Raises OSError."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.fchown(fd, owner.st_uid, owner.st_gid)


_held: weakref.WeakSet[WriterLock] = weakref.WeakSet()


class WriterLock:
    """An exclusive lock on `<path>.lock` for the life of the writer."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises StoreBusyError naming the process that holds it, OSError."""
        fd = make_file(companion(path, ".lock"))
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(fd, 32, 0).decode(errors="replace").strip()
            os.close(fd)
            who, how = (f"matpi, process {owner}", f"`kill {owner}`, ") if owner.isdigit() else ("another matpi", "")
            raise StoreBusyError(
                f"The session log {path} is in use by {who}; wait until that one has ended, or end it ({how}the"
                f" service with `sudo systemctl stop matpi`), then try again."
            ) from None
        except OSError:
            os.close(fd)
            raise
        with contextlib.suppress(OSError):  # who holds the lock is a kindness, and a full disk takes no number
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd: int | None = fd
        _held.add(self)

    def release(self) -> None:
        # The file stays: removing it would be a race.
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _leave_locks_to_the_parent() -> None:
    # A forked child shares the lock; it must not keep it when the parent dies.
    for lock in tuple(_held):
        lock.release()


os.register_at_fork(after_in_child=_leave_locks_to_the_parent)


def connect(path: Path, mode: str, *, any_thread: bool = False) -> sqlite3.Connection:
    """Connect in SQLite's `mode`, ro or rw; transactions are begun by hand. `any_thread` as in Store.open."""
    conn = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_S,
        check_same_thread=not any_thread,
    )
    conn.text_factory = _text
    return conn


@contextlib.contextmanager
def transaction(conn: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Commit when the block has been left, undo it when it raised.

    As a writer at once: a transaction that reads first and then finds the log changed would be refused.
    """
    conn.execute(begin)
    try:
        yield
        conn.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            if conn.in_transaction:
                conn.execute("ROLLBACK")
        raise


_text = partial(str, encoding="utf-8", errors="replace")
"""Replaces what is no UTF-8: a flipped bit in one text must not make the whole log unreadable."""

_CANNOT_SHARE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a checked connection that changes nothing."""
    conn = connect(path, "ro")
    try:
        check(conn, path)
    except BaseException as error:
        conn.close()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _CANNOT_SHARE:
            raise
        # A WAL reader shares a file with the writer. There is no room for it, or this user may not make it; then no
        # writer is at work either, for it would have made it.
        return connect_copy(path)
    return conn


def connect_copy(path: Path) -> sqlite3.Connection:
    """Return a checked connection to a copy in memory; needs nothing but to read the files."""
    conn = raw.connect(path)
    conn.text_factory = _text
    try:
        check(conn, path)
    except BaseException:
        conn.close()
        raise
    return conn


WRITER_PRAGMAS: tuple[tuple[str, object], ...] = (
    # WAL + FULL: no acknowledged commit lost in 2050 simulated power cuts, WAL + NORMAL lost 1255 times (measured
    # with a power-cut model of SQLite's file layer, 40 sessions, every cut point).
    ("journal_mode", "wal"),
    ("synchronous", 2),
    ("foreign_keys", 1),
    ("wal_autocheckpoint", 1000),
    ("journal_size_limit", 4 * 1024 * 1024),
    ("temp_store", 2),
)


def harden(conn: sqlite3.Connection, path: Path) -> None:
    """Set the writer's pragmas and read them back: SQLite declines one silently."""
    for name, wanted in WRITER_PRAGMAS:
        conn.execute(f"PRAGMA {name} = {wanted}").fetchall()
        (got,) = conn.execute(f"PRAGMA {name}").fetchone()
        if got != wanted:
            raise StoreError(
                f"The session log {path} cannot be kept safe from power cuts ({name} stays {got}, not {wanted});"
                " put it on a local disk, not a network folder."
            )


def fold(conn: sqlite3.Connection) -> bool:
    """Move the write-ahead log into the one file, unless a session is under way: then when it has ended.

    So a copy of the one file lacks at most that session, and the card is spared one write of each page every 15 s. It
    waits for no reader; False: one was reading, and until all is moved only the two files together are a log.
    """
    with contextlib.suppress(sqlite3.Error):
        # Only the newest may be under way: a start closes the others.
        newest = conn.execute("SELECT reason IS NULL FROM sessions ORDER BY seq DESC LIMIT 1").fetchone()
        if newest == (1,):
            return True
        busy, written, moved = conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return not busy and bool(written == moved)
    return False


def check(conn: sqlite3.Connection, path: Path, limit_s: float = CHECK_S) -> None:
    """Raise StoreDamagedError when SQLite finds the file broken within `limit_s`."""
    deadline = time.monotonic() + limit_s
    conn.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)
    try:
        # Not quick_check: it does not look whether an index fits its table, and SQLite refuses to read by a broken one.
        found = conn.execute("PRAGMA integrity_check(1)").fetchall()
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code == sqlite3.SQLITE_ERROR:  # a statement of the schema
            raise faults.damaged(path, str(error)) from error
        if code != sqlite3.SQLITE_INTERRUPT:
            raise
        return
    except UnicodeDecodeError as error:  # SQLite quotes a damaged name
        raise faults.damaged(path, "a name in it cannot be read") from error
    finally:
        conn.set_progress_handler(None, 0)
    if found != [("ok",)]:
        raise faults.damaged(path, found[0][0])


def open_writer(
    path: Path, prepare: Callable[[sqlite3.Connection], None], *, any_thread: bool = False
) -> sqlite3.Connection:
    """Return a checked connection that writes, prepared. Raises StoreDamagedError, sqlite3.Error, OSError."""
    raw.peek(path)
    read_through(path)
    if path.exists() and path.stat().st_size:
        # Read-only, so that nothing of the log of writes enters a damaged file; except that only a writer can undo a
        # creation that was cut short.
        mode = "rw" if companion(path, "-journal").exists() else "ro"
        with contextlib.closing(connect(path, mode)) as probe:
            check(probe, path)
    if not path.exists():
        os.close(make_file(path))  # SQLite's side files take owner and mode of this one
    conn = connect(path, "rw", any_thread=any_thread)
    try:
        prepare(conn)
    except BaseException:
        conn.close()
        raise
    paths.sync_folder(path.parent)
    return conn


def read_through(path: Path) -> None:
    """Read the log once. Raises OSError where the disk fails: SQLite takes what cannot be read for damaged."""
    for part in (path, companion(path, "-wal")):
        with contextlib.suppress(FileNotFoundError), part.open("rb") as whole:
            while whole.read(1 << 20):
                pass


def is_there(path: Path) -> bool:
    """Return whether anything of the log is at `path`."""
    return any(companion(path, suffix).exists() for suffix in ("", *COMPANIONS))


def set_aside(path: Path) -> Path:
    """Rename a damaged file and its companions to `<name>.damaged-<UTC>`; return that. Raises OSError."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.with_name(f"{path.name}.damaged-{stamp}")
    n = 1
    while is_there(target):
        n += 1
        target = path.with_name(f"{path.name}.damaged-{stamp}-{n}")
    # The database last: a log of writes left beside no database would be thrown away by SQLite.
    for suffix in (*COMPANIONS, ""):
        with contextlib.suppress(FileNotFoundError):
            companion(path, suffix).rename(companion(target, suffix))
    paths.sync_folder(path.parent)
    return target


def discard(path: Path) -> None:
    """Remove a log that was made just now, and its companions. Raises OSError."""
    for suffix in (*COMPANIONS, ""):
        companion(path, suffix).unlink(missing_ok=True)
