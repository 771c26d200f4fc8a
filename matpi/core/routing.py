"""Routing: what follows a change of presence, a gesture or a wish, and which screen is in front.

Presence's changes come first, in order, then one gesture at a time. A step goes to the machine that knows its trigger:
the session machine, else the agenda. The session informs the agenda when a session is over, never the other way round.

A gesture acts only on the screen its press began on: a finger that is still down when another comes to the front does
nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matpi.core.agenda import Agenda
from matpi.core.button import Gesture
from matpi.core.cues import Cues
from matpi.core.display import Display
from matpi.core.effects import Changed, Emit, Note, Report, Said
from matpi.core.events import CalibrationWished, Wish
from matpi.core.front import Front, Stage
from matpi.core.household import Household
from matpi.core.parts import Parts
from matpi.core.presence.detector import Presence
from matpi.core.presence.load import Change, Load
from matpi.core.presence.zero import ZeroWord
from matpi.core.recovery import Recovery
from matpi.core.reminder import Reminder
from matpi.core.screens.calibration import CalibrationScreen
from matpi.core.screens.screen import Step
from matpi.core.selection import Selection
from matpi.core.session import TRIGGERS, SessionMachine, State
from matpi.core.zeroing import Zeroing

REPORTED: Final = {
    "touched": Said.ARRIVING,
    "left": Said.AWAY,
    "returned": Said.BACK,
    "object": Said.OBJECT,
    "sensor_lost": Said.SENSOR_LOST,
    "sensor_back": Said.SENSOR_BACK,
}
"""Changes of presence that are reported."""
OF_SESSION: Final = {
    State.ARRIVING: Front.ARRIVING,
    State.ON_MAT: Front.ON_MAT,
    State.AWAY: Front.AWAY,
    State.HOLDING: Front.HOLDING,
    State.CLOSED: Front.CAPPED,
}


@dataclass(eq=False)
class Routing:
    """The only place where a trigger is fired."""

    emit: Emit
    presence: Presence
    zeroing: Zeroing
    parts: Parts
    stage: Stage
    session: SessionMachine
    selection: Selection
    household: Household
    recovery: Recovery
    agenda: Agenda
    cues: Cues
    reminder: Reminder
    display: Display
    calibrating: CalibrationScreen
    changed: bool = True  # what is shown may have changed
    _about: str | None = None  # id of the session or stay that was asked about last

    def follow(self, t: float) -> None:
        """Take what presence has found, and the gestures, to where they belong."""
        changes, gestures = self.presence.changes, self.stage.button.gestures
        if self.zeroing.follow(self.presence.last_t):
            self.changed = True
            if self.presence.zero.word is ZeroWord.BACKWARDS:
                self.stage.touch(self.presence.last_t)
        while changes or gestures:
            self.changed = True
            if changes:
                self._take(changes.pop(0))
            else:
                self.fire(self._act(*gestures.pop(0)), t)

    def fire(self, step: Step | None, t: float) -> None:
        """Take a step to the machine that knows its trigger."""
        if step is None:
            return
        trigger, presence = step.trigger, self.presence
        if trigger in TRIGGERS:
            self._fire_session(trigger, t, step.at)
        else:
            self.agenda.fire(trigger)
            self.agenda.follow(trigger, t, clear=self._clear)
        if trigger == "undo":
            # Presence has reported these while the session was discarded, and nothing took them.
            if presence.load is Load.AWAY:
                self._fire_session("left", t, presence.left_at)
            elif presence.silent:
                self._fire_session("sensor_lost", t, presence.lost_at)
        self.show_front(trigger, t, step.reason)

    def _act(self, t: float, gesture: Gesture) -> Step | None:
        """Take a gesture to the screen in front. Return what should follow."""
        stage, screen = self.stage, self.display.screen
        screen.touch(t)
        if gesture is Gesture.PRESS:
            stage.press(t, dark=self.display.dark)
            return None
        stage.touch(t)
        if gesture is Gesture.HOLD_RELEASED:
            self.session.let_go()
        if gesture is Gesture.STUCK:
            self.emit(Note(t, "button_stuck", "the button was down for 20 s; it is ignored until it is let go"))
            return screen.stuck(t)
        unasked = stage.woke or stage.press_front in {Front.IDLE, Front.OBJECT}
        if gesture in {Gesture.TAP, Gesture.HOLD_RELEASED} and unasked and self.reminder.reminds:
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
            case _:
                return screen.hold_long(t)

    def grant(self, t: float, wish: Wish) -> None:
        """Do what a person wishes who does not see the mat, where it does no harm; else note why not."""
        match wish:
            case Wish.ZERO:
                if why := self._keeps_zero(t):
                    self.emit(Note(t, "zero_refused", f"the zero is kept: {why}"))
            case Wish.UNDO_ZERO:
                if why := "nothing was zeroed" if self.zeroing.before is None else self._is_busy:
                    self.emit(Note(t, "zero_refused", f"the zero is kept: {why}"))
                else:
                    self.zeroing.undo_zero(t)
            case Wish.SNOOZE:
                self.reminder.snooze_all(t)
            case Wish.REST | Wish.NO_REST:
                self.household.rest_today(t, rest=wish is Wish.REST)
            case Wish.IDENTIFY:
                self.display.flash(t)

    def _keeps_zero(self, t: float) -> str:
        """Set the zero, only when nothing is on the mat and nothing moves. Return why not, "" when it is set."""
        return self._is_busy or ("" if self.zeroing.set_zero(t) else "the load moves")

    @property
    def _is_busy(self) -> str:
        """Return why the mat can be neither zeroed nor calibrated now, "" when it can."""
        if self.presence.silent:
            return "the load cells are silent"
        if self.presence.load is not Load.EMPTY:
            return "the mat is not empty"
        free = self.stage.front in {Front.IDLE, Front.READY}  # the advice for a session is no question
        return "" if free else f"the device is busy ({self.stage.front.value})"

    def calibrate(self, wish: CalibrationWished) -> None:
        """Open the calibration with the weight that is given; else note why not."""
        if why := "these cells give kilograms" if self.zeroing.calibration is None else self._is_busy:
            text = f"no calibration now: {why}; it needs an empty mat and an idle device"
            self.emit(Note(wish.t, "calibration_refused", text))
            return
        self.calibrating.given = wish
        self.fire(Step("calibrate", "from outside"), wish.t)

    def _take(self, change: Change) -> None:
        trigger, t, at, reason = change.trigger, change.t, change.at, change.reason
        if trigger == "noticed":
            self.stage.touch(t)
            return
        front, event = self.stage.front, REPORTED.get(trigger)
        counted = front not in {Front.CAPPED, Front.DISCARDED} or trigger.startswith("sensor")
        if event is not None and counted:
            self.emit(Report(t, at, event, reason))
        if trigger in {"touched", "stirred"}:
            answer = self.display.screen.interrupt(t)
            if answer is not None:
                self.agenda.fire(answer.trigger)
        elif trigger == "sensor_lost" and front is Front.IDLE:
            self.recovery.seen_empty()
        self._fire_session(trigger, t, at)
        self.show_front(trigger, t, reason)
        if trigger == "touched":
            self.display.wander()
        elif trigger == "sensor_back":
            self.parts.explain_cells()
        elif trigger == "confirmed":
            self.recovery.decide(t, at)

    def _fire_session(self, trigger: str, t: float, at: float | None) -> None:
        before, over = self.session.state, self.session.fire(trigger, t, at)
        if over is not None:
            # After the cap it ended when it was closed, and what was chosen since is for the next.
            if before is not State.CLOSED and over.short_kg is None:
                self.selection.drop()
            if over.asked:
                self.agenda.session_over(over.session, over.short_kg)
        self.recovery.follow(trigger)
        self.agenda.follow(trigger, t, clear=self._clear)

    @property
    def _clear(self) -> bool:
        return self.presence.load is Load.EMPTY and not self.presence.silent

    @property
    def _front(self) -> Front:
        """Return the session's; else the agenda's; else what presence says is on the mat."""
        state, now = self.session.state, self.agenda.now
        if state is not State.EMPTY and (state is not State.CLOSED or now is None):
            return OF_SESSION[state]
        if now is not None:
            return now.screen
        if self.presence.silent:
            return Front.SENSOR_LOST
        return Front.OBJECT if self.presence.load is Load.OBJECT else Front.IDLE

    def show_front(self, trigger: str, t: float, reason: str) -> None:
        """Bring to the front what belongs there by now."""
        before, front, now = self.stage.front, self._front, self.agenda.now
        about, self._about = self._about, None if now is None else now.about
        # "Felt wrong?" of one stay and then of another are two questions.
        if front is before and not (front is Front.FELT_WRONG and about != self._about):
            return
        self.display.screen.left()
        self.stage.change(front, trigger, t, reason)
        self.emit(Changed(t, trigger, before.name, front.name, reason))
        self.household.entered(t, before)
        self.display.screen.entered(t, before)
        self.cues.entered(t)

    def settle(self) -> None:
        """Give up what the empty mat has decided: no one comes back to it."""
        if self.presence.load is Load.EMPTY and self.session.state is State.EMPTY:
            if self.stage.front is not Front.DISCARDED:
                self.session.give_up()
            if self.stage.front is Front.OBJECT:  # it is the zero now
                self.recovery.follow("cleared")
