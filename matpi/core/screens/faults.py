"""Nothing is asked, and the mat is not empty: an object is on it, or there are no readings."""

from __future__ import annotations

from dataclasses import dataclass

from matpi.core.parts import Parts
from matpi.core.presence.detector import Presence
from matpi.core.screens.screen import LONG_SHOWN_S, Look, Screen, Step
from matpi.core.text import Text
from matpi.core.views import Fault, Object
from matpi.core.zeroing import Zeroing


@dataclass(eq=False)
class ObjectScreen(Screen):
    presence: Presence
    zeroing: Zeroing

    @property
    def dark_s(self) -> float:
        return LONG_SHOWN_S if self.presence.zero.seeking else self.rules.idle_off_s

    def hold(self, _: float) -> Step | None:
        return Step("menu", "held")

    def look(self, _: float) -> Look:
        return Look(Object(round(self.presence.object_kg), self.zeroing.approximate))


@dataclass(eq=False)
class SilentScreen(Screen):
    """The load cells are silent."""

    parts: Parts

    @property
    def dark_s(self) -> float:
        return LONG_SHOWN_S

    def look(self, _: float) -> Look:
        return Look(Fault(Text("faults.silent"), *self.parts.cells))
