"""djbios/home-assistant-cat-scale: a cat on the litter box, from one load cell."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from enum import Enum, auto
from statistics import median, stdev
from typing import ClassVar

from benchmarks.peers import CAP_S, ON_KG, Ledger

PRESENT_S = 4.0
"""The least time of presence: its default."""
LEAVE_S = CAP_S
"""120 s there, more than a cat's visit: a load that stays longer is no cat. Here more than any session."""
STILL_KG = 0.5
"""50 g there, for a cat of 4.5 kg; ten times that for 45 kg."""
STILL_READINGS = 5
WINDOW_S = 300.0


class State(Enum):
    IDLE = auto()
    WAITING = auto()
    PRESENT = auto()
    AFTER = auto()


class CatScale:
    name: ClassVar[str] = "cat-scale"
    source: ClassVar[str] = "djbios/home-assistant-cat-scale, README at 018c4ad and its default settings at 3b40a6e"
    rules: ClassVar[str] = (
        "One threshold (1 kg there, 12 kg here) over the median of five idle minutes, held for 4 s; a dip before that "
        "takes the dipped reading as the new zero; a load that stays 120 s, scaled to 45 min, is not a cat; "
        "after a visit nothing is seen until the last five minutes spread under 50 g, scaled to 500 g."
    )
    every_s: ClassVar[float] = 2.0
    """As in the settings its README gives."""
    set_up_by_another: ClassVar[bool] = False

    def __init__(self, empty_kg: float, occupied_kg: float, on_kg: float = ON_KG) -> None:
        del occupied_kg
        self._on_kg = on_kg
        self.ledger = Ledger()
        self._state = State.IDLE
        self._zero = empty_kg
        self._recent: deque[tuple[float, float]] = deque()
        self._sorted: list[float] = []
        self._arrived = self._confirmed = 0.0

    def feed(self, t: float, kg: float) -> None:
        self._remember(t, kg)
        over = kg > self._zero + self._on_kg
        match self._state:
            case State.IDLE if over:
                self._state, self._arrived = State.WAITING, t
                self.ledger.arrivals.append(t)
            case State.IDLE:
                self._zero = median(self._sorted)
            case State.WAITING if not over:
                self._forget(kg)
            case State.WAITING if t - self._arrived >= PRESENT_S:
                self._state, self._confirmed = State.PRESENT, t
                self.ledger.begin(self._arrived, t)
            case State.PRESENT if not over:
                self._state = State.AFTER
                self.ledger.end(t, t)
            case State.PRESENT if t - self._confirmed > LEAVE_S:
                self.ledger.objects.append(t)
                self.ledger.end(t, t, capped=True)
                self._forget(kg)
            case State.AFTER if len(self._recent) >= STILL_READINGS and stdev(self._sorted) <= STILL_KG:
                self._forget(kg)
            case _:
                pass

    def _remember(self, t: float, kg: float) -> None:
        self._recent.append((t, kg))
        insort(self._sorted, kg)
        while self._recent[0][0] < t - WINDOW_S:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft()[1])]

    def _forget(self, kg: float) -> None:
        """Back to idle, with this reading as the zero."""
        self._state, self._zero = State.IDLE, kg
        self._recent.clear()
        self._sorted.clear()

    def finish(self, t: float) -> None:
        self.ledger.end(t, t)
