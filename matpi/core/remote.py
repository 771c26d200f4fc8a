"""What is wished for from outside, by a person who does not see the mat: granted where it does no harm."""

from __future__ import annotations

from dataclasses import dataclass

from matpi.core.clock import Clock
from matpi.core.effects import Emit, Note
from matpi.core.events import Wish
from matpi.core.front import Front, Stage
from matpi.core.household import Household
from matpi.core.presence.detector import Presence
from matpi.core.presence.load import Load
from matpi.core.reminder import Reminder
from matpi.core.zeroing import Zeroing


@dataclass(eq=False)
class Remote:
    emit: Emit
    clock: Clock
    presence: Presence
    stage: Stage
    household: Household
    reminder: Reminder
    zeroing: Zeroing

    def take(self, t: float, wish: Wish) -> None:
        """Do it, or note in one line why not."""
        match wish:
            case Wish.ZERO:
                self._zero(t)
            case Wish.SNOOZE:
                for person in self.reminder.missing or (self.household.next_owner,):
                    self.household.note_today(t, person, snoozed=True)
            case Wish.REST | Wish.NO_REST:
                self.household.rest_today(t, rest=wish is Wish.REST)
            case Wish.IDENTIFY:
                pass  # the display shows it

    def _zero(self, t: float) -> None:
        """Only when nothing is on the mat, and nothing moves."""
        presence, why = self.presence, ""
        if presence.silent:
            why = "the load cells are silent"
        elif presence.load is not Load.EMPTY:
            why = "the mat is not empty"
        elif self.stage.front is not Front.IDLE:
            why = f"the device is busy ({self.stage.front.value})"
        elif not self.zeroing.set_zero(t):
            why = "the load moves"
        if why:
            self.emit(Note(t, "zero_refused", f"a zero was asked for from outside, but {why}: zero kept"))
