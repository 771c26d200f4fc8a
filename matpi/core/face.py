"""What the device shows and how it glows: keeps what was last asked for, so that only changes become effects."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from matpi.core import look
from matpi.core.effects import Effect, Light, Pattern, Show
from matpi.core.nudge import Nudge, nudge
from matpi.core.session import State
from matpi.core.views import Off

if TYPE_CHECKING:
    from matpi.core.device import Device

FLASH_S = 2.0  # docs/behaviour.md 6: solid 2 s = saved
SHIFTS = 9
"""Where the picture can stand: 0 to 2 pixels right and down. One step a session and each time the panel goes dark."""
_LEAST_S = 0.001
"""An instant that floats cannot tell from now would never come."""
_OCCUPIED = frozenset({State.ARRIVING, State.ON_MAT, State.AWAY, State.HOLDING, State.CAPPED})


class Face:
    def __init__(self, t: float) -> None:
        self.shown: Show | None = None
        self.light = Light(Pattern.OFF, t)
        self.nudge: Nudge | None = None
        self._shift = 0
        self._flash_until = -inf
        self._view_due = self._nudge_due = -inf

    @property
    def due(self) -> float:
        """When it would look or glow differently if nothing happens."""
        return min(self._view_due, self._nudge_due)

    def ask_nudge(self) -> None:
        """Something changed that the reminder depends on."""
        self._nudge_due = -inf

    def flash(self, t: float) -> None:
        self._flash_until = t + FLASH_S

    def wander(self) -> None:
        self._shift = (self._shift + 1) % SHIFTS

    def forget(self) -> None:
        """The panel lost its picture: show it again."""
        self.shown = None

    def refresh(self, device: Device, t: float) -> list[Effect]:
        """What has to change now."""
        effects: list[Effect] = []
        if t >= self._nudge_due:
            self._consult(device, t)
        view, again = look.view(device, t)
        self._view_due = max(again, t + _LEAST_S)
        show = Show(view, look.brightness(device, t), (self._shift % 3, self._shift // 3))
        if show != self.shown:
            if isinstance(view, Off):
                self.wander()
            self.shown = show
            effects.append(show)
        pattern = look.pattern(device, t, flash=t < self._flash_until)
        if look.trouble(device):
            self._view_due = min(self._view_due, max(look.quiet_turns(device, t), t + _LEAST_S))
        if pattern is Pattern.SAVED:
            self._view_due = min(self._view_due, max(self._flash_until, t + _LEAST_S))
        if pattern is not self.light.pattern:
            self.light = Light(pattern, t)
            effects.append(self.light)
        return effects

    def _consult(self, device: Device, t: float) -> None:
        wall = device.wall
        utc, day = wall.utc(t), wall.day(t)
        record = None if day is None else device.day_record(day)
        here = device.machine.state in _OCCUPIED
        self.nudge = nudge(utc or 0.0, utc is not None, wall.zone, device.settings, device.plan, record, here)
        change, offset = self.nudge.next_change_utc, wall.offset_utc
        self._nudge_due = inf if change is None or offset is None else max(change - offset, t + _LEAST_S)
