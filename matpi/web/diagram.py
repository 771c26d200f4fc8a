"""The state diagram of the page: states placed by hand, edges and their words from the transition table.

All lengths are units of the drawing, WIDTH x HEIGHT. An edge is one quadratic curve, cut at the borders of its boxes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Any, Protocol

Point = tuple[float, float]
Curve = tuple[Point, Point, Point]

WIDTH, HEIGHT = 1000, 500
BOX_WIDTH, BOX_HEIGHT = 112, 40
GAP = 3.0
"""Between a box and the tip of an arrow."""
FAMILY = 5
"""So many states that answer one trigger with the same next state are a family: the page draws these edges only
where they start or while one is taken, else they would hide all others."""

# The way of every good session runs clockwise along the rim; what may come in between lies inside it.
POSITIONS: dict[str, Point] = {
    "IDLE": (236, 262),
    "ARRIVING": (390, 140),
    "ON_MAT": (580, 140),
    "AWAY": (860, 140),
    "DONE": (860, 446),
    "RATING": (640, 446),
    "SAVED": (440, 446),
    "FELT_WRONG": (236, 446),
    "SAFETY": (72, 190),
    "MENU": (72, 334),
    "SENSOR_LOST": (236, 44),
    "CALIBRATING": (72, 44),
    "HOLDING": (720, 44),
    "OBJECT": (450, 262),
    "CAPPED": (676, 262),
    "DISCARDED": (560, 350),
    "OFF_MAT": (892, 364),
    "READY": (68, 244),
    "TREND": (216, 344),
}
MAIN = ("IDLE", "ARRIVING", "ON_MAT", "AWAY", "DONE", "RATING", "SAVED", "FELT_WRONG", "IDLE")

# How far an edge leaves the straight line, to the left of its direction. The first of these that meets no box of a
# third state is taken, so that a new row of the table needs a hand only when it brings a new state.
CLEARANCE = 7.0
_BENDS = sorted(range(-220, 221, 4), key=abs)
_BENDS_OF_A_PAIR = [16, *_BENDS]
"""Of an edge with a way back: it keeps to its own side where it can."""


class Row(Protocol):
    """What is read of a row of the transition table; `dest` None: nothing changes."""

    @property
    def trigger(self) -> str: ...
    @property
    def source(self) -> Enum: ...
    @property
    def dest(self) -> Enum | None: ...
    @property
    def reason(self) -> str: ...


def diagram() -> dict[str, Any]:
    """The device's own machine, drawn."""
    from matpi.core.session import TRANSITIONS, State

    return drawn(tuple(State), TRANSITIONS)


def drawn(states: Iterable[Enum], rows: Sequence[Row]) -> dict[str, Any]:
    """`size`, `box`, `states` (name, label, about, x, y) and `edges` (source, dest, label, path, main, family).

    Every state needs a place in POSITIONS (KeyError). Rows between the same two states become one edge.
    """
    edges: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.dest is not None:
            edges.setdefault((row.source.name, row.dest.name), []).append(row)
    kin = Counter((row.trigger, row.dest.name) for row in rows if row.dest is not None)
    main = set(pairwise(MAIN))
    return {
        "size": [WIDTH, HEIGHT],
        "box": [BOX_WIDTH, BOX_HEIGHT],
        "states": [
            {
                "name": state.name,
                "label": words(state.name),
                "about": str(state.value),
                "x": POSITIONS[state.name][0],
                "y": POSITIONS[state.name][1],
            }
            for state in states
        ],
        "edges": [
            {
                "source": source,
                "dest": dest,
                "label": label(group),
                "path": path(curve(source, dest, (dest, source) in edges)),
                "main": (source, dest) in main,
                "family": (source, dest) not in main
                and all(kin[row.trigger, row.dest.name] >= FAMILY for row in group if row.dest is not None),
            }
            for (source, dest), group in edges.items()
        ],
    }


def words(name: str) -> str:
    return name.replace("_", " ").lower()


def label(rows: Iterable[Row]) -> str:
    """The triggers with their usual reasons, each once, in the order of the table."""
    said = dict.fromkeys(f"{words(row.trigger)}: {row.reason}" if row.reason else words(row.trigger) for row in rows)
    return "; ".join(said)


@cache
def curve(source: str, dest: str, has_way_back: bool) -> Curve:
    """Start, control and end point of an edge, from border to border, clear of every other box if that can be had."""
    bends = _BENDS_OF_A_PAIR if has_way_back else _BENDS
    curves = (bent(source, dest, bend) for bend in bends)
    others = POSITIONS.keys() - {source, dest}
    return next((one for one in curves if not meets(one, others)), bent(source, dest, bends[0]))


def bent(source: str, dest: str, bend: float) -> Curve:
    start, end = POSITIONS[source], POSITIONS[dest]
    along = (end[0] - start[0], end[1] - start[1])
    length = (along[0] ** 2 + along[1] ** 2) ** 0.5
    # The curve passes its control point at half the distance, hence twice the bend.
    control = (
        (start[0] + end[0]) / 2 + along[1] / length * 2 * bend,
        (start[1] + end[1]) / 2 - along[0] / length * 2 * bend,
    )
    whole = (start, control, end)
    steps = [step / 256 for step in range(257)]
    leaves = next(t for t in steps if not in_box(point(whole, t), source, GAP))
    arrives = next(t for t in reversed(steps) if not in_box(point(whole, t), dest, GAP))
    return part(whole, leaves, arrives)


def meets(one: Curve, states: Iterable[str]) -> bool:
    """Whether a curve comes near a box of these states, or leaves the drawing."""
    way = [point(one, step / 64) for step in range(65)]
    inside = all(CLEARANCE < x < WIDTH - CLEARANCE and CLEARANCE < y < HEIGHT - CLEARANCE for x, y in way)
    return not inside or any(in_box(where, state, CLEARANCE) for state in states for where in way)


def in_box(where: Point, state: str, margin: float = 0.0) -> bool:
    x, y = POSITIONS[state]
    return abs(where[0] - x) <= BOX_WIDTH / 2 + margin and abs(where[1] - y) <= BOX_HEIGHT / 2 + margin


def point(of: Curve, t: float) -> Point:
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
    return (a * of[0][0] + b * of[1][0] + c * of[2][0], a * of[0][1] + b * of[1][1] + c * of[2][1])


def part(of: Curve, t0: float, t1: float) -> Curve:
    """The stretch of a quadratic curve between two parameters (its polar form at t0 and t1 is the new control)."""
    a, b, c = (1 - t0) * (1 - t1), t0 * (1 - t1) + t1 * (1 - t0), t0 * t1
    control = (a * of[0][0] + b * of[1][0] + c * of[2][0], a * of[0][1] + b * of[1][1] + c * of[2][1])
    return point(of, t0), control, point(of, t1)


def path(of: Curve) -> str:
    (x0, y0), (x1, y1), (x2, y2) = of
    return f"M{x0:.1f} {y0:.1f}Q{x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f}"
