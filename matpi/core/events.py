"""What can happen to the device. Every event carries `t`, seconds of the monotonic clock.

Events come from the edges, which check them; the core does not check again. `t` never runs backwards.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from matpi.core.model import Acknowledgement, Log
from matpi.core.people import People
from matpi.core.text import Text

NO_SIGNAL: Final = (Text("scale.no_signal"), Text("scale.check_wires"))
"""Shown when nothing explains the silence of the load cells."""


class Reading(Struct, frozen=True):
    """One sample of all channels, in kg from the calibrated reference, not yet above the zero."""

    t: float
    kg: tuple[float, ...]
    ok: bool = True
    """False: flagged by the reader (glitch, desync, saturated, stale); its numbers never enter."""


class Counted(Struct, frozen=True):
    """One sample of all channels as the chips gave it, for the loop.

    It makes a Reading of it, so that a new calibration holds from one reading to the next with none in between.
    """

    t: float
    counts: tuple[int, ...]
    ok: bool = True
    flag: str = ""
    """Why it is not ok, a drivers.guard.Status; for recordings."""


class ButtonDown(Struct, frozen=True):
    t: float


class ButtonUp(Struct, frozen=True):
    t: float


class WallClock(Struct, frozen=True):
    """What the wall clock says at `t`. Sent at boot, when trust changes, after a step, and once a minute."""

    t: float
    utc: float
    trusted: bool
    slept: bool = False
    """The machine was suspended before: the wall clock went on, the monotonic one did not."""


class SensorLost(Struct, frozen=True):
    """The reader knows that a channel is gone. Silence of over 2 s is noticed by the core itself."""

    t: float
    why: str
    """For the log."""
    what: Text = NO_SIGNAL[0]
    """For the screen, at most 21 characters."""
    do: Text = NO_SIGNAL[1]
    """What to do, at most 21 characters."""


class Noted(Struct, frozen=True):
    """An edge has something for the diagnostics: counted under `kind`, written to the log once."""

    t: float
    kind: str
    text: str


class LogReplaced(Struct, frozen=True):
    """The log was damaged and is now the file `set_aside`, or it was missing ("").

    In its place is a backup (`restored`) or a new one.
    """

    t: float
    set_aside: str
    restored: bool


class PanelLost(Struct, frozen=True):
    t: float


class PanelBack(Struct, frozen=True):
    t: float


class Saved(Struct, frozen=True):
    """The store has committed the record with this id."""

    t: float
    id: str


class SaveFailed(Struct, frozen=True):
    """The store could not save the record with this id. The device asks again; nothing is dropped."""

    t: float
    id: str
    why: str


class Wish(StrEnum):
    """What may be asked for from outside, by a person who does not see the mat."""

    ZERO = "zero the mat"
    """Only while it is empty."""
    UNDO_ZERO = "the zero from before the last one"
    SNOOZE = "no reminder today"
    REST = "today is a rest day"
    NO_REST = "today is no rest day after all"
    IDENTIFY = "show which device this is"


class Wished(Struct, frozen=True):
    t: float
    wish: Wish


class SettingWished(Struct, frozen=True):
    """One setting is to change. Checked by the edge: `Settings` takes it."""

    t: float
    name: str
    """A field of Settings."""
    value: Any


class CalibrationWished(Struct, frozen=True):
    """Calibrate with this weight, of a person who follows the steps on the panel. Only while nothing goes on."""

    t: float
    weight_kg: float
    anywhere: bool = False
    """One placement for all chips instead of one for each, as for a weight that is no person."""


class UpstreamTrouble(Struct, frozen=True):
    """Records are not sent on, and a person ought to know."""

    t: float
    short: Text | str
    """For the screen, at most 21 characters; "" when all is well again."""


class LogChanged(Struct, frozen=True):
    """A person deleted, edited or imported: what is stored, as it is now. None: as before."""

    t: float
    log: Log
    people: People | None = None
    answers: tuple[Acknowledgement, ...] | None = None
    """To the safety pages, of all people."""


class Tick(Struct, frozen=True):
    """Time has passed; what was due by `t` happens."""

    t: float


class Stopping(Struct, frozen=True):
    """The process is asked to end: a last checkpoint, a dark panel."""

    t: float


Event = (
    Reading
    | ButtonDown
    | ButtonUp
    | WallClock
    | SensorLost
    | Noted
    | LogReplaced
    | PanelLost
    | PanelBack
    | Saved
    | SaveFailed
    | Wished
    | SettingWished
    | CalibrationWished
    | UpstreamTrouble
    | LogChanged
    | Tick
    | Stopping
)
