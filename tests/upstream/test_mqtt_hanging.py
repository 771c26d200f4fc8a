"""A broker that takes the connection and then says nothing, or stops in the middle: nobody waits for it for long."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from statistics import median
from typing import Any

import pytest
from msgspec.structs import replace

from matpi.upstream.mqtt import connection, pending, sink
from matpi.upstream.mqtt.state import Happening
from matpi.upstream.sink import LaterError, UpstreamError
from tests.upstream.broker import eventually
from tests.upstream.mats import LYING, delivery, mat
from tests.upstream.scripted import ScriptedBroker

SHOW_S = 0.001
READING_S = 0.0125
"""80 readings a second."""


def test_a_delivery_ends_within_the_contract() -> None:
    connecting_s = connection.ADDRESSES * connection.CONNECT_S + connection.CONNECT_S
    assert connecting_s + connection.GREETING_S <= sink.DELIVER_S < 30.0
    assert pending.CONFIRM_S < sink.DELIVER_S


def test_a_broker_that_never_greets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "GREETING_S", 0.3)
    broker = ScriptedBroker(connack=None)
    with mat(broker.port) as one:
        error = one.refusal(delivery())
        assert type(error) is LaterError
        assert "no word came" in str(error)
    broker.close()


def test_a_broker_that_never_confirms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "CONFIRM_S", 0.3)
    broker = ScriptedBroker(puback=None)
    with mat(broker.port) as one:
        for n in (1, 2):
            error = one.refusal(delivery())
            assert type(error) is LaterError
            assert "no confirmation" in str(error)
            assert eventually(lambda n=n: len(one.notes) == 2 * n)  # type: ignore[misc]  # lost, and back
        # Once a try, and nothing of the first again over the second connection.
        assert broker.published.count("matpi/mat/sessions") == 2
    broker.close()


def test_a_resolver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, let_go = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        asked.set()
        let_go.wait(60)
        raise OSError("no such name")

    monkeypatch.setattr("socket.getaddrinfo", hang)
    monkeypatch.setattr(sink, "DELIVER_S", 0.3)
    monkeypatch.setattr(sink, "CLOSE_S", 0.2)
    with mat(1883) as one:
        began = time.monotonic()
        assert "no connection in 0.3 s" in str(one.refusal(delivery()))
        assert asked.is_set()
        one.sink.close()
        assert time.monotonic() - began < 10.0
        let_go.set()


def test_a_name_is_looked_for_in_the_own_network_at_its_second_address_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A NAS by its name often has an address of the world and two of the house, and listens at one of those."""
    look_up = socket.getaddrinfo

    def several(host: str, *more: Any, **named: Any) -> list[Any]:
        addresses = ("192.0.2.1", "127.0.0.2", "127.0.0.1") if host == "nas.home" else (host,)
        return [found for address in addresses for found in look_up(address, *more, **named)]

    monkeypatch.setattr("socket.getaddrinfo", several)
    broker = ScriptedBroker()  # at 127.0.0.1
    with mat(broker.port, host="nas.home") as one:
        began = time.monotonic()
        assert one.refusal(delivery()) is None
        assert time.monotonic() - began < connection.CONNECT_S, "the first one is not even asked"
    broker.close()


def test_showing_waits_for_nothing() -> None:
    """As long as the load cells' readings keep coming, each of them shown."""
    broker = ScriptedBroker(connack=None)
    took: list[float] = []
    with mat(broker.port) as one:
        stuck = threading.Thread(target=lambda: _try(one.sink), daemon=True)
        stuck.start()
        for n in range(240):  # three seconds
            state = replace(LYING, elapsed_s=n)
            began = time.perf_counter()
            one.sink.show(state)
            one.sink.report(Happening(float(n), "session_started"))
            took.append(time.perf_counter() - began)
            time.sleep(READING_S)
        assert stuck.is_alive(), "the delivery should hang all the while"
    broker.close()
    assert median(took) <= SHOW_S
    # What waited for this broker would wait 10 s for its greeting; a busy machine may take the processor away for less.
    assert max(took) < 5.0


def _try(sink: sink.MqttSink) -> None:
    with suppress(UpstreamError):
        sink.deliver(delivery(), None)
