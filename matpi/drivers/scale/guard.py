"""Check every sample of an HX711, over pins of the header or an SPI bus.

A sample is OK when the clock was never high for long, the bits after the 24th are 1, and the read-out ended before the
next conversion could change it, counted from when DOUT was seen high. Any other goes out as a status without counts,
and so do the next two, unless a pulse too long did no harm.

A look costs a wake-up, so there are few: one when the next conversion is expected, by the usual interval, and one
before only where no look at another chip has shown that the read-out will be safe.

Not detectable from 25 pulses: a stray clock pulse before a read-out, which shifts the code by one bit while the extra
bits still read 1. The core's median of three readings removes it.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, NewType

Counts = NewType("Counts", int)
"""One conversion of the load cell chip, signed 24 bit."""

HIGH_LIMIT_S: Final = 50e-6  # T3 of the data sheet: the clock's longest harmless high time; at 60 us it powers down
READ_LIMIT: Final = 0.8
"""Part of a period: no conversion ends sooner after the one before, since chips run at most 1.17 times as fast as their
jumper says, which makes 0.85 (docs/dev/sources.md, chip). So where DOUT was high, the conversion after the next one
ends no sooner than this later; and each one after that no sooner than this after the one before.
"""
POLLS_UNKNOWN: Final = 40  # looks a period, until the usual interval is known; fine enough to measure another rate
POLLS: Final = 20  # looks a period, when a conversion is expected and not there; every 0.6 ms at 80/s
POLLS_SILENT: Final = 8  # looks a period after SILENT; chosen: a conversion is still seen well within READ_LIMIT
SILENT: Final = 1.25  # periods without a conversion
EARLY: Final = 0.997
"""Part of the usual interval after which the next conversion is expected. Less than 1, so that one that was there at
the first look is seen a little sooner the next time.
"""
AHEAD: Final = 0.3  # of the usual interval: so long before a conversion is expected a look makes its read-out safe
TOGETHER: Final = 0.2  # of a period: looks at several chips that are no further apart are taken at one wake-up
SLACK: Final = 0.1  # of a period: how late a wake-up may be without the loss of a sample; chosen
DEADLINE: Final = 10  # periods without a conversion: 1 s at 10/s, 0.125 s at 80/s; a reset takes 4
STUCK_S: Final = 1.0  # between resets of an overdue chip: over four periods of a jumper wrongly set to 10/s
SUSPECT: Final = 2  # samples dropped after a bad one (Klipper PR #6659: the bad one and the next two)
GAP: Final = 3  # periods between two samples that only a reset or a change of input explains: both take 4
QUICK: Final = 0.7
"""Part of a period: the mean of RECENT intervals is never less with a chip that runs as its jumper says. One set to
80/s where 10/s is expected would change the bits during the read-out without a sign.
"""
SLOW: Final = 0.77  # of the rate of the jumper: no chip runs so slowly
RECENT: Final = 5
MEASURED: Final = 16  # conversions from one measuring of the usual interval to the next
RESET_S: Final = 1e-3
SETTLING: Final = 4  # periods after a reset, by the data sheet
WINDOW_S: Final = 2.0  # of the measured rate
CODE_MIN, CODE_MAX = -(1 << 23), (1 << 23) - 1  # 24 bits; the chip stops at both ends under too much load


class Status(StrEnum):
    """Whether a sample may be used, and if not, why."""

    OK = "ok"
    GLITCH = "glitch"  # the clock was high too long: the chip may have powered down, the rest of the bits read 1
    NOT_READY = "not_ready"  # no conversion came in time: unplugged, no power, or a broken data wire
    DESYNC = "desync"  # the bits after the 24th were not 1: a pulse too many or too few, or DOUT is stuck low
    SATURATED = "saturated"  # at an end of the range: overload, or a broken wire of the bridge
    STALE = "stale"  # too late to be safe from the next conversion, too soon for this rate, or soon after a bad one


STATUSES: Final = tuple(Status)  # as numbers, on the pipe and in the recorder, by their place here


class Sample(NamedTuple):
    """A sample. `t`: monotonic seconds at the read-out's end. `counts` is 0 unless OK or SATURATED."""

    t: float
    counts: Counts
    status: Status


class Taken(NamedTuple):
    """One read-out as it came over the wires."""

    raw: int  # 24 bits, two's complement
    extra: bool  # the bits after the 24th were all 1
    idle_at: float | None  # then or later DOUT was high at the end, as it stays until the next conversion; None: low
    longest_high_s: float  # of the clock


class Guarded(ABC):
    """One chip whose samples are checked. Reset when created: the first sample takes four periods.

    `read()` waits for the next sample. A caller with several chips sleeps until `wake_at` and calls `poll()` of each: a
    look before `look_at` may spare that one. `ready()` and `take()` are the same in steps. Not
    thread-safe.
    """

    def __init__(
        self,
        rate: int,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.period_s = 1.0 / rate
        self.look_at = -math.inf  # monotonic seconds: a look is needed then
        self._now = now
        self._sleep = sleep
        self._suspects = 0
        self._reset_at = -math.inf
        self._safe_until = -math.inf  # the conversion after the next ends no sooner
        self._due = math.inf  # the next conversion is expected then; infinite: it is polled for
        self._usual: float | None = None  # seconds from one conversion to the next, as measured
        self._read_out_s = 0.0  # what the last read-out took
        self._taken = 0  # conversions
        self._wary = 0  # so many more are polled for
        self._heard_at = self._reported_at = now()
        self._next_from = now()  # the sample before; after a reset of ours, when the first may come
        self._first = True  # no interval ends with the first sample after a reset
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._intervals: deque[float] = deque(maxlen=round(WINDOW_S * rate))
        self.reset()

    def read(self) -> Sample:
        """Wait for the next sample, for at most DEADLINE periods; then NOT_READY."""
        self._reported_at = self._now()
        sample = None
        while sample is None:
            self._sleep(max(0.0, self.look_at - self._now()))
            sample = self.poll()
        return sample

    def poll(self) -> Sample | None:
        """Return the sample if one waits, NOT_READY once in DEADLINE periods without any, else None."""
        if self.ready():
            return self.take()
        now = self._now()
        if now - max(self._heard_at, self._reported_at) < DEADLINE * self.period_s:
            return None
        self._reported_at = now
        self._intervals.clear()
        self._usual = None
        if now - max(self._heard_at, self._reset_at) >= max(STUCK_S, DEADLINE * self.period_s):
            # A chip that missed a pulse waits for the rest of its read-out and holds DOUT high; only a reset ends that.
            self.reset()
        return self._sample(Status.NOT_READY)

    def ready(self) -> bool:
        """Return whether a conversion waits to be read out: DOUT is low."""
        now = self._now()
        if now < self._next_from:  # after a reset; what DOUT shows then is not of a conversion
            return False
        if not self._level():
            return True
        self._safe_until = max(self._safe_until, now + READ_LIMIT * self.period_s)
        if now >= self._due:
            self._due = math.inf
        self._plan(now)
        return False

    def take(self) -> Sample:
        """Read out the conversion that `ready()` has just announced."""
        begun = self._now()
        taken = self._read_out()
        ended = self._now()
        limit_s = READ_LIMIT * self.period_s
        # DOUT rose between the poll and the read-out: a new conversion is replacing this one.
        if taken is None:
            self._safe_until = begun + limit_s
            self.look_at = ended
            return self._bad(Status.STALE)
        late = ended > self._safe_until
        too_soon = begun < self._safe_until - limit_s  # no chip at this rate has a conversion then
        idle = taken.idle_at is not None
        # The next conversion ends no sooner than was safe for this one, and no sooner than DOUT was high after it.
        next_ends = -math.inf if taken.idle_at is None else taken.idle_at
        self._safe_until = (next_ends if too_soon else max(next_ends, self._safe_until)) + limit_s
        interval = ended - self._next_from
        self._heard_at = self._next_from = ended
        self._read_out_s = ended - begun
        if too_soon and self._usual is not None and interval < self._usual / 2:  # the rate has changed
            self._intervals.clear()
            self._usual = None
        quick = self._quick(interval) or too_soon
        self._expect(begun)
        self._wary = MEASURED if late else max(0, self._wary - 1)
        if self._wary > 0:  # wake-ups come late: polled for, the next ones lose fewer samples
            self._due = math.inf
        self._plan(ended)
        # The process was held between two edges of the clock, so the chip may have powered down during the read-out.
        if taken.longest_high_s > HIGH_LIMIT_S:
            # If it has, the next conversion comes after GAP, and two are dropped then; if not, the next is good.
            alone = taken.extra and idle and not late
            return self._sample(Status.GLITCH) if alone else self._bad(Status.GLITCH)
        # Low at the end although the next conversion cannot have ended: chip and reader disagree on the pulses, or the
        # wire is stuck. A reset is the only way to count from zero again.
        if not taken.extra or not (idle or late):
            self.reset()
            return self._bad(Status.DESYNC)
        if late or quick:
            return self._bad(Status.STALE)
        # The pulses were right, yet none came for so long: the chip has reset itself and is still settling.
        if interval > GAP * self.period_s:
            self._suspects = SUSPECT
        if self._suspects > 0:
            self._suspects -= 1
            return self._sample(Status.STALE)
        counts = (taken.raw ^ 0x800000) - 0x800000  # sign of 24 bits
        return self._sample(Status.OK if CODE_MIN < counts < CODE_MAX else Status.SATURATED, counts)

    def reset(self) -> None:
        """Power the chip down and up. It settles for four periods, less what a fast oscillator saves."""
        self._power_cycle()
        self._reset_at = self._now()
        self.look_at = self._next_from = self._now() + SETTLING * READ_LIMIT * self.period_s
        self._safe_until = -math.inf
        self._due = math.inf
        self._first = True

    def rate_hz(self) -> float | None:
        """Return conversions a second over the last WINDOW_S, None until eight were taken."""
        if len(self._intervals) < 8:
            return None
        # Without intervals that span a lost conversion: they would show a slow chip instead of a busy reader.
        usual = sorted(self._intervals)[len(self._intervals) // 2]
        kept = [s for s in self._intervals if 0.75 * usual <= s <= 1.25 * usual]
        return len(kept) / sum(kept)

    @abstractmethod
    def _level(self) -> bool:
        """Return the level of DOUT."""

    @abstractmethod
    def _read_out(self) -> Taken | None:
        """Clock the conversion out; None when DOUT is high again before it has begun."""

    @abstractmethod
    def _power_cycle(self) -> None:
        """Hold PD_SCK high for over 60 us, then low."""

    def _quick(self, interval: float) -> bool:
        # The first after a reset measures the settling and not the period.
        if self._first:
            self._first = False
            self._recent.clear()
            return False
        self._recent.append(interval)
        self._intervals.append(interval)
        return sum(self._recent) < QUICK * self.period_s * len(self._recent)

    def _expect(self, begun: float) -> None:
        """Set when the next conversion is expected, after one that was there at `begun`."""
        self._taken += 1
        if self._usual is None or self._taken % MEASURED == 0:
            rate_hz = self.rate_hz()  # too low after starvation, when conversions were missed one by one
            self._usual = None if rate_hz is None or rate_hz * self.period_s < SLOW else 1.0 / rate_hz
        usual, late_s = self._usual, begun - self._due  # -inf when it was polled for
        if usual is None or -math.inf < late_s < -AHEAD / 2 * usual:
            self._due = math.inf  # sooner than expected, as when the rate has changed: the next one is polled for
            return
        # The phase is as expected, unless the conversion was polled for, or the reader too late to tell.
        self._due = (self._due if 0.0 < late_s < usual / 2 else begun) + EARLY * usual

    def _plan(self, now: float) -> None:
        """Set when to look next, after a look or a read-out that ended at `now`."""
        silent = now - self._heard_at > SILENT * self.period_s
        polls = POLLS_SILENT if silent else POLLS_UNKNOWN if self._usual is None else POLLS
        self.look_at = next_poll = now + self.period_s / polls
        if self._usual is None or self._due == math.inf:
            return
        ends_at = self._due + self._read_out_s + (TOGETHER + SLACK) * self.period_s
        self.look_at = self._due if ends_at <= self._safe_until else max(next_poll, self._due - AHEAD * self._usual)

    def _bad(self, status: Status) -> Sample:
        self._suspects = SUSPECT
        return self._sample(status)

    def _sample(self, status: Status, counts: int = 0) -> Sample:
        return Sample(self._now(), Counts(counts), status)


def wake_at(chips: Sequence[Guarded]) -> float:
    """Return when to poll all chips: at the first look that one of them needs, or at another's soon after it."""
    first = min(chip.look_at for chip in chips)
    return max(chip.look_at for chip in chips if chip.look_at <= first + TOGETHER * chip.period_s)
