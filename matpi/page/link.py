"""Talk to the running device through its control socket, on the event loop: a stop waits for no answer.

All open pages share one stream of the device's state, which is open only while a page listens.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from matpi.control.client import short
from matpi.errors import DeviceOffError, MatpiError, StoreError, UsageError
from matpi.web.listeners import Put

OFF: Final = "The device does not answer: it is off, or it restarts."
ENDED: Final = "The device has ended before it answered; look whether it was done before you repeat it."
ASK_S: Final = 30.0  # chosen: a change of the log on a slow card takes seconds
RETRY_S: Final = 2.0
REQUEST_MAX_BYTES: Final = 32 << 20
"""As control/server.py takes, which is not loaded here: it brings the whole core along."""
LINE_MAX_BYTES: Final = 1 << 20  # chosen: a state is some 4 kB
ASKED_MAX: Final = 8
"""Questions at one time; more wait. Chosen: the device answers one after another."""


class Link:
    """The way to the device whose socket is `path`. Lives on the event loop's thread."""

    def __init__(self, path: Path, retry_s: float = RETRY_S) -> None:
        self._path, self._retry_s = path, retry_s
        self._turn = asyncio.Semaphore(ASKED_MAX)
        self._asking = asyncio.Lock()
        self._known: tuple[float, dict[str, Any] | None] | None = None
        self._puts: set[Put] = set()
        self._follower: asyncio.Task[None] | None = None
        self._last: tuple[str, Any] | None = None

    async def ask(self, request: dict[str, Any], timeout_s: float = ASK_S) -> dict[str, Any]:
        """Return the answer, with `said` and `data`. Raises DeviceOffError, UsageError and MatpiError."""
        line = msgspec.json.encode(request) + b"\n"
        if len(line) > REQUEST_MAX_BYTES:
            raise UsageError(f"The device takes {REQUEST_MAX_BYTES >> 20} MiB at most; import a smaller file.")
        try:
            async with asyncio.timeout(timeout_s), self._turn, self._connected() as (reader, writer):
                writer.write(line)
                await writer.drain()
                return _understood(await reader.readline())
        except MatpiError:
            raise
        except TimeoutError:
            why = "The device did not answer in time; look whether it was done before you repeat it."
            raise MatpiError(why) from None
        except PermissionError:
            raise StoreError(
                f"The page may not ask the device ({self._path}); add its user to the group matpi."
            ) from None
        except (OSError, ValueError) as error:
            raise DeviceOffError(OFF) from error

    async def state(self, max_age_s: float = 0.0) -> dict[str, Any] | None:
        """Return what the device shows, as it was up to `max_age_s` ago; None while it does not answer."""
        if self._last is not None and self._last[0] == "state":
            known: dict[str, Any] = msgspec.json.decode(self._last[1])
            return known
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if self._known is None or now - self._known[0] > max_age_s:
                try:
                    self._known = now, (await self.ask({"do": "state"}, RETRY_S))["data"]
                except MatpiError:
                    self._known = now, None
            return self._known[1]

    def subscribe(self, put: Put) -> Callable[[], None]:
        """Put the events `state` and `off` from now on, until what is returned is called."""
        self._puts.add(put)
        if self._last is not None:
            put(*self._last)
        if self._follower is None:
            self._follower = asyncio.get_running_loop().create_task(self._follow())

        def leave() -> None:
            self._puts.discard(put)
            if not self._puts and self._follower is not None:
                self._follower.cancel()
                self._follower = self._last = None

        return leave

    async def _follow(self) -> None:
        while True:
            why = OFF
            try:
                async with self._connected() as (reader, writer):
                    writer.write(b'{"do": "live"}\n')
                    while line := await reader.readline():
                        state = msgspec.json.decode(line, type=dict[str, Any])
                        if "error" in state:
                            why = str(state["error"])
                            break
                        self._put("state", msgspec.Raw(line.strip()))
            except (OSError, ValueError):
                pass
            if self._last is None or self._last[0] != "off":
                self._put("off", {"error": why})
            await asyncio.sleep(self._retry_s)

    def _put(self, kind: str, payload: Any) -> None:
        self._last = kind, payload
        for put in tuple(self._puts):
            put(kind, payload)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        with short(self._path) as name:
            reader, writer = await asyncio.open_unix_connection(name, limit=LINE_MAX_BYTES)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


def _understood(line: bytes) -> dict[str, Any]:
    if not line:
        raise DeviceOffError(ENDED)
    answer = msgspec.json.decode(line, type=dict[str, Any])
    if "error" in answer:
        kind = UsageError if answer.get("usage") else MatpiError
        raise kind(str(answer["error"]))
    return {"said": answer.get("said", []), "data": answer.get("data", {})}
