"""How often the device wakes, thread by thread, and its CPU: the mat empty, then with a person. One JSON line each.

    python -m benchmarks.wakeups [CHECKOUT ...]      another checkout's device is measured too, after this one's

`matpi run --board` with two emulated chips at 80 samples/s and a new log. A wake-up is a voluntary context switch
(/proc/PID/task/TID/status) of any thread of the device and of its reader; CPU is from schedstat, in percent of a core,
the emulated chips included. Late is how long after its sample the loop has a reading. No figure here comes from a real
Raspberry Pi: there lgpio's threads for the button and the LED are added. `figures_0_3_0` were measured on 0.3.0 with an
empty mat, on another day.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

SETTLED_S, WINDOW_S = 8.0, 20.0
TARGET, LATE_MS = 250, 60.0
OLD: Final = {"all": 1210, "reader": "1050-1095", "loop": 60, "scale": 50, "button": 10, "cpu_percent": "7-8"}
HERE = str(Path(__file__).resolve().parent.parent)
HANDS = "hands"  # the observer's own thread, which is not counted

# Also run by older checkouts, so it uses what they have in common. Python before 3.14 does not name its threads.
_DEVICE = """
import sys, threading, time
from pathlib import Path
from matpi.loop import Loop
from matpi.sim.board import Board
known = threading.Thread._set_native_id
def named(thread):
    known(thread)
    Path(f"/proc/self/task/{thread.native_id}/comm").write_text(thread.name[:15])
threading.Thread._set_native_id = named
made, late = [], []
make, weighed = Board.__init__, Loop._weighed
def making(board, *given, **options):
    make(board, *given, **options)
    made.append(board)
def timed(loop, sample):
    late.append(time.monotonic() - sample.t)
    return weighed(loop, sample)
Board.__init__, Loop._weighed = making, timed
def obey():
    for line in sys.stdin:
        if line.strip() == "late":
            taken = sorted(late)
            print("late", len(taken), taken[len(taken) * 99 // 100], taken[-1], flush=True)
            late.clear()
        else:
            made[-1].act(line.strip())
threading.Thread(target=obey, name="hands", daemon=True).start()
from matpi.cli import run
sys.exit(run(["run", "--board", "--store", sys.argv[1]]))
"""

Tasks = dict[tuple[str, str], tuple[int, int]]
"""Name and number of each thread -> voluntary context switches, nanoseconds of CPU."""


def tasks(device: int) -> Tasks:
    found: Tasks = {}
    children = " ".join(path.read_text() for path in Path(f"/proc/{device}/task").glob("*/children"))
    for pid in (str(device), *children.split()):
        for task in Path(f"/proc/{pid}/task").iterdir():
            name = (task / "comm").read_text().strip()
            if task.name == pid:
                name = "loop" if pid == str(device) else "reader"
            switches = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.MULTILINE)
            assert switches
            found[name, task.name] = int(switches[1]), int((task / "schedstat").read_text().split()[0])
    return found


def asked(device: subprocess.Popen[str], what: str, answer: str) -> list[str]:
    """Write a line to the device, and return the words of the line that begins with `answer`."""
    assert device.stdin
    assert device.stdout
    print(what, file=device.stdin, flush=True)
    return next(words for line in device.stdout if (words := line.split())[:1] == [answer])[1:]


def window(device: subprocess.Popen[str]) -> dict[str, Any]:
    time.sleep(SETTLED_S)
    asked(device, "late", "late")
    before, begun = tasks(device.pid), time.monotonic()
    time.sleep(WINDOW_S)
    after, took_s = tasks(device.pid), time.monotonic() - begun
    number, p99, worst = asked(device, "late", "late")
    wakes: Counter[str] = Counter()
    cpu: Counter[str] = Counter()
    for (name, task), (switches, spent) in after.items():
        earlier = before.get((name, task), (0, 0))
        if name != HANDS:
            wakes[name] += switches - earlier[0]
            cpu[name] += spent - earlier[1]
    return {
        "value": round(wakes.total() / took_s),
        "threads": {name: round(n / took_s, 1) for name, n in wakes.most_common() if n},
        "cpu_percent": round(cpu.total() / took_s / 1e7, 1),
        "cpu": {name: round(spent / took_s / 1e7, 2) for name, spent in cpu.most_common() if spent > took_s * 1e5},
        "readings_per_s": round(int(number) / took_s, 1),
        "late_ms": {"p99": round(1e3 * float(p99), 1), "worst": round(1e3 * float(worst), 1), "target": LATE_MS},
    }


def measured(checkout: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """With the mat empty, and with a person on it."""
    with tempfile.TemporaryDirectory() as folder:
        device = subprocess.Popen(
            [sys.executable, "-c", _DEVICE, f"{folder}/bench.db"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": checkout},
        )
        try:
            empty = window(device)
            assert device.stdin
            print("lie_down", file=device.stdin, flush=True)
            return empty, window(device)
        finally:
            device.terminate()
            device.wait(timeout=20)


def main(others: list[str]) -> None:
    for checkout in (HERE, *others):
        for mat, found in zip(("empty", "person"), measured(checkout), strict=True):
            figure = {"figure": f"wakeups_{mat}_per_s", "value": found.pop("value"), "target": TARGET, **found}
            old = {"figures_0_3_0": OLD} if mat == "empty" else {}
            print(json.dumps({**figure, **(old if checkout == HERE else {"checkout": checkout})}), flush=True)


if __name__ == "__main__":
    main([str(Path(path).resolve()) for path in sys.argv[1:]])
