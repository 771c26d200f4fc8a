"""A broker that says what the test wants, in the bytes of MQTT 5.0: for answers that no real one gives on request."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

CONNECT, PUBLISH, SUBSCRIBE, PING = 1, 3, 8, 12


class ScriptedBroker:
    """`connack` and `puback` are reason codes; None: no answer at all. `properties` are those of the CONNACK, encoded.

    `hang_up`: the reason code of a DISCONNECT sent instead of a PUBACK. `garbage`: the answer to a CONNECT.
    """

    def __init__(
        self,
        *,
        connack: int | None = 0,
        puback: int | None = 0,
        properties: bytes = b"",
        hang_up: int | None = None,
        garbage: bytes | None = None,
        suback: int = 1,
    ) -> None:
        self.connack, self.puback, self.hang_up, self.garbage = connack, puback, hang_up, garbage
        self._properties, self.suback = properties, suback
        self.published: list[str] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._taken: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()
        for taken in self._taken:
            taken.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                taken, _ = self._server.accept()
                self._taken.append(taken)
                threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, taken: socket.socket) -> None:
        with suppress(OSError, EOFError), taken, taken.makefile("rb") as stream:
            while True:
                first = _exactly(stream, 1)[0]
                body = _exactly(stream, _length(stream))
                answer = self._answer(first, body)
                if answer:
                    taken.sendall(answer)
                if first >> 4 == PUBLISH and self.hang_up is not None and self.published[-1].endswith("/sessions"):
                    return

    def _answer(self, first: int, body: bytes) -> bytes:
        match first >> 4:
            case 1:
                if self.garbage is not None:
                    return self.garbage
                if self.connack is None:
                    return b""
                reported = bytes([0, self.connack, len(self._properties)]) + self._properties
                return bytes([0x20, len(reported)]) + reported
            case 3:
                size = struct.unpack("!H", body[:2])[0]
                topic = body[2 : 2 + size].decode()
                self.published.append(topic)
                number = body[2 + size : 4 + size]
                ours = topic.endswith("/sessions")
                if ours and self.hang_up is not None:
                    return bytes([0xE0, 1, self.hang_up])
                code = self.puback if ours else 0
                return b"" if code is None else b"\x40\x03" + number + bytes([code])
            case 8:
                return b"\x90\x04" + body[:2] + b"\x00" + bytes([self.suback])
            case 12:
                return b"\xd0\x00"
        return b""


def _exactly(stream: object, size: int) -> bytes:
    got: bytes = stream.read(size)  # type: ignore[attr-defined]
    if len(got) < size:
        raise EOFError
    return got


def _length(stream: object) -> int:
    """A variable byte integer."""
    size = shift = 0
    while True:
        byte = _exactly(stream, 1)[0]
        size |= (byte & 0x7F) << shift
        if byte < 0x80:
            return size
        shift += 7
