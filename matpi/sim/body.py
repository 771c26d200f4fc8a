"""Model a person, a bag and a cat on the mat as load over time. Modelled, not measured.

The mat rests on a head pair and a foot pair of load cells. An act adds points (time, head kg, foot kg), between which
the load changes linearly. Breathing, heartbeat and the noise of the cells are added on top.
"""

from __future__ import annotations

import random
from itertools import pairwise
from math import pi, sin
from typing import Literal, NamedTuple, get_args

from matpi.errors import UsageError

CHANNELS = 2

LYING, SITTING, STANDING = 0.65, 0.8, 1.0
SHARE = {"lying": LYING, "sitting": SITTING, "standing": STANDING}
"""Share of the body's weight on a trunk-sized mat: 0.6-0.75 lying, about 1.0 standing; sitting chosen."""
HEAD_SHARE = {"lying": 0.62, "sitting": 0.35, "standing": 0.5}
"""Share on the head pair; chosen."""

END_SHARE = 0.9  # chosen: feet beside a pair of cells, not on it

BREATH_HZ, BREATH_KG = 0.25, 0.03  # half of 60 g peak to peak, opposite at the other end (docs/dev/sources.md, cells)
HEART_HZ, HEART_KG = 1.1, 0.01  # 5-20 g (docs/dev/sources.md, cells)
NOISE_KG = 0.002  # 1-3.6 g a channel seen in practice (docs/dev/sources.md, cells)
BAG_KG, CAT_KG = 15.0, 4.5  # chosen: a full travel bag, a grown cat
SPIKE_SHARE = 0.02  # 1-5 % of readings in the field (docs/dev/sources.md, glitches)

Act = Literal["lie_down", "sit", "stand", "fidget", "get_up", "bag_on", "bag_off", "cat"]
ACTS: tuple[str, ...] = get_args(Act)


class Point(NamedTuple):
    t: float
    head_kg: float
    foot_kg: float


class Mat:
    """The load on one mat, in kg. Seeded, so repeatable."""

    def __init__(self, *, kg: float = 74.0, seed: int = 1) -> None:
        self.kg = kg
        self.doing = "away"  # or lying, sitting, standing
        self.bag = False
        self.spikes = False
        self.spiked = 0  # readings with a spike so far
        self.unplugged = False
        self._random = random.Random(seed)  # noqa: S311  a simulation, not a secret
        self._body: list[Point] = [Point(float("-inf"), 0.0, 0.0)]
        self._things: list[Point] = [Point(float("-inf"), 0.0, 0.0)]

    def act(self, what: str, t: float) -> None:
        """Begin an act at `t`: one of ACTS, or for a calibration stand_head or stand_foot.

        Raises UsageError for another.
        """
        match what:
            case "lie_down":
                self._lie_down(t)
            case "sit":
                self._settle(t, "sitting", 1.2)
            case "stand":
                self._settle(t, "standing", 0.8)
            case "stand_head" | "stand_foot":
                self._stand_at_end(t, head=what == "stand_head")
            case "fidget":
                self._fidget(t)
            case "get_up":
                self._get_up(t)
            case "bag_on" | "bag_off":
                self._put_bag(t, on=what == "bag_on")
            case "cat":
                self._cat(t)
            case _:
                raise UsageError(f"The mat knows no {what!r}; choose one of {', '.join(ACTS)}.")

    def weigh(self, kg: float, t: float) -> None:
        """Change the person's weight; on the mat the load follows within a second."""
        self.kg = kg
        if self.doing in SHARE:
            self._settle(t, self.doing, 0.8)

    def load_kg(self, t: float) -> tuple[float, float]:
        """Return the load without body motion or noise."""
        body, things = _at(self._body, t), _at(self._things, t)
        return body[0] + things[0], body[1] + things[1]

    def sample(self, t: float) -> tuple[float, ...] | None:
        """Return head and foot in kg as the cells read them; None while one is unplugged."""
        if self.unplugged:
            return None
        head, foot = self.load_kg(t)
        body_head, body_foot = _at(self._body, t)
        presence = min(1.0, (body_head + body_foot) / 20.0)
        if presence > 0.0:
            sway = BREATH_KG * presence * sin(2 * pi * BREATH_HZ * t)
            beat = HEART_KG * presence * sin(2 * pi * HEART_HZ * t)
            head, foot = head + sway + beat / 2, foot - sway + beat / 2
        gauss = self._random.gauss
        values = [head + gauss(0.0, NOISE_KG), foot + gauss(0.0, NOISE_KG)]
        if self.spikes and self._random.random() < SPIKE_SHARE:
            # A read-out that lost its clock: the top bits right, the rest ones (docs/dev/sources.md, glitches).
            glitch_kg = self._random.choice((-1, 1)) * 195.0 / 2 ** self._random.randrange(7)
            values[self._random.randrange(CHANNELS)] += glitch_kg
            self.spiked += 1
        return tuple(values)

    # -- acts ------------------------------------------------------------------------------------------------------

    def _target(self, doing: str) -> tuple[float, float]:
        kg, head = self.kg * SHARE[doing], HEAD_SHARE[doing]
        return kg * head, kg * (1.0 - head)

    def _move(self, t: float, *points: tuple[float, float, float]) -> None:
        """Move the body's load through points (seconds from `t`, head kg, foot kg)."""
        self._body = [_point(self._body, t), *(Point(t + after, head, foot) for after, head, foot in points)]

    def _settle(self, t: float, doing: str, seconds: float) -> None:
        """Take a posture, with an overshoot of 10-30 % (an estimate: docs/dev/sources.md, cells)."""
        head, foot = self._target(doing)
        over, under = (0.6 * seconds, 1.12 * head, 1.12 * foot), (0.8 * seconds, 0.95 * head, 0.95 * foot)
        self._move(t, over, under, (seconds, head, foot))
        self.doing = doing

    def _stand_at_end(self, t: float, *, head: bool) -> None:
        """Stand over one pair of cells, as for a calibration; the other pair bears a tenth."""
        near, far = self.kg * END_SHARE, self.kg * (1.0 - END_SHARE)
        there = (near, far) if head else (far, near)
        self._move(t, (0.5, 1.1 * there[0], 1.1 * there[1]), (0.8, *there))
        self.doing = "standing"

    def _lie_down(self, t: float) -> None:
        """Sit, then lower slowly."""
        (sit_head, sit_foot), (head, foot) = self._target("sitting"), self._target("lying")
        sat = (0.5, 1.1 * sit_head, 1.1 * sit_foot), (0.9, sit_head, sit_foot)
        self._move(t, *sat, (2.4, 0.9 * head, 1.1 * foot), (3.0, head, foot))
        self.doing = "lying"

    def _fidget(self, t: float) -> None:
        """Shift for two seconds; most of the load is lifted for 0.4 s. Nothing off the mat."""
        if self.doing not in SHARE:
            return
        head, foot = self._target(self.doing)
        self._move(
            t,
            (0.3, head + 3.0, max(0.0, foot - 3.0)),
            (0.6, 0.3 * head, 0.2 * foot),
            (1.0, 0.3 * head, 0.2 * foot),
            (1.3, 1.2 * head, 1.2 * foot),
            (1.7, head - 1.5, foot + 1.5),
            (2.0, head, foot),
        )

    def _get_up(self, t: float) -> None:
        """Roll up to sitting and push off with a hand."""
        if sum(_at(self._body, t)) < 1.0:
            return
        head, foot = self._target("sitting")
        self._move(t, (1.2, head, foot), (1.6, 1.1 * head, 1.1 * foot), (1.9, 0.0, 0.0))
        self.doing = "away"

    def _put_bag(self, t: float, *, on: bool) -> None:
        if on is self.bag:
            return
        self.bag = on
        half = BAG_KG / 2 if on else 0.0
        self._things = [_point(self._things, t), Point(t + 0.2, 1.3 * half, 1.3 * half), Point(t + 0.4, half, half)]

    def _cat(self, t: float) -> None:
        """Cross the mat from the foot end to the head end in four seconds."""
        base = BAG_KG / 2 if self.bag else 0.0
        path = [_point(self._things, t)]
        for step in range(16):
            share = step / 15
            weight = CAT_KG * (1.15 if step % 2 else 0.85)
            path.append(Point(t + 0.3 + 0.25 * step, base + weight * share, base + weight * (1 - share)))
        self._things = [*path, Point(t + 4.5, base, base)]


def _point(path: list[Point], t: float) -> Point:
    return Point(t, *_at(path, t))


def _at(path: list[Point], t: float) -> tuple[float, float]:
    """Return the load of a path at `t`: linear between its points, constant after the last."""
    last = path[-1]
    if t >= last.t:
        return last.head_kg, last.foot_kg
    for before, after in pairwise(path):
        if before.t <= t < after.t:
            share = (t - before.t) / (after.t - before.t)
            return (
                before.head_kg + share * (after.head_kg - before.head_kg),
                before.foot_kg + share * (after.foot_kg - before.foot_kg),
            )
    return path[0].head_kg, path[0].foot_kg
