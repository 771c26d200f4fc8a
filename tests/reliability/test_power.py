"""The plug: nothing acknowledged is lost, wherever the power is cut; and a disk that fails stops nothing.

The figures of each are printed with `pytest -s`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from matpi.core.effects import Write
from matpi.store import atomic, file, migrations
from tests.reliability import power, trouble
from tests.reliability.disk import CAN_WATCH, Trouble

pytestmark = pytest.mark.skipif(not CAN_WATCH, reason="this Python has its SQLite linked in, where no call can be seen")


@pytest.fixture
def scratch() -> Iterator[Path]:
    parsed = cache(migrations._statements)  # thousands of starts of a new log read the same files
    with power.scratch_folder() as folder, mock.patch.object(migrations, "_statements", parsed):
        yield Path(folder)


@pytest.mark.parametrize("name", power.LIVES)
def test_a_power_cut_loses_nothing_acknowledged(name: str, scratch: Path) -> None:
    figures = power.sweep(name, scratch)
    print(f"\n{name}: {figures}")
    assert not figures.found, figures
    assert figures.cut_states >= power.LIVES[name].least


def test_the_page_has_a_row_for_each_life() -> None:
    page = (Path(__file__).parents[2] / "docs/dev/reliability.md").read_text()
    table = page.partition("| what is cut |")[2].partition("\n\n")[0].splitlines()[2:]
    figures = {name: list(map(int, numbers)) for name, *numbers in (row.strip("| ").split(" | ") for row in table)}
    assert figures.pop("together") == [sum(column) for column in zip(*figures.values(), strict=True)]
    assert list(figures) == list(power.LIVES)
    assert all(states >= power.LIVES[name].least and not any(found) for name, (states, *found) in figures.items())


def test_there_are_enough_cuts() -> None:
    assert sum(life.least for life in power.LIVES.values()) >= 3000


# -- the check can fail --------------------------------------------------------------------------------------------


class CarelessOs:
    """The module `os`, also while it is watched, with an `fsync` that does nothing."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fsync(self, _: int) -> None:
        pass


def without(calls: str) -> AbstractContextManager[object]:
    """While in it the store synchronises no export, or no folder."""
    if calls == "folders":
        return mock.patch.object(file, "sync_folder")
    return mock.patch.object(atomic, "os", CarelessOs())


@pytest.mark.parametrize(
    ("name", "careless", "kind"),
    [
        ("sessions", partial(power.synchronous, 1), "lost"),
        ("sessions", partial(power.synchronous, 0), "corrupt"),
        ("export and backup", partial(without, "files"), "torn"),
        ("export and backup", partial(without, "folders"), "lost"),
        ("weekly backup", partial(without, "files"), "corrupt"),
        ("restore of a backup", partial(without, "files"), "corrupt"),
    ],
    ids=[
        "synchronous=NORMAL",
        "synchronous=OFF",
        "no fsync of an export",
        "no fsync of a folder",
        "no fsync of a backup",
        "no fsync of a restored one",
    ],
)
def test_the_sweep_finds_what_a_careless_store_loses(
    name: str, careless: Callable[[], AbstractContextManager[object]], kind: str, scratch: Path
) -> None:
    with careless():
        figures = power.sweep(name, scratch, only=400)
    print(f"\n{figures}")
    assert getattr(figures, kind) > 0


# -- a disk that fails ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", trouble.KINDS)
@pytest.mark.parametrize(
    ("before", "effects"),
    [
        (power.nothing, trouble.SHORT),
        (power.a_new_log, trouble.EVENING),
        (partial(power.of_version, 3), trouble.SHORT),
    ],
    ids=["first start", "evening", "migration"],
)
def test_a_disk_that_fails_from_any_call_on_loses_nothing(
    before: Callable[[Path], None], effects: tuple[Write, ...], kind: str, scratch: Path
) -> None:
    """No error but a StoreError leaves the store, and all is written when the disk is well again."""
    runs, hurt = trouble.sweep(before, effects, scratch, trouble.KINDS[kind], once=False)
    print(f"\n{kind}: {runs} runs, {hurt} with a write that failed")
    assert runs > 50
    assert hurt > runs / 2


def test_a_single_call_that_fails_loses_nothing(scratch: Path) -> None:
    runs, hurt = trouble.sweep(power.a_new_log, trouble.EVENING, scratch, trouble.KINDS["I/O error"], once=True)
    print(f"\nI/O error, once: {runs} runs, {hurt} with a write that failed")
    assert hurt > 10


def test_the_timer_goes_on_over_a_disk_that_fails(scratch: Path) -> None:
    """A whole device: the session is timed, and saved when the disk is well again."""
    calls = trouble.device_lived(scratch.resolve() / "well", None)
    assert calls > 100
    for n, number in enumerate(trouble.KINDS.values()):
        for first in range(n * 3, calls, 9):
            trouble.device_lived(scratch.resolve() / f"{number}-{first}", Trouble(number, first))
