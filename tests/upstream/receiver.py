"""A receiver on 127.0.0.1 that answers with scripted bytes, over TLS or without, and stores what came."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

Talk = Callable[[socket.socket], None]
"""What it does with a connection once it has read the request."""


@dataclass(frozen=True)
class Request:
    line: str
    headers: dict[str, str]
    body: bytes


def answer(raw: bytes) -> Talk:
    return lambda wire: wire.sendall(raw)


def status(code: int, *headers: str) -> Talk:
    lines = [f"HTTP/1.1 {code} As It Is", "content-length: 0", *headers]
    return answer(("\r\n".join(lines) + "\r\n\r\n").encode())


def no_answer(wire: socket.socket) -> None:
    """Takes everything and never answers; ends when the other side gives up."""
    with contextlib.suppress(OSError):
        while wire.recv(4096):
            pass


def drip(wire: socket.socket) -> None:
    """A byte now and then, for ever: each for itself comes in time."""
    with contextlib.suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\n" + b"x-slow: " + b"y" * 10_000:
            wire.sendall(bytes([byte]))
            time.sleep(0.02)


class Receiver:
    def __init__(self, talk: Talk, context: ssl.SSLContext | None = None) -> None:
        self.talk = talk
        self.requests: list[Request] = []
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5.0)

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(plain,), daemon=True).start()

    def _talk(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:
            plain.settimeout(10.0)
            if self._context is None:
                self._hear(plain)
            else:
                with self._context.wrap_socket(plain, server_side=True) as wire:
                    self._hear(wire)

    def _hear(self, wire: socket.socket) -> None:
        raw = b""
        while b"\r\n\r\n" not in raw and (got := wire.recv(4096)):
            raw += got
            if raw[0] == 0x16 and self._context is None:  # TLS where none is spoken: what every web server answers
                return wire.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
        head, _, body = raw.partition(b"\r\n\r\n")
        if not head:
            return None
        line, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            if not (got := wire.recv(4096)):
                return None  # cut off in the middle
            body += got
        self.requests.append(Request(line, headers, body))
        return self.talk(wire)
