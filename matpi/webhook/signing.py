"""Standard Webhooks signatures, symmetric: https://www.standardwebhooks.com, version 1.0.0 of the text."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final

from matpi.upstream.sink import LaterError

PREFIX: Final = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64
"""Of a secret: "at least 24 bytes (192 bits, 512 maximum)"."""
MOST_SECRETS: Final = 4  # chosen: rotation takes two

SHORT: Final = "wrong secret"
HOW_TO: Final = "write `whsec_` and 24 to 64 random bytes in base64 on each line, as docs/upstream.md shows"


def secrets_of(text: str, where: str) -> tuple[bytes, ...]:
    """The secrets in a file's text, one a line; empty lines and lines with # are none. Raises LaterError."""
    lines = [line.strip() for line in text.splitlines()]
    keys = tuple(_key(line, where) for line in lines if line and not line.startswith("#"))
    if not 1 <= len(keys) <= MOST_SECRETS:
        raise LaterError(
            f"there are {len(keys)} secrets in {where}", f"leave 1 to {MOST_SECRETS}, the newest first", SHORT
        )
    return keys


def signatures(keys: tuple[bytes, ...], message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature a key, so that either side can change its secret first."""
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    return " ".join("v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)


def _key(line: str, where: str) -> bytes:
    # Not a word of the line itself is told: errors stand on panels and in logs.
    if not line.startswith(PREFIX):
        raise LaterError(f"a line in {where} is no signing secret", HOW_TO, SHORT)
    try:
        key = base64.b64decode(line.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise LaterError(f"a secret in {where} is not base64", HOW_TO, SHORT) from None
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise LaterError(f"a secret in {where} has {len(key)} bytes", HOW_TO, SHORT)
    return key
