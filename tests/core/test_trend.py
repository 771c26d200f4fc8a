from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matpi.core.model import Looser, Moment
from matpi.core.plan.trend import Answer, Trend, looser_page, looser_sentence, page, sentence, trend
from matpi.core.text import Text
from matpi.words import ENGLISH, GERMAN, Words


def week(*values: int | None) -> list[Answer]:
    """Plan days 1, 2, 3 ..., None where nobody answered."""
    return [Answer(day, value, Moment.BEFORE) for day, value in enumerate(values, 1) if value is not None]


def seen(*values: int | None, reached: int = 8) -> Trend:
    found = trend(week(*values), reached)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "first", "last"),
    [
        ((8, 8, 7, 6, 6, 5, 4), 8, 5),
        ((3, 3, 4, 5, 5, 6, 7), 3, 6),
        ((9, 3, 8, 2, 7, 3, 9), 8, 7),
        ((8, 7, None, 6, 5, 4, 3), 7, 4),  # six answers: no answer is on both sides
        ((None, None, 8, 7, 6, 5, 4), None, None),
        ((8, None, None, None, None, None, None), None, None),
    ],
)
def test_the_medians_of_the_first_and_the_last_three(
    values: tuple[int | None, ...], first: int | None, last: int | None
) -> None:
    found = seen(*values)
    assert (found.first, found.last) == (first, last)
    assert found.answers == sum(value is not None for value in values)


def read(texts: tuple[Text | str, ...], words: Words = ENGLISH) -> tuple[str, ...]:
    return tuple(words.say(text) for text in texts)


def test_the_numbers_it_shows() -> None:
    found = seen(8, 8, 7, 6, 6, 5, 4)
    assert read(page(found)) == ("Trend, day 7", "before mat: 7 days", "at first 8, now 5")
    assert sentence(found) == (
        "Trend at day 7: first three 8, last three 5 (medians of 7 days rated before a session; 10 is tightest)."
    )
    assert read(page(found), GERMAN) == ("Verlauf, Tag 7", "vor Matte: 7 Tage", "zuerst 8, zuletzt 5")
    few = seen(8, 7, None, 6, 5, None, 3)
    assert read(page(few)) == ("Trend, day 7", "before mat: 5 days", "too few to tell")
    assert sentence(few) == "Trend at day 7: 5 days rated before a session, too few to tell; it takes 6."
    assert read(page(seen(8))) == ("Trend, day 7", "before mat: 1 day", "too few to tell")
    assert sentence(seen(8)) == "Trend at day 7: 1 day rated before a session, too few to tell; it takes 6."


def test_at_day_7_and_14_and_not_before() -> None:
    falling = [10 - day // 2 for day in range(14)]
    assert trend(week(*falling[:7]), 7) is None
    at_7, at_13, at_14 = (trend(week(*falling[:days]), days + 1) for days in (7, 13, 14))
    assert at_7 == at_13
    assert at_7 is not None
    assert at_14 is not None
    assert (at_7.at_day, at_14.at_day) == (7, 14)
    assert (at_14.first, at_14.last, at_14.answers) == (10, 4, 14)
    assert trend([], 15) is None


def test_a_step_back_after_day_7_changes_nothing_of_it() -> None:
    first = week(8, 8, 7, 6, 6, 5, 4)
    assert trend([*first, *(Answer(day, 9, Moment.BEFORE) for day in (8, 4, 5))], 9) == trend(first, 8)


def test_only_one_moment_the_one_with_the_most_days() -> None:
    before = [Answer(day, 7, Moment.BEFORE) for day in range(1, 7)]
    after = [Answer(day, 5, Moment.AFTER) for day in range(7, 13)]
    assert trend(before[:3] + after, 15) == Trend(14, 6, 5, 5, Moment.AFTER)
    assert trend(before + after, 15) == Trend(14, 6, 7, 7, Moment.BEFORE), "before, where both have as many"
    assert trend([*after, Answer(13, 9, Moment.DAY)], 15) == Trend(14, 6, 5, 5, Moment.AFTER)


def test_the_answers_to_looser_are_counted() -> None:
    answers = [Looser(str(n), n < 6) for n in range(8)]
    assert read(looser_page(answers)) == ("After the mat", "looser: 6 of 8")
    assert read(looser_page(answers), GERMAN) == ("Nach der Matte", "lockerer: 6 von 8")
    assert read(looser_page([])) == ("After the mat", "no answer yet")
    assert looser_sentence(answers) == "Looser after a session: 6 of 8 answers."
    assert looser_sentence([]) == ""


# --- properties ---------------------------------------------------------------------------------------------------

some_days = st.lists(st.builds(Answer, st.integers(1, 15), st.integers(1, 10), st.sampled_from(Moment)), max_size=40)
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
