# ruff: noqa: INP001  a script, no package
"""Draws the pictures of hardware/pictures/: shaded PNG of the parts, and SVG of the assembly, one a stage, numbered.

Called by hardware/make_parts.py --write. Orthographic; what is hidden is left out by a depth buffer (PNG) or by the
kernel (SVG).
"""

from __future__ import annotations

from html import escape
from math import cos, radians, sin
from pathlib import Path
from typing import Any, Final

import numpy as np
import solids
from build123d import Box, Compound, Location, Part, Pos, Rot, Vector
from loads import FIGURES, sizes
from PIL import Image, PngImagePlugin

Colour = tuple[int, int, int]
WOOD, PRINT, METAL, RUBBER, GREEN, RED, GLASS = (
    (222, 190, 140), (90, 130, 170), (170, 172, 178), (60, 60, 62), (60, 130, 80), (180, 60, 60), (40, 40, 60),
)  # fmt: skip
COLOURS: Final = {
    "sole": RUBBER, "pad": RUBBER, "cell": METAL, "board": WOOD, "plate": WOOD, "strip": WOOD, "pi": GREEN,
    "head": RED, "foot chip": RED, "panel": GLASS, "button": METAL, "mat": (150, 90, 140), "disc": METAL,
    "shims": (235, 225, 120), "header": RUBBER, "lever": (225, 120, 40),
}  # fmt: skip
LIFT_MM: Final = 46
TYPE, LINE, TOP = 22, 27, 66
"""Of a drawing 700 wide: the size of its type, from line to line, and where the edges begin."""
LID: Final = ("shell", "panel", "button")


def axes(turn: float, rise: float) -> np.ndarray:
    """Return right, up and towards the eye, for an eye at `turn` degrees around z and `rise` over the floor."""
    t, r = radians(turn), radians(rise)
    eye = np.array([cos(r) * cos(t), cos(r) * sin(t), sin(r)])
    right = np.array([-sin(t), cos(t), 0.0])
    return np.array([right, np.cross(eye, right), eye])


def shaded(parts: dict[str, Part], view: tuple[float, float], width: int, box: bool = False) -> Image.Image:
    """Render `parts` with a depth buffer, twice as large, and reduce it."""
    frame = axes(*view)
    triangles, tints = [], []
    for name, part in parts.items():
        points, faces = part.tessellate(0.15, 0.2)
        corners = np.array([[p.X, p.Y, p.Z] for p in points])[np.array(faces)]
        triangles.append(corners)
        key = name.rsplit(" ", 1)[0] if name[-1].isdigit() else name
        tint = COLOURS.get("foot chip" if box and name == "foot" else key, PRINT)
        tints.append(np.tile(np.array(tint, float), (len(corners), 1)))
    world = np.concatenate(triangles)
    colour = np.concatenate(tints)
    normal = np.cross(world[:, 1] - world[:, 0], world[:, 2] - world[:, 0])
    length = np.linalg.norm(normal, axis=1)
    keep = length > 1e-9
    world, colour, normal = world[keep], colour[keep], normal[keep] / length[keep, None]
    light = 0.35 + 0.65 * np.abs(normal @ (0.75 * frame[2] + 0.35 * frame[1] - 0.4 * frame[0]))
    seen = world @ frame.T
    low, high = seen.reshape(-1, 3).min(0), seen.reshape(-1, 3).max(0)
    big = 2 * width
    scale = (big - 40) / (high[0] - low[0])
    tall = int((high[1] - low[1]) * scale) + 40
    image = np.full((tall, big, 3), 255.0)
    depth = np.full((tall, big), -1e9)
    x = (seen[:, :, 0] - low[0]) * scale + 20
    y = tall - 20 - (seen[:, :, 1] - low[1]) * scale
    for n in range(len(seen)):
        fill(image, depth, x[n], y[n], seen[n, :, 2], colour[n] * light[n])
    return Image.fromarray(image.clip(0, 255).astype(np.uint8)).resize((width, tall // 2), Image.Resampling.LANCZOS)


def fill(image: np.ndarray, depth: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray, tint: np.ndarray) -> None:
    """Draw one triangle where it is nearer than what is drawn."""
    left, right = max(int(x.min()), 0), min(int(x.max()) + 2, image.shape[1])
    top, bottom = max(int(y.min()), 0), min(int(y.max()) + 2, image.shape[0])
    area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    if abs(area) < 1e-9 or right <= left or bottom <= top:
        return
    px, py = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
    b = ((px - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (py - y[0])) / area
    c = ((x[1] - x[0]) * (py - y[0]) - (px - x[0]) * (y[1] - y[0])) / area
    far = z[0] + b * (z[1] - z[0]) + c * (z[2] - z[0])
    window = depth[top:bottom, left:right]
    new = (b >= -1e-6) & (c >= -1e-6) & (b + c <= 1 + 1e-6) & (far > window)
    window[new] = far[new]
    image[top:bottom, left:right][new] = tint


def lines(parts: list[Part], view: tuple[float, float]) -> tuple[list[list[tuple[float, float]]], Any]:
    """Return the visible edges as polylines in mm of the drawing, and how a point of the world gets there."""
    frame = axes(*view)
    whole = Compound(children=parts)
    middle = whole.bounding_box().center()
    eye = Vector(*(np.array([middle.X, middle.Y, middle.Z]) + 5000 * frame[2]))
    visible, _ = whole.project_to_viewport(tuple(eye), (0, 0, 1), tuple(middle))
    found = []
    for edge in visible:
        straight = edge.geom_type.name == "LINE"
        steps = 2 if straight else max(4, min(24, int(edge.length / 1.5)))
        at = [edge.position_at(n / (steps - 1)) for n in range(steps)]
        found.append([(p.X, p.Y) for p in at])

    def to_drawing(point: tuple[float, float, float]) -> tuple[float, float]:
        off = np.array(point) - np.array([middle.X, middle.Y, middle.Z])
        return float(off @ frame[0]), float(off @ frame[1])

    return found, to_drawing


Callout = tuple[str, tuple[float, float, float]]


def drawing(title: str, parts: list[Part], view: tuple[float, float], callouts: list[Callout], made_from: str) -> str:
    """Return an SVG 700 wide: the edges, numbers at their right, what those are below: readable 360 wide on a phone."""
    found, to_drawing = lines(parts, view)
    flat = [point for line in found for point in line]
    low = (min(x for x, _ in flat), min(y for _, y in flat))
    high = (max(x for x, _ in flat), max(y for _, y in flat))
    scale = min(590 / (high[0] - low[0]), 500 / (high[1] - low[1]))
    under = max(TOP + (high[1] - low[1]) * scale, TOP + 40 * len(callouts)) + 40
    tall = under + LINE * sum(text.count("\n") + 1 for text, _ in callouts) + 10 * len(callouts)

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return 20 + (point[0] - low[0]) * scale, TOP + (high[1] - point[1]) * scale

    def number(n: int, x: float, y: float) -> str:
        made = f'<circle cx="{x:g}" cy="{y:g}" r="16" fill="#fff" stroke="#b33" stroke-width="1.5"/>'
        return f'{made}<text x="{x:g}" y="{y + 8:g}" text-anchor="middle">{n}</text>'

    made = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 {tall:.0f}"',
        f'font-family="sans-serif" font-size="{TYPE}">',
        f"<title>{escape(title)}</title>",
        f"<desc>made by hardware/make_parts.py, made-from: {made_from}</desc>",
        f'<rect width="700" height="{tall:.0f}" fill="#fff"/>',
        f'<text x="20" y="40" font-weight="bold">{escape(title)}</text>',
        '<g fill="none" stroke="#333" stroke-width="1.3" stroke-linecap="round">',
    ]
    made += ['<path d="M' + "L".join("{:.1f} {:.1f}".format(*at(p)) for p in line) + '"/>' for line in found]
    made.append("</g>")
    row = under
    for n, (text, point) in enumerate(callouts, 1):
        x, y = at(to_drawing(point))
        beside = TOP + 16 + (under - 72 - TOP) * (n - 1) / (len(callouts) - 1)
        made.append(f'<path d="M{x:.1f} {y:.1f}L640 {beside:.0f}" stroke="#b33" stroke-width="1.3"/>')
        made.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#b33"/>')
        made += [number(n, 656, round(beside)), number(n, 36, row - 8)]
        for words in text.split("\n"):
            made.append(f'<text x="66" y="{row:g}">{escape(words)}</text>')
            row += LINE
        row += 10
    made.append("</svg>")
    return "\n".join(made) + "\n"


def half_of(part: Part) -> Part:
    """Return what is behind the plane y = 0."""
    return part & (Pos(0, 250, 0) * Box(500, 500, 500))


def exploded() -> dict[str, Part]:
    """Return one mount, taken apart along z."""
    apart = {
        "sole": -44, "foot": -28, "keeper": 2, "pad": 26, "disc": 38, "shims": 48, "cell": 66, "holder": 100,
        "board": 128,
    }  # fmt: skip
    return {name: Pos(0, 0, apart[name]) * part for name, part in solids.mount_placed().items()}


def middle(part: Part) -> tuple[float, float, float]:
    point = part.bounding_box().center()
    return point.X, point.Y, point.Z


def edge_of(part: Part, x: float, y: float) -> tuple[float, float, float]:
    """Return a point of the bounding box: x and y from -1 to 1, at mid height."""
    box, at = part.bounding_box(), middle(part)
    return at[0] + x * box.size.X / 2, at[1] + y * box.size.Y / 2, at[2]


def on_lid(u: float, v: float) -> tuple[float, float, float]:
    """Return a point of the face, the shell lifted off its floor."""
    point = (Pos(0, 0, LIFT_MM) * solids.on_face(u, v)).position
    return point.X, point.Y, point.Z


def stages() -> list[tuple[str, list[Part], tuple[float, float], list[Callout]]]:
    """Return the drawings in the order of the work."""
    board = sizes()[0]
    over = Rot(180, 0, 0)
    device = solids.device(board, "half50")
    wood = {name: over * part for name, part in device.items() if name.startswith(("plate", "strip"))}
    apart, mount, box = exploded(), solids.mount_placed(), solids.box_placed()
    cut = {name: half_of(part) for name, part in mount.items()}
    turned = {name: over * part for name, part in device.items()}
    first = solids.corners(board)[3]
    wide, strip = FIGURES["board"], board.strip_mm
    size = f"{board.length:.0f} x {board.width:.0f} x {wide['thickness_mm']:.0f} mm"
    high = {name: Pos(0, 0, LIFT_MM if name in LID else 0) * part for name, part in box.items()}
    high_mm = solids.height_mm("half50")
    gap_at = (solids.MOUNT["flange_mm"] / 2 - 4, 0.0, solids.MOUNT["sole_mm"] + solids.MOUNT["foot_mm"] + 0.7)
    beside = Pos(board.length / 2 - 60, board.width / 2 + 50 + solids.BOX["wall_mm"], 0)  # its face towards the mat
    whole = {**device, **{f"box {name}": beside * part for name, part in box.items()}}
    mat = Pos(0, 0, middle(device["plate"])[2] + 9) * solids.block(board.length - 8, board.width - 8, 25)
    return [
        (
            "Drawing 1: the board, seen from below",
            list(wood.values()),
            (-60, 40),
            [
                (f"board, {size}", edge_of(wood["plate"], -0.6, 0.95)),
                (
                    f"strip {board.strip_length_mm:.0f} x {strip:.0f} mm, glued, six screws",
                    middle(wood["strip -1"]),
                ),
                (f"{wide['strip_end_mm']:.0f} mm from the short edge", edge_of(wood["strip -1"], 1, 0)),
                (f"{wide['strip_in_mm']:.0f} mm from the long edge", edge_of(wood["strip 1"], 0.6, -1)),
                (f"corners rounded, {wide['corner_mm']:.0f} mm", edge_of(wood["plate"], 0.97, -0.94)),
            ],
        ),
        (
            "Drawing 2: a mount, taken apart",
            list(apart.values()),
            (-50, 22),
            [
                ("board", edge_of(apart["board"], 0.9, -0.6)),
                ("holder, its roof up, its round corner outwards", edge_of(apart["holder"], 0.9, -0.8)),
                ("cell, its raised middle down", edge_of(apart["cell"], 0.9, -0.8)),
                ("shims", edge_of(apart["shims"], 0.7, -0.7)),
                ("steel disc, 20 x 2 mm", edge_of(apart["disc"], 0.7, -0.7)),
                ("rubber pad, 20 x 8 mm", edge_of(apart["pad"], 0.7, -0.7)),
                ("keeper, screw heads down", edge_of(apart["keeper"], 0.9, -0.8)),
                ("foot, its hollow up", edge_of(apart["foot"], 0.7, -0.7)),
                ("sole, rubber or felt, 2 mm", edge_of(apart["sole"], 0.7, -0.7)),
            ],
        ),
        (
            "Drawing 3: the stop, cut through the middle",
            list(cut.values()),
            (-90, 0),
            [
                ("the tongue bends into here", (8.0, 0.0, middle(mount["holder"])[2] + 5)),
                ("cell", edge_of(mount["cell"], 0.9, 0)),
                (f"gap, {solids.MOUNT['gap_mm']} mm unloaded; closed, the holder carries", gap_at),
                ("keeper, touches nothing under a load", edge_of(mount["keeper"], 0.96, 0)),
                ("shims, then the steel disc", (6.0, 0.0, middle(mount["shims"])[2])),
                ("rubber pad", (0.0, 0.0, middle(mount["pad"])[2] - 2)),
            ],
        ),
        (
            "Drawing 4: the four mounts, seen from below",
            list(turned.values()),
            (-60, 45),
            [
                ("mount, its round corner outwards,\nthree screws 4 x 35", edge_of(turned["keeper 3"], 0, 0)),
                (
                    "here the wires come out of the mount;\nthen they go around the end of the strip",
                    (first[0], -first[1] - 39, -30),
                ),
                ("cells of the foot end", edge_of(turned["sole 1"], 0, 0)),
                ("cells of the head end", edge_of(turned["sole 0"], 0, 0)),
            ],
        ),
        (
            "Drawing 5: the floor of the box",
            [part for name, part in high.items() if name not in LID],
            (-60, 45),
            [
                ("Pi Zero 2 W, sockets to the back,\nfour screws 2.5 x 6", middle(high["pi"])),
                ("chip of the head end, in its tray,\na dot of hot glue", middle(high["head"])),
                ("chip of the foot end", middle(high["foot"])),
                ("lever connectors,\na dot of hot glue", middle(high["lever 1"])),
                ("one tie around both cables", (solids.CABLES[1] + 5, solids.inside().deep - 9, 3)),
            ],
        ),
        (
            "Drawing 6: the box",
            list(high.values()),
            (-60, 28),
            [
                ("panel, under its window, four screws 2 x 4", on_lid(*solids.PANEL_AT)),
                ("button", on_lid(*solids.BUTTON_AT)),
                ("LED or light pipe", on_lid(*solids.LIGHT_AT)),
                ("weight limit", on_lid(solids.TEXT_AT[0] + 21, solids.TEXT_AT[1])),
                ("floor, four screws 3 x 10 from below", edge_of(high["base"], 0.9, -0.98)),
            ],
        ),
        (
            "Drawing 7: together",
            [*whole.values(), mat],
            (-110, 45),
            [
                ("box, beside the head end, 5 cm away", middle(whole["box shell"])),
                ("mat", edge_of(mat, 0.3, -0.5)),
                (f"board, {high_mm:.0f} mm over the floor", edge_of(device["plate"], 0.5, -1)),
            ],
        ),
    ]


def pictures() -> dict[str, Image.Image]:
    board = sizes()[0]
    under = {name: Rot(180, 0, 0) * part for name, part in solids.device(board, "half50").items()}
    bars = {name: Rot(180, 0, 0) * part for name, part in solids.device(board, "bar100").items()}
    box = solids.box_placed()
    opened = {name: part for name, part in box.items() if name not in LID}
    printed = {}
    x = 0.0
    for name, (make, _) in solids.PRINTED.items():
        part = make()
        size = part.bounding_box()
        printed[name] = Location((x - size.min.X, -size.center().Y, 0)) * part
        x += size.size.X + 16
    return {
        "mount": shaded(exploded(), (-50, 22), 500),
        "device-below": shaded(under, (-60, 40), 640),
        "device-below-bar100": shaded(bars, (-60, 40), 640),
        "box": shaded(box, (-65, 35), 500, box=True),
        "box-open": shaded(opened, (-60, 45), 500, box=True),
        "printed": shaded(printed, (-75, 40), 900),
    }


def write(folder: Path, made_from: str) -> None:
    """Write every picture into `folder`."""
    folder.mkdir(exist_ok=True)
    for n, (title, parts, view, callouts) in enumerate(stages(), 1):
        (folder / f"stage-{n}.svg").write_text(drawing(title, parts, view, callouts, made_from), encoding="utf-8")
    for name, image in pictures().items():
        notes = PngImagePlugin.PngInfo()
        notes.add_text("made-by", "python hardware/make_parts.py --write")
        notes.add_text("made-from", made_from)
        image.quantize(128).save(folder / f"{name}.png", pnginfo=notes, optimize=True)
