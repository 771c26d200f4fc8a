"""Compute the wait after a failure: exponential, with full jitter so that devices spread out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# The longest wait that a receiver can ask for. Chosen: a slip of units (ms for s) must not stop a device for years; 24
# h is also the last step of the schedule in the Standard Webhooks text.
MOST_ASKED_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Backoff:
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
