"""The processes: `matpi --help`, and the twin's memory and idle CPU. Prints one JSON line a figure.

The twin is a real `matpi sim` in its own process, with a page connected to its event stream and an empty mat; once with
an empty log, once on the emulated board with a log of 5,000 sessions. Memory is the resident set after ten seconds; CPU
is what the process used in ten idle seconds after that, as a share of one core.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from matpi.core.effects import Save
from matpi.core.model import EndReason, Session
from matpi.store.db import Store

HELP_RUNS = 15
IDLE_S = 10.0
SESSIONS = 5000


def help_seconds() -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "matpi", "--help"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found.group(1)) / 1024


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def listen(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/events")
    stream = connection.getresponse()
    while stream.read1(65536):
        pass


def long_log(path: Path, count: int) -> None:
    """Write `count` sessions of ten minutes, one a day up to yesterday."""
    today = datetime.now(UTC)
    with Store.open(path) as log:
        for n in range(count, 0, -1):
            start = today - timedelta(days=n)
            ended = Session(
                f"s{n}", f"b{n}", 100.0, 600.0, 600.0, EndReason.LEFT, start.timestamp(), 0, start.date(), load_kg=48.0
            )
            log.write(Save(ended))


def idle(*options: str) -> tuple[float, float]:
    """Return MB and the share of a core of `matpi sim` with these options and a page."""
    twin = subprocess.Popen(
        [sys.executable, "-m", "matpi", "sim", "--port", "0", "--no-browser", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert twin.stdout is not None
        address = re.search(r"127\.0\.0\.1:(\d+)", twin.stdout.readline())
        assert address
        threading.Thread(target=listen, args=(int(address.group(1)),), daemon=True).start()
        time.sleep(IDLE_S)
        memory, before = rss_mb(twin.pid), cpu_seconds(twin.pid)
        time.sleep(IDLE_S)
        return memory, (cpu_seconds(twin.pid) - before) / IDLE_S
    finally:
        twin.terminate()
        twin.wait(timeout=10)


def main() -> None:
    times = [help_seconds() for _ in range(HELP_RUNS)]
    figure = {"figure": "help_s", "value": round(statistics.median(times), 3), "best": round(min(times), 3)}
    print(json.dumps({**figure, "target": 0.25, "runs": HELP_RUNS}))
    with tempfile.TemporaryDirectory() as folder:
        memory, share = idle("--store", f"{folder}/bench.db")
        print(json.dumps({"figure": "twin_rss_mb", "value": round(memory, 1), "target": 60}))
        print(json.dumps({"figure": "twin_idle_cpu_percent", "value": round(100 * share, 2), "target": 2.0}))
        long_log(Path(folder) / "long.db", SESSIONS)
        _, share = idle("--board", "--store", f"{folder}/long.db")
        figure = {"figure": "board_page_cpu_percent", "value": round(100 * share, 2), "sessions": SESSIONS}
        print(json.dumps({**figure, "target": 5.0}))


if __name__ == "__main__":
    main()
