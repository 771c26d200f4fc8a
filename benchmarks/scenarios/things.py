"""What comes onto the mat and is no session: pets, bags, laundry, a pillow, a child, hands, and the mat's own care.

Nothing here has been measured on a mat; where no source is named a figure is chosen, unmeasured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.scenarios.loads import CELLS, Array, Path, Random, spread, wander
from benchmarks.scenarios.people import BREATH_KG, KG, OFF_S, RISE_S
from benchmarks.scenarios.recording import Thing

CAT_KG: Final = (3.0, 7.0)  # chosen
SMALL_DOG_KG, BIG_DOG_KG = (4.0, 11.5), (12.0, 40.0)  # under the threshold and over it; chosen
CHILD_KG: Final = (12.0, 25.0)  # about 2 to 7 years; chosen
BAG_KG: Final = (2.0, 25.0)  # chosen
PILLOW_KG: Final = (0.3, 1.5)  # chosen
MAT_KG: Final = (1.0, 2.5)  # cover and foam of the mat that lie on the cells; chosen
WASHED_KG: Final = (1.0, 2.0)  # heavier when wet, lighter with another filling; chosen
DRY_TAU_S: Final = 7200.0  # chosen
HAND_KG, HAND_S = (5.0, 50.0), (0.3, 4.0)  # presses of 18 to 50 kg for 2.4 to 4.0 s (DFNOsorio/WiiBoard at 66897b0)
PET_BREATH_HZ: Final = (0.3, 0.6)  # resting cats and dogs, 18 to 36 a minute; chosen
PET_BREATH_PART: Final = (BREATH_KG[0] / 45.0, BREATH_KG[1] / 75.0)  # peak to peak an end, of its weight; estimate
SHAKEN: Final = (0.0001, 0.001)  # of the load, rms after the chip's filter, when a person walks by; chosen, unmeasured
MACHINE: Final = (0.0005, 0.005)
"""Of the load, rms after the chip's filter, beside a machine that spins: 1.5 to 15 g on the empty mat; chosen,
unmeasured."""
BUCKET_KG: Final = (5.0, 15.0)  # of water; chosen
SLOSH_KG: Final = (0.02, 0.3)  # of it moved from end to end by a bump; estimate
SLOSH_HZ: Final = (1.5, 2.2)  # first mode of a bucket 25 to 35 cm wide: sqrt(1.84 g / r) / 2 pi
SLOSH_TAU_S: Final = (12.0, 25.0)  # about a minute to see; chosen, unmeasured
PLATFORM_KG: Final = 3.0  # what always is on the cells; chosen


@dataclass(frozen=True, slots=True)
class Slosh:
    """Water that swings from end to end from `at_s` on, dying away."""

    at_s: float
    kg: float
    hz: float
    tau_s: float

    def at(self, t: Array) -> Array:
        since = t - self.at_s
        dying = np.exp(-np.maximum(since, 0.0) / self.tau_s)
        return np.asarray((since >= 0.0) * self.kg * dying * np.sin(2.0 * np.pi * self.hz * since))


@dataclass(slots=True)
class Laid:
    """A load with the truth that belongs to it. A `loads.Source`. `alive` from when to when it rests and breathes."""

    thing: Thing
    path: Path
    alive: tuple[float, float] | None = None
    breath_kg: float = 0.0
    """Peak to peak an end."""
    breath_hz: float = 0.4
    stirs_kg: float = 0.0
    """rms while alive, between breaths: ears, tail, head."""
    steps: bool = True
    """Moves under its own power: while the load changes it wobbles by 3 % of its weight."""
    sloshes: tuple[Slosh, ...] = ()

    @property
    def start_s(self) -> float:
        return self.path.points[0][0]

    @property
    def end_s(self) -> float:
        return self.path.t

    def cells(self, t: Array, rng: Random) -> Array:
        kg, head, left = self.path.at(t)
        if len(t) > 1 and self.thing.kg and self.steps:
            step = np.maximum(np.diff(t, append=t[-1] + 1.0), 1e-3)
            moving = np.clip(np.abs(np.diff(kg, append=kg[-1])) / step / (0.3 * self.thing.kg), 0.0, 1.0)
            kg = np.maximum(kg + moving * 0.03 * kg * wander(t, 0.2, rng), 0.0)
        out = spread(kg, head, left)
        if self.alive is not None and len(t):
            there = (t >= self.alive[0]) & (t < self.alive[1])
            phase = 2 * np.pi * np.cumsum(self.breath_hz * (1 + 0.1 * wander(t, 3.0, rng)) * np.diff(t, prepend=t[0]))
            breath = there * 0.5 * self.breath_kg * np.sin(phase) * (1.0 + 0.2 * wander(t, 4.0, rng))
            awake = np.clip(wander(t, 60.0, rng), 0.0, 1.0)  # about half of the time it sleeps
            stir = there * self.stirs_kg * awake * wander(t, 0.25, rng)
            out[:, :2] += ((breath + 0.5 * stir) / 2.0)[:, None]
            out[:, 2:] += ((0.5 * stir - breath) / 2.0)[:, None]
        for slosh in self.sloshes:
            swing = slosh.at(t) * (t < self.end_s)
            out[:, :2] += (swing / 2.0)[:, None]
            out[:, 2:] -= (swing / 2.0)[:, None]
        return out


@dataclass(slots=True)
class MatAway:
    """The mat itself is lifted off the cells and put back, perhaps wet or with another filling. A `loads.Source`.

    From `end_s` on a rest of `after_kg` stays; the part `wet` of it dries.
    """

    thing: Thing
    mat_kg: float
    after_kg: float
    wet: bool
    duration_s: float

    @property
    def start_s(self) -> float:
        return self.thing.start_s

    @property
    def end_s(self) -> float:
        """The change of weight lasts to the end of the recording."""
        return self.duration_s

    def cells(self, t: Array, rng: Random) -> Array:  # noqa: ARG002  nothing is random about a mat that is not there
        begin, end = self.thing.start_s, self.thing.end_s
        gone = np.clip((t - begin) / 0.5, 0.0, 1.0) - np.clip((t - end) / 0.5, 0.0, 1.0)
        since = np.maximum(t - end, 0.0)
        left = self.after_kg * np.exp(-since / DRY_TAU_S) if self.wet else np.full(len(t), self.after_kg)
        kg = left * np.clip((t - end) / 0.5, 0.0, 1.0) - self.mat_kg * gone
        return np.repeat(kg[:, None] / CELLS, CELLS, axis=1)


@dataclass(slots=True)
class Shaken:
    """Steps beside the mat or a washing machine shake what is on it. A `loads.Source`; kg: what is shaken."""

    thing: Thing
    kg: float
    part: float
    swell_s: float = 0.0
    """Over 0: it swells and fades, by half, within such times."""

    @property
    def start_s(self) -> float:
        return self.thing.start_s

    @property
    def end_s(self) -> float:
        return self.thing.end_s

    def cells(self, t: Array, rng: Random) -> Array:
        inside = (t >= self.start_s) & (t < self.end_s)
        part = self.part * inside
        if self.swell_s and len(t):
            part *= np.maximum(1.0 + 0.5 * wander(t, self.swell_s, rng), 0.0)
        return (self.kg / CELLS) * part[:, None] * rng.standard_normal((len(t), CELLS))


def _place(rng: Random) -> tuple[float, float]:
    return float(rng.uniform(0.15, 0.85)), float(rng.uniform(0.15, 0.85))


def pet_walks(rng: Random, t: float, kg: float) -> Laid:
    """Over the mat in 1.5 to 5 s, lighter and heavier with each step."""
    path, seconds = Path(t, 0.0, 0.0, float(rng.uniform(0.3, 0.7))), rng.uniform(1.5, 5.0)
    steps = max(4, int(seconds * rng.uniform(2.0, 4.0)))
    for step in range(1, steps):
        on = min(1.0, 2.5 * step / steps, 2.5 * (1.0 - step / steps))  # two legs, four legs, two legs
        path.to(seconds / steps, kg * on * rng.uniform(0.8, 1.2), step / steps)
    path.to(seconds / steps, 0.0, 1.0)
    return Laid(Thing(t, path.t, "pet walks", kg), path)


def pet_rests(rng: Random, t: float, kg: float, seconds: float, kind: str = "pet rests") -> Laid:
    """Jumps or steps on, turns round, lies and breathes, changes its place now and then, walks off."""
    head, left = _place(rng)
    path = Path(t, 0.0, head, left)
    path.to(rng.uniform(0.1, 0.4), kg * rng.uniform(1.0, 1.8)).to(0.2, kg * 0.9).to(0.2, kg)
    for _ in range(int(rng.integers(3, 12))):
        path.to(rng.uniform(0.3, 0.8), kg * rng.uniform(0.85, 1.15), *_place(rng))
    path.to(0.4, kg)
    resting = path.t
    while path.t + 1.0 < t + seconds:
        path.wait(min(path.t + float(rng.exponential(150.0)), t + seconds - 0.5))
        home = path.place
        head, left = home + rng.normal(0.0, 0.05, 2)
        path.to(rng.uniform(0.3, 1.0), kg * rng.uniform(0.9, 1.1), float(head), float(left))
        path.to(0.3, kg)
    off = path.t
    path.to(0.2, kg * rng.uniform(1.0, 1.4)).to(rng.uniform(0.1, 0.5), 0.0)
    breath = kg * rng.uniform(*PET_BREATH_PART)
    return Laid(
        Thing(t, path.t, kind, kg), path, (resting, off), float(breath), float(rng.uniform(*PET_BREATH_HZ)), 0.004 * kg
    )


def put_down(rng: Random, t: float, kg: float, seconds: float, kind: str = "bag") -> Laid:
    """Set down with a bump, put straight by hand for some seconds, taken away."""
    path = Path(t, 0.0, *_place(rng))
    path.to(rng.uniform(0.15, 0.8), kg * rng.uniform(1.05, 1.5)).to(0.2, kg * 0.95).to(0.2, kg)
    for _ in range(int(rng.integers(0, 6))):
        path.to(rng.uniform(0.2, 1.0), kg + rng.uniform(-0.3, 0.3) * min(kg, 10.0)).to(rng.uniform(0.2, 0.6), kg)
    path.wait(t + seconds)
    path.to(rng.uniform(0.2, 0.5), kg * rng.uniform(0.7, 1.1)).to(rng.uniform(0.2, 0.6), 0.0)
    return Laid(Thing(t, path.t, kind, kg), path)


def bucket(rng: Random, t: float, seconds: float) -> Laid:
    """A bucket of water, put down and bumped now and then."""
    laid = put_down(rng, t, float(rng.uniform(*BUCKET_KG)), seconds, "bucket")
    bumps = [t + 0.5, *rng.uniform(t, t + seconds, int(rng.poisson(seconds / 200.0))).tolist()]
    laid.sloshes = tuple(
        Slosh(at, float(rng.uniform(*SLOSH_KG)), float(rng.uniform(*SLOSH_HZ)), float(rng.uniform(*SLOSH_TAU_S)))
        for at in bumps
    )
    return laid


def laundry(rng: Random, t: float, seconds: float) -> Laid:
    """A basket of 1 to 3 kg into which clothes of 0.1 to 0.8 kg are put every 3 to 15 s for a while."""
    kg = float(rng.uniform(1.0, 3.0))
    path = Path(t, 0.0, *_place(rng))
    path.to(0.4, kg * 1.3).to(0.3, kg)
    for _ in range(int(rng.integers(5, 40))):
        if path.t > t + seconds - 10.0:
            break
        path.wait(path.t + rng.uniform(3.0, 15.0))
        kg += float(rng.uniform(0.1, 0.8))
        path.to(0.2, kg * 1.1).to(0.2, kg)
    path.wait(t + seconds).to(0.4, kg * rng.uniform(0.7, 1.1)).to(0.4, 0.0)
    return Laid(Thing(t, path.t, "laundry", kg), path)


def child_walks(rng: Random, t: float) -> Laid:
    """2 to 8 steps over the mat, or some jumps on it: 1 to 6 s."""
    kg = float(rng.uniform(*CHILD_KG))
    path = Path(t, 0.0, 0.1, 0.5)
    jumps = rng.random() < 0.3
    steps = int(rng.integers(2, 9))
    for step in range(1, steps + 1):
        head = step / (steps + 1)
        if jumps:
            path.to(0.12, kg * rng.uniform(1.5, 2.5), head).to(0.2, kg).to(0.12, 0.0)
            path.wait(path.t + rng.uniform(0.1, 0.3))
        else:
            path.to(rng.uniform(0.12, 0.25), kg * rng.uniform(1.05, 1.25), head).to(rng.uniform(0.15, 0.35), kg * 0.9)
    path.to(0.2, 0.0)
    return Laid(Thing(t, path.t, "child", kg), path)


def steps_over(rng: Random, t: float) -> Laid:
    """A grown-up crosses the mat: one or two steps of 0.5 to 0.9 s."""
    kg = float(rng.uniform(*KG))
    path = Path(t, 0.0, 0.2, 0.5)
    for step in range(int(rng.integers(1, 3))):
        path.to(0.15, kg * 1.1, 0.3 + 0.4 * step).to(rng.uniform(0.3, 0.6), kg * 0.95).to(0.15, 0.0)
        path.wait(path.t + rng.uniform(0.0, 0.3))
    return Laid(Thing(t, path.t, "steps over", kg), path)


def hand(rng: Random, t: float, seconds: float | None = None) -> Laid:
    """Leans on the mat with a hand or a knee, for `seconds` and some tenths."""
    kg, seconds = float(rng.uniform(*HAND_KG)), seconds or float(rng.uniform(*HAND_S))
    path = Path(t, 0.0, *_place(rng))
    path.to(0.15 + 0.1 * seconds, kg).to(0.4 * seconds, kg * rng.uniform(0.8, 1.1)).to(0.3 * seconds, kg).to(0.25, 0.0)
    return Laid(Thing(t, path.t, "hand", kg), path)


def beside(rng: Random, t: float) -> Laid:
    """A second person sits down at the edge for 3 to 40 s, leaning on the mat once or twice meanwhile."""
    base = float(rng.uniform(0.05, 0.5) * rng.uniform(*KG))
    place = (float(rng.uniform(0.2, 0.8)), float(rng.choice((0.05, 0.95))))
    path = Path(t, 0.0, *place)
    path.to(rng.uniform(*RISE_S), base * rng.uniform(1.05, 1.2)).to(0.3, base)
    for _ in range(int(rng.integers(1, 3))):
        path.wait(path.t + rng.uniform(1.0, 15.0))
        path.to(0.4, base + rng.uniform(5.0, 30.0)).wait(path.t + rng.uniform(0.5, 4.0)).to(0.4, base)
    path.wait(path.t + rng.uniform(0.5, 8.0)).to(rng.uniform(*OFF_S) / 0.73, 0.0)
    return Laid(Thing(t, path.t, "second person", base), path)


def mat_care(rng: Random, t: float, seconds: float, duration_s: float, *, washed: bool) -> list[Laid | MatAway]:
    """Hands lift the mat, it is away for `seconds`, hands put it back; washed, it weighs 1 to 2 kg more or less."""
    mat_kg = float(rng.uniform(*MAT_KG))
    wet = bool(rng.random() < 0.6)
    after = float(rng.uniform(*WASHED_KG)) * (1.0 if wet else -min(1.0, mat_kg / 2.0)) if washed else 0.0
    away = Thing(t, t + seconds, "mat washed" if washed else "mat lifted", -mat_kg)
    before = hand(rng, t - 5.0)
    back = hand(rng, t + seconds + float(rng.uniform(0.0, 2.0)))
    return [before, MatAway(away, mat_kg, after, wet, duration_s), back]


def shaken(rng: Random, t: float, seconds: float, load_kg: float) -> Shaken:
    thing = Thing(t, t + seconds, "shaken", 0.0)
    return Shaken(thing, PLATFORM_KG + load_kg, float(np.exp(rng.uniform(*np.log(SHAKEN)))))


def machine(rng: Random, t: float, seconds: float, load_kg: float) -> Shaken:
    """A washing machine that spins beside the mat with `load_kg` on it."""
    thing = Thing(t, t + seconds, "machine", 0.0)
    part = float(np.exp(rng.uniform(*np.log(MACHINE))))
    return Shaken(thing, PLATFORM_KG + load_kg, part, swell_s=float(rng.uniform(1.0, 10.0)))
