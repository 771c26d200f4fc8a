"""Define the table of an MQTT sink in matpi.toml, and its topics."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from matpi.upstream.fields import SinkName

TLS_PORT: Final = 8883  # both registered with IANA
PLAIN_PORT: Final = 1883

# One level or several; no wildcards, no empty level, nothing a broker would have to escape in its access rules.
_TOPIC = r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*"

_OWN_LEVELS: Final = frozenset({"sessions", "state", "diagnostics", "event", "availability", "set"})
"""Under `<base>/<device id>`: each has its use (docs/upstream-mqtt.md)."""

Topic = Annotated[
    str, Meta(pattern=f"^({_TOPIC})?$", title="a topic: letters, digits, _ . and -, with / between levels")
]


class MqttConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A broker that takes sessions, and what Home Assistant is shown. Certificates are always verified."""

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
        Meta(description="Where it lies: the name of a systemd credential, or the path of a file."),
    ] = ""
    base_topic: Annotated[Topic, Meta(min_length=1, description="Everything of ours lies under it.")] = "matpi"
    device_id: Annotated[
        str,
        Meta(pattern="^[A-Za-z0-9_-]{1,40}$", title="up to 40 of A-Z, a-z, 0-9, _ and -"),
        Meta(description="Names this mat at the broker; each mat needs its own."),
    ] = "mat"
    device_name: Annotated[str, Meta(min_length=1, max_length=60, description="How Home Assistant calls it.")] = (
        "Acupressure mat"
    )
    discovery_prefix: Annotated[Topic, Meta(description="Home Assistant's; empty: none.")] = "homeassistant"
    live: Annotated[bool, Meta(description="false: only what is recorded goes out, not who lies there now.")] = True
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
