"""Commands beside a running device on the emulated board: each asks it by its control socket."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from matpi.cli import run
from matpi.control.client import Client
from matpi.core.effects import Save
from matpi.core.model import Calibration, EndReason, Moment, Rating, Session, Settings
from matpi.drivers.scale.trace import Trace
from matpi.sim.board_reader import COUNTS_PER_KG
from matpi.store.db import Store
from tests.board.test_recording import CALIBRATION, ENVIRONMENT, Running, until


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path)
    try:
        until(lambda: state(one)["load"] == "EMPTY" and not state(one)["silent"])
        Client(control(one)).ask({"do": "safety", "answer": "none"})
        until(lambda: state(one)["front"] != "SAFETY")
        yield one
    finally:
        one.close()


def control(running: Running) -> Path:
    return Path(f"{running.log}.sock")


def state(running: Running) -> Any:
    return Client(control(running)).ask({"do": "state"}).data


@contextmanager
def command(running: Running, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "matpi", *words, "--store", str(running.log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        # Where these tests run in the background of a shell, Ctrl-C is ignored, also by what they start.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            return line.strip()
    raise AssertionError(f"it ended without {word!r}: {process.stderr and process.stderr.read()}")


def enter(process: subprocess.Popen[str], text: str = "") -> None:
    assert process.stdin is not None
    process.stdin.write(f"{text}\n")
    process.stdin.flush()


# -- record ------------------------------------------------------------------------------------------------------------


def test_record_takes_its_readings_from_the_running_device(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "live.csv"
    with command(running, "record", str(file), "--board") as process:
        heard(process, "Recording to")
        until(lambda: file.exists() and file.stat().st_size > 1000)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    trace = Trace(file)
    assert trace.calibration == CALIBRATION
    assert f"{len(list(trace))} readings are in {file}." in out
    assert state(running)["silent"] is False


def test_record_keeps_what_it_has_when_the_device_ends(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "live.csv"
    with command(running, "record", str(file), "--board") as process:
        heard(process, "Recording to")
        until(lambda: file.exists() and file.stat().st_size > 1000)
        running.process.kill()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "No readings: The device has " in out
    assert f"{len(list(Trace(file)))} readings are in {file}." in out


def test_record_of_a_device_with_other_chips_says_so(running: Running, tmp_path: Path) -> None:
    config = tmp_path / "one.toml"
    config.write_text("[[scale.channels]]\ndata = 5\nclock = 6\n")
    with command(running, "record", str(tmp_path / "live.csv"), "--config", str(config)) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "The device has 2 chips, the config 1" in out
    assert not (tmp_path / "live.csv").exists()


# -- calibrate ---------------------------------------------------------------------------------------------------------


def calibration(running: Running) -> Calibration | None:
    with Store.open(running.log, read_only=True) as log:
        return log.load().calibration


@pytest.mark.parametrize("anywhere", [False, True])
def test_calibrate_follows_the_running_device(running: Running, anywhere: bool) -> None:
    words = ["calibrate", *(["--anywhere", "--weight", "74"] if anywhere else [])]
    with command(running, *words) as process:
        if not anywhere:
            enter(process, "74")
        heard(process, "Take everything off")
        assert state(running)["calibration"] == {
            "step": "off", "measuring": False, "done": 0.0, "result": None, "sentence": "",
        }  # fmt: skip
        enter(process)
        heard(process, "measured.")
        for end in ("mat",) if anywhere else ("head", "foot"):
            heard(process, "middle of the mat" if anywhere else f"Stand at the {end} end")
            running.act("stand" if anywhere else f"stand_{end}")
            heard(process, "measured.")
        told = heard(process, "Calibrated to within")
        assert process.wait(60) == 0
    assert told == state(running)["calibration"]["sentence"]
    found = calibration(running)
    assert found not in {None, CALIBRATION}
    assert found is not None
    assert found.counts_per_kg == pytest.approx((COUNTS_PER_KG, COUNTS_PER_KG), rel=0.02)
    told_doctor = json.loads(running.status.read_text())["counts_per_kg"]
    assert told_doctor == pytest.approx(found.counts_per_kg), "`matpi doctor` knows it at once"
    assert state(running)["kg"] == pytest.approx(74, abs=2)


def test_calibrate_is_refused_with_somebody_on_the_mat(running: Running) -> None:
    running.act("lie_down")
    until(lambda: state(running)["session"] is not None)
    with command(running, "calibrate", "--weight", "74") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert "the mat is not empty" in err
    assert err.count("\n") == 1
    assert state(running)["session"]["runs"]


def test_a_refused_measurement_tells_why_and_the_old_values_stay(running: Running) -> None:
    with command(running, "calibrate", "--weight", "20") as process:
        heard(process, "Take everything off")
        enter(process)
        for end in ("head", "foot"):
            heard(process, f"Stand at the {end} end")
            running.act(f"stand_{end}")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Calibrated" not in out
    assert "times what the config says" in err
    assert "The old values stay." in err
    assert calibration(running) == CALIBRATION


def test_the_device_does_not_stay_in_a_calibration_that_its_terminal_gives_up(running: Running) -> None:
    for how in ("Ctrl-C", "no terminal"):
        with command(running, "calibrate", "--weight", "74") as process:
            heard(process, "Take everything off")
            if how == "Ctrl-C":
                process.send_signal(signal.SIGINT)
                process.wait(timeout=60)
            _, err = process.communicate(timeout=60)  # closes its input
        assert process.returncode == (130 if how == "Ctrl-C" else 2)
        assert err.lstrip() == (
            "" if how == "Ctrl-C" else "matpi: There is nobody to answer here; run it in a terminal.\n"
        )
        assert state(running)["front"] == "IDLE"
    assert calibration(running) == CALIBRATION


def test_calibrate_ends_when_the_device_leaves_it_or_ends(running: Running) -> None:
    with command(running, "calibrate", "--weight", "74") as process:
        heard(process, "Take everything off")
        Client(control(running)).ask({"do": "press", "how": "tap"})
        until(lambda: process.poll() is not None)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "given up on the device" in err
    with command(running, "calibrate", "--weight", "74") as process:
        heard(process, "Take everything off")
        running.process.kill()
        until(lambda: process.poll() is not None)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "The device ended before the calibration had a result" in err
    assert err.count("\n") == 1


# -- what changes the log ----------------------------------------------------------------------------------------------


CHANGES = (
    "settings bedtime=23:00 weekly_goal=4", "safety --none", "sessions --delete one", "sessions --restore one",
    "sessions --edit two minutes=7", "sessions --deny two", "sessions --confirm two", "ratings --edit r1 value=3",
    "ratings --delete r1", "plan --rest-today", "plan --no-rest-today", "import {copy}", "people add Anna",
    "people add Bert", "safety --some --person Bert", "sessions --edit one person=Bert", "people choose Bert",
    "plan --rest-today --person Bert", "safety --doctor-ok --person Bert", "people goal Bert 3",
    "ratings --felt-wrong", "people rename Bert Ben", "people remove Anna", "settings zone=Asia/Tokyo",
)  # fmt: skip


def test_every_command_that_changes_the_log_goes_to_the_running_device(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The device answers from its memory, `matpi plan` reads the disk: they agree after each."""
    log, now = tmp_path / "log.db", time.time()
    with Store.open(log) as begun:
        begun.write(Save(Settings(zone="UTC")))
        for n, name in enumerate(("one", "two")):
            start_utc = now - (50 - 24 * n) * 3600
            begun.write(Save(Session(name, "boot", 1.0 + 2000 * n, 900.0, 900.0, EndReason.LEFT, start_utc, 0)))
        begun.write(Save(Rating("r1", "boot", 3000.0, 5, Moment.DAY, None, now - 3600, 0)))

    def matpi(*words: str) -> str:
        code, said = run([*words, "--store", str(log)]), capsys.readouterr()
        assert (code, said.err) == (0, ""), words
        return said.out

    def compare(words: str) -> None:
        said = Client(Path(f"{log}.sock")).ask({"do": "state"}).data
        plan = json.loads(matpi("plan", "--json"))
        if plan["short_only"]:
            plan |= {"lower_min": 0, "upper_min": 0}  # no range is shown
        shared = set(plan) & set(said["plan"])
        assert len(shared) >= 9
        assert {key: plan[key] for key in shared} == {key: said["plan"][key] for key in shared}, words
        people = [json.loads(line) for line in matpi("people", "--json").splitlines()]
        there = [(one["name"], one["chosen"]) for one in people if not one["removed"]]
        assert there == [(one["name"], one["chosen"]) for one in said["people"]], words

    copy = tmp_path / "whole.json"
    matpi("export", str(copy))
    exported = json.loads(copy.read_text())
    exported["sessions"][0] |= {"id": "three", "start_mono": 9000.0}
    exported["sessions"][0]["start_utc"] -= 5 * 86400
    copy.write_text(json.dumps(exported))
    words = [sys.executable, "-m", "matpi", "run", "--board", "--store", str(log)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as device:
        try:
            heard(device, "matpi runs")
            for line in CHANGES:
                matpi(*line.format(copy=copy).split())
                compare(line)
            device.send_signal(signal.SIGTERM)
            assert device.wait(60) == 0
        finally:
            device.kill()
    with Store.open(log, read_only=True) as ended:
        sessions = {entry.session.id: entry.session for entry in ended.sessions()}
        assert set(sessions) == {"one", "two", "three"}
        assert sessions["two"].on_mat_s == 7 * 60
