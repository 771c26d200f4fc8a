"""The reminder: for whom the LED breathes in the evening, and when it must be silent.

From the nudge time (bedtime minus `nudge_before_bed_min`, by the local clock) it breathes for 30 s: every 15 min in the
first hour, then every 5, until an hour after bedtime: by then the person sleeps, or has decided. Bedtime may lie after
midnight: what is missed is the session of the *plan's* day, which lasts until `day_start`. From then on it is that of
the day that begins: a person who goes to bed at 05:30 and whose day starts at 04:00 is reminded of the new one.
A breath that quiet hours or the end of the day would cut short is not begun.

Quiet hours run by the local clock, over midnight when they end before they begin; equal times mean none. When a change
of the clocks brings a quiet time twice, it is quiet until the second one is over. A nudge time comes once a day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time, timedelta, tzinfo
from enum import StrEnum
from math import inf
from typing import Any

from matpi.core.clock import Clock, day_bounds, day_of, local_instant
from matpi.core.front import Front, Stage
from matpi.core.household import Household
from matpi.core.ledger import Ledger
from matpi.core.model import DayRecord, Settings
from matpi.core.plan.programme import REPEAT_AFTER_DAYS, Plan
from matpi.core.plans import Plans
from matpi.core.text import Text

LEAST_S = 0.001  # an instant that floats do not distinguish from now would never come
BREATHE_FOR_S = 30.0  # docs/behaviour.md 6, like the two below
FIRST_EVERY_S, FIRST_FOR_S = 15 * 60.0, 60 * 60.0
THEN_EVERY_S = 5 * 60.0
PAST_BED_S = 60 * 60.0  # chosen, unmeasured: with no quiet hours it would go on until `day_start`
_DAY = timedelta(days=1)


class Silence(StrEnum):
    """Why the light does not remind."""

    OFF = "off"
    CLOCK_NOT_KNOWN = "clock not known"
    NOBODY = "nobody was there lately"  # of several people (`Reminder.reminded`)
    OCCUPIED = "somebody is on the mat"
    DONE = "done"
    REST_DAY = "rest day"
    SNOOZED = "snoozed"
    NOT_YET = "not yet time"
    PAST_BEDTIME = "past bedtime"
    QUIET_HOURS = "quiet hours"


@dataclass(frozen=True, slots=True)
class Nudge:
    active: bool  # the light breathes right now
    reason: Silence | None  # None: it reminds, breathing now or resting between two breaths
    next_change_utc: float | None  # ask again then; always in the future. None: only an event can change the answer.


_OCCUPIED = frozenset({Front.ARRIVING, Front.ON_MAT, Front.AWAY, Front.HOLDING, Front.CAPPED})


@dataclass(eq=False)
class Reminder:
    """Own what the reminder does now and for whom. `due`: ask again, if nothing changes before."""

    clock: Clock
    ledger: Ledger
    household: Household
    plans: Plans
    stage: Stage
    now: Nudge | None = None
    missing: tuple[str | None, ...] = ()  # for whom the LED reminds
    due: float = -inf
    _not_yet: tuple[str | None, ...] = ()  # for whom it does, or did until it was seen
    _key: tuple[Any, ...] = ()

    @property
    def reminds(self) -> bool:
        """Return whether it breathes now, or is between two breaths."""
        return self.now is not None and self.now.reason is None

    def ask(self, t: float) -> None:
        """Bring it up to `t`."""
        clock, ledger, household = self.clock, self.ledger, self.household
        occupied = self.stage.front in _OCCUPIED
        of = ledger.log, ledger.settings, household.people, household.answers, occupied
        key = *of, clock.offset_utc, clock.zone, clock.trusted
        if t < self.due and key == self._key:
            return
        self._key, self.now = key, self._nudge(t, occupied=occupied)
        change = self.now.next_change_utc
        self.due = inf if change is None else max(change - clock.offset_utc, t + LEAST_S)

    def _nudge(self, t: float, *, occupied: bool) -> Nudge:
        """Return what it does; of several people it goes on until the last of them has been there."""
        clock, household = self.clock, self.household
        utc, day = clock.utc(t), clock.day(t)
        each = {
            person_id: nudge(
                utc or 0.0,
                utc is not None,
                clock.zone,
                household.settings_of(person_id),
                self.plans.on(person_id, day),
                household.day_record(person_id, day),
                occupied,
            )
            for person_id in self.reminded(day)
        }
        self.missing = tuple(person_id for person_id, own in each.items() if own.reason is None)
        seen = {None, Silence.SNOOZED}
        self._not_yet = tuple(person_id for person_id, own in each.items() if own.reason in seen)
        if not each:
            return _silent(Silence.NOBODY)
        changes = [own.next_change_utc for own in each.values() if own.next_change_utc is not None]
        first = {own.reason: own for own in reversed(each.values())}
        one = first.get(None) or first.get(Silence.NOT_YET) or next(iter(each.values()))
        return replace(one, next_change_utc=min(changes, default=None))

    def reminded(self, day: date) -> list[str | None]:
        """Return for whom the LED may breathe: of several people those with a session lately before `day`.

        A person who has stopped is not held up to the others every evening.
        """
        people = self.household.people
        if not people.on:
            return [people.owner]
        since = day.toordinal() - REPEAT_AFTER_DAYS
        return [
            person.id
            for person in people.all
            if any(s.day is not None and s.day.toordinal() >= since for s in self.household.log_of(person.id).counting)
        ]

    def snooze(self, t: float) -> None:
        """Be silent until tomorrow, for all whom it was for: the reminder was seen."""
        for person_id in self.missing:
            self.household.note_today(t, person_id, snoozed=True)

    def snooze_all(self, t: float) -> None:
        """Be silent until tomorrow, whether it has reminded yet or not."""
        for person_id in self.reminded(self.clock.day(t)):
            self.household.note_today(t, person_id, snoozed=True)

    @property
    def missing_words(self) -> Text | None:
        """Return who is missing, once the LED has reminded; None for one person. At most 21 characters."""
        if not self.household.people.on or not self._not_yet:
            return None
        names = ", ".join(self.household.name_of(person_id) for person_id in self._not_yet)
        return Text("people.missing", names=names).or_shorter(Text("people.missing", names=len(self._not_yet)))


def nudge(
    now_utc: float,
    trusted: bool,
    zone: tzinfo,
    settings: Settings,
    plan: Plan,
    day_record: DayRecord | None,
    occupied: bool,
) -> Nudge:
    """Return what the reminder does at `now_utc`.

    `plan` and `day_record` are those of the plan's day of `now_utc`; those of another day are taken as not there:
    silent until asked again with today's. The first of the reasons in the order of `Silence` is given.
    """
    if not settings.nudge or not trusted:
        return _silent(Silence.CLOCK_NOT_KNOWN if settings.nudge else Silence.OFF)
    today = day_of(now_utc, zone, settings.day_start)
    _, end = day_bounds(today, zone, settings.day_start)
    said = day_record is not None and day_record.day == today and day_record
    silent = (
        (occupied, Silence.OCCUPIED),
        (plan.today != today, Silence.NOT_YET),
        (plan.done, Silence.DONE),
        (plan.rest_day or (said and said.rest), Silence.REST_DAY),
        (said and said.snoozed, Silence.SNOOZED),
    )
    reason = next((why for holds, why in silent if holds), None)
    if reason is not None:
        return _silent(reason, end)
    begin = nudge_time(today, zone, settings)
    if now_utc < begin:
        return _silent(Silence.NOT_YET, min(begin, end))
    over = _bedtime_after(begin, today, zone, settings) + PAST_BED_S
    return _reminding(now_utc, begin, over, end, _quiet_hours(today, zone, settings))


def _silent(reason: Silence, until_utc: float | None = None) -> Nudge:
    return Nudge(active=False, reason=reason, next_change_utc=until_utc)


def nudge_time(day: date, zone: tzinfo, settings: Settings) -> float:
    """Return when the reminder of this day of the plan begins, in Unix seconds."""
    minute = settings.bedtime.hour * 60 + settings.bedtime.minute - settings.nudge_before_bed_min
    hhmm = time(minute // 60 % 24, minute % 60)
    begin, _ = day_bounds(day, zone, settings.day_start)
    while (instant := local_instant(day, zone, hhmm)) is None or instant < begin:
        day += _DAY
    return instant


def _bedtime_after(begin: float, day: date, zone: tzinfo, settings: Settings) -> float:
    """Return when the local clock next shows the bedtime, for the second time where it does so twice."""
    while (instant := local_instant(day, zone, settings.bedtime, last=True)) is None or instant < begin:
        day += _DAY
    return instant


def _reminding(now_utc: float, begin: float, over: float, end: float, quiet: list[tuple[float, float]]) -> Nudge:
    for quiet_from, quiet_to in quiet:
        if quiet_from <= now_utc < quiet_to:
            return _silent(Silence.QUIET_HOURS, min(quiet_to, end))
    if now_utc >= over:
        following_quiet = min((quiet_from for quiet_from, _ in quiet if quiet_from > now_utc), default=end)
        return _silent(Silence.PAST_BEDTIME, min(following_quiet, end))
    end = min(over, end)
    silent_from = min([end, *(quiet_from for quiet_from, _ in quiet if quiet_from > now_utc)])
    silent_until = max([begin, *(quiet_to for _, quiet_to in quiet if quiet_to <= now_utc)])
    breath = _breath_before(now_utc, begin)
    if now_utc < breath + BREATHE_FOR_S <= silent_from and breath >= silent_until:
        return Nudge(active=True, reason=None, next_change_utc=breath + BREATHE_FOR_S)
    following = _breath_after(breath, begin)
    change = following if following + BREATHE_FOR_S <= silent_from else silent_from
    return Nudge(active=False, reason=None, next_change_utc=change)


def _breath_before(now_utc: float, begin: float) -> float:
    """Return the start of the latest breath not after now."""
    gone = now_utc - begin
    if gone < FIRST_FOR_S:
        return begin + gone // FIRST_EVERY_S * FIRST_EVERY_S
    return begin + FIRST_FOR_S + (gone - FIRST_FOR_S) // THEN_EVERY_S * THEN_EVERY_S


def _breath_after(breath: float, begin: float) -> float:
    return breath + (FIRST_EVERY_S if breath - begin < FIRST_FOR_S else THEN_EVERY_S)


def _quiet_hours(today: date, zone: tzinfo, settings: Settings) -> list[tuple[float, float]]:
    """Return the quiet hours that touch this day of the plan, as pairs of Unix seconds."""
    if settings.quiet_from == settings.quiet_to:
        return []
    spans = []
    for ahead in range(-1, 3):
        day = today + ahead * _DAY
        start = local_instant(day, zone, settings.quiet_from)
        if start is None:
            continue
        if settings.quiet_to < settings.quiet_from:
            day += _DAY
        while (stop := local_instant(day, zone, settings.quiet_to, last=True)) is None:
            day += _DAY
        spans.append((start, stop))
    return spans
