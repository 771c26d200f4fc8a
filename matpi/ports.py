"""What the loop needs from the world. Owned by the loop; drivers, the simulator and the store implement it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from matpi.core.events import Counted, Event

if TYPE_CHECKING:
    from PIL.Image import Image

    from matpi.core.brightness import Brightness
    from matpi.core.effects import Write
    from matpi.core.model import Memory

PART_RETRY_S: Final = 5.0
"""A part that does not work is tried again this often, whether it was there at the start or not. Chosen."""

Put = Callable[[Event], None]
"""Hand an event to the loop; may be called from any thread, never blocks."""


PutCounted = Callable[[Event | Counted], None]
"""The same for the load cells, which also hand over counts."""


class Clock(Protocol):
    def monotonic(self) -> float: ...
    def utc(self) -> float: ...
    def trusted(self) -> bool: ...


class Scale(Protocol):
    def start(self, put: PutCounted) -> None: ...
    def stop(self) -> None: ...


class Screen(Protocol):
    """Shows a 128x64 1-bit picture. Raises HardwareError when the panel does not answer."""

    def show(self, image: Image, brightness: Brightness) -> None: ...
    def off(self) -> None: ...


class Store(Protocol):
    """Everything raises StoreError when it could not be made durable. The answer of a thread has the effect's `key`."""

    def load(self) -> Memory: ...
    def write(self, effect: Write) -> bool:
        """Make it durable. True: it is committed; False: a thread writes it, and answers with an event."""

    def count(self, kind: str, text: str) -> bool:
        """One more of this kind in the diagnostics; returns as `write` does."""

    def fold(self) -> bool:
        """Nothing was written for a while: make a copy of the one file a whole one. False: try again soon."""

    def close(self) -> None: ...
