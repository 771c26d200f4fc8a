"""Refuse foreign requests to a page on this machine, and limit what a browser may do with it.

A name of this machine in Host stops DNS rebinding (a foreign name that resolves to 127.0.0.1); Origin and
Sec-Fetch-Site stop other sites' pages from pressing our buttons.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)
_OWN_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def refused(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status_code=status)


def content_policy(page: str) -> str:
    """Return the Content-Security-Policy that lets only the inline script and style of `page` run."""
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for tag, text in _INLINE.findall(page):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        hashes[tag].append(f"'sha256-{digest}'")
    script, style = (" ".join(hashes[tag]) or "'none'" for tag in ("script", "style"))
    return (
        f"default-src 'self'; script-src {script}; style-src {style}; "
        "img-src data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def objection(method: str, path: str, headers: Headers) -> str | None:
    """Return why this request is refused, in a sentence; None when it is not."""
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _OWN_HOST.fullmatch(hosts[0]):
        return "This page answers only to 127.0.0.1, localhost and [::1]; open it under one of these names."
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{hosts[0].lower()}":
        return "This request comes from another site's page and was refused; use the page served here."
    # A link from elsewhere may open the page itself; anything else from another site (say, an image that
    # would hold one of the event streams open) has no business here.
    elsewhere = headers.get("sec-fetch-site", "none") in {"cross-site", "same-site"}
    if elsewhere and not (method in {"GET", "HEAD"} and path == "/"):
        return "This request comes from another site's page and was refused; use the page served here."
    return None


class LocalOnly:
    """Refuses what `objection` names, adds the safety headers, answers a bug with one sentence."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": policy,
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        why = objection(scope["method"], scope["path"], Headers(scope=scope))
        if why is not None:
            await refused(403, why)(scope, receive, with_headers)
            return
        try:
            await self._app(scope, receive, with_headers)
        except Exception as bug:  # noqa: BLE001 (the last place before the client)
            _log.error("%s %s failed: %r", scope["method"], scope["path"], bug)
            _log.debug("how it came to this", exc_info=True)
            if not started:
                sentence = "matpi failed at this request; the terminal it runs in says more."
                await refused(500, sentence)(scope, receive, with_headers)
