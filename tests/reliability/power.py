"""Cut the power at every call the store makes, start again, and compare the log with what was acknowledged.

`PYTHONPATH=. python -m tests.reliability.power [SEED]` runs the whole sweep and prints the figures as JSON lines.
disk.py says what is real, cut.py what is modelled.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import count, islice
from pathlib import Path
from typing import Final, NamedTuple
from unittest import mock

from matpi import paths
from matpi.commands.record import save_last
from matpi.control.requests.base import Done
from matpi.core.effects import Checkpoint, DateBoot, Drop, Save
from matpi.core.events import Counted, Event, Saved
from matpi.core.model import Acknowledgement, Calibration, Settings, StopSign
from matpi.drivers.scale.recorder import FOLDER, Recorder
from matpi.drivers.scale.trace import About, Trace, TraceWriter
from matpi.errors import StoreError, TraceError
from matpi.page.devices import Devices
from matpi.store import atomic, backups, file, incoming, members, migrations, tables, transfer
from matpi.store.atomic import write_private
from matpi.store.db import Store, image
from matpi.store.writer import PatientStore
from matpi.upstream.queue import Outbox
from tests.reliability.cut import Cut, cuts
from tests.reliability.disk import Disk
from tests.store.values import UTC, index_of_others, rating, schemas, session, stop, undated

SINKS: Final = ("app", "house")
LOG: Final = Path("log/matpi.db")
OUT: Final = Path("out")
SEED: Final = 15
NEVER: Final = 4e9
"""When every backup has long been due."""
BAD_BACKUP: Final = b"SQLite format 3\0 it was"
BROWSERS: Final = "devices.json"
COPY, LIVE = "copy.csv.gz", "live.csv.gz"
CELLS: Final = Calibration((0, 0), (1.0, 1.0))
ROWS: Final = tuple((n * n, 7 * n) for n in range(1, 41))
"""Counts of the chips, ten a second."""

Ack = Callable[..., None]


class Minutes:
    """A clock that is moved by hand."""

    t = 0.0

    def monotonic(self) -> float:
        return self.t

    def utc(self) -> float:
        return UTC + self.t * 60.0

    def trusted(self) -> bool:
        return True


Put = Callable[[Event], None]


# -- what a log has ----------------------------------------------------------------------------------------------------


def start(folder: Path, put: Put | None = None) -> PatientStore:
    """Open the log as the device does."""
    return PatientStore(
        folder / LOG, monotonic=time.monotonic, first_settings=Settings(zone="Europe/Rome"), sinks=SINKS, put=put
    )


def connection(store: PatientStore) -> sqlite3.Connection:
    assert store._store is not None
    return store._store._conn


def content(conn: sqlite3.Connection, folder: Path) -> object:
    """Return every row of every table, those of the backups that are kept, and every file written for the person."""
    found = sorted(path for path in (folder / OUT).rglob("*") if path.is_file() and path.suffix != ".part")
    return rows(conn), kept_backups(folder), tuple((path.name, path.read_bytes()) for path in found)


def rows(conn: sqlite3.Connection) -> object:
    names = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return tuple((name, tuple(conn.execute(f"SELECT * FROM {name} ORDER BY 1, 2"))) for name in names)


def kept_backups(folder: Path) -> object:
    """Return the rows of the newest backups. A torn one raises sqlite3.DatabaseError."""
    found = backups.found(folder / LOG)
    weekly = [one for one in found if "-v" not in one.suffix]
    before = [one for one in found if one not in weekly]
    return tuple(backup_rows(one.read_bytes()) for one in (*weekly[: backups.WEEKLY_KEPT], *before[:1]))


@cache
def backup_rows(data: bytes) -> object:
    if data == BAD_BACKUP:
        return data
    if not data:
        raise sqlite3.DatabaseError("a backup is empty")  # to deserialize() that is a lack of memory
    with contextlib.closing(sqlite3.connect(":memory:")) as conn:
        conn.deserialize(data)
        return rows(conn)


def after_start(folder: Path, damaged: Sequence[bytes] = ()) -> object:
    """Start on what is left and return what the log has. Raises AssertionError with the kind of loss, StoreError.

    `damaged`: what a log consists of that is to be set aside, and found whole.
    """
    with contextlib.closing(start(folder)) as store:
        if store.set_aside is not None and not damaged:
            raise AssertionError(f"set aside: {store.set_aside.name}")
        aside = [path.read_bytes() for path in (folder / LOG).parent.glob(f"{LOG.name}.damaged-*")]
        if not all(part in aside for part in damaged):
            raise AssertionError("lost: what was damaged is not beside the log")
        if not store.is_open:
            raise AssertionError(f"corrupt: {store.trouble}")
        doubts = store.load().doubts
        if doubts:
            raise AssertionError(f"torn: {doubts}")
        conn = connection(store)
        found = conn.execute("PRAGMA integrity_check").fetchall() + conn.execute("PRAGMA foreign_key_check").fetchall()
        if found != [("ok",)]:
            raise AssertionError(f"corrupt: {found}")
        return content(conn, folder)


def browsers(folder: Path) -> object:
    """Return which browsers are paired. Raises AssertionError where the list was damaged."""
    found = Devices(folder / OUT / BROWSERS).all()
    if aside := [*folder.glob(f"{OUT}/*.damaged-*")]:
        raise AssertionError(f"set aside: {aside}")
    return found


class Recordings(NamedTuple):
    """The readings of those that the device has saved and of the copy, and how many a live one has."""

    saved: tuple[object, ...]
    copy: object
    live: int


def recordings(folder: Path) -> Recordings:
    """Return what the recordings have. Raises AssertionError for one with a name that is not whole."""

    def whole(path: Path) -> object:
        try:
            return path.name, *Trace(path)
        except TraceError as error:
            raise AssertionError(f"torn: {error}") from error

    live = 0
    with contextlib.suppress(TraceError):
        for reading, counts in zip(Trace(folder / OUT / LIVE), ROWS, strict=False):
            if list(reading.kg) != list(counts):
                break
            live += 1
    copy = folder / OUT / COPY
    saved = sorted((folder / LOG.parent / FOLDER).glob("*.csv.gz"))
    return Recordings(tuple(map(whole, saved)), whole(copy) if copy.exists() else None, live)


# -- what the device does ----------------------------------------------------------------------------------------------


def first_start(folder: Path, ack: Ack) -> None:
    with contextlib.closing(start(folder)) as store:
        store.load()
        ack(content(connection(store), folder))
        for effect in (Save(Acknowledgement(some=False, utc=UTC)), Checkpoint(session("s1", reason=None))):
            store.write(effect)
            ack(content(connection(store), folder))


def evening(n: int) -> Iterator[Checkpoint | Save]:
    """One session with its checkpoints and rating."""
    for on_mat_s in (0.0, 15.0, 30.0):
        yield Checkpoint(session(f"s{n}", reason=None, span_s=on_mat_s, on_mat_s=on_mat_s, start_utc=UTC + 86_400 * n))
    yield Save(session(f"s{n}", start_utc=UTC + 86_400 * n))
    yield Save(rating(f"r{n}", session_id=f"s{n}", utc=UTC + 86_400 * n + 640))


def sessions(folder: Path, ack: Ack, evenings: int = 6) -> None:
    """Sessions of several evenings, sent upstream meanwhile, with a restart and what else may happen on a mat."""
    relay = Outbox(folder / LOG, "house")
    for first in (0, evenings // 2):
        with contextlib.closing(start(folder)) as store:
            held = connection(store)
            store.load()
            for n in range(first, first + evenings // 2):
                for effect in evening(n):
                    store.write(effect)
                    ack(content(held, folder))
                if (due := relay.due()) is not None:
                    relay.acked(due, UTC)
                    ack(content(held, folder), soft=True)  # sent again, under the same id
                store.fold()
            for other in (
                Save(undated(f"u{first}", 50.0)),
                DateBoot("boot-a", UTC),
                Save(stop(f"w{first}")),
                Drop(StopSign, f"w{first}", "taken back"),
                Save(Settings(weekly_goal=3 + first)),
            ):
                store.write(other)
                ack(content(held, folder))
    relay.close()


def written_by_the_thread(folder: Path, ack: Ack) -> None:
    """As the service: the thread writes, and its answer is the acknowledgement."""
    heard: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def put(event: Event) -> None:
        assert isinstance(event, Saved), event
        ack(content(connection(store), folder))
        heard.put(event)

    store = start(folder, put)
    with contextlib.closing(store):
        store.load()
        for n in range(2):
            for effect in evening(n):
                store.write(effect)
                heard.get(timeout=60)


def migration(folder: Path, ack: Ack) -> None:
    with contextlib.closing(start(folder)) as store:
        ack(content(connection(store), folder))
        store.write(Save(session("s9")))
        ack(content(connection(store), folder))


def weekly(folder: Path, ack: Ack) -> None:
    """Sessions, and after each the backup of another week."""
    with Store.open(folder / LOG, sinks=SINKS) as store:
        for n in range(4):
            store.write(Save(session(f"b{n}", start_utc=UTC - 86_400 * n)))
            ack(content(store._conn, folder))
            store.back_up(NEVER)
            ack(content(store._conn, folder))


def export(folder: Path, ack: Ack) -> None:
    """The files of `matpi export` and `matpi backup`, and an export over an older one."""
    with Store.open(folder / LOG, sinks=SINKS) as store:
        for _ in range(2):
            transfer.export_json(store, folder / OUT / "export.json")
            ack(content(store._conn, folder))
            store.write(Save(session("later")))
            ack(content(store._conn, folder))
        write_private(folder / OUT / "backup.db", image(folder / LOG), "backup")
        ack(content(store._conn, folder))
        for table in tables.CSV_TABLES:
            write_private(folder / OUT / "csv" / table.name, transfer.export_table(store, table))
            ack(content(store._conn, folder))


def by_import(folder: Path, ack: Ack) -> None:
    with Store.open(folder / LOG, sinks=SINKS) as store:
        transfer.take(store, incoming.read(folder / OUT / "theirs.json"))
        ack(content(store._conn, folder))
        transfer.take(store, incoming.read(folder / OUT / "theirs.json"))
        ack(content(store._conn, folder))


def paired(folder: Path, ack: Ack) -> None:
    """Browsers are paired, seen again and removed."""
    browsers = Devices(folder / OUT / BROWSERS)
    with mock.patch("time.time", side_effect=count(UTC, 100)):  # the length of the file is that of its numbers
        for n in range(3):
            browsers.add(f"phone {n}")
            ack(browsers.all())
        browsers.saw(browsers.all()[1])
        ack(browsers.all())
        browsers.revoke(browsers.all()[0].id)
        ack(browsers.all())


def recorded(folder: Path, ack: Ack) -> None:
    """The last minutes of a device, saved twice and copied, the second time over a copy; and a live recording."""
    clock, saved = Minutes(), folder / LOG.parent / FOLDER
    recorder = Recorder(folder / LOG, 10, CELLS, None, clock, "boot", lambda _: None)

    def ask(_: object) -> Done:
        name = recorder.save().result(60).name
        ack(recordings(folder))
        return Done((), {"name": name})

    recorder.start()
    for first in (0, 20):
        for counts in ROWS[first : first + 20]:
            clock.t += 0.1
            recorder.take(Counted(clock.t, counts))
        save_last(mock.Mock(ask=ask), saved, folder / OUT / COPY, overwrite=True)
        ack(recordings(folder))
    recorder.stop()
    before, n = recordings(folder), 0
    with TraceWriter(folder / OUT / LIVE, 2, "counts", about=About(1, CELLS), now=lambda: n // 10 * 1.0) as trace:
        for n, counts in enumerate(ROWS, 1):
            trace.write(n / 10, counts)
            ack(before._replace(live=n), soft=n % 10 > 0)  # each second is synchronised
    ack(recordings(folder))


def by_hand(folder: Path, ack: Ack) -> None:
    """Deletions, with the file rewritten so that nothing deleted is left in it, and other changes by a person."""
    with Store.open(folder / LOG, sinks=SINKS) as store:
        changes: tuple[Callable[[], object], ...] = (
            lambda: store.delete_session("s0", utc=UTC),
            lambda: store.restore_session("s0"),
            lambda: store.answer_session("s1", yours=False),
            lambda: store.delete_session("s1"),
            store.ask_safety_again,
            lambda: store.write(Drop(StopSign, "w0", "taken back")),
        )
        for change in changes:
            change()
            ack(content(store._conn, folder))
        by_sql: tuple[Callable[[sqlite3.Connection], object], ...] = (
            lambda conn: members.add(conn, "Ada", "ada"),
            lambda conn: members.remove(conn, "Ada"),
        )
        for by_name in by_sql:
            with store.writing() as conn:
                by_name(conn)
            ack(content(store._conn, folder))
        store.scrub()
        ack(content(store._conn, folder))
        store.delete_session("s2")
        ack(content(store._conn, folder))


# -- what was there before ---------------------------------------------------------------------------------------------


def nothing(folder: Path) -> None:
    """A new card."""


def two_folders(folder: Path) -> None:
    """One for what the person asks for, and one with an empty log."""
    for path in (folder / OUT, folder / LOG.parent):
        path.mkdir()
    (folder / LOG).touch()


def a_new_log(folder: Path) -> None:
    start(folder).close()


def a_log(folder: Path) -> None:
    with contextlib.closing(start(folder)) as store:
        for n in range(4):
            for effect in evening(n):
                store.write(effect)
        store.write(Save(stop("w0")))
        store.write(Save(Acknowledgement(some=True, utc=UTC)))


def damaged(folder: Path, *, restorable: bool) -> None:
    """A log with noise in it and a log of writes beside it; its newest backup is bad, an older one good."""
    a_log(folder)
    path = folder / LOG
    with Store.open(path, sinks=SINKS) as store:
        if restorable:
            store.back_up(NEVER)
            file.companion(path, ".backup-2").write_bytes(BAD_BACKUP)
        store.write(Save(session("late")))
        parts = {suffix: file.companion(path, suffix).read_bytes() for suffix in ("", "-wal")}
    for suffix, data in parts.items():
        file.companion(path, suffix).write_bytes(data)
    noise = random.Random(1).randbytes(4096 * 3)
    path.write_bytes(parts[""][:8192] + noise + parts[""][8192 + len(noise) :])


def damaged_index(folder: Path) -> None:
    """A log of which an index has the entries of another one."""
    a_log(folder)
    with Store.open(folder / LOG, sinks=SINKS) as store:
        store.back_up(NEVER)
        store.write(Save(session("late")))
    index_of_others(folder / LOG)
    file.companion(folder / LOG, "-wal").touch()


def missing(folder: Path) -> None:
    """No log beside its backup."""
    a_log(folder)
    with Store.open(folder / LOG, sinks=SINKS) as store:
        store.back_up(NEVER)
    (folder / LOG).unlink()


def with_theirs(folder: Path) -> None:
    """A log, and the export of another one."""
    a_log(folder)
    with tempfile.TemporaryDirectory() as there, Store.open(Path(there) / "theirs.db") as store:
        for n in range(12):
            store.write(Save(session(f"t{n}", boot_id="theirs", start_utc=UTC - 1200 * (n + 1))))
            store.write(Save(rating(f"q{n}", session_id=f"t{n}")))
        transfer.export_json(store, folder / OUT / "theirs.json")


def of_version(version: int, folder: Path) -> None:
    """A log of an older matpi, cut: its last sessions are in the log of writes only."""
    with tempfile.TemporaryDirectory() as old:
        for step in migrations.steps()[:version]:
            shutil.copy(step, old)
        made = Path(old) / LOG.name
        conn = sqlite3.connect(made, isolation_level=None)
        with schemas(Path(old)), contextlib.closing(conn):
            conn.execute("PRAGMA journal_mode = wal")
            migrations.migrate(conn, made)
            conn.execute("PRAGMA wal_checkpoint")
            for n in range(20):
                conn.execute(
                    "INSERT INTO sessions (id, boot_id, start_mono, span_s, on_mat_s, reason, aways, routine, edited)"
                    " VALUES (?, 'b', ?, 60.0, 60.0, 'left', 0, 'plan', 0)",
                    (f"s{n}", float(n)),
                )
            conn.execute(
                "INSERT INTO zero (which, kg_1, kg_2, by_hand, anchor_kg) VALUES ('current', 0.5, -0.25, 1, 2.0)"
            )
            (folder / LOG.parent).mkdir()
            for suffix in ("", "-wal"):
                shutil.copy(file.companion(made, suffix), folder / LOG.parent)


def cut_before(seed: int, folder: Path) -> None:
    """What a cut while a session was stored has left."""
    with tempfile.TemporaryDirectory() as before:
        where = Path(before).resolve()
        disk = Disk(where)
        with disk.watched():
            sessions(where, lambda *_, **__: disk.acked(None), evenings=2)
        rng = random.Random(seed)
        found = list(islice(cuts(disk, None, rng, 2), 200, None))
        rng.choice(found).write(folder / "cut")
    for path in (folder / "cut").iterdir():
        path.rename(folder / path.name)
    (folder / "cut").rmdir()


@dataclass(frozen=True, slots=True)
class Life:
    """What is cut: what was there, what is done then, and how many states of each cut are made by chance."""

    before: Callable[[Path], None]
    work: Callable[[Path, Ack], None]
    tries: int
    least: int
    """So many states differ at least: the sweep has not gone blind."""
    is_damaged: bool = False
    found: Callable[[Path], object] | None = None
    """Read what is left; None: start the device on it."""


LIVES: Final[dict[str, Life]] = {
    "first start": Life(nothing, first_start, 2, 300),
    "sessions": Life(a_new_log, sessions, 1, 1100),
    "writer thread": Life(a_new_log, written_by_the_thread, 2, 200),
    **{
        f"migration from {version}": Life(partial(of_version, version), migration, 2, 80)
        for version in range(1, len(migrations.steps()))
    },
    "weekly backup": Life(a_log, weekly, 1, 100),
    "restore of a backup": Life(partial(damaged, restorable=True), migration, 2, 50, is_damaged=True),
    "damage without a backup": Life(partial(damaged, restorable=False), migration, 0, 100, is_damaged=True),
    "damage of an index": Life(damaged_index, migration, 1, 50, is_damaged=True),
    "missing log": Life(missing, migration, 1, 50),
    "export and backup": Life(a_log, export, 4, 200),
    "import": Life(with_theirs, by_import, 10, 80),
    "paired browsers": Life(nothing, paired, 2, 20, found=browsers),
    "recordings": Life(two_folders, recorded, 4, 60, found=recordings),
    "changes by hand": Life(a_log, by_hand, 1, 700),
    "after a cut": Life(partial(cut_before, 1), partial(sessions, evenings=2), 1, 500),
}


# -- the sweep ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Figures:
    """How many states a sweep has seen, and what it found in them."""

    cut_states: int = 0
    lost: int = 0
    torn: int = 0
    corrupt: int = 0
    set_aside: int = 0
    example: str = ""

    def note(self, what: str, where: str) -> None:
        kind = what.split(":", maxsplit=1)[0].replace(" ", "_")
        setattr(self, kind, getattr(self, kind) + 1)
        self.example = self.example or f"{where}: {what}"

    @property
    def found(self) -> int:
        return self.lost + self.torn + self.corrupt + self.set_aside


def judged(cut: Cut, got: object) -> str:
    if got in cut.allowed:
        return ""
    return "lost" if got in cut.before else "torn"


def sweep(name: str, scratch: Path, *, seed: int = SEED, only: int | None = None) -> Figures:
    """Cut the life of that name everywhere; `only`: that many states at most."""
    life = LIVES[name]
    folder = scratch.resolve() / "life"
    folder.mkdir()
    life.before(folder)
    shutil.copytree(folder, scratch / "start")
    parts = [file.companion(folder / LOG, suffix).read_bytes() for suffix in ("", "-wal")] if life.is_damaged else []
    after = life.found or partial(after_start, damaged=parts)
    at_first = after(scratch / "start")
    disk = Disk(folder)
    with disk.watched():
        life.work(folder, disk.acked)
    figures = Figures()
    for n, cut in enumerate(islice(cuts(disk, at_first, random.Random(seed), life.tries), only)):
        here = scratch / f"cut{n}"
        cut.write(here)
        figures.cut_states += 1
        try:
            wrong = judged(cut, after(here))
        except AssertionError as error:
            wrong = str(error)
        except (StoreError, sqlite3.Error) as error:
            wrong = f"corrupt: {error}"
        if wrong:
            figures.note(wrong, f"{name}, cut {n} after call {cut.at}")
        shutil.rmtree(here)
    return figures


def synchronous(value: int) -> contextlib.AbstractContextManager[object]:
    """While in it the log is written with this `synchronous`: 2 is FULL, as it should be, 1 NORMAL, 0 OFF."""
    pragmas = tuple((name, value if name == "synchronous" else kept) for name, kept in file.WRITER_PRAGMAS)
    return mock.patch.object(file, "WRITER_PRAGMAS", pragmas)


def without(calls: str) -> contextlib.AbstractContextManager[object]:
    """While in it the store synchronises no export, or no folder."""
    if calls == "folders":
        return mock.patch.object(paths, "sync_folder")
    return mock.patch.object(atomic, "os", CarelessOs())


class CarelessOs:
    """The module `os`, also while it is watched, with an `fsync` that does nothing."""

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def fsync(self, _: int) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Careless:
    """A store that leaves something out, and what the sweep must find then."""

    how: Callable[[], contextlib.AbstractContextManager[object]]
    life: str
    kind: str

    def sweep(self, scratch: Path, seed: int = SEED) -> Figures:
        with self.how():
            return sweep(self.life, scratch, seed=seed, only=200)


CARELESS: Final = {
    "synchronous=NORMAL": Careless(partial(synchronous, 1), "sessions", "lost"),
    "synchronous=OFF": Careless(partial(synchronous, 0), "sessions", "set_aside"),
    "no fsync of an export": Careless(partial(without, "files"), "export and backup", "torn"),
    "no fsync of a folder": Careless(partial(without, "folders"), "export and backup", "lost"),
    "no fsync of a backup": Careless(partial(without, "files"), "weekly backup", "corrupt"),
    "no fsync of the browsers": Careless(partial(without, "files"), "paired browsers", "set_aside"),
    "no fsync of a recording's folder": Careless(partial(without, "folders"), "recordings", "lost"),
    "no fsync of a restored one": Careless(partial(without, "files"), "restore of a backup", "corrupt"),
}


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """In memory where there is such a folder: what is cut is modelled, and a sweep syncs thousands of times."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="matpi-power-", dir=memory if memory.is_dir() else None)


def main(seed: int = SEED) -> int:
    began = time.process_time()
    lives: dict[str, Figures] = {}
    for name in LIVES:
        with scratch_folder() as scratch:
            lives[name] = sweep(name, Path(scratch), seed=seed)
        print(f"{name:20} {lives[name]}", file=sys.stderr, flush=True)
    by = {}
    for name, one in CARELESS.items():
        with scratch_folder() as scratch:
            figures = one.sweep(Path(scratch), seed)
        by[name] = {
            "life": one.life,
            "cut_states": figures.cut_states,
            "kind": one.kind,
            "found": getattr(figures, one.kind),
        }
    made_by = {"sqlite": sqlite3.sqlite_version, "seed": seed, "cpu_s": round(time.process_time() - began, 1)}
    print(json.dumps({"name": "power", **made_by, "lives": {name: asdict(figures) for name, figures in lives.items()}}))
    print(json.dumps({"name": "careless", **made_by, "by": by}))
    return int(any(figures.found for figures in lives.values()) or not all(row["found"] for row in by.values()))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
