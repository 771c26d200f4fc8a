# ruff: noqa: INP001, T201  a script, no package
"""Computes the load path, `python hardware/loads.py`: cells, stop, tipping and board, for each size. Not measured.

Plain statics with the figures of hardware/figures.toml. tests/hardware/test_loads.py holds the promises.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from math import pi
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
FIGURES: Final[dict[str, Any]] = tomllib.loads((HERE / "figures.toml").read_text(encoding="utf-8"))
G: Final = 9.81
MOUNT_OF: Final = {"half50": "mount", "bar100": "bar_mount"}
LYING_WORST: Final = 0.7 * 0.6
"""Part of a lying person on one corner: 70 % at one end, 60 % to one side (chosen)."""


def modulus_mpa(shore_a: float) -> float:
    """Return Young's modulus of rubber by its hardness, after Gent 1958."""
    return 0.0981 * (56.0 + 7.62336 * shore_a) / (0.137505 * (254.0 - 2.54 * shore_a))


def pad_n_per_mm(shore_a: float, thickness_mm: float) -> float:
    """Return the stiffness of a round pad glued to plates as large; the shape factor stiffens it (E (1 + 2 S^2))."""
    diameter = FIGURES["pad"]["diameter_mm"]
    shape = diameter / (4.0 * thickness_mm)
    return modulus_mpa(shore_a) * (1.0 + 2.0 * shape**2) * pi / 4.0 * diameter**2 / thickness_mm


@dataclass(frozen=True, slots=True)
class Stop:
    """At which load on one cell the stop takes over, in kg, the board's own weight with it: least, nominal, most."""

    least_kg: float
    kg: float
    most_kg: float
    n_per_mm: float
    """Of the cell with what is in series: what it still feels of the closed stop giving way."""


def stiffness(cell: str) -> tuple[float, float, float]:
    """Return what gives way before the stop closes, in N/mm: the softest, the usual, the hardest."""
    one = FIGURES["cell"][cell]
    cell_k = one["capacity_kg"] * G / one["deflection_mm"]
    if cell != "half50":
        off = FIGURES["bar_mount"]["stiff_off"]
        return cell_k * (1.0 - off), cell_k, cell_k * (1.0 + off)
    pad = FIGURES["pad"]
    shore, shore_off = pad["shore_a"], pad["shore_off"]
    thick, thick_off = pad["thickness_mm"], pad["thickness_off_mm"]
    pads = [(shore - shore_off, thick + thick_off), (shore, thick), (shore + shore_off, thick - thick_off)]
    soft, usual, hard = (1.0 / (1.0 / cell_k + 1.0 / pad_n_per_mm(*one_pad)) for one_pad in pads)
    return soft, usual, hard


def gauged(cell: str) -> Stop:
    """Compute where the stop takes over when its gap was set with a feeler gauge and nothing else."""
    soft, usual, hard = stiffness(cell)
    mount = FIGURES[MOUNT_OF[cell]]
    gap, off = mount["gap_mm"], mount["gap_off_mm"]
    return Stop(soft * (gap - off) / G, usual * gap / G, hard * (gap + off) / G, hard)


def loaded(cell: str, board: Board) -> Stop:
    """Compute the same after it was set by load (half50), with readings of a cell that is not calibrated.

    The reading is that of all cells, from the zero of the empty board: the others carry what is not on this corner.
    """
    at = gauged(cell)
    if cell != "half50":
        return at
    mount = FIGURES["mount"]
    low, high = mount["set_kg"]
    beside, own = set_beside_kg(board), board.dead_kg / 4.0
    least = (low - beside) / (1.0 + mount["read_off"]) + own
    most = (high + beside) * (1.0 + mount["read_off"]) * mount["older"] + own
    return Stop(least, (low + high) / 2.0 + own, most, at.n_per_mm)


def any_size(cell: str) -> Stop:
    """Return the least and the most of all sizes of board, and the nominal of the default."""
    stops = [loaded(cell, board) for board in sizes()]
    least, most = min(stop.least_kg for stop in stops), max(stop.most_kg for stop in stops)
    return Stop(least, stops[0].kg, most, stops[0].n_per_mm)


def set_beside_kg(board: Board) -> float:
    """Return how much of the person who sets a stop the other three cells carry, or lift, at most."""
    mount = FIGURES["mount"]
    across = board.width - mount["side_mm"]
    return float(mount["set_person_kg"] * mount["set_off_mm"] * (1.0 / board.span_mm + 1.0 / across))


def largest_gap_mm() -> float:
    """Return the gap of half50 that the softest pad needs to take over at the most that is set."""
    most = any_size("half50").most_kg / FIGURES["mount"]["older"]
    return most * G / stiffness("half50")[0]


STOP_N_PER_MM: Final = 20_000.0
"""Stiffness of the closed stop. Estimate: 2000 mm2 of PETG, 1500 MPa, 30 mm high make 100 000; a rim touches first."""


def on_cell_kg(at: Stop, corner_kg: float) -> float:
    """Return the most a cell feels when `corner_kg` is on its corner, all tolerances on the bad side."""
    beyond = max(0.0, corner_kg - at.most_kg)
    return min(corner_kg, at.most_kg) + beyond * at.n_per_mm / (at.n_per_mm + STOP_N_PER_MM)


@dataclass(frozen=True, slots=True)
class Board:
    """Sizes in mm, of the mat; the board is as large."""

    length: float
    width: float

    @property
    def strip_mm(self) -> float:
        narrow, wide = FIGURES["board"]["strip_width_mm"]
        return narrow if self.length <= FIGURES["board"]["long_mm"] else wide

    @property
    def strip_length_mm(self) -> float:
        return float(self.length - 2.0 * FIGURES["board"]["strip_end_mm"])

    @property
    def kg(self) -> float:
        """Of the wood alone."""
        wood = FIGURES["board"]
        mm3 = self.length * self.width * wood["thickness_mm"]
        mm3 += 2.0 * self.strip_length_mm * self.strip_mm * wood["strip_mm"]
        return mm3 * 1e-9 * wood["density_kg_m3"]

    @property
    def inertia(self) -> tuple[float, float]:
        """Second moment of area along the board in mm^4, and the distance of its outermost fibre in mm."""
        wood = FIGURES["board"]
        top, under = wood["thickness_mm"], wood["strip_mm"]
        plate, strips = self.width * top, 2.0 * self.strip_mm * under
        middle = (plate * top / 2.0 + strips * (top + under / 2.0)) / (plate + strips)
        own = (plate * top**2 + strips * under**2) / 12.0
        moved = plate * (middle - top / 2.0) ** 2 + strips * (top + under / 2.0 - middle) ** 2
        return own + moved, top + under - middle

    @property
    def span_mm(self) -> float:
        return self.length - FIGURES["mount"]["side_mm"]

    def sag_mm(self, kg: float) -> float:
        """Return how far the middle goes down under a person who stands there, on both feet in one line across."""
        inertia, _ = self.inertia
        return kg * G * self.span_mm**3 / (48.0 * FIGURES["board"]["e_mpa"] * inertia)

    def stress_mpa(self, kg: float) -> float:
        inertia, fibre = self.inertia
        return kg * G * self.span_mm / 4.0 * fibre / inertia

    def air_mm(self, cell: str, kg: float) -> float:
        """Return what is left between the strips and the floor under a person in the middle."""
        under = height_mm(cell) - FIGURES["board"]["thickness_mm"] - FIGURES["board"]["strip_mm"]
        return float(under - FIGURES[MOUNT_OF[cell]]["gap_mm"] - self.sag_mm(kg))

    def end_stress_mpa(self, kg: float) -> float:
        """Return the stress across the grain under a person in the middle of an end, between its two mounts.

        What the strips carry there is left out; half the span of the plate is taken to carry it (chosen).
        """
        span = self.width - FIGURES["mount"]["side_mm"]
        return kg * G * span / 4.0 / (span / 2.0 * FIGURES["board"]["thickness_mm"] ** 2 / 6.0)

    def end_sag_mm(self, kg: float) -> float:
        span = self.width - FIGURES["mount"]["side_mm"]
        inertia = span / 2.0 * FIGURES["board"]["thickness_mm"] ** 3 / 12.0
        return float(kg * G * span**3 / (48.0 * FIGURES["board"]["across_e_mpa"] * inertia))

    def tips_at_kg(self) -> float:
        """Return the weight at which the board begins to tip when all of it is on the very edge or corner.

        The corners are rounded around the feet, so the edge is everywhere as far outside the soles. The short side is
        nearer to the middle than the long one, so it decides.
        """
        outside = FIGURES["mount"]["side_mm"] / 2.0 - FIGURES["mount"]["bottom_mm"] / 2.0
        inside = min(self.width, self.length) / 2.0 - outside
        return self.dead_kg * inside / outside

    @property
    def dead_kg(self) -> float:
        """Wood, mat, four mounts and screws."""
        return self.kg + FIGURES["mat"]["kg"] + 4 * 0.1  # a mount of 70 g and its cell of 30 g: estimate


def height_mm(cell: str) -> float:
    """Return the height of the board's top over the floor, unloaded, without the mat."""
    board = FIGURES["board"]["thickness_mm"]
    if cell == "half50":
        mount = FIGURES["mount"]
        return float(mount["sole_mm"] + mount["foot_mm"] + mount["gap_mm"] + holder_mm() + board)
    mount = FIGURES["bar_mount"]
    under = mount["spacer_mm"] + FIGURES["cell"][cell]["frame_mm"] + mount["foot_mm"] + mount["sole_mm"]
    return float(under + board)


def holder_mm() -> float:
    """Return the height of the holder of half50: its roof, cell, shims, disc, the pad over the foot, less the gap."""
    one, mount = FIGURES["cell"]["half50"], FIGURES["mount"]
    over = FIGURES["pad"]["thickness_mm"] + FIGURES["disc"]["thickness_mm"] + mount["shims_mm"] - mount["recess_mm"]
    return float(mount["roof_mm"] + one["frame_mm"] + one["button_mm"] + over - mount["gap_mm"])


def keeper_mm() -> float:
    """Return the height of the keeper of half50: the foot's room in it, and the cone that holds its flange."""
    mount = FIGURES["mount"]
    return float(mount["gap_mm"] + mount["rim_mm"] + mount["drop_mm"] + (mount["flange_mm"] - mount["bottom_mm"]) / 2.0)


def sizes() -> list[Board]:
    """Return the mats at the corners of the range, and the default."""
    mat = FIGURES["mat"]
    edge = [Board(length, width) for length in mat["length_mm"] for width in mat["width_mm"]]
    return [Board(*mat["default_mm"]), *edge]


def corner_kg(board: Board) -> float:
    """Return what is on a corner when the heaviest person stands on it, at rest."""
    return float(FIGURES["limit"]["person_kg"]) + board.dead_kg / 4.0


def calibration_kg(cell: str, inside: float = 0.0) -> float:
    """Return the weight up to which a person who calibrates leaves both stops open, for certain.

    The person is in the middle across, `inside` of the span away from the cells of the end.
    """
    least = min(loaded(cell, board).least_kg - board.dead_kg / 4.0 for board in sizes())
    return 2.0 * least / (1.0 - inside)


def safe_kg(cell: str) -> float:
    one = FIGURES["cell"][cell]
    return float(one["capacity_kg"] * one["safe_percent"] / 100.0)


def destroyed_kg(cell: str) -> float:
    one = FIGURES["cell"][cell]
    return float(one["capacity_kg"] * one["ultimate_percent"] / 100.0)


def lines() -> list[str]:
    """Return the whole table."""
    person, step = FIGURES["limit"]["person_kg"], FIGURES["limit"]["stepping_factor"]
    heaviest = max(sizes(), key=lambda board: board.dead_kg)
    worst = corner_kg(heaviest)
    lying = person * LYING_WORST + heaviest.dead_kg / 4.0
    made = [f"Computed, not built. A person of {person:g} kg; stepping up counts {step:g} times.", ""]
    for cell in MOUNT_OF:
        first, at = gauged(cell), any_size(cell)
        top = height_mm(cell)
        bounds = f"safe to {safe_kg(cell):g} kg, destroyed at {destroyed_kg(cell):g} kg"
        made += [
            f"{cell}: {FIGURES['cell'][cell]['name']}, {bounds}",
            f"  stop, gap set by gauge: takes over at {first.kg:.0f} kg ({first.least_kg:.0f} to {first.most_kg:.0f})",
            f"  stop, as it stays:      takes over at {at.kg:.0f} kg ({at.least_kg:.0f} to {at.most_kg:.0f})",
            f"  {worst:.0f} kg at rest on one corner: the cell feels {on_cell_kg(at, worst):.0f} kg at most",
            f"  stepping on one corner, {worst * step:.0f} kg: {on_cell_kg(at, worst * step):.0f} kg at most",
            f"  lying, 42 % of the person on one corner: {lying:.0f} kg; measured up to {at.least_kg:.0f}",
            f"  calibrating in the middle of an end: a person up to {calibration_kg(cell):.0f} kg",
            f"  calibrating a third of the way in: a person up to {calibration_kg(cell, 1 / 3):.0f} kg",
            f"  board over the floor: {top:.1f} mm; with the mat {top + FIGURES['mat']['thickness_mm']:.0f} mm",
            "",
        ]
    made.append("mat mm      wood kg  strips mm  sag mm  MPa   air mm  end: sag mm  MPa   tips at kg")
    for board in sizes():
        air = min(board.air_mm(cell, person) for cell in MOUNT_OF)
        sag = board.sag_mm(person)
        made.append(
            f"{board.length:4.0f} x {board.width:3.0f}  {board.kg:7.1f}  {board.strip_mm:9.0f}"
            f"  {sag:6.1f}  {board.stress_mpa(person):3.1f}  {air:7.1f}  {board.end_sag_mm(person):11.1f}"
            f"  {board.end_stress_mpa(person):4.1f}  {board.tips_at_kg():10.0f}"
        )
    return made


if __name__ == "__main__":
    print("\n".join(lines()))
