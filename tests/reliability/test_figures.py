"""The figures of docs/dev/reliability.md are those of the tests; test_power.py compares its own while it has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.reliability import figures, power, trouble
from tests.reliability.test_clock import CASES

TEXT = figures.PAGE.read_text(encoding="utf-8")
HOSTILE = (Path(__file__).parent / "test_hostile.py").read_text(encoding="utf-8")


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {title!r}"
    return found[1]


def numbers(text: str) -> set[str]:
    """The numbers in the text but 0, which each test asserts itself."""
    return set(re.findall(r"\d[\d,.]*(?<=\d)", text)) - {"0"}


def test_the_figures_at_the_top_are_those_of_the_sections() -> None:
    promised = figures.rows_of(TEXT[: TEXT.index("\n## ")])
    assert len(promised) >= 4
    for promise, (_, figure, link) in promised.items():
        found = re.fullmatch(r"\[(.+)\]\(#[\w-]+\)", link)
        assert found, promise
        assert numbers(figure), promise
        assert numbers(figure) <= numbers(section(found[1])), promise


@pytest.mark.parametrize(
    ("name", "rows"),
    [("power", power.LIVES), ("careless", power.CARELESS), ("disk", trouble.SWEEPS)],
    ids=["power", "careless", "disk"],
)
def test_the_tables_have_what_is_swept(name: str, rows: dict[str, object]) -> None:
    found = figures.rows_of(figures.on_page(name))
    together = found.pop("together", None)
    assert list(found) == list(rows)
    if together:
        columns = zip(*found.values(), strict=True)
        assert together == [figures.cell(sum(int(one.replace(",", "")) for one in column)) for column in columns]


def test_the_cases_are_those_of_the_tests() -> None:
    assert f"`make test` runs {CASES:,} cases" in section("Clock")
    hostile = section("Hostile input")
    cases = sum(map(int, re.findall(r"^@cases\((\d+)\)", HOSTILE, re.MULTILINE)))
    assert f"{cases:,} cases in `make test`" in hostile
    assert sum(int(cells[0]) for cells in figures.rows_of(hostile).values()) == cases


def test_a_table_is_written_anew_where_its_mark_is() -> None:
    page = (
        "a\n<!-- figures: disk -->\nold\n<!-- end of figures -->\nb\n<!-- figures: power -->\n<!-- end of figures -->\n"
    )
    line = '{"name": "disk", "sqlite": "3.1", "sweeps": {"evening": {"runs": 1200, "hurt": 3, "lost": 0}}}'
    made = figures.filled(page, [line])
    assert "With SQLite 3.1:\n\n| what fails" in made
    assert figures.rows_of(made) == {"evening": ["1,200", "3", "0"], "together": ["1,200", "3", "0"]}
    assert made.replace(made[made.index("With") : made.index("<!-- end")], "old\n") == page
    with pytest.raises(KeyError):
        figures.filled("", [line])
