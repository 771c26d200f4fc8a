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
import os
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from matpi.drivers.scale.guard import HIGH_LIMIT_S, RESET_S, SUSPECT, Guarded, Sample, Status, Taken

__all__ = ["HIGH_LIMIT_S", "SUSPECT", "GuardedHX711", "Pin", "Sample", "Status"]

PULSES: Final = 25
"""Input A at gain 128, the only one in use: another input costs four conversions a change."""


class Pin(Protocol):
    """What digitalio calls a pin; only `value` is used."""

    value: bool


class GuardedHX711(Guarded):
    """Over any two objects with `.value`: `data` is DOUT and only read, `clock` is PD_SCK and only written.

    `now` is any clock in seconds, `sleep` waits on it: time.monotonic and time.sleep, or both virtual.
    Not in one process with busy threads: each edge lets them in, with the clock high (see HIGH_LIMIT_S).
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
        self._data = _Data(data)
        self._clock = _Clock(clock, now)
        self._chip = _library().HX711(self._data, self._clock)
        super().__init__(rate, now, sleep)

    def power_down(self) -> None:
        """Until `reset()`: under 1 uA instead of 1.5 mA a chip, and an unheated bridge."""
        self._chip.power_down(True)

    def _level(self) -> bool:
        return self._data.value

    def _read_out(self) -> Taken | None:
        self._clock.longest_s = 0.0
        self._data.must_be_ready = True
        try:
            # The library's own read() throws every other conversion away.
            raw: int = self._chip._read_channel_raw(PULSES)  # noqa: SLF001
        except _GoneError:
            return None
        finally:
            _Interrupts.enable_interrupts()  # the library does not when a pin raises
        extra = self._data.last
        return Taken(raw & 0xFFFFFF, extra, self._data.value, self._clock.longest_s)

    def _power_cycle(self) -> None:
        self._chip.power_down(True)
        self._sleep(RESET_S)
        self._chip.power_down(False)


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
