"""The first zero of a mat that nobody has calibrated: what the bridges show by themselves, and mat and board on top.

That is tens of kilograms either way and says nothing about a person, so nobody arrives before it is known. The first
stretch without a body in it is the zero, whatever its value. What is taken for a body here moves more than the noisiest
build and less than the quietest sleeper: 10 s are one slow breath, which moves 24 to 60 g from end to end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matpi.core.model import Zero

if TYPE_CHECKING:
    from matpi.core.zero import Block

STRETCH_BLOCKS: Final = 10
"""Seconds. A breath of six a minute shows whole in it (docs/sources.md, cells)."""
SPREAD_KG: Final = 0.025
"""A channel, within a second. The noisiest build shows 155 counts rms = 3.6 g, 9 g between the deciles of a second
(7.2 g and 18 g with four cells on one chip); somebody standing 55 g rms, a breath of four seconds 70 g.
"""
WANDER_KG: Final = 0.012
"""A channel, from one second to the next over the stretch. Medians of ten such noisy readings wander by 4 g (9 g on one
chip); the slowest breath by 24 g, estimated (docs/sources.md, cells).
"""
FAR_KG: Final = 80.0
"""In all. Four cells at the worst zero of their data sheet are 60 kg (0.3 mV/V at 1 mV/V and 50 kg each), mat and board
20 kg more; beyond is a wire, not a zero.
"""
FALLEN_KG: Final = 3.0
"""As far as a zero may follow by itself (docs/behaviour.md 1)."""


class FirstZero:
    """Fed with the blocks in which nobody is on the mat, as long as nobody has calibrated."""

    def __init__(self) -> None:
        self.far = False
        """Still, but further from nothing than any zero: a wire."""
        self._stretch: list[Block] = []

    def take(self, block: Block, zero_kg: float | None) -> Zero | None:
        """The zero to use from now on, or None. `zero_kg` is the present one in all, None while there is none.

        With one, it changes only when still less than that lies there: a bag was on the mat when the zero was found.
        """
        total = sum(block.mean_kg)
        quiet = block.spread_kg <= SPREAD_KG * len(block.mean_kg)
        if not quiet or (zero_kg is not None and total > zero_kg - FALLEN_KG):
            self._stretch.clear()
            return None
        self._stretch.append(block)
        del self._stretch[:-STRETCH_BLOCKS]
        if len(self._stretch) < STRETCH_BLOCKS or self._wander_kg() > WANDER_KG * len(block.mean_kg):
            return None
        self.far = abs(total) > FAR_KG
        if self.far:
            return None
        self._stretch.clear()
        return Zero(block.mean_kg, anchor_kg=total)

    def _wander_kg(self) -> float:
        by_channel = zip(*(block.mean_kg for block in self._stretch), strict=True)
        return sum((max(values) - min(values) for values in by_channel), 0.0)
