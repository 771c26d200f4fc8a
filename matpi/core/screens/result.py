"""A session is over: result, "get up" after the cap, "was that you?", off the mat, discarded."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

from matpi.core.doubt import Doubts
from matpi.core.front import Front
from matpi.core.pacing import WOKEN_S
from matpi.core.plan import routine
from matpi.core.presence.load import Load
from matpi.core.screens.screen import FADE_STEP_S, GO_ON, LONG_SHOWN_S, READ_S, Look, Screen, Step, next_second
from matpi.core.text import Text
from matpi.core.views import Confirm, Discarded, GetUp, Notice, OffMat, SessionDone, fraction


class DoneScreen(Screen):
    """The result; with several people a hold gives it to another one."""

    front = Front.DONE
    to_do = "The next question comes by itself. A tap (space) goes on at once."
    stays = "ask_s"
    on_tap = GO_ON

    @property
    def due(self) -> float:
        return super().due if self.household.people.on else self.stage.entered + self.rules.done_s

    def expire(self, _: float) -> Step | None:
        return Step("go_on", f"{self.rules.ask_s if self.household.people.on else self.rules.done_s:g} s")

    def hold(self, _: float) -> Step | None:
        if self.household.people.on:
            self.household.attribute()
        return None

    def look(self, t: float) -> Look:
        last, plan = self.session.last, self.plans.shown
        if last is None:
            return Look(Notice(Text("on_mat.up_again"), ""))
        name, asks = self.household.result_words(last)
        held, saved = self.stage.held(t) if name else 0.0, self.ledger.is_saved(last.id)
        on_mat_s, first = int(last.on_mat_s), plan.short_only
        return Look(SessionDone(on_mat_s, plan.says_done, plan.day, saved, plan.days, name, asks, held, first))


@dataclass(eq=False)
class CappedScreen(Screen):
    """The cap has closed the session, and the person is still on the mat; once they get up, the result."""

    front = Front.CAPPED
    to_do = "The session is saved. Get up (g) slowly."
    done: Screen

    @property
    def _got_up(self) -> bool:
        return self.presence.load is Load.AWAY

    @property
    def dark_s(self) -> float:
        return super().dark_s if self._got_up else LONG_SHOWN_S

    def tap(self, t: float) -> Step | None:
        self.presence.done(t)
        return None

    @property
    def calls(self) -> bool:
        return not self._got_up

    def look(self, t: float) -> Look:
        last = self.session.last
        if self._got_up:
            return self.done.look(t)
        return Look(GetUp(int((last.on_mat_s if last else self.rules.cap_s) // 60)))


@dataclass(eq=False)
class ConfirmScreen(Screen):
    """The question "was that you?" about a doubtful session."""

    front = Front.CONFIRM
    to_do = "Hold (space) for yes, tap for no."
    doubts: Doubts
    stays = "advice_s"
    over = "unanswered"

    @property
    def wanted(self) -> bool:
        last = self.session.last
        return last is not None and self.doubts.asks(last)

    def tap(self, t: float) -> Step | None:
        if t < self.stage.entered + READ_S:
            return None
        self.doubts.answer(yours=False)
        return Step("no", "a tap")

    def hold(self, _: float) -> Step | None:
        self.doubts.answer(yours=True)
        return Step("yes", "held")

    def look(self, t: float) -> Look:
        last = self.session.last
        if last is None:
            return Look(Notice(Text("common.one_moment"), ""))
        load_kg, approximate = round(last.load_kg or 0.0), self.zeroing.approximate
        return Look(Confirm(int(last.on_mat_s), load_kg, self.stage.held(t), approximate))


class OffMatScreen(Screen):
    """What follows off the mat."""

    front = Front.OFF_MAT
    to_do = "Follow the screen. A tap (space) goes on at once."
    stays = "advice_s"
    on_tap = GO_ON

    @property
    def wanted(self) -> bool:
        """Return whether the routine goes on off the mat."""
        last = self.session.last
        return last is not None and self.plans.follows_off_mat(last)

    @property
    def due(self) -> float:
        """Return a time after the last thing that it says, not after the last touch."""
        last = max((cue.at_s for cue in routine.off_mat_cues(self.selection.routine)), default=0.0)
        return inf if self.stage.pressed else self.session.ended + last + self.stays_s

    def look(self, t: float) -> Look:
        since_s = t - self.session.ended
        says = routine.off_mat_at(self.selection.routine, since_s + WOKEN_S)
        if says is None:
            return Look(Notice(Text("on_mat.up_again"), ""))
        text = Text(f"phases.{says.says}")
        if says.until_s == inf:
            return Look(OffMat(text, None))
        left_s = says.until_s - since_s
        return Look(OffMat(text, max(0, ceil(left_s - 1e-6))), next_second(t, left_s))


class DiscardedScreen(Screen):
    """Discarded by hand: for a while a hold brings the session back."""

    front = Front.DISCARDED
    to_do = "Hold (space) to bring the session back. Untouched, it is gone."
    rests = True

    @property
    def due(self) -> float:
        """Return the end of the offer; never while a person is on the mat."""
        there = self.presence.load not in {Load.EMPTY, Load.OBJECT}
        return inf if there or self.stage.pressed else self.stage.entered + self.rules.undo_s

    def expire(self, _: float) -> Step | None:
        return Step("expired", f"{self.rules.undo_s:g} s untouched")

    def hold(self, t: float) -> Step | None:
        return self._undo(t, "held")

    def stuck(self, t: float) -> Step | None:
        return self._undo(t, "the button is stuck") if self.stage.press_front is Front.ON_MAT else None

    def _undo(self, t: float, reason: str) -> Step | None:
        """Bring the session back; it ends when the person left, if they have."""
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
