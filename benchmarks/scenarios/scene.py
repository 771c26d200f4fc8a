"""A scene: what lies on the mat, with its truth, and the recording that the cells make of it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.scenarios.cells import Build, Faults, draw_build, readings
from benchmarks.scenarios.loads import CELLS, QUIET_RATE, Array, Random, Source, moments
from benchmarks.scenarios.people import Visit
from benchmarks.scenarios.recording import ON_KG, Recording, Stay, Thing, sharp_stay
from benchmarks.scenarios.things import Laid, MatAway, Shaken
from benchmarks.scenarios.truth import judged

DAY_S: Final = 86_400.0
AFTER_S: Final = (40.0, 60.0)  # of empty mat at the end; chosen
AMBIENT_C: Final = 2.0  # a day's swing either way; estimate
WINDOW_TAU_S: Final = 1200.0  # how slowly the mat cools with an open window; chosen, unmeasured
SAVED_DRIFT_KG, SAVED_REACH_KG = 0.3, 0.8
"""Drift of a mat whose zero was followed until the day before, deviation and bound; chosen, unmeasured."""
LIVE_S: Final = 300.0
"""A dead load is sampled at the full rate for so long after it came and before it goes; a live one all the time."""
MARGIN_S: Final = 60.0  # at the full rate before and after everything that happens


@dataclass(slots=True)
class Scene:
    """What is laid on the mat, as it is put together."""

    rng: Random
    build: Build
    sources: list[Source] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    warm: list[tuple[float, float]] = field(default_factory=list)
    busy: list[tuple[float, float]] | None = None
    faults: Faults = field(default_factory=Faults)
    windows: list[tuple[float, float, float]] = field(default_factory=list)
    """(opened, closed, degrees colder)."""
    quiet_s: float = 1.0 / QUIET_RATE
    """From one reading to the next while nothing is busy."""
    on_kg: float = ON_KG
    big_dog_stays: bool = False

    def visit(self, visit: Visit) -> None:
        """A stay; its touch and thresholds are known when the load is, in `record`."""
        begin, end = visit.path.touches()
        self.sources.append(visit)
        self.stays.append(sharp_stay(begin, end, visit.posture))
        self.warm.append((begin, end))

    def lay(self, *laid: Laid | MatAway | Shaken) -> None:
        for each in laid:
            self.sources.append(each)
            self.things.append(each.thing)
            begin, end = each.thing.start_s - MARGIN_S, each.thing.end_s + MARGIN_S
            if self.busy is not None:
                dead = not isinstance(each, Shaken) and getattr(each, "alive", None) is None
                if dead and end - begin > 2 * LIVE_S:
                    self.busy += [(begin, begin + LIVE_S), (end - LIVE_S, end)]
                else:
                    self.busy.append((begin, end))

    def record(self, kind: str, seed: int, duration_s: float) -> Recording:
        t = moments(duration_s, self.build.period_s, self.busy, self.rng, self.quiet_s)
        middle = t - 0.5 * self.build.period_s
        load = np.zeros((len(t), CELLS))
        for source in self.sources:
            rows = slice(*np.searchsorted(middle, (source.start_s, source.end_s + 0.5)))
            own = source.cells(middle[rows], self.rng)
            load[rows] += own
            if isinstance(source, Visit):
                begin, _ = source.path.touches()
                at = next(n for n, stay in enumerate(self.stays) if stay.start_s == begin)
                self.stays[at] = judged(self.stays[at], middle[rows], own.sum(axis=1), self.on_kg)
        warm = np.zeros(len(t))
        for begin, end in self.warm:
            warm[slice(*np.searchsorted(t, (begin, end)))] = 1.0
        arrived_t, kg, flagged = readings(
            self.build, t, load, warm, self._ambient(t, duration_s), self.faults, self.rng
        )
        return Recording(
            name=f"{kind}-{seed}",
            kind=kind,
            seed=seed,
            rate=self.build.rate,
            t=arrived_t,
            kg=kg,
            flagged=flagged,
            stays=tuple(sorted(self.stays, key=lambda stay: stay.start_s)),
            things=tuple(sorted(self.things, key=lambda thing: thing.start_s)),
            duration_s=duration_s,
            on_kg=self.on_kg,
            zero_kg=(self.build.drifted_kg / self.build.channels,) * self.build.channels,
            faults=self.faults != Faults(),
            big_dog_stays=self.big_dog_stays,
        )

    def _ambient(self, t: Array, duration_s: float) -> Array:
        """Degrees from those of the start: a wave of a day, slow wandering, and opened windows."""
        phase = self.rng.uniform(0.0, 2 * np.pi)
        swing = AMBIENT_C * self.rng.uniform(0.3, 1.0)
        c = swing * (np.sin(2 * np.pi * t / DAY_S + phase) - np.sin(phase))
        for opened, closed, colder in self.windows:
            cooling = 1.0 - np.exp(-np.clip(t - opened, 0.0, closed - opened) / WINDOW_TAU_S)
            c -= colder * cooling * np.exp(-np.maximum(t - closed, 0.0) / (2.0 * WINDOW_TAU_S))
        if duration_s >= DAY_S:
            knots = np.arange(0.0, duration_s + 3600.0, 3600.0)
            c += np.interp(t, knots, np.concatenate(([0.0], 0.3 * self.rng.standard_normal(len(knots) - 1))))
        return np.asarray(c)


def chance(kind: str, seed: int) -> Random:
    return np.random.default_rng([seed, zlib.crc32(kind.encode())])


def saved_drift(rng: Random) -> float:
    return float(np.clip(rng.normal(0.0, SAVED_DRIFT_KG), -SAVED_REACH_KG, SAVED_REACH_KG))


def gaps(
    rng: Random, begin: float, end: float, count: int, length_s: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    at = rng.uniform(begin, end, count)
    seconds = np.exp(rng.uniform(np.log(length_s[0]), np.log(length_s[1]), count))
    return tuple(zip(at.tolist(), (at + seconds).tolist(), strict=True))


def loose_jumps(rng: Random, duration_s: float, per_hour: float) -> tuple[tuple[float, float, float], ...]:
    """A loose contact: mostly some hundred grams, now and then tens of kilograms, for 0.05 to 2 s. Chosen."""
    count = int(rng.poisson(per_hour * duration_s / 3600.0))
    kg = np.exp(rng.uniform(np.log(0.1), np.log(40.0), count)) * rng.choice((-1.0, 1.0), count)
    at, seconds = rng.uniform(0.0, duration_s, count), np.exp(rng.uniform(np.log(0.05), np.log(2.0), count))
    return tuple(zip(at.tolist(), (at + seconds).tolist(), kg.tolist(), strict=True))


def laid_in(kind: str, seed: int, waveform: Source, stays: Sequence[Stay], more: Sequence[Thing]) -> Recording:
    """A waveform of real load cells on the simulated ones, with their noise, drift and settling."""
    rng = chance(kind, seed)
    scene = Scene(rng, draw_build(rng, rate=10, drifted_kg=saved_drift(rng)))
    scene.sources.append(waveform)
    scene.stays, scene.things = list(stays), list(more)
    scene.warm = [(stay.start_s, stay.end_s) for stay in stays]
    return scene.record(kind, seed, waveform.end_s + float(rng.uniform(*AFTER_S)))
