"""Compute rest days, the streak and the score.

Days are ordinals (`date.toordinal`): a year is a range, and nothing overflows at the ends of the calendar.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from enum import StrEnum
from math import sqrt

from msgspec import Struct

_LOOP_DECAY = 13.0  # Loop Habit Tracker, Score.kt: the half-life is 13 / sqrt(frequency) days
_SCORE_DAYS = 10_000  # chosen: 27 years, so that a session of 1970, from a lost clock, costs no time


class RestReason(StrEnum):
    STOP_SIGN = "stop sign"
    DECLARED = "declared"
    WEEKDAY = "weekday"


class Rests(Struct, frozen=True):
    """Which days ask for nothing. Of several reasons the first of `RestReason` is given."""

    weekdays: AbstractSet[int]
    declared: AbstractSet[int]
    stopped: AbstractSet[int]

    def reason(self, day: int) -> RestReason | None:
        if day in self.stopped:
            return RestReason.STOP_SIGN
        if day in self.declared:
            return RestReason.DECLARED
        return RestReason.WEEKDAY if (day - 1) % 7 in self.weekdays else None  # ordinal 1 was a Monday


def streak_of(done: AbstractSet[int], rests: Rests, now: int) -> int:
    """Count the done days in a row, over rest days, up to today or, while today is not done, yesterday."""
    first = min(done, default=now + 1)
    count, day = 0, now if now in done else now - 1
    while day >= first and (day in done or rests.reason(day) is not None):
        count += day in done
        day -= 1
    return count


def score_of(done: AbstractSet[int], rests: Rests, now: int, weekly_goal: int) -> float:
    """Return Loop Habit Tracker's score, 0 to 1: S' = S*m + c*(1-m), m = 0.5**(sqrt(weekly_goal/7)/13).

    c is the share of the goal met: of the day with a goal of 7, else of the latest two weeks, so that which days
    they are does not matter. A rest day leaves the score as it is; so does today until it is done.
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
