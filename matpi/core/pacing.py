"""The pace of the session under way: the phase, the breath, and what a tap makes of them.

A tap goes round: minutes, mm:ss, breath, minutes. The breath comes by itself where the routine has it, and goes on
until a tap, its last cycle, or "enough"; by hand it comes at any time and goes on until "please get up slowly"; then
a tap shows mm:ss and no more. All of it is a function of the time on the mat, so nothing drifts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from msgspec import Struct

from matpi.core.plan import routine
from matpi.core.plan.breathing import CYCLES_MAX
from matpi.core.plan.routine import Pacer, PhaseText
from matpi.core.plans import Plans
from matpi.core.rules import DeviceRules
from matpi.core.selection import Selection
from matpi.core.session import Running

WOKEN_S = 1e-3  # woken for a boundary, floats may be just before it; what misses it would come a minute late
FIRST_S = 60.0  # so long every second is shown


class Taps(Struct, frozen=True):
    """What taps have made of the breath in the session under way."""

    by_hand_s: float | None = None  # begun by hand at this time on the mat
    dismissed: bool = False  # the breath that comes by plan is not wanted


@dataclass(eq=False)
class Pacing:
    """Own what taps have changed. Times `*_s` are seconds on the mat."""

    plans: Plans
    selection: Selection
    rules: DeviceRules
    taps: Taps = field(default_factory=Taps)
    _seconds_until: float = -inf

    def begin(self) -> None:
        """Forget the taps of the session before."""
        self.taps = Taps()

    def tap(self, t: float, running: Running) -> None:
        """Go from minutes to mm:ss to the breath to minutes; once the LED asks to get up, to mm:ss only."""
        elapsed_s = running.on_mat_s(t)
        if self.pacer(elapsed_s) is not None:
            self.taps, self._seconds_until = Taps(dismissed=True), -inf
        elif self.shows_seconds(t, elapsed_s) and elapsed_s + WOKEN_S < self.over_s:
            self.taps = Taps(by_hand_s=elapsed_s)
        else:
            self._seconds_until = t + self.rules.seconds_s

    def shows_seconds(self, t: float, elapsed_s: float) -> bool:
        return elapsed_s < FIRST_S or t < self._seconds_until

    def phase(self, elapsed_s: float) -> PhaseText:
        """Return what the screen says."""
        return routine.phase_at(self.selection.routine, self.plans.shown, elapsed_s)

    @property
    def wanted(self) -> Pacer | None:
        """Return the breath that is shown, that was, or that comes by itself later."""
        if self.taps.by_hand_s is not None:
            return Pacer(self.taps.by_hand_s, CYCLES_MAX)
        return None if self.taps.dismissed else routine.pacer(self.selection.routine, self.plans.shown)

    def pacer(self, elapsed_s: float) -> Pacer | None:
        """Return the breath that is shown."""
        found = self.wanted
        return found if found is not None and found.start_s <= elapsed_s + WOKEN_S < self.end_s(found) else None

    def end_s(self, breathing: Pacer) -> float:
        """Return when this breath is over unless it is tapped away."""
        by_hand = self.taps.by_hand_s is not None
        return min(breathing.end_s, self.over_s if by_hand else self.plans.target[1] * 60.0)

    @property
    def over_s(self) -> float:
        """Return from when on the LED asks to get up."""
        return self.plans.target[1] * 60.0 + routine.OVER_S
