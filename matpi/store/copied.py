"""The log read without SQLite's side files: database and log of writes put together in memory.

SQLite cannot read a WAL database where it can make no `-shm` file: on a full disk, a read-only one, in another user's
folder. Layout and checksums are those of sqlite.org/fileformat2.html#walformat.
"""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

from matpi.store import faults

_ATTEMPTS = 3
_WAL_HEADER, _FRAME_HEADER = 32, 24
_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
"""The byte order of the checksums."""
_MASK = 0xFFFFFFFF


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a copy in memory of what has been committed. Raises StoreBusyError when the files keep
    changing while they are copied, OSError.
    """
    wal = path.with_name(f"{path.name}-wal")
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
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _put_together(database: bytes, wal: bytes) -> bytearray:
    """`database` with the pages of `wal` up to its last whole commit."""
    image = bytearray(database)
    if len(wal) < _WAL_HEADER:
        return image
    magic, _, page_size, _, salts, sums = struct.unpack(">IIII8s8s", wal[:_WAL_HEADER])
    order = _MAGIC.get(magic)
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
