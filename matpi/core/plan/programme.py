"""The 14-day plan and what follows it: a pure function of the log, folded day by day.

Nothing is stored: delete or edit a session and the next call recomputes the plan. What the table leaves open:

- **Done, advance.** A day's target is the one in force when it began. The day is done when its sessions together reach
  that target's lower bound, whatever their routine; then the plan stands one day further from the *next* day on.
  Reaching it twice, or the lower bound of the next tier as well, is still one advance. Done on a rest day counts.
- **What counts.** Closed, dated sessions up to today that count (`Session.counts`): not a thing, nor one thrown away by
  hand or denied. An estimated day is a day. Undated
  ones, as an import may bring them, ratings and stop signs too, count once they have a day; days after today (a clock
  that was wrong) wait until they come. The order of the log does not matter.
- **Days without** are whole days between today and the last day with any session, rest days among them: skin forgets
  on those too. From 7 on: the first day of the tier again. From 21 on: day 1, also from the after-plan; with
  `no_restart` only the tier. Both take effect, and are told, as soon as the days are full.
- **Stop sign.** Tomorrow is a rest day, and from tomorrow the plan stands on the first day of the tier before
  the one of that day, which still counts if it was done. Several signs in a day are one. From the after-plan (10-20
  min) the step leads to days 8-10 (10-15): days 11-14 ask for more (15-20), and a stop sign never asks for more.
- **Staying on a tier.** The tier's last day is shown again and again until somebody clearly works in the next one:
  a session over this tier's upper bound by more than a minute, which counts as the next one's first day. So the
  switch moves nobody back who has long gone on, and getting up slowly at "enough" moves nobody on. The after-plan is
  never held back: its range includes the one before.
- **Safety.** A "yes" that no clinician has cleared shows tier 1 and at most day 3, and its lower bound is what makes
  a day done, from its day on until it is cleared: a past day is judged by the answer in force then (short_days.py).
  The plan's own progress goes on being told by the full targets, and is back once it is cleared.
- **Settings** are today's: a change of the rest weekdays is a change for past weeks too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, tzinfo
from math import fsum

from matpi.core.model import Acknowledgement, Log, Session, Settings
from matpi.core.plan.progress import RestReason, Rests, score_of, streak_of
from matpi.core.plan.short_days import ShortDays
from matpi.core.plan.trend import AT_DAYS, Felt, Trend, trend

PLAN_DAYS = 14
AFTER = PLAN_DAYS + 1
"""The plan day of everything after the plan."""
REPEAT_AFTER_DAYS, RESTART_AFTER_DAYS = 7, 21  # docs/behaviour.md 3
STAY_GRACE_S = 60.0  # chosen, unmeasured: getting up slowly after "enough" is not a step to the next tier


@dataclass(frozen=True, slots=True)
class Tier:
    first_day: int
    last_day: int
    lower_min: int
    upper_min: int
    clothing: str
    goal: str

    @property
    def lower_s(self) -> float:
        return self.lower_min * 60.0

    @property
    def upper_s(self) -> float:
        return self.upper_min * 60.0


TIERS = (  # docs/behaviour.md 3, from the article's plan
    Tier(1, 3, 2, 5, "thin shirt", "learn the sensation"),
    Tier(4, 7, 5, 10, "thin shirt, or bare (optional)", "build tolerance"),
    Tier(8, 10, 10, 15, "your choice", "add breathwork"),
    Tier(11, 14, 15, 20, "your choice", "make it a routine"),
    Tier(AFTER, AFTER, 10, 20, "your choice", "keep going, 3-7 times a week"),
)
SHORT_MIN = TIERS[0].lower_min, TIERS[0].upper_min
"""What sessions are kept to until a clinician agreed, whatever the plan."""


def step_back(tiers: Sequence[Tier]) -> tuple[int, ...]:
    """Where a stop sign leads from each tier: the nearest one before that asks for no more, else the first."""

    def gentler(index: int) -> int:
        here = tiers[index]
        for before in range(index - 1, -1, -1):
            if tiers[before].lower_min <= here.lower_min and tiers[before].upper_min <= here.upper_min:
                return before
        return 0

    return tuple(gentler(index) for index in range(len(tiers)))


class Course:
    """The tiers of a plan, in order; the last one is what follows it, and stands for one day after its last."""

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
    day: int
    """From 1; `days` + 1: after the plan."""
    days: int
    """Of the plan, 14 of the starter plan."""
    tier: int
    """Index into the tiers of the course."""
    target: Tier
    today_s: float
    """On the mat today, with the session that runs."""
    done: bool
    done_days: int
    """Days of the whole log, today included, that were done. Not with the session that runs, like all that follows."""
    rest_reason: RestReason | None
    short_only: bool
    """Somebody should ask a clinician first: short sessions until that is confirmed."""
    streak: int
    """Done days in a row up to today; rest days do not break it, nor does a today that is not done yet."""
    score: float
    """0 to 1, Loop's: S' = S*m + c*(1-m), m = 0.5**(sqrt(frequency)/13). One miss costs a few per cent."""
    week_count: int
    """Done days since Monday."""
    weekly_goal: int
    restarted: bool
    """Told: after so many days without, the plan is back at day 1."""
    repeated: bool
    """Told: after some days without, the plan is back at the first day of the tier."""
    trend: Trend | None
    """The latest of day 7 and day 14 that is done, in this round of the plan."""
    trend_today: bool
    """Told: that day was done today."""
    done_on: frozenset[int] = field(default=frozenset(), compare=False, repr=False)
    rests: Rests = field(default=Rests(frozenset(), frozenset(), frozenset()), compare=False, repr=False)
    """With `done_on` (ordinals) what each day before was, so that a table of weeks takes one fold of the log."""

    @property
    def after(self) -> bool:
        """The days of the plan are done."""
        return self.day > self.days

    @property
    def lower_min(self) -> int:
        return self.target.lower_min

    @property
    def upper_min(self) -> int:
        return self.target.upper_min

    @property
    def lower_s(self) -> float:
        return self.target.lower_s

    @property
    def upper_s(self) -> float:
        return self.target.upper_s

    @property
    def clothing(self) -> str:
        return self.target.clothing

    @property
    def goal(self) -> str:
        return self.target.goal

    @property
    def rest_day(self) -> bool:
        return self.rest_reason is not None

    def running(self, on_mat_s: float) -> Plan:
        """The same day with a session that has run so long and is not in the log; costs nothing, for every redraw."""
        today_s = self.today_s + on_mat_s
        return replace(self, today_s=today_s, done=self.done or (on_mat_s > 0.0 and today_s >= self.lower_s))


@dataclass(slots=True)
class _Happened:
    """What the log tells of one day."""

    sessions: list[Session] = field(default_factory=list)
    ratings: list[int] = field(default_factory=list)
    stop: bool = False

    @property
    def total_s(self) -> float:
        return fsum([session.on_mat_s for session in self.sessions])  # exact: their order cannot decide a day


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where the plan stands when a day begins."""

    day: int = 1
    at_door: bool = False
    """The tier's first day was reached by advancing, and somebody who stays on the tier before has not entered."""
    last: int | None = None
    """Ordinal of the last day with a session."""
    round: int = 0
    """Restarts so far."""

    @property
    def shown_day(self) -> int:
        return self.day - 1 if self.at_door else self.day


def plan(
    log: Log,
    today: date,
    settings: Settings,
    acknowledgement: Acknowledgement | None = None,
    *,
    course: Course = STARTER,
    running_s: float = 0.0,
    zone: tzinfo = UTC,
) -> Plan:
    """What holds on `today`, linear in the log; never raises for a valid one. `running_s`: see `Plan.running`; `zone`
    tells on which day the acknowledgement was given.
    """
    now, tiers = today.toordinal(), course.tiers
    short_only = acknowledgement is not None and acknowledgement.short_only
    short_days, short_s = ShortDays(acknowledgement, zone, settings), _short(tiers[0]).lower_s
    happened = _by_day(log, now)
    today_happened = happened.setdefault(now, _Happened())

    standing = begun = before_gap = _Standing()
    done: set[int] = set()
    rested = {record.day.toordinal() for record in log.days if record.rest}
    stopped: set[int] = set()
    rated: dict[int, list[Felt]] = {}  # by round
    furthest: dict[int, int] = {}  # by round: a step back does not take a trend away
    passed = 0  # the day on which the plan last got beyond a day that a trend speaks of
    for day in sorted(happened):
        what = happened[day]
        before_gap, begun = standing, _after_gap(standing, day, settings, course)
        tier = course.tier_of[begun.shown_day]
        if what.ratings:
            mean = sum(what.ratings) / len(what.ratings)
            rated.setdefault(begun.round, []).append(Felt(begun.shown_day, mean))
        if what.sessions:
            total_s, lower_s = what.total_s, tiers[tier].lower_s
            if short_days.met(day, what.sessions, total_s, short_s, lower_s):
                done.add(day)
            standing = replace(begun, last=day)
            if total_s >= lower_s:
                standing = _advanced(standing, max([s.on_mat_s for s in what.sessions]), settings, course)
                got_to = furthest.get(standing.round, 1)
                if standing.day > got_to:
                    furthest[standing.round] = standing.day
                    passed = day if any(got_to <= at_day < standing.day for at_day in AT_DAYS) else passed
        if what.stop:
            stopped.add(day + 1)
            standing = replace(begun, day=tiers[course.step_back[tier]].first_day, at_door=False, last=standing.last)

    shown_day = min(begun.shown_day, tiers[0].last_day) if short_only else begun.shown_day
    target = tiers[course.tier_of[shown_day]]
    rests = Rests(settings.rest_weekdays, rested, stopped)
    restarted = begun.round > before_gap.round
    told = Plan(
        today=today,
        day=shown_day,
        days=course.days,
        tier=course.tier_of[shown_day],
        target=_short(target) if short_only else target,
        today_s=today_happened.total_s,
        done=now in done,
        done_days=len(done),
        rest_reason=rests.reason(now),
        short_only=short_only,
        streak=streak_of(done, rests, now),
        score=score_of(done, rests, now, settings.weekly_goal),
        week_count=sum(now - (now - 1) % 7 + weekday in done for weekday in range(7)),
        weekly_goal=settings.weekly_goal,
        restarted=restarted,
        repeated=begun.day != before_gap.day and not restarted,
        trend=trend(rated.get(begun.round, []), furthest.get(begun.round, 1)),
        trend_today=passed == now,
        done_on=frozenset(done),
        rests=rests,
    )
    return told.running(running_s)


def _by_day(log: Log, now: int) -> dict[int, _Happened]:
    happened: dict[int, _Happened] = defaultdict(_Happened)
    for session in log.counting:
        if session.day is None or session.is_open:
            continue
        if (day := session.day.toordinal()) <= now:
            happened[day].sessions.append(session)
    for rating in log.ratings:
        if rating.day is not None and (day := rating.day.toordinal()) <= now:
            happened[day].ratings.append(rating.value)
    for stop in log.stops:
        if stop.day is not None and (day := stop.day.toordinal()) <= now:
            happened[day].stop = True
    return happened


def _short(tier: Tier) -> Tier:
    lower_min, upper_min = SHORT_MIN
    return replace(tier, lower_min=min(tier.lower_min, lower_min), upper_min=min(tier.upper_min, upper_min))


def _after_gap(standing: _Standing, day: int, settings: Settings, course: Course) -> _Standing:
    without = 0 if standing.last is None else day - standing.last - 1
    if without >= RESTART_AFTER_DAYS and not settings.no_restart and standing.day > 1:
        return replace(standing, day=1, at_door=False, round=standing.round + 1)
    if without >= REPEAT_AFTER_DAYS:
        return replace(standing, day=course.tiers[course.tier_of[standing.shown_day]].first_day, at_door=False)
    return standing


def _advanced(standing: _Standing, longest_s: float, settings: Settings, course: Course) -> _Standing:
    if standing.at_door:
        stays_in = course.tiers[course.tier_of[standing.shown_day]]
        if longest_s <= stays_in.upper_s + STAY_GRACE_S:  # above it, the next tier's lower bound is reached as well
            return standing
    if standing.day == course.after:
        return standing
    day = standing.day + 1
    at_door = settings.stay_on_tier and day < course.after and course.tier_of[day] > course.tier_of[standing.day]
    return replace(standing, day=day, at_door=at_door)
