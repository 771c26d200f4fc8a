"""How late readings and frames are while each `fsync` takes 2 s. Prints one JSON line.

`matpi run --board` in a process of its own, with a log of 1,000 sessions and a person on the mat. Twice a second a
setting is changed or the button pressed from outside, so that the log is always being written. Windows with a quick and
with a slow disk take turns. A reading is late by the time from the emulated chip to the loop; a frame by the time from
the reading, press or deadline that it is due at until the emulated panel has its bytes. The figure is the larger
difference of the two worst; a reading alone is up to 45 ms late, which is how often the reader's pipe is looked at.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any

from benchmarks.growth import write_log
from benchmarks.observed_run import observe, play
from matpi.control.address import beside
from matpi.control.client import Client
from matpi.core.effects import Calibrated, Save
from matpi.core.model import Acknowledgement, Calibration, Zero
from matpi.drivers.oled import PanelThread
from matpi.errors import MatpiError
from matpi.loop import Loop
from matpi.sim.board_reader import COUNTS_PER_KG, OFFSETS
from matpi.store.db import Store
from tests.reliability.slow import SlowDisk

FSYNC_S = 2.0
SESSIONS = 1_000
WINDOW_S, PAIRS = 10.0, 2
TARGET_MS, STEADY_MS = 20.0, 50.0
"""Of the worst with a quick disk, up to which the difference of two worst says something."""
RECORD = struct.Struct("dd")


def observe_frames(path: str) -> None:
    """Write of each frame when it was due and how late the panel had it."""
    out = Path(path).open("wb", buffering=RECORD.size * 16)  # noqa: SIM115  open until the process ends
    send, show, draw = Loop.send, PanelThread.show, PanelThread._draw  # noqa: SLF001
    due = wanted = 0.0

    def sending(loop: Loop, event: Any) -> None:
        nonlocal due
        wake = loop.device.next_wake()
        due = min(event.t, inf if wake is None else wake)
        send(loop, event)

    def showing(thread: PanelThread, *frame: Any) -> None:
        nonlocal wanted
        wanted = due
        show(thread, *frame)

    def drawing(thread: PanelThread, frame: Any, waiting: bool) -> None:
        of = wanted
        draw(thread, frame, waiting)
        if waiting:
            out.write(RECORD.pack(of, time.monotonic() - of))

    for owner, name, timed in (
        (Loop, "send", sending),
        (PanelThread, "show", showing),
        (PanelThread, "_draw", drawing),
    ):
        setattr(owner, name, timed)


def run(log: str, readings: str, frames: str) -> int:
    """Be the device; SIGUSR2 makes its disk slow or quick."""
    import signal

    from matpi.cli import run as matpi

    observe(readings)
    observe_frames(frames)
    play()
    disk = SlowDisk(Path(log).parent)

    def turn(_number: int, _frame: Any) -> None:
        disk.fsync_s = 0.0 if disk.fsync_s else FSYNC_S

    signal.signal(signal.SIGUSR2, turn)
    with disk.watched():
        return matpi(["run", "--board", "--store", log])


def busy(client: Client, ended: threading.Event) -> None:
    """Change settings and press the button, without waiting for the disk."""
    n = 0
    while not ended.wait(0.5):
        n += 1
        asked = (
            {"do": "press", "how": "tap"} if n % 4 == 0 else {"do": "settings", "set": {"weekly_goal": str(3 + n % 5)}}
        )
        threading.Thread(target=lambda asked=asked: _ask(client, asked), daemon=True).start()


def _ask(client: Client, asked: dict[str, Any]) -> None:
    with suppress(MatpiError):
        client.ask(asked)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60.0
    while not what():
        if time.monotonic() > end:
            raise SystemExit("the device did not do in a minute what was waited for")
        time.sleep(0.05)


def worst_ms(path: Path, windows: list[tuple[float, float]]) -> dict[str, float]:
    data = path.read_bytes()
    found = list(RECORD.iter_unpack(data[: len(data) // RECORD.size * RECORD.size]))
    late = sorted(1e3 * late for begin, end in windows for t, late in found if begin <= t < end)
    return {"worst": round(late[-1], 1), "p99": round(late[int(0.99 * len(late))], 1), "number": len(late)}


def main() -> None:
    import signal

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.db"
        write_log(log, SESSIONS)
        with Store.open(log) as store:
            calibration = Calibration(OFFSETS[:2], (COUNTS_PER_KG, COUNTS_PER_KG))
            store.write(Save(Calibrated(calibration, Zero((0.0, 0.0)))))
            store.write(Save(Acknowledgement(some=False, utc=time.time())))
        files = [Path(folder) / name for name in ("readings", "frames")]
        with tempfile.TemporaryDirectory() as other, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            notified.bind(f"{other}/notify")
            device = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.slow_disk", "run", str(log), *map(str, files)],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                env={**os.environ, "NOTIFY_SOCKET": f"{other}/notify"},
            )  # fmt: skip
            try:
                while b"READY=1" not in notified.recv(4096):
                    pass
                windows = measured(device, Client(beside(log)), lambda: device.send_signal(signal.SIGUSR2))
            finally:
                device.terminate()
                device.wait(timeout=60)
        figures = {
            f"{what}_ms": {"quick": worst_ms(path, windows[::2]), "slow": worst_ms(path, windows[1::2])}
            for what, path in zip(("reading", "frame"), files, strict=True)
        }
    more = {name: round(figure["slow"]["worst"] - figure["quick"]["worst"], 1) for name, figure in figures.items()}
    steady = all(figure["quick"]["worst"] <= STEADY_MS for figure in figures.values())
    reached = max(more.values()) <= TARGET_MS if steady else "the machine is too busy to say"
    figure = {"figure": "slow_disk_late_more_ms", "value": max(more.values()), "target": TARGET_MS, "reached": reached}
    print(json.dumps({**figure, "fsync_s": FSYNC_S, **figures, "windows": PAIRS, "window_s": WINDOW_S}))


def measured(device: subprocess.Popen[str], client: Client, turn: Callable[[], None]) -> list[tuple[float, float]]:
    """Return the windows, in turn with a quick and with a slow disk."""
    assert device.stdin is not None
    until(lambda: not client.ask({"do": "state"}).data["silent"])
    device.stdin.write("lie_down\n")
    device.stdin.flush()
    until(lambda: client.ask({"do": "state"}).data["session"] is not None)
    ended = threading.Event()
    threading.Thread(target=busy, args=(client, ended), daemon=True).start()
    windows = []
    for _ in range(2 * PAIRS):
        since = time.monotonic()
        time.sleep(WINDOW_S)
        windows.append((since, time.monotonic() - 0.5))
        turn()
    ended.set()
    time.sleep(2.5)  # the observer writes in blocks
    return windows


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        sys.exit(run(*sys.argv[2:]))
    main()
