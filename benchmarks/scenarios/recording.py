"""What a simulated mat told for minutes or for a day, with the truth beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SESSION_S = 30.0
"""A stay shorter than this is no session (docs/behaviour.md 1, "short")."""
GREY_S = 5.0
"""A stay within this of `SESSION_S` is left out of judgement. Chosen: more than the edges of a slow slide off."""
AWAY_S = 20.0
"""Who is back sooner never left (docs/behaviour.md 1)."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody on the mat, from first touch to last touch; absences under `AWAY_S` do not split it.

    A touch is 1 kg of the body's true load. A hand put down after the body has left is a `Thing`.
    """

    start_s: float
    end_s: float
    kind: str
    """Posture held for most of it: lying, sitting, standing, calves."""

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def is_session(self) -> bool:
        return self.length_s >= SESSION_S

    @property
    def is_grey(self) -> bool:
        """Too near to the shortest session to be judged either way."""
        return abs(self.length_s - SESSION_S) <= GREY_S


@dataclass(frozen=True, slots=True)
class Thing:
    """What is not a session: pet, bag, pillow, hand, a child that walks over. `kg` is its steady load, 0 for none."""

    start_s: float
    end_s: float
    kind: str
    kg: float


@dataclass(frozen=True, slots=True)
class Recording:
    """Readings as the device would get them, in kg from the calibrated reference.

    `t` has shape [n], strictly rising; `kg` [n, channels]; `flagged` [n]: the reader said not to believe this row.
    Zero drift, creep, hysteresis, noise, quantisation, settling and the faults are in; dropouts are missing rows.
    """

    name: str
    kind: str
    """The scenario class, one of `days.SESSIONS` or `days.EMPTY_DAYS`."""
    seed: int
    rate: int
    """Of the chips by their jumper, conversions a second."""
    t: NDArray[np.float64]
    kg: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    stays: tuple[Stay, ...]
    things: tuple[Thing, ...]
    duration_s: float

    @property
    def sessions(self) -> tuple[Stay, ...]:
        """The stays that are sessions, the grey ones left out."""
        return tuple(stay for stay in self.stays if stay.is_session and not stay.is_grey)
