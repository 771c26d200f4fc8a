"""A person is on the mat, or may be back: arriving, the timer or the breath, away, cells silent."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from matpi.core.effects import Pattern
from matpi.core.front import Front
from matpi.core.pacing import WOKEN_S, Pacing
from matpi.core.parts import Parts
from matpi.core.plan import breathing
from matpi.core.plan.breathing import Side
from matpi.core.plan.routine import CueKind, Pacer
from matpi.core.screens.screen import Look, Screen, Step, next_second
from matpi.core.session import Running
from matpi.core.text import Text
from matpi.core.views import Arriving, Away, Breathe, Holding, Timer


class ArrivingScreen(Screen):
    front = Front.ARRIVING
    to_do = "Stay on the mat: after 3 s it is a session."

    def look(self, _: float) -> Look:
        plan, name = self.plans.shown, self.selection.routine.name
        title = "" if name == "plan" else Text(f"routines.{name}.title")
        return Look(Arriving(*self.plans.range_min, plan.day, plan.clothing, title, plan.days, self.household.name))


@dataclass(eq=False)
class OnMatScreen(Screen):
    """The timer, or the breath. It owns which press has answered the question whose session it is."""

    front = Front.ON_MAT
    to_do = "Get up (g) to end the session. A tap (space) changes the view, a hold of 3 s discards it."
    pacing: Pacing
    _answered_by: float | None = None  # the press of this time goes on to nothing else

    @property
    def _running(self) -> Running:
        if self.session.running is None:
            raise RuntimeError("the timer is shown, and no session is under way")
        return self.session.running

    @property
    def due(self) -> float:
        t = self.clock.t
        return t + self.rules.cap_s - self._running.on_mat_s(t)

    def expire(self, t: float) -> Step | None:
        # What ran on unseen, such as a silence, may have passed the cap already.
        return Step("capped", f"{self.rules.cap_s / 60:g} min", min(t, self.due))

    def tap(self, t: float) -> Step | None:
        if self.household.asks(t) is not None:
            self.household.reply(t, yes=False)
        else:
            self.pacing.tap(t, self._running)
        return None

    def hold(self, t: float) -> Step | None:
        if self.household.asks(t) is not None:
            self.household.reply(t, yes=True)
            self._answered_by = self.stage.pressed_since
        return None

    def hold_long(self, _: float) -> Step | None:
        return None if self._has_answered else Step("discard", "held for 3 s")

    @property
    def _has_answered(self) -> bool:
        return self._answered_by is not None and self._answered_by == self.stage.pressed_since

    def look(self, t: float) -> Look:
        running, pressed = self._running, self.stage.pressed_since
        discards = pressed is not None and t - pressed >= self.rules.gesture.hold_s and not self._has_answered
        held = self.stage.held(t, long=True) if discards else 0.0
        on_mat_s = running.on_mat_s(t)
        pacer = self.pacing.pacer(on_mat_s)
        since = None if pacer is None else running.began + pacer.start_s
        light = Pattern.OFF if since is None else Pattern.PACER
        if on_mat_s + WOKEN_S >= self.pacing.over_s:
            light, since = Pattern.ATTENTION, None
        calm = held == 0.0 and not self.ledger.trouble and self.household.asks(t) is None
        if pacer is None or not calm:
            return Look(*self._timer(t, on_mat_s, held), light, since)
        return Look(*self._breath(t, on_mat_s, pacer), light, since)

    def _breath(self, t: float, on_mat_s: float, pacer: Pacer) -> tuple[Breathe, float]:
        """Return the circle with how to breathe, or what to do now, beside it; and when it changes."""
        elapsed_s, since = on_mat_s + WOKEN_S, self._running.began + pacer.start_s
        into_s = t - since
        says, circle = self.pacing.phase(elapsed_s), breathing.circle(into_s)
        inhale, minutes = circle.phase is Side.IN, int(elapsed_s // 60)
        side = "breath.inhale_says" if inhale else "breath.exhale_says"
        text = Text(side if says.kind is CueKind.PHASE else f"phases.{says.says}")
        until_s = min(says.until_s, 60.0 * (minutes + 1), self.pacing.end_s(pacer))
        again = min(t + until_s - on_mat_s, since + breathing.next_change(into_s))
        return Breathe(inhale, circle.radius_px, circle.left_s, text, minutes), again

    def _timer(self, t: float, on_mat_s: float, held: float) -> tuple[Timer, float]:
        elapsed_s = on_mat_s + WOKEN_S
        lower_min, upper_min = self.plans.range_min
        seconds, says = self.pacing.shows_seconds(t, elapsed_s), self.pacing.phase(elapsed_s)
        shown = Timer(
            elapsed_s=int(elapsed_s) if seconds else int(elapsed_s // 60) * 60,
            lower_min=lower_min,
            upper_min=upper_min,
            label=Text(f"phases.{says.says}"),
            seconds=seconds,
            hold=held,
            notice=Text("bar.cannot_write") if self.ledger.trouble else self.household.asks(t),
        )
        again = t + WOKEN_S + min(1 - elapsed_s % 1 if seconds else 60 - elapsed_s % 60, says.until_s - elapsed_s)
        breathing = self.pacing.wanted
        if breathing is not None and on_mat_s < breathing.start_s:
            again = min(again, t + breathing.start_s - on_mat_s)
        if t < self.household.asked_until:
            again = min(again, self.household.asked_until)
        return shown, again


class AwayScreen(Screen):
    front = Front.AWAY
    to_do = "Lie down (l) again and the session goes on; after the countdown it ends. A tap (space) ends it now."

    def tap(self, t: float) -> Step | None:
        """End the session now: the person is done."""
        self.presence.done(t)
        return None

    def look(self, t: float) -> Look:
        running, gone_at = self.session.running, self.presence.absence.gone_at
        if running is None:
            raise RuntimeError("away, and no session is under way")
        left_at = t if running.frozen_at is None else running.frozen_at
        left = gone_at - t
        elapsed_s = int(running.on_mat_s(t))
        return Look(Away(elapsed_s, max(0, ceil(left - 1e-6)), round(gone_at - left_at)), next_second(t, left))


@dataclass(eq=False)
class HoldingScreen(Screen):
    """The load cells fell silent in mid-session; the session waits for them."""

    front = Front.HOLDING
    to_do = "Waiting for readings: plug the load cell in again, and the session goes on."
    parts: Parts

    def look(self, t: float) -> Look:
        running, lost_at = self.session.running, self.presence.lost_at
        left = (self.stage.entered if lost_at is None else lost_at) + self.rules.presence.sensor_gone_s - t
        what = self.parts.cells[0] if self.parts.cells_explained else ""
        on_mat_s = 0 if running is None else int(running.on_mat_s(t))
        shown = Holding(on_mat_s, max(0, ceil(left - 1e-6)), what)
        return Look(shown, next_second(t, left), Pattern.ATTENTION)
