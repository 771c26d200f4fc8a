"""The device's page over a log of 5,000 sessions: time, memory, requests a second. Prints one JSON line a figure.

The server is a process of its own, `matpi page`, without a device; the client is this one, over 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from matpi.core.clock import day_of
from matpi.core.model import EndReason, Moment, Rating, Session, Settings
from matpi.page.devices import Devices, devices_file
from matpi.page.logbook import Logbook
from matpi.store.db import Store
from matpi.store.history import put
from matpi.words import ENGLISH

SESSIONS, PER_DAY = 5_000, 3
RUNS, REQUESTS, IDLE_S = 5, 400, 10.0
TARGET_LOG_MS, TARGET_RSS_KB, TARGET_IDLE = 100.0, 45_000, 0.01


def write_log(path: Path) -> None:
    """Five years of three sessions a day up to today, rated once a day."""
    today, zone = time.time(), UTC
    with Store.open(path) as log, log.writing() as conn:
        put(conn, Settings())
        for n in range(SESSIONS):
            utc = today - 86_400.0 * ((SESSIONS - n - 1) // PER_DAY + 1) + 20_000.0 * (n % PER_DAY)
            day, id_ = day_of(utc, zone, Settings().day_start), f"{n:032x}"
            put(conn, Session(id_, "boot", 1.0 + n, 620.0, 600.0, EndReason.LEFT, utc, 0, day, 1, load_kg=41.0))
            if n % PER_DAY == 0:
                put(conn, Rating(f"r{id_}", "boot", 1.0 + n, 5, Moment.AFTER, id_, utc + 700.0, 0, day))


@contextmanager
def served(log: Path) -> Iterator[tuple[subprocess.Popen[str], str, dict[str, str]]]:
    """The process, its address and the cookie of a paired browser."""
    os.environ.pop("STATE_DIRECTORY", None)
    token = Devices(devices_file(log)).add("the benchmark")
    command = [sys.executable, "-m", "matpi", "page", "--store", str(log), "--port", "0", "--host", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().rpartition(" ")[2].strip()
            yield process, url, {"cookie": f"matpi={token}", "accept-encoding": "gzip"}
        finally:
            process.terminate()


def log_ms(log: Path) -> tuple[float, float, int, int]:
    """The least time to make the answer of GET /api/log; the same when nothing has changed; its bytes, and zipped."""
    book = Logbook(log, ENGLISH)
    made: list[float] = []
    again: list[float] = []
    for ago in range(RUNS):
        today = date.today() - timedelta(days=ago), False  # noqa: DTZ011  another day: it is made again
        for times in (made, again):
            begun = time.perf_counter()
            answer = asyncio.run(book.answer(today))
            times.append(1e3 * (time.perf_counter() - begun))
    book.close()
    return min(made), min(again), answer.size, len(answer.zipped)


def request_ms(url: str, path: str, headers: dict[str, str]) -> list[float]:
    """How long each of REQUESTS took, one after another over one connection, sorted."""
    link = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    taken = []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        link.request("GET", path, headers=headers)
        answer = link.getresponse()
        answer.read()
        taken.append(1e3 * (time.perf_counter() - begun))
        assert answer.status in {200, 304}, (path, answer.status)
    link.close()
    return sorted(taken)


def rss_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def cpu_s(pid: int) -> float:
    return time.clock_gettime((~pid << 3) | 2)  # the process's CPU clock, see clock_getcpuclockid(3)


def say(figure: str, value: float, **more: object) -> None:
    print(json.dumps({"figure": figure, "value": value, **more}), flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "mat.db"
        write_log(log)
        made, again, size, zipped = log_ms(log)
        say("page_log_ms", round(made, 1), sessions=SESSIONS, target=TARGET_LOG_MS)
        say("page_log_unchanged_ms", round(again, 2), sessions=SESSIONS)
        say("page_log_bytes", size, zipped=zipped)
        with served(log) as (process, url, headers):
            say("page_start_rss_kb", rss_kb(process.pid))
            for path in ("/", "/api/hello", "/api/log"):
                taken = request_ms(url, path, headers)
                p99 = round(taken[int(0.99 * len(taken))], 2)
                say("page_requests_s", round(1e3 * len(taken) / sum(taken)), path=path, p99_ms=p99)
            say("page_rss_kb", rss_kb(process.pid), sessions=SESSIONS, target=TARGET_RSS_KB)
            begun = cpu_s(process.pid)
            time.sleep(IDLE_S)
            idle = (cpu_s(process.pid) - begun) / IDLE_S
            say("page_idle_core", round(idle, 5), target=TARGET_IDLE)


if __name__ == "__main__":
    main()
