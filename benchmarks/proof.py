"""Chips whose codes prove themselves, under the reader: each conversion holds its number and a check of it.

python -m benchmarks.proof '{"rate": 80, "chips": 2, "oscillator": [1.07, 1.12]}'
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import count
from typing import Any

from matpi.drivers.scale.guard import Guarded
from matpi.drivers.scale.hx711 import GuardedHX711
from matpi.drivers.scale.reader import run
from matpi.sim.chip import Chip


def proof_code(number: int, chip: int) -> int:
    """Return a conversion's code: 12 bits of its number, 12 of a hash of number and chip; not saturated."""
    number &= 0xFFF
    mixed = (number * 2_654_435_761 + (chip + 1) * 40_503) & 0xFFFFFFFF
    code = number << 12 | (mixed >> 13 & 0xFFF)
    code = (code ^ 0x800000) - 0x800000
    return code if -(1 << 23) < code < (1 << 23) - 1 else 0


def proved(code: int, chip: int) -> int | None:
    """Return the number of the conversion; None when `chip` never gave such a code."""
    number = code >> 12 & 0xFFF
    return number if proof_code(number, chip) == code else None


def open_chips(
    job: dict[str, Any], now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> list[Guarded]:
    """Make the chips of a job of sim.board_reader, as the reader opens them."""
    chips: list[Guarded] = []
    for at in range(job["chips"]):
        numbers, rate, oscillator = count(1), job["rate"], job["oscillator"][at]

        def code(_t: float, at: int = at, numbers: count[int] = numbers) -> float:
            return proof_code(next(numbers), at)

        chip = Chip(code, rate, now=now, spend=sleep, access_s=0.0, oscillator=oscillator, taps=1)
        chips.append(GuardedHX711(chip.data, chip.clock, rate, now=now, sleep=sleep))
    return chips


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], open_chips))
