"""What protects the zero, switched off: each part alone, and together; and how fast a cell may walk at most."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from math import inf
from typing import Final

from benchmarks.household import Household
from benchmarks.zero_told import Limit
from matpi.core.events import Reading
from matpi.core.model import Zero
from matpi.core.presence.detector import Load, Presence
from matpi.core.presence.zero import ZeroRules
from matpi.core.rules import PresenceRules


class Other(Presence):
    """With other rules for the zero."""

    ZERO = ZeroRules()

    def __init__(self, t: float, zero: Zero | None, rules: PresenceRules, *, calibrated: bool = True) -> None:
        super().__init__(t, zero, replace(rules, zero=self.ZERO), calibrated=calibrated)


class UnderSomebody(Other):
    """The zero learns from each block, whoever lies there."""

    def read(self, reading: Reading) -> bool:
        before = self.last_block
        news = super().read(reading)
        if self.load is Load.ON and (block := self.last_block) is not None and block is not before:
            self.zero.empty_block(block)
            self._floor = self.zero.total_kg
            self._band(self._lo, self._hi)
        return news


class Unbounded(Other):
    """However far it is, and however far it would get."""

    ZERO = ZeroRules(within_kg=inf, reach_kg=inf)


class Restless(Other):
    """Whatever moves."""

    ZERO = ZeroRules(still_s=0, still_spread_kg=inf, still_ratio=inf)


class AtOnce(Other):
    ZERO = ZeroRules(rate_kg_s=inf)


class Stuck(Other):
    """It never moves."""

    ZERO = ZeroRules(rate_kg_s=0.0)


class Mute(Presence):
    """It follows as it should, but nobody is told when it cannot."""

    def read(self, reading: Reading) -> bool:
        news = super().read(reading)
        self.zero.astray = False
        return news


class UnboundedUnderSomebody(UnderSomebody):
    ZERO = Unbounded.ZERO


class Unprotected(UnderSomebody):
    ZERO = ZeroRules(rate_kg_s=inf, within_kg=inf, reach_kg=inf, still_s=0, still_spread_kg=inf, still_ratio=inf)


WITHOUT: Final[dict[str, type[Presence]]] = {
    "following at all": Stuck,
    '"check the mat"': Mute,
    "only while nobody is there": UnderSomebody,
    "3 kg at most, from the load and from the reference": Unbounded,
    "only while still": Restless,
    "slowly": AtOnce,
    "only while nobody is there, and 3 kg": UnboundedUnderSomebody,
    "all but the following": Unprotected,
}

WALKS_KG_H: Final = (2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
LEARN_S: Final = 600.0
"""Of an empty mat before it walks."""
UP_TO_KG: Final = 20.0
STAYS_KG: Final = (3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 8.0)
STAYS_KG_H, STAYS_S = 10.0, 1200.0
"""A walk slower than the zero follows, and twice the ten minutes until it is told."""
NOISE_KG: Final = 0.0036
"""rms of a channel on the noisiest board of two chips (docs/sources.md, cells)."""
RATE: Final = 10


def limits(walks_kg_h: tuple[float, ...] = WALKS_KG_H) -> Iterator[Limit]:
    """Upwards, on a mat with nobody near it, all readings at 10/s: is it told before the walk is taken for somebody?"""
    for kg_h in walks_kg_h:
        yield _limit(kg_h)


def least_told_kg() -> float | None:
    """The shortest of `STAYS_KG` that is told when a cell walks so far and stays there; None: not even the longest."""
    return next((kg for kg in STAYS_KG if _limit(STAYS_KG_H, kg, STAYS_S).told_s is not None), None)


def _limit(kg_h: float, up_to_kg: float = UP_TO_KG, stays_s: float = 0.0) -> Limit:
    home, noise = Household(0.0, calibrated=True), random.Random(1).gauss
    presence = home.device.presence
    told_s: float | None = None
    for n in count():
        t = n / RATE
        walked = min(max(0.0, t - LEARN_S) * kg_h / 3600.0, up_to_kg)
        home.listen([Reading(t, (walked + noise(0.0, NOISE_KG), noise(0.0, NOISE_KG)))])
        if told_s is None and presence.zero.astray:
            told_s = t - LEARN_S
        if presence.load is Load.ON:
            return Limit(kg_h, told_s, t - LEARN_S)
        if t > LEARN_S + stays_s + 3600.0 * up_to_kg / kg_h:
            return Limit(kg_h, told_s, None)
    raise AssertionError
