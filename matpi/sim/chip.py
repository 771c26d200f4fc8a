"""Emulate an HX711, bit by bit, under the real drivers: as two pins, or on an SPI bus.

Facts from the data sheet (V2.0) unless marked: DOUT falls when a conversion is ready; 24 bits follow, most significant
first, two's complement; the 25th pulse lifts DOUT again; 25, 26 or 27 pulses choose A/128, B/32 or A/64 for the next
conversion; PD_SCK high for over 60 us powers the chip down, the falling edge resets it; after a reset or a change of
the input four conversions pass before the first result; the code stops at both ends of 24 bits.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Final

CODE_MIN, CODE_MAX = -(1 << 23), (1 << 23) - 1
POWER_DOWN_S: Final = 60e-6
SETTLING: Final = 4  # conversions, after a step of the load too (bogde/HX711#214)
UPDATE_HIGH_S: Final = 75e-6  # DOUT is high so long at each conversion not read (olkal/HX711_ADC#81, measured there)
BIT_S: Final = 1e-6  # on the SPI bus, at 1 MHz
GAIN: Final = {25: 1.0, 26: 0.0, 27: 0.5}  # by pulses, relative to A/128; nothing is wired to input B


class VirtualTime:
    """Seconds that pass only in `sleep`. Replaces `time.monotonic` and `time.sleep`."""

    def __init__(self, t: float = 0.0) -> None:
        self.t = t

    def __call__(self) -> float:
        return self.t

    def sleep(self, seconds: float) -> None:
        self.t += max(0.0, seconds)


class Pin:
    """A pin of digitalio: `value`, read from DOUT and written to PD_SCK."""

    def __init__(self, read: Callable[[], bool], write: Callable[[bool], None]) -> None:
        self._read, self._write = read, write

    @property
    def value(self) -> bool:
        return self._read()

    @value.setter
    def value(self, level: bool) -> None:
        self._write(level)


class Chip:
    """An HX711. `source(t)` is the bridge's signal in counts at A/128, read once a conversion.

    `rate` is that of the jumper; `oscillator` how much faster the chip runs (1.07 to 1.17 measured in the field,
    olkal/HX711_ADC#81 and #98). `spend` takes the time of one pin access, `access_s`: 5 us is estimated for a Raspberry
    Pi 5, 7 to 10 us for a Zero 2 W. A result is the mean of `taps` conversions, as the step response of the real chip
    shows; white noise of the source is halved, so use 1 for a source with the noise of the data sheet.

    Faults, to be set at any time: `unplugged` (DOUT stays high), `stuck_low`, `saturated` (codes at the upper end),
    `lost_pulses` (so many of the next do not arrive), and `stall` (pulse number -> seconds that the next read-out hangs
    there with PD_SCK high, once).
    """

    def __init__(
        self,
        source: Callable[[float], float],
        rate: int = 80,
        *,
        now: Callable[[], float],
        spend: Callable[[float], None] | None = None,
        access_s: float = 5e-6,
        oscillator: float = 1.0,
        taps: int = SETTLING,
    ) -> None:
        self.data = Pin(self.data_level, lambda _: None)
        self.clock = Pin(lambda: self._high_since is not None, self.clock_level)
        self.unplugged = False
        self.stuck_low = False
        self.saturated = False
        self.stall: dict[int, float] = {}
        self.lost_pulses = 0
        self.resets = 0
        self.conversions = 0
        self.read_out = 0  # conversions whose 25th pulse came
        self._source = source
        self._period_s = 1.0 / (rate * oscillator)
        self._now = now
        self._spend = spend
        self._access_s = access_s

        self._taps: deque[float] = deque(maxlen=taps)
        self._gain = 1.0
        self._code = 0
        self._pulses = 0
        self._out = True
        self._ready_at: float | None = None  # end of the conversion that waits to be read
        self._missed = False
        self._next = now() + SETTLING * self._period_s
        self._high_since: float | None = None

    def clock_level(self, high: bool) -> None:
        now = self._access()
        if high and self._high_since is None:
            self._high_since = now
            if self.lost_pulses > 0:
                self.lost_pulses -= 1
                return
            self._pulse()
            if stall := self.stall.pop(self._pulses, 0.0):
                self._pass(stall)
        elif not high and self._high_since is not None:
            if now - self._high_since > POWER_DOWN_S:
                self._reset(now)
            self._high_since = None

    def data_level(self) -> bool:
        now = self._access()
        if self.unplugged:
            return True
        if self.stuck_low:
            return False
        if self._ready_at is not None and self._pulses == 0:
            return now - self._ready_at < UPDATE_HIGH_S and self._missed
        return self._out

    def _access(self) -> float:
        if self._access_s > 0.0:
            self._pass(self._access_s)
        now = self._now()
        # Powered down, nothing is converted.
        if now >= self._next and (self._high_since is None or now - self._high_since <= POWER_DOWN_S):
            self._convert(now)
        return now

    def _pass(self, seconds: float) -> None:
        if self._spend is not None and seconds > 0.0:
            self._spend(seconds)

    def _convert(self, now: float) -> None:
        ended = math.floor((now - self._next) / self._period_s) + 1
        self.conversions += ended
        last = self._next + (ended - 1) * self._period_s
        for back in range(min(ended, self._taps.maxlen or 1) - 1, -1, -1):
            self._taps.append(self._source(last - back * self._period_s))
        self._missed = ended > 1 or (self._ready_at is not None and self._pulses == 0)
        if self._pulses >= min(GAIN):
            self._pulses = 0
        # During a read-out too: the remaining bits are then those of the new code, as in the real chip.
        average = sum(self._taps) / len(self._taps) * self._gain
        self._code = CODE_MAX if self.saturated else min(CODE_MAX, max(CODE_MIN, round(average)))
        self._ready_at = last
        self._next = last + self._period_s

    def _pulse(self) -> None:
        if self._ready_at is None:
            self._out = True
            return
        self._pulses += 1
        if self._pulses <= 24:
            self._out = bool((self._code >> (24 - self._pulses)) & 1)
            return
        self._out = True
        if self._pulses == 25:
            self.read_out += 1
        gain = GAIN.get(self._pulses, self._gain)
        if gain != self._gain:
            self._gain = gain
            self._settle(self._ready_at or 0.0)

    def _reset(self, now: float) -> None:
        self.resets += 1
        self._gain = 1.0
        self._settle(now)
        self._pulses = 0
        self._out = True
        self._ready_at = None

    def _settle(self, since: float) -> None:
        self._taps.clear()
        self._next = since + SETTLING * self._period_s


class BusTime:
    """The clock of a chip on a bus: `now` outside of transfers, the bus's own in one.

    `spend` lets virtual time pass.
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
        """Let virtual time catch up with the bus; real time may lag by a transfer, 56 us."""
        if self._at is not None and self._spend is not None:
            self._spend(max(0.0, self._at - self._now()))
        self._at = None


class EmulatedSpi:
    """A bus with `chip`, which runs on `time`. Replaces spidev's SpiDev.

    `idles_high` is a fault of some controllers. During a transfer the bus has its own time, so no scheduler stretches a
    pulse. Mode 0: MOSI has its level from the start of a bit, MISO is sampled in its middle; between transfers MOSI
    idles low.
    """

    def __init__(self, chip: Chip, time: BusTime) -> None:
        self.idles_high = False
        self._chip = chip
        self._time = time

    def xfer2(self, values: list[int], /) -> list[int]:
        chip, time, half_s = self._chip, self._time, BIT_S / 2
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
