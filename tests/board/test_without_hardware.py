"""The service on a computer without any part: `driver = "sim"`, and `matpi doctor` where something is missing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from matpi.commands.doctor import checks
from matpi.commands.doctor.checks import FAIL, OK, SKIPPED
from matpi.commands.doctor.report import run_doctor
from matpi.config import Config
from matpi.sim.board import Board

ROOT = Path(__file__).resolve().parents[2]
SIM = '[scale]\ndriver = "sim"\n'


def matpi(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "matpi", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), "XDG_DATA_HOME": str(folder)},
        timeout=60,
        check=False,
    )


def test_the_device_runs_on_the_configured_log_and_says_that_nothing_is_real(tmp_path: Path) -> None:
    store = tmp_path / "matpi.db"
    (tmp_path / "matpi.toml").write_text(f'{SIM}[store]\npath = "{store}"\n')
    process = subprocess.Popen(
        [sys.executable, "-m", "matpi", "run", "--config", "matpi.toml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    try:
        said = [process.stdout.readline(), process.stdout.readline()]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert said == [
        'No hardware is used: driver = "sim" in [scale] emulates every part.\n',
        f"matpi runs; the log is {store}. Press Ctrl-C to stop.\n",
    ]
    assert (process.returncode, out, err) == (0, "", "")  # no part is missing, so none is noted
    assert store.exists()


def test_every_command_that_needs_parts_uses_the_emulated_ones(tmp_path: Path) -> None:
    store = tmp_path / "matpi.db"
    (tmp_path / "matpi.toml").write_text(f'{SIM}[store]\npath = "{store}"\n')
    doctor = matpi(tmp_path, "doctor", "--config", "matpi.toml", "--json")
    checks = {f"{check['part']} {check['name']}": check for check in json.loads(doctor.stdout)["checks"]}
    assert doctor.returncode == 0, doctor.stdout
    for name in ("reader process", "panel answer", "gpio header", "matpi libraries"):
        assert checks[name]["verdict"] == OK, checks[name]
    # How many of them are good is up to how busy this machine is.
    assert int(checks["chip 1 samples"]["what"].split()[0]) > 100, checks["chip 1 samples"]
    process = subprocess.Popen(
        [sys.executable, "-m", "matpi", "record", "trace.csv", "--config", "matpi.toml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("Recording")
        while (tmp_path / "trace.csv").stat().st_size < 4096:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    assert "readings are in trace.csv" in out


def test_an_emulated_board_needs_no_library_of_a_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matpi.drivers.probe.version", lambda name: "" if name in {"lgpio", "spidev"} else "1.0")
    config = Config()
    facts = Board(config).probe(config, tmp_path / "log.db", touch=True)
    assert checks.libraries(config.scale, facts.libraries).verdict is OK


def test_doctor_works_without_a_readable_log(tmp_path: Path) -> None:
    """No name is that long, so that the log cannot even be looked for; a folder of another user gives the same."""
    for path in (tmp_path / ("x" * 300), tmp_path / "file" / "matpi.db", tmp_path):
        (tmp_path / "file").write_text("")
        config = Config()
        board = Board(config)
        checks = run_doctor(config, tmp_path / "status.json", probe=board.probe, store_path=path)
        found = {(check.part, check.name): check.verdict for check in checks}
        assert found["log", "whole"] is FAIL, path
        assert found["upstream", "sinks"] is SKIPPED, path
        assert found["panel", "answer"] is OK, path
