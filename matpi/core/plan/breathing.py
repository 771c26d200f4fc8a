"""The 4-6 breath: in for four seconds, out for six, no holds; six breaths a minute (docs/programme.md 16 to 20).

Everything is a function of the seconds since the first breath began, so nothing adds up and nothing drifts: cycle n
begins at exactly n * 10 s. How full the breath is follows a raised cosine: no step and no corner where it turns.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from math import ceil, cos, pi
from typing import Final

IN_S: Final = 4.0
OUT_S: Final = 6.0
CYCLE_S: Final = IN_S + OUT_S
CYCLES_MIN, CYCLES_MAX = 18, 30  # docs/behaviour.md 4: 3 to 5 minutes
FRAME_S: Final = 0.05
"""The circle changes on this grid. Chosen: a panel's picture takes about 25 ms on the wire (1 kB at 400 kHz)."""
RADIUS_MIN_PX, RADIUS_MAX_PX = 5, 29
"""Chosen: 64 rows less the words of a line at the side, and the 2 pixels by which the picture wanders."""

_FRAMES: Final = round(CYCLE_S / FRAME_S)
_NOW_S: Final = 1e-6
"""Woken for a boundary, floats may stand just before it."""


class Side(StrEnum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Breath:
    phase: Side
    fraction: float
    """How far this side has come, 0 to 1."""
    cycle: int
    """0 for the first breath."""
    left_s: float
    """Of this side."""

    @property
    def fullness(self) -> float:
        """0 empty, 1 full."""
        risen = (1.0 - cos(pi * self.fraction)) / 2.0
        return risen if self.phase is Side.IN else 1.0 - risen


@dataclass(frozen=True, slots=True)
class Circle:
    """What the panel shows of a breath; equal circles are equal pictures."""

    phase: Side
    radius_px: int
    left_s: int
    """Whole seconds of this side, counting down to 1."""
    cycle: int


def pace(elapsed_s: float) -> Breath:
    """The breath so long after the first one began; before it, its beginning."""
    cycle, into_s = _within(elapsed_s)
    if into_s < IN_S:
        return Breath(Side.IN, into_s / IN_S, cycle, IN_S - into_s)
    out_s = into_s - IN_S
    return Breath(Side.OUT, out_s / OUT_S, cycle, OUT_S - out_s)


def lightness(elapsed_s: float) -> float:
    """Of the LED, 0 to 1 as the eye sees it; `lamp.light` makes light of it. One rise in 10 s: 0.1 Hz."""
    return pace(elapsed_s).fullness


def circle(elapsed_s: float) -> Circle:
    """The picture of the frame in which `elapsed_s` lies."""
    cycle, into_s = _within(elapsed_s)
    return _circle(cycle, int((into_s + _NOW_S) / FRAME_S))


def next_change(elapsed_s: float) -> float:
    """When the circle looks different next, in seconds since the first breath began; later than `elapsed_s`."""
    cycle, into_s = _within(elapsed_s)
    return cycle * CYCLE_S + _changes()[int((into_s + _NOW_S) / FRAME_S)] * CYCLE_S / _FRAMES


def cycles_done(elapsed_s: float) -> int:
    """Whole breaths so far."""
    return _within(elapsed_s)[0]


def _within(elapsed_s: float) -> tuple[int, float]:
    elapsed_s = max(0.0, elapsed_s)
    cycle = int((elapsed_s + _NOW_S) // CYCLE_S)
    into_s = max(0.0, elapsed_s - cycle * CYCLE_S)
    return cycle, IN_S if IN_S - _NOW_S <= into_s < IN_S else into_s


@cache
def _changes() -> tuple[int, ...]:
    """Of each frame of a cycle, the next one that looks different; the cycle's end is one."""
    following = [_FRAMES] * _FRAMES
    for frame in range(_FRAMES - 2, -1, -1):
        same = _circle(0, frame) == _circle(0, frame + 1)
        following[frame] = following[frame + 1] if same else frame + 1
    return tuple(following)


@lru_cache(maxsize=2 * _FRAMES)
def _circle(cycle: int, frame: int) -> Circle:
    breath = pace(frame * CYCLE_S / _FRAMES)
    radius = RADIUS_MIN_PX + breath.fullness * (RADIUS_MAX_PX - RADIUS_MIN_PX)
    return Circle(breath.phase, round(radius), max(1, ceil(breath.left_s - _NOW_S)), cycle)
