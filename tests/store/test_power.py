"""The plug, and the full disk."""

import json
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matpi.core.effects import Save
from matpi.core.model import Log
from matpi.errors import StoreError
from matpi.store.db import Store
from tests.store.values import session

WRITER = """
import sys
from pathlib import Path
from matpi.core.effects import Checkpoint, Save
from matpi.store.db import Store
from tests.store.values import rating, session

print("b", flush=True)
store = Store.open(Path(sys.argv[1]))
assert store.set_aside is None
memory = store.load()
if memory.open:
    store.write(Save(memory.open.closed("power_lost")))
    print("s", memory.open.id, memory.open.on_mat_s, flush=True)
n = len(memory.log.sessions) + (memory.open is not None)
while True:
    n += 1
    for on_mat_s in (3.0, 18.0, 33.0):
        store.write(Checkpoint(session(f"s{n}", reason=None, on_mat_s=on_mat_s)))
        print("o", f"s{n}", on_mat_s, flush=True)
    store.write(Save(session(f"s{n}", on_mat_s=40.0)))
    print("s", f"s{n}", 40.0, flush=True)
    store.write(Save(rating(f"r{n}")))
    print("r", f"r{n}", 7, flush=True)
"""
THREADED = WRITER.replace(
    "from matpi.store.db import Store",
    """import queue, time
from matpi.core.model import Settings
from matpi.store.writer import PatientStore

class Store(PatientStore):
    '''As the service has it: a thread writes, and what it answers has been committed.'''
    @classmethod
    def open(cls, path):
        cls.answers = queue.SimpleQueue()
        return cls(path, monotonic=time.monotonic, first_settings=Settings(), put=cls.answers.put)

    def write(self, effect):
        super().write(effect)
        assert type(answer := self.answers.get()).__name__ == "Saved", answer
""",
)
"""The same, with the writing done by the thread of the service."""
CYCLES = 20


@pytest.mark.parametrize("code", [WRITER, THREADED], ids=["store", "thread"])
def test_a_killed_writer_loses_nothing_it_has_acknowledged(tmp_path: Path, code: str) -> None:
    """kill -9 at random moments, 20 times over one log, and every fourth time in the first opening of a new one.

    This proves the logic of the application: order of commit and answer, one transaction a change, a whole log
    after any stop. It proves nothing about power: what the process wrote is in the kernel and survives it. That
    needs a model of unsynchronised writes, or a machine whose power is cut.
    """
    chance = random.Random(14)
    on_mat: dict[str, float] = {}
    closed: set[str] = set()
    rated: set[str] = set()
    for cycle in range(CYCLES):
        fresh = cycle % 4 == 3
        path = tmp_path / (f"fresh{cycle}.db" if fresh else "matpi.db")
        acks = []
        with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "b\n"
            acks += [writer.stdout.readline() for _ in range(0 if fresh else chance.randrange(60))]
            time.sleep(chance.uniform(0.0, 0.01))  # real time: this is a real process, opening takes it 4 ms
            writer.kill()
            acks += writer.stdout.readlines()  # acknowledged in the last moment
        for kind, id_, value in (ack.split() for ack in acks if ack.endswith("\n") and not fresh):
            if kind == "r":
                rated.add(id_)
            else:
                on_mat[id_] = float(value)
                closed |= {id_} if kind == "s" else set()
        conn = sqlite3.connect(path)
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        conn.close()
        with Store.open(path) as store:
            assert store.set_aside is None
            if fresh:
                continue
            kept = {entry.session.id: entry.session for entry in store.sessions()}
            assert {id_ for id_, one in kept.items() if not one.is_open} >= closed
            assert all(kept[id_].on_mat_s >= value for id_, value in on_mat.items())
            assert {rating.id for rating in store.log().ratings} >= rated
    assert len(closed) > CYCLES, "the writers have come to write"


def limit_pages(store: Store, pages: int) -> None:
    store._conn.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_is_told_loses_nothing_and_heals(tmp_path: Path) -> None:
    """SQLite's own limit of pages answers like a disk without room."""
    with Store.open(tmp_path / "matpi.db") as store:
        kept = []
        limit_pages(store, 30)
        told = None
        for n in range(10_000):
            try:
                store.write(Save(session(f"s{n}")))
            except StoreError as error:
                told = str(error)
                break
            kept.append(session(f"s{n}"))
        assert told is not None
        assert "the disk is full; make room on it, what is stored already is safe" in told
        assert len(kept) > 10
        assert store.log() == Log(sessions=tuple(kept))
        with pytest.raises(StoreError, match="disk is full"):
            store.count("kind", "x" * 10_000)
        limit_pages(store, 10_000)
        store.write(Save(session("after")))
        assert store.log().sessions == (*kept, session("after"))


FILL = """
import json, resource, signal, sys
from pathlib import Path
from matpi.core.effects import Save
from matpi.errors import StoreError
from matpi.store.db import Store
from tests.store.values import session

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
room = Path(sys.argv[2]) if len(sys.argv) > 2 else None
store = Store.open(path)
store.write(Save(session("s0")))
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
if room is None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name("matpi.db-wal").stat().st_size + 30_000, hard))
kept, told = 1, []
for n in range(1, 10_000):
    try:
        store.write(Save(session(f"s{n}")))
    except StoreError as error:
        told.append(str(error))
        if len(told) == 3:
            break
    else:
        kept += 1
whole = len(store.log().sessions)
if room is None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
else:
    room.unlink()
store.write(Save(session("after")))
print(json.dumps({"kept": kept, "whole": whole, "told": told}))
"""


def fill(*command: object) -> dict[str, object]:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    assert answer["whole"] == answer["kept"]
    return answer


def test_a_write_the_kernel_refuses_loses_nothing_and_heals(tmp_path: Path) -> None:
    """The process may not write past a size: the kernel refuses the write in the middle of a transaction."""
    path = tmp_path / "matpi.db"
    answer = fill(sys.executable, "-c", FILL, path)
    assert all("Cannot use the session log" in text for text in answer["told"])  # type: ignore[attr-defined]
    with Store.open(path) as store:
        assert store.set_aside is None
        assert len(store.log().sessions) == int(str(answer["kept"])) + 1


def test_a_disk_without_room_loses_nothing_and_heals(tmp_path: Path) -> None:
    """A file system of 600 kB, really full. Needs a user namespace; skipped where there is none."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare")
    disk = tmp_path / "disk"
    disk.mkdir()
    script = (
        f"mount -t tmpfs -o size=600k none {disk} || exit 77;"
        f" head -c 300000 /dev/zero > {disk}/room;"
        f" {sys.executable} -c '{FILL}' {disk}/matpi.db {disk}/room || exit 1; cp {disk}/matpi.db* {tmp_path}"
    )
    if subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "none", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("no user namespace with mounts here")
    answer = fill("unshare", "-rm", "sh", "-c", script)
    assert all("disk is full" in text for text in answer["told"])  # type: ignore[attr-defined]
    with Store.open(tmp_path / "matpi.db") as store:
        assert len(store.log().sessions) == int(str(answer["kept"])) + 1


def test_a_disk_that_is_full_from_the_start_is_told(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    code = (
        "import resource, signal, sys; from pathlib import Path; from matpi.store.db import Store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (0, {before[1]}))\n"
        "Store.open(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "matpi.db")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "DiskTroubleError: Cannot use the session log" in done.stderr
    Store.open(tmp_path / "matpi.db").close()
