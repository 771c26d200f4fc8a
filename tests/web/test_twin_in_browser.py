"""The whole story in a real browser on a real `matpi sim`: lie down, see the timer, get up, rate 7, pull the power."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import TimeoutError as TooLate

from matpi.core.screens.safety import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    twin = subprocess.Popen(
        [
            sys.executable, "-m", "matpi", "sim", "--port", "0", "--no-browser", "--zone", "Europe/Berlin",
            "--store", str(tmp_path / "story.db"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert twin.stdout is not None
    line = twin.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+/", line)
    assert found, line + twin.stdout.read()
    yield found.group()
    twin.terminate()
    rest, _ = twin.communicate(timeout=60)
    assert twin.returncode == 0, rest
    assert "Traceback" not in rest


@pytest.fixture
def page(chromium_browser: Browser, address: str) -> Iterator[Page]:
    page = chromium_browser.new_page(viewport={"width": 1440, "height": 1100})
    page.set_default_timeout(60_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    yield page
    page.close()
    assert not complaints


def says(page: Page, words: str) -> None:
    """Wait until the screen says something with these words in it, a pattern."""
    try:
        page.wait_for_function("words => document.getElementById('says').textContent.match(words)", arg=words)
    except TooLate:
        raise AssertionError(f"{words!r} is not said, but {page.locator('#says').text_content()!r}") from None


def in_state(page: Page, words: str) -> None:
    page.wait_for_function("words => document.getElementById('state').textContent.toUpperCase() === words", arg=words)


def tap(page: Page) -> None:
    page.keyboard.down("Space")
    page.wait_for_timeout(250)  # between what is a bounce and what is a hold, on a busy machine too
    page.keyboard.up("Space")
    page.wait_for_timeout(80)


def hold(page: Page) -> None:
    box = page.locator("#knob").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(900)
    page.mouse.up()


def warp(page: Page, factor: int) -> None:
    page.locator(f"input[name=warp][value='{factor}']").click()


def rows(page: Page) -> list[str]:
    """Return the sessions in the list, their cells apart, whether the list is in view or not."""
    texts = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent).join('\\t'))"
    return list(page.locator("#rows tr").evaluate_all(texts))


def test_the_story(page: Page) -> None:
    # First run: what to know, and the answer.
    in_state(page, "SAFETY")
    for number in range(2, 4):
        tap(page)
        says(page, f"page {number} of {len(PAGES)}")
    hold(page)
    says(page, "Stop if: pain feels wrong")
    tap(page)
    in_state(page, "PAGE")  # where the device's own page is
    tap(page)
    in_state(page, "IDLE")
    says(page, "not yet today, 2 to 5 minutes")

    # Lie down with a click, see the timer, get up.
    page.get_by_role("button", name=re.compile("Lie down")).click()
    says(page, "On the mat: 0:0")
    warp(page, 60)
    says(page, r"\b([3-9]|\d\d) minutes of 2 to 5")
    page.get_by_role("button", name=re.compile("Get up")).click()
    says(page, "Done for today")
    says(page, "How tight do I feel today?")

    # Rate 7, and see the session in the list.
    for number in range(1, 8):
        tap(page)
        says(page, f"{number} of 10. Hold to confirm")
    hold(page)
    says(page, "7 of 10, saved")
    page.wait_for_function("() => document.querySelectorAll('#rows tr').length === 1")
    (row,) = rows(page)
    assert re.search(r"\b7\b", row), row
    first_minutes = row

    # Pull the power in the middle of the next one, and find it whole after the boot.
    page.get_by_role("button", name=re.compile("Lie down")).click()
    says(page, "On the mat: 0:")
    warp(page, 60)
    says(page, r"\b([2-9]|\d\d) minutes of 2 to 5")
    warp(page, 1)
    page.locator("#power").click()
    says(page, "No power.")
    page.wait_for_timeout(1500)
    page.locator("#power").click()
    says(page, "On the mat: ")
    page.get_by_text("Log of events").click()
    page.get_by_text("the session goes on after").wait_for()
    page.get_by_role("button", name=re.compile("Get up")).click()
    warp(page, 60)
    ended = "document.querySelectorAll('#rows tr').length === 2 && !document.getElementById('rows').textContent"
    page.wait_for_function(f"() => {ended}.includes('still open')")
    texts = rows(page)
    assert first_minutes in texts  # what was stored before is as it was
    second = next(text for text in texts if text != first_minutes)
    lain = re.search(r"(\d+) min(?: (\d+) s)?", second)
    assert lain, second
    assert 60 * int(lain[1]) + int(lain[2] or 0) >= 2 * 60 - 15, second  # what a power cut may cost
