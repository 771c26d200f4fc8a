"""Pace the 4-6 breath: in for four seconds, out for six, no pause (docs/dev/programme.md 16 to 20).

Everything is a function of the seconds since the first breath began, so that no error adds up: cycle n begins at
n * 10 s. The fullness is a raised cosine: no step and no corner where the breath turns.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from math import ceil, cos, pi
from typing import Final

from msgspec import Struct

IN_S: Final = 4.0
OUT_S: Final = 6.0
CYCLE_S: Final = IN_S + OUT_S
CYCLES_MIN, CYCLES_MAX = 18, 30  # docs/dev/behaviour.md 4: 3 to 5 minutes
FRAME_S: Final = 0.05  # the circle's grid; chosen: a picture takes about 25 ms on the wire (1 kB at 400 kHz)
RADIUS_MIN_PX, RADIUS_MAX_PX = 5, 29  # chosen: 64 rows less a line of text and the 2 pixels by which the picture shifts

_FRAMES: Final = round(CYCLE_S / FRAME_S)
_NOW_S: Final = 1e-6  # a wake-up at a boundary may come just before it, since the sum of two floats is rounded


class Side(StrEnum):
    IN = "in"
    OUT = "out"


class Breath(Struct, frozen=True):
    phase: Side
    fraction: float  # of this side, 0 to 1
    left_s: float  # of this side

    @property
    def fullness(self) -> float:
        """0 empty, 1 full."""
        risen = (1.0 - cos(pi * self.fraction)) / 2.0
        return risen if self.phase is Side.IN else 1.0 - risen


class Circle(Struct, frozen=True):
    """What the panel shows of a breath; equal circles are equal pictures."""

    phase: Side
    radius_px: int
    left_s: int  # whole seconds of this side, counting down to 1


def pace(elapsed_s: float) -> Breath:
    """Return the breath at this time after the first one began; before it, its beginning."""
    _, into_s = _within(elapsed_s)
    if into_s < IN_S:
        return Breath(Side.IN, into_s / IN_S, IN_S - into_s)
    out_s = into_s - IN_S
    return Breath(Side.OUT, out_s / OUT_S, OUT_S - out_s)


def lightness(elapsed_s: float) -> float:
    """Return the LED's brightness as the eye sees it, 0 to 1. One rise in 10 s: 0.1 Hz."""
    return pace(elapsed_s).fullness


def circle(elapsed_s: float) -> Circle:
    """Return the picture of the frame that `elapsed_s` is in."""
    return _picture(_frame(elapsed_s)[1])


def next_change(elapsed_s: float) -> float:
    """Return when the circle looks different next: later than `elapsed_s`, in the same seconds."""
    cycle, frame = _frame(elapsed_s)
    shown = _picture(frame)
    change = next((later for later in range(frame + 1, _FRAMES) if _picture(later) != shown), _FRAMES)
    return cycle * CYCLE_S + change * CYCLE_S / _FRAMES


def cycles_done(elapsed_s: float) -> int:
    """Count the whole breaths so far."""
    return _within(elapsed_s)[0]


def _within(elapsed_s: float) -> tuple[int, float]:
    elapsed_s = max(0.0, elapsed_s)
    cycle = int((elapsed_s + _NOW_S) // CYCLE_S)
    into_s = max(0.0, elapsed_s - cycle * CYCLE_S)
    return cycle, IN_S if IN_S - _NOW_S <= into_s < IN_S else into_s


def _frame(elapsed_s: float) -> tuple[int, int]:
    cycle, into_s = _within(elapsed_s)
    return cycle, int((into_s + _NOW_S) / FRAME_S)


@cache
def _picture(frame: int) -> Circle:
    breath = pace(frame * CYCLE_S / _FRAMES)
    radius_px = RADIUS_MIN_PX + breath.fullness * (RADIUS_MAX_PX - RADIUS_MIN_PX)
    return Circle(breath.phase, round(radius_px), max(1, ceil(breath.left_s - _NOW_S)))
