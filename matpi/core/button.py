"""One button, two gestures everywhere: tap and hold. Edges with their times in, gestures out.

gpiozero is used for edges only: under its mock there is no debounce, and its hold timer runs on real time.
"""

from __future__ import annotations

from enum import Enum, auto
from math import inf

from matpi.core.rules import GestureRules


class Gesture(Enum):
    PRESS = auto()  # the button is down for real; nothing is decided yet
    TAP = auto()
    HOLD = auto()  # down for `hold_s`; given while it is still pressed
    HOLD_RELEASED = auto()
    """Let go after a hold. What cannot be undone happens here: a stuck button never gets this far."""
    LONG_HOLD = auto()  # down for `long_s`, still pressed
    STUCK = auto()  # down for `stuck_s`: no one means that. What this press did is taken back.


class Button:
    """Make gestures of edges and time; take them from `gestures`. `deadline`: when `advance` is due."""

    def __init__(self, rules: GestureRules) -> None:
        self.rules = rules
        self.gestures: list[tuple[float, Gesture]] = []
        self._raw = self._down = False
        self._raw_since = 0.0
        self._down_since = 0.0
        self._steps: list[tuple[float, Gesture]] = []  # what this press will still become, by seconds since its start
        self._held = self._stuck = False
        self._settle_due = inf
        self.deadline = inf

    @property
    def pressed_since(self) -> float | None:
        """Return when the present press began; None when the button is up or stuck."""
        return self._down_since if self._down and not self._stuck else None

    def edge(self, t: float, down: bool) -> None:
        if down == self._raw:
            return
        self._raw, self._raw_since = down, t
        if down == self._down:
            self._settle_due = inf
        else:
            self._settle_due = t + self.rules.settle_s
        self._plan()

    def advance(self, t: float) -> None:
        # A release still settling keeps a hold from coming due: the finger was off by then.
        while self._steps and self._steps[0][0] <= t and self._steps[0][0] < self._released_at():
            at, gesture = self._steps.pop(0)
            self._held = self._held or gesture is Gesture.HOLD
            self._stuck = gesture is Gesture.STUCK
            self.gestures.append((at, gesture))
        if t >= self._settle_due:
            self._settle_due = inf
            if self._raw:
                self._press(t)
            else:
                self._release(t)
        self._plan()

    def _released_at(self) -> float:
        return self._raw_since if self._down and not self._raw else inf

    def _press(self, t: float) -> None:
        rules, since = self.rules, self._raw_since
        self._down, self._down_since, self._held, self._stuck = True, since, False, False
        self._steps = [
            (since + rules.hold_s, Gesture.HOLD),
            (since + rules.long_s, Gesture.LONG_HOLD),
            (since + rules.stuck_s, Gesture.STUCK),
        ]
        self.gestures.append((t, Gesture.PRESS))

    def _release(self, t: float) -> None:
        self._down = False
        self._steps = []
        if not self._stuck:
            self.gestures.append((t, Gesture.HOLD_RELEASED if self._held else Gesture.TAP))

    def _plan(self) -> None:
        step = self._steps[0][0] if self._steps else inf
        self.deadline = min(self._settle_due, step if step < self._released_at() else inf)
