"""Nothing is asked: the mat is idle, an object is on it, or there are no readings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, inf

from matpi.core.doubt import Doubts
from matpi.core.front import Front
from matpi.core.parts import PARTS, Parts
from matpi.core.presence.zero import ZeroWord
from matpi.core.reminder import Reminder
from matpi.core.screens.screen import LONG_SHOWN_S, NOT_SAVED, Look, Screen, Step
from matpi.core.text import Text
from matpi.core.views import Fault, Idle, Notice, Object, Splash

NOT_TODAY_S = 3.0  # the words that answer a press stay so long. Chosen: a short line.
PAUSED = Text("bar.paused")


@dataclass(eq=False)
class IdleScreen(Screen):
    front = Front.IDLE
    to_do = "Lie down (l) to start the timer. A tap (space) asks how tight you feel, a hold opens the menu."
    reminder: Reminder
    doubts: Doubts
    parts: Parts
    ready: Screen  # the advice
    version: str
    set_aside: str | None  # name of the file that a damaged log is now, "" for a missing one; shown until a tap
    restored: bool  # a backup is in its place, else a new log
    number_is_due: Callable[[], bool]  # and was not asked for today
    rests = True

    def __post_init__(self) -> None:
        # Of the backup: what is stored from now on comes later.
        days = [session.day for session in self.ledger.log.sessions if session.day is not None]
        self.last_day = max(days, default=None)

    @property
    def splash_until(self) -> float:
        return self.clock.began + self.rules.splash_s

    def tap(self, t: float) -> Step | None:
        if self.stage.woke:
            return self._offer(t)
        if self.set_aside is not None:
            self.set_aside = None
            return None
        view = self.look(t).view
        if isinstance(view, Idle) and view.notice == PAUSED:
            self.reminder.resume(t)
            return None
        asked = self.doubts.open_question
        return Step("ask", "a tap") if asked is None else Step("doubtful", str(asked.doubt))

    def _offer(self, t: float) -> Step | None:
        """Ask for the number of the day, else advise, on a wake where nothing else is to be read."""
        zero = self.presence.zero
        unwell = self.set_aside is not None or self.ledger.trouble or zero.seeking or zero.word or self.parts.lost
        # A press that silences the reminder is answered on the idle screen.
        if unwell or self.doubts.open_question or self.reminder.paused or t < self._answered_until:
            return None
        if self.number_is_due() and not self.plans.today.short_only:
            return Step("ask", "first wake of the day")
        return Step("advise", "woken") if self.ready.wanted else None

    def hold(self, _: float) -> Step | None:
        return Step("menu", "held")

    def look(self, t: float) -> Look:
        if t < self.splash_until:
            return Look(Splash(self.version), self.splash_until)
        if self.set_aside == "":
            return Look(Fault(Text("faults.log_missing"), self._instead(), ""))
        if self.set_aside is not None:
            kept = Text("faults.log_kept", name=self.set_aside[-15:])
            return Look(Fault(Text("faults.log_damaged"), kept, self._instead()))
        if self.ledger.trouble:
            return Look(NOT_SAVED)
        if self.presence.zero.word is ZeroWord.WANTED:
            finding = Text("calibration.finding_zero")
            return Look(Notice(finding, Text("calibration.leave_empty"), Text("calibration.ten_seconds")))
        plan, now, said_until = self.plans.today, self.clock.local(t), self._answered_until
        shown = Idle(
            clock=f"~{self.clock.day(t):%m-%d}" if now is None else f"{now:%H:%M}",
            plan_day=plan.day,
            lower_min=plan.range_min[0],
            upper_min=plan.range_min[1],
            today_s=floor(plan.today_s),
            done=plan.says_done,
            rest_day=plan.rest_day,
            notice=Text("bar.not_today") if t < said_until else self._notice(),
            plan_days=plan.days,
            who=self.household.name,
        )
        minute = inf if now is None else t + 60.0 - (now.second + now.microsecond / 1e6)
        return Look(shown, min(minute, said_until) if t < said_until else minute)

    def _instead(self) -> Text:
        """Return what is in the place of the damaged log."""
        if not self.restored:
            return Text("faults.log_new")
        if self.last_day is None:
            return Text("faults.log_restored")
        return Text("faults.log_restored_to", day=self.last_day.isoformat())

    @property
    def _answered_until(self) -> float:
        """Return how long "not today" is shown: from the press on, or once the menu is left."""
        answered = self.reminder.answered_at
        return min(max(answered, self.stage.entered) + NOT_TODAY_S, answered + self.rules.idle_off_s)

    def _notice(self) -> Text | str | None:
        """Return what wants attention most."""
        plan, word = self.plans.today, self.presence.zero.word
        if word:
            return Text("bar.backwards" if word is ZeroWord.BACKWARDS else "bar.check_mat")
        if self.parts.lost:
            return PARTS[self.parts.lost[0]]
        if not self.clock.trusted:
            return Text("bar.clock_unknown")
        if self.selection.name is not None:
            return Text("bar.next", routine=Text(f"routines.{self.selection.routine.name}.title"))
        if self.reminder.paused:
            return PAUSED
        missing = self.reminder.missing_words
        if missing is not None:
            return missing
        if self.parts.upstream:
            return self.parts.upstream
        if plan.restarted:
            return Text("bar.from_day_1")
        if plan.repeated:
            return Text("bar.once_more")
        if plan.week_count >= plan.weekly_goal:
            return Text("bar.week_done")
        return Text("bar.little", minutes=plan.lower_min) if self.reminder.missed else None


class ObjectScreen(Screen):
    front = Front.OBJECT
    to_do = "Take the thing off the mat (b), or lie down (l)."
    rests = True

    def hold(self, _: float) -> Step | None:
        return Step("menu", "held")

    def look(self, _: float) -> Look:
        return Look(Object(round(self.presence.object_kg), self.zeroing.approximate))


@dataclass(eq=False)
class SilentScreen(Screen):
    """The load cells are silent."""

    front = Front.SENSOR_LOST
    to_do = "Waiting for readings: plug the load cell in again."
    parts: Parts
    lit_s = LONG_SHOWN_S

    def look(self, _: float) -> Look:
        return Look(Fault(Text("faults.silent"), *self.parts.cells))
