"""Refuse what is not for this page, add the safety headers, and answer a bug with one sentence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)

HEAD_MAX_BYTES = 16 * 1024  # chosen: a browser sends some 600 bytes of headers
FOREIGN = "This request comes from another site's page and was refused; use the page served here."
STOPS = "The page stops or restarts; look whether it was done before you repeat it."
HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""Of every answer, unless it has its own. Nothing here allows another origin anything."""


def refused(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status_code=status)


def is_foreign(method: str, path: str, headers: Headers) -> bool:
    """Return whether the page of another site makes this request; `Host` is one of ours.

    A link from elsewhere may open the page itself; anything else from another site (say, an image that would hold one
    of the event streams open) is foreign.
    """
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{headers.get('host', '').lower()}":
        return True
    elsewhere = headers.get("sec-fetch-site", "none") in {"cross-site", "same-site"}
    return elsewhere and not (method in {"GET", "HEAD"} and path == "/")


class Guard:
    """An ASGI middleware: refuses what `objection` answers, adds `headers`, answers a bug with `failed`."""

    def __init__(
        self,
        app: ASGIApp,
        objection: Callable[[Scope], Response | None],
        headers: Mapping[str, str],
        failed: str,
    ) -> None:
        self._app, self._objection, self._failed = app, objection, failed
        self._headers = {**HEADERS, **headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await (_too_long(scope) or self._objection(scope) or self._app)(scope, receive, with_headers)
        except asyncio.CancelledError:  # the server stops, and the call has not come to its end
            if not started:
                await refused(503, STOPS)(scope, receive, with_headers)
        except Exception as bug:  # noqa: BLE001 (the last place before the client)
            _log.error("%s %s failed: %r", scope["method"], scope["path"], bug)
            _log.debug("how it came to this", exc_info=True)
            if not started:
                await refused(500, self._failed)(scope, receive, with_headers)


def _too_long(scope: Scope) -> Response | None:
    size = len(scope["path"]) + len(scope["query_string"])
    size += sum(len(name) + len(value) for name, value in scope["headers"])
    if size <= HEAD_MAX_BYTES:
        return None
    return refused(431, f"The head of this request is longer than {HEAD_MAX_BYTES} bytes.")


async def sentence(request: Request, error: Exception) -> Response:
    """Answer what no route takes (an exception handler of Starlette)."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    sentences = {
        404: f"There is nothing at {request.url.path}; the page is at /.",
        405: f"{request.url.path} does not answer to {request.method}.",
    }
    return refused(status, sentences.get(status, "This request was not understood; open the page at /."))
