"""The thread that writes: in order, answered after the commit, flushed at the end."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from matpi.core.device import Device
from matpi.core.effects import Checkpoint, Drop, Effect, Save
from matpi.core.events import ButtonDown, Event, Saved, SaveFailed, Stopping
from matpi.core.model import Session, Settings
from matpi.drivers.clock import SystemClock
from matpi.errors import StoreBusyError, StoreError
from matpi.loop import Inbox, Loop
from matpi.store import file, writer
from matpi.store.db import Store
from matpi.store.writer import PatientStore
from tests.store.values import rating, session

WAIT_S = 20.0
"""For a busy machine; the tests wait for events, and never for this."""


class Writing:
    """A store with a thread of its own, and the queue that it answers on."""

    def __init__(self, path: Path) -> None:
        self.answers: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.commits = 0
        self.store = PatientStore(
            path,
            monotonic=time.monotonic,
            first_settings=Settings(),
            put=self.answers.put,
            committed=self._committed,
        )

    def _committed(self) -> None:
        self.commits += 1

    def arrived(self) -> Saved | SaveFailed:
        event = self.answers.get(timeout=WAIT_S)
        assert isinstance(event, Saved | SaveFailed)
        return event

    def answer(self) -> tuple[type[Event], str]:
        event = self.arrived()
        assert self.store.holds(event)
        return type(event), event.id


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "matpi.db"


@pytest.fixture
def writing(log: Path) -> Iterator[Writing]:
    made = Writing(log)
    yield made
    with contextlib.suppress(StoreError):
        made.store.close()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


def stored(path: Path) -> dict[str, str | None]:
    with Store.open(path, read_only=True) as reader:
        return {entry.session.id: entry.deleted_why for entry in reader.sessions()}


def test_what_is_answered_is_committed_and_order_is_kept(writing: Writing, log: Path) -> None:
    for n in range(20):
        assert not writing.store.write(Save(session(f"s{n}"))), "it is only handed over"
    for n in range(20):
        assert writing.answer() == (Saved, f"s{n}")
        assert f"s{n}" in stored(log)
    assert writing.commits == 20
    assert list(stored(log))[-1] == "s19"


def test_nothing_waits_for_a_lock_and_all_is_stored_after_it(writing: Writing, log: Path) -> None:
    with locked(log):
        began = time.monotonic()
        writing.store.write(Checkpoint(session("open", reason=None)))
        writing.store.write(Save(rating()))
        writing.store.count("note", "something")
        assert time.monotonic() - began < file.BUSY_TIMEOUT_S
        assert writing.answers.empty()
    assert [writing.answer() for _ in range(3)] == [(Saved, "checkpoint"), (Saved, "r1"), (Saved, "note")]


def test_of_two_writes_of_one_key_only_the_last_is_answered(writing: Writing, log: Path) -> None:
    """Or a value that was changed meanwhile would be called saved with the first one."""
    with locked(log):
        writing.store.write(Save(rating(value=3)))
        writing.store.write(Save(session("s1")))
        writing.store.write(Save(rating(value=8)))
        writing.store.write(Drop(Session, "s1", "discarded"))
    assert [writing.answer() for _ in range(2)] == [(Saved, "r1"), (Saved, "s1")]
    assert stored(log) == {"s1": "discarded"}
    with Store.open(log, read_only=True) as reader:
        assert [one.value for one in reader.ratings()] == [8]
    assert writing.answers.empty()


def test_an_answer_that_comes_after_a_newer_write_of_its_key_does_not_stand(writing: Writing, log: Path) -> None:
    """It waits behind other events in the loop's queue, and one of them may change the value again."""
    writing.store.write(Save(rating(value=3)))
    first = writing.arrived()
    with locked(log):
        writing.store.write(Save(rating(value=8)))
        assert not writing.store.holds(first), "8 is not stored yet"
    assert writing.answer() == (Saved, "r1")
    assert not writing.store.holds(first)


def test_what_is_asked_again_while_it_waits_is_written_once(writing: Writing, log: Path) -> None:
    with locked(log):
        for _ in range(5):
            writing.store.write(Save(session("s1")))
            writing.store.count("note", "each counts")
    assert [writing.answer() for _ in range(2)] == [(Saved, "s1"), (Saved, "note")]
    assert writing.commits == 6
    assert writing.answers.empty()


def test_a_lock_for_too_long_is_a_failure_that_is_answered(
    writing: Writing, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing.store._writer()._conn.execute("PRAGMA busy_timeout = 50")
    with locked(log):
        writing.store.write(Save(session("s1")))
        assert writing.answer() == (SaveFailed, "s1")
    writing.store.write(Save(session("s1")))
    assert writing.answer() == (Saved, "s1")


def test_the_end_waits_until_all_is_committed(writing: Writing, log: Path) -> None:
    for n in range(50):
        writing.store.write(Save(session(f"s{n}")))
    writing.store.close()
    assert len(stored(log)) == 50
    Store.open(log).close()  # the lock is free


def test_an_end_that_cannot_write_in_time_says_so(writing: Writing, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "FLUSH_S", 0.2)
    with locked(log):
        writing.store.write(Save(session("s1")))
        began = time.monotonic()
        with pytest.raises(StoreError, match="what was recorded last is not in the session log"):
            writing.store.close()
        assert time.monotonic() - began < file.BUSY_TIMEOUT_S
    assert writing.answer() == (Saved, "s1"), "it is written when the lock goes, if the process still is"


def test_an_end_on_a_full_disk_says_what_is_lost(writing: Writing, log: Path) -> None:
    """The answer itself comes too late: the loop has ended."""
    writing.store._writer()._conn.execute("PRAGMA max_page_count = 1")
    for n in range(200):
        writing.store.write(Save(session(f"s{n}")))
    with pytest.raises(StoreError, match=r"what was recorded last is not in the session log: .*the disk is full"):
        writing.store.close()
    Store.open(log).close()  # the lock is free


def test_an_end_in_which_only_closing_takes_long_does_not_call_it_lost(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "FLUSH_S", 0.2)
    writing.store.write(Save(session("s1")))
    assert writing.answer() == (Saved, "s1")
    slow, close = threading.Event(), writing.store._close

    def closing() -> None:
        slow.wait(WAIT_S)
        close()

    monkeypatch.setattr(writing.store, "_close", closing)
    with pytest.raises(StoreError, match="the session log has everything"):
        writing.store.close()
    slow.set()


def test_a_log_that_cannot_be_prepared_is_let_go(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the lock of the first try would keep every later one out."""

    def fails(_store: Store, _effect: object) -> bool:
        raise StoreBusyError("another program")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", fails)
        with pytest.raises(StoreBusyError, match="another program"):
            Writing(log)
    Store.open(log).close()


def test_a_pulled_plug_takes_what_was_not_written_yet(writing: Writing, log: Path) -> None:
    with locked(log):
        writing.store.write(Save(session("first")))
        for n in range(5):
            writing.store.write(Save(session(f"s{n}")))
        end = threading.Thread(target=lambda: writing.store.close(flush=False))
        end.start()
        time.sleep(0.05)  # until it has begun
    end.join(WAIT_S)
    assert set(stored(log)) <= {"first"}


def test_the_one_file_is_whole_a_moment_after_the_last_write(
    writing: Writing, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "IDLE_S", 0.05)
    writing.store.write(Save(session("s1")))
    writing.answer()
    deadline = time.monotonic() + WAIT_S
    while True:
        copy = tmp_path / "copy.db"
        copy.write_bytes(log.read_bytes())
        with contextlib.suppress(StoreError):
            if stored(copy) == {"s1": None}:
                break
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_log_that_cannot_be_opened_is_refused_and_leaves_no_thread(log: Path) -> None:
    with Store.open(log), pytest.raises(StoreBusyError):
        Writing(log)
    deadline = time.monotonic() + WAIT_S
    while any(thread.name == "log writer" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_bug_in_the_thread_ends_the_device_as_one_in_the_loop_does(writing: Writing) -> None:
    def fails() -> None:
        raise LookupError("a bug")

    assert writing.store._thread is not None
    writing.store._thread.submit("s1", None, fails)
    assert writing.answer() == (SaveFailed, "s1")
    with pytest.raises(LookupError, match="a bug"):
        writing.store.write(Save(session("s2")))


class Hearing:
    """In the place of the core: what the loop hands to it. It changes a rating while the answer to it is on its way."""

    def __init__(self) -> None:
        self.heard: list[Event] = []

    def handle(self, event: Event) -> list[Effect]:
        self.heard.append(event)
        return [Save(rating(value=8))] if isinstance(event, ButtonDown) else []

    def next_wake(self) -> None:
        return None


def test_the_loop_hears_no_overtaken_answer(log: Path) -> None:
    """Or the panel said Saved of the 8 that is not stored, and it was never tried again when that failed."""
    inbox: Inbox = queue.SimpleQueue()
    heard, mono = Hearing(), time.monotonic
    store = PatientStore(log, monotonic=mono, first_settings=Settings(), put=inbox.put)
    loop = Loop(cast("Device", heard), store, None, lambda _: None, inbox=inbox)
    inbox.put(ButtonDown(mono()))
    store.write(Save(rating(value=3)))
    while inbox.qsize() < 2:
        time.sleep(0.01)  # the answer stands behind the button
    inbox.put(Stopping(mono()))
    with locked(log):
        loop.run(SystemClock())
        assert not any(isinstance(event, Saved) for event in heard.heard)
    store.close()
