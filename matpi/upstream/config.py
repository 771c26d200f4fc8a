"""Define the tables of all sinks in matpi.toml. A third kind is a field here and a row in `kinds`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from matpi.mqtt.config import MqttConfig
from matpi.webhook.config import WebhookConfig

Table = WebhookConfig | MqttConfig


class UpstreamConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The sinks. Nothing leaves this machine without a table here."""

    webhook: Annotated[
        tuple[WebhookConfig, ...],
        Meta(
            min_length=0, max_length=4, description="One table a receiver of Standard Webhooks, see docs/upstream.md."
        ),
    ] = ()
    mqtt: Annotated[
        tuple[MqttConfig, ...],
        Meta(min_length=0, max_length=4, description="One table an MQTT broker, with Home Assistant or without."),
    ] = ()

    @property
    def sinks(self) -> tuple[Table, ...]:
        return (*self.webhook, *self.mqtt)

    def fault(self) -> str:
        """Return what is wrong with the tables and what to do, "" for nothing."""
        names: set[str] = set()
        kinds: dict[str, tuple[Table, ...]] = {"webhook": self.webhook, "mqtt": self.mqtt}
        for kind, tables in kinds.items():
            for at, table in enumerate(tables):
                key = f"upstream.{kind}[{at}]"
                if table.name in names:
                    return f'{key}.name = "{table.name}" is taken; give each of them another name'
                names.add(table.name)
                if fault := table.fault():
                    return f"{key}: {fault}"
        if len({(table.host, table.port_used, table.client_id) for table in self.mqtt}) < len(self.mqtt):
            return (
                "two tables of upstream.mqtt are the same device at one broker, which lets in one; change a device_id"
            )
        return ""
