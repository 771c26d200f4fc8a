"""The page's server: one thread, 127.0.0.1 only, uvicorn without extras."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from matpi.errors import PortInUseError
from matpi.twin.bench import Bench
from matpi.twin.page.app import create_app
from matpi.twin.page.listeners import Patience


class PageServer:
    """Binds when made: `url` is true, and a taken port raises PortInUseError at once. Port 0 takes any free one."""

    def __init__(self, bench: Bench, port: int = 0, patience: Patience | None = None) -> None:
        self._socket = _bound(port)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        patience = patience or Patience()
        self._server = _Server(create_app(bench, patience), _timed(patience.request_s))
        served = {"sockets": [self._socket]}
        self._thread = threading.Thread(target=self._server.run, kwargs=served, name="page", daemon=True)

    def start(self) -> None:
        """Serve until `stop`, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End the open event streams and the server; returns when both are over."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()


class _Server(uvicorn.Server):
    def __init__(self, app: Starlette, http: type[asyncio.Protocol]) -> None:
        self._app = app
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
                # Streams end by themselves at shutdown; this is for a call that hangs. Chosen, unmeasured.
                timeout_graceful_shutdown=2,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.listeners.close()
        await super().shutdown(sockets)


def _timed(limit_s: float) -> type[asyncio.Protocol]:
    """Make a protocol that closes a connection on which a request has begun and is not whole within `limit_s`.

    uvicorn itself limits only the time between two requests.
    """

    class Timed(H11Protocol):
        _due: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self._stop()

        def _watch(self) -> None:
            if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
                self._stop()  # the request is whole
            elif self._due is None:
                self._due = self.loop.call_later(limit_s, self.transport.close)

        def _stop(self) -> None:
            if self._due is not None:
                self._due.cancel()
                self._due = None

    return Timed


def _bound(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=64)
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        why = os.strerror(error.errno)
        raise PortInUseError(f"Port {port} cannot be used ({why}); choose another with --port.") from error
