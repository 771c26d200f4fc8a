"""What is rung for closed eyes, each at its own time: phases, the end, and the sides of the breath.

Times are those on the mat, so they wait while the person is away. What was passed unheard - without readings, over a
power cut - is not rung later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from matpi.core.clock import Clock
from matpi.core.effects import Chime, ChimeKind, Emit
from matpi.core.front import Front, Stage
from matpi.core.pacing import Pacing
from matpi.core.plan import routine
from matpi.core.plan.breathing import CYCLE_S, IN_S, cycles_done
from matpi.core.plan.routine import CHIMED
from matpi.core.plans import Plans
from matpi.core.selection import Selection
from matpi.core.session import SessionMachine

LATE_S: Final = 1.0  # chosen: what is this late is reported by the screen alone. On time is within 0.2 s.
_NOW_S: Final = 1e-6


@dataclass(eq=False)
class Cues:
    """Own up to where everything was rung. Ring at `due`."""

    emit: Emit
    clock: Clock
    session: SessionMachine
    stage: Stage
    selection: Selection
    plans: Plans
    pacing: Pacing
    _rung_s: float = 0.0  # up to this time on the mat, or since getting up
    _next_s: float = inf
    _next_of: tuple[Any, ...] = ()

    @property
    def due(self) -> float:
        t = self.clock.t
        now_s = self._now_s(t)
        if now_s is None:
            return inf
        of = (self.pacing.taps, self.plans.shown, self.selection.routine, self.stage.front, self._rung_s)
        if of != self._next_of:
            self._next_of = of
            later = (at_s for at_s, _ in self._all(self._rung_s) if at_s > self._rung_s + _NOW_S)
            self._next_s = min(later, default=inf)
        return t + self._next_s - now_s

    def advance(self, t: float) -> None:
        """Ring what came due by `t`; of several at once the last of `_all`."""
        now_s = self._now_s(t)
        if now_s is None:
            return
        fresh_s = max(self._rung_s, now_s - LATE_S)
        due = [(at_s, kind) for at_s, kind in self._all(fresh_s) if fresh_s + _NOW_S < at_s <= now_s + _NOW_S]
        if due:
            self.emit(Chime(max(due, key=lambda cue: cue[0])[1]))
        self._rung_s = max(self._rung_s, now_s)

    def entered(self, t: float) -> None:
        """Begin where the time on the mat runs, or what follows off it begins: nothing before is rung."""
        front = self.stage.front
        if front is Front.ON_MAT or front is Front.OFF_MAT:
            self._rung_s = self._now_s(t) or 0.0
        if front is Front.OFF_MAT:
            self.emit(Chime(ChimeKind.PHASE))

    def _now_s(self, t: float) -> float | None:
        front, session = self.stage.front, self.session
        if front is Front.ON_MAT and session.running is not None:
            return session.running.on_mat_s(t)
        return t - session.ended if front is Front.OFF_MAT else None

    def _all(self, rung_s: float) -> Iterator[tuple[float, ChimeKind]]:
        """Yield the sides of the next breath, and all cues first: of two at one time `max` takes the first."""
        own = self.selection.routine
        if self.stage.front is Front.OFF_MAT:
            for cue in routine.off_mat_cues(own):
                yield cue.at_s, ChimeKind.PHASE
            return
        for cue in routine.cues(own, self.plans.shown):
            if cue.kind in CHIMED:
                yield cue.at_s, ChimeKind(cue.kind.value)
        breathing = self.pacing.wanted
        if breathing is None:
            return
        cycle_s = breathing.start_s + cycles_done(rung_s - breathing.start_s) * CYCLE_S
        end_s = self.pacing.end_s(breathing)
        for at_s, kind in ((cycle_s, ChimeKind.IN), (cycle_s + IN_S, ChimeKind.OUT), (cycle_s + CYCLE_S, ChimeKind.IN)):
            if at_s < end_s:
                yield at_s, kind
