"""The outbox: what changes in the log is written down for each sink in the same transaction, and stays until it has
arrived.

The writer's side (`begin`, `post`) runs in the log's own transactions: triggers of its connection note which record
was touched, whoever touched it, and before the commit each that reads differently now becomes a revision. The relay's
side (`Outbox`) has a connection of its own. What it marks is not synchronised: a mark that a power cut takes away is
a record sent twice under the same id, while the wait for a slow card would be the writer's.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matpi.errors import StoreError
from matpi.store import faults, file, outgoing, schema
from matpi.upstream.deliveries import Standing
from matpi.upstream.sink import Delivery

ACKED_KEPT = 100
"""Of a sink, to look at; what it has not got is kept without a bound. Chosen: a row is 0.5 kB."""


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """How one sink stands."""

    name: str
    enabled: bool
    """In the config when the device last started."""
    due: int
    refused: int
    acked: int
    acked_utc: float | None
    disabled_why: str
    not_before_utc: float | None
    attempts: int
    """Of the one that is tried now."""
    last_error: str
    """Why that one has not arrived, else why the last refused one was; a sentence with what to do, "" for none."""


# -- the writer's side -----------------------------------------------------------------------------------------------


def begin(conn: sqlite3.Connection, sinks: Sequence[str] | None) -> None:
    """From here on `post` knows what was touched. `sinks` are those of the config; None leaves them as they were,
    so that a command that knows no config writes for the same ones as the device.
    """
    if sinks is not None:
        _use(conn, sinks)
    if not _enabled(conn):
        return
    conn.execute("CREATE TEMP TABLE touched (record TEXT NOT NULL, id TEXT NOT NULL)")
    for table in outgoing.TABLES:
        for what, which in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            note = f"INSERT INTO touched VALUES ('{table}', {which}.id)"  # noqa: S608  our own names
            conn.execute(f"CREATE TEMP TRIGGER touched_{table}_{what} AFTER {what} ON {table} BEGIN {note}; END")


def post(conn: sqlite3.Connection) -> None:
    """Write down what the transaction under way has changed. Free where no sink is configured."""
    if not conn.execute("SELECT 1 FROM temp.sqlite_master WHERE name = 'touched'").fetchone():
        return
    touched = conn.execute("SELECT record, id FROM touched GROUP BY record, id ORDER BY min(rowid)").fetchall()
    if not touched:
        return
    conn.execute("DELETE FROM touched")
    sinks = _enabled(conn)
    for table, record_id in touched:
        _post_one(conn, table, record_id, sinks)


def send_all(conn: sqlite3.Connection, sink: str) -> int:
    """Queue every record as it stands for a sink that does not have it so yet; how many there were."""
    before = _count(conn, sink)
    for table in outgoing.TABLES:
        for (record_id,) in conn.execute(f"SELECT id FROM {table} ORDER BY seq").fetchall():  # noqa: S608  our names
            _post_one(conn, table, record_id, [sink], again=True)
    return _count(conn, sink) - before


def _count(conn: sqlite3.Connection, sink: str) -> int:
    return int(conn.execute("SELECT count(*) FROM outbox WHERE sink = ?", (sink,)).fetchone()[0])


def _post_one(
    conn: sqlite3.Connection, table: str, record_id: str, sinks: Iterable[str], *, again: bool = False
) -> None:
    told = outgoing.read(conn, table, record_id)
    if told is None:
        return
    record = f"{table}/{record_id}"
    last = conn.execute("SELECT rev, digest FROM revisions WHERE record = ?", (record,)).fetchone()
    if last is None and told.kind.endswith("_deleted"):
        return  # nobody was told that it was there
    digest = told.digest()
    changed = last is None or last[1] != digest
    if not changed and not again:
        return
    rev = (0 if last is None else last[0]) + changed
    if changed:
        conn.execute("INSERT OR REPLACE INTO revisions (record, rev, digest) VALUES (?, ?, ?)", (record, rev, digest))
    delivery, body = outgoing.delivery_id(record_id, rev), told.body(record_id, rev)
    conn.executemany(
        "INSERT OR IGNORE INTO outbox (sink, id, kind, body) VALUES (?, ?, ?, ?)",
        [(sink, delivery, told.kind, body) for sink in sinks],
    )


def _enabled(conn: sqlite3.Connection) -> list[str]:
    return [name for (name,) in conn.execute("SELECT name FROM sinks WHERE enabled = 1 ORDER BY name")]


def _use(conn: sqlite3.Connection, sinks: Sequence[str]) -> None:
    if sorted(sinks) == _enabled(conn):
        return
    conn.execute("BEGIN IMMEDIATE")
    try:
        conn.execute("UPDATE sinks SET enabled = 0")
        conn.executemany(
            "INSERT INTO sinks (name, enabled) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET enabled = 1",
            [(name,) for name in sinks],
        )
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


# -- looking at it and asking for more ---------------------------------------------------------------------------------


def statuses(conn: sqlite3.Connection) -> tuple[SinkStatus, ...]:
    """In the order of their names, with those the config no longer has."""
    return tuple(_status(conn, *row) for row in conn.execute(
        "SELECT name, enabled, acked, acked_utc, disabled_why, not_before_utc FROM sinks ORDER BY name"
    ).fetchall())  # fmt: skip


def _status(
    conn: sqlite3.Connection,
    name: str,
    enabled: int,
    acked: int,
    acked_utc: float | None,
    disabled_why: str | None,
    not_before_utc: float | None,
) -> SinkStatus:
    counts = dict(conn.execute("SELECT state, count(*) FROM outbox WHERE sink = ? GROUP BY state", (name,)))
    head = conn.execute(
        "SELECT attempts, coalesce(last_error, '') FROM outbox WHERE sink = ? AND state = 'due' ORDER BY seq LIMIT 1",
        (name,),
    ).fetchone() or (0, "")
    refusal = conn.execute(
        "SELECT last_error FROM outbox WHERE sink = ? AND state = 'refused' ORDER BY seq DESC LIMIT 1", (name,)
    ).fetchone() or ("",)
    return SinkStatus(
        name,
        bool(enabled),
        counts.get("due", 0),
        counts.get("refused", 0),
        acked,
        acked_utc,
        disabled_why or "",
        not_before_utc,
        head[0],
        disabled_why or head[1] or refusal[0],
    )


def ask_again(conn: sqlite3.Connection, sink: str) -> bool:
    """Whatever it waits for, the next try is now, of the refused ones too. False when there is no such sink."""
    conn.execute("UPDATE outbox SET state = 'due' WHERE sink = ? AND state = 'refused'", (sink,))
    asked = conn.execute(
        "UPDATE sinks SET asked = asked + 1, disabled_why = NULL, not_before_utc = NULL WHERE name = ?", (sink,)
    )
    return asked.rowcount > 0


@contextlib.contextmanager
def changing(path: Path) -> Iterator[sqlite3.Connection]:
    """One short transaction beside a running device. Raises StoreError."""
    newest = len(schema.steps())
    try:
        header = file.peek(path)
        if header is None or header.bare or header.version < newest:
            raise StoreError(f"There is no outbox in {path} yet; start the device once.")
        file.refuse_strangers(header, path, newest)
        with contextlib.closing(file.connect(path, "rw")) as conn:
            conn.execute("BEGIN IMMEDIATE")
            yield conn
            conn.execute("COMMIT")
    except sqlite3.Error as error:
        raise faults.of_sqlite(error, path) from error


# -- the relay's side --------------------------------------------------------------------------------------------------


class Outbox:
    """Implements upstream.deliveries.Deliveries for one sink. Its connection is opened in the thread that uses it."""

    def __init__(self, path: Path, sink: str) -> None:
        self._path, self._sink = path, sink
        self._conn: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def standing(self) -> Standing:
        with self._using() as conn:
            row = conn.execute(
                "SELECT coalesce(disabled_why, ''), asked, not_before_utc FROM sinks WHERE name = ?", (self._sink,)
            ).fetchone()
            return Standing() if row is None else Standing(*row)

    def due(self) -> Delivery | None:
        with self._using() as conn:
            row = conn.execute(
                "SELECT seq, id, kind, body, attempts FROM outbox WHERE sink = ? AND state = 'due'"
                " ORDER BY seq LIMIT 1",
                (self._sink,),
            ).fetchone()
            return None if row is None else Delivery(row[0], row[1], row[2], row[3].encode(), row[4])

    def depth(self) -> int:
        with self._using() as conn:
            found = conn.execute("SELECT count(*) FROM outbox WHERE sink = ? AND state = 'due'", (self._sink,))
            return int(found.fetchone()[0])

    def acked(self, seq: int, utc: float | None) -> None:
        with self._marking() as conn:
            conn.execute(
                "UPDATE outbox SET state = 'acked', attempts = attempts + 1, last_error = NULL WHERE seq = ?", (seq,)
            )
            conn.execute(
                "UPDATE sinks SET acked = acked + 1, acked_utc = ?, not_before_utc = NULL WHERE name = ?",
                (utc, self._sink),
            )
            conn.execute(
                "DELETE FROM outbox WHERE sink = ? AND state = 'acked' AND seq <="
                " (SELECT seq FROM outbox WHERE sink = ? AND state = 'acked' ORDER BY seq DESC LIMIT 1 OFFSET ?)",
                (self._sink, self._sink, ACKED_KEPT),
            )

    def failed(self, seq: int, why: str, not_before_utc: float | None) -> None:
        with self._marking() as conn:
            conn.execute("UPDATE outbox SET attempts = attempts + 1, last_error = ? WHERE seq = ?", (why, seq))
            conn.execute("UPDATE sinks SET not_before_utc = ? WHERE name = ?", (not_before_utc, self._sink))

    def refused(self, seq: int, why: str) -> None:
        with self._marking() as conn:
            conn.execute(
                "UPDATE outbox SET state = 'refused', attempts = attempts + 1, last_error = ? WHERE seq = ?", (why, seq)
            )

    def disabled(self, seq: int, why: str) -> None:
        with self._marking() as conn:
            conn.execute("UPDATE outbox SET attempts = attempts + 1 WHERE seq = ?", (seq,))
            conn.execute("UPDATE sinks SET disabled_why = ? WHERE name = ?", (why, self._sink))

    def close(self) -> None:
        if self._conn is not None:
            with contextlib.suppress(sqlite3.Error):
                self._conn.close()
            self._conn = None

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._open()
        except (sqlite3.Error, OSError) as error:
            self.close()
            if isinstance(error, StoreError):
                raise
            told = faults.of_sqlite if isinstance(error, sqlite3.Error) else faults.of_os
            raise told(error, self._path) from error  # type: ignore[arg-type]

    @contextlib.contextmanager
    def _marking(self) -> Iterator[sqlite3.Connection]:
        with self._using() as conn:
            conn.execute("BEGIN IMMEDIATE")
            yield conn
            conn.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        """The log may be another file now: a damaged one is set aside, a full disk delays the opening."""
        found = self._path.stat()
        now = found.st_dev, found.st_ino
        if self._conn is None or self._file != now:
            self.close()
            self._conn, self._file = file.connect(self._path, "rw"), now
            self._conn.execute("PRAGMA synchronous = 1")
            self._conn.execute("PRAGMA wal_autocheckpoint = 0")  # the writer's job
        return self._conn
