# ruff: noqa: INP001  a script, no package
"""Writes the wiring from the default config, `python hardware/make_wiring.py`: wiring.svg and pins.md.

tests/hardware/ fails when one of them is stale.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import wiring_picture  # noqa: E402

from matpi.config import SPI_PINS, Config  # noqa: E402
from matpi.drivers.scale.assembly import NAMES  # noqa: E402

HEADER_OF_GPIO: Final = {
    2: 3, 3: 5, 4: 7, 14: 8, 15: 10, 17: 11, 18: 12, 27: 13, 22: 15, 23: 16, 24: 18, 10: 19, 9: 21, 25: 22, 11: 23,
    8: 24, 7: 26, 0: 27, 1: 28, 5: 29, 6: 31, 12: 32, 13: 33, 19: 35, 16: 36, 26: 37, 20: 38, 21: 40,
}  # fmt: skip
"""BCM number -> pin of the 40-pin header, the same on every model that has one (raspberrypi.com)."""
GROUNDS: Final = (6, 9, 14, 20, 25, 30, 34, 39)
PANEL_SUPPLY, CHIP_SUPPLY = 1, 17
"""The two pins of 3.3 V."""
FIVE_VOLT: Final = (2, 4)
SDA, SCL = 2, 3
"""GPIO of I2C port 1, which [panel] has by default."""
SPI_WIRES: Final = (("PD_SCK", "MOSI"), ("DOUT", "MISO"))
BRIDGE: Final = ("E+", "A+", "A-", "E-")
"""Terminals of a chip for its cells."""
SPI: Final = "spi"


@dataclass(frozen=True, slots=True)
class Wire:
    """From a header pin to a terminal of a part. `gpio` is None for supply and ground."""

    terminal: str
    header: int
    colour: str
    gpio: int | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Something on the far end of a cable from the header. `bom` names its row in bom.csv."""

    name: str
    title: str
    bom: str
    wires: tuple[Wire, ...]
    extra: str = ""
    """A row of bom.csv that is soldered in series."""


def parts(config: Config) -> list[Part]:
    """Everything the header is wired to, with a ground pin of its own each: the nearest that is left."""
    panel = Part(
        "OLED",
        f"panel 128x64, I2C 0x{config.panel.address:02X}",
        "OLED panel",
        (
            Wire("VCC", PANEL_SUPPLY, "RD"),
            Wire("GND", 0, "BK"),
            _signal("SDA", SDA, "GN", "panel.port"),
            _signal("SCL", SCL, "YE", "panel.port"),
        ),
    )
    lamp = Part(
        "LED",
        "LED and its resistor",
        "LED",
        (_signal("anode, by resistor", config.lamp.pin, "VT", "lamp.pin"), Wire("cathode", 0, "BK")),
        "resistor of the LED",
    )
    button = Part(
        "Button",
        "push button, closes when pressed",
        "push button",
        (_signal("one side", config.button.pin, "WH", "button.pin"), Wire("other side", 0, "BK")),
    )
    piezo = Part(
        "Piezo",
        "optional: passive piezo",
        "piezo",
        (_signal("one side, by resistor", config.chime.pin, "OG", "chime.pin"), Wire("other side", 0, "BK")),
        "resistor of the piezo",
    )
    return list(_grounded([panel, lamp, button, *_chips(config), piezo]))


def _chips(config: Config) -> Iterator[Part]:
    scale = config.scale
    for n, name in enumerate(NAMES[scale.channel_count]):
        signals: tuple[Wire, Wire]
        if scale.driver == SPI:
            lines = SPI_PINS[scale.spi[n].bus]
            clock, data = (
                _signal(wire, lines[line], colour, f"scale.spi[{n}].bus")
                for (wire, line), colour in zip(SPI_WIRES, ("BU", "YE"), strict=True)
            )
            signals = (data, clock)
        else:
            chip, key = scale.channels[n], f"scale.channels[{n}]"
            signals = (
                _signal("DOUT", chip.data, "YE", f"{key}.data"),
                _signal("PD_SCK", chip.clock, "BU", f"{key}.clock"),
            )
        wires = (Wire("VCC", CHIP_SUPPLY, "RD"), Wire("GND", 0, "BK"), *signals)
        yield Part(f"{name.capitalize()} chip", f"HX711 board, {name} end", "HX711 board", wires)


def _signal(terminal: str, gpio: int, colour: str, key: str) -> Wire:
    return Wire(terminal, HEADER_OF_GPIO[gpio], colour, gpio, key)


def _grounded(ungrounded: list[Part]) -> Iterator[Part]:
    free = list(GROUNDS)
    for part in ungrounded:
        near = next(wire.header for wire in part.wires if wire.gpio is not None)
        ground = min(free, key=lambda pin: abs(pin - near))
        free.remove(ground)
        yield replace(part, wires=tuple(w if w.header else replace(w, header=ground) for w in part.wires))


def spi_config() -> Config:
    """The default but for the driver."""
    config = Config()
    scale = type(config.scale)(driver="spi", rate=config.scale.rate, spi=config.scale.spi)
    return type(config)(scale=scale)


# -- the cells ---------------------------------------------------------------------------------------------------------


JOINTS: Final = {
    "left": {"tap": "A+", "outer 1": "E+", "outer 2": "E-"},
    "right": {"tap": "A-", "outer 1": "E-", "outer 2": "E+"},
}
"""Cell -> its wire -> terminal of the chip. The second is upside down, or the two would cancel each other."""
CABLE: Final = {"E+": "BN", "A+": "GN", "A-": "YE", "E-": "WH"}
"""Colour of the wire of the screened cable, DIN 47100, by terminal."""
OWN: Final = {"outer 1": "WH", "tap": "RD", "outer 2": "BK"}
"""Colours that the wires of a cell often have."""


# -- the table ---------------------------------------------------------------------------------------------------------


NAMES_OF: Final = {
    "RD": "red", "BK": "black", "GN": "green", "YE": "yellow", "VT": "violet", "WH": "white", "BU": "blue",
    "OG": "orange", "BN": "brown",
}  # fmt: skip


def table(config: Config) -> str:
    lines = ["| part | terminal | header pin | wire | GPIO | key |", "|---|---|---|---|---|---|"]
    for part in parts(config):
        for wire in part.wires:
            gpio = _supply(wire.header) if wire.gpio is None else str(wire.gpio)
            key = f"`{wire.key}`" if wire.key else ""
            lines.append(
                f"| {part.name} | {wire.terminal} | {wire.header} | {NAMES_OF[wire.colour]} | {gpio} | {key} |"
            )
    return "\n".join(lines)


def cable_table(config: Config) -> str:
    """One cable from the cells of an end to their chip: which wires of the cells each of its wires joins."""
    joined = [{terminal: end for end, terminal in cell.items()} for cell in JOINTS.values()]
    lines = ["| terminal of the chip | wire of the cable | left cell | right cell |", "|---|---|---|---|"]
    lines += [
        f"| {pin} | {NAMES_OF[CABLE[pin]]} | {' | '.join(cell.get(pin, '') for cell in joined)} |" for pin in BRIDGE
    ]
    return "\n".join([*lines, f"| header pin {screen_ground(config)} | the screen |  |  |"])


def screen_ground(config: Config) -> int:
    """Return the first ground pin of the header that no part has."""
    taken = {wire.header for part in parts(config) for wire in part.wires}
    return min(pin for pin in GROUNDS if pin not in taken)


def header_map(config: Config) -> str:
    """The header as it lies: odd pins left, even pins right, pin 1 at the end with the card."""
    uses = {w.header: f"{p.name}, {w.terminal}" for p in parts(config) for w in p.wires if w.header != CHIP_SUPPLY}
    uses[CHIP_SUPPLY] = "all chips, VCC"
    uses[screen_ground(config)] = "screens of both cables"

    def name(pin: int) -> str:
        return line_of(pin) + ": for nothing here" * (pin in FIVE_VOLT)

    lines = ["| wired to | line | pin | pin | line | wired to |", "|---|---|---|---|---|---|"]
    for odd in range(1, 40, 2):
        even = odd + 1
        lines.append(f"| {uses.get(odd, '')} | {name(odd)} | {odd} | {even} | {name(even)} | {uses.get(even, '')} |")
    return "\n".join(lines)


def pins_page() -> str:
    return f"""\
# Every pin

As text what [wiring.svg](wiring.svg) draws; [build.md](../docs/build.md#5-wire-the-box) builds from it. Made from the
default config by `python hardware/make_wiring.py`; a test fails when it is stale. GPIO numbers are the BCM ones that
[the configuration](../docs/configuration.md) takes. No Raspberry Pi was at hand: nobody has built from this yet.

{table(Config())}

Each part has the ground pin that is nearest; any ground will do. The piezo is optional and off unless you switch it on.

## The cells

{cable_table(Config())}

Head and foot are wired alike.

## The header

Pin 1 is beside the SD card, in the row that is nearer to the middle of the board.

{header_map(Config())}

## Instead: chips on SPI

With `driver = "spi"` in `[scale]`, see [hardware.md](../docs/dev/hardware.md#chips-on-spi). The screens of the cables
go to header pin {screen_ground(spi_config())}.

{table(spi_config())}
"""


# -- the files ---------------------------------------------------------------------------------------------------------


def _supply(pin: int) -> str:
    return "ground" if pin in GROUNDS else "3.3 V"


def line_of(pin: int) -> str:
    """Return what a pin of the header is."""
    if pin in FIVE_VOLT:
        return "5 V"
    gpio_at = {header: gpio for gpio, header in HEADER_OF_GPIO.items()}
    return f"GPIO {gpio_at[pin]}" if pin in gpio_at else _supply(pin)


def ohms() -> dict[str, str]:
    """Return the value of each resistor, as bom.csv has it."""
    with (HERE / "bom.csv").open(newline="", encoding="utf-8") as file:
        bill = {row["part"]: row["typical specification"].partition(",")[0] for row in csv.DictReader(file)}
    return {part.extra: bill[part.extra].replace("ohm", "Ω") for part in parts(Config()) if part.extra}


def picture(config: Config) -> str:
    names = {pin: line_of(pin) for pin in range(1, 41)}
    return wiring_picture.picture(parts(config), names, screen_ground(config), JOINTS, CABLE, OWN, ohms())


def made() -> dict[str, str]:
    """File name -> what must stand in it."""
    return {"wiring.svg": picture(Config()), "pins.md": pins_page()}


def main() -> None:
    for name, text in made().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
