"""The reminder: for whom the LED breathes in the evening, and when it must be silent.

At most four breaths of 30 s, one every 15 min from `nudge_before_bed_min` on: 90, 75, 60 and 45 min before bedtime by
default, none in the last 30 min. Bedtime may lie after midnight: what is missed is the session of the *plan's* day,
which lasts until `day_start`; the breaths of a day are those before the first bedtime whose reminder begins in it. One
that quiet hours, by what the local clock shows, or the end of the day would cut short is not begun.

It pauses after three evenings on which it reminded this person and nothing of theirs entered the log: no session that
counts, no rating, stop sign or answer to the safety questions, and no record of the day. So a record of today that says
nothing else switches it on again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from enum import StrEnum
from math import inf
from typing import Any

from msgspec import Struct

from matpi.core.clock import Clock, believable, between, day_bounds, day_of, next_local
from matpi.core.effects import Save
from matpi.core.front import Front, Stage
from matpi.core.household import Household
from matpi.core.ledger import Ledger
from matpi.core.model import Acknowledgement, DayRecord, Log, Rating, Session, Settings, StopSign
from matpi.core.plan.programme import Plan
from matpi.core.plans import Plans
from matpi.core.text import Text

LEAST_S = 0.001  # an instant that floats do not distinguish from now would never come
BREATHE_FOR_S = 30.0  # docs/dev/behaviour.md 6, like the four below
BREATHS, EVERY_S = 4, 15 * 60.0
DARK_BEFORE_BED_S = 30 * 60.0
PAUSE_AFTER = 3  # evenings
_LOOK_BACK = 14  # days: two weeks without an act of the person have more than PAUSE_AFTER such evenings


class Silence(StrEnum):
    """Why the light does not remind."""

    OFF = "off"
    CLOCK_NOT_KNOWN = "clock not known"
    OCCUPIED = "somebody is on the mat"
    NOT_ANSWERED = "safety questions not answered"
    ASK_FIRST = "a doctor is to be asked first"
    PAUSED = "paused"
    DONE = "done"
    WEEK_DONE = "week done"
    REST_DAY = "rest day"
    SNOOZED = "snoozed"
    NOT_NOW = "not the time for it"


class ReminderState(Struct, frozen=True):
    active: bool  # the light breathes right now
    reason: Silence | None  # None: it reminds, breathing now or within 15 min of a breath
    next_change_utc: float | None = None
    """Ask again then; always in the future. None: only an event can change the answer."""


_OCCUPIED = frozenset({Front.ARRIVING, Front.ON_MAT, Front.AWAY, Front.HOLDING, Front.CAPPED})


@dataclass(eq=False)
class Reminder:
    """Own what the reminder does now and for whom. `due`: ask again, unless something changes that it depends on."""

    clock: Clock
    ledger: Ledger
    household: Household
    plans: Plans
    stage: Stage
    now: ReminderState | None = None
    reasons: dict[str | None, Silence | None] = field(default_factory=dict)
    """By person, whatever the time: why not today, None for no reason. Empty while off, or without a clock."""
    answered_at: float = -inf  # when a press last silenced it
    due: float = -inf
    _key: tuple[Any, ...] = ()

    @property
    def reminds(self) -> bool:
        """Return whether it breathes now, or has shortly before."""
        return self.now is not None and self.now.reason is None

    @property
    def missing(self) -> tuple[str | None, ...]:
        """Return for whom the LED reminds in the evening, as things are."""
        return tuple(person for person, reason in self.reasons.items() if reason is None)

    @property
    def paused(self) -> bool:
        """Return whether it pauses for the person whose turn it is."""
        return self.reasons.get(self.household.owner) is Silence.PAUSED

    @property
    def missed(self) -> bool:
        """Return whether the person whose turn it is was asked for a session yesterday and has had none since."""
        plan, sessions = self.plans.today, self.household.log.sessions
        yesterday = plan.today.toordinal() - 1
        last = next((session.day for session in reversed(sessions) if session.counts), None)
        came = last is None or last.toordinal() >= yesterday
        return self.household.owner in self.missing and not came and _asked(plan, yesterday)

    def ask(self, t: float) -> None:
        """Bring it up to `t`. Switched on, it is not paused."""
        clock, ledger, household = self.clock, self.ledger, self.household
        occupied = self.stage.front in _OCCUPIED
        of = ledger.log, ledger.settings, household.people, household.answers, occupied
        key = *of, clock.offset_utc, clock.zone, clock.trusted
        if t < self.due and key == self._key:
            return
        was_off = self.now is not None and self.now.reason is Silence.OFF
        self._key, self.now = key, self._state(t, occupied=occupied)
        change = self.now.next_change_utc
        self.due = inf if change is None else max(change - clock.offset_utc, t + LEAST_S)
        if was_off and self.paused:
            self.resume(t)
            self.ask(t)

    def _state(self, t: float, *, occupied: bool) -> ReminderState:
        """Return what it does; of several people it goes on until none is missing."""
        clock, settings, household = self.clock, self.ledger.settings, self.household
        utc, day, people = clock.utc(t), clock.day(t), household.people
        self.reasons = {}
        if not settings.nudge or utc is None:
            return ReminderState(active=False, reason=Silence.CLOCK_NOT_KNOWN if settings.nudge else Silence.OFF)
        everyone = [person.id for person in people.all] if people.on else [people.owner]
        for person in everyone:
            plan, log, answer = self.plans.on(person, day), household.log_of(person), household.answers.get(person)
            self.reasons[person] = silence(plan, log, answer, clock.zone, settings)
        if self.missing and not occupied:
            return evening(utc, day, clock.zone, settings)
        reason = Silence.OCCUPIED if occupied else next(iter(self.reasons.values()))
        _, end = day_bounds(day, clock.zone, settings.day_start)
        return ReminderState(active=False, reason=reason, next_change_utc=end)

    def snooze(self, t: float) -> None:
        """Be silent until tomorrow, for all whom it was for: the reminder was seen."""
        self.answered_at = t
        self._silence(t, self.missing)

    def snooze_all(self, t: float) -> None:
        """Be silent until tomorrow, whether it has reminded yet or not."""
        self._silence(t, self.missing or (self.household.next_owner,))

    def _silence(self, t: float, persons: tuple[str | None, ...]) -> None:
        for person in persons:
            self.household.note_today(t, person, snoozed=True)

    def resume(self, t: float) -> None:
        """End the pause, for whose turn it is; a record of today outlives a power cut."""
        self.ledger.save(Save(self.household.day_record(self.household.owner, self.clock.day(t))))

    @property
    def missing_words(self) -> Text | None:
        """Return who is missing, once the LED has reminded; None for one person. At most 21 characters."""
        said = {Silence.SNOOZED, None} if self.reminds else {Silence.SNOOZED}
        persons = [person for person, reason in self.reasons.items() if reason in said]
        if not self.household.people.on or not persons:
            return None
        names = ", ".join(self.household.name_of(person) for person in persons)
        return Text("people.missing", names=names).or_shorter(Text("people.missing", names=len(persons)))


def silence(plan: Plan, log: Log, answer: Acknowledgement | None, zone: tzinfo, settings: Settings) -> Silence | None:
    """Return why a person is not reminded on the day of their `plan`: the first reason in the order of `Silence`."""
    reasons = (
        (answer is None or answer.asked_again, Silence.NOT_ANSWERED),
        (plan.short_only, Silence.ASK_FIRST),
        (_unanswered(plan, log, answer, zone, settings) >= PAUSE_AFTER, Silence.PAUSED),
        (plan.done, Silence.DONE),
        (plan.week_count >= plan.weekly_goal, Silence.WEEK_DONE),
        (plan.rest_day or plan.stopped, Silence.REST_DAY),
        (any(record.snoozed and record.day == plan.today for record in log.days), Silence.SNOOZED),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _unanswered(plan: Plan, log: Log, answer: Acknowledgement | None, zone: tzinfo, settings: Settings) -> int:
    """Count the evenings before today that reminded, since the person last did anything."""
    acts: tuple[Session | Rating | StopSign | DayRecord, ...] = *log.counting, *log.ratings, *log.stops, *log.days
    days = {act.day for act in acts}
    answered = () if answer is None else (answer.utc, answer.cleared_utc)
    days |= {day_of(utc, zone, settings.day_start) for utc in answered if utc is not None and believable(utc)}
    last = max((day for day in days if day is not None and day <= plan.today), default=date.min).toordinal()
    today = plan.today.toordinal()
    return sum(_asked(plan, day) for day in range(max(last + 1, today - _LOOK_BACK), today))


def _asked(plan: Plan, day: int) -> bool:
    """Return whether a day (ordinal) before today asked for a session: no rest, and the goal of its week not met."""
    done = sum(one in plan.done_on for one in range(day - (day - 1) % 7, day + 1))
    return plan.rests.reason(day) is None and done < plan.weekly_goal


def evening(now_utc: float, day: date, zone: tzinfo, settings: Settings) -> ReminderState:
    """Return what the light does at `now_utc`, of this day of the plan, for a person who is missing."""
    starts = breaths(day, zone, settings)
    ends = [start + BREATHE_FOR_S for start in starts]
    over = starts[-1] + EVERY_S if starts else -inf
    _, end = day_bounds(day, zone, settings.day_start)
    return ReminderState(
        active=any(start <= now_utc < start + BREATHE_FOR_S for start in starts),
        reason=None if starts and starts[0] <= now_utc < over else Silence.NOT_NOW,
        next_change_utc=min(change for change in (*starts, *ends, over, end) if change > now_utc),
    )


def breaths(day: date, zone: tzinfo, settings: Settings) -> list[float]:
    """Return when the light begins to breathe on this day of the plan, in Unix seconds."""
    begin, end = day_bounds(day, zone, settings.day_start)
    before_s = settings.nudge_before_bed_min * 60.0
    bed = next_local(begin + before_s - 1.0, zone, settings.bedtime)
    starts = (bed - before_s + n * EVERY_S for n in range(BREATHS))

    def quiet(utc: float) -> bool:
        return between(datetime.fromtimestamp(utc, zone).time(), settings.quiet_from, settings.quiet_to)

    last = min(bed - DARK_BEFORE_BED_S, end) - BREATHE_FOR_S
    return [start for start in starts if start <= last and not (quiet(start) or quiet(start + BREATHE_FOR_S - 1.0))]
