"""Drive the piezo, and ring the chimes in a thread.

The newest chime replaces the last, but no breath replaces a cue.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol

from matpi.core.effects import ChimeKind
from matpi.drivers.gpio import PartThread, using
from matpi.errors import HardwareError
from matpi.ports import Put

LATE_S: Final = 0.5  # chosen: a cue that has waited longer is dropped

HALF: Final = 0.5  # a square wave is the loudest duty of a piezo

Note = tuple[float, float]  # Hz (0: a rest) and seconds

# Chosen, unmeasured: short, between A4 and A5, where a piezo without a case is audible and not shrill.
NOTES: Final[dict[ChimeKind, tuple[Note, ...]]] = {
    ChimeKind.PHASE: ((523.0, 0.15),),
    ChimeKind.SOON: ((523.0, 0.15), (0.0, 0.1), (523.0, 0.15)),
    ChimeKind.ENOUGH: ((440.0, 0.2), (523.0, 0.2), (659.0, 0.3)),
    ChimeKind.OVER: ((440.0, 0.2), (523.0, 0.2), (659.0, 0.3)),
    ChimeKind.IN: ((523.0, 0.06),),
    ChimeKind.OUT: ((440.0, 0.06),),
}
BREATHS: Final = frozenset({ChimeKind.IN, ChimeKind.OUT})
"""Dropped beside a cue: the next breath follows in a few seconds, a cue comes once."""


class Sounder(Protocol):
    """A piezo that plays one tone at a time. Raises HardwareError when it cannot be driven."""

    def sound(self, hz: float) -> None: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...


class Piezo:
    """A passive piezo from `pin` to ground, driven by a square wave. Implements `Sounder`.

    Raises HardwareError where the pins have no PWM.
    """

    def __init__(self, pin: int, pins: Any) -> None:
        import gpiozero
        from gpiozero.exc import PinPWMUnsupported

        self._pin = pin
        with using("chime", pin):
            try:
                self._pwm = gpiozero.PWMOutputDevice(pin, frequency=440, initial_value=0, pin_factory=pins)
            except PinPWMUnsupported as error:
                raise HardwareError(
                    f'The chime needs PWM on GPIO {pin}, which these pins do not have; set driver = "none" in [chime].'
                ) from error

    def sound(self, hz: float) -> None:
        with using("chime", self._pin):
            self._pwm.frequency = hz
            self._pwm.value = HALF

    def stop(self) -> None:
        with using("chime", self._pin):
            self._pwm.value = 0.0

    def close(self) -> None:
        """Stop the tone and free the pin."""
        self._pwm.close()


class ChimeThread(PartThread[Sounder]):
    """The piezo's thread. A lost piezo is also retried with each chime."""

    _always_runs = True

    def __init__(self, make: Callable[[], Sounder], put: Put, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__("chime", make, put, now=now)
        self._wanted: tuple[ChimeKind, float] | None = None
        self._plays: ChimeKind | None = None

    def ring(self, kind: ChimeKind) -> None:
        """Ring soon. From any thread; never blocks or raises."""
        with self._changed:
            waits = None if self._wanted is None else self._wanted[0]
            if kind in BREATHS and not {waits, self._plays} <= {None, *BREATHS}:
                return
            self._wanted = (kind, self._now())
            self._changed.notify()

    def step(self) -> float | None:
        """Ring the chime that is wanted. Return the seconds until the next retry, None to wait for `ring`."""
        with self._changed:
            notes: tuple[Note, ...] = ()  # none: only find out whether the piezo works again
            if self._wanted is not None:
                (kind, asked), self._wanted = self._wanted, None
                if self._now() - asked > LATE_S:
                    return self._retry_s()
                self._plays, notes = kind, NOTES[kind]
        self._use(partial(self._play, notes))
        self._plays = None
        return self._retry_s()

    def _play(self, notes: tuple[Note, ...], sounder: Sounder) -> None:
        for hz, seconds in notes:
            if hz:
                sounder.sound(hz)
            else:
                sounder.stop()
            with self._changed:
                if self._changed.wait_for(self._called, seconds):
                    break
        sounder.stop()
