"""Read the log for the page: the file stays open, and the answer is made again only when something has changed.

All of it runs in one thread of its own, as SQLite wants it.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import hashlib
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from matpi.control.log_view import today_of
from matpi.core.model import Memory
from matpi.errors import StoreError, UsageError
from matpi.page import figures
from matpi.store import transfer
from matpi.store.db import Store, image
from matpi.store.file import companion
from matpi.store.history import setting_texts
from matpi.store.tables import CSV_TABLES, StoredSession
from matpi.words import LANGUAGES, Words

T = TypeVar("T")
GZIP_LEVEL: Final = 3  # chosen: 5,000 sessions in 14 ms here, a tenth larger than with 6
DAY_S: Final = 20.0
"""How late a new day may be seen while no device runs."""
GZIP: Final = 31  # window bits of zlib that mean the format gzip
_NO_STAT: Final = (0, 0, 0)


class Answer(NamedTuple):
    """The JSON of GET /api/log."""

    zipped: bytes
    """All that is stored of it: the JSON is twenty times as long, and nearly every browser takes it so."""
    size: int
    tag: str
    """A strong ETag, without its quotes."""

    def body(self) -> bytes:
        return gzip.decompress(self.zipped)


class Logbook:
    """The log at `path`; `words` are those of the config. Its coroutines raise StoreError in a sentence."""

    def __init__(self, path: Path, words: Words) -> None:
        self.path = path
        self._words = words
        self._thread = ThreadPoolExecutor(1, "log")
        self._store: Store | None = None
        self._is_copy = False
        self._mark: object = None
        """Of the open file: its number; of a copy all that changes with a commit."""
        self._made: tuple[object, Answer] | None = None
        self._day: tuple[object, float, tuple[date, bool]] | None = None

    async def answer(self, today: tuple[date, bool] | None) -> Answer:
        """Return everything of the log.

        `today`: the day of the running device, and whether it is estimated; None: found out from the log.
        """
        return await self._run(self._answer, today)

    async def language(self) -> str:
        """Return the language that is set, else that of the config. Never raises."""
        try:
            return await self._run(self._language)
        except StoreError:
            return self._words.language

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
        mark, now, loaded = (self._mark, version), time.monotonic(), None
        with _no_collection():
            if seen is None:  # no device runs
                if self._day is None or self._day[0] != mark or now - self._day[1] > DAY_S:
                    loaded = store.load_all()
                    self._day = mark, now, today_of(loaded[0], self.path, time.time())[:2]
                seen = self._day[2]
            if self._made is None or self._made[0] != (mark, seen):
                self._made = (mark, seen), self._make(store, loaded or store.load_all(), version, *seen)
        return self._made[1]

    def _make(
        self,
        store: Store,
        loaded: tuple[Memory, tuple[StoredSession, ...]],
        version: int,
        today: date,
        estimated: bool,
    ) -> Answer:
        memory, sessions = loaded
        content = figures.answer(
            memory,
            sessions,
            store.members(),
            today=today,
            estimated=estimated,
            version=version,
            words=LANGUAGES.get(memory.settings.language, self._words),
        )
        return _written(content)

    def _language(self) -> str:
        with self._opened().reading() as conn:
            text = setting_texts(conn).get("language", "")
        return text if text in LANGUAGES else self._words.language

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
        # A new file may have the number of the closed one, and count its commits from the same one on.
        store, self._store, self._mark, self._made, self._day = self._store, None, None, None, None
        if store is not None:
            store.close()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Switch the search for cycles off: it takes half of the time, and the thousands of records have none."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _written(content: Mapping[str, Any]) -> Answer:
    """Return the content as JSON, zipped piece by piece; an iterator becomes a list."""
    encode = msgspec.json.Encoder().encode
    size, digest, zipper = 0, hashlib.blake2b(digest_size=12), zlib.compressobj(GZIP_LEVEL, wbits=GZIP)
    parts = []

    def write(piece: bytes) -> None:
        nonlocal size
        size += len(piece)
        digest.update(piece)
        parts.append(zipper.compress(piece))

    for n, (name, value) in enumerate(content.items()):
        write(b"%b%b:" % (b"," if n else b"{", encode(name)))
        if not isinstance(value, Iterator):
            write(encode(value))
            continue
        write(b"[")
        before = b""
        while some := list(islice(value, 100)):
            write(before + encode(some)[1:-1])
            before = b","
        write(b"]")
    write(b"}")
    parts.append(zipper.flush())
    return Answer(b"".join(parts), size, digest.hexdigest())


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
