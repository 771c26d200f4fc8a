"""The plain rule: two thresholds and two times, as anyone would write it in an evening."""

from __future__ import annotations

from typing import ClassVar

from benchmarks.peers import ON_KG, Ledger

ON_S, OFF_S = 3.0, 20.0
OFF_PART = 0.5


class PlainRule:
    name: ClassVar[str] = "plain rule"
    source: ClassVar[str] = "no project: docs/dev/behaviour.md 1 at its shortest, at no more than ten lines"
    rules: ClassVar[str] = (
        "Over 12 kg for 3 s a session begins, under 6 kg for 20 s it has ended; start and end are the moments of these "
        "crossings; on the calves 4 and 2 kg. The zero is that of the empty mat, given. No median and no object rule."
    )
    every_s: ClassVar[float] = 0.1
    set_up_by_another: ClassVar[bool] = False

    def __init__(self, empty_kg: float, occupied_kg: float, on_kg: float = ON_KG) -> None:
        del occupied_kg
        self.ledger = Ledger()
        self._zero, self._on_kg = empty_kg, on_kg
        self._since: float | None = None
        """Since when the load is on the other side: over "on" without a session, under "off" within one."""

    def feed(self, t: float, kg: float) -> None:
        net, there = kg - self._zero, self.ledger.is_open
        crossed = net < OFF_PART * self._on_kg if there else net > self._on_kg
        if not crossed:
            self._since = None
            return
        if self._since is None:
            self._since = t
            if not there:
                self.ledger.arrivals.append(t)
        if t - self._since >= (OFF_S if there else ON_S):
            (self.ledger.end if there else self.ledger.begin)(self._since, t)
            self._since = None

    def finish(self, t: float) -> None:
        self.ledger.end(t if self._since is None else self._since, t)
