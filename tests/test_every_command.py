"""Every command where it is not at home: one sentence for what cannot be done, and nothing that should not happen."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from matpi import cli
from matpi.core.effects import Save
from matpi.core.model import EndReason, Moment, Rating, Session, Settings
from matpi.store import members
from matpi.store.db import Store
from tests import doors

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii:strict"}
NO_ZONES = """
import sys
sys.modules["tzdata"] = None  # the package that stands in where the system has none
import zoneinfo
zoneinfo.reset_tzpath(to=[])
from tests import doors
from pathlib import Path
doors.main("usual", Path(sys.argv[1]), Path(sys.argv[2]))
"""


@dataclass(frozen=True)
class Done:
    words: list[str]
    code: int
    out: str
    err: str

    @property
    def wrong(self) -> str:
        """What a person should not see; "" when all is well."""
        # A page that is asked to stop before it listens ends by the signal.
        if self.code not in {0, 1, 2} and not (self.code == -signal.SIGTERM and self.words[0] in doors.UNTIL_ASKED):
            return f"exit code {self.code}"
        found = [text for text in ("should not", "Traceback", "Exception ignored", "Error:") if text in self.err]
        if found:
            return found[0]
        lines = self.err.splitlines()
        if self.code > 0 and self.words[0] not in {"doctor", "upstream"} and not lines:
            return "no sentence"
        if not all(line.startswith(("matpi: ", "  ")) and line.endswith((".", "?", ":")) for line in lines):
            return "no sentence"
        return ""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user reaches; pytest's own are closed to others."""
    made = Path(tempfile.mkdtemp(prefix="matpi-doors-"))
    made.chmod(0o755)
    (made / "device").mkdir()
    (made / "Zoë").write_text("no scenario")
    (made / "Zoë.csv").write_text("t_s,kg_0\n0,1\n9,1\n18,1\n", encoding="utf-8")
    (made / "Zoë.toml").write_text('name = "Zoë"\n', encoding="utf-8")
    store = f'[store]\npath = "{made}/device/matpi.db"\n'
    (made / "matpi.toml").write_text(store)
    (made / "sim.toml").write_text(f'[scale]\ndriver = "sim"\n{store}')
    house = '[[upstream.webhook]]\nname = "house"\nurl = "http://127.0.0.1:9/"\nsecret = "none"\n'
    house += "allow_insecure = true\n"
    (made / "sink.toml").write_text(store + house)
    (made / "shut").mkdir()
    yield made
    for closed in ("device", "shut"):
        (made / closed).chmod(0o755)
    shutil.rmtree(made)


def a_log(folder: Path) -> Path:
    """A log of two people, one of whom has a letter that ASCII has not."""
    path = folder / "device" / "matpi.db"
    now = time.time()
    with Store.open(path) as log:
        log.write(Save(Settings(zone="UTC")))
        with log.writing() as conn:
            members.add(conn, "Zoë", "zoe")
            members.add(conn, "Ben", "ben")
        for n, name in enumerate(("one", "two")):
            utc = now - 9000.0 * (n + 1)
            log.write(Save(Session(name, "boot", 1.0 + n, 600.0, 600.0, EndReason.LEFT, utc, 0, person="zoe")))
        log.write(Save(Rating("r", "boot", 5.0, 4, Moment.DAY, utc=now, utc_offset_s=0, person="zoe")))
    assert cli.run(["export", str(folder / "old.json"), "--store", str(path)]) == 0
    return path


def every(condition: str, folder: Path, log: Path, *, script: str = "", **environment: str) -> list[Done]:
    words = [sys.executable, "-c", script] if script else [sys.executable, "-m", "tests.doors", condition]
    home = folder / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-' if condition == "closed" else 'exec "$@"', "sh", *words, folder, log],
        cwd=doors.ROOT,
        env={**os.environ, "HOME": str(home), "XDG_DATA_HOME": "", "TZ": "UTC", **environment},
        stderr=subprocess.PIPE,
        stdout=None if condition == "closed" else subprocess.DEVNULL,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    all_done = [Done(*one) for one in json.loads((folder / "done.json").read_text(encoding="utf-8"))]
    known = {words[0] for words in doors.commands(folder)}
    assert known >= set(cli.matpi.commands), "a command is missing in tests/doors.py"
    wrong = [f"{' '.join(one.words)}: {one.wrong}: {one.err}" for one in all_done if one.wrong]
    assert not wrong, "\n".join(wrong)
    return all_done


def of_the_log(done: list[Done]) -> list[Done]:
    return [one for one in done if one.words[0] in doors.OF_THE_LOG]


def test_as_another_user(folder: Path) -> None:
    log = a_log(folder)
    for closed in (log.parent, folder / "shut"):
        closed.chmod(0o700 if os.geteuid() == 0 else 0o000)
    done = every("another", folder, log)
    unreached = [one for one in done if "/shut/" in one.words[-1]]
    assert len(unreached) == 5
    assert [(one.words, one.code) for one in unreached if one.code != 1] == []
    for one in of_the_log(done):
        if str(folder / "Zoë.toml") in one.words[-1]:
            continue  # the plan is wrong, whatever the log is
        assert one.code == 1, one
        if one in unreached and "Cannot use " in one.err:
            continue  # the file is of no use, whatever the log is
        assert "it belongs to" in one.err or os.geteuid() != 0, one
        assert "`sudo -u root matpi ...`" in one.err or os.geteuid() != 0, one


def test_under_strict_ascii(folder: Path) -> None:
    done = every("ascii", folder, a_log(folder), **ASCII)
    people = next(one for one in done if one.words == ["people"])
    assert (people.code, people.err) == (0, "")
    assert "Zo?" in people.out
    for one in of_the_log(done):
        if len(one.words) == 1 or one.words[1] == "--json":
            assert (one.code, one.err) == (0, ""), one


def test_without_time_zones(folder: Path) -> None:
    every("usual", folder, a_log(folder), script=NO_ZONES)


@pytest.mark.parametrize("kind", ["another program's", "text", "damaged", "a folder"])
def test_with_a_foreign_log(folder: Path, kind: str) -> None:
    log = a_log(folder)
    log.unlink()
    if kind == "another program's":
        with closing(sqlite3.connect(log)) as conn:
            conn.execute("CREATE TABLE recipes (cake)")
    elif kind == "a folder":
        log.mkdir()
    else:
        log.write_bytes(b"Dear diary,\n" * 900 if kind == "text" else b"SQLite format 3\0 and no more")
    for one in of_the_log(every("usual" if kind == "another program's" else "of the log", folder, log)):
        if one.words == ["sessions"]:
            assert one.code == 1, one
            assert str(log) in one.err


@pytest.mark.parametrize("condition", ["closed", "full"])
def test_where_nothing_can_be_written(folder: Path, condition: str) -> None:
    for one in of_the_log(every(condition, folder, a_log(folder))):
        if len(one.words) == 1:
            assert one.code == (0 if condition == "closed" else 1), one
            assert condition == "closed" or "Cannot write the output" in one.err
        if condition == "full" and one.words[:2] in (
            ["sessions", "--deny"],
            ["people", "add"],
            ["settings", "bedtime=23:00"],
        ):
            assert "the change is stored all the same" in one.err, one
        if one.words == ["export", "-"]:
            # What is not shown is not missed, what is not exported is.
            assert one.code == 1, one
            assert "standard output is closed" in one.err or condition == "full"


def test_a_path_that_no_system_takes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is too long, or a file where a folder must be."""
    log, story = a_log(folder), doors.ROOT / "docs" / "examples" / "evening.jsonl"
    for path in (folder / ("x" * 300), folder / "matpi.toml" / "x"):
        for words in (
            ["import", path, "--store", log], ["export", path, "--store", log],
            ["export", "--csv", path, "--store", log], ["backup", path, "--store", log], ["sessions", "--store", path],
            ["record", "--last", path, "--store", log], ["record", "--overwrite", path, "--board", "--store", log],
            ["replay", path], ["plan", "--use", path, "--store", log], ["sim", "--headless", "--scenario", path],
            ["sim", "--headless", "--scenario", story, "--store", path],
        ):  # fmt: skip
            capsys.readouterr()
            code = cli.run([str(word) for word in words])
            done = Done([str(word) for word in words], code, *capsys.readouterr())
            assert (done.code in {1, 2}, done.wrong) == (True, ""), done
