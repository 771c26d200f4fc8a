"""The question "How tight do I feel today?": 1 to 10 with one button, and no answer without a touch."""

from __future__ import annotations

from dataclasses import dataclass

from matpi.core.model import RATING_MAX, RATING_MIN

REST_S = 4.0  # docs/behaviour.md 5: a value that nobody touches for this long stands
UNTOUCHED_S = 60.0  # docs/behaviour.md 5: nobody is there


@dataclass(slots=True)
class Dial:
    """The value being chosen; None until the first tap, so that an untouched default is never stored."""

    touched: float
    value: int | None = None

    def tap(self, t: float) -> None:
        """+1, and 10 wraps to 1."""
        self.touched = t
        self.value = RATING_MIN if self.value is None or self.value >= RATING_MAX else self.value + 1

    def hold(self, t: float) -> None:
        """A press under way: the rest starts anew when it ends."""
        self.touched = t

    @property
    def deadline(self) -> float:
        """When the value stands, or the question is given up."""
        return self.touched + (UNTOUCHED_S if self.value is None else REST_S)

    def rest(self, t: float) -> float | None:
        """What is left of the rest, 1 to 0; None while there is no value to stand."""
        return None if self.value is None else max(0.0, min(1.0, (self.deadline - t) / REST_S))
