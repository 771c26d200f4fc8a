"""Open the two wires of an HX711 as objects with `.value`, through lgpio (python3-lgpio).

Not gpiod: it releases the interpreter at every edge, and 13 % of the samples are lost then (measured on x86-64 with one
busy thread).
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from matpi.errors import HardwareError

# Labels of the GPIO chip behind the header: Pi 0 to 3, 4, 5. Its number differs between kernels on a Pi 5.
HEADER_CHIPS: Final = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
GPIOCHIPS: Final = 16


class LgpioPin:
    """One claimed line."""

    def __init__(self, lgpio: Any, handle: int, gpio: int) -> None:
        self._read = lgpio.gpio_read
        self._write = lgpio.gpio_write
        self._handle = handle
        self._gpio = gpio

    @property
    def value(self) -> bool:
        return bool(self._read(self._handle, self._gpio))

    @value.setter
    def value(self, level: bool) -> None:
        self._write(self._handle, self._gpio, int(level))


def open_pins(data: int, clock: int, lgpio: Any = None, devices: Path = Path("/dev")) -> tuple[LgpioPin, LgpioPin]:
    """Claim DOUT as an input pulled up (an unplugged chip is never ready), PD_SCK as an output, low.

    `data` and `clock` are BCM numbers. The lines stay claimed until the process ends. Raises HardwareError when there
    is no header or a line is in use.
    """
    if lgpio is None:
        lgpio = _library()
    handle = _header(lgpio, devices)
    gpio = data
    try:
        lgpio.gpio_claim_input(handle, data, lgpio.SET_PULL_UP)
        gpio = clock
        lgpio.gpio_claim_output(handle, clock, 0)
    except lgpio.error as error:
        raise HardwareError(
            f"GPIO {gpio} cannot be used for a load cell chip ({error}); "
            f"stop what else uses it, or correct [[scale.channels]]."
        ) from error
    return LgpioPin(lgpio, handle, data), LgpioPin(lgpio, handle, clock)


def load_lgpio() -> Any:
    """Import lgpio. Raises ImportError.

    The import makes a named pipe in LG_WD, else in the working directory, and changes to that folder (lgpio 0.2.2).
    """
    os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY") or tempfile.gettempdir())
    here = Path.cwd()
    try:
        import lgpio
    finally:
        with suppress(OSError):  # `sudo -u matpi` in a home that only its owner may enter: no relative path works there
            os.chdir(here)
    return lgpio


def _library() -> Any:
    try:
        return load_lgpio()
    except ImportError as error:
        raise HardwareError(f"lgpio is not there ({error}); install python3-lgpio.") from error


def _header(lgpio: Any, devices: Path) -> int:
    for number in range(GPIOCHIPS):
        try:
            handle: int = lgpio.gpiochip_open(number)
        except lgpio.error:
            continue
        if lgpio.gpio_get_chip_info(handle)[3] in HEADER_CHIPS:
            return handle
        lgpio.gpiochip_close(handle)
    there = sorted(devices.glob("gpiochip*"))
    if there and not any(os.access(path, os.R_OK | os.W_OK) for path in there):
        raise HardwareError(f"{there[0]} may not be used by this user; add it to the group gpio and log in again.")
    raise HardwareError(
        "There is no GPIO header here; run this on a Raspberry Pi, "
        'or on a computer without a header set driver = "sim" in [scale].'
    )
