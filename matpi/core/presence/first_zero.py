"""The first zero of an uncalibrated mat: the offset of the bridges themselves, and mat and board on top.

That is tens of kilograms either way and says nothing about a person, so no session starts before it is known. The
first stretch without a body in it is the zero, whatever its value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matpi.core.model import Zero

if TYPE_CHECKING:
    from matpi.core.presence.signal import Second

STRETCH_S: Final = 10
"""A breath of six a minute shows whole in it."""
WANDER_KG: Final = 0.012
"""Most that a channel drifts over the stretch. Medians of ten readings of the noisiest board (155 counts
rms, 3.6 g) drift by 4 g, by 9 g with four cells on one chip; a sleeper's slowest breath by 12 g [facts: signals C.2].
"""
FAR_KG: Final = 80.0
"""In all. Four cells at the worst zero of their data sheet are 60 kg (0.3 mV/V at 1 mV/V and 50 kg each), mat and board
20 kg more; beyond is a wire, not a zero.
"""
FALLEN_KG: Final = 3.0
"""As far as a zero may follow by itself (BEHAVIOUR 1)."""


class FirstZero:
    """Feed it with the seconds in which the mat is unoccupied, as long as it is uncalibrated."""

    def __init__(self) -> None:
        self.far = False
        """Still, but further from nothing than any zero: a wire."""
        self._stretch: list[Second] = []

    def take(self, second: Second, zero_kg: float | None) -> Zero | None:
        """Return the zero to use from now on, or None. `zero_kg` is the present one in all, None while there is none.

        With one, it changes only when still less than that is on the mat: a bag was there when the zero was found.
        """
        total = second.total_kg
        if zero_kg is not None and total > zero_kg - FALLEN_KG:
            self._stretch.clear()
            return None
        self._stretch = [*self._stretch[1 - STRETCH_S :], second]
        if len(self._stretch) < STRETCH_S or self._stretch[-1].start - self._stretch[0].start > STRETCH_S:
            return None
        by_channel = zip(*(second.kg for second in self._stretch), strict=True)
        if sum(max(kg) - min(kg) for kg in by_channel) > WANDER_KG * len(second.kg):
            return None
        self.far = abs(total) > FAR_KG
        if self.far:
            return None
        self._stretch.clear()
        return Zero(second.kg, anchor_kg=total)
