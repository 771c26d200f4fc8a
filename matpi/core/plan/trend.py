"""Whether it felt less tight by day 7 and by day 14, in words that claim no more than a few numbers carry.

A day's ratings count as one number. Early are the days while the plan stood on 1 to 3, late on 5 to 7 (12 to 14);
fewer than three rated days on either side are told as too few. A direction is named only when both agree:

- the middle (median) of the late days differs from that of the early ones by at least one point of the scale, and
- the days in their order rise or fall more steadily than 1 in 20 shuffles of them would: the test of Mann (1945,
  Econometrica 13:245) and Kendall, two-sided. Its p is exact, ties and all: how many inversions the orders of a
  multiset have is told by the q-multinomial coefficient (MacMahon 1916), so no table is needed.

Anything else is "no clear change". Before and after a session: the sign test, exact, on one pair a day. Neither test
knows why, and days that hang together make both more generous than they say: the words are "rated", never "is".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations
from math import comb, erfc, sqrt
from statistics import median
from typing import Final

from matpi.core.model import Moment, Rating
from matpi.core.words import Words
from matpi.core.words_room import LINE

AT_DAYS: Final = (7, 14)  # docs/behaviour.md 5
SIDE_DAYS: Final = 3  # the first and the last three days
ENOUGH: Final = 3  # rated days a side; chosen: the median of fewer is one day's mood
LEVEL: Final = 0.05  # by convention
STEP: Final = 1.0  # one box of the scale
EXACT_MAX: Final = 30  # chosen: beyond it the normal approximation is good to the second digit (tested)


class Way(StrEnum):
    LOWER = "lower"
    HIGHER = "higher"
    UNCLEAR = "no clear change"
    TOO_FEW = "too few to tell"


@dataclass(frozen=True, slots=True)
class Felt:
    """One rated day of a round of the plan, in the order of the calendar."""

    plan_day: int
    value: float
    """Mean of the day's ratings."""


@dataclass(frozen=True, slots=True)
class Trend:
    at_day: int
    way: Way
    early: float | None
    """Median; None without any day."""
    late: float | None
    early_days: int
    late_days: int
    days: int
    """Rated days in all, which the order is judged by."""
    p: float
    """How often shuffled days are as steady; 1 with too few."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rated before and after on the same day."""

    days: int
    lower: int
    higher: int
    way: Way
    p: float


def trend(felt: Sequence[Felt], reached_day: int) -> Trend | None:
    """The latest of day 7 and 14 that is done: `reached_day` (how far the round got) lies beyond it.

    None before day 7 is done, or without any rating. Later days change nothing: a trend at day 7 stays what it was.
    """
    for at_day in reversed(AT_DAYS):
        if reached_day > at_day and felt:
            return _at(at_day, felt)
    return None


def _at(at_day: int, felt: Sequence[Felt]) -> Trend:
    until = next((number for number, day in enumerate(felt) if day.plan_day > at_day), len(felt))
    known = felt[:until]
    early = [day.value for day in known if day.plan_day <= SIDE_DAYS]
    late = [day.value for day in known if day.plan_day > at_day - SIDE_DAYS]
    found = Trend(
        at_day,
        Way.TOO_FEW,
        median(early) if early else None,
        median(late) if late else None,
        len(early),
        len(late),
        len(known),
        1.0,
    )
    if min(len(early), len(late)) < ENOUGH:
        return found
    values = [day.value for day in known]
    p, change = chance(values), median(late) - median(early)
    way = Way.UNCLEAR
    if p <= LEVEL and abs(change) >= STEP and change * steadiness(values) > 0:
        way = Way.LOWER if change < 0 else Way.HIGHER
    return Trend(at_day, way, found.early, found.late, len(early), len(late), len(known), p)


def steadiness(values: Sequence[float]) -> int:
    """Kendall's S: pairs that rise less pairs that fall."""
    return sum((b > a) - (b < a) for a, b in combinations(values, 2))


def chance(values: Sequence[float]) -> float:
    """The share of all orders of these values whose |S| is at least theirs, two-sided; 1 when all are equal.

    Exact up to EXACT_MAX values; beyond, the normal approximation with the variance corrected for ties.
    """
    seen, sizes = abs(steadiness(values)), list(Counter(values).values())
    if seen == 0:
        return 1.0
    if len(values) > EXACT_MAX:
        sums = [size * (size - 1) * (2 * size + 5) for size in (len(values), *sizes)]
        return erfc((seen - 1) / sqrt((sums[0] - sum(sums[1:])) / 9.0))  # z / sqrt(2), of a variance of sum / 18
    orders = _orders(sizes)
    untied = len(orders) - 1  # pairs of different values: S = untied - 2 * inversions
    return sum(n for inversions, n in enumerate(orders) if abs(untied - 2 * inversions) >= seen) / sum(orders)


def pairs(ratings: Sequence[Rating]) -> Pairs:
    """One pair a day: the last rating before the first session, and the first one after it."""
    by_day: dict[date, list[Rating]] = {}
    for rating in ratings:
        if rating.day is not None and rating.utc is not None and rating.moment is not Moment.DAY:
            by_day.setdefault(rating.day, []).append(rating)
    changes = []
    for day in by_day.values():
        day.sort(key=lambda rating: rating.utc or 0.0)
        first = next((number for number, rating in enumerate(day) if rating.moment is Moment.AFTER), 0)
        if first:
            changes.append(day[first].value - day[first - 1].value)
    lower, higher = sum(change < 0 for change in changes), sum(change > 0 for change in changes)
    p = _sign_chance(min(lower, higher), lower + higher)
    way = Way.TOO_FEW if len(changes) < 2 * ENOUGH else Way.UNCLEAR
    if way is Way.UNCLEAR and p <= LEVEL:
        way = Way.LOWER if lower > higher else Way.HIGHER
    return Pairs(len(changes), lower, higher, way, p)


def short(seen: Trend, words: Words) -> tuple[str, str]:
    """Two lines for the screen, at most 21 characters each."""
    say = words.trend
    if seen.early is None or seen.late is None or seen.way is Way.TOO_FEW:
        return say.rated.format(day=seen.at_day, n=seen.days), say.too_few
    early, late = words.number(seen.early), words.number(seen.late)
    return say.from_to.format(day=seen.at_day, early=early, late=late), way_short(seen.way, seen.days, words)


def sentence(seen: Trend) -> str:
    """For the terminal and the page."""
    if seen.way is Way.TOO_FEW or seen.early is None or seen.late is None:
        return (
            f"By day {seen.at_day} you rated {seen.early_days} of the first days and {seen.late_days} of the last: "
            f"too few to tell, {ENOUGH} on each side are needed."
        )
    middle = (
        f"By day {seen.at_day}, over {seen.days} rated days, the middle of the first was {_number(seen.early)} and "
        f"of the last {_number(seen.late)} (10 = tightest)"
    )
    if seen.way is Way.UNCLEAR:
        return f"{middle}: no clear change."
    return f"{middle}: you rated it {seen.way}, more steadily than by chance (p {_p(seen.p)}); why, it cannot tell."


def pairs_short(seen: Pairs, words: Words) -> tuple[str, str]:
    """As `short`."""
    if not seen.days:
        return words.trend.no_pairs, ""
    return words.trend.pairs.format(lower=seen.lower, n=seen.days), way_short(seen.way, seen.days, words)


def way_short(way: Way, days: int, words: Words) -> str:
    """The direction, and the number of days it rests on where a line has room for it (up to 99)."""
    said: str = getattr(words.trend, way.name.lower())
    told = words.trend.way.format(way=said, n=days)
    return told if len(told) <= LINE else said


def pairs_sentence(seen: Pairs) -> str:
    if not seen.days:
        return "No day has a rating both before and after a session yet."
    counted = f"Of {seen.days} day{'s' * (seen.days != 1)} rated before and after, {seen.lower} went down"
    counted += f", {seen.higher} up and {seen.days - seen.lower - seen.higher} stayed"
    if seen.way is Way.TOO_FEW:
        return f"{counted}: too few to tell."
    if seen.way is Way.UNCLEAR:
        return f"{counted}: no clear change."
    return f"{counted}: after a session you rated it {seen.way} more often than by chance (p {_p(seen.p)})."


def _sign_chance(fewer: int, of: int) -> float:
    """Two-sided sign test: half of `of` would be even."""
    return min(1.0, 2.0 * sum(comb(of, k) for k in range(fewer + 1)) / float(1 << of))


def _orders(sizes: Sequence[int]) -> list[int]:
    """How many orders of a multiset, with so many of each value, have 0, 1, 2 ... inversions.

    The q-multinomial coefficient: a factor (1 - q^n) / (1 - q^k) for the k-th of its kind and n-th of all.
    """
    counts, n = [1], 0
    for size in sizes:
        for k in range(1, size + 1):
            n += 1
            wide = [*counts, *([0] * n)]
            for i, count in enumerate(counts):
                wide[i + n] -= count
            for i in range(k, len(wide)):
                wide[i] += wide[i - k]
            counts = wide[: len(counts) + n - k]
    return counts


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _p(p: float) -> str:
    return "under 0.01" if p < 0.01 else f"{p:.2f}"
