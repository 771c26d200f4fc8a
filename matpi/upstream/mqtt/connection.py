"""Hold one connection to a broker, from opening to the end, over paho's own network loop.

A new connection gets a new client, so that paho resends nothing by itself: what was not confirmed is the outbox's to
send again. paho calls back in a thread of its own; its reports go into the inbox of the one thread that uses the
`Link`, which thus needs no lock.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, cast

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from matpi.core.text import Text
from matpi.upstream.config import MqttConfig, is_private
from matpi.upstream.mqtt import homeassistant
from matpi.upstream.mqtt.codes import later_of
from matpi.upstream.secret import read_secret
from matpi.upstream.sink import LaterError

CONNECT_S: Final = 5.0  # for TCP to one address, and again for TLS; chosen: a distant broker answers within 1 s
ADDRESSES: Final = 2  # of a name's, tried without TLS, say its IPv6 and its IPv4 one; chosen
GREETING_S: Final = 10.0  # for the broker's first packet; chosen
NOTHING_LARGER: Final = 268_435_455  # bytes of the largest possible packet (MQTT 5.0, 1.5.5)
# Bytes of the largest packet that is accepted. Chosen: a command has 5, a confirmation 100. The broker holds back what
# is larger (MQTT 5.0, 3.1.2.11.4); one that does not is disconnected.
MOST_HEARD: Final = 65_536
OVERHEAD: Final = 64  # bytes of a PUBLISH without topic, properties and payload: header 5, lengths and ids under 40
NO_MQTT: Final = 0x82  # the reason code by which paho reports that it did not understand what came
_DATES: Final = frozenset({9, 10})  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED (openssl/x509_vfy.h)

Confirmed = Callable[[int], None]  # called with the reason code of the broker's answer
Inbox = Callable[[Callable[[], None]], None]  # queues a call, from any thread, for the thread that owns the `Link`
Marks = dict[str, str]  # user properties of a message


class Link:
    """A connection, requested by `open`. `up`: the broker has accepted it; `lost`: it is over."""

    def __init__(self, config: MqttConfig, inbox: Inbox, on_message: Callable[[str, bytes, bool], None]) -> None:
        """Prepare; `on_message` gets topic, payload and whether it was retained, in the thread of the inbox."""
        self.config, self.where = config, config.where
        self.up, self.greet_by = False, 0.0
        self.lost: LaterError | None = None  # why it is over
        self.lost_code = 0  # of the broker's DISCONNECT, 0 when there was none
        self.retains, self.most_bytes = True, NOTHING_LARGER
        self._inbox, self._on_message = inbox, on_message
        self._waiting: dict[int, Confirmed] = {}
        self._client: Client | None = None
        self._socket: Any = None

    def open(self, now: float) -> None:
        """Connect, for at most CONNECT_S an address, again for TLS, and the resolver's time; or LaterError."""
        config = self.config
        password = read_secret(config.password, "password") if config.password else None
        client = _Client(
            CallbackAPIVersion.VERSION2, client_id=config.client_id, protocol=MQTTv5, reconnect_on_failure=False
        )
        client.connect_timeout = CONNECT_S
        client.on_connect, client.on_disconnect = self._later(self._connected), self._later(self._disconnected)
        client.on_publish, client.on_subscribe = self._later(self._answered), self._later(self._subscribed)
        client.on_message, client.on_socket_open = self._heard, self._opened
        client.on_broken = self._later(self._strange)
        client.tls_set_context(_encrypted(config) if config.tls else cast(ssl.SSLContext, _NotEncrypted()))
        if config.username:
            client.username_pw_set(config.username, password)
        if topic := config.availability_topic:
            client.will_set(topic, homeassistant.OFFLINE, homeassistant.QOS, retain=True)
        self._connect(client)
        self._client, self.greet_by = client, now + GREETING_S
        client.loop_start()

    def _connect(self, client: Client) -> None:
        config, asked = self.config, _properties(PacketTypes.CONNECT, MaximumPacketSize=MOST_HEARD)
        failure: LaterError | None = None
        try:
            for address in self._addresses():
                try:
                    client.connect(address, config.port_used, config.keepalive_s, clean_start=True, properties=asked)
                except OSError as error:
                    failure = _as_later(error, self.where)
                else:
                    return
        except (OSError, ValueError) as error:  # ValueError: a name that no resolver takes
            failure = _as_later(error, self.where)
        if failure is not None:  # out here, without its context: that would keep the frames, and the socket in them
            raise failure

    def _addresses(self) -> list[str]:
        """Return the name where its certificate is verified, without TLS its private addresses."""
        config = self.config
        if config.tls:
            return [config.host]
        found = [str(one[4][0]) for one in socket.getaddrinfo(config.host, None, type=socket.SOCK_STREAM)]
        own = [address for address in found if is_private(address)]
        if not own:
            why = f"MQTT {self.where}: without TLS nothing is sent to {found[0]}, which is not in the own network"
            raise LaterError(why, "set tls = true", Text("upstream.broker_tls_off"))
        return own[:ADDRESSES]

    def subscribe(self, topic: str, confirmed: Confirmed, *, new_only: bool = False) -> None:
        """Subscribe. `new_only`: without retained messages, and messages sent as retained are marked so."""
        if self._client is None:
            return
        how = SubscribeOptions(homeassistant.QOS, retainAsPublished=new_only, retainHandling=2 if new_only else 0)
        _, mid = self._client.subscribe(topic, options=how)
        if mid is not None:
            self._waiting[mid] = confirmed

    def room_for(self, topic: str, payload: bytes, marks: Marks | None = None) -> bool:
        """Return whether the broker accepts a packet of this size."""
        size = OVERHEAD + len(topic) + len(payload) + sum(len(k) + len(v) + 5 for k, v in (marks or {}).items())
        return size <= self.most_bytes

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool,
        confirmed: Confirmed | None = None,
        marks: Marks | None = None,
    ) -> None:
        """Publish with QoS 1. What the broker never confirms is lost with the link."""
        if self._client is None:
            return
        properties = None
        if marks is not None:
            properties = _properties(
                PacketTypes.PUBLISH,
                PayloadFormatIndicator=1,
                ContentType="application/json",
                UserProperty=list(marks.items()),
            )
        sent = self._client.publish(topic, payload, homeassistant.QOS, retain and self.retains, properties)
        if confirmed is not None:
            self._waiting[sent.mid] = confirmed

    def check_greeting(self, now: float) -> None:
        """Give up a broker that has not greeted in time."""
        if not self.up and self.lost is None and now >= self.greet_by:
            why = f"MQTT {self.where}: the connection was taken, but no word came in {GREETING_S:g} s"
            self.lost = LaterError(
                why, "look whether it is an MQTT broker, and whether it hangs", Text("upstream.broker_silent")
            )

    def leave(self) -> None:
        """Disconnect properly; `lost` follows when that was sent."""
        if self._client is not None:
            self._client.disconnect()

    def cut(self) -> None:
        """Break off without a DISCONNECT: the broker publishes the last will, and paho's thread ends."""
        self._client = None  # it holds callbacks of ours: the circle would keep it, and its sockets
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    # -- called by paho, in its thread -----------------------------------------------------------------------------

    def _later(self, call: Callable[..., None]) -> Callable[..., None]:
        return lambda *given: self._inbox(partial(call, *given))

    def _opened(self, _client: Client, _data: Any, opened: Any) -> None:
        self._socket = opened
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _heard(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._inbox(partial(self._on_message, message.topic, bytes(message.payload), message.retain))

    # -- the same, in the thread of the inbox ----------------------------------------------------------------------

    def _connected(self, _client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, properties: Any) -> None:
        if code.value >= 0x80:
            self.lost = later_of(code.value, self.where)
            return
        self.up = True
        self.most_bytes = getattr(properties, "MaximumPacketSize", NOTHING_LARGER)
        self.retains = getattr(properties, "RetainAvailable", 1) == 1
        if getattr(properties, "MaximumQoS", 2) == 0:
            self.lost = later_of(0x9B, self.where)

    def _disconnected(self, _client: Client, _data: Any, flags: DisconnectFlags, code: ReasonCode, _: Any) -> None:
        self.lost_code = code.value if flags.is_disconnect_packet_from_server else 0
        if self.lost is not None:
            return
        do = "look whether this port wants TLS, and whether it is an MQTT 5 broker"
        if size := self._socket.too_large:
            why = f"a message of {size} bytes came, larger than the {MOST_HEARD} that were agreed on"
            do, short = "look at the broker and at who publishes there", "broker_too_large"
        elif self.lost_code >= 0x80:
            self.lost = later_of(self.lost_code, self.where)
            return
        elif code.value == NO_MQTT:
            self._strange("")
            return
        elif self.up:
            why, do, short = "the connection is lost", "nothing, it is made again by itself", "broker_lost"
        else:
            why, short = "the connection was closed before a word", "broker_hangs_up"
        self.lost = LaterError(f"MQTT {self.where}: {why}", do, Text(f"upstream.{short}"))

    def _strange(self, how: str) -> None:
        why, do = f"MQTT {self.where}: what came is no MQTT 5{how}", "look whether it is an MQTT 5 broker"
        self.lost = self.lost or LaterError(why, do, Text("upstream.broker_no_mqtt5"))

    def _answered(self, _client: Client, _data: Any, mid: int, code: ReasonCode, _: Any) -> None:
        if (confirmed := self._waiting.pop(mid, None)) is not None:
            confirmed(code.value)

    def _subscribed(self, _client: Client, _data: Any, mid: int, codes: list[ReasonCode], _: Any) -> None:
        if codes:
            self._answered(_client, _data, mid, codes[0], _)


def _properties(packet: int, **values: Any) -> Properties:
    made = Properties(packet)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(made, name, value)
    return made


class _Client(Client):
    """A client that reports bytes it cannot read, of which paho's thread would die unseen."""

    on_broken: Callable[[str], None]

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:
        try:
            return super().loop_forever(timeout, retry_first_connection)
        except Exception as error:  # noqa: BLE001  what paho raises for bytes that are no MQTT is not documented
            self.on_broken(f" ({type(error).__name__})")
            return MQTTErrorCode.MQTT_ERR_PROTOCOL


class _Bounded(socket.socket):
    """A socket that refuses a packet that is too large: paho reads a packet whole into memory."""

    too_large = 0  # bytes of it

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        if buflen > MOST_HEARD:
            self.too_large = buflen
            raise ConnectionAbortedError
        return super().recv(buflen, flags)


class _BoundedTls(_Bounded, ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        """Close what cannot be used: paho forgets it."""
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class _BoundedPlain(_Bounded):
    def do_handshake(self) -> None:
        """Do nothing: there is no TLS."""


class _NotEncrypted:
    """Replaces a TLS context: only there paho accepts a socket of ours. A real context would cost 0.7 MB."""

    check_hostname = True  # else paho would look for a certificate

    def wrap_socket(self, sock: socket.socket, *_: Any, **__: Any) -> _BoundedPlain:
        return _BoundedPlain(fileno=sock.detach())


def _encrypted(config: MqttConfig) -> ssl.SSLContext:
    """Return a context that verifies chain, name and dates; there is no option for less."""
    try:
        context = ssl.create_default_context(cafile=config.ca_file or None)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        why = f"The certificates in {config.ca_file} cannot be read ({_reason(error)})"
    else:
        context.sslsocket_class = _BoundedTls
        return context
    raise LaterError(why, "set ca_file to the PEM file of the broker's CA", Text("upstream.broker_ca_file"))


def _as_later(error: OSError | ValueError, where: str) -> LaterError:
    """Return what the user can do about a connection that failed."""
    match error:
        case LaterError():
            return error
        case ssl.SSLCertVerificationError():
            reason, short = error.verify_message.rstrip("."), "broker_certificate"
            why = f"the certificate is not trusted ({reason})"
            do = "name the broker's own CA with ca_file, or correct its certificate"
            if error.verify_code in _DATES:
                do = "look at this device's clock, then at the broker's certificate"
            elif "match" in reason:  # of name and certificate
                do = "set host to the name in the certificate"
        case TimeoutError():
            why, do, short = "no answer", "look at the network and at the broker", "broker_silent"
        case ssl.SSLError() | ConnectionResetError():
            why, short = f"no TLS there ({_reason(error)})", "broker_no_tls"
            do = "set port to the broker's TLS port, or tls = false at home"
        case socket.gaierror() | UnicodeError():  # a label empty or too long is not even asked for
            why, do, short = "the name is not known", "correct host, or look at the network", "broker_host"
        case ConnectionRefusedError():
            why, do, short = "no broker listens there", "start it, or correct host and port", "no_broker"
        case _:
            why, do, short = f"no connection ({_reason(error)})", "look at the network", "no_connection"
    return LaterError(f"MQTT {where}: {why}", do, Text(f"upstream.{short}"))


def _reason(error: BaseException) -> str:
    """Return the reason as half a sentence."""
    text = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0].rstrip(".")[:120]
