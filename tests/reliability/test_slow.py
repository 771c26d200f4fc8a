"""A disk that takes an `fsync` for ever, a log that another program has locked, reads that fail: nothing else waits.

Time passes by hand, and the disk is free again only when the session and its rating are over: a device that waited for
it would not get there. benchmarks/slow_disk.py measures the lateness in real time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import count
from pathlib import Path
from typing import TypeVar
from unittest import mock

import pytest

from matpi.core.effects import Calibrated, Save, Show
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Calibration, EndReason, Settings, Zero
from matpi.core.views import RatingSaved, SessionDone, Timer
from matpi.errors import StoreError
from matpi.store import file
from matpi.store.db import Store
from matpi.store.writer import REOPEN_EVERY_S, PatientStore
from matpi.twin.world import VirtualWorld
from tests.control.rig import NOON, Rig
from tests.reliability.disk import CAN_WATCH
from tests.reliability.power import LOG, SINKS, a_log, after_start
from tests.reliability.slow import BadSector, SlowDisk
from tests.reliability.trouble import EVENING
from tests.store.values import UTC

V = TypeVar("V")
pytestmark = pytest.mark.skipif(not CAN_WATCH, reason="this Python has its SQLite linked in, where no call can be seen")


Trouble = tuple[Callable[[], object], Callable[[], object]]
"""How it begins and ends."""


@contextmanager
def an_fsync_that_hangs(log: Path) -> Iterator[Trouble]:
    disk = SlowDisk(log.parent)
    with disk.watched():
        yield disk.free.clear, disk.free.set
    assert disk.syncs, "no write came to the disk"


@contextmanager
def a_locked_log(log: Path) -> Iterator[Trouble]:
    """Another program writes, longer than a lock is waited for: each try fails."""
    with closing(sqlite3.connect(log, isolation_level=None)) as other:
        yield lambda: other.execute("BEGIN IMMEDIATE"), lambda: other.execute("COMMIT")


@pytest.mark.parametrize(
    ("trouble", "lock_s"),
    [(an_fsync_that_hangs, 60.0), (a_locked_log, 60.0), (a_locked_log, 0.1)],
    ids=["an fsync", "a lock", "a lock for longer than it is waited for"],
)
def test_session_screen_and_button_wait_for_no_disk_and_all_is_stored_later(
    tmp_path: Path, trouble: Callable[[Path], AbstractContextManager[Trouble]], lock_s: float
) -> None:
    path = tmp_path / "matpi.db"
    with Store.open(path) as log:
        log.write(Save(Settings(zone="UTC")))
        log.write(Save(Acknowledgement(some=False, utc=NOON - 86_400)))
        log.write(Save(Calibrated(Calibration((0, 0), (43_000.0, 43_000.0)), Zero((0.0, 0.0)))))
    with mock.patch.object(file, "BUSY_TIMEOUT_S", lock_s), trouble(path) as (begin, end), Rig(path) as rig:
        rig.pass_s(20.0)
        rig.settled()
        begin()
        try:
            shown = len(rig.effects)
            rig.pass_s(300.0, 50.0)
            assert rig.ask(lambda device: device.stage.front) is Front.ON_MAT
            assert {view.elapsed_s for view in views(rig, shown, Timer)} >= set(range(10, 60))
            rig.pass_s(25.0)
            done = rig.ask(lambda device: device.session.last)
            assert done is not None
            assert done.on_mat_s == pytest.approx(300.0, abs=0.2)
            while rig.ask(lambda device: device.stage.front) is not Front.RATING:
                rig.pass_s(1.0)
            for _ in range(4):
                rig.press(0.2)
            rig.press(1.0)
            rig.pass_s(1.0)
            assert rig.ask(lambda device: device.stage.front) is Front.SAVED
            assert not any(view.saved for view in views(rig, shown, SessionDone)), "it says saved, and it is not"
            assert not any(view.saved for view in views(rig, shown, RatingSaved))
        finally:
            end()
        rig.settled()
        rig.pass_s(35.0)  # what failed is asked for again
        rig.settled()
        assert not rig.ask(lambda device: dict(device.ledger.waiting))
    with Store.open(path) as log:
        [entry] = log.sessions()
        [rating] = log.ratings()
    assert (entry.session, entry.session.reason) == (done, EndReason.LEFT)
    assert (rating.value, rating.session_id) == (4, done.id)


def test_a_device_starts_while_another_program_holds_the_lock(tmp_path: Path) -> None:
    """It knows what is in the log, and stores what it times once the log is free."""
    a_log(tmp_path)
    with mock.patch.object(file, "BUSY_TIMEOUT_S", 0.02), a_locked_log(tmp_path / LOG) as (begin, end):
        begin()
        world = VirtualWorld(tmp_path / LOG, utc=UTC + 90 * 86_400, rate=5.0)
        world.power_on()
        assert world.device is not None
        assert len(world.device.ledger.log.sessions) == 4
        world.run_until(20.0)
        world.act("lie_down")
        world.run_until(80.0)
        assert world.device.stage.front is Front.ON_MAT
        world.act("get_up")
        world.run_until(110.0)
        end()
        world.run_until(150.0)
        world.shut_down()
    with Store.open(tmp_path / LOG) as log:
        *before, entry = log.sessions()
    assert len(before) == 4
    assert entry.session.on_mat_s == pytest.approx(60.0, abs=5.0)


def views(rig: Rig, since: int, kind: type[V]) -> list[V]:
    return [effect.view for effect in rig.effects[since:] if isinstance(effect, Show) and isinstance(effect.view, kind)]


# -- reads -------------------------------------------------------------------------------------------------------------


def test_a_log_that_cannot_be_read_is_not_taken_for_damaged_and_the_timer_goes_on(tmp_path: Path) -> None:
    """A whole device starts on it, times a session, and stores it beside the others when the disk is well again."""
    a_log(tmp_path)
    sector = BadSector()
    with sector.failing():
        world = VirtualWorld(tmp_path / LOG, utc=UTC + 90 * 86_400, rate=5.0)
        world.power_on()
        assert world.store is not None
        assert "the disk reports an error" in world.store.trouble
        world.run_until(20.0)
        world.act("lie_down")
        world.run_until(80.0)
        assert world.device is not None
        assert world.device.stage.front is Front.ON_MAT
        world.act("get_up")
        world.run_until(110.0)
        sector.bad = False
        world.run_until(150.0)
        world.shut_down()
    assert sector.hits > 3
    with Store.open(tmp_path / LOG) as log:
        assert log.set_aside is None
        *before, entry = log.sessions()
    assert len(before) == 4
    assert entry.session.reason is EndReason.LEFT
    assert entry.session.on_mat_s == pytest.approx(60.0, abs=5.0)
    assert not list((tmp_path / LOG.parent).glob("*.damaged*"))


def test_reads_that_fail_while_it_runs_lose_nothing(tmp_path: Path) -> None:
    """No error but a StoreError leaves the store, and what failed is written later."""
    a_log(tmp_path)
    sector, time, refused = BadSector(), count(0.0, REOPEN_EVERY_S), 0
    sector.bad = False
    with sector.failing():
        store = PatientStore(tmp_path / LOG, monotonic=lambda: next(time), first_settings=Settings(), sinks=SINKS)
        with closing(store):
            store.load()
            sector.bad = True
            for effect in EVENING:
                try:
                    store.write(effect)
                except StoreError:
                    refused += 1
            sector.bad = False
            for effect in EVENING:
                store.write(effect)
    after_start(tmp_path)
    with Store.open(tmp_path / LOG) as log:
        assert log.sessions()[0].session.id == "s0"
        assert log.load().settings.weekly_goal == 6
    print(f"{refused} of {len(EVENING)} writes were refused, {sector.hits} reads failed")
