"""`matpi sessions --delete`, `--restore`, `--edit`: what they change, what they keep, what they refuse."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from matpi.cli import run
from matpi.commands import plan, ratings, sessions, transfer
from matpi.commands.target import perform
from matpi.control.requests.sessions import AnswerSession, DeleteSession, EditSession, RestoreSession
from matpi.core.effects import Checkpoint, Drop, Save
from matpi.core.model import Doubt, EndReason, Moment, Rating, Session, Settings, StopSign
from matpi.errors import StoreBusyError, UsageError
from matpi.store.db import Store
from tests.store.values import edits
from tests.test_tables import START_UTC, session

Out = pytest.CaptureFixture[str]
MONDAY = date(2025, 11, 24)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four days in a row, each long enough for its day of the plan; it is the evening of the fourth."""
    path = tmp_path / "matpi.db"
    with Store.open(path) as log:
        log.write(Save(Settings(zone="Europe/Berlin")))
        for n, minutes in enumerate((3, 3, 3, 6)):
            day = MONDAY + timedelta(days=n)
            log.write(Save(session(f"{n}{n}{n}{n}aaaa", START_UTC + 86400 * n, minutes, day=day)))
    monkeypatch.setattr(time, "time", lambda: START_UTC + 86400 * 3 + 3600)
    return path


def plan_day(path: Path, capsys: Out) -> tuple[int, int]:
    capsys.readouterr()
    plan.plan_today(path, as_json=True)
    line = json.loads(capsys.readouterr().out)
    return line["day"], line["done_days"]


def ids(path: Path, capsys: Out, *, deleted: bool = False) -> list[str]:
    capsys.readouterr()
    sessions.sessions(path, as_json=True, deleted=deleted)
    return [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]


def test_a_deleted_session_comes_back_and_the_plan_follows_both_ways(path: Path, capsys: Out) -> None:
    before = ids(path, capsys)
    assert plan_day(path, capsys) == (4, 4)
    assert run(["sessions", "--delete", "11", "--store", str(path)]) == 0
    assert "matpi sessions --restore 11" in capsys.readouterr().out
    assert (plan_day(path, capsys), ids(path, capsys, deleted=True)) == ((3, 3), ["1111aaaa"])
    assert run(["sessions", "--restore", "11", "--store", str(path)]) == 0
    assert (plan_day(path, capsys), ids(path, capsys, deleted=True)) == ((4, 4), [])
    assert ids(path, capsys) == before


def test_the_deleted_are_listed_with_when_and_why(path: Path, capsys: Out) -> None:
    perform(DeleteSession("0000"), path)
    capsys.readouterr()
    sessions.sessions(path, as_json=True, deleted=True)
    line = json.loads(capsys.readouterr().out)
    assert (line["deleted"], line["deleted_why"]) == ("2025-11-27T18:00:00+01:00", "by hand")
    sessions.sessions(path, as_json=False, deleted=True)
    out = capsys.readouterr().out
    assert "0000aaaa" in out
    assert "1111aaaa" not in out
    assert "--restore ID brings one back" in out


def test_an_edit_counts_at_once_and_keeps_what_was(path: Path, capsys: Out) -> None:
    assert run(["sessions", "--edit", "22", "minutes=1:30", "routine=feet", "--store", str(path)]) == 0
    out = capsys.readouterr().out
    assert "was 3:00 min of plan" in out
    assert "is 1:30 min of feet" in out
    assert plan_day(path, capsys) == (3, 3)
    with Store.open(path, read_only=True) as log:
        was = {edit.field: (edit.before, edit.after) for edit in edits(log, "2222aaaa")}
        edited = next(entry.session for entry in log.sessions() if entry.session.id == "2222aaaa")
    assert was["routine"] == ("plan", "feet")
    assert was["on_mat_s"] == ("180.0", "90.0")
    assert edited.span_s == 90.0 + 12.0, "the time away stays what it was"
    assert edited.edited


def test_another_start_is_another_day_of_the_plan(path: Path) -> None:
    perform(EditSession("3333", {"start": "2025-11-27 03:30"}), path)
    with Store.open(path, read_only=True) as log:
        moved = next(entry.session for entry in log.sessions() if entry.session.id == "3333aaaa")
    assert moved.start_utc == datetime(2025, 11, 27, 2, 30, tzinfo=UTC).timestamp()
    assert (moved.utc_offset_s, moved.day) == (3600, date(2025, 11, 26)), "before 04:00 it is the day before"


def test_a_session_without_a_date_can_be_given_one(path: Path) -> None:
    with Store.open(path) as log:
        log.write(Save(session("undated", None, 5.0)))
    perform(EditSession("undated", {"start": "2025-11-25T20:00"}), path)
    with Store.open(path, read_only=True) as log:
        dated = next(entry.session for entry in log.sessions() if entry.session.id == "undated")
    assert dated.day == date(2025, 11, 25)


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        ("minutes=0", "from 0:30 to 45:00"),
        ("minutes=0:29", "from 0:30 to 45:00"),
        ("minutes=46", "from 0:30 to 45:00"),
        ("minutes=45:01", "from 0:30 to 45:00"),
        ("minutes=5:60", "minutes or m:ss"),
        ("minutes=-5", "minutes or m:ss"),
        ("minutes=²", "minutes or m:ss"),
        ("minutes=nan", "minutes or m:ss"),
        ("minutes=99999999999999999999", "minutes or m:ss"),
        ("minutes", "minutes=12"),
        ("start=yesterday", "no date and time"),
        ("start=2025-11-24", "no date and time"),
        ("start=2025-11-24 20:00+01:00", "no date and time"),
        ("start=2025-02-30 20:00", "no date and time"),
        ("start=1970-01-01 00:30", "before 1971"),
        ("start=2099-01-01 20:00", "in the future"),
        ("start=9999-12-31 23:59", "in the future"),
        ("routine=elbow", "one of plan, downshift"),
        ("routine=", "one of plan, downshift"),
        ("rating=11", "no 'rating' to edit"),
        ("reason=cap", "no 'reason' to edit"),
    ],
)
def test_what_makes_no_session_is_one_sentence_and_changes_nothing(
    path: Path, capsys: Out, pair: str, why: str
) -> None:
    was = path.read_bytes()
    assert run(["sessions", "--edit", "0000", "minutes=4", pair, "--store", str(path)]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert why in err
    assert path.read_bytes() == was


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--edit", "0000"], "needs what to change"),
        (["minutes=4"], "changes nothing without --edit"),
        (["--edit", "zzz", "minutes=4"], "fits no session"),
        (["--restore", "0000"], "fits no session"),
        (["--restore", ""], "fits no session"),
        (["--delete", "0000", "--restore", "0000"], "exclude each other"),
    ],
)
def test_wrong_use_is_told(path: Path, capsys: Out, words: list[str], why: str) -> None:
    assert run(["sessions", *words, "--store", str(path)]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert why in told


def test_what_was_thrown_away_on_the_mat_comes_back_uncounted(path: Path, capsys: Out) -> None:
    with Store.open(path) as log:
        log.write(Save(session("discarded", START_UTC + 90_000, 20.0, reason=EndReason.DISCARDED, day=MONDAY)))
        log.write(Drop(Session, "discarded", "discarded by hand"))
    perform(RestoreSession("discarded"), path)
    assert "the plan does not count it" in capsys.readouterr().out
    assert plan_day(path, capsys) == (4, 4)


def test_all_three_need_the_log_for_themselves(path: Path) -> None:
    with Store.open(path):
        with pytest.raises(StoreBusyError, match="in use"):
            perform(DeleteSession("0000"), path)
        with pytest.raises(StoreBusyError, match="in use"):
            perform(EditSession("0000", {"minutes": "4"}), path)
    perform(DeleteSession("0000"), path)
    with Store.open(path), pytest.raises(StoreBusyError, match="in use"):
        perform(RestoreSession("0000"), path)


def test_the_trace_of_both_goes_with_an_export(path: Path, tmp_path: Path) -> None:
    perform(DeleteSession("0000"), path)
    perform(EditSession("1111", {"minutes": "4"}), path)
    transfer.export(path, tmp_path / "out.json", as_csv=False)
    told = (tmp_path / "out.json").read_text()
    assert '"deleted_why": "by hand"' in told or '"deleted_why":"by hand"' in told
    assert "1111aaaa" in told
    other = tmp_path / "other.db"
    transfer.import_(other, tmp_path / "out.json")
    perform(RestoreSession("0000"), other)
    with pytest.raises(UsageError, match="fits no session"):
        perform(RestoreSession("0000"), other)


def test_the_clock_time_that_a_change_skipped_never_was(
    path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: datetime(2026, 4, 1, tzinfo=UTC).timestamp())
    for start in ("2026-03-29 02:00", "2026-03-29 02:30", "2026-03-29 02:59:59"):
        assert run(["sessions", "--edit", "0000", f"start={start}", "--store", str(path)]) == 2
        assert "never was: the clocks went forward" in capsys.readouterr().err
    for start in ("2026-03-29 01:50", "2026-03-29 03:00", "2025-10-26 02:30"):
        assert run(["sessions", "--edit", "0000", f"start={start}", "--store", str(path)]) == 0


def test_one_session_at_a_time_on_one_mat(path: Path, capsys: Out) -> None:
    second = START_UTC + 86_400  # 3 min and 12 s away, like all of them
    was = path.read_bytes()
    for start_utc in (second - 60, second, second + 60):
        start = datetime.fromtimestamp(start_utc, ZoneInfo("Europe/Berlin")).strftime("%Y-%m-%d %H:%M:%S")
        assert run(["sessions", "--edit", "0000", f"start={start}", "--store", str(path)]) == 2
        (told,) = capsys.readouterr().err.splitlines()
        assert "would overlap session 1111aaaa" in told
    assert path.read_bytes() == was
    start = datetime.fromtimestamp(second - 192 - 1, ZoneInfo("Europe/Berlin")).strftime("%Y-%m-%d %H:%M:%S")
    assert run(["sessions", "--edit", "0000", f"start={start}", "--store", str(path)]) == 0
    assert run(["sessions", "--edit", "0000", "minutes=4", "--store", str(path)]) == 2, "longer, and into the next"
    perform(DeleteSession("1111"), path)
    assert run(["sessions", "--edit", "0000", "minutes=4", "--store", str(path)]) == 0, "a deleted one is not there"


def test_where_nobody_is_named_no_session_is_taken_out_of_the_plan(path: Path, capsys: Out) -> None:
    was = path.read_bytes()
    assert run(["sessions", "--edit", "0000", "person=Ada", "--store", str(path)]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert "nobody is named here" in told
    assert path.read_bytes() == was
    assert plan_day(path, capsys) == (4, 4)


def test_the_answer_to_a_changed_person_names_both(path: Path, capsys: Out) -> None:
    for name in ("Ada", "Ben"):
        assert run(["people", "add", name, "--store", str(path)]) == 0
    capsys.readouterr()
    assert run(["sessions", "--edit", "0000", "person=Ben", "--store", str(path)]) == 0
    assert "(Ada) and is 3:00 min of plan, 2025-11-24 17:00 (Ben)" in capsys.readouterr().out


def test_whose_a_doubted_session_was_answers_the_question(path: Path, capsys: Out) -> None:
    for name in ("Ada", "Ben"):
        assert run(["people", "add", name, "--store", str(path)]) == 0
    doubted(path, _11=Doubt.UNKNOWN)
    _, out, _ = run_on(path, capsys, "--edit", "11", "person=Ben")
    assert "It counts now." in out
    with Store.open(path, read_only=True) as log:
        found = next(entry.session for entry in log.sessions() if entry.session.id == "1111aaaa")
        assert (found.yours, found.counts) == (True, True)
        assert [edit.field for edit in edits(log, "1111aaaa")][-1] == "yours"
    _, out, _ = run_on(path, capsys, "--edit", "22", "person=Ben")
    assert not [line for line in out if "count" in line and "now" in line], "no one doubted it"


def test_a_deleted_session_takes_its_rating_and_its_stop_sign_along(path: Path, capsys: Out) -> None:
    with Store.open(path) as log:
        log.write(Save(Rating("r", "b", 0.0, 3, Moment.AFTER, "3333aaaa", START_UTC + 86400 * 3, 3600, MONDAY)))
        log.write(Save(StopSign("w", "b", 0.0, "3333aaaa", START_UTC + 86400 * 2, 3600, MONDAY + timedelta(days=2))))

    def rest_and_ratings() -> tuple[str | None, int]:
        capsys.readouterr()
        plan.plan_today(path, as_json=True)
        reason = json.loads(capsys.readouterr().out)["rest_reason"]
        ratings.ratings(path, as_json=True)
        return reason, len(capsys.readouterr().out.splitlines())

    assert rest_and_ratings() == ("stop sign", 1)
    perform(DeleteSession("3333"), path)
    assert rest_and_ratings() == (None, 0)
    sessions.sessions(path, as_json=True, deleted=True)
    assert json.loads(capsys.readouterr().out)["rating"] == 3, "what is deleted is still told whole"
    perform(RestoreSession("3333"), path)
    assert rest_and_ratings() == ("stop sign", 1)


def doubted(path: Path, **doubts: Doubt) -> None:
    """Give sessions a doubt, as the device stores it."""
    with Store.open(path) as log:
        known = {entry.session.id: entry.session for entry in log.sessions()}
        for start, doubt in doubts.items():
            one = next(session for id_, session in known.items() if id_.startswith(start.strip("_")))
            log.write(Save(replace(one, doubt=doubt)))


def run_on(path: Path, capsys: Out, *words: str) -> tuple[int, list[str], list[str]]:
    capsys.readouterr()
    code = run(["sessions", *words, "--store", str(path)])
    out, err = capsys.readouterr()
    return code, out.splitlines(), err.splitlines()


def test_looser_is_listed_with_its_session_and_can_be_corrected(path: Path, capsys: Out) -> None:
    def listed() -> list[bool | None]:
        capsys.readouterr()
        sessions.sessions(path, as_json=True)
        return [json.loads(line)["looser"] for line in capsys.readouterr().out.splitlines()]

    sessions.sessions(path, as_json=False)
    assert "looser" not in capsys.readouterr().out
    for word, answer in (("yes", True), ("no", False), ("none", None), ("yes", True)):
        assert run(["sessions", "--edit", "11", f"looser={word}", "--store", str(path)]) == 0
        assert capsys.readouterr().out == f'"Looser?" of session 1111aaaa: {word}.\n'
        assert listed() == [None, answer, None, None]
    sessions.sessions(path, as_json=False)
    heading, _, second, *_ = capsys.readouterr().out.splitlines()
    assert ("looser" in heading, "yes" in second) == (True, True)
    with Store.open(path, read_only=True) as log:
        assert not any(stored.session.edited for stored in log.sessions()), "the session is as it was"
    assert run(["sessions", "--edit", "11", "looser=maybe", "--store", str(path)]) == 2


def test_an_answer_counts_at_once_and_can_be_changed(path: Path, capsys: Out) -> None:
    assert plan_day(path, capsys) == (4, 4)
    doubted(path, _11=Doubt.THING)
    assert plan_day(path, capsys) == (3, 3)
    code, out, err = run_on(path, capsys, "--confirm", "11")
    assert (code, out, err) == (
        0, ["Session 1111aaaa is confirmed as yours and counts; the plan is recomputed."], [],
    )  # fmt: skip
    assert plan_day(path, capsys) == (4, 4)
    code, out, _ = run_on(path, capsys, "--deny", "11")
    assert (code, out[0]) == (0, "Session 1111aaaa was not you and does not count; the plan is recomputed.")
    assert out[1:] == ["Not meant? matpi sessions --confirm 11"]
    assert plan_day(path, capsys) == (3, 3)
    code, out, _ = run_on(path, capsys, "--deny", "11")
    assert (code, out) == (0, ["Session 1111aaaa is denied already; nothing was changed."])
    code, _, _ = run_on(path, capsys, "--deny", "22")
    assert code == 0, "a session that nobody doubted takes an answer as well"
    assert plan_day(path, capsys) == (2, 2)


def test_a_no_to_an_unusual_load_reports_the_setting(path: Path, capsys: Out) -> None:
    doubted(path, _22=Doubt.UNUSUAL)
    assert plan_day(path, capsys) == (4, 4), "it counts until it is answered"
    _, out, _ = run_on(path, capsys, "--deny", "22")
    assert out[-1].startswith("The setting others is now pets: a load that is not known as yours counts only when")
    assert plan_day(path, capsys) == (3, 3)
    assert run(["settings", "--store", str(path)]) == 0
    assert re.search(r"others +pets", capsys.readouterr().out)


def test_what_takes_no_answer_is_one_sentence(path: Path, capsys: Out) -> None:
    with Store.open(path) as log:
        log.write(Checkpoint(session("open", START_UTC + 86400 * 3 + 3000, 3.0, reason=None)))
    perform(DeleteSession("3333"), path)
    for words, why in (
        (["--confirm", "zzz"], "fits no session"),
        (["--deny", "3333"], "fits no session"),
        (["--deny", "open"], "still going on"),
        (["--deny", "1111", "--confirm", "1111"], "exclude each other"),
    ):
        code, out, err = run_on(path, capsys, *words)
        assert (code, out, len(err)) == (2, [], 1)
        assert why in err[0]
    with Store.open(path), pytest.raises(StoreBusyError, match="in use"):
        perform(AnswerSession("0000", False), path)


def test_the_list_says_what_does_not_count_and_how_to_answer(path: Path, capsys: Out) -> None:
    _, out, _ = run_on(path, capsys)
    assert "counted" not in out[0]
    assert out[-1] == "4 sessions, 15 min on the mat."
    doubted(path, _00=Doubt.THING, _11=Doubt.UNUSUAL, _22=Doubt.UNKNOWN, _33=Doubt.LIGHT)
    _, out, _ = run_on(path, capsys)
    assert "counted" in out[0]
    for line, words in zip(
        out[1:5],
        ("not counted: a thing", "was that you?", "not counted: was that you?", "not counted: too light"),
        strict=True,
    ):
        assert f"  {words}  " in line
    assert out[5:] == [
        "4 sessions, 3 min on the mat; without 3 not counted.",
        "Was that you? matpi sessions --confirm ID says yes, --deny ID says no.",
    ]
    doubted(path, _00=Doubt.ONE_END)
    run_on(path, capsys, "--confirm", "1111")
    run_on(path, capsys, "--confirm", "2222")
    run_on(path, capsys, "--deny", "3333")
    _, out, _ = run_on(path, capsys)
    assert "not counted: one end empty" in out[1]
    assert "was that you?" not in "".join(out[2:4])
    assert "not counted: not you" in out[4]
    _, out, _ = run_on(path, capsys, "--json")
    told = [json.loads(line) for line in out]
    assert [(line["counts"], line["doubt"], line["yours"]) for line in told] == [
        (False, "one_end", None), (True, "unusual", True), (True, "unknown", True), (False, "light", False),
    ]  # fmt: skip
