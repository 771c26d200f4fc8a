"""What must be done. The core returns effects; the loop performs them in order.

What the store is asked for (`Save`) is answered by a `Saved` or a `SaveFailed` with its `id_of`. The device keeps what
failed and asks again; "Saved" is shown only after the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from matpi.core.brightness import Brightness
from matpi.core.model import Acknowledgement, Calibration, DayRecord, Rating, Session, Settings, StopSign, Zero
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


@dataclass(frozen=True, slots=True)
class Show:
    """Put this view on the panel."""

    view: View
    brightness: Brightness = Brightness.BRIGHT
    shift: tuple[int, int] = (0, 0)
    """Pixels right and down, 0 to 2 each: the picture wanders so that no pixel wears out first."""


@dataclass(frozen=True, slots=True)
class Light:
    """Play this pattern from `since` (monotonic seconds) on."""

    pattern: Pattern
    since: float


@dataclass(frozen=True, slots=True)
class Chime:
    """Ring now; what comes late is not rung at all."""

    kind: ChimeKind


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Insert or replace the row of the open session."""

    session: Session


@dataclass(frozen=True, slots=True)
class SaveSession:
    """Close the session's row for good. Answered by Saved or SaveFailed."""

    session: Session


@dataclass(frozen=True, slots=True)
class DropSession:
    """Take the row away again: it was too short, an object, or discarded by hand. Counted under its reason."""

    session_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SaveRating:
    """Insert or replace. Answered by Saved or SaveFailed."""

    rating: Rating


@dataclass(frozen=True, slots=True)
class SaveStop:
    """Answered by Saved or SaveFailed."""

    stop: StopSign


@dataclass(frozen=True, slots=True)
class DropStop:
    """It was taken back by who logged it. Answered by Saved or SaveFailed."""

    stop_id: str


@dataclass(frozen=True, slots=True)
class DateBoot:
    """Date the records of one boot by utc = mono + offset_utc (core/dated.py). Answered by Saved or SaveFailed."""

    boot_id: str
    offset_utc: float
    estimated: bool = False
    """The wall clock was not trusted in that boot."""


@dataclass(frozen=True, slots=True)
class SaveDay:
    record: DayRecord


@dataclass(frozen=True, slots=True)
class SaveZero:
    zero: Zero
    before: Zero | None
    """What an undo brings back."""


@dataclass(frozen=True, slots=True)
class SaveAcknowledgement:
    acknowledgement: Acknowledgement


@dataclass(frozen=True, slots=True)
class SaveChosen:
    """Who is meant from now on, of those who share the mat; also after a restart."""

    person: str


@dataclass(frozen=True, slots=True)
class SaveSettings:
    """One was set from outside; answered by Saved or SaveFailed."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class SaveCalibration:
    """Both in one transaction: a zero belongs to its reference. Answered by Saved or SaveFailed."""

    calibration: Calibration
    zero: Zero


@dataclass(frozen=True, slots=True)
class UseCalibration:
    """From the next reading on this is how counts become kilograms."""

    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Report:
    """Something about presence worth a line in the log: known at `t`, back-dated to `at`, when it happened."""

    t: float
    at: float
    event: Said
    reason: str
    session: Session | None = None
    """With session_ended and short: the session as it ended."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The session machine took a transition."""

    t: float
    trigger: str
    source: str
    dest: str
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """For the diagnostics: counted under `kind`, told once in the log."""

    t: float
    kind: str
    text: str


Effect = (
    Show
    | Light
    | Chime
    | Checkpoint
    | SaveSession
    | DropSession
    | SaveRating
    | SaveStop
    | DropStop
    | DateBoot
    | SaveDay
    | SaveZero
    | SaveAcknowledgement
    | SaveChosen
    | SaveSettings
    | SaveCalibration
    | UseCalibration
    | Report
    | Changed
    | Note
)


Save = (
    Checkpoint
    | SaveSession
    | DropSession
    | SaveRating
    | SaveStop
    | DropStop
    | SaveDay
    | SaveZero
    | SaveCalibration
    | SaveAcknowledgement
    | SaveChosen
    | SaveSettings
    | DateBoot
)
"""What the store is asked to make durable."""


def id_of(save: Save) -> str:
    """Under which id the store's answer comes. A checkpoint's is not its session's: it says nothing of the record."""
    match save:
        case SaveSession(session):
            return session.id
        case DropSession(record_id) | DropStop(record_id):
            return record_id
        case SaveRating(record) | SaveStop(record):
            return record.id
        case SaveDay(record):
            return f"day {record.day}" if record.person is None else f"day {record.day} of {record.person}"
        case SaveChosen():
            return "chosen"
        case SaveSettings():
            return "settings"
        case SaveZero():
            return "zero"
        case SaveCalibration():
            return "calibration"
        case SaveAcknowledgement(answer):
            return "acknowledgement" if answer.person is None else f"acknowledgement of {answer.person}"
        case DateBoot(boot_id):
            return f"dates of {boot_id}"
        case Checkpoint():
            return "checkpoint"
    assert_never(save)
