"""A stop that comes in the middle of a start."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STOPPED = """
import os, signal, sys

def stop(event, arguments):
    if event == "exec" and arguments[0].co_filename.endswith(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGTERM)

sys.addaudithook(stop)
from matpi import cli
sys.exit(cli.run(["run", "--board", "--store", sys.argv[2]]))
"""


def test_a_stop_in_the_middle_of_any_import_is_a_stop(tmp_path: Path) -> None:
    wrong = []
    for module in (
        "matpi/service/run.py",
        "core/events.py",
        "matpi/service/parts.py",
        "matpi/service/appliance.py",
        "core/device.py",
    ):
        done = subprocess.run(
            [sys.executable, "-c", STOPPED, module, tmp_path / "log.db"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        # Before anything is lit the signal ends the process by itself.
        if done.returncode not in {0, -signal.SIGTERM} or done.stderr:
            wrong.append(f"{module}: {done.returncode}, {done.stderr}")
    assert not wrong, "\n".join(wrong)
