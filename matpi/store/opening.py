"""Open the log of any process for reading, or say in a sentence why it cannot be."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from matpi.errors import StoreError
from matpi.store import faults, file, migrations


@contextlib.contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Raise what goes wrong in here as a StoreError: a sentence."""
    try:
        yield
    except StoreError:  # is an OSError too
        raise
    except OSError as error:
        raise faults.of_os(error, path, "open the session log") from error
    except sqlite3.Error as error:
        raise faults.of_sqlite(error, path) from error


def bare(path: Path) -> str:
    """Return what to say of a file that is the bare beginning of a log, "" for any other. Raises nothing."""
    with contextlib.suppress(StoreError), store_errors(path):
        header = file.peek(path)
        if header is not None and header.bare and header.application_id in {0, file.APPLICATION_ID}:
            return (
                f"{path} is the bare beginning of a session log, with nothing in it; if it is a copy, it was made"
                f" without its {path.name}-wal: copy both with the device stopped, or use `matpi backup FILE`."
            )
    return ""


def image(path: Path) -> bytes:
    """Return the log at `path` as the bytes of one SQLite file, of any version, also while it is written to.

    Raises as a reader does.
    """
    with store_errors(path), contextlib.closing(open_reader(path, oldest=1)) as conn:
        conn.execute("BEGIN")  # one view of all pages
        copy = bytearray(conn.serialize())
        copy[18:20] = b"\1\1"  # it comes without a write-ahead log
        with contextlib.closing(sqlite3.connect(":memory:")) as probe:
            probe.deserialize(bytes(copy))
            file.check(probe, path)
        return bytes(copy)


def no_log(path: Path) -> StoreError:
    return StoreError(f"There is no session log at {path} yet; start the device once, or check the path.")


def open_reader(path: Path, oldest: int | None = None) -> sqlite3.Connection:
    """`oldest`: the lowest version that will do; None: the newest."""
    newest = len(migrations.steps())
    header = file.peek(path)
    if header is None:
        raise no_log(path)
    file.refuse_strangers(header, path, newest)
    if header.bare:
        raise StoreError(bare(path))
    if header.version < (newest if oldest is None else oldest):
        raise StoreError(f"The session log {path} is of an older matpi; start the device once to bring it up to date.")
    return file.connect_reader(path)
