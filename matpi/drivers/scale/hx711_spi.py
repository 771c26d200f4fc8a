"""Read one HX711 on an SPI bus of its own: MOSI to PD_SCK, MISO to DOUT, no clock, no select.

The bits sent are the levels of PD_SCK. At 1 MHz a pulse is high for 1 us and no scheduler can stretch it: there is no
GLITCH. 0xAA is four pulses: a bit of the chip is two bits of the bus, the second of which is settled. Six of them are
24 pulses, and 0x80 is the 25th with DOUT read seven times after it. Every transfer ends low: high for over 60 us is
power-down. Polling for a conversion sends eight low bits.

The idea: crjeder/hx711_spi, robert-hh/hx711, Zephyr's avia,hx711-spi. Checked here on the emulated bus only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from matpi.drivers.scale.guard import Guarded, Taken
from matpi.errors import HardwareError

SPEED_HZ: Final = 1_000_000  # PD_SCK high for 1 us, typical in the data sheet; 0.2 to 50 us are allowed
MODE: Final = 0
POLL: Final = (0x00,)
PULSES: Final = (0xAA,) * 6
TAIL: Final = (0x80,)  # one pulse more: input A at gain 128
RESET: Final = (0xFF,) * 24 + (0x00,)  # high for 192 us; the chip asks for over 60


class Bus(Protocol):
    """spidev's SpiDev, as far as it is used."""

    def xfer2(self, values: list[int], /) -> list[int]:
        """Send bytes and return those received meanwhile."""


class SpiHX711(Guarded):
    """An HX711 behind spidev's `xfer2`."""

    def __init__(
        self,
        spi: Bus,
        rate: int = 80,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._spi = spi
        super().__init__(rate, now, sleep)

    def _level(self) -> bool:
        return bool(self._spi.xfer2(list(POLL))[-1] & 1)

    def _read_out(self) -> Taken | None:
        begun = self._now()
        came = self._spi.xfer2([*PULSES, *TAIL])
        raw = 0
        for byte in came[: len(PULSES)]:
            # Bits 6, 4, 2 and 0 are the second ones of each pair.
            raw = raw << 4 | (byte >> 3 & 8) | (byte >> 2 & 4) | (byte >> 1 & 2) | (byte & 1)
        tail = came[-1]
        return Taken(raw, extra=tail & 0xFE == 0xFE, idle_at=begun if tail & 1 else None, longest_high_s=1.0 / SPEED_HZ)

    def _power_cycle(self) -> None:
        self._spi.xfer2(list(RESET))


def open_spi(bus: int, device: int, spidev: Any = None) -> Bus:
    """Open /dev/spidev`bus`.`device`. Raises HardwareError when it or python3-spidev is missing."""
    if spidev is None:
        spidev = _library()
    name = f"/dev/spidev{bus}.{device}"
    spi = spidev.SpiDev()
    try:
        spi.open(bus, device)
        spi.mode = MODE
        spi.max_speed_hz = SPEED_HZ
        spi.bits_per_word = 8
    except FileNotFoundError as error:
        overlay = "dtparam=spi=on" if bus == 0 else f"dtoverlay=spi{bus}-1cs"
        raise HardwareError(
            f"There is no {name} for a load cell chip; switch the bus on in /boot/firmware/config.txt "
            f"({overlay}) and restart, or correct [[scale.spi]]."
        ) from error
    except PermissionError as error:
        raise HardwareError(
            f"{name} may not be used by this user; add it to the group spi and log in again."
        ) from error
    except OSError as error:
        raise HardwareError(
            f"{name} cannot be used for a load cell chip ({error}); correct [[scale.spi]] or restart."
        ) from error
    opened: Bus = spi
    return opened


def _library() -> Any:
    try:
        import spidev  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise HardwareError(f"spidev is not there ({error}); install python3-spidev.") from error
    return spidev
