"""Back the log up beside itself, and put the newest good backup in the place of a damaged log.

A backup is `<log>.backup-N`, one SQLite file; the higher N is the newer one, whatever the clock said. With `-vV` after
it, it is the log before it was migrated from schema version V. `<log>.restoring` is there only between the decision to
restore and its end: a start that finds it finishes what a power cut has interrupted.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from matpi import paths
from matpi.errors import DiskTroubleError, StoreDamagedError, StoreError
from matpi.store import faults, file, migrations, outbox, raw
from matpi.store.atomic import write_private

EVERY_S: Final = 7 * 86_400.0
EVERY_SESSIONS: Final = 7
"""While no clock is trusted a backup is due after so many sessions: a week of one a day, over any number of boots."""
WEEKLY_KEPT: Final = 2
_NAME: Final = re.compile(r"\.backup-\d+(-v\d+)?")
_RESTORING: Final = ".restoring"
_COPIES: Final = (".backup-", ".damaged-", ".before-", _RESTORING)
"""How the names of all copies go on after that of the log; `before`: by install.sh, before an upgrade."""


def describe_damage(aside: Path | None, *, restored: bool) -> str:
    """Return what became of a damaged or a missing log, for a person; "" when it was whole."""
    if aside is None:
        lost = "The session log was missing; the newest good backup is in its place, without the sessions after it."
        return lost if restored else ""
    if restored:
        then = (
            "the newest good backup, or a copy with its index rebuilt if only that was damaged, is in its place: later"
            " sessions are in the damaged file only"
        )
    else:
        then = "a new one was started"
    return f"The session log was damaged; it is kept as {aside}, and {then}."


def found(path: Path) -> list[Path]:
    """Return the backups of the log at `path`, newest first."""
    whole = [other for other in _beside(path, ".backup-") if _NAME.fullmatch(other.name, len(path.name))]
    return sorted(whole, key=_number, reverse=True)


def damaged(path: Path) -> list[Path]:
    """Return the damaged logs that were set aside, without their companions, oldest first."""
    return [other for other in _beside(path, ".damaged-") if not other.name.endswith(file.COMPANIONS)]


def _beside(path: Path, mark: str) -> list[Path]:
    with contextlib.suppress(OSError):  # a closed folder
        return sorted(other for other in path.parent.iterdir() if other.name.startswith(f"{path.name}{mark}"))
    return []


def _number(backup: Path) -> int:
    return int(backup.suffix.removeprefix(".backup-").partition("-v")[0])


# -- out ---------------------------------------------------------------------------------------------------------------


def image(conn: sqlite3.Connection, path: Path) -> bytes:
    """Return the log that `conn` has open as the bytes of one SQLite file. Raises StoreDamagedError, sqlite3.Error."""
    with file.transaction(conn, "BEGIN"):  # one view of all pages
        copy = bytearray(conn.serialize())
    copy[18:20] = b"\1\1"  # it comes without a write-ahead log
    with _in_memory(copy) as probe:
        file.check(probe, path)
    return bytes(copy)


def is_due(conn: sqlite3.Connection, path: Path, utc: float | None) -> bool:
    """Return whether a backup is due at `utc`, None without a trusted clock. Never while a session is under way."""
    newest = conn.execute("SELECT seq, reason IS NULL FROM sessions ORDER BY seq DESC LIMIT 1").fetchone()
    if newest is None or newest[1]:
        return False
    last = next(iter(found(path)), None)
    if last is None:
        return True
    if utc is not None:
        # One from the future was made by a wrong clock.
        return not 0.0 <= utc - last.stat().st_mtime < EVERY_S
    try:
        with contextlib.closing(file.connect(last, "ro")) as copy:
            (then,) = copy.execute("SELECT coalesce(max(seq), 0) FROM sessions").fetchone()
    except (sqlite3.Error, ValueError):  # a damaged one
        return True
    return abs(int(newest[0]) - int(then)) >= EVERY_SESSIONS


def make(conn: sqlite3.Connection, path: Path, migrated_from: int | None = None) -> None:
    """Back up what `conn` has open, and remove older backups. Raises StoreError, sqlite3.Error, OSError."""
    data, suffix = image(conn, path), "" if migrated_from is None else f"-v{migrated_from}"
    before = found(path)
    if suffix and any(one.name.endswith(suffix) and one.read_bytes() == data for one in before):
        return  # the migration was interrupted
    number = 1 + max(map(_number, before), default=0)
    write_private(file.companion(path, f".backup-{number}{suffix}"), data, "backup")
    weekly = [one for one in found(path) if "-v" not in one.suffix]
    for old in (*weekly[WEEKLY_KEPT:], *[one for one in found(path) if one not in weekly][1:]):
        old.unlink()


def remove_copies(path: Path) -> None:
    """Remove every copy of the log that the device has made beside it, the damaged ones too. Raises StoreError."""
    with faults.store_errors(path, "remove the copies beside"):
        for mark in _COPIES:
            for copy in _beside(path, mark):
                copy.unlink()
        paths.sync_folder(path.parent)


# -- in ----------------------------------------------------------------------------------------------------------------


class Opened(NamedTuple):
    """A writer's connection, and what became of a damaged or a missing log."""

    conn: sqlite3.Connection
    set_aside: Path | None = None
    """Where it was put, if it was damaged."""
    restored: bool = False
    """A backup is in its place, else a new log."""


def is_restoring(path: Path) -> bool:
    """Return whether a power cut has interrupted the restoring of a backup."""
    return file.companion(path, _RESTORING).exists()


def open_checked(path: Path, prepare: Callable[[sqlite3.Connection], None], *, any_thread: bool = False) -> Opened:
    """Open the log for its writer, prepared; in the place of a damaged one a backup or a new one.

    A missing one is replaced by its backup, too; where none is good, the newest is what was set aside. The caller holds
    the WriterLock and has refused strangers.
    """
    if not (path.exists() or is_restoring(path)) and (kept := found(path)):
        good = newest_good(path)
        if file.is_there(path):
            file.set_aside(path)  # companions of another file: SQLite would apply them to this one
        if good is not None:
            write_private(path, good, "backup", mode=0o640)  # after a cut before its end it is missing still
        aside = None if good is not None else kept[0]
        return _open_replaced(path, prepare, aside, restored=good is not None, any_thread=any_thread)
    if not is_restoring(path):
        try:
            if _is_emptied(path):
                raise faults.damaged(path, "it is empty")
            return Opened(file.open_writer(path, prepare, any_thread=any_thread))
        except (sqlite3.DatabaseError, StoreDamagedError, UnicodeDecodeError) as error:
            if isinstance(error, sqlite3.DatabaseError) and not faults.is_damage(error):
                raise
        # On the disk before the damaged log is moved: at no moment is there neither.
        if (good := newest_good(path)) is not None:
            write_private(file.companion(path, _RESTORING), good, "backup", mode=0o640)
    # None there: the cut came after it was moved.
    aside = file.set_aside(path) if file.is_there(path) else next(reversed(damaged(path)), None)
    restored = is_restoring(path)
    if restored:
        file.companion(path, _RESTORING).rename(path)
        paths.sync_folder(path.parent)
    return _open_replaced(path, prepare, aside, restored=restored, any_thread=any_thread)


def _open_replaced(
    path: Path, prepare: Callable[[sqlite3.Connection], None], aside: Path | None, *, restored: bool, any_thread: bool
) -> Opened:
    """Open what is in the place of a log. A DiskTroubleError says what became of that, too."""
    try:
        return Opened(file.open_writer(path, prepare, any_thread=any_thread), aside, restored)
    except (sqlite3.DatabaseError, OSError) as error:
        trouble = faults.of(error, path)
        if isinstance(trouble, DiskTroubleError):
            trouble.set_aside, trouble.restored = aside, restored
        if trouble is error:
            raise
        raise trouble from error


def _is_emptied(path: Path) -> bool:
    """Return whether nothing is left of a log that has a backup; else an empty file is a log to be made."""
    return path.exists() and not path.stat().st_size and newest_good(path) is not None


def newest_good(path: Path) -> bytes | None:
    """Return the newest backup that is whole and not of a newer matpi, ready to be the log; None without one.

    The log itself, where nothing but an index is damaged.
    """
    for copy in (path, *found(path)):
        with contextlib.suppress(StoreError, sqlite3.Error, OSError):
            return _read(copy)
    return None


def _read(backup: Path) -> bytes:
    header = raw.peek(backup)
    if header is None or header.bare:
        raise faults.damaged(backup, "nothing is in it")
    migrations.refuse_strangers(header, backup)
    with contextlib.closing(raw.connect(backup)) as conn:
        with contextlib.suppress(sqlite3.Error, UnicodeDecodeError):
            conn.execute("REINDEX")  # an index that is damaged costs nothing
        file.check(conn, backup)
        outbox.skip_numbers(conn)
        return conn.serialize()


@contextlib.contextmanager
def _in_memory(data: bytes | bytearray) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.deserialize(data)
        del data  # a long log is in memory no more often than it must be
        yield conn
