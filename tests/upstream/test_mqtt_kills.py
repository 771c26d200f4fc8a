"""The broker killed fifty times while five hundred deliveries go out: none is lost, none is doubled."""

from __future__ import annotations

import json
import random
import threading
import time

from tests.upstream.broker import Broker, Heard, Listener
from tests.upstream.mats import SESSIONS, delivery, mat

DELIVERIES, KILLS, BOUND_S = 500, 50, 60.0
ACK = "matpi/mat/ack"


class Receiver:
    """Idempotent: what it has by this id it has. Confirms after it has stored, as docs/dev/upstream.md asks."""

    def __init__(self) -> None:
        self.stored: dict[str, int] = {}
        self.again = 0

    def __call__(self, listener: Listener, heard: Heard) -> None:
        reported = heard.marks["id"]
        self.again += reported in self.stored
        self.stored.setdefault(reported, len(self.stored))
        listener.client.publish(ACK, json.dumps({"id": reported}), qos=1)


def test_fifty_kills_in_five_hundred_deliveries_lose_and_double_nothing(broker: Broker) -> None:
    draw = random.Random(6)
    receiver, sent, over = Receiver(), threading.Event(), threading.Event()
    listener = Listener(broker.port, SESSIONS, on_heard=receiver)
    kills = 0

    def kill() -> None:
        nonlocal kills
        while kills < KILLS:
            sent.wait(BOUND_S)  # somewhere in the next deliveries
            sent.clear()
            time.sleep(draw.uniform(0.0, 0.02))
            broker.kill()
            kills += 1
            broker.start()
        over.set()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    began, tries = time.monotonic(), 0
    with mat(broker.port, ack_topic=ACK) as one:
        for n in range(1, DELIVERIES + 1):
            while one.refusal(delivery(n)) is not None:  # what the relay does, without its patience
                tries += 1
                assert time.monotonic() - began < BOUND_S
                time.sleep(0.01)
            if n % (DELIVERIES // KILLS) == 0:
                sent.set()
                while sent.is_set() and not over.is_set():
                    time.sleep(0.001)
    killer.join(5)
    listener.close()
    took_s = time.monotonic() - began
    print(f"{kills} kills, {DELIVERIES} deliveries, {tries} tried again, {receiver.again} came twice, {took_s:.1f} s")
    assert kills == KILLS
    assert tries > 0, "no kill ever hit"
    assert list(receiver.stored) == [delivery(n).id for n in range(1, DELIVERIES + 1)]
    assert took_s < BOUND_S
