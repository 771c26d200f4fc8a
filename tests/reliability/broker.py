"""A broker of MQTT for a device in virtual time, at the level of mqtt.connection.Link: no socket, no paho.

What is real: the sink with its thread, what it publishes and when, its backoff and its goodbye.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

from matpi.core.text import Text
from matpi.upstream.config import MqttConfig
from matpi.upstream.mqtt.connection import Confirmed, Inbox, Link, Marks
from matpi.upstream.mqtt.homeassistant import SESSIONS
from matpi.upstream.sink import LaterError


class Broker:
    """Confirms each message with `code`; of records nothing while `silent`; takes no connection while `away`."""

    def __init__(self) -> None:
        self.away = self.silent = False
        self.code = 0
        self.records: list[tuple[str, dict[str, Any]]] = []
        """The id of each delivery that has arrived, and the record."""
        self.live = 0
        self._links: list[_Link] = []

    @contextmanager
    def behind(self, now: Callable[[], float]) -> Iterator[None]:
        """Be the broker of every sink of MQTT; `now` is its monotonic clock."""
        with (
            mock.patch("matpi.upstream.mqtt.sink.Link", partial(_Link, self)),
            mock.patch("matpi.upstream.mqtt.sink.time", SimpleNamespace(monotonic=now)),
        ):
            yield

    def hang_up(self) -> None:
        for link in list(self._links):
            link.end()


class _Link(Link):
    def __init__(self, broker: Broker, config: MqttConfig, inbox: Inbox, heard: Callable[[str, bytes, bool], None]):
        super().__init__(config, inbox, heard)
        self._broker = broker

    def open(self, now: float) -> None:
        if self._broker.away:
            raise LaterError(f"MQTT {self.where}: no broker listens there", "start it", Text("upstream.no_broker"))
        self.up, self.greet_by = True, now
        self._broker._links.append(self)

    def subscribe(self, topic: str, confirmed: Confirmed, *, new_only: bool = False) -> None:
        self._inbox(partial(confirmed, 0))

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool,
        confirmed: Confirmed | None = None,
        marks: Marks | None = None,
    ) -> None:
        broker, is_record = self._broker, topic == self.config.topic(SESSIONS)
        if is_record and not broker.code:
            broker.records.append(((marks or {})["id"], json.loads(payload)["data"]))
        broker.live += not is_record
        if confirmed is not None and not (is_record and broker.silent):
            self._inbox(partial(confirmed, broker.code if is_record else 0))

    def leave(self) -> None:
        self.end()

    def cut(self) -> None:
        if self in self._broker._links:
            self._broker._links.remove(self)

    def end(self) -> None:
        why = LaterError(f"MQTT {self.where}: the connection is lost", "wait", Text("upstream.broker_lost"))
        self._inbox(lambda: setattr(self, "lost", why))
