# ruff: noqa: INP001  a script, no package
"""Writes the wiring from the default config, `python hardware/make_wiring.py`: wiring.yml, wiring-spi.yml, pins.md.

With `--draw` the two sources are drawn as SVG and PNG as well. That needs `wireviz` (0.4, of the Python package index)
and `dot` (graphviz) in the PATH; nothing else of matpi does. Each picture carries the digest of its source, and
tests/hardware/ fails when one of the files is stale.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

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
CELLS: Final = ("left", "right")
BRIDGE: Final = ("E+", "A+", "A-", "E-")
"""Terminals of a chip for its cells."""
SPI: Final = "spi"

CHIP_NOTE: Final = """\
VCC (DVDD) at 3.3 V, never 5 V: DOUT follows VCC, and a Pi's pin bears 3.3 V.
Common boards make AVDD themselves; from 3.3 V it is about 3.2 V and follows the supply.
RATE jumper at 80 samples/s. E- must be joined to GND: measure it, some boards leave it open."""
CELL_NOTE: Final = """\
tap: the wire that shows 1 kohm to each of the others, often red.
The outer wires show 2 kohm between them. Colours differ: measure."""


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
    note: str = ""
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
        "Read the names on the board: some have VCC and GND the other way round.",
    )
    lamp = Part(
        "LED",
        "LED and its resistor",
        "LED",
        (_signal("anode, by resistor", config.lamp.pin, "VT", "lamp.pin"), Wire("cathode", 0, "BK")),
        "In series: the resistor of the LED, 1 kohm.",
        "resistor of the LED",
    )
    button = Part(
        "Button",
        "push button, closes when pressed",
        "push button",
        (_signal("one side", config.button.pin, "WH", "button.pin"), Wire("other side", 0, "BK")),
        "No resistor: the Pi pulls the pin up.",
    )
    piezo = Part(
        "Piezo",
        "optional: passive piezo",
        "piezo",
        (_signal("one side, by resistor", config.chime.pin, "OG", "chime.pin"), Wire("other side", 0, "BK")),
        'Only with driver = "gpio" in [chime]. In series: the resistor of the piezo, 220 ohm.',
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
        note = CHIP_NOTE if n == 0 else "As the other chip."
        if scale.driver == SPI:
            note += f"\nOn /dev/spidev{scale.spi[n].bus}.{scale.spi[n].device}; the bus's clock and select stay open."
        yield Part(f"{name.capitalize()} chip", f"HX711 board of the {name} end", "HX711 board", wires, note)


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
    """The default but for the driver. As docs/device.md has it; no other key of it changes."""
    config = Config()
    scale = type(config.scale)(driver="spi", rate=config.scale.rate, spi=config.scale.spi)
    return type(config)(scale=scale)


# -- WireViz -----------------------------------------------------------------------------------------------------------


def harness(config: Config) -> dict[str, Any]:
    """What WireViz draws: connectors, cables, connections."""
    wired = parts(config)
    used = sorted({wire.header for part in wired for wire in part.wires})
    signals = {wire.header: wire for part in wired for wire in part.wires if wire.gpio is not None}
    connectors: dict[str, Any] = {
        "Pi": {
            "type": "Raspberry Pi, 40-pin header",
            "subtype": "pins in use",
            "pins": used,
            "pinlabels": [f"GPIO {signals[pin].gpio}" if pin in signals else _supply(pin) for pin in used],
        }
    }
    cables: dict[str, Any] = {}
    connections: list[list[dict[str, list[Any]]]] = []
    for number, part in enumerate(wired, 1):
        connectors[part.name] = _box(part)
        cable = f"W{number}"
        cables[cable] = {"wirecount": len(part.wires), "colors": [wire.colour for wire in part.wires]}
        connections.append(
            [
                {"Pi": [wire.header for wire in part.wires]},
                {cable: list(range(1, len(part.wires) + 1))},
                {part.name: [wire.terminal for wire in part.wires]},
            ]
        )
        if part.bom == "HX711 board":
            _add_cells(part.name, connectors, cables, connections)
    return {"connectors": connectors, "cables": cables, "connections": connections}


def _supply(pin: int) -> str:
    return "ground" if pin in GROUNDS else "3.3 V"


def _box(part: Part) -> dict[str, Any]:
    terminals = [wire.terminal for wire in part.wires]
    if part.bom == "HX711 board":
        terminals += BRIDGE
    box: dict[str, Any] = {"type": part.title, "pins": terminals}
    if part.note:
        box["notes"] = part.note
    return box


def _add_cells(
    chip: str,
    connectors: dict[str, Any],
    cables: dict[str, Any],
    connections: list[list[dict[str, list[Any]]]],
) -> None:
    """Two half bridges as one full bridge: the second upside down, or the two would cancel each other."""
    for side, pins in zip(CELLS, (["E+", "A+", "E-"], ["E-", "A-", "E+"]), strict=True):
        end = chip.partition(" ")[0]
        cell, cable = f"{end} {side}", f"C {end.lower()} {side}"
        first = side == CELLS[0]
        connectors[cell] = {
            "type": "half-bridge load cell, 50 kg",
            "pins": ["outer 1", "tap", "outer 2"],
            "notes": CELL_NOTE if first else "The outer wires the other way round than in the left one.",
        }
        cables[cable] = {"wirecount": 3, "colors": ["WH", "RD", "BK"], "notes": "the cell's own wires"}
        connections.append([{chip: pins}, {cable: [1, 2, 3]}, {cell: ["outer 1", "tap", "outer 2"]}])


def yaml(config: Config, name: str) -> str:
    """`harness` as YAML; JSON strings are YAML, so nothing needs a library."""
    lines = [
        f"# hardware/{name}: made from the default config by `python hardware/make_wiring.py`. Not edited by hand.",
        "# Drawn with WireViz. No Raspberry Pi, HX711 or OLED was at hand: nobody has built from this yet.",
    ]
    found = harness(config)
    for section in ("connectors", "cables"):
        lines.append(f"{section}:")
        for key, fields in found[section].items():
            lines.append(f"  {key}:")
            lines += [f"    {field}: {_scalar(value)}" for field, value in fields.items()]
    lines.append("connections:")
    for row in found["connections"]:
        lines.append("  -")
        lines += [f"    - {key}: {_scalar(value)}" for end in row for key, value in end.items()]
    return "\n".join(lines) + "\n"


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# -- the table ---------------------------------------------------------------------------------------------------------


def table(config: Config) -> str:
    lines = ["| part | wire | GPIO | header pin | key |", "|---|---|---|---|---|"]
    for part in parts(config):
        for wire in part.wires:
            gpio = "" if wire.gpio is None else str(wire.gpio)
            key = f"`{wire.key}`" if wire.key else _supply(wire.header)
            lines.append(f"| {part.name} | {wire.terminal} | {gpio} | {wire.header} | {key} |")
    return "\n".join(lines)


def cable_table(config: Config) -> str:
    """One cable from the cells of an end to their chip: which wires of the cells each of its wires joins."""
    rows = [row for row in harness(config)["connections"] if next(iter(row[0])) == "Head chip"]
    joined = [dict(zip(row[0]["Head chip"], next(iter(row[2].values())), strict=True)) for row in rows]
    lines = ["| terminal of the chip | left cell | right cell |", "|---|---|---|"]
    lines += [f"| {pin} | {' | '.join(cell.get(pin, '') for cell in joined)} |" for pin in BRIDGE]
    return "\n".join([*lines, f"| none: the screen, to header pin {screen_ground(config)} in the box |  |  |"])


def screen_ground(config: Config) -> int:
    """Return the first ground pin of the header that no part has."""
    taken = {wire.header for part in parts(config) for wire in part.wires}
    return min(pin for pin in GROUNDS if pin not in taken)


def header_map(config: Config) -> str:
    """The header as it lies: odd pins left, even pins right, pin 1 at the end with the card."""
    uses = {w.header: f"{p.name}, {w.terminal}" for p in parts(config) for w in p.wires if w.header != CHIP_SUPPLY}
    uses[CHIP_SUPPLY] = "all chips, VCC"
    uses[screen_ground(config)] = "screens of both cables"
    gpio_at = {pin: gpio for gpio, pin in HEADER_OF_GPIO.items()}

    def name(pin: int) -> str:
        if pin in FIVE_VOLT:
            return "5 V: for nothing here"
        return f"GPIO {gpio_at[pin]}" if pin in gpio_at else _supply(pin)

    lines = ["| wired to | line | pin | pin | line | wired to |", "|---|---|---|---|---|---|"]
    for odd in range(1, 40, 2):
        even = odd + 1
        lines.append(f"| {uses.get(odd, '')} | {name(odd)} | {odd} | {even} | {name(even)} | {uses.get(even, '')} |")
    return "\n".join(lines)


def pins_page() -> str:
    return f"""\
# Every pin

Made from the default config by `python hardware/make_wiring.py`; a test fails when it is stale. GPIO numbers are the
BCM ones that [the configuration](../docs/configuration.md) takes. The drawing is [wiring.svg](wiring.svg), how to build
from it [build-your-own](../docs/build-your-own.md). No Raspberry Pi was at hand: nobody has built from this yet.

{table(Config())}

Each part has the ground pin that is nearest; any ground will do. The piezo is optional and off unless you switch it on.

## The cells

Both chips are in the box. One cable of four wires and a screen leads from each end of the board to its chip. It is
soldered at both ends: under the board to the wires of two cells, in the box to the chip. Head and foot are wired alike.
The drawing shows the same circuit without this cable.

{cable_table(Config())}

The outer wires of the right cell are the other way round than those of the left one. Under the board the screen is cut
off and joined to nothing. In the box a lever connector joins both screens and a wire to the ground pin; a second one
takes 3.3 V from header pin {CHIP_SUPPLY} to the VCC of both chips.

Bar cells have four wires each: both on the same terminals, E+ with E+, E- with E-, A+ with A+, A- with A-.

## The header

{header_map(Config())}

## Instead: chips on SPI

With `driver = "spi"` in `[scale]`. The drawing is [wiring-spi.svg](wiring-spi.svg). The buses also claim pins that stay
unconnected, and the second one must leave the LED's pin alone: see [boot.md](boot.md#the-load-cells-on-spi).
The screens of the cables go to header pin {screen_ground(spi_config())}.

{table(spi_config())}
"""


# -- the files ---------------------------------------------------------------------------------------------------------


def made() -> dict[str, str]:
    """File name -> what must stand in it."""
    return {
        "wiring.yml": yaml(Config(), "wiring.yml"),
        "wiring-spi.yml": yaml(spi_config(), "wiring-spi.yml"),
        "pins.md": pins_page(),
    }


def digest(source: Path) -> str:
    return hashlib.sha256(source.read_bytes()).hexdigest()


def drawn_from(picture: Path) -> str:
    """The digest of the source that a picture carries; "" when it carries none."""
    if picture.suffix == ".svg":
        found = re.search(r"<!-- made from sha256:(\w{64}) -->", picture.read_text(encoding="utf-8"))
        return found[1] if found else ""
    from PIL import Image

    with Image.open(picture) as image:
        return str(image.info.get("made-from", ""))


def draw(source: Path) -> None:
    from PIL import Image, PngImagePlugin

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["wireviz", "-f", "sp", "-o", folder, str(source)], check=True)
        raw = Path(folder) / source.stem
        svg = raw.with_suffix(".svg").read_text(encoding="utf-8").rstrip()
        stamp = f"<!-- made from sha256:{digest(source)} -->"
        source.with_suffix(".svg").write_text(f"{svg}\n{stamp}\n", encoding="utf-8")
        notes = PngImagePlugin.PngInfo()
        notes.add_text("made-by", "python hardware/make_wiring.py --draw")
        notes.add_text("made-from", digest(source))
        with Image.open(raw.with_suffix(".png")) as image:
            image.convert("RGB").quantize(256).save(source.with_suffix(".png"), optimize=True, pnginfo=notes)


def main() -> None:
    for name, text in made().items():
        (HERE / name).write_text(text, encoding="utf-8")
    if sys.argv[1:] == ["--draw"]:
        for name in ("wiring.yml", "wiring-spi.yml"):
            draw(HERE / name)


if __name__ == "__main__":
    main()
