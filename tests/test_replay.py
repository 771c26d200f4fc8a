"""`matpi replay` of a recording in which the device itself would have changed what it stores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matpi import cli
from matpi.core.model import Calibration
from matpi.drivers.scale.trace import FORMAT, About, TraceWriter
from tests.bench import NOMINAL, UNCALIBRATED, Cells
from tests.core.presence.test_first_zero import lying, nothing

Out = pytest.CaptureFixture[str]
ON_S, OFF_S = 30.0, 150.0


def recording(file: Path, slopes: tuple[float, float], calibration: Calibration) -> Path:
    """Two minutes of a person on a mat with these slopes, with `calibration` inside and no zero."""
    cells = Cells(slopes, (3.0 * NOMINAL, -2.0 * NOMINAL), noise=60.0)
    with TraceWriter(file, 2, "counts", about=About(FORMAT, calibration)) as trace:
        for n in range(2000):
            t = n / 10
            trace.write(t, cells.counts((lying(62.0) if ON_S <= t < OFF_S else nothing)(t)))
    return file


def test_a_chip_that_reads_backwards_is_turned_as_the_device_turns_it(tmp_path: Path, capsys: Out) -> None:
    for n, slopes in enumerate(((NOMINAL, NOMINAL), (-NOMINAL, NOMINAL), (NOMINAL, -NOMINAL), (-NOMINAL, -NOMINAL))):
        file = recording(tmp_path / f"{n}.csv", slopes, UNCALIBRATED)
        assert cli.run(["replay", str(file), "--json"]) == 0
        (found,) = json.loads(capsys.readouterr().out.splitlines()[-1])["sessions"]
        assert found["start_s"] == pytest.approx(ON_S, abs=1.5), slopes
        assert found["end_s"] == pytest.approx(OFF_S, abs=0.3), slopes
        assert found["counts"]


def test_a_calibrated_chip_that_reads_backwards_is_reported(tmp_path: Path, capsys: Out) -> None:
    calibrated = Calibration((round(3.0 * NOMINAL), round(-2.0 * NOMINAL)), (NOMINAL, NOMINAL))
    for slopes, warns in (((NOMINAL, NOMINAL), False), ((-NOMINAL, -NOMINAL), True)):
        file = recording(tmp_path / f"{warns}.csv", slopes, calibrated)
        assert cli.run(["replay", str(file), "--json"]) == 0
        out, err = capsys.readouterr()
        assert len(json.loads(out.splitlines()[-1])["sessions"]) == 1 - warns
        assert ("reads backwards; calibrate" in err) is warns
        assert err.count("\n") == warns
