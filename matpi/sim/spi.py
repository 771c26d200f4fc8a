"""An SPI bus with one HX711 on it: MOSI on PD_SCK, MISO on DOUT. Replaces spidev's SpiDev under the real driver.

The bus keeps its own time while it transfers, a bit at a time, and no scheduler can stretch a pulse. Mode 0: MOSI has
its level from the start of a bit, MISO is sampled in its middle; between transfers MOSI idles low.
"""

from __future__ import annotations

from collections.abc import Callable

from matpi.sim.chip import Chip


class BusTime:
    """The clock for the chip on the bus: real or virtual time outside, the bus's own in a transfer.

    `spend` lets virtual time pass; None where time passes by itself.
    """

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
        """Time outside catches up with the bus; one that passes by itself may lag by a transfer, 56 us."""
        if self._at is not None and self._spend is not None:
            self._spend(max(0.0, self._at - self._now()))
        self._at = None


class EmulatedSpi:
    """`chip` runs on `time`, with no access time of its own. `idles_high` is the fault of some controllers."""

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
