"""What the log's commands print, for people and for programs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from matpi import cli, paths
from matpi.commands import plan, ratings, sessions, transfer
from matpi.commands.target import perform
from matpi.control.requests.sessions import DeleteSession
from matpi.core.effects import Checkpoint, Save
from matpi.core.model import EndReason, Moment, Rating, Session, Settings, StopSign
from matpi.errors import ImportFormatError, StoreBusyError, StoreError, UsageError
from matpi.store.db import Store

START_UTC = 1_764_000_000.0  # 2025-11-24 16:00 UTC, a Monday
Out = pytest.CaptureFixture[str]


def session(id_: str, at_utc: float | None = START_UTC, minutes: float = 10.0, **changes: Any) -> Session:
    day = None if at_utc is None else datetime.fromtimestamp(at_utc, UTC).date()
    fields: dict[str, Any] = {
        "boot_id": "boot",
        "start_mono": 5.0,
        "span_s": minutes * 60 + 12,
        "on_mat_s": minutes * 60,
        "reason": EndReason.LEFT,
        "start_utc": at_utc,
        "utc_offset_s": None if at_utc is None else 3600,
        "day": day,
        **changes,
    }
    return Session(id=id_, **fields)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log with two sessions, one of them open, and two ratings."""
    path = tmp_path / "matpi.db"
    with Store.open(path) as log:
        log.write(Save(Settings(zone="Europe/Berlin")))
        log.write(Save(session("aaaa1111bbbb", aways=2)))
        log.write(Checkpoint(session("cccc2222dddd", START_UTC + 7200, 1.5, reason=None)))
        log.write(
            Save(
                Rating("r1", "boot", 700.0, 7, Moment.AFTER, "aaaa1111bbbb", START_UTC + 700, 3600, date(2025, 11, 24))
            )
        )
        log.write(Save(Rating("r2", "boot", 9.0, 3, Moment.BEFORE)))
    return path


def json_lines(out: Out) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.readouterr().out.splitlines()]


def test_sessions_for_programs(path: Path, capsys: Out) -> None:
    sessions.sessions(path, as_json=True)
    first, second = json_lines(capsys)
    assert first == {
        "id": "aaaa1111bbbb",
        "start": "2025-11-24T17:00:00+01:00",
        "day": "2025-11-24",
        "span_s": 612.0,
        "on_mat_s": 600.0,
        "reason": "left",
        "aways": 2,
        "routine": "plan",
        "rating": 7,
        "edited": False,
        "person": None,
        "counts": True,
        "doubt": None,
        "yours": None,
        "estimated": False,
        "looser": None,
    }
    assert (second["reason"], second["rating"], second["on_mat_s"]) == (None, None, 90.0)
    assert list(first) == list(second)


def test_sessions_for_people(path: Path, capsys: Out) -> None:
    sessions.sessions(path, as_json=False)
    head, first, second, total = capsys.readouterr().out.splitlines()
    assert head.split() == ["start", "min:s", "tight", "routine", "ended", "id"]
    marks = "\u2588" * 5  # one for two minutes
    assert first.split() == ["Mon", "2025-11-24", "17:00", "10:00", marks, "7", "plan", "left", "aaaa1111"]
    assert second.split()[-3:] == ["under", "way", "cccc2222"]
    assert total == "2 sessions, 11 min on the mat."


def test_ids_are_shown_as_long_as_it_takes_to_tell_them_apart(path: Path, capsys: Out) -> None:
    with Store.open(path) as log:
        log.write(Save(session("aaaa1111bbcc", START_UTC + 60)))
    sessions.sessions(path, as_json=False)
    assert {"aaaa1111bbb", "aaaa1111bbc"} <= set(capsys.readouterr().out.split())


def test_a_session_without_a_date_says_so(path: Path, capsys: Out) -> None:
    with Store.open(path) as log:
        log.write(Save(session("undated", None)))
    sessions.sessions(path, as_json=False)
    assert "no date yet" in capsys.readouterr().out
    sessions.sessions(path, as_json=True)
    undated = next(line for line in json_lines(capsys) if line["id"] == "undated")
    assert (undated["start"], undated["day"]) == (None, None)


def test_ratings(path: Path, capsys: Out) -> None:
    ratings.ratings(path, as_json=True)
    lines = json_lines(capsys)
    assert {
        "id": "r1",
        "time": "2025-11-24T17:11:40+01:00",
        "day": "2025-11-24",
        "value": 7,
        "moment": "after",
        "session_id": "aaaa1111bbbb",
        "person": None,
        "estimated": False,
    } in lines
    assert next(line for line in lines if line["id"] == "r2")["time"] is None
    ratings.ratings(path, as_json=False)
    out = capsys.readouterr().out
    assert "\u25a0" * 7 + "\u25a1" * 3 + "  after" in out
    assert "2 ratings; 1 is loose, 10 is tightest." in out


@pytest.mark.parametrize("as_json", [True, False])
def test_an_empty_log(tmp_path: Path, capsys: Out, as_json: bool) -> None:
    path = tmp_path / "new.db"
    Store.open(path).close()
    sessions.sessions(path, as_json=as_json)
    ratings.ratings(path, as_json=as_json)
    out = capsys.readouterr().out
    assert out == "" if as_json else ("No session yet" in out and "No rating yet" in out)
    plan.plan_today(path, as_json=True)
    (line,) = json_lines(capsys)
    assert (line["day"], line["lower_min"], line["upper_min"], line["today_s"], line["done"]) == (1, 2, 5, 0.0, False)


def test_reading_goes_on_beside_a_writer_and_changes_nothing(path: Path, capsys: Out) -> None:
    with Store.open(path) as writer:
        sessions.sessions(path, as_json=True)
        plan.plan_today(path, as_json=True)
        writer.write(Save(session("later", START_UTC + 90000)))
        sessions.sessions(path, as_json=True)
    assert '"later"' in capsys.readouterr().out


@pytest.mark.parametrize("command", [sessions.sessions, ratings.ratings, plan.plan_today])
def test_no_log_is_one_sentence_and_makes_none(tmp_path: Path, command: Any) -> None:
    with pytest.raises(StoreError, match="There is no session log at"):
        command(tmp_path / "none.db", as_json=True)
    assert list(tmp_path.iterdir()) == []


# -- the plan ------------------------------------------------------------------------------------------------------


def days_ago(days: float) -> float:
    return time.time() - days * 86400


def test_the_plan_counts_days_and_what_is_under_way(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "matpi.db"
    today = datetime.now(UTC).date()
    with Store.open(path) as log:
        log.write(Save(Settings(zone="UTC", day_start=datetime.min.time())))
        for n in (3, 2, 1):
            log.write(Save(session(f"s{n}", days_ago(n), 3, day=today - timedelta(days=n))))
        log.write(Checkpoint(session("open", time.time() - 100, 1, reason=None, day=today)))
    plan.plan_today(path, as_json=True)
    (line,) = json_lines(capsys)
    assert (line["today"], line["day"], line["lower_min"], line["upper_min"]) == (str(today), 4, 5, 10)
    assert (line["today_s"], line["done"], line["streak"], line["done_days"]) == (60.0, False, 3, 3)
    assert line["goal"] == "build tolerance"
    plan.plan_today(path, as_json=False)
    table, _ = capsys.readouterr().out.split("\n\n", 1)
    rows = dict(line.split(maxsplit=1) for line in table.splitlines())
    assert rows["plan"] == "day 4 of 14  " + "\u25a0" * 3 + "\u25a1" * 11
    assert rows["range"] == "5 to 10 min"
    assert rows["today"] == "1:00 of 5 min"
    assert rows["streak"] == "3 days"


def test_after_a_stop_sign_it_says_rest(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "matpi.db"
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    with Store.open(path) as log:
        log.write(Save(Settings(day_start=datetime.min.time())))
        log.write(Save(StopSign("w1", "boot", 1.0, None, days_ago(1), 0, yesterday)))
    plan.plan_today(path, as_json=False)
    assert "rest day   stop sign" in capsys.readouterr().out


def test_today_is_that_of_the_person_s_zone_and_day(
    tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "matpi.db"
    with Store.open(path) as log:
        log.write(Save(Settings(zone="Pacific/Auckland")))
    monkeypatch.setattr(time, "time", lambda: START_UTC)  # Tuesday 05:00 there, after the day's start at 04:00
    plan.plan_today(path, as_json=True)
    assert json_lines(capsys)[0]["today"] == "2025-11-25"
    monkeypatch.setattr(time, "time", lambda: START_UTC - 3601)
    plan.plan_today(path, as_json=True)
    assert json_lines(capsys)[0]["today"] == "2025-11-24"


def test_a_simulated_log_ahead_of_the_clock_is_told_as_its_own_last_day(
    path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: START_UTC - 86400 * 30)
    plan.plan_today(path, as_json=True)
    (line,) = json_lines(capsys)
    assert (line["today"], line["today_s"], line["log_ahead"]) == ("2025-11-24", 690.0, True)
    plan.plan_today(path, as_json=False)
    assert "runs ahead of the clock" in capsys.readouterr().out
    monkeypatch.setattr(paths, "DEVICE_STORE", path)
    plan.plan_today(path, as_json=True)
    (line,) = json_lines(capsys)
    assert (line["today"], line["today_s"], line["log_ahead"]) == ("2025-10-25", 0.0, False)


# -- delete --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["aaaa1111bbbb", "aaaa", "a"])
def test_delete_by_id_or_its_start_keeps_the_trace(path: Path, capsys: Out, given: str) -> None:
    perform(DeleteSession(given), path)
    assert "aaaa1111bbbb is deleted" in capsys.readouterr().out
    with Store.open(path, read_only=True) as log:
        stored = {entry.session.id: entry.deleted_why for entry in log.sessions()}
    assert stored == {"aaaa1111bbbb": "by hand", "cccc2222dddd": None}
    sessions.sessions(path, as_json=True)
    assert [line["id"] for line in json_lines(capsys)] == ["cccc2222dddd"]


@pytest.mark.parametrize(
    ("given", "why"), [("", "fits no"), ("zzz", "fits no"), ("aaaa1111", "fits 2"), ("cccc", "still")]
)
def test_delete_refuses_what_is_not_one_closed_session(path: Path, given: str, why: str) -> None:
    with Store.open(path) as log:
        log.write(Save(session("aaaa1111bbcc", START_UTC + 60)))
    with pytest.raises(UsageError, match=why):
        perform(DeleteSession(given), path)
    with Store.open(path, read_only=True) as log:
        assert [entry.deleted_why for entry in log.sessions()] == [None, None, None]


def test_delete_needs_the_log_for_itself(path: Path) -> None:
    with Store.open(path), pytest.raises(StoreBusyError, match="in use"):
        perform(DeleteSession("aaaa"), path)


def test_delete_makes_no_log(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no session log"):
        perform(DeleteSession("aaaa"), tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


# -- export and import ---------------------------------------------------------------------------------------------


def test_out_and_in_again(path: Path, tmp_path: Path, capsys: Out) -> None:
    target, other = tmp_path / "out", tmp_path / "other" / "matpi.db"
    transfer.export(path, target, as_csv=False)
    assert str(target) in capsys.readouterr().out
    transfer.import_(other, target)
    out = capsys.readouterr().out
    assert out.startswith("New: 2 sessions, 2 ratings")
    assert out.endswith("Already there and left alone: 0.\n")
    sessions.sessions(path, as_json=True)
    was = json_lines(capsys)
    sessions.sessions(other, as_json=True)
    now = json_lines(capsys)
    was[1]["reason"] = "power_lost"  # it cannot go on in another log
    assert now == was
    transfer.import_(other, target)
    assert "New: nothing" in capsys.readouterr().out
    sessions.sessions(other, as_json=True)
    assert json_lines(capsys) == now


@pytest.mark.parametrize("with_settings", [True, False])
def test_a_new_log_gets_a_zone(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_settings: bool
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    transfer.export(path, tmp_path / "out", as_csv=False)
    if not with_settings:
        document = json.loads((tmp_path / "out").read_text())
        (tmp_path / "out").write_text(json.dumps({**document, "settings": None}))
    transfer.import_(tmp_path / "other.db", tmp_path / "out")
    with Store.open(tmp_path / "other.db", read_only=True) as log:
        assert log.load().settings.zone == ("Europe/Berlin" if with_settings else "Asia/Tokyo")


@pytest.mark.parametrize("wrong", ["no JSON", "a session twice", "a csv"])
def test_a_refused_import_leaves_no_log_behind(path: Path, tmp_path: Path, wrong: str) -> None:
    source, other = tmp_path / "out.json", tmp_path / "other.db"
    transfer.export(path, source, as_csv=False)
    if wrong == "no JSON":
        source.write_text("{")
    elif wrong == "a session twice":  # which only the log itself can tell
        document = json.loads(source.read_text())
        source.write_text(json.dumps({**document, "sessions": document["sessions"][:1] * 2}))
    else:
        source = source.rename(tmp_path / "sessions.csv")
    with pytest.raises(ImportFormatError):
        transfer.import_(other, source)
    assert {file.name for file in tmp_path.glob("other.db*")} <= {"other.db.lock"}


def test_export_never_replaces_a_file(path: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.json"
    transfer.export(path, backup, as_csv=False)
    was = backup.read_bytes()
    with pytest.raises(StoreError, match="is not replaced"):
        transfer.export(path, backup, as_csv=False)
    assert backup.read_bytes() == was


def test_export_as_csv_never_replaces_a_file(path: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ratings.csv").write_text("mine")
    with pytest.raises(StoreError, match=r"ratings\.csv exists"):
        transfer.export(path, tmp_path / "out", as_csv=True)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["ratings.csv"]


def test_csv_to_standard_output_is_refused_for_it_needs_a_folder(
    path: Path, tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["export", "--csv", "-", "--store", str(path)]) == 2
    assert capsys.readouterr().err == "matpi: --csv needs a folder, for it writes several files; - is for JSON only.\n"
    assert not (tmp_path / "-").exists()


def test_where_the_report_of_a_change_cannot_be_written_it_is_still_said_that_it_is_stored(path: Path) -> None:
    words = [sys.executable, "-m", "matpi", "ratings", "--store", str(path)]
    with Path("/dev/full").open("wb") as full:
        for more, stored in (["--edit", "r1", "value=2"], True), (["--edit", "r1", "value=99"], False), ([], False):
            done = subprocess.run([*words, *more], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            assert ("the change is stored all the same" in done.stderr) is stored
            assert done.returncode == (2 if "value=99" in more else 1)
    with Store.open(path, read_only=True) as log:
        assert {rating.id: rating.value for rating in log.ratings()}["r1"] == 2


def test_export_into_a_folder_asks_for_a_name(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        transfer.export(path, tmp_path, as_csv=False)


def test_export_to_standard_output(path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    transfer.export(path, Path("-"), as_csv=False)
    assert json.loads(capfdbinary.readouterr().out)["format"] == "matpi"


def test_export_to_a_full_disk(path: Path) -> None:
    with pytest.raises(StoreError, match="the disk is full"):
        transfer.export(path, Path("/dev/full"), as_csv=False)


def test_import_of_nothing_makes_no_log(tmp_path: Path) -> None:
    with pytest.raises(ImportFormatError, match="There is no"):
        transfer.import_(tmp_path / "new.db", tmp_path / "none.json")
    assert list(tmp_path.iterdir()) == []


def test_import_needs_the_log_for_itself(path: Path, tmp_path: Path) -> None:
    transfer.export(path, tmp_path / "out.json", as_csv=False)
    with Store.open(path), pytest.raises(StoreBusyError, match="in use"):
        transfer.import_(path, tmp_path / "out.json")
