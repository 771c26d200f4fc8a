"""`matpi run` as a process, on the emulated board: what systemd, a terminal and `matpi doctor` see of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Service:
    """What systemd is to the process: a notify socket, a runtime directory, signals."""

    def __init__(self, folder: Path, *words: str, watchdog_s: float = 2.0) -> None:
        self.folder = folder
        self.runtime = folder / "run"
        self.runtime.mkdir(exist_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._socket.settimeout(60.0)
        environment = {
            **os.environ,
            "NOTIFY_SOCKET": str(folder / "notify"),
            "WATCHDOG_USEC": str(int(watchdog_s * 1e6)),
            "RUNTIME_DIRECTORY": str(self.runtime),
            "PYTHONPATH": str(ROOT),
        }
        environment.pop("WATCHDOG_PID", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "matpi", "run", "--board", "--store", str(folder / "log.db"), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment,
        )

    def messages(self) -> str:
        return self._socket.recv(4096).decode()

    def wait_for(self, word: str) -> None:
        while word not in self.messages():
            pass

    def end(self) -> tuple[int, str, str]:
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err

    def close(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()
        self.process.wait()
        self._socket.close()


@contextmanager
def service(folder: Path, *words: str) -> Iterator[Service]:
    running = Service(folder, *words)
    try:
        yield running
    finally:
        running.close()


def children(pid: int) -> list[int]:
    """Of all its threads: the one that listens to the reader has started it."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # the thread has ended meanwhile
            found += [int(word) for word in (task / "children").read_text().split()]
    return found


def test_it_reports_ready_feeds_the_watchdog_and_ends_cleanly(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        running.wait_for("READY=1")
        running.wait_for("WATCHDOG=1")
        running.wait_for("WATCHDOG=1")
        assert running.end()[::2] == (0, "")
        running.wait_for("STOPPING=1")


def test_what_it_does_is_in_systemctl_status(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        running.wait_for("STATUS=nobody is on the mat")


def test_why_it_cannot_start_is_in_systemctl_status(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("[presence]\non_kgg = 3\n")
    with service(tmp_path, "--config", "wrong.toml") as running:
        running.wait_for("STATUS=cannot start: wrong.toml: the key presence.on_kgg is unknown")
        running.process.communicate(timeout=60)
        assert running.process.returncode == 2
    (tmp_path / "notify").unlink()
    (tmp_path / "log.db").mkdir()
    with service(tmp_path) as running:
        running.wait_for("STATUS=cannot start: ")
        running.process.communicate(timeout=60)
        assert running.process.returncode == 1


def test_a_stopped_loop_feeds_no_watchdog(tmp_path: Path) -> None:
    """SIGSTOP stands for a hang: the word stops with the work, not with the process's end."""
    with service(tmp_path) as running:
        running.wait_for("WATCHDOG=1")
        running.process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        running._socket.settimeout(1.5)
        with suppress(TimeoutError):
            while True:  # what was under way when it stopped may still be read
                running.messages()
        with pytest.raises(TimeoutError):
            running.messages()
        running.process.send_signal(signal.SIGCONT)
        running._socket.settimeout(60.0)
        running.wait_for("WATCHDOG=1")


def test_its_status_is_a_file_that_goes_with_it(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        running.wait_for("READY=1")
        path = running.runtime / "status.json"
        until = time.monotonic() + 60
        status: dict[str, object] = {}
        while time.monotonic() < until and not (status and status["readings"]):
            time.sleep(0.1)
            if path.exists():
                status = json.loads(path.read_text())
        assert status["pid"] == running.process.pid
        assert status["calibrated"] is False
        scale = status["scale"]
        assert isinstance(scale, dict)
        assert [chip["name"] for chip in scale["chips"]] == ["head", "foot"]
        running.end()
        assert not path.exists()


def test_no_reader_is_left_behind_even_when_it_is_killed(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        running.wait_for("READY=1")
        until = time.monotonic() + 60
        while not (readers := children(running.process.pid)):
            assert time.monotonic() < until
            time.sleep(0.05)
        running.process.kill()
        running.process.wait()
        until = time.monotonic() + 60
        while any(alive(pid) for pid in readers):
            assert time.monotonic() < until
            time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_log_in_use_is_one_sentence(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        running.wait_for("READY=1")
        second = subprocess.run(
            [sys.executable, "-m", "matpi", "run", "--board", "--store", str(tmp_path / "log.db")],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=30,
            check=False,
        )
    assert second.returncode == 1
    assert second.stderr.startswith("matpi: ")
    assert second.stderr.count("\n") == 1


def test_without_a_header_the_device_still_runs_and_says_what_is_missing(tmp_path: Path) -> None:
    """A desktop computer has no pins and no I2C: the timer's loop is up all the same, and every part is noted."""
    if Path("/dev/gpiochip0").exists():
        pytest.skip("this machine has a GPIO chip, and this test must not touch it")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    store = tmp_path / "log.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "matpi", "run", "--store", str(store)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert process.stdout is not None
    try:
        assert "matpi runs" in process.stdout.readline()
        time.sleep(2.5)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    for part in ("/dev/i2c-1", "GPIO pins"):
        assert part in out
    # Why the chips cannot be read: where lgpio is not installed, that comes before the header which is not there.
    assert "GPIO header" in out or "install python3-lgpio" in out.splitlines()[-1]
    from matpi.store.db import Store
    from matpi.store.tables import DIAGNOSTICS
    from tests.store.values import records

    with Store.open(store, read_only=True) as log:
        kinds = {tally.kind for tally in records(log, DIAGNOSTICS)}
    assert {"lamp_lost", "button_lost", "panel_lost"} <= kinds
