"""Load in time on the four cells of the mat: paths of points, bands of noise, and the moments of the readings.

Positions are shares: `head` of the load lies on the head pair, `left` of it on the left pair; 0 to 1 both. Cells are
in the order head left, head right, foot left, foot right. Loads in kg, times in seconds.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Random = np.random.Generator

CELLS: Final = 4
TOUCH_KG: Final = 1.0
"""Whose load is over this touches the mat. Chosen: a hand laid down, and far above the noise."""
EDGE_S: Final = 30.0
"""The first and the last touch lie this near to the ends of a path: longer than the slowest way on or off."""

JITTER_S: Final = 0.002  # of a reading's time; chosen, of the order of a read-out under a busy scheduler
QUIET_RATE: Final = 1.0
"""Readings a second in quiet hours. Chosen: the core holds 2 s without a reading (docs/dev/behaviour.md 1)."""
LEARN_EVERY_S: Final = 600.0
LEARN_S: Final = 60.0
"""In quiet hours every ten minutes a minute at the full rate, for what learns the empty mat from blocks of
readings. Chosen."""


class Source(Protocol):
    """Something that loads the mat between two times."""

    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...
    def cells(self, t: Array, rng: Random) -> Array:
        """Load on the cells, shape [len(t), 4]. `t` rises and reaches no more than a second beyond the source."""
        ...


class Path:
    """Points (t, kg, head, left); between them the load goes over smoothly (3s^2 - 2s^3), outside it stays."""

    def __init__(self, t: float, kg: float = 0.0, head: float = 0.5, left: float = 0.5) -> None:
        self.points: list[tuple[float, float, float, float]] = [(t, kg, head, left)]

    @property
    def t(self) -> float:
        """Of the last point."""
        return self.points[-1][0]

    @property
    def kg(self) -> float:
        return self.points[-1][1]

    @property
    def place(self) -> tuple[float, float]:
        return self.points[-1][2:]

    def to(self, seconds: float, kg: float, head: float | None = None, left: float | None = None) -> Path:
        """On to `kg`, `seconds` later; the place stays where none is given."""
        t, _, was_head, was_left = self.points[-1]
        point = (
            t + max(seconds, 1e-3),
            max(kg, 0.0),
            was_head if head is None else min(max(head, 0.0), 1.0),
            was_left if left is None else min(max(left, 0.0), 1.0),
        )
        self.points.append(point)
        return self

    def wait(self, until: float) -> Path:
        """Nothing happens until then; nothing at all when that is past."""
        return self.to(until - self.t, self.kg) if until > self.t else self

    def at(self, t: Array) -> tuple[Array, Array, Array]:
        """kg, head, left at each of `t`."""
        points = np.asarray(self.points)
        if len(points) == 1:
            return tuple(np.full(len(t), value) for value in points[0, 1:])  # type: ignore[return-value]
        at = np.clip(np.searchsorted(points[:, 0], t, side="right") - 1, 0, len(points) - 2)
        step = np.diff(points, axis=0)
        s = np.clip((t - points[at, 0]) / step[at, 0], 0.0, 1.0)
        s *= s * (3.0 - 2.0 * s)
        kg, head, left = (points[at, column] + s * step[at, column] for column in (1, 2, 3))
        return kg, head, left

    def touches(self) -> tuple[float, float]:
        """First and last moment over `TOUCH_KG`, to 5 ms; both must lie within `EDGE_S` of the ends.

        A path that begins or ends loaded is touched from its first or to its last point.
        """
        first, last = self.points[0][0], self.t
        on = np.arange(first, min(first + EDGE_S, last) + 0.005, 0.005)
        off = np.arange(max(last - EDGE_S, first), last + 0.005, 0.005)
        touched, left = self.at(on)[0] >= TOUCH_KG, self.at(off)[0] >= TOUCH_KG
        if not touched.any() or not left.any():
            raise ValueError("the path does not touch the mat near its ends")
        return float(on[np.argmax(touched)]), float(off[len(off) - 1 - np.argmax(left[::-1])])


def spread(kg: Array, head: Array | float, left: Array | float) -> Array:
    """A load at a place, on the four cells by the lever rule. Shape [n, 4]."""
    out = np.empty((len(kg), CELLS))
    on_head = kg * head
    on_foot = kg - on_head
    out[:, 0] = on_head * left
    out[:, 1] = on_head - out[:, 0]
    out[:, 2] = on_foot * left
    out[:, 3] = on_foot - out[:, 2]
    return out


def wander(t: Array, knot_s: float, rng: Random) -> Array:
    """Noise of unit deviation that changes within about `knot_s`: straight lines between normal knots."""
    if not len(t):
        return np.empty(0)
    knots = np.arange(t[0] - knot_s, t[-1] + 2 * knot_s, knot_s)
    # Straight lines between independent knots have two thirds of their variance.
    lines = np.interp(t, knots, rng.standard_normal(len(knots)))
    return np.asarray(lines * np.sqrt(1.5))


def follow(x: Array, dt: float, tau: float) -> Array:
    """What follows `x` [n, c], sampled every `dt`, with the time constant `tau`; starts at nought.

    y[k] = a y[k-1] + (1 - a) x[k], a = exp(-dt / tau), in blocks short enough for a**-k to stay exact.
    """
    a = float(np.exp(-dt / tau))
    block = max(1, min(len(x), int(20.0 * tau / dt)))
    powers = a ** np.arange(block)[:, None]
    out = np.empty_like(x)
    before = np.zeros(x.shape[1])
    for begin in range(0, len(x), block):
        part = x[begin : begin + block]
        scale = powers[: len(part)]
        out[begin : begin + block] = scale * ((1.0 - a) * np.cumsum(part / scale, axis=0) + a * before)
        before = out[begin + len(part) - 1]
    return out


def moments(
    duration_s: float,
    period_s: float,
    busy: list[tuple[float, float]] | None,
    rng: Random,
    quiet_s: float = 1.0 / QUIET_RATE,
) -> Array:
    """Times of the readings from about 0 to `duration_s`: at the full rate while `busy`, or all along for None.

    Else every `quiet_s`, but for the minutes to learn from.
    """
    phase = float(rng.uniform(0.0, period_s))
    if busy is None:
        t = np.arange(phase, duration_s, period_s)
    else:
        learn = [(at, at + LEARN_S) for at in np.arange(0.0, duration_s, LEARN_EVERY_S).tolist()]
        pieces: list[Array] = []
        end = phase
        for begin, until in sorted([*busy, *learn]):
            if until <= end:
                continue
            if begin > end:
                quiet = np.arange(end, begin, quiet_s)
                pieces.append(quiet)
                end = float(quiet[-1]) + min(quiet_s, max(period_s, begin - float(quiet[-1])))
            full = np.arange(end, min(until, duration_s), period_s)
            if len(full):
                pieces.append(full)
                end = float(full[-1]) + period_s
        pieces.append(np.arange(end, duration_s, quiet_s))
        t = np.concatenate(pieces)
        t = t[t < duration_s]
    return np.asarray(t + rng.uniform(0.0, JITTER_S, len(t)))
