"""What the page says to do, and the guided first minute: four hints, each until it has happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from matpi.twin.page.server import PageServer
from tests.web.fake_bench import FakeBench

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium_browser: Browser, server: PageServer, bench: FakeBench) -> Iterator[Page]:
    opened = chromium_browser.new_page()
    opened.set_default_timeout(60_000)
    bench.change(state="SAFETY")
    opened.goto(server.url)
    yield opened
    opened.close()


def test_each_hint_stays_until_it_has_happened(page: Page, bench: FakeBench) -> None:
    hint, done = page.locator("#hint"), page.locator("#steps .past")
    expect(hint).to_contain_text("Read the safety pages")
    bench.change(state="IDLE", answered=True)
    expect(hint).to_contain_text("Lie down (l)")
    expect(done).to_have_count(1)
    bench.change(state="ARRIVING")
    bench.change(state="ON_MAT", clock="2026-11-23T20:15:00+01:00")
    expect(hint).to_contain_text("Let time run")
    bench.change(clock="2026-11-23T20:15:59+01:00")
    bench.change(clock="2026-11-23T20:16:00+01:00")
    expect(hint).to_contain_text("Get up (g)")
    bench.change(state="DONE")
    bench.change(state="RATING")
    bench.change(state="SAVED")
    expect(done).to_have_count(4)
    expect(hint).to_contain_text("an evening with matpi")


def test_on_the_board_time_is_real_and_who_lies_down_first_is_not_held_up(page: Page, bench: FakeBench) -> None:
    bench.change(state="ON_MAT", board=True)
    expect(page.locator("#hint")).to_contain_text("real time")


def test_the_guide_stays_closed_and_can_be_opened_again(page: Page) -> None:
    guide = page.locator("#guide")
    expect(guide).to_be_visible()
    page.get_by_role("button", name="Close the guide").click()
    expect(guide).not_to_be_visible()
    page.reload()
    expect(page.locator("#link")).to_have_text("connected")
    expect(guide).not_to_be_visible()
    page.get_by_role("switch", name="Guided first minute").check()
    expect(guide).to_be_visible()


def test_what_to_do_and_what_is_unusual(page: Page, bench: FakeBench) -> None:
    bench.change(do="Dark: press the button (space).", notes=["27 readings rejected.", "Dimmed."], reason="")
    expect(page.locator("#do")).to_have_text("Dark: press the button (space).")
    expect(page.locator("#notes")).to_have_text("27 readings rejected. Dimmed.")
    expect(page.locator("#reason")).to_have_text("")


def test_no_head_covers_the_label_of_the_load(page: Page, bench: FakeBench) -> None:
    for width in (360, 768, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        for doing, x in (("standing", "228"), ("sitting", "226"), ("away", "442"), ("lying", "112")):
            bench.change(doing=doing)
            page.wait_for_function("x => document.querySelector('#person .head').getAttribute('cx') === x", arg=x)
            head, label = page.locator("#person .head").bounding_box(), page.locator("#loadnote").bounding_box()
            assert head is not None
            assert label is not None
            assert head["y"] >= label["y"] + label["height"], (width, doing)
