"""History and the sheet in a real browser: the page's own files, and a server that is played by the test."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

import matpi
from matpi.words import Words

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

STATIC = Path(matpi.__file__).parent / "page" / "static"
ADDRESS = "http://mat.test"
TODAY = date(2026, 11, 30)
WIDTHS = (360, 1280)
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
PLAN = {"day": 3, "days": 14, "after": False, "lower_min": 2, "upper_min": 5, "short_only": False}
SAFE = {"answered": True, "some": False, "cleared": False, "sentence": "None applies."}
Log = dict[str, Any]


def ago(days: int) -> str:
    return (TODAY - timedelta(days)).isoformat()


def session(name: str, day: str | None, seconds: float = 200.0, **other: Any) -> dict[str, Any]:
    made = {"id": name, "start": day and f"{day}T21:00:00+01:00", "day": day, "on_mat_s": seconds, "span_s": seconds}
    made |= {"reason": "left", "aways": 0, "routine": "plan", "person": None, "counts": True, "doubt": None}
    return made | {"yours": None, "edited": False, "estimated": False, "deleted_why": None, "load_kg": 41.0} | other


def rating(name: str, day: str, value: int, moment: str, hour: int = 20) -> dict[str, Any]:
    made = {"id": name, "time": f"{day}T{hour}:30:00+01:00", "day": day, "value": value, "moment": moment}
    return made | {"session_id": None, "person": None, "estimated": False}


def stop(name: str, day: str) -> dict[str, Any]:
    made = {"id": name, "time": f"{day}T21:30:00+01:00", "day": day, "session_id": None}
    return made | {"person": None, "estimated": False}


def a_log(**other: Any) -> Log:
    """Return the log of three days: done with two answers, a rest day with a stop sign before it, and today."""
    plan = PLAN | {"trend": None, "bands": {ago(n): [2, 5] for n in range(20)}}
    made: Log = {"version": 1, "today": ago(0), "estimated": False, "people": [], "settings": [], "days": []}
    made["sessions"] = [session("a", ago(2), 260.0), session("b", ago(0), 70.0)]
    made["ratings"] = [rating("r2", ago(2), 3, "after", 22), rating("r1", ago(2), 7, "before")]
    made |= {"looser": {"a": True}, "stops": [stop("s", ago(2))]}
    made["plans"] = {"": plan | {"done_on": [ago(2)], "rests": [ago(1)]}}
    return made | {"safety": {"": SAFE}} | other


class Mat:
    """What the page is told: a log, a state, and what it asked to do."""

    def __init__(self) -> None:
        self.log, self.language = a_log(), "en"
        self.asked: list[dict[str, Any]] = []
        self.perform: Callable[[dict[str, Any]], str] = lambda _: ""
        """Do what is asked; return why it is refused, or nothing."""

    def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS).partition("?")[0]
        file = STATIC / ("index.html" if path == "/" else path.removeprefix("/static/"))
        if path == "/api/do":
            self.asked.append(json.loads(route.request.post_data or ""))
            refused = self.perform(self.asked[-1])
            self.log = {**self.log, "version": self.log["version"] + 1}
            json_of(route, {"error": refused} if refused else {"said": [], "data": {}}, 400 if refused else 200)
        elif path == "/api/log":
            json_of(route, self.log)
        elif path == "/api/hello":
            json_of(route, {"version": "0", "paired": True, "language": self.language, "running": True})
        elif path.startswith("/words/"):
            json_of(route, dict(Words(f"page_{path[7:9]}").texts))
        elif path == "/events":  # it ends at once, and the page asks again
            state = {"language": self.language, "today": self.log["today"], "owner": None, "people": []}
            route.fulfill(content_type="text/event-stream", body=f"event: state\ndata: {json.dumps(state)}\n\n")
        elif path == "/" or path.startswith("/static/"):
            headers = {"Content-Security-Policy": POLICY}
            route.fulfill(content_type=TYPES[file.suffix], body=file.read_text(encoding="utf-8"), headers=headers)
        else:
            route.fulfill(status=404, body="{}")


def json_of(route: Route, value: object, status: int = 200) -> None:
    route.fulfill(status=status, content_type="application/json", body=json.dumps(value))


@pytest.fixture
def mat() -> Mat:
    return Mat()


@pytest.fixture
def opened(chromium_browser: Browser, mat: Mat) -> Iterator[Callable[..., Any]]:
    """Return what opens the page at a width and a view, until the `with` ends; it must complain of nothing."""
    complaints: list[str] = []

    @contextmanager
    def at(width: int, view: str = "history") -> Iterator[Page]:
        context = chromium_browser.new_context(viewport={"width": width, "height": 800})
        context.route("**/*", mat.answer)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{ADDRESS}/#{view}")
        expect(page.locator("h1")).to_be_visible()
        yield page
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        context.close()

    yield at
    assert complaints == []


def test_the_arrow_keys_say_each_day_of_the_chart(opened: Callable[..., Any]) -> None:
    for width in WIDTHS:
        with opened(width) as page:
            chart = page.locator("[role=slider]")
            chart.focus()
            expect(chart).to_have_attribute(
                "aria-valuetext", re.compile(r"30 November 2026: 1:10 min; plan 2 to 5 min$")
            )
            page.keyboard.press("ArrowLeft")
            expect(chart).to_have_attribute(
                "aria-valuetext", re.compile("29 November 2026: no session; plan 2 to 5 min; rest day$")
            )
            page.keyboard.press("ArrowLeft")
            of_day = (
                "4:20 min; plan 2 to 5 min; plan reached; tightness 7, before a session; looser afterwards; stop sign"
            )
            expect(chart).to_have_attribute("aria-valuetext", re.compile(f"28 November 2026: {of_day}$"))
            expect(page.locator(".says")).to_contain_text(of_day)
            page.keyboard.press("Home")
            page.keyboard.press("ArrowLeft")
            expect(chart).to_have_attribute("aria-valuenow", "1")
            page.keyboard.press("End")
            page.keyboard.press("Enter")
            expect(page.locator("dialog h2")).to_have_text("Monday, 30 November 2026")
            page.keyboard.press("Escape")
            expect(chart).to_be_focused()


def test_all_is_a_bar_a_week_with_the_middle_of_the_answers_of_one_moment(mat: Mat, opened: Callable[..., Any]) -> None:
    days = [ago(n) for n in (13, 12, 11, 10, 9)]  # Tuesday to Saturday
    mat.log["sessions"] = [session(day, day, 600.0) for day in days]
    given = zip(days, (9, 2, 4, 8, 1), ("before", "after", "after", "after", "day"), strict=True)
    mat.log["ratings"] = [rating(day, day, value, moment) for day, value, moment in given]
    mat.log["looser"] = {days[0]: True, days[1]: False}
    with opened(1280) as page:
        page.get_by_text("All", exact=True).click()
        chart = page.locator("[role=slider]")
        expect(chart).to_have_attribute("aria-valuemax", "3")
        chart.focus()
        page.keyboard.press("Home")
        said = "50 min in 5 sessions; tightness 4, after a session (median of 3); looser after 1 of 2 sessions"
        expect(chart).to_have_attribute("aria-valuetext", f"Week of 16 Nov 2026: {said}")


def test_the_table_has_what_the_chart_has(opened: Callable[..., Any]) -> None:
    with opened(360) as page:
        page.get_by_text("As a table").click()
        rows = page.locator(".view-history details table tr")
        expect(rows).to_have_count(15)
        assert rows.nth(3).locator("th, td").all_inner_texts() == [
            *("Sat, 28 Nov 2026", "4", "1", "2\u20135", "yes", "7", "before a session", "1 of 1", "", "1"),
        ]


def test_who_should_ask_a_doctor_first_sees_minutes_only(mat: Mat, opened: Callable[..., Any]) -> None:
    mat.log["plans"][""] |= {"short_only": True}
    mat.log["safety"] = {"": SAFE | {"some": True}}
    for view in ("history", "sheet"):
        with opened(1280, view) as page:
            text = page.locator("#main").inner_text()
            assert "4:20" in text or "4\n" in text
            assert re.findall(r"(?i)reached|\bplan\b|day 3", text) == []
            drawn = [page.locator(f".chart path.{kind}").first.get_attribute("d") for kind in ("band", "done", "less")]
            assert drawn == ["", "", ""]
            assert page.locator(".chart path.plain").first.get_attribute("d")
    with opened(360) as page:
        expect(page.locator(".notice.warn")).to_contain_text("Please ask a doctor")


def day_opened(page: Page, day: str) -> None:
    page.locator(f'[data-key="strip {day}"]').click()
    expect(page.locator("dialog[open]")).to_be_visible()


def test_a_session_opens_and_is_edited(mat: Mat, opened: Callable[..., Any]) -> None:
    mat.perform = lambda request: "minutes=99 is no time on the mat." if request["set"]["minutes"] == "99" else ""
    for width in WIDTHS:
        mat.asked.clear()
        with opened(width) as page:
            day_opened(page, ago(2))
            page.locator("dialog summary").click()
            expect(page.locator("dialog dl")).to_contain_text("got up and did not come back")
            page.locator("dialog details").get_by_role("button", name="Edit").click()
            minutes = page.get_by_label("Time on the mat")
            expect(minutes).to_be_focused()
            minutes.fill("99")
            page.keyboard.press("Enter")
            expect(page.locator("dialog .error", has_text="no time on the mat")).to_have_count(1)
            expect(minutes).to_have_attribute("aria-invalid", "true")
            minutes.fill("12:30")
            page.get_by_label("Start").fill("2026-11-28T19:05")
            page.get_by_label("Routine").select_option("feet")
            page.locator("dialog form").get_by_text("no", exact=True).click()
            page.get_by_role("button", name="Save").click()
            expect(page.locator("dialog form")).to_have_count(0)
        changed = {"minutes": "12:30", "start": "2026-11-28 19:05", "routine": "feet", "looser": "no"}
        assert [one["set"] for one in mat.asked] == [{"minutes": "99"}, changed]
        assert mat.asked[1] == {"do": "edit_session", "id": "a", "set": changed}


def test_a_deleted_session_comes_back_by_undo_and_from_the_list(mat: Mat, opened: Callable[..., Any]) -> None:
    def perform(request: dict[str, Any]) -> str:
        why = "by hand" if request["do"] == "delete_session" else None
        mat.log["sessions"] = [
            one | ({"deleted_why": why} if one["id"] == request["id"] else {}) for one in mat.log["sessions"]
        ]
        return ""

    mat.perform = perform
    for width in WIDTHS:
        mat.asked.clear()
        with opened(width) as page:
            day_opened(page, ago(2))
            page.locator("dialog summary").click()
            page.locator("dialog details").get_by_role("button", name="Delete").click()
            expect(page.locator("dialog details")).to_have_count(0)
            page.get_by_role("button", name="Undo").click()
            expect(page.locator("dialog details")).to_have_count(1)
            page.locator("dialog details").get_by_role("button", name="Delete").click()
            expect(page.locator("dialog details")).to_have_count(0)
            page.get_by_role("button", name="Close").click()
            page.locator(".deleted summary").click()
            page.locator(".deleted").get_by_role("button").click()
            expect(page.locator(".deleted")).to_have_count(0)
        did = [one["do"] for one in mat.asked]
        assert did == ["delete_session", "restore_session"] * 2


def test_answers_and_stop_signs_are_corrected(mat: Mat, opened: Callable[..., Any]) -> None:
    with opened(360) as page:
        day_opened(page, ago(2))
        entry = page.locator("dialog .entry", has_text="7 of 10, before a session (the number of the day)")
        entry.get_by_role("button", name="Edit").click()
        page.get_by_label("Tightness", exact=True).fill("8")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("dialog form")).to_have_count(0)
        sign = page.locator("dialog .entry", has_text="stop sign").get_by_role("button", name="Delete")
        sign.click()
        assert len(mat.asked) == 1, "what cannot come back is asked about once more"
        page.get_by_role("button", name="Delete for good").click()
        expect(page.get_by_role("button", name="Delete for good")).to_have_count(0)
        page.get_by_role("button", name="Add a stop sign").click()
        page.get_by_role("button", name="Yes, it felt wrong").click()
        expect(page.locator(".toast").last).to_contain_text("Stop sign noted")
    assert mat.asked == [
        {"do": "edit_rating", "id": "r1", "set": {"value": "8"}},
        {"do": "delete_rating", "id": "s"},
        {"do": "felt_wrong", "on": ago(2), "person": None},
    ]


def test_a_session_in_doubt_is_asked_about_and_says_why(mat: Mat, opened: Callable[..., Any]) -> None:
    mat.log["sessions"] += [session("c", ago(0), 50.0, counts=False, doubt="light"), session("d", None, doubt="thing")]
    mat.log["ratings"] += [rating("r3", ago(0), 2, "day") | {"time": None, "day": None}]
    with opened(360) as page:
        asked = page.locator(".asked")
        expect(asked).to_have_count(1)
        asked.locator("summary").click()
        expect(asked.locator("dl")).to_contain_text("no: the load was too light, as with a pet")
        asked.locator("> .row").get_by_role("button", name="no").click()
        expect(page.locator(".toast")).to_have_text("Saved.")
        undated = page.locator("section", has=page.get_by_role("heading", name="Without a date"))
        expect(undated.locator(".entry")).to_have_text([re.compile("no date"), re.compile("2 of 10")])
    assert mat.asked == [{"do": "answer_session", "id": "c", "yours": False}]


def test_people_have_a_history_each(mat: Mat, opened: Callable[..., Any]) -> None:
    people = [{"id": one, "name": one.title(), "chosen": one == "ada", "removed": False} for one in ("ada", "bob")]
    mat.log |= {
        "people": people,
        "sessions": [session("a", ago(0), 120.0, person="ada"), session("b", ago(0), 540.0, person="bob")],
    }
    mat.log |= {
        "plans": {"ada": mat.log["plans"][""], "bob": mat.log["plans"][""]},
        "safety": {"ada": SAFE, "bob": SAFE},
    }
    with opened(360) as page:
        expect(page.locator("h1")).to_have_text("History of Ada")
        today = page.locator(f'[data-key="strip {ago(0)}"]')
        expect(today).to_contain_text("2:00 min")
        page.get_by_text("Bob", exact=True).click()
        expect(page.locator("h1")).to_have_text("History of Bob")
        expect(today).to_contain_text("9:00 min")
        page.get_by_text("Two weeks on one sheet").click()
        expect(page.locator(".paper")).to_contain_text("Name: Bob")


def test_five_thousand_sessions_are_a_few_thousand_elements(mat: Mat, opened: Callable[..., Any]) -> None:
    mat.log["sessions"] = [session(f"s{n}", ago(5000 - n), 300.0) for n in range(5001)]
    for width, most in ((360, 3500), (1280, 7000)):
        with opened(width) as page:
            months = page.locator(".month")
            count = months.count()
            assert count == 165
            expect(months.first.locator("table")).to_be_visible()
            assert page.locator(".month table").count() < 25
            high, elements = page.evaluate("document.documentElement.scrollHeight"), 0
            for part in range(1, 11):
                page.evaluate("y => scrollTo(0, y)", high * part / 10)
                page.wait_for_timeout(50)
                elements = max(elements, page.evaluate("document.querySelectorAll('*').length"))
            expect(months.last.locator("table")).to_be_visible()
            expect(months.first.locator("table")).to_have_count(0)
            assert elements < most, width
            assert page.evaluate("document.documentElement.scrollHeight") == high, (
                "nothing moves when a month is filled"
            )


def test_the_sheet_is_one_page_in_plain_numbers(mat: Mat, opened: Callable[..., Any]) -> None:
    mat.log["sessions"] += [
        session("c", ago(3), 754.0, edited=True, estimated=True),
        session("d", ago(3), 50.0, counts=False, doubt="light"),
        session("e", ago(20), 999.0),
        session("f", None),
    ]
    mat.log["plans"][""] |= {"trend": {"at_day": 7, "answers": 6, "first": 7, "last": 5, "moment": "before"}}
    for language in ("en", "de"):
        mat.language = language
        for width in WIDTHS:
            with opened(width, f"sheet/{ago(0)}") as page:
                expect(page.locator(".paper tbody tr")).to_have_count(14)
                assert page.locator(".paper tfoot tr > *").all_inner_texts()[1:3] == ["18:04", "3"]
                expect(page.locator(".paper")).to_contain_text(
                    {"en": "tightness 7 at first, 5 at the end", "de": "zuerst 7, zuletzt 5"}[language]
                )
                paper = page.pdf(prefer_css_page_size=True)
                assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1, (language, width)
    with opened(1280, f"sheet/{ago(14)}") as page:
        assert page.locator(".paper tfoot tr > *").all_inner_texts()[1:3] == ["16:39", "1"]
        links = page.locator(".view-sheet a[download]")
        hrefs = [link.get_attribute("href") for link in links.all()]
        assert hrefs == ["/export/sessions.csv", "/export/ratings.csv", "/export/stops.csv", "/export.json"]


def test_a_form_stays_when_the_log_changes(mat: Mat, opened: Callable[..., Any]) -> None:
    with opened(360) as page:
        day_opened(page, ago(2))
        page.locator("dialog summary").click()
        page.locator("dialog details").get_by_role("button", name="Edit").click()
        minutes = page.get_by_label("Time on the mat")
        minutes.fill("11")
        mat.log = {**mat.log, "today": ago(-1), "version": 2}  # the next state says so, within the page's 3 s
        with page.expect_response(lambda answer: answer.url.endswith("/events")):
            pass
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            assert minutes.input_value() == "11"
            page.wait_for_timeout(100)
        page.locator("dialog").get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Close").click()
        expect(page.locator(f'[data-key="strip {ago(-1)}"]')).to_be_visible()
