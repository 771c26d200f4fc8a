"""docs/troubleshooting.md quotes texts of the screen and of the page, and names lines that `matpi doctor` has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from matpi.commands.doctor.report import run_doctor
from matpi.config import Config
from matpi.drivers.probe import HostProbe
from matpi.words import ENGLISH, Words
from tests.every import every

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
WORDS = re.compile(r'"([^"]+)"')


def rows() -> Iterator[list[str]]:
    for line in PAGE.splitlines():
        if line.startswith("| ") and not line.startswith("| you see"):
            yield [cell.strip() for cell in line.split("|")[1:-1]]


def named() -> list[str]:
    """The doctor's lines in the last column. Two are in no code quotes there, where they would read like commands."""
    cells = (row[3] for row in rows() if row[3] and not row[3].startswith("none"))
    return [name.strip("` ") for cell in cells for name in cell.split(",")]


def quoted() -> list[str]:
    reported = {word for row in rows() for word in WORDS.findall(row[0])}
    (others,) = re.findall(r"^The words for three .*$", PAGE, re.MULTILINE)
    return sorted(reported | set(WORDS.findall(others)))


@cache
def said() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """The texts of screen and page by line: fixed ones, and patterns of those with a value. "~" is drawn alone."""
    texts = {
        line for words in (ENGLISH, Words("page_en")) for text in words.texts.values() for line in text.split("\n")
    }
    made = {text for text in texts if "{" in text}
    patterns = (r"[\w -]+".join(map(re.escape, re.split(r"\{[^}]*\}", text))) for text in made if len(text) >= 12)
    return frozenset({*texts, "~"} - made), tuple(map(re.compile, patterns))


def is_said(words: str) -> bool:
    fixed, made = said()
    return words in fixed or any(pattern.fullmatch(words) for pattern in made)


@every("words", quoted())
def test_the_screen_or_the_page_says_so(words: str) -> None:
    assert is_said(words), f"neither the screen nor the page says {words!r}"


def test_words_that_no_screen_says_are_noticed() -> None:
    for wrong in ("Mat is quiet", "head chip broken", "Finding the zero", "not saved yet!"):
        assert not is_said(wrong)


def test_enough_is_quoted() -> None:
    assert len(quoted()) > 40


def test_every_word_of_a_lost_load_cell_is_there() -> None:
    for words in ("silent", "overloaded", "stuck", "wrong rate", "disturbed"):
        assert re.search(rf'"head (chip )?{words}"', PAGE)


@cache
def lines() -> frozenset[str]:
    """Part and name of each line, as the doctor prints them."""

    def absent(_: object) -> str:
        raise OSError

    nowhere = ROOT / "tests" / "nowhere"
    probe = HostProbe(root=nowhere, open_bus=absent, label=absent, run=absent, sleep=lambda _: None)
    checks = run_doctor(
        Config(),
        nowhere / "status.json",
        probe=probe,
        seconds=0.0,
        store_path=nowhere / "matpi.db",
        sleep=lambda _: None,
    )
    return frozenset(f"{check.part} {check.name}" for check in checks)


def test_the_doctor_has_the_lines_that_are_named() -> None:
    assert len(named()) > 40
    assert set(named()) <= lines()


def test_no_line_of_the_doctor_is_left_out() -> None:
    """Whoever reads a line there finds it here; those of the second chip are told with the first."""
    assert {line for line in lines() if not line.startswith("chip 2")} <= set(named())


def test_each_row_says_what_to_do() -> None:
    for row in rows():
        assert len(row) == 4, row
        assert all(row[:3]), row
