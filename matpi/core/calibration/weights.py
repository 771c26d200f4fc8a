"""The weights that can be calibrated with. Apart from what computes with them: every command line names them."""

from __future__ import annotations

from typing import Final

LEAST_KG: Final = 10.0  # nominal; chosen: below, hysteresis shows (0.03 % of 50 kg = 15 g a cell, docs/dev/sources.md)
MOST_KG: Final = 130.0  # what the board is made for (`person_kg` in hardware/figures.toml)
