"""What the load on the mat weighs mostly: who leaves takes most of it along, whatever cat or bag stays behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matpi.core.rules import PresenceRules

STEP: Final = 0.02
"""Follows by so much of itself a second: a running median. From sitting to lying (nine to six tenths) in 20 s; hips
lifted for 4 s move it by 8 %. Chosen."""


class Usual:
    """Fed once a second with what lies above the load of before, kg. Without a first value it tells nothing."""

    def __init__(self, rules: PresenceRules) -> None:
        self._rules = rules
        self.kg = 0.0
        self._low_blocks = 0

    def begin(self, kg: float | None) -> None:
        """A load of `kg`, None when that is not known."""
        self.kg, self._low_blocks = kg or 0.0, 0

    def again(self) -> None:
        """Back on: it weighs what it weighed."""
        self._low_blocks = 0

    @property
    def under_kg(self) -> float:
        """Less than this is not the load that it was."""
        return self.kg * self._rules.far_less

    def gone(self, kg: float, before_kg: float) -> bool:
        """Whether for some seconds far less than usual has lain there, on top of `before_kg`.

        What weighs enough for a person by itself is one, unless it lay there before.
        """
        rules = self._rules
        heavy = kg + before_kg >= rules.on_kg and before_kg < rules.off_kg
        if not self.kg or heavy or kg >= self.under_kg:
            self._low_blocks = 0
            self.kg *= 1.0 + STEP if kg > self.kg else 1.0 - STEP
            return False
        self._low_blocks += 1
        return self._low_blocks >= rules.far_less_s
