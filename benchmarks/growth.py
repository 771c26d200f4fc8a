"""What each command costs as the log grows. Prints one JSON line a command and log.

The figure is the processor time of the whole process, start of the interpreter included: the least of `RUNS` runs with
0, 1,000 and 5,000 sessions in the log (two a day, with a rating a day). `doctor` is timed without its watch of the load
cells, which takes 8 s whatever the log. `ready` is the processor time of `matpi run --board` until it says READY.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from matpi.core.clock import day_of
from matpi.core.model import EndReason, Moment, Rating, Session, Settings
from matpi.paths import zone_for
from matpi.store.db import Store
from matpi.store.history import put

LOGS = 0, 1_000, 5_000
RUNS = 3
TARGET_S, READY_GROWS_S = 0.5, 0.05
COMMANDS = (
    "sessions",
    "sessions --json",
    "ratings",
    "ratings --json",
    "plan",
    "plan --json",
    "people",
    "settings",
    "safety",
    "upstream",
    "export OUT.json",
    "export --csv OUT",
    "backup OUT.db",
    "doctor",
)
_UNWATCHED = """
import sys
from matpi.commands.doctor import report
report.run_doctor.__kwdefaults__["seconds"] = 0.0
from matpi.cli import run
sys.exit(run(sys.argv[1:]))
"""


def write_log(path: Path, sessions: int) -> None:
    """Two sessions of ten minutes a day, up to yesterday, and a rating a day."""
    zone, today = zone_for("UTC"), time.time() // 86_400 * 86_400
    with Store.open(path) as log, log.writing() as conn:
        put(conn, Settings(zone="UTC"))
        for n in range(sessions):
            utc = today - 86_400.0 * ((sessions - n - 1) // 2 + 1) + (36_000.0 if n % 2 else 72_000.0)
            day, id_ = day_of(utc, zone, Settings().day_start), f"{n:032x}"
            put(conn, Session(id_, "boot", 1.0 + n, 620.0, 600.0, EndReason.LEFT, utc, 0, day, 1, load_kg=74.0))
            if n % 2:
                put(conn, Rating(f"r{id_}", "boot", 1.0 + n, 5, Moment.AFTER, id_, utc + 700.0, 0, day))


def cpu_s(words: list[str], folder: Path, config: Path, log: Path) -> float:
    """Of one run and the processes that it has waited for."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    words = [word.replace("OUT", f"{out}/copy") for word in words]
    start = ["-m", "matpi"]
    if words[0] == "doctor":
        start, words = ["-c", _UNWATCHED], [*words, "--config", str(config)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (out / "printed").open("wb") as printed:
        command = [sys.executable, *start, *words, "--store", str(log)]
        done = subprocess.run(command, stdout=printed, stderr=subprocess.PIPE, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0 or words[0] == "doctor", (words, done.stderr)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ready_s(log: Path, folder: Path) -> float:
    """Processor time of the device's own process until it is ready; the reader of the chips is another one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(f"{folder}/notify")
        notified.settimeout(30.0)
        process = subprocess.Popen(
            [sys.executable, "-m", "matpi", "run", "--board", "--store", str(log)],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"},
        )
        try:
            while b"READY=1" not in notified.recv(4096):
                pass
            return time.clock_gettime((~process.pid << 3) | 2)  # the process's CPU clock, see clock_getcpuclockid(3)
        finally:
            process.terminate()
            process.wait(timeout=20)
            Path(f"{folder}/notify").unlink()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "matpi.toml"
        config.write_text('[scale]\ndriver = "sim"\n')
        ready: dict[int, float] = {}
        for sessions in LOGS:
            log = folder / f"{sessions}.db"
            write_log(log, sessions)
            for command in COMMANDS:
                least = min(cpu_s(command.split(), folder, config, log) for _ in range(RUNS))
                figure = {"figure": "command_cpu_s", "command": command.replace("OUT", "FILE"), "sessions": sessions}
                print(json.dumps({**figure, "value": round(least, 3), "target": TARGET_S}), flush=True)
            ready[sessions] = min(ready_s(log, folder) for _ in range(RUNS))
            figure = {"figure": "ready_cpu_s", "sessions": sessions, "value": round(ready[sessions], 3)}
            print(json.dumps({**figure, "grown": round(ready[sessions] - ready[0], 3), "target": READY_GROWS_S}))


if __name__ == "__main__":
    main()
