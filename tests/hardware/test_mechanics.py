"""The kept measures and pictures are of the present sources; what the measures say fulfils the bounds.

The solids themselves are made and measured by `make hardware`, which needs build123d.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from PIL import Image

from tests.every import every
from tests.hardware.test_loads import FIGURES, loads, script

HARDWARE = Path(__file__).resolve().parents[2] / "hardware"
PICTURES = HARDWARE / "pictures"
DOCS = HARDWARE.parent / "docs"
AGAIN = "run `make hardware-write` and look at hardware/pictures"
LIMIT_BYTES = 1_000_000
PRINTED = {"holder", "foot", "keeper", "box-shell", "box-base", "bar-spacer", "bar-stop", "bar-foot"}
BED_MM = 200.0
PHONE_PX, READABLE_PX = 360, 10
DRAWINGS = sorted(
    path.relative_to(HARDWARE.parent)
    for folder in (HARDWARE, DOCS)
    for path in folder.rglob("*.svg")
    if path.name != "wiring.svg"  # 40 pins side by side need a screen of 700 px, for which test_wiring.py holds it
)


@cache
def measures() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HARDWARE / "measures.json").read_text(encoding="utf-8"))
    return found


def digest() -> str:
    sources = script("make_parts").SOURCES
    assert {"figures.toml", "solids.py"} <= set(sources)
    return hashlib.sha256(b"".join((HARDWARE / name).read_bytes() for name in sources)).hexdigest()


def test_the_measures_are_of_these_sources() -> None:
    assert measures()["made from"] == digest(), AGAIN


def test_the_pictures_are_of_these_sources() -> None:
    shaded, drawn = sorted(PICTURES.glob("*.png")), sorted(PICTURES.glob("*.svg"))
    assert len(shaded) == 6
    assert [path.stem for path in drawn] == [f"stage-{n}" for n in range(1, 8)]
    for path in shaded:
        with Image.open(path) as image:
            assert image.info.get("made-from") == digest(), AGAIN
    for path in drawn:
        assert f"made-from: {digest()}</desc>" in path.read_text(encoding="utf-8"), AGAIN
    assert all(path.stat().st_size < LIMIT_BYTES for path in (*shaded, *drawn))


def type_px(drawing: ET.Element, inherited: float = 0.0) -> Iterator[float]:
    """The size of each text, in units of the drawing."""
    size = float(drawing.get("font-size", inherited))
    assert "transform" not in drawing.attrib, "a scaled text: its size is another one than it says"
    if drawing.tag.endswith(("}text", "}tspan")):
        yield size
    for one in drawing:
        yield from type_px(one, size)


@every("path", DRAWINGS)
def test_the_words_of_a_drawing_are_readable_on_a_phone(path: Path) -> None:
    drawing = ET.parse(HARDWARE.parent / path).getroot()
    wide = float(drawing.attrib["viewBox"].split()[2])
    sizes = list(type_px(drawing))
    assert len(sizes) > 5
    assert min(sizes) * PHONE_PX / wide >= READABLE_PX


def test_every_part_is_sound_and_fits_a_printer() -> None:
    assert measures()["parts"].keys() == PRINTED
    for name, part in measures()["parts"].items():
        assert part["valid"], name
        assert part["solids"] == 1, name
        assert part["bottom_mm"] == 0, name
        assert max(part["size_mm"]) <= BED_MM, name
        assert part["thinnest_mm"] >= FIGURES["box"]["least_wall_mm"] - 0.02, name


def test_no_part_is_inside_another_at_any_size() -> None:
    clashes = measures()["clashes"]
    assert {"mount", "bar", "box", "mount, stop closed"} < clashes.keys()
    assert len(clashes) == 8  # and the smallest and the largest board on either kind of cell
    assert not any(clashes.values()), clashes


def test_the_gaps_of_the_stops_are_those_of_the_load_path() -> None:
    mm = measures()["mm"]
    assert mm["stop of half50"] == FIGURES["mount"]["gap_mm"]
    assert mm["stop of half50, closed"] == 0
    assert mm["stop of bar100"] == FIGURES["bar_mount"]["gap_mm"]
    for cell in loads.MOUNT_OF:
        assert mm[f"board of {cell} over the floor"] == loads.height_mm(cell)


def test_the_parts_have_room() -> None:
    mm = measures()["mm"]
    assert mm["foot in its keeper"] >= 0.4
    assert mm["foot in its keeper, the largest gap"] >= 0.1
    assert mm["disc over the foot, stop closed"] >= 0.5
    assert mm["Pi to the box"] >= 0.3
    assert mm["keeper over the floor, stop closed"] >= 5
    assert mm["button to what is below"] >= 2
    assert mm["panel to the header of the Pi"] >= 2
    assert mm["levers to what is beside"] >= 0.5


def test_a_measure_that_is_off_is_reported() -> None:
    made = script("make_parts")
    kept = measures()
    assert made.wrong(kept) == []
    assert made.differences(kept, kept) == []
    parts = {**kept["parts"], "foot": {**kept["parts"]["foot"], "thinnest_mm": 0.4, "volume_mm3": 1}}
    off = {**kept, "parts": parts, "clashes": {"box": {"pi, shell": 2.0}}, "mm": {**kept["mm"], "stop of half50": 0.2}}
    assert len(made.wrong(off)) == 3
    assert any("foot" in line for line in made.differences(off, kept))


def test_the_bill_and_the_steps_add_up() -> None:
    cost = script("cost")
    with (HARDWARE / "bom.csv").open(newline="", encoding="utf-8") as file:
        bill = {row["part"]: row for row in csv.DictReader(file)}
    low, high = cost.euro()
    by_hand = sum(
        int(row["quantity"]) * float(row["euro from"]) for row in bill.values() if "optional" not in row["needed for"]
    )
    assert low == by_hand < high
    assert cost.minutes() <= 8 * 60  # a day
    page = (DOCS / "build.md").read_text(encoding="utf-8")
    assert f"{low:.0f} to {high:.0f} euros" in page, "docs/build.md: run `python hardware/cost.py`"
    assert f"{cost.minutes() / 60:.1f} hours" in page, "docs/build.md: run `python hardware/cost.py`"
    assert f"{low:.0f} to {high:.0f} euros" in (HARDWARE.parent / "README.md").read_text(encoding="utf-8"), "README.md"
    sheet = (DOCS / "dev" / "hardware.md").read_text(encoding="utf-8")
    assert "\n".join(loads.lines()) in sheet, "docs/dev/hardware.md: run `python hardware/loads.py`"


def test_the_prices_of_the_page_are_those_of_the_bill() -> None:
    """The short table of docs/build.md: a part, how many, what they cost together."""
    with (HARDWARE / "bom.csv").open(newline="", encoding="utf-8") as file:
        bill = {row["part"]: row for row in csv.DictReader(file)}
    page = (DOCS / "build.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| ([^|]+) \| (\d+) \| [^|]+ \| (\d+) to (\d+) \|$", page, re.MULTILINE)
    assert len(found) >= 8
    for part, quantity, low, high in found:
        row = bill[part]
        count = int(row["quantity"])
        assert count == int(quantity), part
        assert (int(low), int(high)) == (round(count * float(row["euro from"])), round(count * float(row["euro to"])))


def test_the_wood_of_the_bill_is_the_default_board() -> None:
    with (HARDWARE / "bom.csv").open(newline="", encoding="utf-8") as file:
        bill = {row["part"]: row["typical specification"] for row in csv.DictReader(file)}
    board, wood = loads.sizes()[0], FIGURES["board"]
    assert f"{board.length:.0f} x {board.width:.0f} mm" in bill["board"]
    assert f"{board.strip_length_mm:.0f} x {board.strip_mm:.0f} x {wood['strip_mm']:.0f} mm" in bill["strip"]
    pad = FIGURES["pad"]
    disc = FIGURES["disc"]
    assert f"{disc['diameter_mm']:.0f} x {disc['thickness_mm']:.0f} mm, not larger" in bill["steel disc"]
    mount, panel = FIGURES["mount"], FIGURES["panel"]
    assert f"{mount['screw_mm']:.0f} x {mount['screw_long_mm']:.0f} mm" in bill["screw of a mount"]
    assert f"2 x {panel['screw_long_mm']:.0f} mm" in bill["screw of the panel"]
    assert re.search(
        rf"{pad['diameter_mm']:.0f} x {pad['thickness_mm']:.0f} mm.*Shore A {pad['shore_a']:.0f}", bill["rubber pad"]
    )


def test_there_are_shims_for_every_gap_that_may_be_set() -> None:
    with (HARDWARE / "bom.csv").open(newline="", encoding="utf-8") as file:
        bill = {row["part"]: row for row in csv.DictReader(file)}
    sheet = sum(
        int(bill[part]["quantity"]) * float(bill[part]["typical specification"].split()[0])
        for part in ("thin shim", "thick shim")
    )
    mount = FIGURES["mount"]
    assert sheet / 4 >= mount["shims_mm"] + loads.largest_gap_mm() - mount["gap_mm"]


def test_the_page_says_what_is_computed() -> None:
    page = " ".join((DOCS / "build.md").read_text(encoding="utf-8").split())
    first, mount = loads.gauged("half50"), FIGURES["mount"]
    low, high = mount["set_kg"]
    worst = max(loads.sizes(), key=lambda board: board.dead_kg)
    most = loads.on_cell_kg(loads.any_size("half50"), loads.corner_kg(worst))
    over, mat = loads.height_mm("half50"), FIGURES["mat"]["thickness_mm"]
    for words in (
        f"takes over between {first.least_kg:.0f} and {first.most_kg:.0f} kg",
        f"It stays at {low:.0f} to {high:.0f} kg: well",
        f"Over {mount['set_person_kg']:.0f} kg leave",
        f"shims of {mount['shims_mm']} mm together",
        f"screws {mount['screw_mm']:.0f} x {mount['screw_long_mm']:.0f} through keeper and holder",
        f"Over {loads.calibration_kg('half50', 1 / 3):.0f} kg, let a lighter person",
        f"at most {most:.0f} kg on its cell",
        f"{over:.0f} mm over the floor; with a mat of {mat} mm the back lies {over + mat:.0f} mm high",
        f"wedge at either end, {over:.0f} mm",
    ):
        assert words in page, words
