"""List the kinds of sinks: their tables and how they are made. Loaded only when one is configured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from matpi import __version__
from matpi.mqtt.config import MqttConfig
from matpi.ports import Put
from matpi.upstream.config import Table
from matpi.upstream.sink import Sink
from matpi.webhook.config import WebhookConfig


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    table: type[Any]
    make: Callable[[Any, Put], Sink]  # of its table; `put` takes commands from outside
    where: Callable[[Any], str]  # without anything secret
    needs_clock: Callable[[Any], bool]
    trial: Callable[[Any], Any]  # the table for a try by hand, which must not get in the way of the running device


class TrialMqtt(MqttConfig, frozen=True):
    """A client beside the device's own, which leaves nothing at the broker, even when killed."""

    @property
    def client_id(self) -> str:
        return f"matpi-{self.device_id}-test"

    @property
    def availability_topic(self) -> str:
        return ""


def _trial_mqtt(table: MqttConfig) -> TrialMqtt:
    return TrialMqtt(**{**msgspec.structs.asdict(table), "live": False, "commands": False, "ack_topic": ""})


def _webhook(table: WebhookConfig, _put: Put) -> Sink:
    from matpi.webhook.sink import Webhook

    return Webhook(table)


def _mqtt(table: MqttConfig, put: Put) -> Sink:
    from matpi.mqtt.sink import MqttSink

    return MqttSink(table, __version__, put)


def _broker(table: MqttConfig) -> str:
    return f"{'mqtts' if table.tls else 'mqtt'}://{table.where}"


KINDS: Final = (
    Kind("webhook", WebhookConfig, _webhook, lambda t: str(t.where), lambda _: True, lambda t: t),
    Kind("mqtt", MqttConfig, _mqtt, _broker, lambda t: bool(t.tls), _trial_mqtt),
)


def kind_of(table: Table) -> Kind:
    return next(kind for kind in KINDS if isinstance(table, kind.table))
