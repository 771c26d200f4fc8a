"""Presence: from load in kg to empty, arriving, on, away, object or silent, with a reason for every change.

The promise of the device lives here: no session invented, cut, split or missed. The rule in short:

- the load is the sum of the channels above the zero, median of 3; a flagged reading never enters;
- two thresholds, on, and off at half of it, tell that something happened; the foot of the rise or fall tells when
  (edges), not the decision;
- arriving becomes on after `dwell_s`, unless it rests at less than on (a pet that jumped up); being lifted off for up
  to `bounce_s` meanwhile is part of getting on, so the start is the first touch;
- a dip under off shorter than `dip_s` is a wriggle; a longer one is away, and the person has `away_s` to be back for
  at least `back_s`, so that a hand or a passing cat does not move the end; so does the one leave who takes most of
  the load along (usual);
- a load with no more motion than twice what the empty mat shows, for `object_s`, is an object; when in doubt (the
  noise is not learnt, there is one channel only, or something moves) it is a person;
- silence over `stale_s` is told as silence, never as having got up.

Which readings count, when the load left a band, and silence are the intake's; what follows from it is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from math import inf

from matpi.core import edges
from matpi.core.intake import BEYOND_KG, Intake
from matpi.core.model import Zero
from matpi.core.rules import PresenceRules
from matpi.core.stillness import Stillness
from matpi.core.usual import Usual
from matpi.core.zero import Block, ZeroTracker


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


class Presence(Intake):
    """Feed readings with `read`, time with `advance`; collect `changes`. `deadline` is when `advance` is due next."""

    def __init__(self, t: float, zero: Zero | None, rules: PresenceRules, *, calibrated: bool = True) -> None:
        """Not `calibrated`: what the empty mat weighs may be anything, so without a zero nobody arrives yet."""
        super().__init__(t, rules)
        self.zero = ZeroTracker(zero, rules.zero, calibrated=calibrated)
        self.load = Load.EMPTY
        self.changes: list[Change] = []
        self.object_kg = 0.0
        """What the object weighs that is being ignored; 0 when there is none."""
        self.left_at = 0.0
        """When the last one to leave left."""
        self._suspended = False
        self._anew_at = t  # what was before counts from another floor
        self._touch = 0.0  # first touch of this load
        self._before_kg = 0.0  # what lay there besides zero and object when it was touched
        self._rest_kg = 0.0  # what stayed when the last one left
        self._back_at = -inf  # of the last return
        self._doubtful = False  # so light that more time was asked for
        self._pending: float | None = None  # onset of a lift, dip or return that has not lasted long enough yet
        self._dip: tuple[float, float] | None = None  # the last lift that was too short: onset, and back on
        self._usual = Usual(rules)
        self._stillness = Stillness(rules.object_ratio)
        self._floor = self.zero.total_kg
        self._band(-BEYOND_KG, self._on_kg)

    # -- edges -----------------------------------------------------------------------------------------------------

    def _crossed(self, t: float, onset: float, x: float) -> None:
        on, off = self.rules.on_kg, self.rules.off_kg
        if self.load is Load.EMPTY or self.load is Load.OBJECT:
            if x >= self._hi:
                self._touched(t, onset)
            elif self.load is Load.OBJECT:
                self._cleared(t, onset)
            else:  # what was too light for a person is gone
                self._band(-BEYOND_KG, self._on_kg)
        elif self._pending is None:
            # A lift while arriving, a dip while on, or a touch while away: it must last to count.
            self._pending = onset
            if self.load is Load.AWAY:
                self._band(off, BEYOND_KG)
                self._due = max(onset + self.rules.back_s, t)
            else:
                self._band(-BEYOND_KG, on)
                if self.load is Load.ON and self._dip is not None and onset - self._dip[1] < self.rules.back_s:
                    self._pending = self._dip[0]  # what came between was no return
                wait = self.rules.bounce_s if self.load is Load.ARRIVING else self.rules.dip_s
                self._due = max(onset + wait, t)
        else:
            self._dip = (self._pending, onset)
            self._pending = None
            if self.load is Load.AWAY:
                self._band(-BEYOND_KG, self._back_kg)
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
        self._touch, before = self._came(onset, self._anew_at, self.rules.bounce_s)
        before -= self._floor
        self._before_kg = before if 0.0 < before < self._hi else 0.0  # over that: whoever lay there all the time
        self._dip, self._doubtful, self._back_at = None, False, -inf
        self._stillness.new_load()
        self._pending = None
        self._band(self.rules.off_kg, BEYOND_KG)
        self._due = max(onset + self.rules.dwell_s, t)
        over = "object" if self.object_kg else "zero"
        self._tell("touched", t, self._touch, f"load over {self.rules.on_kg:g} kg above the {over}")
        self._restart_block()

    def _cleared(self, t: float, onset: float) -> None:
        """In OBJECT the load fell: the thing was taken away."""
        self._begin_anew()
        self._tell("cleared", t, onset, "the object was taken away")

    def _rest(self, load: Load, rest_kg: float = 0.0) -> None:
        """Nobody on the mat (any more). `rest_kg` is known to lie there above zero and object: a person is more."""
        self.load = load
        self._pending, self._due = None, inf
        self._floor = self.zero.total_kg + self.object_kg
        off = self.rules.off_kg
        lo = off - self.object_kg if load is Load.OBJECT or rest_kg > off else -BEYOND_KG
        self._band(lo, max(self._on_kg, rest_kg + off))
        self._forget_edge()
        self._stillness.again()
        self._restart_block()
        self._plan()

    def _nobody(self) -> Load:
        return Load.OBJECT if self.object_kg else Load.EMPTY

    # -- time ------------------------------------------------------------------------------------------------------

    def _happen(self, t: float) -> None:
        """A dwell, dip, return or absence has lasted long enough."""
        rules, pending = self.rules, self._pending
        if self._out1 is not None and t < self._out1 + rules.doubt_s:
            self._due = self._out1 + rules.doubt_s
        elif self.silent and not (self.load is Load.AWAY and pending is None):
            self._due = inf  # nothing is concluded from silence
        elif self.load is Load.ARRIVING and pending is None:
            self._believe(t)
        elif self.load is Load.ARRIVING:
            self._rest(self._nobody())
            self._tell("slipped", t, t if pending is None else pending, f"off again within {rules.dwell_s:g} s")
        elif self.load is Load.ON and pending is not None:
            if self._falls_on(pending, t):
                self._due = t + edges.LATELY_S
            else:
                self._leave(t, self._left(pending), f"load under {rules.off_kg:g} kg")
        elif self.load is Load.AWAY and pending is not None:
            self.load, self._pending, self._due = Load.ON, None, inf
            self._usual.again()
            self._back_at, _ = self._came(pending, self.left_at, rules.dip_s)
            self._stillness.again()
            self._tell("returned", t, self._back_at, f"back after {self._back_at - self.left_at:.0f} s")
            self._restart_block()
        elif self.load is Load.AWAY:
            self._rest(self._nobody(), self._rest_kg)
            self._tell("gone", t, self.left_at, f"{rules.away_s:g} s away")
        else:
            self._due = inf

    def _falls_on(self, onset: float, t: float) -> bool:
        """The load that fell under "off" at `onset` is not down yet."""
        return t < onset + edges.FALL_S and edges.still_falling(self._since(onset), t)

    def _came(self, onset: float, not_before: float, gap_s: float) -> tuple[float, float]:
        """First touch of the load that crossed its threshold at `onset`, and what lay there before."""
        return edges.came(self._since(max(onset - edges.RISE_S, not_before)), onset, gap_s)

    def _left(self, onset: float) -> float:
        """Last touch of the load that fell at `onset`."""
        return edges.left(self._since(onset), onset)

    def _believe(self, t: float) -> None:
        """The dwell is over: somebody, unless it rests at less than "on"; a light load gets more time to show that."""
        rules, kg = self.rules, self._steady_kg(t)
        if kg is not None and kg < rules.on_kg * rules.light_ratio and not self._doubtful:
            self._doubtful, self._due = True, max(self._touch + rules.light_s, t)
        elif kg is not None and kg < rules.on_kg:
            self._rest(self._nobody(), self._before_kg + kg)
            self._tell("slipped", t, t, f"rests at {kg:.0f} kg")
        else:
            self.load, self._due = Load.ON, inf
            self._usual.begin(kg)
            seconds = rules.light_s if self._doubtful else rules.dwell_s
            self._tell("confirmed", t, self._touch, f"{seconds:g} s on the mat")

    def _leave(self, t: float, at: float, reason: str, rest_kg: float = 0.0) -> None:
        """Nobody is there since `at`, but `rest_kg` may be."""
        rules = self.rules
        self.left_at = at
        lasted = at - self._touch
        if lasted >= rules.object_s and lasted - self._stillness.longest_s < rules.body_s and not rest_kg:
            self._rest(self._nobody())
            self._tell("object", t, at, "nothing moved in it")
            return
        self.load, self._pending, self._dip = Load.AWAY, None, None
        self._rest_kg = rest_kg
        self._band(-BEYOND_KG, self._back_kg)
        self._due = max(at + rules.away_s, t)
        self._tell("left", t, at, reason)
        self._plan()

    def _steady_kg(self, t: float) -> float | None:
        """Median of the last second's load above what lay there before; None when there are not enough readings."""
        kg = sorted(x for _, x in self._since(t - self.rules.back_s))
        return kg[len(kg) // 2] - self._floor - self._before_kg if len(kg) >= self.LEAST else None

    # -- silence ---------------------------------------------------------------------------------------------------

    def _fallen_silent(self, t: float, lost_at: float, why: str) -> None:
        if self.load is Load.ARRIVING:
            self._rest(self._nobody())
        elif self.load is Load.AWAY and self._pending is not None:
            # A touch that was never confirmed: the absence goes on.
            self._pending = None
            self._band(-BEYOND_KG, self._back_kg)
            self._due = max(self.left_at + self.rules.away_s, t)
        self._tell("sensor_lost", t, lost_at, why)

    def _given_up(self, t: float, lost_at: float) -> None:
        self.left_at = lost_at
        if self.load is Load.ON:
            self._rest(self._nobody())
            self._tell("sensor_gone", t, lost_at, f"silent for {self.rules.sensor_gone_s:g} s")

    def _heard(self, t: float) -> None:
        """Whoever left meanwhile left when it began: that is all we know."""
        self._onset_floor = self.lost_at if self.load is Load.ON else None
        if self.load is Load.ON and self._pending is not None:
            self._due = max(self._pending + self.rules.dip_s, t)
        self._stillness.again()
        self._tell("sensor_back", t, t, "readings again")

    # -- blocks: the zero, objects ---------------------------------------------------------------------------------

    def _judge(self, t: float, block: Block) -> None:
        if self.load is Load.EMPTY:
            if self._quiet and not self._suspended:
                if self.zero.empty_block(block):
                    self._rest(Load.EMPTY)
                self._floor = self.zero.total_kg
                self._band(self._lo, self._hi)
        elif self.load is Load.ON:
            self._look_for_body(t, block)
        elif self.load is Load.OBJECT:
            self._look_for_stirring(t, block)

    def _look_for_body(self, t: float, block: Block) -> None:
        rules, stillness = self.rules, self._stillness
        since = stillness.still_since(block, self.zero.noise_kg)
        if self._pending is not None:
            return
        if since is not None and stillness.still_s >= rules.object_s:
            if since - self._back_at < rules.settled_s:  # put down where somebody had left
                since = self.left_at
            self.left_at = since
            self.object_kg = sum(block.mean_kg) - self.zero.total_kg
            self._rest(Load.OBJECT)
            self._tell("object", t, since, f"no motion for {rules.object_s:g} s")
            return
        rest_kg = sum(block.mean_kg) - self._floor
        if self._usual.gone(rest_kg - self._before_kg, self._before_kg):
            under_kg = self._usual.under_kg + self._before_kg + self._floor
            track = self._since(t - rules.far_less_s - edges.BEHIND_S)
            onset = edges.fell_under(track, under_kg, rules.back_s)
            self._leave(t, self._left(onset), "most of the load is gone", rest_kg)

    def _pet_moves(self, block: Block) -> bool:
        """Something lies on top of the object, or what is left of it is too light for somebody."""
        on_top_kg = sum(block.mean_kg) - self._floor
        return on_top_kg > edges.AGAIN_KG or on_top_kg + self.object_kg < self.rules.on_kg

    def _look_for_stirring(self, t: float, block: Block) -> None:
        if self._pet_moves(block):
            self._stillness.again()
        elif self._stillness.stirs(block, self.zero.noise_kg) and self._quiet:
            self._begin_anew()
            self.load, self._dip, self._back_at = Load.ON, None, -inf
            self._before_kg = 0.0
            self._usual.begin(None)
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

    def set_on_kg(self, on_kg: float) -> None:
        """Another threshold from now on, off at its share. Only while the mat is empty."""
        self.rules = replace(self.rules, on_kg=on_kg)
        self._usual = Usual(self.rules)
        self._rest(Load.EMPTY)

    def suspend(self, suspended: bool = True) -> None:
        """Nobody comes, goes or is weighed until `suspend(False)`; silence is still told."""
        self._suspended = suspended
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.object_kg = 0.0
        self._anew_at = self.last_t
        self._rest(Load.EMPTY)

    @property
    def _on_kg(self) -> float:
        return BEYOND_KG if self._suspended or self.zero.seeking else self.rules.on_kg

    @property
    def _back_kg(self) -> float:
        """From here on somebody away is back."""
        return max(self.rules.on_kg, self._rest_kg + self.rules.off_kg)

    @property
    def body_s(self) -> float:
        """Seconds with a body's motion since the first touch."""
        return self._stillness.body_s

    def _tell(self, trigger: str, t: float, at: float, reason: str) -> None:
        self.changes.append(Change(trigger, t, at, reason))
