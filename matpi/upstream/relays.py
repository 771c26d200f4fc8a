"""Run a relay thread for each sink and its live view, and show their troubles on the panel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from matpi import __version__
from matpi.core.effects import DateBoot, Drop, Effect, Save
from matpi.core.events import Noted, UpstreamTrouble
from matpi.core.text import Text
from matpi.ports import Clock, Put
from matpi.upstream.config import Table, UpstreamConfig, WebhookConfig
from matpi.upstream.queue import Outbox
from matpi.upstream.relay import SHOW_AFTER_S, Relay, RelayThread, Trouble
from matpi.upstream.sink import Sink, UpstreamError

if TYPE_CHECKING:
    from matpi.core.device import Device

QUEUED = (Save, Drop, DateBoot)  # effects that may put something into the outbox
CHECK_EVERY_S = 1.0
# A connection that held for so long is good again, for two devices of one name disconnect each other again and again.
# Chosen: the longest wait between two tries of a broker.
STEADY_S = 60.0
STOP_S = 4.0  # for all of them: a broker gets a goodbye, a hanging receiver is not waited for; systemd gives 15 s


@runtime_checkable
class LiveSink(Sink, Protocol):
    """A sink with a lasting connection, on which it shows the device's state. Never blocks."""

    @property
    def trouble(self) -> UpstreamError | None:
        """Return what is wrong with the connection, though nothing may be due."""

    def watch(self, effect: Effect) -> None:
        """Take an effect that was performed."""

    def turned(self, device: Device, now: float, edges: Callable[[], tuple[float | None, int]]) -> None:
        """Handle a turn of the loop. `edges` gives the slowest chip's rate in Hz and the records due."""


def sink_of(table: Table, put: Put, page: str = "") -> Sink:
    """Return the sink of a table; `put` takes commands from outside, `page` is the address of the device's page.

    What a kind needs is loaded here.
    """
    if isinstance(table, WebhookConfig):
        from matpi.upstream.webhook import Webhook

        return Webhook(table)
    from matpi.upstream.mqtt.sink import MqttSink

    return MqttSink(table, __version__, put, page=page)


class Relays:
    """All relays. `watch` and `turned`, in the loop's thread, never wait; `stop` before the log closes."""

    def __init__(
        self,
        config: UpstreamConfig,
        store_path: Path,
        clock: Clock,
        put: Put,
        *,
        rate_hz: Callable[[], float | None] = lambda: None,
        page: str = "",
    ) -> None:
        """`page` is the address of the device's page, "" without one."""
        self._config, self._path, self._clock, self._put, self._rate_hz = config, store_path, clock, put, rate_hz
        self._page = page
        self._lock = threading.Lock()  # guards the troubles, which every relay's thread reports
        self._troubles: dict[str, Trouble] = {}
        self._threads: list[RelayThread] = []
        self._connected: dict[str, LiveSink] = {}
        self._broken: dict[str, tuple[float, float]] = {}  # when a connection was first and last seen so
        self._check_at = float("-inf")

    def start(self) -> None:
        for table in self._config.sinks:
            self._add(table)
        for thread in self._threads:
            thread.start()

    def _add(self, table: Table) -> None:
        name = table.name
        try:
            sink = sink_of(table, self._put, self._page)
        except (ImportError, OSError) as error:
            text = f"cannot be sent to ({error}); reinstall matpi with `make upgrade`, everything is kept."
            self._report(name, Trouble(text, Text("upstream.no_library")))
            return
        relay = Relay(name, sink, Outbox(self._path, name), self._clock, lambda trouble: self._report(name, trouble))
        self._threads.append(RelayThread(relay))
        if isinstance(sink, LiveSink):
            self._connected[name] = sink

    def stop(self) -> None:
        for thread in self._threads:
            thread.ask_to_stop()
        until = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    # -- in the loop's thread --------------------------------------------------------------------------------------

    def watch(self, effect: Effect) -> None:
        """Take an effect that was performed."""
        if isinstance(effect, QUEUED):
            self.wake()
        for sink in self._connected.values():
            sink.watch(effect)

    def wake(self) -> None:
        """Look for what is due now: something was committed. From any thread."""
        for thread in self._threads:
            thread.wake()

    def turned(self, device: Device, now: float) -> None:
        """Show the device after an event; `now` in monotonic seconds."""
        for sink in self._connected.values():
            sink.turned(device, now, self._edges)
        self.check(now)

    def check(self, now: float) -> None:
        """Show a connection on the panel that is broken for long, though nothing is due. `now` is monotonic."""
        if now < self._check_at:
            return
        self._check_at = now + CHECK_EVERY_S
        for name, sink in self._connected.items():
            trouble, key = sink.trouble, f"connection of {name}"
            since, last = self._broken.get(name, (now, now))
            if trouble is not None:
                self._broken[name] = since, now
                if now - since >= SHOW_AFTER_S:
                    self._show(key, Trouble(str(trouble), trouble.short))
            elif now - last >= STEADY_S:
                self._broken.pop(name, None)
                self._show(key, None)

    def troubles(self) -> dict[str, str]:
        """Return what is wrong with the connection of each sink now, in a sentence. The sink has noted it."""
        found = {name: sink.trouble for name, sink in self._connected.items()}
        return {name: str(trouble) for name, trouble in found.items() if trouble is not None}

    def _edges(self) -> tuple[float | None, int]:
        return self._rate_hz(), sum(thread.relay.depth for thread in self._threads)

    # -- in any thread ---------------------------------------------------------------------------------------------

    def _report(self, name: str, trouble: Trouble | None) -> None:
        """Note what a relay reports, and show it."""
        kind = "upstream_back" if trouble is None else "upstream_lost"
        text = "what is recorded arrives again" if trouble is None else trouble.text
        self._put(Noted(self._clock.monotonic(), kind, f"{name}: {text}"))
        self._show(name, trouble)

    def _show(self, key: str, trouble: Trouble | None) -> None:
        """Show the oldest trouble on the panel, if that of `key` is new."""
        with self._lock:
            before = self._troubles.get(key)
            if trouble is None:
                self._troubles.pop(key, None)
            else:
                self._troubles[key] = trouble  # where it was in the order
            short = next((one.short for one in self._troubles.values()), "")
        if (before and before.short) != (trouble and trouble.short):
            self._put(UpstreamTrouble(self._clock.monotonic(), short))
