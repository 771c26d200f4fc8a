"""Every route of the table: what it answers the paired, and that no wrong call of any is a fault of ours."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matpi.control.requests import all as requests
from matpi.control.server import LINE_MAX
from matpi.page.app import CALL_MAX_BYTES, DO, ROUTES
from matpi.page.link import REQUEST_MAX_BYTES
from tests.page.conftest import Page
from tests.page.fake_device import STATE
from tests.web.client import ask

TRIED: dict[str, Callable[[Page], None]] = {}
"""By the name of the route: what is tried of it."""


def of(route: str) -> Callable[[Callable[[Page], None]], Callable[[Page], None]]:
    def listed(function: Callable[[Page], None]) -> Callable[[Page], None]:
        TRIED[route] = function
        return function

    return listed


def test_each_route_is_tried() -> None:
    assert set(TRIED) == set(ROUTES)


def test_all_that_the_device_takes_can_be_asked_but_its_streams_and_the_code(page: Page) -> None:
    for kind in (*requests.OF_LOG, *requests.OF_DEVICE):
        name = str(kind.__struct_config__.tag)
        before = len(page.device.asked(name))
        status = page.post("/api/do", {"do": name, "code": "123456"}).status
        if name in {"state", "live", "counts", "pair"}:
            assert (status, len(page.device.asked(name))) == (400, before), name
        else:
            assert len(page.device.asked(name)) == before + 1, name
    assert REQUEST_MAX_BYTES == LINE_MAX


@pytest.mark.parametrize("route", ROUTES)
def test_route(page: Page, route: str) -> None:
    page.device.calls.clear()
    TRIED[route](page)


@of("index")
def index(page: Page) -> None:
    answer = page.get("/", paired=False)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"
    assert "access-control-allow-origin" not in answer.headers


@of("static")
def static(page: Page) -> None:
    answer = page.get("/static/app.js", paired=False)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert page.get("/static/views/today.js").text == "export {};"
    zipped = page.get("/static/app.js", accept_encoding="gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["etag"] != answer.headers["etag"]
    tags: list[tuple[dict[str, Any], str]]
    tags = [({}, answer.headers["etag"]), ({"accept_encoding": "gzip"}, zipped.headers["etag"])]
    for headers, tag in tags:
        again = page.get("/static/app.js", if_none_match=tag, **headers)
        assert (again.status, again.text) == (304, "")
    for wrong in ("nothing.js", "secret.key", "../mat.db", "%2e%2e/mat.db", "..%2fmat.db", "", "views"):
        assert page.get(f"/static/{wrong}", paired=False).status == 404, wrong


@of("words")
def words(page: Page) -> None:
    for language in ("en", "de"):
        texts = json.loads(page.get(f"/words/{language}.json", paired=False).text)
        assert len(texts) > 100
        assert all(isinstance(text, str) and "." in key for key, text in texts.items())
    for wrong in ("fr", "..%2fen", "page_en"):
        assert page.get(f"/words/{wrong}.json", paired=False).status == 404, wrong


@of("hello")
def hello(page: Page) -> None:
    found = json.loads(page.get("/api/hello", paired=False).text)
    assert list(found) == ["version", "paired", "language", "running"]
    assert (found["paired"], found["running"], found["language"]) == (False, True, "en")
    assert json.loads(page.get("/api/hello").text)["paired"] is True


@of("pair")
def pair(page: Page) -> None:
    """More in test_pairing.py."""
    assert page.post("/api/pair", {"code": 123456}, paired=False).status == 400
    assert page.device.calls == []


@of("devices")
def devices(page: Page) -> None:
    (own,) = [one for one in json.loads(page.get("/api/devices").text) if one["this"]]
    assert list(own) == ["id", "name", "paired", "seen", "this"]
    assert own["name"] == "the test"


@of("revoke")
def revoke(page: Page) -> None:
    token = page.devices.add("an old phone")
    (old,) = [one for one in json.loads(page.get("/api/devices").text) if one["name"] == "an old phone"]
    assert page.get("/api/devices", cookie=f"matpi={token}").status == 200
    assert page.post("/api/revoke", {"id": old["id"]}).status == 200
    assert page.get("/api/devices", cookie=f"matpi={token}").status == 401
    again = page.post("/api/revoke", {"id": old["id"]})
    assert (again.status, again.error.startswith("No browser of the id")) == (400, True)


@of("events")
def events(page: Page) -> None:
    with page.listening() as stream:
        assert stream.response.getheader("content-type") == "text/event-stream; charset=utf-8"
        assert stream.message() == ("state", STATE)
        page.device.show(front="ON_MAT")
        assert stream.message() == ("state", STATE | {"front": "ON_MAT"})
    assert page.device.wait_for_live(0) == 0


@of("do")
def do(page: Page) -> None:
    call = {"do": "rate", "value": 4, "person": None}
    answer = page.post("/api/do", call)
    assert (answer.status, json.loads(answer.text)) == (200, {"said": ["Done."], "data": {}})
    assert page.device.calls == [call]
    page.device.replies |= {
        "zero": {"error": "The mat is not empty; get up first.", "usage": False},
        "settings": {"error": "bedtime=25:00 does not work; give a time.", "usage": True},
    }
    refused = page.post("/api/do", {"do": "zero"})
    assert (refused.status, refused.error) == (409, "The mat is not empty; get up first.")
    wrong = page.post("/api/do", {"do": "settings", "set": {"bedtime": "25:00"}})
    assert (wrong.status, wrong.error) == (400, "bedtime=25:00 does not work; give a time.")
    page.device.replies.clear()
    page.device.replies["state"] = {"said": [], "data": STATE}
    page.device.calls.clear()
    for name in ("live", "counts", "pair", "state", "format", "", None, 7, ["rate"]):
        assert page.post("/api/do", {"do": name}).status == 400, name
    bodies: list[Any] = [[], "rate", None, {"value": 4}]
    for body in bodies:
        assert page.post("/api/do", body).status == 400, body
    assert page.device.calls == []
    plan = {"do": "settings", "set": {"own_plan": "x" * 60_000}}
    assert page.post("/api/do", plan).status == 200
    assert page.device.calls == [plan]
    assert page.post("/api/do", {"do": "settings", "set": {"own_plan": "x" * 70_000}}).status == 413
    assert page.post("/api/do", {"do": "people", "words": ["add", "x" * CALL_MAX_BYTES]}).status == 413
    assert len(page.device.calls) == 1


@of("log")
def log(page: Page) -> None:
    """More in test_log.py."""
    answer = page.get("/api/log")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert [one["id"] for one in json.loads(answer.text)["sessions"]] == ["s0", "s1", "s2"]


@of("export")
def export(page: Page) -> None:
    answer = page.get("/export.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="matpi.json"'
    assert [one["id"] for one in json.loads(answer.text)["sessions"]] == ["s0", "s1", "s2"]


@of("table")
def table(page: Page) -> None:
    for name in ("sessions", "edits", "ratings", "stops", "days", "people", "looser"):
        answer = page.get(f"/export/{name}.csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert len(rows) == {"sessions": 3, "ratings": 3}.get(name, 0), name
    for wrong in ("settings", "..%2fsessions", "sessions.csv"):
        assert page.get(f"/export/{wrong}.csv").status in {400, 404}, wrong


@of("backup")
def backup(page: Page) -> None:
    answer = page.get("/backup.db")
    assert answer.headers["content-type"] == "application/vnd.sqlite3"
    assert answer.text.startswith("SQLite format 3\0")


@of("recording")
def recording(page: Page) -> None:
    folder = page.log.parent / "recordings"
    folder.mkdir(exist_ok=True)
    (folder / "2026-03-15T2100.csv").write_text("t,kg\n")
    (folder / "link.csv").unlink(missing_ok=True)
    (folder / "link.csv").symlink_to(page.log)
    answer = page.get("/recordings/2026-03-15T2100.csv")
    assert (answer.status, answer.text) == (200, "t,kg\n")
    assert answer.headers["content-disposition"] == 'attachment; filename="2026-03-15T2100.csv"'
    for wrong in ("nothing.csv", "link.csv", "..", ".", "..%2fmat.db", "%2e%2e", "a%00b", "", "a" * 300):
        assert page.get(f"/recordings/{wrong}").status == 404, wrong


@of("import")
def import_(page: Page) -> None:
    """More in test_uploads.py."""
    answer = page.post("/api/import?person=Anna", {"format": "x"})
    assert (answer.status, json.loads(answer.text)) == (200, {"said": ["Done."], "data": {}})
    (call,) = page.device.asked("import")
    assert json.loads(call["document"]) == {"format": "x"}
    assert call["person"] == "Anna"


@of("doctor")
def doctor(page: Page) -> None:
    checks = json.loads(page.get("/api/doctor").text)["checks"]
    assert {tuple(check) for check in checks} == {("part", "name", "verdict", "sentence", "do")}
    (whole,) = [check for check in checks if (check["part"], check["name"]) == ("log", "whole")]
    assert (whole["verdict"], "3 sessions" in whole["sentence"]) == ("OK", True)


@of("sinks")
def sinks(page: Page) -> None:
    assert json.loads(page.get("/api/sinks").text) == []


# -- wrong calls -------------------------------------------------------------------------------------------------------

PATHS = sorted({entry.path.replace("{path:path}", "app.js").replace("{language}", "en") for entry in ROUTES.values()})
SLOW = {"/api/doctor", "/api/sinks", "/events"}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
CALLS = st.dictionaries(
    st.sampled_from(["do", "set", "id", "code", "name", "words", "value", "document", "person"]),
    JSON_VALUES | st.sampled_from(sorted(DO)),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW"]),
    path=st.sampled_from([path for path in PATHS if path not in SLOW]) | st.text(max_size=30).map(lambda s: f"/{s}"),
    tail=st.sampled_from(["", "/", "?x=1", "?person=%ff%fe", "/%00", "%2f..", "?" + "a" * 2000]),
    body=st.binary(max_size=300) | JSON_VALUES.map(json.dumps) | CALLS.map(json.dumps) | st.just("[" * 3000),
    kind=st.sampled_from(["application/json", "application/octet-stream", "text/plain", "", "application/json; \xe4"]),
    paired=st.booleans(),
)
def test_no_wrong_call_is_a_fault_of_the_page(
    page: Page, method: str, path: str, tail: str, body: str | bytes, kind: str, paired: bool
) -> None:
    from urllib.parse import quote

    target = quote(path, errors="replace", safe="/{}.") + tail
    sent = (page.cookie if paired else {}) | ({"content-type": kind} if kind else {})
    answer = ask(page.url, method, target, body.encode() if isinstance(body, str) else body, sent)

    assert answer.status < 500, answer.text
    if answer.status >= 400 and method != "HEAD":
        assert answer.error.endswith((".", "}", ")")), answer.text
        assert "Traceback" not in answer.text


def test_the_slow_routes_too_refuse_a_wrong_method(page: Page) -> None:
    for path in SLOW:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = page.ask(method, path, "{}")
            assert answer.status == 405, (path, method)
            assert answer.error == f"{path} does not answer to {method}."
    assert page.ask("HEAD", "/events").status == 405


def test_a_backup_that_is_downloaded_is_a_whole_log(page: Page) -> None:
    from urllib.request import Request, urlopen

    with urlopen(Request(page.url + "backup.db", headers=page.cookie)) as answer:
        image = answer.read()
    with sqlite3.connect(":memory:") as conn:
        conn.deserialize(image)
        assert conn.execute("SELECT count(*) FROM sessions").fetchone() == (3,)
    conn.close()
