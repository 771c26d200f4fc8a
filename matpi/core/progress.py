"""How it goes: rest days, the streak, the score, the trend of the ratings.

Days are ordinals (`date.toordinal`), so that a year of them is a range and nothing overflows
at the ends of the calendar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

_LOOP_DECAY = 13.0  # Loop Habit Tracker, Score.kt: the half-life is 13 / sqrt(frequency) days
_SCORE_DAYS = 10_000  # chosen: 27 years, so that a session of 1970, from a lost clock, costs no time


class RestReason(StrEnum):
    STOP_SIGN = "stop sign"
    DECLARED = "declared"
    WEEKDAY = "weekday"


@dataclass(frozen=True, slots=True)
class Trend:
    """How tight it felt early and late in this round of the plan, 10 = tightest. A day's ratings count as one."""

    at_day: int
    """7 or 14: the plan day that is done."""
    early: float
    """Mean of the rated days while the plan stood on days 1 to 3."""
    late: float
    """... on days 5 to 7, or 12 to 14."""
    early_days: int
    late_days: int

    @property
    def change(self) -> float:
        """Below 0: looser."""
        return self.late - self.early


@dataclass(frozen=True, slots=True)
class Rests:
    """Which days ask for nothing; a stop sign outranks what was declared, that the weekday."""

    weekdays: AbstractSet[int]
    declared: AbstractSet[int]
    stopped: AbstractSet[int]

    def reason(self, day: int) -> RestReason | None:
        if day in self.stopped:
            return RestReason.STOP_SIGN
        if day in self.declared:
            return RestReason.DECLARED
        if (day - 1) % 7 in self.weekdays:  # ordinal 1 was a Monday
            return RestReason.WEEKDAY
        return None


def streak_of(done: AbstractSet[int], rests: Rests, now: int) -> int:
    """Done days in a row, over rest days, up to today or, while today is not done, yesterday."""
    first = min(done, default=now + 1)
    count, day = 0, now if now in done else now - 1
    while day >= first and (day in done or rests.reason(day) is not None):
        count += day in done
        day -= 1
    return count


def score_of(done: AbstractSet[int], rests: Rests, now: int, weekly_goal: int) -> float:
    """Loop Habit Tracker's score (Score.kt, ScoreList.kt); c is the share of the goal met in the latest window.

    Every day of the week: c is 0 or 1 a day. Less often: a window of two weeks, so that it does not matter which days.
    A rest day leaves the score as it is; so does today until it is done.
    """
    if not done:
        return 0.0
    window, goal = (1, 1) if weekly_goal == 7 else (14, 2 * weekly_goal)
    keep = 0.5 ** (sqrt(weekly_goal / 7) / _LOOP_DECAY)
    score, in_window = 0.0, 0
    first = max(min(done), now - _SCORE_DAYS)
    for day in range(first, now + 1 if now in done else now):
        in_window += (day in done) - (day - window in done and day - window >= first)
        if day in done or rests.reason(day) is None:
            score = score * keep + min(1.0, in_window / goal) * (1.0 - keep)
    return score


def trend_of(rated: Mapping[int, Sequence[float]], day: int) -> Trend | None:
    """`rated`: what was felt, by plan day; one number for each calendar day. `day`: how far the plan got."""

    def felt(first: int, last: int) -> list[float]:
        return [mean for plan_day in range(first, last + 1) for mean in rated.get(plan_day, ())]

    early = felt(1, 3)
    for at_day in (14, 7):
        late = felt(at_day - 2, at_day)
        if day > at_day and early and late:
            return Trend(at_day, sum(early) / len(early), sum(late) / len(late), len(early), len(late))
    return None
