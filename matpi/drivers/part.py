"""Run a part on the header's pins in a thread: open it, retry while it does not work, report once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from matpi.core.events import Noted
from matpi.errors import HardwareError
from matpi.ports import PART_RETRY_S, Put

STOP_S: Final = 1.0


class Pin(Protocol):
    def close(self) -> None: ...


P = TypeVar("P", bound=Pin)


class PartThread(Generic[P]):
    """The thread of one part (`name`: button, lamp or chime), opened with `make`.

    A part that raises HardwareError, opened or used, is noted once ("lamp_lost"), retried every PART_RETRY_S, and noted
    once when it works again ("lamp_back").
    """

    _always_runs: ClassVar[bool] = False  # False: the thread only opens the part

    def __init__(
        self, name: str, make: Callable[[], P], put: Put, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._make, self._put, self._now = name, make, put, now
        self._part: P | None = None
        self._lost = False
        self._stopping = False
        self._changed = threading.Condition()  # notified when there is something to do
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        if not self._use() or self._always_runs:
            self._thread.start()

    def stop(self) -> None:
        """End the thread within STOP_S and free the pin."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
        if self._part is not None:
            self._part.close()

    def _use(self, do: Callable[[P], object] = lambda _: None) -> bool:
        """Call `do` with the part, opened first if need be. Return whether it works."""
        try:
            if self._part is None:
                self._part = self._make()
            do(self._part)
        except HardwareError as error:
            if not self._lost:
                self._put(Noted(self._now(), f"{self._name}_lost", str(error)))
            self._lost = True
            return False
        if self._lost:
            self._put(Noted(self._now(), f"{self._name}_back", f"the {self._name} works again"))
        self._lost = False
        return True

    def _retry_s(self) -> float | None:
        """Return the seconds until the next retry, None while the part works."""
        return PART_RETRY_S if self._lost else None

    def _run(self) -> None:
        while self._lost:
            with self._changed:
                if self._changed.wait_for(lambda: self._stopping, PART_RETRY_S):
                    return
            self._use()
