"""A Bench for tests and for looking at the page: remembers every call, answers as a small scripted world would."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from matpi.core.front import Front
from matpi.errors import UsageError
from matpi.twin.bench import Payload, Put

POSTURES = {"lie_down": "lying", "sit": "sitting", "stand": "standing", "get_up": "away"}
SHARE = {"lying": 0.62, "sitting": 0.8, "standing": 1.0, "away": 0.0}


def picture(big: str, small: str = "") -> bytes:
    """1024 bytes, row-major, MSB first."""
    image = Image.new("1", (128, 64))
    draw = ImageDraw.Draw(image)
    draw.text((64, 22), big, fill=1, font=ImageFont.load_default(38), anchor="mm")
    draw.text((64, 57), small, fill=1, font=ImageFont.load_default(11), anchor="mm")
    return image.tobytes()


def frame(bits: bytes, text: str, brightness: str = "bright", lang: str = "en") -> Payload:
    return {"bits": base64.b64encode(bits).decode(), "brightness": brightness, "text": text, "lang": lang}


class FakeBench:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.called = threading.Condition()
        self.puts: list[Put] = []
        self.n = 0
        self.logs: list[Payload] = []
        self.frame = frame(picture("20:14", "day 3, 2-5 min"), "Day 3, 2 to 5 minutes, not yet today.")
        self.lamp: Payload = {"pattern": "off", "age_s": 0.0, "table": [0.0], "loops": False}
        self.reset_status()
        self.sessions: Payload = {
            "sessions": [
                session("a", "2026-11-20T21:02:10+01:00", 141.0, "left", 8),
                session("b", "2026-11-21T20:58:44+01:00", 204.0, "left", 7, aways=1),
                session("c", None, 95.0, "power_lost", None),
                session("d", "2026-11-22T21:10:01+01:00", 287.0, "left", 6),
            ],
            "plan": {
                "day": 3, "lower_min": 2, "upper_min": 5, "clothing": "thin shirt", "goal": "learn the sensation",
                "today_s": 0.0, "done": False, "rest_day": False, "streak": 3, "score": 0.6,
            },
        }  # fmt: skip

    def reset_status(self) -> None:
        self.status: Payload = {
            "power": True, "state": "IDLE", "about": Front.IDLE.value, "reason": "answered", "doing": "away",
            "do": "Lie down (l) to start the timer.", "notes": [], "answered": False,
            "kg": 74.0, "load_kg": 0.0,
            "clock": "2026-11-23T20:14:05+01:00", "warp": 1, "faults": [], "bag": False, "board": False,
        }  # fmt: skip

    # -- what the page does

    def act(self, what: str) -> None:
        self._called("act", what)
        if what in {"bag_on", "bag_off"}:
            self.change(bag=what == "bag_on")
        elif what in POSTURES:
            doing = POSTURES[what]
            load = round(self.status["kg"] * SHARE[doing], 1)
            state, reason = ("ON_MAT", "3 s on the mat") if load else ("AWAY", "load under the off threshold")
            before = self.status["state"]
            self.change(doing=doing, load_kg=load, state=state, reason=reason)
            if before != state:
                self.tell("transition", "left" if state == "AWAY" else "confirmed", reason, f"{before} -> {state}")

    def weigh(self, kg: float) -> None:
        self._called("weigh", kg)
        self.change(kg=kg)

    def button(self, down: bool) -> None:
        self._called("button", down)

    def warp(self, factor: int) -> None:
        self._called("warp", factor)
        self.change(warp=factor)

    def jump(self, hhmm: str) -> None:
        self._called("jump", hhmm)
        if hhmm == "03:33":
            raise UsageError("Time cannot jump while the power is pulled; boot again first.")

    def next_day(self) -> None:
        self._called("next_day")

    def fault(self, name: str, on: bool) -> None:
        self._called("fault", name, on)
        if name == "disk" and on and "spikes" in self.status["faults"]:
            raise RuntimeError("a bug in the bench")
        faults = [fault for fault in self.status["faults"] if fault != name]
        self.change(faults=[*faults, name] if on else faults)

    def power(self, on: bool) -> None:
        self._called("power", on)
        self.change(power=on)

    def subscribe(self, put: Put) -> Callable[[], None]:
        def unsubscribe() -> None:
            with self.called:
                self.puts.remove(put)
                self.called.notify_all()

        with self.called:
            for kind, payload in self.snapshot():
                put(kind, payload)
            self.puts.append(put)
            self.called.notify_all()
        return unsubscribe

    def snapshot(self) -> list[tuple[str, Payload]]:
        return [
            ("status", self.status),
            ("frame", self.frame),
            ("lamp", self.lamp),
            ("sessions", self.sessions),
            *(("log", line) for line in self.logs),
        ]

    # -- what the world does

    def put(self, kind: str, payload: Payload) -> None:
        for put in tuple(self.puts):
            put(kind, payload)

    def change(self, **changes: Any) -> None:
        if "state" in changes:
            changes["about"] = Front[changes["state"]].value
        self.status = self.status | changes
        self.put("status", self.status)

    def show(self, shown: Payload) -> None:
        self.frame = shown
        self.put("frame", shown)

    def tell(self, kind: str, event: str, reason: str, detail: str = "") -> None:
        self.n += 1
        clock = self.status["clock"][11:19]
        line = {"n": self.n, "clock": clock, "kind": kind, "event": event, "reason": reason, "detail": detail}
        self.logs.append(line)
        self.put("log", line)

    def wait_for(self, count: int, name: str, timeout_s: float = 10.0) -> list[tuple[Any, ...]]:
        """The calls of this name once there are `count` of them, or after the timeout as many as there are."""
        with self.called:
            self.called.wait_for(lambda: len(self.named(name)) >= count, timeout_s)
            return self.named(name)

    def wait_for_listeners(self, count: int, timeout_s: float = 10.0) -> int:
        """How many listen once there are `count`, or after the timeout."""
        with self.called:
            self.called.wait_for(lambda: len(self.puts) == count, timeout_s)
            return len(self.puts)

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [call for call in self.calls if call[0] == name]

    def _called(self, *call: Any) -> None:
        with self.called:
            self.calls.append(call)
            self.called.notify_all()


def session(
    name: str, start: str | None, on_mat_s: float, reason: str | None, rating: int | None, aways: int = 0
) -> Payload:
    return {
        "id": name, "start": start, "on_mat_s": on_mat_s, "reason": reason, "rating": rating, "aways": aways,
        "open": reason is None, "counts": True, "doubt": None, "yours": None, "estimated": False,
    }  # fmt: skip
