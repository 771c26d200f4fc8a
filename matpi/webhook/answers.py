"""Translate a receiver's answer, or its absence, into an error with what to do (Standard Webhooks)."""

from __future__ import annotations

import errno
import http.client
import math
import re
import socket
import ssl
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from matpi.core.text import Text
from matpi.upstream.sink import DisabledError, LaterError, RefusedError, UpstreamError

ABOUT_THE_RECORD: Final = frozenset({400, 413, 415, 422})
"""Statuses about the record itself. All others are about the way there (a wrong path, a proxy, a missing right) and
would meet every record, so the first one waits."""

_LOOK = "look at the receiver's own log"
_UNIT = "allow its network in the unit (docs/upstream.md, `sudo systemctl edit matpi`)"

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


def error_of(status: int, location: str | None, retry_after: str | None, utc: float) -> UpstreamError | None:
    """Return the error of `status` at time `utc`, None when the record has arrived."""
    if 200 <= status <= 299:
        return None
    named, short = f"HTTP {status}{_phrase(status)}", Text("upstream.answers", status=status)
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


def of_error(error: Exception, host: str, timeout_s: float) -> LaterError:
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


def _phrase(status: int) -> str:
    try:
        return f", {HTTPStatus(status).phrase}"
    except ValueError:
        return ""


def _place(location: str | None) -> str:
    """Return the host alone: an address may hold a secret, and foreign text is not shown at length."""
    found = re.match(r"([a-z]{1,8}://)(?:[^/?#]*@)?([A-Za-z0-9.:\[\]-]{1,80})(?![^/?#])", location or "")
    return f" to {found[1]}{found[2]}" if found else ""
