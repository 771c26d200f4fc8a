"""Readings in: which of them are believed, when the load left a band, blocks of a second, silence. No word of people.

- What a reader flagged, and what is no load of this world, never enters.
- The median of three decides whether the load left the band between two bounds that `_band` set: one wrong reading
  moves nothing. It left with the first of the two readings that say so.
- Silence over `stale_s` is told, and once more when it has lasted for `sensor_gone_s`.

A reading within the band costs well under a microsecond; what is slow is done once a second or at an edge.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import inf

from matpi.core import edges
from matpi.core.events import Reading
from matpi.core.rules import PresenceRules
from matpi.core.zero import Block, block_of

BEYOND_KG = 1e6
"""No load: what is not a number, or has none of this world, never enters. Chosen."""


class Intake(ABC):
    """Feed readings with `read`, time with `advance`. `deadline` is when `advance` is due next.

    Whoever makes something of it says what follows: the abstract methods, in the order of a reading's way.
    """

    BLOCK_S = 1.0
    LEAST = 4
    """A block of fewer readings tells nothing."""

    def __init__(self, t: float, rules: PresenceRules) -> None:
        self.rules = rules
        self.rejected = 0
        self.last_t = t + rules.settle_s - rules.stale_s
        """Of the last good reading; at first, such that the parts have time to settle."""
        self.silent = False
        """No good reading for over `stale_s`."""
        self.heard_at: float | None = None
        """The first reading since the start, or since a silence; None until there is one."""
        self.lost_at: float | None = None
        """When the silence began; None while readings come."""
        self.last_block: Block | None = None
        self._due = inf  # what else is waited for
        self._stale_due = self.last_t + rules.stale_s
        self.deadline = self._stale_due

        self._floor = 0.0  # kg that the band counts from
        self._band(-BEYOND_KG, BEYOND_KG)
        self._quiet = False  # so that the first reading is looked at closely
        self._out1: float | None = None  # times of the last two readings if they lay outside the band
        self._out2: float | None = None
        self._onset_floor: float | None = None  # nothing was seen before this; an edge now happened then

        self._accepted = 0
        self._samples: list[Reading] = []
        self._past = edges.Past()
        self._block_start = t
        self._block_end = -inf

    # -- what follows from it --------------------------------------------------------------------------------------

    @abstractmethod
    def _crossed(self, t: float, onset: float, x: float) -> None:
        """The load left the band at `onset`; the reading of `t` that tells it lies `x` kg above the floor."""

    @abstractmethod
    def _judge(self, t: float, block: Block) -> None:
        """A second is over in which no other band was set."""

    @abstractmethod
    def _happen(self, t: float) -> None:
        """`_due` is over."""

    @abstractmethod
    def _fallen_silent(self, t: float, lost_at: float, why: str) -> None:
        """Nothing is heard since `lost_at`."""

    @abstractmethod
    def _given_up(self, t: float, lost_at: float) -> None:
        """For `sensor_gone_s` nothing was heard."""

    @abstractmethod
    def _heard(self, t: float) -> None:
        """A reading after silence; `lost_at` is when that began."""

    # -- readings --------------------------------------------------------------------------------------------------

    def read(self, reading: Reading) -> bool:
        """One reading; what was due before its time must have been done with `advance`.

        False when nothing is new: nothing followed from it, and `deadline` is where it was.
        """
        t, kg, ok = reading
        if not ok:
            self.rejected += 1
            return False
        total = sum(kg)
        if self._quiet and self._low <= total < self._high:
            self.last_t = t
            self._samples.append(reading)
            if t < self._block_end:
                return False
        elif not -BEYOND_KG < total < BEYOND_KG:
            self.rejected += 1
            return False
        else:
            self.last_t = t
            self._samples.append(reading)
            if self.silent:
                self._hear(t)
            elif self.heard_at is None:
                self.heard_at = t
            self._edge(t, total - self._floor)
        if t >= self._block_end:
            self._close_block(t)
            self._stale_due = max(self._stale_due, t + self.rules.stale_s)
            self._plan()
        return True

    @property
    def readings(self) -> int:
        """Good and rejected ones."""
        return self._accepted + len(self._samples) + self.rejected

    @property
    def net_kg(self) -> float:
        """The last reading above the floor."""
        return sum(self._samples[-1].kg) - self._floor if self._samples else 0.0

    def _band(self, lo: float, hi: float) -> None:
        """Kg above the floor between which a reading changes nothing."""
        self._lo, self._hi = lo, hi
        self._low, self._high = lo + self._floor, hi + self._floor  # what a reading is compared with

    def _edge(self, t: float, x: float) -> None:
        """The median of three leaves the band when two of three readings lie outside; then the first of them counts."""
        outside = not self._lo <= x < self._hi
        one, two = self._out1, self._out2
        if outside and (one is not None or two is not None):
            onset = two if two is not None else one
            assert onset is not None  # noqa: S101
            if self._onset_floor is not None:
                onset = self._onset_floor
            self._onset_floor = None
            self._forget_edge()
            self._crossed(t, onset, x)
            return
        if not outside and one is None:
            self._onset_floor = None
        self._out1, self._out2 = (t if outside else None), one
        self._quiet = self._out1 is None and self._out2 is None

    def _forget_edge(self) -> None:
        """What the last readings said of the band says nothing any more."""
        self._out1 = self._out2 = None
        self._quiet = not self.silent  # else the next reading is not one that changes nothing

    def _since(self, t: float) -> edges.Track:
        """The readings of the last seconds, from `t` on."""
        return self._past.since(t, self._samples)

    # -- blocks ----------------------------------------------------------------------------------------------------

    def _restart_block(self) -> None:
        """What came so far belongs to another state; the next reading begins a block."""
        self._block_end = -inf

    def _close_block(self, t: float) -> None:
        """The last sample, of `t`, begins the next block."""
        samples, start, whole = self._samples, self._block_start, self._block_end > -inf
        self._accepted += len(samples) - 1
        self._samples, self._block_start, self._block_end = [samples.pop()], t, t + self.BLOCK_S
        self._past.append(samples)
        if whole and len(samples) >= self.LEAST:
            self.last_block = block_of(start, t, [kg for _, kg, _ in samples])
            self._judge(t, self.last_block)

    # -- time and silence ------------------------------------------------------------------------------------------

    def advance(self, t: float) -> None:
        """Do what is due by `t`."""
        if t >= self._due:
            self._happen(t)
        if t >= self._stale_due:
            self._check_silence(t)
        self._plan()

    def _plan(self) -> None:
        self.deadline = min(self._due, self._stale_due)

    def _check_silence(self, t: float) -> None:
        rules = self.rules
        if self.lost_at is not None:
            self._stale_due = inf
            self._given_up(t, self.lost_at)
        elif t < self.last_t + rules.stale_s:
            self._stale_due = self.last_t + rules.stale_s
        else:
            self.lose(t, f"no reading for {rules.stale_s:g} s")

    def lose(self, t: float, why: str) -> None:
        """No reading can be had from now on."""
        if self.silent:
            return
        self.silent, self._quiet = True, False
        self.heard_at = None
        self.lost_at = lost_at = min(self.last_t, t)
        self._stale_due = lost_at + self.rules.sensor_gone_s
        self._fallen_silent(t, lost_at, why)
        self._plan()

    def _hear(self, t: float) -> None:
        self.silent = False
        self.heard_at = t
        self._forget_edge()
        self._heard(t)
        self.lost_at = None
        self._stale_due = t + self.rules.stale_s
        self._restart_block()
        self._plan()
