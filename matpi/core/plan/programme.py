"""Compute the plan of a day: a pure function of the log, folded day by day. Nothing is stored.

docs/dev/behaviour.md 3 has the rules. What they leave open is decided here:

- **Done, advance.** A day's target is the one in force when the day began. Sessions of any routine count together; the
  plan advances from the *next* day on, once a day at most, also on a rest day.
- **What counts.** Closed sessions that count and have a day, up to today; so do ratings and stop signs. Later days,
  from a clock that was wrong, wait until they come. The order of the log does not matter.
- **Days without a session** are whole days, rest days among them: skin forgets on those too. `no_restart` leaves only
  the repeat of the tier. The after-plan restarts as well. Both take effect as soon as the days are full.
- **Stop sign.** Several in a day are one, and the day still counts if it was done. A stop sign never asks for more:
  from the after-plan (10-20 min) it leads to days 8-10 (10-15), since days 11-14 ask for more (15-20).
- **Staying on a tier.** The tier's last day repeats until a session is over its upper bound by more than a minute;
  that session counts as the next tier's first day. So the setting moves no one back who has gone on, and getting up
  slowly at "enough" moves no one on. The after-plan is never held back: its range includes the one before.
- **Safety.** A "yes" that no doctor has cleared shows tier 1 and at most day 3, and its lower bound makes a day
  done, which nothing says meanwhile. Each day is judged by the answer in force then, so that no answer changes a past
  day. Progress goes by the full targets meanwhile, and is back once the answer is cleared.
- **Settings** are today's: a change of the rest weekdays is a change for past weeks too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, tzinfo
from math import fsum, inf

from msgspec import Struct, structs

from matpi.core.clock import day_of
from matpi.core.model import UTC_MAX, Acknowledgement, Log, Rating, Session, Settings
from matpi.core.plan.progress import RestReason, Rests, score_of, streak_of
from matpi.core.plan.trend import AT_DAYS, Answer, Trend, first_answer, trend
from matpi.core.text import Text

PLAN_DAYS = 14
AFTER = PLAN_DAYS + 1  # the plan day of everything after the plan
REPEAT_AFTER_DAYS, RESTART_AFTER_DAYS = 7, 21  # docs/dev/behaviour.md 3
STAY_GRACE_S = 60.0  # chosen, unmeasured: getting up slowly after "enough" is not a step to the next tier


class Tier(Struct, frozen=True):
    """Days of the plan that share a range of minutes."""

    first_day: int
    last_day: int
    lower_min: int
    upper_min: int
    clothing: Text | str  # a string: of a plan of one's own
    goal: Text | str

    @property
    def lower_s(self) -> float:
        return self.lower_min * 60.0

    @property
    def upper_s(self) -> float:
        return self.upper_min * 60.0


TIERS = (  # docs/dev/behaviour.md 3, from the article's plan
    Tier(1, 3, 2, 5, Text("clothing.thin_shirt"), Text("goals.sensation")),
    Tier(4, 7, 5, 10, Text("clothing.thin_or_bare"), Text("goals.tolerance")),
    Tier(8, 10, 10, 15, Text("clothing.your_choice"), Text("goals.breathwork")),
    Tier(11, 14, 15, 20, Text("clothing.your_choice"), Text("goals.routine")),
    Tier(AFTER, AFTER, 10, 20, Text("clothing.your_choice"), Text("goals.keep_going")),
)
SHORT_MIN = TIERS[0].lower_min, TIERS[0].upper_min  # every session's bounds until a doctor agreed, in any plan


def step_back(tiers: Sequence[Tier]) -> tuple[int, ...]:
    """Return where a stop sign leads from each tier: the nearest before that asks for no more, or the first."""

    def gentler(index: int) -> int:
        here = tiers[index]
        for before in range(index - 1, -1, -1):
            if tiers[before].lower_min <= here.lower_min and tiers[before].upper_min <= here.upper_min:
                return before
        return 0

    return tuple(gentler(index) for index in range(len(tiers)))


class Course:
    """The tiers of a plan, in order; the last one is what follows the plan, one day after its last."""

    def __init__(self, tiers: Sequence[Tier], name: str = "") -> None:
        self.tiers, self.name = tuple(tiers), name
        self.after = self.tiers[-1].first_day
        self.days = self.after - 1
        self.step_back = step_back(self.tiers)
        spans = [(index, range(tier.first_day, tier.last_day + 1)) for index, tier in enumerate(self.tiers)]
        self.tier_of = {day: index for index, days in spans for day in days}


STARTER = Course(TIERS, "Starter plan")


@dataclass(frozen=True, slots=True)
class Plan:
    """What holds on `today`."""

    today: date
    day: int  # from 1; `days` + 1: after the plan
    days: int  # of the plan, 14 of the starter plan
    target: Tier
    today_s: float  # on the mat today, with the session under way
    done: bool
    done_days: int  # done days of the whole log; like all that follows, without the session under way
    rest_reason: RestReason | None
    stopped: bool  # a stop sign was noted today: nothing asks for a session any more
    short_only: bool  # short sessions until a doctor has agreed
    answered: bool  # the safety questions are, or were before they are asked again; True where no one asks
    streak: int  # done days in a row up to today, over rest days and a today that is not done yet
    score: float  # 0 to 1; one miss costs a few per cent
    week_count: int  # done days since Monday
    weekly_goal: int
    restarted: bool  # back at day 1 after a long gap
    repeated: bool  # back at the first day of the tier after a gap
    new_tier: bool  # no session yet since the plan came to this tier
    trend: Trend | None  # at day 7 or 14, in this round of the plan
    trend_today: bool  # that day was done today
    done_on: frozenset[int] = field(default=frozenset(), compare=False, repr=False)
    rests: Rests = field(default=Rests(frozenset(), frozenset(), frozenset()), compare=False, repr=False)
    """With `done_on` (ordinals) what each day before was, so that a table of weeks takes one fold of the log."""
    bands: Mapping[date, tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)
    """The range of minutes that held on each of the days asked for, without those that a "yes" to the safety questions
    kept short: no dose is known to be safe."""

    @property
    def after(self) -> bool:
        """Whether the days of the plan are done."""
        return self.day > self.days

    @property
    def lower_min(self) -> int:
        return self.target.lower_min

    @property
    def upper_min(self) -> int:
        return self.target.upper_min

    @property
    def says_done(self) -> bool:
        """Return whether to say that the day is done: never while `short_only`, nor before the safety answer."""
        return self.done and self.answered and not self.short_only

    @property
    def range_min(self) -> tuple[int, int]:
        """Return the bounds to show, in minutes; (0, 0), none, while `short_only`: no dose is known to be safe."""
        return (0, 0) if self.short_only else (self.lower_min, self.upper_min)

    @property
    def clothing(self) -> Text | str:
        return self.target.clothing

    @property
    def goal(self) -> Text | str:
        return self.target.goal

    @property
    def rest_day(self) -> bool:
        return self.rest_reason is not None

    def running(self, on_mat_s: float) -> Plan:
        """Return the day with a session of this length that is not in the log. Cheap enough for every redraw."""
        today_s = self.today_s + on_mat_s
        return replace(self, today_s=today_s, done=self.done or (on_mat_s > 0.0 and today_s >= self.target.lower_s))


@dataclass(slots=True)
class _Day:
    """What the log has of one day."""

    sessions: list[Session] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)
    stop: bool = False

    @property
    def total_s(self) -> float:
        return fsum([session.on_mat_s for session in self.sessions])  # exact: their order cannot decide a day


class _Position(Struct, frozen=True):
    """Where the plan is when a day begins."""

    day: int = 1
    held_back: bool = False  # a tier's first day was reached, and staying on the tier before holds it back
    last: int | None = None  # ordinal of the last day with a session
    round: int = 0  # restarts so far

    @property
    def shown_day(self) -> int:
        return self.day - 1 if self.held_back else self.day


class _Fold:
    """Takes the days that have entries, in order."""

    def __init__(self, course: Course, settings: Settings, short_spans: Sequence[_ShortSpan]) -> None:
        self._course, self._settings, self._short_spans = course, settings, short_spans
        self._short_s = _short(course.tiers[0]).lower_s
        self.position = self.at_start = self.before_gap = _Position()
        self.done: set[int] = set()
        self.rest_after_stop: set[int] = set()
        self.rated: defaultdict[int, list[Answer]] = defaultdict(list)  # by round
        self.furthest: defaultdict[int, int] = defaultdict(lambda: 1)  # by round: a step back takes no trend away
        self.tier_before = self.tier = -1  # of the last day with a session: before the day taken last, and with it
        self.passed = 0  # ordinal of the day on which the plan last passed day 7 or 14

    def take(self, day: int, entries: _Day) -> None:
        course, tiers = self._course, self._course.tiers
        self.before_gap = self.position
        self.at_start = at_start = _after_gap(self.position, day, self._settings, course)
        tier, self.tier_before = course.tier_of[at_start.shown_day], self.tier
        if first := first_answer(entries.ratings):
            self.rated[at_start.round].append(Answer(at_start.shown_day, first.value, first.moment))
        if entries.sessions:
            self.tier = tier
            full, total_s = tiers[tier], entries.total_s
            if _met(self._short_spans, day, entries.sessions, total_s, self._short_s, full.lower_s):
                self.done.add(day)
            # A gap ends with any session, also one too short: only then is the step back of the gap final.
            self.position = structs.replace(at_start, last=day)
            if total_s >= full.lower_s:
                self._advance(day, max(session.on_mat_s for session in entries.sessions))
        if entries.stop:
            self.rest_after_stop.add(day + 1)
            back = tiers[course.step_back[tier]].first_day
            self.position = structs.replace(at_start, day=back, held_back=False, last=self.position.last)

    def _advance(self, day: int, longest_s: float) -> None:
        self.position = position = _advanced(self.position, longest_s, self._settings, self._course)
        reached = self.furthest[position.round]
        if position.day > reached:
            self.furthest[position.round] = position.day
            if any(reached <= at_day < position.day for at_day in AT_DAYS):
                self.passed = day


def plan(
    log: Log,
    today: date,
    settings: Settings,
    acknowledgement: Acknowledgement | None = None,
    *,
    course: Course = STARTER,
    running_s: float = 0.0,
    zone: tzinfo = UTC,
    band_days: int = 0,
) -> Plan:
    """Return what holds on `today`. Linear in the log; never raises for a valid one.

    `running_s` is the length of a session under way; `zone` says on which day the acknowledgement was given;
    `band_days`: the plan has the bands of so many days, up to today.
    """
    now, tiers = today.toordinal(), course.tiers
    short_only = acknowledgement is not None and acknowledgement.short_only
    spans = _short_spans(acknowledgement, zone, settings)
    fold, bands = _Fold(course, settings, spans), {}
    days = _by_day(log, now)
    today_s = days[now].total_s  # makes today a day of the fold
    for day in sorted(days.keys() | range(now + 1 - band_days, now)):
        fold.take(day, days[day])  # one without entries moves the plan nowhere
        if day > now - band_days and not any((s.since or 0) <= day <= (s.until or s.since or now) for s in spans):
            tier = tiers[course.tier_of[fold.at_start.shown_day]]
            bands[date.fromordinal(day)] = tier.lower_min, tier.upper_min

    at_start, done = fold.at_start, fold.done
    shown_day = min(at_start.shown_day, tiers[0].last_day) if short_only else at_start.shown_day
    target = tiers[course.tier_of[shown_day]]
    rested = {record.day.toordinal() for record in log.days if record.rest}
    rests = Rests(settings.rest_weekdays, rested, fold.rest_after_stop)
    restarted = at_start.round > fold.before_gap.round
    found = Plan(
        today=today,
        day=shown_day,
        days=course.days,
        target=_short(target) if short_only else target,
        today_s=today_s,
        done=now in done,
        done_days=len(done),
        rest_reason=rests.reason(now),
        stopped=days[now].stop,
        short_only=short_only,
        answered=True,
        streak=streak_of(done, rests, now),
        score=score_of(done, rests, now, settings.weekly_goal),
        week_count=sum(now - (now - 1) % 7 + weekday in done for weekday in range(7)),
        weekly_goal=settings.weekly_goal,
        restarted=restarted,
        new_tier=not days[now].sessions and fold.tier_before != course.tier_of[at_start.shown_day],
        repeated=at_start.day != fold.before_gap.day and not restarted,
        trend=trend(fold.rated[at_start.round], fold.furthest[at_start.round]),
        trend_today=fold.passed == now,
        done_on=frozenset(done),
        rests=rests,
        bands=bands,
    )
    return found.running(running_s)


def _by_day(log: Log, now: int) -> defaultdict[int, _Day]:
    days: defaultdict[int, _Day] = defaultdict(_Day)
    for session in log.counting:
        if session.day is not None and not session.is_open and (day := session.day.toordinal()) <= now:
            days[day].sessions.append(session)
    for rating in log.ratings:
        if rating.day is not None and (day := rating.day.toordinal()) <= now:
            days[day].ratings.append(rating)
    for stop in log.stops:
        if stop.day is not None and (day := stop.day.toordinal()) <= now:
            days[day].stop = True
    return days


def _short(tier: Tier) -> Tier:
    lower_min, upper_min = SHORT_MIN
    return structs.replace(tier, lower_min=min(tier.lower_min, lower_min), upper_min=min(tier.upper_min, upper_min))


def _after_gap(position: _Position, day: int, settings: Settings, course: Course) -> _Position:
    without = 0 if position.last is None else day - position.last - 1
    if without >= RESTART_AFTER_DAYS and not settings.no_restart and position.day > 1:
        return structs.replace(position, day=1, held_back=False, round=position.round + 1)
    if without >= REPEAT_AFTER_DAYS:
        tier = course.tiers[course.tier_of[position.shown_day]]
        return structs.replace(position, day=tier.first_day, held_back=False)
    return position


def _advanced(position: _Position, longest_s: float, settings: Settings, course: Course) -> _Position:
    if position.held_back:
        stays_in = course.tiers[course.tier_of[position.shown_day]]
        if longest_s <= stays_in.upper_s + STAY_GRACE_S:  # above it, the next tier's lower bound is reached as well
            return position
    if position.day == course.after:
        return position
    day = position.day + 1
    held_back = settings.stay_on_tier and day < course.after and course.tier_of[day] > course.tier_of[position.day]
    return structs.replace(position, day=day, held_back=held_back)


class _ShortSpan(Struct, frozen=True):
    """Days (ordinals) under a "yes" to the safety questions."""

    since: int | None  # None: unknown
    until: float | None  # None: unknown; inf: it holds
    until_utc: float


def _short_spans(answer: Acknowledgement | None, zone: tzinfo, settings: Settings) -> list[_ShortSpan]:
    def day(utc: float | None) -> int | None:
        known = utc is not None and 0.0 <= utc <= UTC_MAX
        return day_of(utc, zone, settings.day_start).toordinal() if known and utc is not None else None

    if answer is None:
        return []
    ended = [*answer.earlier, *([(answer.utc, answer.cleared_utc)] if answer.some and answer.cleared else [])]
    spans = [_ShortSpan(day(since), day(until), until or 0.0) for since, until in ended]
    return [*spans, _ShortSpan(day(answer.utc), inf, inf)] if answer.short_only else spans


def _met(
    spans: Sequence[_ShortSpan], day: int, sessions: Sequence[Session], total_s: float, short_s: float, full_s: float
) -> bool:
    """Return whether the sessions of `day` reach the lower bound that held: the short or the full.

    `total_s` is their sum. Where a bound of the span is unknown, either of them makes the day done.
    """
    for span in spans:
        if (span.since is not None and day < span.since) or (span.until is not None and day > span.until):
            continue
        if day == span.until:  # the answer changed that day: only what began before the change goes by the short bound
            before = (s.on_mat_s for s in sessions if s.start_utc is None or s.start_utc < span.until_utc)
            if fsum(before) >= short_s:
                return True
        elif total_s >= short_s:
            return True
        elif span.since is not None and span.until is not None:
            return False
    return total_s >= full_s
