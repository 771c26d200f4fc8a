"""psy0rz/meowton: which cat is on the scale, on a Raspberry Pi."""

from __future__ import annotations

from typing import ClassVar

from benchmarks.peers import ON_KG, Ledger

SPIKE_KG = 1.0
"""10 000 counts there, about 95 g for its cells, 2 % of a cat; 2 % of 45 kg."""
STABLE_KG, STABLE_SHARE, STABLE_READINGS = 0.3, 0.01, 10
"""30 g or 1 % for ten readings there; ten times the grams."""
TARE_KG = 2.0
"""Under 200 g is nothing there; ten times that."""
TARE_STEP_KG = 0.1 / 21_475
"""0.1 count a reading, with the counts a kilogram of this mat (docs/dev/sources.md, cells)."""


class Meowton:
    name: ClassVar[str] = "meowton"
    source: ClassVar[str] = "psy0rz/meowton at 0279272, src/sensor_filter.py, src/scale.py and src/cat_detector.py"
    rules: ClassVar[str] = (
        "A reading far from both before it is dropped; only a weight that stays within 300 g or 1 % for ten readings "
        "(30 g there) counts, so nothing is back-dated; over 12 kg a person is there. The zero follows while stable "
        "under 2 kg (200 g there). Its test of who it is, within 4 % of a known weight, is left out: a load on a "
        "mat changes with every posture. No object rule."
    )
    every_s: ClassVar[float] = 0.1
    set_up_by_another: ClassVar[bool] = False

    def __init__(self, empty_kg: float, occupied_kg: float, on_kg: float = ON_KG) -> None:
        del occupied_kg
        self._on_kg = on_kg
        self.ledger = Ledger()
        self._zero = empty_kg
        self._last = self._one_before = empty_kg
        self._low = self._high = 0.0
        self._stable_for = 0

    def feed(self, t: float, kg: float) -> None:
        near = abs(kg - self._last) <= SPIKE_KG or abs(kg - self._one_before) <= SPIKE_KG
        self._last, self._one_before = kg, self._last
        if not near:
            return
        net = kg - self._zero
        low, high = min(self._low, net), max(self._high, net)
        if high - low > max(STABLE_KG, STABLE_SHARE * abs(net)):
            self._low = self._high = net
            self._stable_for = 0
            return
        self._low, self._high = low, high
        self._stable_for += 1
        if self._stable_for < STABLE_READINGS:
            return
        if abs(net) < TARE_KG:
            self._zero += TARE_STEP_KG if net > 0 else -TARE_STEP_KG
        if net >= self._on_kg and not self.ledger.is_open:
            self.ledger.begin(t, t)
        elif net < self._on_kg:
            self.ledger.end(t, t)

    def finish(self, t: float) -> None:
        self.ledger.end(t, t)
