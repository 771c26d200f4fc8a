"""From the outbox to one sink: oldest first, one at a time, as long as it takes. Days offline are normal.

`Relay.turn` does what is due and returns when to come again; it reads no clock but its own and starts nothing, so a
week offline is tested in milliseconds. `RelayThread` calls it. The device's loop waits for nothing here.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from matpi.core.model import UTC_MAX
from matpi.core.text import Text
from matpi.errors import StoreError
from matpi.ports import Clock
from matpi.upstream.backoff import MOST_ASKED_S, Backoff
from matpi.upstream.sink import Delivery, DisabledError, LaterError, RefusedError, Sink, Standing

LOOK_EVERY_S = 5.0
"""How soon it is noticed what another process asked for (`matpi upstream retry`). Chosen; a look is a short SELECT."""
TELL_AFTER_S = 15 * 60.0
"""A router takes minutes to restart; what lasts longer is shown on the panel. Chosen."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a person should know of a sink."""

    sink: str
    text: str  # a sentence with what to do
    short: Text  # for the panel


class Deliveries(Protocol):
    """One sink's part of the outbox. Every call is short, and raises StoreError when the disk is in trouble.

    Marking a delivery that is no longer there changes nothing: it may have been deleted while it was on its way.
    """

    def standing(self) -> Standing: ...
    def due(self) -> Delivery | None:
        """The oldest that is neither acknowledged nor refused."""

    def depth(self) -> int:
        """How many are due."""

    def acked(self, delivery: Delivery, utc: float | None) -> None: ...
    def failed(self, delivery: Delivery, why: str, not_before_utc: float | None) -> None:
        """It stays due; one more try is counted."""

    def refused(self, delivery: Delivery, why: str) -> None:
        """It is stored, and is due no more until a person asks."""

    def disabled(self, delivery: Delivery, why: str) -> None:
        """Nothing is due until a person asks."""

    def close(self) -> None: ...


class Relay:
    """`report` gets a Trouble when there is one that a person should know, and None when it is over."""

    def __init__(
        self,
        name: str,
        sink: Sink,
        deliveries: Deliveries,
        clock: Clock,
        report: Callable[[Trouble | None], None] = lambda _: None,
        *,
        backoff: Backoff | None = None,
        draw: Callable[[], float] = random.random,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self.name = name
        self.depth = 0  # how many were due when it last looked; may be read from any thread
        self._sink, self._deliveries, self._clock, self._report = sink, deliveries, clock, report
        self._backoff, self._draw, self._look_every_s = backoff or Backoff(), draw, look_every_s
        self._asked: int | None = None
        self._failures, self._failing_since = 0, 0.0
        self._failed_with: LaterError | None = None
        self._not_before = 0.0  # monotonic, of this process
        self._heeded = False  # what the receiver asked for before this start: the clock was trusted since
        self._ending = False
        self._reported: Trouble | None = None
        self._owed: Callable[[], None] | None = None
        """The mark that a full disk has not taken yet: the receiver must not get the delivery again for that."""

    def turn(self) -> float:
        """Try at most one delivery; in how many seconds to turn again, 0 for at once."""
        try:
            wait_s = self._turn()
            self.depth = self._deliveries.depth()
            return min(self._look_every_s, max(0.0, wait_s))
        except StoreError:
            return self._look_every_s  # the device itself reports its disk
        except Exception as error:  # noqa: BLE001  as below
            mistake = _mistake(error)
            self._say(str(mistake), mistake.short)
            return self._look_every_s

    def ending(self) -> None:
        """The sink is being closed: that a delivery breaks off now says nothing of the receiver."""
        self._ending = True

    def _turn(self) -> float:
        if self._owed is not None:
            self._mark(self._owed)
        standing = self._deliveries.standing()
        now, trusted = self._clock.monotonic(), self._clock.trusted()
        self._heed(standing, now, trusted=trusted)
        if standing.disabled:
            self._say(standing.disabled, Text("upstream.ended"))
            return self._look_every_s
        if self._sink.needs_clock and not trusted:
            return self._look_every_s
        if now < self._not_before:
            self._say_if_long(now)
            return self._not_before - now
        delivery = self._deliveries.due()
        if delivery is None:
            return self._look_every_s
        utc = self._clock.utc() if trusted else None
        try:
            self._sink.deliver(delivery, utc)
        except (RefusedError, DisabledError) as error:
            why, refused = str(error), isinstance(error, RefusedError)
            self._failures = 0 if refused else self._failures
            self._say(why, error.short)
            mark = self._deliveries.refused if refused else self._deliveries.disabled
            self._mark(lambda: mark(delivery, why))
        except Exception as error:  # noqa: BLE001  a thread that dies in silence would keep everything for ever
            return self._wait(delivery, error if isinstance(error, LaterError) else _mistake(error))
        else:
            self._failures = 0
            self._all_is_well()
            self._mark(lambda: self._deliveries.acked(delivery, utc))
        return 0.0

    def _mark(self, mark: Callable[[], None]) -> None:
        self._owed = mark
        mark()
        self._owed = None

    def _heed(self, standing: Standing, now: float, *, trusted: bool) -> None:
        """End the waiting when a person asked for a try. Begin the one that the receiver asked for before a restart, as
        soon as the clock tells how much of it is left.
        """
        if self._asked is not None and self._asked != standing.asked:
            self._failures, self._not_before = 0, 0.0
            self._all_is_well()
        self._asked = standing.asked
        if trusted and not self._heeded:
            self._heeded = True
            if standing.not_before_utc is not None:
                left_s = min(standing.not_before_utc - self._clock.utc(), MOST_ASKED_S)
                self._not_before = max(self._not_before, now + left_s)

    def _wait(self, delivery: Delivery, error: LaterError) -> float:
        if self._ending:
            return self._look_every_s
        now = self._clock.monotonic()  # after the try, which may have taken half a minute
        if not self._failures:
            self._failing_since = now
        self._failures += 1
        wait_s = self._backoff.wait_s(self._failures, self._draw, error.retry_after_s)
        self._not_before, self._failed_with = now + wait_s, error
        until_utc = None
        if error.retry_after_s is not None and self._clock.trusted():
            until_utc = min(self._clock.utc() + wait_s, UTC_MAX)
        self._deliveries.failed(delivery, str(error), until_utc)
        self._say_if_long(now)
        return wait_s

    def _say_if_long(self, now: float) -> None:
        if self._failures and self._failed_with is not None and now - self._failing_since >= TELL_AFTER_S:
            self._say(str(self._failed_with), self._failed_with.short)

    def _say(self, text: str, short: Text) -> None:
        """Once each, until it is another trouble or over."""
        if self._reported is None or self._reported.short != short:
            self._reported = Trouble(self.name, text, short)
            self._report(self._reported)

    def _all_is_well(self) -> None:
        if self._reported is not None:
            self._reported = None
            self._report(None)


def _mistake(error: Exception) -> LaterError:
    what = f"matpi itself made a mistake ({type(error).__name__}: {error})"
    return LaterError(what, "report this, everything is kept", Text("upstream.own_error"))


class RelayThread:
    """Turns one relay until it is stopped. The deliveries are closed by the thread that used them."""

    def __init__(self, relay: Relay, sink: Sink, deliveries: Deliveries) -> None:
        self._relay, self._deliveries = relay, deliveries
        self._woken, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"relay {relay.name}", daemon=True)
        self._closer = threading.Thread(target=sink.close, name=f"close {relay.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Look at once: something new was committed. From any thread; never blocks."""
        self._woken.set()

    def ask_to_stop(self) -> None:
        """Break off a delivery under way; whether it has arrived or not, it is sent again at the next start."""
        self._relay.ending()
        self._ending.set()
        self._woken.set()
        self._closer.start()

    def join(self, wait_s: float) -> None:
        """Wait for the end, but no longer than this."""
        until = time.monotonic() + wait_s
        for thread in (self._closer, self._thread):
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                wait_s = self._relay.turn()
                if wait_s > 0.0:
                    self._woken.wait(wait_s)
                    self._woken.clear()
        finally:
            self._deliveries.close()
