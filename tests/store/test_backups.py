"""The device's own backups beside the log, and what becomes of a damaged log: the newest good one takes its place."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from matpi import cli
from matpi.control.requests.base import machine_now
from matpi.control.requests.transfer import SURE, DeleteEverything
from matpi.core.effects import Checkpoint, Save
from matpi.core.events import Event, Noted
from matpi.core.model import Settings
from matpi.core.rules import DeviceRules
from matpi.errors import DiskTroubleError, StoreError
from matpi.store import backups, faults, file, migrations, raw
from matpi.store.db import Store, is_unmade
from matpi.store.writer import BACKUP_RETRY_S, PatientStore
from matpi.upstream.queue import Outbox
from tests.store.test_outbox import delivered
from tests.store.values import UTC, edit_session, index_of_others, schemas, session

DAY_S = 86_400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "matpi.db"


def names(path: Path) -> list[str]:
    return [backup.name.removeprefix("matpi.db.") for backup in backups.found(path)]


def ids(path: Path) -> list[str]:
    """Return the sessions in the order of arrival."""
    with closing(sqlite3.connect(path)) as conn:
        return [id_ for (id_,) in conn.execute("SELECT id FROM sessions ORDER BY seq")]


def device(path: Path, utc: float | None = None, put: Callable[[Event], None] | None = None) -> PatientStore:
    """The log as the device has it, at `utc`."""
    return PatientStore(path, monotonic=time.monotonic, first_settings=Settings(), put=put, utc=lambda: utc)


def evening(path: Path, n: int, utc: float | None = None) -> None:
    """One session, and the pause after it in which a backup is made if it is due."""
    with closing(device(path, utc)) as store:
        store.write(Save(session(f"s{n}", start_utc=UTC + DAY_S * n)))
        store.fold()


def aged(path: Path, utc: float) -> None:
    newest = backups.found(path)[0]
    os.utime(newest, (utc, utc))


# -- when one is made --------------------------------------------------------------------------------------------------


def test_a_backup_is_made_after_the_first_session_then_weekly_and_two_are_kept(path: Path) -> None:
    with closing(device(path, UTC)) as store:
        store.write(Save(Settings(weekly_goal=4)))
        store.fold()
    assert names(path) == [], "nothing has happened yet"
    made = []
    for n in range(30):
        evening(path, n, UTC + DAY_S * n)
        if names(path) and names(path)[0] not in made:
            made.append(names(path)[0])
            aged(path, UTC + DAY_S * n)
    assert made == ["backup-1", "backup-2", "backup-3", "backup-4", "backup-5"]
    assert names(path) == ["backup-5", "backup-4"]
    assert [len(ids(backup)) for backup in backups.found(path)] == [29, 22]


def test_a_backup_from_the_future_does_not_delay_the_next(path: Path) -> None:
    evening(path, 0, UTC)
    aged(path, UTC + 400 * DAY_S)
    evening(path, 1, UTC)
    assert names(path) == ["backup-2", "backup-1"]


def test_without_a_clock_a_backup_is_made_every_seven_sessions(path: Path) -> None:
    counts = []
    for n in range(16):
        evening(path, n)
        counts.append(int(names(path)[0].removeprefix("backup-")))
    assert counts == [1] * 7 + [2] * 7 + [3] * 2


def test_no_backup_is_made_while_a_session_is_under_way(path: Path) -> None:
    with closing(device(path, UTC)) as store:
        store.write(Checkpoint(session("s0", reason=None)))
        store.fold()
        assert names(path) == []
        store.write(Save(session("s0")))
        store.fold()
        assert names(path) == ["backup-1"]


def test_the_thread_of_the_log_makes_it(path: Path) -> None:
    heard: list[Event] = []
    with closing(device(path, UTC, heard.append)) as store:
        store.load()
        store.write(Save(session("s0")))
        limit = time.monotonic() + 60.0
        while not names(path) and time.monotonic() < limit:
            time.sleep(0.05)
        assert names(path) == ["backup-1"]


def test_a_backup_that_finds_no_room_is_reported_and_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Event] = []
    now = 0.0
    store = PatientStore(path, monotonic=lambda: now, first_settings=Settings(), utc=lambda: UTC)
    store._put = heard.append  # without a thread, so that all is in order
    with closing(store):
        with monkeypatch.context() as full:

            def refuse(*_: object) -> None:
                raise OSError(28, "No space left on device")

            full.setattr(os, "fsync", refuse)
            store.write(Save(session("s0")))
            store.fold()
            store.fold()
        [event] = heard
        assert isinstance(event, Noted)
        assert event.kind == "backup_failed"
        assert "the disk is full" in event.text
        assert [entry.name for entry in path.parent.iterdir() if "backup" in entry.name] == []
        store.write(Save(session("s1")))
        now = BACKUP_RETRY_S + 1.0
        store.fold()
    assert names(path) == ["backup-1"]
    assert ids(path) == ids(backups.found(path)[0]) == ["s0", "s1"]


def of_version(path: Path, version: int, *, sessions: int = 1) -> None:
    """A log of an older matpi."""
    old = path.parent / f"schemas{version}"
    old.mkdir()
    for step in migrations.steps()[:version]:
        shutil.copy(step, old)
    with schemas(old), closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrations.migrate(conn, path)
        for n in range(sessions):
            conn.execute(
                "INSERT INTO sessions (id, boot_id, start_mono, span_s, on_mat_s, reason, aways, routine, edited)"
                " VALUES (?, 'b', ?, 60.0, 60.0, 'left', 0, 'plan', 0)",
                (f"old{n}", float(n)),
            )
    shutil.rmtree(old)


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as conn:
        return migrations.version(conn)


@pytest.mark.parametrize("version", range(1, len(migrations.steps())))
def test_a_backup_is_made_before_a_migration(path: Path, version: int) -> None:
    of_version(path, version)
    Store.open(path).close()
    assert names(path) == [f"backup-1-v{version}"]
    assert version_of(backups.found(path)[0]) == version
    assert ids(path) == ["old0"]
    Store.open(path).close()
    assert names(path) == [f"backup-1-v{version}"]


def test_the_one_before_the_last_migration_outlives_the_weekly_ones(path: Path) -> None:
    of_version(path, 4)
    for n in range(30):
        evening(path, n)
    assert names(path) == ["backup-5", "backup-4", "backup-1-v4"]


def test_a_migration_that_fails_makes_one_backup_however_often_it_is_tried(path: Path) -> None:
    of_version(path, 5)
    broken = path.parent / "broken"
    shutil.copytree(migrations.FOLDER, broken, ignore=lambda _, names: [n for n in names if not n.endswith(".sql")])
    (broken / "schema_v6.sql").write_text("CREATE TABLE sessions (x);\n")
    for _ in range(3):
        with schemas(broken), pytest.raises(StoreError, match="could not be brought up to date"):
            Store.open(path)
    assert names(path) == ["backup-1-v5"]


def test_without_room_for_the_backup_nothing_is_migrated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_version(path, 5)

    def refuse(*_: object) -> None:
        raise faults.of_os(OSError(28, "No space left on device"), path)

    monkeypatch.setattr(backups, "write_private", refuse)
    with pytest.raises(DiskTroubleError):
        Store.open(path)
    assert version_of(path) == 5


# -- a damaged log -----------------------------------------------------------------------------------------------------


def noise(at: int, size: int = 4096) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[at : at + size] = bytes((7 * n + 13) % 251 for n in range(len(data[at : at + size])))
        path.write_bytes(data)

    damage.__name__ = f"noise_at_{at}"
    return damage


def zeroed_header(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied_beside_its_wal(path: Path) -> None:
    path.write_bytes(b"")
    file.companion(path, "-wal").write_bytes(b"acknowledged sessions")


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def unreadable_name(path: Path) -> None:
    """SQLite quotes it in its message, which is no text then."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA writable_schema = 1")
        conn.execute("UPDATE sqlite_master SET name = CAST(x'f96c' AS TEXT), sql = 'CREATE' WHERE name = 'looser'")
        conn.commit()


def constraint_that_is_no_text(path: Path) -> None:
    """A flipped bit; SQLite finds it only when it may write, and quotes it."""
    path.write_bytes(path.read_bytes().replace(b"CHECK (id <> '')", b"CHECK (i\xe4 <> '')", 1))


def unknown_function(path: Path) -> None:
    """A flipped bit in the expression of an index."""
    whole = path.read_bytes()
    assert b"ifnull(" in whole
    path.write_bytes(whole.replace(b"ifnull(", b"iflull("))


DAMAGES = [
    noise(0),
    noise(4096 * 1),
    noise(4096 * 2, 4096 * 3),
    noise(4096 * 9),
    zeroed_header,
    cut_short,
    emptied,
    unreadable_name,
    constraint_that_is_no_text,
    unknown_function,
    emptied_beside_its_wal,
]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of ten sessions, with backups of the first one and of the first eight."""
    path = tmp_path_factory.mktemp("once") / "matpi.db"
    for n in range(10):
        evening(path, n)
    assert [ids(backup) for backup in backups.found(path)] == [[f"s{n}" for n in range(8)], ["s0"]]
    return path


@pytest.fixture
def lived(once: Path, path: Path) -> Path:
    for name in once.parent.iterdir():
        shutil.copy(name, path.parent)
    return path


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_the_newest_backup_takes_the_place_of_a_damaged_log(lived: Path, damage: Callable[[Path], None]) -> None:
    damage(lived)
    damaged = lived.read_bytes()
    with closing(device(lived)) as store:
        assert store.set_aside is not None
        assert store.set_aside.read_bytes() == damaged
        assert store.restored
        assert store.set_aside.name in store.damage
        assert "newest good backup" in store.damage
        assert [one.id for one in store.load().log.sessions] == [f"s{n}" for n in range(8)]
        store.write(Save(session("new")))
    assert ids(lived) == [*(f"s{n}" for n in range(8)), "new"]
    assert lived.stat().st_mode & 0o777 == 0o640 & ~umask()
    assert names(lived) == ["backup-2", "backup-1"]
    with closing(device(lived)) as store:
        assert store.set_aside is None


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("damage", DAMAGES[:-1], ids=lambda damage: damage.__name__)
def test_a_damaged_backup_is_skipped(lived: Path, damage: Callable[[Path], None]) -> None:
    noise(4096)(lived)
    damage(backups.found(lived)[0])
    with Store.open(lived) as store:
        assert store.restored
    assert ids(lived) == ["s0"]


def test_a_damaged_index_costs_nothing(lived: Path) -> None:
    index_of_others(lived)
    damaged = lived.read_bytes()
    with closing(device(lived)) as store:
        assert store.restored
        assert store.set_aside is not None
        assert store.set_aside.read_bytes() == damaged
        assert "a copy with its index rebuilt" in store.damage
        store.write(Save(session("new")))
    assert ids(lived) == [*(f"s{n}" for n in range(10)), "new"]


def test_a_damaged_index_costs_nothing_of_what_is_in_the_log_of_writes(lived: Path, tmp_path: Path) -> None:
    store = Store.open(lived)
    store.write(Save(session("late")))
    cut = tmp_path / "cut" / lived.name
    cut.parent.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(file.companion(lived, suffix), file.companion(cut, suffix))
    store.close()
    index_of_others(cut)
    with Store.open(cut) as opened:
        assert opened.set_aside is not None
    assert ids(cut) == [*(f"s{n}" for n in range(10)), "late"]


def test_the_newest_backup_takes_the_place_of_a_missing_log(lived: Path) -> None:
    lived.unlink()
    with closing(device(lived)) as store:
        assert (store.set_aside, store.restored) == (None, True)
        assert "was missing" in store.damage
        assert [one.id for one in store.load().log.sessions] == [f"s{n}" for n in range(8)]
        store.write(Save(session("new")))
    assert ids(lived) == [*(f"s{n}" for n in range(8)), "new"]
    assert lived.stat().st_mode & 0o777 == 0o640 & ~umask()
    with closing(device(lived)) as store:
        assert store.damage == ""


@pytest.mark.parametrize(("left", "data"), [("-shm", bytes(32768)), ("-wal", b""), ("-wal", b"x"), ("-journal", b"")])
def test_what_a_missing_log_has_left_beside_it_keeps_no_backup_out(lived: Path, left: str, data: bytes) -> None:
    lived.unlink()
    file.companion(lived, left).write_bytes(data)
    with closing(device(lived)) as store:
        assert (store.set_aside, store.restored) == (None, True)
    assert ids(lived) == [f"s{n}" for n in range(8)]
    assert [one.read_bytes() for one in lived.parent.glob(f"*.damaged-*{left}")] == [data]


def test_a_missing_log_without_a_good_backup_is_no_first_start(lived: Path) -> None:
    lived.unlink()
    for backup in backups.found(lived):
        noise(4096)(backup)
    with closing(device(lived)) as store:
        assert (store.set_aside, store.restored) == (backups.found(lived)[0], False)
    with closing(device(lived)) as store:
        assert store.damage == ""


def test_a_missing_log_is_no_new_one_to_a_command(lived: Path) -> None:
    """It would store this machine's zone in what is restored."""
    lived.unlink()
    assert not is_unmade(lived)
    for backup in backups.found(lived):
        backup.unlink()
    assert is_unmade(lived)


def test_an_import_that_is_refused_leaves_what_was_restored(lived: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lived.unlink()
    no_export = lived.with_name("export.json")
    no_export.write_text("{}")
    assert cli.run(["import", "--store", str(lived), str(no_export)]) == 1
    assert "newest good backup is in its place" in capsys.readouterr().err
    assert len(ids(lived)) == 8


def test_an_index_of_a_backup_is_made_anew(lived: Path) -> None:
    noise(4096)(lived)
    index_of_others(backups.found(lived)[0])
    with Store.open(lived) as store:
        assert store.restored
    assert len(ids(lived)) == 8


def test_without_a_clock_a_damaged_backup_makes_one_due(lived: Path) -> None:
    unreadable_name(backups.found(lived)[0])
    with closing(device(lived)) as store:
        store.write(Save(session("new")))
        store.fold()
    assert names(lived)[0] == "backup-3"


def test_with_no_good_backup_a_new_log_is_begun(lived: Path) -> None:
    for one in (lived, *backups.found(lived)):
        noise(4096)(one)
    with Store.open(lived) as store:
        assert (store.set_aside is not None, store.restored) == (True, False)
    assert ids(lived) == []
    assert len(backups.found(lived)) == 2, "they may be read by other means"


def test_an_empty_backup_and_one_of_a_newer_matpi_are_skipped(lived: Path) -> None:
    noise(4096)(lived)
    newest = backups.found(lived)[0]
    with closing(sqlite3.connect(newest)) as conn:
        conn.execute("PRAGMA user_version = 99")
    lived.with_name("matpi.db.backup-3").touch()
    with Store.open(lived) as store:
        assert store.restored
    assert ids(lived) == ["s0"]


def test_a_backup_of_an_older_version_is_migrated(path: Path) -> None:
    of_version(path, 2, sessions=3)
    Store.open(path).close()
    noise(4096)(path)
    with Store.open(path) as store:
        assert store.restored
        store.write(Save(session("new")))
    assert ids(path) == ["old0", "old1", "old2", "new"]
    assert [version_of(one) for one in (path, *backups.found(path))] == [len(migrations.steps()), 2]


def test_noise_in_the_log_of_writes_costs_what_follows_it_at_most(lived: Path, tmp_path: Path) -> None:
    """SQLite has a checksum in each frame of it: what comes after a damaged one is as if it had not been written."""
    store = Store.open(lived)
    for n in range(10, 20):
        store.write(Save(session(f"s{n}")))
    cut = tmp_path / "cut" / lived.name
    cut.parent.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(file.companion(lived, suffix), file.companion(cut, suffix))
    store.close()
    wal = file.companion(cut, "-wal")
    noise(wal.stat().st_size // 2)(wal)
    with Store.open(cut) as store:
        assert store.set_aside is None
    left = ids(cut)
    assert left == [f"s{n}" for n in range(len(left))]
    assert 10 <= len(left) < 20


def test_what_the_log_of_writes_of_a_damaged_log_holds_does_not_enter_the_backup(lived: Path, tmp_path: Path) -> None:
    store = Store.open(lived)
    store.write(Save(session("late")))
    cut = tmp_path / "cut" / lived.name
    cut.parent.mkdir()
    for suffix in ("", "-wal", ".backup-2"):
        shutil.copy(file.companion(lived, suffix), file.companion(cut, suffix))
    store.close()
    noise(4096 * 7, 4096 * 5)(cut)
    wal = file.companion(cut, "-wal").read_bytes()
    with Store.open(cut) as opened:
        assert opened.restored
        assert opened.set_aside is not None
        assert file.companion(opened.set_aside, "-wal").read_bytes() == wal
    assert ids(cut) == [f"s{n}" for n in range(8)]


def test_restoring_goes_on_after_a_power_cut_in_its_midst(lived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever step of it was the last. tests/reliability/ cuts at every call."""
    noise(4096)(lived)
    damaged = lived.read_bytes()
    rename = Path.rename

    def cut(self: Path, target: Path) -> Path:
        if self.name.endswith(".restoring"):
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", cut)
        with pytest.raises(KeyboardInterrupt):
            Store.open(lived)
    assert not lived.exists()
    with closing(device(lived)) as store:
        assert store.restored
        assert store.set_aside is not None
        assert store.set_aside.read_bytes() == damaged
    assert ids(lived) == [f"s{n}" for n in range(8)]


def test_a_full_disk_leaves_the_damaged_log_and_the_device_knows_its_backup(
    lived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise(4096)(lived)
    damaged = lived.read_bytes()

    def refuse(*_: object, **__: object) -> None:
        raise faults.of_os(OSError(28, "No space left on device"), lived)

    with monkeypatch.context() as full:
        full.setattr(backups, "write_private", refuse)
        store = device(lived)
        assert not store.is_open
        assert len(store.load().log.sessions) == 8
        assert lived.read_bytes() == damaged
        store.close()
    with closing(device(lived)) as store:
        assert store.restored


def test_a_session_that_a_backup_has_open_is_not_closed_over_the_one_that_the_log_has(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As before a migration in its midst; then the disk gives the log too late."""
    with Store.open(path) as store:
        store.write(Checkpoint(session("s0", reason=None)))
        backups.make(store._conn, path, 6)
        store.write(Save(session("s0", on_mat_s=600.0)))

    def failing(of: Path) -> object:
        raise OSError(5, "Input/output error")

    connect = raw.connect
    with monkeypatch.context() as patch:
        patch.setattr(file, "read_through", failing)
        patch.setattr(raw, "connect", lambda of: failing(of) if of == path else connect(of))
        started = device(path)
        assert not started.is_open
    assert started.load().open is None
    started.close()


def test_the_device_reports_it_in_the_journal(lived: Path) -> None:
    noise(4096)(lived)
    heard: list[Event] = []
    with closing(device(lived, put=heard.append)) as store:
        assert store.set_aside is not None
        [event] = heard
        assert isinstance(event, Noted)
        assert (event.kind, event.text) == ("log_damaged", store.damage)


def test_a_long_log_delays_no_start(path: Path) -> None:
    """Of 5,000 sessions: the bound is for a card that fails. The figures are printed with `pytest -s`."""
    with Store.open(path) as store, store.writing() as conn:
        conn.execute(
            "INSERT INTO sessions (id, boot_id, start_mono, span_s, on_mat_s, reason, aways, routine, edited)"
            " WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 5000)"
            " SELECT printf('%032x', i), 'b', i, 600.0, 600.0, 'left', 0, 'plan', 0 FROM n"
        )
        conn.execute("UPDATE sessions SET boot_id = id, person = id, load_kg = 46.5, start_utc = 1.7e9")
    spent: dict[str, float] = {}
    with closing(file.connect(path, "ro")) as conn, timed(spent, "check"):
        file.check(conn, path)
    with Store.open(path) as store, timed(spent, "backup"):
        store.back_up(None)
    noise(4096 * 50, 4096 * 3)(path)
    with timed(spent, "restore"), Store.open(path) as store:
        assert store.restored
    print(f"\n{path.stat().st_size} bytes, CPU seconds: {spent}")
    assert sum(spent.values()) < file.CHECK_S / 2


@contextmanager
def timed(spent: dict[str, float], what: str) -> Iterator[None]:
    began = time.process_time()
    yield
    spent[what] = round(time.process_time() - began, 3)


# -- numbers that receivers know ---------------------------------------------------------------------------------------


def heard_of(path: Path) -> set[str]:
    """Return the ids of what the receiver is sent now, each confirmed."""
    return {delivery for delivery, _ in delivered(path)}


def test_what_a_receiver_knows_after_the_backup_is_not_numbered_again(path: Path) -> None:
    """A receiver that has "s0-2" would take another "s0-2" for the same one."""
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session("s0")))
        store.write(Save(session("s1")))
        known = heard_of(path)
        store.back_up(UTC)
        for routine in ("neck", "feet", "seat"):
            edit_session(store, "s0", routine=routine)
            known |= heard_of(path)
        store.write(Save(session("s2")))
        known |= heard_of(path)
        box = Outbox(path, "house")
        last = box.depth()
        box.close()
    assert (known, last) == ({"s0-1", "s1-1", "s0-2", "s0-3", "s0-4", "s2-1"}, 0)
    noise(4096)(path)
    with Store.open(path, sinks=("house",)) as store:
        assert store.restored
        assert not heard_of(path) - known, "what is sent again has the same id"
        edit_session(store, "s0", routine="calves")
        edit_session(store, "s1", routine="neck")
        store.write(Save(session("s3")))
        news = heard_of(path)
    assert not news & known
    assert {delivery.partition("-")[0] for delivery in news} == {"s0", "s1", "s3"}


def test_a_session_that_was_open_in_the_backup_is_not_numbered_again(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Checkpoint(session("s0", reason=None)))
        backups.make(store._conn, path)
        store.write(Save(session("s0")))
        known = heard_of(path)
    noise(4096)(path)
    with Store.open(path, sinks=("house",)) as store:
        assert store.load().open is not None
        store.write(Save(session("s0", on_mat_s=15.0)))
        assert not heard_of(path) & known


# -- delete everything -------------------------------------------------------------------------------------------------


def delete_everything(path: Path) -> None:
    with Store.open(path) as store:
        DeleteEverything(SURE).perform(store, machine_now(DeviceRules()))


def test_no_copy_outlives_delete_everything(lived: Path) -> None:
    noise(4096)(lived)
    Store.open(lived).close()
    for name in ("matpi.db.before-1.2", "matpi.db.backup-7.part", "other.db.backup-1"):
        lived.with_name(name).write_bytes(b"s0")
    delete_everything(lived)
    left = {entry.name for entry in lived.parent.iterdir()}
    assert left == {"matpi.db", "matpi.db.lock", "other.db.backup-1"}
    assert ids(lived) == []
    lived.unlink()
    with Store.open(lived) as store:
        assert not store.restored


def test_where_a_copy_cannot_be_removed_nothing_is_deleted(lived: Path) -> None:
    lived.with_name("matpi.db.damaged-2").mkdir()
    with pytest.raises(StoreError, match="Cannot remove the copies beside"):
        delete_everything(lived)
    assert len(ids(lived)) == 10
