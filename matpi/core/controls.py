"""What the one button does: tap = next or wake, hold = do it, the same everywhere.

A gesture acts only on the screen its press began on: a finger that is still down when another comes to the front does
nothing more. What cannot be undone waits for the release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matpi.core.button import Button, Gesture
from matpi.core.effects import Emit, Note
from matpi.core.front import Front, Stage
from matpi.core.reminder import Reminder
from matpi.core.screens.screen import Screen, Step


@dataclass(eq=False)
class Controls:
    """Take gestures to the screen in front."""

    emit: Emit
    button: Button
    stage: Stage
    reminder: Reminder
    screens: Mapping[Front, Screen]

    @property
    def due(self) -> float:
        return self.button.deadline

    def advance(self, t: float) -> None:
        self.button.advance(t)

    def edge(self, t: float, *, down: bool) -> None:
        self.button.edge(t, down)

    @property
    def waiting(self) -> bool:
        return bool(self.button.gestures)

    def take(self, *, dark: bool) -> Step | None:
        """Act on the next gesture; what should follow. `dark`: the panel is."""
        t, gesture = self.button.gestures.pop(0)
        stage, screen = self.stage, self.screens[self.stage.front]
        if gesture is Gesture.PRESS:
            stage.press(t, dark=dark)
            screen.touch(t)
            return None
        stage.touch(t)
        screen.touch(t)
        if gesture is Gesture.STUCK:
            self.emit(Note(t, "button_stuck", "the button was down for 20 s; it is ignored until it is let go"))
            return screen.stuck(t)
        if gesture in {Gesture.TAP, Gesture.HOLD_RELEASED} and self._meant_for_light:
            self.reminder.snooze(t)
        if stage.front is not stage.press_front:
            return None
        match gesture:
            case Gesture.TAP:
                return screen.tap(t)
            case Gesture.HOLD:
                return screen.hold(t)
            case Gesture.HOLD_RELEASED:
                return screen.release(t)
            case Gesture.LONG_HOLD:
                return screen.hold_long(t)

    @property
    def _meant_for_light(self) -> bool:
        """The LED reminds, and the press began where there is nothing else to answer."""
        stage = self.stage
        return self.reminder.reminds and (stage.woke or stage.press_front in {Front.IDLE, Front.OBJECT})
