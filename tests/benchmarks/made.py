"""Recordings made by hand, with the truth known because it was written down first."""

from __future__ import annotations

import numpy as np

from benchmarks.scenarios.recording import Recording, Stay, Thing, sharp_stay
from benchmarks.scoring import Reported

NOISE_KG = 0.003
SWAY_KG = 0.08


def stay(start_s: float, end_s: float, kind: str = "lying") -> Stay:
    return sharp_stay(start_s, end_s, kind)


def told(
    start_s: float, end_s: float, *, capped: bool = False, counts: bool = True, asked: bool = False, thing: bool = False
) -> Reported:
    return Reported(start_s, end_s, start_s + 3.0, end_s + 20.0, capped, counts, asked, thing)


def recording(
    stays: tuple[Stay, ...] = (),
    things: tuple[Thing, ...] = (),
    duration_s: float = 300.0,
    *,
    rate: int = 10,
    kg: float = 45.0,
    drift_kg: float = 0.0,
    spikes: tuple[float, ...] = (),
    seed: int = 1,
) -> Recording:
    """A person of `kg` in each stay, sharp edges, a breath between head and foot; things lie dead still.

    `spikes`: times of one single wrong reading of 400 kg each, flagged; `drift_kg` grows over the whole length.
    """
    chance = np.random.default_rng(seed)
    t = np.arange(1, int(duration_s * rate)) / rate
    head = drift_kg * t / duration_s + chance.normal(0.0, NOISE_KG, len(t))
    foot = chance.normal(0.0, NOISE_KG, len(t))
    for there in stays:
        on = (t >= there.start_s) & (t < there.end_s)
        sway = SWAY_KG * np.sin(2 * np.pi * 0.25 * t) + 0.02 * np.sin(2 * np.pi * 1.1 * t)
        head += on * (0.7 * kg + sway)
        foot += on * (0.3 * kg - 0.7 * sway)
    for thing in things:
        head += ((t >= thing.start_s) & (t < thing.end_s)) * thing.kg
    flagged = np.zeros(len(t), dtype=np.bool_)
    for spike in spikes:
        at = int(np.searchsorted(t, spike))
        head[at] += 400.0
        flagged[at] = True
    return Recording("made", "made", seed, rate, t, np.stack([head, foot], axis=1), flagged, stays, things, duration_s)
