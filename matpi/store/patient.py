"""A store for a device that must start whatever its disk is like: the timer does not wait for a full one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf
from pathlib import Path

from matpi.core.effects import Save, Write
from matpi.core.events import Event, Saved, SaveFailed
from matpi.core.model import (
    Memory,
    Settings,
)
from matpi.errors import DiskTroubleError, StoreError
from matpi.store import history
from matpi.store.db import Store
from matpi.store.writer import Writer

REOPEN_EVERY_S = 2.0
"""Between two tries to open. A try on a full disk takes 0.24 ms on x86-64 (measured, tmpfs), some ten times that on a
Pi Zero (estimated), and the device asks again for everything it has at once. Chosen."""


class PatientStore:
    """Implements ports.Store. While the disk is in trouble (full, failing, read-only) it answers from what could
    be read at the start and refuses every write with StoreError; a write opens the log as soon as that is possible.
    """

    def __init__(
        self,
        path: Path,
        *,
        monotonic: Callable[[], float],
        first_settings: Settings,
        sinks: tuple[str, ...] | None = None,
        put: Callable[[Event], None] | None = None,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        """Open or make the log. `first_settings` go into one in which nothing was ever set; `sinks` as in Store.open.

        With `put` a thread of its own has the log from the first write on: it writes, answers there and calls
        `committed` after each commit. Until then the log is read where it was opened, which spares 0.6 MB (measured).
        Raises StoreError for what waiting does not fix: a log in use, newer, another program's, not permitted.
        """
        self.path = path
        self.set_aside: Path | None = None
        """Where a damaged file was put when the log was opened."""
        self.trouble = ""
        """Why the log could not be opened yet; "" when it is open."""
        self._monotonic = monotonic
        self._first_settings = first_settings
        self._sinks = sinks
        self._committed = committed
        self._store: Store | None = None
        self._next_try = -inf
        self._memory = Memory(settings=first_settings)
        self._thread = None if put is None else Writer(put, monotonic, self._fold)
        try:
            self._writer()
        except DiskTroubleError as error:
            self.set_aside = error.set_aside
            self._read()

    @property
    def is_open(self) -> bool:
        return self._store is not None

    def close(self, *, flush: bool = True) -> None:
        """Without `flush` what the thread was given and has not written yet is lost, as by a power cut. Raises
        StoreError, also when it could not be written, or not in time.
        """
        if self._thread is None:
            self._close()
        else:
            self._thread.stop(self._close, flush=flush)

    def load(self) -> Memory:
        """With a thread: before the first write."""
        return self._memory if self._store is None else self._store.load()

    def write(self, effect: Write) -> bool:
        return self._do(effect.key, effect, lambda: self._writer().write(effect))

    def count(self, kind: str, text: str) -> bool:
        return self._do("note", object(), lambda: self._writer().count(kind, text))

    def stands(self, answer: Saved | SaveFailed) -> bool:
        return self._thread is None or self._thread.stands(answer)

    def fold(self) -> bool:
        """The thread does it by itself."""
        return self._thread is not None or self._fold()

    def _do(self, key: str, what: object, write: Callable[[], bool]) -> bool:
        if self._thread is None:
            return write()

        def job() -> None:
            write()
            self._committed()

        self._thread.submit(key, what, job)
        return False

    def _fold(self) -> bool:
        return self._store is None or self._store.fold()

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()

    def _writer(self) -> Store:
        """The open log. Raises StoreError when it is not to be had yet."""
        if self._store is None:
            now = self._monotonic()
            if now < self._next_try:
                raise StoreError(self.trouble)
            self._next_try = now + REOPEN_EVERY_S
            try:
                self._store = self._open()
            except StoreError as error:
                self.trouble = str(error)
                raise
            self.trouble = ""
            self.set_aside = self._store.set_aside or self.set_aside
        return self._store

    def _open(self) -> Store:
        store = Store.open(self.path, sinks=self._sinks, any_thread=self._thread is not None)
        try:
            with store.reading() as conn:
                unset = not history.setting_texts(conn)
            if unset:
                store.write(Save(self._first_settings))
            store.fold()
        except BaseException as error:
            if isinstance(error, DiskTroubleError):
                error.set_aside = store.set_aside
            store.close()  # or its lock would keep the next try out
            raise
        return store

    def _read(self) -> None:
        try:
            with Store.copied(self.path) as copy:
                with copy.reading() as conn:
                    unset = not history.setting_texts(conn)
                memory = copy.load()
        except StoreError:
            return  # nothing to be read: the device starts as a new one
        self._memory = replace(memory, settings=self._first_settings) if unset else memory
