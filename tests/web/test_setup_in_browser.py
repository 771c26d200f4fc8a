"""Set-up in a real browser, against answers that each test writes itself: no server, no network."""

from __future__ import annotations

import base64
import json
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

import matpi
from matpi.core.model import Settings
from matpi.page.statics import device_texts
from matpi.store.settings import rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

pytestmark = pytest.mark.browser

ROOT = Path(matpi.__file__).parent
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
# The stream of states stays open and is written by the test: a routed answer would end at once.
STREAM = """(() => {
  const real = window.fetch, encoder = new TextEncoder();
  window.fetch = async (path, options) => path !== "/events" ? real(path, options) : new Response(new ReadableStream({
    start(stream) {
      const send = text => stream.enqueue(encoder.encode(text));
      window.tell = state => send(`event: state\\ndata: ${JSON.stringify(state)}\\n\\n`);
    },
  }));
})();"""


class Device:
    """What the page's server answers: the log and the state as data; `asked` has the requests of /api/do."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.posted: list[tuple[str, bytes]] = []
        self.refusal: tuple[int, str] | None = None
        self.said: list[str] = []
        self.data: dict[str, Any] = {}
        self.on_do: Callable[[dict[str, Any]], None] = lambda _: None
        self.sinks: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.browsers = [{"id": "1", "name": "Firefox", "paired": "2026-03-01", "seen": "2026-03-15", "this": True}]
        self.log: dict[str, Any] = {
            "version": 1,
            "people": [],
            "settings": [
                {"key": key, "value": value, "wanted": wanted}
                for key, value, wanted in rows(replace(Settings(), zone="Europe/Berlin"))
            ],
            "safety": {"": {"answered": True, "some": False, "cleared": False, "sentence": ""}},
        }
        self.state: dict[str, Any] = {
            "language": "en",
            "front": "IDLE",
            "spoken": "",
            "frame": base64.b64encode(bytes(1024)).decode(),
            "load": "EMPTY",
            "kg": 0.1,
            "approximate": False,
            "silent": False,
            "calibrated": True,
            "people": [],
            "owner": None,
            "rest": False,
            "safety": "none",
        }

    def person(self, name: str, **more: Any) -> None:
        known = {"id": name, "name": name, "chosen": False, "removed": False, "weekly_goal": None, "usual_kg": None}
        self.log["people"].append(known | more)

    def answer(self, route: Route) -> None:
        request = route.request
        path = urlsplit(request.url).path
        if path == "/" or path.startswith("/static/"):
            file = ROOT / "page" / "static" / (path.removeprefix("/static/") if path != "/" else "index.html")
            headers = {"content-security-policy": POLICY}
            route.fulfill(body=file.read_bytes(), content_type=KINDS[file.suffix], headers=headers)
        elif request.method == "POST":
            self._take(route, path)
        else:
            language = path[7:9]
            own = device_texts(language) if path.startswith("/words/") else {}
            page = tomllib.loads((ROOT / f"words/page_{language}.toml").read_text("utf-8")) if own else {}
            route.fulfill(
                json={
                    "/api/hello": {"version": "0.4.0", "paired": True, "language": "en", "running": True},
                    "/api/log": self.log,
                    "/api/sinks": self.sinks,
                    "/api/devices": self.browsers,
                    "/api/doctor": {"checks": self.checks},
                    f"/words/{language}.json": {**own, **flat(page)},
                }[path]
            )

    def _take(self, route: Route, path: str) -> None:
        body = route.request.post_data_buffer or b""
        self.posted.append((path, body))
        if self.refusal is not None:
            status, sentence = self.refusal
            route.fulfill(status=status, json={"error": sentence})
            return
        if path == "/api/do":
            self.asked.append(json.loads(body))
            self.on_do(self.asked[-1])
        route.fulfill(json={"said": self.said, "data": self.data})


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def page(chromium_browser: Browser, device: Device) -> Iterator[Page]:
    """A page that is not loaded yet. Afterwards: it has complained of nothing that the test did not refuse."""
    context = chromium_browser.new_context(viewport={"width": 1280, "height": 1000}, timezone_id="Europe/Berlin")
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda line: complaints.append(line.text))
    opened.add_init_script(STREAM)
    context.route("**/*", device.answer)
    yield opened
    context.close()
    assert [line for line in complaints if not line.startswith("Failed to load resource")] == []


def start(page: Page, device: Device, section: str = "") -> None:
    page.goto(f"http://mat.test/#setup{section and '/' + section}")
    expect(page.locator("#setup-about")).to_be_attached()
    tell(page, device)


def tell(page: Page, device: Device, **changes: Any) -> None:
    device.state |= changes
    page.evaluate("state => window.tell(state)", device.state)


def error(page: Page, label: str) -> Locator:
    """Return the line below a field that has its error, or that it is saved."""
    return page.locator(".field", has=page.get_by_label(label, exact=True)).locator("> .error").first


def until(page: Page, true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        page.wait_for_timeout(20)


def test_a_bound_is_said_as_it_is_typed_and_what_is_right_is_saved_at_once(page: Page, device: Device) -> None:
    start(page, device)
    goal = page.get_by_label("Days a week", exact=True)
    goal.fill("9")
    expect(error(page, "Days a week")).to_have_text("3 to 7, a whole number. Until then: 5.")
    expect(goal).to_have_attribute("aria-invalid", "true")
    goal.blur()
    goal.fill("4")
    expect(error(page, "Days a week")).to_have_text("Saved")
    expect(error(page, "Days a week")).to_have_text("")  # it is said for a moment
    page.get_by_label("Remind me").click()
    page.get_by_label("Bedtime").fill("21:15")
    page.get_by_label("Bedtime").press("Enter")
    page.get_by_label("Time zone").fill("Mars/Olympus")
    expect(error(page, "Time zone")).to_contain_text("Write one such as Europe/Berlin. Until then: Europe/Berlin.")
    page.get_by_label("Usual session").select_option("feet")
    page.get_by_text("Yes, pets or visitors").click()
    until(page, lambda: len(device.asked) == 5)
    changes = [{"weekly_goal": "4"}, {"nudge": "no"}, {"bedtime": "21:15"}, {"routine": "feet"}, {"others": "pets"}]
    assert [request["set"] for request in device.asked] == changes


def test_a_fifth_rest_day_is_refused_and_none_is_a_value(page: Page, device: Device) -> None:
    start(page, device)
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday"):
        page.get_by_label(day).check()
    page.get_by_label("Friday").click()
    expect(page.get_by_text("At most 4 rest days")).to_be_visible()
    expect(page.get_by_label("Friday")).not_to_be_checked()
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday"):
        page.get_by_label(day).uncheck()
    until(page, lambda: len(device.asked) == 8)
    assert device.asked[3]["set"] == {"rest_weekdays": "mon,tue,wed,thu"}
    assert device.asked[7]["set"] == {"rest_weekdays": "none"}


def test_the_devices_sentence_is_shown_and_a_device_that_is_off_leaves_what_is_stored(
    page: Page, device: Device
) -> None:
    start(page, device)
    device.refusal = (400, "The zone is not known here; choose another one.")
    zone = page.get_by_label("Time zone")
    zone.fill("Europe/Paris")
    zone.press("Enter")
    expect(error(page, "Time zone")).to_have_text("The zone is not known here; choose another one.")
    expect(zone).to_have_value("Europe/Paris")
    device.refusal = (503, "The device is off.")
    zone.fill("Europe/Rome")
    zone.press("Enter")
    expect(error(page, "Time zone")).to_contain_text("The device does not answer, so nothing was changed.")
    expect(zone).to_have_value("Europe/Berlin")
    page.get_by_label("Stay on this step").click()
    expect(error(page, "Stay on this step")).to_contain_text("nothing was changed")
    expect(page.get_by_label("Stay on this step")).not_to_be_checked()
    page.get_by_label("Rest today").click()
    expect(error(page, "Rest today")).to_contain_text("nothing was changed")
    expect(page.get_by_label("Rest today")).not_to_be_checked()
    assert device.asked == []


def test_what_was_typed_last_is_sent_when_the_view_is_left(page: Page, device: Device) -> None:
    start(page, device)
    page.get_by_label("Minutes before bed").fill("120")
    page.evaluate("location.hash = '#setup/people'")
    until(page, lambda: device.asked == [{"do": "settings", "set": {"nudge_before_bed_min": "120"}}])


def test_a_plan_of_ones_own_is_sent_as_its_text(page: Page, device: Device) -> None:
    start(page, device)
    picker = page.locator("input[accept*='.toml']")
    picker.set_input_files({"name": "plan.toml", "mimeType": "text/plain", "buffer": b"#" * (64 * 1024 + 1)})
    expect(page.get_by_text("larger than 64 KiB")).to_be_visible()
    text = "name = 'Zwölf Tage'\n"
    picker.set_input_files({"name": "plan.toml", "mimeType": "text/plain", "buffer": text.encode()})
    expect(page.get_by_label("Or paste its text")).to_have_value(text)
    device.refusal = (400, "The plan is no plan yet:\n  There is no table [after].\n  tier 1 has no minutes.")
    page.get_by_role("button", name="Use this plan").click()
    expect(page.get_by_text("There is no table [after].")).to_be_visible()
    device.refusal = None

    def store(request: dict[str, Any]) -> None:
        own = request["set"]["own_plan"]
        next(row for row in device.log["settings"] if row["key"] == "own_plan")["value"] = "Zwölf" if own else "none"

    device.on_do = store
    page.get_by_role("button", name="Use this plan").click()
    expect(page.get_by_text("In use: Zwölf.")).to_be_visible()
    page.get_by_role("button", name="Back to the starter plan").click()
    expect(page.get_by_text("The starter plan is in use.")).to_be_visible()
    assert [request["set"] for request in device.asked] == [{"own_plan": text}, {"own_plan": ""}]


def test_the_first_steps_go_from_the_language_to_the_usual_session(page: Page, device: Device) -> None:
    safety = device.log["safety"][""]
    safety["answered"] = False
    device.on_do = lambda request: safety.update(answered=True, some=True) if request["do"] == "safety" else None
    page.set_viewport_size({"width": 360, "height": 740})
    start(page, device)
    first = page.locator("#setup-first")
    first.get_by_label("Language of the device").select_option("de")
    until(page, lambda: [one.get("set") for one in device.asked[-1:]] == [{"language": "de"}])
    first.get_by_label("Language of this page").focus()
    first.get_by_label("Language of this page").select_option("de")
    expect(first.get_by_role("heading", name="Deine Sprache")).to_be_visible()
    expect(first.get_by_label("Sprache dieser Seite")).to_be_focused()
    first.get_by_label("Sprache dieser Seite").select_option("en")
    first.get_by_role("button", name="Next").press("Enter")
    expect(first.get_by_text("heart condition, if told to go easy")).to_be_visible()
    first.get_by_role("button", name="Something applies, or I am unsure").press("Enter")
    expect(first.get_by_role("heading", name="What to remember")).to_be_focused()
    expect(first.get_by_text("Please ask a doctor before you use the mat.")).to_be_visible()
    expect(first.get_by_text("pain feels wrong")).to_be_visible()
    for heading in ("Where you live", "When you go to bed", "Who uses the mat", "What you use the mat for"):
        first.get_by_role("button", name="Next").press("Enter")
        expect(first.get_by_role("heading", name=heading)).to_be_focused()
    first.get_by_role("button", name="Next").press("Enter")
    expect(first.get_by_text("Please ask a doctor before you use the mat.")).to_be_visible()
    expect(first.get_by_text("Lie down")).to_have_count(0)
    first.get_by_role("button", name="Close").click()
    expect(first.get_by_text("Please ask a doctor first.")).to_be_visible()
    page.locator("#setup-about summary").click()
    expect(page.locator("#setup-about dd").first).to_have_text("0.4.0")
    expect(page.locator("#setup-about code")).to_have_text("sudo git switch main && sudo git pull && sudo make upgrade")
    page.locator("#setup-about").get_by_label("Language of this page").select_option("de")
    expect(first.get_by_role("heading", level=2, name="Erste Schritte")).to_be_visible()  # drawn anew
    first.locator("summary").click()
    expect(first.get_by_role("button", name="Der Arzt hat zugestimmt")).to_be_visible()
    safety["cleared"] = True
    first.get_by_role("button", name="Der Arzt hat zugestimmt").click()
    expect(first.get_by_text("Arzt hat zugestimmt.")).to_be_visible()
    answers = [(request["answer"], request["person"]) for request in device.asked if request["do"] == "safety"]
    assert answers == [("some", None), ("doctor_ok", None)]
    page.reload()
    expect(page.get_by_role("heading", name="Einrichten")).to_be_visible()  # it is kept in this browser


def test_each_person_answers_and_what_is_done_at_the_device_is_shown(page: Page, device: Device) -> None:
    device.person("Ada", chosen=True)
    device.person("Eva")
    answer = {"answered": True, "some": True, "cleared": False, "sentence": ""}
    device.log["safety"] = {"Ada": answer | {"some": False}, "Eva": answer}
    start(page, device)
    first = page.locator("#setup-first")
    expect(first.get_by_text("none of it applies")).to_be_visible()
    first.get_by_label("Whose answer").select_option("Eva")
    expect(first.get_by_text("Please ask a doctor first.")).to_be_visible()
    expect(first.get_by_label("Whose answer")).to_be_focused()
    first.get_by_role("button", name="A doctor has agreed").click()
    until(page, lambda: device.asked == [{"do": "safety", "answer": "doctor_ok", "person": "Eva"}])
    first.get_by_role("button").last.evaluate("button => button.blur()")
    device.log["safety"]["Eva"] = answer | {"cleared": True}
    device.person("Ida")
    tell(page, device, safety="cleared")
    expect(first.get_by_text("and a doctor has agreed.")).to_be_visible()
    expect(page.get_by_label("Name of Ida")).to_be_visible()


def test_people_are_added_renamed_chosen_and_removed(page: Page, device: Device) -> None:
    device.person("Ada", chosen=True)
    device.person("Eva")
    start(page, device)
    people = page.locator("#setup-people")

    def change(request: dict[str, Any]) -> None:
        word, name, *more = request["words"]
        if word == "add":
            device.person(name)
        elif word == "remove":
            device.log["people"] = [one for one in device.log["people"] if one["name"] != name]
        else:
            found = next(one for one in device.log["people"] if one["name"] == name)
            found.update({"rename": {"name": more and more[0]}, "goal": {"weekly_goal": 4}}.get(word, {"chosen": True}))
        device.said = [f"{word} {name}"]

    device.on_do = change
    people.get_by_label("New name").fill("Maximiliane-Luise")
    expect(people.get_by_text("A name has 1 to 12 characters.")).to_be_visible()
    people.get_by_label("New name").fill("Zoë")
    people.get_by_label("New name").press("Enter")
    expect(people.get_by_label("Name of Zoë")).to_be_visible()
    expect(people.get_by_text("add Zoë")).to_be_visible()
    people.get_by_label("Name of Eva").fill("Eve")
    expect(people.get_by_label("Name of Eve")).to_be_visible()
    people.get_by_label("Days a week of Eve").select_option("4")
    people.get_by_label("The next session is Eve's").check()
    people.get_by_label("Remove Zoë").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    people.get_by_label("Remove Zoë").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(people.get_by_label("Name of Zoë")).not_to_be_attached()
    words = ["add Zoë", "rename Eva Eve", "goal Eve 4", "choose Eve", "remove Zoë"]
    assert [" ".join(request["words"]) for request in device.asked] == words


def test_calibrating_mirrors_the_device_until_it_is_over(page: Page, device: Device) -> None:
    start(page, device)
    mat = page.locator("#setup-mat")
    tell(page, device, kg=41.25, load="ON", approximate=True, calibrated=False)
    expect(mat.locator(".kg")).to_have_text("41.3 kg")
    expect(mat.get_by_text("in use")).to_be_visible()
    weight = mat.get_by_label("Your weight in kg")
    weight.fill("12")
    expect(error(page, "Your weight in kg")).to_have_text("From 20 to 130 kg, such as 72.5.")
    mat.get_by_role("button", name="Begin").click()
    weight.fill("72,5")
    mat.get_by_role("button", name="Begin").click()
    lit = base64.b64encode(b"\xff" * 1024).decode()
    tell(page, device, front="CALIBRATING", spoken="Calibrate: clear the mat.", frame=lit)
    expect(mat.locator(".spoken")).to_have_text("Calibrate: clear the mat.")
    dot = "document.querySelector('#setup-mat canvas').getContext('2d').getImageData(64, 32, 1, 1).data[2]"
    assert page.evaluate(dot) == 255
    expect(mat.get_by_role("button", name="Done, go on")).to_be_focused()
    page.keyboard.press("Enter")
    mat.get_by_role("button", name="Stop").click()
    tell(page, device, front="IDLE", calibrated=True)
    expect(mat.get_by_role("button", name="Stop")).not_to_be_visible()
    expect(mat.get_by_text("The calibration has ended.")).to_be_visible()
    until(page, lambda: len(device.asked) >= 3)
    assert device.asked == [
        {"do": "calibrate", "weight_kg": 72.5},
        {"do": "press", "how": "hold"},
        {"do": "press", "how": "tap"},
    ]


def test_a_calibration_begun_at_the_device_names_the_presses_only(page: Page, device: Device) -> None:
    """A tap may be "10 kg more" there, so it is not called Stop."""
    start(page, device)
    tell(page, device, front="CALIBRATING", spoken="Your weight: 70 kg.")
    expect(page.locator("#setup-mat").get_by_role("button", name="Press the button")).to_be_visible()
    expect(page.locator("#setup-mat").get_by_role("button", name="Stop")).not_to_be_attached()


def test_data_goes_in_and_out_and_is_deleted_only_by_its_words(page: Page, device: Device) -> None:
    device.person("Ada", chosen=True)
    device.person("Eva")
    device.said = ["12 sessions are new.", "1 is here already."]
    start(page, device)
    data = page.locator("#setup-data")
    data.get_by_label("Sessions without a name belong to").select_option("Eva")
    data.locator("input[type=file]").set_input_files(
        {"name": "export.json", "mimeType": "application/json", "buffer": b"{}"}
    )
    expect(data.get_by_text("12 sessions are new.")).to_be_visible()
    assert device.posted == [("/api/import", b"{}")]
    device.data, device.said = {"name": "2026-03-15.csv"}, ["Saved."]
    data.get_by_role("button", name="Save the last 10 minutes").click()
    expect(data.get_by_role("link", name="recording")).to_have_attribute("href", "/recordings/2026-03-15.csv")
    hrefs = data.get_by_role("link").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert {"/export.json", "/backup.db", "/export/sessions.csv", "/export/looser.csv"} < set(hrefs)
    remove = data.get_by_role("button", name="Delete everything now")
    data.get_by_label("Type “delete everything” to go on").fill("delete it all")
    expect(data.get_by_text("Type exactly: delete everything")).to_be_visible()
    expect(remove).to_be_disabled()
    data.get_by_label("Type “delete everything” to go on").fill("delete everything")
    remove.click()
    until(page, lambda: device.asked[-1] == {"do": "delete_everything", "sure": "delete everything"})


def test_receivers_doctor_and_browsers_say_what_came_back(page: Page, device: Device) -> None:
    device.sinks = [{"name": "house", "kind": "mqtt", "url": "mqtt://ha.local", "state": "connected"}]
    device.checks = [
        {"part": "panel", "name": "I2C", "verdict": "WARN", "sentence": "It is slow.", "do": "check its wires"},
        {"part": "clock", "name": "time", "verdict": "OK", "sentence": "It is right.", "do": ""},
    ]
    device.browsers.append({"id": "2", "name": "Safari", "paired": "2026-03-01", "seen": None, "this": False})
    device.said = ["It answered in 12 ms."]
    start(page, device)
    page.get_by_role("button", name="Test: house").click()
    expect(page.locator("#setup-receivers").get_by_text("It answered in 12 ms.")).to_be_visible()
    page.get_by_role("button", name="Check every part").click()
    expect(page.get_by_text("It works, with something to look at.")).to_be_visible()
    expect(page.get_by_text("check its wires")).to_be_visible()
    browsers = page.locator("#setup-browsers")
    expect(browsers.get_by_text("this browser")).to_have_count(1)
    device.browsers.pop()
    browsers.get_by_label("Remove the browser Safari").click()
    expect(browsers.get_by_text("Safari")).not_to_be_attached()
    assert device.posted[-1] == ("/api/revoke", b'{"id":"2"}')
    assert device.asked == [{"do": "upstream_test", "name": "house"}]


def test_on_a_phone_the_sections_are_a_list_that_the_keyboard_opens(page: Page, device: Device) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    start(page, device, "doctor")
    sections = page.locator("details.part")
    assert [one for one in sections.evaluate_all("all => all.map(one => one.open)") if one] == [True]
    expect(page.get_by_role("button", name="Check every part")).to_be_in_viewport()
    for number in range(sections.count()):
        summary = sections.nth(number).locator("summary")
        if not sections.nth(number).evaluate("one => one.open"):
            summary.focus()
            page.keyboard.press("Enter")
    assert sections.evaluate_all("all => all.every(one => one.open)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
