"""Every reason code of the standard, from a broker with scripted answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from matpi.upstream.mqtt.codes import QUOTA_S, delivered, error_of
from matpi.upstream.sink import LaterError, RefusedError
from matpi.words import ENGLISH
from tests.every import every
from tests.upstream.mats import Mat, delivery, mat
from tests.upstream.scripted import ScriptedBroker

# MQTT 5.0: 3.4.2.1 (PUBACK), 3.2.2.2 (CONNACK), 3.14.2.1 (DISCONNECT).
PUBACK = {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99}
CONNACK = {
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C,
    0x9D, 0x9F,
}  # fmt: skip
DISCONNECT = {
    0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A,
    0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
}  # fmt: skip


@contextmanager
def answering(**how: Any) -> Iterator[tuple[ScriptedBroker, Mat]]:
    broker = ScriptedBroker(**how)
    with mat(broker.port, live=False) as one:
        yield broker, one
    broker.close()


@every("code", sorted(PUBACK), ids=hex)
def test_an_answer_to_a_delivery(code: int) -> None:
    with answering(puback=code) as (_, one):
        error = one.refusal(delivery())
    if code == 0x00:
        assert error is None
    elif code == 0x99:
        assert type(error) is RefusedError
    else:
        assert type(error) is LaterError
        assert f"0x{code:02X}" in str(error)


@every("code", sorted(CONNACK), ids=hex)
def test_an_answer_to_the_connection_never_refuses_a_delivery(code: int) -> None:
    with answering(connack=code) as (broker, one):
        error = one.refusal(delivery())
        assert type(error) is LaterError
        # The library takes 0x99 here for no MQTT at all.
        assert ("is no MQTT 5" if code == 0x99 else f"0x{code:02X}") in str(error)
        assert broker.published == []


@every("code", sorted(DISCONNECT), ids=hex)
def test_a_broker_that_hangs_up_on_a_delivery(code: int) -> None:
    with answering(hang_up=code) as (_, one):
        error = one.refusal(delivery())
        assert type(error) is (RefusedError if code in {0x95, 0x99} else LaterError)
        assert f"0x{code:02X}" in str(error)


@every("code", sorted(PUBACK | CONNACK | DISCONNECT | {0xFF}), ids=hex)
def test_every_code_has_its_words(code: int) -> None:
    if delivered(code):
        assert code == 0x00
        return
    error = error_of(code, "broker:1883")
    assert str(error).startswith("MQTT broker:1883: ")
    assert str(error).endswith(".")
    assert len(ENGLISH.say(error.short)) <= 21
    assert len(str(error)) < 160


def test_who_is_too_fast_or_over_the_quota_waits() -> None:
    for code in (0x96, 0x97, 0x9F):
        error = error_of(code, "")
        assert isinstance(error, LaterError)
        assert error.retry_after_s == QUOTA_S


def test_only_what_is_wrong_with_the_message_is_refused_for_good() -> None:
    codes = {code for code in PUBACK | CONNACK | DISCONNECT if not delivered(code)}
    assert {code for code in codes if isinstance(error_of(code, ""), RefusedError)} == {0x95, 0x99}


def test_a_broker_without_qos_1_cannot_confirm() -> None:
    with answering(properties=b"\x24\x00") as (broker, one):
        assert "QoS 1" in str(one.refusal(delivery()))
        assert "matpi/mat/sessions" not in broker.published


def test_a_broker_that_retains_nothing_still_gets_deliveries() -> None:
    with answering(properties=b"\x25\x00") as (_, one):
        assert one.refusal(delivery()) is None


def test_a_broker_with_small_packets_is_not_sent_a_large_one() -> None:
    with answering(properties=b"\x27\x00\x00\x01\x00") as (broker, one):  # 256 bytes
        assert type(one.refusal(delivery(1, b"x" * 300))) is RefusedError
        assert one.refusal(delivery(2)) is None
        assert broker.published.count("matpi/mat/sessions") == 1


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"\x20\x02\x00\x01",  # MQTT 3.1.1: unacceptable protocol version
        b"\x20\x03\x00\xee\x00",  # a reason code that there is none of
        b"\x20\xff\xff\xff\xff\xff",  # a length that is none
        b"\x00" * 64,
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=["http", "mqtt-3", "code", "length", "zeros", "ssh"],
)
def test_what_is_no_mqtt_5_broker_is_reported(monkeypatch: pytest.MonkeyPatch, garbage: bytes) -> None:
    monkeypatch.setattr("matpi.upstream.mqtt.connection.GREETING_S", 0.3)
    with answering(garbage=garbage) as (_, one):
        error = one.refusal(delivery())
        assert type(error) is LaterError
        assert "broker" in str(error)
        assert "made a mistake" not in str(error)
