"""From the first reading over the threshold to the "arriving" frame, at 10 readings/s. Prints one JSON line.

Virtual time tells how many readings the rule needs; to that comes what the core and the drawing of the frame take.
200 people lie down at random moments between two readings, with the body of the simulator.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from datetime import UTC

from matpi.core.device import Device
from matpi.core.effects import Show
from matpi.core.events import Reading, Tick, WallClock
from matpi.core.model import Acknowledgement, Memory
from matpi.core.rules import DeviceRules
from matpi.core.views import Arriving
from matpi.screen.render import render
from matpi.sim.body import Mat

PEOPLE = 200


def one(seed: int) -> float:
    """Seconds from the first reading over 12 kg to the drawn frame."""
    chance = random.Random(seed)
    mat = Mat(kg=chance.uniform(45, 120), seed=seed)
    ids = iter(range(1000))
    device = Device(
        0.0,
        boot_id="b",
        memory=Memory(acknowledgement=Acknowledgement(some=False)),
        rules=DeviceRules(),
        zone_for=lambda _: UTC,
        new_id=lambda: str(next(ids)),
    )
    device.handle(WallClock(0.0, 1_773_601_200.0, trusted=True))
    mat.act(chance.choice(["lie_down", "sit", "stand"]), 20.0 + chance.random())
    over = None
    for n in range(1, 1000):
        t = n / 10
        kg = mat.sample(t)
        assert kg is not None
        if over is None and sum(kg) >= 12.0:
            over = t
        begin = time.perf_counter()
        while (wake := device.next_wake()) is not None and wake <= t:
            device.handle(Tick(wake))
        for effect in device.handle(Reading(t, kg)):
            if isinstance(effect, Show) and isinstance(effect.view, Arriving):
                render(effect.view, effect.shift)
                assert over is not None
                return t - over + time.perf_counter() - begin
    raise AssertionError("nobody arrived")


def main() -> None:
    one(0)
    delays = [one(seed) for seed in range(1, PEOPLE + 1)]
    print(
        json.dumps(
            {
                "figure": "arriving_frame_s",
                "value": round(max(delays), 4),
                "median": round(statistics.median(delays), 4),
                "target": 0.3,
                "people": PEOPLE,
            }
        )
    )


if __name__ == "__main__":
    main()
