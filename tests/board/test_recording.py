"""Recordings of a running device, over the emulated board: on a signal, after a fault, by `matpi record`."""

from __future__ import annotations

import errno
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from matpi import cli
from matpi.config import Config
from matpi.core.effects import Calibrated, Save
from matpi.core.model import Calibration, Session, Zero
from matpi.drivers.clock import SystemClock
from matpi.drivers.scale.trace import Trace
from matpi.errors import TraceError
from matpi.service.appliance import Appliance
from matpi.sim.board import Board
from matpi.sim.board_reader import COUNTS_PER_KG, OFFSETS
from matpi.store.db import Store
from tests.board.test_run import children

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
CONFIG = "[presence]\nmin_session_s = 5.0\naway_s = 2.0\n"
CALIBRATION = Calibration(OFFSETS[:2], (COUNTS_PER_KG, COUNTS_PER_KG))
DEVICE = """
import sys, threading
from pathlib import Path
from matpi import config
from matpi.service.run import run_device
from matpi.sim.board import Board

config = config.load(Path(sys.argv[2]))
board = Board(config)

def hands():
    for line in sys.stdin:
        board.act(line.strip())

threading.Thread(target=hands, daemon=True).start()
run_device(config, board, Path(sys.argv[1]), lambda text: print(text, flush=True), Path(sys.argv[3]))
"""
"""`matpi run --board` with hands: what is written to it happens on the mat."""


def until(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"waited {seconds:g} s"
        time.sleep(0.05)
    return found


class Running:
    def __init__(self, folder: Path) -> None:
        self.log, self.config, self.folder = folder / "log.db", folder / "matpi.toml", folder / "recordings"
        self.status = folder / "status.json"
        self.config.write_text(CONFIG)
        with Store.open(self.log) as log:
            log.write(Save(Calibrated(CALIBRATION, Zero((0.0, 0.0)))))
        self.process = subprocess.Popen(
            [sys.executable, "-c", DEVICE, str(self.log), str(self.config), str(self.status)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=ENVIRONMENT,
        )
        self.hear("matpi runs")

    def hear(self, word: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if word in line:
                return line.strip()
        raise AssertionError(f"it ended without {word!r}")

    def act(self, what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()

    def sessions(self) -> list[Session]:
        with Store.open(self.log, read_only=True) as log:
            return [entry.session for entry in log.sessions()]

    def recordings(self) -> list[Path]:
        return list(self.folder.glob("*.csv.gz"))

    def saved(self) -> Path:
        """Signal until a file has readings: the chips take a while to settle."""
        before: set[Path] = set()
        while True:
            self.process.send_signal(signal.SIGUSR1)
            path: Path = until(lambda: next((one for one in self.recordings() if one not in before), None))
            before.add(path)
            with suppress(TraceError):
                Trace(path)
                return path

    def close(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path)
    try:
        yield one
    finally:
        one.close()


Out = pytest.CaptureFixture[str]


def test_a_signal_saves_what_replay_finds_the_same_session_in(running: Running, capsys: Out) -> None:
    running.act("lie_down")
    until(lambda: any(time.monotonic() > one.start_mono + 7.0 for one in running.sessions()))
    running.act("get_up")
    session = until(lambda: [one for one in running.sessions() if not one.is_open])[0]
    running.process.send_signal(signal.SIGUSR1)
    reported = running.hear("recordings")
    (path,) = running.recordings()
    assert reported == f"The last 10 minutes are saved in {path}."

    assert cli.run(["replay", str(path), "--json", "--config", str(running.config)]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    (found,) = summary["sessions"]
    assert found["start_s"] == pytest.approx(session.start_mono, abs=0.1)
    assert found["on_mat_s"] == pytest.approx(session.on_mat_s, abs=0.1)
    assert found["reason"] == str(session.reason) == "left"

    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(30) == 0
    assert running.recordings() == [path]  # an ordinary end saves nothing


def test_record_last_copies_what_the_device_saves(running: Running, capsys: Out, tmp_path: Path) -> None:
    plain, packed = tmp_path / "wrong.csv", tmp_path / "wrong.csv.gz"
    words = ["record", "--last", "--store", str(running.log)]
    running.saved()  # it has readings by now
    assert cli.run([*words, str(plain)]) == 0
    assert str(plain) in capsys.readouterr().out
    assert cli.run([*words, str(packed)]) == 0
    assert packed.read_bytes() in {path.read_bytes() for path in running.recordings()}
    assert plain.read_text().startswith("# matpi recording {")
    assert Trace(plain).calibration == Trace(packed).calibration == CALIBRATION

    assert cli.run([*words, str(plain)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert cli.run([*words, "--overwrite", str(plain)]) == 0
    assert cli.run([*words, str(tmp_path / "absent" / "x.csv")]) == 1
    assert "copy it by hand" in capsys.readouterr().err
    assert running.process.poll() is None


def test_record_last_says_why_the_device_saved_nothing(running: Running, capsys: Out, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    running.folder.write_text("in its place")
    assert cli.run(["record", "--last", str(file), "--store", str(running.log)]) == 1
    reported = capsys.readouterr().err
    assert "The last 10 minutes could not be saved" in reported
    assert reported.count("\n") == 1
    assert not file.exists()


def test_a_copy_that_fails_leaves_the_file_as_it_was(
    running: Running, capsys: Out, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other, link = tmp_path / "x.csv.gz", tmp_path / "other.csv", tmp_path / "link.csv"
    words = ["record", "--last", "--overwrite", "--store", str(running.log)]
    file.write_text("mine")
    link.symlink_to(other)
    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
        assert cli.run([*words, str(file)]) == 1
    assert "copy it by hand" in capsys.readouterr().err
    assert file.read_text() == "mine"
    assert not list(tmp_path.glob("unfinished*"))
    assert cli.run([*words, str(file)]) == cli.run([*words, str(link)]) == 0
    assert file.read_bytes() != b"mine"
    assert link.is_symlink()
    assert other.read_text().startswith("# matpi recording")


def test_record_last_fails_when_the_device_ends_meanwhile(tmp_path: Path, capsys: Out) -> None:
    log, file = tmp_path / "log.db", tmp_path / "x.csv"

    def end_when_asked() -> None:
        while True:
            link, _ = listener.accept()
            with link, link.makefile("rb") as lines:
                if lines.readline():
                    return

    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(f"{log}.sock")
        listener.listen()
        device = threading.Thread(target=end_when_asked, daemon=True)
        device.start()
        assert cli.run(["record", "--last", str(file), "--store", str(log)]) == 1
        device.join(60)
    sentence = "matpi: The device has ended before it answered; look whether it was done before you repeat it.\n"
    assert capsys.readouterr().err == sentence
    assert not file.exists()


def test_doctor_sees_a_device_that_was_started_by_hand_and_leaves_its_parts_alone(
    running: Running, capsys: Out, tmp_path: Path
) -> None:
    config = tmp_path / "sim.toml"
    config.write_text('[scale]\ndriver = "sim"\n')
    running.saved()
    words = ["doctor", "--json", "--config", str(config), "--store", str(running.log)]
    assert cli.run(words) == 0
    checks = {(check["part"], check["name"]): check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["device", "running"]["verdict"] == "OK"
    assert (
        f"the device at {running.log}.sock writes no status, as when it is started by hand"
        in checks["device", "running"]["what"]
    )
    assert checks["reader", "process"]["what"] == "left alone: the running device holds it"
    assert checks["button", "level"]["verdict"] == "SKIPPED"


def test_record_last_without_a_device_is_one_sentence(tmp_path: Path, capsys: Out) -> None:
    log, file = tmp_path / "log.db", tmp_path / "x.csv"
    for left_behind in (False, True):  # a power cut leaves the socket of a device
        if left_behind:
            with closing(socket.socket(socket.AF_UNIX)) as listener:
                listener.bind(f"{log}.sock")
        assert cli.run(["record", "--last", str(file), "--store", str(log)]) == 1
        assert "No device is running" in capsys.readouterr().err
    assert not file.exists()


@pytest.mark.parametrize("calibrated", [False, True])
def test_record_records_the_cells_until_it_is_interrupted(tmp_path: Path, calibrated: bool) -> None:
    log, file = tmp_path / "log.db", tmp_path / "live.csv.gz"
    if calibrated:
        with Store.open(log) as store:
            store.write(Save(Calibrated(CALIBRATION, Zero((0.25, 0.0)))))
    process = subprocess.Popen(
        [sys.executable, "-m", "matpi", "record", str(file), "--board", "--store", str(log)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=ENVIRONMENT,
    )
    try:
        until(lambda: file.exists() and file.stat().st_size > 1000)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    found = Trace(file)
    assert found.calibration == (CALIBRATION if calibrated else Calibration((0, 0), (43_000.0,) * 2, approximate=True))
    assert found.zero == (Zero((0.25, 0.0)) if calibrated else None)
    assert f"{len(list(found))} readings are in {file}." in out
    assert log.exists() == calibrated  # it makes no log


def test_cells_that_cannot_be_read_are_one_sentence_and_no_file(tmp_path: Path) -> None:
    if Path("/dev/gpiochip0").exists():
        pytest.skip("this machine has a GPIO chip, and this test must not touch it")
    file = tmp_path / "live.csv"
    done = subprocess.run(
        [sys.executable, "-m", "matpi", "record", str(file), "--store", str(tmp_path / "log.db")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=ENVIRONMENT,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "GPIO header" in done.stderr or "install python3-lgpio" in done.stderr
    assert not file.exists()


class FaultError(Exception):
    pass


def test_a_fault_that_ends_the_device_leaves_a_recording_and_reports_its_path(tmp_path: Path, capsys: Out) -> None:
    def fail_when_it_weighs() -> None:
        if appliance.device is not None and appliance.device.snapshot().readings >= 100:
            raise FaultError

    config, inbox = Config(), queue.SimpleQueue[Any]()
    appliance = Appliance(
        config,
        Board(config),
        tmp_path / "log.db",
        SystemClock(),
        screen=None,
        inbox=inbox,
        boot_id="b",
        zone="UTC",
        turned=fail_when_it_weighs,
    )
    try:
        appliance.start()
        with pytest.raises(FaultError):
            appliance.run()
    finally:
        appliance.close()
    (path,) = (tmp_path / "recordings").iterdir()
    assert len(list(Trace(path))) >= 100
    assert f"saved in {path}." in capsys.readouterr().err


def test_a_signal_to_the_whole_service_does_not_end_its_reader(running: Running) -> None:
    """`systemctl kill` signals every process of the unit."""
    running.saved()
    readers = children(running.process.pid)
    assert readers
    for pid in readers:
        os.kill(pid, signal.SIGUSR1)
    running.saved()
    assert children(running.process.pid) == readers
