"""Clocks that somebody vouches for and that cannot be: told as not known, nothing dated by them, nothing lost."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from datetime import UTC, date, datetime
from math import inf, nan

import pytest

from matpi.core.clock import believable
from matpi.core.effects import Pattern
from matpi.core.events import WallClock
from matpi.core.model import Acknowledgement, Memory
from matpi.core.views import Idle
from tests.bench import NOON, Bench

ODD = {
    "1970": 100.0,
    "before 1970": -5e9,
    "1999": datetime(1999, 12, 31, 23, tzinfo=UTC).timestamp(),
    "2099": datetime(2099, 1, 1, tzinfo=UTC).timestamp(),
    "beyond the calendar": 1e15,
    "nan": nan,
    "inf": inf,
}


def bench() -> Bench:
    answered = Memory(acknowledgement=Acknowledgement(some=False, utc=1.0))
    return Bench(answered, utc=None)


@pytest.mark.parametrize("odd_utc", ODD.values(), ids=ODD)
def test_an_odd_clock_is_not_believed_and_the_session_gets_its_date_later(odd_utc: float) -> None:
    room = bench()
    room.send(WallClock(room.t, odd_utc, trusted=True))
    room.pass_s(5)
    assert isinstance(room.view, Idle)
    assert (room.view.clock, room.view.notice) == ("~12-31", "clock not known yet")
    room.lie(180)
    room.up(40)
    (kept,) = room.device.ledger.log.sessions
    assert kept.estimated
    assert kept.on_mat_s == pytest.approx(180, abs=2)
    room.send(WallClock(room.t, NOON, trusted=True))
    (dated,) = room.device.ledger.log.sessions
    assert (dated.day, dated.estimated) == (date(2026, 3, 15), False)
    assert room.device.plans.today.done, "and it counts"


@pytest.mark.parametrize("odd_utc", ODD.values(), ids=ODD)
def test_a_clock_that_goes_odd_leaves_the_one_that_was_right(odd_utc: float) -> None:
    room = bench()
    room.send(WallClock(room.t, NOON, trusted=True))
    room.pass_s(60)
    room.send(WallClock(room.t, odd_utc, trusted=True))
    room.lie(180)
    room.up(40)
    (kept,) = room.device.ledger.log.sessions
    assert kept.day == date(2026, 3, 15)
    assert kept.start_utc == pytest.approx(NOON + 60, abs=5)


def test_it_says_nothing_at_nine_by_an_odd_clock() -> None:
    room = bench()
    room.send(WallClock(room.t, datetime(1970, 1, 1, 20, 59, 50, tzinfo=UTC).timestamp(), trusted=True))
    room.pass_s(60)
    assert room.pattern is Pattern.OFF


def test_the_years_between_are_believed() -> None:
    assert believable(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
    assert believable(datetime(2098, 12, 31, tzinfo=UTC).timestamp())
