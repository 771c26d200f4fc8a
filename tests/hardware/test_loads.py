"""hardware/loads.py: what the load path promises, for every size and kind of cell, tolerances at their worst."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from matpi.core.calibration.weights import MOST_KG
from matpi.core.screens import calibration as screen

HARDWARE = Path(__file__).resolve().parents[2] / "hardware"
CELLS = ("half50", "bar100")


@cache
def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, HARDWARE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


loads = script("loads")
FIGURES = loads.FIGURES
PERSON_KG = FIGURES["limit"]["person_kg"]
STEP = FIGURES["limit"]["stepping_factor"]


@pytest.mark.parametrize("cell", CELLS)
def test_the_heaviest_person_on_one_corner_leaves_the_cell_safe(cell: str) -> None:
    assert PERSON_KG == 130.0
    for board in loads.sizes():
        corner = loads.corner_kg(board)
        assert corner > PERSON_KG
        for stop in (loads.gauged(cell), loads.loaded(cell, board)):
            assert loads.on_cell_kg(stop, corner) <= loads.safe_kg(cell)
            assert loads.on_cell_kg(stop, corner * STEP) <= loads.destroyed_kg(cell) * 0.85


def test_without_the_stop_the_small_cell_would_be_destroyed() -> None:
    """So the stop is needed; the bars bear the person without it."""
    assert min(map(loads.corner_kg, loads.sizes())) > loads.destroyed_kg("half50")
    assert max(map(loads.corner_kg, loads.sizes())) < loads.safe_kg("bar100")


@pytest.mark.parametrize("cell", CELLS)
def test_the_stop_leaves_what_is_to_be_measured(cell: str) -> None:
    stop = loads.any_size(cell)
    assert stop.least_kg < stop.kg < stop.most_kg
    assert loads.calibration_kg(cell) > screen.LIGHTEST_KG + 25.0  # standing right between the cells of an end
    assert loads.calibration_kg(cell, 1 / 3) > 100.0  # where the command asks one to stand
    assert stop.least_kg > FIGURES["cell"][cell]["capacity_kg"] * (0.65 if cell == "half50" else 0.75)


def test_the_stop_can_be_set_by_load() -> None:
    """The foot stays free at the gap it takes, one shim does not leap over the window, the person closes the stop."""
    mount = FIGURES["mount"]
    low, high = mount["set_kg"]
    assert loads.largest_gap_mm() < mount["gap_mm"] + mount["slide_mm"] + mount["drop_mm"] - 0.2
    thin = 0.1 * loads.stiffness("half50")[2] / loads.G
    assert thin < high - low
    assert high * (1.0 + mount["read_off"]) < 55.0 * (1.0 - 0.05)  # of 55 kg, 5 % beside
    for board in loads.sizes():
        assert loads.set_beside_kg(board) <= 0.05 * mount["set_person_kg"]


def test_the_pad_is_pressed_on_its_whole_faces_and_past_nothing() -> None:
    """The sum is for plates as large as the pad; a disc that does not fit into the hollow would carry past the stop."""
    pad, disc, mount = FIGURES["pad"], FIGURES["disc"], FIGURES["mount"]
    assert pad["diameter_mm"] <= disc["diameter_mm"] < pad["diameter_mm"] + mount["recess_wider_mm"]


def test_screws_are_as_long_as_there_is_material() -> None:
    mount, panel = FIGURES["mount"], FIGURES["panel"]
    bite = mount["screw_long_mm"] - loads.keeper_mm() - loads.holder_mm()
    assert 2.0 * mount["screw_mm"] < bite < FIGURES["board"]["thickness_mm"] - 3.0
    assert 2.0 < panel["screw_long_mm"] - panel["pcb_mm"] <= panel["post_mm"]


def test_the_stiffness_of_rubber_is_that_of_the_table() -> None:
    """Gent's curve: Shore A 60 is about 3.6 MPa, 40 about 1.7."""
    assert loads.modulus_mpa(60.0) == pytest.approx(3.6, abs=0.1)
    assert loads.modulus_mpa(40.0) == pytest.approx(1.7, abs=0.1)


def test_nobody_within_the_limit_tips_the_board() -> None:
    for board in loads.sizes():
        assert board.tips_at_kg() >= PERSON_KG, board


def test_the_board_holds_and_stays_off_the_floor() -> None:
    wood = FIGURES["board"]
    for board in loads.sizes():
        assert board.stress_mpa(PERSON_KG * STEP) <= wood["strength_mpa"] / 2.0
        assert board.end_stress_mpa(PERSON_KG) <= wood["across_mpa"]
        for cell in CELLS:
            assert board.air_mm(cell, PERSON_KG) >= wood["floor_left_mm"]
            plate = loads.height_mm(cell) - wood["thickness_mm"]
            assert plate - board.end_sag_mm(PERSON_KG) - FIGURES[loads.MOUNT_OF[cell]]["gap_mm"] >= 5.0


def test_the_weight_limit_is_the_same_everywhere() -> None:
    assert MOST_KG == PERSON_KG
    for page in ("docs/build.md", "docs/dev/hardware.md", "docs/use.md"):
        assert f"{PERSON_KG:.0f} kg" in (HARDWARE.parent / page).read_text(encoding="utf-8"), page
