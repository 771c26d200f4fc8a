"""Filter the load: median of three, the last ten seconds, one-second medians. Knows no threshold."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from matpi.core.rules import PresenceRules

SECOND_S: Final = 1.0
LEAST: Final = 4  # readings in a second; fewer are too few to judge motion by
TRACK: Final = 1000  # readings that are stored: over ten seconds at 80 a second, also of a chip that runs 17 % fast
HOLE_S: Final = 0.5  # readings further apart (five periods at 10 a second) have a hole: what happened in it is unknown


class Second(NamedTuple):
    """One second of readings without a change of load state in it."""

    start: float
    end: float
    kg: tuple[float, ...]  # median of each channel, from the calibrated reference
    moved_kg: float = inf  # change of the total since the second before; inf where there is none

    @property
    def total_kg(self) -> float:
        return sum(self.kg)


class Signal:
    """Feed readings with `take`; `kg` is the median of the last three, so one wrong reading moves nothing."""

    def __init__(self, taken: int = 0) -> None:
        """Start without readings; `taken` counts those of an earlier signal."""
        self.taken = taken
        self.kg = 0.0
        self.last_kg = 0.0  # the last total, unfiltered
        self.second: Second | None = None  # the last whole second
        self._last3: deque[tuple[float, float]] = deque(maxlen=3)
        self._track: deque[tuple[float, float]] = deque(maxlen=TRACK)
        self._samples: list[tuple[float, ...]] = []
        self._start, self._end = 0.0, -inf

    def take(self, t: float, kg: tuple[float, ...], total: float) -> bool:
        """Take one good reading. True when it ends a whole second; `second` is that second."""
        self.taken += 1
        self.last_kg = total
        last3 = self._last3
        last3.append((t, total))
        if len(last3) == 3:
            (_, low), (middle_t, high), _ = last3
            if low > high:
                low, high = high, low
            # The median of three belongs to the time of the middle reading, or every edge would be dated late.
            middle_kg = total
            if total < low:
                middle_kg = low
            elif total > high:
                middle_kg = high
            self.kg = middle_kg
            self._track.append((middle_t, middle_kg))
        if t < self._end:
            self._samples.append(kg)
            return False
        # A hole at the end of the second hides what happened there, so that second is dropped.
        whole = t - self._end < HOLE_S and len(self._samples) >= LEAST
        if whole:
            middle = len(self._samples) // 2
            medians = [sorted(channel)[middle] for channel in zip(*self._samples, strict=True)]
            second, before = Second(self._start, t, tuple(medians)), self.second
            # Only of seconds that follow directly: over a gap the load may have left and come back.
            if before is not None and before.end == second.start:
                second = second._replace(moved_kg=abs(second.total_kg - before.total_kg))
            self.second = second
        self._samples = [kg]
        self._start, self._end = t, t + SECOND_S
        return whole

    @property
    def settled(self) -> bool:
        """Whether `kg` is of three readings in a row."""
        return len(self._last3) == 3

    def restart(self) -> None:
        """Restart the median of three after a sensor timeout."""
        # The last reading enters the track unfiltered: it may be the only one of a touch just before the timeout.
        if self._last3:
            self._track.append(self._last3.pop())
        self._last3.clear()
        self.restart_second()

    def restart_second(self) -> None:
        """Begin a second with the next reading: those so far are of another load."""
        self._samples, self._end = [], -inf

    def left_band_at(self, low: float, high: float) -> float:
        """Return the time of the first of the last three readings outside [low, high); `kg` is outside."""
        # Two of the three are outside, since their median is; the first of them is the edge.
        return next(t for t, total in self._last3 if not low <= total < high)

    def seen_before(self, onset: float, low: float = -inf) -> float:
        """Return the time of the last reading before `onset`, or `onset` when there is no hole between them.

        Readings under `low` that lead up to `onset`, across holes too, belong to it: the first of them is the onset.
        """
        for t, kg in reversed(self._track):
            if t < onset and kg >= low:
                return t if onset - t >= HOLE_S else onset
            onset = min(onset, t)
        return onset

    def fell_under(self, kg: float, since: float) -> float:
        """Return the time of the first reading under `kg` from `since` on; `since` when there is none."""
        # The track may no longer go back that far.
        if not self._track or self._track[0][0] > since:
            return since
        return next((t for t, at_kg in self._track if t >= since and at_kg < kg), since)

    def rise_began(self, onset: float, floor_kg: float, rules: PresenceRules, not_before: float) -> float:
        """Return the first time over `touch_kg` above the floor in the rise that crossed at `onset`.

        The search goes back over at most `touch_s` of readings after `not_before` [evidence: getting-on].
        """
        began, left_s = onset, rules.touch_s
        rise: list[tuple[float, float]] = []
        for t, kg in reversed(self._track):
            if t >= onset:
                continue
            step = began - t
            # A hole uses up none of the time: a sensor timeout that begins with the touch must not date it late. One
            # that would end a session ends the search.
            left_s -= step if step < HOLE_S else 0.0
            if left_s < 0.0 or t <= not_before or step > rules.sensor_gone_s:
                break
            began = t
            rise.append((t, kg))
        # A load that was there before is no touch: the rise begins above the lowest of these readings. Without this
        # a bag under "on" would date the start of the next session up to ten seconds early.
        lowest = min((kg for _, kg in rise), default=0.0)
        touch_kg = max(floor_kg, lowest) + rules.touch_kg
        return next((rise[n - 1][0] if n else onset for n, (_, kg) in enumerate(rise) if kg < touch_kg), began)
