"""What a reading costs on its whole way through presence, and how that grows with channels and rate. JSON lines.

Counted: making the Reading, handing it to the device, its deadlines and all effects; not counted: the load, a table
made before, the chip and the screen. An empty mat, somebody lying for most of the time, and an empty mat again, so
that each part of the rule has its work. Least of `ROUNDS`, since a busy machine only ever adds.
"""

from __future__ import annotations

import gc
import json
import random
import time
from collections.abc import Sequence

from benchmarks.under_test import AS_IT_IS, Listener
from matpi.core.events import Reading

CHANNELS, RATES = (1, 2, 3, 4), (10, 20, 40, 80)
EMPTY_S, LYING_S = 40, 200
ROUNDS = 5
TARGET_US = 25.0
FEWEST = 8000
"""Readings a round, or the clock tells the noise of the machine."""


def load(channels: int, rate: int, seconds: int) -> list[tuple[float, ...]]:
    """Kilograms a channel: 45 kg with a breath of 80 g and 3 g of noise, between two empty stretches."""
    chance = random.Random(channels * 1000 + rate)
    rows = []
    for n in range(seconds * rate):
        on = EMPTY_S <= n / rate < seconds - EMPTY_S
        sway = 0.08 * ((n % (4 * rate)) / (2 * rate) - 1)
        person = (45.0 / channels, sway / channels) if on else (0.0, 0.0)
        rows.append(tuple(person[0] + person[1] * (-1) ** c + chance.gauss(0, 0.003) for c in range(channels)))
    return rows


def us_a_reading(channels: int, rate: int) -> float:
    seconds = 2 * EMPTY_S + max(LYING_S, FEWEST // rate)
    rows = load(channels, rate, seconds)
    taken = []
    for _ in range(ROUNDS):
        listener = Listener(0.0, AS_IT_IS)
        gc.collect()
        begin = time.process_time()
        heard = listener.listen(Reading((n + 1) / rate, kg) for n, kg in enumerate(rows))
        taken.append((time.process_time() - begin) / len(rows) * 1e6)
        if len(heard.sessions) != 1:
            raise RuntimeError(f"{channels} channels at {rate}/s: {len(heard.sessions)} sessions where there is one")
    return min(taken)


def line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float]:
    """Least squares: the value at x = 0, the slope, and the share of the variance that the line explains."""
    n = len(x)
    mean_x, mean_y = sum(x) / n, sum(y) / n
    over = sum((a - mean_x) ** 2 for a in x)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / over
    base = mean_y - slope * mean_x
    left = sum((b - base - slope * a) ** 2 for a, b in zip(x, y, strict=True))
    whole = sum((b - mean_y) ** 2 for b in y)
    return base, slope, 1.0 - left / whole if whole else 1.0


def main() -> None:
    cost = {(channels, rate): us_a_reading(channels, rate) for channels in CHANNELS for rate in RATES}
    for (channels, rate), us in cost.items():
        target = TARGET_US if channels == 2 else None
        figure = {"figure": "presence_us_a_reading", "channels": channels, "rate": rate, "value": round(us, 2)}
        print(json.dumps({**figure, "target": target}))
    for rate in RATES:
        _, slope, straight = line(CHANNELS, [cost[c, rate] for c in CHANNELS])
        figure = {"figure": "presence_us_more_a_channel", "rate": rate, "value": round(slope, 3)}
        print(json.dumps({**figure, "line_explains": round(straight, 4)}))
    for channels in CHANNELS:
        base, slope, straight = line(RATES, [cost[channels, r] * r for r in RATES])
        figure = {"figure": "presence_us_a_second", "channels": channels, "at_rest": round(base, 1)}
        print(json.dumps({**figure, "more_a_reading": round(slope, 2), "line_explains": round(straight, 4)}))


if __name__ == "__main__":
    main()
