"""The thread that writes the session log, so that no lock and no slow card is waited for by anything else.

Jobs run one at a time, in the order they were handed over, and each is answered on the loop's queue: Saved after its
commit, SaveFailed when it could not be done.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final

from matpi.core.events import Event, Saved, SaveFailed
from matpi.errors import StoreError

IDLE_S: Final = 2.0
"""So long after the last job `idle` is called: no answer is waited for then. Chosen."""
FLUSH_S: Final = 6.0
"""The end waits so long for what was handed over: a lock is waited for 5 s, the service has 15 s in all. Chosen."""


class Writer:
    """Its methods are for one other thread. It begins with the first `submit`; until then jobs run in the caller's.

    `idle` runs in its thread, again and again until it returns True: nothing more to do.
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
        """Run `job`, which stores `what`, in the writer's thread. It is answered under `key` unless a later one of that
        key follows it: two answers look the same, and only the later one says what is stored. The same once
        more while it waits, as the device asks again every 30 s under a long lock, is not done twice.
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

    def stands(self, answer: Saved | SaveFailed) -> bool:
        """Return whether the answer, now heard, is about the last write of its key: one may have followed meanwhile."""
        with self._lock:
            stands = self._unheard.get(answer.id) is answer
            if stands:
                del self._unheard[answer.id]
            return stands

    def stop(self, last: Callable[[], None], *, flush: bool) -> None:
        """End the thread with the job `last`, after what was handed over, or without that. Raises what `last` raises,
        and StoreError when FLUSH_S were not enough, or for what could not be stored and the loop has not heard of.
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
