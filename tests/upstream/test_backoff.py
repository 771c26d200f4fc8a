"""How long is waited: within bounds, jittered over the whole of them, and never earlier than asked."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matpi.upstream.sink import MOST_ASKED_S, Backoff

BACKOFF = Backoff()


def test_the_ceiling_doubles_up_to_an_hour() -> None:
    assert [BACKOFF.ceiling_s(n) for n in range(1, 13)] == [
        5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0, 2560.0, 3600.0, 3600.0,
    ]  # fmt: skip


@given(failures=st.integers(1, 10**6), drawn=st.floats(0.0, 1.0))
def test_a_wait_lies_between_a_second_and_the_ceiling(failures: int, drawn: float) -> None:
    wait_s = BACKOFF.wait_s(failures, lambda: drawn)
    assert 1.0 <= wait_s <= BACKOFF.ceiling_s(failures) <= 3600.0
    assert wait_s == max(1.0, drawn * BACKOFF.ceiling_s(failures))


@given(failures=st.integers(1, 100), drawn=st.floats(0.0, 1.0), asked_s=st.floats(0.0, MOST_ASKED_S))
def test_who_asks_to_be_left_alone_is(failures: int, drawn: float, asked_s: float) -> None:
    wait_s = BACKOFF.wait_s(failures, lambda: drawn, asked_s)
    assert wait_s >= asked_s
    assert wait_s == max(asked_s, BACKOFF.wait_s(failures, lambda: drawn))


def test_a_wait_asked_for_in_milliseconds_is_a_day_at_most() -> None:
    assert BACKOFF.wait_s(1, lambda: 0.5, 3_600_000.0) == MOST_ASKED_S


def test_a_hundred_devices_do_not_come_back_together() -> None:
    """After an hour offline, the most in any one minute is near what chance gives (1.7 on average, 8 in 10^5 cases)."""
    chance = random.Random(6)
    minutes = [int(BACKOFF.wait_s(20, chance.random) // 60) for _ in range(100)]
    assert max(minutes.count(minute) for minute in range(60)) <= 8
    assert len(set(minutes)) > 40


@pytest.mark.parametrize("wrong", [{"base_s": 0.5}, {"cap_s": 1.0}, {"least_s": -1.0}])
def test_bounds_that_cannot_hold_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="does not hold"):
        Backoff(**wrong)
