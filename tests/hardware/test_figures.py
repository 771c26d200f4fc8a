"""hardware/electrics.py and docs/dev/hardware.md say what the doctor, the config and the simulator reckon with."""

from __future__ import annotations

from pathlib import Path

import pytest

from matpi.commands.doctor import scale as doctor
from matpi.config import Config
from matpi.core.calibration import solve
from matpi.sim import board_reader, body
from tests.hardware.test_loads import FIGURES, loads, script

assert loads  # electrics imports it by name
electrics = script("electrics")
SHEET = Path(__file__).resolve().parents[2] / "docs" / "dev" / "hardware.md"


def test_a_pair_of_half_bridges_gives_what_the_config_says() -> None:
    nominal = Config().scale.counts_per_kg
    assert electrics.counts_per_kg("half50") == pytest.approx(nominal, rel=0.01)
    assert nominal == FIGURES["adc"]["nominal_counts_per_kg"] == board_reader.COUNTS_PER_KG


def test_the_bars_need_their_own_figure_in_the_config() -> None:
    """21500, as the sheet says; under the default a calibration of them is at the bound of what is refused."""
    assert electrics.counts_per_kg("bar100") == pytest.approx(21_500, rel=0.01)
    assert electrics.counts_per_kg("bar100") / Config().scale.counts_per_kg < solve.LOW
    assert "counts_per_kg = 21500" in SHEET.read_text(encoding="utf-8")


@pytest.mark.parametrize("rate", [10, 80])
def test_the_doctor_expects_the_noise_of_the_data_sheet(rate: int) -> None:
    low, high = doctor.NOISE_COUNTS[rate]
    assert low == round(electrics.noise_counts(rate, FIGURES["adc"]["avdd_ref_v"]))
    assert high == FIGURES["adc"]["noise_bad_counts"]
    assert electrics.noise_counts(rate, FIGURES["adc"]["avdd_v"]) < high


def test_the_doctor_warns_at_twice_what_unloaded_cells_show_and_fails_before_the_range_ends() -> None:
    assert pytest.approx(2 * electrics.zero_counts("half50"), rel=0.01) == doctor.OFFSET_WARN_COUNTS
    assert electrics.zero_counts("half50") < doctor.OFFSET_WARN_COUNTS < doctor.OFFSET_FAIL_COUNTS < 2**23
    assert FIGURES["limit"]["person_kg"] < electrics.range_kg("half50")


def test_the_simulated_noise_is_within_what_boards_give() -> None:
    counts = body.NOISE_KG * FIGURES["adc"]["nominal_counts_per_kg"]
    low, high = doctor.NOISE_COUNTS[80]
    assert low < counts < high


def test_the_supply_is_enough() -> None:
    power = FIGURES["power"]
    assert max(map(electrics.rail_ma, FIGURES["cell"])) < power["rail_ma"] / 2
    assert electrics.at_the_pi_v() > power["low_v"] + 0.2


def test_the_sheet_has_the_computed_figures() -> None:
    assert "\n".join(electrics.lines()) in SHEET.read_text(encoding="utf-8"), "run `python hardware/electrics.py`"


@pytest.mark.parametrize("colour", electrics.LED_COLOURS)
def test_each_led_has_a_resistor_that_suits_it_and_the_pin(colour: str) -> None:
    low, high = electrics.led_ma(colour)
    assert 0.5 < low < high < FIGURES["led"]["pin_ma"] / 2
    kind = "resistor of the LED"
    bill = (SHEET.parents[2] / "hardware" / "bom.csv").read_text(encoding="utf-8")
    (row,) = (line for line in bill.splitlines() if line.startswith(kind))
    ohm = FIGURES["led"][colour]["ohm"]
    assert (f"{ohm / 1000:.0f} kohm" if ohm >= 1000 else f"{ohm:.0f} ohm for {colour}") in row
