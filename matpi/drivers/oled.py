"""The OLED through luma.oled: frames only when they changed, and one honest error when it does not answer.

`Panel` blocks and raises; `PanelThread` does neither and is what the loop shows on. luma is imported by the first
call that needs it, so with PanelThread in its thread: it takes 45 ms on a desktop computer and ten times that on a Pi
Zero 2 (the first measured, the second estimated).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from matpi.core.brightness import Brightness
from matpi.errors import HardwareError

if TYPE_CHECKING:
    from PIL.Image import Image

    from matpi.ports import Put

Driver = Literal["sh1106", "ssd1306", "ssd1309"]
Dim = Literal["full", "contrast"]

CONTRAST, PRECHARGE, VCOM = 0x81, 0xD9, 0xDB
DISPLAY_OFF, NOP = 0xAE, 0xE3

RETRY_S: Final = 5.0
"""Chosen: a plug pushed in again shows its picture soon, and the bus of a missing panel stays quiet."""
REFRESH_S: Final = 15.0
"""Chosen, unmeasured. A frame is 23 ms of a bus at 400 kHz and 93 ms at 100 kHz (computed from its 1034 bytes)."""
STOP_S: Final = 1.0


class Level(NamedTuple):
    """The three registers that make the light of a panel."""

    contrast: int
    precharge: int
    """SSD130x: phase 2 in the high half, phase 1 in the low one. SH1106: discharge high, pre-charge low. 0 is invalid
    in either half (both data sheets); the 5 of a recipe that is often copied has such a 0."""
    vcom: int


# BRIGHT is what luma's start-up sets: on an SSD1306 what Adafruit's driver has always set, its VCOM of 0x40 beyond the
# table of the data sheet (adafruit/Adafruit_SSD1306#42), and on an SH1106 near its power-on values.
#
# DIM, contrast: the current of a segment is contrast / 256 x IREF x 8 (SSD1306 data sheet, 8.8), so 1 is the least that
# is not nothing. Alone it changes little on many SSD130x modules (olikraus/u8g2#1504, #2408; rm-hull/luma.oled#281),
# and much on an SH1106 (#281).
# DIM, pre-charge: the shortest. It widens the range on an SSD1306 (u8g2#98: "full brightness control"; the rust driver
# found 1 and 2 to differ and more not to), and works on an SH1106 (u8g2#1833).
# DIM, VCOM: 0x00 is 0.65 x Vcc on an SSD1306 and 0.64 on an SSD1309 (data sheets, DBh), the third step of the recipe
# that gets really dark (ThingPulse/esp8266-oled-ssd1306#134). On SH1106 modules any write of it has turned the picture
# black (u8g2#1833, #1506), so it keeps luma's value and is not written at all.
LEVELS: Final = MappingProxyType(
    {
        "ssd1306": {Brightness.BRIGHT: Level(0xCF, 0xF1, 0x40), Brightness.DIM: Level(0x01, 0x11, 0x00)},
        "ssd1309": {Brightness.BRIGHT: Level(0xCF, 0xF1, 0x40), Brightness.DIM: Level(0x01, 0x11, 0x00)},
        "sh1106": {Brightness.BRIGHT: Level(0x7F, 0x22, 0x20), Brightness.DIM: Level(0x01, 0x21, 0x20)},
    }
)


def dimming(driver: Driver, brightness: Brightness, dim: Dim) -> tuple[int, ...]:
    """The command bytes that set this brightness: the contrast, and with dim = "full" the voltages that differ."""
    level = LEVELS[driver][brightness]
    if dim == "contrast":
        return (CONTRAST, level.contrast)
    command = (CONTRAST, level.contrast, PRECHARGE, level.precharge)
    return (*command, VCOM, level.vcom) if len({each.vcom for each in LEVELS[driver].values()}) > 1 else command


class Panel:
    """A 128x64 panel. It is opened by the first call that needs it and, once lost, anew by the next: who shows again
    every few seconds has it back with a full start-up. Raises HardwareError from `show`, `refresh` and `off`.

    `serial` makes the wire, for the emulated panel; without it luma opens /dev/i2c-`port`. It is given `port=` and
    never `bus=`, with which luma sends 33 short transfers a frame instead of 2.
    """

    def __init__(
        self,
        driver: Driver = "sh1106",
        port: int = 1,
        address: int = 0x3C,
        rotate_deg: Literal[0, 180] = 0,
        dim: Dim = "full",
        *,
        serial: Callable[[], Any] | None = None,
    ) -> None:
        self._driver = driver
        self._port = port
        self._address = address
        self._rotate = rotate_deg // 90
        self._dim = dim
        self._make_serial = serial or self._i2c
        self._device: Any = None
        self._wire: _Wire | None = None
        self._lit = False
        self._shown: bytes | None = None
        self._image: Image | None = None
        self._brightness: Brightness | None = None

    def show(self, image: Image, brightness: Brightness = Brightness.BRIGHT) -> None:
        """`image` is 128x64 in mode "1". Writes nothing that the panel already shows."""
        pixels = image.tobytes()
        if self._lit and pixels == self._shown and brightness is self._brightness:
            return
        lost = _lost()
        try:
            device = self._opened()
            if brightness is not self._brightness:
                device.command(*dimming(self._driver, brightness, self._dim))
                self._brightness = brightness
            if pixels != self._shown:
                device.display(image)
                self._shown, self._image = pixels, image
            if not self._lit:
                device.show()
                self._lit = True
        except lost as error:
            raise self._gone(error) from error

    def refresh(self) -> None:
        """Send all of a lit panel again, not darkening it: one whose power blinked answers, but has lost everything."""
        if not self._lit or self._wire is None or self._image is None or self._brightness is None:
            return
        lost = _lost()
        try:
            self._wire.command(*self._wire.registers)
            self._wire.command(*dimming(self._driver, self._brightness, self._dim))
            self._device.display(self._image)
            self._device.show()
        except lost as error:
            raise self._gone(error) from error

    def off(self) -> None:
        """Dark. A panel not yet opened is, too: it keeps its last picture when a program before ours was killed."""
        if self._device is not None and not self._lit:
            return
        lost = _lost()
        try:
            self._opened().hide()
            self._lit = False
        except lost as error:
            raise self._gone(error) from error

    def close(self) -> None:
        """Leave the bus alone from here on; the panel stays as it is. A later call opens it again."""
        if self._device is not None:
            vars(self._device).clear()  # luma's exit handler still holds the object; its tables need not stay
        if self._wire is not None:
            with suppress(OSError):
                self._wire.cleanup()
        self._device = self._wire = self._shown = self._image = self._brightness = None
        self._lit = False

    def _opened(self) -> Any:
        if self._device is None:
            import luma.oled.device

            self._wire = _Wire(self._make_serial())
            # Asked before luma makes its device: that registers an exit handler for ever, and a panel that stays away
            # is tried again every few seconds.
            self._wire.command(NOP)
            kind = getattr(luma.oled.device, self._driver)
            # In two steps, so that a panel lost in its start-up can be forgotten too: 130 kB for each try.
            self._device = kind.__new__(kind)
            self._wire.registers = ()
            self._device.__init__(self._wire, rotate=self._rotate)
            self._device.persist = True  # else luma's exit handler writes to a bus that may hang
            self._lit = True
        return self._device

    def _gone(self, error: Exception) -> HardwareError:
        self.close()
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


class _Wire:
    """Between luma and its serial interface: remembers the registers that luma's start-up sets."""

    def __init__(self, serial: Any) -> None:
        self._serial = serial
        self.registers: tuple[int, ...] = (NOP,)
        """The first command of luma's start-up without the "display off" it begins with; NOP before that."""

    def command(self, *cmd: int) -> None:
        if not self.registers:
            self.registers = cmd[1:] if cmd[0] == DISPLAY_OFF else cmd
        self._serial.command(*cmd)

    def data(self, data: Any) -> None:
        self._serial.data(data)

    def cleanup(self) -> None:
        self._serial.cleanup()


class _Frame(NamedTuple):
    pixels: bytes
    brightness: Brightness
    image: Image | None
    """None: dark."""


DARK: Final = _Frame(b"", Brightness.BRIGHT, None)


class PanelThread:
    """Implements `Screen` and neither blocks nor raises: the latest frame wins, a thread "screen" draws it.

    A panel that fails is told once (PanelLost), tried again every `retry_s` with a full start-up, and told once when
    it is back, showing what is wanted by then. What the panel kept of a program before ours goes with the first frame.
    """

    def __init__(
        self,
        panel: Panel,
        put: Put,
        *,
        now: Callable[[], float] = time.monotonic,
        retry_s: float = RETRY_S,
        refresh_s: float = REFRESH_S,
        threaded: bool = True,
    ) -> None:
        """`threaded` = False leaves it to the caller to `step`, in virtual time."""
        self.drawn = 0
        self.dropped = 0
        """Frames that a newer one replaced before they were drawn."""
        self.trouble: str | None = None
        """What is wrong with the panel and what to do, in one sentence; None while it works."""

        self._panel = panel
        self._put = put
        self._now = now
        self._retry_s = retry_s
        self._refresh_s = refresh_s
        self._wanted: _Frame | None = None
        self._waiting = False  # the wanted frame has not been drawn
        self._due_at = 0.0  # of the next try while lost, else of the next refresh
        self._stopping = self._woken = False
        self._blank = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="screen", daemon=True)
        if threaded:
            self._thread.start()

    def show(self, image: Image, brightness: Brightness) -> None:
        """`image` is 128x64 in mode "1"; it is copied."""
        self._want(_Frame(image.tobytes(), brightness, image.copy()))

    def off(self) -> None:
        self._want(DARK)

    def stop(self, within_s: float = STOP_S, *, blank: bool = True) -> bool:
        """Blank the panel, or leave the latest frame on it, and end the thread. False when the bus hung for longer;
        the thread does not hold the exit up.
        """
        with self._changed:
            self._stopping, self._blank = True, blank
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(within_s)
        return not self._thread.is_alive()

    def step(self) -> float | None:
        """Do what is due; the seconds until something may be again, None when only a new frame can bring that."""
        now = self._now()
        with self._changed:
            frame, waiting = self._wanted, self._waiting
            if frame is None:
                return None
            if self.trouble is not None:
                if now < self._due_at:
                    return self._due_at - now
            elif not waiting:
                if frame.image is None:
                    return None
                if now < self._due_at:
                    return self._due_at - now
            self._waiting = False
        try:
            self._draw(frame, waiting)
        except HardwareError as error:
            self._lose(str(error), waiting)
        except Exception as error:  # noqa: BLE001 - a fault in a driver must not end the screen until the next start
            self._lose(f"The panel's driver failed ({type(error).__name__}: {error}); report this.", waiting)
        return 0.0

    def _draw(self, frame: _Frame, waiting: bool) -> None:
        if frame.image is None:
            self._panel.off()
        elif waiting or self.trouble is not None:
            self._panel.show(frame.image, frame.brightness)
        else:
            self._panel.refresh()
        self.drawn += waiting
        self._due_at = self._now() + self._refresh_s
        if self.trouble is not None:
            self.trouble = None
            from matpi.core.events import PanelBack

            self._put(PanelBack(self._now()))

    def _lose(self, why: str, waiting: bool) -> None:
        news = self.trouble is None
        self.trouble = why
        self._due_at = self._now() + self._retry_s
        with self._changed:
            self._waiting = self._waiting or waiting
        if news:
            from matpi.core.events import PanelLost

            self._put(PanelLost(self._now()))

    def _want(self, frame: _Frame) -> None:
        with self._changed:
            wanted = self._wanted
            if wanted is not None and frame[:2] == wanted[:2]:
                return
            self.dropped += self._waiting
            self._wanted, self._waiting = frame, True
        self._wake()

    def _wake(self) -> None:
        with self._changed:
            self._woken = True
            self._changed.notify()

    def _run(self) -> None:
        while not self._stopping:
            wait_s = self.step()
            with self._changed:
                if not self._woken:
                    self._changed.wait(wait_s)
                self._woken = False
        if self._blank:
            with suppress(Exception):  # nobody is left to tell
                self._panel.off()
        else:
            self.step()
        self._panel.close()


def _lost() -> tuple[type[Exception], ...]:
    """What luma lets through when the panel is gone. Raises HardwareError when there is no luma."""
    try:
        from luma.core.error import Error
    except ImportError as error:
        raise HardwareError(f"luma.oled cannot be loaded ({error}); install matpi again.") from error
    # luma turns an I/O error into its own for a command, and lets an OSError through for data.
    return (OSError, Error)
