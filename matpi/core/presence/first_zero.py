"""Find the first zero of an uncalibrated mat: the offset of the bridges, and mat and board on top.

It may be tens of kilograms either way, so no session starts before it is known. The first ten seconds without a body
in them are the zero, whatever their value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matpi.core.model import Zero

if TYPE_CHECKING:
    from matpi.core.presence.signal import Second

STRETCH_S: Final = 10  # a whole breath of six a minute
WANDER_KG: Final = (
    0.012  # a channel's range over the stretch: above board noise, at the slowest breath [evidence: breath]
)
FAR_KG: Final = (
    80.0  # four cells at their worst zero, 60 kg, and mat and board; beyond is a wire [evidence: first-zero]
)
FALLEN_KG: Final = 3.0  # as far as a zero follows by itself (docs/behaviour.md 1)


class FirstZero:
    """Feed `take` the seconds of the unoccupied mat, as long as it is uncalibrated."""

    def __init__(self) -> None:
        self.far = False  # still, but further from nothing than any zero: a wire
        self._stretch: list[Second] = []

    def take(self, second: Second, zero_kg: float | None) -> Zero | None:
        """Return the zero to use from now on, or None. `zero_kg` is the present one's sum, None before the first."""
        total = second.total_kg
        # A known zero changes only when the mat reads less: a bag was on it when that zero was found. The margin keeps
        # a child in the bag's place, hardly lighter, from being the new zero.
        if zero_kg is not None and total > zero_kg - FALLEN_KG:
            self._stretch.clear()
            return None
        self._stretch = [*self._stretch[1 - STRETCH_S :], second]
        # Seconds in a row only: over a gap a person may have come or gone.
        if len(self._stretch) < STRETCH_S or self._stretch[-1].start - self._stretch[0].start > STRETCH_S:
            return None
        # Each channel's range, not the sum's: breath moves load from end to end and hardly shows in the sum.
        by_channel = zip(*(second.kg for second in self._stretch), strict=True)
        if sum(max(kg) - min(kg) for kg in by_channel) > WANDER_KG * len(second.kg):
            return None
        # A loose wire reads still, too, at the end of the range: report it, and find no zero.
        self.far = abs(total) > FAR_KG
        if self.far:
            return None
        self._stretch.clear()
        return Zero(second.kg, anchor_kg=total)
