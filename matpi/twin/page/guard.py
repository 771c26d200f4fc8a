"""Refuse foreign requests to a page on this machine, and limit what a browser may do with it.

A name of this machine in Host stops DNS rebinding (a foreign name that resolves to 127.0.0.1); Origin and
Sec-Fetch-Site stop other sites' pages from pressing our buttons.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from matpi.web.guard import FOREIGN, is_foreign, refused

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Scope

_OWN_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


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


def objection(scope: Scope) -> Response | None:
    """Return the refusal of this request; None when it is not refused."""
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _OWN_HOST.fullmatch(hosts[0]):
        why = "This page answers only to 127.0.0.1, localhost and [::1]; open it under one of these names."
        return refused(403, why)
    return refused(403, FOREIGN) if is_foreign(scope["method"], scope["path"], headers) else None
