"""What is shown at a real broker, and what may be set from there."""

from __future__ import annotations

import json
import time

from msgspec.structs import replace

from matpi.core.events import SettingWished, Wish, Wished
from matpi.upstream.mqtt.commands import COMMANDS
from matpi.upstream.mqtt.sink import MqttSink
from matpi.upstream.mqtt.state import Diagnostics, Happening
from matpi.upstream.relays import sink_of
from tests.upstream.broker import Broker, Listener, eventually
from tests.upstream.mats import (
    AVAILABILITY,
    DIAGNOSTICS,
    DISCOVERY,
    EVENT,
    LYING,
    PAGE_ADDRESS,
    SESSIONS,
    STATE,
    Mat,
    config,
    delivery,
    mat,
    takes_commands,
)

SHOWN = [DISCOVERY, STATE, DIAGNOSTICS, AVAILABILITY]


def topics(listener: Listener) -> list[str]:
    return [heard.topic for heard in list(listener.heard)]


def test_discovery_state_and_availability_are_published_in_order(broker: Broker) -> None:
    house = Listener(broker.port)
    made = Mat(config(broker.port))
    made.sink.show(LYING)
    assert eventually(lambda: set(SHOWN) <= set(topics(house)))
    # The state may come after, when it was shown after the connection; online is never before the discovery.
    assert topics(house).index(DISCOVERY) < topics(house).index(AVAILABILITY)
    late = Listener(broker.port)
    assert eventually(lambda: len(late.heard) == 4)
    assert {heard.topic for heard in late.heard if heard.retained} == set(SHOWN)
    assert late.of(AVAILABILITY)[0].payload == b"online"
    assert json.loads(late.of(DISCOVERY)[0].payload)["device"]["configuration_url"] == PAGE_ADDRESS
    made.sink.close()
    assert eventually(lambda: house.of(AVAILABILITY)[-1].payload == b"offline")
    late.close()
    house.close()


def test_a_device_that_vanishes_is_reported_as_offline_by_its_last_will(broker: Broker) -> None:
    house = Listener(broker.port, AVAILABILITY)
    with mat(broker.port) as one:
        assert eventually(lambda: house.heard)
        link = one.sink._link
        assert link is not None
        link.cut()
        assert eventually(lambda: [heard.payload for heard in house.heard[:3]] == [b"online", b"offline", b"online"])
    house.close()


def test_a_try_by_hand_beside_the_device_leaves_nothing_at_the_broker(broker: Broker) -> None:
    settings = config(broker.port)
    receiver = Listener(broker.port)
    device = Mat(settings)
    assert eventually(lambda: receiver.of(AVAILABILITY))
    for killed in (False, True):
        trial = sink_of(settings.trial(), lambda _: None)
        assert isinstance(trial, MqttSink)
        receiver.heard.clear()
        trial.deliver(delivery(), None)
        if killed and (link := trial._link) is not None:
            link.cut()  # the broker would tell a last will now
        trial.close()
        time.sleep(0.2)
        assert topics(receiver) == [SESSIONS]
    assert device.notes == [], "the device was not pushed from the broker"
    late = Listener(broker.port)
    assert eventually(lambda: late.of(DISCOVERY) and late.of(AVAILABILITY))
    time.sleep(0.2)
    assert {heard.topic: heard.payload for heard in late.heard if heard.topic != DISCOVERY} == {AVAILABILITY: b"online"}
    device.sink.close()
    late.close()
    receiver.close()


def test_everything_is_sent_again_to_a_broker_that_lost_it(broker: Broker) -> None:
    with mat(broker.port) as one:
        one.sink.show(LYING)
        assert eventually(lambda: one.sink._greeted)
        broker.kill()
        broker.start()
        house = Listener(broker.port)
        assert eventually(lambda: set(SHOWN) <= set(topics(house)), 10)
        house.close()


def test_everything_is_sent_again_when_home_assistant_has_started(broker: Broker) -> None:
    made = Mat(config(broker.port), draw=0.02)  # of the ten seconds
    made.sink.show(LYING)
    house = Listener(broker.port)
    assert eventually(lambda: set(SHOWN) <= set(topics(house)))
    before = len(house.heard)
    began = time.monotonic()
    house.say("homeassistant/status", "offline")
    house.say("homeassistant/status", "online")
    assert eventually(lambda: topics(house)[before:][-4:] == SHOWN)
    assert time.monotonic() - began >= 0.2
    made.sink.close()
    house.close()


def test_a_change_is_sent_at_once_and_what_only_counts_up_is_not(broker: Broker) -> None:
    house = Listener(broker.port)
    with mat(broker.port) as one:
        one.sink.show(LYING)
        assert eventually(lambda: house.of(STATE))
        for second in range(131, 137):
            one.sink.show(replace(LYING, elapsed_s=second))
        one.sink.show(replace(LYING, elapsed_s=140, phase="away"))
        assert eventually(lambda: len(house.of(STATE)) == 2)
        reported = [json.loads(heard.payload) for heard in house.of(STATE)]
        assert [(state["phase"], state["elapsed_s"]) for state in reported] == [("on_mat", 130), ("away", 140)]
        assert len(house.of(DIAGNOSTICS)) == 1
    house.close()


def test_events_are_sent_once_and_never_retained(broker: Broker) -> None:
    house = Listener(broker.port, EVENT)
    with mat(broker.port) as one:
        assert eventually(lambda: one.sink._greeted)
        now = time.monotonic()
        one.sink.report(Happening(now - 60.0, "session_started"))  # too long ago to be sent as if it were now
        one.sink.report(Happening(now, "session_started"))
        one.sink.report(Happening(now, "session_ended", "s9", 301.5, "left", counts=True))
        assert eventually(lambda: len(house.heard) == 2)
        assert [json.loads(heard.payload) for heard in house.heard] == [
            {"event_type": "session_started"},
            {"event_type": "session_ended", "session_id": "s9", "on_mat_s": 301.5, "reason": "left", "counts": True},
        ]
        late = Listener(broker.port, EVENT)
        time.sleep(0.2)
        assert late.heard == []
        late.close()
    house.close()


def test_without_the_live_view_only_records_and_presence_at_the_broker_go_out(broker: Broker) -> None:
    house = Listener(broker.port)
    with mat(broker.port, live=False) as one:
        one.sink.show(LYING)
        one.sink.report(Happening(time.monotonic(), "session_started"))
        assert eventually(lambda: house.of(AVAILABILITY))
        time.sleep(0.2)
        assert {heard.topic for heard in house.heard if heard.payload} == {AVAILABILITY}
    house.close()


def test_without_a_prefix_there_is_no_discovery(broker: Broker) -> None:
    house = Listener(broker.port)
    with mat(broker.port, discovery_prefix="") as one:
        one.sink.show(LYING)
        assert eventually(lambda: house.of(AVAILABILITY) and house.of(STATE))
        assert DISCOVERY not in topics(house)
    house.close()


def test_wishes_reach_the_device(broker: Broker) -> None:
    house = Listener(broker.port, EVENT)
    with mat(broker.port) as one:
        assert takes_commands(broker.port)
        house.say("matpi/mat/set/zero", "PRESS")
        house.say("matpi/mat/set/weekly_goal", "4")
        assert eventually(lambda: len(one.put) == 2)
        first, second = one.put
        assert isinstance(first, Wished)
        assert first.wish is Wish.ZERO
        assert isinstance(second, SettingWished)
        assert (second.name, second.value) == ("weekly_goal", 4)
    house.close()


def test_a_bad_command_is_reported_once_and_ignored(broker: Broker) -> None:
    house = Listener(broker.port, EVENT)
    house.say("matpi/mat/set/identify", "PRESS", retain=True)  # would be done at each connection
    with mat(broker.port) as one:
        assert takes_commands(broker.port)
        assert one.put == [], "what was kept is not even asked for"
        house.say("matpi/mat/set/zero", "PRESS", retain=True)
        for _ in range(3):
            house.say("matpi/mat/set/weekly_goal", "9")
            house.say("matpi/mat/set/format_disk", "PRESS")
        house.say("matpi/mat/set/snooze", "PRESS")
        assert eventually(lambda: bool(one.put) and isinstance(one.put[-1], Wished))
        assert one.notes == [
            "The command zero was retained by the broker and is ignored; publish it without retain.",
            "The command weekly_goal does not take '9'; send a whole number from 3 to 7.",
            f"There is nothing to set called 'format_disk'; there are {', '.join(COMMANDS)}.",
        ]
    house.close()


def test_a_storm_of_bad_commands_does_not_fill_the_log(broker: Broker) -> None:
    house = Listener(broker.port, EVENT)
    with mat(broker.port) as one:
        assert takes_commands(broker.port)
        for n in range(200):
            house.client.publish("matpi/mat/set/bedtime", f"{n}", qos=1)
        house.say("matpi/mat/set/snooze", "PRESS")
        assert eventually(lambda: one.put and isinstance(one.put[-1], Wished), 15)
        assert len(one.notes) <= 51
    house.close()


def test_where_commands_are_off_nothing_can_be_set(broker: Broker) -> None:
    house = Listener(broker.port)
    with mat(broker.port, commands=False) as one:
        assert eventually(lambda: house.of(DISCOVERY))
        reported = json.loads(house.of(DISCOVERY)[0].payload)["components"]
        assert not any("command_topic" in component for component in reported.values())
        # What was announced of them before is removed by a key with its platform alone.
        assert {key: one for key, one in reported.items() if "unique_id" not in one} == {
            "zero": {"platform": "button"},
            "identify": {"platform": "button"},
            "snooze": {"platform": "button"},
            "rest": {"platform": "switch"},
            "nudge": {"platform": "switch"},
            "weekly_goal": {"platform": "number"},
            "bedtime": {"platform": "text"},
            "noise": {"platform": "sensor"},
        }
        house.say("matpi/mat/set/zero", "PRESS")
        time.sleep(0.2)
        assert one.put == []
    house.close()


def test_a_clock_that_becomes_trusted_is_tried_at_once() -> None:
    """Before, the certificate may only have seemed not to be valid yet."""
    made = Mat(config(9, tls=True), draw=1.0)  # nothing listens on the discard port
    assert eventually(lambda: made.sink.trouble is not None)
    tries = made.sink._failures
    made.sink._retry_at = time.monotonic() + 3600.0
    made.sink.show(replace(LYING, diagnostics=Diagnostics(clock_trusted=False)))
    time.sleep(0.05)
    assert made.sink._failures == tries
    made.sink.show(LYING)
    assert eventually(lambda: made.sink._failures == tries + 1)
    made.sink.close()
