"""Define a delivery and the interface of a sink (its kinds: `relays.sink_of`).

A delivery was written in the transaction of its record and never changes: a retry sends the same bytes under the same
id, by which the receiver recognises it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from matpi.core.text import Text
from matpi.errors import MatpiError


@dataclass(frozen=True, slots=True)
class Delivery:
    """One revision of one record, for one sink."""

    seq: int  # grows with every row of the outbox; what was committed first is sent first
    id: str
    """`<record id>-<revision>`, with a hash for an imported id: the same at every try, on every sink. 1 to 80 letters,
    digits and `-`, fit for a header or a topic; the Standard Webhooks text forbids a full stop."""
    kind: str
    """session, session_deleted, rating, rating_deleted, stop_sign, stop_sign_deleted; test when a person tries it."""
    body: bytes  # UTF-8 JSON as docs/upstream.md describes it
    attempts: int = 0  # before this one


@dataclass(frozen=True, slots=True)
class SinkState:
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


class Sink(Protocol):
    """Used by one thread, its relay's, but for `close`. A call takes at most 30 s."""

    needs_clock: bool  # nothing can be sent without a trusted clock: signatures and certificates carry dates

    def deliver(self, delivery: Delivery, utc: float | None) -> None:
        """Return when the receiver has it for good. `utc` is None while the clock is not trusted.

        Raises LaterError, RefusedError or DisabledError.
        """

    def close(self) -> None:
        """End soon, a `deliver` under way included. Called from another thread."""
