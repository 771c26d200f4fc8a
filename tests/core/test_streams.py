"""The whole behaviour, frozen: all that the device does in each story of stories.py is as it was last read."""

from __future__ import annotations

from itertools import zip_longest

import pytest

from tests.core.stories import STORIES
from tests.core.streams import STREAMS, goldens, stream
from tests.every import every


@every("name", STORIES)
def test_the_device_does_what_it_did(name: str) -> None:
    path = STREAMS / f"{name}.txt"
    was = path.read_text(encoding="utf-8") if path.exists() else "(no golden)"
    now = stream(name)
    if now != was:
        both = enumerate(zip_longest(was.splitlines(), now.splitlines(), fillvalue="(nothing)"), 1)
        number, (old, new) = next((n, pair) for n, pair in both if pair[0] != pair[1])
        pytest.fail(
            f"{name} changed first in line {number}.\nIt was: {old}\nIt is:  {new}\n"
            "If that is meant: python -m tests.core.streams",
            pytrace=False,
        )


def test_no_golden_is_left_behind() -> None:
    assert {path.stem for path in goldens()} == set(STORIES)
