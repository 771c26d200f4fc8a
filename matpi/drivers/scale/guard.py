"""What makes a sample of an HX711 believed, whatever the wires go through: pins of the header or an SPI bus.

A conversion is taken when DOUT falls. Believed is one whose clock was never high for long, whose bits after the 24th
are 1, and whose read-out had ended before the next conversion could change it, counted from when DOUT was last seen
high. Whatever is not goes out as a status without counts, and so do the next two.

What 25 pulses cannot show: a stray clock pulse before a read-out shifts the code by one bit, and the chip's extra bits
still read 1; only the samples after it betray it. The core's own look at neighbouring readings is the belt for that.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable
from enum import StrEnum
from statistics import fmean, median
from typing import Final, NamedTuple

from matpi.core.model import Counts

HIGH_LIMIT_S: Final = 50e-6
"""T3 of the data sheet, the longest high time that is promised to be harmless; at 60 us the chip powers down."""
READ_LIMIT: Final = 0.8
"""Part of a period: no conversion ends sooner after the one before. Chips run up to 1.17 times as fast as their jumper
says (docs/sources.md, chip), which makes 0.85. So a read-out that ends within it after the chip was last seen busy is
safe from the next conversion, which would change the bits; and until then nobody need look for the next."""
POLLS: Final = 40
"""Looks a period from then on: every 0.3 ms at 80/s. Two chips at 80/s take 5 to 7 % of a processor so, and 11 % if
looked at from 0.6 of a period on (measured on x86-64)."""
POLLS_SILENT: Final = 8
"""Looks a period while a chip is overdue. Chosen: an edge is still seen well within READ_LIMIT."""
DEADLINE: Final = 10
"""Periods without a conversion: 1 s at 10/s, 0.125 s at 80/s; a reset takes 4."""
STUCK_S: Final = 1.0
"""A silent chip is reset this rarely: longer than four periods of the slow jumper, so that one wrongly set is heard."""
SUSPECT: Final = 2
"""Samples dropped after a bad one (Klipper PR #6659: the bad one and the next two)."""
GAP: Final = 3
"""Periods between two samples that only a reset of the chip explains, or a change of its input: both take 4."""
QUICK: Final = 0.7
"""Part of a period: the mean of RECENT intervals is never less with a chip that runs as its jumper says. One set to
80/s where 10/s is expected would change the bits in mid-read unseen."""
RECENT: Final = 5
RESET_S: Final = 1e-3
SETTLING: Final = 4
WINDOW_S: Final = 2.0
"""Over which the rate is measured."""
CODE_MIN, CODE_MAX = -(1 << 23), (1 << 23) - 1


class Status(StrEnum):
    """Whether a sample may be believed, and if not, why."""

    OK = "ok"
    GLITCH = "glitch"
    """The clock was high too long: the chip may have powered down, the rest of the bits read 1."""
    NOT_READY = "not_ready"
    """No conversion came in time: unplugged, no power, or the data wire is broken."""
    DESYNC = "desync"
    """The bits after the 24th were not 1: the counts of pulses differ, or DOUT is stuck low. The chip was reset."""
    SATURATED = "saturated"
    """At an end of the range: overload, or a broken wire of the bridge."""
    STALE = "stale"
    """Taken so late that the next conversion may have changed it, sooner than a chip at this rate can be, or one of the
    two after a bad sample or a reset of the chip."""


class Sample(NamedTuple):
    """`t`: monotonic seconds at the end of the read-out. `counts` is 0 unless the status is OK or SATURATED."""

    t: float
    counts: Counts
    status: Status


class Taken(NamedTuple):
    """What came over the wires in one read-out."""

    raw: int
    """24 bits, two's complement."""
    extra: bool
    """The bits after the 24th were all 1."""
    idle: bool
    """DOUT is high at the end, as it stays until the next conversion."""
    longest_high_s: float


class Guarded(ABC):
    """One chip, every sample proved. Resets it when made: the first sample takes four periods.

    `read()` waits for the next sample. Who reads several chips in turn sleeps until the earliest `look_at` and calls
    `poll()` of whoever is due. `ready()`, `take()` and `overdue()` are the same in steps.
    Not for two threads at once.
    """

    def __init__(
        self,
        rate: int,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.tally: Counter[Status] = Counter()
        self.period_s = 1.0 / rate
        self.look_at = -math.inf
        """Monotonic seconds; before then nothing can be ready."""
        self._now = now
        self._sleep = sleep
        self._suspects = 0
        self._reset_at = -math.inf
        self._busy_at = self._busy_before = -math.inf  # DOUT was last seen high: now, and when the last sample came
        self._heard_at = self._told_at = now()
        self._next_from = now()  # the sample before; after a reset of ours, when the first may come
        self._first = True  # no interval ends with the first sample after a reset
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._intervals: deque[float] = deque(maxlen=round(WINDOW_S * rate))
        self.reset()

    def read(self) -> Sample:
        """The next sample. Takes at most DEADLINE periods and then says NOT_READY."""
        self._told_at = self._now()
        while (sample := self.poll()) is None:
            self._sleep(max(0.0, self.look_at - self._now()))
        return sample

    def poll(self) -> Sample | None:
        """Look once: the sample if one waits, NOT_READY once in DEADLINE periods without any, else None."""
        if self.ready():
            return self.take()
        now = self._now()
        if now - max(self._heard_at, self._told_at) < DEADLINE * self.period_s:
            return None
        self._told_at = now
        self._intervals.clear()
        if now - max(self._heard_at, self._reset_at) >= max(STUCK_S, DEADLINE * self.period_s):
            # A chip that missed a pulse waits for the rest of its read-out and holds DOUT up; nothing else wakes it.
            self.reset()
        return self._sample(Status.NOT_READY)

    def ready(self) -> bool:
        """Look at DOUT: True when a conversion waits to be taken."""
        now = self._now()
        if now < self.look_at:
            return False
        if self._level():
            self._busy_at = now
            self.look_at = now + self.period_s / (POLLS_SILENT if self.overdue() else POLLS)
            return False
        return True

    def overdue(self) -> bool:
        """No conversion was taken for DEADLINE periods."""
        return self._now() - self._heard_at > DEADLINE * self.period_s

    def take(self) -> Sample:
        """Read out the conversion that `ready()` has just announced."""
        taken = self._read_out()
        ended = self._now()
        if taken is None:
            self._busy_at = self.look_at = ended
            return self._bad(Status.STALE)
        limit_s = READ_LIMIT * self.period_s
        # Either this conversion ended after the last busy look, or the one before it did after its own.
        late = ended - self._busy_at > limit_s and ended - self._busy_before > 2 * limit_s
        self.look_at = max(ended, self._busy_at + limit_s)
        self._busy_before = self._busy_at
        if taken.idle:
            self._busy_at = ended
        interval = ended - self._next_from
        self._heard_at = self._next_from = ended
        if taken.longest_high_s > HIGH_LIMIT_S:
            return self._bad(Status.GLITCH)
        if not taken.extra or not (taken.idle or late):
            self.reset()
            return self._bad(Status.DESYNC)
        quick = self._quick(interval)
        if quick:
            self.look_at = ended  # so that its real rate is measured
        if late or quick:
            return self._bad(Status.STALE)
        if interval > GAP * self.period_s:
            self._suspects = SUSPECT
        if self._suspects > 0:
            self._suspects -= 1
            return self._sample(Status.STALE)
        counts = (taken.raw ^ 0x800000) - 0x800000
        return self._sample(Status.OK if CODE_MIN < counts < CODE_MAX else Status.SATURATED, counts)

    def reset(self) -> None:
        """Power down and up. Nothing is ready for four periods, less what a fast oscillator may save."""
        self._power_cycle()
        self._reset_at = self._now()
        self.look_at = self._next_from = self._now() + SETTLING * READ_LIMIT * self.period_s
        self._busy_at = self._busy_before = -math.inf
        self._first = True

    def rate_hz(self) -> float | None:
        """Conversions a second over the last WINDOW_S, None until eight were taken. Lost ones do not count as slow."""
        if len(self._intervals) < 8:
            return None
        usual = median(self._intervals)
        return 1.0 / fmean([s for s in self._intervals if 0.75 * usual <= s <= 1.25 * usual] or [usual])

    @abstractmethod
    def _level(self) -> bool:
        """DOUT now."""

    @abstractmethod
    def _read_out(self) -> Taken | None:
        """Clock the conversion out; None when DOUT is high again before it has begun."""

    @abstractmethod
    def _power_cycle(self) -> None:
        """PD_SCK high for over 60 us, then low."""

    def _quick(self, interval: float) -> bool:
        if self._first:
            self._first = False
            self._recent.clear()
            return False
        self._recent.append(interval)
        self._intervals.append(interval)
        return fmean(self._recent) < QUICK * self.period_s

    def _bad(self, status: Status) -> Sample:
        self._suspects = SUSPECT
        return self._sample(status)

    def _sample(self, status: Status, counts: int = 0) -> Sample:
        self.tally[status] += 1
        return Sample(self._now(), Counts(counts), status)
