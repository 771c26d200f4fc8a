"""hardware/: what is made from the config is fresh, the picture is right to the pin, the parts list has it all."""

from __future__ import annotations

import csv
import importlib.util
import re
import sys
from collections import Counter
from functools import cache
from math import dist
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

from matpi.config import Config

HARDWARE = Path(__file__).resolve().parents[2] / "hardware"
PICTURE = HARDWARE / "wiring.svg"
LIMIT_BYTES = 1_000_000
PIN_OF_GPIO = {
    0: 27, 1: 28, 2: 3, 3: 5, 4: 7, 5: 29, 6: 31, 7: 26, 8: 24, 9: 21, 10: 19, 11: 23, 12: 32, 13: 33, 14: 8, 15: 10,
    16: 36, 17: 11, 18: 12, 19: 35, 20: 38, 21: 40, 22: 15, 23: 16, 24: 18, 25: 22, 26: 37, 27: 13,
}  # fmt: skip


@cache
def wiring() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_wiring", HARDWARE / "make_wiring.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there for the names in their annotations
    spec.loader.exec_module(module)
    return module


@cache
def bill() -> dict[str, dict[str, str]]:
    with (HARDWARE / "bom.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert len({row["part"] for row in rows}) == len(rows)
    return {row["part"]: row for row in rows}


def test_what_is_made_is_fresh() -> None:
    for name, text in wiring().made().items():
        found = (HARDWARE / name).read_text(encoding="utf-8")
        assert found == text, f"{name}: run `python hardware/make_wiring.py` and look at the picture"


def test_the_picture_is_xml_and_readable_at_its_width() -> None:
    """700 wide, as pages show it."""
    root = ET.parse(PICTURE).getroot()
    assert root.attrib["viewBox"].split()[2] == "700"
    sizes = [float(one.attrib["font-size"]) for one in root.iter() if "font-size" in one.attrib]
    assert len(sizes) > 100
    assert min(sizes) >= 11
    assert PICTURE.stat().st_size < LIMIT_BYTES


def test_each_wire_of_the_picture_goes_from_its_pin_to_its_part() -> None:
    """The first and the last point of the line in the colour of the wire, found again in the SVG."""
    made = wiring()
    drawn = {(line[0], line[-1]) for line in lines_drawn()}
    pins = {one: place for place, one in pins_drawn().items()}
    starts = [(start, end) for start, end in drawn if start in pins.values()]
    wired = {wire.header for part in made.parts(Config()) for wire in part.wires} | {made.screen_ground(Config())}
    assert {number for number, place in pins.items() if place in {start for start, _ in starts}} == wired
    words = texts_drawn()
    for part in made.parts(Config()):
        for wire in part.wires:
            if part.bom in {"HX711 board", "OLED panel"} and wire.header != made.CHIP_SUPPLY:
                (end,) = [end for start, end in starts if start == pins[wire.header]]
                near = min((place for place, word in words if word == wire.terminal), key=lambda at: dist(at, end))
                assert dist(near, end) < 20, (part.name, wire)


def lines_drawn() -> list[list[tuple[float, float]]]:
    found = re.findall(r'<path d="M([-\d. L]+)" fill="none" stroke="#444" stroke-width="4.6"', PICTURE.read_text())
    return [[(float(x), float(y)) for x, y in map(str.split, line.split("L"))] for line in found]


def texts_drawn() -> list[tuple[tuple[float, float], str]]:
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', PICTURE.read_text())
    return [((float(x), float(y)), word) for x, y, word in found]


def pins_drawn() -> dict[tuple[float, float], int]:
    """Where the wire of each pin leaves the header: at the height of its number, at the edge of the header."""
    numbers = [(y - 4.5, int(word)) for (x, y), word in texts_drawn() if word.isdigit() and 330 < x < 370]
    assert sorted(number for _, number in numbers) == list(range(1, 41))
    return {(256.0 if number % 2 else 444.0, y): number for y, number in numbers}


def test_the_header_is_that_of_a_pi() -> None:
    made = wiring()
    assert made.HEADER_OF_GPIO == PIN_OF_GPIO
    taken = {*PIN_OF_GPIO.values(), *made.GROUNDS, *made.FIVE_VOLT, made.PANEL_SUPPLY, made.CHIP_SUPPLY}
    assert taken == set(range(1, 41))


@pytest.mark.parametrize("config", [Config(), wiring().spi_config()], ids=["default", "spi"])
def test_nothing_shares_a_pin_but_the_supply_and_nothing_gets_five_volts(config: Config) -> None:
    made = wiring()
    wires = [wire for part in made.parts(config) for wire in part.wires]
    shared = {pin for pin, count in Counter(wire.header for wire in wires).items() if count > 1}
    assert shared == {made.CHIP_SUPPLY}
    assert not {wire.header for wire in wires} & set(made.FIVE_VOLT)
    grounded = [part for part in made.parts(config) if any(wire.header in made.GROUNDS for wire in part.wires)]
    assert len(grounded) == len(made.parts(config))


def test_the_wires_follow_the_config() -> None:
    default = Config()
    made = wiring()
    wires = {wire.key: wire for part in made.parts(default) for wire in part.wires if wire.key}
    for n, chip in enumerate(default.scale.channels):
        assert wires[f"scale.channels[{n}].data"].gpio == chip.data
        assert wires[f"scale.channels[{n}].clock"].gpio == chip.clock
    for key, pin in (("button", default.button.pin), ("lamp", default.lamp.pin), ("chime", default.chime.pin)):
        assert wires[f"{key}.pin"].header == PIN_OF_GPIO[pin]


def test_a_changed_pin_changes_the_picture() -> None:
    default, made = Config(), wiring()
    moved = Config(lamp=type(default.lamp)(pin=26))
    assert made.picture(moved) != made.picture(default)


def test_the_two_cells_of_a_chip_make_a_full_bridge_that_adds() -> None:
    """Each tap on an input of its own, the outer wires of one cell the other way round than those of the other."""
    left, right = wiring().JOINTS["left"], wiring().JOINTS["right"]
    assert {left["tap"], right["tap"]} == {"A+", "A-"}
    assert [left["outer 1"], left["outer 2"]] == [right["outer 2"], right["outer 1"]] == ["E+", "E-"]


def test_the_supply_of_a_chip_is_named_where_it_is_drawn() -> None:
    assert PICTURE.read_text(encoding="utf-8").count("3.3 V, never 5 V") == 2


def test_the_bill_parses_and_names_what_the_wiring_uses() -> None:
    rows = bill()
    needed = Counter(part.bom for part in wiring().parts(Config()))
    needed.update(part.extra for part in wiring().parts(Config()) if part.extra)
    ends = needed["HX711 board"]
    needed.update({"half-bridge load cell": ends * len(wiring().JOINTS), "Raspberry Pi": 1})
    assert {part: int(rows[part]["quantity"]) for part in needed} == dict(needed)


def test_the_bill_is_complete_and_names_no_shop() -> None:
    for part, row in bill().items():
        assert list(row) == [
            "part", "quantity", "typical specification", "needed for", "euro from", "euro to", "sold by", "remark",
        ], part  # fmt: skip
        assert all(value and value == value.strip() for value in row.values()), part
        assert int(row["quantity"]) > 0
        assert 0 < float(row["euro from"]) < float(row["euro to"]), part
        assert not re.search(r"[€$£]|\b(?:EUR|USD)\b|https?:", " ".join(row.values())), part


def test_the_resistors_drawn_are_those_of_the_bill() -> None:
    picture = PICTURE.read_text(encoding="utf-8")
    for part in wiring().parts(Config()):
        if part.extra:
            value = re.match(r"\d+ k?ohm", bill()[part.extra]["typical specification"])
            assert value, part.name
            assert f">{value[0].replace('ohm', 'Ω')}</text>" in picture


def test_the_cable_of_an_end_has_four_wires_and_its_screen_a_ground_of_its_own() -> None:
    """As the parts list has it; each wire of a cell is soldered to one of them."""
    made = wiring()
    assert bill()["cable from the cells to the box"]["typical specification"].startswith("4 wires and a screen")
    rows = [line.strip("| ").split(" | ") for line in made.cable_table(Config()).splitlines()[2:6]]
    assert [row[0] for row in rows] == ["E+", "A+", "A-", "E-"]
    ends = sorted(cell.strip() for row in rows for cell in row[2:] if cell.strip())
    assert ends == sorted(["outer 1", "tap", "outer 2"] * 2)
    for config in (Config(), made.spi_config()):
        taken = {wire.header for part in made.parts(config) for wire in part.wires}
        assert made.screen_ground(config) in set(made.GROUNDS) - taken
