"""Turn the load in kg into presence: empty, arriving, on, away, object or silent.

A load over "on" for `dwell_s` is a session, dated back to its first touch; under "off" for `away_s` ends it, dated back
to the fall. Nothing else starts or removes one; whether it counts is decided apart, by its evidence (ADR 0016).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from matpi.core.presence.absence import Absence
from matpi.core.presence.evidence import Evidence
from matpi.core.presence.load import Change, Load
from matpi.core.presence.signal import Second, Signal
from matpi.core.presence.zero import ZeroTracker

if TYPE_CHECKING:
    from matpi.core.events import Reading
    from matpi.core.model import Calibration, Zero
    from matpi.core.rules import PresenceRules

BEYOND_KG: Final = 1e6  # chosen: a sum that is not a number, or beyond this, is no load and is rejected


class Presence:
    """Feed readings with `read`, after `advance` to their time (next at `deadline`); collect `changes`."""

    def __init__(
        self, t: float, zero: Zero | None, rules: PresenceRules, calibration: Calibration | None = None
    ) -> None:
        """Start with an empty mat. With an approximate `calibration` its zero is unknown until one is found."""
        self.rules = rules
        self.zero = ZeroTracker(zero, rules.zero, calibration)
        self.signal = Signal()
        # Of the load on the mat or the last one: all of it, since the last return, and up to that return.
        self.evidence = self._latest = self._earlier = Evidence(rules)
        self.load = Load.EMPTY
        self.changes: list[Change] = []
        self.rejected = 0
        self.object_kg = 0.0  # on the mat and in no session: subtracted until it leaves
        self.left_at = 0.0  # when the last person left
        self.silent = False  # no good reading for over `stale_s`
        self.last_t = t + rules.settle_s - rules.stale_s  # of the last good reading; at first, time to settle
        self.heard_at: float | None = None  # the first reading since the start or since a sensor timeout
        self.heard_s = 0.0  # how long there were readings before the last sensor timeout
        self.lost_at: float | None = None  # when the readings stopped; None while they come
        self.judged = True  # whether things are distinguished from people (`configure`)
        self._not_before = -inf  # an earlier load, or another zero: no touch is before this
        self._touch = self._latest_from = 0.0
        self._below_kg = 0.0  # an object below the session's load
        self._doubted = False  # the object is a session's load: a person again when it moves
        self._suspended = self._noticed = False  # noticed: the load under "on" has lit the screen
        self._leaving: float | None = None  # since then, if it lasts
        self.absence = Absence(rules, rules.off_kg, 0.0)  # the present one, or the last
        self._due = inf  # the end of a dwell or an absence
        self._stale_due = self.deadline = self.last_t + rules.stale_s
        self._rest()

    # -- readings --------------------------------------------------------------------------------------------------

    def read(self, reading: Reading) -> bool:
        """Take one reading. False when nothing follows from it; `deadline` is then unchanged."""
        t, kg, ok = reading.t, reading.kg, reading.ok
        total = sum(kg)
        if not ok or not -BEYOND_KG < total < BEYOND_KG:
            self.rejected += 1
            return False
        signal = self.signal
        ends_second = signal.take(t, kg, total)
        self.last_t = t
        crossed = not self._low <= signal.kg < self._high
        # Nearly every reading ends here, so it moves no deadline: `_check_silence` looks at `last_t`.
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
        """The last reading above the zero and an object."""
        return self.signal.last_kg - self._floor if self.signal.taken else 0.0

    def _band(self, low: float, high: float) -> None:
        """Set the kg above the floor in which a reading changes nothing: `low` included, `high` not."""
        self._low, self._high = low + self._floor, high + self._floor

    # -- edges -----------------------------------------------------------------------------------------------------

    def _cross(self, t: float) -> None:
        """Act on a load that left the band, dated to the first reading outside."""
        onset = self.signal.left_band_at(self._low, self._high)
        x = self.signal.kg - self._floor
        match self.load:
            case Load.EMPTY | Load.OBJECT if x >= self._on_kg:
                self._touched(t, onset)
            case Load.OBJECT:
                self._restart()
                self._change("cleared", t, onset, "the object was taken away")
            case Load.EMPTY:
                self._notice(t, onset, x)
            case Load.ARRIVING:
                # A step across the mat, or a bounce: getting on may lift off for 0.7 s. The next rise is a new one.
                self._rest()
                self._change("slipped", t, onset, f"off again within {self.rules.dwell_s:g} s")
            case Load.ON if self._leaving is None:
                # It must last `debounce_s` to be a leaving: a person who turns over lifts off for less.
                self._leaving = self.signal.seen_before(onset, self._low)
                self._band(-inf, self._level_kg)
                self._due = max(onset + self.rules.debounce_s, t)
                self.signal.restart_second()
            case Load.ON:  # back within `debounce_s`
                self._stay()
            case Load.AWAY:
                # A fall in a hole of the readings was before the hole; a return counts from where it is seen.
                self._wait(t, onset if x >= self._level_kg else self.signal.seen_before(onset), x)

    def _notice(self, t: float, onset: float, x: float) -> None:
        """Light the screen once for a load under "on", until it is under `touch_kg` again."""
        self._noticed = x >= self.rules.notice_kg
        self._watch_empty()
        if self._noticed:
            self._change("noticed", t, onset, f"load over {self.rules.notice_kg:g} kg")

    def _touched(self, t: float, onset: float) -> None:
        rules = self.rules
        self.zero.disturbed()
        self.load, self._doubted, self._below_kg = Load.ARRIVING, False, self.object_kg
        self._touch = self.signal.rise_began(onset, self._floor, rules, self._not_before)
        # A bridge that read this person backwards has been turned round just now: the touch was long before.
        if self.zero.turned_since is not None:
            self._touch, self.zero.turned_since = self.zero.turned_since, None
        self._latest_from = self._touch
        self.evidence = self._latest = Evidence(rules, judged=self.judged)
        # The dwell counts from the threshold, not from the touch: a rise may take longer than the dwell.
        self._due = max(onset + rules.dwell_s, t)
        self._band(rules.off_kg, inf)
        over = "object" if self.object_kg else "zero"
        self._change("touched", t, self._touch, f"load over {rules.on_kg:g} kg above the {over}")
        self.signal.restart_second()

    @property
    def _level_kg(self) -> float:
        """The load under which the person is away: "off", or a share of the middle load once that is known."""
        rules, middle = self.rules, self.evidence.middle_kg
        # Not in the first minute: a person may sit down first and then lie with only the back on the mat.
        if middle is None or self.evidence.seconds < rules.rest_from_s:
            return rules.off_kg
        return max(rules.off_kg, rules.rest_share * middle)

    def _stay(self) -> None:
        """Set the state to on the mat, with no leaving or return under way."""
        self.load, self._leaving, self._due = Load.ON, None, inf
        self._band(self._level_kg, inf)
        self.signal.restart_second()

    def _leave(self, t: float, at: float) -> None:
        rules, x = self.rules, self.signal.kg - self._floor
        # With the mat nearly empty the end is at "off", not at the share: a slow slide takes 3 s from one to the other.
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
        """Move the end to where the absence says that the fall ended."""
        if self.absence.left_at > self.left_at:
            self.left_at = self.absence.left_at
            self._change("fell", t, self.left_at, "the fall went on")

    def _return(self, t: float, at: float) -> None:
        # A bag put where the person was looks like a return until it proves still: keep the evidence up to here apart.
        self._earlier, self._latest = self.evidence.copy(), Evidence(self.rules, judged=self.judged)
        self._latest_from = at
        self._stay()
        self._change("returned", t, at, f"back after {at - self.left_at:.0f} s")

    def _gone(self, t: float) -> None:
        # What stays, such as a bag or a small dog, is subtracted; and no later touch may be dated into this session.
        self.object_kg += self.absence.stayed_kg
        self._not_before = self.left_at
        self._rest()
        self._change("gone", t, self.left_at, f"{t - self.left_at:.0f} s away")

    def _rest(self) -> None:
        """Set the state to unoccupied, with or without an object."""
        self.load, self._leaving = Load.OBJECT if self.object_kg else Load.EMPTY, None
        self._doubted &= self.load is Load.OBJECT
        self._due = inf
        self._watch_empty()
        self.signal.restart_second()

    def _watch_empty(self) -> None:
        self._floor = self.zero.total_kg + self.object_kg
        # Over an object, "on" more is a person; a load under "off" above the zero means that it was taken away.
        if self.object_kg:
            self._band(self.rules.off_kg - self.object_kg, self._on_kg)
            return
        low, high = (self.rules.touch_kg, inf) if self._noticed else (-inf, self.rules.notice_kg)
        self._band(low, min(high, self._on_kg))

    @property
    def _on_kg(self) -> float:
        # Without a zero the bridges' own offset would be a session: nothing arrives until one is found.
        return BEYOND_KG if self._suspended or self.zero.seeking else self.rules.on_kg

    # -- time and sensor timeouts ----------------------------------------------------------------------------------

    def advance(self, t: float) -> None:
        """Do what is due by `t`."""
        if t >= self._due:
            self._happen(t)
        if t >= self._stale_due:
            self._check_silence(t)
        self.deadline = min(self._due, self._stale_due)

    def _happen(self, t: float) -> None:
        """Act on a dwell or an absence that has lasted long enough."""
        rules = self.rules
        self._due = inf
        if self.load is Load.ARRIVING:
            self._stay()
            self._change("confirmed", t, self._touch, f"{rules.dwell_s:g} s on the mat")
        elif self.lost_at is not None and t < self.lost_at + rules.sensor_gone_s:
            pass  # without readings it is unknown whether the person is back: the next readings decide
        elif self.load is Load.ON and self._leaving is not None:
            self._leave(t, self._leaving)
        elif self.load is Load.AWAY and (back := self.absence.back_since) is not None:
            self._return(t, back)
        elif self.load is Load.AWAY:
            self._gone(t)

    def done(self, t: float) -> None:
        """End the absence now: the person has tapped the button."""
        if self.load is Load.AWAY:
            self._gone(t)

    def _check_silence(self, t: float) -> None:
        rules = self.rules
        if self.lost_at is not None:
            # For too long: the session ended at the last reading, the only moment known to be on the mat.
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
        """Begin a sensor timeout: no readings from now on, for the reason `why`."""
        if self.silent:
            return
        self.heard_s = 0.0 if self.heard_at is None else self.last_t - self.heard_at
        self.silent, self.heard_at = True, None
        self.signal.restart()
        self.lost_at = min(self.last_t, t)
        self._stale_due = self.lost_at + self.rules.sensor_gone_s
        # An arrival needs readings for its dwell; a session holds, and an absence waits for the next readings.
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
                # The next readings decide, also on what was due during the timeout.
                self._due = max(t + self.rules.debounce_s, 0.0 if self._due == inf else self._due)

    # -- seconds: the zero, objects --------------------------------------------------------------------------------

    def _judge(self, t: float, second: Second) -> None:
        """Take a whole second without a crossing: follow the zero, weigh what stayed, judge things."""
        zero, rules = self.zero, self.rules
        if not self._suspended:
            zero.watch_polarity(second)
        if self.load is Load.EMPTY and not self._suspended:
            if zero.empty_second(second):
                self._restart()
            self._watch_empty()
        elif self.load is Load.AWAY:
            self._weigh_rest(t, second)
        elif self._leaving is not None:
            return  # a load that may be leaving is not the session's
        if self.load is Load.OBJECT:
            self._check_object(t, second)
        if self.load is Load.ON or self._doubted:
            # Also while in doubt: only seconds that move can show that the "object" was a person.
            for evidence in {self.evidence, self._latest}:
                evidence.add(second, zero.kg or (), zero.total_kg + self._below_kg)
            thing = self._latest.is_thing
            if thing and not self._doubted and t >= self._latest_from + rules.object_s:
                self._call_object(t, second.total_kg)
            elif self._doubted and not thing:
                self._call_person(t)
            elif not self._doubted:
                self._band(self._level_kg, inf)  # the middle load has moved, and its share with it

    def _weigh_rest(self, t: float, second: Second) -> None:
        """Weigh what stayed. Once at rest it dates the fall: a slow slide ends lighter than where it crossed."""
        absence, x = self.absence, second.total_kg - self._floor
        if absence.weigh(x, at_rest=second.moved_kg < self.rules.touch_kg):
            under_kg = self._floor + x + self.rules.off_kg
            absence.left_at = max(absence.left_at, self.signal.fell_under(under_kg, absence.left_at))
            self._fell(t)

    def _check_object(self, t: float, second: Second) -> None:
        """Act on a part of the object that was taken away: what is left was below it, or is unknown."""
        rules, kg = self.rules, second.total_kg - self.zero.total_kg
        if kg >= self.object_kg - rules.touch_kg or second.moved_kg >= rules.touch_kg:
            return
        if not self._doubted:
            # Of several things one is gone. Nothing is subtracted any more, rather than too much.
            self._restart()
            self._change("cleared", t, t, "part of the object was taken away")
        elif kg < self._below_kg + rules.off_kg:
            self.object_kg, self._doubted = kg, False
            self._rest()

    def _call_object(self, t: float, total_kg: float) -> None:
        """Report an object; its session is over, unless it moves after all."""
        if self._latest is self.evidence:
            self.left_at = t
        else:
            # A bag put where a person has just left was no return: the session ended then, on its own evidence.
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
        """Make the present load the zero. False without a still second: a sensor timeout, or it moves."""
        if self.silent or not self.zero.set_by_hand(self.signal.second):
            return False
        self._restart()
        return True

    def undo_zero(self, zero: Zero) -> None:
        self.zero.restore(zero)
        self._restart()

    def use_zero(self, zero: Zero, calibration: Calibration) -> None:
        """Use another reference from now on: a new calibration, with the zero of its empty mat."""
        turned_since = self.zero.turned_since
        self.zero = ZeroTracker(zero, self.rules.zero, calibration)
        self.zero.turned_since = turned_since
        self.signal = Signal(self.signal.taken)
        self._restart()

    def configure(self, on_kg: float, *, judged: bool) -> None:
        """Set the threshold, and whether things are distinguished from people. Only while the mat is empty."""
        self.rules, self.judged = replace(self.rules, on_kg=on_kg), judged
        self._rest()

    def suspend(self, suspended: bool = True) -> None:
        """Detect no arrival and learn no zero until `suspend(False)`; sensor timeouts are still reported."""
        self._suspended, self.zero.turned_since = suspended, None
        self._restart()

    def _restart(self) -> None:
        self.object_kg, self._not_before = 0.0, self.last_t
        self._rest()

    def _change(self, trigger: str, t: float, at: float, reason: str) -> None:
        self.changes.append(Change(trigger, t, at, reason))
