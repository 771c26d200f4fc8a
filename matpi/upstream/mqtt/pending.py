"""Track the delivery under way: given by the relay's thread, answered by the connection's."""

from __future__ import annotations

import json
import threading
import time
from math import inf
from typing import Final

from matpi.core.text import Text
from matpi.upstream.config import MqttConfig
from matpi.upstream.mqtt.codes import delivered, error_of
from matpi.upstream.mqtt.connection import Link
from matpi.upstream.mqtt.homeassistant import SESSIONS
from matpi.upstream.sink import Delivery, LaterError, RefusedError, UpstreamError

CONFIRM_S: Final = 20.0  # chosen: without a confirmation for so long the connection is given up


class Request:
    """A delivery and where its answer goes. The first answer counts."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery, self.deadline = delivery, time.monotonic() + CONFIRM_S
        self.sent = False
        self.taken = False  # the broker has it; the receiver has not confirmed it yet
        self.done = threading.Event()
        self.error: UpstreamError | None = None

    def answer(self, error: UpstreamError | None) -> None:
        if not self.done.is_set():
            self.error = error
            self.done.set()


class Pending:
    """At most one `Request`, as a relay sends one at a time. Used by the thread of the connection alone."""

    def __init__(self, config: MqttConfig) -> None:
        self._config = config
        self._request: Request | None = None

    def begin(self, request: Request) -> None:
        self._request = request

    @property
    def request(self) -> Request | None:
        """Return the request that waits for its answer; `deliver` may have given it up."""
        return None if self._request is None or self._request.done.is_set() else self._request

    @property
    def due(self) -> float:
        """Return the deadline, infinity for none."""
        return inf if self.request is None else self.request.deadline

    def serve(self, link: Link, now: float) -> None:
        """Send a new request. One not confirmed in time ends the connection."""
        request = self.request
        if request is None:
            return
        if now >= request.deadline:
            late = self._late(link, request)
            request.answer(late)
            link.lost = link.lost or late
        elif not request.sent:
            self._send(link, request)

    def acknowledged(self, payload: bytes) -> None:
        """Handle the receiver's confirmation {"id": "..."}; ignore anything else.

        The id is that of the delivery, or id and revision of the body: Home Assistant sees no user properties, and an
        imported id is not fit for one.
        """
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            return
        named, request = answer.get("id") if isinstance(answer, dict) else None, self.request
        if request is not None and request.sent and isinstance(named, str) and named in _names(request.delivery):
            request.answer(None)

    def fail(self, error: LaterError, code: int = 0, where: str = "") -> None:
        """Answer the request when the connection is over; `code` is the broker's reason, 0 for none.

        A broker may answer a message that it will never accept by hanging up (MQTT 5.0, 4.13): then it is refused.
        """
        request, self._request = self._request, None
        if request is not None:
            refused = error_of(code, where) if code else error
            request.answer(refused if request.sent and isinstance(refused, RefusedError) else error)

    def _send(self, link: Link, request: Request) -> None:
        delivery, topic = request.delivery, self._config.topic(SESSIONS)
        marks = {"id": delivery.id, "kind": delivery.kind, "seq": str(delivery.seq)}
        request.sent = True
        if not link.room_for(topic, delivery.body, marks):
            request.answer(error_of(0x95, link.where))
            return

        def confirmed(code: int) -> None:
            if not delivered(code):
                request.answer(error_of(code, link.where))
            elif self._config.ack_topic:
                request.taken = True
            else:
                request.answer(None)

        link.publish(topic, delivery.body, retain=False, marks=marks, confirmed=confirmed)

    def _late(self, link: Link, request: Request) -> LaterError:
        if request.taken:
            why = f"MQTT {link.where}: the broker has it, but the receiver has not confirmed it in {CONFIRM_S:g} s"
            return LaterError(
                why, f"look at the receiver and at {self._config.ack_topic}", Text("upstream.receiver_silent")
            )
        return LaterError(
            f"MQTT {link.where}: no confirmation in {CONFIRM_S:g} s",
            "look at the broker",
            Text("upstream.broker_silent"),
        )


def _names(delivery: Delivery) -> set[str]:
    """Return its id, and `<id>-<rev>` from its body."""
    try:
        data = json.loads(delivery.body)["data"]
        return {delivery.id, f"{data['id']}-{data['rev']}"}
    except (ValueError, KeyError, TypeError):
        return {delivery.id}
