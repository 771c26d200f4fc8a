"""One button: edges with their times in, gestures out. Bounces, taps, holds, a stuck button."""

from __future__ import annotations

import random

import pytest

from matpi.core.button import Button, Gesture
from matpi.core.rules import GestureRules

RULES = GestureRules()
G = Gesture


def play(*edges: tuple[float, bool], until: float) -> list[tuple[float, Gesture]]:
    """Edges at their times, with `advance` at every deadline in between."""
    button = Button(RULES)
    for t, down in [*edges, (until, None)]:
        while button.deadline <= t:
            due = button.deadline
            button.advance(due)
            assert button.deadline > due, "a deadline that was served is gone"
        if down is not None:
            button.edge(t, down)
    return button.gestures


def names(gestures: list[tuple[float, Gesture]]) -> list[Gesture]:
    return [gesture for _, gesture in gestures]


def test_a_tap() -> None:
    assert play((1.0, True), (1.15, False), until=5) == [(1.02, G.PRESS), (1.17, G.TAP)]


@pytest.mark.parametrize(("down_s", "ends"), [(0.69, [G.TAP]), (0.71, [G.HOLD, G.HOLD_RELEASED])])
def test_a_hold_begins_at_0_7_s_counted_from_the_first_contact(down_s: float, ends: list[Gesture]) -> None:
    told = play((1.0, True), (1.0 + down_s, False), until=5)
    assert names(told) == [G.PRESS, *ends]
    if G.HOLD in ends:
        assert told[1] == (1.7, G.HOLD)


def test_a_long_hold_and_a_stuck_button() -> None:
    assert names(play((0.0, True), (3.5, False), until=30)) == [G.PRESS, G.HOLD, G.LONG_HOLD, G.HOLD_RELEASED]
    told = play((0.0, True), until=100)
    assert told[-1] == (20.0, G.STUCK)
    assert names(play((0.0, True), (25.0, False), until=30)) == [G.PRESS, G.HOLD, G.LONG_HOLD, G.STUCK]


def test_after_having_been_stuck_it_works_again() -> None:
    told = play((0.0, True), (25.0, False), (26.0, True), (26.1, False), until=30)
    assert names(told)[-2:] == [G.PRESS, G.TAP]


@pytest.mark.parametrize("seed", range(20))
def test_bounces_of_up_to_ten_milliseconds_change_nothing(seed: int) -> None:
    """Each contact and release chatters, as cheap tactile switches do."""
    chatter = random.Random(seed)

    def bouncing(t: float, down: bool) -> list[tuple[float, bool]]:
        times = sorted(t + chatter.uniform(0, 0.010) for _ in range(2 * chatter.randrange(4)))
        return [(t, down)] + [(at, down if n % 2 else not down) for n, at in enumerate(times)]

    told = play(*bouncing(1.0, True), *bouncing(1.2, False), *bouncing(2.0, True), *bouncing(3.0, False), until=9)
    assert names(told) == [G.PRESS, G.TAP, G.PRESS, G.HOLD, G.HOLD_RELEASED]


def test_a_ghost_of_a_few_milliseconds_is_no_press() -> None:
    button = Button(RULES)
    for n in range(50):
        button.edge(n * 0.5, True)
        button.edge(n * 0.5 + 0.015, False)
        button.advance(n * 0.5 + 0.4)
    assert button.gestures == []
    assert button.pressed_since is None


def test_a_contact_lost_for_a_moment_does_not_cut_a_hold_in_two() -> None:
    told = play((0.0, True), (0.4, False), (0.41, True), (0.9, False), until=5)
    assert names(told) == [G.PRESS, G.HOLD, G.HOLD_RELEASED]
    assert told[1][0] == 0.7


def test_let_go_just_before_the_hold_is_a_tap_even_when_time_is_late() -> None:
    button = Button(RULES)
    button.edge(0.0, True)
    button.advance(0.02)
    button.edge(0.69, False)
    button.advance(3.0)
    assert names(button.gestures) == [G.PRESS, G.TAP]


def test_the_same_edge_twice_is_one() -> None:
    told = play((0.0, True), (0.1, True), (0.2, False), (0.3, False), until=2)
    assert names(told) == [G.PRESS, G.TAP]


def test_the_press_is_known_while_it_lasts_and_not_when_it_is_stuck() -> None:
    button = Button(RULES)
    button.edge(1.0, True)
    button.advance(1.02)
    assert button.pressed_since == 1.0
    button.advance(21.0)
    assert button.pressed_since is None
