"""What must be done. The core returns effects; the loop performs them in order.

What the store is asked for (`Write`) is answered by a `Saved` or a `SaveFailed` with its `key`. The device keeps what
failed and asks again; "Saved" is shown only after the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, time, tzinfo
from enum import StrEnum
from typing import ClassVar, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from matpi.core.brightness import Brightness
from matpi.core.model import Calibration, Session, StopSign, Zero
from matpi.core.views import View


class Pattern(StrEnum):
    """What the LED says, by pattern and not by colour."""

    OFF = "off"
    SAVED = "saved"
    """Solid for 2 s."""
    BREATH = "breath"
    """A slow breath of 5 s: the reminder."""
    ATTENTION = "attention"
    """Two slow blinks, then a pause: something needs you."""
    PACER = "pacer"
    """The 4-6 breath of 10 s; begins with breathing in."""


class ChimeKind(StrEnum):
    """What a chime marks for closed eyes."""

    PHASE = "phase"
    SOON = "soon"
    ENOUGH = "enough"
    OVER = "over"
    IN = "in"
    OUT = "out"


class Said(StrEnum):
    """The events of the log and of `matpi replay --json`; the names are stable."""

    ARRIVING = "arriving"
    SESSION_STARTED = "session_started"
    AWAY = "away"
    BACK = "back"
    SESSION_ENDED = "session_ended"
    SHORT = "short"
    UNCONFIRMED = "unconfirmed"
    """It ended, but may not be the person's: the reason is the doubt (model.Doubt)."""
    OBJECT = "object"
    SENSOR_LOST = "sensor_lost"
    SENSOR_BACK = "sensor_back"


class Show(Struct, frozen=True):
    """Put this view on the panel."""

    view: View
    brightness: Brightness = Brightness.BRIGHT
    shift: tuple[int, int] = (0, 0)
    """Pixels right and down, 0 to 2 each: the picture wanders so that no pixel wears out first."""
    language: str = ""  # one of model.LANGUAGES


class Light(Struct, frozen=True):
    """Play this pattern from `since` (monotonic seconds) on."""

    pattern: Pattern
    since: float


class Chime(Struct, frozen=True):
    """Ring now; what comes late is not rung at all."""

    kind: ChimeKind


class Checkpoint(Struct, frozen=True):
    """Store how the open session is. Its answer says nothing about the session's own record."""

    session: Session
    key: ClassVar[str] = "checkpoint"


class Zeros(Struct, frozen=True):
    """The zero in use, and the one that an undo brings back."""

    zero: Zero
    before: Zero | None
    key: ClassVar[str] = "zero"


class Calibrated(Struct, frozen=True):
    """A calibration and the zero that counts from its reference: stored both or neither."""

    calibration: Calibration
    zero: Zero
    key: ClassVar[str] = "calibration"


class Chosen(Struct, frozen=True):
    """The person, of those who share the mat, that the next sessions belong to."""

    person: str
    key: ClassVar[str] = "chosen"


class Record(Protocol):
    """What can be stored, each in its table (store/tables.py); `key`: the stored record it replaces."""

    @property
    def key(self) -> str: ...


class Save(Struct, frozen=True):
    """Insert or replace what has this record's key. Answered by Saved or SaveFailed, with the key."""

    record: Record

    @property
    def key(self) -> str:
        return self.record.key


class Drop(Struct, frozen=True):
    """Remove a session or stop sign; counted under `why`. Answered like Save."""

    kind: type[Session | StopSign]
    id: str
    why: str

    @property
    def key(self) -> str:
        return self.id


class DateBoot(Struct, frozen=True):
    """Date the records of one boot by utc = mono + offset_utc (core/dated.py). Answered like Save."""

    boot_id: str
    offset_utc: float
    estimated: bool = False
    """The wall clock was not trusted in that boot."""
    zone: tzinfo = UTC
    day_start: time = time(4, 0)
    """Zone and start of the day of a record that has neither; `zone_for` makes the zone that one names."""
    zone_for: Callable[[str], tzinfo] = ZoneInfo

    @property
    def key(self) -> str:
        return f"dates of {self.boot_id}"


class UseCalibration(Struct, frozen=True):
    """From the next reading on this is how counts become kilograms."""

    calibration: Calibration


class Report(Struct, frozen=True):
    """Something about presence for the log: known at `t`, back-dated to `at`, when it happened."""

    t: float
    at: float
    event: Said
    reason: str
    session: Session | None = None
    """With session_ended and short: the session as it ended."""


class Changed(Struct, frozen=True):
    """The session machine took a transition."""

    t: float
    trigger: str
    source: str
    dest: str
    reason: str


class Note(Struct, frozen=True):
    """For the diagnostics: counted under `kind`, written to the log once."""

    t: float
    kind: str
    text: str


Effect = Show | Light | Chime | Checkpoint | Save | Drop | DateBoot | UseCalibration | Report | Changed | Note

Write = Checkpoint | Save | Drop | DateBoot
"""What the store is asked to make durable, answered by its `key`."""

Emit = Callable[[Effect], None]
"""The one way out of the core: appends to what is to be done."""
