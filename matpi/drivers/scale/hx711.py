"""Read one HX711 through the unmodified library adafruit-circuitpython-hx711, checking every sample.

The library (1.1.2) fails on Linux in four ways, each reproduced by tests/drivers/test_hx711.py:

- It calls `microcontroller.disable_interrupts`, which CPython lacks, and `delay_us(1)` with the clock high, which
  sleeps for 80 us: over 60 us the chip powers down. `_Interrupts` replaces that module: no collection, no delay.
- Its sign extension yields large positive numbers. Only the lower 24 bits are used.
- It waits for the chip for ever and at full speed. `Guarded` waits, with a deadline.
- It checks nothing. `_Clock` measures how long the clock was high, `_Data` sees the bits after the 24th.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from matpi.drivers.scale.guard import RESET_S, Guarded, Taken

PULSES: Final = 25  # input A at gain 128; a change of input costs four conversions


class Pin(Protocol):
    """A pin of digitalio, as far as it is used."""

    value: bool


class GuardedHX711(Guarded):
    """An HX711 on two pins: `data` is DOUT and only read, `clock` is PD_SCK and only written.

    `now` and `sleep` are real or virtual. Not for a process with busy threads, which would run with the clock high (see
    HIGH_LIMIT_S).
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
            _Interrupts.enable_interrupts()  # the library leaves them disabled when a pin raises
        extra, seen = self._data.last, self._now()
        return Taken(raw & 0xFFFFFF, extra, seen if self._data.value else None, self._clock.longest_s)

    def _power_cycle(self) -> None:
        self._chip.power_down(True)
        self._sleep(RESET_S)
        self._chip.power_down(False)


class _GoneError(Exception):
    """DOUT is high again before the read-out begins."""


class _Data:
    """DOUT, with the last level read."""

    def __init__(self, pin: Pin) -> None:
        self._pin = pin
        self.last = True
        self.must_be_ready = False

    @property
    def value(self) -> bool:
        self.last = level = bool(self._pin.value)
        if self.must_be_ready:  # the library's first read; busy, it would wait for ever
            self.must_be_ready = False
            if level:
                raise _GoneError
        return level


class _Clock:
    """PD_SCK, with the longest high time, measured outside both edges: never shorter than on the wire."""

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
    """Replaces the library's `microcontroller`: no garbage collection stretches a pulse."""

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
        """Return at once: Python takes longer than the 0.2 us of the data sheet."""


def _library() -> Any:
    # Before the import: else Blinka guesses the board, prints to stdout, or asks for a GPIO package it does not need.
    os.environ.setdefault("BLINKA_OS_AGNOSTIC", "1")
    from adafruit_hx711 import hx711

    hx711.microcontroller = _Interrupts
    return hx711
