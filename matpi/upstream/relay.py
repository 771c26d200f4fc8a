"""Deliver the outbox to one sink: oldest first, one at a time. Days offline are normal.

`Relay.turn` does what is due and returns the seconds to the next turn; its clock is a parameter and it starts nothing,
so that a week offline is tested in milliseconds. `RelayThread` calls it. The device's loop waits for nothing here.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from matpi.core.model import UTC_MAX
from matpi.core.text import Text
from matpi.errors import StoreError
from matpi.ports import Clock
from matpi.upstream.sink import (
    MOST_ASKED_S,
    Backoff,
    Delivery,
    DisabledError,
    LaterError,
    RefusedError,
    Sink,
    SinkState,
    own_error,
)

POLL_EVERY_S = 5.0  # for requests of another process (`matpi upstream retry`); chosen: each is a short SELECT
SHOW_AFTER_S = 15 * 60.0  # a trouble is shown on the panel when it lasts longer; chosen: a router restarts in minutes


class Trouble(Struct, frozen=True):
    """A problem of a sink that the user should know of."""

    text: str  # a sentence with what to do
    short: Text  # for the panel


class Deliveries(Protocol):
    """One sink's part of the outbox. Every call is short and may raise StoreError.

    Marking a delivery that is no longer there changes nothing: it may have been deleted while it was on its way.
    """

    def sink_state(self) -> SinkState: ...
    def due(self) -> Delivery | None:
        """Return the oldest that is neither acknowledged nor refused."""

    def depth(self) -> int:
        """Count those that are due."""

    def acked(self, delivery: Delivery, utc: float | None) -> None: ...
    def failed(self, delivery: Delivery, why: str, not_before_utc: float | None) -> None:
        """Leave it due, and count one more try."""

    def refused(self, delivery: Delivery, why: str) -> None:
        """Store it as refused: not due until a person asks."""

    def disabled(self, delivery: Delivery, why: str) -> None:
        """Disable the sink: nothing is due until a person asks."""

    def close(self) -> None: ...


class Relay:
    """The deliveries to one sink. `report` gets a Trouble for the user, and None when it is over."""

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
        poll_every_s: float = POLL_EVERY_S,
    ) -> None:
        self.name = name
        self.depth = 0  # records due at the last turn; may be read from any thread
        self.sink, self.deliveries, self._clock, self._report = sink, deliveries, clock, report
        self._backoff, self._draw, self._poll_every_s = backoff or Backoff(), draw, poll_every_s
        self._asked: int | None = None
        self._failures, self._failing_since = 0, 0.0
        self._failed_with: LaterError | None = None
        self._not_before = 0.0  # monotonic, of this process
        self._heeded = False  # what the receiver asked for before this start: the clock was trusted since
        self._ending = False
        self._reported: Trouble | None = None
        self._owed: Callable[[], None] | None = None  # the mark of a delivery that the store has not taken yet

    def turn(self) -> float:
        """Try at most one delivery. Return the seconds to the next turn, 0 for at once."""
        try:
            wait_s = self._turn()
            self.depth = self.deliveries.depth()
            return min(self._poll_every_s, max(0.0, wait_s))
        except StoreError:
            return self._poll_every_s  # the device itself reports its disk
        except Exception as error:  # noqa: BLE001  as below
            failure = own_error(error)
            self._report_once(str(failure), failure.short)
            return self._poll_every_s

    def ending(self) -> None:
        """Count no more failures: the sink is being closed, which may break off a delivery."""
        self._ending = True

    def _turn(self) -> float:
        # First the mark of the delivery before, which a full disk has not taken: else the receiver would get it again.
        if self._owed is not None:
            self._mark(self._owed)
        sink_state = self.deliveries.sink_state()
        now, trusted = self._clock.monotonic(), self._clock.trusted()
        self._heed(sink_state, now, trusted=trusted)
        if sink_state.disabled:
            self._report_once(sink_state.disabled, Text("upstream.ended"))
            return self._poll_every_s
        # Signed with the time, or over TLS: with a wrong clock the receiver would refuse a record that is right.
        if self.sink.needs_clock and not trusted:
            return self._poll_every_s
        if now < self._not_before:
            self._report_if_long(now)
            return self._not_before - now
        delivery = self.deliveries.due()
        if delivery is None:
            return self._poll_every_s
        utc = self._clock.utc() if trusted else None
        try:
            self.sink.deliver(delivery, utc)
        except (RefusedError, DisabledError) as error:
            why, refused = str(error), isinstance(error, RefusedError)
            # An answer, so the receiver is reachable; a refused record does not hold up those behind it.
            self._failures = 0 if refused else self._failures
            self._report_once(why, error.short)
            mark = self.deliveries.refused if refused else self.deliveries.disabled
            self._mark(lambda: mark(delivery, why))
        except Exception as error:  # noqa: BLE001  a thread that ends here would deliver nothing any more
            return self._wait(delivery, error if isinstance(error, LaterError) else own_error(error))
        else:
            self._failures = 0
            self._all_is_well()
            self._mark(lambda: self.deliveries.acked(delivery, utc))
        return 0.0

    def _mark(self, mark: Callable[[], None]) -> None:
        # Set before the call: a StoreError leaves it to the next turn.
        self._owed = mark
        mark()
        self._owed = None

    def _heed(self, sink_state: SinkState, now: float, *, trusted: bool) -> None:
        """End the wait when a person has asked for a try, and restore the one of before a restart."""
        # The first value is that of the start: only a change of it is a request.
        if self._asked is not None and self._asked != sink_state.asked:
            self._failures, self._not_before = 0, 0.0
            self._all_is_well()
        self._asked = sink_state.asked
        # What the receiver asked for is stored as a time of the day; how much is left is known with a trusted clock.
        if trusted and not self._heeded:
            self._heeded = True
            if sink_state.not_before_utc is not None:
                left_s = min(sink_state.not_before_utc - self._clock.utc(), MOST_ASKED_S)
                self._not_before = max(self._not_before, now + left_s)

    def _wait(self, delivery: Delivery, error: LaterError) -> float:
        if self._ending:
            return self._poll_every_s
        now = self._clock.monotonic()  # after the try, which may have taken half a minute
        if not self._failures:
            self._failing_since = now
        self._failures += 1
        wait_s = self._backoff.wait_s(self._failures, self._draw, error.retry_after_s)
        self._not_before, self._failed_with = now + wait_s, error
        until_utc = None
        # Only a wait that the receiver asked for outlives a restart. Our own backoff begins again with one try.
        if error.retry_after_s is not None and self._clock.trusted():
            until_utc = min(self._clock.utc() + wait_s, UTC_MAX)
        self.deliveries.failed(delivery, str(error), until_utc)
        self._report_if_long(now)
        return wait_s

    def _report_if_long(self, now: float) -> None:
        if self._failures and self._failed_with is not None and now - self._failing_since >= SHOW_AFTER_S:
            self._report_once(str(self._failed_with), self._failed_with.short)

    def _report_once(self, text: str, short: Text) -> None:
        """Report a trouble once, until it is another one or over."""
        # Compared by the short text: the sentence may differ from try to try.
        if self._reported is None or self._reported.short != short:
            self._reported = Trouble(text, short)
            self._report(self._reported)

    def _all_is_well(self) -> None:
        if self._reported is not None:
            self._reported = None
            self._report(None)


class RelayThread:
    """Turns one relay until it is stopped. The deliveries are closed by the thread that used them."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self._woken, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"relay {relay.name}", daemon=True)
        self._closer = threading.Thread(target=relay.sink.close, name=f"close {relay.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Turn at once, because a record was committed. From any thread; never blocks."""
        self._woken.set()

    def ask_to_stop(self) -> None:
        """Break off a delivery under way; arrived or not, it is sent again at the next start."""
        # Closing the sink ends its blocking call, and may take a while itself: in a thread of its own.
        self.relay.ending()
        self._ending.set()
        self._woken.set()
        self._closer.start()

    def join(self, wait_s: float) -> None:
        """Wait up to `wait_s` for both threads to end."""
        until = time.monotonic() + wait_s
        for thread in (self._closer, self._thread):
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                wait_s = self.relay.turn()
                if wait_s > 0.0:
                    self._woken.wait(wait_s)
                    self._woken.clear()
        finally:
            self.relay.deliveries.close()
