"""Migrations: numbered files, one transaction, all or nothing. The versions after this one's are made up."""

import shutil
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from msgspec import Struct

from matpi.core.effects import Save
from matpi.core.model import Acknowledgement, Zero
from matpi.errors import StoreError, StoreNewerError
from matpi.store import incoming, members, migrations, tables, transfer
from matpi.store.db import Store
from matpi.store.tables import Table
from tests.store.values import import_json, records, schemas, session

NOW = len(migrations.steps())
NEXT, AFTER = NOW + 1, NOW + 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "schema"
    folder.mkdir()
    for step in migrations.steps():
        shutil.copy(step, folder)
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "log" / "matpi.db"
    with Store.open(path) as store:
        store.write(Save(session()))
    return path


TO_NEXT = f"""
-- A semicolon in a text; and one in a trigger are no end.
ALTER TABLE sessions ADD COLUMN mood TEXT DEFAULT 'fine; really';
CREATE TRIGGER told AFTER INSERT ON stops BEGIN
  INSERT INTO diagnostics VALUES ('stop', 1, '');
END;
PRAGMA user_version = {NEXT};
"""
TO_AFTER = f"""
UPDATE sessions SET mood = 'migrated';
PRAGMA user_version = {AFTER};
"""


def test_all_steps_that_are_due_are_applied_and_the_log_stays(folder: Path, path: Path) -> None:
    (folder / f"schema_v{NEXT}.sql").write_text(TO_NEXT)
    (folder / f"schema_v{AFTER}.sql").write_text(TO_AFTER)
    with schemas(folder), Store.open(path) as store:
        assert store.log().sessions == (session(),)
        assert store._conn.execute("SELECT mood FROM sessions").fetchall() == [("migrated",)]
        assert migrations.version(store._conn) == AFTER
    with pytest.raises(StoreNewerError):
        Store.open(path)


def test_a_new_log_goes_through_the_same_steps(folder: Path, tmp_path: Path) -> None:
    (folder / f"schema_v{NEXT}.sql").write_text(TO_NEXT)
    with schemas(folder), Store.open(tmp_path / "new.db") as store:
        store.write(Save(session()))
        assert store._conn.execute("SELECT mood FROM sessions").fetchall() == [("fine; really",)]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (f"UPDATE sessions SET nowhere = 1;\nPRAGMA user_version = {AFTER};", "no such column: nowhere"),
        (f"UPDATE sessions SET on_mat_s = -1;\nPRAGMA user_version = {AFTER};", "CHECK constraint failed"),
        ("UPDATE sessions SET mood = 'half';", f"does not set user_version to {AFTER}"),
        ("UPDATE sessions SET mood = 'half'", f"does not set user_version to {AFTER}"),
        (
            f"INSERT INTO session_edits VALUES ('nobody', 1, NULL, 'x', NULL, NULL);\nPRAGMA user_version = {AFTER};",
            "FOREIGN KEY constraint failed",
        ),
    ],
)
def test_a_step_that_fails_leaves_the_file_as_it_was(folder: Path, path: Path, broken: str, says: str) -> None:
    (folder / f"schema_v{NEXT}.sql").write_text(TO_NEXT)
    (folder / f"schema_v{AFTER}.sql").write_text(broken)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=says) as caught, schemas(folder):
        Store.open(path)
    assert f"schema_v{AFTER}.sql" in str(caught.value)
    assert path.read_bytes() == before
    with Store.open(path) as store:
        assert store.log().sessions == (session(),)


@pytest.mark.parametrize("names", [[f"schema_v{AFTER}.sql"], ["schema_v0.sql"]])
def test_a_gap_in_the_numbers_is_refused(folder: Path, path: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).write_text("")
    with pytest.raises(StoreError, match="incomplete"), schemas(folder):
        Store.open(path)


def test_the_schema_of_this_version_is_the_files_of_this_version(path: Path) -> None:
    with Store.open(path) as store:
        assert migrations.version(store._conn) == len(migrations.steps())


def test_a_cleared_answer_of_version_3_had_the_date_of_the_clearing(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for step in migrations.steps()[:3]:
        shutil.copy(step, old)
    path = tmp_path / "three.db"
    with schemas(old), Store.open(path) as store, store.writing() as conn:
        conn.executemany(
            "INSERT INTO acknowledgement (some, utc, cleared, person) VALUES (?, ?, ?, ?)",
            [(1, 1_764_000_000.5, 1, None), (1, 1_764_000_000.5, 0, "ada"), (0, None, 0, "ben")],
        )
    with Store.open(path) as store:
        memory = store.load()
        assert migrations.version(store._conn) == NOW
    assert memory.acknowledgement == Acknowledgement(some=True, cleared=True, cleared_utc=1_764_000_000.5)
    assert memory.answers == (
        Acknowledgement(some=True, utc=1_764_000_000.5, person="ada"),
        Acknowledgement(some=False, person="ben"),
    )


def test_sessions_of_every_older_version_count_as_they_did_and_the_old_noise_is_forgotten(tmp_path: Path) -> None:
    for version in range(1, NOW):
        path = tmp_path / f"of_{version}.db"
        conn = sqlite3.connect(path)
        for step in migrations.steps()[:version]:
            conn.executescript(step.read_text(encoding="utf-8"))
        conn.executescript(
            """
            INSERT INTO sessions (id, boot_id, start_mono, span_s, on_mat_s, reason, aways, routine, edited) VALUES
              ('s1', 'b', 1.0, 60.0, 60.0, 'left', 0, 'plan', 0), ('s2', 'b', 2.0, 60.0, 60.0, 'object', 0, 'plan', 0);
            INSERT INTO zero (which, kg_1, kg_2, by_hand, anchor_kg) VALUES
              ('current', 0.5, -0.25, 1, 2.0), ('before', 1.5, NULL, 0, NULL);
            """
        )
        conn.close()
        with Store.open(path) as store:
            memory = store.load()
            assert migrations.version(store._conn) == NOW
            columns = {row[1] for row in store._conn.execute("PRAGMA table_info(zero)")}
            assert "noise_kg" not in columns
        assert [(s.doubt, s.yours, s.counts) for s in memory.log.sessions] == [(None, None, True)] * 2
        assert [(s.zone, s.day_start) for s in memory.log.sessions] == [(None, None)] * 2
        assert memory.zero == Zero((0.5, -0.25), by_hand=True, anchor_kg=2.0)
        assert memory.zero_before == Zero((1.5,))
        assert memory.settings.others == "no"
        assert memory.log.looser == ()


class Mood(Struct, frozen=True):
    id: str
    day: date | None
    good: bool
    person: str | None = None

    @property
    def key(self) -> str:
        return self.id


MOODS = Table("moods", "mood", Mood, ("id", "day", "good", "person"))


def test_a_new_kind_is_a_record_its_table_and_a_schema_file(
    folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / f"schema_v{NEXT}.sql").write_text(
        "CREATE TABLE moods (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, day TEXT, good INTEGER NOT NULL,"
        " person TEXT) STRICT;"
        f"\nPRAGMA user_version = {NEXT};\n"
    )
    monkeypatch.setattr(tables, "PUT", {**tables.PUT, Mood: (MOODS, MOODS.upsert())})
    with schemas(folder), Store.open(path) as store:
        store.write(Save(Mood("m1", date(2026, 3, 15), good=False)))
        store.write(Save(Mood("m2", None, good=True)))
        store.write(Save(Mood("m1", None, good=True)))
        assert records(store, MOODS) == [Mood("m1", date(2026, 3, 15), good=True), Mood("m2", None, good=True)]

    for room in (transfer, incoming):
        monkeypatch.setattr(room, "TABLES", (*tables.TABLES, MOODS))
    source = path.with_suffix(".json")
    with schemas(folder), Store.open(path) as store, Store.open(path.with_name("other.db")) as other:
        with store.writing() as conn, other.writing() as others:
            members.add(conn, "Anna", "there")
            members.add(others, "Anna", "here")
        store.write(Save(Mood("m3", None, good=False, person="there")))
        transfer.export_json(store, source)
        import_json(other, source)
        assert [mood.person for mood in records(other, MOODS)] == ["here"] * 3, "a name means the same person"
