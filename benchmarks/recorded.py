"""Presence on recordings of real sensors made for other purposes. JSON lines; nothing where the folder is absent.

Balance board: sessions found in four recordings. Static load on an HX711: how much a still load steps. Breathing to a
pacer, from an accelerometer on the chest, scaled to grams from end to end of a mat: how much the quietest breath steps.
The recordings are not part of this repository; the folder beside the checkout, or the one named, has them.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.scenarios.loads import Array
from matpi.core.presence.evidence import WINDOW, steps_kg
from matpi.core.rules import PresenceRules
from matpi.drivers.scale.trace import Trace
from matpi.twin.replay import replay

FOLDER: Final = Path(__file__).resolve().parents[1].parent / "shared" / "data"
BOARD: Final = {"stand_100s_bounced_start": 1, "hand_presses_five": 0, "light_press_18kg": 0, "empty_board": 0}
"""Recording -> sessions in it: its SOURCE.txt."""
BREATH_G: Final = (12.0, 24.0)
"""Peak to peak at an end of the mat: asleep and awake, the least of the sources."""
BAND_HZ: Final = (0.04, 0.9)
"""Of the axis that breathes: the recording's SOURCE.txt."""
RATE: Final = 10


def steps_g(kg: Array, rate: int) -> list[float]:
    """The largest step of each window of the one-second medians, in grams. `kg` has shape [n, channels]."""
    seconds = [tuple(np.median(kg[n : n + rate], axis=0).tolist()) for n in range(0, len(kg) - rate, rate)]
    return [1000.0 * max(steps_kg(seconds[n : n + WINDOW])) for n in range(len(seconds) - WINDOW + 1)]


def board(folder: Path) -> Iterator[dict[str, object]]:
    for name, sessions in BOARD.items():
        found = replay(Trace(folder / "wii_board" / f"{name}.csv.gz")).sessions
        spans = [[round(s.start_mono, 2), round(s.start_mono + s.span_s, 2)] for s in found]
        yield {"figure": "recorded_board", "recording": name, "sessions": spans, "right": len(found) == sessions}


def static(folder: Path) -> dict[str, object]:
    """A load that does not move, on one chip: its rate is not recorded and taken for 10/s."""
    with gzip.open(folder / "hx711_static" / "static_10000.txt.gz", "rt") as lines:
        grams = np.array([float(line) for line in lines])
    steps = steps_g(grams[:, None] / 1000.0, RATE)
    return {"figure": "recorded_still_load_step_g", "median": round(median(steps), 3), "most": round(max(steps), 3)}


def breathing(folder: Path) -> Iterator[dict[str, object]]:
    for path in sorted((folder / "paced_breathing").glob("*.csv.gz")):
        wave = _breath(path)
        for grams in BREATH_G:
            kg = wave * (grams / 2000.0 / np.percentile(np.abs(wave), 90))
            steps = steps_g(np.stack([kg, -kg], axis=1), 50)
            limit = 1000.0 * PresenceRules().still_kg
            still = sum(step < limit for step in steps) / len(steps)
            figures = {"least_step_g": round(min(steps), 2), "limit_g": limit, "still_share": round(still, 3)}
            yield {"figure": "recorded_breath", "recording": path.name[5:14], "peak_to_peak_g": grams, **figures}


def _breath(path: Path) -> Array:
    """The axis with the largest power in `BAND_HZ`, filtered to it, without a mean. 50 readings a second."""
    with gzip.open(path, "rt") as lines:
        axes = np.array([[float(cell) for cell in row[1:4]] for row in list(csv.reader(lines))[1:]])
    spectrum = np.fft.rfft(axes - axes.mean(axis=0), axis=0)
    hz = np.fft.rfftfreq(len(axes), 1.0 / 50.0)
    spectrum[(hz < BAND_HZ[0]) | (hz > BAND_HZ[1])] = 0.0
    best = int(np.argmax((np.abs(spectrum) ** 2).sum(axis=0)))
    return np.asarray(np.fft.irfft(spectrum[:, best], len(axes)))


def lines(folder: Path) -> Iterator[dict[str, object]]:
    if not folder.is_dir():
        yield {"figure": "recorded_note", "value": "the recordings are not here; name their folder"}
        return
    yield from board(folder)
    yield static(folder)
    yield from breathing(folder)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    for line in lines(parser.parse_args(words).folder):
        print(json.dumps(line))


if __name__ == "__main__":
    main()
