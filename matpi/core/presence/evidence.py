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

JUDGED_FROM_KG: Final = 12.0
"""With a lower threshold the load may be arms or calves, and they do not breathe."""
WINDOW: Final = 20
"""Seconds. Two of the slowest breaths (10 s) are in it."""
DEAD_S, DEAD_SHARE = 600, 0.75
"""Windows, one a second, and the share of still ones of a thing of any weight. A person's hardly ever are. Chosen."""
STEP: Final = 2
"""Seconds. Half a breath of 15 a minute: from one to two seconds breathing shows most [facts: signals C.2]."""


def steps_kg(seconds: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Mean size of the steps over 2 s of one-second medians, less their own mean, a channel (kg).

    Less their mean: a cell that creeps or warms steadily does not move.
    """
    result = []
    for channel in zip(*seconds, strict=True):
        steps = [b - a for a, b in zip(channel, channel[STEP:], strict=False)]
        mean = sum(steps) / len(steps)
        result.append(sum(abs(step - mean) for step in steps) / len(steps))
    return tuple(result)


class Evidence:
    """Feed it with the whole seconds of one load, in order."""

    def __init__(self, rules: PresenceRules, *, judged: bool = True) -> None:
        """Without `judged` the load is never a thing, even when nothing moves (calves do not breathe)."""
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
        insort(self._totals, second.total_kg - floor_kg)
        net = tuple(abs(kg - zero) for kg, zero in zip(second.kg, zero_kg or (0.0,) * len(second.kg), strict=True))
        self._most = tuple(map(max, self._most, net)) if self._most else net
        if second.start - self._last_end > HOLE_S:
            self._window.clear()
        self._last_end = second.end
        self._window.append(second.kg)
        if len(self._window) == WINDOW:
            self._windows += 1
            self._still += self._is_still()

    def _is_still(self) -> bool:
        """Whether nothing moved in the window, on the liveliest channel. In the sum of one channel no breath shows."""
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
        """Whether it is a bag or a basket: lighter than most people on a mat, and still for too much of the time.

        Or of any weight, and still all the time: furniture, or a cell that was repaired.
        """
        rules, middle = self._rules, self.middle_kg
        light = middle is not None and middle < rules.thing_kg
        dead = self._windows >= DEAD_S and self._still > DEAD_SHARE * self._windows
        return self._judged and ((light and self._still > rules.still_share * self._windows) or dead)

    @property
    def doubt(self) -> Doubt | None:
        """Why this load may be no person's; None: nothing in the load speaks against a person."""
        middle = self.middle_kg
        if middle is None:
            return None
        if self.is_thing:
            return Doubt.THING
        if middle < self._rules.on_kg:
            return Doubt.LIGHT
        return Doubt.ONE_END if len(self._most) > 1 and min(self._most) < self._rules.wire_kg else None
