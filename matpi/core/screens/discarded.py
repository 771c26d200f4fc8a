"""Discarded by hand: for a while a hold brings the session back."""

from __future__ import annotations

from math import inf

from matpi.core.front import Front
from matpi.core.presence.load import Load
from matpi.core.screens.screen import FADE_STEP_S, Look, Screen, Step
from matpi.core.text import Text
from matpi.core.views import Discarded, Notice, fraction


class DiscardedScreen(Screen):
    to_do = "Hold (space) to bring the session back. Untouched, it is gone."
    rests = True

    @property
    def due(self) -> float:
        """Not while a person is there."""
        there = self.presence.load not in {Load.EMPTY, Load.OBJECT}
        return inf if there or self.stage.pressed else self.stage.entered + self.rules.undo_s

    def expire(self, _: float) -> Step | None:
        return Step("expired", f"{self.rules.undo_s:g} s untouched")

    def hold(self, t: float) -> Step | None:
        return self._undo(t, "held")

    def stuck(self, t: float) -> Step | None:
        return self._undo(t, "the button is stuck") if self.stage.press_front is Front.ON_MAT else None

    def _undo(self, t: float, reason: str) -> Step | None:
        """The session ends when the person left, if they have."""
        if self.session.withdrawn is None:
            return None
        gone = self.presence.load in {Load.EMPTY, Load.OBJECT}
        return Step("undo", reason, self.presence.left_at if gone else t)

    def look(self, t: float) -> Look:
        running, entered = self.session.withdrawn, self.stage.entered
        left = 1 - (t - entered) / self.rules.undo_s
        if running is None:
            return Look(Notice(Text("on_mat.not_counted"), ""))
        shown = Discarded(int(running.on_mat_s(entered)), self.stage.held(t), fraction(left))
        return Look(shown, t + 2 * FADE_STEP_S if left > 0 else inf)
