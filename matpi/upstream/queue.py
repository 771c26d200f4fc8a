"""Read and mark the outbox beside the log's writer: state of the sinks, requests, the relay's side.

Its rows are written by store/outbox.py. The relay (`Outbox`) has a connection of its own whose marks are not
synchronised: a mark lost in a power cut is a record sent twice under the same id, while the wait for a slow card would
be the writer's.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from matpi.errors import StoreError, UsageError
from matpi.store import faults, file, migrations, outbox, raw
from matpi.upstream.sink import Delivery, SinkState

ACKED_KEPT = 100  # rows of a sink for inspection; what has not arrived is stored without a bound. Chosen: 0.5 kB a row
# Between two parts of a long change, for the device's own record. Chosen; SQLite retries a lock within 0.1 s, and a
# part takes 24 ms on a busy x86-64 (measured with 8000 sessions).
PAUSE_S = 0.02


class SinkStatus(Struct, frozen=True):
    """The state of one sink."""

    name: str
    enabled: bool  # in the config when the device last started
    due: int
    refused: int
    acked: int
    acked_utc: float | None
    disabled_why: str
    not_before_utc: float | None
    attempts: int  # of the one that is tried now
    last_error: str  # why that one has not arrived, else why the last was refused, in a sentence; "" for none


# -- state and requests ------------------------------------------------------------------------------------------------


# One statement, so that all figures are of one moment.
_STATUSES = """
SELECT name, enabled,
    (SELECT count(*) FROM outbox WHERE sink = sinks.name AND state = 'due'),
    (SELECT count(*) FROM outbox WHERE sink = sinks.name AND state = 'refused'),
    acked, acked_utc, coalesce(disabled_why, ''), not_before_utc,
    coalesce((SELECT attempts FROM outbox WHERE sink = sinks.name AND state = 'due' ORDER BY seq LIMIT 1), 0),
    coalesce(
        disabled_why,
        (SELECT last_error FROM outbox WHERE sink = sinks.name AND state = 'due' ORDER BY seq LIMIT 1),
        (SELECT last_error FROM outbox WHERE sink = sinks.name AND state = 'refused' ORDER BY seq DESC LIMIT 1),
        ''
    )
FROM sinks ORDER BY name
"""


def statuses(conn: sqlite3.Connection) -> tuple[SinkStatus, ...]:
    """Return all sinks by name, with those no longer in the config."""
    return tuple(SinkStatus(name, bool(enabled), *more) for name, enabled, *more in conn.execute(_STATUSES))


def ask_again(conn: sqlite3.Connection, sink: str) -> bool:
    """Request a try now, of the refused ones too. Return False when there is no such sink."""
    # The person who asks may have repaired what the receiver refused.
    conn.execute("UPDATE outbox SET state = 'due' WHERE sink = ? AND state = 'refused'", (sink,))
    asked = conn.execute(
        "UPDATE sinks SET asked = asked + 1, disabled_why = NULL, not_before_utc = NULL WHERE name = ?", (sink,)
    )
    return asked.rowcount > 0


def send_all(path: Path, sink: str) -> int:
    """Queue every record that is not due for this sink already. Return their number.

    In parts, so that a running device need not wait; calling again continues one that broke off. Raises StoreError, and
    UsageError for a sink that the device was not started with.
    """
    queued = 0
    for table in outbox.TABLES:
        after: int | None = 0
        while after is not None:
            with changing(path) as conn:
                if conn.execute("SELECT 1 FROM sinks WHERE name = ?", (sink,)).fetchone() is None:
                    raise UsageError(f"The device has not been started with {sink} yet; restart it, then ask again.")
                part, after = outbox.send_part(conn, sink, table, after)
            queued += part
            time.sleep(PAUSE_S)  # a running device gets at the log in between
    return queued


def forget(conn: sqlite3.Connection, sink: str) -> int | None:
    """Delete a sink that the device no longer sends to. Return how many records had not arrived.

    None when there is no such sink. Raises UsageError while the device still sends to it.
    """
    row = conn.execute("SELECT enabled FROM sinks WHERE name = ?", (sink,)).fetchone()
    if row is None:
        return None
    if row[0]:
        raise UsageError(f"The device still sends to {sink}; take its table out of the config and restart the device.")
    # The refused ones have not arrived either.
    left = "SELECT count(*) FROM outbox WHERE sink = ? AND state <> 'acked'"
    (waited,) = conn.execute(left, (sink,)).fetchone()
    for statement in (
        "DELETE FROM outbox WHERE sink = ?",
        "DELETE FROM told WHERE sink = ?",
        "DELETE FROM sinks WHERE name = ?",
    ):
        conn.execute(statement, (sink,))
    return int(waited)


@contextlib.contextmanager
def changing(path: Path) -> Iterator[sqlite3.Connection]:
    """Open one short transaction beside a running device. Raises StoreError."""
    with faults.store_errors(path):
        header = raw.peek(path)
        if header is None or header.bare or header.version < len(migrations.steps()):
            raise StoreError(f"There is no outbox in {path} yet; start the device once.")
        migrations.refuse_strangers(header, path)
        with contextlib.closing(file.connect(path, "rw")) as conn:
            # SQLite's default is off, for every new connection.
            conn.execute("PRAGMA foreign_keys = 1")
            with file.transaction(conn):
                yield conn


# -- the relay's side --------------------------------------------------------------------------------------------------


class Outbox:
    """Implements relay.Deliveries for one sink. Its connection is opened in the thread that uses it."""

    def __init__(self, path: Path, sink: str) -> None:
        self._path, self._sink = path, sink
        self._conn: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None  # device and inode of what the connection has open

    def sink_state(self) -> SinkState:
        row = self._row("SELECT coalesce(disabled_why, ''), asked, not_before_utc FROM sinks WHERE name = ?")
        return SinkState() if row is None else SinkState(*row)

    def due(self) -> Delivery | None:
        row = self._row("SELECT seq, id, kind, body FROM outbox WHERE sink = ? AND state = 'due' ORDER BY seq LIMIT 1")
        return None if row is None else Delivery(row[0], row[1], row[2], row[3].encode())

    def depth(self) -> int:
        return int((self._row("SELECT count(*) FROM outbox WHERE sink = ? AND state = 'due'") or (0,))[0])

    def acked(self, delivery: Delivery, utc: float | None) -> None:
        with self._marking() as conn:
            if not self._mark(conn, delivery, "state = 'acked', attempts = attempts + 1, last_error = NULL"):
                return
            self._set(conn, "acked = acked + 1, acked_utc = ?, not_before_utc = NULL", utc)
            # The last few stay for inspection.
            conn.execute(
                "DELETE FROM outbox WHERE sink = ? AND state = 'acked' AND seq <="
                " (SELECT seq FROM outbox WHERE sink = ? AND state = 'acked' ORDER BY seq DESC LIMIT 1 OFFSET ?)",
                (self._sink, self._sink, ACKED_KEPT),
            )

    def failed(self, delivery: Delivery, why: str, not_before_utc: float | None) -> None:
        with self._marking() as conn:
            self._mark(conn, delivery, "attempts = attempts + 1, last_error = ?", why)
            # Stored, so that a restart does not shorten a wait that the receiver asked for.
            self._set(conn, "not_before_utc = ?", not_before_utc)

    def refused(self, delivery: Delivery, why: str) -> None:
        with self._marking() as conn:
            self._mark(conn, delivery, "state = 'refused', attempts = attempts + 1, last_error = ?", why)

    def disabled(self, delivery: Delivery, why: str) -> None:
        with self._marking() as conn:
            # It stays due: it was not refused, and is the first to be tried when a person asks again.
            self._mark(conn, delivery, "attempts = attempts + 1")
            self._set(conn, "disabled_why = ?", why)

    def _mark(self, conn: sqlite3.Connection, delivery: Delivery, change: str, *values: str) -> bool:
        """Return False when it is no longer there, as it was deleted meanwhile."""
        # By its id too: the log may be another file now, whose row of this number is another record.
        statement = f"UPDATE outbox SET {change} WHERE seq = ? AND sink = ? AND id = ?"  # noqa: S608  our own words
        return conn.execute(statement, (*values, delivery.seq, self._sink, delivery.id)).rowcount == 1

    def _set(self, conn: sqlite3.Connection, change: str, value: str | float | None) -> None:
        conn.execute(f"UPDATE sinks SET {change} WHERE name = ?", (value, self._sink))  # noqa: S608  our own words

    def _row(self, select: str) -> Any:
        with self._using() as conn:
            return conn.execute(select, (self._sink,)).fetchone()

    def close(self) -> None:
        if self._conn is not None:
            with contextlib.suppress(sqlite3.Error):
                self._conn.close()
            self._conn = None

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        try:
            with faults.store_errors(self._path):
                yield self._open()
        except StoreError:
            self.close()
            raise

    @contextlib.contextmanager
    def _marking(self) -> Iterator[sqlite3.Connection]:
        with self._using() as conn, file.transaction(conn):
            yield conn

    def _open(self) -> sqlite3.Connection:
        # The log may be another file now: a damaged one is set aside, a full disk delays the opening.
        found = self._path.stat()
        now = found.st_dev, found.st_ino
        if self._conn is None or self._file != now:
            self.close()
            self._conn, self._file = file.connect(self._path, "rw"), now
            self._conn.execute("PRAGMA synchronous = 1")  # marks may be lost (see above), the file stays whole
            self._conn.execute("PRAGMA wal_autocheckpoint = 0")  # the writer's job
            # Changes nothing, but fails where SQLite has opened the files for reading only, as it does by itself while
            # the disk refuses more: it would share them so with the writer, which could write nothing until a restart.
            self._conn.execute("DELETE FROM sinks WHERE 0")
        return self._conn
