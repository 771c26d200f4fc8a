"""Send each record to one address (Standard Webhooks): signed, verified TLS, no redirects.

One connection a record, with the standard library only (https://www.standardwebhooks.com, version 1.0.0): sessions are
few, and a client with lasting connections would cost 24 MiB (httpx 0.28, measured on x86-64). The exchange ends within
`timeout_s`, even if the receiver sends a byte every ten seconds; only the resolver may take longer.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import hashlib
import hmac
import http.client
import io
import math
import re
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from matpi import __version__
from matpi.core.text import Text
from matpi.upstream.config import WebhookConfig, is_private
from matpi.upstream.secret import read_secret
from matpi.upstream.sink import Delivery, DisabledError, LaterError, RefusedError, UpstreamError

AGENT: Final = f"matpi/{__version__}"
LEAST_BYTES, MOST_BYTES = 24, 64  # of a secret: "at least 24 bytes (192 bits, 512 maximum)"
MOST_SECRETS: Final = 4  # chosen: rotation takes two
_HOW_TO: Final = "write `whsec_` and 24 to 64 random bytes in base64 on each line, as docs/dev/upstream.md shows"
ABOUT_THE_RECORD: Final = frozenset({400, 413, 415, 422})
"""Statuses about the record itself. All others are about the way there (a wrong path, a proxy, a missing right) and
would meet every record, so the first one waits."""

_LOOK = "look at the receiver's own log"
_UNIT = "allow its network in the unit (docs/dev/upstream.md, `sudo systemctl edit matpi`)"

_ADVICE: Final = {
    **dict.fromkeys((401, 403), "check that its secret is the same as here"),
    404: "check the path in url",
    405: "check the path in url, it has to take POST",
    407: "matpi uses no proxy, name the receiver itself in url",
    **dict.fromkeys((408, 425, 503), "nothing, it is tried again"),
    421: "check the host in url",
    429: "nothing, it is tried again when it wants",
    431: "check what stands between",
    **dict.fromkeys((502, 504), "check whether the receiver behind its proxy runs"),
}


class Webhook:
    """A receiver of Standard Webhooks. Implements sink.Sink."""

    def __init__(self, config: WebhookConfig, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._config, self._monotonic = config, monotonic
        self.needs_clock = config.needs_clock
        self._wire: socket.socket | None = None  # of the delivery under way
        self._closed = False

    def deliver(self, delivery: Delivery, utc: float | None) -> None:
        if utc is None:
            raise LaterError(
                "the clock is not trusted yet", "wait until this machine has the time", Text("upstream.no_clock")
            )
        keys = _secrets(read_secret(self._config.secret, "secret"), self._config.secret)
        sent_s = int(utc)
        headers = {
            "content-type": "application/json",
            "user-agent": AGENT,
            "webhook-id": delivery.id,
            "webhook-timestamp": str(sent_s),
            "webhook-signature": _signatures(keys, delivery.id, sent_s, delivery.body),
            "idempotency-key": f'"{delivery.id}"',  # a structured field: a string in quotes (draft-07, 2.1)
            "connection": "close",
        }
        host = self._config.address.hostname or ""
        try:
            status, location, retry_after = self._post(host, delivery.body, headers)
        except LaterError:
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise error_without_answer(error, host, self._config.timeout_s) from error
        if (wrong := error_of(status, location, retry_after, utc)) is not None:
            raise wrong

    def close(self) -> None:
        self._closed = True
        if (wire := self._wire) is not None:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def _post(self, host: str, body: bytes, headers: dict[str, str]) -> tuple[int, str | None, str | None]:
        """Return status, Location and Retry-After of the answer; its body is not read."""
        address, deadline = self._config.address, self._monotonic() + self._config.timeout_s
        secure = address.scheme == "https"
        context = self._context() if secure else None
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
        # Only to write the request: http.client has no deadline, so the connection is our own.
        request = http.client.HTTPConnection(address.netloc)
        with self._connected(host, address.port or (443 if secure else 80), deadline) as plain:
            if context is None and not is_private(plain.getpeername()[0]):
                why = f"{host} is not of the own network and url is not encrypted"
                raise LaterError(why, "write https:// into url", Text("upstream.not_encrypted"))
            with plain if context is None else context.wrap_socket(plain, server_hostname=host) as wire:
                self._wire = wire
                wire.settimeout(self._left_s(deadline))
                request.sock = wire
                request.request("POST", target, body, headers)
                raw = _Timed(wire, lambda: self._left_s(deadline))
                with http.client.HTTPResponse(raw, method="POST") as response:  # type: ignore[arg-type]
                    response.begin()
                    return response.status, response.getheader("location"), response.getheader("retry-after")

    def _connected(self, host: str, port: int, deadline: float) -> socket.socket:
        """Connect to the first address that answers. Raises the last one's error if none does."""
        last: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            wire = socket.socket(family, kind, protocol)
            try:
                wire.settimeout(self._left_s(deadline))
                self._wire = wire
                wire.connect(address)
                wire.settimeout(self._left_s(deadline))
            except OSError as error:
                wire.close()
                last = error
            else:
                return wire
        raise last

    def _context(self) -> ssl.SSLContext:
        ca_file = self._config.ca_file
        try:
            context = ssl.create_default_context(cafile=ca_file or None)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else "no PEM"
            why = f"the certificates in {ca_file} cannot be read ({reason})"
            raise LaterError(why, "correct ca_file", Text("upstream.ca_file")) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _left_s(self, deadline: float) -> float:
        left_s = deadline - self._monotonic()
        if left_s <= 0.0 or self._closed:
            raise TimeoutError
        return left_s


class _Timed(io.RawIOBase):
    """A socket to read from, each time with the time left of the whole exchange."""

    def __init__(self, wire: socket.socket, left_s: Callable[[], float]) -> None:
        self._wire, self._left_s = wire, left_s

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self._wire.settimeout(self._left_s())
        return self._wire.recv_into(buffer)


def _signatures(keys: list[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature`: a signature a key, so that either side can rotate first."""
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    return " ".join("v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)


def _secrets(text: str, where: str) -> list[bytes]:
    """Return the secrets in a text, one a line; empty and # lines are skipped. Raises LaterError."""
    lines = [line.strip() for line in text.splitlines()]
    keys = [_secret(line, where) for line in lines if line and not line.startswith("#")]
    if not 1 <= len(keys) <= MOST_SECRETS:
        why, do = f"there are {len(keys)} secrets in {where}", f"leave 1 to {MOST_SECRETS}, the newest first"
        raise LaterError(why, do, Text("upstream.wrong_key"))
    return keys


def _secret(line: str, where: str) -> bytes:
    # Nothing of the line itself is shown: errors come onto panels and into logs.
    key, why = b"", f"a line in {where} is no signing secret"
    if line.startswith("whsec_"):
        try:
            key = base64.b64decode(line.removeprefix("whsec_"), validate=True)
            why = f"a secret in {where} has {len(key)} bytes"
        except binascii.Error:
            why = f"a secret in {where} is not base64"
    if LEAST_BYTES <= len(key) <= MOST_BYTES:
        return key
    raise LaterError(why, _HOW_TO, Text("upstream.wrong_key"))


# -- a receiver's answer, or its absence, as an error with what to do --------------------------------------------------


def error_of(status: int, location: str | None, retry_after: str | None, utc: float) -> UpstreamError | None:
    """Return the error of `status` at time `utc`, None when the record has arrived."""
    if 200 <= status <= 299:
        return None
    phrase = http.client.responses.get(status)
    named, short = f"HTTP {status}, {phrase}" if phrase else f"HTTP {status}", Text("upstream.answers", status=status)
    if status == 410:
        do = "run `matpi upstream retry` if it should be sent again, or take its table out of the config"
        return DisabledError(f"the receiver wants nothing more ({named})", do, Text("upstream.ended"))
    if status in ABOUT_THE_RECORD:
        return RefusedError(f"the receiver refuses this record ({named})", f"{_LOOK}; it is kept here", short)
    why, do = f"the receiver answers {named}", _ADVICE.get(status, _LOOK)
    if 300 <= status <= 399:
        why = f"the receiver sends matpi elsewhere{_place(location)} ({named}), which is not followed"
        do = "write the final address into url"
    return LaterError(why, do, short, retry_after_s(retry_after, utc))


def retry_after_s(header: str | None, utc: float) -> float | None:
    """Return the seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3), else None."""
    text = (header or "").strip()
    if re.fullmatch(r"\d{1,12}", text, re.ASCII):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
        until = (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, until - utc) if math.isfinite(until) else None


def error_without_answer(error: Exception, host: str, timeout_s: float) -> LaterError:
    """Return why there is no answer from `host`. Raises `error` if it is not the network's."""
    match error:
        case ssl.SSLCertVerificationError():
            unknown = f"is not accepted ({error.verify_message})", "look at it with openssl"
            what, do = _VERIFY.get(error.verify_code, unknown)
            why, short = f"the certificate of {host} {what}", "certificate"
        case ssl.SSLError():
            why = f"{host} does not speak TLS as it should ({_tls(error)})"
            do, short = "check that url names its https port", "no_tls"
        case socket.gaierror(errno=socket.EAI_AGAIN | socket.EAI_FAIL):
            why, short = f"no name server answers, so the address of {host} is not known", "no_name_server"
            do = f"check the network, or {_UNIT}"
        case socket.gaierror() | UnicodeError():  # a name with an empty or a too long label is not even asked for
            why, do, short = f"there is no host {host}", "check the name in url and the network", "no_host"
        case TimeoutError() if error.errno != errno.ETIMEDOUT:
            why, short = f"{host} did not answer within {timeout_s:g} s", "no_answer"
            do = "check that the receiver works, or wait"
        case http.client.RemoteDisconnected():
            why, do, short = f"{host} closed the connection without an answer", _LOOK, "hung_up"
        case http.client.HTTPException() | ValueError():
            why, short = f"{host} answers with something that is no HTTP", "no_http"
            do = "check the host and port in url"
        case ConnectionRefusedError():
            why, short = f"nothing listens at {host}", "nothing_listens"
            do = "start the receiver, or check the port in url"
        case ConnectionError():
            why, do, short = f"{host} broke the connection off", _LOOK, "hung_up"
        case PermissionError():
            why, do, short = f"this machine does not let matpi reach {host}", _UNIT, "not_allowed"
        case OSError():
            reason = error.strerror or str(error) or type(error).__name__
            why, do, short = f"{host} cannot be reached ({reason})", "check the network, or wait", "not_reached"
        case _:
            raise error
    return LaterError(why, do, Text(f"upstream.{short}"))


_VERIFY: Final = {
    9: ("is not valid yet", "check the date of this machine and of the certificate"),
    10: ("has expired", "renew it there, or check the date of this machine"),
    18: ("is signed by itself", "name it in ca_file if it is yours"),
    19: ("is signed by an authority nobody here knows", "name that authority in ca_file if it is yours"),
    20: ("is signed by an authority nobody here knows", "name that authority in ca_file if it is yours"),
    21: ("comes without the one that signed it", "let the receiver send its whole chain, or name it in ca_file"),
    62: ("is for another name", "write the name it was made for into url"),
    64: ("is for another name", "write the name it was made for into url"),
}
"""X509_V_ERR_*: not yet valid, expired, self-signed leaf, self-signed in chain, issuer unknown, leaf unverifiable,
name does not match, address does not match (x509_vfy.h)."""


def _tls(error: ssl.SSLError) -> str:
    return (error.reason or "no reason given").lower().replace("_", " ")


def _place(location: str | None) -> str:
    """Return the host alone: an address may hold a secret, and foreign text is not shown at length."""
    found = re.match(r"([a-z]{1,8}://)(?:[^/?#]*@)?([A-Za-z0-9.:\[\]-]{1,80})(?![^/?#])", location or "")
    return f" to {found[1]}{found[2]}" if found else ""
