"""Read the button's edges, set the LED's duty and the piezo's tone through gpiozero."""

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

STEPS: Final = 100  # duties of lgpio's PWM
PWM_HZ: Final = 200  # chosen, unmeasured: no flicker to the eye; lgpio's thread wakes 400 times a second
HALF: Final = 0.5  # a square wave is the loudest duty of a piezo
LIT_FROM: Final = 0.18  # duty from which an LED without PWM is on: half of full to the eye (CIE L* 50 is 0.184)

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
"""Exists where lines are numbered from 0, as gpiozero's native pins need: up to kernel 6.5 (raspberrypi/linux#6037)."""


def header(choice: str = "auto") -> Any:
    """Return the pins of this board as a gpiozero pin factory. `choice` is "auto" or one of FACTORIES.

    "auto" is lgpio, then native under a kernel it works with; native has no PWM. gpiozero's own choice would try four
    libraries with a warning each. Raises HardwareError that names each library tried and why it failed.
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
        except Exception as error:  # noqa: BLE001 - each library has errors of its own
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
    """A button between `pin` and ground, pulled up. `pins` is a gpiozero pin factory."""

    def __init__(self, pin: int, pins: Any, *, now: Callable[[], float] = time.monotonic) -> None:
        import gpiozero

        self._now = now
        with _using("button", pin):
            # No bounce_time: it would move the edges. The core debounces.
            self._button = gpiozero.Button(pin, pull_up=True, bounce_time=None, pin_factory=pins)

    def start(self, put: Put) -> None:
        """Put ButtonDown and ButtonUp at each edge, bounces included, from gpiozero's thread."""
        self._button.when_pressed = lambda: put(ButtonDown(self._now()))
        self._button.when_released = lambda: put(ButtonUp(self._now()))

    def close(self) -> None:
        self._button.close()


class Led:
    """An LED from `pin` through a resistor to ground. Implements `Lamp`. `fades` is False without PWM."""

    def __init__(self, pin: int, pins: Any) -> None:
        import gpiozero
        from gpiozero.exc import PinPWMUnsupported

        self._pin = pin
        self._step = 0
        with _using("lamp", pin):
            try:
                self._led = gpiozero.PWMLED(pin, frequency=PWM_HZ, initial_value=0, pin_factory=pins)
            except PinPWMUnsupported:
                self._led = gpiozero.LED(pin, pin_factory=pins)
        self.fades = isinstance(self._led, gpiozero.PWMLED)

    def set(self, duty: float) -> None:
        """Set the light to `duty`, clamped to 0 to 1 and linear in light. Writes only changes."""
        step = round(min(1.0, max(0.0, duty)) * STEPS) if self.fades else STEPS * (duty >= LIT_FROM)
        if step == self._step:
            return
        with _using("lamp", self._pin):
            # Slightly more, because gpiozero truncates duty * 100: 0.29 would become step 28.
            self._led.value = min(1.0, step / STEPS + 1e-6) if step else 0.0
        self._step = step

    def close(self) -> None:
        """Switch off and free the pin."""
        self._led.close()


class Piezo:
    """A passive piezo from `pin` to ground, driven by a square wave. Implements `chime.Sounder`.

    Raises HardwareError where the pins have no PWM.
    """

    def __init__(self, pin: int, pins: Any) -> None:
        import gpiozero
        from gpiozero.exc import PinPWMUnsupported

        self._pin = pin
        with _using("chime", pin):
            try:
                self._pwm = gpiozero.PWMOutputDevice(pin, frequency=440, initial_value=0, pin_factory=pins)
            except PinPWMUnsupported as error:
                raise HardwareError(
                    f'The chime needs PWM on GPIO {pin}, which these pins do not have; set driver = "none" in [chime].'
                ) from error

    def sound(self, hz: float) -> None:
        with _using("chime", self._pin):
            self._pwm.frequency = hz
            self._pwm.value = HALF

    def stop(self) -> None:
        with _using("chime", self._pin):
            self._pwm.value = 0.0

    def close(self) -> None:
        """Stop the tone and free the pin."""
        self._pwm.close()


@contextmanager
def _using(part: str, pin: int) -> Iterator[None]:
    """Raise HardwareError for whatever the GPIO library raises."""
    try:
        yield
    except HardwareError:
        raise
    except Exception as error:  # each library has its own; lgpio raises a bare Exception for a pin in use
        raise HardwareError(f"The {part} cannot use GPIO {pin} ({error}); correct pin in [{part}].") from error
