"""Describe the load of one session: how heavy, whether anything moved in it, which ends carried it.

Detection does not use it: every load is timed. The evidence only decides whether it counts.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Final

from matpi.core.model import Doubt
from matpi.core.presence.signal import HOLE_S, Second

if TYPE_CHECKING:
    from matpi.core.rules import PresenceRules

JUDGED_FROM_KG: Final = 12.0  # with a lower threshold the load may be arms or calves, which do not breathe
WINDOW: Final = 20  # seconds: two of the slowest breaths, of 10 s
DEAD_S, DEAD_SHARE = 600, 0.75  # windows, one a second, and the share of still ones of a thing of any weight; chosen
STEP: Final = 2  # seconds: half a breath of 15 a minute, so that breathing shows most [evidence: breath]


def steps_kg(seconds: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Return each channel's mean step (kg) over 2 s of one-second medians, less the mean of the steps."""
    result = []
    for channel in zip(*seconds, strict=True):
        # Without their mean: a poor cell creeps by 0.3 g a second under a bag, always the same way. Breath alternates.
        steps = [b - a for a, b in zip(channel, channel[STEP:], strict=False)]
        mean = sum(steps) / len(steps)
        result.append(sum(abs(step - mean) for step in steps) / len(steps))
    return tuple(result)


class Evidence:
    """Feed the whole seconds of one load with `add`, in order."""

    def __init__(self, rules: PresenceRules, *, judged: bool = True) -> None:
        """Start without seconds. Without `judged` the load is never a thing, even when nothing moves."""
        self._rules, self._judged = rules, judged and rules.on_kg >= JUDGED_FROM_KG
        self._totals: list[float] = []
        self._most: tuple[float, ...] = ()
        self._window: deque[tuple[float, ...]] = deque(maxlen=WINDOW)
        self._last_end = 0.0
        self._windows = self._still = 0

    def copy(self) -> Evidence:
        """Return a copy that later seconds do not change."""
        same = copy(self)
        same._totals, same._window = self._totals.copy(), self._window.copy()  # noqa: SLF001  its own kind
        return same

    def add(self, second: Second, zero_kg: Sequence[float], floor_kg: float) -> None:
        """Take one second. `floor_kg` is the load that is not this session's: the zero, and an object below."""
        # Sorted, so that the median is at hand every second without sorting a whole session.
        insort(self._totals, second.total_kg - floor_kg)
        net = tuple(abs(kg - zero) for kg, zero in zip(second.kg, zero_kg or (0.0,) * len(second.kg), strict=True))
        self._most = tuple(map(max, self._most, net)) if self._most else net
        # A step over a hole would be motion that nothing has seen.
        if second.start - self._last_end > HOLE_S:
            self._window.clear()
        self._last_end = second.end
        self._window.append(second.kg)
        if len(self._window) == WINDOW:
            self._windows += 1
            self._still += self._is_still()

    def _is_still(self) -> bool:
        """Return whether nothing moved in the window, on the channel that moves most."""
        # Breath moves load from end to end, and hardly shows in the sum, which is all that one channel sees. Of four
        # channels each end has two, which share what moves.
        channels = len(self._window[0])
        limit_kg = self._rules.still_kg * 2.0 / channels
        return channels > 1 and max(steps_kg(self._window)) < limit_kg

    @property
    def seconds(self) -> int:
        return len(self._totals)

    @property
    def middle_kg(self) -> float | None:
        """The median of the load; None before the first whole second."""
        return self._totals[len(self._totals) // 2] if self._totals else None

    @property
    def is_thing(self) -> bool:
        """Whether the load is a thing: light and still over a quarter of the time, or still for most of it."""
        rules, middle = self._rules, self.middle_kg
        # Not from a single window: a person may hardly move for a while, and a bag moves while it is put down or lifted
        # [evidence: stillness]. Still at any weight is furniture, or a cell that was repaired.
        light = middle is not None and middle < rules.thing_kg
        dead = self._windows >= DEAD_S and self._still > DEAD_SHARE * self._windows
        return self._judged and ((light and self._still > rules.still_share * self._windows) or dead)

    @property
    def doubt(self) -> Doubt | None:
        """Why this load may not be a person's; None: nothing in it speaks against one."""
        middle = self.middle_kg
        if middle is None:
            return None
        if self.is_thing:
            return Doubt.THING
        # Over "on" only for a moment, as a pet that lands: the median is under it.
        if middle < self._rules.on_kg:
            return Doubt.LIGHT
        return Doubt.ONE_END if len(self._most) > 1 and min(self._most) < self._rules.wire_kg else None
