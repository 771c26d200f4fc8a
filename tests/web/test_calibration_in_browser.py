"""The mat is calibrated, and its last ten minutes saved, by the page of the emulated board: real drivers, real time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from playwright.sync_api import expect

from tests.web.real_mat import Watched, opened, running

if TYPE_CHECKING:
    from matpi.sim.body import Act

pytestmark = pytest.mark.browser

STEPS = {
    "Calibrate: clear the mat": "get_up",
    "Head end: stand in its middle": "stand_head",
    "Foot end: stand in its middle": "stand_foot",
}
"""What the panel asks for, and what the person does."""


def test_the_mat_is_calibrated_with_the_live_load(tmp_path: Path, watched: Watched) -> None:
    with running(tmp_path / "mat.db", board=True) as mat, watched.open(mat, 1280, "setup/mat") as page:
        section = opened(page, "The mat")
        assert not mat.state["calibrated"]
        section.get_by_role("textbox", name="Your weight in kg").fill("74")
        section.get_by_role("button", name="Begin").click()
        go_on = section.get_by_role("button", name="Done, go on")
        expect(go_on).to_be_visible()
        for says, act in STEPS.items():
            expect(section.get_by_text(f"{says}. tap: back")).to_be_visible()
            mat.twin.act(cast("Act", act))  # the ends of the mat: acts that only a calibration has
            mat.until(lambda state: (state["kg"] > 50) is act.startswith("stand"))  # noqa: B023
            # An end is measured by itself.
            if act == "get_up":
                go_on.click()
        expect(section.get_by_text("you may step off")).to_be_visible()
        expect(section.get_by_text("measured", exact=True)).to_be_visible()
        expect(section.get_by_text(re.compile(r"^7[345]\.\d kg$"))).to_be_visible()
        mat.twin.act("get_up")
        expect(section.get_by_text(re.compile(r"^-?0\.\d kg$"))).to_be_visible()
        go_on.click()
        expect(section.get_by_text("The calibration has ended.")).to_be_visible()
        expect(section.get_by_text("Calibrated.", exact=True)).to_be_visible()

        data = opened(page, "Data")
        data.get_by_role("button", name="Save the last 10 minutes").click()
        with page.expect_download() as download:
            data.get_by_role("link", name="Download the recording").click()
        saved = tmp_path / "last.csv"
        download.value.save_as(saved)
        assert saved.stat().st_size > 1000
