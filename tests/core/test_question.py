"""A step on the mat after a session: what was still to be asked is asked again, unless a session followed."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from matpi.core.agenda import OPEN_S
from matpi.core.events import LogChanged
from matpi.core.front import Front
from matpi.core.model import Moment
from matpi.core.screens.menu import Item
from matpi.words import ENGLISH
from tests.bench import Bench


def in_(state: Front) -> Bench:
    """A session of 130 s is over, and the screen is there; rated 2 where it was asked for before."""
    bench = Bench()
    bench.pass_s(35)
    if state is Front.OFF_MAT:
        bench.choose(Item.ROUTINE)
        bench.choose(ENGLISH("routines.recovery.title"))
    bench.lie(400 if state is Front.OFF_MAT else 130)
    bench.up(21)
    if state is not Front.DONE:
        bench.tap()
    if state in {Front.SAVED, Front.FELT_WRONG}:
        bench.tap()
        bench.tap()
        bench.hold()
    if state is Front.FELT_WRONG:
        bench.tap()
    assert bench.state is state
    return bench


def slips(bench: Bench) -> None:
    bench.lie(1.3)
    assert bench.state is Front.ARRIVING
    bench.up(1.6)


def sits_down_shortly(bench: Bench) -> None:
    bench.lie(15)
    assert bench.state is Front.ON_MAT
    bench.up(21)
    assert bench.state is Front.FELT_WRONG, "of these 15 s, before what was still to be asked"
    bench.tap()


STEPS = pytest.mark.parametrize("step", [slips, sits_down_shortly])


@STEPS
@pytest.mark.parametrize("state", [Front.DONE, Front.OFF_MAT, Front.RATING])
def test_a_step_does_not_lose_the_question(state: Front, step: Callable[[Bench], None]) -> None:
    bench = in_(state)
    (session,) = bench.saved
    step(bench)
    assert bench.state is Front.RATING
    bench.tap()
    bench.hold()
    assert bench.state is Front.SAVED
    (rating,) = bench.rows.ratings.values()
    assert (rating.session_id, rating.moment) == (session.id, Moment.AFTER)
    bench.tap()
    assert bench.state is Front.FELT_WRONG
    bench.hold()
    assert [stop.session_id for stop in bench.rows.stops.values()] == [session.id]


@STEPS
@pytest.mark.parametrize("state", [Front.SAVED, Front.FELT_WRONG])
def test_what_was_rated_is_not_asked_twice_but_whether_it_felt_wrong_is(
    state: Front, step: Callable[[Bench], None]
) -> None:
    bench = in_(state)
    step(bench)
    assert bench.state is Front.FELT_WRONG
    bench.hold()
    assert len(bench.rows.stops) == len(bench.rows.ratings) == 1


def test_a_value_on_the_dial_was_the_answer() -> None:
    bench = in_(Front.RATING)
    bench.tap()
    bench.tap()
    slips(bench)
    assert bench.state is Front.FELT_WRONG
    assert [rating.value for rating in bench.rows.ratings.values()] == [2]


def test_whoever_said_that_it_felt_wrong_is_asked_nothing_more() -> None:
    bench = in_(Front.FELT_WRONG)
    bench.hold()
    slips(bench)
    assert bench.state is Front.IDLE


def test_step_after_step_it_is_still_there_but_not_for_longer_than_five_minutes() -> None:
    bench = in_(Front.RATING)
    begun = bench.t
    while bench.t < begun + OPEN_S - 60:
        slips(bench)
        assert bench.state is Front.RATING
        bench.pass_s(30)
    while bench.t < begun + OPEN_S:
        slips(bench)
        bench.pass_s(30)
    slips(bench)
    assert bench.state is Front.IDLE


def test_a_session_that_follows_has_a_question_of_its_own() -> None:
    bench = in_(Front.RATING)
    bench.lie(60)
    bench.up(25)
    first, second = bench.saved
    assert first.id != second.id
    bench.tap()
    assert bench.state is Front.RATING
    bench.tap()
    bench.hold()
    assert [rating.session_id for rating in bench.rows.ratings.values()] == [second.id]
    bench.pass_s(60)
    slips(bench)
    assert bench.state is Front.IDLE


def test_a_question_that_was_left_alone_is_over() -> None:
    bench = in_(Front.RATING)
    bench.pass_s(75)
    assert bench.state is Front.IDLE
    slips(bench)
    assert bench.state is Front.IDLE


def test_a_rating_that_stands_alone_is_not_asked_again() -> None:
    bench = Bench()
    bench.lie(100)
    bench.up(120)
    bench.tap()
    bench.tap()
    assert bench.state is Front.RATING
    slips(bench)
    assert bench.state is Front.IDLE
    assert [rating.moment for rating in bench.rows.ratings.values()] == [Moment.DAY]


def test_a_session_that_was_deleted_meanwhile_is_not_asked_about() -> None:
    bench = in_(Front.RATING)
    bench.lie(1.3)
    bench.send(LogChanged(bench.t, replace(bench.device.ledger.log, sessions=())))
    bench.up(1.6)
    assert bench.state is Front.IDLE


def test_what_the_menu_was_opened_for_comes_first() -> None:
    bench = in_(Front.RATING)
    bench.lie(1.3)
    bench.body = lambda _: (20.0, 8.0)
    bench.pass_s(50)
    assert bench.state is Front.OBJECT
    bench.choose(Item.BACK)
    bench.body = None
    bench.up(10)
    assert bench.state is Front.IDLE


def test_a_question_that_comes_back_with_the_readings_stays_for_its_whole_time() -> None:
    bench = in_(Front.FELT_WRONG)
    bench.lie(10)
    bench.silent = True
    bench.pass_s(70)
    bench.kg = 0.0
    bench.pass_s(30)
    assert bench.state is Front.SENSOR_LOST
    bench.silent = False
    bench.pass_s(7.5)
    assert bench.state is Front.FELT_WRONG
    bench.hold()
    assert len(bench.rows.stops) == 1
