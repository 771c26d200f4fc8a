"""The emulated bus: what MOSI sends is PD_SCK, what MISO brings is DOUT, and its time is its own."""

from __future__ import annotations

import pytest

from matpi.sim.chip import BusTime, Chip, EmulatedSpi, VirtualTime


def bus_of(code: float, *, spends: bool = True) -> tuple[EmulatedSpi, Chip, VirtualTime]:
    now = VirtualTime()
    bus_time = BusTime(now, now.sleep if spends else None)
    chip = Chip(lambda _t: code, 80, now=bus_time, access_s=0.0)
    return EmulatedSpi(chip, bus_time), chip, now


def test_each_bit_pair_brings_one_bit_of_the_chip() -> None:
    spi, chip, now = bus_of(0x123456)
    now.sleep(0.06)
    came = spi.xfer2([0xAA] * 6 + [0x80])
    pairs = "".join(f"{byte:08b}" for byte in came[:6])
    assert int(pairs[1::2], 2) == 0x123456
    assert came[6] == 0xFF
    assert chip.read_out == 1


def test_a_transfer_takes_a_microsecond_a_bit() -> None:
    spi, _, now = bus_of(7)
    start = now()
    spi.xfer2([0] * 7)
    assert now() - start == pytest.approx(56e-6)


def test_looking_pulses_nothing() -> None:
    spi, chip, now = bus_of(7)
    now.sleep(0.06)
    assert spi.xfer2([0]) == [0]
    assert chip._pulses == 0


def test_sixteen_bytes_high_reset_the_chip_and_fewer_than_seven_do_not() -> None:
    spi, chip, _ = bus_of(7)
    spi.xfer2([0xFF] * 7 + [0])  # 56 us
    assert chip.resets == 0
    spi.xfer2([0xFF] * 16 + [0])
    assert chip.resets == 1


def test_time_that_passes_by_itself_does_not_stretch_a_pulse() -> None:
    """The scheduler may stop the emulation in mid-transfer; a bus would not notice."""
    spi, chip, now = bus_of(0x123456, spends=False)
    now.sleep(0.06)
    level = chip.data_level

    def slow() -> bool:
        now.sleep(1e-3)
        return level()

    chip.data_level = slow  # type: ignore[method-assign]
    came = spi.xfer2([0xAA] * 6 + [0x80])
    assert chip.resets == 0
    assert came[6] == 0xFF
