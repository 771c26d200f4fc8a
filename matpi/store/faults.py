"""SQLite's and the kernel's refusals as one sentence: what, why, what to do."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from matpi.errors import StoreBusyError, StoreDamagedError, StoreError

_FULL = "the disk is full; make room on it, what is stored already is safe"
_READ_ONLY = "the file system is read-only; a worn card turns so, try another one or remount it writable"
_DENIED = "this user may not write there; run matpi as the service's user or give that user the folder"
_FILE_IN_PATH = "a part of its path is a file, not a folder; choose another path"

_WHY_OF_ERRNO = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "the file may not grow any further; raise the file size limit of the process",
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.ENOENT: "it is not there; check the path",
    errno.ENOTDIR: _FILE_IN_PATH,
    errno.EEXIST: _FILE_IN_PATH,
    errno.EIO: "the disk reports an error; the card may be failing, save what is on it and try another one",
}

_WHY_OF_SQLITE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: f"it cannot be written: {_READ_ONLY}, or {_DENIED}",
    sqlite3.SQLITE_IOERR: "the disk reports an error; it may be full or failing, check it with `df` and `dmesg`",
    sqlite3.SQLITE_CANTOPEN: "it or its folder cannot be opened; check that both exist and belong to this user",
    sqlite3.SQLITE_PERM: _DENIED,
    sqlite3.SQLITE_NOMEM: "there is no memory left; restart the device",
}


def of_os(error: OSError, path: Path, doing: str = "use the session log") -> StoreError:
    """`doing` completes "Cannot ..."."""
    why = _WHY_OF_ERRNO.get(error.errno or 0, f"{error.strerror or error}; check the path")
    return StoreError(f"Cannot {doing} {path}: {why}.")


def of_sqlite(error: sqlite3.Error, path: Path) -> StoreError:
    # The low byte is the primary code; errors the Python module raises by itself carry none.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StoreBusyError(
            f"Cannot use the session log {path}: another program writes to it; close that program and try again."
        )
    if is_damage(error):
        return StoreDamagedError(
            f"The session log {path} is damaged ({error}); restart matpi, it sets the file aside and starts a new one."
        )
    why = _WHY_OF_SQLITE.get(code, f"{error}; restart matpi, and report this if it comes again")
    return StoreError(f"Cannot use the session log {path}: {why}.")


def is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
