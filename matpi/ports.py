"""What the loop needs from the world. Owned by the loop; drivers, the simulator and the store implement it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Final, Protocol

from matpi.core.events import Counted, Event

if TYPE_CHECKING:
    from PIL.Image import Image

    from matpi.core.brightness import Brightness
    from matpi.core.effects import ChimeKind, DateBoot
    from matpi.core.model import (
        Acknowledgement,
        Calibration,
        DayRecord,
        Log,
        Memory,
        Rating,
        Session,
        Settings,
        StopSign,
        Zero,
    )

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


class Lamp(Protocol):
    def set(self, duty: float) -> None:
        """`duty` is 0 to 1, linear in light."""


class Chime(Protocol):
    def ring(self, kind: ChimeKind) -> None:
        """Begin to ring and return; what still rings is cut short."""


class SessionStore(Protocol):
    """Everything raises StoreError when it could not be made durable; a call that returns has been committed."""

    def load(self) -> Memory: ...
    def log(self) -> Log: ...
    def checkpoint(self, session: Session) -> None: ...
    def save_session(self, session: Session) -> None: ...
    def drop_session(self, session_id: str, reason: str) -> None: ...
    def save_rating(self, rating: Rating) -> None: ...
    def save_stop(self, stop: StopSign) -> None: ...
    def drop_stop(self, stop_id: str) -> None:
        """It was taken back; dropping one that is not there is no error."""

    def date_boot(
        self,
        dating: DateBoot,
        utc_offset_for: Callable[[float], int],
        day_for: Callable[[float], date],
    ) -> int:
        """Date the records of a boot (core/dated.py); how many changed."""

    def save_day(self, record: DayRecord) -> None: ...
    def save_zero(self, zero: Zero, before: Zero | None) -> None: ...
    def save_calibration(self, calibration: Calibration, zero: Zero) -> None: ...
    def save_acknowledgement(self, acknowledgement: Acknowledgement) -> None: ...
    def save_settings(self, settings: Settings) -> None: ...
    def choose_person(self, person_id: str) -> None:
        """Of those who share the mat, this one is meant from now on."""

    def count(self, kind: str, text: str) -> None:
        """One more of this kind in the diagnostics."""

    def fold(self) -> bool:
        """Nothing was written for a while: make a copy of the one file a whole one. False: try again soon."""

    def close(self) -> None: ...
