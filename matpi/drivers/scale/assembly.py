"""Samples of single chips in, readings of the whole mat out; and what is wrong with a chip.

A reading is made when every chip has given a sample that may be believed since the last reading. Of a faster chip the
newest counts, and none is older than SKEW_PERIODS. A flagged sample never enters: it goes out as `ok=False` with the
counts of the last good reading, which nobody reads, so that the core can count it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple

from matpi.core.events import Counted, Noted, SensorLost
from matpi.core.text import Text
from matpi.drivers.scale.guard import Sample, Status

LOST_S: Final = 1.9
"""Without a good sample of a chip. A hair before the core notices the silence by itself after 2 s: we can name it."""
SKEW_PERIODS: Final = 2.0
"""Most that the samples of one reading lie apart: 0.2 s at 10/s, 25 ms at 80/s. Chips in step lie within one."""
RATE_BOUNDS: Final = {10: (8.0, 13.0), 80: (70.0, 105.0)}
"""Samples/s: the jumper's rate, the oscillator up to 18 % fast (docs/sources.md, chip), and some margin."""
NOISE_S: Final = 2.0
NOISE_MIN: Final = 8
"""Samples from which a spread is told."""
MAD_TO_SIGMA: Final = 1.4826  # of a normal distribution
NAMES: Final = {1: ("mat",), 2: ("head", "foot"), 3: ("head", "mid", "foot"), 4: ("1st", "2nd", "3rd", "4th")}
"""Of the chips, by their number: in the log, and as the keys of `places` in the catalogues."""


class Diagnosis(NamedTuple):
    """For the screen, each at most 21 characters, and for the log."""

    what: Text
    do: Text
    why: str


class Channel:
    """One chip, as its samples tell."""

    def __init__(self, name: str, rate: int) -> None:
        self.name = name
        self.tally: Counter[Status] = Counter()
        self.rate_hz: float | None = None
        self.rate_off = False
        self.fresh: Sample | None = None
        self.good_at = 0.0
        self.since_good: Counter[Status] = Counter()
        self.trouble: Status | None = None
        """The last status that says what is wrong, since the last good sample."""
        self.counts: deque[int] = deque(maxlen=round(NOISE_S * rate))

    @property
    def noise_counts(self) -> float | None:
        """Standard deviation of the last good samples, told by the median of distances: a step does not enter."""
        counts = tuple(self.counts)
        if len(counts) < NOISE_MIN:
            return None
        middle = median(counts)
        return MAD_TO_SIGMA * median(abs(count - middle) for count in counts)

    def diagnosis(self) -> Diagnosis:
        """Return what is wrong, from the samples since the last good one."""
        seen = self.since_good
        if self.trouble is None or self.trouble is Status.NOT_READY:
            what, do, why = "chip_silent", "check_its_plug", "gives no sample"
        elif self.trouble is Status.SATURATED:
            what, do, why = "overloaded", "check_its_wires", "is at the end of its range"
        elif seen[Status.DESYNC] > seen[Status.GLITCH]:
            what, do, why = "chip_stuck", "check_data_wire", "holds its data wire low"
        elif self.rate_off:
            what, do, why = "chip_rate", "check_jumper", "runs at another rate than set"
        else:
            what, do, why = "chip_disturbed", "check_its_wires", "gives no sample that can be believed"
        where = Text(f"places.{self.name}")
        return Diagnosis(Text(f"scale.{what}", where=where), Text(f"scale.{do}"), f"the {self.name} chip {why}")


class Assembly:
    """`rate` as the jumpers say; `names` of the chips from the head end."""

    def __init__(self, names: Sequence[str], rate: int) -> None:
        self.channels = tuple(Channel(name, rate) for name in names)
        self._rate = rate
        self._skew_s = SKEW_PERIODS / rate
        self._t = float("-inf")
        self._last: tuple[int, ...] | None = None
        self._told: Diagnosis | None = None

    @property
    def trouble(self) -> str:
        """What was told last and is not over, for the log."""
        return self._told.why if self._told else ""

    def begin(self, t: float) -> None:
        """The reader has begun to speak: from `t` on samples may be expected."""
        self._told = None
        for channel in self.channels:
            channel.good_at = t
            channel.fresh = channel.trouble = channel.rate_hz = None
            channel.since_good.clear()
            channel.counts.clear()

    def add(self, chip: int, sample: Sample) -> Counted | None:
        """The reading that `sample` completes, if it does."""
        channel = self.channels[chip]
        channel.tally[sample.status] += 1
        if sample.status is not Status.OK:
            if sample.status is not Status.STALE or channel.trouble is None:  # the two after a bad one are stale
                channel.trouble = sample.status
            channel.since_good[sample.status] += 1
            if self._last is None or sample.t <= self._t:
                return None
            self._t = sample.t
            return Counted(sample.t, self._last, ok=False, flag=sample.status)
        channel.since_good.clear()
        channel.trouble = None
        channel.good_at = sample.t
        channel.counts.append(sample.counts)
        channel.fresh = sample
        fresh = [one.fresh for one in self.channels if one.fresh and sample.t - one.fresh.t <= self._skew_s]
        if len(fresh) < len(self.channels) or sample.t <= self._t:
            return None
        for one in self.channels:
            one.fresh = None
        self._told = None
        self._t = sample.t
        self._last = tuple(one.counts for one in fresh)
        return Counted(sample.t, self._last)

    def due(self, t: float) -> SensorLost | None:
        """A chip without a good sample for LOST_S; told once, and again only in other words."""
        lost = [channel for channel in self.channels if t - channel.good_at > LOST_S]
        if not lost:
            return None
        found = lost[0].diagnosis()
        if 1 < len(lost) == len(self.channels) and all(one.trouble in {None, Status.NOT_READY} for one in lost):
            found = Diagnosis(Text("scale.cells_silent"), Text("scale.check_power"), "no load cell chip gives a sample")
        if found == self._told:
            return None
        self._told = found
        return SensorLost(t, found.why, found.what, found.do)

    def rates(self, t: float, rates: Sequence[float | None]) -> list[Noted]:
        """What the reader measured, a chip; a note for each that has left its bounds."""
        low, high = RATE_BOUNDS[self._rate]
        notes = []
        for channel, rate in zip(self.channels, rates, strict=True):
            channel.rate_hz = rate
            off = rate is not None and not low <= rate <= high
            if off and not channel.rate_off:
                notes.append(
                    Noted(
                        t,
                        "rate",
                        f"The {channel.name} chip gives {rate:.1f} samples/s where {self._rate} are set; "
                        "check the RATE jumper of its board, or rate in [scale].",
                    )
                )
            channel.rate_off = off
        return notes
