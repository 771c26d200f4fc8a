"""Run a calibration: samples of counts in; the empty mat, one placement a channel, and the result out.

Used with the button (core/screens/calibration.py) and on the terminal (commands/calibrate.py). A refused one stores
nothing.
"""

from __future__ import annotations

from typing import Final

from matpi.core.calibration.solve import Solved, moved_kg, names_of, shares, solve
from matpi.core.calibration.weighing import FOREVER, STILL_EMPTY_KG, STILL_LOADED_KG, Held, Refusal, Watch
from matpi.core.calibration.weights import LEAST_KG
from matpi.core.text import Text

OFF: Final = "off"  # the step of the empty mat
GIVE_UP_S: Final = 20.0  # chosen: four still seconds, and time to find one's balance
FIND_PLACE_S: Final = 60.0  # chosen: the same where the measurement begins by itself when a person steps on
NOBODY_KG: Final = 2.0  # chosen: a twentieth of 40 kg; less is an empty mat, even with one end dead
APART_SHARE: Final = 0.25  # chosen: what begins by itself waits until a quarter of the weight is on other cells

_PLACES: Final = {1: ("mat",), 2: ("head", "foot")}


def places_of(channels: int, *, anywhere: bool = False) -> tuple[str, ...]:
    """Return the steps after the empty mat, in the order of the channels: keys, not for the screen."""
    return _PLACES.get(1 if anywhere else channels) or tuple(f"corner{n}" for n in range(1, channels + 1))


class Calibrating:
    """The procedure: `begin` a step, `take` samples until `measuring` is over; then the next.

    `result` is None until the end. `nominal` is counts per kilogram of the config. Set `weight_kg` before the last
    placement ends.
    """

    def __init__(self, channels: int, nominal: float, *, anywhere: bool = False, weight_error_kg: float = 0.0) -> None:
        self.steps = (OFF, *places_of(channels, anywhere=anywhere))
        self.names = names_of(channels)
        self.weight_kg = 0.0
        self.weight_error_kg = weight_error_kg
        self.result: Solved | Refusal | None = None
        self._nominal = nominal
        self._held: list[Held] = []
        self._watch: Watch | None = None
        self._by_itself = False

    @property
    def step(self) -> str:
        """The step to measure now, or the last."""
        return self.steps[min(len(self._held), len(self.steps) - 1)]

    @property
    def measuring(self) -> bool:
        """Whether a step is being measured; one that begins by itself only once a person is in a new place."""
        return self._watch is not None and (not self._by_itself or self._watch.until < FOREVER)

    @property
    def done(self) -> float:
        """How far the measurement of this step has come, 0 to 1."""
        return self._watch.done if self._watch is not None and self.measuring else 0.0

    @property
    def deadline(self) -> float:
        return FOREVER if self._watch is None or self.result is not None else self._watch.until

    def begin(self, t: float, *, by_itself: bool = False) -> None:
        """Measure this step. `by_itself`: only once a person is in another place than before."""
        self._by_itself = by_itself
        still_kg = STILL_LOADED_KG if self._held else STILL_EMPTY_KG
        until = FOREVER if by_itself else t + GIVE_UP_S
        self._watch = Watch(t, self._nominal, still_kg, self.names.channels, until)

    def take(self, t: float, counts: tuple[float, ...], ok: bool = True) -> None:
        """Take one sample of all channels, in counts of the chips."""
        watch = self._watch
        if watch is None or self.result is not None:
            return
        answer = watch.take(t, counts, ok)
        if self._by_itself and watch.last is not None:
            if not self._is_place(watch.last):
                watch.until = FOREVER
            elif watch.until == FOREVER:  # the time begins with the first second in the new place
                watch.until = t + FIND_PLACE_S
        if isinstance(answer, Refusal):
            self.result, self._watch = answer, None
        elif answer is not None:
            self._finish_step(t, answer)

    def advance(self, t: float) -> None:
        """Give up when the time of the step is over without a sample."""
        if self._watch is not None and self.result is None:
            self.result = self._watch.overdue(t)

    def load_kg(self, counts: tuple[float, ...]) -> float:
        """Return the load on the mat in nominal kilograms."""
        return moved_kg(self._held[0], counts, self._nominal) if self._held else 0.0

    def _is_place(self, counts: tuple[float, ...]) -> bool:
        """Return whether a person is on the mat, with the weight on other cells than in the steps before."""
        empty, *before = self._held
        if moved_kg(empty, counts, self._nominal) < LEAST_KG:
            return False
        here = shares(empty, counts)
        return all(
            max(abs(a - b) for a, b in zip(here, shares(empty, held.counts), strict=True)) >= APART_SHARE
            for held in before
        )

    def _finish_step(self, t: float, held: Held) -> None:
        if self._by_itself and not self._is_place(held.counts):
            self.begin(t, by_itself=True)
            return
        self._watch = None
        if self._held and moved_kg(self._held[0], held.counts, self._nominal) < NOBODY_KG:
            self.result = NOBODY
            return
        self._held.append(held)
        if len(self._held) == len(self.steps):
            empty, *placed = self._held
            self.result = solve(empty, placed, self.weight_kg, self._nominal, self.weight_error_kg)


NOBODY: Final = Refusal(
    reason="Nothing changed on the mat.",
    remedy="Stand on the mat before it is measured; if you did, check the wires of the load cells.",
    what=Text("scale.no_weight"),
    do=Text("scale.stand_or_wires"),
)
