"""Write the log of a device: in a thread, and on a disk that may be full when the device starts.

Nothing else waits for a lock or a slow card, and the timer not for a full disk.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from matpi.core.effects import Save, Write
from matpi.core.events import Event, LogReplaced, Noted, Saved, SaveFailed
from matpi.core.model import Memory, Settings
from matpi.errors import DiskTroubleError, StoreError
from matpi.store.backups import describe_damage, found
from matpi.store.db import Store

IDLE_S: Final = 2.0
"""So long after the last job `idle` is called: no answer is waited for then. Chosen."""
REOPEN_EVERY_S: Final = 2.0
"""Between two tries to open. A try on a full disk takes 0.24 ms on x86-64 (measured, tmpfs), some ten times that on a
Pi Zero (estimated), and the device asks again for everything it has at once. Chosen."""
BACKUP_RETRY_S: Final = 3600.0
"""After a backup that failed: a full disk is seldom emptied sooner. Chosen."""
FLUSH_S: Final = 6.0
"""The end waits so long for what was handed over: a lock is waited for 5 s, the service has 15 s in all. Chosen."""


class Writer:
    """A thread that runs jobs in order and answers each: Saved after its commit, else SaveFailed.

    Its methods are for one other thread. It begins with the first `submit`. `idle` runs in it, again and again until it
    returns True: nothing more to do.
    """

    def __init__(self, put: Callable[[Event], None], now: Callable[[], float], idle: Callable[[], bool]) -> None:
        self._put, self._now, self._idle = put, now, idle
        self._jobs: queue.SimpleQueue[tuple[str, Callable[[], object]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards `_ahead` and `_unheard`
        self._ahead: dict[str, list[object]] = {}
        """Key -> what is not done yet, oldest first."""
        self._unheard: dict[str, Saved | SaveFailed] = {}
        """Key -> the answer that is on its way to the loop."""
        self._resting, self._dropping = True, False
        self._bug: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="log writer", daemon=True)

    def submit(self, key: str, what: object, job: Callable[[], object]) -> None:
        """Run `job`, which stores `what`, in the writer's thread; it is answered under `key`.

        Not when a later one of that key follows it: two answers look the same, and only the later one says what is
        stored. What waits already, as the device retries every 30 s under a long lock, is not done twice.
        """
        if self._bug is not None:
            raise self._bug  # where a fault of the loop would be raised, which ends the process
        if not self._thread.is_alive():
            self._thread.start()
        with self._lock:
            self._unheard.pop(key, None)
            ahead = self._ahead.setdefault(key, [])
            if ahead and ahead[-1] == what:
                return
            ahead.append(what)
        self._jobs.put((key, job))

    def holds(self, answer: Saved | SaveFailed) -> bool:
        """Return whether the answer is about the last write of its key: one may have followed meanwhile."""
        with self._lock:
            stands = self._unheard.get(answer.id) is answer
            if stands:
                del self._unheard[answer.id]
            return stands

    def stop(self, last: Callable[[], None], *, flush: bool) -> None:
        """End the thread with the job `last`, after what was handed over, or without that.

        Raises what `last` raises, and StoreError when FLUSH_S were not enough, or for what could not be stored and the
        loop has not heard of.
        """
        if not self._thread.is_alive():
            last()
            return
        self._dropping = not flush
        ended: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

        def end() -> None:
            self._dropping = False
            try:
                last()
            except BaseException as error:  # noqa: BLE001  raised by the caller
                ended.put(error)
            else:
                ended.put(None)

        self._jobs.put(("", end))
        self._jobs.put(None)
        try:
            error = ended.get(timeout=FLUSH_S)
        except queue.Empty:
            error = StoreError(
                f"what was recorded last is not in the session log: another program or the disk has kept it from being"
                f" written for {FLUSH_S:.0f} s"
                if self._ahead
                else f"the session log has everything, but the disk has kept it from being closed for {FLUSH_S:.0f} s"
            )
        lost = [answer.why for answer in self._unheard.values() if isinstance(answer, SaveFailed)]
        if error is None and lost and flush:
            error = StoreError(f"what was recorded last is not in the session log: {lost[0]}")
        if error is not None:
            raise error

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=None if self._resting else IDLE_S)
            except queue.Empty:
                job = "", self._rest
            if job is None:
                return
            self._resting = False
            self._do(*job)

    def _rest(self) -> None:
        self._resting = self._idle()

    def _do(self, key: str, job: Callable[[], object]) -> None:
        why = None
        try:
            if not (key and self._dropping):
                job()
        except StoreError as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001  raised by the next `submit`
            self._bug, why = error, f"{type(error).__name__}: {error}"
        if not key:
            return
        with self._lock:
            del self._ahead[key][0]
            superseded = bool(self._ahead[key])
            if not superseded:
                del self._ahead[key]
            if superseded or self._dropping:
                return
            answer = Saved(self._now(), key) if why is None else SaveFailed(self._now(), key, why)
            self._unheard[key] = answer
        self._put(answer)


class PatientStore:
    """Implements ports.Store, also on a disk in trouble: full, failing or read-only.

    Then it answers from what could be read at the start and refuses every write with StoreError; a write opens the log
    as soon as that is possible.
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
        utc: Callable[[], float | None] | None = None,
    ) -> None:
        """Open or make the log. `first_settings` go into one without settings; `sinks` as in Store.open.

        With `put` a thread of its own has the log from the first write on: it writes, answers there and calls
        `committed` after each commit. Until then the log is read where it was opened, which spares 0.6 MB (measured).
        With `utc` the log is backed up; it returns the time, None while the clock is not trusted.
        Raises StoreError for what waiting does not fix: a log in use, newer, another program's, not permitted.
        """
        self.path = path
        self.set_aside: Path | None = None
        """Where a damaged file was put when the log was opened."""
        self.restored = False
        """A backup is in its place, else a new log."""
        self.trouble = ""
        """Why the log could not be opened yet; "" when it is open."""
        self._monotonic = monotonic
        self._first_settings = first_settings
        self._sinks = sinks
        self._committed = committed
        self._put, self._utc = put, utc
        self._next_backup = -inf
        self._store: Store | None = None
        self._next_try = -inf
        self._memory = Memory(settings=first_settings)
        self._thread = None if put is None else Writer(put, monotonic, self._fold)
        try:
            self._writer()
        except DiskTroubleError:
            self._read()

    @property
    def is_open(self) -> bool:
        return self._store is not None

    @property
    def damage(self) -> str:
        """Return what became of a damaged or a missing log, "" when it was whole."""
        return describe_damage(self.set_aside, restored=self.restored)

    @property
    def damaged_name(self) -> str | None:
        """Return the name of the file that the damaged log is now; "" when it was missing, None when it was whole."""
        return self.set_aside.name if self.set_aside is not None else "" if self.restored else None

    def close(self, *, flush: bool = True) -> None:
        """Close the log; without `flush` what the thread has not written yet is lost, as by a power cut.

        Raises StoreError, also when it could not be written, or not in time.
        """
        if self._thread is None:
            self._close()
        else:
            self._thread.stop(self._close, flush=flush)

    def load(self, min_session_s: float = 0.0) -> Memory:
        """As Store.load. With a thread: before the first write only."""
        return self._memory if self._store is None else self._store.load(min_session_s)

    def write(self, effect: Write) -> bool:
        return self._do(effect.key, effect, lambda: self._writer().write(effect))

    def count(self, kind: str, text: str) -> bool:
        return self._do("note", object(), lambda: self._writer().count(kind, text))

    def change(self, work: Callable[[Store], None], failed: Callable[[Exception], None]) -> None:
        """Run `work` on the open log, in order with the writes and in their thread; it must call back by itself.

        `failed` gets what it raised, and why the log cannot be opened. Either runs in the thread of the log.
        """

        def job() -> None:
            try:
                store = self._writer()
                store.in_use = True
                work(store)
            except DiskTroubleError as error:
                failed(error)
                if self._thread is not None:
                    raise  # answered as a write that failed
            except Exception as error:  # noqa: BLE001  a request that fails is no failure of the device
                failed(error)
            else:
                self._committed()

        if self._thread is None:
            job()
        else:
            self._thread.submit("change", object(), job)

    def holds(self, answer: Saved | SaveFailed) -> bool:
        return self._thread is None or self._thread.holds(answer)

    def fold(self) -> bool:
        """As Store.fold; a thread does it by itself."""
        return self._thread is not None or self._fold()

    def _do(self, key: str, what: object, write: Callable[[], None]) -> bool:
        if self._thread is None:
            write()
            return True

        def job() -> None:
            write()
            self._committed()

        self._thread.submit(key, what, job)
        return False

    def _fold(self) -> bool:
        folded = self._store is None or self._store.fold()
        if folded:
            self._back_up()
        return folded

    def _back_up(self) -> None:
        if self._store is None or self._utc is None or self._monotonic() < self._next_backup:
            return
        try:
            self._store.back_up(self._utc())
        except StoreError as error:
            self._next_backup = self._monotonic() + BACKUP_RETRY_S
            self._note("backup_failed", f"No backup could be made; it is tried again later. {error}")

    def _damaged(self, opened: Store | DiskTroubleError) -> None:
        """Note and report what became of a damaged or a missing log."""
        if opened.set_aside is not None or opened.restored:
            self.set_aside, self.restored = opened.set_aside, opened.restored
            self._note("log_damaged", self.damage)
            if self.trouble and self._put is not None:  # the device has started without the log
                self._put(LogReplaced(self._monotonic(), self.damaged_name or "", self.restored))

    def _note(self, kind: str, text: str) -> None:
        if self._put is not None:
            self._put(Noted(self._monotonic(), kind, text))

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()

    def _writer(self) -> Store:
        """Return the open log. Raises StoreError when it cannot be opened yet."""
        if self._store is None:
            now = self._monotonic()
            if now < self._next_try:
                raise StoreError(self.trouble)
            self._next_try = now + REOPEN_EVERY_S
            try:
                self._store = self._open()
            except StoreError as error:
                if isinstance(error, DiskTroubleError):
                    self._damaged(error)
                self.trouble = str(error)
                raise
            self._damaged(self._store)
            self.trouble = ""
        return self._store

    def _open(self) -> Store:
        store = Store.open(self.path, sinks=self._sinks, any_thread=self._thread is not None)
        try:
            if not store.has_settings():
                store.write(Save(self._first_settings))
            store.fold()
        except BaseException as error:
            if isinstance(error, DiskTroubleError):
                error.set_aside, error.restored = store.set_aside, store.restored
            store.close()  # or its lock would keep the next try out
            raise
        return store

    def _read(self) -> None:
        for path in (self.path, *found(self.path)):
            with contextlib.suppress(StoreError), Store.copied(path) as copy:
                known, memory = copy.has_settings(), copy.load()
                if path != self.path:
                    # It may have ended since: closed again, it would be stored as short as the backup has it.
                    memory = replace(memory, open=None)
                self._memory = memory if known else replace(memory, settings=self._first_settings)
                return
        # Nothing to be read: the device starts as a new one.
