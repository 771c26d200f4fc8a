"""A refusal names its bound, and what cannot work is reported at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from matpi import cli
from matpi.config import Config, PresenceConfig
from matpi.core.effects import Save
from matpi.core.model import EndReason, Session
from matpi.store.db import Store

ROOT = Path(__file__).resolve().parents[1]
Out = pytest.CaptureFixture[str]
OWN_PLAN = """[[tier]]
days = 1
minutes = [1, 2]
clothing = "shirt"
goal = "a minute"
[after]
minutes = [5, 10]
clothing = "shirt"
goal = "more"
"""


def test_every_refusal_names_its_bound(tmp_path: Path, capsys: Out) -> None:
    log, trace, plan, config, story = (tmp_path / name for name in ("l.db", "t.csv", "p.toml", "c.toml", "s.jsonl"))
    export = tmp_path / "e.json"
    with Store.open(log) as store:
        store.write(Save(Session("s", "boot", 1.0, 600.0, 600.0, EndReason.LEFT, load_kg=50.0)))
    assert cli.run(["people", "add", "Ben", "--store", str(log)]) == 0
    assert cli.run(["export", str(export), "--store", str(log)]) == 0
    whole = export.read_text()
    wrong: list[tuple[tuple[object, ...], str]] = [
        (("settings", "day_start=25:00"), "from 00:00 to 23:59"),
        (("settings", "quiet_from=7"), "from 00:00 to 23:59"),
        (("settings", "nudge_before_bed_min=361"), "from 0 to 360"),
        (("settings", "weekly_goal=8"), "from 3 to 7"),
        (("settings", "rest_weekdays=mon,tue,wed,thu,fri"), "at most four"),
        (("people", "add", "x" * 13), "1 to 12 characters"),
        (("people", "goal", "Ben", "9"), "between 3 and 7"),
        (("sessions", "--edit", "s", "minutes=700"), "0:30 to 45:00"),
        (("sessions", "--edit", "s", "start=1960-01-01 10:00"), "before 1971"),
    ]
    for words, bound in wrong:
        wrong[wrong.index((words, bound))] = ((*words, "--store", log), bound)
    files: list[tuple[Path, str, tuple[object, ...], str]] = [
        (trace, "t_s,kg_0\n0,1\n1e12,1\n", ("replay", trace), "up to 1e+10"),
        (trace, "t_s,kg_0\n0,1e9\n", ("replay", trace), "at most 10000"),
        (plan, OWN_PLAN.replace("days = 1", "days = 100"), ("plan", "--use", plan, "--store", log), "up to 99"),
        (plan, OWN_PLAN.replace("[1, 2]", "[1, 40]"), ("plan", "--use", plan, "--store", log), "1 to 20"),
        (config, "[presence]\non_kg = 99\n", ("replay", trace, "--config", config), "from 3 to 40"),
        (story, '{"at": 1, "do": "lie_down", "kg": 900}\n', ("sim", "--headless", "--scenario", story), "1 and 300"),
        (export, whole.replace('"load_kg":50.0', '"load_kg":1e6'), ("import", export, "--store", log), "under 10000"),
    ]
    missing = []
    for at, text, words, bound in [(tmp_path / "none", "", *one) for one in wrong] + files:
        at.write_text(text)
        code = cli.run([str(word) for word in words])
        err = capsys.readouterr().err
        if code not in {1, 2} or bound not in err:
            missing.append(f"{words}: {bound} is not in {err}")
    assert not missing, "\n".join(missing)


def test_a_shortest_session_that_is_longer_than_the_plan_wants(tmp_path: Path, capsys: Out) -> None:
    def config(seconds: float) -> Config:
        return Config(presence=PresenceConfig(min_session_s=seconds))

    assert config(30).unstored_minutes("") == ""
    assert config(120).unstored_minutes("") == ""
    assert "longer than the 120 s" in config(121).unstored_minutes("")
    assert "longer than the 60 s" in config(120).unstored_minutes(OWN_PLAN)

    log, plan, file = tmp_path / "log.db", tmp_path / "plan.toml", tmp_path / "matpi.toml"
    plan.write_text(OWN_PLAN)
    for seconds, own_plan, warned in ((120, "none", False), (130, "none", True), (120, str(plan), True)):
        file.write_text(f'[scale]\ndriver = "sim"\n[presence]\nmin_session_s = {seconds}\n')
        assert cli.run(["settings", f"own_plan={own_plan}", "--store", str(log)]) == 0
        capsys.readouterr()
        cli.run(["doctor", "--config", str(file), "--store", str(log)])
        first = capsys.readouterr().out.splitlines()[0]
        assert first.startswith("WARN " if warned else "OK "), (seconds, own_plan)
        assert ("min_session_s = " in first) is warned
    device = [sys.executable, "-m", "matpi", "run", "--board", "--config", str(file), "--store", str(log)]
    with subprocess.Popen(device, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        if first.startswith("No hardware"):
            first = running.stdout.readline()
        running.terminate()
        running.communicate()
    assert first.startswith("min_session_s = 120 in [presence] is longer than the 60 s"), first
    assert running.returncode == 0


@pytest.mark.parametrize(("every_s", "slow"), [(0.1, False), (1.9, False), (2.5, True), (60, True)])
def test_a_recording_slower_than_the_sensor_timeout(tmp_path: Path, capsys: Out, every_s: float, slow: bool) -> None:
    trace = tmp_path / "t.csv"
    rows = [f"{n * every_s:.1f},{40 if 20 < n < 200 else 0}" for n in range(240)]
    trace.write_text("\n".join(["t_s,kg_0", *rows, ""]))
    for words in (["replay", str(trace)], ["replay", str(trace), "--json"]):
        assert cli.run(words) == 0
        assert ("more than 2 s apart" in capsys.readouterr().err) is slow
    # With a config that waits longer it is no matter.
    config = tmp_path / "matpi.toml"
    config.write_text("[presence]\nstale_s = 5\n")
    assert cli.run(["replay", str(trace), "--config", str(config)]) == 0
    assert ("more than 5 s apart" in capsys.readouterr().err) is (every_s > 5)
