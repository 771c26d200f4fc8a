"""Send each record to one address (Standard Webhooks): signed, verified TLS, no redirects.

One connection a record, with the standard library only (https://www.standardwebhooks.com, version 1.0.0): sessions are
few, and a client with lasting connections would cost 24 MiB (httpx 0.28, measured on x86-64). The exchange ends within
`timeout_s`, even if the receiver sends a byte every ten seconds; only the resolver may take longer.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final

from matpi import __version__
from matpi.core.text import Text
from matpi.upstream.config import WebhookConfig, is_private
from matpi.upstream.secret import read_secret
from matpi.upstream.sink import Delivery, LaterError
from matpi.webhook import answers

AGENT: Final = f"matpi/{__version__}"
LEAST_BYTES, MOST_BYTES = 24, 64  # of a secret: "at least 24 bytes (192 bits, 512 maximum)"
MOST_SECRETS: Final = 4  # chosen: rotation takes two
_HOW_TO: Final = "write `whsec_` and 24 to 64 random bytes in base64 on each line, as docs/upstream.md shows"


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
            raise answers.of_error(error, host, self._config.timeout_s) from error
        if (wrong := answers.error_of(status, location, retry_after, utc)) is not None:
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
