"""Calibrate with the button: everything off, your weight, one place a channel, and the result.

Tap = back or +1, hold = do it, as everywhere. A place is measured by itself once the person on it does not move.
While it lasts the presence is suspended: a load on the mat is no session.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from math import inf
from typing import Final, Literal, NamedTuple

from matpi.core.calibration.procedure import Calibrating
from matpi.core.calibration.solve import Solved
from matpi.core.calibration.weights import MOST_KG
from matpi.core.effects import Calibrated, Emit, Note
from matpi.core.events import CalibrationWished, Reading
from matpi.core.front import Front
from matpi.core.parts import Parts
from matpi.core.screens.screen import NOT_SAVED, Look, Screen, Step
from matpi.core.text import Text
from matpi.core.views import Fault, Guide, Notice, View, WeightEntry, fraction

GUESS_KG: Final = 70
LIGHTEST_KG: Final = 40
CHOSEN_TO_KG: Final = 0.5  # whole kilograms are chosen here
GIVEN_TO_KG: Final = 0.05  # bathroom scales show 100 g
UNTOUCHED_S: Final = 180.0  # after that it is given up. Chosen: a walk to the bathroom scales and back.
MEANT_S: Final = 2.0  # so soon after a place was measured, a hold is meant for that one. Chosen: no one has moved yet
RESULT_S: Final = 20.0  # the result stays this long, and as long as the person stays to read it


class Stop(Enum):
    """Where it is."""

    EMPTY = auto()
    TENS = auto()
    ONES = auto()
    PLACE = auto()
    RESULT = auto()


Outcome = Literal["calibrated", "unsaved", "refused"]


class Progress(NamedTuple):
    """How far a calibration is; `step` is one of the procedure's, or "weight"."""

    step: str
    measuring: bool
    done: float  # of this step, 0 to 1
    result: Outcome | None
    sentence: str  # what came of it, and what to do


@dataclass(eq=False)
class CalibrationScreen(Screen):
    """Own one calibration, from the menu to its result."""

    front = Front.CALIBRATING
    to_do = "Follow the steps on the screen."
    emit: Emit
    parts: Parts
    given: CalibrationWished | None = None  # from outside, with the weight

    def entered(self, t: float, _before: Front) -> None:
        calibration = self.zeroing.calibration
        if calibration is None:
            raise RuntimeError("no load cells to calibrate")
        self._at, self._kg = Stop.EMPTY, GUESS_KG
        self._result_at = t
        self._placed_at = -inf  # when a place was measured last
        channels = len(calibration.counts_per_kg)
        error_kg = CHOSEN_TO_KG if self.given is None else GIVEN_TO_KG
        anywhere = self.given is not None and self.given.anywhere
        self._procedure = Calibrating(channels, self.rules.counts_per_kg, anywhere=anywhere, weight_error_kg=error_kg)
        self._counts: tuple[float, ...] = ()
        self._ok = True
        self.presence.suspend()

    def left(self) -> None:
        """Resume presence: however it ended, the mat counts again."""
        self.given = None
        if not self.presence.silent:
            self.parts.explain_cells()
        self.presence.suspend(False)

    def hear(self, reading: Reading) -> bool:
        """Take a reading in kg under the present calibration, from which the chips' counts are recomputed.

        Return whether it changes what is shown.
        """
        t, kg, ok = reading.t, reading.kg, reading.ok
        scale = self.zeroing.calibration
        if scale is None or len(kg) != len(scale.counts_per_kg):
            return False
        counts = tuple(
            value * slope + reference
            for value, slope, reference in zip(kg, scale.counts_per_kg, scale.reference_counts, strict=True)
        )
        self._ok = ok
        if ok:
            self._counts = counts
        procedure, before = self._procedure, self._progress
        step = procedure.step
        procedure.take(t, counts, ok)
        self._follow(t, step)
        return self._progress != before

    @property
    def progress(self) -> Progress:
        """Return how far it is, for who follows it from outside."""
        procedure, result = self._procedure, self._procedure.result
        step = "weight" if self._at in {Stop.TENS, Stop.ONES} else procedure.step
        outcome: Outcome | None = None
        sentence = ""
        if isinstance(result, Solved):
            if self.ledger.is_saved(Calibrated.key):
                outcome, sentence = "calibrated", result.sentence
            elif why := self.ledger.failed.get(Calibrated.key):
                outcome, sentence = "unsaved", f"The calibration holds from now on, but is not on the disk yet: {why}"
        elif result is not None:
            outcome, sentence = "refused", f"{result.reason} {result.remedy}"
        return Progress(step, procedure.measuring, round(procedure.done, 2), outcome, sentence)

    @property
    def _progress(self) -> tuple[object, ...]:
        return self._procedure.step, self._procedure.measuring, self._procedure.done, self._at

    @property
    def due(self) -> float:
        """Return when it goes on without a reading or a touch."""
        if self.stage.pressed:
            return inf
        given_up = self.stage.touched + UNTOUCHED_S
        if self._at is not Stop.RESULT:
            return min(self._procedure.deadline, given_up)
        lately = self.presence.last_t if self._occupied else -inf
        return min(max(self._result_at + RESULT_S, lately + 1.0), given_up)

    def expire(self, t: float) -> Step | None:
        step = self._procedure.step
        self._procedure.advance(t)
        if self._at is Stop.RESULT:
            return Step("leave_calibration", "the result was shown")
        if t >= self.stage.touched + UNTOUCHED_S:
            return Step("leave_calibration", f"{UNTOUCHED_S / 60:g} min untouched")
        self._follow(t, step)
        return None

    def tap(self, _: float) -> Step | None:
        if self._at is Stop.TENS:
            self._kg = self._kg + 10 if self._kg + 10 <= MOST_KG else LIGHTEST_KG
        elif self._at is Stop.ONES:
            one_up = self._kg // 10 * 10 + (self._kg + 1) % 10
            self._kg = one_up if one_up <= MOST_KG else self._kg
        else:
            return Step("leave_calibration", "a tap")
        return None

    def hold(self, t: float) -> Step | None:
        match self._at:
            case Stop.EMPTY | Stop.PLACE if t >= self._placed_at + MEANT_S:
                self._procedure.begin(t)
            case Stop.TENS:
                self._at = Stop.ONES
            case Stop.ONES:
                self._weigh(t, float(self._kg))
            case Stop.RESULT:
                return Step("leave_calibration", "held")
        return None

    def stuck(self, _: float) -> Step | None:
        return Step("leave_calibration", "the button is stuck")

    def _follow(self, t: float, step: str) -> None:
        """Go on to where the procedure is now, after `step`."""
        procedure = self._procedure
        if procedure.result is not None and self._at is not Stop.RESULT:
            self._at, self._result_at = Stop.RESULT, t
            self.stage.touch(t)
            self._take_result(t)
        elif procedure.step != step:
            self.stage.touch(t)
            if self._at is Stop.EMPTY and self.given is not None:
                self._weigh(t, self.given.weight_kg)
            elif self._at is Stop.EMPTY:
                self._at = Stop.TENS
            else:
                self._placed_at = t
                procedure.begin(t, by_itself=True)

    def _weigh(self, t: float, weight_kg: float) -> None:
        """Go on from the weight to the first place."""
        self._procedure.weight_kg = weight_kg
        self._at = Stop.PLACE
        self._procedure.begin(t, by_itself=True)

    def _take_result(self, t: float) -> None:
        result = self._procedure.result
        if isinstance(result, Solved):
            self.zeroing.calibrate(Calibrated(result.calibration, result.zero))
            self.emit(Note(t, "calibrated", f"calibrated on the device, to {result.error_percent:.1f} %"))
        elif result is not None:
            if not self._ok:  # the sensor timeout comes next, and this is why
                self.parts.explain_cells(result.what, result.do)
            self.emit(Note(t, "calibration_refused", f"{result.reason} {result.remedy}"))

    @property
    def _occupied(self) -> bool:
        """Return whether the person is still where they were measured; False after a refusal."""
        if not isinstance(self._procedure.result, Solved):
            return False
        return self._procedure.load_kg(self._counts) >= self.rules.presence.off_kg

    def look(self, t: float) -> Look:
        return Look(self._view(self.stage.held(t)))

    def _view(self, held: float) -> View:
        procedure, result = self._procedure, self._procedure.result
        if isinstance(result, Solved):
            if self.ledger.trouble:
                return NOT_SAVED
            if not self.ledger.is_saved(Calibrated.key):
                return Notice(Text("common.one_moment"), Text("common.saving"))
            within = Text("calibration.within", percent=max(0.1, result.error_percent))
            return Notice(Text("calibration.calibrated"), within, Text("calibration.step_off"))
        if result is not None:
            return Fault(Text("calibration.not_calibrated"), result.what, result.do)
        if self._at is Stop.TENS or self._at is Stop.ONES:
            return WeightEntry(self._kg, self._at is Stop.TENS, held)
        first = Text("calibration.title"), Text("calibration.take_all_off")
        title, text = first if self._at is Stop.EMPTY else _place(procedure.step)
        if procedure.measuring:
            done = fraction(procedure.done)
            return Guide(title, Text("calibration.keep_still"), Text("calibration.measuring"), held, done)
        return Guide(title, text, Text("calibration.hint"), held)


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
