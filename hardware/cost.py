# ruff: noqa: INP001, T201  a script, no package
"""Adds up bom.csv and steps.csv, `python hardware/cost.py`: what a build costs, how long it takes. Estimated bands."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
INSTEAD: Final = "instead of "
OPTIONAL: Final = "optional"


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def euro(*, bars: bool = False) -> tuple[float, float]:
    """Return the least and the most a build costs, without what is optional. `bars`: with bar cells."""
    bill = rows("bom.csv")
    replaced = {row["needed for"].removeprefix(INSTEAD) for row in bill if row["needed for"].startswith(INSTEAD)}
    low = high = 0.0
    for row in bill:
        alternative = row["needed for"].startswith(INSTEAD)
        if OPTIONAL in row["needed for"] or (alternative and not bars) or (bars and row["part"] in replaced):
            continue
        low += int(row["quantity"]) * float(row["euro from"])
        high += int(row["quantity"]) * float(row["euro to"])
    return low, high


def minutes() -> int:
    return sum(int(row["minutes"]) for row in rows("steps.csv"))


def lines() -> list[str]:
    (low, high), (low_bars, high_bars) = euro(), euro(bars=True)
    return [
        f"Parts, mat included: {low:.0f} to {high:.0f} euros; with bar cells {low_bars:.0f} to {high_bars:.0f}.",
        f"Work: {minutes() / 60:.1f} hours, printing apart. Prices and times are estimates of 2026; not built yet.",
    ]


if __name__ == "__main__":
    print("\n".join(lines()))
