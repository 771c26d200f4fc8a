"""The thread around a relay: woken by what is new, stopped in the middle of a delivery, alive whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec
import pytest

from matpi.upstream.config import WebhookConfig
from matpi.upstream.relay import Relay, RelayThread
from matpi.upstream.sink import Backoff, Delivery, Sink
from matpi.upstream.webhook import Webhook
from tests.upstream.fakes import FakeDeliveries, FakeSink, StillClock
from tests.upstream.receiver import Receiver, Talk, drip, no_answer, status

LONG_S = 60.0
"""Nobody waits so long in here: what happens sooner was woken."""


class Clock:
    monotonic, utc = staticmethod(time.monotonic), staticmethod(time.time)

    def trusted(self) -> bool:
        return True


def started(sink: Sink, box: FakeDeliveries) -> RelayThread:
    relay = Relay("house", sink, box, Clock(), backoff=Backoff(LONG_S, LONG_S, LONG_S), poll_every_s=LONG_S)
    thread = RelayThread(relay)
    thread.start()
    return thread


def until(happens: Callable[[], object]) -> None:
    end = time.monotonic() + 10.0
    while not happens():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.002)


def ended(thread: RelayThread) -> float:
    """How long stopping took."""
    begun = time.monotonic()
    thread.ask_to_stop()
    thread.join(10.0)
    return time.monotonic() - begun


def test_what_is_new_is_sent_at_once() -> None:
    box, sink = FakeDeliveries(), FakeSink(StillClock())
    thread = started(sink, box)
    for _ in range(3):
        box.add()
        thread.wake()
        until(lambda: box.due() is None)
    assert len(sink.took) == 3
    assert ended(thread) < 1.0
    assert (sink.closed, box.closed) == (True, True)


@pytest.mark.parametrize("talk", [no_answer, drip], ids=["no_answer", "drip"])
def test_a_delivery_under_way_is_broken_off_and_is_no_failure(home: WebhookConfig, talk: Talk) -> None:
    box = FakeDeliveries()
    box.add()
    with Receiver(talk) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        thread = started(Webhook(msgspec.structs.replace(home, url=url, timeout_s=30.0)), box)
        until(lambda: receiver.requests)
        assert ended(thread) < 2.0
    until(lambda: box.closed)
    assert (box.state, box.why) == ({1: "due"}, {})


def test_one_that_never_returns_is_left_behind() -> None:
    box, sink = FakeDeliveries(), FakeSink(StillClock())
    box.add()
    release = threading.Event()

    def hang(_: Delivery) -> None:
        release.wait(30.0)

    sink.answer = hang
    thread = started(sink, box)
    until(lambda: sink.tried_at)
    begun = time.monotonic()
    thread.ask_to_stop()
    thread.join(0.2)
    assert time.monotonic() - begun < 10.0
    release.set()
    until(lambda: box.closed)


def test_a_thread_that_has_nothing_does_nothing(home: WebhookConfig) -> None:
    with Receiver(status(200)) as receiver:
        thread = started(
            Webhook(msgspec.structs.replace(home, url=f"http://127.0.0.1:{receiver.port}/")), FakeDeliveries()
        )
        thread.wake()
        time.sleep(0.05)  # real time: a thread that did something would have by now
        assert ended(thread) < 1.0
        assert receiver.requests == []
