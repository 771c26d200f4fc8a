"""The clients of a page, in a process of their own: `python -m benchmarks.web_clients PORT TOKEN`.

A line on standard input begins a stint: `{"clients": 50, "streams": 8, "every_s": 1.0, "rates": 20, "seconds": 10}`. So
many clients connect, `streams` of them listen to the live state and one more tries to, and each of the others asks one
request every so many seconds, until all leave. Asked is the log, with the tag of the last one; of `rates` requests one
is a rating that is noted and deleted again, which changes the log for all (0: none). The answer is a line: what came
back, and how long it took.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any


@dataclass
class Stint:
    """What the clients of one stint got."""

    port: int
    token: str
    every_s: float
    rates: int
    statuses: Counter[str] = field(default_factory=Counter)
    taken_s: list[float] = field(default_factory=list)
    states: int = 0
    refusal: str = ""

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)

    def head(self, method: str, path: str, *more: str) -> bytes:
        lines = (f"{method} {path} HTTP/1.1", "Host: localhost", f"Cookie: matpi={self.token}", *more, "", "")
        return "\r\n".join(lines).encode()

    async def listen(self) -> None:
        reader, writer = await self.connect()
        try:
            writer.write(self.head("GET", "/events"))
            while line := await reader.readline():
                self.states += line in {b"event: state\r\n", b"event: state\n"}
        finally:
            writer.transport.abort()

    async def ninth(self) -> None:
        """Try to listen after the others, and keep the words of the refusal."""
        await asyncio.sleep(1.0)
        reader, writer = await self.connect()
        status, _, body = await answer(reader, writer, self.head("GET", "/events"))
        self.refusal = f"{status} {json.loads(body)['error']}"
        writer.transport.abort()

    async def ask(self, number: int) -> None:
        reader, writer = await self.connect()
        tag = "none"
        try:
            await asyncio.sleep(self.every_s * number / 50)  # spread over the second
            for n in count(number):
                begun = time.monotonic()
                if self.rates and n % self.rates == 0:
                    await self.rate(reader, writer)
                else:
                    sent = self.head("GET", "/api/log", f"If-None-Match: {tag}", "Accept-Encoding: gzip")
                    status, headers, _ = await answer(reader, writer, sent)
                    tag = headers.get("etag", tag)
                    self.note("log", status, begun)
                await asyncio.sleep(max(0.0, begun + self.every_s - time.monotonic()))
        finally:
            writer.transport.abort()

    async def rate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        id_ = ""
        for what in ({"do": "rate", "value": 5}, {"do": "delete_rating"}):
            begun = time.monotonic()
            body = json.dumps(what | ({"id": id_} if id_ else {}))
            length = f"Content-Length: {len(body)}"
            sent = self.head("POST", "/api/do", "Content-Type: application/json", length) + body.encode()
            status, _, got = await answer(reader, writer, sent)
            self.note("do", status, begun)
            if status != 200:
                return
            id_ = json.loads(got)["data"].get("id", "")

    def note(self, what: str, status: int, begun: float) -> None:
        self.statuses[f"{what} {status}"] += 1
        self.taken_s.append(time.monotonic() - begun)

    def result(self) -> dict[str, Any]:
        taken = sorted(self.taken_s) or [float("nan")]
        return {
            "statuses": dict(self.statuses),
            "states": self.states,
            "refusal": self.refusal,
            "p50_ms": round(1e3 * taken[len(taken) // 2], 1),
            "p99_ms": round(1e3 * taken[int(0.99 * len(taken))], 1),
        }


async def answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes
) -> tuple[int, dict[str, str], bytes]:
    writer.write(sent)
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return int(first.split()[1]), headers, body


async def stint(
    port: int, token: str, clients: int, streams: int, every_s: float, rates: int, seconds: float
) -> dict[str, Any]:
    one = Stint(port, token, every_s, rates)
    jobs = [one.listen() for _ in range(streams)]
    jobs += [one.ask(n) for n in range(clients - streams - 1)]
    tasks = [asyncio.create_task(job) for job in (*jobs, one.ninth())]
    _, waiting = await asyncio.wait(tasks, timeout=seconds)
    for task in waiting:
        task.cancel()
    for done in await asyncio.gather(*tasks, return_exceptions=True):
        if done is not None and not isinstance(done, asyncio.CancelledError):
            one.statuses[repr(done)] += 1
    return one.result()


def main(port: int, token: str) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        for line in sys.stdin:
            print(json.dumps(asyncio.run(stint(port, token, **json.loads(line)))), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
