"""markusressel/ESPHome-Smart-Scale: load cells under a bed."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import ceil, trunc
from typing import ClassVar

from benchmarks.peers import ON_KG, Ledger

NOBODY_KG = 10.0
"""Under this the scale is empty, and the zero may follow: its own number, in kg already."""
WINDOW, QUANTILE = 10, 0.9
COUNTS_PER_KG = (1_339_163 + 481_989) / 88.3
"""From its calibration: two readings and their weights."""
STEP_KG, DEAD_COUNTS = 10 / COUNTS_PER_KG, 100
"""The zero moves ten counts a reading, unless it is right to the hundred."""


class SmartScale:
    name: ClassVar[str] = "ESPHome-Smart-Scale"
    source: ClassVar[str] = "markusressel/ESPHome-Smart-Scale at 1a91e4f, esphome_hx711_smart_scale.yaml"
    rules: ClassVar[str] = (
        "The 0.9 quantile of ten readings 0.2 s apart; from 10 kg on a person is there; under it the zero follows by "
        "ten counts a reading, whatever is on it. Nothing was scaled. No dwell and no object rule."
    )
    every_s: ClassVar[float] = 0.2
    set_up_by_another: ClassVar[bool] = False

    def __init__(self, empty_kg: float, occupied_kg: float, on_kg: float = ON_KG) -> None:
        del occupied_kg, on_kg
        self.ledger = Ledger()
        self._zero = empty_kg
        self._window: deque[float] = deque()
        self._sorted: list[float] = []

    def feed(self, t: float, kg: float) -> None:
        self._window.append(kg)
        insort(self._sorted, kg)
        if len(self._window) > WINDOW:
            del self._sorted[bisect_left(self._sorted, self._window.popleft())]
        raw = self._sorted[ceil(QUANTILE * len(self._sorted)) - 1]
        net = raw - self._zero
        if net < NOBODY_KG:
            if trunc(net * COUNTS_PER_KG / DEAD_COUNTS):
                self._zero += STEP_KG if net > 0 else -STEP_KG
            self.ledger.end(t, t)
        elif not self.ledger.is_open:
            self.ledger.begin(t, t)

    def finish(self, t: float) -> None:
        self.ledger.end(t, t)
