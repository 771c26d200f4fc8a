"""One HX711 through adafruit-circuitpython-hx711, unforked, with every sample proved before it is believed.

What the library (1.1.2) does on Linux, each reproduced by tests/drivers/test_hx711.py, and what is done about it here:

- it calls `microcontroller.disable_interrupts`, which CPython's `microcontroller` has not: AttributeError at the first
  read. And `delay_us(1)` with the clock high, which sleeps 80 us there: the chip powers down over 60 us. So the name
  `microcontroller` in the library's module is replaced by `_Interrupts`: no garbage collection, no delay.
- its sign extension yields large positive numbers. Only the lower 24 bits are taken.
- it waits for the chip without end and at full speed. The wait is ours, sleeping, with a deadline.
- it checks nothing. The two pins are wrapped, so that the time the clock was high is measured outside both edges, and
  the bits after the 24th are seen.
"""

from __future__ import annotations

import gc
import math
import os
import time
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

from matpi.core.model import Counts

PULSES: Final = 25
"""Input A at gain 128, the only one in use: another input costs four conversions a change."""
HIGH_LIMIT_S: Final = 50e-6
"""T3 of the data sheet, the longest high time that is promised to be harmless; at 60 us the chip powers down."""
READ_LIMIT: Final = 0.8
"""Part of a period in which a read-out must end after the chip was last seen busy: chips run up to 1.17 times as fast
as their jumper says (olkal/HX711_ADC#81), and a conversion that ends in mid-read changes the bits."""
POLLS: Final = 40
"""Looks a period: 0.3 ms at 80/s; 1.5 % of a processor at 10/s, 8 % at 80/s (measured on x86-64)."""
DEADLINE: Final = 10
"""Periods without a conversion: 1 s at 10/s, 0.125 s at 80/s; a reset takes 4."""
SUSPECT: Final = 2
"""Samples dropped after a bad one (Klipper PR #6659: the bad one and the next two)."""
RESET_S: Final = 1e-3
SETTLING: Final = 4
CODE_MIN, CODE_MAX = -(1 << 23), (1 << 23) - 1


class Status(StrEnum):
    """Whether a sample may be believed, and if not, why."""

    OK = "ok"
    GLITCH = "glitch"
    """The clock was high too long: the chip may have powered down, the rest of the bits read 1."""
    NOT_READY = "not_ready"
    """No conversion came in time: unplugged, no power, or the data wire is broken."""
    DESYNC = "desync"
    """The bits after the 24th were not 1: the counts of pulses differ, or DOUT is stuck low. The chip was reset."""
    SATURATED = "saturated"
    """At an end of the range: overload, or a broken wire of the bridge."""
    STALE = "stale"
    """Read so late that the next conversion may have changed it, or one of the two after a bad one."""


class Sample(NamedTuple):
    """`t`: monotonic seconds at the end of the read-out. `counts` is 0 unless the status is OK or SATURATED."""

    t: float
    counts: Counts
    status: Status


class Pin(Protocol):
    """What digitalio calls a pin; only `value` is used."""

    value: bool


class GuardedHX711:
    """Over any two objects with `.value`. Resets the chip when made: the first sample takes four periods.

    `read()` waits for the next sample. Who reads several chips in turn asks `ready()` of each, at least `POLLS` times
    a period, and calls `take()` when it says yes; `overdue()` tells that one has fallen silent.
    Not for two threads at once, and not in one process with busy threads: each edge lets them in (see HIGH_LIMIT_S).
    """

    def __init__(
        self,
        data: Any,
        clock: Any,
        rate: int = 80,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.tally: Counter[Status] = Counter()
        self.period_s = 1.0 / rate
        self._now = now
        self._sleep = sleep
        self._data = _Data(data)
        self._clock = _Clock(clock, now)
        self._chip = _library().HX711(self._data, self._clock)
        self._suspects = 0
        self._busy_at = -math.inf  # DOUT was last seen high
        self._heard_at = now()
        self._settled_at = -math.inf
        self.reset()

    def read(self) -> Sample:
        """The next sample. Takes at most DEADLINE periods and then says NOT_READY."""
        until = self._now() + DEADLINE * self.period_s
        while not self.ready():
            if self._now() >= until:
                return self._sample(Status.NOT_READY)
            self._sleep(self.period_s / POLLS)
        return self.take()

    def ready(self) -> bool:
        """Look at DOUT once: True when a conversion waits to be taken."""
        now = self._now()
        if now < self._settled_at:
            return False
        if self._data.value:
            self._busy_at = now
            return False
        return True

    def overdue(self) -> bool:
        """No conversion was taken for DEADLINE periods."""
        return self._now() - self._heard_at > DEADLINE * self.period_s

    def take(self) -> Sample:
        """Read out the conversion that `ready()` has just announced."""
        self._clock.longest_s = 0.0
        self._data.must_be_ready = True
        try:
            # The library's own read() throws every other conversion away.
            raw: int = self._chip._read_channel_raw(PULSES)  # noqa: SLF001
        except _GoneError:
            return self._bad(Status.STALE)
        finally:
            _Interrupts.enable_interrupts()  # the library does not when a pin raises
        ended = self._now()
        extra = self._data.last
        idle = self._data.value  # DOUT stays high until the next conversion
        counts = ((raw & 0xFFFFFF) ^ 0x800000) - 0x800000
        late = ended - self._busy_at > READ_LIMIT * self.period_s
        if idle:
            self._busy_at = ended
        self._heard_at = ended
        if self._clock.longest_s > HIGH_LIMIT_S:
            return self._bad(Status.GLITCH)
        if not (extra and idle):
            self.reset()
            return self._bad(Status.DESYNC)
        if late:
            return self._bad(Status.STALE)
        if self._suspects > 0:
            self._suspects -= 1
            return self._sample(Status.STALE)
        return self._sample(Status.OK if CODE_MIN < counts < CODE_MAX else Status.SATURATED, counts)

    def reset(self) -> None:
        """Power down and up. Nothing is ready for four periods, less what a fast oscillator may save."""
        self.power_down()
        self._sleep(RESET_S)
        self._chip.power_down(False)
        self._settled_at = self._now() + SETTLING * READ_LIMIT * self.period_s

    def power_down(self) -> None:
        """Until `reset()`: under 1 uA instead of 1.5 mA a chip, and an unheated bridge."""
        self._chip.power_down(True)

    def _bad(self, status: Status) -> Sample:
        self._suspects = SUSPECT
        return self._sample(status)

    def _sample(self, status: Status, counts: int = 0) -> Sample:
        self.tally[status] += 1
        return Sample(self._now(), Counts(counts), status)


class _GoneError(Exception):
    """DOUT is high again before the read-out has begun."""


class _Data:
    def __init__(self, pin: Pin) -> None:
        self._pin = pin
        self.last = True
        self.must_be_ready = False

    @property
    def value(self) -> bool:
        self.last = level = bool(self._pin.value)
        if self.must_be_ready:  # the library's first look; if it said busy, it would wait without end
            self.must_be_ready = False
            if level:
                raise _GoneError
        return level


class _Clock:
    """Measures outside both edges: what it finds short was short on the wire, whatever interrupted in between."""

    def __init__(self, pin: Pin, now: Callable[[], float]) -> None:
        self._pin = pin
        self._now = now
        self._level = False
        self._rose_at = 0.0
        self.longest_s = 0.0

    @property
    def value(self) -> bool:
        return self._level

    @value.setter
    def value(self, level: bool) -> None:
        if level:
            self._rose_at = self._now()
            self._pin.value = True
        else:
            self._pin.value = False
            if self._level and (high_s := self._now() - self._rose_at) > self.longest_s:
                self.longest_s = high_s
        self._level = level


class _Interrupts:
    """In the place of the library's `microcontroller`: a garbage collection in mid-pulse would be long enough."""

    _collects = False

    @classmethod
    def disable_interrupts(cls) -> None:
        if gc.isenabled():
            cls._collects = True
            gc.disable()

    @classmethod
    def enable_interrupts(cls) -> None:
        if cls._collects:
            cls._collects = False
            gc.enable()

    @staticmethod
    def delay_us(_us: int) -> None:
        """An access through Python is longer than the 0.2 us the data sheet asks for."""


def _library() -> Any:
    # Before the import: else Blinka guesses the board, prints to stdout, or asks for a GPIO package it does not need.
    os.environ.setdefault("BLINKA_OS_AGNOSTIC", "1")
    from adafruit_hx711 import hx711

    hx711.microcontroller = _Interrupts
    return hx711
