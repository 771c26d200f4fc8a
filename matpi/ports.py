"""The ports of the loop, implemented by drivers, the simulator and the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from matpi.core.events import Counted, Event, Saved, SaveFailed

if TYPE_CHECKING:
    from PIL.Image import Image

    from matpi.core.brightness import Brightness
    from matpi.core.effects import Write
    from matpi.core.model import Memory

PART_RETRY_S: Final = 5.0  # between retries of a part that does not work; chosen

Put = Callable[[Event], None]  # queue an event for the loop; from any thread, never blocks
PutCounted = Callable[[Event | Counted], None]  # the same for the load cells


class Clock(Protocol):
    def monotonic(self) -> float: ...
    def utc(self) -> float: ...
    def trusted(self) -> bool: ...


class Scale(Protocol):
    def start(self, put: PutCounted) -> None: ...
    def stop(self) -> None: ...


class Screen(Protocol):
    """A panel for 128x64 1-bit pictures. Raises HardwareError when it does not answer."""

    def show(self, image: Image, brightness: Brightness) -> None: ...
    def off(self) -> None: ...


class Store(Protocol):
    """The log. Each call raises StoreError when its change could not be made durable.

    The event that a thread answers with has the effect's `key`.
    """

    def load(self, min_session_s: float = 0.0) -> Memory: ...
    def write(self, effect: Write) -> bool:
        """Make an effect durable. Return True when committed, False when a thread answers with an event."""

    def count(self, kind: str, text: str) -> bool:
        """Add one of this kind to the diagnostics. Return as `write` does."""

    def holds(self, answer: Saved | SaveFailed, /) -> bool:
        """Return whether what a thread answered holds: not when the same key was written again meanwhile."""

    def fold(self) -> bool:
        """Fold the write-ahead log into the one file. Return False to retry soon."""

    def close(self) -> None: ...
