"""One sink's outbox in memory, a scripted receiver, a clock that is moved by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from matpi.errors import StoreError
from matpi.upstream.sink import Delivery, SinkState

UTC = 1_773_576_000.0


class StillClock:
    def __init__(self, *, trusted: bool = True) -> None:
        self.t = 1000.0
        self.is_trusted = trusted

    def monotonic(self) -> float:
        return self.t

    def utc(self) -> float:
        return UTC + self.t

    def trusted(self) -> bool:
        return self.is_trusted


class FakeDeliveries:
    """Implements relay.Deliveries."""

    def __init__(self, *rows: Delivery) -> None:
        self.rows = list(rows)
        self.state: dict[int, str] = {row.seq: "due" for row in rows}
        self.why: dict[int, str] = {}
        self.attempts: Counter[int] = Counter()
        self.sink = SinkState()
        self.disk_full = False
        self.closed = False

    def add(self, n: int = 1) -> None:
        for _ in range(n):
            seq = len(self.rows) + 1
            self.rows.append(Delivery(seq, f"s{seq}-1", "session", b"{}"))
            self.state[seq] = "due"

    def sink_state(self) -> SinkState:
        return self.sink

    def due(self) -> Delivery | None:
        return next((row for row in self.rows if self.state[row.seq] == "due"), None)

    def depth(self) -> int:
        return list(self.state.values()).count("due")

    def acked(self, delivery: Delivery, utc: float | None) -> None:
        self._mark(delivery.seq, "acked")

    def failed(self, delivery: Delivery, why: str, not_before_utc: float | None) -> None:
        self._mark(delivery.seq, "due", why)
        self.attempts[delivery.seq] += 1
        self.sink = replace(self.sink, not_before_utc=not_before_utc)

    def refused(self, delivery: Delivery, why: str) -> None:
        self._mark(delivery.seq, "refused", why)

    def disabled(self, delivery: Delivery, why: str) -> None:
        self._mark(delivery.seq, "due", why)
        self.sink = replace(self.sink, disabled=why)

    def close(self) -> None:
        self.closed = True

    def ask_again(self) -> None:
        """What `matpi upstream retry` does."""
        self.sink = SinkState(asked=self.sink.asked + 1)
        self.state = {seq: "due" if state == "refused" else state for seq, state in self.state.items()}

    def _mark(self, seq: int, state: str, why: str = "") -> None:
        if self.disk_full:
            raise StoreError("The disk is full; make room on it.")
        self.state[seq] = state
        if why:
            self.why[seq] = why


@dataclass
class FakeSink:
    """Implements sink.Sink: calls `answer`, which may raise, and remembers what it took and when it was tried."""

    clock: StillClock
    answer: Callable[[Delivery], None] = lambda _: None
    needs_clock: bool = False
    took: list[str] = field(default_factory=list)
    tried_at: list[float] = field(default_factory=list)
    utcs: list[float | None] = field(default_factory=list)
    closed: bool = False

    def deliver(self, delivery: Delivery, utc: float | None) -> None:
        self.tried_at.append(self.clock.t)
        self.utcs.append(utc)
        self.answer(delivery)
        self.took.append(delivery.id)

    def close(self) -> None:
        self.closed = True
