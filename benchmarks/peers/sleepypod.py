"""sleepypod/core: a bed presence and session tracker on capacitance."""

from __future__ import annotations

from typing import ClassVar

from benchmarks.peers import CAP_S, ON_KG, Ledger

EXIT_PART = 0.5
"""Its rise over the empty bed is in capacitance (6.0 in, half of it out); the half is the same."""
ABSENCE_S = 20.0
"""120 s there; here the time to come back is 20 s. That factor, 6, scales the debounce as well."""
DEBOUNCE_S = 30.0 / 6
UP_TAU_S, DOWN_TAU_S, STEP_S = 1800.0, 120.0, 10.0
"""How the empty level follows: as there."""


class Sleepypod:
    name: ClassVar[str] = "sleepypod"
    source: ClassVar[str] = (
        "sleepypod/core at 0d23d21, docs/sleep-detector.md and the settings of modules/sleep-detector"
    )
    rules: ClassVar[str] = (
        "Two thresholds over an empty level that follows drift while the bed is empty; a change counts after 30 s, "
        "scaled to 5 s, and is back-dated; 120 s of absence, scaled to 20 s, end a session; 16 h, scaled to 45 min, "
        "close it and make its load the empty level. No object rule but that."
    )
    every_s: ClassVar[float] = 0.5
    set_up_by_another: ClassVar[bool] = False

    def __init__(self, empty_kg: float, occupied_kg: float, on_kg: float = ON_KG) -> None:
        del occupied_kg
        self._on_kg, self._off_kg = on_kg, on_kg * EXIT_PART
        self.ledger = Ledger()
        self._level = empty_kg
        self._above = self._present = False
        self._differs_since: float | None = None
        self._absent_since: float | None = None
        self._last_t: float | None = None

    def feed(self, t: float, kg: float) -> None:
        self._above = kg - self._level > (self._off_kg if self._above else self._on_kg)
        if self._above is self._present:
            self._differs_since = None
        elif self._differs_since is None:
            self._differs_since = t
        elif t - self._differs_since >= DEBOUNCE_S:
            self._turn(t, self._differs_since)
        self._close(t, kg)
        self._follow(t, kg)

    def _turn(self, t: float, since: float) -> None:
        self._present, self._differs_since = self._above, None
        self._absent_since = None if self._present else since
        if self._present and not self.ledger.is_open:
            self.ledger.begin(since, t)

    def _close(self, t: float, kg: float) -> None:
        ledger = self.ledger
        if not ledger.is_open:
            return
        if self._absent_since is not None and t - self._absent_since >= ABSENCE_S:
            ledger.end(self._absent_since, t)
        elif t - ledger.start_s > CAP_S:
            ledger.end(t, t, capped=True)
            self._level, self._above, self._present = kg, False, False

    def _follow(self, t: float, kg: float) -> None:
        passed = 0.0 if self._last_t is None else min(t - self._last_t, STEP_S)
        self._last_t = t
        rise = kg - self._level
        if rise < 0:
            self._level += passed / DOWN_TAU_S * rise
        elif not self._present and rise < self._off_kg:
            self._level += passed / UP_TAU_S * rise

    def finish(self, t: float) -> None:
        self.ledger.end(t if self._absent_since is None else self._absent_since, t)
