"""What ends `matpi run` before its loop is on the panel and stays there; no stored value is among it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from matpi.commands.doctor.checks import OK, WARN
from matpi.commands.doctor.report import log_checks
from matpi.core.effects import Save
from matpi.core.model import Acknowledgement
from matpi.core.views import Fault, Idle
from matpi.errors import StoreError
from matpi.screen.render import render
from matpi.store.db import Store
from matpi.store.tables import DIAGNOSTICS
from matpi.store.transfer import export_json
from matpi.twin.world import VirtualWorld
from matpi.words import ENGLISH
from tests.board.test_run import service
from tests.store.values import records

ROOT = Path(__file__).resolve().parents[2]
UTC = 1_773_586_800.0
SAYS = "The stored time zone 'US/Nowhere' is unknown here and Etc/UTC is used"

BEGIN = """
import sys
from pathlib import Path
import matpi.service.run as run
from matpi.config import Config
from matpi.sim.board import Board
board = Board(Config())
"""
END = """
try:
    run.run_device(Config(), board, Path(sys.argv[1]), print, None)
except Exception as error:
    print(type(error).__name__, error)
Path(sys.argv[2]).write_bytes(board.panel_chip.image.tobytes())
"""
WAYS = {
    "a part of the program that is not there": 'sys.modules["matpi.service.appliance"] = None',
    "a mistake of ours": "Config.device_rules = lambda _: 1 / 0",
    "a mistake after the loop was made": "import matpi.service.appliance; matpi.service.appliance.ClockWatch = None",
    "no boot id": "import matpi.drivers.clock; matpi.drivers.clock.boot_id = None",
}


def left_on_the_panel(folder: Path, between: str, store: Path) -> tuple[str, bytes]:
    """What `matpi run` said, and the picture it left."""
    seen = folder / "panel"
    reported = subprocess.run(
        [sys.executable, "-c", BEGIN + between + END, str(store), str(seen)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
        check=False,
    )
    assert reported.returncode == 0, reported.stderr
    return reported.stdout, seen.read_bytes()


def test_what_stops_the_start_is_on_the_panel_and_stays_there(tmp_path: Path) -> None:
    wanted = render(Fault("Cannot start", "an unexpected error", "run: journalctl")).tobytes()
    for way, between in WAYS.items():
        said, picture = left_on_the_panel(tmp_path, between, tmp_path / "log.db")
        assert "matpi runs" not in said, way
        assert picture == wanted, way
    (tmp_path / "folder.db").mkdir()
    said, picture = left_on_the_panel(tmp_path, "", tmp_path / "folder.db")
    assert said.startswith("StoreError")
    assert picture == render(Fault("Cannot start", "log cannot be opened", "run: matpi doctor")).tobytes()


def set_values(path: Path, *statements: str) -> None:
    log = sqlite3.connect(path)
    with log:
        for statement in statements:
            log.execute(statement)
    log.close()


@pytest.fixture
def lived(tmp_path: Path) -> Path:
    """A log of a device that has answered the safety pages and had a session."""
    path = tmp_path / "log.db"
    rig = VirtualWorld(path, utc=UTC, zone="Europe/Berlin")
    rig.power_on()
    rig.run_until(20.0)
    rig.mat.act("lie_down", rig.t)
    rig.run_until(200.0)
    rig.mat.act("get_up", rig.t)
    rig.run_until(300.0)
    rig.shut_down()
    with Store.open(path) as log:
        log.write(Save(Acknowledgement(some=False, utc=UTC)))
    return path


def notice(path: Path) -> str | None:
    """What the lit bar of the idle screen says after a start."""
    rig = VirtualWorld(path, utc=UTC + 86_400.0)
    rig.power_on()
    try:
        rig.run_until(20.0)
        device = rig.device
        assert device is not None
        assert device.display.shown is not None
        view = device.display.shown.view
        assert isinstance(view, Idle)
        rig.mat.act("lie_down", rig.t)
        rig.run_until(rig.t + 60.0)
        assert device.session.running is not None
        rig.mat.act("get_up", rig.t)
        rig.run_until(rig.t + 60.0)
    finally:
        rig.shut_down()
    return None if view.notice is None else ENGLISH.say(view.notice)


def test_a_stored_zone_that_is_unknown_here_stops_nothing(lived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Etc/UTC")
    assert notice(lived) != "see: matpi doctor"
    set_values(lived, "UPDATE settings SET value = 'US/Nowhere' WHERE key = 'zone'")
    assert notice(lived) == "see: matpi doctor"
    with Store.open(lived, read_only=True) as log:
        assert {tally.kind: tally.last_text for tally in records(log, DIAGNOSTICS)}["log_doubt"].startswith(SAYS)
        assert log.load().settings.zone == "US/Nowhere"  # an update of tzdata may bring it back
        assert len(log.sessions()) == 3
    settings = next(check for check in log_checks(lived)[0] if check.name == "values")
    assert (settings.verdict, settings.what) == (WARN, SAYS)
    assert settings.do == "set one with `matpi settings zone=Europe/Berlin`"


BAD = {
    "UPDATE sessions SET start_utc = -1": "A session in the log is left out (start_utc lies between",
    "UPDATE sessions SET day = 'x'": "A session in the log is left out (Invalid isoformat",
    "UPDATE sessions SET day = CAST(x'C328' AS TEXT)": "A session in the log is left out (Invalid isoformat",
    "UPDATE settings SET value = CAST(x'FF' AS TEXT) WHERE key = 'bedtime'": "The stored setting `bedtime` is invalid",
    "UPDATE zero SET kg_1 = 1e14": "A zero in the log is left out (a zero has 1 to 4 channels under 10000 kg",
    "UPDATE settings SET value = '-5' WHERE key = 'day_start'": "The stored setting `day_start` is invalid",
    "UPDATE settings SET value = '[tier' WHERE key = 'own_plan'": "The plan of one's own cannot be used",
    "UPDATE acknowledgement SET earlier = '[1]'": "A safety answer in the log is left out",
    "INSERT INTO calibration VALUES (1, 0, 1e9, 0)": "A calibration in the log is left out",
    "INSERT INTO days VALUES ('soon', 1, 0, NULL)": "A day record in the log is left out",
    "INSERT INTO stops (id, boot_id, mono, utc) VALUES ('s', 'b', 1, 9e14)": "A stop sign in the log is left out",
    "INSERT INTO ratings (id, boot_id, mono, day, value, moment) VALUES ('r', 'b', 1, 'x', 5, 'day')": "A rating in",
    "INSERT INTO people (id, name, chosen, removed) VALUES ('x', 'far too long a name', 0, 0)": "The people in the log",
}


def test_no_value_in_the_log_stops_the_timer_from_starting(lived: Path, tmp_path: Path) -> None:
    whole = lived.read_bytes()
    for statement, says in BAD.items():
        path = tmp_path / "bad.db"
        path.write_bytes(whole)
        set_values(path, statement)
        values = next(check for check in log_checks(path)[0] if check.name == "values")
        assert values.verdict is WARN, statement
        assert values.what.startswith(says), statement
        rig = VirtualWorld(path, utc=UTC + 86_400.0)
        rig.power_on()
        rig.run_until(20.0)
        rig.mat.act("lie_down", rig.t)
        rig.run_until(rig.t + 10.0)
        device = rig.device
        assert device is not None
        assert device.session.running is not None, statement
        assert device.parts.lost == ["log_doubt"], statement
        rig.power_off()
        for file in tmp_path.glob("bad.db*"):
            file.unlink()


def test_an_invalid_record_does_not_stop_the_dating_of_its_boot(lived: Path) -> None:
    set_values(
        lived,
        "INSERT INTO ratings (id, boot_id, mono, utc, utc_offset_s, day, value, moment, estimated)"
        " SELECT 'early', boot_id, start_mono, start_utc, 3600, day, 5, 'day', 1 FROM sessions LIMIT 1",
        "UPDATE sessions SET day = 'x'",
    )
    rig = VirtualWorld(lived, utc=UTC + 5 * 86_400.0)
    rig.power_on()
    rig.run_until(5.0)
    rig.shut_down()
    with Store.open(lived, read_only=True) as log:
        early = next(rating for rating in log.ratings() if rating.id == "early")
    assert early.estimated
    assert early.utc is not None
    assert early.utc > UTC + 3 * 86_400.0, "the day before the clock was known"


def test_an_export_is_refused_when_a_record_cannot_be_in_it(lived: Path, tmp_path: Path) -> None:
    set_values(lived, "UPDATE sessions SET day = 'x'")
    with Store.open(lived, read_only=True) as log, pytest.raises(StoreError, match="Invalid isoformat string: 'x'"):
        export_json(log, tmp_path / "all.json")
    assert not (tmp_path / "all.json").exists()


def test_every_command_reads_such_a_log_and_a_new_zone_is_taken(lived: Path) -> None:
    set_values(lived, "UPDATE settings SET value = 'US/Nowhere' WHERE key = 'zone'")
    ways = {
        "plan": SAYS,
        "people": SAYS,
        "settings": SAYS,
        "sessions": "left",
        "safety": "Answered on",
    }
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TZ": "Etc/UTC"}

    def matpi(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "matpi", *words, "--store", str(lived)],
            capture_output=True,
            text=True,
            env={**environment, **more},
            timeout=60,
            check=False,
        )

    for command, says in ways.items():
        reported = matpi(command)
        assert (reported.returncode, reported.stderr) == (0, ""), command
        assert says in reported.stdout, command
    nothing = matpi("plan", PYTHONTZPATH="", TZ="")
    assert nothing.returncode == 0
    assert "is unknown here and UTC is used; install tzdata." in nothing.stdout
    refused = matpi("settings", "zone=Europe/Berlin", PYTHONTZPATH="", TZ="")
    assert refused.returncode == 2
    assert "no time zone data and knows only UTC; install tzdata." in refused.stderr
    assert matpi("settings", "zone=Europe/Berlin").returncode == 0
    settings = next(check for check in log_checks(lived)[0] if check.name == "values")
    assert settings.verdict is OK


def test_the_service_runs_and_says_it_once(lived: Path) -> None:
    set_values(lived, "UPDATE settings SET value = 'US/Nowhere' WHERE key = 'zone'")
    with service(lived.parent) as running:
        running.wait_for("STATUS=")
        code, out, err = running.end()
    assert (code, err) == (0, "")
    assert out.count("US/Nowhere") == 1


def test_an_import_sets_a_zone_that_is_known_here(tmp_path: Path, lived: Path) -> None:
    set_values(lived, "UPDATE settings SET value = 'US/Nowhere' WHERE key = 'zone'")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TZ": "Asia/Tokyo"}
    new = tmp_path / "new.db"
    for words in (("export", "all.json", "--store", str(lived)), ("import", "all.json", "--store", str(new))):
        reported = subprocess.run(
            [sys.executable, "-m", "matpi", *words],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=60,
            check=False,
        )
        assert (reported.returncode, reported.stderr) == (0, ""), words
    assert "The import's time zone 'US/Nowhere' is unknown here; Asia/Tokyo is set instead." in reported.stdout
    with Store.open(new, read_only=True) as log:
        assert log.load().settings.zone == "Asia/Tokyo"
