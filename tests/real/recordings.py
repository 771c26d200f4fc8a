"""Recordings of real load cells that may not be copied into this repository: the folder beside the checkout.

A test that needs one is skipped where it is absent. Each folder has a SOURCE.txt that tells where it comes from.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from matpi.core.events import Reading
from matpi.drivers.scale.trace import Trace

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def recording(name: str) -> Path:
    path = FOLDER / name
    if not path.exists():
        pytest.skip("recordings absent")
    return path


def board(name: str) -> list[Reading]:
    """A balance board: four corners in kg, about 60 rows a second, uneven."""
    return list(Trace(recording(f"wii_board/{name}.csv.gz")))


def static_g() -> list[float]:
    """10 000 readings of a load that does not move, in grams: about 588, outliers and drift as they were."""
    with gzip.open(recording("hx711_static/static_10000.txt.gz"), "rt") as lines:
        return [float(line) for line in lines]


def paced(begin: float, values: list[tuple[float, ...]], rate: float = 10.0) -> Iterator[Reading]:
    return (Reading(begin + n / rate, kg) for n, kg in enumerate(values))
