"""Imports every driver, then the vendors' libraries, on the machine it runs on; says where each library came from."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import platform

import matpi.drivers

VENDORS = (
    "adafruit_hx711.hx711",
    "gpiod",
    "gpiozero",
    "luma.core.interface.serial",
    "luma.oled.device",
    "smbus2",
    "spidev",
)


def main() -> None:
    drivers = sorted(m.name for m in pkgutil.walk_packages(matpi.drivers.__path__, "matpi.drivers."))
    for name in drivers:
        importlib.import_module(name)
    print(f"{platform.machine()}, Python {platform.python_version()}: {len(drivers)} drivers imported")
    # As drivers/scale/hx711.py does: else Blinka looks for a board.
    os.environ.setdefault("BLINKA_OS_AGNOSTIC", "1")
    for name in VENDORS:
        print(f"{name}: {importlib.import_module(name).__file__}")
    if importlib.util.find_spec("lgpio") is None:
        print("lgpio: not here; on a Pi it is python3-lgpio of Raspberry Pi OS, which Debian does not have")
    else:
        print(f"lgpio: {importlib.import_module('gpiozero.pins.lgpio').lgpio.__file__}")


if __name__ == "__main__":
    main()
