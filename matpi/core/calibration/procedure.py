"""The calibration as a small reducer: samples of counts in; the empty mat, one placement a channel, and the result out.

Used with one button on the device (core/by_button.py) and on the terminal (commands/calibrate.py). A refused
calibration stores nothing.
"""

from __future__ import annotations

from typing import Final

from matpi.core.calibration.solve import LEAST_KG, Solved, moved_kg, names_of, shares, solve
from matpi.core.calibration.weighing import FOREVER, STILL_EMPTY_KG, STILL_LOADED_KG, Held, Refusal, Watch
from matpi.core.text import Text

OFF: Final = "off"
"""The step of the empty mat."""
GIVE_UP_S: Final = 20.0
"""Not still for that long is told. Chosen: four still seconds, and time to find one's balance."""
FIND_PLACE_S: Final = 60.0
"""The same for a measurement that begins by itself when somebody steps on. Chosen."""
NOBODY_KG: Final = 2.0
"""Less than that on the mat is nobody, even with one end dead. Chosen: a twentieth of 40 kg."""
APART_SHARE: Final = 0.25
"""What begins by itself waits until a quarter of the weight lies on other cells than before. Chosen."""

_WORDS: Final = {1: ("mat",), 2: ("head", "foot")}


def places_of(channels: int, *, anywhere: bool = False) -> tuple[str, ...]:
    """The steps after the empty mat, in the order of the channels: stable words, not for the screen."""
    if anywhere or channels == 1:
        return ("mat",)
    return _WORDS.get(channels) or tuple(f"corner{n}" for n in range(1, channels + 1))


class Calibrating:
    """`begin` a step, `take` samples until `measuring` is over; `result` says how it ended, None while it goes on.

    `nominal` is counts per kilogram of the config. Set `weight_kg` before the last placement ends.
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
        """The one to be measured now, or the last."""
        return self.steps[min(len(self._held), len(self.steps) - 1)]

    @property
    def measuring(self) -> bool:
        """Somebody asked, or stands there: it is being measured."""
        return self._watch is not None and (not self._by_itself or self._watch.until < FOREVER)

    @property
    def done(self) -> float:
        """How far the measurement of this step has come, 0 to 1."""
        return self._watch.done if self._watch is not None and self.measuring else 0.0

    @property
    def deadline(self) -> float:
        return FOREVER if self._watch is None or self.result is not None else self._watch.until

    def begin(self, t: float, *, by_itself: bool = False) -> None:
        """Measure this step. `by_itself`: only once somebody stands there, elsewhere than before."""
        self._by_itself = by_itself
        still_kg = STILL_LOADED_KG if self._held else STILL_EMPTY_KG
        until = FOREVER if by_itself else t + GIVE_UP_S
        self._watch = Watch(t, self._nominal, still_kg, self.names.channels, until)

    def take(self, t: float, counts: tuple[float, ...], ok: bool = True) -> None:
        """One sample of all channels, counts of the chips."""
        watch = self._watch
        if watch is None or self.result is not None:
            return
        answer = watch.take(t, counts, ok)
        if self._by_itself and watch.last is not None:
            somebody = self._is_place(watch.last.mean_kg)
            if somebody and watch.until == FOREVER:
                watch.until = t + FIND_PLACE_S
            elif not somebody:
                watch.until = FOREVER
        if isinstance(answer, Refusal):
            self.result, self._watch = answer, None
        elif answer is not None:
            self._keep(t, answer)

    def advance(self, t: float) -> None:
        """Time has passed without a sample."""
        if self._watch is not None and self.result is None:
            self.result = self._watch.overdue(t)

    def load_kg(self, counts: tuple[float, ...]) -> float:
        """What lies on the mat, in nominal kilograms."""
        return moved_kg(self._held[0], counts, self._nominal) if self._held else 0.0

    def _is_place(self, counts: tuple[float, ...]) -> bool:
        empty, *before = self._held
        if moved_kg(empty, counts, self._nominal) < LEAST_KG:
            return False
        here = shares(empty, counts)
        return all(
            max(abs(a - b) for a, b in zip(here, shares(empty, held.counts), strict=True)) >= APART_SHARE
            for held in before
        )

    def _keep(self, t: float, held: Held) -> None:
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
    remedy="Stand on the mat before it is measured; if you did, check the plugs of the load cells.",
    what=Text("scale.no_weight"),
    do=Text("scale.stand_or_plugs"),
)
