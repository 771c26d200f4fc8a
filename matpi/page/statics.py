"""The page's own files and texts: read at the start, kept compressed, each with a strong ETag."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from matpi.words import LANGUAGES, Words

STATIC: Final = Path(__file__).with_name("static")
TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
SAFETY: Final = ("safety.ask_1", "safety.ask_2", "safety.question", "safety.stop")
ASK_AGAIN: Final = "no-cache"
"""A browser stores it and asks each time whether it is still the same: after an upgrade nothing old is left."""


class Static:
    """One file of the page."""

    def __init__(self, body: bytes, kind: str) -> None:
        self._body, self._kind = body, kind
        self._zipped = gzip.compress(body, 9, mtime=0)
        self._tag = hashlib.blake2b(body, digest_size=12).hexdigest()

    def answer(self, request: Request) -> Response:
        return tagged(request, lambda: self._body, self._zipped, self._tag, self._kind, ASK_AGAIN)


def tagged(request: Request, plain: Callable[[], bytes], zipped: bytes, tag: str, kind: str, cache: str) -> Response:
    """Return the body as the browser takes it, or 304 when it has it."""
    headers = {"vary": "accept-encoding", "cache-control": cache}
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
    if takes_gzip:
        tag = f"{tag}-gz"
        headers["content-encoding"] = "gzip"
    headers["etag"] = f'"{tag}"'
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if headers["etag"] in known:
        headers.pop("content-encoding", None)
        return Response(status_code=304, headers=headers)
    return Response(zipped if takes_gzip else plain(), media_type=kind, headers=headers)


def files_in(folder: Path) -> dict[str, Static]:
    """Return each file by its path below `folder`, such as "app.js"; folders in it too."""
    return {
        path.relative_to(folder).as_posix(): Static(path.read_bytes(), TYPES[path.suffix])
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in TYPES
    }


def texts() -> dict[str, Static]:
    """Return the texts of the page by language, each as one JSON object: key -> text.

    With the safety pages of the device: the page asks what the panel asks.
    """
    return {
        language: Static(
            msgspec.json.encode(device_texts(language) | dict(Words(f"page_{language}").texts)), "application/json"
        )
        for language in LANGUAGES
    }


def device_texts(language: str) -> dict[str, str]:
    """Return what the page shows of the panel's own texts."""
    return {key: LANGUAGES[language].texts[key] for key in SAFETY}
