"""A sink to a broker of the tests, deliveries, and a state of the mat to show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from matpi.core.events import Event, Noted
from matpi.store import outbox
from matpi.upstream.config import MqttConfig
from matpi.upstream.mqtt.sink import MqttSink
from matpi.upstream.mqtt.state import Diagnostics, LastSession, LiveState
from matpi.upstream.sink import Delivery, UpstreamError
from tests.upstream.broker import Listener, eventually

SESSIONS = "matpi/mat/sessions"
STATE, DIAGNOSTICS, EVENT = "matpi/mat/state", "matpi/mat/diagnostics", "matpi/mat/event"
AVAILABILITY, DISCOVERY = "matpi/mat/availability", "homeassistant/device/matpi_mat/config"
PAGE_ADDRESS = "http://mat.local:8377"

LYING = LiveState(
    phase="on_mat",
    occupied=True,
    elapsed_s=130,
    today_min=7.2,
    today_since="2026-03-15T04:00:00+01:00",
    lifetime_h=12.34,
    done=False,
    plan_day=4,
    plan_days=14,
    target_lower_min=5,
    target_upper_min=10,
    clothing="thin shirt, or bare (optional)",
    rest_day=False,
    streak_days=3,
    week_count=3,
    weekly_goal=5,
    tightness=6,
    nudge_due=False,
    nudge_on=True,
    bedtime="22:30",
    rest_declared=False,
    sensor_lost=False,
    last=LastSession("s1", 301.5, "left", "plan", "2026-03-15T20:30:00+01:00"),
    diagnostics=Diagnostics(80.1, 0, 2, clock_trusted=True, unsaved=0, version="0.2.0"),
)


def config(port: int, **more: Any) -> MqttConfig:
    return MqttConfig(**{"host": "127.0.0.1", "port": port, "tls": False, **more})


def delivery(n: int = 1, body: bytes | None = None, *, record_id: str | None = None) -> Delivery:
    """Of a record as the device itself names it, in its first revision."""
    record = f"{n:032x}" if record_id is None else record_id
    reported = {"type": "session", "timestamp": None, "data": {"id": record, "rev": 1}}
    return Delivery(n, outbox.delivery_id("sessions", record, 1), "session", body or json.dumps(reported).encode())


class Mat:
    """A sink, and what it put to the loop."""

    def __init__(self, settings: MqttConfig, draw: float | Callable[[], float] = 0.0) -> None:
        self.put: list[Event] = []
        drawn = draw if callable(draw) else lambda: draw
        self.sink = MqttSink(settings, "0.2.0", self.put.append, page=PAGE_ADDRESS, draw=drawn)

    @property
    def notes(self) -> list[str]:
        return [event.text for event in self.put if isinstance(event, Noted)]

    def refusal(self, what: Delivery) -> UpstreamError | None:
        """What `deliver` raised; None when it arrived."""
        try:
            self.sink.deliver(what, None)
        except UpstreamError as error:
            return error
        return None


def takes_commands(port: int) -> bool:
    """Whether the sink is online at this broker; it subscribes first, so no command is lost from then on."""
    watch = Listener(port, AVAILABILITY)
    try:
        return eventually(lambda: any(heard.payload == b"online" for heard in watch.heard))
    finally:
        watch.close()


@contextmanager
def mat(port: int, **more: Any) -> Iterator[Mat]:
    made = Mat(config(port, **more))
    try:
        yield made
    finally:
        made.sink.close()
