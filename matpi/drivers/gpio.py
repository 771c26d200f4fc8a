"""The button's edges and the LED's duty through gpiozero, and nothing more: taps, holds, bounces and breaths are the
core's, in its own time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from matpi.core.events import ButtonDown, ButtonUp
from matpi.errors import HardwareError
from matpi.ports import Put

STEPS: Final = 100
"""Duties lgpio's PWM knows; gpiozero gives it int(duty * 100), which makes 28 % of 0.29."""
PWM_HZ: Final = 200
"""Chosen, unmeasured: no flicker to the eye, and lgpio's own thread wakes 400 times a second while the LED is on."""


def header() -> Any:
    """The pins of this board, as a gpiozero pin factory on lgpio. Raises HardwareError when there are none.

    Named outright: gpiozero's own choice falls through four libraries with a warning each.
    """
    try:
        from gpiozero.pins.lgpio import LGPIOFactory

        return LGPIOFactory()
    except ImportError as error:
        raise HardwareError(f"lgpio is not there ({error}); install python3-lgpio.") from error
    except Exception as error:  # lgpio.error has no name to import where lgpio is missing
        raise HardwareError(
            f"The GPIO pins cannot be used ({error}); add this user to the group gpio, "
            f'or on a computer without a header set driver = "none" in [button] and [lamp].'
        ) from error


class Button:
    """Between `pin` and ground, pulled up. `start` puts ButtonDown and ButtonUp at each edge, bounces included.

    `pins` is a gpiozero pin factory; `header()` gives the real one.
    """

    def __init__(self, pin: int, pins: Any, *, now: Callable[[], float] = time.monotonic) -> None:
        import gpiozero

        self._now = now
        with _told("button", pin):
            # No bounce_time: it would move the edges, and the core's gesture does it in virtual time.
            self._button = gpiozero.Button(pin, pull_up=True, bounce_time=None, pin_factory=pins)

    def start(self, put: Put) -> None:
        """From now on. `put` is called in gpiozero's thread."""
        self._button.when_pressed = lambda: put(ButtonDown(self._now()))
        self._button.when_released = lambda: put(ButtonUp(self._now()))

    def stop(self) -> None:
        self._button.close()


class Led:
    """From `pin` through a resistor to ground. Implements `Lamp`."""

    def __init__(self, pin: int, pins: Any) -> None:
        import gpiozero

        self._pin = pin
        self._step = 0
        with _told("lamp", pin):
            self._led = gpiozero.PWMLED(pin, frequency=PWM_HZ, initial_value=0, pin_factory=pins)

    def set(self, duty: float) -> None:
        """`duty` is 0 to 1, linear in light; beyond is the nearest end. Writes only what makes a difference."""
        step = round(min(1.0, max(0.0, duty)) * STEPS)
        if step == self._step:
            return
        with _told("lamp", self._pin):
            # A hair over, so that cutting off gives the step that was meant.
            self._led.value = min(1.0, step / STEPS + 1e-6) if step else 0.0
        self._step = step

    def close(self) -> None:
        """Dark, and the pin is free."""
        self._led.close()


@contextmanager
def _told(part: str, pin: int) -> Iterator[None]:
    from gpiozero.exc import GPIOZeroError

    try:
        yield
    except (GPIOZeroError, OSError) as error:
        raise HardwareError(f"The {part} cannot use GPIO {pin} ({error}); correct pin in [{part}].") from error
