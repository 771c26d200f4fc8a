"""What the device shows and how it glows: keeps what was last asked for, so that only changes become effects."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from matpi.core import look, on_mat, reminding
from matpi.core.effects import Effect, Light, Note, Pattern, Show
from matpi.core.nudge import Nudge
from matpi.core.on_mat import Circles
from matpi.core.session import State
from matpi.core.text import Text
from matpi.core.views import Breathe, Off

if TYPE_CHECKING:
    from matpi.core.device import Device

FLASH_S = 2.0  # docs/behaviour.md 6: solid 2 s = saved
SHIFTS = 9
"""Where the picture can stand: 0 to 2 pixels right and down. One step a session and each time the panel goes dark."""
_LEAST_S = 0.001
"""An instant that floats cannot tell from now would never come."""
_SAME_S = 0.005
"""Of the breath's beginning as it is reckoned at one time and another: floats, no more."""
_PANEL_WORDS = {
    "panel_lost": "the panel does not answer; the timer goes on",
    "panel_back": "the panel answers again",
}
_OCCUPIED = frozenset({State.ARRIVING, State.ON_MAT, State.AWAY, State.HOLDING, State.CAPPED})


class Face:
    def __init__(self, t: float) -> None:
        self.shown: Show | None = None
        self.light = Light(Pattern.OFF, t)
        self.nudge: Nudge | None = None
        self.upstream: Text | str = ""
        """What is the matter with sending on; "" when nothing is."""
        self.lost: list[str] = []
        """Which of look.PARTS do not work now."""
        self._shift = 0
        self._flash_until = -inf
        self._view_due = self._nudge_due = -inf
        self._glow_due = inf
        """When the brightness or the LED changes though the picture does not."""
        self._circles: Circles | None = None
        self._panel_noted: dict[str, float] = {}
        self._cells_turned = -inf
        """When the cells last fell silent or came back."""

    @property
    def due(self) -> float:
        """When it would look or glow differently if nothing happens."""
        return min(self._view_due, self._nudge_due, self._glow_due)

    @property
    def breath_due(self) -> float:
        """When the circle changes, and nothing else of what is shown; infinity when that is not what comes next."""
        circles, due = self._circles, self._view_due
        return due if circles is not None and due < min(circles.until, self._nudge_due, self._glow_due) else inf

    def breathe(self, t: float) -> list[Effect]:
        """The pictures of the circle due by `t`; at most until something else is due."""
        effects: list[Effect] = []
        circles, shown = self._circles, self.shown
        while circles is not None and shown is not None and self.breath_due <= t:
            view, self._view_due = circles.at(self._view_due)
            self.shown = Show(view, shown.brightness, shown.shift)
            effects.append(self.shown)
        return effects

    def ask_nudge(self) -> None:
        """Something changed that the reminder depends on."""
        self._nudge_due = -inf

    def flash(self, t: float) -> None:
        self._flash_until = t + FLASH_S

    def wander(self) -> None:
        self._shift = (self._shift + 1) % SHIFTS

    def lit_by(self, trigger: str, t: float) -> bool:
        """Whether a change of state lights the panel. Cells that come and go, such as at a loose plug, do so once."""
        if trigger not in {"sensor_lost", "sensor_back"}:
            return True
        before, self._cells_turned = self._cells_turned, t
        return t >= before + look.LONG_SHOWN_S

    def forget(self) -> None:
        """The panel lost its picture: show it again."""
        self.shown = None

    def note_panel(self, t: float, kind: str, every_s: float) -> list[Effect]:
        """A loose wire would write a note every few seconds: one each is enough for a while."""
        if t < self._panel_noted.get(kind, -inf) + every_s:
            return []
        self._panel_noted[kind] = t
        return [Note(t, kind, _PANEL_WORDS[kind])]

    def noted(self, t: float, kind: str, text: str) -> list[Effect]:
        """An edge has something for the diagnostics; of a part that does not work the screen speaks too."""
        part = kind.replace("_back", "_lost")
        if part in look.PARTS and (part in self.lost) != (kind == part):
            (self.lost.append if kind == part else self.lost.remove)(part)
            self._view_due = t
        return [Note(t, kind, text)]

    def refresh(self, device: Device, t: float) -> list[Effect]:
        """What has to change now."""
        effects: list[Effect] = []
        if t >= self._nudge_due:
            self._consult(device, t)
        view, again = look.view(device, t)
        self._view_due = max(again, t + _LEAST_S)
        running = device.machine.running
        breathes = isinstance(view, Breathe) and running is not None and device.button.pressed_since is None
        self._circles = on_mat.circles(device, t, running) if breathes and running is not None else None
        show = Show(view, look.brightness(device, t), (self._shift % 3, self._shift // 3))
        if show != self.shown:
            if isinstance(view, Off):
                self.wander()
            self.shown = show
            effects.append(show)
        pattern = look.pattern(device, t, flash=t < self._flash_until)
        turns = [look.light_turns(device, t)]
        if not isinstance(view, Off):
            turns.append(look.brightness_turns(device, t))
        if pattern is Pattern.SAVED:
            turns.append(self._flash_until)
        self._glow_due = max(min(turns), t + _LEAST_S)
        since = self._since(device, t, pattern)
        if pattern is not self.light.pattern or abs(since - self.light.since) > _SAME_S:
            self.light = Light(pattern, since)
            effects.append(self.light)
        return effects

    def _since(self, device: Device, t: float, pattern: Pattern) -> float:
        """When it began: the breath before, if it is under way; what goes on goes on."""
        running = device.machine.running
        if pattern is Pattern.PACER and running is not None:
            began = on_mat.breath_since(device, t, running)
            return t if began is None else began
        return self.light.since if pattern is self.light.pattern else t

    def _consult(self, device: Device, t: float) -> None:
        wall = device.wall
        self.nudge = reminding.reminder(device, t, occupied=device.machine.state in _OCCUPIED)
        change, offset = self.nudge.next_change_utc, wall.offset_utc
        self._nudge_due = inf if change is None or offset is None else max(change - offset, t + _LEAST_S)
