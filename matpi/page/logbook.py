"""Read the log for the page: the file stays open, and the answer is made again only when something has changed.

All of it runs in one thread of its own, as SQLite wants it.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from matpi.control.log_view import today_of
from matpi.errors import StoreError, UsageError
from matpi.page import figures
from matpi.store import transfer
from matpi.store.db import Store, image
from matpi.store.file import companion
from matpi.store.tables import CSV_TABLES
from matpi.words import Words

T = TypeVar("T")
GZIP_LEVEL: Final = 3  # chosen: 5,000 sessions in 14 ms here, a tenth larger than with 6
_NO_STAT: Final = (0, 0, 0)


class Answer(NamedTuple):
    """The JSON of GET /api/log."""

    body: bytes
    zipped: bytes
    tag: str
    """A strong ETag, without its quotes."""


class Logbook:
    """The log at `path`. Its coroutines raise StoreError, in a sentence that a page shows."""

    def __init__(self, path: Path, words: Words) -> None:
        self.path = path
        self._words = words
        self._thread = ThreadPoolExecutor(1, "log")
        self._store: Store | None = None
        self._is_copy = False
        self._mark: object = None
        """Of the open file: its number; of a copy all that changes with a commit."""
        self._made: tuple[object, Answer] | None = None

    async def answer(self, today: tuple[date, bool] | None) -> Answer:
        """Return everything of the log.

        `today`: the day of the running device, and whether it is estimated; None: found out from the log.
        """
        return await self._run(self._answer, today)

    async def exported(self) -> bytes:
        """Return the JSON of `matpi export`."""
        return await self._run(self._exported)

    async def table(self, name: str) -> bytes:
        """Return the CSV of one table of CSV_TABLES. Raises UsageError for another name."""
        return await self._run(self._table, name)

    async def image(self) -> bytes:
        """Return the file of `matpi backup`."""
        return await self._run(image, self.path)

    def close(self) -> None:
        self._thread.submit(self._close)
        self._thread.shutdown()

    async def _run(self, do: Callable[..., T], *given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._tried, do, *given)

    def _tried(self, do: Callable[..., T], *given: Any) -> T:
        try:
            return do(*given)
        except StoreError:
            self._close()
            raise

    def _answer(self, seen: tuple[date, bool] | None) -> Answer:
        store = self._opened()
        version = store.version()
        if seen is None:  # the device is off
            seen = today_of(store.load(), self.path, time.time())[:2]
        today, estimated = seen
        key = self._mark, version, today, estimated
        if self._made is None or self._made[0] != key:
            content = figures.answer(
                store.load(),
                store.sessions(),
                store.ratings(),
                store.looser(),
                store.members(),
                today=today,
                estimated=estimated,
                version=version,
                words=self._words,
            )
            body = msgspec.json.encode(content)
            tag = hashlib.blake2b(body, digest_size=12).hexdigest()
            self._made = key, Answer(body, gzip.compress(body, GZIP_LEVEL, mtime=0), tag)
        return self._made[1]

    def _exported(self) -> bytes:
        out = BytesIO()
        transfer.export_json(self._opened(), out)
        return out.getvalue()

    def _table(self, name: str) -> bytes:
        table = next((one for one in CSV_TABLES if one.name == name), None)
        if table is None:
            raise UsageError(f"There is no table of that name; there are {', '.join(one.name for one in CSV_TABLES)}.")
        return transfer.export_table(self._opened(), table)

    def _opened(self) -> Store:
        """Return the open log; open it again when another file has its name, or a copy of it is out of date."""
        marks = _marks(self.path)
        if self._store is not None and self._mark != (marks if self._is_copy else marks[0][0]):
            self._close()
        if self._store is None:
            self._store = Store.open(self.path, read_only=True)
            with self._store.reading() as conn:
                # A copy in memory, as where this user may not share the file with the device.
                self._is_copy = not conn.execute("PRAGMA database_list").fetchone()[2]
            self._mark = marks if self._is_copy else marks[0][0]
        return self._store

    def _close(self) -> None:
        store, self._store, self._mark = self._store, None, None
        if store is not None:
            store.close()


def _marks(path: Path) -> tuple[tuple[int, int, int], ...]:
    """Return what changes with each commit, where the log is a copy that cannot ask SQLite; first the file's number."""
    marks = []
    for file in (path, companion(path, "-wal")):
        try:
            found = file.stat()
            marks.append((found.st_ino, found.st_size, found.st_mtime_ns))
        except OSError:
            marks.append(_NO_STAT)
    return tuple(marks)
