"""Drive the LED, and play its patterns in a thread that sleeps while the light does not change."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final, Protocol

from matpi.core.effects import Light, Pattern
from matpi.core.light import repeats, table
from matpi.drivers.gpio import PartThread, using
from matpi.ports import Put

# Chosen, unmeasured: a step of the breath is at most 3 % of the light. Every pattern's period is whole steps.
STEPS_PER_S: Final = 50
PWM_HZ: Final = 200  # chosen, unmeasured: no flicker to the eye; lgpio's thread wakes 400 times a second
PWM_STEPS: Final = 100  # duties of lgpio's PWM
LIT_FROM: Final = 0.18  # duty from which an LED without PWM is on: half of full to the eye (CIE L* 50 is 0.184)
SLACK: Final = 1e-6  # of a step: a deadline as a float may be slightly before it


@cache
def _steps(pattern: Pattern) -> tuple[float, ...]:
    return tuple(table(pattern, STEPS_PER_S))


def step_at(pattern: Pattern, age_s: float) -> tuple[float, float | None]:
    """Return the duty at `age_s` and the age of its next change, None for never."""
    if age_s < 0.0:
        return 0.0, 0.0
    steps = _steps(pattern)
    at = math.floor(age_s * STEPS_PER_S + SLACK)
    if not repeats(pattern):
        at = min(at, len(steps) - 1)
        later = range(at + 1, len(steps))
    else:
        later = range(at + 1, at + len(steps))
    duty = steps[at % len(steps)]
    changed = next((step for step in later if steps[step % len(steps)] != duty), None)
    return duty, None if changed is None else changed / STEPS_PER_S


class Lamp(Protocol):
    """An LED. Raises HardwareError when it cannot be driven."""

    def set(self, duty: float) -> None:
        """Set the light to `duty`, 0 to 1, linear in light."""

    def close(self) -> None: ...


class Led:
    """An LED from `pin` through a resistor to ground. Implements `Lamp`. `fades` is False without PWM.

    At a duty of 0 lgpio's thread still wakes for each pulse; with `rests` a dark LED has none. It has to be the only
    PWM then: lgpio loses the others when the newest one is stopped, and may spin for ever (lgPthTx.c, 0.2.2).
    """

    def __init__(self, pin: int, pins: Any, *, rests: bool = True) -> None:
        import gpiozero
        from gpiozero.exc import PinPWMUnsupported

        self._pin = pin
        self._step = 0
        self._rests = rests
        with using("lamp", pin):
            try:
                self._led = gpiozero.PWMLED(pin, frequency=PWM_HZ, initial_value=0, pin_factory=pins)
                if rests:
                    self._rest()
            except PinPWMUnsupported:
                self._led = gpiozero.LED(pin, pin_factory=pins)
        self.fades = isinstance(self._led, gpiozero.PWMLED)

    def set(self, duty: float) -> None:
        """Set the light to `duty`, clamped to 0 to 1 and linear in light. Writes only changes."""
        step = round(min(1.0, max(0.0, duty)) * PWM_STEPS) if self.fades else PWM_STEPS * (duty >= LIT_FROM)
        if step == self._step:
            return
        with using("lamp", self._pin):
            if self.fades and self._rests and not step:
                self._rest()
            else:
                if self.fades and not self._step:
                    self._led.frequency = PWM_HZ
                # Slightly more, because gpiozero truncates duty * 100: 0.29 would become step 28.
                self._led.value = min(1.0, step / PWM_STEPS + 1e-6) if step else 0.0
        self._step = step

    def _rest(self) -> None:
        self._led.frequency = None
        self._led.pin.state = False  # a line that was high in mid-pulse would stay so

    def close(self) -> None:
        """Switch off and free the pin."""
        self._led.close()


class LedThread(PartThread[Lamp]):
    """The LED's thread. A late step is skipped. A lost LED is also retried with each new pattern."""

    _always_runs = True

    def __init__(self, make: Callable[[], Lamp], put: Put, *, now: Callable[[], float] = time.monotonic) -> None:
        """Take `now`, the clock of Light.since. A caller in virtual time calls `step` instead of `start`."""
        super().__init__("lamp", make, put, now=now)
        self._light = Light(Pattern.OFF, 0.0)
        self._wanted: Light | None = self._light

    def play(self, light: Light) -> None:
        """Play `light` until the next call. From any thread; never blocks or raises."""
        with self._changed:
            self._wanted = light
            self._changed.notify()

    def step(self) -> float | None:
        """Set the present duty. Return the seconds until the next change or retry, None to wait for `play`."""
        with self._changed:
            self._light, self._wanted = self._wanted or self._light, None
            light = self._light
        duty, changes_s = step_at(light.pattern, self._now() - light.since)
        if not self._use(lambda lamp: lamp.set(duty)):
            return self._retry_s()
        return None if changes_s is None else max(0.0, light.since + changes_s - self._now())

    def _run(self) -> None:
        super()._run()
        self._use(lambda lamp: lamp.set(0.0))
