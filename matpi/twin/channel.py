"""The channel from the twin to its listeners, with what a new one gets. twin/bench.py describes the messages."""

from __future__ import annotations

import base64
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from matpi.core.effects import Changed, Chime, ChimeKind, Effect, Light, Note, Report
from matpi.core.light import period_s, repeats, table
from matpi.core.model import Session
from matpi.core.plan.programme import Plan
from matpi.screen.frame import rows
from matpi.twin.bench import Payload, Put

if TYPE_CHECKING:
    from PIL.Image import Image

LOG_KEPT = 300
TICKS = frozenset({ChimeKind.IN, ChimeKind.OUT})  # twelve a minute: the circle and the LED show them
NEWEST = ("status", "frame", "lamp", "sessions")


class Channel:
    """Thread-safe. `put` of a listener is called in the thread that sends, and must not block."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards what follows: the listeners and what a new one gets
        self._listeners: list[Put] = []
        self._latest: dict[str, Payload] = {}
        self._log: deque[Payload] = deque(maxlen=LOG_KEPT)
        self._lines = 0

    def subscribe(self, put: Put) -> Callable[[], None]:
        with self._lock:
            for kind in NEWEST:
                if message := self._latest.get(kind):
                    put(kind, _aged(message) if kind == "lamp" else message)
            for line in self._log:
                put("log", line)
            self._listeners.append(put)

        def leave() -> None:
            with self._lock:
                if put in self._listeners:
                    self._listeners.remove(put)

        return leave

    def send(self, kind: str, payload: Payload) -> None:
        """Send the newest message of its kind. Not for log lines."""
        with self._lock:
            self._latest[kind] = payload
            for put in self._listeners:
                put(kind, payload)

    def log(self, clock: str, kind: str, event: str, reason: str = "", detail: str = "") -> None:
        """Send one more log line; `clock` is local time as HH:MM:SS."""
        with self._lock:
            self._lines += 1
            line = {"n": self._lines, "clock": clock, "kind": kind, "event": event, "reason": reason, "detail": detail}
            self._log.append(line)
            for put in self._listeners:
                put("log", line)

    def log_effect(self, effect: Effect, clock_at: Callable[[float | None], str]) -> None:
        """Send the line of this effect, if it has one; `clock_at`: monotonic seconds, or None for now, to HH:MM:SS."""
        match effect:
            case Report(t, at, event, reason):
                since = f"since {clock_at(at)}" if t - at >= 0.5 else ""
                self.log(clock_at(None), "presence", str(event), str(reason), since)
            case Changed(_, trigger, source, dest, reason):
                self.log(clock_at(None), "transition", trigger, reason, f"{source} -> {dest}")
            case Chime(kind=sound) if sound not in TICKS:
                self.log(clock_at(None), "note", "chime", str(sound))
            case Note(_, kind, text):
                self.log(clock_at(None), "note", kind.replace("_", " "), text)
            case _:
                pass


def session_message(session: Session, rating: int | None, zone: tzinfo, who: str) -> Payload:
    """Return one entry of `sessions`; `who`: whose it is, where several people share the mat."""
    start = session.start_utc
    return {
        "id": session.id,
        "start": None if start is None else datetime.fromtimestamp(start, zone).isoformat(timespec="seconds"),
        "on_mat_s": round(session.on_mat_s, 1),
        "reason": None if session.reason is None else str(session.reason),
        "rating": rating,
        "open": session.is_open,
        "who": who,
        **{name: getattr(session, name) for name in ("aways", "counts", "doubt", "yours", "estimated")},
    }


def plan_message(plan: Plan, who: str) -> Payload:
    """Return `plan` of `sessions`; `who`: whose it is, where several people share the mat."""
    names = ("day", "lower_min", "upper_min", "clothing", "goal", "today_s", "done", "rest_day", "streak")
    return {**{name: getattr(plan, name) for name in names}, "score": round(plan.score, 3), "who": who}


def frame_message(image: Image | None, brightness: str, text: str) -> Payload:
    """`image` is 128x64 in mode "1", None when the panel is dark."""
    bits = bytes(1024) if image is None else rows(image)
    return {
        "bits": base64.b64encode(bits).decode(),
        "brightness": "off" if image is None else brightness,
        "text": text,
    }


def lamp_message(light: Light, age_s: float) -> Payload:
    """`age_s`: real seconds since the pattern began."""
    pattern = light.pattern
    return {
        "pattern": str(pattern),
        "age_s": max(0.0, age_s),
        "table": table(pattern),
        "period_s": period_s(pattern),
        "loops": repeats(pattern),
        "sent": time.monotonic(),
    }


def _aged(lamp: Payload) -> Payload:
    return {**lamp, "age_s": lamp["age_s"] + time.monotonic() - lamp["sent"]}
