"""Run an app in a thread of its own, and drop clients that are slow, half-open or stuck."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import threading
from collections.abc import Iterable, Sequence

import h11
import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from matpi.errors import PortInUseError
from matpi.web.guard import HEAD_MAX_BYTES
from matpi.web.listeners import Listeners, Patience

ROOM_FROM = 60  # of one address; from here on the one that has asked nothing for longest makes room for a new one
CONNECTIONS_MAX = 256  # chosen: the app refuses in words before; this bounds memory against a flood
ADDRESS_MAX = 72  # of them from one address, so that one that floods locks no other out; over what the app allows it
BODY_BYTES_S = 32 * 1024  # chosen: a body may take a second more for so many bytes; Wi-Fi at its worst is faster


class TooLongError(Exception):
    """The body of a request is over its limit."""


async def body_of(request: Request, limit: int) -> bytes:
    """Return the body. Raises TooLongError beyond `limit` bytes, and ClientDisconnect."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLongError
    return bytes(body)


def is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").split(";")[0].strip().lower() == "application/json"


class WebServer:
    """Serves `app` on `sockets` from `start` to `stop`, in a thread of its own, and closes them."""

    def __init__(
        self, app: ASGIApp, listeners: Listeners, sockets: Sequence[socket.socket], patience: Patience
    ) -> None:
        self._sockets = list(sockets)
        self._server = _Server(app, listeners, timed(patience), patience)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": self._sockets}, name="page", daemon=True
        )

    @property
    def connections(self) -> int:
        """Return how many are open."""
        return len(self._server.server_state.connections)

    def connections_of(self, host: str) -> int:
        """Return how many are open from the address `host`."""
        return _from(self._server.server_state.connections, host)

    def start(self) -> None:
        """Serve until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """End the open event streams and the server; return when both are over."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        for one in self._sockets:
            one.close()


class _Server(uvicorn.Server):
    """Ends the open event streams before it waits for its connections."""

    def __init__(self, app: ASGIApp, listeners: Listeners, http: type[asyncio.Protocol], patience: Patience) -> None:
        self._listeners = listeners
        super().__init__(
            uvicorn.Config(
                app,
                http=http,
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=HEAD_MAX_BYTES,
                # Streams end by themselves at shutdown; this is for a call that hangs.
                timeout_graceful_shutdown=patience.farewell_s,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._listeners.close()
        await super().shutdown(sockets)


def timed(patience: Patience) -> type[asyncio.Protocol]:
    """Make a protocol that drops a connection whose request comes too slowly, or that reads no answer.

    The head must be whole `request_s` after it began, and the body may take BODY_BYTES_S longer. uvicorn itself limits
    only the time between two requests.
    """

    class Timed(H11Protocol):
        _due: asyncio.TimerHandle | None = None
        _asked_at = 0.0  # its last whole request, or its beginning
        _begun = 0.0
        _received = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._asked_at = self.loop.time()
            others = [one for one in self.connections if not _is_closing(one)]  # of uvicorn, with this one
            from_here = _from(others, _host(self))
            if from_here > ROOM_FROM and self._make_room():
                from_here -= 1
            if len(others) > CONNECTIONS_MAX or from_here > ADDRESS_MAX:
                transport.abort()
                return
            own = transport.get_extra_info("socket")
            # asyncio leaves it on for a socket that was accepted, and then each answer takes the 40 ms for which the
            # other end keeps back its acknowledgement of the head.
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(AttributeError, OSError):  # Linux only
                # The kernel ends a connection whose other end takes nothing: also one that uvicorn has closed, which
                # otherwise waits for ever to send what is left.
                own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience.stuck_s * 1000))
            self._watch()

        def data_received(self, data: bytes) -> None:
            self._received += len(data)
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self._stop()

        def _make_room(self) -> bool:
            """Close one of this address that is half-open or idle, if there is one: they keep no browser out."""
            idle = [
                one
                for one in self.connections
                if isinstance(one, Timed)
                and one is not self
                and _host(one) == _host(self)
                and (one.cycle is None or one.cycle.response_complete)
                and not _is_closing(one)
            ]
            if idle:
                min(idle, key=lambda one: one._asked_at).transport.abort()  # noqa: SLF001
            return bool(idle)

        def _watch(self) -> None:
            if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
                self._stop()  # the request is whole
                self._asked_at = self.loop.time()
            elif self._due is None:
                self._begun, self._received = self.loop.time(), 0
                self._due = self.loop.call_later(patience.request_s, self._late)

        def _late(self) -> None:
            until = self._begun + patience.request_s
            if self.conn.their_state is h11.SEND_BODY:
                until += self._received / BODY_BYTES_S
            if self.loop.time() + 0.001 < until:
                self._due = self.loop.call_at(until, self._late)
            else:
                self.transport.close()

        def _stop(self) -> None:
            if self._due is not None:
                self._due.cancel()
                self._due = None

    return Timed


def _host(connection: object) -> str:
    """Return where it comes from; "" where that is not known (any more)."""
    client = getattr(connection, "client", None)
    return str(client[0]) if client else ""


def _is_closing(connection: object) -> bool:
    """Return whether it was closed or aborted already, and only has not left yet."""
    transport = getattr(connection, "transport", None)
    return transport is None or bool(transport.is_closing())


def _from(connections: Iterable[object], host: str) -> int:
    return sum(_host(one) == host for one in connections)


def bound(address: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises PortInUseError, and OSError for an address that is not here."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=64)
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        why = os.strerror(error.errno)
        raise PortInUseError(f"Port {port} cannot be used ({why}); choose another with --port.") from error
