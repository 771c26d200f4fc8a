"""A small HTTP client for the tests: whole answers, and event streams read by the message."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def error(self) -> str:
        return str(json.loads(self.text)["error"])


def ask(
    url: str, method: str, path: str, body: str | bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, text)
    finally:
        connection.close()


def post(url: str, name: str, call: Any, **headers: str) -> Answer:
    return ask(url, "POST", f"/api/{name}", json.dumps(call), {"content-type": "application/json"} | headers)


class Events:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response

    def block(self) -> list[str]:
        """The lines up to the next empty one; none at the end of the stream."""
        lines = []
        while line := self.response.readline():
            if line == b"\n":
                break
            lines.append(line.decode().rstrip("\n"))
        return lines

    def message(self) -> tuple[str, Any]:
        """The next message, past heartbeats and retry hints."""
        while lines := self.block():
            if lines[0].startswith("event: "):
                return lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))
        raise EOFError("the stream has ended")


@contextmanager
def listening(url: str, headers: Mapping[str, str] | None = None) -> Iterator[Events]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", "/events", headers=dict(headers or {}))
    response = connection.getresponse()
    try:
        yield Events(response)
    finally:
        response.close()
        connection.close()
