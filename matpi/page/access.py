"""Decide who may ask what: own names in Host, no other site's page, and a paired browser for all but the way in."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import Scope

from matpi.page.devices import Browser, Devices
from matpi.web.guard import FOREIGN, is_foreign, refused

COOKIE: Final = "matpi"
COOKIE_MAX: Final = 200
"""Characters of a token at most, so that none is hashed that cannot be ours."""
BUSY_FROM: Final = 64
"""Connections of one address from which on its requests are refused. Chosen: eight windows with six each leave room."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
UNPAIRED: Final = "This browser is not paired; open the page at / and enter the code that the device shows."
BUSY: Final = "Too many windows of this computer are connected to the page at once; close some and try again."
NOT_OURS: Final = (
    "This page answers only to the names and addresses of this device; open it as http://{name}.local:{port}/ or by its"
    " address."
)
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?", re.IGNORECASE)


class Access:
    """What a Guard asks of each request. `open_`: the paths, and beginnings that end in /, for all."""

    def __init__(
        self, devices: Devices, open_: Collection[str], port: int, connections: Callable[[str], int] = lambda _: 0
    ) -> None:
        self._devices, self._port, self._connections = devices, port, connections
        self._open = frozenset(open_)
        self._beginnings = tuple(path for path in open_ if path.endswith("/") and path != "/")
        self._own = socket.gethostname().lower().rstrip(".")
        first = self._own.partition(".")[0]
        self._names = {"localhost", self._own, first, f"{first}.local"}

    def __call__(self, scope: Scope) -> Response | None:
        """Return the refusal of this request; None when it is let in."""
        if self._connections((scope.get("client") or ("",))[0]) > BUSY_FROM:
            return refused(503, BUSY)
        headers, path = Headers(scope=scope), scope["path"]
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_own(hosts[0], scope):
            return refused(403, NOT_OURS.format(name=self._own.partition(".")[0], port=self._port))
        if is_foreign(scope["method"], path, headers):
            return refused(403, FOREIGN)
        scope["state"]["browser"] = browser = self.paired(headers)
        if browser is None and path not in self._open and not path.startswith(self._beginnings):
            return refused(401, UNPAIRED)
        return None

    def paired(self, headers: Headers) -> Browser | None:
        """Return the browser whose token the cookie has."""
        token = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        return self._devices.find(token) if 0 < len(token) <= COOKIE_MAX else None

    def _is_own(self, host: str, scope: Scope) -> bool:
        found = _HOST.fullmatch(host)
        if found is None or found[2] not in {None, str(self._port)}:
            return False
        name = found[1].lower().removesuffix(".")
        if name in self._names:
            return True
        address = _address(name.strip("[]"))
        server = scope.get("server") or ("", 0)
        return address is not None and (address.is_loopback or address == _address(server[0]))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
