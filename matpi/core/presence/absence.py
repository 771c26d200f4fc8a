"""Follow one absence from the mat: since when, what stayed on it, when it ends the session."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matpi.core.rules import PresenceRules


@dataclass(slots=True)
class Absence:
    """Loads are kg above the floor. A load of `level_kg` that lasts is a return."""

    rules: PresenceRules
    level_kg: float
    left_at: float  # moves a little later when the fall goes on
    gone_at: float = 0.0  # when the absence ends the session
    back_since: float | None = None  # on the mat again since then, if it lasts
    stayed_kg: float = 0.0  # still on the mat
    _emptied: bool = False  # since the fall the mat has been empty
    _weighed: bool = False  # what stayed has come to rest
    _on_again: float = inf  # since then something has been on the empty mat

    def follow(self, onset: float, x: float) -> tuple[float, float, float]:
        """Take a crossing to the load `x` at `onset`. Return the next band (low, high) and the next deadline."""
        rules, level = self.rules, self.level_kg
        self.back_since = onset if x >= level else None
        if x >= rules.off_kg:
            self._on_again = min(self._on_again, onset)
        # A return must last: a hand on the mat, or a bag that is dropped, would resume the timer.
        if x >= level:
            return level, inf, onset + rules.debounce_s
        # Part of the load is still there: the person sits up, or a bag stays behind. Wait longer.
        if x >= rules.off_kg:
            self.gone_at = self.left_at + rules.rest_s
            return rules.off_kg, level, self.gone_at
        if not self._emptied and (onset < self.left_at + rules.fall_s or self.stayed_kg >= rules.on_kg):
            # The fall went on, as of a person who slides off; or what stayed was a person's load, who leaves only now.
            self.left_at = max(self.left_at, onset)
        # The time starts again only after a load that lasted: touches of a hand must not keep a session open.
        if not self._emptied or onset >= self._on_again + rules.debounce_s:
            self.gone_at = onset + rules.away_s
        self._emptied, self._weighed, self._on_again = True, True, inf
        return -inf, rules.off_kg, self.gone_at

    def weigh(self, x: float, *, at_rest: bool) -> bool:
        """Take the load of a whole second. True once, when what stayed has come to rest and dates the fall."""
        self.stayed_kg = x if x >= self.rules.off_kg else 0.0
        first = bool(self.stayed_kg) and at_rest and not self._weighed
        self._weighed |= first
        return first
