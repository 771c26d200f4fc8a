"""Presence alone, one channel, with loads at exact times: no device, no float sums of steps."""

from __future__ import annotations

from msgspec.structs import replace

from matpi.core.events import Reading
from matpi.core.model import Zero
from matpi.core.presence.detector import Presence
from matpi.core.rules import PresenceRules

RULES = PresenceRules()


class Feed:
    """`told` has (trigger, known at, true since) of every change but `noticed`, which only lights the screen."""

    def __init__(self, zero: Zero | None = None, on_kg: float = RULES.on_kg, step_s: float = 0.1) -> None:
        self.presence = Presence(0.0, zero, replace(RULES, on_kg=on_kg))
        self.step_s = step_s
        self.told: list[tuple[str, float, float]] = []
        self.noticed: list[float] = []

    def at(self, t: float, kg: float, *, ok: bool = True) -> Feed:
        self.until(t)
        self.presence.read(Reading(t, (kg,), ok))
        return self._collect()

    def until(self, t: float) -> Feed:
        """Time passes without readings."""
        while self.presence.deadline <= t:
            self.presence.advance(self.presence.deadline)
        return self._collect()

    def run(self, begin: float, end: float, kg: float) -> Feed:
        """Readings every `step_s` in [begin, end)."""
        for n in range(round(begin / self.step_s), round(end / self.step_s)):
            self.at(round(n * self.step_s, 6), kg)
        return self

    def ramp(self, begin: float, end: float, was: float, becomes: float) -> Feed:
        """Readings every `step_s` in [begin, end), in a straight line."""
        low, high = round(begin / self.step_s), round(end / self.step_s)
        for n in range(low, high):
            self.at(round(n * self.step_s, 6), was + (becomes - was) * (n - low + 1) / (high - low))
        return self

    def _collect(self) -> Feed:
        changes = self.presence.changes
        self.told += [(c.trigger, c.t, c.at) for c in changes if c.trigger != "noticed"]
        self.noticed += [c.t for c in changes if c.trigger == "noticed"]
        changes.clear()
        return self

    @property
    def triggers(self) -> list[str]:
        return [trigger for trigger, _, _ in self.told]
