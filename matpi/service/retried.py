"""Open the parts on the header's pins: those that cannot be had at the start are tried again until they are there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from matpi.core.events import Noted
from matpi.errors import HardwareError
from matpi.ports import PART_RETRY_S, Put

STOP_S: Final = 1.0


class Opening:
    """`open` each part, then `start`; a part that fails is noted as lost once, and once as back when it works."""

    def __init__(self, put: Put, *, now: Callable[[], float] = time.monotonic) -> None:
        self._put, self._now = put, now
        self._missing: dict[str, Callable[[], None]] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, part: str, make: Callable[[], None]) -> None:
        """`part` is button, lamp or chime. `make` raises HardwareError for as long as the part cannot be had; later
        calls come from a thread.
        """
        try:
            make()
        except HardwareError as error:
            self._missing[part] = make
            self._put(Noted(self._now(), f"{part}_lost", str(error)))

    def start(self) -> None:
        """Try what is missing every PART_RETRY_S; without anything missing there is no thread."""
        if self._missing:
            self._thread = threading.Thread(target=self._run, name="parts", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Open nothing more; bounded, whatever a part does."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def _run(self) -> None:
        while self._missing and not self._stopping.wait(PART_RETRY_S):
            for part, make in list(self._missing.items()):
                try:
                    make()
                except HardwareError:
                    continue
                del self._missing[part]
                self._put(Noted(self._now(), f"{part}_back", f"the {part} works again"))
