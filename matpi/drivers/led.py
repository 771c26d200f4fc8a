"""Play the LED's patterns in a thread, which sleeps while the light does not change."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache
from typing import Final, Protocol

from matpi.core.effects import Light, Pattern
from matpi.core.light import repeats, table
from matpi.drivers.part import PartThread
from matpi.ports import Put

# Chosen, unmeasured: a step of the breath is at most 3 % of the light. Every pattern's period is whole steps.
STEPS_PER_S: Final = 50
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


class LedThread(PartThread[Lamp]):
    """The LED's thread. A late step is skipped. A lost LED is also retried with each new pattern."""

    _always_runs = True

    def __init__(self, make: Callable[[], Lamp], put: Put, *, now: Callable[[], float] = time.monotonic) -> None:
        """Take `now`, the clock of Light.since. A caller in virtual time calls `step` instead of `start`."""
        super().__init__("lamp", make, put, now=now)
        self._light = Light(Pattern.OFF, 0.0)
        self._fresh = True

    def play(self, light: Light) -> None:
        """Play `light` until the next call. From any thread; never blocks or raises."""
        with self._changed:
            self._light = light
            self._fresh = True
            self._changed.notify()

    def step(self) -> float | None:
        """Set the present duty. Return the seconds until the next change or retry, None to wait for `play`."""
        with self._changed:
            light, self._fresh = self._light, False
        duty, changes_s = step_at(light.pattern, self._now() - light.since)
        if not self._use(lambda lamp: lamp.set(duty)):
            return self._retry_s()
        return None if changes_s is None else max(0.0, light.since + changes_s - self._now())

    def _run(self) -> None:
        while not self._stopping:
            wait_s = self.step()
            with self._changed:
                if not (self._fresh or self._stopping):
                    self._changed.wait(wait_s)
        self._use(lambda lamp: lamp.set(0.0))
