"""Every screen, as it was last looked at and found good."""

from __future__ import annotations

from typing import get_args

import pytest

from matpi.core.views import View
from matpi.screen.frame import braille
from tests.every import every
from tests.screen.gallery import GOLDENS, IN_GERMAN, VIEWS, pictures

DRAWN = pictures()


@every("name", DRAWN)
def test_screen_is_as_it_was(name: str) -> None:
    path = GOLDENS / f"{name}.txt"
    expected = path.read_text(encoding="utf-8").rstrip("\n") if path.exists() else "(no golden)"
    drawn = braille(DRAWN[name])
    if drawn != expected:
        pytest.fail(
            f"{name} changed. It was:\n{expected}\nIt is now:\n{drawn}\n"
            "If that is better: python -m tests.screen.regolden",
            pytrace=False,
        )


def test_every_kind_of_view_has_a_golden() -> None:
    assert {type(view) for view in VIEWS.values()} == set(get_args(View))


def test_no_golden_is_left_behind() -> None:
    assert {path.stem for path in GOLDENS.glob("*.txt")} == DRAWN.keys()


def test_all_screens_differ() -> None:
    for language in (VIEWS, IN_GERMAN):
        seen: dict[str, str] = {}
        for name in language:
            assert seen.setdefault(braille(DRAWN[name]), name) == name
