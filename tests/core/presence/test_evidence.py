"""A body moves, within a second or from one to the next; only what was seen to be still is a thing."""

from __future__ import annotations

import pytest
from matpi.core.stillness import BREATH_S, STIR_ENOUGH, STIR_UP, Stillness

from matpi.core.presence.zero import Block

NOISE = 0.01
RATIO = 2.0
STILL, MOVING = 0.005, 0.05


def watched(*kg: tuple[float, ...], spread: float = STILL, noise: float | None = NOISE, begin: int = 0) -> Stillness:
    return more(Stillness(RATIO), *kg, spread=spread, noise=noise, begin=begin)


def more(
    stillness: Stillness, *kg: tuple[float, ...], spread: float = STILL, noise: float | None = NOISE, begin: int = 0
) -> Stillness:
    for n, mean in enumerate(kg, begin):
        stillness.still_since(Block(float(n), n + 1.0, mean, spread), noise)
    return stillness


def test_what_does_not_move_is_still_since_its_first_second() -> None:
    seen = watched(*[(12.0, 8.0)] * 20)
    assert seen.still_since(Block(20.0, 21.0, (12.0, 8.0), STILL), NOISE) == 0.0
    assert (seen.still_s, seen.longest_s, seen.body_s) == (21.0, 21.0, 0.0)


def test_before_anything_was_judged_nothing_is_still() -> None:
    assert Stillness(RATIO).longest_s == 0.0


@pytest.mark.parametrize("noise", [NOISE, None])
def test_motion_within_a_second_is_a_body(noise: float | None) -> None:
    seen = watched(*[(12.0, 8.0)] * 20, spread=MOVING, noise=noise)
    assert (seen.longest_s, seen.body_s) == (0.0, 20.0)


def test_so_is_all_when_the_noise_is_not_known_or_there_is_one_channel() -> None:
    assert watched(*[(12.0, 8.0)] * 20, noise=None).body_s == 20.0
    assert watched(*[(20.0,)] * 20).body_s == 20.0


def test_a_slow_breath_moves_from_second_to_second_and_all_of_it_is_a_body() -> None:
    """From head to foot and back in eight seconds, 30 g: in no second more than the noise."""
    breath = [(12.0 + 0.015 * step, 8.0 - 0.015 * step) for step in (0, 1, 2, 1, 0, -1, -2, -1)] * 8
    seen = watched(*breath)
    assert seen.body_s >= 60.0
    assert seen.longest_s < BREATH_S


def test_a_thing_that_somebody_knocks_against_now_and_then_is_not_all_body() -> None:
    seen = watched(*[(12.0, 8.0)] * 15)
    more(seen, (12.5, 8.0), spread=MOVING, begin=15)
    more(seen, *[(12.5, 8.0)] * 15, begin=16)
    assert seen.body_s == 1.0
    assert (seen.still_s, seen.longest_s) == (15.0, 15.0)


def test_a_cell_creeps_under_a_thing() -> None:
    seen = watched(*[(12.0 + 0.0003 * n, 8.0 + 0.0003 * n) for n in range(200)])
    assert (seen.still_s, seen.body_s) == (200.0, 0.0)


def test_a_new_load_begins_with_nothing_and_a_return_with_no_stretch() -> None:
    seen = watched(*[(12.0, 8.0)] * 12)
    more(seen, (30.0, 8.0), spread=MOVING, begin=12)
    seen.again()
    assert (seen.still_s, seen.longest_s, seen.body_s) == (0.0, 12.0, 1.0)
    seen.new_load()
    assert (seen.still_s, seen.longest_s, seen.body_s) == (0.0, 0.0, 0.0)


def test_what_stirs_for_long_enough_is_alive_and_counts_as_a_body() -> None:
    seen = watched(*[(12.0, 8.0)] * 30)
    seconds = -(-STIR_ENOUGH // STIR_UP)
    told = [seen.stirs(Block(30.0 + n, 31.0 + n, (12.0, 8.0), MOVING), NOISE) for n in range(seconds)]
    assert told == [False] * (seconds - 1) + [True]
    assert seen.body_s == seconds


def test_a_lorry_stirs_nothing() -> None:
    seen = watched(*[(12.0, 8.0)] * 30)
    blocks = [Block(30.0 + n, 31.0 + n, (12.0, 8.0), MOVING if n % 10 < 3 else STILL) for n in range(100)]
    assert not any(seen.stirs(block, NOISE) for block in blocks)
