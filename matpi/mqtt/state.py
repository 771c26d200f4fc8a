"""The live view at a broker: what is retained there, when it is sent again, and events for whoever listens."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Final

from matpi.mqtt import homeassistant
from matpi.mqtt.config import MqttConfig
from matpi.mqtt.connection import Link
from matpi.upstream.live import EVENT_KEPT_S, Happening, LiveState, Pace

Answered = Callable[[Link, str, int], None]
"""Hears topic and reason code of the broker's answer to what was published."""

REANNOUNCE_S: Final = 10.0
"""After Home Assistant has started every device waits for a moment of these, so that not all speak at once."""
EVENTS_KEPT: Final = 16


class View:
    """`show` and `tell` from any thread, never blocking; everything else from the thread of the connection."""

    def __init__(
        self,
        config: MqttConfig,
        version: str,
        draw: Callable[[], float],
        note: Callable[[str], None],
        answered: Answered,
    ) -> None:
        self._config, self._version, self._draw, self._note = config, version, draw, note
        self._answered = answered
        self._state: LiveState | None = None
        self._happenings: deque[Happening] = deque(maxlen=EVENTS_KEPT)
        self._lock = threading.Lock()  # over the two above; held for no longer than it takes to change them
        self._pace = Pace()
        self._announce_at = inf
        self._clock_trusted = False

    def show(self, state: LiveState) -> None:
        with self._lock:
            self._state = state

    def tell(self, what: Happening) -> None:
        with self._lock:
            self._happenings.append(what)

    def due(self, now: float) -> float:
        return min(self._announce_at, self._pace.due(self._state, now) if self._config.live else inf)

    def clock_has_come(self) -> bool:
        """Once, when the wall clock has become trusted: a certificate that was not valid yet may be valid now."""
        state = self._state
        trusted = state is not None and state.diagnostics.clock_trusted
        news, self._clock_trusted = trusted and not self._clock_trusted, trusted
        return news

    @property
    def birth_topic(self) -> str:
        """Where to listen for Home Assistant's start; "" for not at all."""
        return self._config.birth_topic if self._config.live and self._config.discovery_prefix else ""

    def born(self, payload: bytes, now: float, *, retained: bool) -> None:
        """Home Assistant said how it is. What is retained is older than this connection, which has told everything."""
        if payload == homeassistant.ONLINE and not retained and self._announce_at == inf:
            self._announce_at = now + self._draw() * REANNOUNCE_S

    def announce(self, link: Link, now: float) -> None:
        """What we are, how we are, and that we are there, in this order."""
        config = self._config
        self._announce_at = inf
        if self.birth_topic:
            discovery = homeassistant.discovery_payload(config, self._version)
            self._send(link, config.discovery_topic, discovery, retain=True)
        self._pace.forget()
        self._show(link, now)
        if config.availability_topic:
            if not config.live:
                self._clear(link)
            self._send(link, config.availability_topic, homeassistant.ONLINE, retain=True)

    def serve(self, link: Link, now: float) -> None:
        """Everything that is to be sent by now."""
        if now >= self._announce_at:
            self.announce(link, now)
        self._show(link, now)
        while self._happenings:
            with self._lock:
                what = self._happenings.popleft()
            if self._config.live and now - what.t <= EVENT_KEPT_S:
                told = homeassistant.event_payload(what)
                self._send(link, self._config.topic(homeassistant.EVENT), told, retain=False)

    def end(self) -> None:
        """The connection is over."""
        self._announce_at = inf

    def _show(self, link: Link, now: float) -> None:
        state, config = self._state, self._config
        if state is None or not config.live or self._pace.due(state, now) > now:
            return
        main, more = self._pace.take(state, now)
        if main:
            self._send(link, config.topic(homeassistant.STATE), homeassistant.state_payload(state), retain=True)
        if more:
            told = homeassistant.diagnostics_payload(state)
            self._send(link, config.topic(homeassistant.DIAGNOSTICS), told, retain=True)

    def _clear(self, link: Link) -> None:
        """What was retained while there was a live view. Who may not write there never has: that is not told."""
        config = self._config
        told = [config.topic(homeassistant.STATE), config.topic(homeassistant.DIAGNOSTICS)]
        for topic in [config.discovery_topic, *told] if config.discovery_prefix else told:
            if link.retains:
                link.publish(topic, b"", retain=True)

    def _send(self, link: Link, topic: str, payload: bytes, *, retain: bool) -> None:
        if link.room_for(topic, payload):
            link.publish(topic, payload, retain=retain, confirmed=partial(self._answered, link, topic))
        else:
            size = f"the broker takes packets of {link.most_bytes} bytes, too small for {topic}"
            self._note(f"MQTT {link.where}: {size}; raise its max_packet_size.")
