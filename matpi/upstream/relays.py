"""Everything that is sent on, for one device: a relay thread a sink, the live view for those that have one, and what
is the matter as one line for the panel. Made only when a sink is configured.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from matpi.core.effects import DateBoot, Drop, Effect, Save
from matpi.core.events import Noted, UpstreamTrouble
from matpi.ports import Clock, Put
from matpi.upstream.config import Table, UpstreamConfig
from matpi.upstream.kinds import kind_of
from matpi.upstream.live import Diagnostics, Telling
from matpi.upstream.queue import Outbox
from matpi.upstream.relay import TELL_AFTER_S, Relay, RelayThread, Trouble
from matpi.upstream.sink import Sink, UpstreamError

if TYPE_CHECKING:
    from matpi.core.device import Device

QUEUED = (Save, Drop, DateBoot)
"""After these there may be something new in the outbox."""
LOOK_EVERY_S = 1.0
STEADY_S = 60.0
"""A connection that held for so long is mended: two devices of one name push each other from the broker for ever. As
long as the longest wait between two tries of a broker; chosen.
"""
STOP_S = 4.0
"""For all of them together: a broker is told goodbye, a hanging receiver is not waited for. The unit has 15 s."""


class Relays:
    """`start`, then `watch` and `turned` in the loop's thread, which wait for nothing; `stop` before the log closes."""

    def __init__(
        self,
        config: UpstreamConfig,
        store_path: Path,
        clock: Clock,
        put: Put,
        *,
        rate_hz: Callable[[], float | None] = lambda: None,
        now: Callable[[], float] | None = None,
    ) -> None:
        """`now` dates the events that are put; the clock's own monotonic time unless told."""
        self._config, self._path, self._clock, self._put = config, store_path, clock, put
        self._rate_hz, self._now = rate_hz, now or clock.monotonic
        self._lock = threading.Lock()  # guards the troubles, which every relay's thread tells
        self._troubles: dict[str, Trouble] = {}
        self._relays: list[Relay] = []
        self._threads: list[RelayThread] = []
        self._views: list[Telling] = []
        self._connected: dict[str, Sink] = {}
        """Those that keep a connection, and can tell of it while nothing is due."""
        self._broken: dict[str, tuple[float, float]] = {}
        """When it was first and last seen so."""
        self._look_at = float("-inf")

    def start(self) -> None:
        for table in self._config.sinks:
            self._add(table)
        for thread in self._threads:
            thread.start()

    def _add(self, table: Table) -> None:
        try:
            sink = kind_of(table).make(table, self._put)
        except (ImportError, OSError) as error:
            text = f"cannot be sent to ({error}); install matpi anew with `make upgrade`, everything is kept."
            self._tell(table.name, Trouble(table.name, text, "a library is missing"))
            return
        deliveries = Outbox(self._path, table.name)
        relay = Relay(table.name, sink, deliveries, self._clock, lambda trouble: self._tell(table.name, trouble))
        self._relays.append(relay)
        self._threads.append(RelayThread(relay, sink, deliveries))
        if hasattr(sink, "trouble"):
            self._connected[table.name] = sink
        if (show := getattr(sink, "show", None)) is not None and (tell := getattr(sink, "tell", None)) is not None:
            self._views.append(Telling(show, tell, self._diagnostics))

    def stop(self) -> None:
        for thread in self._threads:
            thread.ask_to_stop()
        until = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    # -- in the loop's thread --------------------------------------------------------------------------------------

    def watch(self, effect: Effect) -> None:
        """An effect was performed."""
        if isinstance(effect, QUEUED):
            self.wake()
        for view in self._views:
            view.watch(effect)

    def wake(self) -> None:
        """Something was committed. From any thread."""
        for thread in self._threads:
            thread.wake()

    def turned(self, device: Device, now: float) -> None:
        """An event was handled; `now` in monotonic seconds."""
        for view in self._views:
            view.turned(device, now)
        self.look(now)

    def look(self, now: float) -> None:
        """Whether a connection is broken for so long that the panel should tell, though nothing is due. `now` in
        monotonic seconds.
        """
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY_S
        for name, sink in self._connected.items():
            trouble, key = _trouble(sink), f"connection of {name}"
            since, last = self._broken.get(name, (now, now))
            if trouble is not None:
                self._broken[name] = since, now
                if now - since >= TELL_AFTER_S:
                    self._show(key, Trouble(name, str(trouble), trouble.short))
            elif now - last >= STEADY_S:
                self._broken.pop(name, None)
                self._show(key, None)

    def troubles(self) -> dict[str, str]:
        """Sink -> what is the matter with its connection at this moment, in a sentence. The sink has noted it."""
        found = {name: _trouble(sink) for name, sink in self._connected.items()}
        return {name: str(trouble) for name, trouble in found.items() if trouble is not None}

    def _show(self, key: str, trouble: Trouble | None) -> None:
        """On the panel alone, and only what is new there."""
        with self._lock:
            was = self._troubles.get(key)
            if (was and was.short) == (trouble and trouble.short):
                return
            short = self._keep(key, trouble)
        self._put(UpstreamTrouble(self._now(), short))

    def _keep(self, key: str, trouble: Trouble | None) -> str:
        """What the panel says of all of them; the lock is held."""
        if trouble is None:
            self._troubles.pop(key, None)
        else:
            self._troubles[key] = trouble
        return next((one.short for one in self._troubles.values()), "")

    def _diagnostics(self) -> Diagnostics:
        return Diagnostics(rate_hz=self._rate_hz(), outbox_depth=sum(relay.depth for relay in self._relays))

    # -- in the relays' threads ------------------------------------------------------------------------------------

    def _tell(self, name: str, trouble: Trouble | None) -> None:
        with self._lock:
            short = self._keep(name, trouble)
        t = self._now()
        if trouble is None:
            self._put(Noted(t, "upstream_back", f"{name}: what is recorded arrives again"))
        else:
            self._put(Noted(t, "upstream_lost", f"{name}: {trouble.text}"))
        self._put(UpstreamTrouble(t, short))


def _trouble(sink: Sink) -> UpstreamError | None:
    trouble: UpstreamError | None = getattr(sink, "trouble", None)
    return trouble
