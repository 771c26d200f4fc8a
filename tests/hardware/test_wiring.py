"""hardware/: what is made from the config is fresh, the pictures are of their sources, the parts list has it all."""

from __future__ import annotations

import csv
import importlib.util
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from matpi.config import Config

HARDWARE = Path(__file__).resolve().parents[2] / "hardware"
SOURCES = ("wiring.yml", "wiring-spi.yml")
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
        assert found == text, f"{name}: run `python hardware/make_wiring.py --draw` and look at the pictures"


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_picture_is_of_its_source(source: str, suffix: str) -> None:
    picture = (HARDWARE / source).with_suffix(suffix)
    assert picture.stat().st_size < LIMIT_BYTES
    made_from = wiring().drawn_from(picture)
    assert made_from == wiring().digest(HARDWARE / source), "run `python hardware/make_wiring.py --draw` and look"


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


def test_a_changed_pin_changes_the_source() -> None:
    default, made = Config(), wiring()
    moved = Config(lamp=type(default.lamp)(pin=26))
    assert made.yaml(moved, SOURCES[0]) != made.yaml(default, SOURCES[0])


def test_the_two_cells_of_a_chip_make_a_full_bridge_that_adds() -> None:
    """Each tap on an input of its own, the outer wires of one cell the other way round than those of the other."""
    rows = [row for row in wiring().harness(Config())["connections"] if next(iter(row[0])).endswith("chip")]
    assert len(rows) == 4
    for left, right in zip(rows[::2], rows[1::2], strict=True):
        (chip, left_pins), (same, right_pins) = next(iter(left[0].items())), next(iter(right[0].items()))
        assert chip == same
        assert {left_pins[1], right_pins[1]} == {"A+", "A-"}
        assert [left_pins[0], left_pins[2]] == [right_pins[2], right_pins[0]] == ["E+", "E-"]


def test_the_supply_of_a_chip_is_named_where_it_is_drawn() -> None:
    for name in SOURCES:
        text = (HARDWARE / name).read_text(encoding="utf-8")
        assert "3.3 V, never 5 V" in text
        assert "AVDD" in text


def test_the_bill_parses_and_names_what_the_wiring_uses() -> None:
    rows = bill()
    needed = Counter(part.bom for part in wiring().parts(Config()))
    needed.update(part.extra for part in wiring().parts(Config()) if part.extra)
    cells = sum("load cell" in box["type"] for box in wiring().harness(Config())["connectors"].values())
    needed.update({"half-bridge load cell": cells, "Raspberry Pi": 1})
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
    for part in wiring().parts(Config()):
        if part.extra:
            reported = re.search(rf"{re.escape(part.extra)}, (\d+ k?ohm)", part.note)
            assert reported, part.name
            assert bill()[part.extra]["typical specification"].startswith(reported[1])


def test_the_cable_of_an_end_has_four_wires_and_its_screen_a_ground_of_its_own() -> None:
    """As the parts list has it; each wire of a cell is soldered to one of them."""
    made = wiring()
    assert bill()["cable from the cells to the box"]["typical specification"].startswith("4 wires and a screen")
    rows = [line.strip("| ").split(" | ") for line in made.cable_table(Config()).splitlines()[2:6]]
    assert [row[0] for row in rows] == ["E+", "A+", "A-", "E-"]
    ends = sorted(cell.strip() for row in rows for cell in row[1:] if cell.strip())
    assert ends == sorted(["outer 1", "tap", "outer 2"] * 2)
    for config in (Config(), made.spi_config()):
        taken = {wire.header for part in made.parts(config) for wire in part.wires}
        assert made.screen_ground(config) in set(made.GROUNDS) - taken
