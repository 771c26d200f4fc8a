"""What protects the zero, switched off, each part alone and together; and the fastest drift that is reported."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Final

from benchmarks.household import Household
from benchmarks.zero_told import Limit
from matpi.core.events import Reading
from matpi.core.presence.detector import Presence
from matpi.core.presence.load import Load
from matpi.core.presence.signal import Second
from matpi.core.rules import PresenceRules, ZeroRules


class FollowsOccupied(Presence):
    """The zero follows a person on the mat as it follows an empty mat."""

    def _judge(self, t: float, second: Second) -> None:
        if self.load is Load.ON:
            self.zero.empty_second(second)
            self._floor = self.zero.total_kg + self._below_kg
        super()._judge(t, second)


@dataclass(frozen=True, slots=True)
class ZeroVariant:
    """`without` names what is switched off; "" is matpi as it is."""

    without: str = ""
    zero: ZeroRules = ZeroRules()  # noqa: RUF009  immutable
    presence: type[Presence] = Presence

    def household(self, *, calibrated: bool) -> Household:
        return Household(0.0, calibrated=calibrated, rules=PresenceRules(zero=self.zero), presence=self.presence)


AS_IT_IS: Final = ZeroVariant()
STUCK: Final = ZeroVariant("following at all", ZeroRules(rate_kg_s=0.0))
UNREPORTED: Final = ZeroVariant('following at all, and "check the mat"', ZeroRules(rate_kg_s=0.0, reach_kg=inf))
UNPROTECTED: Final = ZeroVariant(
    "all but the following", ZeroRules(rate_kg_s=inf, reach_kg=inf, still_s=0, still_kg=inf), FollowsOccupied
)
VARIANTS: Final = (
    AS_IT_IS,
    STUCK,
    UNREPORTED,
    ZeroVariant("only while empty", presence=FollowsOccupied),
    ZeroVariant("3 kg at most", ZeroRules(reach_kg=inf)),
    ZeroVariant("only while still", ZeroRules(still_s=0, still_kg=inf)),
    ZeroVariant("slowly", ZeroRules(rate_kg_s=inf)),
    ZeroVariant("only while empty, and 3 kg at most", ZeroRules(reach_kg=inf), FollowsOccupied),
    UNPROTECTED,
)

DRIFTS_KG_H: Final = (2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
LEARN_S: Final = 600.0
"""Of an empty mat before the drift begins."""
UP_TO_KG: Final = 20.0
ENDS_KG: Final = (3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 8.0)
ENDS_KG_H, ENDS_S = 10.0, 1200.0
"""A drift slower than the zero follows, and twice the ten minutes until it is reported."""
NOISE_KG: Final = 0.0036
"""rms of a channel on the noisiest board of two chips (docs/dev/sources.md, cells)."""
RATE: Final = 10
REPAIRED_S: Final = 60.0


def limits(drifts_kg_h: tuple[float, ...] = DRIFTS_KG_H) -> Iterator[Limit]:
    """Upwards, on an empty mat, all readings at 10/s: is it reported before it becomes a session that counts?"""
    for kg_h in drifts_kg_h:
        yield _limit(kg_h)


def least_reported_kg() -> float | None:
    """The smallest of `ENDS_KG` that is reported when a cell drifts so far and no further; None: none of them."""
    return next((kg for kg in ENDS_KG if _limit(ENDS_KG_H, kg, ENDS_S).reported_s is not None), None)


def _limit(kg_h: float, up_to_kg: float = UP_TO_KG, then_s: float = 0.0) -> Limit:
    """One cell, repaired after the drift: a session counts once it has ended."""
    home, noise = AS_IT_IS.household(calibrated=True), random.Random(1).gauss
    repaired_s = LEARN_S + 3600.0 * up_to_kg / kg_h + then_s
    reported_s: float | None = None
    for n in range(round((repaired_s + REPAIRED_S) * RATE)):
        t = n / RATE
        drift_kg = min(max(0.0, t - LEARN_S) * kg_h / 3600.0, up_to_kg) if t < repaired_s else 0.0
        home.listen([Reading(t, (drift_kg + noise(0.0, NOISE_KG), noise(0.0, NOISE_KG)))])
        if reported_s is None and home.device.presence.zero.astray:
            reported_s = t - LEARN_S
    objects = [at - LEARN_S for at in home.objects]
    counting = [session.start_s - LEARN_S for session in home.sessions if session.counts]
    return Limit(kg_h, reported_s, min(objects, default=None), min(counting, default=None))
