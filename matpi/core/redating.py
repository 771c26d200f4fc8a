"""When the wall clock is set, the records of this boot get new dates, and never new durations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from msgspec.structs import replace

from matpi.core import dated
from matpi.core.clock import MOVES_S, STEP_S, Clock, believable
from matpi.core.effects import DateBoot, Emit, Note, Save
from matpi.core.events import WallClock
from matpi.core.household import Household
from matpi.core.ledger import Ledger
from matpi.core.model import DayRecord
from matpi.core.recovery import Recovery
from matpi.core.session import SessionMachine


@dataclass(eq=False)
class Redating:
    """Take what the wall clock shows to everywhere where a record of this boot is held.

    Own the estimates of earlier boots as they were before the clock moved them: it may have been wrong.
    """

    emit: Emit
    clock: Clock
    ledger: Ledger
    session: SessionMachine
    household: Household
    recovery: Recovery
    _estimates: dict[str, DateBoot] = field(default_factory=dict)

    def take(self, t: float, event: WallClock) -> bool:
        """Move what this boot has dated with the clock. Return False when it shows what was known.

        After a suspend the monotonic clock is another boot's: what is dated before was right then.
        """
        clock = self.clock
        if event.slept:
            clock.slept()
        trusted = event.trusted and believable(event.utc)
        first, today = trusted and not clock.trusted, clock.day(t)
        step = clock.set(t, event.utc, trusted)
        if clock.trusted and not first and not event.slept and abs(step) > STEP_S:
            self.emit(Note(t, "clock_step", f"the clock was set by {step:+.1f} s; durations are unaffected"))
        for undated in list(dated.undated(self.ledger.log, clock)):
            self._date(undated)
        dating = clock.dating(clock.boot_id, clock.offset_utc, estimated=not clock.trusted)
        if first or abs(step) >= MOVES_S or (abs(step) > STEP_S and self._moves(dating)):
            self._date(dating)
        if abs(step) >= MOVES_S and not first and not event.slept:
            self._move_days(clock.day(t) - today)
        if first or (trusted and abs(step) >= MOVES_S and not event.slept):
            self._order()
        if first:
            if self.session.running is not None:
                self.recovery.decide(t, self.session.running.start)
                self.session.checkpoint(t)
            self.household.date_answers(event.utc)
        return first or abs(step) > STEP_S

    def _order(self) -> None:
        """Correct the estimates of earlier boots, now that it is known when this one began."""
        for dating in self._estimates.values():
            self._date(dating)
        for before, after in list(dated.in_order(self.ledger.log, self.recovery.left_open, self.clock)):
            self._estimates[after.boot_id] = before
            self._date(after)

    def _moves(self, dating: DateBoot) -> bool:
        return bool(self.session.unfinished) or dated.moves(self.ledger.log, dating)

    def _date(self, dating: DateBoot) -> None:
        self.recovery.date(dating)
        self.session.date(dating, self.clock)
        self.ledger.date(dating)

    def _move_days(self, by: timedelta) -> None:
        """Move what was said of days while the clock was wrong: a rest, or a reminder that was seen."""
        if not by:
            return
        records = self.ledger.day_records()
        for record in records:
            self.ledger.save(Save(DayRecord(record.day, person=record.person)))
        for record in records:
            self.ledger.save(Save(replace(record, day=record.day + by)))
