"""Send server-sent events to the open pages, each with a bounded backlog. None makes the source wait.

Of most kinds of event a page that lags gets the newest only; those that are `queued`, such as the lines of a log, wait
in order. A page that lets too many of them wait, or takes nothing for too long, is dropped and may connect again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Put = Callable[[str, Any], None]
"""Takes the kind of an event and what msgspec writes as its JSON; from any thread, and never waits."""
Subscribe = Callable[[Put], Callable[[], None]]
"""Calls `put` from now on, until what it returned is called."""

_log = logging.getLogger(__name__)

MAX_LISTENERS = 8  # chosen, unmeasured: a person has a few windows open
BACKLOG_LINES = 512  # chosen, unmeasured: a jump over a whole day in one go; the page itself keeps 300
RETRY_MS = 1000
FAREWELL_S = 1.0  # how long the last chunk may take before the connection is cut


class Patience(Struct, frozen=True):
    """The times of a connection."""

    heartbeat_s: float = 15.0
    """A silent connection through a proxy usually lives 30 to 60 s."""
    stuck_s: float = 20.0
    """How long a page may take nothing at all before it is dropped. Chosen, unmeasured."""
    request_s: float = 10.0
    """How long a request may take to arrive whole. Chosen: on this machine it takes milliseconds."""
    check_s: float = 0.5
    """How often it is checked whether a page may go on listening."""
    farewell_s: int = 2
    """How long calls may go on when the server stops. Chosen, unmeasured."""


def always() -> bool:
    return True


class Listeners:
    """All open streams of one server. Lives on the event loop's thread, except for what `put` does."""

    def __init__(self, subscribe: Subscribe, patience: Patience, queued: frozenset[str] = frozenset()) -> None:
        self._subscribe = subscribe
        self._patience = patience
        self._queued = queued
        self._open: set[Listener] = set()

    def admit(self, may: Callable[[], bool] = always) -> Listener | None:
        """Return a response that streams until the page leaves, lags or no longer `may`; None at MAX_LISTENERS."""
        if len(self._open) >= MAX_LISTENERS:
            return None
        listener = Listener(self._subscribe, self._patience, self._queued, may, self._open.discard)
        self._open.add(listener)
        return listener

    def close(self) -> None:
        """End every stream, so that the server can stop at once."""
        for listener in tuple(self._open):
            listener.over.set()


class Listener:
    """One page's stream, an ASGI response. Leaves `Listeners` and the source by itself, however it ends."""

    def __init__(
        self,
        subscribe: Subscribe,
        patience: Patience,
        queued: frozenset[str],
        may: Callable[[], bool],
        leave: Callable[[Listener], None],
    ) -> None:
        self._subscribe = subscribe
        self._patience = patience
        self._queued = queued
        self._may = may
        self._leave = leave
        self._latest: dict[str, bytes] = {}
        self._lines: list[bytes] = []
        self._news = asyncio.Event()
        self.over = asyncio.Event()

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()

        def put(kind: str, payload: Any) -> None:
            # Encoded here, in the caller's thread: afterwards the payload may change without harm.
            chunk = b"event: %s\ndata: %s\n\n" % (kind.encode(), msgspec.json.encode(payload))
            with contextlib.suppress(RuntimeError):  # the loop is closed: the server has stopped
                loop.call_soon_threadsafe(self._add, kind, chunk)

        unsubscribe = None
        tasks: list[asyncio.Task[Any]] = []
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            unsubscribe = self._subscribe(put)
            tasks = [
                asyncio.create_task(self._write(send, b"retry: %d\n\n" % RETRY_MS)),
                asyncio.create_task(_gone(receive)),
                asyncio.create_task(self.over.wait()),
                *([] if self._may is always else [asyncio.create_task(self._forbidden())]),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if unsubscribe is not None:
                unsubscribe()
            self._leave(self)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(FAREWELL_S):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _add(self, kind: str, chunk: bytes) -> None:
        if kind not in self._queued:
            self._latest.pop(kind, None)  # what came last is sent last
            self._latest[kind] = chunk
        elif len(self._lines) < BACKLOG_LINES:
            self._lines.append(chunk)
        else:
            self._drop()
        self._news.set()

    async def _forbidden(self) -> None:
        while self._may():  # noqa: ASYNC110  another process may take the right away
            await asyncio.sleep(self._patience.check_s)

    def _drop(self) -> None:
        """End the stream of a page that lags."""
        if not self.over.is_set():
            _log.warning("a page did not read its events and was dropped; it may connect again")
        self.over.set()

    async def _write(self, send: Send, chunk: bytes) -> None:
        """Send `chunk`, then all that is new, as fast as the page takes it; a heartbeat when nothing is."""
        while True:
            try:
                async with asyncio.timeout(self._patience.stuck_s):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            except TimeoutError:
                self._drop()
                return
            try:
                async with asyncio.timeout(self._patience.heartbeat_s):
                    await self._news.wait()
            except TimeoutError:
                chunk = b": still here\n\n"
                continue
            chunk = b"".join([*self._latest.values(), *self._lines])
            self._latest.clear()
            self._lines.clear()
            self._news.clear()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
    (b"connection", b"close"),
]
