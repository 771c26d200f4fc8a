"""Define a delivery, the interface of a sink (its kinds: `relays.sink_of`), the wait after a failure.

A delivery was written in the transaction of its record and never changes: a retry sends the same bytes under the same
id, by which the receiver recognises it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from matpi.core.text import Text
from matpi.errors import MatpiError

# The longest wait that a receiver can ask for. Chosen: a slip of units (ms for s) must not stop a device for years; 24
# h is also the last step of the schedule in the Standard Webhooks text.
MOST_ASKED_S = 24 * 3600.0


class Delivery(Struct, frozen=True):
    """One revision of one record, for one sink."""

    seq: int  # grows with every row of the outbox; what was committed first is sent first
    id: str
    """`<record id>-<revision>`, with a hash for an imported id: the same at every try, on every sink. 1 to 80 letters,
    digits and `-`, fit for a header or a topic; the Standard Webhooks text forbids a full stop."""
    kind: str
    """session, session_deleted, rating, rating_deleted, stop_sign, stop_sign_deleted; test when a person tries it."""
    body: bytes  # UTF-8 JSON as docs/dev/upstream.md describes it


class SinkState(Struct, frozen=True):
    """The state of a sink that outlives a restart."""

    disabled: str = ""  # why nothing is sent until the user asks: the receiver wants nothing more
    asked: int = 0  # how often the user asked for a try: a new number ends the wait
    not_before_utc: float | None = None  # what the receiver asked for


class UpstreamError(MatpiError, OSError):
    """Why something did not arrive: `why` and `do`, half a sentence each, `short` for the panel."""

    def __init__(self, why: str, do: str, short: Text) -> None:
        super().__init__(f"{why}; {do}.")
        self.why, self.do, self.short = why, do, short


class LaterError(UpstreamError):
    """Not now: the same delivery is tried again, after `retry_after_s` when the receiver asked for that."""

    def __init__(self, why: str, do: str, short: Text, retry_after_s: float | None = None) -> None:
        super().__init__(why, do, short)
        self.retry_after_s = retry_after_s


class RefusedError(UpstreamError):
    """The delivery will never be accepted. It stays stored and is reported; the next one is sent."""


class DisabledError(UpstreamError):
    """The receiver wants nothing more (HTTP 410), until `matpi upstream retry`. Everything stays stored."""


def own_error(error: Exception) -> LaterError:
    """Return the error for a mistake of matpi itself; raised, it would end the thread that delivers."""
    why = f"matpi itself made a mistake ({type(error).__name__}: {error})"
    return LaterError(why, "report this, everything is kept", Text("upstream.own_error"))


class Sink(Protocol):
    """Used by one thread, its relay's, but for `close`. A call takes at most 30 s."""

    needs_clock: bool  # nothing can be sent without a trusted clock: signatures and certificates carry dates

    def deliver(self, delivery: Delivery, utc: float | None) -> None:
        """Return when the receiver has it for good. `utc` is None while the clock is not trusted.

        Raises LaterError, RefusedError or DisabledError.
        """

    def close(self) -> None:
        """End soon, a `deliver` under way included. Called from another thread."""


class Backoff(Struct, frozen=True):
    """A wait drawn evenly from 0 to `base_s` * 2^(failures - 1), at most `cap_s` and at least `least_s`.

    Full jitter makes the fewest calls under contention (M. Brooker, "Exponential Backoff And Jitter", AWS, 2015).
    """

    base_s: float = 5.0  # the first retry of the Standard Webhooks schedule
    cap_s: float = 3600.0  # a receiver that is back is found within the hour, on average within half of one
    least_s: float = 1.0  # chosen: a draw near zero is no wait

    def __post_init__(self) -> None:
        if not 0.0 <= self.least_s <= self.base_s <= self.cap_s:
            raise ValueError(f"0 <= least <= base <= cap does not hold: {self}")

    def ceiling_s(self, failures: int) -> float:
        """Return the longest wait after so many failures in a row, 1 or more."""
        # 2^62 is beyond any cap; a week offline counts hundreds of failures and floats end at 2^1023.
        return float(min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 62)))

    def wait_s(self, failures: int, draw: Callable[[], float], asked_s: float | None = None) -> float:
        """Draw a wait (`draw` gives 0 to 1), never shorter than the receiver asked for with `asked_s`."""
        own_s = max(self.least_s, draw() * self.ceiling_s(failures))
        return own_s if asked_s is None else max(own_s, min(asked_s, MOST_ASKED_S))
