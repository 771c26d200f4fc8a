"""docs/dev/programme.md: a hundred rows, each with a test that is there, or with why there is none."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tests.every import every

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "dev" / "programme.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)]


@cache
def names_in(name: str) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", (ROOT / "tests" / name).read_text(encoding="utf-8"), re.MULTILINE))


def test_there_are_a_hundred_in_order() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 101))


@every("row", ROWS, ids=lambda row: row[0])
def test_each_is_held_by_a_test_or_left_out_for_a_reason(row: list[str]) -> None:
    number, rule, where, held = row
    assert rule
    if held.startswith("left out because "):
        assert len(held) > 30, f"{number}: tell why"
        return
    assert where, f"{number}: tell where"
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", held)
    assert named, f"{number}: {held!r} names no test"
    for file, test in named:
        assert test in names_in(file), f"{number}: {file} has no {test}"
    if "`words/" in where:  # that a text fits, or is there, holds nothing
        assert ("test_meaning.py", "test_a_text_says_what_it_must") in named, f"{number}: a text, and not what it means"


@every("row", ROWS, ids=lambda row: row[0])
def test_where_it_lives_is_there(row: list[str]) -> None:
    for name in re.findall(r"`([\w/]+\.py)`", row[2]):
        assert (ROOT / "matpi" / name).exists(), f"{row[0]}: {name}"


def test_the_code_cites_rows_that_exist() -> None:
    cited = 0
    for path in (ROOT / "matpi").rglob("*.py"):
        for numbers in re.findall(r"articles? ((?:\d+(?:[-, ]|and)*)+)", path.read_text(encoding="utf-8")):
            for number in re.findall(r"\d+", numbers):
                assert 1 <= int(number) <= 100, f"{path.name}: article {number}"
                cited += 1
    assert cited > 20


def test_the_form_of_an_own_plan_shown_is_one() -> None:
    from matpi.core.plan.custom_plan import read_plan

    page = (ROOT / "docs" / "routines.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(name = .*?)```", page, re.DOTALL)
    whole = (ROOT / "docs" / "examples" / "own-plan.toml").read_text(encoding="utf-8")
    assert read_plan(shown).tiers[0] == read_plan(whole).tiers[0]
