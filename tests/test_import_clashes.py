"""`matpi import` of what contradicts the log: ids of another twin, other content, two sessions at one time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from matpi.cli import run
from matpi.core.effects import DateBoot, Save
from matpi.core.model import DayRecord, Moment
from matpi.store.db import Store
from matpi.store.tables import Member
from matpi.twin.world import VirtualWorld
from tests.store.values import UTC, edit_session, edits, rating, session, stop

Out = pytest.CaptureFixture[str]
Import = Callable[..., str]
LATER = {"start_utc": UTC + 86_400.0, "day": date(2025, 11, 25)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mine.db"
    with Store.open(path) as log:
        log.write(Save(session("mine")))
        log.write(Save(rating("my-rating", session_id="mine", value=4)))
    return path


@pytest.fixture
def taken_in(path: Path, tmp_path: Path, capsys: Out) -> Import:
    """Export the log that `furnish` fills, import it into the one at `path`; what was said."""

    def take_in(furnish: Callable[[Store], object], code: int = 0) -> str:
        other, file = tmp_path / "other.db", tmp_path / "other.json"
        for old in (*tmp_path.glob("other*"),):
            old.unlink()
        with Store.open(other) as log:
            furnish(log)
        assert run(["export", str(file), "--store", str(other)]) == 0
        capsys.readouterr()
        assert run(["import", str(file), "--store", str(path)]) == code
        return capsys.readouterr().out

    return take_in


def all_of(path: Path) -> tuple[Any, ...]:
    with Store.open(path, read_only=True) as log:
        return log.sessions(), log.ratings(), log.log().stops, edits(log, "mine")


def lived(path: Path, minutes: float) -> None:
    """A new simulated log in which one session was played, with the default seed."""
    rig = VirtualWorld(path, utc=1_773_586_800.0 + (0 if minutes < 8 else 7200.0), zone="UTC")
    rig.power_on()
    rig.run_until(20.0)
    rig.mat.act("lie_down", rig.t)
    rig.run_until(20.0 + 60 * minutes)
    rig.mat.act("get_up", rig.t)
    rig.run_until(rig.t + 60.0)
    rig.shut_down()


def test_two_simulated_logs_of_one_seed_go_into_one(tmp_path: Path, capsys: Out) -> None:
    for name, minutes in (("one", 5), ("two", 10)):
        lived(tmp_path / f"{name}.db", minutes)
    assert run(["export", str(tmp_path / "two.json"), "--store", str(tmp_path / "two.db")]) == 0
    assert run(["import", str(tmp_path / "two.json"), "--store", str(tmp_path / "one.db")]) == 0
    assert "Left out" not in capsys.readouterr().out
    with Store.open(tmp_path / "one.db", read_only=True) as log:
        both = log.log().sessions
    assert sorted(round(s.on_mat_s / 60) for s in both) == [5, 10]
    assert len({s.boot_id for s in both}) == 2


def test_another_session_of_the_same_id_is_reported_and_its_ratings_are_not_hung_on_mine(
    path: Path, taken_in: Import
) -> None:
    def theirs(log: Store) -> None:
        log.write(Save(session("mine", start_mono=7.0, **LATER)))
        edit_session(log, "mine", routine="neck")
        log.write(Save(rating("their-rating", session_id="mine", utc=UTC + 86_400 + 640, day=date(2025, 11, 25))))
        log.write(Save(stop("their-stop", session_id="mine", utc=UTC + 86_400 + 640, day=date(2025, 11, 25))))
        log.write(Save(session("theirs", **LATER)))

    before = all_of(path)
    said = taken_in(theirs)
    assert "New: 1 session." in said
    assert "Left out: 1 session (mine); 1 rating (their-rating); 1 stop sign (their-stop)." in said
    after = all_of(path)
    assert [entry.session.id for entry in after[0]] == ["mine", "theirs"]
    assert (after[0][:1], after[1:]) == (before[0], before[1:])


def test_whatever_differs_under_one_id_is_reported_and_stays(path: Path, taken_in: Import) -> None:
    day = DayRecord(date(2025, 11, 26), rest=True)
    with Store.open(path) as log:
        log.write(Save(stop("my-stop", session_id="mine")))
        log.write(Save(day))
        with log.writing() as conn:
            conn.execute("INSERT INTO people (id, name, chosen, removed) VALUES ('p', 'Ada', 0, 1)")

    def named(log: Store, name: str) -> None:
        with log.writing() as conn:
            conn.execute("INSERT INTO people (id, name, chosen, removed) VALUES ('p', ?, 0, 1)", (name,))

    cases: dict[str, tuple[Callable[[Store], object], str]] = {
        "another end": (lambda log: log.write(Save(session("mine", span_s=630.0))), "1 session (mine)"),
        "another doubt": (lambda log: log.write(Save(session("mine", aways=3))), "1 session (mine)"),
        "value": (lambda log: log.write(Save(rating("my-rating", session_id="mine", value=5))), "1 rating (my-rating)"),
        "moment": (
            lambda log: log.write(Save(rating("my-rating", session_id="mine", value=4, moment=Moment.DAY))),
            "1 rating (my-rating)",
        ),
        "stop": (lambda log: log.write(Save(stop("my-stop", session_id=None))), "1 stop sign (my-stop)"),
        "day": (lambda log: log.write(Save(DayRecord(day.day, snoozed=True))), "1 day record (2025-11-26)"),
        "name": (lambda log: named(log, "Bea"), "1 person (p)"),
    }
    before = all_of(path)
    wrong = []
    for name, (furnish, says) in cases.items():
        said = taken_in(furnish)
        if f"Left out: {says}." not in said or "New: nothing." not in said or all_of(path) != before:
            wrong.append((name, said))
    assert not wrong
    with Store.open(path, read_only=True) as log:
        assert (log.log().days, log.members()) == ((day,), (Member("p", "Ada", removed=True),))


def test_what_was_edited_here_since_the_export_takes_its_later_ratings(path: Path, tmp_path: Path, capsys: Out) -> None:
    """One and the same session in two states: the edit is reported, and what is new of it comes in."""
    other, file = tmp_path / "copy.db", tmp_path / "copy.json"
    with Store.open(other) as log:
        log.write(Save(session("mine")))
        log.write(Save(rating("later", session_id="mine")))
    assert run(["export", str(file), "--store", str(other)]) == 0
    assert run(["sessions", "--edit", "mine", "minutes=5", "--store", str(path)]) == 0
    capsys.readouterr()
    assert run(["import", str(file), "--store", str(path)]) == 0
    said = capsys.readouterr().out
    assert "New: 1 rating." in said
    assert "Left out: 1 session (mine)." in said
    with Store.open(path, read_only=True) as log:
        assert {r.id: r.session_id for r in log.ratings()} == {"my-rating": "mine", "later": "mine"}


def test_an_export_of_this_log_contradicts_nothing_whatever_was_learnt_since(
    path: Path, tmp_path: Path, capsys: Out
) -> None:
    """Dates that came with the clock, and the name that took the log over, are later knowledge of the same records."""
    undated = {"start_utc": None, "utc_offset_s": None, "day": None}
    with Store.open(path) as log:
        log.write(Save(session("night", boot_id="b2", start_mono=50.0, **undated)))
    assert run(["export", str(tmp_path / "before.json"), "--store", str(path)]) == 0
    with Store.open(path) as log:
        log.write(DateBoot("b2", UTC + 200_000.0, zone=timezone(timedelta(hours=1))))
    for name in ("Ada", "Bea"):
        assert run(["people", "add", name, "--store", str(path)]) == 0
    before = all_of(path)
    capsys.readouterr()
    assert run(["import", str(tmp_path / "before.json"), "--store", str(path)]) == 0
    assert capsys.readouterr().out == "New: nothing. Already there and left alone: 3.\n"
    assert all_of(path) == before


def test_an_estimated_date_of_the_import_contradicts_nothing(path: Path, tmp_path: Path, capsys: Out) -> None:
    with Store.open(path) as log:
        log.write(Save(session("night", boot_id="b2", start_mono=50.0, estimated=True)))
        log.write(Save(rating("its", boot_id="b2", mono=90.0, session_id="night", estimated=True)))
    assert run(["export", str(tmp_path / "before.json"), "--store", str(path)]) == 0
    with Store.open(path) as log:
        log.write(DateBoot("b2", UTC + 200_000.0, zone=timezone(timedelta(hours=1))))
    before = all_of(path)
    capsys.readouterr()
    assert run(["import", str(tmp_path / "before.json"), "--store", str(path)]) == 0
    assert capsys.readouterr().out == "New: nothing. Already there and left alone: 4.\n"
    assert all_of(path) == before


def test_a_session_at_the_time_of_another_one_comes_in_as_deleted(path: Path, taken_in: Import, capsys: Out) -> None:
    def theirs(log: Store) -> None:
        log.write(Save(session("over-mine", start_utc=UTC + 300.0, span_s=300.0, on_mat_s=290.0)))
        log.write(Save(session("just-after", start_utc=UTC + 620.1)))
        log.write(Save(session("long-before", start_utc=UTC - 9000.0, span_s=620.1)))
        log.write(Save(rating("r-over", session_id="over-mine", value=9)))

    for _ in range(2):
        said = taken_in(theirs)
        with Store.open(path, read_only=True) as log:
            assert [s.id for s in log.log().sessions] == ["long-before", "mine", "just-after"]
            assert [r.id for r in log.log().ratings] == ["my-rating"]
            assert log.ratings()[-1].id == "r-over", "nothing is lost"
            deleted = next(entry for entry in log.sessions() if entry.session.id == "over-mine")
        assert deleted.deleted_why == "overlaps mine"
    assert said == "New: nothing. Already there and left alone: 4.\n", "the second time changes nothing"
    assert run(["sessions", "--restore", "over-mine", "--store", str(path)]) == 2
    assert "would overlap session mine on the same mat" in capsys.readouterr().err
    assert run(["sessions", "--delete", "mine", "--store", str(path)]) == 0
    assert run(["sessions", "--restore", "over-mine", "--store", str(path)]) == 0
    assert run(["sessions", "--restore", "mine", "--store", str(path)]) == 2
    with Store.open(path, read_only=True) as log:
        assert [s.id for s in log.log().sessions] == ["long-before", "over-mine", "just-after"]


def test_the_overlap_is_reported_with_both_ids(path: Path, taken_in: Import, capsys: Out) -> None:
    said = taken_in(lambda log: log.write(Save(session("over-mine", start_utc=UTC - 300.0))))
    assert "Came in as deleted: 1 session at the time of another one on the same mat (over-min and mine)." in said
    assert run(["sessions", "--deleted", "--store", str(path)]) == 0
    assert "overlaps mine" in capsys.readouterr().out


def test_an_estimated_start_is_at_the_time_of_no_session_of_another_boot(path: Path, taken_in: Import) -> None:
    def guessed(log: Store) -> None:
        log.write(Save(session("theirs", boot_id="b2", start_utc=UTC + 300.0, estimated=True)))

    assert taken_in(guessed) == "New: 1 session. Already there and left alone: 0.\n"
    with Store.open(path, read_only=True) as log:
        assert [s.id for s in log.log().sessions] == ["mine", "theirs"]

    # The other way round: a known date comes in over an estimated one; within one boot they do lie over each other.
    said = taken_in(lambda log: log.write(Save(session("known", boot_id="b3", start_utc=UTC + 700.0))))
    assert said == "New: 1 session. Already there and left alone: 0.\n"
    said = taken_in(lambda log: log.write(Save(session("over", boot_id="b2", start_utc=UTC + 400.0, estimated=True))))
    assert "Came in as deleted: 1 session at the time of another one on the same mat (over and theirs)." in said
