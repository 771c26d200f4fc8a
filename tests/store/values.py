"""Values for the tests of the store."""

from contextlib import AbstractContextManager, closing
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO
from unittest import mock

from msgspec.structs import replace

from matpi.core.model import EndReason, Moment, Rating, Session, StopSign
from matpi.store import corrections, file, history, incoming, migrations, transfer
from matpi.store.db import Store
from matpi.store.tables import EDITS, Edit, Table

UTC = 1_764_000_000.25


def session(id_: str = "s1", **changes: Any) -> Session:
    made = Session(
        id=id_,
        boot_id="boot-a",
        start_mono=100.5,
        span_s=620.1,
        on_mat_s=600.3,
        reason=EndReason.LEFT,
        start_utc=UTC,
        utc_offset_s=3600,
        day=date(2025, 11, 24),
        aways=1,
        routine="plan",
    )
    return replace(made, **changes)


def undated(id_: str, start_mono: float, **changes: Any) -> Session:
    return session(id_, start_mono=start_mono, start_utc=None, utc_offset_s=None, day=None, **changes)


def rating(id_: str = "r1", **changes: Any) -> Rating:
    made = Rating(id_, "boot-a", 730.0, 7, Moment.AFTER, "s1", UTC + 640, 3600, date(2025, 11, 24))
    return replace(made, **changes)


def stop(id_: str = "w1", **changes: Any) -> StopSign:
    return replace(StopSign(id_, "boot-a", 735.5, "s1", UTC + 650, 3600, date(2025, 11, 24)), **changes)


def records(store: Store, table: Table) -> list[Any]:
    """Return all of a table, in order of arrival."""
    with store.reading() as conn:
        return history.records(conn, table)


def edits(store: Store, session_id: str) -> tuple[Edit, ...]:
    """Return what was changed in a session by hand, first change first."""
    return tuple(edit for edit in records(store, EDITS) if edit.session_id == session_id)


def edit_session(store: Store, session_id: str, *, utc: float | None = None, **changes: object) -> Session:
    """Change fields of a session by hand, as corrections.edit."""
    with store.writing() as conn:
        return corrections.edit(conn, session_id, utc, changes)


def schemas(folder: Path) -> AbstractContextManager[object]:
    """While in it, the schema files are those of this folder."""
    return mock.patch.object(migrations, "FOLDER", folder)


def import_json(store: Store, source: Path | BinaryIO, name: str | None = None) -> transfer.Imported:
    return transfer.take(store, incoming.read(source), name)


def index_of_others(path: Path) -> None:
    """The index of the settings has the place of that of the sessions: each page is right, and reading by it fails."""
    with closing(file.connect(path, "ro")) as conn:
        (page,) = conn.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'settings' AND type = 'index'")
    data = bytearray(path.read_bytes())
    data[(page[0] - 1) * 4096 : page[0] * 4096] = data[2 * 4096 : 3 * 4096]
    path.write_bytes(data)
