"""Plays the LED's patterns in a thread of its own: 50 steps a second while the light moves, asleep while it rests."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Final

from matpi.core.effects import Light, Pattern
from matpi.core.events import Noted
from matpi.core.light import repeats, table
from matpi.errors import HardwareError
from matpi.ports import PART_RETRY_S, Lamp, Put

STEPS_PER_S: Final = 50
"""Chosen: a step of the breath is then at most 3 % of the light, and 25 a second, gpiozero's own, looks coarse to some
(unmeasured). A period of every pattern is a whole number of steps."""
STOP_S: Final = 1.0
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


class Glow:
    """`play` from any thread; it never blocks nor raises. A step that comes late is skipped, not caught up.

    A lamp that fails is noted once ("lamp_lost"), tried again every PART_RETRY_S and with each pattern, and noted when
    it works ("lamp_back"); it stops nothing else.
    """

    def __init__(
        self, lamp: Lamp, put: Put, *, now: Callable[[], float] = time.monotonic, threaded: bool = True
    ) -> None:
        """`now` is the clock of Light.since. `threaded` = False leaves it to the caller to `step`, in virtual time."""
        self._lamp = lamp
        self._put = put
        self._now = now
        self._light = Light(Pattern.OFF, 0.0)
        self._fresh = True
        self._lost = False
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="lamp", daemon=True)
        if threaded:
            self._thread.start()

    def play(self, light: Light) -> None:
        """From its `since` on, which may lie in the past or to come, until the next call."""
        with self._changed:
            self._light = light
            self._fresh = True
            self._changed.notify()

    def stop(self) -> None:
        """Dark, and the thread ends; bounded, whatever the lamp does."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)

    def step(self) -> float | None:
        """Set the light of now; the seconds until the next change or retry, None when only `play` can bring one."""
        with self._changed:
            light, self._fresh = self._light, False
        age_s = self._now() - light.since
        duty, changes_s = step_at(light.pattern, age_s)
        if not self._shone(duty):
            return PART_RETRY_S
        return None if changes_s is None else max(0.0, light.since + changes_s - self._now())

    def _shone(self, duty: float) -> bool:
        try:
            self._lamp.set(duty)
        except HardwareError as error:
            if not self._lost:
                self._put(Noted(self._now(), "lamp_lost", str(error)))
            self._lost = True
            return False
        if self._lost:
            self._put(Noted(self._now(), "lamp_back", "the lamp works again"))
        self._lost = False
        return True

    def _run(self) -> None:
        while not self._stopping:
            wait_s = self.step()
            with self._changed:
                if not (self._fresh or self._stopping):
                    self._changed.wait(wait_s)
        self._shone(0.0)
