"""Every driver can be imported on a desktop, at once, without its vendor; and with it."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import matpi.drivers

VENDORS = "gpiod", "gpiozero", "lgpio", "luma", "adafruit_hx711", "microcontroller", "spidev", "smbus2"
MODULES = sorted(m.name for m in pkgutil.walk_packages(matpi.drivers.__path__, "matpi.drivers."))


def test_there_are_drivers() -> None:
    assert {f"matpi.drivers.{name}" for name in ("scale.hx711", "oled", "gpio", "clock", "pins")} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_importing_a_driver_imports_no_vendor_and_says_nothing(name: str) -> None:
    code = f"import sys, {name}; print(sorted(set({VENDORS!r}) & set(sys.modules)))"
    reported = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (reported.stdout, reported.stderr) == ("[]\n", "")
