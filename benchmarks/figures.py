"""Shares, rates and quantiles with their 95 % intervals, by the formulas everybody knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, inf, lgamma, log, sqrt
from statistics import NormalDist

LEVEL = 0.95
RESAMPLES = 1000
AT_ONCE = 50
"""Resamples in memory together."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and its 95 % interval; `low` and `high` are NaN-free, `high` may be infinite."""

    value: float
    low: float
    high: float


def share(hits: int, of: int) -> Figure:
    """A proportion with Wilson's score interval (Wilson 1927). With no trials: 0 of 0 says nothing, 0 to 1."""
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of} is no share")
    if of == 0:
        return Figure(0.0, 0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    p = hits / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return Figure(p, max(0.0, middle - half), min(1.0, middle + half))


def rate(events: int, over: float) -> Figure:
    """Events a unit of `over` with the exact Poisson interval (Garwood 1936)."""
    if events < 0 or over < 0.0:
        raise ValueError(f"{events} events over {over} is no rate")
    if over == 0.0:
        return Figure(0.0, 0.0, inf)
    tail = (1 - LEVEL) / 2
    top = events + 10 * sqrt(events + 1.0) + 20.0
    low = 0.0 if events == 0 else _where(lambda mean: 1 - poisson_cdf(events - 1, mean), tail, 0.0, top)
    high = _where(lambda mean: 1 - poisson_cdf(events, mean), 1 - tail, 0.0, top)
    return Figure(events / over, low / over, high / over)


def poisson_cdf(k: int, mean: float) -> float:
    """P(X <= k) for a Poisson variable with this mean."""
    if mean <= 0.0:
        return 1.0
    return min(1.0, sum(exp(n * log(mean) - mean - lgamma(n + 1)) for n in range(k + 1)))


def _where(rising: Callable[[float], float], level: float, low: float, high: float) -> float:
    """The argument at which a rising function reaches `level`, by bisection."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) >= level else (middle, high)
    return (low + high) / 2


def quantile(values: Sequence[float], q: float, seed: int = 1, resamples: int = RESAMPLES) -> Figure:
    """The q-quantile (linear between order statistics) with the percentile bootstrap (Efron 1979).

    For q = 1, the worst, the value itself: a bootstrap cannot know what was never seen. The same with no `resamples`.
    NaN where there are no values.
    """
    import numpy as np

    if not values:
        return Figure(float("nan"), float("nan"), float("nan"))
    data = np.asarray(values, dtype=np.float64)
    value = float(np.quantile(data, q))
    if q >= 1.0 or len(data) < 2 or not resamples:
        return Figure(value, value, value)
    chance = np.random.default_rng(seed)
    seen: list[float] = []
    while len(seen) < resamples:
        drawn = data[chance.integers(0, len(data), (min(AT_ONCE, resamples - len(seen)), len(data)))]
        seen += np.quantile(drawn, q, axis=1).tolist()
    low, high = np.quantile(seen, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(value, float(low), float(high))
