"""What a simulated mat reads for minutes or for a day, with the truth beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ON_KG = 12.0
"""The on threshold on the back and seat; calves have their own (docs/dev/behaviour.md 1)."""
ON_S = 3.0
"""The load over the threshold that begins a stay lasts so long (docs/dev/behaviour.md 1)."""
SESSION_S = 30.0
"""A stay shorter than this is no session (docs/dev/behaviour.md 1, "short")."""
WITHIN_S = 1.0
"""A stay within this of `SESSION_S` may be reported or not, and an end may be off by it."""
AWAY_S = 20.0
"""An absence shorter than this does not end a stay (docs/dev/behaviour.md 1)."""
HAND_S = 1.0
"""A hand put down while getting up is on the mat for less. Chosen."""
SIT_UP_S = 90.0
"""The longest time sitting up, with more than half of "on" left on the mat, that the scenarios make. Chosen: under the
120 s of docs/dev/behaviour.md 1."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of a person, by the true load of the body alone; what else is on the mat is a `Thing`.

    `start_s` and `end_s` are the first and the last touch (1 kg). Detection is judged by the others: `on_s` is when
    the load passes the on threshold for the first `ON_S` in a row, `touch_s` the first moment over 2 kg (calves: 1 kg)
    of that rise, `off_s` when it falls under half of the threshold for good. All three are `end_s` where the load is
    never over the threshold for so long. Absences under `AWAY_S` do not split a stay.

    Where the last touch is shorter than `HAND_S` it is a hand put down while getting up: the body left at `left_s`,
    and every end from there to `off_s` is right. Else the two are the same.
    """

    start_s: float
    end_s: float
    kind: str
    """Posture held for most of it: lying, half, sitting, standing, calves."""
    touch_s: float
    on_s: float
    off_s: float
    left_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def over_s(self) -> float:
        """From the threshold to the end."""
        return self.off_s - self.on_s

    @property
    def is_session(self) -> bool:
        return self.over_s >= SESSION_S

    @property
    def is_grey(self) -> bool:
        """Whether `SESSION_S` lies between the shortest and the longest length that may be reported."""
        return self.over_s < SESSION_S + WITHIN_S and self.off_s - self.touch_s > SESSION_S - WITHIN_S

    def later(self, by_s: float) -> Stay:
        """The same stay, `by_s` later."""
        return replace(
            self,
            start_s=self.start_s + by_s,
            end_s=self.end_s + by_s,
            touch_s=self.touch_s + by_s,
            on_s=self.on_s + by_s,
            off_s=self.off_s + by_s,
            left_s=self.left_s + by_s,
        )


def sharp_stay(start_s: float, end_s: float, kind: str = "lying") -> Stay:
    """A stay whose whole load comes and goes at once."""
    return Stay(start_s, end_s, kind, start_s, start_s, end_s, end_s)


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

    `t` has shape [n], strictly rising; `kg` [n, channels]; `flagged` [n]: the reader reports the row as unreliable.
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
    on_kg: float = ON_KG
    """The on threshold that is set: that of the back, or of the calves."""
    zero_kg: tuple[float, ...] = ()
    """Of each channel, the empty mat at the start: what a device that was on before has stored. () where unknown."""
    faults: bool = False
    """Readings are missing, wrong or saturated more often than a good sensor's."""
    big_dog_stays: bool = False
    """A dog of 12 kg and more is still on the mat when the person leaves."""

    @property
    def sessions(self) -> tuple[Stay, ...]:
        """The stays that are sessions, the grey ones left out."""
        return tuple(stay for stay in self.stays if stay.is_session and not stay.is_grey)

    @property
    def empty_s(self) -> float:
        """Seconds without a person on the mat."""
        return self.duration_s - sum(stay.length_s for stay in self.stays)
