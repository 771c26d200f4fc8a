"""How it goes: rest days, the streak, the score.

Days are ordinals (`date.toordinal`), so that a year of them is a range and nothing overflows
at the ends of the calendar.
"""

from __future__ import annotations

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
