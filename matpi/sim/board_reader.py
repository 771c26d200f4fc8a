"""Run the reader over emulated chips in real time: the same loop and drivers, other parts.

    python -m matpi.sim.board_reader '{"rate": 80, "chips": 2}'

Keys of the job: rate, chips; driver ("adafruit" or "spi"), seed, counts_per_kg, offsets (counts of each empty bridge),
oscillator (of each chip, times its rate), realtime. Events come as lines of JSON on stdin, each with its time "t" if it
is not now:

    {"act": "lie_down"}            an act of sim.body.Mat
    {"weigh": 74}                  the person's weight in kg
    {"chip": 0, "unplugged": true} or "stuck_low", "saturated"
    {"spikes": true}               some pulses hang and the chip powers down, as on a busy machine
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
from matpi.sim.chip import BusTime, Chip, EmulatedSpi

COUNTS_PER_KG: Final = 43_000.0
OFFSETS: Final = (118_000, -93_000, 41_000, -152_000)
"""Counts of the empty bridges, chosen within the 215 000 of +-0.1 mV/V (docs/dev/sources.md, cells)."""
OSCILLATORS: Final = (1.07, 1.12, 1.0, 1.17)  # 1.07 to 1.17 in the field (docs/dev/sources.md, chip)
SHARES: Final = {
    1: ((1.0, 1.0),),
    2: ((1.0, 0.0), (0.0, 1.0)),
    3: ((0.67, 0.0), (0.33, 0.33), (0.0, 0.67)),
    4: ((0.5, 0.0), (0.5, 0.0), (0.0, 0.5), (0.0, 0.5)),
}
"""Of so many chips: the shares of the head's and the foot's load that each bears."""
FAULTS: Final = ("unplugged", "stuck_low", "saturated")
"""Of a chip; see sim.chip.Chip."""
STALL_S: Final = 100e-6


class EmulatedBoard:
    """The chips over one mat. `open_chips` and `hear` are for `reader.run`."""

    def __init__(self, now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self.chips: list[Chip] = []
        self._now = now
        self._sleep = sleep
        self._mat = Mat()
        self._random = random.Random(1)  # noqa: S311  a simulation, not a secret
        self._spikes = False

    def open_chips(self, job: dict[str, Any]) -> list[Guarded]:
        """Make the chips of a job over an empty mat."""
        seed = job.get("seed", 1)
        self._mat = Mat(seed=seed)
        self._random.seed(seed)
        return [self._chip(at, job) for at in range(job["chips"])]

    def hear(self, line: dict[str, Any]) -> None:
        """Apply one event. Raises UsageError for an unknown one."""
        t = line.get("t", self._now())
        match line:
            case {"act": act}:
                self._mat.act(act, t)
            case {"weigh": kg}:
                self._mat.weigh(kg, t)
            case {"spikes": on}:
                self._spikes = bool(on)
            case {"chip": int(at)} if 0 <= at < len(self.chips) and (faults := line.keys() & set(FAULTS)):
                for fault in faults:
                    setattr(self.chips[at], fault, bool(line[fault]))
            case _:
                raise UsageError(f"the board knows no {line}")

    def _chip(self, at: int, job: dict[str, Any]) -> Guarded:
        rate, oscillator = job["rate"], job.get("oscillator", OSCILLATORS)[at]
        source, bus_time = self._source(at, job), BusTime(self._now) if job.get("driver") == "spi" else None
        spend = None if bus_time else self._sleep
        chip = Chip(source, rate, now=bus_time or self._now, spend=spend, access_s=0.0, oscillator=oscillator)
        self.chips.append(chip)
        if bus_time is not None:
            from matpi.drivers.scale.hx711_spi import SpiHX711

            return SpiHX711(EmulatedSpi(chip, bus_time), rate, now=self._now, sleep=self._sleep)
        from matpi.drivers.scale.hx711 import GuardedHX711

        return GuardedHX711(chip.data, chip.clock, rate, now=self._now, sleep=self._sleep)

    def _source(self, at: int, job: dict[str, Any]) -> Callable[[float], float]:
        """Return the signal of one bridge in counts at a time."""
        head_share, foot_share = SHARES[job["chips"]][at]
        counts_per_kg = job.get("counts_per_kg", COUNTS_PER_KG)
        offset = job.get("offsets", OFFSETS)[at]

        def source(t: float) -> float:
            if self._spikes and self._random.random() < SPIKE_SHARE:
                self.chips[at].stall = {self._random.randrange(1, 26): STALL_S}
            head, foot = self._mat.sample(t) or (0.0, 0.0)
            return float(offset + (head * head_share + foot * foot_share) * counts_per_kg)

        return source


if __name__ == "__main__":
    board = EmulatedBoard()
    sys.exit(run(sys.argv[1] if len(sys.argv) == 2 else "", board.open_chips, board.hear))
