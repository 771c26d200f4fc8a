"""A year of sessions through the core in virtual time: 365 of 20 min at 10 readings/s. Prints one JSON line a figure.

Counted: making each Reading, handing it to the device, the deadlines in between, and all effects; not counted: the
synthetic waveform, a table made before. Nothing is stored and nothing drawn.
"""

from __future__ import annotations

import gc
import json
import random
import time
import tracemalloc
from datetime import UTC

from matpi.core.device import Device
from matpi.core.effects import Save
from matpi.core.events import Event, LogChanged, Reading, Saved, Tick, WallClock
from matpi.core.model import Acknowledgement, Log, Memory, Session
from matpi.core.rules import DeviceRules

SESSIONS, MINUTES, RATE = 365, 20, 10
EVENING = 1_773_601_200.0


def waveform(kg: float, sway_kg: float, seconds: int, seed: int) -> list[tuple[float, float]]:
    """Head and foot kg of somebody (or nobody) with 3 g noise: enough of it that the object test has work to do."""
    random_kg = random.Random(seed).gauss
    table = []
    for n in range(seconds * RATE):
        sway = sway_kg * ((n % 40) / 20 - 1)
        table.append((0.7 * kg + sway + random_kg(0, 0.003), 0.3 * kg - sway + random_kg(0, 0.003)))
    return table


class Year:
    def __init__(self) -> None:
        ids = iter(range(10**9))
        self.device = Device(
            0.0,
            boot_id="year",
            memory=Memory(acknowledgement=Acknowledgement(some=False)),
            rules=DeviceRules(),
            zone_for=lambda _: UTC,
            new_id=lambda: str(next(ids)),
        )
        self.saved: list[Session] = []
        self.readings = 0
        self.send(WallClock(0.0, EVENING, trusted=True))

    def send(self, event: Event) -> None:
        for effect in self.device.handle(event):
            if isinstance(effect, Save) and isinstance(effect.record, Session):
                self.saved.append(effect.record)
                self.send(Saved(event.t, effect.key))

    def feed(self, t: float, table: list[tuple[float, float]]) -> float:
        handle, step = self.device.handle, 1.0 / RATE
        for n, kg in enumerate(table):
            effects = handle(Reading(t + n * step, kg))
            if effects:
                for effect in effects:
                    if isinstance(effect, Save) and isinstance(effect.record, Session):
                        self.saved.append(effect.record)
                        self.send(Saved(effect.record.start_mono, effect.key))
        self.readings += len(table)
        return t + len(table) * step

    def sleep_until(self, t: float) -> None:
        while (wake := self.device.next_wake()) is not None and wake <= t:
            self.send(Tick(wake))


def run(sessions: int) -> Year:
    year = Year()
    body = waveform(45.0, 0.08, MINUTES * 60, 1)
    empty = waveform(0.0, 0.0, 60, 2)
    for day in range(sessions):
        t = day * 86_400.0 + 10.0
        year.sleep_until(t)
        t = year.feed(t, empty[: 15 * RATE])
        t = year.feed(t, body)
        year.feed(t, empty)
    return year


def main() -> None:
    run(5)
    gc.collect()
    begin = time.process_time()
    year = run(SESSIONS)
    seconds = time.process_time() - begin
    assert len(year.saved) == SESSIONS, len(year.saved)
    wrong = max(abs(s.on_mat_s - MINUTES * 60) for s in year.saved)
    print(
        json.dumps(
            {
                "figure": "core_year_s",
                "value": round(seconds, 2),
                "target": 10.0,
                "sessions": len(year.saved),
                "readings": year.readings,
                "us_a_reading": round(seconds / year.readings * 1e6, 3),
                "worst_length_error_s": round(wrong, 3),
            }
        )
    )
    # Memory flat: what a device holds after 20 and after 60 sessions, as what letting go of it frees. The log, whose
    # sessions are kept on purpose, is let go first and counted apart.
    tracemalloc.start()
    run(20)
    logs, devices = [], []
    for sessions in (20, 60):
        year = run(sessions)
        year.device.plans._plans.clear()  # noqa: SLF001 a cache that empties itself, at another day in each run
        whole = held()
        year.saved.clear()
        year.device.handle(LogChanged(year.device.snapshot().t, Log()))
        without_log = held()
        del year
        logs.append(whole - without_log)
        devices.append(without_log - held())
    tracemalloc.stop()
    for what, sizes, target in (("log", logs, None), ("all_else", devices, 50)):
        growth = round((sizes[1] - sizes[0]) / 40)
        print(json.dumps({"figure": f"core_memory_{what}_bytes_a_session", "value": growth, "target": target}))


def held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


if __name__ == "__main__":
    main()
