"""Readings are handled in time whatever hangs: the loop of the device in its thread, a relay beside it, real time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from itertools import count
from pathlib import Path
from queue import SimpleQueue

import msgspec
import pytest

from matpi.core.brightness import Brightness
from matpi.core.device import Device
from matpi.core.effects import Effect, Save
from matpi.core.events import Event, Reading, Stopping
from matpi.core.model import Settings
from matpi.core.rules import DeviceRules
from matpi.loop import Inbox, Loop
from matpi.store.writer import PatientStore
from matpi.upstream.config import UpstreamConfig, WebhookConfig
from matpi.upstream.relays import Relays
from tests.store.values import rating
from tests.upstream.receiver import Receiver, Talk, drip, no_answer, status

LATE_S = 0.020
ROUND_S, IN_TIME, ROUNDS = 0.6, 6, 150
"""Rounds last so long, with something to store in each; so many must be in time, of at most so many."""
RATE_HZ = 80.0
SAVE_EVERY = 40
"""Readings: twice a second something is stored, and so queued."""


class SystemClock:
    def monotonic(self) -> float:
        return time.monotonic()

    def utc(self) -> float:
        return time.time()

    def trusted(self) -> bool:
        return True


class Dark:
    def show(self, image: object, brightness: Brightness) -> None: ...
    def off(self) -> None: ...


class TimedDevice(Device):
    """Notes how late each reading was when it came to be handled."""

    def __init__(self, store: PatientStore) -> None:
        ids = count()
        super().__init__(
            time.monotonic(),
            boot_id="b",
            memory=store.load(),
            rules=DeviceRules(),
            zone_for=_utc,
            new_id=lambda: f"id{next(ids)}",
        )
        self.late_s: list[float] = []

    def handle(self, event: Event) -> Sequence[Effect]:
        if isinstance(event, Reading):
            self.late_s.append(time.monotonic() - event.t)
        return super().handle(event)


def _utc(_: str) -> tzinfo:
    return UTC


def latest(tmp_path: Path, config: UpstreamConfig, tried: Callable[[], object]) -> tuple[list[float], float]:
    """The worst lateness of each round of `ROUND_S`, while what is stored twice a second is to be sent on; how long
    the end took. The rounds begin when it was `tried` and end with `IN_TIME` of them in time, or with none left.
    """
    clock, n = SystemClock(), count()
    sinks = tuple(sink.name for sink in config.sinks)
    store = PatientStore(tmp_path / "matpi.db", monotonic=clock.monotonic, first_settings=Settings(), sinks=sinks)
    device = TimedDevice(store)
    inbox: Inbox = SimpleQueue()
    loop = Loop(device, store, Dark(), lambda _: None, inbox=inbox)
    relays = Relays(config, tmp_path / "matpi.db", clock, inbox.put)
    relays.start()

    def turned() -> None:
        if len(device.late_s) % SAVE_EVERY == SAVE_EVERY - 1:
            store.write(Save(rating(f"r{next(n)}")))
        relays.turned(device, clock.monotonic())

    size, first = int(ROUND_S * RATE_HZ), 0

    def worst() -> list[float]:
        return [max(device.late_s[at : at + size]) for at in range(first, len(device.late_s), size)]

    def feed() -> None:
        nonlocal first
        due = time.monotonic()
        for _ in range(ROUNDS):
            if not tried():
                first = len(device.late_s)
            for _ in range(size):
                due += 1.0 / RATE_HZ
                time.sleep(max(0.0, due - time.monotonic()))
                inbox.put(Reading(time.monotonic(), (0.01,)))
            if tried() and sum(late < LATE_S for late in worst()) > IN_TIME:  # one more: the last may not be whole yet
                break
        inbox.put(Stopping(time.monotonic()))

    feeder = threading.Thread(target=feed)
    feeder.start()
    loop.run(clock, turned)
    feeder.join()
    begun = time.monotonic()
    relays.stop()
    store.close()
    return worst(), time.monotonic() - begun


@pytest.mark.parametrize("talk", [no_answer, drip, status(500)], ids=["no_answer", "drip", "500"])
def test_no_reading_is_late_while_a_sink_hangs(tmp_path: Path, home: WebhookConfig, talk: Talk) -> None:
    """A sink that held the loop up would do so in every round; a busy machine does in some of them."""
    with Receiver(talk) as receiver:
        table = msgspec.structs.replace(home, url=f"http://127.0.0.1:{receiver.port}/", timeout_s=30.0)
        worst, end_s = latest(tmp_path, UpstreamConfig(webhook=(table,)), lambda: receiver.requests)
        assert receiver.requests, "it was tried"
    print(f"worst lateness of each {ROUND_S:g} s: {', '.join(f'{late * 1e3:.1f}' for late in worst)} ms")
    assert sum(late < LATE_S for late in worst) >= IN_TIME
    assert end_s < 15.0, "nor does the end wait for it"
