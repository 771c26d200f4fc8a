"""GET /api/log: the log and the plan as plain values, made again only when something has changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC as UTC_ZONE
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from matpi.commands import plan as plan_command
from matpi.core.effects import Save
from matpi.core.model import (
    Acknowledgement,
    DayRecord,
    EndReason,
    Looser,
    Moment,
    Rating,
    Session,
    Settings,
    StopSign,
)
from matpi.page import figures, logbook
from matpi.page.figures import BAND_DAYS
from matpi.store import members
from matpi.store.db import Store
from matpi.words import GERMAN
from tests.page.conftest import UTC, Page
from tests.page.fake_device import STATE

DAY_S = 86_400.0


def found(page: Page) -> dict[str, Any]:
    answer = page.get("/api/log")
    assert answer.status == 200, answer.text
    content: dict[str, Any] = json.loads(answer.text)
    return content


def test_every_record_is_there(make_page: Callable[..., Page]) -> None:
    page = make_page()
    with Store.open(page.log) as log:
        log.write(Save(Looser("s1", looser=True)))
        log.write(Save(StopSign("x", "b", 1.0, "s2", UTC, 3600, date(2026, 3, 14))))
        log.write(Save(DayRecord(date(2026, 3, 13), rest=True)))
        log.write(Save(Acknowledgement(some=False, utc=UTC)))
        log.delete_session("s0", utc=UTC)
    content = found(page)

    assert list(content) == [
        "version", "today", "estimated", "people", "settings", "sessions", "ratings", "looser", "stops", "days",
        "plans", "safety",
    ]  # fmt: skip
    assert (content["today"], content["estimated"], content["people"]) == ("2026-03-15", False, [])
    assert {"key": "zone", "value": "Europe/Berlin", "wanted": "a time zone such as Europe/Berlin"} in content[
        "settings"
    ]
    first, second, _ = content["sessions"]
    assert (first["id"], first["deleted_why"], first["counts"]) == ("s0", "by hand", False)
    assert second == {
        "id": "s1", "start": "2026-03-13T21:00:00+01:00", "day": "2026-03-13", "on_mat_s": 240.0, "span_s": 240.0,
        "reason": "left", "aways": 0, "routine": "plan", "person": None, "counts": True, "doubt": None, "yours": None,
        "edited": False, "estimated": False, "deleted_why": None, "load_kg": None,
    }  # fmt: skip
    assert content["ratings"][0] == {
        "id": "r1", "time": "2026-03-13T21:06:40+01:00", "day": "2026-03-13", "person": None, "estimated": False,
        "value": 6, "moment": "after", "session_id": "s1",
    }, "that of the deleted session is in no chart"  # fmt: skip
    assert content["looser"] == {"s1": True}
    assert [(one["id"], one["session_id"]) for one in content["stops"]] == [("x", "s2")]
    assert content["days"] == [{"day": "2026-03-13", "rest": True, "person": None}]
    assert content["safety"] == {
        "": {"answered": True, "some": False, "cleared": False, "sentence": "Answered on 2026-03-15: none of these."}
    }
    plan = content["plans"][""]
    assert (plan["rest_day"], plan["rest_reason"]) == (True, "stop sign")
    assert plan["rests"] == ["2026-03-13", "2026-03-15"]


def test_the_plan_is_that_of_the_command(make_page: Callable[..., Page], capsys: Any) -> None:
    page = make_page(device=False)
    with Store.open(page.log) as log:
        for n in range(40):  # later than any clock that runs this: today is the last day
            day = date(2100, 3, 1) + timedelta(days=n)
            utc = datetime(2100, 3, 1, 20, tzinfo=UTC_ZONE).timestamp() + n * DAY_S
            log.write(Save(Session(f"n{n}", "b", 1.0, 900.0, 900.0, EndReason.LEFT, utc, 3600, day)))
            log.write(Save(Rating(f"m{n}", "b", 1.0, 9 - n // 8, Moment.AFTER, f"n{n}", utc, 3600, day)))
    plan = found(page)["plans"][""]
    plan_command.plan_today(page.log, as_json=True)
    line = json.loads(capsys.readouterr().out)

    for name in set(line) & set(plan):
        assert plan[name] == line[name], name
    assert len(set(line) & set(plan)) >= 14
    assert plan["trend"]["at_day"] == 14
    assert len(plan["bands"]) == BAND_DAYS
    assert plan["bands"][plan["today"]] == [plan["lower_min"], plan["upper_min"]]
    assert [tier["first_day"] for tier in plan["course"]] == [1, 4, 8, 11, 15]
    assert len(plan["done_on"]) == line["done_days"]


def test_each_person_has_a_plan_in_the_language_of_the_panel(tmp_path: Path) -> None:
    from tests.page.conftest import write_log

    path = tmp_path / "mat.db"
    write_log(path)
    with Store.open(path) as log, log.writing() as conn:
        for n, name in enumerate(("Anna", "Jörg", "Eva")):
            members.change(conn, ["add", name], f"p{n}".__str__)
        members.change(conn, ["goal", "Jörg", "4"], str)
        members.change(conn, ["remove", "Eva"], str)
    book = logbook.Logbook(path, GERMAN)
    content = json.loads(book._answer((date(2026, 3, 15), True)).body())
    book._close()

    assert content["estimated"] is True
    assert [(one["id"], one["chosen"], one["removed"], one["weekly_goal"]) for one in content["people"]] == [
        ("p0", True, False, None),
        ("p1", False, False, 4),
        ("p2", False, True, None),
    ]
    assert list(content["plans"]) == list(content["safety"]) == ["p0", "p1"]
    assert (content["plans"]["p0"]["day"], content["plans"]["p1"]["day"]) == (4, 1)
    assert content["plans"]["p1"]["weekly_goal"] == 4
    assert content["plans"]["p0"]["clothing"] == GERMAN("clothing.thin_or_bare")


def test_the_language_that_is_set_holds_for_the_page(make_page: Callable[..., Page]) -> None:
    page = make_page(device=False)
    assert json.loads(page.get("/api/hello", paired=False).text)["language"] == "en"
    with Store.open(page.log) as log:
        log.write(Save(Settings(zone="Europe/Berlin", language="de")))
    assert json.loads(page.get("/api/hello", paired=False).text)["language"] == "de"
    assert found(page)["plans"][""]["clothing"] == GERMAN("clothing.thin_shirt")
    page.log.unlink()
    assert json.loads(page.get("/api/hello", paired=False).text)["language"] == "en"


def test_while_a_doctor_is_to_be_asked_no_dose_is_shown(make_page: Callable[..., Page]) -> None:
    page = make_page()
    with Store.open(page.log) as log:
        log.write(Save(Acknowledgement(some=True, utc=UTC)))
    content = found(page)
    plan = content["plans"][""]
    assert (plan["short_only"], plan["lower_min"], plan["upper_min"], plan["done"]) == (True, 0, 0, False)
    assert (plan["bands"], plan["done_on"], plan["course"]) == ({}, [], [])
    assert "matpi safety" not in content["safety"][""]["sentence"]


def test_it_is_sent_only_when_it_has_changed(make_page: Callable[..., Page]) -> None:
    page = make_page()
    first = page.get("/api/log")
    tag = first.headers["etag"]
    assert page.get("/api/log", if_none_match=tag).status == 304
    assert page.get("/api/log", if_none_match=f'"other", {tag}').status == 304
    zipped = page.get("/api/log", accept_encoding="gzip, br")
    assert zipped.headers["content-encoding"] == "gzip"
    assert page.get("/api/log", accept_encoding="gzip", if_none_match=zipped.headers["etag"]).status == 304
    with Store.open(page.log) as log:
        log.write(Save(Settings(zone="Europe/Berlin", weekly_goal=4)))
    again = page.get("/api/log", if_none_match=tag)
    assert again.status == 200
    assert json.loads(again.text)["plans"][""]["weekly_goal"] == 4
    page.device.replies["state"] = {"said": [], "data": STATE | {"today": "2026-03-16"}}
    tomorrow = page.get("/api/log", if_none_match=again.headers["etag"])
    assert (tomorrow.status, json.loads(tomorrow.text)["today"]) == (200, "2026-03-16")


def test_it_is_made_once_for_all_who_ask(make_page: Callable[..., Page], monkeypatch: Any) -> None:
    made = []
    answer = figures.answer

    def noted(*given: Any, **named: Any) -> dict[str, Any]:
        made.append(given)
        return answer(*given, **named)

    monkeypatch.setattr(figures, "answer", noted)
    page = make_page()
    assert len({page.get("/api/log").text for _ in range(5)}) == 1
    assert len(made) == 1


def test_a_log_that_cannot_be_read_is_one_sentence_and_comes_back(make_page: Callable[..., Page]) -> None:
    page = make_page()
    assert page.get("/api/log").status == 200
    aside = page.log.with_name("aside.db")
    page.log.replace(aside)
    for path in ("/api/log", "/export.json", "/export/sessions.csv", "/backup.db"):
        answer = page.get(path)
        assert (answer.status, "There is no session log" in answer.error) == (503, True), path
    page.log.write_bytes(b"no database at all" * 1000)
    assert (page.get("/api/log").status, page.get("/backup.db").status) == (503, 503)
    whole = bytearray(aside.read_bytes())
    whole[60:64] = (10_000).to_bytes(4, "big")  # user_version: of a newer matpi
    page.log.write_bytes(whole)
    assert "newer" in page.get("/api/log").error
    page.log.unlink()
    aside.replace(page.log)
    assert len(found(page)["sessions"]) == 3


def test_another_log_under_its_name_is_read_anew(make_page: Callable[..., Page]) -> None:
    page = make_page()
    assert len(found(page)["sessions"]) == 3
    new = page.log.with_name("new.db")
    with Store.open(new) as log:
        log.write(Save(Settings()))
    page.log.replace(page.log.with_name("damaged.db"))
    new.replace(page.log)
    assert found(page)["sessions"] == []


def test_a_restored_log_is_read_anew_whatever_number_its_file_has(make_page: Callable[..., Page]) -> None:
    """The file system may give it that of the one that was removed."""
    page = make_page()
    assert len(found(page)["sessions"]) == 3
    aside, new = page.log.with_name("aside.db"), page.log.with_name("new.db")
    with Store.open(new) as log:
        log.write(Save(Settings()))
    page.log.replace(aside)
    assert page.get("/api/log").status == 503
    aside.write_bytes(new.read_bytes())
    aside.replace(page.log)
    assert found(page)["sessions"] == []


def test_a_session_under_way_is_in_it(make_page: Callable[..., Page]) -> None:
    from matpi.core.effects import Checkpoint

    page = make_page()
    with Store.open(page.log) as log:
        running = Session("now", "b", 1.0, 75.0, 75.0, None, UTC, 3600, date(2026, 3, 15))
        log.write(Checkpoint(running))
        content = found(page)
    assert [(one["id"], one["reason"]) for one in content["sessions"]][-1] == ("now", None)
    assert content["plans"][""]["today_s"] == 75.0
    assert asdict(running)["reason"] is None
