"""What a page or terminal can do to the simulated mat (`Bench`), and what it hears (`Channel`)."""

from __future__ import annotations

import base64
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Literal, Protocol

from matpi.core.effects import Changed, Chime, ChimeKind, Effect, Light, Note, Report
from matpi.core.light import repeats, table
from matpi.core.model import Session
from matpi.core.plan.programme import Plan
from matpi.screen.frame import rows
from matpi.sim.body import Act
from matpi.words import ENGLISH

if TYPE_CHECKING:
    from PIL.Image import Image

FaultName = Literal["cell", "spikes", "panel", "disk", "reader"]
"""A load cell unplugged, electrical spikes on its wires, the OLED unplugged, the disk full; on the emulated board also
the reader's process killed, which ends by itself."""
Warp = Literal[1, 10, 60]
WEIGHT_MIN_KG, WEIGHT_MAX_KG = 20, 150  # chosen, unmeasured: a child to a heavy adult

Payload = dict[str, Any]
Put = Callable[[str, Payload], None]
"""Hand one message (kind, JSON-ready payload) to a page; may be called from any thread, never blocks."""

LOG_KEPT = 300
TICKS = frozenset({ChimeKind.IN, ChimeKind.OUT})  # twelve a minute: the circle and the LED show them
NEWEST = ("status", "frame", "lamp", "sessions")


class Bench(Protocol):
    """The simulated mat, person, clock and faults. Thread-safe; nothing here blocks.

    What this bench cannot do raises UsageError. Messages are of these kinds:

    - `frame`: `bits` (base64 of 1024 bytes, row-major, MSB first, 128x64), `brightness` bright|dim|off, `text`
      (what the screen says, one sentence for a screen reader) and its language, `lang` (ISO 639-1)
    - `lamp`: `pattern` off|saved|breath|attention, `age_s`, `table` (linear duty, 50 a second), `loops`
    - `status`: `power`, `state`, `about` (the state in words), `reason` ("" once it is old), `do` (what the device
      waits for and what to do), `notes` (what is unusual, sentences), `answered` (the safety pages), `doing`
      (lying|sitting|standing, anything else: not on the mat), `kg`, `load_kg`, `clock` (ISO with offset), `warp`,
      `faults`, `bag`, `board` (true: the emulated board, real time only); once a second and at every change
    - `log`: `n` (grows, never repeats), `clock`, `kind` presence|transition|note|you, `event`, `reason`, `detail`
      (of a transition: "SRC -> DST")
    - `sessions`: `sessions`, oldest first (id, start or null, on_mat_s, reason, rating or null, aways, open, who,
      counts, doubt or null, yours or null while not answered, estimated: the date is), and
      `plan` (day, lower_min, upper_min, clothing, goal, today_s, done, rest_day, streak, score 0 to 1, who); `who` is
      "" with fewer than two people
    """

    def act(self, what: Act) -> None: ...
    def weigh(self, kg: float) -> None: ...
    def button(self, down: bool) -> None: ...
    def warp(self, factor: Warp) -> None: ...
    def jump(self, hhmm: str) -> None:
        """Skip to the next time the local clock shows HH:MM."""

    def next_day(self) -> None:
        """Skip to 08:00 tomorrow."""

    def fault(self, name: FaultName, on: bool) -> None: ...
    def power(self, on: bool) -> None:
        """Pull the power, or boot again."""

    def subscribe(self, put: Put) -> Callable[[], None]:
        """Hand `put` the newest message of each kind, the last log lines, then every new message.

        Log lines come oldest first. Ends when the returned function is called.
        """


class Channel:
    """The messages to all listeners, and what a new one gets first. Thread-safe.

    `put` of a listener is called in the thread that sends, and must not block.
    """

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
        """Send the line of this effect, if it has one.

        `clock_at` turns monotonic seconds, or None for now, into HH:MM:SS.
        """
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
    facts = {name: getattr(plan, name) for name in ("day", "today_s", "rest_day", "streak")}
    lower_min, upper_min = plan.range_min
    return facts | {
        "lower_min": lower_min,
        "upper_min": upper_min,
        "clothing": ENGLISH.say(plan.clothing),
        "goal": ENGLISH.say(plan.goal),
        "done": plan.says_done,
        "score": round(plan.score, 3),
        "who": who,
    }


def frame_message(image: Image | None, brightness: str, text: str, lang: str) -> Payload:
    """Return a `frame`; `image` is 128x64 in mode "1", None when the panel is dark."""
    bits = bytes(1024) if image is None else rows(image)
    return {
        "bits": base64.b64encode(bits).decode(),
        "brightness": "off" if image is None else brightness,
        "text": text,
        "lang": lang,
    }


def lamp_message(light: Light, age_s: float) -> Payload:
    """Return a `lamp`; `age_s`: real seconds since the pattern began."""
    pattern = light.pattern
    return {
        "pattern": str(pattern),
        "age_s": max(0.0, age_s),
        "table": table(pattern),
        "loops": repeats(pattern),
        "sent": time.monotonic(),
    }


def _aged(lamp: Payload) -> Payload:
    """Return a `lamp` that was sent before as it is now."""
    return {**lamp, "age_s": lamp["age_s"] + time.monotonic() - lamp["sent"]}
