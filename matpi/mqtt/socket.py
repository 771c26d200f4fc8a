"""The way to a broker: an open socket, with TLS verified, or one sentence about what is in the way."""

from __future__ import annotations

import socket
import ssl
from typing import Final

from matpi.mqtt.config import MqttConfig
from matpi.upstream.sink import LaterError
from matpi.webhook.config import is_private

CONNECT_S: Final = 5.0
"""For the TCP connection to one address, and again for TLS. Chosen: a broker far away answers within 1 s."""
ADDRESSES: Final = 2
"""Of a name so many are tried, say the IPv6 and the IPv4 one: the time is bounded."""
_DATES: Final = frozenset({9, 10})
"""X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED (openssl/x509_vfy.h)."""


def connect(config: MqttConfig) -> socket.socket:
    """Blocks for at most `CONNECT_S` an address and once more for TLS, and for the resolver. Raises LaterError."""
    trust = _trust(config) if config.tls else None
    opened: socket.socket | None = None
    try:
        opened = _open(config)
        return opened if trust is None else _encrypt(trust, opened, config.host)
    except LaterError as error:
        trouble = error
    except (OSError, ValueError) as error:  # ValueError: a name that no resolver takes
        trouble = _told(error, f"MQTT {config.host}:{config.port_used}: ")
    # Out here, without its context: whoever keeps the error would keep the frames, and the socket in them.
    raise trouble


def _open(config: MqttConfig) -> socket.socket:
    found = socket.getaddrinfo(config.host, config.port_used, type=socket.SOCK_STREAM)
    if not config.tls:
        others, found = found, [one for one in found if is_private(str(one[4][0]))]
        if not found:
            where, address = f"{config.host}:{config.port_used}", others[0][4][0]
            told = f"MQTT {where}: without TLS nothing is sent to {address}, which is not in the own network"
            raise LaterError(told, "set tls = true", "broker: tls = false")
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, place in found[:ADDRESSES]:
        opened = socket.socket(family, kind, protocol)
        try:
            opened.settimeout(CONNECT_S)
            opened.connect(place)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            opened.close()
            failure = error
        else:
            return opened
    raise failure


def _encrypt(trust: ssl.SSLContext, opened: socket.socket, host: str) -> ssl.SSLSocket:
    with opened:  # wrapping takes it over; what fails is closed
        encrypted = trust.wrap_socket(opened, server_hostname=host, do_handshake_on_connect=False)
    try:
        encrypted.settimeout(CONNECT_S)
        encrypted.do_handshake()
    except BaseException:
        encrypted.close()
        raise
    return encrypted


def _trust(config: MqttConfig) -> ssl.SSLContext:
    """Verifies chain, name and dates; there is no way to ask for less."""
    try:
        return ssl.create_default_context(cafile=config.ca_file or None)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        why = f"The certificates in {config.ca_file} cannot be read ({_words(error)})"
    raise LaterError(why, "set ca_file to the PEM file of the broker's CA", "broker: ca_file")


def _told(error: OSError | ValueError, where: str) -> LaterError:
    """What a person can do about a connection that did not come about."""
    match error:
        case ssl.SSLCertVerificationError():
            why, do = error.verify_message, "name the broker's own CA with ca_file, or correct its certificate"
            if error.verify_code in _DATES:
                do = "look at this device's clock, then at the broker's certificate"
            elif "match" in why:  # of name and certificate
                do = "set host to the name in the certificate"
            return LaterError(f"{where}the certificate is not trusted ({why.rstrip('.')})", do, "broker: certificate")
        case TimeoutError():
            return LaterError(f"{where}no answer", "look at the network and at the broker", "broker is silent")
        case ssl.SSLError() | ConnectionResetError():
            do = "set port to the broker's TLS port, or tls = false at home"
            return LaterError(f"{where}no TLS there ({_words(error)})", do, "broker: no TLS")
        case socket.gaierror() | UnicodeError():  # a label empty or too long is not even asked for
            return LaterError(f"{where}the name is not known", "correct host, or look at the network", "broker: host")
        case ConnectionRefusedError():
            return LaterError(f"{where}no broker listens there", "start it, or correct host and port", "no broker")
    return LaterError(f"{where}no connection ({_words(error)})", "look at the network", "no connection")


def _words(error: BaseException) -> str:
    """Half a sentence, whatever it was."""
    text = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0].rstrip(".")[:120]
