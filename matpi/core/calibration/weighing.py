"""Wait until the load is still, for calibration: samples of counts in, the counts at rest out.

"Still" is judged in kilograms of the nominal sensitivity, because nothing better is known yet.
"""

from __future__ import annotations

from collections import Counter
from math import inf
from statistics import fmean
from typing import Final

from msgspec import Struct

from matpi.core.text import Text

BLOCK_S: Final = 1.0
BLOCKS: Final = 4  # still seconds in a row that are a measurement; chosen: longer than one breath in or out
LEAST_SAMPLES: Final = 4  # in a block; with fewer it has no spread between deciles
STILL_EMPTY_KG: Final = 0.3
"""Spread of an empty mat, within a second and from one to the next. Chosen: six times the noisiest build
(docs/dev/sources.md, cells: 155 counts rms, 3.6 g), and no hand on the mat is that quiet.
"""
STILL_LOADED_KG: Final = 2.0
"""The same of a person who stands. Chosen: four times what force plates measured, since a channel may be wired to
nothing: 55 g rms in 3-12 Hz and a sway of 4.6 mm, 0.5 kg between two ends 60 cm apart (docs/dev/sources.md, cells).
"""
FOREVER: Final = inf
CODE_MIN, CODE_MAX = -(1 << 23), (1 << 23) - 1
SATURATED_AFTER: Final = (
    3  # samples in a row: a single one at the end of the range may be a read-out that lost its clock
)


class Refusal(Struct, frozen=True):
    """Why nothing was measured, and what to do: a sentence each, and 21 characters each for the panel."""

    reason: str
    remedy: str
    what: Text
    do: Text


class Held(Struct, frozen=True):
    """The counts at rest, a channel each, and second by second: the differences show how sure they are."""

    counts: tuple[float, ...]
    blocks: tuple[tuple[float, ...], ...]

    def range_kg(self, per_count: tuple[float, ...]) -> float:
        """Return how far the sum of the channels moved between seconds; `per_count` is kilograms a count."""
        sums = [sum(c * k for c, k in zip(block, per_count, strict=True)) for block in self.blocks]
        return max(sums) - min(sums)


class Watch:
    """Feed samples with `take` until it answers or gives up at `until`. `still_kg` is the most it may move."""

    def __init__(self, t: float, counts_per_kg: float, still_kg: float, names: tuple[str, ...], until: float) -> None:
        self.until = until
        self.last: tuple[float, ...] | None = None  # the counts of the last whole second, still or not
        self._blocks: list[tuple[float, ...]] = []  # the still seconds in a row
        self._limit = still_kg * counts_per_kg
        self._names = names
        self._samples: list[tuple[float, ...]] = []
        self._start = t
        self._good = self._bad = 0
        self._at_the_end: Counter[int] = Counter()

    @property
    def done(self) -> float:
        """How far the measurement has come, 0 to 1."""
        return len(self._blocks) / BLOCKS

    def take(self, t: float, counts: tuple[float, ...], ok: bool) -> Held | Refusal | None:
        """Take one sample of all channels; `ok` is False for one that the reader flagged."""
        for channel, code in enumerate(counts):
            self._at_the_end[channel] = self._at_the_end[channel] + 1 if not CODE_MIN + 1 < code < CODE_MAX - 1 else 0
            if self._at_the_end[channel] >= SATURATED_AFTER:
                return saturated(self._names[channel])
        self._good, self._bad = self._good + ok, self._bad + (not ok)
        if ok:
            self._samples.append(counts)
            if t >= self._start + BLOCK_S:
                self._close(t)
        if len(self._blocks) >= BLOCKS:
            return Held(tuple(map(fmean, zip(*self._blocks, strict=True))), tuple(self._blocks))
        return self.overdue(t)

    def overdue(self, t: float) -> Refusal | None:
        """Return why it gives up, None before `until`."""
        if t < self.until:
            return None
        return FLAGGED if self._bad >= self._good else MOVING

    def _close(self, t: float) -> None:
        samples, self._samples, self._start = self._samples, [], t
        if len(samples) < LEAST_SAMPLES:
            self._blocks.clear()
            return
        self.last, spread = _middle_and_spread(samples)
        self._blocks.append(self.last)
        sums = list(map(sum, self._blocks))
        if spread > self._limit or max(sums) - min(sums) > self._limit:
            # What came before may still be the way there; this second begins the rest, if it is quiet itself.
            self._blocks = [self.last] if spread <= self._limit else []


def _middle_and_spread(samples: list[tuple[float, ...]]) -> tuple[tuple[float, ...], float]:
    """Return each channel's median, and the summed spread between deciles, which one spike does not widen."""
    n = len(samples)
    low = max(1, n // 10)
    channels = [sorted(channel) for channel in zip(*samples, strict=True)]
    return tuple(values[n // 2] for values in channels), sum(values[n - 1 - low] - values[low] for values in channels)


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
