"""systemd/keep_log.py: the session log before and after an upgrade that failed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.small_disk import fill, free, on_small_disk

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


def keep(
    verb: str, log: Path, config: str = "", release: str = "2.0-2", knows: int = 99
) -> subprocess.CompletedProcess[str]:
    """`knows`: the newest schema of the release."""
    root = log.parents[3]
    file = root / "matpi.toml"
    file.write_text(config)
    (schemas := root / f"release-{knows}" / "matpi" / "store").mkdir(parents=True, exist_ok=True)
    (schemas.parent / "__init__.py").touch()
    (schemas / f"schema_v{knows}.sql").touch()
    words = [sys.executable, "-P", "-s", str(SCRIPT), verb, str(file), release]
    environment = {"MATPI_ROOT": str(root), "PYTHONPATH": str(schemas.parents[1]), "TZ": "UTC"}
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)


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


@pytest.mark.parametrize("sql", ["DELETE FROM session", "DROP TABLE session"])
def test_records_that_a_version_deleted_come_back(log: Path, sql: str) -> None:
    keep("backup", log)
    change(log, f"{sql};")
    assert "again as it was" in keep("restore", log).stdout
    assert in_log(log) == (1, ["a"])


def test_a_message_that_was_sent_meanwhile_is_not_missing(log: Path) -> None:
    change(log, "CREATE TABLE outbox (id); INSERT INTO outbox VALUES ('m');")
    keep("backup", log)
    change(log, "DELETE FROM outbox; INSERT INTO session VALUES ('b');")
    assert "kept as it is" in keep("restore", log).stdout
    assert in_log(log) == (1, ["a", "b"])


def test_a_log_that_is_none_any_more_is_set_aside(log: Path) -> None:
    keep("backup", log)
    log.write_bytes(b"no database " * 1000)
    assert keep("restore", log).returncode == 0
    assert in_log(log) == (1, ["a"])
    assert log.with_name("matpi.db.damaged-by-upgrade").read_bytes().startswith(b"no database")


def test_a_log_with_a_damaged_page_is_set_aside(log: Path) -> None:
    """The ids could still be read from an index."""
    change(log, "ALTER TABLE session ADD COLUMN more; UPDATE session SET more = zeroblob(99);")
    change(log, "CREATE UNIQUE INDEX ids ON session (id); PRAGMA wal_checkpoint(TRUNCATE);")
    keep("backup", log)
    damaged = bytearray(log.read_bytes())
    damaged[4096:8192] = b"noise " * 682 + b"nois"
    log.write_bytes(damaged)
    assert "again as it was" in keep("restore", log).stdout
    assert in_log(log) == (1, ["a"])
    assert log.with_name("matpi.db.damaged-by-upgrade").read_bytes() == damaged


@pytest.mark.parametrize("whole", [0, 4096], ids=["no database", "half of one"])
def test_a_damaged_copy_leaves_the_log_alone(log: Path, whole: int) -> None:
    keep("backup", log)
    copy_of(log).write_bytes(copy_of(log).read_bytes()[:whole] + b"no database " * 1000)
    change(log, "INSERT INTO session VALUES ('b');")
    done = keep("restore", log)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "matpi: The session log is kept as it is: the copy from before is damaged.\n"
    assert in_log(log) == (1, ["a", "b"])


def on_a_full_disk(disk: Path) -> None:
    log = disk / "var" / "lib" / "matpi" / "matpi.db"
    log.parent.mkdir(parents=True)
    change(log, "PRAGMA journal_mode=WAL; CREATE TABLE session (id); PRAGMA user_version=1;")
    assert keep("backup", log).returncode == 0
    change(log, "INSERT INTO session VALUES ('b');")
    fill(disk)
    done = keep("restore", log)
    free(disk)
    assert (done.returncode, "make room" in done.stderr) == (1, True), done
    assert in_log(log) == (1, ["b"])


def test_a_full_disk_leaves_the_log_alone(tmp_path: Path) -> None:
    """SQLite cannot read it then: that is no damage."""
    on_small_disk(on_a_full_disk, tmp_path)


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


# -- back to a version that is too old for the log --------------------------------------------------------------------

SCHEMAS = Path(__file__).resolve().parents[2] / "matpi" / "store"


def real(log: Path, schema: int) -> None:
    """A log of this program's own schema in the place of the small one."""
    for file in log.parent.glob("matpi.db*"):
        file.unlink()
    for number in range(1, schema + 1):
        change(log, (SCHEMAS / f"schema_v{number}.sql").read_text())


def session(log: Path, name: str, utc: float | None = None) -> None:
    start = "NULL" if utc is None else str(utc)
    change(
        log,
        "INSERT INTO sessions (id, boot_id, start_mono, start_utc, span_s, on_mat_s, reason, aways, routine, edited)"
        f" VALUES ('{name}', 'b', 1.0, {start}, 1260.0, 1200.0, 'left', 0, 'free', 0);"
        f"INSERT INTO revisions VALUES ('session/{name}', 3, 'x');"
        "INSERT OR IGNORE INTO sinks (name, enabled) VALUES ('s', 1);"
        f"INSERT INTO outbox (sink, id, kind, body) VALUES ('s', '{name}', 'session', '{{}}');",
    )


def sessions(log: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(log)) as conn:
        return [row[0] for row in conn.execute("SELECT id FROM sessions ORDER BY seq")]


@pytest.fixture
def migrated(log: Path) -> Path:
    """A log of schema 6 with sessions before and after it was migrated, its backups beside it."""
    real(log, 5)
    session(log, "first")
    shutil.copy(log, log.with_name("matpi.db.backup-1"))
    session(log, "second")
    shutil.copy(log, log.with_name("matpi.db.backup-2-v5"))
    change(log, (SCHEMAS / "schema_v6.sql").read_text())
    session(log, "third", 1_773_576_000.0)
    shutil.copy(log, log.with_name("matpi.db.backup-3"))
    session(log, "fourth")
    return log


def test_an_older_version_gets_the_newest_log_it_can_read_and_says_what_came_after(migrated: Path) -> None:
    log = migrated
    assert (keep("backup", log, knows=5).returncode, sessions(log)) == (0, ["first", "second", "third", "fourth"])
    done = keep("fit", log, knows=5)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "This version is too old for the session log; matpi.db.backup-2-v5, from before, is in its place.",
        f"Sessions that came after it, now in {copy_of(log)} only: 2",
        "  2026-03-15 12:00, 20 min",
        "  at an unknown time, 20 min",
    ]
    assert sessions(log) == ["first", "second"]
    assert sessions(copy_of(log)) == ["first", "second", "third", "fourth"]
    with contextlib.closing(sqlite3.connect(log)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (5,)
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert conn.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone() == (4,)
        assert conn.execute("SELECT rev FROM revisions WHERE record = 'session/fourth'").fetchone() == (3,)

    keep("backup", log, release="3.0-3")
    assert sessions(copy_of(log)) == ["first", "second", "third", "fourth"], "dropped while nothing else has them"


def test_an_older_version_that_does_not_start_costs_nothing(migrated: Path) -> None:
    keep("backup", migrated, knows=5)
    keep("fit", migrated, knows=5)
    assert "again as it was" in keep("restore", migrated, knows=5).stdout
    assert sessions(migrated) == ["first", "second", "third", "fourth"]


def test_the_copy_of_the_upgrade_serves_too(migrated: Path) -> None:
    migrated.with_name("matpi.db.backup-2-v5").rename(copy_of(migrated, "1.0-1"))
    keep("backup", migrated, knows=5)
    assert f"{copy_of(migrated, '1.0-1').name}, from before" in keep("fit", migrated, knows=5).stdout
    assert sessions(migrated) == ["first", "second"]


def test_without_a_copy_from_before_nothing_is_changed(migrated: Path) -> None:
    migrated.with_name("matpi.db.backup-1").unlink()
    migrated.with_name("matpi.db.backup-2-v5").write_bytes(b"no database " * 1000)
    done = keep("backup", migrated, knows=5)
    assert done.returncode == 1
    assert done.stderr.startswith("matpi: The session log is of schema 6, this version knows up to 5, and no copy of")
    assert done.stderr.count("\n") == 1
    assert not copy_of(migrated).exists()


def test_a_log_that_fits_is_left_alone(migrated: Path) -> None:
    keep("backup", migrated, knows=6)
    done = keep("fit", migrated, knows=6)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sessions(migrated) == ["first", "second", "third", "fourth"]


def test_a_damaged_copy_stops_no_upgrade(log: Path) -> None:
    copy_of(log, "1.0-1").write_bytes(b"no database " * 1000)
    assert keep("backup", log).returncode == 0
    assert not copy_of(log, "1.0-1").exists()
