# ruff: noqa: INP001, F405, F403  a script of build123d, whose names are meant to be imported together
"""Builds every solid of the device with build123d, from hardware/figures.toml. Imported by hardware/make_parts.py.

Parts are made as they are printed: flat on z = 0, no support. `place` puts them where they belong, z = 0 the floor.
Nothing was printed yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import cos, radians, sin, tan
from typing import Any, Final

from build123d import *
from loads import FIGURES, Board, height_mm, holder_mm, keeper_mm

MOUNT: Final[dict[str, Any]] = FIGURES["mount"]
BAR: Final[dict[str, Any]] = FIGURES["bar_mount"]
PAD: Final[dict[str, Any]] = FIGURES["pad"]
DISC: Final[dict[str, Any]] = FIGURES["disc"]
HALF: Final[dict[str, Any]] = FIGURES["cell"]["half50"]
LONG: Final[dict[str, Any]] = FIGURES["cell"]["bar100"]
BOX: Final[dict[str, Any]] = FIGURES["box"]
LIMIT: Final = f"max {FIGURES['limit']['person_kg']:.0f} kg"
UP: Final = (Align.CENTER, Align.CENTER, Align.MIN)
CORNER: Final = (Align.MIN, Align.MIN, Align.MIN)


def block(x: float, y: float, z: float, at: tuple[float, float, float] = (0, 0, 0)) -> Part:
    """Return a block that stands on `at`, the middle of its base."""
    return Pos(*at) * Box(x, y, z, align=UP)


def rod(diameter: float, z: float, at: tuple[float, float, float] = (0, 0, 0)) -> Part:
    return Pos(*at) * Cylinder(diameter / 2, z, align=UP)


def letters(text: str, size: float, depth: float) -> Part:
    return extrude(Text(text, font_size=size, font_style=FontStyle.BOLD), amount=depth)


def outline(height: float) -> Part:
    """Return the plan of a mount: square, the corner of the board (x, y > 0) rounded around the foot."""
    side = MOUNT["side_mm"]
    whole = block(side, side, height)
    quarter = block(side / 2, side / 2, height, (side / 4, side / 4, 0))
    return whole - (quarter - rod(side, height))


def screws(height: float, diameter: float) -> Part:
    at = MOUNT["screw_at_mm"]
    return Part() + [rod(diameter, height, (x, y, 0)) for x, y in ((-at, -at), (-at, at), (at, -at))]


# --- mount of the 50 kg cell ---------------------------------------------------------------------------------------


@cache
def cell_half() -> Part:
    """Return the cell as bought, button down: a frame, a tongue in it, the button of the tongue."""
    x, y = HALF["size_mm"]
    frame = block(x, y, HALF["frame_mm"], (0, 0, HALF["button_mm"]))
    slot = block(20, 22, HALF["frame_mm"], (0, 0, HALF["button_mm"])) - block(
        12, 22, HALF["frame_mm"], (0, -3, HALF["button_mm"])
    )
    return frame - slot + rod(HALF["button_diameter_mm"], HALF["button_mm"])


@cache
def holder() -> Part:
    """Return the holder, roof on the print bed: the cell lies in its pocket, its tongue may bend through the roof."""
    side, clear = HALF["size_mm"][0] + 2 * MOUNT["pocket_clear_mm"], MOUNT["roof_mm"]
    high = holder_mm()
    body = outline(high) - block(side, side, high, (0, 0, clear))
    body -= block(22, 24, clear)  # over the tongue
    out = MOUNT["side_mm"] / 2  # for the wires, on the two sides towards the middle of the board
    body -= block(8, out, 5, (0, -out / 2, clear)) + block(out, 8, 5, (-out / 2, 0, clear))
    body -= screws(high, MOUNT["screw_mm"] + 0.5)
    return body


@cache
def foot() -> Part:
    """Return the foot, floor side on the print bed. It widens at 45 degrees to the flange that closes the stop."""
    low, wide = MOUNT["bottom_mm"] / 2, MOUNT["flange_mm"] / 2
    high, rim = MOUNT["foot_mm"], MOUNT["rim_mm"]
    cone = wide - low
    body = rod(2 * low, high - rim - cone)
    body += Pos(0, 0, high - rim - cone) * Cone(low, wide, cone, align=UP)
    body += rod(2 * wide, rim, (0, 0, high - rim))
    hollow = PAD["diameter_mm"] + MOUNT["recess_wider_mm"]
    return body - rod(hollow, MOUNT["recess_mm"], (0, 0, high - MOUNT["recess_mm"]))


@cache
def keeper() -> Part:
    """Return the ring that keeps the foot, holder side on the print bed; its cone leans outwards while printing."""
    low, wide, slide = MOUNT["bottom_mm"] / 2, MOUNT["flange_mm"] / 2, MOUNT["slide_mm"]
    cone = wide - low
    deep = keeper_mm() - cone
    body = outline(deep + cone)
    body -= rod(2 * (wide + slide), deep)
    body -= Pos(0, 0, deep) * Cone(wide + slide, low + slide, cone, align=UP)
    at = MOUNT["screw_at_mm"]
    heads = Part() + [
        Pos(x, y, deep + cone - 2) * Cone(MOUNT["screw_mm"] / 2 + 0.25, MOUNT["screw_mm"] + 0.2, 2, align=UP)
        for x, y in ((-at, -at), (-at, at), (at, -at))
    ]
    return body - screws(deep + cone, MOUNT["screw_mm"] + 0.5) - heads


# --- mount of the 100 kg bar ---------------------------------------------------------------------------------------


def bar_holes(z: float) -> Part:
    x = LONG["size_mm"][0] / 2
    at = [x - BAR["bolt_edge_mm"], x - BAR["bolt_edge_mm"] - BAR["bolts_apart_mm"]]
    return Part() + [rod(BAR["bolt_mm"] + 0.5, z, (sign * place, 0, 0)) for place in at for sign in (-1, 1)]


@cache
def cell_bar() -> Part:
    x, y = LONG["size_mm"]
    return block(x, y, LONG["frame_mm"]) - bar_holes(LONG["frame_mm"])


@cache
def bar_spacer() -> Part:
    """Return the spacer between the fixed end of the bar (x < 0) and the board."""
    x, y = LONG["size_mm"]
    return block(40, y, BAR["spacer_mm"], (20 - x / 2, 0, 0)) - bar_holes(BAR["spacer_mm"])


@cache
def bar_stop() -> Part:
    """Return the stop over the free end: the gap is what it is thinner than the spacer."""
    x, y = LONG["size_mm"]
    body = block(40, y, BAR["spacer_mm"] - BAR["gap_mm"], (x / 2 - 20, 0, 0))
    return body - bar_holes(BAR["spacer_mm"])  # the ends of the foot's bolts move in the holes


@cache
def bar_foot() -> Part:
    """Return the foot under the free end, floor side on the print bed. Two bolts from below, heads sunk."""
    x = LONG["size_mm"][0] / 2
    middle = x - BAR["bolt_edge_mm"] - BAR["bolts_apart_mm"] / 2
    body = rod(BAR["foot_diameter_mm"], BAR["foot_mm"], (middle, 0, 0))
    sunk = [rod(11.5, 8, (middle + sign * BAR["bolts_apart_mm"] / 2, 0, 0)) for sign in (-1, 1)]
    return body - bar_holes(BAR["foot_mm"]) - sunk


# --- board ---------------------------------------------------------------------------------------------------------


def plate(board: Board) -> Part:
    body = block(board.length, board.width, FIGURES["board"]["thickness_mm"])
    return fillet(body.edges().filter_by(Axis.Z), FIGURES["board"]["corner_mm"])


def strip(board: Board) -> Part:
    return block(board.strip_length_mm, board.strip_mm, FIGURES["board"]["strip_mm"])


# --- box -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wedge:
    """The profile of the box: x across, y from front (0) to back, z up. The face rises from the front by `tilt`."""

    across: float
    deep: float
    front: float
    tilt: float

    @property
    def back(self) -> float:
        return self.front + self.deep * tan(radians(self.tilt))

    @property
    def face(self) -> float:
        """Length of the face from front to back."""
        return self.deep / cos(radians(self.tilt))

    def solid(self) -> Part:
        points = [(0, 0), (self.deep, 0), (self.deep, self.back), (0, self.front)]
        profile = Plane.YZ * make_face(Polyline(*points, close=True))
        return Pos(-self.across / 2, 0, 0) * extrude(profile, amount=self.across)


def inside() -> Wedge:
    across, deep = BOX["inside_mm"]
    return Wedge(across, deep, BOX["front_mm"], BOX["tilt_deg"])


def outside() -> Wedge:
    wedge, wall = inside(), BOX["wall_mm"]
    lift = wall / cos(radians(wedge.tilt)) - wall * tan(radians(wedge.tilt))
    return Wedge(wedge.across + 2 * wall, wedge.deep + 2 * wall, wedge.front + lift, wedge.tilt)


def on_face(u: float, v: float, depth: float = 0.0) -> Location:
    """Return the place `u` across and `v` up the face from its middle, its z pointing out, `depth` under the face."""
    wedge, wall = outside(), BOX["wall_mm"]
    angle = radians(wedge.tilt)
    along = wedge.face / 2 + v
    y = along * cos(angle) - wall + depth * sin(angle)
    z = wedge.front + along * sin(angle) - depth * cos(angle)
    return Location((u, y, z), (wedge.tilt, 0, 0))


BOARDS_AT: Final = {"pi": (-9.0, 58.0), "head": (-24.0, 16.5), "foot": (14.0, 16.5)}
LEVERS_AT: Final = ((37.5, 23.0), (47.0, 23.0))
CABLES: Final = (29.0, 37.5)
"""Where the cables of head and foot leave, across."""
PANEL_AT: Final = (-19.0, 8.0)
BUTTON_AT: Final = (30.0, 12.0)
LIGHT_AT: Final = (30.0, -10.0)
TEXT_AT: Final = (-19.0, -27.0)


@cache
def shell() -> Part:
    """Return the box without its floor, as it stands. It is printed on its face."""
    wall, panel = BOX["wall_mm"], FIGURES["panel"]
    body = Pos(0, -wall, 0) * outside().solid() - inside().solid()
    hole = Location((0, 0, -5))
    u, v = PANEL_AT
    body -= on_face(u, v + panel["window_up_mm"]) * hole * Box(*panel["window_mm"], 10, align=UP)
    body -= on_face(*BUTTON_AT) * hole * Cylinder(FIGURES["button"]["diameter_mm"] / 2, 10, align=UP)
    body -= on_face(*LIGHT_AT) * hole * Cylinder(FIGURES["light"]["diameter_mm"] / 2, 10, align=UP)
    x, y = panel["holes_mm"]
    for sx in (-1, 1):
        for sy in (-1, 1):  # the panel lies on four posts under the face; a screw bites into each
            long = panel["post_mm"] + 0.2
            post = Cylinder(2.6, long, align=UP) - Cylinder(0.85, long, align=UP)
            body += on_face(u + sx * x / 2, v + sy * y / 2, wall + panel["post_mm"]) * post
    body -= on_face(*TEXT_AT, BOX["text_mm"]) * letters(LIMIT, 7, BOX["text_mm"] + 1)
    back = inside().deep
    window = (BOARDS_AT["pi"][0] + 32.5 - 47.7, back + wall / 2, 5)  # power and USB of a Pi that turns its sockets out
    body -= Pos(*window) * Box(26, wall * 3, 10, align=UP)
    for side in CABLES:
        body -= Pos(side, back + wall / 2, 9) * Rot(90, 0, 0) * Cylinder(3.25, wall * 3)
    for n in range(6):  # air
        body -= Pos(-30 + 12 * n, back + wall / 2, 38) * Box(3, wall * 3, 12, align=UP)
    for sx in (-1, 1):  # the floor is screwed into these; up to the face, so that they print without support
        for y0 in (5.0, back - 5.0):
            boss = Pos(sx * (inside().across / 2 - 4), y0, BOX["base_mm"]) * Box(8.4, 10.4, 90, align=UP)
            body += boss & inside().solid()
            body -= Pos(sx * (inside().across / 2 - 4.5), y0, 0) * Cylinder(1.25, 11, align=UP)
    return body


@cache
def shell_printed() -> Part:
    """Return the shell turned onto its face."""
    turned = Rot(180 - BOX["tilt_deg"], 0, 0) * shell()
    return Pos(0, 0, -turned.bounding_box().min.Z) * turned


@cache
def base() -> Part:
    """Return the floor of the box with posts for the Pi and trays for the two chips, and a bar for cable ties."""
    wedge, clear = inside(), BOX["clear_mm"]
    body = Pos(0, wedge.deep / 2, 0) * Box(wedge.across - 2 * clear, wedge.deep - 2 * clear, BOX["base_mm"], align=UP)
    x, y = FIGURES["pi"]["holes_mm"]
    px, py = BOARDS_AT["pi"]
    for sx in (-1, 1):
        for sy in (-1, 1):
            at = (px + sx * x / 2, py + sy * y / 2, 0)
            body += rod(5.6, BOX["base_mm"] + 4, at)
            body -= rod(2.1, BOX["base_mm"] + 4, at)
    bx, by = FIGURES["hx711"]["board_mm"]
    for name in ("head", "foot"):
        hx, hy = BOARDS_AT[name]
        tray = Box(bx + 3.8, by + 3.8, 4, align=UP) - Box(bx + 0.6, by + 0.6, 4, align=UP)
        tray -= Box(bx - 6, by + 8, 4, align=UP)  # open where the wires are
        body += Pos(hx, hy, BOX["base_mm"]) * tray
    for sx in (-1, 1):
        for y0 in (5.0, wedge.deep - 5.0):
            at = (sx * (wedge.across / 2 - 4.5), y0, 0)
            body -= rod(3.4, BOX["base_mm"], at)
    for side in (CABLES[0] - 5, CABLES[1] + 5):  # one tie goes down here and up there, around both cables
        body -= Pos(side, wedge.deep - 9, 0) * Box(1.8, 4, BOX["base_mm"], align=UP)
    return body


def boards() -> dict[str, Part]:
    """Return what lies on the floor of the box, as blocks."""
    x, y = FIGURES["pi"]["board_mm"]
    px, py = BOARDS_AT["pi"]
    made = {"pi": Pos(px, py, BOX["base_mm"] + 4) * Box(x, y, FIGURES["pi"]["height_mm"], align=UP)}
    hx, hy, hz = FIGURES["pi"]["header_mm"]  # at the edge away from its sockets
    made["header"] = Pos(px, py - y / 2 + 3.5, BOX["base_mm"] + 4 + FIGURES["pi"]["height_mm"]) * Box(
        hx, hy, hz - FIGURES["pi"]["height_mm"], align=UP
    )
    bx, by = FIGURES["hx711"]["board_mm"]
    for name in ("head", "foot"):
        hx, hy = BOARDS_AT[name]
        made[name] = Pos(hx, hy, BOX["base_mm"]) * Box(bx, by, FIGURES["hx711"]["height_mm"], align=UP)
    lx, ly, lz = FIGURES["lever"]["size_mm"]
    for n, (x, y) in enumerate(LEVERS_AT):
        made[f"lever {n}"] = Pos(x, y, BOX["base_mm"]) * Box(lx, ly, lz, align=UP)
    panel = FIGURES["panel"]
    under = BOX["wall_mm"] + panel["post_mm"] + panel["thickness_mm"]
    made["panel"] = on_face(*PANEL_AT, under) * Box(*panel["board_mm"], panel["thickness_mm"], align=UP)
    made["button"] = on_face(*BUTTON_AT, BOX["wall_mm"] + 18) * Cylinder(7.5, 18, align=UP)
    return made


# --- assemblies ----------------------------------------------------------------------------------------------------


@cache
def mount_placed() -> dict[str, Part]:
    """Return the parts of one mount of half50 at a corner, unloaded: board above, floor at z = 0."""
    sole, high = MOUNT["sole_mm"], MOUNT["foot_mm"]
    stop = sole + high + MOUNT["gap_mm"]  # underside of the holder
    top = stop + holder_mm()
    turned = Rot(0, 0, -90) * Rot(0, 180, 0)  # over, and its round corner outwards again
    cell_at = top - MOUNT["roof_mm"] - HALF["frame_mm"] - HALF["button_mm"]
    pad_at = sole + high - MOUNT["recess_mm"]
    disc_at = pad_at + PAD["thickness_mm"]
    return {
        "sole": rod(MOUNT["bottom_mm"], sole),
        "foot": Pos(0, 0, sole) * foot(),
        "pad": rod(PAD["diameter_mm"], PAD["thickness_mm"], (0, 0, pad_at)),
        "disc": rod(DISC["diameter_mm"], DISC["thickness_mm"], (0, 0, disc_at)),
        "shims": rod(DISC["diameter_mm"], MOUNT["shims_mm"], (0, 0, disc_at + DISC["thickness_mm"])),
        "cell": Pos(0, 0, cell_at) * cell_half(),
        "holder": Pos(0, 0, top) * turned * holder(),
        "keeper": Pos(0, 0, stop) * turned * keeper(),
        "board": block(MOUNT["side_mm"], MOUNT["side_mm"], FIGURES["board"]["thickness_mm"], (0, 0, top)),
    }


@cache
def bar_placed() -> dict[str, Part]:
    under = BAR["sole_mm"] + BAR["foot_mm"]
    top = under + LONG["frame_mm"] + BAR["spacer_mm"]
    return {
        "foot": Pos(0, 0, BAR["sole_mm"]) * bar_foot(),
        "cell": Pos(0, 0, under) * cell_bar(),
        "spacer": Pos(0, 0, under + LONG["frame_mm"]) * bar_spacer(),
        "stop": Pos(0, 0, top - BAR["spacer_mm"] + BAR["gap_mm"]) * bar_stop(),
        "board": block(150, 60, FIGURES["board"]["thickness_mm"], (0, 0, top)),
    }


@cache
def box_placed() -> dict[str, Part]:
    return {"shell": shell(), "base": base(), **boards()}


def corners(board: Board) -> list[tuple[float, float, int]]:
    """Return where the four mounts are, and the turn of each in degrees."""
    x = board.length / 2 - MOUNT["side_mm"] / 2
    y = board.width / 2 - MOUNT["side_mm"] / 2
    return [(x, y, 0), (-x, y, 90), (-x, -y, 180), (x, -y, 270)]


def device(board: Board, cell: str) -> dict[str, Part]:
    """Return the board with its strips on four mounts of a kind of cell."""
    top = height_mm(cell) - FIGURES["board"]["thickness_mm"]
    made = {"plate": Pos(0, 0, top) * plate(board)}
    for sign in (-1, 1):
        y = sign * (board.width / 2 - board.strip_mm / 2 - FIGURES["board"]["strip_in_mm"])
        made[f"strip {sign}"] = Pos(0, y, top - FIGURES["board"]["strip_mm"]) * strip(board)
    if cell == "half50":
        for n, (x, y, turn) in enumerate(corners(board)):
            for name, part in mount_placed().items():
                if name != "board":
                    made[f"{name} {n}"] = Pos(x, y, 0) * Rot(0, 0, turn) * part
        return made
    middle = LONG["size_mm"][0] / 2 - BAR["bolt_edge_mm"] - BAR["bolts_apart_mm"] / 2
    for n, (x, y, _) in enumerate(corners(board)):  # along the board, the free end with its foot outwards
        for name, part in bar_placed().items():
            if name != "board":
                turned = Rot(0, 0, 0 if x > 0 else 180) * Pos(-middle, 0, 0) * part
                made[f"{name} {n}"] = Pos(x, y, 0) * turned
    return made


PRINTED: Final = {
    "holder": (holder, 4),
    "foot": (foot, 4),
    "keeper": (keeper, 4),
    "box-shell": (shell_printed, 1),
    "box-base": (base, 1),
    "bar-spacer": (bar_spacer, 4),
    "bar-stop": (bar_stop, 4),
    "bar-foot": (bar_foot, 4),
}
"""Name, how it is made, how many a build takes: the first three with half50, the last three with bar100."""
