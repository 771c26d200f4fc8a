"""Send records to an MQTT broker, and the live view beside them: one connection, MQTT 5, QoS 1.

`deliver` is called by the relay and waits for the broker's PUBACK (and for the receiver's own confirmation, where
`ack_topic` asks for it), for at most DELIVER_S. `turned` and `watch` are called by the device's loop and never wait. A
thread of the sink's own does the rest from its inbox; paho's thread serves the socket.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from matpi.core.effects import Effect
from matpi.core.events import Noted
from matpi.core.text import Text
from matpi.ports import Put
from matpi.upstream.config import MqttConfig
from matpi.upstream.mqtt import homeassistant
from matpi.upstream.mqtt.codes import later_of
from matpi.upstream.mqtt.commands import PER_S, CommandError, Throttle, event_of
from matpi.upstream.mqtt.connection import Link
from matpi.upstream.mqtt.pending import Pending, Request
from matpi.upstream.mqtt.publisher import Publisher
from matpi.upstream.mqtt.state import Edges, Happening, LiveState, Observer, happening
from matpi.upstream.sink import Backoff, Delivery, LaterError, own_error

if TYPE_CHECKING:
    from matpi.core.device import Device

DELIVER_S: Final = 29.0  # the contract of a sink is 30 s
# Between connections, while nothing is due. Chosen: subscribers see a mat again within a minute.
BACKOFF: Final = Backoff(base_s=1.0, cap_s=60.0, least_s=0.2)
STEADY_S: Final = 10.0  # chosen: a connection that lived so long was a good one
GOODBYE_S: Final = 2.0
CLOSE_S: Final = 3.0  # for the goodbye, and for what was under way before it
WAIT_S: Final = 60.0  # at most, when nothing is due
NOTES_MAX: Final = 50  # chosen: bad commands are noted one by one; a storm of ever new ones is not


class MqttSink:
    """A broker, connected at once and reconnected until `close`. `put` gets commands and notes."""

    def __init__(
        self,
        config: MqttConfig,
        version: str,
        put: Put = lambda _: None,
        *,
        page: str = "",
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Start the thread; `draw` gives 0 to 1, `page` is the address of the device's page, "" without one."""
        self.config, self.needs_clock = config, config.needs_clock
        self._put, self._draw = put, draw
        self._observer = Observer()
        self._publisher = Publisher(config, version, draw, self._note_once, self._answered, page)
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._closing = False
        self._trouble: LaterError | None = None
        self._lack: LaterError | None = None

        # Only the thread's from here on.
        self._pending, self._throttle = Pending(config), Throttle()
        self._link: Link | None = None
        self._greeted = False
        self._retry_at, self._failures, self._up_since = 0.0, 0, inf
        self._noted: set[str] = set()
        self._denied: dict[str, LaterError] = {}
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    # -- from any thread -------------------------------------------------------------------------------------------

    @property
    def trouble(self) -> LaterError | None:
        """Return why there is no connection, else what the broker denies; None before the first result."""
        return self._trouble or self._lack

    def turned(self, device: Device, now: float, edges: Edges) -> None:
        """Show `device` after an event, when it changed or a second has passed."""
        if (state := self._observer.turned(device, now, edges)) is not None:
            self.show(state)

    def watch(self, effect: Effect) -> None:
        """Report a session's start and end."""
        if (what := happening(effect)) is not None:
            self.report(what)

    def show(self, state: LiveState) -> None:
        """Publish the latest state soon; never blocks."""
        self._publisher.show(state)
        self._wake()

    def report(self, what: Happening) -> None:
        """Publish an event to present subscribers; never blocks."""
        self._publisher.report(what)
        self._wake()

    def deliver(self, delivery: Delivery, utc: float | None) -> None:  # noqa: ARG002  nothing is signed, so no date
        request = Request(delivery)
        self._inbox.put(partial(self._pending.begin, request))
        if self._closing:
            request.answer(_stopping())
        if not request.done.wait(DELIVER_S):
            why = f"MQTT {self.config.where}: no connection in {DELIVER_S:g} s"
            request.answer(LaterError(why, "look at the network and its name server", Text("upstream.broker_silent")))
        if request.error is not None:
            raise request.error

    def close(self) -> None:
        """Report that this device is offline and end, within CLOSE_S."""
        self._closing = True
        self._wake()
        self._thread.join(CLOSE_S)

    def _wake(self) -> None:
        if self._inbox.empty():  # else it wakes anyhow, and while it hangs nothing piles up
            self._inbox.put(lambda: None)

    # -- the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            try:
                self._turn(time.monotonic())
            except Exception as error:  # noqa: BLE001  a dead thread would deliver nothing any more
                self._end(own_error(error))
        self._goodbye()
        self._wait(0.0)
        self._pending.fail(_stopping())

    def _wait(self, wait_s: float) -> None:
        """Wait for the inbox for up to `wait_s`, and make its calls."""
        with suppress(Empty):
            self._inbox.get(timeout=min(WAIT_S, max(0.0, wait_s)))()
            for _ in range(self._inbox.qsize()):  # not for ever, in a flood
                self._inbox.get_nowait()()

    def _turn(self, now: float) -> None:
        self._let_through(now)
        link, due = self._link, self._throttle.due(now)
        if link is None:
            if now >= self._retry_at or self._pending.request is not None or self._publisher.clock_has_come():
                self._connect(now)
                return
            due = min(due, self._retry_at)
        elif link.lost is None:
            due = min(due, self._serve(link, now))
        if link is not None and link.lost is not None:
            self._end(link.lost)
        else:
            self._wait(due - now)

    def _serve(self, link: Link, now: float) -> float:
        """Send what is due. Return when something is due next."""
        if not link.up:
            link.check_greeting(now)
            return link.greet_by
        if not self._greeted:
            self._greet(link, now)
        self._publisher.serve(link, now)
        self._pending.serve(link, now)
        return min(self._publisher.due, self._pending.due)

    def _connect(self, now: float) -> None:
        link = Link(self.config, self._inbox.put, self._heard)
        try:
            link.open(now)
        except LaterError as error:
            self._end(error)
        else:
            self._link, self._greeted = link, False

    def _greet(self, link: Link, now: float) -> None:
        """Subscribe and announce: the broker has accepted the connection."""
        self._greeted, self._up_since = True, now
        if self._trouble is not None:
            self._put(Noted(now, "mqtt_back", f"MQTT {link.where}: connected again"))
            self._trouble = None
        commands = self.config.topic(f"{homeassistant.COMMAND}/+") if self.config.commands else ""
        for topic in filter(None, (commands, self.config.ack_topic, self._publisher.birth_topic)):
            link.subscribe(topic, partial(self._answered, topic), new_only=topic == commands)
        self._publisher.announce(link, now)

    def _heard(self, topic: str, payload: bytes, retained: bool) -> None:
        now, commands = time.monotonic(), self.config.topic(f"{homeassistant.COMMAND}/")
        if topic == self.config.ack_topic:
            self._pending.acknowledged(payload)
        elif topic == self._publisher.birth_topic:
            self._publisher.born(payload, now, retained=retained)
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

    def _answered(self, topic: str, code: int) -> None:
        """Handle the answer to a subscription or to the live view; a record's goes to its `Request`."""
        if code >= 0x80:
            error = later_of(code, self.config.where)
            self._denied[topic] = LaterError(f"{error.why} for {topic}", error.do, error.short)
            self._note_once(str(self._denied[topic]))
        else:
            self._denied.pop(topic, None)
        self._lack = next(iter(self._denied.values()), None)

    def _note_once(self, text: str) -> None:
        if text not in self._noted and len(self._noted) < NOTES_MAX:
            self._noted.add(text)
            self._put(Noted(time.monotonic(), "mqtt", text))

    def _end(self, error: LaterError) -> None:
        """End a connection that was lost or failed, and schedule the next."""
        link, self._link = self._link, None
        now, code, where = time.monotonic(), 0, ""
        if link is not None:
            link.cut()
            code, where = link.lost_code, link.where
        self._pending.fail(error, code, where)
        self._publisher.end()
        if self._trouble is None:
            self._put(Noted(now, "mqtt_lost", str(error)))
        if now - self._up_since >= STEADY_S:
            self._failures = 0
        self._trouble, self._greeted, self._up_since = error, False, inf
        self._failures += 1
        self._retry_at = now + BACKOFF.wait_s(self._failures, self._draw, error.retry_after_s)

    def _goodbye(self) -> None:
        """Publish "offline" and disconnect, within GOODBYE_S."""
        link, until = self._link, time.monotonic() + GOODBYE_S
        if link is None:
            return
        gone: list[int] = []

        def wait_for(*signs: Callable[[], object]) -> None:
            while not any(sign() for sign in signs) and (now := time.monotonic()) < until:
                self._wait(until - now)

        if link.up:
            if topic := self.config.availability_topic:
                link.publish(topic, homeassistant.OFFLINE, retain=True, confirmed=gone.append)
                wait_for(lambda: gone, lambda: link.lost)
            link.leave()
            wait_for(lambda: link.lost)
        link.cut()


def _stopping() -> LaterError:
    return LaterError("matpi is stopping", "nothing, it is sent after the start", Text("upstream.stopping"))
