"""Nothing is asked, and the mat is not empty: an object is on it, or there are no readings."""

from __future__ import annotations

from dataclasses import dataclass

from matpi.core.parts import Parts
from matpi.core.screens.screen import LONG_SHOWN_S, Look, Screen, Step
from matpi.core.text import Text
from matpi.core.views import Fault, Object


class ObjectScreen(Screen):
    to_do = "Take the thing off the mat (b), or lie down (l)."
    rests = True

    def hold(self, _: float) -> Step | None:
        return Step("menu", "held")

    def look(self, _: float) -> Look:
        return Look(Object(round(self.presence.object_kg), self.zeroing.approximate))


@dataclass(eq=False)
class SilentScreen(Screen):
    """The load cells are silent."""

    to_do = "Waiting for readings: plug the load cell in again."
    parts: Parts

    @property
    def dark_s(self) -> float:
        return LONG_SHOWN_S

    def look(self, _: float) -> Look:
        return Look(Fault(Text("faults.silent"), *self.parts.cells))
