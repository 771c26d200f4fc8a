"""Find the zero, the reading of the empty mat, and track it while the mat is empty and still.

It is tracked slowly and never far. Takes whole seconds. Also detects a bridge that is wired the other way round.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from matpi.core.model import Zero
from matpi.core.presence.evidence import steps_kg
from matpi.core.presence.signal import HOLE_S, Second

if TYPE_CHECKING:
    from matpi.core.model import Calibration
    from matpi.core.rules import ZeroRules

FALLEN_KG: Final = 0.5  # so far under its zero the mat had something on it when the zero followed; far above drift
FALLEN_S: Final = 3
BACKWARDS_KG: Final = 12.0  # a channel so far under its zero, moving, reads a person backwards: as heavy as "on"
BACKWARDS_S: Final = 10  # one slow breath
BODY_KG: Final = 0.005  # steps over 2 s of a channel with a body on it are larger [evidence: breath]

STRETCH_S: Final = 10  # a whole breath of six a minute
# A channel's range over the stretch: above board noise, at the slowest breath [evidence: breath].
WANDER_KG: Final = 0.012
# Four cells at their worst zero, 60 kg, and mat and board; beyond is a wire [evidence: first-zero].
FAR_KG: Final = 80.0
FIRST_FALLEN_KG: Final = 3.0  # as far as a zero follows by itself (docs/dev/behaviour.md 1)


class ZeroWord(StrEnum):
    """What the user should do about the zero; the value is no text for the screen."""

    NOTHING = ""
    CHECK = "check"  # an object is on the mat, or a wire is loose
    WANTED = "wanted"  # leave the mat empty: its zero is not known yet
    BACKWARDS = "backwards"  # a channel reads the wrong way round: calibrate


class ZeroTracker:
    """Holds the zero. Call `empty_second` only while the mat is unoccupied."""

    def __init__(self, zero: Zero | None, rules: ZeroRules, calibration: Calibration | None = None) -> None:
        """Start from `zero`. Without one, and with an approximate `calibration`, a first zero must be found."""
        approximate = calibration is not None and calibration.approximate
        self._first = FirstZero() if approximate else None
        self._may_turn = [slope > 0.0 for slope in calibration.counts_per_kg] if approximate and calibration else []
        self.turn: tuple[int, ...] = ()  # channels that read the wrong way round and may be turned
        self.turned_since: float | None = None  # since when the person who turned a channel has been on the mat
        self.kg: tuple[float, ...] | None = zero.kg if zero else None
        self.before: Zero | None = None
        self.by_hand = bool(zero and zero.by_hand)
        self._rules = rules
        self._anchor_kg = zero.anchor_kg if zero else None
        self._still_seconds = self._fallen_seconds = self._astray_seconds = 0
        self._far: dict[int, deque[Second]] = {}  # by channel: the last seconds this far from the zero on one side
        self._side: dict[int, int] = {}
        self._far_since: dict[int, float] = {}
        self._backwards = False

    @property
    def total_kg(self) -> float:
        return sum(self.kg) if self.kg else 0.0

    def value(self, channels: int) -> Zero:
        return Zero(self.kg or (0.0,) * channels, self.by_hand, self._anchor_kg)

    def disturbed(self) -> None:
        """Restart the wait for stillness: a load came onto the mat."""
        self._still_seconds = 0

    @property
    def seeking(self) -> bool:
        """Whether the zero is not known yet."""
        return self._first is not None and self.kg is None

    @property
    def astray(self) -> bool:
        """Whether the empty mat has read more or less than the zero may follow for ten minutes."""
        return self._astray_seconds >= 600

    @property
    def word(self) -> ZeroWord:
        """What the user should do about the zero."""
        if self._backwards:
            return ZeroWord.BACKWARDS
        if self.astray or (self._first is not None and self._first.far):
            return ZeroWord.CHECK
        return ZeroWord.WANTED if self.seeking else ZeroWord.NOTHING

    # -- following -------------------------------------------------------------------------------------------------

    def empty_second(self, second: Second) -> bool:
        """Learn from a second of the unoccupied mat. True when the zero has jumped, not only followed."""
        # Uncalibrated, the zero is wherever the bridges put it: until a first one is found, nothing may be followed.
        if self._first is not None:
            found = self._first.take(second, None if self.seeking else self.total_kg)
            if found is not None:
                self.restore(found)
            if found is not None or self.seeking:
                return found is not None
        if self.kg is None or len(self.kg) != len(second.kg):
            self.kg = (0.0,) * len(second.kg)
        net, rules = second.total_kg - self.total_kg, self._rules
        # Moving, it may be a person or a pet under "on": neither drift nor a sign of a fault.
        if second.moved_kg > rules.still_kg:
            self.disturbed()
            return False
        self._still_seconds += 1
        # Beyond the reach is an object or a wire. At the end of the reach half a kilogram is reported already, or a mat
        # that drifts on would be off by up to twice the reach before the user is asked to check it.
        out = abs(net) > rules.reach_kg or (abs(net) > FALLEN_KG and self._at_reach(net))
        self._astray_seconds = self._astray_seconds + 1 if out else 0
        self._fallen_seconds = self._fallen_seconds + 1 if net < -FALLEN_KG else 0
        # Reading less than empty is impossible, so something was on the mat when the zero was set or followed. Take the
        # new reading at once: until then the next person's start would be dated late. Calibrated, the reference is an
        # empty mat too, and the zero may fall back to it from any distance.
        back = self._first is None and abs(second.total_kg) <= rules.reach_kg
        if self._fallen_seconds >= FALLEN_S and (back or self._reached(second.total_kg)):
            self.kg, self._fallen_seconds = second.kg, 0
            return True
        # Each channel by itself: with one bridge backwards a person's load adds up to nothing.
        near = max(abs(kg - zero) for kg, zero in zip(second.kg, self.kg, strict=True)) <= rules.reach_kg
        if near and abs(net) <= rules.reach_kg and self._still_seconds >= rules.still_s:
            self._follow(second)
        return False

    def _reached(self, total_kg: float) -> bool:
        return abs(total_kg - (self._anchor_kg or 0.0)) <= self._rules.reach_kg

    def _at_reach(self, net_kg: float) -> bool:
        """Return whether the next step towards this load would be beyond the reach."""
        moved = self.total_kg - (self._anchor_kg or 0.0)
        return abs(moved) >= self._rules.reach_kg - 2.0 * self._rules.rate_kg_s and moved * net_kg > 0

    def _follow(self, second: Second) -> None:
        zero = self.kg or ()
        # A limit on the rate, not a filter: an error of one second moves the zero by 5 g, whatever its size.
        step = self._rules.rate_kg_s * (second.end - second.start) / len(zero)
        moved = tuple(z + max(-step, min(step, m - z)) for z, m in zip(zero, second.kg, strict=True))
        if self._reached(sum(moved)):
            self.kg = moved

    # -- polarity --------------------------------------------------------------------------------------------------

    def watch_polarity(self, second: Second) -> None:
        """Detect a channel that reads far under its zero while its load moves as a body does.

        A channel that has read a body the right way round is never turned.
        """
        # The motion is the proof. Still, it is the zero that is wrong: a bag was on the mat when it was found.
        if self.kg is None or len(self.kg) != len(second.kg):
            return
        backwards = [n for n in range(len(second.kg)) if self._is_backwards(n, second)]
        turned = tuple(n for n in backwards if self._may_turn and self._may_turn[n])
        if turned and not self.turn:
            self.turn = turned
        # Only of the load that is on the mat now: until the new polarity is saved this person may have left.
        under = bool(self.turn) and self._side[self.turn[0]] < 0
        self.turned_since = self._far_since[self.turn[0]] if under else None
        self._backwards = bool(backwards) and not self.turn

    def _is_backwards(self, n: int, second: Second) -> bool:
        net = second.kg[n] - (self.kg or ())[n]
        far = 0 if abs(net) <= BACKWARDS_KG else 1 if net > 0.0 else -1
        seconds, before = self._far.setdefault(n, deque(maxlen=BACKWARDS_S)), self._side.get(n, 0)
        # Ten seconds in a row on the same side: a load that comes and goes is another one each time.
        if far != before or (seconds and second.start > seconds[-1].end + HOLE_S):
            seconds.clear()
            self._far_since[n] = second.start
        self._side[n] = far
        if far:
            seconds.append(second)
        moving = len(seconds) == BACKWARDS_S and steps_kg([s.kg for s in seconds])[n] >= BODY_KG
        # A body the right way round settles it for good; a later fault of a wire must not turn the channel.
        if moving and far > 0 and self._may_turn:
            self._may_turn[n] = False
        return moving and far < 0

    # -- by hand ---------------------------------------------------------------------------------------------------

    def set_by_hand(self, second: Second | None) -> bool:
        """Make this second the zero, and count the reach from it. False when it moves."""
        if second is None or second.moved_kg > self._rules.still_kg:
            return False
        self.before = self.value(len(second.kg))
        self.kg, self._anchor_kg = second.kg, second.total_kg
        self.by_hand, self._astray_seconds = True, 0
        return True

    def restore(self, zero: Zero) -> None:
        """Use `zero`: the one before the last by hand, or the first one found."""
        self.before, self.kg, self.by_hand = None, zero.kg, zero.by_hand
        self._anchor_kg = zero.anchor_kg
        self._astray_seconds = 0


class FirstZero:
    """Find the first zero of an uncalibrated mat: the offset of the bridges, and mat and board on top.

    It may be tens of kilograms either way, so no session starts before it is known. The first ten seconds without a
    body in them are the zero, whatever their value. Feed `take` the seconds of the unoccupied mat.
    """

    def __init__(self) -> None:
        self.far = False  # still, but further from nothing than any zero: a wire
        self._stretch: list[Second] = []

    def take(self, second: Second, zero_kg: float | None) -> Zero | None:
        """Return the zero to use from now on, or None. `zero_kg`: the present one's sum, None before the first."""
        total = second.total_kg
        # A known zero changes only when the mat reads less: a bag was on it when that zero was found. The margin keeps
        # a child in the bag's place, hardly lighter, from being the new zero.
        if zero_kg is not None and total > zero_kg - FIRST_FALLEN_KG:
            self._stretch.clear()
            return None
        self._stretch = [*self._stretch[1 - STRETCH_S :], second]
        # Seconds in a row only: over a gap a person may have come or gone.
        if len(self._stretch) < STRETCH_S or self._stretch[-1].start - self._stretch[0].start > STRETCH_S:
            return None
        # Each channel's range, not the sum's: breath moves load from end to end and hardly shows in the sum.
        by_channel = zip(*(second.kg for second in self._stretch), strict=True)
        if sum(max(kg) - min(kg) for kg in by_channel) > WANDER_KG * len(second.kg):
            return None
        # A loose wire reads still, too, at the end of the range: report it, and find no zero.
        self.far = abs(total) > FAR_KG
        if self.far:
            return None
        self._stretch.clear()
        return Zero(second.kg, anchor_kg=total)
