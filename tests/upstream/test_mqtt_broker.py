"""Deliveries to a real Mosquitto: what arrived is reported as delivered, and nothing else is."""

from __future__ import annotations

import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from matpi.upstream.sink import LaterError, RefusedError
from matpi.words import ENGLISH
from tests.upstream.broker import Broker, Heard, Listener, eventually, free_port, program
from tests.upstream.mats import SESSIONS, Mat, config, delivery, mat


def message(error: object) -> str:
    assert isinstance(error, LaterError), error
    assert len(ENGLISH.say(error.short)) <= 21
    assert str(error).count("\n") == 0
    return str(error)


def test_what_is_sent_arrives_once_in_order_and_not_retained(broker: Broker) -> None:
    receiver = Listener(broker.port, SESSIONS)
    with mat(broker.port) as one:
        for n in range(1, 21):
            assert one.refusal(delivery(n)) is None
        assert eventually(lambda: len(receiver.heard) == 20)
    assert [heard.payload for heard in receiver.heard] == [delivery(n).body for n in range(1, 21)]
    first = delivery(1)
    assert receiver.heard[0] == Heard(SESSIONS, first.body, False, {"id": first.id, "kind": "session", "seq": "1"})
    late = Listener(broker.port, SESSIONS)
    time.sleep(0.2)  # what is retained comes with the subscription
    assert late.heard == []
    late.close()
    receiver.close()


def test_without_a_subscriber_nothing_is_delivered_until_there_is_one(broker: Broker) -> None:
    with mat(broker.port) as one:
        assert "nobody has subscribed" in message(one.refusal(delivery()))
        receiver = Listener(broker.port, SESSIONS)
        assert one.refusal(delivery()) is None
        assert eventually(lambda: receiver.heard)
        receiver.close()


def test_a_broker_that_is_absent_is_reported_at_once() -> None:
    port = free_port()
    with mat(port) as one:
        began = time.monotonic()
        words = message(one.refusal(delivery()))
        assert time.monotonic() - began < 5.0
        assert words == f"MQTT 127.0.0.1:{port}: no broker listens there; start it, or correct host and port."
        assert eventually(lambda: one.notes == [words])
        assert one.sink.trouble is not None


@pytest.mark.parametrize("kill", [False, True], ids=["restarted", "killed"])
def test_a_broker_that_comes_back_gets_what_it_missed(broker: Broker, kill: bool) -> None:
    with mat(broker.port) as one:
        receiver = Listener(broker.port, SESSIONS)
        assert one.refusal(delivery(1)) is None
        if kill:
            broker.kill()
        else:
            broker.stop()
        message(one.refusal(delivery(2)))
        broker.start()
        assert receiver.subscribed.wait(60)
        assert eventually(lambda: one.refusal(delivery(2)) is None)
        assert eventually(lambda: len(receiver.heard) == 2)
        assert eventually(lambda: one.sink.trouble is None)
        assert [note.partition(": ")[2] for note in one.notes][-1] == "connected again"
        receiver.close()


def test_one_loss_is_one_note_and_so_is_the_return(broker: Broker) -> None:
    with mat(broker.port) as one:
        receiver = Listener(broker.port, SESSIONS)
        assert eventually(lambda: one.refusal(delivery(1)) is None)
        broker.kill()
        for _ in range(5):
            message(one.refusal(delivery(2)))
        broker.start()
        assert receiver.subscribed.wait(60)
        assert one.refusal(delivery(2)) is None
        assert len(one.notes) == 2, one.notes
        receiver.close()


def test_a_delivery_the_broker_finds_too_large_is_refused_and_the_next_goes(tmp_path: Path) -> None:
    broker = Broker(tmp_path, "max_packet_size 4000")
    receiver = Listener(broker.port, SESSIONS)
    with mat(broker.port, live=False) as one:
        error = one.refusal(delivery(1, b"x" * 5000))
        assert isinstance(error, RefusedError)
        assert "larger than the broker takes" in str(error)
        assert one.refusal(delivery(2)) is None
    receiver.close()
    broker.close()


def test_a_broker_too_small_for_the_discovery_message_is_noted_once(tmp_path: Path) -> None:
    broker = Broker(tmp_path, "max_packet_size 4000")
    with mat(broker.port) as one:
        assert eventually(lambda: one.notes)
        assert "too small for homeassistant/device/matpi_mat/config; raise its max_packet_size" in one.notes[0]
    broker.close()


# -- who may ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Broker]:
    """Asks for a password, and lets `mat` publish its sessions but `cat` nothing."""
    words = tmp_path / "passwords"
    words.touch(mode=0o600)
    for name in ("mat", "cat"):
        subprocess.run([program("mosquitto_passwd"), "-b", str(words), name, "purr"], check=True, capture_output=True)
    rights = tmp_path / "rights"
    rights.write_text("user mat\ntopic readwrite #\nuser cat\ntopic read #\n")
    rights.chmod(0o600)
    running = Broker(tmp_path, f"password_file {words}", f"acl_file {rights}", anonymous=False)
    yield running
    running.close()


def secret(folder: Path, text: str) -> str:
    path = folder / "mqtt-password"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return str(path)


def test_a_wrong_password_is_reported_and_the_right_one_needs_no_restart(guarded: Broker, tmp_path: Path) -> None:
    with mat(guarded.port, username="mat", password=secret(tmp_path, "woof")) as one:
        words = message(one.refusal(delivery()))
        assert "correct user name, password or access rules" in words
        secret(tmp_path, "purr")
        # Nobody listens, says the broker: it has let us in.
        assert "nobody has subscribed" in message(one.refusal(delivery()))


def test_a_missing_password_file_is_reported(guarded: Broker, tmp_path: Path) -> None:
    with mat(guarded.port, username="mat", password=str(tmp_path / "none")) as one:
        assert "cannot be read" in message(one.refusal(delivery()))


def test_a_topic_that_is_not_allowed_waits_for_the_right(guarded: Broker, tmp_path: Path) -> None:
    """Refused for good it would lose its place, and every record after it would be refused as well."""
    with mat(guarded.port, username="cat", password=secret(tmp_path, "purr")) as one:
        words = message(one.refusal(delivery()))
        assert "0x87" in words
        assert "access rules" in words


# -- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def encrypted(tmp_path: Path, authority: trustme.CA) -> Iterator[Broker]:
    """For the name localhost."""
    running = _encrypted(tmp_path, authority, authority.issue_cert("localhost"))
    yield running
    running.close()


def _encrypted(folder: Path, authority: trustme.CA, certificate: trustme.LeafCert) -> Broker:
    ca, chain, key = folder / "ca.pem", folder / "chain.pem", folder / "key.pem"
    authority.cert_pem.write_to_path(ca)
    certificate.cert_chain_pems[0].write_to_path(chain)
    certificate.private_key_pem.write_to_path(key)
    return Broker(folder, f"cafile {ca}", f"certfile {chain}", f"keyfile {key}")


def test_tls_with_the_ca_of_the_house(encrypted: Broker, ca_file: Path) -> None:
    context = ssl.create_default_context(cafile=str(ca_file))
    receiver = Listener(encrypted.port, SESSIONS, tls=context, host="localhost")
    with mat(encrypted.port, host="localhost", tls=True, ca_file=str(ca_file)) as one:
        assert one.sink.needs_clock
        for n in range(1, 6):
            assert one.refusal(delivery(n, b"y" * 20_000)) is None
        assert eventually(lambda: len(receiver.heard) == 5)
    receiver.close()


def test_an_unknown_ca_is_reported(encrypted: Broker, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    for named in (str(other), ""):
        with mat(encrypted.port, host="localhost", tls=True, ca_file=named) as one:
            assert "the certificate is not trusted" in (words := message(one.refusal(delivery())))
            assert "ca_file" in words


def test_a_certificate_of_another_name_is_reported(encrypted: Broker, ca_file: Path) -> None:
    with mat(encrypted.port, host="127.0.0.1", tls=True, ca_file=str(ca_file)) as one:
        assert "set host to the name in the certificate" in message(one.refusal(delivery()))


def test_a_certificate_that_is_over_points_at_the_clock(tmp_path: Path, authority: trustme.CA, ca_file: Path) -> None:
    over = authority.issue_cert("localhost", not_after=datetime.now(UTC) - timedelta(days=1))
    broker = _encrypted(tmp_path, authority, over)
    with mat(broker.port, host="localhost", tls=True, ca_file=str(ca_file)) as one:
        assert "look at this device's clock" in message(one.refusal(delivery()))
    broker.close()


def test_tls_where_there_is_none_and_none_where_there_is(broker: Broker, encrypted: Broker, ca_file: Path) -> None:
    with mat(broker.port, tls=True) as one:
        assert "no TLS there" in (words := message(one.refusal(delivery()))) or "no connection" in words
    with mat(encrypted.port) as one:
        assert "whether this port wants TLS" in message(one.refusal(delivery()))


def test_a_ca_file_that_is_none_is_reported(encrypted: Broker, tmp_path: Path) -> None:
    for text in ("no certificate\n", None):
        path = tmp_path / "mine.pem"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
        with mat(encrypted.port, host="localhost", tls=True, ca_file=str(path)) as one:
            assert f"The certificates in {path} cannot be read" in message(one.refusal(delivery()))


def test_without_tls_nothing_goes_to_the_world() -> None:
    with mat(1883, host="192.0.2.1") as one:  # an address that nobody has (RFC 5737)
        began = time.monotonic()
        assert message(one.refusal(delivery())).endswith("which is not in the own network; set tls = true.")
        assert time.monotonic() - began < 5.0


# -- the receiver's own word ------------------------------------------------------------------------------------------


def test_a_full_queue_loses_nothing_where_the_receiver_confirms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mosquitto says "Success" and drops what its queue for an absent receiver cannot hold."""
    monkeypatch.setattr("matpi.upstream.mqtt.pending.CONFIRM_S", 0.3)
    broker = Broker(tmp_path, "max_queued_messages 5", "max_inflight_messages 1")
    away = Listener(broker.port, SESSIONS, client_id="ingestor", keeps=True)
    away.close()
    believed = Mat(config(broker.port))
    assert [n for n in range(1, 13) if believed.refusal(delivery(n)) is None] == list(range(1, 13))
    believed.sink.close()

    waiting = [delivery(n) for n in range(101, 113)]
    with mat(broker.port, ack_topic="matpi/mat/ack") as one:
        assert "the receiver has not confirmed it" in message(one.refusal(waiting[0]))

        def stored(listener: Listener, heard: Heard) -> None:
            listener.client.publish("matpi/mat/ack", json.dumps({"id": heard.marks["id"]}), qos=1)

        back = Listener(broker.port, SESSIONS, client_id="ingestor", keeps=True, on_heard=stored)
        for what in waiting:
            assert eventually(lambda what=what: one.refusal(what) is None)  # type: ignore[misc]
        got = {heard.marks["id"] for heard in back.heard}
        back.close()
    assert {what.id for what in waiting} <= got
    assert not {delivery(n).id for n in range(1, 13)} <= got, "the broker has kept what it said it would not"
    broker.close()


@pytest.mark.parametrize("word", ["", "{}", "[1]", '{"id": 7}', json.dumps({"id": delivery(2).id}), "[" * 5000, "\x00"])
def test_a_message_that_does_not_confirm_this_one_is_ignored(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setattr("matpi.upstream.mqtt.pending.CONFIRM_S", 0.3)
    receiver = Listener(broker.port, SESSIONS, on_heard=lambda who, _: who.client.publish("matpi/mat/ack", word, qos=1))
    with mat(broker.port, ack_topic="matpi/mat/ack") as one:
        assert "the receiver has not confirmed it" in message(one.refusal(delivery()))
    receiver.close()


def test_a_closed_sink_takes_nothing_more(broker: Broker) -> None:
    made = Mat(config(broker.port))
    made.sink.close()
    began = time.monotonic()
    assert "matpi is stopping" in message(made.refusal(delivery()))
    assert time.monotonic() - began < 5.0
