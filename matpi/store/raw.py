"""Read the log without SQLite: its header, and database and write-ahead log put together in memory.

SQLite writes beside a WAL database that it reads, and cannot read one where it can make no `-shm` file: on a full disk,
a read-only one, in another user's folder. Layout and checksums are those of sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import struct
from pathlib import Path

from msgspec import Struct

from matpi.errors import StoreError
from matpi.store import faults

APPLICATION_ID = int.from_bytes(b"matp", "big")
_LOG_SUFFIXES = {".db", ".sqlite", ".sqlite3"}
"""A file of such a name that is no database was one; any other was named by mistake."""
MAGIC = b"SQLite format 3\0"
_JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
_PAGE_ONE = 105
"""The bytes of page one we read: the file header (100) and the first table's leaf header up to its cell count."""
_ATTEMPTS = 3
_WAL_HEADER, _FRAME_HEADER = 32, 24
_BYTE_ORDER = {0x377F0682: "<", 0x377F0683: ">"}
"""Magic number of a WAL -> the byte order of its checksums."""
_MASK = 0xFFFFFFFF


class Header(Struct, frozen=True):
    version: int
    application_id: int
    bare: bool
    """No table in it: a creation that was cut short, or a copy without its write-ahead log."""

    @property
    def is_ours(self) -> bool:
        return self.application_id == APPLICATION_ID or (self.bare and not self.application_id)


def peek(path: Path) -> Header | None:
    """Return the header as the last commit left it, None for a file yet to be made. Leaves no trace.

    Raises StoreDamagedError when this is no SQLite file any more, StoreError when it hardly was one, OSError.
    """
    wal = _wal_of(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise StoreError(f"{path} is not a file; choose another path for the session log.")
        with path.open("rb") as file:
            page = file.read(_PAGE_ONE)
    except FileNotFoundError:
        page = b""
    if not page:
        # SQLite would throw such a log of writes away.
        if wal.exists() and wal.stat().st_size:
            raise faults.damaged(path, "it is empty, but its log of writes is not")
        return None
    if not page.startswith(MAGIC) and _is_begun(path):
        return Header(version=0, application_id=0, bare=True)
    if not page.startswith(MAGIC) and path.suffix.lower() not in _LOG_SUFFIXES:
        raise StoreError(
            f"{path} is not a session log and was not touched; check the name, or choose one that ends in .db."
        )
    if len(page) < _PAGE_ONE or not page.startswith(MAGIC):
        raise faults.damaged(path, "it is not a SQLite database")
    with contextlib.suppress(FileNotFoundError):
        page = _page_one_in_wal(wal) or page
    return Header(
        version=int.from_bytes(page[60:64], "big"),
        application_id=int.from_bytes(page[68:72], "big"),
        bare=page[100] == 0x0D and page[103:105] == b"\0\0",
    )


def _is_begun(path: Path) -> bool:
    """Return whether a power cut has torn the first page of a new log, which never had a commit.

    Then the rollback journal says that the database had no page before, and SQLite empties it.
    """
    try:
        with path.with_name(f"{path.name}-journal").open("rb") as file:
            head = file.read(20)
    except FileNotFoundError:
        return False
    return head[:8] == _JOURNAL_MAGIC and head[16:] == bytes(4) and not _wal_of(path).exists()


def _page_one_in_wal(wal: Path) -> bytes | None:
    """Return the start of page one in the newest commit of the WAL, None when it has none."""
    # Checksums are not read: a torn tail can at most make a version look newer, which is refused and loses nothing.
    committed = pending = None
    with wal.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return None
        page_size, salts = int.from_bytes(head[8:12], "big"), head[16:24]
        while len(frame := file.read(24)) == 24 and frame[8:16] == salts:
            page = file.read(min(page_size, _PAGE_ONE))
            if frame[:4] == b"\0\0\0\1" and page.startswith(MAGIC):
                pending = page
            if frame[4:8] != b"\0\0\0\0":
                committed = pending
            file.seek(page_size - len(page), os.SEEK_CUR)
    return committed


def _wal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def connect(path: Path) -> sqlite3.Connection:
    """Connect to a copy in memory of what has been committed.

    Raises StoreBusyError when the files keep changing while they are copied, OSError.
    """
    wal = _wal_of(path)
    for _ in range(_ATTEMPTS):
        before = _stamp(path), _stamp(wal)
        database = path.read_bytes()
        writes = wal.read_bytes() if before[1] is not None else b""
        if (_stamp(path), _stamp(wal)) == before:
            break
    else:
        raise faults.busy(path)
    image = _put_together(database, writes)
    image[18:20] = b"\1\1"  # a database in memory has no log of writes, and SQLite would ask for one
    conn = sqlite3.connect(":memory:", isolation_level=None)
    try:
        conn.deserialize(bytes(image))
    except BaseException:
        conn.close()
        raise
    return conn


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _put_together(database: bytes, wal: bytes) -> bytearray:
    """Return `database` with the pages of `wal` up to its last whole commit."""
    image = bytearray(database)
    if len(wal) < _WAL_HEADER:
        return image
    magic, _, page_size, _, salts, sums = struct.unpack(">IIII8s8s", wal[:_WAL_HEADER])
    order = _BYTE_ORDER.get(magic)
    if order is None or _checksum(order, (0, 0), wal[:24]) != (running := struct.unpack(">II", sums)):
        return image
    pending: dict[int, bytes] = {}
    for at in range(_WAL_HEADER, len(wal) - _FRAME_HEADER - page_size + 1, _FRAME_HEADER + page_size):
        number, pages, frame_salts, sums = struct.unpack(">II8s8s", wal[at : at + _FRAME_HEADER])
        page = wal[at + _FRAME_HEADER : at + _FRAME_HEADER + page_size]
        running = _checksum(order, _checksum(order, running, wal[at : at + 8]), page)
        if frame_salts != salts or running != struct.unpack(">II", sums):
            break
        pending[number] = page
        if pages:  # the frame that ends a commit, with how many pages the database has then
            image = image[: pages * page_size].ljust(pages * page_size, b"\0")
            for n, content in pending.items():
                if n <= pages:
                    image[(n - 1) * page_size : n * page_size] = content
            pending.clear()
    return image


def _checksum(order: str, start: tuple[int, ...], data: bytes) -> tuple[int, int]:
    a, b = start
    for x, y in struct.iter_unpack(f"{order}II", data):
        a = (a + x + b) & _MASK
        b = (b + y + a) & _MASK
    return a, b
