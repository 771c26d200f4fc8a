"""Emulate an OLED of 128x64 from the bytes sent to it: an SSD1306, an SSD1309 or an SH1106.

Replaces the serial interface of luma.oled.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from PIL import Image

if TYPE_CHECKING:
    from smbus2 import i2c_msg

WIDTH: Final = 128
PAGES: Final = 8
SH1106_COLUMNS, SH1106_FIRST = 132, 2  # its memory is wider than the glass, which begins at column 2 (data sheet)

# Number of bytes that follow a command (SSD1306 data sheet, table 9). 0x20 to 0x22 do not exist on an SH1106.
ARGUMENTS: Final = {
    **dict.fromkeys([0x81, 0x8D, 0xA8, 0xAD, 0xD3, 0xD5, 0xD9, 0xDA, 0xDB], 1),
    0xA3: 2,
    **dict.fromkeys([0x29, 0x2A], 5),
    **dict.fromkeys([0x26, 0x27], 6),
}
I2C_M_RD, ONE_DATA, STATUS = 0x01, 0xC0, 0x43  # <linux/i2c.h>; a control byte; read from a dark SSD1306
WINDOW_ARGUMENTS: Final = {0x20: 1, 0x21: 2, 0x22: 2}


class PowerOn(NamedTuple):
    """The registers after a reset (data sheets), and whether the panel's voltage is on without a command."""

    contrast: int
    precharge: int
    vcom: int
    pumped: bool


POWER_ON: Final = {
    "ssd1306": PowerOn(0x7F, 0x22, 0x20, pumped=False),  # its charge pump is off
    "ssd1309": PowerOn(0x7F, 0x22, 0x34, pumped=True),  # fed from outside
    "sh1106": PowerOn(0x80, 0x22, 0x35, pumped=True),  # its converter is on
}


class PanelChip:
    """The controller and its glass. `lost`: every transfer raises OSError; `lose_in`: after so many more."""

    def __init__(self, driver: Literal["ssd1306", "ssd1309", "sh1106"] = "ssd1306") -> None:
        self.lost = False
        self.lose_in: int | None = None
        self.closed = False
        self.transfers = 0
        self.bytes = 0  # of commands and data, without the address and the control byte of each transfer
        self.snowed = False  # the glass has shown memory that was not written since power-on
        self._driver = driver
        self._narrow = driver != "sh1106"
        self._columns, self._first = (WIDTH, 0) if self._narrow else (SH1106_COLUMNS, SH1106_FIRST)
        self._power_up()

    def plug(self) -> PanelChip:
        """Return the interface that a program gets when it opens the bus."""
        self.closed = False
        return self

    def replug(self) -> None:
        """Switch the power off and on: registers at their power-on values, the memory noise."""
        self.lost = False
        self.lose_in = None
        self._power_up()

    def _power_up(self) -> None:
        self.lit = False
        self.contrast, self.precharge, self.vcom, self._pumped = POWER_ON[self._driver]
        self._memory = [
            bytearray((37 * page + 89 * x + (x * x >> 3)) & 0xFF for x in range(self._columns)) for page in range(PAGES)
        ]
        self._unwritten = {(page, self._first + x) for page in range(PAGES) for x in range(WIDTH)}
        self._horizontal = False
        self._window = (0, self._columns - 1, 0, PAGES - 1)
        self._column = self._page = 0
        self._inverted = self._all_on = False
        self._mirrored_x = self._mirrored_y = True  # until the two remap commands: modules are mounted upside down

    def __bool__(self) -> bool:
        # luma takes `serial_interface or i2c()`: a falsy one would open the real bus.
        return True

    def command(self, *cmd: int) -> None:
        self._transfer(len(cmd))
        rest = iter(cmd)
        for code in rest:
            count = ARGUMENTS.get(code, 0) or (WINDOW_ARGUMENTS.get(code, 0) if self._narrow else 0)
            self._do(code, [next(rest) for _ in range(count)])
        self._glow()

    def data(self, data: Iterable[int]) -> None:
        values = bytes(data)
        self._transfer(len(values))
        for value in values:
            self._memory[self._page][self._column] = value
            self._unwritten.discard((self._page, self._column))
            self._step()
        self._glow()

    # What luma's interface has inside: the bus as smbus2 opens it, for the one question that luma has no way to ask.
    _addr = 0x3C

    @property
    def _bus(self) -> PanelChip:
        return self

    def i2c_rdwr(self, *messages: i2c_msg) -> None:
        """Take messages of control bytes, each with one byte of command or data; a last 0xC0 begins a read.

        An SH1106 answers a read with a dummy, then its memory (data sheet); the others with their status.
        """
        for message in messages:
            if not message.flags & I2C_M_RD:
                sent = bytes(message)
                for control, value in zip(sent[::2], sent[1::2], strict=False):
                    if control == ONE_DATA:
                        self.data([value])
                    else:
                        self.command(value)
                continue
            self._transfer(message.len)
            for at in range(message.len):
                from_memory = at > 0 and not self._narrow
                message.buf[at] = bytes([self._memory[self._page][self._column] if from_memory else STATUS])
                if from_memory:
                    self._step()

    def cleanup(self) -> None:
        self.closed = True

    @property
    def image(self) -> Image.Image:
        """Return what is visible, 128x64 with 1 bit: black when the panel is off or without its voltage."""
        if not (self.lit and self._pumped):
            return Image.new("1", (WIDTH, 8 * PAGES))
        rows = b"".join(
            bytes(255 * (self._memory[y >> 3][self._first + x] >> (y & 7) & 1) for x in range(WIDTH))
            for y in range(8 * PAGES)
        )
        seen = Image.frombytes("L", (WIDTH, 8 * PAGES), rows)
        if self._all_on:
            seen.paste(255, (0, 0, *seen.size))
        if self._inverted:
            seen = seen.point(lambda value: 255 - value)
        if self._mirrored_x:
            seen = seen.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if self._mirrored_y:
            seen = seen.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        return seen.convert("1", dither=Image.Dither.NONE)

    def _transfer(self, length: int) -> None:
        if self.lose_in is not None:
            self.lost = self.lost or self.lose_in == 0
            self.lose_in = max(0, self.lose_in - 1)
        if self.lost or self.closed:
            raise OSError(121, "Remote I/O error")
        self.transfers += 1
        self.bytes += length

    def _glow(self) -> None:
        self.snowed = self.snowed or bool(self.lit and self._pumped and self._unwritten)

    def _do(self, code: int, given: list[int]) -> None:
        match code:
            case 0x20 if given:
                self._horizontal = given[0] & 3 == 0
            case 0x21 if given:
                self._window = (given[0], given[1], *self._window[2:])
                self._column = given[0]
            case 0x22 if given:
                self._window = (*self._window[:2], given[0], given[1])
                self._page = given[0]
            case 0x81:
                self.contrast = given[0]
            case 0x8D if self._driver == "ssd1306":
                self._pumped = bool(given[0] & 0x04)
            case 0xD9:
                self.precharge = given[0]
            case 0xDB:
                self.vcom = given[0]
            case 0xA0 | 0xA1:
                self._mirrored_x = code == 0xA0
            case 0xA4 | 0xA5:
                self._all_on = code == 0xA5
            case 0xA6 | 0xA7:
                self._inverted = code == 0xA7
            case 0xAE | 0xAF:
                self.lit = code == 0xAF
            case _ if code <= 0x0F:
                self._column = self._column & 0xF0 | code
            case _ if code <= 0x1F:
                self._column = self._column & 0x0F | (code & 0x0F) << 4
            case _ if 0xB0 <= code <= 0xB7:
                self._page = code & 7
            case _ if 0xC0 <= code <= 0xCF:
                self._mirrored_y = code < 0xC8
            case _:  # timing and scrolling change nothing that is modelled here
                pass

    def _step(self) -> None:
        left, right, top, bottom = self._window
        if not self._horizontal:
            self._column = (self._column + 1) % self._columns
        elif self._column < right:
            self._column += 1
        else:
            self._column = left
            self._page = self._page + 1 if self._page < bottom else top
