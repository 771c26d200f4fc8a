"""The set-up in a real browser on a simulated device: first steps, people, languages, data, paired browsers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from matpi.config import Config, PanelConfig
from tests.web.real_mat import Mat, Watched, go, heading, opened, running

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


def test_the_first_steps_on_a_new_device(tmp_path: Path, watched: Watched, width: int) -> None:
    with running(tmp_path / "new.db", demo=False) as mat, watched.open(mat, width) as page:
        page.get_by_role("link", name="Read and answer them here").click()
        first = opened(page, "First steps")
        expect(first.get_by_role("heading", name="Your language")).to_be_visible()
        first.get_by_role("button", name="Next").click()
        expect(first.get_by_role("listitem").filter(has_text="pregnant")).to_be_visible()
        first.get_by_role("button", name="None of this applies").click()
        expect(first.get_by_role("heading", name="What to remember")).to_be_focused()
        assert mat.state["safety"] == "none"
        first.get_by_role("button", name="Next").click()
        first.get_by_role("textbox", name="Time zone").or_(first.get_by_role("combobox", name="Time zone")).fill(
            "Europe/Rome"
        )
        first.get_by_role("button", name="Next").click()
        first.get_by_label("Bedtime").fill("22:15")
        first.get_by_role("button", name="Next").click()
        expect(first.get_by_role("heading", name="Who uses the mat")).to_be_visible()
        first.get_by_role("button", name="Next").click()
        first.get_by_role("combobox", name="Usual session").select_option("neck")
        first.get_by_role("button", name="Next").click()
        first.get_by_role("button", name="Close").click()
        expect(first.get_by_role("paragraph").filter(has_text="Answered: none of it applies.")).to_be_visible()
        stored = {one["key"]: one["value"] for one in mat.log()["settings"]}
        assert (stored["zone"], stored["bedtime"], stored["routine"]) == ("Europe/Rome", "22:15", "neck")
        go(page, "Today")
        expect(page.get_by_role("link", name="Read and answer them here")).to_be_hidden()
        expect(page.get_by_role("timer")).to_contain_text("today of")


def test_people_are_added_and_take_turns(mat: Mat, watched: Watched, width: int) -> None:
    watched.refused |= {400, 409}
    with watched.open(mat, width, "setup/people") as page:
        people = opened(page, "People")
        for name in ("Ada", "Maximiliane"):
            people.get_by_role("textbox", name="New name").fill(name)
            people.get_by_role("button", name="Add").click()
            expect(people.get_by_role("textbox", name=f"Name of {name}")).to_be_visible()
        people.get_by_role("textbox", name="New name").fill("Maximiliane-Luise von und zu Hohenlohe")
        expect(people.get_by_role("textbox", name="New name")).to_have_accessible_description(re.compile("1 to 12"))
        people.get_by_role("textbox", name="New name").fill("ada")
        people.get_by_role("button", name="Add").click()
        expect(people.get_by_role("textbox", name="New name")).to_have_accessible_description(re.compile("Ada|ada"))
        people.get_by_role("radio", name="The next session is Maximiliane's").check()
        go(page, "Today")
        turn = page.get_by_role("group", name="Whose turn is it?")
        expect(turn.get_by_role("radio", name="Maximiliane")).to_be_checked()
        turn.get_by_role("radio", name="Ada").check()
        assert mat.until(lambda state: [one["name"] for one in state["people"] if one["chosen"]] == ["Ada"])


def test_a_german_device_has_a_german_page(tmp_path: Path, watched: Watched, width: int) -> None:
    with (
        running(tmp_path / "mat.db", config=Config(panel=PanelConfig(language="de"))) as mat,
        watched.open(mat, width) as page,
    ):
        expect(heading(page, "Die Matte ist frei")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == "de"
        page.get_by_role("button", name="kurz").click()
        panel = page.get_by_role("region", name="Das Gerät").get_by_role("img")
        expect(panel).to_have_accessible_name(re.compile("Wie verspannt fühlst du dich heute"))
        page.get_by_role("navigation", name="Ansichten").get_by_role("link", name="Verlauf").click()
        expect(
            page.get_by_role("list").get_by_role("button", name=re.compile(r"14\. März 2026: 18:10 min"))
        ).to_be_visible()
        page.get_by_role("navigation", name="Ansichten").get_by_role("link", name="Einrichten").click()
        opened(page, "Über").get_by_role("combobox", name="Sprache dieser Seite").select_option("en")
        expect(heading(page, "Set-up")).to_be_visible()


def test_an_export_is_imported_into_an_empty_device_and_a_backup_restored(
    mat: Mat, tmp_path: Path, watched: Watched, width: int
) -> None:
    def fetched(page: Page, data: Locator, name: str) -> Path:
        with page.expect_download() as download:
            data.get_by_role("link", name=name).click()
        path = tmp_path / str(download.value.suggested_filename)
        download.value.save_as(path)
        return path

    mat.do("people", words=["add", "Ada"])
    with watched.open(mat, width, "setup/data") as page:
        data = opened(page, "Data")
        export, backup = fetched(page, data, "Export (JSON)"), fetched(page, data, "Backup")
        sessions = fetched(page, data, "Sessions").read_text()
    assert sessions.count("\n") == 14
    for file in (export, backup):
        with (
            running(tmp_path / f"{file.name}.db", demo=False) as other,
            watched.open(other, width, "setup/data") as page,
        ):
            data = opened(page, "Data")
            data.get_by_label("Import or restore").set_input_files(file)
            expect(data.get_by_text(re.compile("13 sessions"))).to_be_visible()
            again = json.loads(fetched(page, data, "Export (JSON)").read_text())
            before = json.loads(export.read_text())
            assert again.keys() == before.keys()
            for part in before:
                if part not in {"settings", "exported", "made"}:
                    assert again[part] == before[part], part


def test_a_recording_is_refused_in_words_and_everything_is_deleted(mat: Mat, watched: Watched, width: int) -> None:
    watched.refused |= {409}
    with watched.open(mat, width, "setup/data") as page:
        data = opened(page, "Data")
        data.get_by_role("button", name="Save the last 10 minutes").click()
        expect(data.get_by_text("A simulated mat gives no counts")).to_be_visible()
        remove = data.get_by_role("button", name="Delete everything now")
        expect(remove).to_be_disabled()
        data.get_by_role("textbox", name=re.compile("Type")).fill("delete everything")
        remove.click()
        expect(data.get_by_text(re.compile("is deleted"))).to_be_visible()
        go(page, "History")
        expect(page.get_by_role("paragraph").filter(has_text="No session yet.")).to_be_visible()
        assert mat.log()["sessions"] == []


def test_a_browser_that_is_removed_is_out_at_once(mat: Mat, watched: Watched, width: int) -> None:
    watched.refused |= {401}
    with watched.open(mat, width) as other, watched.open(mat, width, "setup/browsers") as page:
        expect(heading(other, "The mat is free")).to_be_visible()
        browsers = opened(page, "Paired browsers")
        browsers.get_by_role("listitem").filter(has_not_text="this browser").get_by_role("button").click()
        expect(heading(other, "The page of your mat")).to_be_visible()
        browsers.get_by_role("listitem").filter(has_text="this browser").get_by_role("button").click()
        page.get_by_role("dialog", name="Paired browsers").get_by_role("button", name="Remove").click()
        expect(heading(page, "The page of your mat")).to_be_visible()
