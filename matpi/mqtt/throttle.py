"""Commands from a broker, let through no faster than the device can take them down: each setting is a synced write."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Final

from matpi.mqtt.commands import Command

PER_S: Final = 5.0
BURST: Final = 10
"""Both chosen: a dashboard sets every entity it has at once, seven; a hand is slower than 5/s."""


class Throttle:
    """A token bucket in front of a queue that holds the latest of each name."""

    def __init__(self) -> None:
        self._waiting: dict[str, Command] = {}
        self._tokens, self._counted_at = float(BURST), -inf

    def add(self, name: str, command: Command) -> bool:
        """Whether it took the place of one that was not let through yet."""
        replaced = name in self._waiting
        self._waiting[name] = command
        return replaced

    def take(self, now: float) -> list[Command]:
        """Those whose turn it is, dated `now`."""
        self._count(now)
        taken = list(self._waiting)[: int(self._tokens + 1e-9)]
        self._tokens -= len(taken)
        return [replace(self._waiting.pop(name), t=now) for name in taken]

    def due(self, now: float) -> float:
        """When `take` has something; infinity when nothing waits."""
        if not self._waiting:
            return inf
        self._count(now)
        return now + max(0.0, 1.0 - self._tokens) / PER_S

    def _count(self, now: float) -> None:
        self._tokens = min(float(BURST), self._tokens + (now - self._counted_at) * PER_S)
        self._counted_at = now
