# ruff: noqa: INP001, T201  a script, no package
"""Computes bridge, noise and power, `python hardware/electrics.py`, from figures.toml. Nothing was measured."""

from __future__ import annotations

from typing import Final

from loads import FIGURES

ADC: Final = FIGURES["adc"]
POWER: Final = FIGURES["power"]
LED_COLOURS: Final = ("red", "amber", "white")
PER_MV_V: Final[float] = ADC["gain"] * 2 ** ADC["bits"] * 1e-3
"""Counts a mV/V of the bridge. The supply cancels out: the converter measures against it."""


def counts_per_kg(cell: str) -> float:
    """Return counts a kilogram of the pair of a chip.

    Half bridges: one cell on either side of a full bridge, whose signals add. Full bridges side by side: the mean.
    """
    one = FIGURES["cell"][cell]
    shared = one["cells_a_chip"] if one["full_bridge"] else 1
    return float(one["mv_per_v"] * PER_MV_V / (one["capacity_kg"] * shared))


def range_kg(cell: str) -> float:
    """Return the load on one end at which a chip is at the end of its range, from a zero in the middle."""
    return float(2 ** (ADC["bits"] - 1) / counts_per_kg(cell))


def lsb_nv(avdd: float) -> float:
    return float(avdd / (ADC["gain"] * 2 ** ADC["bits"]) * 1e9)


def noise_counts(rate: int, avdd: float) -> float:
    """Return the rms noise of the data sheet."""
    return float(ADC["noise_nv"][str(rate)] / lsb_nv(avdd))


def zero_counts(cell: str) -> float:
    """Return the most an unloaded pair may show by the cells' sheet."""
    return float(FIGURES["cell"][cell]["zero_mv_per_v"] * PER_MV_V)


def drift_kg_per_degree(cell: str) -> float:
    one = FIGURES["cell"][cell]
    return float(one["capacity_kg"] * one["zero_percent_per_10c"] / 1000.0)


def bridge_ohm(cell: str) -> float:
    """Return what a pair of cells is to its supply, E+ to E-."""
    one = FIGURES["cell"][cell]
    return float(2.0 * one["ohm"] / 2.0 if not one["full_bridge"] else one["ohm"] / 2.0)


def led_ma(colour: str) -> tuple[float, float]:
    """Return the least and the most current of the LED at its resistor; the pin's own 50 ohm are left out."""
    one = FIGURES["led"][colour]
    low, high = one["forward_v"]
    return (3.3 - high) / one["ohm"] * 1000.0, (3.3 - low) / one["ohm"] * 1000.0


def rail_ma(cell: str = "half50") -> float:
    """Return the most that is taken from the Pi's 3.3 V: panel, LED, two chips and their bridges."""
    bridges = 2.0 * POWER["avdd_mv"] / bridge_ohm(cell)
    led = max(led_ma(colour)[1] for colour in LED_COLOURS)
    return float(POWER["panel_ma"][1] + led + 2.0 * POWER["chip_ma"] + bridges)


def supply_ma() -> float:
    """Return the most at 5 V: the Pi at work, and the rail through its converter (taken at 85 %)."""
    return float(POWER["pi_ma"][1] + max(map(rail_ma, FIGURES["cell"])) * 3.3 / (5.0 * 0.85))


def at_the_pi_v() -> float:
    """Return the voltage at the Pi at full work, after its cable."""
    return float(POWER["supply_v"] - supply_ma() / 1000.0 * POWER["cable_ohm"])


def lines() -> list[str]:
    cells = FIGURES["cell"]
    made = [
        f"Computed. {PER_MV_V:,.0f} counts a mV/V at gain {ADC['gain']}.",
        "",
        f"{'':34}" + "".join(f"{c:>12}" for c in cells),
    ]

    def row(what: str, form: str, *values: float) -> None:
        made.append(f"{what:34}" + "".join(f"{value:12{form}}" for value in values))

    row("counts a kilogram, a chip", ",.0f", *map(counts_per_kg, cells))
    row("end of the range, kg on an end", ",.0f", *map(range_kg, cells))
    row("unloaded, at most, counts", ",.0f", *map(zero_counts, cells))
    row("drift of the zero of a cell, g/K", ",.0f", *(drift_kg_per_degree(c) * 1000 for c in cells))
    row("bridge, E+ to E-, ohm", ",.0f", *map(bridge_ohm, cells))
    for rate in (10, 80):
        quiet = noise_counts(rate, ADC["avdd_ref_v"])
        row(f"noise at {rate}/s, {quiet:.0f} counts, g rms", ".1f", *(quiet / counts_per_kg(c) * 1000 for c in cells))
    bad = ADC["noise_bad_counts"]
    row(f"noise of a bad board, {bad} counts, g", ".1f", *(bad / counts_per_kg(c) * 1000 for c in cells))
    row("from the Pi's 3.3 V, mA", ".1f", *map(rail_ma, cells))
    made += [
        "",
        f"From the supply, at most {supply_ma():.0f} mA at 5 V. At the Pi {at_the_pi_v():.2f} V are left of",
        f"{POWER['supply_v']} V; the Pi reports low voltage under {POWER['low_v']} V.",
        "",
    ]
    for colour in LED_COLOURS:
        low, high = led_ma(colour)
        made.append(f"LED, {colour:5} with {FIGURES['led'][colour]['ohm']:5,.0f} ohm: {low:.1f} to {high:.1f} mA")
    return made


if __name__ == "__main__":
    print("\n".join(lines()))
