"""Define the tables of the sinks in matpi.toml.

A third kind of sink is a struct here and a line in `relays.sink_of`.
"""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated, ClassVar, Final
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Meta, Struct

from matpi.errors import UsageError

SinkName = Annotated[
    str,
    Meta(
        pattern="^[a-z0-9_-]{1,24}$",
        title="up to 24 of a-z, 0-9, _ and -",
        description="What it is called here; with another name it is another receiver.",
    ),
]
_OWN: Final = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
        "::1", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip


def is_private(address: str) -> bool:
    """Return whether an address is loopback, RFC 1918, link-local or unique local (RFC 4193).

    Raises ValueError for a name.
    """
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in _OWN if network.version == found.version)


class WebhookConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A receiver of Standard Webhooks. Certificates are always verified, redirects never followed."""

    kind: ClassVar[str] = "webhook"
    needs_clock: ClassVar[bool] = True  # the time of sending is signed, and certificates carry dates

    url: Annotated[
        str,
        Meta(pattern=r"^https?://[\x21\x23-\x7e]{1,1000}$", title="an address such as https://house.example/matpi"),
        Meta(description="Where each record is sent, as it is: a path in it may be a secret and is shown nowhere."),
    ]
    secret: Annotated[
        str,
        Meta(
            pattern=r"^(/[^\x00-\x1f]+|[A-Za-z0-9_][A-Za-z0-9_.-]*)$",
            title="a credential's name or a file's full path",
            description="Where the signing secrets are stored, one a line, newest first.",
        ),
    ]
    name: SinkName = "webhook"
    ca_file: Annotated[
        str,
        Meta(pattern=r"^(/[^\x00-\x1f]+)?$", title="an absolute path in quotes"),
        Meta(description="Certificates to trust instead of the system's (PEM); empty: the system's."),
    ] = ""
    timeout_s: Annotated[float, Meta(ge=5, le=30, description="How long an answer is waited for, in s.")] = 20.0
    allow_insecure: Annotated[
        bool,
        Meta(description="true: http:// is allowed too, to an address of the own network. Anyone there can read it."),
    ] = False

    @property
    def address(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def shown(self) -> str:
        """Return the receiver, without what may be a secret."""
        parts = self.address
        return f"{parts.scheme}://{parts.netloc}"

    def trial(self) -> WebhookConfig:
        """Return the table for a try by hand beside the running device."""
        return self

    def fault(self) -> str:
        """Return what is wrong with the table and what to do, as the end of a sentence; "" for nothing."""
        if self.secret.startswith("whsec_"):
            return "secret holds the secret itself; write it into a file that only matpi may read, and name that file"
        try:
            parts = self.address
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "the address in url cannot be read; check its host and port"
        if not host or port == 0:
            return "the address in url has no host or no port that can be; check it"
        if parts.username is not None or parts.password is not None:
            return "url holds a password, which would be readable here; take it out, the signature proves who sends"
        if parts.fragment:
            return "url ends in a #part, which is never sent; take it out"
        if parts.scheme == "http":
            if not self.allow_insecure:
                return "url is not encrypted; write https://, or allow_insecure = true for a receiver at home"
            with suppress(ValueError):  # a name: checked when it is resolved
                if not is_private(host):
                    return "url is not encrypted and leaves the own network; write https://"
        return ""


TLS_PORT: Final = 8883  # both registered with IANA
PLAIN_PORT: Final = 1883

# One level or several; no wildcards, no empty level, nothing a broker would have to escape in its access rules.
_TOPIC = r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*"

_OWN_LEVELS: Final = frozenset({"sessions", "state", "diagnostics", "event", "availability", "set"})
"""Under `<base>/<device id>`: each has its use (docs/dev/upstream.md)."""

Topic = Annotated[
    str, Meta(pattern=f"^({_TOPIC})?$", title="a topic: letters, digits, _ . and -, with / between levels")
]


class MqttConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A broker that takes sessions, and what Home Assistant is shown. Certificates are always verified."""

    kind: ClassVar[str] = "mqtt"

    host: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9._:-]{1,253}$", title="a host's name or address"),
        Meta(description="Name or address of the broker."),
    ]
    port: Annotated[int, Meta(ge=0, le=65535, description="TCP port; 0: 8883 with tls, 1883 without.")] = 0
    tls: Annotated[bool, Meta(description="false: unencrypted, and only to an address of the own network.")] = True
    ca_file: Annotated[
        str,
        Meta(pattern="^(/[^\\x00-\\x1f]*)?$", title="an absolute path in quotes"),
        Meta(description="Certificates to trust (PEM); empty: the system's."),
    ] = ""
    username: Annotated[str, Meta(max_length=256, description="Empty: the broker asks for none.")] = ""
    password: Annotated[
        str,
        Meta(pattern=r"^(/[^\x00-\x1f]*|[A-Za-z0-9_.-]*)$", title="a credential's name or a file's full path"),
        Meta(description="Where it is stored: the name of a systemd credential, or the path of a file."),
    ] = ""
    base_topic: Annotated[Topic, Meta(min_length=1, description="All topics of this mat are under it.")] = "matpi"
    device_id: Annotated[
        str,
        Meta(pattern="^[A-Za-z0-9_-]{1,40}$", title="up to 40 of A-Z, a-z, 0-9, _ and -"),
        Meta(description="Names this mat at the broker; each mat needs its own."),
    ] = "mat"
    device_name: Annotated[str, Meta(min_length=1, max_length=60, description="How Home Assistant calls it.")] = (
        "Acupressure mat"
    )
    discovery_prefix: Annotated[Topic, Meta(description="Home Assistant's; empty: none.")] = "homeassistant"
    live: Annotated[bool, Meta(description="false: only records are sent, not whether the mat is occupied now.")] = True
    commands: Annotated[bool, Meta(description="false: nothing can be set from the broker.")] = True
    ack_topic: Annotated[
        Topic, Meta(description="Where the receiver confirms what it has stored; empty: the broker's word is enough.")
    ] = ""
    name: SinkName = "mqtt"
    keepalive_s: Annotated[int, Meta(ge=10, le=600, description="How soon a lost device is reported as offline.")] = 60

    def fault(self) -> str:
        """Return what is wrong with the table and what to do, as the end of a sentence; "" for nothing."""
        if self.password and not self.username:
            return "password is given without username; write the user's name, or take password out"
        own = f"{self.base_topic}/{self.device_id}"
        used = {self.discovery_topic, self.birth_topic, *(f"{own}/{level}" for level in _OWN_LEVELS)}
        if self.ack_topic in used or self.ack_topic.startswith(f"{own}/set/"):
            return f'ack_topic = "{self.ack_topic}" has another use already; name one of its own, such as "{own}/ack"'
        return ""

    @property
    def port_used(self) -> int:
        return self.port or (TLS_PORT if self.tls else PLAIN_PORT)

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port_used}"

    @property
    def shown(self) -> str:
        """Return the broker, without anything secret."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.where}"

    @property
    def needs_clock(self) -> bool:
        """Whether nothing can be sent without a trusted clock: certificates carry dates."""
        return self.tls

    def trial(self) -> MqttConfig:
        """Return the table for a try by hand, which must not get in the way of the running device."""
        return _TrialMqtt(**{**msgspec.structs.asdict(self), "live": False, "commands": False, "ack_topic": ""})

    @property
    def client_id(self) -> str:
        return f"matpi-{self.device_id}"

    def topic(self, name: str) -> str:
        """Return `<base>/<device id>/<name>`."""
        return f"{self.base_topic}/{self.device_id}/{name}"

    @property
    def availability_topic(self) -> str:
        """Where this mat is reported online or offline, retained; "" for nowhere."""
        return self.topic("availability")

    @property
    def discovery_topic(self) -> str:
        return f"{self.discovery_prefix}/device/matpi_{self.device_id}/config"

    @property
    def birth_topic(self) -> str:
        """Where Home Assistant reports its start."""
        return f"{self.discovery_prefix}/status"


class _TrialMqtt(MqttConfig, frozen=True):
    """A client beside the device's own, which leaves nothing at the broker, even when killed."""

    @property
    def client_id(self) -> str:
        return f"matpi-{self.device_id}-test"

    @property
    def availability_topic(self) -> str:
        return ""


Table = WebhookConfig | MqttConfig


class UpstreamConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The sinks. Nothing leaves this machine without a table here."""

    webhook: Annotated[
        tuple[WebhookConfig, ...],
        Meta(
            min_length=0, max_length=4, description="A table for each receiver of webhooks, see docs/dev/upstream.md."
        ),
    ] = ()
    mqtt: Annotated[
        tuple[MqttConfig, ...],
        Meta(min_length=0, max_length=4, description="One table an MQTT broker, with Home Assistant or without."),
    ] = ()

    @property
    def sinks(self) -> tuple[Table, ...]:
        return (*self.webhook, *self.mqtt)

    def sink(self, name: str) -> Table:
        """Return the table of this name. Raises UsageError."""
        found = next((sink for sink in self.sinks if sink.name == name), None)
        if found is None:
            names = ", ".join(sink.name for sink in self.sinks) or "none"
            raise UsageError(f"There is no receiver {name!r}; the config has {names}.")
        return found

    def fault(self) -> str:
        """Return what is wrong with the tables and what to do, "" for nothing."""
        names: set[str] = set()
        kinds: tuple[tuple[Table, ...], ...] = (self.webhook, self.mqtt)
        for tables in kinds:
            for at, table in enumerate(tables):
                key = f"upstream.{table.kind}[{at}]"
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
