"""Waiting until the load is still, for calibration: samples of counts in, what the chips show at rest out.

"Still" is judged in kilograms of the nominal sensitivity, because nothing better is known yet.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import inf
from statistics import fmean
from typing import Final, NamedTuple

from matpi.core.text import Text

BLOCK_S: Final = 1.0
BLOCKS: Final = 4
"""So many still seconds in a row are a measurement. Chosen: longer than one breath in or out."""
LEAST_SAMPLES: Final = 4
"""A block with fewer tells nothing."""
STILL_EMPTY_KG: Final = 0.3
"""Of an empty mat, within a second and from one to the next. Chosen: six times the noisiest build (docs/sources.md,
cells: 155 counts rms, 3.6 g), and no hand on the mat is that quiet.
"""
STILL_LOADED_KG: Final = 2.0
"""Of somebody standing: 55 g rms in 3-12 Hz and a sway of 4.6 mm, 0.5 kg between two ends 60 cm apart, were measured on
force plates (docs/sources.md, cells). Chosen at four times that, since a channel may be wired to nothing.
"""
FOREVER: Final = inf
"""A watch that nobody has given a time."""
CODE_MIN, CODE_MAX = -(1 << 23), (1 << 23) - 1
SATURATED_AFTER: Final = 3
"""Samples in a row at the end of the range: one alone may be a read-out that lost its clock."""


class Block(NamedTuple):
    """One second of readings: the median of each channel, and the spread summed over the channels (kg)."""

    start: float
    end: float
    mean_kg: tuple[float, ...]
    spread_kg: float


def block_of(start: float, end: float, samples: list[tuple[float, ...]]) -> Block:
    """`samples`: one tuple of kg a reading. The spread lies between the deciles: one spike does not widen it."""
    n = len(samples)
    low = max(1, n // 10) if n >= 4 else 0
    high, middle = n - 1 - low, n // 2
    spread, medians = 0.0, []
    for channel in map(sorted, zip(*samples, strict=True)):
        spread += channel[high] - channel[low]
        medians.append(channel[middle])
    return Block(start, end, tuple(medians), spread)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was measured, and what to do: each one sentence, and each in at most 21 characters for the panel."""

    reason: str
    remedy: str
    what: Text
    do: Text


@dataclass(frozen=True, slots=True)
class Held:
    """What the chips show at rest, in counts a channel."""

    counts: tuple[float, ...]
    blocks: tuple[tuple[float, ...], ...]
    """The same, second by second: how much they differ tells how well it is known."""

    def range_kg(self, per_count: tuple[float, ...]) -> float:
        """How far the sum of the channels wandered from second to second; `per_count` is kilograms a count."""
        sums = [sum(c * k for c, k in zip(block, per_count, strict=True)) for block in self.blocks]
        return max(sums) - min(sums)


class Watch:
    """Feed samples with `take` until it answers. `still_kg` is the most it may move; it gives up at `until`."""

    def __init__(self, t: float, counts_per_kg: float, still_kg: float, names: tuple[str, ...], until: float) -> None:
        self.until = until
        self.blocks: list[Block] = []
        """The still ones in a row, in counts."""
        self.last: Block | None = None
        """The last whole second, still or not."""
        self._limit = still_kg * counts_per_kg
        self._names = names
        self._samples: list[tuple[float, ...]] = []
        self._start = t
        self._good = self._bad = 0
        self._at_the_end: Counter[int] = Counter()

    @property
    def done(self) -> float:
        """How far it has come, 0 to 1."""
        return len(self.blocks) / BLOCKS

    def take(self, t: float, counts: tuple[float, ...], ok: bool) -> Held | Refusal | None:
        """One sample of all channels; `ok` False is one its reader flagged."""
        for channel, code in enumerate(counts):
            self._at_the_end[channel] = self._at_the_end[channel] + 1 if not CODE_MIN + 1 < code < CODE_MAX - 1 else 0
            if self._at_the_end[channel] >= SATURATED_AFTER:
                return saturated(self._names[channel])
        self._good, self._bad = self._good + ok, self._bad + (not ok)
        if ok:
            self._samples.append(counts)
            if t >= self._start + BLOCK_S:
                self._close(t)
        if len(self.blocks) >= BLOCKS:
            means = [block.mean_kg for block in self.blocks]
            return Held(tuple(map(fmean, zip(*means, strict=True))), tuple(means))
        return self.overdue(t)

    def overdue(self, t: float) -> Refusal | None:
        if t < self.until:
            return None
        return FLAGGED if self._bad >= self._good else MOVING

    def _close(self, t: float) -> None:
        samples, start = self._samples, self._start
        self._samples, self._start = [], t
        if len(samples) < LEAST_SAMPLES:
            self.blocks.clear()
            return
        self.last = block = block_of(start, t, samples)
        self.blocks.append(block)
        sums = [sum(one.mean_kg) for one in self.blocks]
        if block.spread_kg > self._limit or max(sums) - min(sums) > self._limit:
            # What came before may still be the way there; this second begins the rest, if it is quiet itself.
            self.blocks = [block] if block.spread_kg <= self._limit else []


MOVING: Final = Refusal(
    reason="The load did not come to rest in time.",
    remedy="Stand still with the board on hard, level ground, and let nothing touch the mat while it is empty.",
    what=Text("scale.moving"),
    do=Text("scale.stand_still"),
)
FLAGGED: Final = Refusal(
    reason="Most readings came damaged.",
    remedy="Run matpi doctor: it tells which chip, and what to do about it.",
    what=Text("scale.damaged"),
    do=Text("scale.run_doctor"),
)


def saturated(name: str) -> Refusal:
    return Refusal(
        reason=f"The chip of the {name} is at the end of its range.",
        remedy="Check that its four wires are the right way and sit, and take everything off the mat.",
        what=Text("scale.at_its_end"),
        do=Text("scale.check_four_wires"),
    )
