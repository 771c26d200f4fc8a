"""What is rung for closed eyes, each at its own time: phases, the end, and the sides of the breath.

Times are those on the mat, so they wait while somebody is away. What was passed unheard - in a silence of the load
cells, over a power cut - is not rung later.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING, Final

from matpi.core import choice, on_mat
from matpi.core.effects import Chime, ChimeKind
from matpi.core.plan import routine
from matpi.core.plan.breathing import CYCLE_S, IN_S, cycles_done
from matpi.core.plan.routine import CHIMED
from matpi.core.session import State

if TYPE_CHECKING:
    from matpi.core.device import Device

LATE_S: Final = 1.0
"""Chosen: what is this late is told by the screen alone. On time is within 0.2 s."""
_NOW_S: Final = 1e-6


class Cueing:
    """`told_s`: up to this time on the mat, or since getting up, everything due was rung."""

    def __init__(self) -> None:
        self.told_s = 0.0
        self._next_s = inf
        self._next_of: tuple[object, ...] = ()

    def due(self, device: Device) -> float:
        now_s = self._now_s(device, device.t)
        if now_s is None:
            return inf
        told_s = self.told_s
        of = (device.pacing, choice.plan(device), choice.routine(device), device.machine.state, told_s)
        if len(of) != len(self._next_of) or any(a is not b for a, b in zip(of, self._next_of, strict=True)):
            self._next_of = of
            self._next_s = min((at_s for at_s, _ in _all(device, told_s) if at_s > told_s + _NOW_S), default=inf)
        return device.t + self._next_s - now_s

    def ring(self, device: Device, t: float) -> None:
        """What came due by `t`; of several at once the last of `_all`."""
        now_s = self._now_s(device, t)
        if now_s is None:
            return
        fresh_s = max(self.told_s, now_s - LATE_S)
        due = [(at_s, kind) for at_s, kind in _all(device, fresh_s) if fresh_s + _NOW_S < at_s <= now_s + _NOW_S]
        if due:
            device.do(Chime(max(due, key=lambda cue: cue[0])[1]))
        self.told_s = max(self.told_s, now_s)

    def begin(self, device: Device, t: float) -> None:
        """The time on the mat runs, or what follows off the mat begins: nothing before is made up for."""
        self.told_s = self._now_s(device, t) or 0.0
        if device.machine.state is State.OFF_MAT:
            device.do(Chime(ChimeKind.PHASE))

    def _now_s(self, device: Device, t: float) -> float | None:
        machine = device.machine
        if machine.state is State.ON_MAT and machine.running is not None:
            return machine.running.on_mat_s(t)
        return t - machine.ended if machine.state is State.OFF_MAT else None


def _all(device: Device, told_s: float) -> Iterator[tuple[float, ChimeKind]]:
    """Of the next breath and of all cues. Where both fall together, the cue is rung: it comes first in `max`."""
    own = choice.routine(device)
    if device.machine.state is State.OFF_MAT:
        for cue in routine.off_mat_cues(own):
            yield cue.at_s, ChimeKind.PHASE
        return
    for cue in routine.cues(own, choice.plan(device)):
        if cue.kind in CHIMED:
            yield cue.at_s, ChimeKind(cue.kind.value)
    breathing = on_mat.meant(device)
    if breathing is None:
        return
    cycle_s = breathing.start_s + cycles_done(told_s - breathing.start_s) * CYCLE_S
    end_s = on_mat.end_s(device, breathing)
    for at_s, kind in ((cycle_s, ChimeKind.IN), (cycle_s + IN_S, ChimeKind.OUT), (cycle_s + CYCLE_S, ChimeKind.IN)):
        if at_s < end_s:
            yield at_s, kind
