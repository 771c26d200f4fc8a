"""The log as one file: copied alone, backed up while it is written to, and files that are none or only a part of it."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from matpi.cli import run
from matpi.commands.doctor.checks import WARN
from matpi.commands.doctor.report import log_checks
from matpi.core.effects import Checkpoint, Save
from matpi.core.model import Acknowledgement, Settings
from matpi.errors import StoreError
from matpi.store import file, migrations, raw
from matpi.store.db import Store
from matpi.twin.world import VirtualWorld
from tests.store.values import session

Out = pytest.CaptureFixture[str]
NOON = 1_773_576_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "device" / "matpi.db"


def in_a_copy_of_the_one_file(path: Path) -> list[str]:
    """The ids of the sessions in a copy of the file without its companions."""
    alone = path.parents[1] / "alone" / "matpi.db"
    shutil.rmtree(alone.parent, ignore_errors=True)
    alone.parent.mkdir()
    shutil.copy(path, alone)
    with Store.open(alone, read_only=True) as copy:
        return [entry.session.id for entry in copy.sessions()]


# -- a copy of the one file --------------------------------------------------------------------------------------------


def test_a_copy_of_the_one_file_is_at_most_the_session_under_way_behind(path: Path) -> None:
    """The device runs on a simulated mat; a person copies only matpi.db, at any time of three days."""
    rig = VirtualWorld(path, utc=NOON, zone="UTC")
    rig.power_on()
    assert in_a_copy_of_the_one_file(path) == [], "a new log is a log at once"
    behind = []
    for day in range(3):
        at = day * 86_400.0
        rig.run_until(at + 60.0, coarse=day > 0)
        rig.mat.act("lie_down", rig.t)
        rig.run_until(at + 400.0)
        with Store.open(path, read_only=True) as log:
            under_way = [entry.session.id for entry in log.sessions() if entry.session.is_open]
        assert len(under_way) == 1
        behind.append(len(in_a_copy_of_the_one_file(path)) - day)
        rig.mat.act("get_up", rig.t)
        rig.run_until(at + 430.0)
        assert len(in_a_copy_of_the_one_file(path)) == day + 1, "20 s away and ended: it is in the file"
    assert behind == [0, 0, 0]
    rig.power_off()


def test_what_is_stored_without_a_session_is_in_the_one_file_when_idle(path: Path) -> None:
    with Store.open(path) as log:
        log.write(Save(Settings()))
        log.write(Save(Acknowledgement(some=False)))
    rig = VirtualWorld(path, utc=NOON)
    rig.power_on()
    rig.run_until(30.0)
    for _ in range(4):  # a tap wakes, the next ones say 3
        rig.press(0.15)
        rig.run_until(rig.t + 0.5)
    rig.press(0.9)
    rig.run_until(rig.t + 5.0)
    alone = path.with_name("alone.db")
    shutil.copy(path, alone)
    with Store.open(path, read_only=True) as log, Store.open(alone, read_only=True) as copy:
        assert len(log.ratings()) == 1
        assert (copy.ratings(), copy.load()) == (log.ratings(), log.load())
    rig.power_off()


def test_a_reader_in_the_middle_of_reading_holds_up_no_device(path: Path) -> None:
    """The device goes on as ever, and the one file is whole again soon after the reader has done."""
    rig = VirtualWorld(path, utc=NOON)
    rig.power_on()
    rig.run_until(10.0)
    with Store.open(path, read_only=True) as reader:
        with reader.reading() as conn:
            conn.execute("SELECT 1 FROM sessions").fetchone()
            rig.mat.act("lie_down", rig.t)
            rig.run_until(100.0)
            rig.mat.act("get_up", rig.t)
            before = time.monotonic()
            rig.run_until(130.0)
            assert time.monotonic() - before < file.BUSY_TIMEOUT_S, "it waits for no lock"
        assert len(reader.log().sessions) == 1
        rig.run_until(135.0)
        assert len(in_a_copy_of_the_one_file(path)) == 1
    rig.power_off()


# -- matpi backup ------------------------------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from matpi.core.effects import Checkpoint, Save
from matpi.store import history
from matpi.store.db import Store
from tests.store.values import rating, session

store = Store.open(Path(sys.argv[1]))
n = 0
while True:
    n += 1
    store.write(Checkpoint(session(f"s{n}", reason=None, on_mat_s=3.0)))
    with store.writing() as conn:
        history.put(conn, session(f"s{n}"))
        history.put(conn, rating(f"r{n}", session_id=f"s{n}"))
    print(n, flush=True)
"""


@pytest.fixture
def writer(path: Path) -> Iterator[Callable[[], int]]:
    """A process that stores sessions as fast as it can, each with its rating in one transaction; how many it has."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    ) as process:
        assert process.stdout is not None
        stored = process.stdout

        def count() -> int:
            return int(stored.readline())

        try:
            for _ in range(20):
                count()
            yield count
        finally:
            process.kill()


def test_a_backup_while_the_device_writes_is_whole(path: Path, writer: Callable[[], int], tmp_path: Path) -> None:
    for n in range(8):
        target = tmp_path / "backups" / f"{n}.db"
        stored = writer()
        assert run(["backup", str(target), "--store", str(path)]) == 0
        assert sorted(file.name for file in target.parent.iterdir()) == [f"{i}.db" for i in range(n + 1)]
        with closing(sqlite3.connect(target)) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert conn.execute("PRAGMA journal_mode").fetchone() == ("delete",), "it needs no companion"
        with Store.open(target, read_only=True) as copy:
            closed = {entry.session.id[1:] for entry in copy.sessions() if not entry.session.is_open}
            assert closed == {r.id[1:] for r in copy.ratings()}, "no half of a transaction"
            assert len(closed) >= stored


def test_a_backup_is_private_and_takes_the_place_of_the_log(path: Path, tmp_path: Path, capsys: Out) -> None:
    target = tmp_path / "backup.db"
    with Store.open(path) as log:
        log.write(Save(session("one")))
        log.write(Checkpoint(session("under-way", reason=None)))
        assert run(["backup", str(target), "--store", str(path)]) == 0
        assert f"{path} is copied to {target}, whole" in capsys.readouterr().out
    assert target.stat().st_mode & 0o777 == 0o600
    target.chmod(0o400)
    assert run(["sessions", "--json", "--store", str(target)]) == 0
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == ["one", "under-way"]
    target.chmod(0o600)
    rig = VirtualWorld(target, utc=NOON)
    rig.power_on()
    rig.run_until(400.0)
    rig.shut_down()
    with Store.open(target, read_only=True) as log:
        assert [(s.id, str(s.reason)) for s in log.log().sessions] == [("one", "left"), ("under-way", "power_lost")]


def test_a_backup_goes_to_standard_output(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(path) as log:
        log.write(Save(session("one")))
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", out)
    assert run(["backup", "-", "--store", str(path)]) == 0
    (tmp_path / "piped.db").write_bytes(out.buffer.getvalue())
    with Store.open(tmp_path / "piped.db", read_only=True) as copy:
        assert [entry.session.id for entry in copy.sessions()] == ["one"]


def test_a_backup_replaces_nothing_and_says_what_it_cannot_copy(path: Path, tmp_path: Path, capsys: Out) -> None:
    with Store.open(path) as log:
        log.write(Save(session("one")))
    (tmp_path / "there.db").write_text("mine")
    (tmp_path / "folder").mkdir()
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(path.read_bytes()[:9000])
    for source, target, why in (
        (path, "there.db", "exists and is not replaced"),
        (path, "device/matpi.db", "exists and is not replaced"),
        (path, "folder", "is a folder; name a file in it"),
        (path, "there.db/x.db", "a part of its path is a file"),
        (tmp_path / "none.db", "new.db", "There is no session log at"),
        (damaged, "new.db", "is damaged"),
        (foreign(tmp_path), "new.db", "is a database of another program"),
        (bare(tmp_path), "new.db", "is the bare beginning of a session log"),
    ):
        assert run(["backup", str(tmp_path / target), "--store", str(source)]) == 1
        out, err = capsys.readouterr()
        assert (out, len(err.splitlines())) == ("", 1)
        assert why in err
    assert (tmp_path / "there.db").read_text() == "mine"
    assert not list(tmp_path.glob("new*"))


def test_a_log_of_an_older_version_is_backed_up_before_the_upgrade(path: Path, capsys: Out) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as conn:
        for step in migrations.steps()[:3]:
            conn.executescript(step.read_text())
    assert run(["sessions", "--store", str(path)]) == 1
    assert "is of an older matpi; start the device once" in capsys.readouterr().err
    assert run(["backup", str(path.with_name("old.db")), "--store", str(path)]) == 0
    assert raw.peek(path.with_name("old.db")) == raw.peek(path)


# -- files that are no log, or only a part of one ----------------------------------------------------------------------


def bare(folder: Path, application_id: int = 0) -> Path:
    path = folder / "bare.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute(f"PRAGMA application_id = {application_id}")
    return path


def foreign(folder: Path) -> Path:
    path = folder / "photos.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS photos (id)")
    return path


def test_a_bare_file_is_called_what_it_is(tmp_path: Path, capsys: Out) -> None:
    path = bare(tmp_path)
    before = path.read_bytes()
    for words in (["sessions"], ["ratings"], ["plan"], ["export", "-"], ["sessions", "--delete", "x"]):
        assert run([*words, "--store", str(path)]) == 1
        out, err = capsys.readouterr()
        assert (out, len(err.splitlines())) == ("", 1)
        assert f"{path} is the bare beginning of a session log, with nothing in it" in err
        assert "if it is a copy, it was made without its bare.db-wal" in err
        assert "older" not in err
    assert path.read_bytes() == before


def test_a_device_begins_no_log_in_a_bare_file_unreported(tmp_path: Path, capsys: Out) -> None:
    scenario, export = tmp_path / "s.jsonl", tmp_path / "e.json"
    scenario.write_text('{"at": 1, "do": "end"}\n')
    export.write_text('{"format": "matpi", "version": 4}')
    for words in (
        ["sim", "--headless", "--scenario", str(scenario)],
        ["import", str(export)],
        ["settings", "nudge=no"],
        ["people", "add", "Ada"],
        ["plan", "--rest-today"],
        ["safety", "--none"],
    ):
        path = bare(tmp_path)
        assert run([*words, "--store", str(path)]) == 0
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 1, words
        assert "is the bare beginning of a session log" in said[0]
        assert said[0].endswith("A new log is begun in it.")
        assert run([*words[:1], *words[1:], "--store", str(path)]) in {0, 2}
        assert "bare" not in capsys.readouterr().err, "only once"


def test_a_bare_file_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = bare(tmp_path, application_id=77)
    before = path.read_bytes()
    for read_only in (True, False):
        with pytest.raises(StoreError, match="is a database of another program"):
            Store.open(path, read_only=read_only)
    assert path.read_bytes() == before


def test_a_log_given_to_import_is_called_what_it_is(path: Path, tmp_path: Path, capsys: Out) -> None:
    with Store.open(path) as log:
        log.write(Save(session("one")))
    assert run(["import", str(path), "--store", str(tmp_path / "other.db")]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert "is a database, not an export" in said
    assert f"`matpi export FILE --store {path}` makes an export of it" in said


def test_the_doctor_reports_a_bare_log(tmp_path: Path) -> None:
    (check, *_), calibrated, *_ = log_checks(bare(tmp_path))
    assert (check.verdict, calibrated) == (WARN, False)
    assert "is the bare beginning of a session log" in check.what
