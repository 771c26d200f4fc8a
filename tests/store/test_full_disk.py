"""A disk that is full before the device starts: all can be read, the timer goes on, what happened is saved later."""

import contextlib
import io
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from matpi import cli
from matpi.core.effects import Checkpoint, Save
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, EndReason, Memory, Session, Settings
from matpi.core.screens.idle import IdleScreen
from matpi.core.views import SessionDone, Timer, View
from matpi.errors import DiskTroubleError, StoreBusyError, StoreError, StoreNewerError
from matpi.store import faults, file, migrations
from matpi.store.db import Store
from matpi.store.writer import REOPEN_EVERY_S, PatientStore
from matpi.twin.world import VirtualWorld
from tests.bench import said
from tests.store.small_disk import fill, free, on_small_disk
from tests.store.values import UTC, rating, session


def a_log(disk: Path) -> Path:
    path = disk / "matpi.db"
    with Store.open(path) as store:
        store.write(Save(Settings(weekly_goal=6)))
        store.write(Save(Acknowledgement(some=False, utc=UTC)))
        for n in range(3):
            store.write(Save(session(f"s{n}")))
        store.write(Save(rating()))
    return path


def cut_with_work_in_the_wal(folder: Path) -> Path:
    """The files as a pulled plug leaves them: session s1 and its checkpoint are in the log of writes only."""
    path = folder / "first" / "matpi.db"
    with Store.open(path) as store:
        store.write(Save(session("s0")))
    with Store.open(path) as store:
        store.write(Save(session("s1")))
        store.write(Checkpoint(session("s2", reason=None)))
        cut = folder / "cut"
        cut.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(file.companion(path, suffix), cut)
    shutil.rmtree(path.parent)
    assert file.companion(cut / path.name, "-wal").stat().st_size
    return cut / path.name


# -- readers -------------------------------------------------------------------------------------------------------


def reading_on_a_full_disk(disk: Path) -> None:
    path = a_log(disk)
    fill(disk)
    for words in (["sessions", "--json"], ["ratings"], ["plan"], ["export", "-"], ["settings"]):
        raw = io.BytesIO()
        out = io.TextIOWrapper(raw)
        with contextlib.redirect_stdout(out):
            assert cli.run([*words, "--store", str(path)]) == 0
        out.flush()
        told = raw.getvalue().decode()
        assert told.count('"s') >= 3 or words[0] not in {"sessions", "export"}, told
    with Store.open(path, read_only=True) as store:
        assert len(store.sessions()) == 3
        with pytest.raises(StoreError, match="reading only"):
            store.count("kind", "text")


def reading_the_log_of_writes_on_a_full_disk(disk: Path) -> None:
    path = cut_with_work_in_the_wal(disk)
    fill(disk)
    before = path.read_bytes()
    with Store.open(path, read_only=True) as store:
        assert [entry.session.id for entry in store.sessions()] == ["s0", "s1", "s2"]
        assert store.load().open == session("s2", reason=None)
    assert path.read_bytes() == before


def test_all_is_read_on_a_full_disk(tmp_path: Path) -> None:
    on_small_disk(reading_on_a_full_disk, tmp_path)


def test_the_log_of_writes_is_read_on_a_full_disk(tmp_path: Path) -> None:
    on_small_disk(reading_the_log_of_writes_on_a_full_disk, tmp_path)


@pytest.mark.parametrize("cut_off", [0, 1, 4000, 4096 + 24])
def test_a_copy_holds_what_sqlite_itself_would_recover(tmp_path: Path, cut_off: int) -> None:
    path = cut_with_work_in_the_wal(tmp_path)
    wal = file.companion(path, "-wal")
    os.truncate(wal, wal.stat().st_size - cut_off)
    with Store.copied(path) as copy:
        got = copy.sessions()
        assert copy._conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert not file.companion(path, "-shm").exists()
    with Store.open(path) as store:
        assert got == store.sessions()
    assert len(got) == (3 if cut_off == 0 else 2)


def test_a_copy_stops_at_the_first_write_that_is_torn(tmp_path: Path) -> None:
    path = cut_with_work_in_the_wal(tmp_path)
    wal = file.companion(path, "-wal")
    data = bytearray(wal.read_bytes())
    data[32 + 24 + 100] ^= 1
    wal.write_bytes(data)
    with Store.copied(path) as copy:
        assert [entry.session.id for entry in copy.sessions()] == ["s0"]


def test_a_copy_of_no_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no session log"):
        Store.copied(tmp_path / "matpi.db")
    assert list(tmp_path.iterdir()) == []


# -- the device ----------------------------------------------------------------------------------------------------


def shown(rig: VirtualWorld) -> View:
    assert rig.device is not None
    assert rig.device.display.shown is not None
    return said(rig.device.display.shown.view)


def the_device_on_a_full_disk(disk: Path) -> None:
    path = a_log(disk)
    fill(disk)
    rig = VirtualWorld(path, utc=UTC + 86_400.0)
    rig.power_on()
    assert rig.store is not None
    assert rig.device is not None
    assert rig.store.trouble
    assert len(rig.store.load().log.sessions) == 3
    assert len(rig.store.load().log.ratings) == 1
    assert rig.device.ledger.settings.weekly_goal == 6
    rig.run_until(30.0)
    rig.mat.act("lie_down", rig.t)
    rig.run_until(120.0)
    assert rig.device.stage.front is Front.ON_MAT
    timer = shown(rig)
    assert isinstance(timer, Timer)
    assert timer.notice == "cannot save: disk"
    rig.mat.act("get_up", rig.t)
    rig.run_until(142.5)
    done = shown(rig)
    assert isinstance(done, SessionDone)
    assert not done.saved
    with Store.open(path, read_only=True) as store:
        assert len(store.sessions()) == 3

    free(disk)
    rig.run_until(rig.t + 40.0)
    assert rig.store.trouble == ""
    assert [s.id for s in rig.store.load().log.sessions[:3]] == ["s0", "s1", "s2"]
    rig.power_off()
    with Store.open(path) as store:
        assert store.set_aside is None
        *before, new = [entry.session for entry in store.sessions()]
        assert before == [session(f"s{n}") for n in range(3)]
        assert new.reason is EndReason.LEFT
        assert 88.0 < new.on_mat_s < 93.0


def a_new_device_on_a_full_disk(disk: Path) -> None:
    fill(disk)
    path = disk / "matpi.db"
    rig = VirtualWorld(path, utc=UTC, zone="Asia/Kathmandu")
    rig.power_on()
    assert rig.device is not None
    assert rig.device.ledger.settings.zone == "Asia/Kathmandu"
    rig.run_until(60.0)
    free(disk)
    rig.run_until(60.0 + REOPEN_EVERY_S)
    rig.store.count("kind", "text")  # type: ignore[union-attr]
    rig.power_off()
    with Store.open(path, read_only=True) as store:
        assert store.load().settings.zone == "Asia/Kathmandu"


def a_damaged_log_on_a_full_disk(disk: Path) -> None:
    path = a_log(disk)
    path.write_bytes(b"scratched" * 1000)
    fill(disk)
    rig = VirtualWorld(path, utc=UTC)
    rig.power_on()
    (aside,) = disk.glob("matpi.db.damaged-*")
    assert aside.read_bytes() == b"scratched" * 1000
    assert rig.store is not None
    assert rig.store.set_aside == aside
    assert rig.device is not None
    idle = rig.device.screens[Front.IDLE]
    assert isinstance(idle, IdleScreen)
    assert idle.set_aside == aside.name, "it is shown until a tap"
    rig.power_off()


def test_the_device_starts_on_a_full_disk_and_saves_when_there_is_room(tmp_path: Path) -> None:
    on_small_disk(the_device_on_a_full_disk, tmp_path)


def test_a_new_device_starts_on_a_full_disk(tmp_path: Path) -> None:
    on_small_disk(a_new_device_on_a_full_disk, tmp_path)


def test_a_damaged_log_on_a_full_disk_is_set_aside_and_told(tmp_path: Path) -> None:
    on_small_disk(a_damaged_log_on_a_full_disk, tmp_path)


def test_a_disk_that_fills_while_the_new_log_is_made_keeps_the_name_of_the_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "matpi.db"
    path.write_bytes(b"no database" * 100)

    def refuse(_: sqlite3.Connection, path: Path) -> None:
        raise faults.of_sqlite(full(), path)

    monkeypatch.setattr(migrations, "migrate", refuse)
    with pytest.raises(DiskTroubleError) as caught:
        Store.open(path)
    assert caught.value.set_aside is not None
    assert caught.value.set_aside.read_bytes().startswith(b"no database")


# -- patience ------------------------------------------------------------------------------------------------------


class Flaky(PatientStore):
    """Opens when `room` says so; counts how often it was tried."""

    room = False
    tries = 0
    now = 0.0

    def __init__(self, path: Path) -> None:
        super().__init__(path, monotonic=lambda: self.now, first_settings=Settings(zone="Europe/Rome"))

    def _open(self) -> Store:
        self.tries += 1
        if not self.room:
            raise faults.of_sqlite(full(), self.path)
        return super()._open()


def full() -> sqlite3.Error:
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE t (x)")
    conn.execute("PRAGMA max_page_count = 2")
    try:
        conn.execute("INSERT INTO t VALUES (zeroblob(100000))")
    except sqlite3.Error as error:
        return error
    finally:
        conn.close()
    raise AssertionError("it is not full")


def test_a_store_is_opened_again_at_a_write_but_not_at_each(tmp_path: Path) -> None:
    store = Flaky(tmp_path / "matpi.db")
    assert store.load() == Memory(settings=Settings(zone="Europe/Rome"))
    assert store.tries == 1
    for _ in range(10):
        with pytest.raises(StoreError, match="the disk is full"):
            store.write(Save(session()))
    assert store.tries == 1
    store.now += REOPEN_EVERY_S
    with pytest.raises(StoreError, match="the disk is full"):
        store.write(Save(session()))
    assert store.tries == 2
    store.room = True
    store.now += REOPEN_EVERY_S
    store.write(Save(session()))
    assert store.load().log.sessions == (session(),)
    assert store.load().settings.zone == "Europe/Rome"
    assert (store.trouble, store.tries) == ("", 3)
    store.close()


def test_a_log_that_is_taken_or_newer_by_then_fails_the_write_only(tmp_path: Path) -> None:
    store = Flaky(tmp_path / "matpi.db")
    store.room, store.now = True, REOPEN_EVERY_S
    with Store.open(store.path), pytest.raises(StoreBusyError):
        store.count("kind", "text")
    store.now += REOPEN_EVERY_S
    store.count("kind", "text")
    store.close()


@pytest.mark.parametrize("wrong", ["busy", "newer", "another program", "not a file", "text"])
def test_what_time_does_not_mend_ends_the_start(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / ("notes.txt" if wrong == "text" else "matpi.db")
    expected: type[StoreError] = StoreError
    with contextlib.ExitStack() as stack:
        if wrong == "busy":
            stack.enter_context(Store.open(path))
            expected = StoreBusyError
        elif wrong == "newer":
            Store.open(path).close()
            with contextlib.closing(sqlite3.connect(path)) as conn:
                conn.execute("PRAGMA user_version = 99")
            expected = StoreNewerError
        elif wrong == "another program":
            with contextlib.closing(sqlite3.connect(path)) as conn:
                conn.execute("CREATE TABLE photos (id)")
        elif wrong == "text":
            path.write_text("mine")
        else:
            path.mkdir()
        with pytest.raises(expected):
            PatientStore(path, monotonic=lambda: 0.0, first_settings=Settings())


def test_settings_that_are_there_are_not_replaced_by_the_first_ones(tmp_path: Path) -> None:
    path = a_log(tmp_path)
    store = PatientStore(path, monotonic=lambda: 0.0, first_settings=Settings(zone="Europe/Rome"))
    assert store.load().settings == Settings(weekly_goal=6)
    store.close()


def test_a_device_starts_on_a_simulated_full_disk_and_recovers(tmp_path: Path) -> None:
    path = a_log(tmp_path)
    rig = VirtualWorld(path, utc=UTC + 86_400.0)
    rig.fault("disk", on=True)
    rig.power_on()
    assert rig.store is not None
    assert rig.store.trouble
    assert len(rig.store.load().log.sessions) == 3
    rig.run_until(30.0)
    rig.mat.act("lie_down", rig.t)
    rig.run_until(120.0)
    rig.mat.act("get_up", rig.t)
    rig.run_until(145.0)
    rig.fault("disk", on=False)
    rig.run_until(185.0)
    rig.power_off()
    with Store.open(path, read_only=True) as store:
        assert len(store.log().sessions) == 4


def test_the_open_session_of_before_is_closed_when_there_is_room(tmp_path: Path) -> None:
    path = cut_with_work_in_the_wal(tmp_path)
    rig = VirtualWorld(path, utc=UTC + 86_400.0)
    rig.fault("disk", on=True)
    rig.power_on()
    rig.run_until(60.0)
    rig.fault("disk", on=False)
    rig.run_until(100.0)
    rig.power_off()
    with Store.open(path, read_only=True) as store:
        kept: dict[str, Session] = {entry.session.id: entry.session for entry in store.sessions()}
    assert kept["s2"].reason is EndReason.POWER_LOST
    assert set(kept) == {"s0", "s1", "s2"}
