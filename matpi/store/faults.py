"""Translate errors of SQLite and the kernel into one sentence: what failed, why, what to do."""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from matpi.errors import DiskTroubleError, StoreDamagedError, StoreError, StoreLockedError

_FULL = "the disk is full; make room on it, what is stored already is safe"
_READ_ONLY = "the file system is read-only; a worn card turns so, try another one or remount it writable"
_FILE_IN_PATH = "a part of its path is a file, not a folder; choose another path"

_WHY_OF_ERRNO = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "the file may not grow any further; raise the file size limit of the process",
    errno.EROFS: _READ_ONLY,
    errno.ENOENT: "it is not there; check the path",
    errno.ENOTDIR: _FILE_IN_PATH,
    errno.EEXIST: _FILE_IN_PATH,
    errno.EIO: "the disk reports an error; the card may be failing, save what is on it and try another one",
}

_WHY_OF_SQLITE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_IOERR: "the disk reports an error; it may be failing, check it with `df` and `dmesg`",
    sqlite3.SQLITE_CANTOPEN: "it or its folder cannot be opened; check that both exist and belong to this user",
    sqlite3.SQLITE_NOMEM: "there is no memory left; restart the device",
}


_PASSING_ERRNO = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


@contextlib.contextmanager
def store_errors(path: Path, doing: str = "use the session log") -> Iterator[None]:
    """Raise an OSError or sqlite3.Error in the block as a StoreError."""
    try:
        yield
    except StoreError:  # is an OSError too
        raise
    except (OSError, sqlite3.Error) as error:
        raise of(error, path, doing) from error


def of(error: OSError | sqlite3.Error, path: Path, doing: str = "use the session log") -> StoreError:
    """Translate an error of either; a StoreError is returned as it is. `doing` as in `of_os`."""
    if isinstance(error, StoreError):
        return error
    return of_sqlite(error, path) if isinstance(error, sqlite3.Error) else of_os(error, path, doing)


def of_os(error: OSError, path: Path, doing: str = "use the session log", *, log: bool = True) -> StoreError:
    """Translate an error of the kernel. `doing` completes "Cannot ..."; without `log`: about another file."""
    why = _WHY_OF_ERRNO.get(error.errno or 0) or f"{error.strerror or error}; check the path"
    if error.errno in {errno.EACCES, errno.EPERM}:
        why = denied(path) if log else "this user may not write there; choose another folder"
    kind = DiskTroubleError if error.errno in _PASSING_ERRNO else StoreError
    return kind(f"Cannot {doing} {path}: {why}.")


def of_sqlite(error: sqlite3.Error, path: Path) -> StoreError:
    """Translate an error of SQLite."""
    # The low byte is the primary code; errors the Python module raises by itself carry none.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return busy(path)
    if is_damage(error):
        return damaged(path, str(error))
    why = _WHY_OF_SQLITE.get(code, f"{one_line(str(error))}; restart matpi, and report this if it comes again")
    passes = _passes(code, path)
    if code == sqlite3.SQLITE_PERM or (code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN} and not passes):
        why = denied(path)
    elif passes and _is_full(path):
        why = _FULL  # which SQLite reports as an I/O error when a side file finds no room
    kind = DiskTroubleError if passes else StoreError
    return kind(f"Cannot use the session log {path}: {why}.")


def denied(path: Path) -> str:
    """Return whose file this user may not use, and how to use it: as its owner, or in its group to read."""
    me, seen = os.geteuid(), _nearest(path)
    folder = _nearest(path.parent)
    owner = _user(seen.st_uid)
    if folder.st_uid == me != seen.st_uid:
        return f"it belongs to {owner}, its folder to {_user(me)}; run `sudo chown {_user(me)}: {path}*`"
    if seen.st_uid == me:
        return "its mode does not let this user; look at it and its folder with `ls -l`, and change that with `chmod`"
    why = f"it belongs to {owner}; run it as `sudo -u {owner} matpi ...`"
    group = seen.st_gid
    if group and seen.st_mode & 0o040 and group not in {os.getegid(), *os.getgroups()}:
        name = _group(group)
        why += f", or join the group {name} to read it: `sudo usermod -aG {name} {_user(me)}`, then log in again"
    return why


def _nearest(path: Path) -> os.stat_result:
    """Return the status of `path`, or of its first parent that this user may look at."""
    for there in (path, *path.absolute().parents):
        try:
            return there.stat()
        except OSError:
            continue
    return Path("/").stat()


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"'#{uid}'"  # as sudo and chown take a number


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def busy(path: Path) -> StoreLockedError:
    return StoreLockedError(
        f"Cannot use the session log {path}: another program writes to it; close that program and try again."
    )


def damaged(path: Path, what: str) -> StoreDamagedError:
    return StoreDamagedError(
        f"The session log {path} is damaged ({one_line(what)}); start the device or `matpi sim` once, which sets the"
        " file aside under another name and goes on with its newest good backup, or put a copy in its place."
    )


def is_damage(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def one_line(text: str) -> str:
    """Return the first line that is not empty and no heading in asterisks, as SQLite's checks write."""
    lines = [line.strip() for line in text.splitlines()]
    return next((line for line in lines if line and not line.startswith("***")), "nothing more is known")


def _passes(code: int, path: Path) -> bool:
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return True
    # SQLite has one word for a folder without room and for one that is not ours.
    return code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN} and not _is_denied(path)


def _is_full(path: Path) -> bool:
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return not disk.f_bavail and not disk.f_flag & os.ST_RDONLY


def _is_denied(path: Path) -> bool:
    try:
        if os.statvfs(path.parent).f_flag & os.ST_RDONLY:
            return False
    except OSError:
        return True
    return not os.access(path.parent, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.R_OK | os.W_OK))
