"""Drive the OLED through luma.oled.

`Panel` blocks and raises; `PanelThread` does neither and is the loop's `Screen`. luma is imported by the first call,
for it takes 45 ms on a desktop computer (measured) and about ten times that on a Pi Zero 2 (estimated).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from matpi.core.brightness import Brightness
from matpi.errors import HardwareError

if TYPE_CHECKING:
    from PIL.Image import Image

    from matpi.ports import Put

Controller = Literal["sh1106", "ssd1306", "ssd1309"]
Driver = Literal["auto"] | Controller
Dim = Literal["full", "contrast"]

CONTRAST, PRECHARGE, VCOM = 0x81, 0xD9, 0xDB
DISPLAY_OFF, NOP = 0xAE, 0xE3
COLUMNS, PAGES = 0x21, 0x22  # of an SSD130x: the first and the last of the window that data fills
SH1106_PAGE, COLUMN_16, SH1106_FIRST = 0xB0, 0x10, 2  # its memory is wider than the glass, which begins at column 2
PAGE_PX = 8
COLUMN_0, ONE_COMMAND, ONE_DATA = 0x00, 0x80, 0xC0  # the last two are control bytes

RETRY_S: Final = 5.0  # chosen: a panel plugged in again shows its picture soon
REFRESH_S: Final = 15.0  # chosen; a frame is 23 ms of a bus at 400 kHz, 93 ms at 100 kHz (computed from its 1034 bytes)
STOP_S: Final = 1.0


class Level(NamedTuple):
    """The registers that set the brightness. Both halves of `precharge` are 1 to 15."""

    contrast: int
    precharge: int
    vcom: int


# [evidence: oled-dimming]
SSD130X: Final = {Brightness.BRIGHT: Level(0xCF, 0xF1, 0x40), Brightness.DIM: Level(0x01, 0x11, 0x00)}
SH1106: Final = {Brightness.BRIGHT: Level(0x7F, 0x22, 0x20), Brightness.DIM: Level(0x01, 0x21, 0x20)}
LEVELS: Final = MappingProxyType({"ssd1306": SSD130X, "ssd1309": SSD130X, "sh1106": SH1106})


def dimming(driver: Controller, brightness: Brightness, dim: Dim) -> tuple[int, ...]:
    """Return the command bytes that set `brightness`: contrast, and with dim = "full" the voltages."""
    level = LEVELS[driver][brightness]
    if dim == "contrast":
        return (CONTRAST, level.contrast)
    command = (CONTRAST, level.contrast, PRECHARGE, level.precharge)
    # An SH1106 keeps luma's VCOM: writing it turns the picture of some modules black.
    return command if driver == "sh1106" else (*command, VCOM, level.vcom)


def controller(serial: Any) -> Controller:
    """Return which controller is behind luma's I2C interface: only an SH1106 gives back what is in its memory.

    An SSD1309 takes the commands of an SSD1306. Changes one column of the picture [evidence: oled-controller].
    """
    from smbus2 import i2c_msg

    bus, address = serial._bus, serial._addr  # noqa: SLF001 - luma can only write
    at_column = [ONE_COMMAND, COLUMN_0, ONE_DATA]
    expected: int | None = None
    for pattern in (0x5A, 0xC3, 0x96):
        answer = i2c_msg.read(address, 2)
        try:
            bus.i2c_rdwr(i2c_msg.write(address, at_column), answer)
        except OSError:  # it does not let itself be read at all
            return "ssd1306"
        found = bytes(answer)[1]  # the first is a dummy, by the data sheet
        if expected is not None and found != expected:
            return "ssd1306"
        expected = found ^ pattern
        bus.i2c_rdwr(i2c_msg.write(address, [*at_column, expected]))
    return "sh1106"


class Panel:
    """A 128x64 panel, opened by the first call and, once lost, by the next. Calls raise HardwareError.

    `serial` makes the interface of the emulated panel; without it luma opens /dev/i2c-`port`.
    """

    def __init__(
        self,
        driver: Driver = "auto",
        port: int = 1,
        address: int = 0x3C,
        rotate_deg: Literal[0, 180] = 0,
        dim: Dim = "full",
        *,
        serial: Callable[[], Any] | None = None,
    ) -> None:
        self._driver, self._port, self._address, self._dim = driver, port, address, dim
        self._controller: Controller = "sh1106"  # found when the panel is opened
        self._rotate = rotate_deg // 90
        self._make_serial = serial or self._i2c
        self._device: Any = None
        self._wire: _Wire | None = None
        self._lit = False
        self._image: Image | None = None  # as the panel has it in its memory
        self._brightness: Brightness | None = None

    def show(self, image: Image, brightness: Brightness = Brightness.BRIGHT) -> None:
        """Show `image`, 128x64 in mode "1". Writes only the rectangle that the panel does not show already."""
        new = image != self._image
        if self._lit and not new and brightness is self._brightness:
            return
        with self._answering() as device:
            if brightness is not self._brightness:
                device.command(*dimming(self._controller, brightness, self._dim))
                self._brightness = brightness
            if new:
                # A dark panel may have lost its memory: none of that is to light up.
                shown, self._image = self._image if self._lit else None, None
                self._send(image, shown)
                self._image = image.copy()
            if not self._lit:
                device.show()
                self._lit = True

    def refresh(self) -> None:
        """Send everything to a lit panel again: one whose power blinked answers, but has lost its registers."""
        if not self._lit or self._wire is None or self._image is None or self._brightness is None:
            return
        with self._answering() as device:
            self._wire.command(*self._wire.registers)
            self._wire.command(*dimming(self._controller, self._brightness, self._dim))
            self._send(self._image)
            device.show()

    def off(self) -> None:
        """Darken the panel. It may show the last picture of a killed program, so it is opened if need be."""
        if self._device is not None and not self._lit:
            return
        with self._answering() as device:
            device.hide()
            self._lit = False

    def close(self) -> None:
        """Release the bus and leave the panel as it is. A later call opens it again."""
        if self._device is not None:
            vars(self._device).clear()  # luma's exit handler still holds the object; its tables need not stay
        if self._wire is not None:
            with suppress(OSError):
                self._wire.cleanup()
        self._device = self._wire = self._image = self._brightness = None
        self._lit = False

    def _send(self, image: Image, shown: Image | None = None) -> None:
        """Send the rectangle that differs from `shown`, or everything. PIL packs it in half of luma's time."""
        from PIL import ImageChops
        from PIL.Image import Transpose

        image = self._device.preprocess(image)  # turned
        box: tuple[int, int, int, int] | None = (0, 0, *image.size)
        if shown is not None:
            box = ImageChops.logical_xor(image, self._device.preprocess(shown)).getbbox()
        if box is None:
            return
        left, top, right, bottom = box
        first, last = top // PAGE_PX, (bottom - 1) // PAGE_PX
        strips = (image.crop((left, y, right, y + PAGE_PX)) for y in range(PAGE_PX * first, bottom, PAGE_PX))
        # A byte is eight pixels of a column, the lowest bit on top.
        pages = [strip.transpose(Transpose.ROTATE_270).tobytes() for strip in strips]
        if self._controller != "sh1106":
            self._device.command(COLUMNS, left, right - 1, PAGES, first, last)
            self._device.data(b"".join(pages))
            return
        column = left + SH1106_FIRST
        for page, data in enumerate(pages, first):
            self._device.command(SH1106_PAGE | page, COLUMN_0 | column & 0x0F, COLUMN_16 | column >> 4)
            self._device.data(data)

    @contextmanager
    def _answering(self) -> Iterator[Any]:
        """Yield luma's device, opened if need be. When it is lost, close it and raise HardwareError."""
        try:
            from luma.core.error import Error
        except ImportError as error:
            raise HardwareError(f"luma.oled cannot be loaded ({error}); install matpi again.") from error
        try:
            yield self._opened()
        except (OSError, Error) as error:  # luma raises its own for a command, and lets an OSError through for data
            raise self._gone(error) from error

    def _opened(self) -> Any:
        if self._device is None:
            import luma.oled.device

            serial = self._make_serial()
            self._wire = _Wire(serial)
            # Before luma's device, which registers an exit handler that is never removed: a panel is retried for ever.
            self._wire.command(NOP)
            self._controller = controller(serial) if self._driver == "auto" else self._driver
            kind = getattr(luma.oled.device, self._controller)
            # In two steps, so that a panel lost during start-up can be freed too: 130 kB a retry.
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

        # Never with `bus=`: luma then sends 33 short transfers a frame instead of 2.
        return i2c(port=self._port, address=self._address)


class _Wire:
    """luma's serial interface, recording the registers that luma's start-up sets."""

    def __init__(self, serial: Any) -> None:
        self._serial = serial
        self.registers: tuple[int, ...] = (NOP,)  # of luma's first command, without its leading "display off"

    def command(self, *cmd: int) -> None:
        if not self.registers:
            self.registers = cmd[1:] if cmd[0] == DISPLAY_OFF else cmd
        self._serial.command(*cmd)

    def data(self, data: Any) -> None:
        self._serial.data(data)

    def cleanup(self) -> None:
        self._serial.cleanup()


class _Frame(NamedTuple):
    image: Image | None  # None: dark
    brightness: Brightness = Brightness.BRIGHT


class PanelThread:
    """Draw the latest frame in a thread "screen". Implements `Screen`; neither blocks nor raises.

    A lost panel is reported once (PanelLost), retried every RETRY_S with a full start-up, and reported once when it
    is back (PanelBack) and shows the latest frame.
    """

    def __init__(
        self,
        panel: Panel,
        put: Put,
        *,
        now: Callable[[], float] = time.monotonic,
        threaded: bool = True,
    ) -> None:
        """Start the thread; with `threaded` False the caller calls `step`, in virtual time."""
        self.drawn = 0
        self.trouble: str | None = None  # what is wrong and what to do, in one sentence; None while the panel works
        self._panel, self._put, self._now = panel, put, now
        self._wanted: _Frame | None = None
        self._waiting = False  # the wanted frame has not been drawn
        self._due_at = now() + REFRESH_S  # of the next try while lost, else of the next refresh
        self._stopping = self._woken = False
        self._blank = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="screen", daemon=True)
        if threaded:
            self._thread.start()

    def show(self, image: Image, brightness: Brightness) -> None:
        """Draw a copy of `image`, 128x64 in mode "1", soon."""
        self._want(_Frame(image.copy(), brightness))

    def off(self) -> None:
        self._want(_Frame(None))

    def stop(self, within_s: float = STOP_S, *, blank: bool = True) -> bool:
        """Blank the panel, or leave its latest frame, and end the thread. Return False when the bus hangs."""
        with self._changed:
            self._stopping, self._blank = True, blank
            self._wake()
        if self._thread.ident is not None:
            self._thread.join(within_s)
        return not self._thread.is_alive()

    def step(self) -> float | None:
        """Draw what is due. Return the seconds until the next step, None to wait for a new frame."""
        now = self._now()
        with self._changed:
            frame, waiting = self._wanted, self._waiting
            if frame is None:
                return None
            lost = self.trouble is not None
            if not (lost or waiting) and frame.image is None:
                return None
            if (lost or not waiting) and now < self._due_at:
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
        due, lost = self._now() >= self._due_at, self.trouble is not None
        if frame.image is None:
            self._panel.off()
        elif waiting or lost:
            self._panel.show(frame.image, frame.brightness)
        if due and not lost:  # however often there is a new frame: each sends only what differs
            self._panel.refresh()
        self.drawn += waiting
        if due or lost:
            self._due_at = self._now() + REFRESH_S
        if self.trouble is not None:
            self.trouble = None
            from matpi.core.events import PanelBack

            self._put(PanelBack(self._now()))

    def _lose(self, why: str, waiting: bool) -> None:
        news = self.trouble is None
        self.trouble = why
        self._due_at = self._now() + RETRY_S
        with self._changed:
            self._waiting = self._waiting or waiting
        if news:
            from matpi.core.events import PanelLost

            self._put(PanelLost(self._now()))

    def _want(self, frame: _Frame) -> None:
        with self._changed:
            if frame == self._wanted:
                return
            self._wanted, self._waiting = frame, True
            self._wake()

    def _wake(self) -> None:
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
            with suppress(Exception):  # the device ends: there is no one left to report it to
                self._panel.off()
        else:
            self.step()
        self._panel.close()
