# ruff: noqa: INP001, T201  a script, no package
"""Adds up bom.csv and steps.csv, `python hardware/cost.py`: what a build costs, how long it takes. Estimated bands."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
OPTIONAL: Final = "optional"


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def euro() -> tuple[float, float]:
    """Return the least and the most a build costs, without what is optional."""
    low = high = 0.0
    for row in rows("bom.csv"):
        if OPTIONAL not in row["needed for"]:
            low += int(row["quantity"]) * float(row["euro from"])
            high += int(row["quantity"]) * float(row["euro to"])
    return low, high


def minutes() -> int:
    return sum(int(row["minutes"]) for row in rows("steps.csv"))


def lines() -> list[str]:
    low, high = euro()
    return [
        f"Parts, mat included: {low:.0f} to {high:.0f} euros.",
        f"Work: {minutes() / 60:.1f} hours, printing apart. Prices and times are estimates of 2026; not built yet.",
    ]


if __name__ == "__main__":
    print("\n".join(lines()))
