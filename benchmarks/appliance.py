"""The device as it runs: `matpi run --board` with its reader process. Prints one JSON line a figure.

The board is emulated, so the figures hold the emulated chips too; no figure here comes from a real Raspberry Pi.
Memory is the resident set of both processes; the idle share is what both used in ten seconds with an empty mat.
The splash is timed from the start of the process to the moment the emulated panel shows it.
"""

from __future__ import annotations

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.process import cpu_seconds, rss_mb

SETTLED_S = 8.0
IDLE_S = 10.0
STARTS = 7

_LIT = """
import sys, time
from matpi.sim.panel import PanelChip
do = PanelChip._do
def timed(chip, code, given):
    do(chip, code, given)
    if chip.lit and chip.bytes > 1024:
        sys.stderr.write(f"lit {time.clock_gettime(time.CLOCK_MONOTONIC)} {time.process_time()}\\n")
        PanelChip._do = do
PanelChip._do = timed
from matpi.cli import run
sys.exit(run(["run", "--board", "--store", sys.argv[1]]))
"""


def splash_seconds(folder: str) -> tuple[float, float]:
    """Return the time to the splash, and the process's CPU.

    The observer loads the emulated panel first, which a real start does not: the figures are on the bad side.
    """
    begin = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", _LIT, f"{folder}/splash.db"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    try:
        assert process.stderr is not None
        lit, cpu = next(line.split()[1:] for line in process.stderr if line.startswith("lit "))
        return float(lit) - begin, float(cpu)
    finally:
        process.terminate()
        process.wait(timeout=20)


def family(pid: int) -> list[int]:
    """The process and its children, whichever thread started them."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text().split()]
    return found


@contextmanager
def running(folder: str) -> Iterator[tuple[int, float, float]]:
    """The device's pid once it said READY, how many seconds that took, and how many of CPU in its own process."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(f"{folder}/notify")
        told.settimeout(30.0)
        begin = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "matpi", "run", "--board", "--store", f"{folder}/bench.db"],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"},
        )
        try:
            while b"READY=1" not in told.recv(4096):
                pass
            threads = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
            yield process.pid, time.monotonic() - begin, sum(int(one.read_text().split()[0]) for one in threads) / 1e9
        finally:
            process.terminate()
            process.wait(timeout=20)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lit = [splash_seconds(folder) for _ in range(STARTS)]
        starts = []
        for _ in range(STARTS - 1):
            with running(folder) as (_, *took):
                starts.append(took)
            Path(folder, "notify").unlink()
        with running(folder) as (pid, *took):
            starts.append(took)
            time.sleep(SETTLED_S)
            processes = family(pid)
            memory = [rss_mb(one) for one in processes]
            before = [cpu_seconds(one) for one in processes]
            time.sleep(IDLE_S)
            shares = [100 * (cpu_seconds(one) - used) / IDLE_S for one, used in zip(processes, before, strict=True)]
            threads = re.search(r"Threads:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert threads
    for what, runs, target_s, cpu_target_s in (("splash", lit, 1.0, 0.15), ("ready", starts, None, 0.25)):
        seconds, cpus = zip(*runs, strict=True)
        for name, values, at_most in ((f"{what}_s", seconds, target_s), (f"{what}_cpu_s", cpus, cpu_target_s)):
            figure = {"figure": name, "value": round(statistics.median(values), 3), "worst": round(max(values), 3)}
            print(json.dumps({**figure, "target": at_most, "runs": STARTS}))
    rss = {"figure": "run_rss_mb", "value": round(sum(memory), 1), "target": 55}
    print(json.dumps({**rss, "device": round(memory[0], 1), "reader": round(sum(memory[1:]), 1)}))
    cpu = {"figure": "run_idle_cpu_percent", "value": round(sum(shares), 1), "device": round(shares[0], 1)}
    print(json.dumps({**cpu, "reader": round(sum(shares[1:]), 1), "threads": int(threads.group(1))}))


if __name__ == "__main__":
    main()
