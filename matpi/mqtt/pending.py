"""Deliveries under way at a broker: handed over by the relay's thread, sent and answered by the connection's."""

from __future__ import annotations

import json
import threading
from collections import deque
from contextlib import suppress
from typing import Final

from matpi.mqtt.codes import delivered, error_of
from matpi.mqtt.config import MqttConfig
from matpi.mqtt.connection import Link
from matpi.mqtt.homeassistant import SESSIONS
from matpi.upstream.sink import Delivery, LaterError, RefusedError, UpstreamError

CONFIRM_S: Final = 20.0
"""For the broker, and the receiver behind it, to confirm a delivery; then the connection is no good. Chosen."""


class Request:
    """A delivery and where its answer goes. The first answer counts."""

    def __init__(self, delivery: Delivery, deadline: float) -> None:
        self.delivery, self.deadline = delivery, deadline
        self.sent = False
        self.taken = False
        """The broker has it; the receiver has not said so yet."""
        self.done = threading.Event()
        self.error: UpstreamError | None = None

    def answer(self, error: UpstreamError | None) -> None:
        if not self.done.is_set():
            self.error = error
            self.done.set()


class Pending:
    """`add` from any thread; everything else from the thread of the connection."""

    def __init__(self, config: MqttConfig) -> None:
        self._config = config
        self._requests: deque[Request] = deque()
        self._lock = threading.Lock()  # over the deque

    def add(self, delivery: Delivery, now: float) -> Request:
        request = Request(delivery, now + CONFIRM_S)
        with self._lock:
            self._requests.append(request)
        return request

    @property
    def due(self) -> float:
        """When the next deadline is; infinity for none."""
        with self._lock:
            return min((request.deadline for request in self._requests), default=float("inf"))

    def __bool__(self) -> bool:
        return bool(self._requests)

    def serve(self, link: Link, now: float) -> None:
        """Send what is new, forget what is answered. What was not confirmed in time ends the connection, too: its
        client would send the message again by itself.
        """
        for request in self._all():
            if not request.done.is_set() and now >= request.deadline:
                late = self._unconfirmed(link, request)
                request.answer(late)
                link.lost = link.lost or late
            elif not request.done.is_set() and not request.sent:
                self._send(link, request)
            if request.done.is_set():
                self._forget(request)

    def acknowledged(self, payload: bytes) -> None:
        """The receiver says what it has stored: {"id": "..."}. What is none of that is left alone.

        The id is that of the delivery, or id and revision of the body: Home Assistant sees no user properties, and an
        id that an import has brought in is not fit for one.
        """
        try:
            said = json.loads(payload)
        except (ValueError, RecursionError):
            return
        told = said.get("id") if isinstance(said, dict) else None
        for request in self._all():
            if request.sent and isinstance(told, str) and told in {request.delivery.id, _named(request.delivery)}:
                request.answer(None)

    def fail(self, error: LaterError, code: int = 0, where: str = "") -> None:
        """The connection is over; `code` is what the broker gave as the reason, 0 for none.

        A broker may answer a message that it will never take by hanging up (MQTT 5.0, 4.13): then it is refused.
        """
        refused = error_of(code, where) if code else error
        for request in self._all():
            request.answer(refused if request.sent and isinstance(refused, RefusedError) else error)
            self._forget(request)

    def _send(self, link: Link, request: Request) -> None:
        delivery, topic = request.delivery, self._config.topic(SESSIONS)
        marks = {"id": delivery.id, "kind": delivery.kind, "seq": str(delivery.seq)}
        request.sent = True
        if not link.room_for(topic, delivery.body, marks):
            request.answer(error_of(0x95, link.where))
            return
        link.publish(
            topic, delivery.body, retain=False, marks=marks, confirmed=lambda code: self._confirmed(link, request, code)
        )

    def _confirmed(self, link: Link, request: Request, code: int) -> None:
        if not delivered(code):
            request.answer(error_of(code, link.where))
        elif self._config.ack_topic:
            request.taken = True
        else:
            request.answer(None)

    def _unconfirmed(self, link: Link, request: Request) -> LaterError:
        if request.taken:
            told = f"MQTT {link.where}: the broker has it, but the receiver has not confirmed it in {CONFIRM_S:g} s"
            return LaterError(told, f"look at the receiver and at {self._config.ack_topic}", "receiver is silent")
        told = f"MQTT {link.where}: no confirmation in {CONFIRM_S:g} s"
        return LaterError(told, "look at the broker", "broker is silent")

    def _all(self) -> list[Request]:
        with self._lock:
            return list(self._requests)

    def _forget(self, request: Request) -> None:
        with self._lock, suppress(ValueError):
            self._requests.remove(request)


def _named(delivery: Delivery) -> str:
    """`<id>-<rev>` as its body has them; the delivery's own id where it has none."""
    try:
        data = json.loads(delivery.body)["data"]
        return f"{data['id']}-{data['rev']}"
    except (ValueError, KeyError, TypeError):
        return delivery.id
