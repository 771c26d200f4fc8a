"""The trend on the device: after the rating of day 7 and 14, and in the menu."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import pytest
from msgspec.structs import replace

from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Memory, Moment, Rating, Settings
from matpi.core.screens.menu import Item
from matpi.core.views import Notice
from matpi.words import ENGLISH, GERMAN, Words
from tests.bench import NOON, Bench
from tests.core.test_device_routines import on_plan_day

KNOWN = Acknowledgement(some=False, utc=NOON)
OWN_PLAN = """
[[tier]]
days = [1, {days}]
minutes = [2, 5]
clothing = "thin shirt"
goal = "learn"
[after]
minutes = [2, 5]
clothing = "thin shirt"
goal = "go on"
"""


def rated(memory: Memory, values: list[int]) -> Memory:
    ratings = tuple(
        Rating(f"r{n}", "b", 0.0, value, Moment.AFTER, session.id, (session.start_utc or 0.0) + 1300.0, 0, session.day)
        for n, (value, session) in enumerate(zip(values, memory.log.sessions, strict=True))
    )
    return replace(memory, log=replace(memory.log, ratings=ratings))


def evening(day: int, values: list[int]) -> Bench:
    bench = Bench(rated(on_plan_day(day), values), rate=5)
    bench.pass_s(35)
    return bench


def lie_and_rate(bench: Bench, minutes: float, value: int) -> None:
    bench.lie(minutes * 60 + 5)
    bench.up(26)
    if bench.state is Front.LOOSER:  # the day has its number
        bench.pass_s(8.1)
        assert bench.state is Front.FELT_WRONG
        bench.tap()
        return
    for _ in range(value):
        bench.tap()
    bench.hold()
    assert bench.state is Front.SAVED
    bench.tap()
    assert bench.state is Front.FELT_WRONG
    bench.tap()


def test_after_the_rating_of_day_7_it_is_told_and_a_tap_shows_looser() -> None:
    bench = evening(7, [9, 9, 8, 8, 7, 6])
    lie_and_rate(bench, 6, 5)
    assert bench.state is Front.TREND
    assert bench.view == Notice("Trend, day 7", "after mat: 7 days", "at first 9, now 6")
    bench.tap()
    assert bench.view == Notice("After the mat", "no answer yet")
    bench.tap()
    assert bench.state is Front.IDLE


def test_it_is_told_once_that_day() -> None:
    bench = evening(7, [9, 9, 8, 8, 7, 6])
    lie_and_rate(bench, 6, 5)
    bench.pass_s(25)
    assert bench.state is Front.IDLE
    lie_and_rate(bench, 1, 5)
    assert bench.state is Front.IDLE


@pytest.mark.parametrize("day", [6, 8])
def test_on_other_days_it_is_not_told(day: int) -> None:
    bench = evening(day, [9, 9, 8, 8, 7, 6, 6][: day - 1])
    lie_and_rate(bench, 11, 5)
    assert bench.state is Front.IDLE


def test_it_is_not_told_before_the_day_is_done() -> None:
    bench = evening(7, [9, 9, 8, 8, 7, 6])
    bench.lie(125)
    bench.up(26)
    assert bench.state is Front.FELT_WRONG
    bench.tap()
    bench.tap()
    bench.hold()
    assert bench.state is Front.SAVED
    bench.tap()
    assert bench.state is Front.IDLE


def test_a_question_left_open_does_not_keep_it_back() -> None:
    bench = evening(7, [9, 9, 8, 8, 7, 6])
    bench.lie(305)
    bench.up(26 + 60 + 8 + 2)
    assert bench.state is Front.TREND
    assert bench.view == Notice("Trend, day 7", "after mat: 6 days", "at first 9, now 7")


def test_five_answers_are_too_few() -> None:
    memory = rated(on_plan_day(9), [9, 9, 8, 8, 7, 6, 5, 5])
    log = replace(memory.log, ratings=memory.log.ratings[2:])
    bench = Bench(replace(memory, log=log), rate=5)
    bench.pass_s(35)
    bench.choose(Item.TREND)
    assert bench.view == Notice("Trend, day 7", "after mat: 5 days", "too few to tell")


def test_the_menu_shows_it_any_time_and_says_when_there_is_nothing() -> None:
    bench = evening(3, [9, 9])
    bench.choose(Item.TREND)
    assert bench.view == Notice("Trend", "comes on day 7", "rate every day")
    bench.pass_s(21)
    assert bench.state is Front.IDLE
    later = evening(9, [9, 9, 8, 8, 7, 6, 5, 5])
    later.choose(Item.TREND)
    assert later.view == Notice("Trend, day 7", "after mat: 7 days", "at first 9, now 6")


def test_somebody_lying_down_comes_first() -> None:
    bench = evening(9, [9, 9, 8, 8, 7, 6, 5, 5])
    bench.choose(Item.TREND)
    bench.lie(5)
    assert bench.state is Front.ON_MAT


@pytest.mark.parametrize(
    ("days", "words", "told"),
    [
        (6, ENGLISH, ("the plan is too short", "a trend takes 7 days")),
        (6, GERMAN, ("der Plan ist zu kurz", "nötig sind 7 Tage")),
        (7, ENGLISH, ("comes on day 7", "rate every day")),
    ],
)
def test_a_plan_without_a_day_7_has_no_trend_and_says_so(days: int, words: Words, told: tuple[str, str]) -> None:
    own = OWN_PLAN.format(days=days)
    bench = Bench(Memory(acknowledgement=KNOWN, settings=Settings(own_plan=own)), words=words)
    bench.pass_s(35)
    bench.choose(Item.TREND)
    assert isinstance(bench.view, Notice)
    assert (bench.view.text, bench.view.more) == told
