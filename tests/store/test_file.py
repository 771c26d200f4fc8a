"""The file on the disk: who may open it, what happens to one that is newer, damaged, foreign or out of reach."""

import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from matpi.core.effects import Checkpoint, Save
from matpi.errors import StoreBusyError, StoreDamagedError, StoreError, StoreNewerError
from matpi.store import file, migrations
from matpi.store.db import Store
from tests.store.values import schemas, session


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "matpi.db"


@pytest.fixture
def whole(path: Path) -> Path:
    """A log with one session, closed."""
    with Store.open(path) as store:
        store.write(Save(session()))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}


def run(code: str, *args: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", code, *map(str, args)], capture_output=True, text=True, check=False, **options
    )


def test_folders_and_odd_names_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a b" / "?x=1#%41" / "log.db"
    with Store.open(path) as store:
        store.write(Save(session()))
    assert path.is_file()


def test_the_writer_is_safe_from_power_cuts_and_says_when_it_cannot_be(path: Path) -> None:
    with Store.open(path) as store:
        got = {name: store._conn.execute(f"PRAGMA {name}").fetchone()[0] for name, _ in file.WRITER_PRAGMAS}
    assert (got["journal_mode"], got["synchronous"], got["foreign_keys"]) == ("wal", 2, 1)
    # A database in memory cannot have a log of writes; SQLite declines without a word.
    conn = sqlite3.connect(":memory:", isolation_level=None)
    with pytest.raises(StoreError, match="journal_mode stays memory"):
        file.harden(conn, path)
    conn.close()


def newer(path: Path) -> None:
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA user_version = 99")
    conn.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_file_is_refused_and_not_touched(whole: Path, read_only: bool) -> None:
    newer(whole)
    file.companion(whole, ".lock").unlink()
    before = contents(whole.parent)
    with pytest.raises(StoreNewerError, match=r"version 99, this one knows up to \d+\); update matpi"):
        Store.open(whole, read_only=read_only)
    assert contents(whole.parent) == before


def cut_with_version_in_wal(whole: Path, cut: Path) -> Path:
    """The files as a pulled plug leaves them: version 99 is in the WAL only, as its one frame."""
    conn = sqlite3.connect(whole)
    conn.execute("PRAGMA wal_autocheckpoint = 0")
    conn.execute("PRAGMA user_version = 99")
    cut.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(file.companion(whole, suffix), cut)
    conn.close()
    path = cut / whole.name
    assert path.read_bytes()[60:64] == len(migrations.steps()).to_bytes(4, "big")
    assert file.companion(path, "-wal").stat().st_size == 32 + 24 + 4096
    return path


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_version_that_is_still_in_the_log_of_writes_is_refused_and_not_touched(
    whole: Path, tmp_path: Path, read_only: bool
) -> None:
    path = cut_with_version_in_wal(whole, tmp_path / "cut")
    before = contents(path.parent)
    with pytest.raises(StoreNewerError):
        Store.open(path, read_only=read_only)
    assert contents(path.parent) == before


def test_a_version_that_was_never_committed_does_not_count(whole: Path, tmp_path: Path) -> None:
    path = cut_with_version_in_wal(whole, tmp_path / "cut")
    wal = file.companion(path, "-wal")
    data = bytearray(wal.read_bytes())
    data[32 + 4 : 32 + 8] = bytes(4)  # no longer the frame of a commit
    wal.write_bytes(data)
    with Store.open(path) as store:
        assert store.log().sessions == (session(),)


def test_a_database_of_another_program_is_not_touched(path: Path) -> None:
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE photos (id)")
    conn.close()
    before = contents(path.parent)
    with pytest.raises(StoreError, match="another program"):
        Store.open(path)
    assert contents(path.parent) == before


JOURNAL_OF_NO_PAGES = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + struct.pack(">IIIII", 0, 7, 0, 512, 4096) + bytes(484)
"""The rollback journal of a database that had no page yet."""


@pytest.mark.parametrize("cut_short", ["empty", "bare", "torn", "shorter than a header"])
def test_a_creation_that_was_cut_short_is_finished(path: Path, cut_short: str) -> None:
    path.touch()
    if cut_short in {"torn", "shorter than a header"}:
        path.write_bytes(bytes(4096 if cut_short == "torn" else 50))
        file.companion(path, "-journal").write_bytes(JOURNAL_OF_NO_PAGES)
        with pytest.raises(StoreError, match="bare beginning"):
            Store.open(path, read_only=True)
    if cut_short == "bare":
        conn = sqlite3.connect(path)
        conn.execute("PRAGMA journal_mode = WAL")
        conn.close()
        assert path.stat().st_size
    with Store.open(path) as store:
        assert store.set_aside is None
        store.write(Save(session()))


def break_text(path: Path) -> None:
    path.write_text("this is no database\n")


def break_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 * 2 : 4096 * 5] = b"\xa5" * 4096 * 3
    path.write_bytes(data)


def break_end(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def break_header_only(path: Path) -> None:
    os.truncate(path, 50)


def break_header_with_a_journal(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])
    file.companion(path, "-journal").write_bytes(JOURNAL_OF_NO_PAGES.replace(b"\0\0\0\7\0\0\0\0", b"\0\0\0\7\0\0\0\3"))


def break_wal_without_database(path: Path) -> None:
    path.write_bytes(b"")
    file.companion(path, "-wal").write_bytes(b"acknowledged sessions")


BREAKS = [
    break_text,
    break_middle,
    break_end,
    break_header_only,
    break_header_with_a_journal,
    break_wal_without_database,
]


@pytest.mark.parametrize("damage", BREAKS)
def test_a_damaged_file_is_set_aside_whole_and_a_new_one_started(whole: Path, damage: object) -> None:
    damage(whole)  # type: ignore[operator]
    before = contents(whole.parent)
    with Store.open(whole) as store:
        aside = store.set_aside
        assert aside is not None
        assert aside.name.startswith("matpi.db.damaged-2")
        assert aside.read_bytes() == before["matpi.db"]
        if "matpi.db-wal" in before:
            assert file.companion(aside, "-wal").read_bytes() == before["matpi.db-wal"]
        store.write(Save(session("s2")))
        assert store.log().sessions == (session("s2"),)


def test_setting_aside_twice_in_a_second_overwrites_nothing(path: Path) -> None:
    for n in range(3):
        path.write_text(f"damage {n}")
        Store.open(path).close()
        path.unlink()
    kept = sorted(entry.read_text() for entry in path.parent.glob("matpi.db.damaged-*") if "-wal" not in entry.name)
    assert [text for text in kept if text.startswith("damage")] == ["damage 0", "damage 1", "damage 2"]


def test_what_the_log_of_writes_holds_does_not_enter_a_damaged_file(whole: Path, tmp_path: Path) -> None:
    store = Store.open(whole)
    store.write(Save(session("s2")))
    cut = tmp_path / "cut"
    cut.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(file.companion(whole, suffix), cut)
    store.close()
    path = cut / whole.name
    data = bytearray(path.read_bytes())
    data[4096 * 7 : 4096 * 12] = b"\xa5" * 4096 * 5
    path.write_bytes(data)
    before = contents(cut)
    with Store.open(path) as opened:
        assert opened.set_aside is not None
        assert opened.set_aside.read_bytes() == before["matpi.db"]
        assert file.companion(opened.set_aside, "-wal").read_bytes() == before["matpi.db-wal"]


@pytest.mark.parametrize("damage", BREAKS)
def test_a_reader_leaves_a_damaged_file_where_it_is(whole: Path, damage: object) -> None:
    damage(whole)  # type: ignore[operator]
    before = contents(whole.parent)
    with pytest.raises(StoreDamagedError):
        Store.open(whole, read_only=True)
    after = contents(whole.parent)
    assert {name: after[name] for name in before} == before


def test_the_check_at_open_is_bounded(whole: Path) -> None:
    break_middle(whole)
    conn = file.connect(whole, "ro")
    with pytest.raises((StoreDamagedError, sqlite3.DatabaseError)):
        file.check(conn, whole)
    conn.close()
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE big (x)")
    conn.execute(
        "INSERT INTO big WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n LIMIT 200000) SELECT i FROM n"
    )
    file.check(conn, whole, limit_s=0.0)  # returns, though nothing was found yet
    conn.close()


def test_a_second_writer_is_told_who_the_first_is(whole: Path) -> None:
    with Store.open(whole), pytest.raises(StoreBusyError, match=rf"process {os.getpid()}; wait until that one"):
        Store.open(whole)
    Store.open(whole).close()


def test_a_writer_in_another_process_is_told_too(whole: Path) -> None:
    code = "import sys; from pathlib import Path; from matpi.store.db import Store; Store.open(Path(sys.argv[1]))"
    with Store.open(whole):
        done = run(code, whole)
    assert done.returncode == 1
    assert f"StoreBusyError: The session log {whole} is in use by matpi, process {os.getpid()}" in done.stderr
    assert run(code, whole).returncode == 0


def test_a_forked_child_does_not_keep_the_lock(whole: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from matpi.store.db import Store
store = Store.open(Path(sys.argv[1]))
read, write = os.pipe()
if os.fork() == 0:
    os.close(1), os.close(2), os.close(write)
    os.read(read, 1)  # until the test is done
    os._exit(0)
print(os.getpid(), flush=True)
os.read(0, 1)
os._exit(9)
"""
    hold_read, hold_write = os.pipe()
    code = code.replace("read, write = os.pipe()", f"read, write = {hold_read}, {hold_write}")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(whole)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=(hold_read, hold_write),
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline()
        with pytest.raises(StoreBusyError):
            Store.open(whole)
        parent.communicate(b"x", timeout=10)
        assert parent.returncode == 9
        Store.open(whole).close()
    os.close(hold_write)
    os.close(hold_read)


def test_a_reader_reads_beside_a_writer_and_sees_each_commit(path: Path) -> None:
    with Store.open(path) as writer, Store.open(path, read_only=True) as reader:
        assert reader.log().sessions == ()
        writer.write(Save(session()))
        assert reader.log().sessions == (session(),)
        with reader.reading():
            writer.write(Save(session("s2")))  # a reader in the middle of reading does not hold it up
        assert len(reader.log().sessions) == 2


def test_a_reader_cannot_write_and_load_changes_nothing(path: Path) -> None:
    with Store.open(path) as writer:
        writer.write(Checkpoint(session("s1", reason=None)))
        writer.write(Checkpoint(session("s2", reason=None)))
        with Store.open(path, read_only=True) as reader:
            assert reader.load().open == session("s2", reason=None)
            with pytest.raises(StoreError, match="reading only"):
                reader.count("kind", "text")
        assert [entry.session.is_open for entry in writer.sessions()] == [True, True]


def test_a_reader_without_a_log_says_what_to_do(path: Path) -> None:
    with pytest.raises(StoreError, match=r"no session log at .* yet; start the device once"):
        Store.open(path, read_only=True)
    assert contents(path.parent) == {}


def test_a_reader_of_an_older_file_says_what_to_do(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "schema"
    folder.mkdir()
    for step in migrations.steps():
        shutil.copy(step, folder)
    newer = len(migrations.steps()) + 1
    (folder / f"schema_v{newer}.sql").write_text(f"PRAGMA user_version = {newer};")
    with pytest.raises(StoreError, match="older matpi; start the device once"), schemas(folder):
        Store.open(whole, read_only=True)


def test_paths_that_cannot_be_a_log(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    for name, says in (("folder", "is not a file"), ("pipe", "is not a file"), ("file/log.db", "not a folder")):
        for read_only in (False, True):
            with pytest.raises(StoreError, match=says):
                Store.open(tmp_path / name, read_only=read_only)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder another user can reach; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="matpi-test-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


READ = """
import os, sys
from pathlib import Path
import urllib.parse  # of pathlib, which imports it late; the other user may not reach this interpreter's files
from matpi.store.db import Store
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(0 if sys.argv[3:] else 65534)  # of the files' group, or not
    os.setuid(65534)
with Store.open(Path(sys.argv[1]), read_only=sys.argv[2] == "read") as store:
    print(len(store.log().sessions))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs two users")
@pytest.mark.parametrize("writer", [False, True])
def test_a_member_of_the_group_may_read_where_it_may_not_write(open_folder: Path, writer: bool) -> None:
    path = open_folder / "matpi.db"
    with Store.open(path) as store:
        store.write(Save(session()))
        if not writer:
            store.close()
        before = sorted(contents(open_folder))
        done = run(READ, path, "read", "member")
        assert (done.stdout, done.stderr) == ("1\n", "")
        assert sorted(contents(open_folder)) == before


def test_no_permission_is_told_in_a_sentence(open_folder: Path) -> None:
    path = open_folder / "matpi.db"
    with Store.open(path) as store:
        store.write(Save(session()))
    if os.getuid() != 0:  # no other user to be: what is here may not be written to by this one either
        path.chmod(0o444)
        open_folder.chmod(0o555)
    done = run(READ, path, "write")
    assert done.returncode == 1
    assert "StoreError: Cannot " in done.stderr
    if os.getuid() == 0:
        assert "it belongs to root; run it as `sudo -u root matpi ...`." in done.stderr
    else:
        assert "its mode does not let this user" in done.stderr


def test_importing_the_store_is_light() -> None:
    heavy = "csv", "json", "hypothesis", "PIL", "numpy", "asyncio"
    done = run(
        f"import sys, matpi.store.db, matpi.store.transfer\nprint([name for name in {heavy!r} if name in sys.modules])"
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
