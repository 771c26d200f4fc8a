"""The plan of a person and a day: a cache, keyed by what a plan is made of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from matpi.core.clock import Clock
from matpi.core.household import Household
from matpi.core.ledger import Ledger
from matpi.core.model import Session
from matpi.core.plan.custom_plan import course_of
from matpi.core.plan.programme import Course, Plan, plan
from matpi.core.plan.routine import ROUTINES, goes_on_off_mat, target
from matpi.core.selection import Selection

CACHED = 16  # days of people. More are not shown at one time, and each holds on to a log.


@dataclass(eq=False)
class Plans:
    clock: Clock
    ledger: Ledger
    household: Household
    selection: Selection
    wrong: str = field(default="", init=False)  # why the plan of one's own cannot be used
    _own_plan: str | None = None
    _course: Course = field(init=False)
    _plans: dict[tuple[str | None, date], tuple[tuple[Any, ...], Plan]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._load_course()

    @property
    def today(self) -> Plan:
        """Return the owner's plan of today; without a trusted clock, today is estimated."""
        return self.on(self.household.owner, self.clock.today)

    @property
    def shown(self) -> Plan:
        """Return the plan of the session that is shown, else of today: its range holds past its day.

        A session without a day, from before the clock was known, goes by today's.
        """
        shown = self.selection.shown
        return self.on(self.household.owner, (None if shown is None else shown.day) or self.clock.today)

    @property
    def target(self) -> tuple[int, int]:
        """Return minutes, lower and upper, of the session that is shown or to come."""
        return target(self.selection.routine, self.shown)

    @property
    def range_min(self) -> tuple[int, int]:
        """Return what of `target` is shown; (0, 0), none, to a person who should ask a doctor first."""
        return (0, 0) if self.shown.short_only else self.target

    def follows_off_mat(self, session: Session) -> bool:
        """Return whether the routine goes on off the mat after this session."""
        own = ROUTINES.get(session.routine)
        if own is None:
            return False
        plan_then = self.on(self.household.owner, session.day or self.clock.today)
        return goes_on_off_mat(own, plan_then, session.on_mat_s)

    def cut_short(self, session: Session) -> bool:
        """Return whether its day is under the lower bound with it, also where it does not count yet."""
        plan_then = self.on(session.person, session.day or self.clock.today)
        return not plan_then.running(0.0 if session.counts else session.on_mat_s).done

    def on(self, person: str | None, day: date) -> Plan:
        """Return a person's plan of a day; the same object until something changes that it follows from."""
        household, zone = self.household, self.clock.zone
        log, settings, answer = household.log_of(person), household.settings_of(person), household.answers.get(person)
        if self.ledger.settings.own_plan is not self._own_plan:
            self._load_course()
        of = (log, settings, answer, self._course, zone)
        found = self._plans.get((person, day))
        if found is None or found[0] != of:
            if len(self._plans) >= CACHED:
                self._plans.clear()
            made = plan(log, day, settings, answer, course=self._course, zone=zone)
            found = self._plans[person, day] = of, replace(made, answered=answer is not None)
        return found[1]

    def _load_course(self) -> None:
        self._own_plan = self.ledger.settings.own_plan
        self._course, self.wrong = course_of(self._own_plan)
