"""The OLED through luma.oled: frames only when they changed, and one honest error when it does not answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal

from matpi.core.effects import Brightness
from matpi.errors import HardwareError

if TYPE_CHECKING:
    from PIL.Image import Image

CONTRAST: Final = {Brightness.BRIGHT: 0xCF, Brightness.DIM: 0x01}
"""0xCF is luma's own for an SSD1306. On some modules contrast alone dims little; the voltages that would dim further
turn others black (olikraus/u8g2#1833), so they are left alone."""
NOP: Final = 0xE3


class Panel:
    """A 128x64 panel. It is opened by the first call that needs it and, once lost, anew by the next: who shows again
    every few seconds has it back with a full start-up. Raises HardwareError from `show` and `off`.

    `serial` makes the wire, for the emulated panel; without it luma opens /dev/i2c-`port`. It is given `port=` and
    never `bus=`, with which luma sends 33 short transfers a frame instead of 2.
    """

    def __init__(
        self,
        driver: Literal["sh1106", "ssd1306", "ssd1309"] = "sh1106",
        port: int = 1,
        address: int = 0x3C,
        rotate_deg: Literal[0, 180] = 0,
        *,
        serial: Callable[[], Any] | None = None,
    ) -> None:
        self._driver = driver
        self._port = port
        self._address = address
        self._rotate = rotate_deg // 90
        self._make_serial = serial or self._i2c
        self._device: Any = None
        self._serial: Any = None
        self._lit = False
        self._shown: bytes | None = None
        self._brightness: Brightness | None = None

    def show(self, image: Image, brightness: Brightness = Brightness.BRIGHT) -> None:
        """`image` is 128x64 in mode "1". Writes nothing that the panel already shows."""
        pixels = image.tobytes()
        if self._lit and pixels == self._shown and brightness is self._brightness:
            return
        try:
            device = self._opened()
            if brightness is not self._brightness:
                device.contrast(CONTRAST[brightness])
                self._brightness = brightness
            if pixels != self._shown:
                device.display(image)
                self._shown = pixels
            if not self._lit:
                device.show()
                self._lit = True
        except _lost() as error:
            raise self._gone(error) from error

    def off(self) -> None:
        """Dark. A panel not yet opened is, too: it keeps its last picture when a program before ours was killed."""
        if self._device is not None and not self._lit:
            return
        try:
            self._opened().hide()
            self._lit = False
        except _lost() as error:
            raise self._gone(error) from error

    def _opened(self) -> Any:
        if self._device is None:
            import luma.oled.device

            self._serial = self._make_serial()
            # Asked before luma makes its device: that registers an exit handler which keeps 130 kB for ever, and a
            # panel that stays away is tried again every few seconds.
            self._serial.command(NOP)
            self._device = getattr(luma.oled.device, self._driver)(self._serial, rotate=self._rotate)
            self._lit = True
        return self._device

    def _gone(self, error: Exception) -> HardwareError:
        if self._device is not None:
            vars(self._device).clear()  # the exit handler still holds the object; its tables need not stay
        if self._serial is not None:
            with suppress(OSError):
                self._serial.cleanup()
        self._device = self._serial = self._shown = self._brightness = None
        self._lit = False
        where = f"the OLED at address 0x{self._address:02X} of /dev/i2c-{self._port}"
        name, why = type(error).__name__, str(error)
        if name == "DevicePermissionError":
            return HardwareError(f"This user may not use {where}; add it to the group i2c.")
        if name == "DeviceNotFoundError" and "address" not in why:
            return HardwareError(f"There is no I2C port for {where}; switch I2C on, or correct port in [panel].")
        return HardwareError(f"No answer from {where} ({why}); look at its four wires and at address in [panel].")

    def _i2c(self) -> Any:
        from luma.core.interface.serial import i2c

        return i2c(port=self._port, address=self._address)


def _lost() -> tuple[type[Exception], ...]:
    from luma.core.error import Error

    # luma turns an I/O error into its own for a command, and lets an OSError through for data.
    return (OSError, Error)
