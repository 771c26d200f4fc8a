"""What the pages hear: the newest message of each kind, the last log lines, and who listens. See web/bench.py."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from matpi.core.effects import Changed, Chime, ChimeKind, Effect, Note, Report

Payload = dict[str, Any]
Put = Callable[[str, Payload], None]

LOG_KEPT = 300
_TICKS = frozenset({ChimeKind.IN, ChimeKind.OUT})
"""Twelve a minute: the circle and the LED show them."""
_NEWEST = ("status", "frame", "lamp", "sessions")


class Bulletin:
    """Thread-safe. `put` of a listener is called in the thread that tells, and must not block."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards what follows: the listeners and what a new one is told
        self._listeners: list[Put] = []
        self._latest: dict[str, Payload] = {}
        self._log: deque[Payload] = deque(maxlen=LOG_KEPT)
        self._lines = 0

    def subscribe(self, put: Put) -> Callable[[], None]:
        with self._lock:
            self._listeners.append(put)

        def leave() -> None:
            with self._lock:
                if put in self._listeners:
                    self._listeners.remove(put)

        return leave

    def snapshot(self) -> list[tuple[str, Payload]]:
        with self._lock:
            latest = dict(self._latest)
            log = [("log", line) for line in self._log]
        if "lamp" in latest:
            age = latest["lamp"]["age_s"] + time.monotonic() - latest["lamp"]["sent"]
            latest["lamp"] = {**latest["lamp"], "age_s": age}
        return [(kind, latest[kind]) for kind in _NEWEST if kind in latest] + log

    def tell(self, kind: str, payload: Payload) -> None:
        """Newest of its kind from now on. Not for log lines."""
        with self._lock:
            self._latest[kind] = payload
            self._send(kind, payload)

    def log(self, clock: str, kind: str, event: str, reason: str = "", detail: str = "") -> None:
        """One line more; `clock` is local time as HH:MM:SS."""
        with self._lock:
            self._lines += 1
            line = {"n": self._lines, "clock": clock, "kind": kind, "event": event, "reason": reason, "detail": detail}
            self._log.append(line)
            self._send("log", line)

    def log_effect(self, clock: str, effect: Effect, clock_at: Callable[[float], str]) -> None:
        """The line that belongs to this effect, if one does; `clock_at` tells local time for monotonic seconds."""
        match effect:
            case Report(t, at, event, reason):
                back = f"since {clock_at(at)}" if t - at >= 0.5 else ""
                self.log(clock, "presence", str(event), str(reason), back)
            case Changed(_, trigger, source, dest, reason):
                self.log(clock, "transition", trigger, reason, f"{source} -> {dest}")
            case Chime(kind=sound) if sound not in _TICKS:
                self.log(clock, "note", "chime", str(sound))
            case Note(_, kind, text):
                self.log(clock, "note", kind.replace("_", " "), text)
            case _:
                pass

    def _send(self, kind: str, payload: Payload) -> None:
        for put in self._listeners:
            put(kind, payload)
