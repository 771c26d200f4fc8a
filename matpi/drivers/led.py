"""Plays the LED's patterns in a thread of its own: 50 steps a second while the light moves, asleep while it rests."""

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

STEPS_PER_S: Final = 50
"""Chosen: a step of the breath is then at most 3 % of the light, and 25 a second, gpiozero's own, looks coarse to some
(unmeasured). A period of every pattern is a whole number of steps."""
SLACK: Final = 1e-6
"""Of a step: the float of a deadline may lie a hair before it."""


@cache
def _steps(pattern: Pattern) -> tuple[float, ...]:
    return tuple(table(pattern, STEPS_PER_S))


def step_at(pattern: Pattern, age_s: float) -> tuple[float, float | None]:
    """The duty of the step that holds at this age, and the age at which the duty is next another; None for never."""
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
    def set(self, duty: float) -> None:
        """`duty` is 0 to 1, linear in light. Raises HardwareError when the LED cannot be driven."""

    def close(self) -> None: ...


class LedThread(PartThread[Lamp]):
    """`play` from any thread; it never blocks nor raises. A step that comes late is skipped, not caught up.

    A lamp that does not work is tried again with each pattern, too.
    """

    _always_runs = True

    def __init__(self, make: Callable[[], Lamp], put: Put, *, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is the clock of Light.since. Without `start` it is left to the caller to `step`, in virtual time."""
        super().__init__("lamp", make, put, now=now)
        self._light = Light(Pattern.OFF, 0.0)
        self._fresh = True

    def play(self, light: Light) -> None:
        """From its `since` on, which may lie in the past or to come, until the next call."""
        with self._changed:
            self._light = light
            self._fresh = True
            self._changed.notify()

    def step(self) -> float | None:
        """Set the light of now; the seconds until the next change or retry, None when only `play` can bring one."""
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
