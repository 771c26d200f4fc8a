"""The button's edges, the LED's duty and the piezo's tones through gpiozero, and nothing more: taps, holds, bounces,
breaths and cues are the core's, in its own time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from matpi.core.events import ButtonDown, ButtonUp
from matpi.drivers.pins import load_lgpio
from matpi.errors import HardwareError
from matpi.ports import Put

STEPS: Final = 100
"""Duties lgpio's PWM knows; gpiozero gives it int(duty * 100), which makes 28 % of 0.29."""
PWM_HZ: Final = 200
"""Chosen, unmeasured: no flicker to the eye, and lgpio's own thread wakes 400 times a second while the LED is on."""


FACTORIES: Final = MappingProxyType(
    {
        "lgpio": ("gpiozero.pins.lgpio", "LGPIOFactory"),
        "rpigpio": ("gpiozero.pins.rpigpio", "RPiGPIOFactory"),
        "pigpio": ("gpiozero.pins.pigpio", "PiGPIOFactory"),
        "native": ("gpiozero.pins.native", "NativeFactory"),
    }
)
AUTO: Final = ("lgpio", "native")
FIRST_LINE: Final = Path("/sys/class/gpio/gpiochip0")
"""Where lines are numbered from 0. Since kernel 6.6 they begin at 512 (raspberrypi/linux#6037), and gpiozero's native
pins ask for edges by BCM number; on a Pi 5 they would besides write to registers that are not there."""

HALF: Final = 0.5
"""A square wave: the loudest duty of a piezo, and what gpiozero's own buzzer plays with."""

LIT_FROM: Final = 0.18
"""Where there is no PWM, the light from which the LED is on: half of full to the eye (CIE L* 50 is 0.184)."""


def header(choice: str = "auto") -> Any:
    """The pins of this board, as a gpiozero pin factory. `choice` is "auto" or one of FACTORIES.

    "auto" is lgpio, and native only under the kernels before 6.6 that its edges need; native has no PWM, so the LED is
    on or off with it. gpiozero's own choice would fall through four libraries with a warning each.
    Raises HardwareError, with each that was tried and why it failed, when there is none.
    """
    failed: dict[str, str] = {}
    for name in AUTO if choice == "auto" else (choice,):
        if choice == "auto" and name == "native" and not FIRST_LINE.exists():
            failed[name] = "needs a Linux kernel before 6.6"
            continue
        module, factory = FACTORIES[name]
        try:
            if name == "lgpio":
                load_lgpio()
            return getattr(import_module(module), factory)()
        except Exception as error:  # noqa: BLE001 - each library has errors of its own, lgpio's not even with a name
            failed[name] = _why(error)
    tried = ", ".join(f"{name} ({why})" for name, why in failed.items())
    raise HardwareError(
        f"The GPIO pins cannot be used: {tried}; install python3-lgpio, add this user to the group gpio, "
        f'or on a computer without a header set driver = "none" in [button] and [lamp].'
    )


def _why(error: Exception) -> str:
    if ".lgd-nfy" in str(error):  # a pipe that lgpio makes where the program was started (gpiozero/gpiozero#1106)
        return f"may not make a file in {Path.cwd()}, where matpi was started; start it in a folder of its own"
    return " ".join(str(error).split()) or type(error).__name__


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

    def close(self) -> None:
        self._button.close()


class Led:
    """From `pin` through a resistor to ground. Implements `Lamp`. `fades` is False where the pins know no PWM: then the
    LED is on or off, and every pattern can still be told from the others.
    """

    def __init__(self, pin: int, pins: Any) -> None:
        import gpiozero
        from gpiozero.exc import PinPWMUnsupported

        self._pin = pin
        self._step = 0
        with _told("lamp", pin):
            try:
                self._led = gpiozero.PWMLED(pin, frequency=PWM_HZ, initial_value=0, pin_factory=pins)
            except PinPWMUnsupported:
                self._led = gpiozero.LED(pin, pin_factory=pins)
        self.fades = isinstance(self._led, gpiozero.PWMLED)

    def set(self, duty: float) -> None:
        """`duty` is 0 to 1, linear in light; beyond is the nearest end. Writes only what makes a difference."""
        step = round(min(1.0, max(0.0, duty)) * STEPS) if self.fades else STEPS * (duty >= LIT_FROM)
        if step == self._step:
            return
        with _told("lamp", self._pin):
            # A hair over, so that cutting off gives the step that was meant.
            self._led.value = min(1.0, step / STEPS + 1e-6) if step else 0.0
        self._step = step

    def close(self) -> None:
        """Dark, and the pin is free."""
        self._led.close()


class Piezo:
    """A passive piezo from `pin` to ground, driven by a square wave. Implements `chime.Sounder`.

    Raises HardwareError where the pins know no PWM: then there is nothing to make a tone with.
    """

    def __init__(self, pin: int, pins: Any) -> None:
        import gpiozero
        from gpiozero.exc import PinPWMUnsupported

        self._pin = pin
        with _told("chime", pin):
            try:
                self._pwm = gpiozero.PWMOutputDevice(pin, frequency=440, initial_value=0, pin_factory=pins)
            except PinPWMUnsupported as error:
                raise HardwareError(
                    f'The chime needs PWM on GPIO {pin}, which these pins do not have; set driver = "none" in [chime].'
                ) from error

    def sound(self, hz: float) -> None:
        with _told("chime", self._pin):
            self._pwm.frequency = hz
            self._pwm.value = HALF

    def silence(self) -> None:
        with _told("chime", self._pin):
            self._pwm.value = 0.0

    def close(self) -> None:
        """Silent, and the pin is free."""
        self._pwm.close()


@contextmanager
def _told(part: str, pin: int) -> Iterator[None]:
    try:
        yield
    except HardwareError:
        raise
    except Exception as error:  # each library has errors of its own; lgpio's, for a pin that is taken, is a bare one
        raise HardwareError(f"The {part} cannot use GPIO {pin} ({error}); correct pin in [{part}].") from error
