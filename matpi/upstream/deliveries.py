"""What a relay needs of the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from matpi.upstream.sink import Delivery


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a sink outlives a restart."""

    disabled: str = ""  # why nothing is sent until a person asks: the receiver wants nothing more
    asked: int = 0  # how often a person asked for another try: a new number ends every waiting
    not_before_utc: float | None = None  # what the receiver asked for


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
