"""Publish the live view: the retained state, repeated, and events for present subscribers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Final

from msgspec.structs import replace

from matpi.upstream.config import MqttConfig
from matpi.upstream.mqtt import homeassistant
from matpi.upstream.mqtt.connection import Link
from matpi.upstream.mqtt.homeassistant import BEAT_EVERY_S
from matpi.upstream.mqtt.state import Diagnostics, Happening, LiveState

ELAPSED_EVERY_S: Final = 10.0  # for what only counts up: every change is a row in Home Assistant's database
DIAGNOSTICS_EVERY_S: Final = 60.0  # chosen
CHANGE_EVERY_S: Final = 1.0  # chosen: a load that flutters around a threshold does not flood the broker
REANNOUNCE_S: Final = (
    10.0  # each device waits a random part of it after Home Assistant's start, so that they spread out
)
EVENTS_MAX: Final = 16
EVENT_MAX_AGE_S: Final = 30.0  # chosen: Home Assistant dates an event when it arrives, so an older one is dropped


class Pace:
    """When the two messages, state and diagnostics, are due. Nothing is queued."""

    def __init__(self) -> None:
        self._sent: LiveState | None = None
        self._last: LiveState | None = None  # the object sent last: an equal one that is another was shown since
        self._sent_at = self._diagnostics_at = -inf

    def forget(self) -> None:
        """Make both messages due: the broker has neither."""
        self._sent = None

    def due(self, state: LiveState | None) -> float:
        """Return when a message of `state` is due, infinity when it was sent."""
        return inf if state is None else min(self._due(state))

    def take(self, state: LiveState, now: float) -> tuple[bool, bool]:
        """Return whether to send the state, and the diagnostics, now; then they count as sent."""
        main, more = (at <= now for at in self._due(state))
        sent = self._sent or state
        self._sent = replace(state if main else sent, diagnostics=state.diagnostics if more else sent.diagnostics)
        if main:
            self._sent_at, self._last = now, state
        if more:
            self._diagnostics_at = now
        return main, more

    def _due(self, state: LiveState) -> tuple[float, float]:
        sent = self._sent
        if sent is None:
            return -inf, -inf
        main = inf if state is self._last else self._sent_at + BEAT_EVERY_S
        if _steady(state) != _steady(sent):
            main = min(main, self._sent_at + CHANGE_EVERY_S)
        elif state.elapsed_s != sent.elapsed_s:
            main = min(main, self._sent_at + ELAPSED_EVERY_S)
        return main, inf if state.diagnostics == sent.diagnostics else self._diagnostics_at + DIAGNOSTICS_EVERY_S


def _steady(state: LiveState) -> LiveState:
    return replace(state, elapsed_s=0, diagnostics=Diagnostics())


class Publisher:
    """The live view. `show` and `report` from any thread, the rest from the connection's thread."""

    def __init__(
        self,
        config: MqttConfig,
        version: str,
        draw: Callable[[], float],
        note: Callable[[str], None],
        answered: Callable[[str, int], None],
        page: str,
    ) -> None:
        """`answered` gets topic and reason code of the broker's answer to what was published. `page` is an address."""
        self._config, self._version, self._page = config, version, page
        self._draw, self._note, self._answered = draw, note, answered
        self._state: LiveState | None = None
        self._happenings: deque[Happening] = deque(maxlen=EVENTS_MAX)
        self._pace, self._announce_at = Pace(), inf
        self._trusted = self._was_trusted = False
        # Where Home Assistant's start is reported; "" to ignore it.
        self.birth_topic = config.birth_topic if config.live and config.discovery_prefix else ""

    def show(self, state: LiveState) -> None:
        self._trusted = state.diagnostics.clock_trusted
        if self._config.live:
            self._state = state

    def report(self, what: Happening) -> None:
        if self._config.live:
            self._happenings.append(what)

    @property
    def due(self) -> float:
        return min(self._announce_at, self._pace.due(self._state))

    def clock_has_come(self) -> bool:
        """Return True once, when the wall clock becomes trusted: a certificate may have become valid."""
        before, self._was_trusted = self._was_trusted, self._trusted
        return self._was_trusted and not before

    def born(self, payload: bytes, now: float, *, retained: bool) -> None:
        """Announce soon if Home Assistant has started; a retained start is older than our announcement."""
        if payload == homeassistant.ONLINE and not retained and self._announce_at == inf:
            self._announce_at = now + self._draw() * REANNOUNCE_S

    def announce(self, link: Link, now: float) -> None:
        """Send the discovery message, the state and "online", in this order."""
        config = self._config
        self._announce_at = inf
        if self.birth_topic:
            self._send(link, config.discovery_topic, homeassistant.discovery_payload(config, self._version, self._page))
        self._pace.forget()
        self._show(link, now)
        if not config.availability_topic:
            return
        if not config.live and link.retains:
            # Empty what an earlier live view has left. The answers are not asked for: a device that may not write
            # there has left nothing.
            for name in (homeassistant.STATE, homeassistant.DIAGNOSTICS):
                link.publish(config.topic(name), b"", retain=True)
            if config.discovery_prefix:
                link.publish(config.discovery_topic, b"", retain=True)
        self._send(link, config.availability_topic, homeassistant.ONLINE)

    def serve(self, link: Link, now: float) -> None:
        """Send everything that is due."""
        if now >= self._announce_at:
            self.announce(link, now)
        self._show(link, now)
        while self._happenings:
            what = self._happenings.popleft()
            if now - what.t <= EVENT_MAX_AGE_S:
                payload = homeassistant.event_payload(what)
                self._send(link, self._config.topic(homeassistant.EVENT), payload, retain=False)

    def end(self) -> None:
        """Cancel a pending announcement: the connection is over."""
        self._announce_at = inf

    def _show(self, link: Link, now: float) -> None:
        if (state := self._state) is None:
            return
        main, more = self._pace.take(state, now)
        if main:
            self._send(link, self._config.topic(homeassistant.STATE), homeassistant.state_payload(state))
        if more:
            payload = homeassistant.diagnostics_payload(state)
            self._send(link, self._config.topic(homeassistant.DIAGNOSTICS), payload)

    def _send(self, link: Link, topic: str, payload: bytes, *, retain: bool = True) -> None:
        if link.room_for(topic, payload):
            link.publish(topic, payload, retain=retain, confirmed=partial(self._answered, topic))
        else:
            size = f"the broker takes packets of {link.most_bytes} bytes, too small for {topic}"
            self._note(f"MQTT {link.where}: {size}; raise its max_packet_size.")
