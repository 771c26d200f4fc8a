"""Use the header's pins through gpiozero: pin factory, button, and the thread that runs a part.

led.py and chime.py are the other two parts.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from matpi.core.events import ButtonDown, ButtonUp, Noted
from matpi.drivers.pins import load_lgpio
from matpi.errors import HardwareError
from matpi.ports import PART_RETRY_S, Put

STOP_S: Final = 1.0
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
        with using("button", pin):
            # No bounce_time: it would move the edges. The core debounces, and times the hold: gpiozero.Button has a
            # thread for that, which wakes ten times a second.
            self._button = gpiozero.DigitalInputDevice(pin, pull_up=True, bounce_time=None, pin_factory=pins)

    def start(self, put: Put) -> None:
        """Put ButtonDown and ButtonUp at each edge, bounces included, from gpiozero's thread."""
        self._button.when_activated = lambda: put(ButtonDown(self._now()))
        self._button.when_deactivated = lambda: put(ButtonUp(self._now()))

    def close(self) -> None:
        self._button.close()


class LineButton:
    """The same through the kernel's own events, on a line of /dev/gpiochip`chip`.

    For the same edges lgpio has a thread that wakes 2,000 times a second, pressed or not (lgPthAlerts.c, 0.2.2).
    """

    def __init__(self, pin: int, chip: int, *, now: Callable[[], float] = time.monotonic) -> None:
        with using("button", pin):
            import gpiod
            from gpiod.line import Bias, Edge

            settings = gpiod.LineSettings(edge_detection=Edge.BOTH, bias=Bias.PULL_UP)
            self._line = gpiod.request_lines(f"/dev/gpiochip{chip}", {pin: settings}, consumer="matpi")
        self._now = now
        self._ended = os.eventfd(0)
        self._thread: threading.Thread | None = None

    def start(self, put: Put) -> None:
        """Put ButtonDown and ButtonUp at each edge, bounces included, from the thread "button edges"."""
        self._thread = threading.Thread(target=self._listen, args=(put,), name="button edges", daemon=True)
        self._thread.start()

    def close(self) -> None:
        os.eventfd_write(self._ended, 1)
        if self._thread is not None:
            self._thread.join(STOP_S)
        self._line.release()
        os.close(self._ended)

    def _listen(self, put: Put) -> None:
        try:
            while self._ended not in select.select([self._line.fd, self._ended], [], [])[0]:
                for edge in self._line.read_edge_events():
                    fell = edge.event_type is edge.Type.FALLING_EDGE
                    put(ButtonDown(self._now()) if fell else ButtonUp(self._now()))
        except OSError as error:
            put(Noted(self._now(), "button_lost", f"The button's line has failed ({error}); restart matpi."))


def open_button(pin: int, pins: Any, *, now: Callable[[], float] = time.monotonic) -> Button | LineButton:
    """Open the button on `pin`: a line of its own where `pins` are lgpio's and gpiod is there."""
    chip = getattr(pins, "chip", None)
    try:
        import gpiod  # noqa: F401
    except ImportError:
        chip = None
    return LineButton(pin, chip, now=now) if isinstance(chip, int) else Button(pin, pins, now=now)


@contextmanager
def using(part: str, pin: int) -> Iterator[None]:
    """Raise HardwareError for whatever the GPIO library raises."""
    try:
        yield
    except HardwareError:
        raise
    except Exception as error:  # each library has its own; lgpio raises a bare Exception for a pin in use
        raise HardwareError(f"The {part} cannot use GPIO {pin} ({error}); correct pin in [{part}].") from error


class Part(Protocol):
    def close(self) -> None:
        """Free the pin."""


P = TypeVar("P", bound=Part)


class PartThread(Generic[P]):
    """The thread of one part (`name`: button, lamp or chime), opened with `make`.

    A part that raises HardwareError, opened or used, is noted once ("lamp_lost"), retried every PART_RETRY_S, and noted
    once when it works again ("lamp_back").
    """

    _always_runs: ClassVar[bool] = False  # False: the thread only opens the part
    _wanted: object = None  # what is asked for and not taken up yet

    def __init__(
        self, name: str, make: Callable[[], P], put: Put, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._make, self._put, self._now = name, make, put, now
        self._part: P | None = None
        self._lost = False
        self._stopping = False
        self._changed = threading.Condition()  # notified when there is something to do
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        if not self._use() or self._always_runs:
            self._thread.start()

    def stop(self) -> None:
        """End the thread within STOP_S and free the pin."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
        if self._part is not None:
            self._part.close()

    def _use(self, do: Callable[[P], object] = lambda _: None) -> bool:
        """Call `do` with the part, opened first if need be. Return whether it works."""
        try:
            if self._part is None:
                self._part = self._make()
            do(self._part)
        except HardwareError as error:
            if not self._lost:
                self._put(Noted(self._now(), f"{self._name}_lost", str(error)))
            self._lost = True
            return False
        if self._lost:
            self._put(Noted(self._now(), f"{self._name}_back", f"the {self._name} works again"))
        self._lost = False
        return True

    def _retry_s(self) -> float | None:
        """Return the seconds until the next retry, None while the part works."""
        return PART_RETRY_S if self._lost else None

    def step(self) -> float | None:
        """Do what is wanted. Return the seconds until the next step, None to wait until something is wanted."""
        self._use()
        return self._retry_s()

    def _run(self) -> None:
        wait_s = self._retry_s()
        while wait_s is not None or self._always_runs:
            with self._changed:
                self._changed.wait_for(self._called, wait_s)
                if self._stopping:
                    return
            wait_s = self.step()

    def _called(self) -> bool:
        return self._stopping or self._wanted is not None


class EmulatedHeader:
    """gpiozero's mock pins (`factory`) and the other ends of their wires."""

    def __init__(self) -> None:
        from gpiozero.pins.mock import MockFactory, MockPWMPin

        self.factory: Any = MockFactory(pin_class=MockPWMPin)

    def press(self, pin: int) -> None:
        """Connect the button's pin to ground."""
        self.factory.pin(pin).drive_low()

    def release(self, pin: int) -> None:
        """Leave the pin to its pull-up."""
        self.factory.pin(pin).drive_high()

    def duty(self, pin: int) -> float:
        """Return the duty of the LED on `pin`, 0 to 1."""
        return float(self.factory.pin(pin).state)
