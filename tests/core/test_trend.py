from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matpi.core.model import Moment, Rating
from matpi.core.plan.trend import (
    Answer,
    Pairs,
    Trend,
    page,
    pairs,
    pairs_page,
    pairs_sentence,
    sentence,
    trend,
)
from matpi.core.text import Text
from matpi.words import ENGLISH, GERMAN, Words

MONDAY = date(2026, 6, 1)


def week(*values: float | None) -> list[Answer]:
    """Plan days 1, 2, 3 ..., None where nobody answered."""
    return [Answer(day, value) for day, value in enumerate(values, 1) if value is not None]


def seen(*values: float | None, reached: int = 8) -> Trend:
    found = trend(week(*values), reached)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "first", "last"),
    [
        ((8, 8, 7, 6, 6, 5, 4), 8, 5),
        ((3, 3, 4, 5, 5, 6, 7), 3, 6),
        ((9, 3, 8, 2, 7, 3, 9), 8, 7),
        ((5, 5, 5, 5, 5, 4.6, 4.5), 5, 4.6),
        ((8, 7, None, 6, 5, 4, 3), 7, 4),  # six answers: no answer is on both sides
        ((None, None, 8, 7, 6, 5, 4), None, None),
        ((8, None, None, None, None, None, None), None, None),
    ],
)
def test_the_medians_of_the_first_and_the_last_three(
    values: tuple[float | None, ...], first: float | None, last: float | None
) -> None:
    found = seen(*values)
    assert (found.first, found.last) == (first, last)
    assert found.answers == sum(value is not None for value in values)


def read(texts: tuple[Text | str, ...], words: Words = ENGLISH) -> tuple[str, ...]:
    return tuple(words.say(text) for text in texts)


def test_the_numbers_it_shows() -> None:
    found = seen(8, 8, 7, 6, 6, 5, 4)
    assert read(page(found)) == ("Trend, day 7", "first 3 answers: 8", "last 3 of 7: 5")
    assert sentence(found) == (
        "Trend at day 7: first three answers 8, last three 5 (medians, of 7 answers; 10 is tightest)."
    )
    half = seen(7.5, 7.5, 7.5, 6, 19 / 3, 19 / 3, 19 / 3)
    assert read(page(half), GERMAN) == ("Verlauf, Tag 7", "erste 3 Angaben: 7,5", "letzte 3 von 7: 6,3")
    assert "first three answers 7.5, last three 6.3" in sentence(half)
    few = seen(8, 7, None, 6, 5, None, 3)
    assert read(page(few)) == ("Trend", "day 7: 5 rated", "too few to tell")
    assert sentence(few) == "Trend at day 7: 5 answers, too few to tell; it takes 6."
    assert sentence(seen(8)) == "Trend at day 7: 1 answer, too few to tell; it takes 6."


def test_at_day_7_and_14_and_not_before() -> None:
    falling = [10.0 - day * 0.5 for day in range(14)]
    assert trend(week(*falling[:7]), 7) is None
    at_7, at_13, at_14 = (trend(week(*falling[:days]), days + 1) for days in (7, 13, 14))
    assert at_7 == at_13
    assert at_7 is not None
    assert at_14 is not None
    assert (at_7.at_day, at_14.at_day) == (7, 14)
    assert (at_14.first, at_14.last, at_14.answers) == (9.5, 4, 14)
    assert trend([], 15) is None


def test_a_step_back_after_day_7_changes_nothing_of_it() -> None:
    first = week(8, 8, 7, 6, 6, 5, 4)
    assert trend([*first, Answer(8, 4.0), Answer(4, 9.0), Answer(5, 9.0)], 9) == trend(first, 8)


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
    assert pairs(ratings) == pairs(ratings[::-1]) == Pairs(1, -2)
    assert pairs([]) is None


@pytest.mark.parametrize(
    ("changes", "median"),
    [([-2], -2), ([-2, -1], -1.5), ([-2, -2, 0, 1], -1), ([3, -1, 4], 3), ([0, 0, -3], 0), ([-2] * 8 + [4] * 3, -2)],
)
def test_the_median_of_the_changes(changes: list[int], median: float) -> None:
    found = pairs([rating for day, change in enumerate(changes) for rating in both(day, 5, 5 + change)])
    assert found == Pairs(len(changes), median)


def test_the_words_of_pairs() -> None:
    assert read(pairs_page(None)) == ("Before, after", "no pairs yet", "")
    assert read(pairs_page(Pairs(7, -1.5))) == ("Before, after", "median change: -1.5", "pairs: 7")
    assert read(pairs_page(Pairs(7, 1.5)), GERMAN) == ("Vorher, nachher", "Median: +1,5", "Paare: 7")
    assert pairs_sentence(None).startswith("No day has a rating both")
    assert pairs_sentence(Pairs(1, -1)) == (
        "From before to after a session: median change -1 (1 pair of ratings on the same day)."
    )
    assert pairs_sentence(Pairs(8, 2)).endswith("median change +2 (8 pairs of ratings on the same day).")


# --- properties ---------------------------------------------------------------------------------------------------

some_days = st.lists(st.builds(Answer, st.integers(1, 15), st.integers(2, 20).map(lambda n: n / 2)), max_size=40)
quick = hypothesis_settings(max_examples=200, deadline=None, derandomize=True)


@quick
@given(some_days, st.integers(1, 15))
def test_words_fit_and_promise_nothing(days: list[Answer], reached: int) -> None:
    found = trend(days, reached)
    if found is None:
        return
    for words in (ENGLISH, GERMAN):
        title, *lines = read(page(found), words)
        assert len(title) <= 15
        assert all(len(line) <= 21 for line in lines)
        assert str(found.answers) in " ".join(lines)
    said = sentence(found)
    for word in ("heal", "cure", "better", "worse", "pain", "improve", "effect", "works", "because", "chance", "clear"):
        assert word not in said
    assert (found.first is None) == (found.last is None) == (found.answers < 6)


@quick
@given(st.lists(st.integers(1, 10), min_size=6, max_size=7))
def test_upside_down_is_the_other_way(values: list[int]) -> None:
    up, down = seen(*values), seen(*[11 - value for value in values])
    assert up.first is not None
    assert up.last is not None
    assert (down.first, down.last) == (11 - up.first, 11 - up.last)
