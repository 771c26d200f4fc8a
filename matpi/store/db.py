"""Open, read and write the session log: one SQLite file that survives a pulled plug.

The thread that opens a Store is the only one that may use it (sqlite3 checks), unless it is handed to another, as the
service does with the one that writes (writer.py). What reads beside it opens its own with `read_only=True`, without a
lock.
Everything raises StoreError when it could not be done; a call that returns has been committed.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from matpi.core.effects import Checkpoint, DateBoot, Drop, Save, Write
from matpi.core.model import Log, Memory, Rating, Session
from matpi.errors import DiskTroubleError, StoreDamagedError, StoreError
from matpi.store import backups, corrections, faults, file, history, members, migrations, outbox, raw, tables
from matpi.store.settings import settings_of
from matpi.store.tables import ANSWERS, Member, StoredSession, oldest_first


class Store:
    """A connection to the log. Made by `Store.open`."""

    def __init__(
        self,
        conn: sqlite3.Connection,
        path: Path,
        lock: file.WriterLock | None,
        set_aside: Path | None = None,
        restored: bool = False,
    ) -> None:
        self._conn = conn
        self._lock = lock
        self.path = path
        self.set_aside = set_aside
        """Where a damaged file was put when this one was opened."""
        self.restored = restored
        """This one is a backup, in the place of that or of a missing one; else a new one."""
        self.in_use = False
        """A device runs on it: of two open sessions the older one may go on, too."""

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        read_only: bool = False,
        sinks: tuple[str, ...] | None = None,
        any_thread: bool = False,
    ) -> Self:
        """Open the log at `path`; a writer makes one where there is none.

        `sinks` are the names of the receivers of what is recorded from now on; None: the same as before. `any_thread`:
        it may be handed to another thread, which alone uses it then.

        A writer raises StoreBusyError beside another writer and StoreNewerError for a newer file, which it does not
        touch; it renames a damaged file (`set_aside`) and goes on with a backup or a new one. Where there is no file, a
        backup takes its place, too. A reader raises StoreError when there is no file, StoreDamagedError when it is
        damaged, and changes nothing. DiskTroubleError: later, perhaps.
        """
        with _opening(path):
            if read_only:
                return cls(_open_reader(path), path, None)
            file.make_folder(path.parent)
            _refuse_strangers(path)
            lock = file.WriterLock(path)
            try:
                opened = _open_writer(path, sinks, any_thread=any_thread)
            except BaseException:
                lock.release()
                raise
            return cls(opened.conn, path, lock, opened.set_aside, opened.restored)

    @classmethod
    def copied(cls, path: Path) -> Self:
        """Open a copy in memory, migrated there, for a disk that takes no write. Raises as a reader does."""
        with _opening(path):
            _header(path)
            conn = file.connect_copy(path)
            try:
                migrations.migrate(conn, path)
            except BaseException:
                conn.close()
                raise
            return cls(conn, path, None)

    def close(self) -> None:
        try:
            with faults.store_errors(self.path):
                self._conn.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Begin a transaction that reads: one consistent view of all tables."""
        with self._transaction("BEGIN") as conn:
            yield conn

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Begin a transaction that writes: durable when the block has been left, undone when it raised."""
        if self._lock is None:
            raise StoreError(f"The session log {self.path} is open for reading only; open it as its writer.")
        with self._transaction("BEGIN IMMEDIATE") as conn:
            yield conn
            outbox.post(conn)

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        try:
            with file.transaction(self._conn, begin):
                yield self._conn
        except sqlite3.Error as error:
            raise faults.of_sqlite(error, self.path) from error
        except UnicodeDecodeError as error:  # SQLite quotes a damaged statement of the schema
            raise faults.damaged(self.path, "a name in it cannot be read") from error
        except (OverflowError, UnicodeEncodeError) as error:
            raise StoreError(f"A value cannot be stored ({error}); report this, the log is as it was.") from error

    # --- what the device remembers

    def load(self, min_session_s: float = 0.0) -> Memory:
        """Read all that the device starts with.

        Of several open sessions the newest stays open; a writer that is not `in_use` closes the others at their last
        checkpoint, and removes those of less than `min_session_s`.
        """
        if self._lock is not None and not self.in_use:
            # On a full disk they wait for the next start.
            with contextlib.suppress(DiskTroubleError), self.writing() as conn:
                older = "reason IS NULL AND seq < (SELECT max(seq) FROM sessions WHERE reason IS NULL)"
                conn.execute(f"DELETE FROM sessions WHERE on_mat_s < ? AND {older}", (min_session_s,))  # noqa: S608
                conn.execute(f"UPDATE sessions SET reason = 'power_lost' WHERE {older}")  # noqa: S608
        return self.load_all()[0]

    def load_all(self) -> tuple[Memory, tuple[StoredSession, ...]]:
        """Read what the device starts with, and all sessions as `sessions` returns them, in one go."""
        with self.reading() as conn:
            settings, wrong = settings_of(history.setting_texts(conn))
            people, doubt = members.people_of(conn)
            doubts = [*wrong, *doubt]
            zeros = history.zeros(conn, doubts)
            stored = history.sessions(conn, doubts)
            memory = Memory(
                log=history.log(conn, stored, doubts),
                open=next((entry.session for entry in reversed(stored) if entry.session.is_open), None),
                zero=zeros.get("current"),
                zero_before=zeros.get("before"),
                calibration=history.calibration(conn, doubts),
                acknowledgement=history.acknowledgement(conn, doubts),
                settings=settings,
                people=people,
                answers=tuple(history.records(conn, ANSWERS, doubts)),
            )
            return replace(memory, doubts=tuple(doubts)), oldest_first(stored, lambda entry: entry.session.start_utc)

    def has_settings(self) -> bool:
        """Return whether settings were ever stored."""
        with self.reading() as conn:
            return bool(history.setting_texts(conn))

    def log(self) -> Log:
        with self.reading() as conn:
            return history.log(conn, history.sessions(conn))

    def sessions(self) -> tuple[StoredSession, ...]:
        """Return all sessions, oldest first, with the open and the deleted."""
        with self.reading() as conn:
            return oldest_first(history.sessions(conn), lambda entry: entry.session.start_utc)

    def newest(self, count: int) -> list[tuple[Session, int | None]]:
        """Return the last `count` sessions that are not deleted, oldest first, each with its rating."""
        with self.reading() as conn:
            return history.newest(conn, count)

    def version(self) -> int:
        """Return a number that differs from the last one after a commit of another connection. Reads no table."""
        with self.reading() as conn:
            (version,) = conn.execute("PRAGMA data_version").fetchone()
            return int(version)

    # --- what happens on the mat

    def write(self, effect: Write) -> None:
        """Make durable what the core asks for.

        A checkpoint that comes after its session was closed changes nothing. Saving a session again changes nothing in
        one that was edited, and brings back a deleted one; dropping a closed one keeps its row, marked as deleted.
        """
        with self.writing() as conn:
            match effect:
                case Save(record):
                    history.put(conn, record)
                case Checkpoint(session):
                    history.put_open(conn, session)
                case Drop():
                    history.drop(conn, effect)
                case DateBoot():
                    history.date_boot(conn, effect)

    def ratings(self) -> tuple[Rating, ...]:
        """Return all ratings in order of arrival, also those of deleted sessions, which the log is without."""
        with self.reading() as conn:
            return tuple(history.ratings(conn))

    def looser(self) -> dict[str, bool]:
        """Return the answers to "Looser?" by session, also those of deleted ones."""
        with self.reading() as conn:
            return {answer.session_id: answer.looser for answer in history.records(conn, tables.LOOSER)}

    def ask_safety_again(self, person: str | None = None) -> bool:
        """Ask the safety pages again at the next start. Return False when nothing was answered yet."""
        with self.writing() as conn:
            asked = conn.execute("UPDATE acknowledgement SET asked_again = 1 WHERE person IS ?", (person,))
            return asked.rowcount > 0

    def members(self) -> tuple[Member, ...]:
        """Return the people in the order of the menu, with the removed. store/members.py changes them."""
        with self.reading() as conn:
            return tuple(history.members(conn))

    def count(self, kind: str, text: str) -> None:
        """Add one of this kind to the diagnostics."""
        with self.writing() as conn:
            history.tally(conn, kind, text)

    def fold(self) -> bool:
        """Move the write-ahead log into the one file unless a session is under way. Return False to retry."""
        return file.fold(self._conn)

    def back_up(self, utc: float | None) -> None:
        """Back the log up beside itself if that is due. `utc` is None without a trusted clock."""
        with faults.store_errors(self.path, "back up"):
            if backups.is_due(self._conn, self.path, utc):
                backups.make(self._conn, self.path)

    def scrub(self) -> None:
        """Rewrite the file, so that nothing deleted is left in its free pages. A full disk leaves it as it is."""
        with contextlib.suppress(sqlite3.Error):
            self._conn.execute("VACUUM")
            self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    # --- by hand

    def delete_session(self, session_id: str, *, utc: float | None = None, why: str = corrections.BY_HAND) -> None:
        """Call corrections.delete_session. `utc` is None without a trusted clock."""
        with self.writing() as conn:
            corrections.delete_session(conn, session_id, utc, why)

    def restore_session(self, session_id: str) -> None:
        """Call corrections.restore."""
        with self.writing() as conn:
            corrections.restore(conn, session_id)

    def answer_session(self, session_id: str, *, yours: bool, utc: float | None = None) -> tuple[Session, bool]:
        """Call corrections.answer."""
        with self.writing() as conn:
            return corrections.answer(conn, session_id, utc, yours=yours)


# -- the file ----------------------------------------------------------------------------------------------------------


def is_unmade(path: Path) -> bool:
    """Return whether there is no log at `path` yet, nor a backup of one, or a bare one. Raises as a reader does."""
    with _opening(path):
        header = raw.peek(path)
    bare_or_none = not backups.found(path) if header is None else header.bare
    return bare_or_none and not backups.is_restoring(path)


def bare(path: Path) -> str:
    """Return a sentence about a file that is the bare beginning of a log, "" for any other. Never raises."""
    with contextlib.suppress(StoreError), _opening(path):
        header = raw.peek(path)
        if header is not None and header.bare and header.is_ours:
            return (
                f"{path} is the bare beginning of a session log, with nothing in it; if it is a copy, it was made"
                f" without its {path.name}-wal: copy both with the device stopped, or use `matpi backup FILE`."
            )
    return ""


def image(path: Path) -> bytes:
    """Return the log at `path` as the bytes of one SQLite file.

    Of any version, also while it is written to. Raises as a reader does.
    """
    with _opening(path), contextlib.closing(_open_reader(path, oldest=1)) as conn:
        return backups.image(conn, path)


def _opening(path: Path) -> AbstractContextManager[None]:
    return faults.store_errors(path, "open the session log")


def _header(path: Path) -> raw.Header:
    """Return the header. Raises StoreError when there is no log, or it is not ours to read."""
    header = raw.peek(path)
    if header is None:
        raise StoreError(f"There is no session log at {path} yet; start the device once, or check the path.")
    migrations.refuse_strangers(header, path)
    return header


def _open_reader(path: Path, oldest: int | None = None) -> sqlite3.Connection:
    """Connect for reading. `oldest`: the lowest version that will do; None: the newest."""
    header = _header(path)
    if header.bare:
        raise StoreError(bare(path))
    if header.version < (len(migrations.steps()) if oldest is None else oldest):
        raise StoreError(f"The session log {path} is of an older matpi; start the device once to bring it up to date.")
    return file.connect_reader(path)


def _refuse_strangers(path: Path) -> None:
    with contextlib.suppress(StoreDamagedError):  # a damaged one is set aside later
        migrations.refuse_strangers(raw.peek(path), path)


def _open_writer(path: Path, sinks: tuple[str, ...] | None, *, any_thread: bool) -> backups.Opened:
    _refuse_strangers(path)  # again: now nobody else writes

    def prepare(conn: sqlite3.Connection) -> None:
        file.harden(conn, path)
        if migrations.is_due(conn):
            backups.make(conn, path, migrations.version(conn))
        migrations.migrate(conn, path)
        # Changes nothing, but fails where SQLite has opened the file for reading only, as it does by itself when the
        # disk refuses more at that moment: the connection could never write again.
        conn.execute("DELETE FROM sessions WHERE 0")
        outbox.begin(conn, sinks)

    return backups.open_checked(path, prepare, any_thread=any_thread)
