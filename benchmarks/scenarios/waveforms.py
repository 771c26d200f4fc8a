"""Recordings of real load cells as loads: a balance board's four corners, laid onto the simulated cells.

The recordings are not part of this repository (no licence): without their folder the functions here return None.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final

import numpy as np

from benchmarks.scenarios.loads import CELLS, Array, Random
from benchmarks.scenarios.recording import Recording, Thing, sharp_stay
from benchmarks.scenarios.scene import laid_in

STAND: Final = ("stand_100s_bounced_start", 3.54, 105.33, 80.0)
"""File, first touch, last touch (12 kg upward, 6 kg downward), about kg: its SOURCE.txt."""
PRESSES: Final = (5.32, 12.94, 18.84, 24.57, 29.86)
"""Begins of the five presses in "hand_presses_five", each 2.4 to 4.0 s of 20 to 50 kg: its SOURCE.txt."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """Corner loads in time, begun at `start_s`, multiplied by `scale`. A `loads.Source`."""

    start_s: float
    t: Array
    kg: Array
    """Shape [n, 4], in the order of the cells."""
    scale: float = 1.0

    @property
    def end_s(self) -> float:
        return self.start_s + float(self.t[-1])

    def cells(self, t: Array, rng: Random) -> Array:  # noqa: ARG002  its noise is recorded with it
        at = t - self.start_s
        out = np.stack([np.interp(at, self.t, self.kg[:, cell], left=0.0, right=0.0) for cell in range(CELLS)], axis=1)
        return out * self.scale


def read_board(folder: FilePath, name: str, start_s: float, scale: float = 1.0) -> Waveform | None:
    """One file of `folder`/wii_board (columns t_s, kg_0 to kg_3), or None where it is absent."""
    path = folder / "wii_board" / f"{name}.csv.gz"
    if not path.exists():
        return None
    with gzip.open(path, "rt") as lines:
        rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(lines))[1:]])
    return Waveform(start_s, rows[:, 0], rows[:, 1:], scale)


def standing(folder: FilePath, seed: int) -> Recording | None:
    """The recorded stand of 100 s with its bounced start, as a person of 45 to 120 kg; None where it is absent."""
    rng = np.random.default_rng([seed, 1])
    name, touch, leave, kg = STAND
    begin = float(rng.uniform(40.0, 90.0))
    wave = read_board(folder, name, begin, float(rng.uniform(45.0, 120.0)) / kg)
    if wave is None:
        return None
    stay = sharp_stay(begin + touch, begin + leave, "standing")
    return laid_in("recorded_standing", seed, wave, [stay], [])


def presses(folder: FilePath, seed: int) -> Recording | None:
    """Five recorded hand presses on the empty mat; None where the recording is absent."""
    rng = np.random.default_rng([seed, 2])
    begin = float(rng.uniform(40.0, 90.0))
    wave = read_board(folder, "hand_presses_five", begin)
    if wave is None:
        return None
    things = [Thing(begin + at, begin + at + 4.0, "hand", 35.0) for at in PRESSES]
    return laid_in("recorded_presses", seed, wave, [], things)
