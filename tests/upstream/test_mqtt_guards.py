"""What comes from a broker that is no friend, too much, too large or kept; and rights that are missing there."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
from msgspec.structs import replace

from matpi.core.events import Noted, SettingWished, Wished
from matpi.core.text import Text
from matpi.upstream.mqtt.commands import BURST, PER_S, Throttle
from tests.upstream.broker import Broker, Listener, eventually
from tests.upstream.mats import (
    AVAILABILITY,
    DISCOVERY,
    EVENT,
    LYING,
    SESSIONS,
    STATE,
    Mat,
    config,
    delivery,
    mat,
    takes_commands,
)
from tests.upstream.scripted import ScriptedBroker

DOCS = Path(__file__).parents[2] / "docs" / "dev" / "upstream.md"

# -- the receiver's word as the page tells it --------------------------------------------------------------------------


def confirmation(body: bytes) -> str:
    """What the automation of the page publishes for a record: its one template, with the little of Jinja it uses."""
    page = DOCS.read_text(encoding="utf-8")
    [template] = re.findall(r"payload: '(.*)'", page)
    value = r"trigger\.payload_json\.(\S+)"
    found = re.fullmatch(rf'\{{"id":\{{\{{ \({value} ~ "(.)" ~ {value}\) \| tojson \}}\}}\}}', template)
    assert found is not None, template

    def read(path: str) -> str:
        reported = json.loads(body)
        for name in path.split("."):
            reported = reported[name]
        return str(reported)

    return f'{{"id":{json.dumps(read(found[1]) + found[2] + read(found[3]))}}}'


@pytest.mark.parametrize("record_id", ["0f3c" * 8, "17", 'imported "by hand"', "a/b+#"])
def test_the_confirmation_of_the_page_is_taken(broker: Broker, record_id: str) -> None:
    receiver = Listener(
        broker.port,
        SESSIONS,
        on_heard=lambda who, heard: who.client.publish("matpi/mat/ack", confirmation(heard.payload), qos=1),
    )
    with mat(broker.port, ack_topic="matpi/mat/ack", live=False) as one:
        assert one.refusal(delivery(1, record_id=record_id)) is None
    receiver.close()


def test_the_ids_in_the_page_have_the_form_of_ours() -> None:
    page = DOCS.read_text(encoding="utf-8")
    assert "`<id>-<rev>`" in page
    assert '{"id":"5f0c6f3a-1"}' in page
    assert not re.search(r"<id>\.<rev>|5f0c6f3a\.1", page)


# -- too large ---------------------------------------------------------------------------------------------------------


def test_a_large_message_stays_at_the_broker(broker: Broker) -> None:
    house = Listener(broker.port, "nothing")
    house.say("matpi/mat/set/bedtime", "x" * 200_000, retain=True)
    with mat(broker.port) as one:
        assert takes_commands(broker.port)
        house.say("matpi/mat/set/bedtime", "y" * 200_000)
        house.say("matpi/mat/set/snooze", "PRESS")
        assert eventually(lambda: one.put)
        assert [type(event) for event in one.put] == [Wished]
    house.close()


@pytest.mark.parametrize("tls", [False, True])
def test_a_broker_that_sends_what_was_not_asked_for_is_hung_up_on(
    tls: bool, authority: trustme.CA, ca_file: Path
) -> None:
    """It says that 256 MB follow, and sends for as long as it is let."""
    server, sent = socket.create_server(("127.0.0.1", 0)), [0]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def flood() -> None:
        with suppress(OSError):
            plain, _ = server.accept()
            with context.wrap_socket(plain, server_side=True) if tls else plain as taken:
                taken.recv(1000)
                taken.sendall(b"\x20\x03\x00\x00\x00" + b"\x30\xff\xff\xff\x7f\x00\x01a")
                while sent[0] < 100_000_000:
                    sent[0] += taken.send(b"x" * 65536)

    threading.Thread(target=flood, daemon=True).start()
    with mat(server.getsockname()[1], host="localhost", tls=tls, ca_file=str(ca_file)) as one:
        assert eventually(lambda: one.sink.trouble is not None)
        assert "larger than" in str(one.sink.trouble)
        assert eventually(lambda: one.notes)
    server.close()
    assert sent[0] < 20_000_000, "what the sockets hold, and no more"


# -- too much ----------------------------------------------------------------------------------------------------------


def test_a_flood_of_commands_is_thinned_and_the_last_one_holds(broker: Broker) -> None:
    house = Listener(broker.port, EVENT)
    with mat(broker.port) as one:
        assert takes_commands(broker.port)
        began = time.monotonic()
        for n in range(400):
            house.client.publish("matpi/mat/set/weekly_goal", str(3 + n % 4), qos=1)
        house.say("matpi/mat/set/weekly_goal", "7")

        def wished() -> list[object]:
            return [event.value for event in list(one.put) if isinstance(event, SettingWished)]

        assert eventually(lambda: 7 in wished())
        assert len(wished()) <= BURST + PER_S * (time.monotonic() - began) + 1
        assert wished()[-1] == 7
        assert len([note for note in one.notes if "more commands come" in note]) == 1
    house.close()


def test_a_throttle_lets_few_through_at_once_and_loses_none_but_the_older_of_a_name() -> None:
    throttle = Throttle()

    def event(n: float) -> SettingWished:
        return SettingWished(n, "weekly_goal", int(n))

    for n in range(BURST):
        assert not throttle.add(f"name{n}", event(n))
    assert len(throttle.take(100.0)) == BURST
    assert not throttle.add("a", event(1))
    assert not throttle.add("b", event(2))
    assert throttle.add("a", event(3)), "one was replaced"
    assert throttle.take(100.0) == []
    assert throttle.due(100.0) == pytest.approx(100.0 + 1.0 / PER_S)
    [first] = throttle.take(100.0 + 1.0 / PER_S)
    assert first == SettingWished(100.0 + 1.0 / PER_S, "weekly_goal", 3), "dated when it is let through"
    [second] = throttle.take(102.0)
    assert isinstance(second, SettingWished)
    assert second.value == 2
    assert throttle.due(102.0) == float("inf")
    assert throttle.take(1e9) == []


# -- kept --------------------------------------------------------------------------------------------------------------


def test_a_command_with_the_retain_flag_is_not_done_even_while_it_is_new(broker: Broker) -> None:
    house = Listener(broker.port, EVENT)
    with mat(broker.port) as one:
        assert takes_commands(broker.port)
        house.say("matpi/mat/set/zero", "PRESS", retain=True)
        house.say("matpi/mat/set/snooze", "PRESS")
        assert eventually(lambda: any(isinstance(event, Wished) for event in one.put))
        assert [type(event) for event in one.put] == [Noted, Wished]
        assert one.notes == ["The command zero was retained by the broker and is ignored; publish it without retain."]
    house.close()


def test_what_is_no_longer_shown_does_not_stay_at_the_broker(broker: Broker) -> None:
    with mat(broker.port) as one:
        one.sink.show(LYING)
        house = Listener(broker.port)
        assert eventually(lambda: house.of(STATE) and house.of(DISCOVERY))
        house.close()
    house = Listener(broker.port)
    with mat(broker.port, live=False):
        assert eventually(lambda: house.of(AVAILABILITY)[1:])
        time.sleep(0.2)
        late = Listener(broker.port)
        time.sleep(0.2)
        assert [heard.topic for heard in late.heard] == [AVAILABILITY]
        late.close()
    house.close()


# -- rights ------------------------------------------------------------------------------------------------------------


def test_a_topic_that_may_not_be_written_is_reported_once_and_stays_as_trouble(tmp_path: Path) -> None:
    rights = tmp_path / "rights"
    rights.write_text("topic read #\ntopic write matpi/mat/sessions\ntopic write matpi/mat/availability\n")
    rights.chmod(0o600)
    broker = Broker(tmp_path, f"acl_file {rights}")
    with mat(broker.port) as one:
        one.sink.show(LYING)
        assert eventually(lambda: len(one.notes) == 3)
        assert all("access rules" in note and "0x87" in note for note in one.notes)
        assert [topic for topic in (DISCOVERY, STATE) if not any(f"for {topic};" in note for note in one.notes)] == []
        assert one.sink.trouble is not None
        assert one.sink.trouble.short == Text("upstream.broker_no_right")
        before = len(one.notes)
        one.sink.show(replace(LYING, phase="away"))
        time.sleep(1.3)
        assert len(one.notes) == before
    broker.close()


@pytest.mark.parametrize("ack_topic", ["", "house/ack"])
def test_a_subscription_that_is_not_allowed_is_reported_once(ack_topic: str) -> None:
    broker = ScriptedBroker(suback=0x87)
    with mat(broker.port, ack_topic=ack_topic) as one:
        named = ["matpi/mat/set/+", "homeassistant/status", *filter(None, [ack_topic])]
        assert eventually(lambda: len(one.notes) == len(named))
        assert [topic for topic in named if not any(f"for {topic};" in note for note in one.notes)] == []
        assert one.sink.trouble is not None
    broker.close()


# -- a house that starts again and again -------------------------------------------------------------------------------


def test_a_storm_of_births_does_not_shorten_the_wait(broker: Broker) -> None:
    draws = iter([0.5, *[0.0] * 100])  # of ten seconds
    made = Mat(config(broker.port), draw=lambda: next(draws, 0.0))
    house = Listener(broker.port)
    assert eventually(lambda: house.of(AVAILABILITY))
    assert takes_commands(broker.port)
    began = time.monotonic()
    for _ in range(20):
        house.say("homeassistant/status", "online")
    assert time.monotonic() - began < 4.5
    assert eventually(lambda: len(house.of(AVAILABILITY)) == 2)
    assert time.monotonic() - began >= 5.0
    made.sink.close()
    house.close()
