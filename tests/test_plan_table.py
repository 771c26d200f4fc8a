"""`matpi plan`: a plan of one's own, taken or refused, and what is told of how it goes."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from matpi import paths
from matpi.cli import run
from matpi.commands import plan, ratings
from matpi.core.effects import Save
from matpi.core.model import (
    Acknowledgement,
    DayRecord,
    Doubt,
    EndReason,
    Looser,
    Moment,
    Rating,
    Session,
    Settings,
    StopSign,
)
from matpi.core.plan import programme
from matpi.store.db import Store
from tests.bench import NOON
from tests.core.test_device_routines import on_plan_day

Out = pytest.CaptureFixture[str]
EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "own-plan.toml"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "matpi.db"
    with Store.open(path) as log:
        log.write(Save(Settings(zone="UTC")))
    return path


def with_days(path: Path, day: int, ratings: list[int]) -> None:
    with Store.open(path) as log:
        for n, session in enumerate(on_plan_day(day).log.sessions):
            log.write(Save(session))
            start = session.start_utc or 0.0
            log.write(Save(Rating(f"b{n}", "b", 0.0, 9, Moment.BEFORE, None, start - 60, 0, session.day)))
            rating = Rating(f"a{n}", "b", 0.0, ratings[n], Moment.AFTER, session.id, start + 1300, 0, session.day)
            log.write(Save(rating))


def plan_line(path: Path, capsys: Out) -> dict[str, object]:
    capsys.readouterr()
    plan.plan_today(path, as_json=True)
    line: dict[str, object] = json.loads(capsys.readouterr().out)
    return line


def test_a_plan_of_ones_own_is_used_and_given_back(path: Path, capsys: Out) -> None:
    assert run(["plan", "--use", str(EXAMPLE), "--store", str(path)]) == 0
    assert "Three gentle weeks" in capsys.readouterr().out
    line = plan_line(path, capsys)
    assert (line["plan_name"], line["plan_days"], line["upper_min"]) == ("Three gentle weeks", 21, 5)
    assert run(["settings", "--store", str(path)]) == 0
    assert "Three gentle weeks" in capsys.readouterr().out
    assert run(["plan", "--starter", "--store", str(path)]) == 0
    assert plan_line(path, capsys)["plan_days"] == 14


def test_the_marks_of_the_plan_are_those_of_the_page(path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    """Full for the days behind, and for today once it is done: tests/web/test_page_in_browser.py has the page."""
    today = datetime.fromtimestamp(NOON, UTC).date()
    monkeypatch.setattr("time.time", lambda: NOON)
    marks = []
    for n, seconds in enumerate((60.0, 240.0)):
        with Store.open(path) as log:
            log.write(Save(Session(f"s{n}", "b", 0.0, seconds, seconds, EndReason.LEFT, NOON - 900 + n, 0, today)))
        assert run(["plan", "--store", str(path)]) == 0
        marks += re.findall(r"day 1 of 14 +(\S+)", capsys.readouterr().out)
    assert [mark.translate({ord("#"): "\N{BLACK SQUARE}", ord("."): "\N{WHITE SQUARE}"}) for mark in marks] == [
        "\N{WHITE SQUARE}" * 14,
        "\N{BLACK SQUARE}" + "\N{WHITE SQUARE}" * 13,
    ]


def test_what_is_wrong_with_a_plan_is_told_a_sentence_each_and_the_old_one_stays(
    path: Path, tmp_path: Path, capsys: Out
) -> None:
    assert run(["plan", "--use", str(EXAMPLE), "--store", str(path)]) == 0
    bad = tmp_path / "bad.toml"
    bad.write_text("[[tier]]\ndays = [1, 3]\nminutes = [9, 5]\nclothing = 'a'\ngoal = 'b'\n")
    assert run(["plan", "--use", str(bad), "--store", str(path)]) == 2
    told = capsys.readouterr().err
    assert "tier 1 has minutes = [9, 5]" in told
    assert "does not say what follows it" in told
    assert plan_line(path, capsys)["plan_name"] == "Three gentle weeks"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe", "not UTF-8"),
        (b"days = [", "not TOML"),
        (b"x" * 70_000, "larger than 64 KiB"),
        (b"a = " + b"[" * 5000, "not TOML"),
    ],
    ids=["missing", "binary", "broken", "huge", "deep"],
)
def test_a_file_that_is_no_plan_is_one_line(
    content: bytes | None, words: str, path: Path, tmp_path: Path, capsys: Out
) -> None:
    file = tmp_path / "plan.toml"
    if content is not None:
        file.write_bytes(content)
    assert run(["plan", "--use", str(file), "--store", str(path)]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert words in told
    with Store.open(path, read_only=True) as log:
        assert log.load().settings.own_plan == ""


def test_both_at_once_is_wrong_use(path: Path, capsys: Out) -> None:
    assert run(["plan", "--use", str(EXAMPLE), "--starter", "--store", str(path)]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_a_stored_plan_that_cannot_be_read_is_told(path: Path, capsys: Out) -> None:
    with Store.open(path) as log:
        log.write(Save(Settings(own_plan="name = 7")))
    plan.plan_today(path, as_json=False)
    assert "the starter plan holds" in capsys.readouterr().out


def test_the_trend_is_told_with_its_numbers(path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    with_days(path, 9, [8, 8, 7, 7, 6, 5, 4, 4])
    with Store.open(path) as log:
        for session, looser in zip(log.log().sessions, (True, False), strict=False):
            log.write(Save(Looser(session.id, looser)))
    monkeypatch.setattr("time.time", lambda: NOON)
    plan.plan_today(path, as_json=False)
    out = capsys.readouterr().out
    assert "first three 9, last three 9 (medians of 7 days rated before a session;" in out
    assert "Looser after a session: 1 of 2 answers." in out
    trend = plan_line(path, capsys)["trend"]
    assert isinstance(trend, dict)
    assert list(trend) == ["at_day", "answers", "first", "last", "moment"]
    ratings.ratings(path, as_json=False)
    out = capsys.readouterr().out
    assert "The first of a day is its number." in out
    assert "Looser after a session: 1 of 2 answers." in out


def test_a_stop_sign_is_told_with_what_follows_from_it(
    path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_days(path, 9, [5] * 8)
    with Store.open(path) as log:
        log.write(Save(StopSign("s", "b", 0.0, None, NOON - 86400, 0, on_plan_day(9).log.sessions[-1].day)))
    monkeypatch.setattr("time.time", lambda: NOON)
    plan.plan_today(path, as_json=False)
    out = capsys.readouterr().out
    assert "rest day" in out
    assert "one step back; a layer more, or less time" in out
    line = plan_line(path, capsys)
    assert (line["day"], line["rest_reason"]) == (4, "stop sign")


def test_before_day_7_there_is_no_trend(path: Path, capsys: Out) -> None:
    assert plan_line(path, capsys)["trend"] is None


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_computer_whose_clock_cannot_be_is_told_so(
    path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch, year: int
) -> None:
    with_days(path, 3, [5, 5])
    was = path.read_bytes()
    monkeypatch.setattr(paths, "DEVICE_STORE", path)
    monkeypatch.setattr("time.time", lambda: datetime(year, 1, 2, tzinfo=UTC).timestamp())
    plan.plan_today(path, as_json=False)
    assert f"The clock of this computer says {year}-01-02, which cannot be; set it" in capsys.readouterr().out
    assert path.read_bytes() == was
    monkeypatch.setattr("time.time", lambda: NOON)
    assert plan_line(path, capsys)["done_days"] == 2


def test_the_weeks_are_shown_with_what_each_day_was(path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    """NOON is Sunday, 15 March. Done: Monday, Tuesday, Friday; Wednesday was declared a rest; Saturday a minute."""
    with Store.open(path) as log:
        for n, session in enumerate(on_plan_day(6).log.sessions):
            ago = (6, 5, 2, 1, 1)[n]
            start, day = NOON - 86400 * ago + n, date(2026, 3, 15 - ago)
            minutes = (20.0, 9.0, 5.0, 0.6, 0.6)[n]
            short = replace(session, start_utc=start, day=day, on_mat_s=minutes * 60, span_s=minutes * 60)
            log.write(Save(short))
        log.write(Save(DayRecord(date(2026, 3, 11), rest=True)))
        log.write(Save(replace(short, id="old", day=date(2026, 2, 20), doubt=Doubt.THING)))
        log.write(Save(replace(short, id="new", doubt=Doubt.LIGHT, on_mat_s=2400.0, span_s=2400.0)))
    monkeypatch.setattr("time.time", lambda: NOON)
    plan.plan_today(path, as_json=False)
    head, week, legend = capsys.readouterr().out.split("\n\n")[1].splitlines()
    assert head.split() == ["week", "of", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert week.split() == ["2026-03-09", "20", "9", "rest", "-", "5", "(1)"], "Sunday is not over"
    assert legend.startswith("Minutes a day")


def test_the_weeks_take_one_fold_of_the_log(path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    folds: list[object] = []

    def counted(*given: Any, **more: Any) -> Any:
        folds.append(given)
        return programme.plan(*given, **more)

    with_days(path, 9, [5] * 8)
    monkeypatch.setattr("time.time", lambda: NOON)
    monkeypatch.setattr("matpi.commands.plan.plan_of", counted)
    plan.plan_today(path, as_json=False)
    assert "week of" in capsys.readouterr().out
    assert len(folds) == 1


# -- a day of rest -----------------------------------------------------------------------------------------------------


def resting(path: Path, capsys: Out) -> tuple[object, object]:
    line = plan_line(path, capsys)
    return line["rest_day"], line["rest_reason"]


def test_today_is_a_day_of_rest_until_it_is_none(path: Path, capsys: Out) -> None:
    assert resting(path, capsys) == (False, None)
    assert run(["plan", "--rest-today", "--store", str(path)]) == 0
    assert "rest day   declared" in capsys.readouterr().out
    assert resting(path, capsys) == (True, "declared")
    with Store.open(path) as log:
        (record,) = log.load().log.days
        assert record == DayRecord(record.day, rest=True)
        log.write(Save(replace(record, snoozed=True)))
    assert run(["plan", "--no-rest-today", "--store", str(path)]) == 0
    assert resting(path, capsys) == (False, None)
    with Store.open(path, read_only=True) as log:
        assert log.load().log.days == (replace(record, rest=False, snoozed=True),), "what else the day had stays"


def test_a_day_of_rest_is_of_one_person(path: Path, capsys: Out) -> None:
    for name in ("Ada", "Ben"):
        assert run(["people", "add", name, "--store", str(path)]) == 0
    assert run(["plan", "--rest-today", "--person", "Ben", "--store", str(path)]) == 0
    capsys.readouterr()
    assert run(["plan", "--json", "--person", "Ben", "--store", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["rest_day"]
    assert resting(path, capsys) == (False, None), "Ada's is another plan"


def test_no_day_of_rest_beside_a_running_device_nor_by_a_clock_that_cannot_be(
    path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(path):
        assert run(["plan", "--rest-today", "--store", str(path)]) == 1
        assert "in use" in capsys.readouterr().err
    monkeypatch.setattr("matpi.commands.plan.time.time", lambda: 86_400.0)
    assert run(["plan", "--rest-today", "--store", str(path)]) == 2
    assert "set it first" in capsys.readouterr().err
    with Store.open(path, read_only=True) as log:
        assert log.load().log.days == ()


def test_where_there_is_no_log_yet_one_is_made_for_it(tmp_path: Path, capsys: Out) -> None:
    new = tmp_path / "new.db"
    assert run(["plan", "--rest-today", "--store", str(new)]) == 0
    assert "a new one was made" in capsys.readouterr().err
    assert resting(new, capsys) == (True, "declared")


def test_today_is_not_a_day_of_rest_and_none_at_once(path: Path, capsys: Out) -> None:
    was = path.read_bytes()
    assert run(["plan", "--rest-today", "--no-rest-today", "--store", str(path)]) == 2
    assert "exclude each other" in capsys.readouterr().err
    assert path.read_bytes() == was


def test_who_should_ask_a_doctor_first_reads_no_range_and_no_done(
    path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_days(path, 2, [5])
    monkeypatch.setattr("time.time", lambda: NOON - 86_400)
    plan.plan_today(path, as_json=False)
    assert "20:00 min, done" in capsys.readouterr().out
    with Store.open(path) as log:
        log.write(Save(Acknowledgement(some=True, utc=NOON - 2 * 86_400)))
    plan.plan_today(path, as_json=False)
    out = capsys.readouterr().out
    assert "please ask a doctor first" in out
    assert "20:00 min\n" in out
    assert "to 5 min" not in out
    assert "done" not in out
