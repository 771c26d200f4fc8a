"""The sheet of two weeks, printed by the browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web.real_mat import Mat, Watched, heading

pytestmark = pytest.mark.browser


def test_the_sheet_is_one_page_of_paper(mat: Mat, watched: Watched, width: int) -> None:
    with watched.open(mat, width, "history") as page:
        page.get_by_role("link", name="Two weeks on one sheet").click()
        expect(heading(page, "Two weeks on one sheet")).to_be_visible()
        expect(page.get_by_role("button", name="Print")).to_be_visible()
        paper = page.get_by_role("article")
        rows = paper.get_by_role("row")
        expect(rows).to_have_count(16)
        expect(rows.nth(13)).to_contain_text("14 Mar")
        expect(rows.nth(13)).to_contain_text("18:10")
        printed = page.pdf(format="A4", prefer_css_page_size=True)
        assert printed.startswith(b"%PDF")
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1
        page.emulate_media(media="print")
        expect(paper).to_be_visible()
        for shell in ("navigation", "banner", "button"):
            expect(page.get_by_role(shell)).to_have_count(0)
        page.emulate_media(media="screen")
