"""The page stays still under the mouse: no text that changes moves anything, and every text has room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from matpi.core.device import SCREENS
from matpi.core.front import Front
from matpi.core.plan.programme import TIERS
from matpi.screen.render import spoken
from matpi.twin.page.server import PageServer
from matpi.twin.prompts import _DARK
from matpi.twin.twin import Twin
from matpi.twin.world import VirtualWorld
from matpi.words import ENGLISH, LANGUAGES
from tests.screen.everything import everything
from tests.web.fake_bench import FakeBench, frame

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

WIDTHS = (360, 390, 560, 768, 1100, 1180, 1280, 1920)
"""At and between the points where the layout changes; windows that phones, tablets and screens have."""
PLACES = """() => Object.fromEntries(
    [...document.querySelectorAll(
        'h1, h2, canvas, button, input, summary, label, svg, main > *, .case, .lens, .room, .time, .load, .facts')]
    .filter(one => one.checkVisibility() && !one.closest('details:not([open]) > ol, #guide[hidden]'))
    .map((one, n) => {
        const {x, y, width, height} = one.getBoundingClientRect(), round = value => Math.round(value * 10) / 10;
        return [`${n} ${one.tagName} ${one.id || one.className}`, [x, y + scrollY, width, height].map(round)];
    }))"""
CUT = """() => [...document.querySelectorAll('.room')]
    .filter(one => one.checkVisibility() && one.clientHeight && one.scrollHeight > one.clientHeight + 1)
    .map(one => `${one.id || one.className}: ${one.textContent}`)"""

SEEN = f"() => [({PLACES})(), ({CUT})(), document.documentElement.scrollWidth]"


@pytest.fixture
def page(chromium_browser: Browser, server: PageServer, bench: FakeBench) -> Iterator[Page]:
    opened = chromium_browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(60_000)
    opened.goto(server.url)
    opened.wait_for_function("() => document.getElementById('link').textContent === 'connected'")
    yield opened
    opened.close()


def until(page: Page, condition: str, arg: Any = None) -> None:
    page.wait_for_function(condition, arg=arg)


def longest_words() -> list[str]:
    """What the screen says at its longest, in each language, and nothing at all."""
    by_length = [sorted({spoken(view, say) for view in everything()}, key=len) for say in LANGUAGES.values()]
    return ["", *(words[-1] for words in by_length)]


DO = [
    *(screen.to_do for screen in SCREENS.values()),
    *(f"Dark: {do}" for do in _DARK.values()),
    "Hold the button (space) if none applies. Tap it if one applies or you are unsure.",
]
NOTES = [
    "Reminder: today's 10 to 20 minutes are missing.",
    "Dimmed until 07:00: bedtime is 22:30.",
    "1234 readings rejected.",
]


def changes(bench: FakeBench) -> Iterator[str]:
    """Let every text of the page change, one after the other; the status is sent last, with this `clock`."""
    longest = max(DO, key=len)
    for state in Front:
        yield bench_status(bench, state=state.name, do=longest, reason="nobody on the mat after the power cut")
    yield bench_status(bench, do="", notes=NOTES, reason="", warp=60, load_kg=-123.4, kg=150.0)
    yield bench_status(bench, notes=NOTES[:1], faults=["cell", "spikes"], bag=True, doing="standing", answered=True)
    for words in longest_words():
        bench.show(frame(bytes(1024), words))
        yield bench_status(bench, notes=[])
    for pattern in ("saved", "breath", "attention", "pacer"):
        bench.put("lamp", {"pattern": pattern, "age_s": 0.0, "table": [1.0], "loops": True})
        yield bench_status(bench)
    for plan in (
        {"day": 15, "today_s": 3599.0, "done": True, "streak": 128, "score": 1.0, "goal": ENGLISH.say(TIERS[-1].goal)},
        {"day": 1, "rest_day": True, "who": "Maximiliane", "clothing": "thin shirt, or bare (optional)"},
    ):
        bench.put("sessions", {**bench.sessions, "plan": {**bench.sessions["plan"], **plan}})
        yield bench_status(bench)
    yield bench_status(bench, state="ON_MAT")
    yield bench_status(bench, state="SAVED")
    yield bench_status(bench, power=False, do="Press “Power on”. What was saved is still there.")


def bench_status(bench: FakeBench, **more: Any) -> str:
    """Change the status; returns the seconds the page shows once it has it."""
    seconds = int(bench.status["clock"][17:19]) % 59 + 1
    bench.change(**more, clock=f"2026-09-30T22:59:{seconds:02d}+02:00")
    return f":{seconds:02d}"


def test_nothing_moves_when_a_text_changes_and_every_text_has_room(page: Page, bench: FakeBench) -> None:
    wrong: list[str] = []
    for width in WIDTHS:
        for guided in (True, False) if width in {390, 1280} else (True,):
            bench.reset_status()
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate("on => showGuide(on)", guided)
            page.evaluate("() => { hint = 0; began = null; }")
            until(page, "was => document.getElementById('sec').textContent === was", bench_status(bench))
            before = page.evaluate(PLACES)
            assert len(before) > 30
            for shown in changes(bench):
                until(page, "now => document.getElementById('sec').textContent === now", shown)
                after = page.evaluate(PLACES)
                wrong += [
                    f"{width} px, {bench.status['state']}: {one} was at {place}, is at {after.get(one)}"
                    for one, place in before.items()
                    if after.get(one) != place
                ]
                wrong += [f"{width} px: cut off: {text}" for text in page.evaluate(CUT)]
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    wrong.append(f"{width} px: wider than the window")
    assert not wrong, "\n".join(sorted(set(wrong))[:40])


def test_a_lost_connection_and_a_message_move_nothing(page: Page) -> None:
    until(page, "() => document.querySelectorAll('#rows tr').length > 0")
    before = page.evaluate(PLACES)
    page.evaluate("document.getElementById('lost').hidden = false; set('lost', 'The connection is lost. '.repeat(5))")
    page.evaluate("toast('Something was refused. '.repeat(5))")
    assert page.evaluate(PLACES) == before


def test_every_tap_at_one_place_arrives(chromium_browser: Browser, tmp_path: Path) -> None:
    """The first instruction, with a mouse that does not move: seven taps turn the pages, a hold answers."""
    for width in (390, 768, 1280, 1920):
        path = tmp_path / f"{width}.db"
        twin = Twin(lambda watch, path=path: VirtualWorld(path, utc=1_773_586_800.0, watch=watch))  # type: ignore[misc]
        server = PageServer(twin)
        twin.start()
        server.start()
        page = chromium_browser.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(60_000)
        try:
            page.goto(server.url)
            until(page, "() => document.getElementById('state').textContent === 'SAFETY'")
            page.locator("#knob").scroll_into_view_if_needed()
            box = page.locator("#knob").bounding_box()
            assert box is not None
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            for number in (2, 3):
                page.mouse.down()
                page.wait_for_timeout(80)
                page.mouse.up()
                says = f"page {number} of 4"
                until(page, "says => document.getElementById('says').textContent.includes(says)", says)
            page.wait_for_timeout(200)
            page.mouse.down()
            until(page, "() => document.querySelector('.knob.down')")
            page.wait_for_timeout(1200)
            page.mouse.up()
            until(page, "says => document.getElementById('says').textContent.includes(says)", "page 4 of 4")
            page.mouse.down()
            page.wait_for_timeout(80)
            page.mouse.up()
            until(page, "() => document.getElementById('state').textContent === 'READY'")
        finally:
            page.close()
            server.stop()
            twin.stop()
