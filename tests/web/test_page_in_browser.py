"""The page in a real browser against a scripted bench."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from matpi.twin.page.server import PageServer
from tests.web.fake_bench import FakeBench, frame, picture, session

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

WATCH_VOICE = """() => {
  window.heard = [];
  new MutationObserver(() => window.heard.push(document.getElementById('voice').textContent))
    .observe(document.getElementById('voice'), {childList: true, characterData: true, subtree: true});
}"""


@pytest.fixture
def page(chromium_browser: Browser, server: PageServer, bench: FakeBench) -> Iterator[Page]:
    """The page, connected. Afterwards: it has complained of nothing and asked nobody but its own server."""
    context = chromium_browser.new_context(viewport={"width": 1440, "height": 1100})
    complaints: list[str] = []
    asked: list[str] = []
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    context.on("request", lambda request: asked.append(request.url))
    opened.goto(server.url)
    until(opened, "document.getElementById('hm').textContent === '20:14'")
    yield opened
    context.close()
    assert complaints == []
    assert asked
    assert {urlsplit(url).hostname for url in asked if not url.startswith("data:")} == {"127.0.0.1"}


def until(page: Page, expression: str) -> None:
    """Wait until this is true. Playwright's own way asks the page to eval, which the page's policy refuses."""
    end = time.monotonic() + 60
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never came true: {expression}"
        page.wait_for_timeout(20)


def until_it_says(page: Page, text: str) -> None:
    expect(page.locator("#says")).to_have_text(text)


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


DOWN, UP = ("button", True), ("button", False)


def test_press_and_hold_by_pointer(page: Page, bench: FakeBench) -> None:
    page.mouse.move(*middle(page, "#knob"))
    page.mouse.down()
    assert bench.wait_for(1, "button") == [DOWN]
    assert page.locator("#knob.down").count() == 1
    page.mouse.move(5, 5)  # leaving while held: the pointer is captured
    page.mouse.up()
    assert bench.wait_for(2, "button") == [DOWN, UP]
    assert page.locator("#knob.down").count() == 0
    page.evaluate("calls")
    assert bench.named("button") == [DOWN, UP]


def test_press_and_hold_by_the_space_bar(page: Page, bench: FakeBench) -> None:
    page.keyboard.down(" ")
    page.keyboard.down(" ")  # what a held key repeats
    assert bench.wait_for(1, "button") == [DOWN]
    page.mouse.move(*middle(page, "#knob"))
    page.mouse.down()  # a second hand adds nothing
    page.mouse.up()
    page.keyboard.up(" ")
    assert bench.wait_for(2, "button") == [DOWN, UP]
    page.evaluate("calls")
    assert bench.named("button") == [DOWN, UP]


@pytest.mark.parametrize("key", ["Enter", " "])
def test_press_with_the_focus_on_the_button(page: Page, bench: FakeBench, key: str) -> None:
    page.locator("#knob").focus()
    page.keyboard.down(key)
    assert bench.wait_for(1, "button") == [DOWN]
    page.keyboard.up(key)
    assert bench.wait_for(2, "button") == [DOWN, UP]
    page.evaluate("calls")
    assert bench.named("button") == [DOWN, UP]


def test_a_click_without_pointer_or_key_is_a_tap(page: Page, bench: FakeBench) -> None:
    page.evaluate("knob.click()")
    assert bench.wait_for(2, "button") == [DOWN, UP]


def test_losing_the_window_releases_the_button(page: Page, bench: FakeBench) -> None:
    page.keyboard.down(" ")
    page.evaluate("dispatchEvent(new Event('blur'))")
    assert bench.wait_for(2, "button") == [DOWN, UP]


def test_space_on_another_control_is_that_control_s(page: Page, bench: FakeBench) -> None:
    page.get_by_role("button", name="Sit").focus()
    page.keyboard.press(" ")
    assert bench.wait_for(1, "act") == [("act", "sit")]
    assert bench.named("button") == []
    # A click with the mouse does not take the space bar away from the device.
    page.evaluate("document.activeElement.blur()")
    page.locator("[name=warp][value='10']").click()
    page.get_by_role("switch", name="Disk full").click()
    page.get_by_role("button", name="Lie down").click()
    page.keyboard.press(" ")
    assert bench.wait_for(2, "button") == [DOWN, UP]
    assert bench.named("act") == [("act", "sit"), ("act", "lie_down")]
    assert bench.named("warp") == [("warp", 10)]
    assert bench.named("fault") == [("fault", "disk", True)]


def test_single_keys_act_and_can_be_switched_off(page: Page, bench: FakeBench) -> None:
    keys = {"l": "lie_down", "s": "sit", "t": "stand", "f": "fidget", "g": "get_up", "c": "cat", "B": "bag_on"}
    for count, (key, what) in enumerate(keys.items(), 1):
        page.keyboard.press(key)
        assert bench.wait_for(count, "act")[-1] == ("act", what)
    page.wait_for_selector("#bag.on")
    page.keyboard.press("b")
    assert bench.wait_for(8, "act")[-1] == ("act", "bag_off")
    page.keyboard.press("n")
    assert bench.wait_for(1, "next_day")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("l")
    page.keyboard.press("Control+s")
    page.get_by_label("Time to jump to").fill("7:30")
    page.keyboard.press("Enter")
    assert bench.wait_for(1, "jump") == [("jump", "07:30")]
    page.keyboard.press(" ")
    assert bench.wait_for(2, "button") == [DOWN, UP]
    assert len(bench.named("act")) == 8


def test_the_canvas_shows_the_frame_pixel_by_pixel(page: Page, bench: FakeBench) -> None:
    bits = bytes((7 * i + i // 16) % 256 for i in range(1024))
    for brightness, lit in (("bright", [176, 222, 255]), ("dim", [104, 136, 164]), ("off", [0, 0, 0])):
        bench.show(frame(bits, f"a pattern, {brightness}", brightness))
        until_it_says(page, f"a pattern, {brightness}")
        shown = page.evaluate("[...pane.getImageData(0, 0, 128, 64).data]")
        expected = [
            channel
            for i in range(128 * 64)
            for channel in [*(lit if bits[i // 8] >> (7 - i % 8) & 1 else [0, 0, 0]), 255]
        ]
        assert shown == expected
    size = page.locator("#screen").bounding_box()
    assert size is not None
    assert (size["width"] % 128, size["height"] % 64) == (0, 0)


def test_the_voice_tells_states_and_standing_words_but_no_seconds(page: Page, bench: FakeBench) -> None:
    until(page, "spokenWords !== ''")
    page.evaluate(WATCH_VOICE)
    bench.change(state="ON_MAT", reason="3 s on the mat")
    until(page, "window.heard.length === 1")
    assert page.evaluate("window.heard") == ["On the mat, the timer runs."]
    for second in range(3):
        bench.show(frame(bytes(1024), f"0:0{second}, settling."))
        bench.change(load_kg=46.0 + second)
        until_it_says(page, f"0:0{second}, settling.")
    until(page, "window.heard.length === 2")
    assert page.evaluate("window.heard[1]") == "0:02, settling."


def test_the_words_of_the_panel_are_marked_with_its_language(page: Page, bench: FakeBench) -> None:
    assert page.evaluate("document.documentElement.lang") == "en"
    for lang, text in (("de", "Tag 3: heute noch nicht, 2 bis 5 Minuten."), ("en", "Day 3: not yet today.")):
        bench.show(frame(picture("20:14"), text, lang=lang))
        until_it_says(page, text)
        for spoken in ("#says", "#screen"):
            assert page.locator(spoken).get_attribute("lang") == lang
        assert page.locator("#screen").get_attribute("aria-label") == text, "no English before it"
        until(page, f"document.getElementById('voice').textContent === '{text}'")
        assert page.locator("#voice").get_attribute("lang") == lang
    bench.show(frame(picture("20:14"), "Tag 3.", lang="de"))
    until(page, "document.getElementById('voice').lang === 'de'")
    bench.change(state="ARRIVING")
    until(page, "document.getElementById('voice').lang === 'en'")
    assert page.locator("#voice").inner_text() == "A load is on; not yet a session."


def test_the_light_plays_its_table_and_rests_when_it_is_over(page: Page, bench: FakeBench) -> None:
    lit = "document.getElementById('lens').style.getPropertyValue('--lit')"
    bench.put("lamp", {"pattern": "saved", "age_s": 0.0, "table": [0.5] * 20_000, "loops": False})
    # Half the light is 0.735 of full scale in sRGB (IEC 61966-2-1).
    until(page, f"{lit} === '0.735'")
    bench.put("lamp", {"pattern": "saved", "age_s": 0.0, "table": [0.5] * 10, "loops": False})
    until(page, f"{lit} === '0.000'")
    page.evaluate("window.drawn = 0; window.was = playLamp; playLamp = () => { window.drawn++; window.was(); }; 0")
    page.wait_for_timeout(100)
    assert page.evaluate("window.drawn") == 0
    bench.put("lamp", {"pattern": "breath", "age_s": 2.5, "table": [i / 250 for i in range(250)], "loops": True})
    until(page, "window.drawn > 2")
    assert page.locator("#lens").get_attribute("aria-label") == "Light: breathing"


def test_who_wants_less_motion_gets_a_steady_light(page: Page, bench: FakeBench) -> None:
    page.emulate_media(reduced_motion="reduce")
    bench.put("lamp", {"pattern": "breath", "age_s": 0.0, "table": [i / 250 for i in range(251)], "loops": True})
    until(page, "document.getElementById('lens').style.getPropertyValue('--lit') === '1.000'")
    page.evaluate("window.drawn = 0; window.was = playLamp; playLamp = () => { window.drawn++; window.was(); }; 0")
    bench.change(doing="lying")
    until(page, "document.querySelector('#person .head').getAttribute('cx') === '112'")
    assert page.evaluate("window.drawn") == 0


def test_the_state_with_its_reason_and_the_log(page: Page, bench: FakeBench) -> None:
    bench.change(state="ARRIVING", reason="load over the on threshold")
    bench.tell("transition", "touched", "load over the on threshold", "IDLE -> ARRIVING")
    expect(page.locator("#about")).to_have_text("A load is on; not yet a session")
    expect(page.locator("#state")).to_have_text("ARRIVING")
    expect(page.locator("#reason")).to_have_text("because: load over the on threshold")
    expect(page.locator("#log")).not_to_be_visible()
    page.get_by_text("Log of events").click()
    assert page.locator("#log li").first.inner_text().split("\n")[-1] == "IDLE → ARRIVING"
    for _ in range(310):
        bench.tell("note", "busy", "<b>not markup</b>")
    until(page, "document.getElementById('log').children.length === 300")
    assert "<b>not markup</b>" in page.locator("#log li").first.inner_text()


def test_controls_call_the_bench_and_follow_it(page: Page, bench: FakeBench) -> None:
    page.locator("[name=warp][value='10']").click()
    assert bench.wait_for(1, "warp") == [("warp", 10)]
    page.get_by_role("switch", name="Unplug a load cell").check()
    assert bench.wait_for(1, "fault") == [("fault", "cell", True)]
    page.get_by_label("Body weight").fill("90.5")
    assert bench.wait_for(1, "weigh") == [("weigh", 90.5)]
    page.get_by_role("button", name="Pull the power").click()
    assert bench.wait_for(1, "power") == [("power", False)]
    page.get_by_role("button", name="Power on").click()
    assert bench.wait_for(2, "power")[-1] == ("power", True)
    bench.change(faults=["panel"], warp=60)
    until(page, "document.querySelector('[data-fault=panel]').checked")
    assert not page.get_by_role("switch", name="Unplug a load cell").is_checked()
    assert page.locator("[name=warp][value='60']").is_checked()


def test_the_clock_shows_the_wall_time_as_written(page: Page, bench: FakeBench) -> None:
    bench.change(clock="2027-01-01T00:05:09+13:45")
    until(page, "document.getElementById('hm').textContent === '00:05'")
    assert page.locator("#date").text_content() == "Friday, 1 January 2027"


def test_sessions_and_plan_in_plain_words(page: Page, bench: FakeBench) -> None:
    bench.sessions["sessions"].append(session("e", "2026-11-23T20:10:01+01:00", 612.0, None, None, aways=2))
    bench.put("sessions", bench.sessions)
    page.wait_for_selector("#rows tr.open")
    assert page.locator("#rows tr").first.inner_text().split("\t") == [
        "Mon 23 Nov, 20:10", "10 min 12 s", "\N{EN DASH}", "still open, 2 times away and back",
    ]  # fmt: skip
    assert "the power was lost" in page.locator("#rows").inner_text()
    doubted = {"counts": False, "doubt": "thing"}
    bench.sessions["sessions"] = [
        {**session("f", None, 95.0, "left", None), **doubts}
        for doubts in (doubted, {"doubt": "unusual"}, {**doubted, "doubt": "unknown"}, {**doubted, "yours": False})
    ]
    bench.sessions["sessions"][0] |= {"start": "2026-11-23T20:10:01+01:00", "estimated": True}
    bench.put("sessions", bench.sessions)
    page.wait_for_function("() => document.querySelectorAll('#rows tr').length === 4")
    assert page.locator("#rows td:first-child").all_inner_texts()[-1] == "~Mon 23 Nov, 20:10", "an estimated date"
    assert page.locator("#rows td:last-child").all_inner_texts() == [
        "got up · not counted: not you", "got up · not counted: was that you?", "got up · was that you?",
        "got up · not counted: an object",
    ]  # fmt: skip
    assert page.locator("#plan p").inner_text() == "Day 3 · 2\N{EN DASH}5 min · thin shirt · learn the sensation"


def test_a_finished_first_day_is_a_full_mark_and_no_zero_per_cent(page: Page, bench: FakeBench) -> None:
    """The score grows over weeks, from 0.4 % after one day: it is shown once it is something."""
    for score, facts in ((0.0044, ["done for today", "streak"]), (0.013, ["done for today", "streak", "habit"])):
        bench.sessions["plan"] |= {"day": 1, "today_s": 300.0, "done": True, "streak": 1, "score": score}
        bench.put("sessions", bench.sessions)
        until(page, f"document.querySelectorAll('#plan dt').length === {len(facts)}")
        assert page.locator("#plan dt").all_inner_texts() == facts
        assert page.locator("#plan .past").count() == 1
    assert page.locator("#plan dd").last.inner_text() == "1 %"
    assert page.get_by_title("How steady the habit is").inner_text().split() == ["habit", "1", "%"]


def test_what_the_bench_refuses_is_shown(page: Page) -> None:
    page.get_by_label("Time to jump to").fill("99:99")
    page.keyboard.press("Enter")
    toast = page.locator("#toast")
    assert toast.inner_text() == "The time to jump to is hours and minutes, such as 21:00."


def test_it_fits_a_narrow_window_and_every_control_has_a_name(page: Page) -> None:
    for width in (380, 720, 1080, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    nameless = page.evaluate(
        """[...document.querySelectorAll('button, input')].filter(one =>
            !one.getAttribute('aria-label') && !one.textContent.trim() && !(one.labels?.[0]?.textContent.trim()))
            .map(one => one.outerHTML)"""
    )
    assert nameless == []


def test_a_lost_connection_is_told_and_mended(chromium_browser: Browser) -> None:
    bench = FakeBench()
    bench.tell("you", "sit", "you")
    first = PageServer(bench)
    port = urlsplit(first.url).port
    assert port is not None
    first.start()
    opened = chromium_browser.new_page()
    opened.set_default_timeout(60_000)
    opened.goto(first.url)
    opened.get_by_text("Log of events").click()
    opened.wait_for_selector("#log li")
    first.stop()
    opened.wait_for_selector("#lost:not([hidden])")
    assert "connection to the simulator is lost" in opened.locator("#lost").inner_text()
    other: Any = FakeBench()
    other.tell("you", "stand", "you")
    second = PageServer(other, port)
    second.start()
    try:
        opened.wait_for_selector("#lost[hidden]", state="attached")
        until(opened, "document.querySelectorAll('#log li').length === 1")
        assert "stand" in opened.locator("#log").inner_text()
    finally:
        opened.close()
        second.stop()
