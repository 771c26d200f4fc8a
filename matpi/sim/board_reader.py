"""Run the reader over emulated chips in real time: the same loop and drivers, other parts.

    python -m matpi.sim.board_reader '{"rate": 80, "chips": 2}'

Keys of the job: rate, chips; driver ("adafruit" or "spi"), seed, kg (of the person), counts_per_kg, offsets (counts of
each empty bridge), oscillator (of each chip, times its rate), taps (conversions averaged), realtime, proof. Events come
as lines of JSON on stdin, each with its time "t" if it is not now:

    {"act": "lie_down"}            an act of sim.body, or {"place": "head" | "foot" | "off"}, the person's place
    {"weigh": 74}                  the person's weight in kg
    {"chip": 0, "unplugged": true} or "stuck_low", "saturated"; {"saturate": 0} for short
    {"spikes": true}               some pulses hang and the chip powers down, as on a busy machine

With "proof", instead of a load, each conversion's code contains its number and a check of it: see `proof_code`.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from matpi.drivers.scale.guard import Guarded
from matpi.drivers.scale.reader import run
from matpi.errors import UsageError
from matpi.sim.body import SPIKE_SHARE, Mat
from matpi.sim.chip import SETTLING, BusTime, Chip, EmulatedSpi

COUNTS_PER_KG: Final = 43_000.0
OFFSETS: Final = (118_000, -93_000, 41_000, -152_000)
"""Counts of the empty bridges, chosen within the 215 000 of +-0.1 mV/V (docs/sources.md, cells)."""
OSCILLATORS: Final = (1.07, 1.12, 1.0, 1.17)  # 1.07 to 1.17 in the field (docs/sources.md, chip)
SHARES: Final = {
    1: ((1.0, 1.0),),
    2: ((1.0, 0.0), (0.0, 1.0)),
    3: ((0.67, 0.0), (0.33, 0.33), (0.0, 0.67)),
    4: ((0.5, 0.0), (0.5, 0.0), (0.0, 0.5), (0.0, 0.5)),
}
"""Of so many chips: the shares of the head's and the foot's load that each bears."""
PLACES: Final = {"head": "stand_head", "foot": "stand_foot", "off": "get_up"}
FAULTS: Final = ("unplugged", "stuck_low", "saturated")
STALL_S: Final = 100e-6
OVERLOAD: Final = float(1 << 25)


def proof_code(number: int, chip: int) -> int:
    """Return a conversion's code: 12 bits of its number, 12 of a hash of number and chip; not saturated."""
    number &= 0xFFF
    mixed = (number * 2_654_435_761 + (chip + 1) * 40_503) & 0xFFFFFFFF
    code = number << 12 | (mixed >> 13 & 0xFFF)
    code = (code ^ 0x800000) - 0x800000
    return code if -(1 << 23) < code < (1 << 23) - 1 else 0


class EmulatedBoard:
    """The chips over one mat. `open_chips` and `hear` are for `reader.run`."""

    def __init__(self, now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self.chips: list[Chip] = []
        self._now = now
        self._sleep = sleep
        self._mat = Mat()
        self._random = random.Random(1)  # noqa: S311  a simulation, not a secret
        self._spikes = False
        self._saturated: set[int] = set()

    def open_chips(self, job: dict[str, Any]) -> list[Guarded]:
        seed, number = job.get("seed", 1), job["chips"]
        self._mat = Mat(kg=job.get("kg", 74.0), seed=seed)
        self._random.seed(seed)
        return [self._chip(at, number, job) for at in range(number)]

    def hear(self, line: dict[str, Any]) -> None:
        """Apply one event. Raises UsageError for an unknown one."""
        t = line.get("t", self._now())
        match line:
            case {"act": act}:
                self._mat.act(act, t)
            case {"place": place} if place in PLACES:
                self._mat.act(PLACES[place], t)
            case {"weigh": kg}:
                self._mat.weigh(kg, t)
            case {"spikes": on}:
                self._spikes = bool(on)
            case {"saturate": int(at)}:
                self._saturated.add(at)
            case {"chip": int(at)} if 0 <= at < len(self.chips) and (faults := line.keys() & set(FAULTS)):
                for fault in faults:
                    self._break(at, fault, on=bool(line[fault]))
            case _:
                raise UsageError(f"the board knows no {line}")

    def _break(self, at: int, fault: str, *, on: bool) -> None:
        if fault == "saturated":
            (self._saturated.add if on else self._saturated.discard)(at)
        else:
            setattr(self.chips[at], fault, on)

    def _chip(self, at: int, number: int, job: dict[str, Any]) -> Guarded:
        rate = job["rate"]
        oscillator = job.get("oscillator", OSCILLATORS)[at]
        source = self._proof(at) if job.get("proof") else self._load(at, number, job)
        taps = 1 if job.get("proof") else job.get("taps", SETTLING)
        if job.get("driver") == "spi":
            from matpi.drivers.scale.hx711_spi import SpiHX711

            bus_time = BusTime(self._now)
            chip = Chip(source, rate, now=bus_time, access_s=0.0, oscillator=oscillator, taps=taps)
            self.chips.append(chip)
            return SpiHX711(EmulatedSpi(chip, bus_time), rate, now=self._now, sleep=self._sleep)
        from matpi.drivers.scale.hx711 import GuardedHX711

        chip = Chip(source, rate, now=self._now, spend=self._sleep, access_s=0.0, oscillator=oscillator, taps=taps)
        self.chips.append(chip)
        return GuardedHX711(chip.data, chip.clock, rate, now=self._now, sleep=self._sleep)

    def _load(self, at: int, number: int, job: dict[str, Any]) -> Callable[[float], float]:
        head_share, foot_share = SHARES[number][at]
        counts_per_kg = job.get("counts_per_kg", COUNTS_PER_KG)
        offset = job.get("offsets", OFFSETS)[at]

        def source(t: float) -> float:
            if self._spikes and self._random.random() < SPIKE_SHARE:
                self.chips[at].stall = {self._random.randrange(1, 26): STALL_S}
            if at in self._saturated:
                return OVERLOAD
            head, foot = self._mat.sample(t) or (0.0, 0.0)
            return float(offset + (head * head_share + foot * foot_share) * counts_per_kg)

        return source

    def _proof(self, at: int) -> Callable[[float], float]:
        made = 0

        def source(_t: float) -> float:
            nonlocal made
            made += 1
            return proof_code(made, at)

        return source


if __name__ == "__main__":
    board = EmulatedBoard()
    sys.exit(run(sys.argv[1] if len(sys.argv) == 2 else "", board.open_chips, board.hear))
