"""An MQTT broker as a sink, and the live view beside it: one thread, one connection, MQTT 5, QoS 1.

`deliver` is called by the relay and waits for the broker's PUBACK (and for the receiver's own word, where `ack_topic`
asks for it). `show` and `tell` are called by the loop: they leave a note for the thread and return. The thread alone
touches the network; whatever hangs there, nobody waits for it longer than DELIVER_S, and the loop not at all.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf
from typing import Final

from matpi.core.events import Noted
from matpi.mqtt import homeassistant
from matpi.mqtt.codes import later_of
from matpi.mqtt.commands import CommandError, event_of
from matpi.mqtt.config import MqttConfig
from matpi.mqtt.connection import Link
from matpi.mqtt.pending import Pending
from matpi.mqtt.state import View
from matpi.mqtt.throttle import PER_S, Throttle
from matpi.ports import Put
from matpi.upstream.backoff import Backoff
from matpi.upstream.live import Happening, LiveState
from matpi.upstream.sink import Delivery, LaterError

DELIVER_S: Final = 29.0
"""The longest `deliver` takes, whatever hangs; the contract of a sink is 30 s."""
BACKOFF: Final = Backoff(base_s=1.0, cap_s=60.0, least_s=0.2)
"""Between connections, while nothing waits to be delivered. Chosen: the house sees a mat again within a minute."""
STEADY_S: Final = 10.0  # chosen: a connection that lived so long was a good one
GOODBYE_S: Final = 2.0
TURN_S: Final = 1.0  # the keepalive and the deadlines are looked at this often
TOLD_MAX: Final = 50  # chosen: bad commands are told one by one; a storm of ever new ones is not


class MqttSink:
    """Connects at once, and again for as long as it lives. `put` hears what somebody in the house wishes, and notes."""

    def __init__(
        self,
        config: MqttConfig,
        version: str,
        put: Put = lambda _: None,
        *,
        now: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """`now` is the clock that events are dated by; `draw` gives 0 to 1."""
        self.config, self.needs_clock = config, config.tls
        self._put, self._now, self._draw = put, now, draw
        self._pending, self._view = Pending(config), View(config, version, draw, self._note_once, self._answered)
        self._closing = False
        self._woken_r, self._woken_w = socket.socketpair()
        self._woken_r.setblocking(False)
        self._woken_w.setblocking(False)
        self._trouble: LaterError | None = None
        self._lack: LaterError | None = None

        # Only the thread's from here on.
        self._link: Link | None = None
        self._greeted = False
        self._retry_at, self._failures, self._up_since = 0.0, 0, inf
        self._told: set[str] = set()
        self._denied: dict[str, LaterError] = {}
        self._throttle = Throttle()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    # -- from any thread -------------------------------------------------------------------------------------------

    @property
    def trouble(self) -> LaterError | None:
        """Why there is no connection, else what the broker does not allow on it; None when all is well, or while the
        first connection is being made.
        """
        return self._trouble or self._lack

    def show(self, state: LiveState) -> None:
        """How it stands now. The latest wins; never blocks."""
        self._view.show(state)
        self._wake()

    def tell(self, what: Happening) -> None:
        """Something happened: told to whoever listens now, or not at all. Never blocks."""
        self._view.tell(what)
        self._wake()

    def deliver(self, delivery: Delivery, utc: float | None) -> None:  # noqa: ARG002  nothing is signed, so no date
        request = self._pending.add(delivery, self._now())
        if self._closing:
            request.answer(_stopping())
        self._wake()
        if not request.done.wait(DELIVER_S):
            told = f"MQTT {self.config.host}:{self.config.port_used}: no connection in {DELIVER_S:g} s"
            request.answer(LaterError(told, "look at the network and its name server", "broker is silent"))
        if request.error is not None:
            raise request.error

    def close(self) -> None:
        """Tell that this device is offline, and let go; bounded, whatever the network does."""
        self._closing = True
        self._wake()
        self._thread.join(GOODBYE_S + TURN_S)

    def _wake(self) -> None:
        with suppress(OSError):  # full: it wakes anyhow; closed: there is nobody to wake
            self._woken_w.send(b"\0")

    # -- the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            try:
                self._turn(self._now())
            except Exception as error:  # noqa: BLE001  a thread that dies in silence would keep everything for ever
                text = f"matpi itself made a mistake ({type(error).__name__}: {error})"
                self._end(LaterError(text, "report this; everything is kept", "error in matpi"))
        self._goodbye()
        self._pending.fail(_stopping())
        self._woken_r.close()
        self._woken_w.close()

    def _turn(self, now: float) -> None:
        self._let_through(now)
        link = self._link
        if link is None:
            if now < self._retry_at and not self._pending and not self._view.clock_has_come():
                self._sleep(min(TURN_S, self._retry_at - now, self._throttle.due(now) - now))
            else:
                self._connect(now)
            return
        if link.up and not self._greeted:
            self._greet(link, now)
        if self._greeted:
            self._view.serve(link, now)
            self._pending.serve(link, now)
            if now - self._up_since >= STEADY_S:
                self._failures = 0
        if link.lost is None:
            due = min(now + TURN_S, self._pending.due, self._throttle.due(now))
            due = min(due, self._view.due(now) if self._greeted else inf)
            link.turn(now, due - now, self._woken_r.fileno())
            self._drain()
        if link.lost is not None:
            self._end(link.lost)

    def _connect(self, now: float) -> None:
        link = Link(self.config, self._heard)
        try:
            link.open(now)
        except LaterError as error:
            self._end(error)
        else:
            self._link, self._greeted = link, False

    def _greet(self, link: Link, now: float) -> None:
        """The broker has said yes."""
        self._greeted, self._up_since = True, now
        if self._trouble is not None:
            self._put(Noted(now, "mqtt_back", f"MQTT {link.where}: connected again"))
            self._trouble = None
        commands = self.config.topic(f"{homeassistant.COMMAND}/+") if self.config.commands else ""
        for topic in filter(None, (commands, self.config.ack_topic, self._view.birth_topic)):
            link.subscribe(topic, partial(self._answered, link, topic), new_only=topic == commands)
        self._view.announce(link, now)

    def _heard(self, topic: str, payload: bytes, retained: bool) -> None:
        now, commands = self._now(), self.config.topic(f"{homeassistant.COMMAND}/")
        if topic == self.config.ack_topic:
            self._pending.acknowledged(payload)
        elif topic == self._view.birth_topic:
            self._view.born(payload, now, retained=retained)
        elif topic.startswith(commands):
            name = topic.removeprefix(commands)
            try:
                replaced = self._throttle.add(name, event_of(name, payload, now, retained=retained))
            except CommandError as error:
                self._note_once(str(error))
                return
            if replaced:
                self._note_once(f"MQTT: more commands come than {PER_S:g} a second; the latest of each is done.")
            self._let_through(now)

    def _let_through(self, now: float) -> None:
        for event in self._throttle.take(now):
            self._put(event)

    def _answered(self, link: Link, topic: str, code: int) -> None:
        """To a subscription, or to what is shown: a record's answer goes to whoever delivers it."""
        if code >= 0x80:
            error = later_of(code, link.where)
            self._denied[topic] = LaterError(f"{error.why} for {topic}", error.do, error.short)
            self._note_once(str(self._denied[topic]))
        else:
            self._denied.pop(topic, None)
        self._lack = next(iter(self._denied.values()), None)

    def _note_once(self, text: str) -> None:
        if text not in self._told and len(self._told) < TOLD_MAX:
            self._told.add(text)
            self._put(Noted(self._now(), "mqtt", text))

    def _end(self, error: LaterError) -> None:
        """The connection is over, or did not come about: try again after a while."""
        link, self._link = self._link, None
        now, code, where = self._now(), 0, ""
        if link is not None:
            link.drop()
            code, where = link.lost_code, link.where
        self._pending.fail(error, code, where)
        self._view.end()
        if self._trouble is None:
            self._put(Noted(now, "mqtt_lost", str(error)))
        self._trouble, self._greeted, self._up_since = error, False, inf
        self._failures += 1
        self._retry_at = now + BACKOFF.wait_s(self._failures, self._draw, error.retry_after_s)

    def _goodbye(self) -> None:
        """Offline, told by ourselves: a last will is for those who cannot."""
        link = self._link
        if link is None:
            return
        told = self.config.availability_topic
        if link.up and told:
            gone: list[int] = []
            link.publish(told, homeassistant.OFFLINE, retain=True, confirmed=gone.append)
            until = self._now() + GOODBYE_S
            while not gone and link.lost is None and (now := self._now()) < until:
                link.turn(now, min(0.1, until - now), self._woken_r.fileno())
                self._drain()
        link.close()

    # -- waiting ---------------------------------------------------------------------------------------------------

    def _sleep(self, wait_s: float) -> None:
        self._woken_r.settimeout(max(0.001, wait_s))
        with suppress(TimeoutError):
            self._woken_r.recv(4096)
        self._woken_r.setblocking(False)

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            self._woken_r.recv(4096)


def _stopping() -> LaterError:
    return LaterError("matpi is stopping", "nothing, it is sent after the start", "stopping")
