"""The emulated HX711 does what the data sheet says, seen at its two pins."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from matpi.sim.chip import CODE_MAX, CODE_MIN, POWER_DOWN_S, Chip, VirtualTime

PERIOD_S = 1 / 80


def chip_of(code: float, **how: float) -> tuple[Chip, VirtualTime]:
    now = VirtualTime()
    return Chip(lambda _t: code, 80, now=now, spend=now.sleep, access_s=1e-6, **how), now  # type: ignore[arg-type]


def wait(chip: Chip, now: VirtualTime, limit_s: float = 1.0) -> float:
    """Until DOUT is low; how long that took."""
    start = now()
    while chip.data.value:
        assert now() - start < limit_s, "never ready"
        now.sleep(1e-5)
    return now() - start


def clocked(chip: Chip, pulses: int = 25) -> list[bool]:
    bits = []
    for _ in range(pulses):
        chip.clock.value = True
        bits.append(chip.data.value)
        chip.clock.value = False
    return bits


def code_of(bits: list[bool]) -> int:
    raw = int("".join("01"[bit] for bit in bits[:24]), 2)
    return raw - (1 << 24) if bits[0] else raw


@pytest.mark.parametrize("code", [0, 1, -1, 123456, -123456, CODE_MAX, CODE_MIN])
def test_24_bits_the_most_significant_first_then_dout_is_high(code: int) -> None:
    chip, now = chip_of(code)
    wait(chip, now)
    bits = clocked(chip)
    assert code_of(bits) == code
    assert bits[24] is True
    assert chip.data.value is True


@pytest.mark.parametrize(("load", "code"), [(1e9, CODE_MAX), (-1e9, CODE_MIN)])
def test_the_code_stops_at_both_ends(load: float, code: int) -> None:
    chip, now = chip_of(load)
    wait(chip, now)
    assert code_of(clocked(chip)) == code


def test_the_first_result_is_four_periods_after_power_up_then_one_a_period() -> None:
    chip, now = chip_of(7)
    assert wait(chip, now) == pytest.approx(4 * PERIOD_S, abs=1e-4)
    start = now()
    clocked(chip)
    wait(chip, now)
    assert now() - start == pytest.approx(PERIOD_S, abs=1e-4)


def test_a_fast_oscillator() -> None:
    chip, now = chip_of(7, oscillator=1.17)
    assert wait(chip, now) == pytest.approx(4 * PERIOD_S / 1.17, abs=1e-4)


def test_a_step_of_the_load_takes_four_conversions() -> None:
    now = VirtualTime()
    chip = Chip(lambda t: 4000.0 if t > 0.2 else 0.0, 80, now=now, spend=now.sleep)
    codes = []
    while now() < 0.3:
        wait(chip, now)
        codes.append(code_of(clocked(chip)))
    step = codes.index(1000)
    assert codes[step - 1 : step + 5] == [0, 1000, 2000, 3000, 4000, 4000]


def test_high_for_long_powers_down_and_the_falling_edge_resets() -> None:
    chip, now = chip_of(7)
    wait(chip, now)
    chip.clock.value = True
    now.sleep(POWER_DOWN_S + 1e-6)
    before = chip.conversions
    now.sleep(1.0)
    chip.clock.value = False
    assert (chip.resets, chip.conversions) == (1, before)
    assert wait(chip, now) == pytest.approx(4 * PERIOD_S, abs=1e-4)


def test_high_for_less_does_not() -> None:
    chip, now = chip_of(7)
    wait(chip, now)
    chip.clock.value = True
    now.sleep(POWER_DOWN_S - 5e-6)
    chip.clock.value = False
    assert chip.resets == 0


def test_the_rest_of_the_bits_is_ones_after_a_power_down() -> None:
    chip, now = chip_of(0x123456)
    wait(chip, now)
    chip.stall = {12: 100e-6}
    assert code_of(clocked(chip)) == 0x123FFF


def test_27_pulses_choose_half_the_gain_after_settling_and_25_bring_it_back() -> None:
    chip, now = chip_of(1000)
    wait(chip, now)
    assert code_of(clocked(chip, 27)) == 1000
    assert wait(chip, now) == pytest.approx(4 * PERIOD_S, abs=1e-3)
    assert code_of(clocked(chip, 25)) == 500
    assert wait(chip, now) == pytest.approx(4 * PERIOD_S, abs=1e-3)
    assert code_of(clocked(chip, 26)) == 1000
    wait(chip, now)
    assert code_of(clocked(chip)) == 0  # nothing is wired to input B


def test_a_conversion_that_ends_in_mid_read_changes_the_bits() -> None:
    now = VirtualTime()
    codes = iter([0, -1, -1])
    chip = Chip(lambda _t: next(codes), 80, now=now, spend=now.sleep, taps=1)
    wait(chip, now)
    bits = clocked(chip, 10)
    now.sleep(PERIOD_S)
    bits += clocked(chip, 14)
    assert bits == [False] * 10 + [True] * 14


def test_unread_conversions_lift_dout_for_a_moment() -> None:
    chip, now = chip_of(7)
    wait(chip, now)
    levels = []
    for _ in range(int(3 * PERIOD_S / 1e-5)):
        now.sleep(1e-5)
        levels.append(chip.data.value)
    assert sum(levels) == pytest.approx(3 * 75e-6 / 1.1e-5, abs=3)
    assert sum(a and not b for a, b in pairwise(levels)) == 3


def test_unplugged_and_stuck_low() -> None:
    chip, now = chip_of(7)
    chip.unplugged = True
    now.sleep(1.0)
    assert (chip.data.value, clocked(chip)) == (True, [True] * 25)
    chip.unplugged, chip.stuck_low = False, True
    assert (chip.data.value, clocked(chip)) == (False, [False] * 25)


def test_a_year_unread_costs_no_time() -> None:
    chip, now = chip_of(7)
    now.sleep(365 * 86400.0)
    wait(chip, now)
    assert code_of(clocked(chip)) == 7
    assert chip.conversions == pytest.approx(365 * 86400 * 80, rel=1e-6)


def test_over_a_real_clock() -> None:
    chip = Chip(lambda _t: 7, 80, now=time.monotonic)
    start = time.monotonic()
    while chip.data.value:
        assert time.monotonic() - start < 5
    assert time.monotonic() - start >= 4 * PERIOD_S * 0.99
