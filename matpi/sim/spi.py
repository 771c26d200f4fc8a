"""Emulate an SPI bus with one HX711. Replaces spidev's SpiDev under the real driver.

During a transfer the bus has its own time, so no scheduler stretches a pulse. Mode 0: MOSI has its level from the start
of a bit, MISO is sampled in its middle; between transfers MOSI idles low.
"""

from __future__ import annotations

from collections.abc import Callable

from matpi.sim.chip import Chip


class BusTime:
    """The chip's clock: `now` outside of transfers, the bus's own in one. `spend` lets virtual time pass."""

    def __init__(self, now: Callable[[], float], spend: Callable[[float], None] | None = None) -> None:
        self._now = now
        self._spend = spend
        self._at: float | None = None

    def __call__(self) -> float:
        return self._now() if self._at is None else self._at

    def begin(self) -> None:
        self._at = self._now()

    def pass_by(self, seconds: float) -> None:
        self._at = self() + seconds

    def end(self) -> None:
        """Let virtual time catch up with the bus; real time may lag by a transfer, 56 us."""
        if self._at is not None and self._spend is not None:
            self._spend(max(0.0, self._at - self._now()))
        self._at = None


class EmulatedSpi:
    """A SpiDev with `chip`, which runs on `time`. `idles_high` is a fault of some controllers."""

    def __init__(self, chip: Chip, time: BusTime, speed_hz: float = 1e6) -> None:
        self.idles_high = False
        self._chip = chip
        self._time = time
        self._bit_s = 1.0 / speed_hz

    def xfer2(self, values: list[int], /) -> list[int]:
        chip, time, half_s = self._chip, self._time, self._bit_s / 2
        came = []
        time.begin()
        for value in values:
            byte = 0
            for bit in range(7, -1, -1):
                chip.clock.value = bool(value >> bit & 1)
                time.pass_by(half_s)
                byte = byte << 1 | chip.data.value
                time.pass_by(half_s)
            came.append(byte)
        chip.clock.value = self.idles_high
        time.end()
        return came
