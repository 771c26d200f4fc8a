"""The page when something goes wrong: no power, no network, two browsers at once, many sessions, long names."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from matpi.core.clock import day_of
from matpi.core.effects import Save
from matpi.core.model import EndReason, Moment, Rating, Session, Settings
from matpi.paths import zone_for
from matpi.store.db import Store
from matpi.store.history import put
from tests.web.real_mat import UTC, ZONE, Mat, Watched, go, heading, opened, running

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

NO_NETWORK = "Failed to load resource: net::ERR_INTERNET_DISCONNECTED"


def edited(page: Page, day: str) -> Locator:
    """Open the form of a day's session; return the dialog."""
    page.get_by_role("list").get_by_role("button", name=re.compile(day)).click()
    dialog = page.get_by_role("dialog", name=re.compile(day))
    dialog.get_by_role("group").first.locator("summary").click()
    dialog.get_by_role("button", name="Edit", exact=True).first.click()
    return dialog


def test_the_power_is_pulled_while_the_page_is_open(mat: Mat, watched: Watched) -> None:
    watched.refused |= {503}
    with (
        watched.open(mat, 360) as today,
        watched.open(mat, 360, "history") as history,
        watched.open(mat, 1280, "setup") as setup,
    ):
        mat.lie("16:05")
        expect(heading(today, "On the mat")).to_be_visible()
        dialog = edited(history, "14 March 2026")
        evening = opened(setup, "Reminder and evening")
        mat.twin.power(on=False)
        expect(heading(today, "Not connected to the mat")).to_be_visible()
        expect(today.get_by_role("timer")).to_be_hidden()
        minutes = dialog.get_by_role("textbox", name="Time on the mat")
        minutes.fill("9:00")
        dialog.get_by_role("button", name="Save").click()
        expect(minutes).to_have_accessible_description(re.compile("does not answer"))
        expect(minutes).to_have_value("9:00")
        bedtime = evening.get_by_label("Bedtime")
        bedtime.fill("21:15")
        bedtime.press("Enter")
        expect(bedtime).to_have_accessible_description(re.compile("nothing was changed"))
        expect(bedtime).to_have_value("22:30")
        for view in ("History", "Set-up"):
            go(today, view)
            today.reload()
            expect(heading(today, view)).to_be_visible()
        go(today, "Today")
        mat.twin.power(on=True)
        expect(heading(today, "On the mat")).to_be_visible()
        expect(today.get_by_role("timer")).to_contain_text(re.compile(r"[45]\s*min"))
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_role("group").filter(has_text="9:00 min")).to_be_visible()


def test_what_became_of_a_damaged_log_is_shown_until_a_tap(mat: Mat, watched: Watched) -> None:
    watched.refused |= {503}
    with watched.open(mat, 360) as today:
        mat.twin.power(on=False)
        expect(heading(today, "Not connected to the mat")).to_be_visible()
        with Store.open(mat.store) as log:
            log.back_up(None)
        mat.store.write_bytes(b"scratched" * 1000)
        mat.twin.power(on=True)
        said = today.get_by_text(
            re.compile(r"was damaged.*up to Sat.* 14 Mar; later ones are in the file .*\.damaged-")
        )
        expect(said).to_be_visible()
        mat.do("press", how="tap")
        mat.do("press", how="tap")
        expect(said).to_be_hidden()


def test_the_network_is_gone_and_comes_back(mat: Mat, watched: Watched) -> None:
    watched.expected.add(NO_NETWORK)
    with watched.open(mat, 360) as page:
        expect(heading(page, "The mat is free")).to_be_visible()
        page.context.set_offline(True)
        expect(heading(page, "Not connected to the mat")).to_be_visible()
        go(page, "History")
        expect(page.get_by_role("status").filter(has_text="does not answer")).to_be_visible()
        expect(heading(page, "Not connected to the mat")).to_be_visible()
        page.context.set_offline(False)
        expect(heading(page, "The mat is free")).to_be_visible()
        go(page, "History")
        expect(heading(page, "History")).to_be_visible()


def test_two_browsers_edit_the_same_session(mat: Mat, watched: Watched) -> None:
    watched.refused |= {400}
    with watched.open(mat, 360, "history") as one, watched.open(mat, 1280, "history") as other:
        first, second = edited(one, "14 March 2026"), edited(other, "14 March 2026")
        for dialog, text in ((first, "10:00"), (second, "11:00")):
            dialog.get_by_role("textbox", name="Time on the mat").fill(text)
            dialog.get_by_role("button", name="Save").click()
            expect(dialog.get_by_role("group").filter(has_text=f"{text} min")).to_be_visible()
        one.evaluate("dispatchEvent(new Event('focus'))")  # as when somebody turns to this window
        expect(first.get_by_role("group").filter(has_text="11:00 min")).to_be_visible()
        first.get_by_role("button", name="Edit", exact=True).first.click()
        second.get_by_role("button", name="Delete", exact=True).first.click()
        expect(second.get_by_text("No session on this day.")).to_be_visible()
        minutes = first.get_by_role("textbox", name="Time on the mat")
        minutes.fill("12:00")
        first.get_by_role("button", name="Save").click()
        expect(minutes).to_have_accessible_description(re.compile("fits no session|deleted"))
        first.get_by_role("button", name="Cancel").click()
        one.evaluate("dispatchEvent(new Event('focus'))")
        expect(first.get_by_text("No session on this day.")).to_be_visible()


def test_the_page_is_loaded_again_in_the_middle_of_everything(mat: Mat, watched: Watched) -> None:
    for name in ("W" * 12, "M" * 12, "Zoë", "i" * 12):
        mat.do("people", words=["add", name])
    with watched.open(mat, 360) as page:
        mat.lie("16:05")
        for _ in range(3):
            page.reload()
        expect(heading(page, "On the mat")).to_be_visible()
        for view in ("history", "setup/people", "sheet", "setup/%zz", "nonsense", f"sheet/2026-99-99/{'x' * 300}"):
            page.goto(f"{mat.url}#{view}")
            page.reload()
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view


def test_five_thousand_sessions_scroll(tmp_path: Path, watched: Watched) -> None:
    store, zone = tmp_path / "long.db", zone_for(ZONE)
    with Store.open(store) as log:
        log.write(Save(Settings(zone=ZONE)))
        with log.writing() as conn:
            for n in range(5_000):
                utc = UTC - timedelta(days=(5_000 - n) // 3 + 1).total_seconds() + 3 * 3600.0 * (n % 3)
                day, made = day_of(utc, zone, Settings().day_start), f"{n:032x}"
                put(conn, Session(made, "boot", 1.0 + n, 620.0, 600.0, EndReason.LEFT, utc, 3600, day, load_kg=48.0))
                if n % 3 == 0:
                    put(conn, Rating(f"r{made}", "boot", 1.0 + n, 5, Moment.AFTER, made, utc + 700.0, 3600, day))
    with running(store) as mat, watched.open(mat, 360, "history") as page:
        expect(heading(page, "History")).to_be_visible()
        page.evaluate(SLOW)
        months = page.get_by_role("region", name=re.compile(r"^\w+ 20\d\d$"))
        assert months.count() > 50
        while page.evaluate("scrollBy(0, 1200), scrollY + innerHeight < document.documentElement.scrollHeight - 1"):
            page.wait_for_timeout(30)
        expect(months.last.get_by_role("cell").get_by_role("button").last).to_be_visible()
        assert page.evaluate("document.querySelectorAll('.months button').length") < 400, "only what is near is there"
        worst = page.evaluate("Math.max(0, ...window.slow)")
        assert worst < 1_000, "a task that long is no scrolling, on any machine"


SLOW = """() => {
  window.slow = [];
  new PerformanceObserver(list => window.slow.push(...list.getEntries().map(one => one.duration)))
    .observe({type: "longtask"});
}"""
