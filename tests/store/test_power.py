"""The full disk."""

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from matpi.core.effects import Save
from matpi.core.model import Log
from matpi.errors import StoreError
from matpi.store.db import Store
from tests.store.values import session


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
