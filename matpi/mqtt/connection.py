"""One connection to a broker, from opening to the end: used by one thread, thrown away when it breaks.

A new connection gets a new client, so nothing that the old one had not finished is sent behind our back: what was not
confirmed is the outbox's to send again.
"""

from __future__ import annotations

import select
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from matpi.mqtt import homeassistant
from matpi.mqtt.codes import later_of
from matpi.mqtt.config import MqttConfig
from matpi.mqtt.socket import connect
from matpi.upstream.secret import read_secret
from matpi.upstream.sink import LaterError

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

GREETING_S: Final = 10.0
"""For the broker's first word. Chosen."""
NOTHING_LARGER: Final = 268_435_455
"""Bytes of the largest packet that MQTT can write down (MQTT 5.0, 1.5.5)."""
MOST_HEARD: Final = 65_536
"""Bytes of the largest packet that is taken. A command has 5, a confirmation 100; the broker keeps back what is larger
(MQTT 5.0, 3.1.2.11.4), and one that does not is hung up on. Chosen.
"""
OVERHEAD: Final = 64
"""Bytes around topic, properties and payload of a PUBLISH: fixed header 5, lengths and ids under 40."""

NO_MQTT: Final = 0x82
"""How the library tells in a code that it did not understand what came."""

Confirmed = Callable[[int], None]
"""Hears the reason code of the broker's answer."""


class Link:
    """`open` returns with the connection asked for; `turn` does the rest. `up` when the broker has said yes."""

    def __init__(self, config: MqttConfig, on_message: Callable[[str, bytes, bool], None]) -> None:
        """`on_message` hears topic, payload and whether it was retained."""
        self.config = config
        self.where = f"{config.host}:{config.port_used}"
        self.up = False
        self.lost: LaterError | None = None
        """Why it is over; None while it lives."""
        self.lost_code = 0
        """The code of the broker's DISCONNECT, 0 when there was none."""
        self.retains = True
        self.most_bytes = NOTHING_LARGER
        self._on_message = on_message
        self._waiting: dict[int, Confirmed] = {}
        self._opened = 0.0
        self._client: Client | None = None

    # -- up --------------------------------------------------------------------------------------------------------

    def open(self, now: float) -> None:
        """Blocks as `mqtt_socket.connect` does. Raises LaterError."""
        from paho.mqtt.client import Client, MQTTv5
        from paho.mqtt.enums import CallbackAPIVersion
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        config, link = self.config, self
        password = read_secret(config.password, "password") if config.password else None
        opened = connect(config)

        class OverOpened(Client):
            """Over a socket of ours: the library's own is lost when TLS fails, and asks the resolver again."""

            def _create_socket(self) -> Any:
                return opened

            def _sock_recv(self, bufsize: int) -> bytes:
                """`bufsize` is what is missing of the packet, which the library would keep whole."""
                if bufsize > MOST_HEARD:
                    link.flooded(bufsize)
                    raise ConnectionAbortedError
                return super()._sock_recv(bufsize)

        client = OverOpened(CallbackAPIVersion.VERSION2, client_id=config.client_id, protocol=MQTTv5)
        client.on_connect, client.on_disconnect = self._connected, self._disconnected
        client.on_publish, client.on_message = self._published, self._heard
        client.on_subscribe = self._subscribed
        if config.username:
            client.username_pw_set(config.username, password)
        if told := config.availability_topic:
            client.will_set(told, homeassistant.OFFLINE, homeassistant.QOS, retain=True)
        self._opened, self._client = now, client
        asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        asked.MaximumPacketSize = MOST_HEARD
        client.connect(config.host, config.port_used, config.keepalive_s, clean_start=True, properties=asked)

    # -- while it lives --------------------------------------------------------------------------------------------

    def turn(self, now: float, wait_s: float, woken_by: int) -> None:
        """Serve the socket for up to `wait_s`, or until the file descriptor `woken_by` is readable."""
        client = self._client
        sock: Any = None if client is None else client.socket()
        if client is None or sock is None:
            self._over(0)
            return
        # TLS reads a record at a time: more may have come than was asked for, and the socket says nothing of it.
        waiting = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        try:
            writing = [sock] if client.want_write() else []
            read, write, _ = select.select([sock, woken_by], writing, [], 0.0 if waiting else max(0.0, wait_s))
        except (OSError, ValueError):
            self._over(0)
            return
        try:
            if sock in read or waiting:
                client.loop_read()
            if sock in write:
                client.loop_write()
            client.loop_misc()
        except Exception as error:  # noqa: BLE001  what the library makes of bytes that are no MQTT is not written down
            self._strange(f" ({type(error).__name__})")
        if self.lost is None and not self.up and now - self._opened > GREETING_S:
            told = f"MQTT {self.where}: the connection was taken, but no word came in {GREETING_S:g} s"
            self.lost = LaterError(told, "look whether it is an MQTT broker, and whether it hangs", "broker is silent")

    def subscribe(self, topic: str, confirmed: Confirmed, *, new_only: bool = False) -> None:
        """`new_only`: what is retained does not come with the subscription, and what was sent to be retained says so
        when it comes.
        """
        from paho.mqtt.subscribeoptions import SubscribeOptions

        if self._client is None:
            return
        how = SubscribeOptions(homeassistant.QOS, retainAsPublished=new_only, retainHandling=2 if new_only else 0)
        _, mid = self._client.subscribe(topic, options=how)
        if mid is not None:
            self._waiting[mid] = confirmed

    def room_for(self, topic: str, payload: bytes, marks: dict[str, str] | None = None) -> bool:
        """Whether the broker takes a packet of this size."""
        size = OVERHEAD + len(topic) + len(payload) + sum(len(k) + len(v) + 5 for k, v in (marks or {}).items())
        return size <= self.most_bytes

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool,
        confirmed: Confirmed | None = None,
        marks: dict[str, str] | None = None,
    ) -> None:
        """QoS 1. `marks` go along as user properties. What the broker never confirms is lost with the link."""
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        if self._client is None:
            return
        properties = None
        if marks is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.PayloadFormatIndicator = 1
            properties.ContentType = "application/json"
            properties.UserProperty = list(marks.items())
        sent = self._client.publish(topic, payload, homeassistant.QOS, retain and self.retains, properties)
        if confirmed is not None:
            self._waiting[sent.mid] = confirmed

    def close(self) -> None:
        """Say goodbye, if there is somebody to say it to."""
        if self._client is not None and self.up and self.lost is None:
            self._client.on_disconnect = None
            self._client.disconnect()
        self.drop()

    def drop(self) -> None:
        """Let go without a word: the broker then tells the last will."""
        client, self._client = self._client, None
        sock = None if client is None else client.socket()
        if sock is not None:
            sock.close()

    # -- heard from the client, in `turn` --------------------------------------------------------------------------

    def _connected(
        self, _client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if code.value >= 0x80:
            self.lost = later_of(code.value, self.where)
            return
        self.up = True
        self.most_bytes = getattr(properties, "MaximumPacketSize", NOTHING_LARGER)
        self.retains = getattr(properties, "RetainAvailable", 1) == 1
        if getattr(properties, "MaximumQoS", 2) == 0:
            self.lost = later_of(0x9B, self.where)

    def _disconnected(
        self, _client: Client, _data: Any, flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._over(code.value)
            return
        if code.value == NO_MQTT:
            self._strange("")
        self._over(0)

    def flooded(self, size: int) -> None:
        """A packet began that was not to be sent."""
        told = f"MQTT {self.where}: a message of {size} bytes came, larger than the {MOST_HEARD} that were agreed on"
        self.lost = self.lost or LaterError(told, "look at the broker and at who publishes there", "broker: too large")

    def _strange(self, how: str) -> None:
        told = f"MQTT {self.where}: what came is no MQTT 5{how}"
        self.lost = self.lost or LaterError(told, "look whether it is an MQTT 5 broker", "broker: no MQTT 5")

    def _over(self, code: int) -> None:
        self.lost_code = code
        if self.lost is not None:
            return
        if code >= 0x80:
            self.lost = later_of(code, self.where)
        elif self.up:
            self.lost = LaterError(
                f"MQTT {self.where}: the connection is lost", "nothing, it is made again by itself", "broker lost"
            )
        else:
            told = f"MQTT {self.where}: the connection was closed before a word"
            do = "look whether this port wants TLS, and whether it is an MQTT 5 broker"
            self.lost = LaterError(told, do, "broker hangs up")

    def _published(self, _client: Client, _data: Any, mid: int, code: ReasonCode, _properties: Properties) -> None:
        confirmed = self._waiting.pop(mid, None)
        if confirmed is not None:
            confirmed(code.value)

    def _subscribed(
        self, _client: Client, _data: Any, mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        confirmed = self._waiting.pop(mid, None)
        if confirmed is not None and codes:
            confirmed(codes[0].value)

    def _heard(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._on_message(message.topic, bytes(message.payload), message.retain)
