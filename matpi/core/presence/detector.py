"""Presence: from load in kg to empty, arriving, on, away, object or silent, with a reason for every change.

Detection is simple: a load over "on" for `dwell_s` is a session, dated back to its first touch; a load under "off" for
`away_s` ends it, dated back to the fall. Nothing else keeps a session from starting or makes it disappear. Whether it
counts is decided apart, by the evidence of its load. Without readings nothing is concluded but that there are none.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Final

from matpi.core.presence.absence import Absence
from matpi.core.presence.evidence import Evidence
from matpi.core.presence.load import Change, Load
from matpi.core.presence.signal import Second, Signal
from matpi.core.presence.zero import ZeroTracker

if TYPE_CHECKING:
    from matpi.core.events import Reading
    from matpi.core.model import Calibration, Zero
    from matpi.core.rules import PresenceRules

BEYOND_KG: Final = 1e6
"""No load of this world: what is not a number, or beyond, never enters. Chosen."""


class Presence:
    """Feed readings with `read`, time with `advance`; collect `changes`. `deadline` is when `advance` is due next."""

    def __init__(
        self, t: float, zero: Zero | None, rules: PresenceRules, calibration: Calibration | None = None
    ) -> None:
        """`calibration`: an approximate one makes the empty mat unknown until a zero is found (zero.ZeroTracker)."""
        self.rules = rules
        self.zero = ZeroTracker(zero, rules.zero, calibration)
        self.signal = Signal()
        self.evidence = self._latest = self._earlier = Evidence(rules)
        """Of the load on the mat, or of the last one; since the last return, and up to it."""
        self.load = Load.EMPTY
        self.changes: list[Change] = []
        self.rejected = 0
        self.object_kg = 0.0
        """What lies on the mat and belongs to no session: subtracted until it leaves."""
        self.left_at = 0.0
        """When the last person left."""
        self.silent = False
        """No good reading for over `stale_s`."""
        self.last_t = t + rules.settle_s - rules.stale_s
        """Of the last good reading; at first, such that the parts have time to settle."""
        self.heard_at: float | None = None
        """The first reading since the start, or since a silence; None while there is none."""
        self.heard_s = 0.0
        """How long there were readings before the last silence."""
        self.lost_at: float | None = None
        """When the silence began; None while readings come."""
        self.judged = True
        """Whether things are distinguished from people at all (`configure`)."""
        self._suspended = False
        self._not_before = -inf  # an earlier load, or another zero: no touch lies before this
        self._touch = self._latest_from = 0.0
        self._below_kg = 0.0  # an object below the session's load
        self._doubted = False  # the object is a session's load: a person again when it moves
        self._noticed = False  # the load under "on" has lit the screen
        self._leaving: float | None = None  # since then, if it lasts
        self.absence = Absence(rules, rules.off_kg, 0.0)  # the present one, or the last
        self._due = inf  # the end of a dwell or an absence
        self._stale_due = self.deadline = self.last_t + rules.stale_s
        self._rest()

    # -- readings --------------------------------------------------------------------------------------------------

    def read(self, reading: Reading) -> bool:
        """Take one reading; what was due before its time must have been done with `advance`.

        False when nothing follows from it; `deadline` is then where it was.
        """
        t, kg, ok = reading
        total = sum(kg)
        if not ok or not -BEYOND_KG < total < BEYOND_KG:
            self.rejected += 1
            return False
        signal = self.signal
        ends_second = signal.take(t, kg, total)
        self.last_t = t
        crossed = not self._low <= signal.kg < self._high
        if not (ends_second or crossed) and self.heard_at is not None:
            return False
        if self.heard_at is None:
            self._hear(t)
        if crossed and signal.settled:
            self._cross(t)
        elif ends_second and signal.second is not None:
            self._judge(t, signal.second)
        self._stale_due = t + self.rules.stale_s
        self.deadline = min(self._due, self._stale_due)
        return True

    @property
    def net_kg(self) -> float:
        """The last reading above the zero and what lies there besides."""
        return self.signal.last_kg - self._floor if self.signal.taken else 0.0

    def _band(self, low: float, high: float) -> None:
        """Set the kg above the floor between which a reading changes nothing."""
        self._low, self._high = low + self._floor, high + self._floor

    # -- edges -----------------------------------------------------------------------------------------------------

    def _cross(self, t: float) -> None:
        """The load left the band."""
        onset = self.signal.left_band_at(self._low, self._high)
        x = self.signal.kg - self._floor
        match self.load:
            case Load.EMPTY | Load.OBJECT if x >= self._on_kg:
                self._touched(t, onset)
            case Load.OBJECT:
                self._begin_anew()
                self._change("cleared", t, onset, "the object was taken away")
            case Load.EMPTY:
                self._notice(t, onset, x)
            case Load.ARRIVING:
                self._rest()
                self._change("slipped", t, onset, f"off again within {self.rules.dwell_s:g} s")
            case Load.ON if self._leaving is None:
                self._leaving = self.signal.seen_before(onset)
                self._band(-inf, self._level_kg)
                self._due = max(onset + self.rules.debounce_s, t)
                self.signal.restart_second()
            case Load.ON:  # it was a wriggle
                self._stay()
            case Load.AWAY:
                # A fall that no reading shows was before the hole; a return is claimed from where it is seen.
                self._wait(t, onset if x >= self._level_kg else self.signal.seen_before(onset), x)

    def _notice(self, t: float, onset: float, x: float) -> None:
        """Light the screen for a load that is under "on": no more than that."""
        self._noticed = x >= self.rules.notice_kg
        self._watch_empty()
        if self._noticed:
            self._change("noticed", t, onset, f"load over {self.rules.notice_kg:g} kg")

    def _touched(self, t: float, onset: float) -> None:
        rules = self.rules
        self.zero.disturbed()
        self.load, self._doubted, self._below_kg = Load.ARRIVING, False, self.object_kg
        self._touch = self.signal.rise_began(onset, self._floor, rules, self._not_before)
        if self.zero.turned_since is not None:  # a bridge was turned round with this person on it
            self._touch, self.zero.turned_since = self.zero.turned_since, None
        self._latest_from = self._touch
        self.evidence = self._latest = Evidence(rules, judged=self.judged)
        self._due = max(onset + rules.dwell_s, t)
        self._band(rules.off_kg, inf)
        over = "object" if self.object_kg else "zero"
        self._change("touched", t, self._touch, f"load over {rules.on_kg:g} kg above the {over}")
        self.signal.restart_second()

    @property
    def _level_kg(self) -> float:
        """Less than this is not the load that it was: "off", or a share of the middle load once that is known."""
        rules, middle = self.rules, self.evidence.middle_kg
        if middle is None or self.evidence.seconds < rules.rest_from_s:
            return rules.off_kg
        return max(rules.off_kg, rules.rest_share * middle)

    def _stay(self) -> None:
        """On the mat, and nothing else is under way."""
        self.load, self._leaving, self._due = Load.ON, None, inf
        self._band(self._level_kg, inf)
        self.signal.restart_second()

    def _leave(self, t: float, at: float) -> None:
        rules, x = self.rules, self.signal.kg - self._floor
        if x < rules.off_kg:
            at = self.signal.seen_before(self.signal.fell_under(self._floor + rules.off_kg, at))
        self.load, self.left_at, self.absence = Load.AWAY, at, Absence(rules, self._level_kg, at)
        why = "most of the load is gone" if x >= rules.off_kg else f"load under {rules.off_kg:g} kg"
        self._change("left", t, at, why)
        self._wait(t, at, x)

    def _wait(self, t: float, onset: float, x: float) -> None:
        low, high, due = self.absence.follow(onset, x)
        self._band(low, high)
        self._due = max(due, t)
        self._fell(t)
        self.signal.restart_second()

    def _fell(self, t: float) -> None:
        """The person left a little later than it seemed."""
        if self.absence.left_at > self.left_at:
            self.left_at = self.absence.left_at
            self._change("fell", t, self.left_at, "the fall went on")

    def _return(self, t: float, at: float) -> None:
        self._earlier, self._latest = self.evidence.copy(), Evidence(self.rules, judged=self.judged)
        self._latest_from = at
        self._stay()
        self._change("returned", t, at, f"back after {at - self.left_at:.0f} s")

    def _gone(self, t: float) -> None:
        self.object_kg += self.absence.stayed_kg
        self._not_before = self.left_at
        self._rest()
        self._change("gone", t, self.left_at, f"{t - self.left_at:.0f} s away")

    def _rest(self) -> None:
        """The mat is unoccupied, but an object may lie there."""
        self.load, self._leaving = Load.OBJECT if self.object_kg else Load.EMPTY, None
        self._doubted &= self.load is Load.OBJECT
        self._due = inf
        self._watch_empty()
        self.signal.restart_second()

    def _watch_empty(self) -> None:
        self._floor = self.zero.total_kg + self.object_kg
        if self.object_kg:
            self._band(self.rules.off_kg - self.object_kg, self._on_kg)
            return
        low, high = (self.rules.touch_kg, inf) if self._noticed else (-inf, self.rules.notice_kg)
        self._band(low, min(high, self._on_kg))

    @property
    def _on_kg(self) -> float:
        return BEYOND_KG if self._suspended or self.zero.seeking else self.rules.on_kg

    # -- time and silence ------------------------------------------------------------------------------------------

    def advance(self, t: float) -> None:
        """Do what is due by `t`."""
        if t >= self._due:
            self._happen(t)
        if t >= self._stale_due:
            self._check_silence(t)
        self.deadline = min(self._due, self._stale_due)

    def _happen(self, t: float) -> None:
        """A dwell or an absence has lasted long enough."""
        rules = self.rules
        self._due = inf
        if self.load is Load.ARRIVING:
            self._stay()
            self._change("confirmed", t, self._touch, f"{rules.dwell_s:g} s on the mat")
        elif self.lost_at is not None and t < self.lost_at + rules.sensor_gone_s:
            pass  # nobody knows whether the person is back: the next readings decide
        elif self.load is Load.ON and self._leaving is not None:
            self._leave(t, self._leaving)
        elif self.load is Load.AWAY and (back := self.absence.back_since) is not None:
            self._return(t, back)
        elif self.load is Load.AWAY:
            self._gone(t)

    def done(self, t: float) -> None:
        """The person away says that they are done: end the absence now."""
        if self.load is Load.AWAY:
            self._gone(t)

    def _check_silence(self, t: float) -> None:
        rules = self.rules
        if self.lost_at is not None:
            self._stale_due = inf
            if self.load is Load.ON:
                self.left_at = self._not_before = self.lost_at
                self._rest()
                self._change("sensor_gone", t, self.lost_at, f"silent for {rules.sensor_gone_s:g} s")
            elif self.load is Load.AWAY:
                self._gone(t)
        elif t < self.last_t + rules.stale_s:
            self._stale_due = self.last_t + rules.stale_s
        else:
            self.lose(t, f"no reading for {rules.stale_s:g} s")

    def lose(self, t: float, why: str) -> None:
        """No reading can be had from now on."""
        if self.silent:
            return
        self.heard_s = 0.0 if self.heard_at is None else self.last_t - self.heard_at
        self.silent, self.heard_at = True, None
        self.signal.restart()
        self.lost_at = min(self.last_t, t)
        self._stale_due = self.lost_at + self.rules.sensor_gone_s
        if self.load is Load.ARRIVING:
            self._rest()
        self._change("sensor_lost", t, self.lost_at, why)
        self.deadline = min(self._due, self._stale_due)

    def _hear(self, t: float) -> None:
        self.heard_at = t
        if self.silent:
            self.silent, self.lost_at = False, None
            self._change("sensor_back", t, t, "readings again")
            if self.load is Load.AWAY or self._leaving is not None:
                # The next readings decide, also of what was over in the silence.
                self._due = max(t + self.rules.debounce_s, 0.0 if self._due == inf else self._due)

    # -- seconds: the zero, objects --------------------------------------------------------------------------------

    def _judge(self, t: float, second: Second) -> None:
        """A second is over in which the load left no band."""
        zero, rules = self.zero, self.rules
        if not self._suspended:
            zero.watch_polarity(second)
        if self.load is Load.EMPTY and not self._suspended:
            if zero.empty_second(second):
                self._begin_anew()
            self._watch_empty()
        elif self.load is Load.AWAY:
            self._weigh_rest(t, second)
        elif self._leaving is not None:
            return
        if self.load is Load.OBJECT:
            self._check_object(t, second)
        if self.load is Load.ON or self._doubted:
            for evidence in {self.evidence, self._latest}:
                evidence.add(second, zero.kg or (), zero.total_kg + self._below_kg)
            thing = self._latest.is_thing
            if thing and not self._doubted and t >= self._latest_from + rules.object_s:
                self._call_object(t, second.total_kg)
            elif self._doubted and not thing:
                self._call_person(t)
            elif not self._doubted:
                self._band(self._level_kg, inf)

    def _weigh_rest(self, t: float, second: Second) -> None:
        """Weigh what stayed, and date the fall by it once it has come to rest."""
        absence, x = self.absence, second.total_kg - self._floor
        if absence.weigh(x, at_rest=second.moved_kg < self.rules.touch_kg):
            under_kg = self._floor + x + self.rules.off_kg
            absence.left_at = max(absence.left_at, self.signal.fell_under(under_kg, absence.left_at))
            self._fell(t)

    def _check_object(self, t: float, second: Second) -> None:
        """Part of the object was taken away: what is left was below it, or is not known any more."""
        rules, kg = self.rules, second.total_kg - self.zero.total_kg
        if kg >= self.object_kg - rules.touch_kg or second.moved_kg >= rules.touch_kg:
            return
        if not self._doubted:
            self._begin_anew()
            self._change("cleared", t, t, "part of the object was taken away")
        elif kg < self._below_kg + rules.off_kg:
            self.object_kg, self._doubted = kg, False
            self._rest()

    def _call_object(self, t: float, total_kg: float) -> None:
        """Report an object; its session is over, unless it moves after all.

        Put down where a person has just left, it is no return: the session ended then.
        """
        if self._latest is self.evidence:
            self.left_at = t
        else:
            self.evidence = self._earlier
        self._not_before = t
        self.object_kg, self._doubted = total_kg - self.zero.total_kg, True
        self._rest()
        self._change("object", t, self.left_at, "nothing moves in it")

    def _call_person(self, t: float) -> None:
        self._doubted, self.object_kg = False, self._below_kg
        self._floor = self.zero.total_kg + self.object_kg
        self._stay()
        self._change("stirred", t, t, "motion in the load")

    # -- by hand ---------------------------------------------------------------------------------------------------

    def set_zero(self) -> bool:
        """Make what is on the mat now its zero. False when there is nothing to go by: silent, or moving."""
        if self.silent or not self.zero.set_by_hand(self.signal.second):
            return False
        self._begin_anew()
        return True

    def undo_zero(self, zero: Zero) -> None:
        self.zero.restore(zero)
        self._begin_anew()

    def use_zero(self, zero: Zero, calibration: Calibration) -> None:
        """Count readings from another reference from now on: somebody has calibrated, and this is the empty mat."""
        turned_since = self.zero.turned_since
        self.zero = ZeroTracker(zero, self.rules.zero, calibration)
        self.zero.turned_since = turned_since
        self.signal = Signal(self.signal.taken)
        self._begin_anew()

    def configure(self, on_kg: float, *, judged: bool) -> None:
        """Set the threshold, and whether things are distinguished from people. Only while the mat is empty."""
        self.rules, self.judged = replace(self.rules, on_kg=on_kg), judged
        self._rest()

    def suspend(self, suspended: bool = True) -> None:
        """Let nobody come, go or be weighed until `suspend(False)`; silence is still reported."""
        self._suspended, self.zero.turned_since = suspended, None
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.object_kg, self._not_before = 0.0, self.last_t
        self._rest()

    def _change(self, trigger: str, t: float, at: float, reason: str) -> None:
        self.changes.append(Change(trigger, t, at, reason))
