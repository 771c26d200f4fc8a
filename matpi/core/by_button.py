"""Calibrating on the device: everything off, your weight, one place a channel, and how it came out. One button.

Tap = back or +1, hold = do it, as everywhere. A place is measured by itself as soon as somebody stands still there.
While it lasts the presence is suspended: what stands on the mat is no session.
"""

from __future__ import annotations

from enum import Enum, auto
from math import inf
from typing import TYPE_CHECKING, Final

from matpi.core.calibration.procedure import Calibrating
from matpi.core.calibration.solve import Solved
from matpi.core.effects import Calibrated, Save, UseCalibration
from matpi.core.events import NO_SIGNAL, Reading
from matpi.core.gesture import Gesture
from matpi.core.presence.load import Load
from matpi.core.text import Text
from matpi.core.views import Fault, Guide, Notice, View, WeightEntry, fraction

if TYPE_CHECKING:
    from matpi.core.device import Device

GUESS_KG: Final = 70
LIGHTEST_KG, HEAVIEST_KG = 40, 150
TYPED_TO_KG: Final = 0.5
"""Whole kilograms are chosen here."""
UNTOUCHED_S: Final = 180.0
"""After that nobody is calibrating any more. Chosen: a walk to the bathroom scales and back."""
RESULT_S: Final = 20.0
"""The result stays this long, and as long as somebody stands there to read it."""


class Stage(Enum):
    EMPTY = auto()
    TENS = auto()
    ONES = auto()
    PLACE = auto()
    RESULT = auto()


class ByButton:
    """One calibration, from the menu to its result."""

    def __init__(self, t: float, device: Device) -> None:
        calibration = device.calibration
        if calibration is None:
            raise RuntimeError("no load cells to calibrate")
        self.stage = Stage.EMPTY
        self.kg = GUESS_KG
        self.told_at = t
        """When the result stood."""
        self.procedure = Calibrating(
            len(calibration.counts_per_kg), device.rules.counts_per_kg, weight_error_kg=TYPED_TO_KG
        )
        self._counts: tuple[float, ...] = ()
        self._ok = True
        self._shown = 0.0

    def hear(self, device: Device, reading: Reading) -> None:
        """A reading in kg under the present calibration; the chips' counts are won back from it."""
        t, kg, ok = reading
        scale, procedure = device.calibration, self.procedure
        if scale is None or len(kg) != len(scale.counts_per_kg):
            return
        counts = tuple(
            value * slope + reference
            for value, slope, reference in zip(kg, scale.counts_per_kg, scale.reference_counts, strict=True)
        )
        self._ok = ok
        if ok:
            self._counts = counts
        step, measuring = procedure.step, procedure.measuring
        procedure.take(t, counts, ok)
        self._follow(device, t, step)
        if procedure.measuring is not measuring or procedure.done != self._shown:
            self._shown = procedure.done
            device.look_again()

    def due(self, device: Device) -> float:
        """When it goes on without a reading or a touch."""
        if self.stage is not Stage.RESULT:
            return min(self.procedure.deadline, device.touched + UNTOUCHED_S)
        lately = device.presence.last_t if self._occupied(device) else -inf
        return min(max(self.told_at + RESULT_S, lately + 1.0), device.touched + UNTOUCHED_S)

    def over(self, device: Device, t: float) -> None:
        step = self.procedure.step
        self.procedure.advance(t)
        if self.stage is Stage.RESULT or t >= device.touched + UNTOUCHED_S:
            why = "told" if self.stage is Stage.RESULT else f"{UNTOUCHED_S / 60:g} min untouched"
            device.fire("leave_calibration", t, why)
        else:
            self._follow(device, t, step)

    def act(self, device: Device, t: float, gesture: Gesture) -> None:
        if gesture is Gesture.TAP:
            if self.stage is Stage.TENS:
                self.kg = self.kg + 10 if self.kg + 10 <= HEAVIEST_KG else LIGHTEST_KG
            elif self.stage is Stage.ONES:
                one_up = self.kg // 10 * 10 + (self.kg + 1) % 10
                self.kg = one_up if one_up <= HEAVIEST_KG else self.kg
            else:
                device.fire("leave_calibration", t, "a tap")
        elif gesture is Gesture.HOLD:
            self._hold(device, t)

    def _hold(self, device: Device, t: float) -> None:
        match self.stage:
            case Stage.EMPTY | Stage.PLACE:
                self.procedure.begin(t)
            case Stage.TENS:
                self.stage = Stage.ONES
            case Stage.ONES:
                self.procedure.weight_kg = float(self.kg)
                self.stage = Stage.PLACE
                self.procedure.begin(t, by_itself=True)
            case Stage.RESULT:
                device.fire("leave_calibration", t, "held")

    def _follow(self, device: Device, t: float, step: str) -> None:
        """Where the procedure stands now, after it stood at `step`."""
        procedure = self.procedure
        if procedure.result is not None and self.stage is not Stage.RESULT:
            self.stage, self.told_at, device.touched = Stage.RESULT, t, t
            self._tell(device, t)
        elif procedure.step != step:
            device.touched = t
            if self.stage is Stage.EMPTY:
                self.stage = Stage.TENS
            else:
                procedure.begin(t, by_itself=True)

    def _tell(self, device: Device, t: float) -> None:
        result = self.procedure.result
        device.look_again()
        if isinstance(result, Solved):
            device.keep(Save(Calibrated(result.calibration, result.zero)))
            device.note(t, "calibrated", f"calibrated on the device, to {result.error_percent:.1f} %")
        elif result is not None:
            if not self._ok:  # silence is told next, and this is why
                device.sensor_words = (result.what, result.do)
            device.note(t, "calibration_refused", f"{result.reason} {result.remedy}")

    def _occupied(self, device: Device) -> bool:
        """Somebody still stands where they were measured; after a refusal nobody knows."""
        if not isinstance(self.procedure.result, Solved):
            return False
        return self.procedure.load_kg(self._counts) >= device.rules.presence.off_kg

    def view(self, device: Device, hold: float) -> View:
        procedure = self.procedure
        result = procedure.result
        if isinstance(result, Solved):
            if device.keeper.trouble:
                return Fault(Text("faults.not_saved"), Text("bar.cannot_write"), Text("faults.kept"))
            if not device.keeper.is_saved("calibration"):
                return Notice(Text("common.one_moment"), Text("common.saving"))
            within = Text("calibration.within", percent=max(0.1, result.error_percent))
            return Notice(Text("calibration.calibrated"), within, Text("calibration.step_off"))
        if result is not None:
            return Fault(Text("calibration.not_calibrated"), result.what, result.do)
        if self.stage is Stage.TENS or self.stage is Stage.ONES:
            return WeightEntry(self.kg, self.stage is Stage.TENS, hold)
        first = Text("calibration.title"), Text("calibration.take_all_off")
        title, text = first if self.stage is Stage.EMPTY else _place(procedure.step)
        if procedure.measuring:
            done = fraction(procedure.done)
            return Guide(title, Text("calibration.keep_still"), Text("calibration.measuring"), hold, done)
        return Guide(title, text, Text("calibration.hint"), hold)


def _place(step: str) -> tuple[Text, Text]:
    match step:
        case "mat":
            return Text("calibration.on_mat"), Text("calibration.in_the_middle")
        case "head":
            return Text("calibration.head_end"), Text("calibration.at_head_end")
        case "foot":
            return Text("calibration.foot_end"), Text("calibration.at_foot_end")
        case _:
            number = step.removeprefix("corner")
            return Text("calibration.corner", n=number), Text("calibration.on_corner", n=number)


# -- the device's side -------------------------------------------------------------------------------------------------


def enter(device: Device, t: float) -> None:
    """From the menu."""
    device.by_button = ByButton(t, device)
    device.presence.suspend()


def leave(device: Device) -> None:
    """However it ended: from here on the mat counts again."""
    device.by_button = None
    if not device.presence.silent:
        device.sensor_words = NO_SIGNAL
    device.presence.suspend(False)


def use_saved(device: Device, t: float) -> None:
    """The store has the new calibration: it holds from the next reading on, but not in the middle of a session."""
    fresh = device.fresh
    unoccupied = device.presence.load in {Load.EMPTY, Load.OBJECT}
    if fresh is None or not unoccupied or not device.keeper.is_saved("calibration"):
        return
    device.fresh, device.calibration, device.zero_before = None, fresh.calibration, None
    device.presence.use_zero(fresh.zero, fresh.calibration)
    device.zeros.replaced(fresh.zero, t)
    device.do(UseCalibration(fresh.calibration))
