from __future__ import annotations

import time as clock
from datetime import date, timedelta
from itertools import permutations
from math import comb

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matpi.core.model import Moment, Rating
from matpi.core.plan.trend import (
    EXACT_MAX,
    Felt,
    Pairs,
    Trend,
    Way,
    chance,
    pairs,
    pairs_sentence,
    pairs_short,
    sentence,
    short,
    steadiness,
    trend,
)
from matpi.core.words_en import ENGLISH

MONDAY = date(2026, 6, 1)


def week(*values: float | None) -> list[Felt]:
    """Plan days 1, 2, 3 ..., None where nobody answered."""
    return [Felt(day, value) for day, value in enumerate(values, 1) if value is not None]


def seen(*values: float | None, reached: int = 8) -> Trend:
    found = trend(week(*values), reached)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "way"),
    [
        ((8, 8, 7, 6, 6, 5, 4), Way.LOWER),
        ((3, 3, 4, 5, 5, 6, 7), Way.HIGHER),
        ((8, 7, 8, 7, 8, 7, 7), Way.UNCLEAR),
        ((9, 3, 8, 2, 7, 3, 9), Way.UNCLEAR),
        ((7, 7, 7, 7, 7, 7, 7), Way.UNCLEAR),
        ((9, 9, 8, 2, 7, 8, 8), Way.UNCLEAR),  # a low day in the middle is no trend
        ((5, 5, 5, 5, 5, 4.6, 4.5), Way.UNCLEAR),  # steady, but under a box of the scale
        ((8, 7, 6, None, 5, 4, 3), Way.LOWER),  # six days are enough when they all fall
        ((8, 7, 6, None, 6, 4, 3), Way.LOWER),
        ((7, 8, 6, None, 7, 5, 4), Way.UNCLEAR),
        ((8, 7, None, 6, 5, 4, 3), Way.TOO_FEW),
        ((8, 7, 6, 5, None, 4, 3), Way.TOO_FEW),
    ],
)
def test_what_is_said_of_a_week(values: tuple[float | None, ...], way: Way) -> None:
    assert seen(*values).way is way


def test_the_numbers_it_shows() -> None:
    found = seen(8, 8, 7, 6, 6, 5, 4)
    assert (found.at_day, found.early, found.late, found.early_days, found.late_days, found.days) == (7, 8, 5, 3, 3, 7)
    assert found.p == pytest.approx(2 * 4 / 5040)  # two values come twice: 4 of 5040 orders fall like that
    assert short(found, ENGLISH) == ("day 7: 8 to 5", "lower, n 7")
    assert sentence(found) == (
        "By day 7, over 7 rated days, the middle of the first was 8 and of the last 5 (10 = tightest): you rated it "
        "lower, more steadily than by chance (p under 0.01); why, it cannot tell."
    )
    unclear = seen(8, 7, 8, 7, 8, 7, 7)
    assert short(unclear, ENGLISH) == ("day 7: 8 to 7", "no clear change, n 7")
    assert sentence(unclear).endswith("(10 = tightest): no clear change.")
    few = seen(8, 7, None, 6, 5, 4, 3)
    assert short(few, ENGLISH) == ("day 7: 6 rated", "too few to tell")
    assert sentence(few) == (
        "By day 7 you rated 2 of the first days and 3 of the last: too few to tell, 3 on each side are needed."
    )


def test_at_day_7_and_14_and_not_before() -> None:
    falling = [10.0 - day * 0.5 for day in range(14)]
    assert trend(week(*falling[:7]), 7) is None
    at_7, at_13, at_14 = (trend(week(*falling[:days]), days + 1) for days in (7, 13, 14))
    assert at_7 == at_13
    assert at_7 is not None
    assert at_14 is not None
    assert (at_7.at_day, at_14.at_day) == (7, 14)
    assert (at_14.early, at_14.late, at_14.days) == (9.5, 4, 14)
    assert trend([], 15) is None


def test_a_step_back_after_day_7_changes_nothing_of_it() -> None:
    first = week(8, 8, 7, 6, 6, 5, 4)
    assert trend([*first, Felt(8, 4.0), Felt(4, 9.0), Felt(5, 9.0)], 9) == trend(first, 8)


@pytest.mark.parametrize("values", [(1, 2, 2, 3, 1), (3, 3, 2, 1, 1, 2), (4, 4, 4, 1), (1, 2, 3, 4, 5, 6, 7), (2, 1)])
def test_the_chance_is_that_of_all_orders(values: tuple[int, ...]) -> None:
    orders = list(permutations(values))
    as_steady = sum(abs(steadiness(order)) >= abs(steadiness(values)) for order in orders)
    assert chance(values) == pytest.approx(as_steady / len(orders), abs=1e-12)


@pytest.mark.parametrize(  # Kendall 1975, table of S without ties: P(S >= s) one-sided
    ("n", "s", "one_sided"), [(5, 8, 0.042), (6, 11, 0.028), (7, 13, 0.035), (8, 16, 0.031), (10, 21, 0.036)]
)
def test_against_the_printed_table(n: int, s: int, one_sided: float) -> None:
    for order in permutations(range(n)):  # the first of that S will do
        if steadiness(order) == s:
            assert chance(order) == pytest.approx(2 * one_sided, abs=0.0011)
            return
    raise AssertionError("no order of that S")


def test_many_days_cost_no_time_and_agree_with_few() -> None:
    values = [8 - (day * 7 % 10) / 3 - day / 20 for day in range(EXACT_MAX)]
    exact = chance(values)
    longer = [*values, values[-1]]
    assert chance(longer) == pytest.approx(exact, abs=0.02)
    begun = clock.process_time()
    chance([day * 7919 % 10 for day in range(1000)])
    assert clock.process_time() - begun < 1.0


def felt(day: int, hour: float, value: int, moment: Moment) -> Rating:
    return Rating(f"{day}-{hour}", "b", 0.0, value, moment, None, (day * 24 + hour) * 3600, 0, MONDAY + timedelta(day))


def both(day: int, before: int, after: int) -> list[Rating]:
    return [felt(day, 8, before, Moment.BEFORE), felt(day, 20, after, Moment.AFTER)]


def test_one_pair_a_day_the_last_before_and_the_first_after() -> None:
    ratings = [
        felt(0, 7, 2, Moment.BEFORE),
        felt(0, 9, 7, Moment.BEFORE),
        felt(0, 10, 5, Moment.AFTER),
        felt(0, 20, 9, Moment.AFTER),
        felt(1, 10, 5, Moment.AFTER),
        felt(1, 12, 9, Moment.DAY),
        felt(2, 8, 5, Moment.BEFORE),
    ]
    assert pairs(ratings) == pairs(ratings[::-1]) == Pairs(1, 1, 0, Way.TOO_FEW, 1.0)
    assert pairs([]) == Pairs(0, 0, 0, Way.TOO_FEW, 1.0)


@pytest.mark.parametrize(
    ("lower", "higher", "same", "way"),
    [
        (6, 0, 0, Way.LOWER),
        (5, 0, 0, Way.TOO_FEW),
        (5, 0, 1, Way.UNCLEAR),
        (7, 1, 0, Way.UNCLEAR),
        (8, 1, 3, Way.LOWER),
        (0, 6, 0, Way.HIGHER),
        (3, 3, 0, Way.UNCLEAR),
        (0, 0, 9, Way.UNCLEAR),
    ],
)
def test_what_is_said_of_pairs(lower: int, higher: int, same: int, way: Way) -> None:
    changes = [-2] * lower + [1] * higher + [0] * same
    found = pairs([rating for day, change in enumerate(changes) for rating in both(day, 5, 5 + change)])
    assert (found.days, found.lower, found.higher, found.way) == (len(changes), lower, higher, way)
    untied = lower + higher
    tail = sum(comb(untied, k) for k in range(min(lower, higher) + 1)) / 2**untied
    assert found.p == pytest.approx(min(1.0, 2 * tail))


def test_the_words_of_pairs() -> None:
    assert pairs_short(Pairs(0, 0, 0, Way.TOO_FEW, 1.0), ENGLISH) == ("no pairs yet", "")
    assert pairs_short(Pairs(7, 6, 0, Way.LOWER, 0.03), ENGLISH) == ("lower on 6 of 7", "lower, n 7")
    assert pairs_sentence(Pairs(0, 0, 0, Way.TOO_FEW, 1.0)).startswith("No day has a rating both")
    assert pairs_sentence(Pairs(1, 1, 0, Way.TOO_FEW, 1.0)) == (
        "Of 1 day rated before and after, 1 went down, 0 up and 0 stayed: too few to tell."
    )
    assert pairs_sentence(Pairs(8, 7, 0, Way.LOWER, 0.0156)).endswith(
        "after a session you rated it lower more often than by chance (p 0.02)."
    )
    assert pairs_sentence(Pairs(8, 4, 4, Way.UNCLEAR, 1.0)).endswith(": no clear change.")


# --- properties ---------------------------------------------------------------------------------------------------

some_days = st.lists(st.builds(Felt, st.integers(1, 15), st.integers(2, 20).map(lambda n: n / 2)), max_size=40)
quick = hypothesis_settings(max_examples=200, deadline=None, derandomize=True)


@quick
@given(some_days, st.integers(1, 15))
def test_words_fit_and_promise_nothing(days: list[Felt], reached: int) -> None:
    found = trend(days, reached)
    if found is None:
        return
    assert all(len(line) <= 21 for line in short(found, ENGLISH))
    assert str(found.days) in " ".join(short(found, ENGLISH))
    for word in ("heal", "cure", "better", "worse", "pain", "improve", "effect", "works", "because"):
        assert word not in sentence(found)
    if found.way in {Way.LOWER, Way.HIGHER}:
        assert min(found.early_days, found.late_days) >= 3
        assert found.early is not None
        assert found.late is not None
        assert (found.late < found.early) == (found.way is Way.LOWER)
        assert found.p <= 0.05


@quick
@given(st.lists(st.integers(1, 10), min_size=6, max_size=14))
def test_upside_down_is_the_other_way(values: list[int]) -> None:
    assert chance(values) == pytest.approx(chance([11 - value for value in values]))
    assert chance(values) == pytest.approx(chance(values[::-1]))
    assert 0 < chance(values) <= 1


@pytest.mark.parametrize("n", [7, 14])
def test_chance_alone_is_rarely_called_a_trend(n: int) -> None:
    """Days without any trend: at most 1 in 20 may be called one, and with the step of a box it is fewer."""
    import random

    rng = random.Random(14)
    called = 0
    for _ in range(2000):
        found = trend(week(*(rng.choice((4, 5, 6, 7, 8)) for _ in range(n))), n + 1)
        assert found is not None
        called += found.way in {Way.LOWER, Way.HIGHER}
    assert called / 2000 <= 0.05
