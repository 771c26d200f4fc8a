"""systemd/keep_log.py: the session log before and after an upgrade that failed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "systemd" / "keep_log.py"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log in WAL mode with one session in it, of schema 1, its writer gone without a checkpoint."""
    path = tmp_path / "var" / "lib" / "matpi" / "matpi.db"
    path.parent.mkdir(parents=True)
    sql = "PRAGMA journal_mode=WAL; CREATE TABLE session (id); PRAGMA user_version=1; INSERT INTO session VALUES ('a');"
    code = f"import os, sqlite3; c = sqlite3.connect({str(path)!r}); c.executescript({sql!r}); os._exit(0)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert path.with_name("matpi.db-wal").stat().st_size > 0
    return path


def keep(verb: str, log: Path, config: str = "", release: str = "2.0-2") -> subprocess.CompletedProcess[str]:
    root = log.parents[3]
    file = root / "matpi.toml"
    file.write_text(config)
    words = [sys.executable, "-I", str(SCRIPT), verb, str(file), release]
    return subprocess.run(words, capture_output=True, text=True, check=False, env={"MATPI_ROOT": str(root)})


def in_log(path: Path) -> tuple[int, list[str]]:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        rows = [row[0] for row in conn.execute("SELECT id FROM session ORDER BY id")]
        return conn.execute("PRAGMA user_version").fetchone()[0], rows


def change(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.executescript(sql)


def copy_of(log: Path, release: str = "2.0-2") -> Path:
    return log.with_name(f"matpi.db.before-{release}")


def test_a_copy_is_whole_and_for_nobody_else(log: Path) -> None:
    assert keep("backup", log).returncode == 0
    assert in_log(copy_of(log)) == (1, ["a"])
    assert copy_of(log).stat().st_mode & 0o777 == 0o600
    assert not list(log.parent.glob("*.half*"))


def test_a_log_with_another_schema_is_put_back(log: Path) -> None:
    keep("backup", log)
    change(log, "ALTER TABLE session ADD COLUMN more; PRAGMA user_version=2; INSERT INTO session VALUES ('b', 1);")
    done = keep("restore", log)
    assert done.returncode == 0
    assert "again as it was" in done.stdout
    assert in_log(log) == (1, ["a"])
    with contextlib.closing(sqlite3.connect(log)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_was_written_under_the_same_schema_is_kept(log: Path) -> None:
    keep("backup", log)
    change(log, "INSERT INTO session VALUES ('b');")
    assert "kept as it is" in keep("restore", log).stdout
    assert in_log(log) == (1, ["a", "b"])


def test_a_log_that_is_none_any_more_is_set_aside(log: Path) -> None:
    keep("backup", log)
    log.write_bytes(b"no database " * 1000)
    assert keep("restore", log).returncode == 0
    assert in_log(log) == (1, ["a"])
    assert log.with_name("matpi.db.damaged-by-upgrade").read_bytes().startswith(b"no database")


def test_a_log_that_is_gone_comes_back(log: Path) -> None:
    keep("backup", log)
    for file in log.parent.glob("matpi.db"):
        file.unlink()
    keep("restore", log)
    assert in_log(log) == (1, ["a"])


def test_a_log_the_new_version_made_is_emptied_for_the_old_one(log: Path) -> None:
    for file in log.parent.iterdir():
        file.unlink()
    assert "no session log yet" in keep("backup", log).stdout
    change(log, "CREATE TABLE session (id, more); PRAGMA user_version=2;")
    keep("restore", log)
    with contextlib.closing(sqlite3.connect(log)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_only_the_copy_of_this_upgrade_counts(log: Path) -> None:
    keep("backup", log, release="1.0-1")
    change(log, "PRAGMA user_version=2; INSERT INTO session VALUES ('b');")
    assert "no copy from before" in keep("restore", log, release="2.0-2").stdout
    assert in_log(log) == (2, ["a", "b"])
    keep("backup", log, release="2.0-2")
    assert [path.name for path in log.parent.glob("*.before-*")] == ["matpi.db.before-2.0-2"]


def test_the_log_lies_where_the_config_says(log: Path) -> None:
    moved = log.with_name("elsewhere.db")
    for file in log.parent.iterdir():
        file.rename(file.with_name(file.name.replace("matpi.db", "elsewhere.db")))
    keep("backup", log, config='[store]\npath = "/var/lib/matpi/elsewhere.db"\n')
    assert in_log(moved.with_name("elsewhere.db.before-2.0-2")) == (1, ["a"])


def test_without_a_place_for_logs_there_is_nothing_to_do(log: Path) -> None:
    done = keep("backup", log, config='[store]\npath = "/nowhere/matpi.db"\n')
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_a_log_in_use_is_left_alone(log: Path, verb: str) -> None:
    fd = os.open(log.with_name("matpi.db.lock"), os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    done = keep(verb, log)
    os.close(fd)
    assert done.returncode == 1
    assert done.stderr == "matpi: The session log is in use by another matpi; stop that one first, then try again.\n"


@pytest.mark.parametrize("config", ["[store\n", "[store]\npath = 5\n", "store = 5\n", '[store]\npath = "matpi.db"\n'])
def test_a_broken_config_is_told_in_a_line(log: Path, config: str) -> None:
    done = keep("backup", log, config=config)
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(log.parent.glob("*.before-*"))


def test_a_damaged_log_is_not_upgraded(log: Path) -> None:
    log.with_name("matpi.db-wal").unlink()
    log.write_bytes(b"no database " * 1000)
    done = keep("backup", log)
    assert done.returncode == 1
    assert "could not be copied" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not copy_of(log).exists()
