"""A session as the page shows it, in a real browser on a simulated device: from the code to the line in the history.

Everything is found by its role and label, so that a label that goes missing fails here.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web.real_mat import Mat, Watched, go, heading, opened

pytestmark = pytest.mark.browser


def test_a_browser_is_paired_with_the_code_of_the_panel(mat: Mat, watched: Watched, width: int) -> None:
    watched.refused |= {409, 429}
    with watched.open(mat, width, paired=False) as page:
        expect(heading(page, "The page of your mat")).to_be_visible()
        code = mat.code()
        typed = page.get_by_role("textbox", name="Code on the panel")
        typed.fill(f"{(int(code) + 1) % 1_000_000:06d}")
        page.get_by_role("button", name="Pair this browser").click()
        expect(typed).to_have_accessible_description(re.compile("not the code on the device's screen"))
        page.wait_for_timeout(1100)  # between two tries the server wants a second
        typed.fill(code)
        typed.press("Enter")
        expect(heading(page, "The mat is free")).to_be_visible()
        assert mat.show("IDLE"), "a code pairs one browser"
        go(page, "Set-up")
        browsers = opened(page, "Paired browsers")
        expect(browsers.get_by_role("listitem").filter(has_text="this browser")).to_contain_text("Chrome, Linux")


def test_a_session_is_timed_and_rated_and_seen_in_the_history(mat: Mat, watched: Watched, width: int) -> None:
    with watched.open(mat, width) as page:
        timer = page.get_by_role("timer")
        expect(heading(page, "The mat is free")).to_be_visible()
        mat.twin.act("lie_down")
        expect(heading(page, "On the mat")).to_be_visible()
        seen = ["0:00"]
        while len(seen) < 4:
            if (text := timer.inner_text().split()[0]) != seen[-1]:
                seen.append(text)
            page.wait_for_timeout(50)
        assert seen == sorted(seen), "the timer goes on, without a step back"
        assert all(re.fullmatch(r"0:\d\d", text) for text in seen)
        mat.twin.jump("16:16")
        expect(timer).to_contain_text(re.compile(r"1[56]\s*min\s*of 15\D20"))
        mat.get_up()
        expect(heading(page, "The device asks")).to_be_visible()
        page.get_by_role("group", name="How tight do I feel today?").get_by_role("button", name="3", exact=True).click()
        expect(page.get_by_role("heading", name="Felt wrong?")).to_be_visible()
        page.get_by_role("button", name="No, all fine").click()
        expect(page.get_by_role("status").filter(has_text="Saved: 3.")).to_be_visible()
        expect(page.get_by_role("button", name="3", exact=True)).to_have_attribute("aria-pressed", "true")
        page.get_by_role("group", name="How tight").get_by_role("button", name="4", exact=True).click()
        expect(page.get_by_role("status").filter(has_text="Saved: 4.")).to_be_visible()
        mat.lie("16:20")
        mat.get_up()
        expect(page.get_by_role("heading", name="Looser than before the mat?")).to_be_visible()
        page.get_by_role("button", name="Yes, looser").click()
        expect(page.get_by_role("heading", name="Looser than before the mat?")).to_be_hidden()

        go(page, "History")
        said = re.compile(r"15 March 2026: (19|20):\d\d min; .*plan reached; tightness 4, after a session; looser")
        chart = page.get_by_role("slider", name="Days, minutes and tightness")
        expect(chart).to_have_attribute("aria-valuetext", re.compile(f"Sunday,? {said.pattern}"))
        strip = page.get_by_role("list").get_by_role("button", name=said)
        expect(strip).to_have_attribute("aria-current", "date")
        expect(page.get_by_role("cell").get_by_role("button", name=said)).to_be_visible()


def test_a_session_is_edited_deleted_and_brought_back(mat: Mat, watched: Watched, width: int) -> None:
    watched.refused |= {400}
    with watched.open(mat, width, "history") as page:
        page.get_by_role("list").get_by_role("button", name=re.compile("14 March 2026: 18:10 min")).click()
        day = page.get_by_role("dialog", name=re.compile("^Saturday,? 14 March 2026$"))
        day.get_by_role("group").filter(has_text="18:10 min").locator("summary").click()
        expect(day.get_by_role("definition").filter(has_text="got up and did not come back")).to_be_visible()
        day.get_by_role("button", name="Edit", exact=True).click()
        minutes = day.get_by_role("textbox", name="Time on the mat")
        minutes.fill("900")
        minutes.press("Enter")
        expect(minutes).to_have_accessible_description(re.compile("minutes=900"))
        minutes.fill("12:30")
        day.get_by_role("button", name="Save").click()
        expect(day.get_by_role("group").filter(has_text="12:30 min")).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        day.get_by_role("button", name="Delete", exact=True).first.click()
        expect(day.get_by_role("paragraph").filter(has_text="No session on this day.")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(day.get_by_role("group").filter(has_text="12:30 min")).to_be_visible()
        day.get_by_role("button", name="Close").click()
        there = page.get_by_role("list").get_by_role("button", name=re.compile("14 March 2026: 12:30 min"))
        expect(there).to_be_focused()
    [kept] = [one for one in mat.log()["sessions"] if one["day"] == "2026-03-14"]
    assert (kept["on_mat_s"], kept["edited"], kept["deleted_why"]) == (750.0, True, None)


def test_what_felt_wrong_and_rest_and_a_load_that_is_not_the_usual_one(mat: Mat, watched: Watched, width: int) -> None:
    with watched.open(mat, width) as page:
        rest = page.get_by_role("button", name="Rest today")
        for pressed in ("true", "false"):
            rest.click()
            expect(rest).to_have_attribute("aria-pressed", pressed)
            assert mat.state["rest"] is (pressed == "true")

        mat.twin.weigh(26.0)
        mat.lie("16:05")
        mat.get_up()
        expect(page.get_by_role("heading", name="Was that you?")).to_be_visible()
        said = page.get_by_role("paragraph").filter(has_text=re.compile(r"[45]:\d\d min on the mat, from 16:0\d"))
        expect(said).to_be_visible()
        page.get_by_role("button", name="No, leave it out").click()
        expect(page.get_by_role("heading", name="Was that you?")).to_be_hidden()
        expect(page.get_by_role("definition").filter(has_text="0 min")).to_be_visible()

        page.get_by_role("button", name="Something felt wrong").click()
        asked = page.get_by_role("dialog", name="Something felt wrong")
        asked.get_by_role("radio", name="Yesterday").check()
        asked.get_by_role("button", name="Cancel").click()
        assert mat.log()["stops"] == []
        page.get_by_role("button", name="Something felt wrong").click()
        asked.get_by_role("button", name="Note it").click()
        expect(page.get_by_role("status").filter(has_text="Noted. The next day is a rest day")).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="no more today, rest tomorrow")).to_be_visible()
        go(page, "History")
        today = page.get_by_role("list").get_by_role("button", name=re.compile("15 March 2026: no session.*stop sign"))
        expect(today).to_have_accessible_name(re.compile("1 session not counted"))


def test_the_minutes_of_a_routine_are_those_of_the_panel(mat: Mat, watched: Watched) -> None:
    mat.do("settings", set={"routine": "breath"})
    with watched.open(mat, 360) as page:
        mat.lie("16:02")
        assert (mat.state["session"]["lower_min"], mat.state["session"]["upper_min"]) == (3, 5)
        expect(page.get_by_role("timer")).to_contain_text("of 3\u20135")


def test_bedtime_is_changed_while_somebody_lies_on_the_mat(mat: Mat, watched: Watched, width: int) -> None:
    with watched.open(mat, width, "setup/evening") as page:
        mat.lie("16:05")
        before = mat.state["session"]
        bedtime = opened(page, "Reminder and evening").get_by_label("Bedtime")
        bedtime.fill("21:15")
        bedtime.press("Enter")
        expect(bedtime).to_have_accessible_description(re.compile("Saved$"))
        after = mat.state["session"]
        assert after["id"] == before["id"]
        assert after["runs"]
        assert after["on_mat_s"] > before["on_mat_s"]
        assert {"key": "bedtime", "value": "21:15"}.items() <= next(
            one for one in mat.log()["settings"] if one["key"] == "bedtime"
        ).items()


def test_nothing_moves_while_a_session_runs(mat: Mat, watched: Watched) -> None:
    with watched.open(mat, 360) as page:
        mat.lie("16:09")
        expect(heading(page, "On the mat")).to_be_visible()
        page.wait_for_timeout(500)
        page.evaluate(SHIFTS)
        mat.twin.warp(10)  # a minute more and another phase come in it
        page.wait_for_timeout(10_000)
        mat.twin.warp(1)
        assert page.evaluate("window.shifted") < 0.02
        expect(page.get_by_role("timer")).to_contain_text(re.compile(r"1\d\s*min"))


SHIFTS = """() => {
  window.shifted = 0;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shifted += entry.value; })
    .observe({type: "layout-shift"});
}"""
