"""When somebody came and left, to the reading: thresholds tell that it happened, the foot of the rise or fall when.

A track is readings in the order of time, each with the load in all, kg: `(t, kg)`. A single wrong reading moves
nothing, for each is judged by the median of itself and its neighbours.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from math import inf, nan
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matpi.core.events import Reading

Track = list[tuple[float, float]]

FOOT_KG: Final = 1.0
"""A load this far above what lay there before, or lies there after, has begun or is not over. Chosen: a hundred times
the noise, more than a pillow shifted; a body passes it within 0.1 s."""
RISE_S: Final = 3.0
"""How long getting on may have taken before it is told. With 2 and with 4 s the starts in the bank (tune seeds) are
as good."""
FALL_S: Final = 1.5
"""Of a fall from "off" to nothing: sliding off with care takes up to that (bank, tune seeds)."""
CHIP_S: Final = 0.3
"""A chip shows a step over four conversions, 0.4 s at 10 readings/s (HX711 data sheet): so much of a fall is the
chip's."""
BEHIND_S: Final = 6.0
"""How much further back than the seconds of "far less" the leaving may lie: a hand put down behind is under 4 s."""
LATELY_S: Final = 0.25
"""A fall that is going on shows in this: two readings at 10/s. Chosen."""
GAP_S: Final = 1.0
"""Readings further apart than this have seen nothing between them. Chosen: ten readings at 10/s."""
AGAIN_KG: Final = 2.0
"""Rising so far again is another load: a hand put down behind. Chosen: more than a body sways while leaving."""


class Past:
    """The readings of the last seconds, in the lists that they came in."""

    LISTS = 12
    """A list a second, and a few more at edges: over the ten seconds that anybody looks back."""

    def __init__(self) -> None:
        self._lists: deque[list[Reading]] = deque(maxlen=self.LISTS)
        self.append = self._lists.append

    def since(self, t: float, latest: Sequence[Reading]) -> Track:
        """From `t` on, to the end of `latest`, which is not in the past yet."""
        return [(at, sum(kg)) for readings in (*self._lists, latest) for at, kg, _ in readings if at >= t]


def _clean(track: Track) -> list[float]:
    """Kg without single wrong readings; the first and the last stand as they are."""
    kg = [x for _, x in track]
    middle = [sorted(kg[n - 1 : n + 2])[1] for n in range(1, len(kg) - 1)]
    return [*kg[:1], *middle, *kg[1:][-1:]]


def came(track: Track, onset: float, gap_s: float) -> tuple[float, float]:
    """(first touch, kg that lay there before it) of a load whose rise was told to begin at `onset`.

    Lifted off for up to `gap_s` is part of getting on. With nothing seen before `onset` that is the touch, and the kg
    are nan.
    """
    track = [(t, x) for t, x in track if onset - RISE_S <= t < onset]
    if not track:
        return onset, nan
    kg = _clean(track)
    before = sorted(kg)[len(kg) // 10]
    touch = onset
    for (t, _), x in zip(reversed(track), reversed(kg), strict=True):
        if x > before + FOOT_KG:
            touch = t
        elif touch - t > gap_s:
            break
    return touch, before


def left(track: Track, onset: float) -> float:
    """When the load was off that fell at `onset` and later: the foot of this fall, whatever comes behind it.

    What fell while nothing was heard was last seen before the gap.
    """
    track = [(t, x) for t, x in track if t >= onset]
    kg = _clean(track)
    lowest, fallen = inf, 0
    for n, x in enumerate(kg):
        if x < lowest:
            lowest, fallen = x, n
        elif x > lowest + AGAIN_KG:
            break
    if not track:
        return onset
    foot = next(n for n in range(fallen + 1) if kg[n] <= lowest + FOOT_KG)
    seen = track[max(foot - 1, 0)][0]
    return seen if track[foot][0] - seen > GAP_S else max(onset, track[foot][0] - CHIP_S)


def fell_under(track: Track, kg: float, back_s: float) -> float:
    """When the load fell under `kg` and was not over it again for `back_s` or longer. `track` is not empty."""
    onset = over_until = track[-1][0]
    for t, x in reversed(track):
        if x < kg:
            onset = over_until = t
        elif over_until - t >= back_s:
            break
    return onset


def still_falling(track: Track, t: float) -> bool:
    """Whether the load went on falling up to `t`."""
    lately = [x for at, x in track if at >= t - LATELY_S]
    return len(lately) > 1 and all(a > b for a, b in pairwise(lately)) and lately[0] - lately[-1] > 0.3
