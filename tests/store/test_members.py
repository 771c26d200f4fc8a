"""Several people in the log: the step from the schema before them, who shares the mat, and what is whose."""

from __future__ import annotations

import io
import json
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from matpi.core.effects import Checkpoint, Save
from matpi.core.model import Acknowledgement, DayRecord, EndReason
from matpi.core.people import GUEST_ID, People, Person
from matpi.errors import ImportFormatError, StoreError, UsageError
from matpi.store import file, history, members, migrations
from matpi.store.db import Store
from matpi.store.transfer import Owners, export_json
from tests.store.values import UTC, edit_session, edits, import_json, rating, schemas, session, stop

DAY = date(2025, 11, 24)
SOME, NONE = Acknowledgement(some=True, utc=UTC), Acknowledgement(some=False, utc=UTC)


def add(store: Store, *names: str) -> None:
    for name in names:
        with store.writing() as conn:
            members.add(conn, name, f"id-{name}")


def furnish(store: Store, person: str | None = None, tag: str = "") -> None:
    store.write(Save(session(f"s{tag}", person=person)))
    store.write(Save(rating(f"r{tag}", person=person)))
    store.write(Save(stop(f"w{tag}", person=person)))
    store.write(Save(DayRecord(DAY, rest=True, person=person)))
    if person != GUEST_ID:
        store.write(Save(replace(SOME, person=person)))


def owners(store: Store) -> set[str | None]:
    log = store.log()
    return {record.person for table in (log.sessions, log.ratings, log.stops, log.days) for record in table}


# -- the schema --------------------------------------------------------------------------------------------------------


@pytest.fixture
def of_version_1(tmp_path: Path) -> Path:
    """A log as the matpi before several people wrote it."""
    path = tmp_path / "old.db"
    conn = sqlite3.connect(path)
    conn.executescript((migrations.FOLDER / "schema_v1.sql").read_text(encoding="utf-8"))
    conn.executescript(
        f"""
        INSERT INTO sessions VALUES (1, 's1', 'boot-a', 100.5, {UTC}, 3600, '2025-11-24', 620.1, 600.3, 'left', 1,
          'plan', 1, NULL, NULL);
        INSERT INTO sessions VALUES (7, 's2', 'boot-a', 900.5, NULL, NULL, NULL, 60.0, 60.0, 'left', 0, 'plan',
          0, NULL, 'the cat');
        INSERT INTO sessions VALUES (8, 's3', 'boot-a', 990.5, NULL, NULL, NULL, 30.0, 30.0, NULL, 0, 'plan', 0, NULL,
          NULL);
        INSERT INTO session_edits VALUES ('s1', 1, NULL, 'aways', '0', '1');
        INSERT INTO ratings VALUES (1, 'r1', 'boot-a', 730.0, {UTC + 640}, 3600, '2025-11-24', 7, 'after', 's1');
        INSERT INTO stops VALUES (1, 'w1', 'boot-a', 735.5, {UTC + 650}, 3600, '2025-11-24', 's1');
        INSERT INTO days VALUES ('2025-11-25', 0, 1), ('2025-11-24', 1, 0);
        INSERT INTO acknowledgement VALUES (1, 1, {UTC}, 0);
        INSERT INTO settings VALUES ('zone', 'Europe/Berlin');
        """
    )
    conn.close()
    return path


def dump(path: Path) -> list[str]:
    conn = sqlite3.connect(path)
    try:
        return [*conn.iterdump(), str(migrations.version(conn))]
    finally:
        conn.close()


def test_a_log_from_before_several_people_is_brought_up_to_date(of_version_1: Path) -> None:
    with Store.open(of_version_1) as store:
        memory = store.load()
        assert migrations.version(store._conn) == len(migrations.steps())
        assert memory.log.sessions == (session(edited=True),)
        assert [entry.deleted_why for entry in store.sessions()] == [None, "the cat", None]
        assert (memory.log.ratings, memory.log.stops) == ((rating(),), (stop(),))
        assert memory.log.days == (DayRecord(DAY, rest=True), DayRecord(date(2025, 11, 25), snoozed=True))
        assert (memory.acknowledgement, memory.answers) == (SOME, ())
        assert (memory.people, memory.settings.zone) == (People(), "Europe/Berlin")
        assert memory.open is not None
        assert edits(store, "s1")[0].after == "1"
        store.write(Save(session("s4", person="x", load_kg=41.5)))
        store.write(Save(DayRecord(DAY, snoozed=True, person="x")))
    with Store.open(of_version_1) as again:
        assert again.log().sessions[-1] == session("s4", person="x", load_kg=41.5)
        assert [(d.person, d.rest) for d in again.log().days if d.day == DAY] == [(None, True), ("x", False)]


def test_a_step_that_breaks_off_leaves_the_older_log_as_it_was(of_version_1: Path, tmp_path: Path) -> None:
    folder = tmp_path / "schema"
    folder.mkdir()
    for step in migrations.steps():
        text = step.read_text(encoding="utf-8")
        (folder / step.name).write_text(text.replace("DROP TABLE acknowledgement;", "DROP TABLE gone;"))
    before = dump(of_version_1)
    with pytest.raises(StoreError, match=r"schema_v2\.sql failed \(no such table: gone\)"), schemas(folder):
        Store.open(of_version_1)
    assert dump(of_version_1) == before
    file.companion(of_version_1, ".lock").unlink(missing_ok=True)
    with Store.open(of_version_1) as store:
        assert len(store.log().sessions) == 1


# -- who shares the mat ------------------------------------------------------------------------------------------------


def test_the_first_name_takes_over_the_log_so_far(store: Store) -> None:
    furnish(store)
    add(store, "Ada")
    memory = store.load()
    assert owners(store) == {"id-Ada"}
    assert memory.people == People((Person("id-Ada", "Ada"),), "id-Ada")
    assert (memory.acknowledgement, memory.answer_of("id-Ada")) == (None, replace(SOME, person="id-Ada"))
    add(store, "Ben")
    assert owners(store) == {"id-Ada"}
    assert store.load().people.on


def test_the_last_one_to_be_removed_leaves_the_log_as_if_nobody_had_been_named(store: Store) -> None:
    furnish(store)
    before = store.load()
    add(store, "Ada", "Ben")
    with store.writing() as conn:
        assert members.remove(conn, "ben")[1] == 1
        assert members.remove(conn, " ada ")[1] == 0
    assert store.load() == before
    assert [member.name for member in store.members()] == ["Ben"]


def test_what_was_somebodys_stays_theirs_and_comes_back_with_the_name(store: Store) -> None:
    add(store, "Ada", "Ben")
    furnish(store, "id-Ben")
    with store.writing() as conn:
        history.choose(conn, "id-Ben")
        members.remove(conn, "Ben")
    memory = store.load()
    assert memory.people == People((Person("id-Ada", "Ada"),), "id-Ada"), "somebody must be meant"
    assert owners(store) == {"id-Ben"}
    with store.writing() as conn:
        back, sessions = members.add(conn, "BEN", "another id")
    assert (back.id, sessions) == ("id-Ben", 1)
    assert [person.name for person in store.load().people.all] == ["Ada", "Ben"]


def test_renaming_changes_nothing_but_the_name(store: Store) -> None:
    add(store, "Ada", "Ben")
    furnish(store, "id-Ben")
    with store.writing() as conn:
        members.rename(conn, "ben", "Zoë")
        members.rename(conn, "zoë", "ZOË")
        members.set_goal(conn, "Zoë", 3)
    assert store.load().people.all[1] == Person("id-Ben", "ZOË", weekly_goal=3)
    assert owners(store) == {"id-Ben"}


@pytest.mark.parametrize(
    ("do", "says"),
    [
        (lambda conn: members.add(conn, " ADA", "x"), "There is a 'Ada' already; give the other one another name"),
        (lambda conn: members.add(conn, "Eve", "x"), "up to 4 people; `matpi people remove NAME` makes room"),
        (lambda conn: members.rename(conn, "Ada", "ben"), "'Ben' is here already; choose another name"),
        (lambda conn: members.rename(conn, "Ada", "gone"), "'Gone' has been here before"),
        (lambda conn: members.rename(conn, "Ada", "x" * 13), "1 to 12 characters"),
        (lambda conn: members.rename(conn, "Ada", "Guest"), "'Guest' is taken: the log lists stored guests under it"),
        (lambda conn: members.rename(conn, "Ada", "A\tb"), "1 to 12 characters"),
        (lambda conn: members.rename(conn, "Ada", "Жанна"), "the screen cannot show 'Ж'"),
        (lambda conn: members.rename(conn, "Nobody", "New"), "Nobody here is called 'Nobody'"),
        (lambda conn: members.remove(conn, "Gone"), "Nobody here is called 'Gone'"),
        (lambda conn: members.set_goal(conn, "Ada", 8), "stays as it is: a weekly goal lies between 3 and 7"),
        (lambda conn: members.owner_of(conn, "Nobody"), "Nobody is or was called 'Nobody'"),
        (lambda conn: members.owner_of(conn, "guest"), "Nobody is or was called 'guest'"),
        (lambda conn: history.choose(conn, "id-Gone"), "nobody of the id 'id-Gone'"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(store: Store, do: object, says: str) -> None:
    add(store, "Ada", "Ben", "Gone")
    with store.writing() as conn:
        members.remove(conn, "Gone")
    add(store, "Cy", "Dan")
    before = store.members()
    assert callable(do)
    with pytest.raises((UsageError, StoreError), match=says), store.writing() as conn:
        do(conn)
    assert store.members() == before


@pytest.mark.parametrize("name", ["", "   ", "x" * 13, "A\nb", "guest"])
def test_a_name_that_is_none_is_refused(store: Store, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be used"), store.writing() as conn:
        members.add(conn, name, "x")
    assert store.members() == ()


def test_people_that_cannot_be_keep_no_device_from_starting(store: Store) -> None:
    store._conn.execute("INSERT INTO people (id, name, chosen, removed) VALUES ('x', 'far too long a name', 0, 0)")
    with pytest.raises(StoreError, match="1 to 12"):
        store.members()
    memory = store.load()
    assert memory.people == People()
    assert "are invalid" in memory.doubts[-1]


def test_each_has_one_answer_and_one_record_of_a_day(store: Store) -> None:
    for person in (None, "a", "b"):
        store.write(Save(replace(SOME, person=person)))
        store.write(Save(replace(NONE, person=person)))
        store.write(Save(DayRecord(DAY, rest=True, person=person)))
        store.write(Save(DayRecord(DAY, snoozed=True, person=person)))
    memory = store.load()
    assert (memory.acknowledgement, [a.person for a in memory.answers]) == (NONE, ["a", "b"])
    assert [(d.person, d.rest, d.snoozed) for d in memory.log.days] == [(p, False, True) for p in (None, "a", "b")]
    assert store.ask_safety_again("a")
    assert not store.ask_safety_again("nobody")
    answers = [store.load().answer_of(p) for p in (None, "a", "b")]
    assert [answer is not None and answer.asked_again for answer in answers] == [False, True, False]


def test_booking_by_hand_leaves_a_trace(store: Store) -> None:
    add(store, "Ada", "Ben")
    store.write(Save(session(person="id-Ada")))
    edit_session(store, "s1", utc=UTC, person="id-Ben")
    store.write(Save(session(person="id-Ada")))  # the device that did not hear of it
    assert store.log().sessions[0].person == "id-Ben"
    assert [(e.field, e.before, e.after) for e in edits(store, "s1")] == [("person", "id-Ada", "id-Ben")]


# -- out and in --------------------------------------------------------------------------------------------------------


def crowd(store: Store) -> None:
    add(store, "Ada", "Ben", "Cy")
    for person in ("id-Ada", "id-Ben", "id-Cy", GUEST_ID):
        furnish(store, person, f"-{person}")
    store.write(Checkpoint(session("open", reason=None, person="id-Ben", load_kg=40.25)))
    store.write(Save(session("open", reason=EndReason.LEFT, person="id-Ben", load_kg=40.25)))
    with store.writing() as conn:
        members.set_goal(conn, "Ben", 7)
        history.choose(conn, "id-Ben")
        members.remove(conn, "Cy")


def as_json(store: Store) -> bytes:
    out = io.BytesIO()
    export_json(store, out)
    return out.getvalue()


def test_json_goes_round_with_the_people(store: Store, other: Store) -> None:
    crowd(store)
    told = as_json(store)
    done = import_json(other, io.BytesIO(told))
    assert as_json(other) == told
    assert (done.people, done.nobodys) == (("Ada", "Ben", "Cy"), 0)
    assert other.load() == store.load()
    twice = import_json(other, io.BytesIO(told))
    assert (twice.sessions, twice.people) == (0, ())
    assert as_json(other) == told


ROW = {"id": "s9", "boot_id": "b", "start_mono": 1, "span_s": 20.0, "on_mat_s": 10.0, "reason": "left"}


def older(**lists: object) -> io.BytesIO:
    return io.BytesIO(json.dumps({"format": "matpi", "version": 1, **lists}).encode())


def test_an_export_from_before_several_people_still_comes_in(store: Store) -> None:
    import_json(store, older(sessions=[ROW], days=[{"day": "2025-01-02", "rest": True}]))
    assert [(s.id, s.person, s.load_kg) for s in store.log().sessions] == [("s9", None, None)]
    assert owners(store) == {None}


def test_what_is_nobodys_becomes_the_only_ones_or_who_is_named(store: Store, other: Store) -> None:
    add(store, "Ada")
    import_json(store, older(sessions=[ROW]))
    assert owners(store) == {"id-Ada"}
    add(other, "Ada", "Ben")
    assert import_json(other, older(sessions=[ROW])).nobodys == 1
    assert import_json(other, older(sessions=[{**ROW, "id": "s10"}]), "ben").nobodys == 0
    assert [(s.id, s.person) for s in other.log().sessions] == [("s9", None), ("s10", "id-Ben")]
    with pytest.raises(UsageError, match="Nobody is or was called 'Cy'"):
        import_json(other, older(sessions=[{**ROW, "id": "s11"}]), "Cy")
    assert len(other.log().sessions) == 2


def test_a_name_is_the_same_person_in_another_log(store: Store, other: Store) -> None:
    crowd(store)
    with other.writing() as conn:
        members.add(conn, "ADA", "another id")
    done = import_json(other, io.BytesIO(as_json(store)))
    assert done.people == ("Ben", "Cy")
    assert [(m.id, m.removed) for m in other.members()] == [("another id", False), ("id-Ben", True), ("id-Cy", True)]
    assert {s.person for s in other.log().sessions} == {"another id", "id-Ben", "id-Cy", GUEST_ID}
    assert not other.load().people.on, "nobody's menu grows by an import"
    assert import_json(other, io.BytesIO(as_json(store))).sessions == 0


def test_into_a_log_that_nobody_is_named_in_the_names_come_as_gone(store: Store, other: Store) -> None:
    crowd(store)
    other.write(Save(session("own")))
    import_json(other, io.BytesIO(as_json(store)))
    assert [member.removed for member in other.members()] == [True, True, True]
    assert [s.id for s in other.log().of(None).sessions] == ["own"], "its plan goes on"


@pytest.mark.parametrize(
    ("people", "says"),
    [
        ([{"id": "a", "name": "x" * 13}], "field name: a name has 1 to 12"),
        ([{"id": "a", "name": "Guest"}], "field name: 'Guest' is taken"),
        ([{"id": "guest", "name": "Ada"}], "field id: 'guest' is the id of guests"),
        ([{"id": "", "name": "Ada"}], "field id: a person needs an id"),
        ([{"id": "a", "name": "Ada", "weekly_goal": 9}], "field weekly_goal: a weekly goal lies"),
        ([{"id": "a", "name": "Ada", "chosen": True, "removed": True}], "field chosen: who was removed"),
        ([{"id": "a", "name": "Ada"}, {"id": "a", "name": "Ben"}], "field id: 'a' is there twice"),
    ],
)
def test_people_that_cannot_be_are_not_imported(store: Store, people: object, says: str) -> None:
    with pytest.raises(ImportFormatError, match=says):
        import_json(store, older(people=people, sessions=[ROW]))
    assert (store.members(), store.sessions()) == ((), ())


def test_five_imported_into_an_empty_log_are_four_and_one_who_is_gone(store: Store) -> None:
    import_json(store, older(people=[{"id": name, "name": name, "chosen": True} for name in "abcde"][:5]))
    assert [(m.removed, m.chosen) for m in store.members()] == [(False, n == 0) for n in range(4)] + [(True, False)]
    with store.reading() as conn:
        assert Owners(conn, None).are_named()
