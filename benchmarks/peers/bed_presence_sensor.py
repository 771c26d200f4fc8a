"""r-mccarty/bed-presence-sensor: four states with two thresholds and dwell times, made for a radar."""

from __future__ import annotations

from enum import Enum, auto
from typing import ClassVar

from benchmarks.peers import ON_KG, Ledger

OFF_PART = 4.0 / 9.0
"""Its thresholds are 9 and 4 standard deviations of the empty bed; the ratio is the same."""
ON_S, OFF_S, CLEAR_S = 3.0, 5.0, 30.0
"""Dwell times, and the time since the last reading over the upper threshold before a bed may be clear."""


class State(Enum):
    IDLE = auto()
    TURNING_ON = auto()
    PRESENT = auto()
    TURNING_OFF = auto()


class BedPresenceSensor:
    name: ClassVar[str] = "bed-presence-sensor"
    source: ClassVar[str] = "r-mccarty/bed-presence-sensor at 68af34b, docs/presence-engine-spec.md"
    rules: ClassVar[str] = (
        "Two thresholds, 9 and 4 deviations there, 12 and 5.3 kg here; on after 3 s; off after 5 s under the lower one "
        "and 30 s after the last reading over the upper one. Nothing is back-dated, the zero is taken once. Its times "
        "were not scaled. No object rule."
    )
    every_s: ClassVar[float] = 1.0
    """What ESPHome gives such a radar when nothing is set."""
    set_up_by_another: ClassVar[bool] = False

    def __init__(self, empty_kg: float, occupied_kg: float, on_kg: float = ON_KG) -> None:
        del occupied_kg
        self._on_kg, self._off_kg = on_kg, on_kg * OFF_PART
        self.ledger = Ledger()
        self._zero = empty_kg
        self._state = State.IDLE
        self._since = self._sure_t = 0.0

    def feed(self, t: float, kg: float) -> None:
        net = kg - self._zero
        if net > self._on_kg:
            self._sure_t = t
        match self._state:
            case State.IDLE if net > self._on_kg:
                self._state, self._since = State.TURNING_ON, t
                self.ledger.arrivals.append(t)
            case State.TURNING_ON if net <= self._on_kg:
                self._state = State.IDLE
            case State.TURNING_ON if t - self._since >= ON_S:
                self._state = State.PRESENT
                self.ledger.begin(t, t)
            case State.PRESENT if net < self._off_kg and t - self._sure_t >= CLEAR_S:
                self._state, self._since = State.TURNING_OFF, t
            case State.TURNING_OFF if net >= self._off_kg:
                self._state = State.PRESENT
            case State.TURNING_OFF if t - self._since >= OFF_S:
                self._state = State.IDLE
                self.ledger.end(t, t)
            case _:
                pass

    def finish(self, t: float) -> None:
        self.ledger.end(t, t)
