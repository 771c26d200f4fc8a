"""Compare the first three answers of a round with the last three, and before with after a session.

A day's ratings are one answer, their mean. The trend at day 7 or 14 is two medians and the number of answers, nothing
more: a few numbers of one person, with nothing to compare them to, show neither a cause nor whether it was chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Final

from matpi.core.model import Moment, Rating
from matpi.core.text import Text

AT_DAYS: Final = (7, 14)  # docs/behaviour.md 5
SIDE: Final = 3  # answers on each side; chosen: the median of fewer is one day's mood


@dataclass(frozen=True, slots=True)
class Answer:
    """One rated day of a round of the plan; `value` is the mean of its ratings."""

    plan_day: int
    value: float


@dataclass(frozen=True, slots=True)
class Trend:
    """What was answered up to plan day `at_day`; `first` and `last` are None with fewer than six answers."""

    at_day: int
    answers: int
    first: float | None
    last: float | None


@dataclass(frozen=True, slots=True)
class Pairs:
    """How many days were rated before and after a session, and the median of after minus before."""

    count: int
    change: float


def trend(answers: Sequence[Answer], reached_day: int) -> Trend | None:
    """Return the trend of the latest of day 7 and 14 that is done; None before, or without any rating.

    `answers` are in the order of the calendar; `reached_day` is the furthest plan day. Later days change no trend.
    """
    at_day = max((day for day in AT_DAYS if day < reached_day), default=None)
    if at_day is None or not answers:
        return None
    until = next((number for number, day in enumerate(answers) if day.plan_day > at_day), len(answers))
    values = [day.value for day in answers[:until]]
    if len(values) < 2 * SIDE:
        return Trend(at_day, len(values), None, None)
    return Trend(at_day, len(values), median(values[:SIDE]), median(values[-SIDE:]))


def pairs(ratings: Sequence[Rating]) -> Pairs | None:
    """Compare on each day the last rating before the first session with the first one after it."""
    by_day: dict[date, list[Rating]] = {}
    for rating in ratings:
        if rating.day is not None and rating.utc is not None and rating.moment is not Moment.DAY:
            by_day.setdefault(rating.day, []).append(rating)
    changes = []
    for day in by_day.values():
        day.sort(key=lambda rating: rating.utc or 0.0)
        after = next((number for number, rating in enumerate(day) if rating.moment is Moment.AFTER), 0)
        if after:
            changes.append(day[after].value - day[after - 1].value)
    return Pairs(len(changes), float(median(changes))) if changes else None


def page(seen: Trend) -> tuple[Text, Text, Text]:
    """Return the heading and two lines for the screen."""
    if seen.first is None or seen.last is None:
        return Text("trend.title"), Text("trend.rated", day=seen.at_day, n=seen.answers), Text("trend.too_few")
    last = Text("trend.last", n=seen.answers, value=seen.last)
    return Text("trend.title_day", day=seen.at_day), Text("trend.first", value=seen.first), last


def pairs_page(seen: Pairs | None) -> tuple[Text, Text, Text | str]:
    """Return the heading and two lines for the screen."""
    title = Text("trend.pairs_title")
    if seen is None:
        return title, Text("trend.no_pairs"), ""
    return title, Text("trend.change", change=seen.change), Text("trend.pairs", n=seen.count)


def sentence(seen: Trend) -> str:
    """Return the trend for a terminal."""
    if seen.first is None or seen.last is None:
        few = f"{seen.answers} answer{'s' * (seen.answers != 1)}"
        return f"Trend at day {seen.at_day}: {few}, too few to tell; it takes {2 * SIDE}."
    first, last = f"first three answers {seen.first:.2g}", f"last three {seen.last:.2g}"
    return f"Trend at day {seen.at_day}: {first}, {last} (medians, of {seen.answers} answers; 10 is tightest)."


def pairs_sentence(seen: Pairs | None) -> str:
    """Return before and after for a terminal."""
    if seen is None:
        return "No day has a rating both before and after a session yet."
    count = f"{seen.count} pair{'s' * (seen.count != 1)} of ratings on the same day"
    return f"From before to after a session: median change {seen.change:+g} ({count})."
