"""Presence: from load in kg to empty, arriving, on, away, object or silent, with a reason for every change.

The promise of the device lives here: no session invented, cut, split or missed. The rule in short:

- the load is the sum of the channels above the zero, median of 3; a flagged reading never enters;
- two thresholds: on, and off at half of it. Where a change is told, its time is that of the first reading beyond the
  threshold, not that of the decision;
- arriving becomes on after `dwell_s`; being lifted off for up to `bounce_s` meanwhile is part of getting on, so the
  start is the first touch;
- a dip under off shorter than `dip_s` is a wriggle; a longer one is away, and the person has `away_s` to be back for
  at least `back_s`, so that a hand or a passing cat does not move the end;
- a load with no more motion than twice what the empty mat shows, for `object_s`, is an object; when in doubt (the
  noise is not learnt, or something moves) it is a person;
- silence over `stale_s` is told as silence, never as having got up.

A reading that changes nothing costs well under a microsecond; what is slow is done once a second or at an edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from math import inf

from matpi.core.events import Reading
from matpi.core.model import Zero
from matpi.core.rules import PresenceRules
from matpi.core.stillness import Stillness
from matpi.core.zero import Block, ZeroTracker, block_of

BEYOND_KG = 1e6
"""No load: what is not a number, or has none of this world, never enters. Chosen."""


class Load(Enum):
    EMPTY = auto()
    ARRIVING = auto()
    ON = auto()
    AWAY = auto()
    OBJECT = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """`trigger` is the session machine's; known at `t`, true since `at`."""

    trigger: str
    t: float
    at: float
    reason: str


class Presence:
    """Feed readings with `read`, time with `advance`; collect `changes`. `deadline` is when `advance` is due next."""

    BLOCK_S = 1.0

    def __init__(self, t: float, zero: Zero | None, rules: PresenceRules, *, calibrated: bool = True) -> None:
        """Not `calibrated`: what the empty mat weighs may be anything, so without a zero nobody arrives yet."""
        self.rules = rules
        self.zero = ZeroTracker(zero, rules.zero, calibrated=calibrated)
        self._suspended = False
        self.load = Load.EMPTY
        self.changes: list[Change] = []
        self.silent = False
        """No good reading for over `stale_s`."""
        self.heard_at: float | None = None
        """The first reading since the start, or since a silence; None until there is one."""
        self.rejected = 0
        self.last_block: Block | None = None

        self.object_kg = 0.0
        """What the object weighs that is being ignored; 0 when there is none."""
        self._floor = self.zero.total_kg
        self._lo, self._hi = -BEYOND_KG, self._on_kg
        self._quiet = False  # so that the first reading is looked at closely
        self._out1: float | None = None  # times of the last two readings if they lay outside the band
        self._out2: float | None = None
        self.last_t = t + rules.settle_s - rules.stale_s
        """Of the last good reading; at first, such that the parts have time to settle."""
        self._accepted = 0
        self.lost_at: float | None = None
        """When the silence began; None while readings come."""
        self._gone_told = False
        self._onset_floor: float | None = None  # nothing was seen before this; an edge now happened then

        self._touch = 0.0  # first touch of this load
        self.left_at = 0.0
        """When the last one to leave left."""
        self._pending: float | None = None  # onset of a lift, dip or return that has not lasted long enough yet
        self._due = inf  # of the pending one, the dwell or the away time
        self._stale_due = self.last_t + rules.stale_s

        self._samples: list[tuple[float, ...]] = []
        self._block_start = t
        self._block_end = -inf
        self._stillness = Stillness(rules.object_ratio)
        self.deadline = self._stale_due

    # -- readings --------------------------------------------------------------------------------------------------

    def read(self, reading: Reading) -> bool:
        """One reading; what was due before its time must have been done with `advance`.

        False when nothing is new: no change to collect, and `deadline` where it was.
        """
        t, kg, ok = reading
        if not ok:
            self.rejected += 1
            return False
        x = sum(kg) - self._floor
        if self._quiet and self._lo <= x < self._hi:
            self.last_t = t
            self._samples.append(kg)
            if t < self._block_end:
                return False
        elif not -BEYOND_KG < x < BEYOND_KG:
            self.rejected += 1
            return False
        else:
            self.last_t = t
            self._samples.append(kg)
            if self.silent:
                self._heard(t)
            elif self.heard_at is None:
                self.heard_at = t
            self._edge(t, x)
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
        """The last reading above zero and object."""
        return sum(self._samples[-1]) - self._floor if self._samples else 0.0

    def _edge(self, t: float, x: float) -> None:
        """The median of three leaves the band when two of three readings lie outside; then the first of them counts."""
        outside = not self._lo <= x < self._hi
        one, two = self._out1, self._out2
        if outside and (one is not None or two is not None):
            onset = two if two is not None else one
            assert onset is not None  # noqa: S101
            if self._onset_floor is not None:
                onset = self._onset_floor
            self._out1 = self._out2 = self._onset_floor = None
            self._quiet = True
            self._crossed(t, onset, x)
            return
        if not outside and one is None:
            self._onset_floor = None
        self._out1, self._out2 = (t if outside else None), one
        self._quiet = self._out1 is None and self._out2 is None

    def _band(self, lo: float, hi: float) -> None:
        self._lo, self._hi = lo, hi

    def _crossed(self, t: float, onset: float, x: float) -> None:
        on, off = self.rules.on_kg, self.rules.off_kg
        if self.load is Load.EMPTY or self.load is Load.OBJECT:
            if x >= on:
                self._touched(t, onset)
            else:
                self._cleared(t, onset)
        elif self._pending is None:
            # A lift while arriving, a dip while on, or a touch while away: it must last to count.
            self._pending = onset
            if self.load is Load.AWAY:
                self._band(off, BEYOND_KG)
                self._due = max(onset + self.rules.back_s, t)
            else:
                self._band(-BEYOND_KG, on)
                wait = self.rules.bounce_s if self.load is Load.ARRIVING else self.rules.dip_s
                self._due = max(onset + wait, t)
        else:
            self._pending = None
            if self.load is Load.AWAY:
                self._band(-BEYOND_KG, on)
                self._due = max(self.left_at + self.rules.away_s, t)
            else:
                self._band(off, BEYOND_KG)
                if self.load is Load.ARRIVING:
                    # A bounced start needs a second of steady load before it is believed.
                    self._due = max(self._touch + self.rules.dwell_s, onset + self.rules.back_s, t)
                else:
                    self._due = inf
        self._plan()

    def _touched(self, t: float, onset: float) -> None:
        self.zero.disturbed()
        self.load = Load.ARRIVING
        self._touch = onset
        self._stillness.new_load()
        self._pending = None
        self._band(self.rules.off_kg, BEYOND_KG)
        self._due = max(onset + self.rules.dwell_s, t)
        over = "object" if self.object_kg else "zero"
        self._tell("touched", t, onset, f"load over {self.rules.on_kg:g} kg above the {over}")
        self._restart_block()

    def _cleared(self, t: float, onset: float) -> None:
        """In OBJECT the load fell: the thing was taken away."""
        self._begin_anew()
        self._tell("cleared", t, onset, "the object was taken away")

    def _rest(self, load: Load) -> None:
        """Nobody on the mat (any more)."""
        self.load = load
        self._pending, self._due = None, inf
        self._floor = self.zero.total_kg + self.object_kg
        self._band(-BEYOND_KG if load is Load.EMPTY else self.rules.off_kg - self.object_kg, self._on_kg)
        self._out1 = self._out2 = None
        self._quiet = not self.silent
        self._stillness.again()
        self._restart_block()
        self._plan()

    def _nobody(self) -> Load:
        return Load.OBJECT if self.object_kg else Load.EMPTY

    # -- time ------------------------------------------------------------------------------------------------------

    def advance(self, t: float) -> None:
        """Do what is due by `t`."""
        if t >= self._due:
            self._happen(t)
        if t >= self._stale_due:
            self._check_silence(t)
        self._plan()

    def _plan(self) -> None:
        self.deadline = min(self._due, self._stale_due)

    def _happen(self, t: float) -> None:
        """A dwell, dip, return or absence has lasted long enough."""
        rules, pending = self.rules, self._pending
        if self._out1 is not None and t < self._out1 + rules.doubt_s:
            self._due = self._out1 + rules.doubt_s
        elif self.silent and not (self.load is Load.AWAY and pending is None):
            self._due = inf  # nothing is concluded from silence
        elif self.load is Load.ARRIVING and pending is None:
            self.load, self._due = Load.ON, inf
            self._tell("confirmed", t, self._touch, f"{rules.dwell_s:g} s on the mat")
        elif self.load is Load.ARRIVING:
            self._rest(self._nobody())
            self._tell("slipped", t, t if pending is None else pending, f"off again within {rules.dwell_s:g} s")
        elif self.load is Load.ON and pending is not None:
            self.load, self.left_at, self._pending = Load.AWAY, pending, None
            self._due = max(pending + rules.away_s, t)
            self._tell("left", t, pending, f"load under {rules.off_kg:g} kg")
        elif self.load is Load.AWAY and pending is not None:
            self.load, self._pending, self._due = Load.ON, None, inf
            self._stillness.again()
            self._tell("returned", t, pending, f"back after {pending - self.left_at:.0f} s")
            self._restart_block()
        elif self.load is Load.AWAY:
            self._rest(self._nobody())
            self._tell("gone", t, self.left_at, f"{rules.away_s:g} s away")
        else:
            self._due = inf

    # -- silence ---------------------------------------------------------------------------------------------------

    def _check_silence(self, t: float) -> None:
        rules = self.rules
        if not self.silent:
            if t < self.last_t + rules.stale_s:
                self._stale_due = self.last_t + rules.stale_s
            else:
                self.lose(t, f"no reading for {rules.stale_s:g} s")
            return
        if not self._gone_told and self.lost_at is not None and t >= self.lost_at + rules.sensor_gone_s:
            self._gone_told = True
            lost_at = self.left_at = self.lost_at
            if self.load in {Load.ON, Load.ARRIVING}:
                self._rest(self._nobody())
                self._tell("sensor_gone", t, lost_at, f"silent for {rules.sensor_gone_s:g} s")
        since = t if self.lost_at is None else self.lost_at
        self._stale_due = inf if self._gone_told else since + rules.sensor_gone_s

    def lose(self, t: float, why: str) -> None:
        """No reading can be had from now on."""
        if self.silent:
            return
        self.silent, self._gone_told = True, False
        self.heard_at = None
        self._quiet = False  # the next reading is not one that changes nothing
        self.lost_at = min(self.last_t, t)
        if self.load is Load.ARRIVING:
            self._rest(self._nobody())
        elif self.load is Load.AWAY and self._pending is not None:
            # A touch that was never confirmed: the absence goes on.
            self._pending = None
            self._band(-BEYOND_KG, self.rules.on_kg)
            self._due = max(self.left_at + self.rules.away_s, t)
        self._stale_due = self.lost_at + self.rules.sensor_gone_s
        self._tell("sensor_lost", t, self.lost_at, why)
        self._plan()

    def _heard(self, t: float) -> None:
        """A reading after silence. Whoever left meanwhile left when it began: that is all we know."""
        self.silent = False
        self.heard_at = t
        self._out1 = self._out2 = None  # what was seen before the silence says nothing about now
        self._quiet = True
        self._onset_floor = self.lost_at if self.load is Load.ON else None
        if self.load is Load.ON and self._pending is not None:
            self._due = max(self._pending + self.rules.dip_s, t)
        self.lost_at = None
        self._stale_due = t + self.rules.stale_s
        self._stillness.again()
        self._tell("sensor_back", t, t, "readings again")
        self._restart_block()
        self._plan()

    # -- blocks: the zero, objects ---------------------------------------------------------------------------------

    def _restart_block(self) -> None:
        """What came so far belongs to another state; the next reading begins a block."""
        self._block_end = -inf

    def _close_block(self, t: float) -> None:
        """The last sample, of `t`, begins the next block."""
        samples, start, whole = self._samples, self._block_start, self._block_end > -inf
        self._accepted += len(samples) - 1
        self._samples, self._block_start, self._block_end = [samples.pop()], t, t + self.BLOCK_S
        if len(samples) < 4 or not whole:
            return
        self.last_block = block = block_of(start, t, samples)
        if self.load is Load.EMPTY:
            if self._quiet and not self._suspended:
                if self.zero.empty_block(block):
                    self._rest(Load.EMPTY)
                self._floor = self.zero.total_kg
        elif self.load is Load.ON:
            self._look_for_body(t, block)
        elif self.load is Load.OBJECT:
            self._look_for_stirring(t, block)

    def _look_for_body(self, t: float, block: Block) -> None:
        since = self._stillness.still_since(block, self.zero.noise_kg)
        if since is not None and t - since >= self.rules.object_s and self._pending is None:
            self.object_kg = sum(block.mean_kg) - self.zero.total_kg
            self._rest(Load.OBJECT)
            self._tell("object", t, since, f"no motion for {self.rules.object_s:g} s")

    def _look_for_stirring(self, t: float, block: Block) -> None:
        if self._stillness.stirs(block, self.zero.noise_kg) and self._quiet:
            self._begin_anew()
            self.load = Load.ON
            self._band(self.rules.off_kg, BEYOND_KG)
            self._tell("stirred", t, t, "motion in the load")

    # -- by hand ---------------------------------------------------------------------------------------------------

    def set_zero(self) -> bool:
        """What lies on the mat now is its zero. False when there is nothing to go by: silent, or moving."""
        block = self.last_block
        if self.silent or block is None or block.spread_kg > self.rules.zero.still_spread_kg:
            return False
        self.zero.set_by_hand(block)
        self._begin_anew()
        return True

    def undo_zero(self, zero: Zero) -> None:
        self.zero.restore(zero)
        self._begin_anew()

    def use_zero(self, zero: Zero) -> None:
        """Somebody has calibrated: readings count from another reference now, and this is the empty mat."""
        self.zero, self.last_block = ZeroTracker(zero, self.rules.zero), None
        self._begin_anew()

    def suspend(self, suspended: bool = True) -> None:
        """Nobody comes, goes or is weighed until `suspend(False)`; silence is still told."""
        self._suspended = suspended
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.object_kg = 0.0
        self._rest(Load.EMPTY)

    @property
    def _on_kg(self) -> float:
        return BEYOND_KG if self._suspended or self.zero.seeking else self.rules.on_kg

    @property
    def body_s(self) -> float:
        """Seconds with a body's motion since the first touch."""
        return self._stillness.body_s

    def _tell(self, trigger: str, t: float, at: float, reason: str) -> None:
        self.changes.append(Change(trigger, t, at, reason))
