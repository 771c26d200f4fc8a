"""What a browser that is not paired sees and can do: what this is, how to pair, and nothing else."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from matpi.page.app import DO, ROUTES
from tests.web.real_mat import Mat, Watched, heading

pytestmark = pytest.mark.browser

VALUES = {"path:path": "app.js", "language": "en", "table": "sessions", "name": "last.csv"}
ASK = """async ([method, path, body]) => {
  const sent = body === null ? {} : {body: JSON.stringify(body), headers: {"Content-Type": "application/json"}};
  const answer = await fetch(path, {method, ...sent});
  const said = await answer.text();
  return [answer.status, said];
}"""


def test_a_browser_that_is_not_paired_sees_how_to_pair_and_can_do_nothing(
    mat: Mat, watched: Watched, width: int
) -> None:
    watched.refused |= {401}
    before = mat.log()
    with watched.open(mat, width, "history", paired=False) as page:
        for view in ("", "today", "history", "setup/data", "sheet"):
            page.goto(f"{mat.url}#{view}")
            expect(heading(page, "The page of your mat")).to_be_visible()
            expect(page.get_by_role("navigation")).to_be_hidden()
            expect(page.get_by_role("listitem")).to_have_count(3)
            expect(page.get_by_role("textbox", name="Code on the panel")).to_be_visible()
        asked: list[tuple[str, str, object]] = []
        for entry in ROUTES.values():
            path = entry.path
            for name, value in VALUES.items():
                path = path.replace(f"{{{name}}}", value)
            if not entry.open and path != "/api/do":
                asked.append((entry.method, path, {} if entry.method == "POST" else None))
        asked += [("POST", "/api/do", {"do": name, "sure": "delete everything"}) for name in sorted(DO)]
        for method, path, body in asked:
            status, said = page.evaluate(ASK, [method, path, body])
            assert (status, "not paired" in said) == (401, True), (method, path, body)
    after = mat.log()
    assert after | {"version": 0} == before | {"version": 0}
