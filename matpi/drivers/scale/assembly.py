"""Combine the samples of single chips into readings of the mat, and diagnose a chip without any.

A reading is made when every chip has given an OK sample since the last reading. Of a faster chip the newest counts, and
none is older than SKEW_PERIODS. A flagged sample goes out as `ok=False` with the counts of the last good reading, which
are not used, so that the core can count it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple

from matpi.core.events import Counted, Noted, SensorLost
from matpi.core.text import Text
from matpi.drivers.scale.guard import Sample, Status

LOST_S: Final = 1.9  # without a good sample of a chip: just before the core's own sensor timeout of 2 s names no chip
SKEW_PERIODS: Final = 2.0  # most that the samples of one reading are apart; chips in step are within one
# Samples/s: the jumper's rate, the oscillator up to 18 % fast (docs/dev/sources.md, chip), and some margin.
RATE_BOUNDS: Final = {10: (8.0, 13.0), 80: (70.0, 105.0)}
NOISE_S: Final = 2.0
NOISE_MIN: Final = 8  # samples from which noise is reported
MAD_TO_SIGMA: Final = 1.4826  # of a normal distribution
NAMES: Final = {1: ("mat",), 2: ("head", "foot"), 3: ("head", "mid", "foot"), 4: ("1st", "2nd", "3rd", "4th")}
"""Names of so many chips: in the log, and as the keys of `places` in the catalogues."""


class Diagnosis(NamedTuple):
    """What is wrong and what to do, for the screen in at most 21 characters each; and why, for the log."""

    what: Text
    do: Text
    why: str


class Channel:
    """The state of one chip."""

    def __init__(self, name: str, rate: int) -> None:
        self.name = name
        self.tally: Counter[Status] = Counter()
        self.rate_hz: float | None = None
        self.rate_off = False
        self.fresh: Sample | None = None
        self.good_at = 0.0
        self.since_good: Counter[Status] = Counter()
        self.trouble: Status | None = None  # the last meaningful status since the last good sample
        self.counts: deque[int] = deque(maxlen=round(NOISE_S * rate))

    @property
    def noise_counts(self) -> float | None:
        """Return the standard deviation of the last good samples, from the median distance: robust to a step."""
        counts = tuple(self.counts)
        if len(counts) < NOISE_MIN:
            return None
        middle = median(counts)
        return MAD_TO_SIGMA * median(abs(count - middle) for count in counts)

    def diagnosis(self) -> Diagnosis:
        """Return what is wrong, from the samples since the last good one."""
        seen = self.since_good
        if self.trouble is None or self.trouble is Status.NOT_READY:
            what, do, why = "chip_silent", "check_its_wires", "gives no sample"
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
    """The chips of one mat: `rate` as their jumpers are set, `names` from the head end."""

    def __init__(self, names: Sequence[str], rate: int) -> None:
        self.channels = tuple(Channel(name, rate) for name in names)
        self._rate = rate
        self._skew_s = SKEW_PERIODS / rate
        self._t = float("-inf")
        self._last: tuple[int, ...] | None = None
        self._reported: Diagnosis | None = None

    @property
    def trouble(self) -> str:
        """Return what was reported last and is not over, "" for nothing."""
        return self._reported.why if self._reported else ""

    def begin(self, t: float) -> None:
        """Expect samples from `t` on: a reader has started."""
        self._reported = None
        for channel in self.channels:
            channel.good_at = t
            channel.fresh = channel.trouble = channel.rate_hz = None
            channel.since_good.clear()
            channel.counts.clear()

    def add(self, chip: int, sample: Sample) -> Counted | None:
        """Return the reading that `sample` completes, if it does."""
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
        self._reported = None
        self._t = sample.t
        self._last = tuple(one.counts for one in fresh)
        return Counted(sample.t, self._last)

    def due(self, t: float) -> SensorLost | None:
        """Report a chip without a good sample for LOST_S: once, and again when the diagnosis changes."""
        lost = [channel for channel in self.channels if t - channel.good_at > LOST_S]
        if not lost:
            return None
        found = lost[0].diagnosis()
        if 1 < len(lost) == len(self.channels) and all(one.trouble in {None, Status.NOT_READY} for one in lost):
            found = Diagnosis(Text("scale.cells_silent"), Text("scale.check_power"), "no load cell chip gives a sample")
        if found == self._reported:
            return None
        self._reported = found
        return SensorLost(t, found.why, found.what, found.do)

    def rates(self, t: float, rates: Sequence[float | None]) -> list[Noted]:
        """Take the measured rate of each chip. Return a note for each that has left its bounds."""
        low, high = RATE_BOUNDS[self._rate]
        notes = []
        for channel, rate in zip(self.channels, rates, strict=True):
            channel.rate_hz = rate
            off = rate is not None and not low <= rate <= high
            if off and not channel.rate_off:
                what = f"The {channel.name} chip gives {rate:.1f} samples/s where {self._rate} are set"
                notes.append(Noted(t, "rate", f"{what}; check the RATE jumper of its board, or rate in [scale]."))
            channel.rate_off = off
        return notes
