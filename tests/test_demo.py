"""`matpi sim --demo`: an invented fortnight, as if it had been lived, in a log that is deleted at the end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from matpi.core.front import Front
from matpi.twin.demo import DAYS, write_fortnight
from matpi.twin.world import VirtualWorld

ROOT = Path(__file__).parents[1]
# At night, at noon and in the evening UTC, in summer and in winter, and just after the clocks changed.
MOMENTS = (1_773_586_800.0, 1_782_000_000.0, 1_774_749_600.0, 1_792_900_000.0)
ZONES = ("UTC", "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles")


def test_the_day_after_the_fortnight_is_the_plan_s_next_wherever_and_whenever(tmp_path: Path) -> None:
    lived = [day for day in DAYS if day is not None]
    for zone in ZONES:
        for utc in MOMENTS:
            path = tmp_path / f"{zone.replace('/', '-')}-{utc:.0f}.db"
            write_fortnight(path, zone, utc, 74.0)
            rig = VirtualWorld(path, utc=utc, zone=zone)
            rig.power_on()
            rig.run_until(10.0)
            device = rig.device
            assert device is not None
            assert device.stage.front is Front.IDLE, (zone, utc)
            plan, log = device.plans.today, device.ledger.log
            assert (plan.day, plan.done, plan.streak, plan.repeated, plan.restarted) == (
                len(lived) + 1, False, len(DAYS) - 1 - DAYS.index(None), False, False,
            ), (zone, utc)  # fmt: skip
            assert [round(s.on_mat_s) for s in log.counting] == [seconds for seconds, _ in lived]
            assert [rating.value for rating in log.ratings] == [tightness for _, tightness in lived]
            assert plan.trend is not None
            rig.power_off()


def test_the_person_of_the_fortnight_is_the_one_of_today(tmp_path: Path) -> None:
    write_fortnight(tmp_path / "demo.db", "UTC", MOMENTS[0], 30.0)
    rig = VirtualWorld(tmp_path / "demo.db", utc=MOMENTS[0], kg=30.0)
    rig.power_on()
    rig.run_until(10.0)
    rig.mat.act("lie_down", rig.t)
    rig.run_until(80.0)
    rig.mat.act("get_up", rig.t)
    rig.run_until(120.0)
    assert rig.device is not None
    assert rig.device.ledger.log.counting[-1].doubt is None
    rig.power_off()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP], ids=lambda end: end.name)  # a closed terminal hangs up
def test_the_command_shows_it_and_leaves_nothing_behind(tmp_path: Path, end: signal.Signals) -> None:
    temp, data = tmp_path / "temp", tmp_path / "data"
    temp.mkdir()
    process = subprocess.Popen(
        # Under nohup the signal would be ignored.
        ["env", "--default-signal=HUP", sys.executable, "-m", "matpi", "sim", "--demo", "--no-browser", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temp), "XDG_DATA_HOME": str(data)},
    )
    try:
        assert process.stdout is not None
        assert re.search(r"http://\S+/", line := process.stdout.readline()), line
        assert re.search(r"page, as on a phone, is at http://\S+/", line := process.stdout.readline()), line
        assert "an invented fortnight and is deleted at the end" in process.stdout.readline()
        assert [path.name for path in temp.glob("*/demo.db")] == ["demo.db"]
        process.send_signal(end)
        rest, _ = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert process.returncode == 0, rest
    assert (list(temp.iterdir()), data.exists()) == ([], False)
