"""Serve the twin's page and its few calls over a `Bench`: one thread, 127.0.0.1 only."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
from functools import partial
from importlib.resources import files
from typing import Annotated, Any

import h11
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from matpi.errors import PortInUseError, UsageError
from matpi.sim.body import Act
from matpi.twin.bench import WEIGHT_MAX_KG, WEIGHT_MIN_KG, Bench, FaultName, Warp
from matpi.twin.page.guard import LocalOnly, content_policy, refused
from matpi.twin.page.listeners import MAX_LISTENERS, Listeners, Patience

BODY_MAX_BYTES = 4096  # the longest call has some 40
WEIGHT = Annotated[float, msgspec.Meta(ge=WEIGHT_MIN_KG, le=WEIGHT_MAX_KG)]
TIME_OF_DAY = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]


class Call:
    """A POST to /api/NAME, a method of the Bench. Its body has the arguments as fields, in their order."""

    def __init__(self, example: str, *fields: tuple[str, Any]) -> None:
        """Describe the body; `example` is shown when one is refused."""
        self.example = example
        self.body = msgspec.defstruct("Body", fields, frozen=True, forbid_unknown_fields=True)


CALLS = {
    "act": Call('{"what": "lie_down"}, or sit, stand, fidget, get_up, bag_on, bag_off, cat', ("what", Act)),
    "weigh": Call(f'{{"kg": 74.5}} with {WEIGHT_MIN_KG} to {WEIGHT_MAX_KG} kg', ("kg", WEIGHT)),
    "button": Call('{"down": true} or false', ("down", bool)),
    "warp": Call('{"factor": 1}, 10 or 60', ("factor", Warp)),
    "jump": Call('{"hhmm": "21:00"}', ("hhmm", TIME_OF_DAY)),
    "next_day": Call("{}"),
    "fault": Call('{"name": "cell", "on": true}, or spikes, panel, disk, reader', ("name", FaultName), ("on", bool)),
    "power": Call('{"on": false} or true', ("on", bool)),
}


class PageServer:
    """Serves at `url` from `start` to `stop`. Port 0 takes any free one.

    Binds when made, so that a taken port raises PortInUseError at once.
    """

    def __init__(self, bench: Bench, port: int = 0, patience: Patience = Patience()) -> None:  # noqa: B008 (frozen)
        self._socket = _bound(port)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        listeners = Listeners(bench, patience)
        self._server = _Server(_app(bench, listeners), listeners, _timed(patience.request_s))
        served = {"sockets": [self._socket]}
        self._thread = threading.Thread(target=self._server.run, kwargs=served, name="page", daemon=True)

    def start(self) -> None:
        """Serve until `stop`, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End the open event streams and the server; return when both are over."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()


# -- the app -----------------------------------------------------------------------------------------------------------


def _app(bench: Bench, listeners: Listeners) -> Starlette:
    """Make the page (/), its events (/events) and the calls (/api/...), for this machine only."""
    page = files("matpi.twin.page").joinpath("static/twin.html").read_text(encoding="utf-8")

    async def show_page(_: Request) -> Response:
        return HTMLResponse(page)

    async def listen(request: Request) -> Any:
        if request.method != "GET":
            return refused(405, "The event stream only answers to GET.")
        listener = listeners.admit()
        return listener or refused(503, f"{MAX_LISTENERS} pages are open already; close one of them.")

    return Starlette(
        routes=[
            Route("/", show_page),
            Route("/events", listen),
            *(Route(f"/api/{name}", partial(_perform, bench, name), methods=["POST"]) for name in CALLS),
        ],
        middleware=[Middleware(LocalOnly, policy=content_policy(page))],
        exception_handlers={HTTPException: _sentence},
    )


async def _perform(bench: Bench, name: str, request: Request) -> Response:
    call = CALLS[name]
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        return refused(415, f"/api/{name} takes application/json; send {call.example}.")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_MAX_BYTES:
                return refused(413, f"The call is longer than {BODY_MAX_BYTES} bytes; send {call.example}.")
        getattr(bench, name)(*msgspec.structs.astuple(msgspec.json.decode(body, type=call.body)))
    except ClientDisconnect:
        return Response(status_code=400)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return refused(400, f"/api/{name} was not understood ({error}); send {call.example}.")
    except UsageError as error:
        return refused(400, str(error))
    return Response(status_code=204)


async def _sentence(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    sentences = {
        404: f"There is nothing at {request.url.path}; the page is at /.",
        405: f"{request.url.path} does not answer to {request.method}.",
    }
    return refused(status, sentences.get(status, "This request was not understood; open the page at /."))


# -- the server --------------------------------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    """Ends the open event streams before it waits for its connections."""

    def __init__(self, app: Starlette, listeners: Listeners, http: type[asyncio.Protocol]) -> None:
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
                # Streams end by themselves at shutdown; this is for a call that hangs. Chosen, unmeasured.
                timeout_graceful_shutdown=2,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._listeners.close()
        await super().shutdown(sockets)


def _timed(limit_s: float) -> type[asyncio.Protocol]:
    """Make a protocol that closes a connection whose request is not whole `limit_s` after it began.

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
