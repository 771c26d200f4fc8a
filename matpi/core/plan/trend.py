"""Compare the first three answers of a round with the last three, of one moment; count the answers to "looser?".

A day's number is its first answer. Before and after a session are not compared with each other: of the moments, the
one with the most days is shown. The trend at day 7 or 14 is two medians and the number of days, nothing more: a few
numbers of one person, with nothing to compare them to, show neither a cause nor whether it was chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from statistics import median_low
from typing import Final

from msgspec import Struct

from matpi.core.model import Log, Looser, Moment, Rating
from matpi.core.text import Text

AT_DAYS: Final = (7, 14)  # docs/dev/behaviour.md 5
SIDE: Final = 3  # answers on each side; chosen: the median of fewer is one day's mood
_MOMENTS: Final = {
    Moment.BEFORE: (Text("trend.before"), "before a session"),
    Moment.AFTER: (Text("trend.after"), "after a session"),
    Moment.DAY: (Text("trend.day"), "at other times"),
}


class Answer(Struct, frozen=True):
    """The number of one day of a round of the plan."""

    plan_day: int
    value: int
    moment: Moment


class Trend(Struct, frozen=True):
    """What was answered up to plan day `at_day`; `first` and `last` are None with fewer than six answers."""

    at_day: int
    answers: int
    first: int | None
    last: int | None
    moment: Moment


def first_answer(ratings: Iterable[Rating]) -> Rating | None:
    """Return the rating that was given first; None without any."""
    return min(ratings, key=lambda rating: (rating.utc is None, rating.utc or 0.0, rating.id), default=None)


def number_of(log: Log, day: date) -> Rating | None:
    """Return the day's number: its first answer."""
    return first_answer(rating for rating in log.ratings if rating.day == day)


def trend(answers: Sequence[Answer], reached_day: int) -> Trend | None:
    """Return the trend of the latest of day 7 and 14 that is done; None before, or without any rating.

    `answers` are in the order of the calendar; `reached_day` is the furthest plan day. Later days change no trend.
    """
    at_day = max((day for day in AT_DAYS if day < reached_day), default=None)
    if at_day is None or not answers:
        return None
    until = next((number for number, day in enumerate(answers) if day.plan_day > at_day), len(answers))
    by_moment = {moment: [day.value for day in answers[:until] if day.moment is moment] for moment in Moment}
    moment = max(by_moment, key=lambda one: len(by_moment[one]))  # the first of equals: before, after, neither
    values = by_moment[moment]
    if len(values) < 2 * SIDE:
        return Trend(at_day, len(values), None, None, moment)
    return Trend(at_day, len(values), median_low(values[:SIDE]), median_low(values[-SIDE:]), moment)


def page(seen: Trend) -> tuple[Text, Text, Text]:
    """Return the heading and two lines for the screen."""
    n, (moment, _) = seen.answers, _MOMENTS[seen.moment]
    of = Text("trend.one_day", moment=moment) if n == 1 else Text("trend.days", moment=moment, n=n)
    title = Text("trend.title_day", day=seen.at_day)
    if seen.first is None or seen.last is None:
        return title, of, Text("trend.too_few")
    return title, of, Text("trend.compared", first=seen.first, last=seen.last)


def looser_page(answers: Sequence[Looser]) -> tuple[Text, Text]:
    """Return the heading and the line for the screen."""
    counted = Text("trend.looser", yes=_yes(answers), n=len(answers)) if answers else Text("trend.no_looser")
    return Text("trend.after_mat"), counted


def _yes(answers: Sequence[Looser]) -> int:
    return sum(answer.looser for answer in answers)


def sentence(seen: Trend) -> str:
    """Return the trend for a terminal."""
    of = f"{seen.answers} day{'s' * (seen.answers != 1)} rated {_MOMENTS[seen.moment][1]}"
    if seen.first is None or seen.last is None:
        return f"Trend at day {seen.at_day}: {of}, too few to tell; it takes {2 * SIDE}."
    first, last = f"first three {seen.first}", f"last three {seen.last}"
    return f"Trend at day {seen.at_day}: {first}, {last} (medians of {of}; 10 is tightest)."


def looser_sentence(answers: Sequence[Looser]) -> str:
    """Return the answers to "looser?" for a terminal; "" without any."""
    return f"Looser after a session: {_yes(answers)} of {len(answers)} answers." if answers else ""
