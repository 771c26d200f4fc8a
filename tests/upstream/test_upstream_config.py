"""The tables of the sinks in matpi.toml: what is taken, what is refused in one sentence without telling a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from matpi.config import Config, load
from matpi.errors import ConfigError
from matpi.upstream.config import MqttConfig, WebhookConfig

HOOK = '[[upstream.webhook]]\nurl = "https://house.example/T0K3N"\nsecret = "house"\n'
BROKER = '[[upstream.mqtt]]\nhost = "broker.local"\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "matpi.toml"
    path.write_text(text)
    return path


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_a_table_there_is_no_sink() -> None:
    assert Config().upstream.sinks == ()


def test_two_tables_are_two_sinks_each_of_its_kind(tmp_path: Path) -> None:
    sinks = load(written(tmp_path, HOOK + BROKER)).upstream.sinks
    assert [(sink.kind, sink.name, sink.shown) for sink in sinks] == [
        ("webhook", "webhook", "https://house.example"),
        ("mqtt", "mqtt", "mqtts://broker.local:8883"),
    ]
    assert [sink.needs_clock for sink in sinks] == [True, True]


def test_every_kind_is_called_as_its_table() -> None:
    assert [kind.kind for kind in (WebhookConfig, MqttConfig)] == list(Config().upstream.__struct_fields__)


def test_a_try_by_hand_does_not_push_the_device_from_the_broker(tmp_path: Path) -> None:
    [table] = load(written(tmp_path, BROKER)).upstream.mqtt
    trial = table.trial()
    assert trial.kind == table.kind
    assert trial.client_id != table.client_id
    assert (table.availability_topic, trial.availability_topic) == ("matpi/mat/availability", "")
    assert trial.topic("sessions") == table.topic("sessions")
    assert not trial.live
    assert not trial.commands


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HOOK + HOOK, ['upstream.webhook[1].name = "webhook" is taken', "another name"]),
        (HOOK + BROKER + 'name = "webhook"\n', ['upstream.mqtt[0].name = "webhook" is taken']),
        (BROKER + BROKER + 'name = "second"\n', ["are the same device at one broker", "device_id"]),
        (BROKER + 'password = "mqtt"\n', ["upstream.mqtt[0]: password is given without username"]),
        (BROKER + 'ack_topic = "matpi/mat/sessions"\n', ["upstream.mqtt[0]: ack_topic", '"matpi/mat/ack"']),
        (BROKER + 'ack_topic = "matpi/mat/set/ack"\n', ["has another use already"]),
        (BROKER + 'device_id = "a"\nack_topic = "matpi/a/state"\n', ["has another use already"]),
        (BROKER + 'ack_topic = "homeassistant/status"\n', ["has another use already"]),
        (HOOK + "retries = 3\n", ["upstream.webhook[0].retries is unknown", "known here: url, secret"]),
        (
            HOOK.replace("secret", "secrets"),
            ["upstream.webhook[0].secrets", "did you mean upstream.webhook[0].secret?"],
        ),
        (HOOK + "timeout_s = 60\n", ["upstream.webhook[0].timeout_s = 60", "5 to 30"]),
        (HOOK + 'name = "My House"\n', ["name", "up to 24 of a-z, 0-9, _ and -"]),
        ('[[upstream.webhook]]\nurl = "https://x.example/"\n', ["upstream.webhook[0].secret is missing", "credential"]),
        (HOOK.replace("https", "ftp"), ["upstream.webhook[0].url", "https://house.example/matpi"]),
        (HOOK.replace("https", "http"), ["upstream.webhook[0]: url is not encrypted", "allow_insecure"]),
        (HOOK.replace('"house"', '"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"'), ["secret holds the secret itself"]),
        (HOOK.replace('"house"', '"whsec_T0K3N+/AAAAAAAAAAAAAAAAAAAAAAAA="'), ["upstream.webhook[0].secret", "file"]),
        ("[upstream]\nwebhook = 3\n", ["upstream.webhook = 3", "0 to 4 tables"]),
        ("[upstream.webhook]\nurl = 'x'\n", ["upstream.webhook", "0 to 4 tables"]),
        (HOOK * 5, ["upstream.webhook", "0 to 4 tables"]),
        ("[[upstream.webhok]]\n", ["upstream.webhok", "did you mean upstream.webhook?"]),
        ("[[upstream]]\n", ["upstream", "is not a table"]),
    ],
)
def test_a_wrong_table_is_reported(tmp_path: Path, text: str, words: list[str]) -> None:
    reported = refusal(tmp_path, text)
    assert [word for word in words if word not in reported] == [], reported
    assert "T0K3N" not in reported
    assert "whsec_A" not in reported


@pytest.mark.parametrize("topic", ["", "matpi/mat/ack", "matpi/mat/settled", "matpi/other/state", "house/set/ack"])
def test_an_unused_topic_is_accepted_for_the_receivers_confirmation(tmp_path: Path, topic: str) -> None:
    [table] = load(written(tmp_path, f'{BROKER}ack_topic = "{topic}"\n')).upstream.mqtt
    assert table.ack_topic == topic
