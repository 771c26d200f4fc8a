"""SIGKILL of the whole device, its reader and its page: nothing acknowledged is lost, nothing comes twice.

40 kills; MATPI_FUZZ=10 (`make soak`) makes 200. kills.py says what is real in most of them.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matpi.control.address import socket_of
from matpi.control.client import Client
from matpi.core.effects import Calibrated, Save
from matpi.core.model import Acknowledgement, EndReason, Session, Settings, Zero
from matpi.errors import DeviceOffError
from matpi.store.db import Store
from tests.board.test_run import alive, children
from tests.reliability.kills import CALIBRATION, KINDS

ROOT = Path(__file__).parents[2]
TIMES = max(1, int(os.environ.get("MATPI_FUZZ", "1")) // 2)
WITHIN_S = 60.0
CONFIG = "[presence]\nmin_session_s = 5\naway_s = 5\n"
ON_THE_BOARD = """
import sys, threading
from matpi.cli import run
from matpi.sim.board import Board

make = Board.__init__
def making(board, *given, **named):
    make(board, *given, **named)
    threading.Thread(target=lambda: [board.act(line.strip()) for line in sys.stdin], daemon=True).start()
Board.__init__ = making
sys.exit(run(sys.argv[1:]))
"""
"""What the person does comes by standard input."""


@pytest.mark.timeout(300 * TIMES)
def test_whatever_it_does_when_it_is_killed_the_log_is_what_was_acknowledged(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.reliability.kills", str(tmp_path), str(len(KINDS) * TIMES)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


class Mat:
    """The processes of `matpi run --board` and `matpi page`, and the person."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.log, self.chance = folder / "log.db", chance
        (folder / "matpi.toml").write_text(CONFIG)
        with Store.open(self.log) as log:
            log.write(Save(Settings(zone="UTC")))
            log.write(Save(Calibrated(CALIBRATION, Zero((0.0, 0.0)))))
            log.write(Save(Acknowledgement(some=False, utc=time.time())))
        self.page = self.process("page", "--port", "0", "--host", "127.0.0.1")
        self.device = self.begun()

    def process(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", ON_THE_BOARD, *words, "--store", str(self.log)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )

    def begun(self) -> subprocess.Popen[str]:
        return self.process("run", "--board", "--config", str(self.log.with_name("matpi.toml")))

    def act(self, what: str) -> None:
        assert self.device.stdin is not None
        self.device.stdin.write(f"{what}\n")
        self.device.stdin.flush()

    def state(self) -> dict[str, Any]:
        try:
            return dict(Client(socket_of(self.log)).ask({"do": "state"}).data)
        except DeviceOffError:
            return {"front": "", "silent": True, "session": None}

    def running(self) -> str:
        """Return the id of the session whose timer runs, "" for none."""
        session = self.state()["session"]
        return session["id"] if session and session["runs"] else ""

    def wait_a_while(self, at_most_s: float) -> None:
        time.sleep(self.chance.uniform(0.0, at_most_s))  # real time: a real process between two instructions

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()

    def kill_reader(self) -> None:
        (reader,) = children(self.device.pid)
        os.kill(reader, signal.SIGKILL)
        until(lambda: children(self.device.pid) not in ([], [reader]))

    def kill_device(self) -> None:
        readers = children(self.device.pid)
        self.kill(self.device)
        until(lambda: not any(alive(one) for one in readers))

    def sessions(self) -> list[Session]:
        with Store.open(self.log, read_only=True) as log:
            return [entry.session for entry in log.sessions()]


@pytest.mark.parametrize("seed", range(TIMES))
def test_device_reader_and_page_are_killed_and_the_session_is_one(tmp_path: Path, seed: int) -> None:
    print(f"seed {seed}")
    mat = Mat(tmp_path, random.Random(seed))
    try:
        until(lambda: not mat.state()["silent"])
        mat.act("lie_down")
        on = time.monotonic()
        until(lambda: mat.running() != "")
        one = mat.running()
        mat.kill_reader()
        until(lambda: mat.running() == one)
        mat.wait_a_while(0.5)
        mat.kill(mat.page)
        until(lambda: mat.running() == one)
        mat.wait_a_while(0.5)
        mat.kill_device()
        mat.device = mat.begun()
        mat.wait_a_while(1.5)  # it starts
        mat.kill_device()
        mat.device = mat.begun()
        mat.act("lie_down")
        until(lambda: mat.running() == one)
        again = time.monotonic()
        mat.kill_reader()
        until(lambda: mat.running() == one)
        lain = time.monotonic()
        mat.act("get_up")
        until(lambda: not any(each.is_open for each in mat.sessions()))
    finally:
        for process in (mat.device, mat.page):
            mat.kill(process)
    (session,) = mat.sessions()
    assert (session.id, session.reason) == (one, EndReason.LEFT)
    assert session.aways >= 1
    assert session.on_mat_s <= lain - on + 3.0
    assert session.on_mat_s >= 2.5 + lain - again, "3 s before it runs again, and what was on the mat since"
