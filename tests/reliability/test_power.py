"""The plug: nothing acknowledged is lost, wherever the power is cut; and a disk that fails stops nothing.

The figures of each are printed with `pytest -s`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from unittest import mock

import pytest

from matpi.store import migrations
from tests.reliability import figures, power, trouble
from tests.reliability.disk import CAN_WATCH, Trouble

pytestmark = pytest.mark.skipif(not CAN_WATCH, reason="this Python has its SQLite linked in, where no call can be seen")


@pytest.fixture
def scratch() -> Iterator[Path]:
    parsed = cache(migrations._statements)  # thousands of starts of a new log read the same files
    with power.scratch_folder() as folder, mock.patch.object(migrations, "_statements", parsed):
        yield Path(folder)


def page_has(table: str, row: str, *cells: object) -> None:
    """Compare the row of docs/dev/reliability.md with what was just found, if it was found with this SQLite."""
    if figures.is_counted_here(table):
        found = figures.rows_of(figures.on_page(table))[row]
        assert found == [*map(figures.cell, cells)], f"write the table again: {figures.__doc__}"


@pytest.mark.parametrize("name", power.LIVES)
def test_a_power_cut_loses_nothing_acknowledged(name: str, scratch: Path) -> None:
    found = power.sweep(name, scratch)
    print(f"\n{name}: {found}")
    assert not found.found, found
    assert found.cut_states >= power.LIVES[name].least
    page_has("power", name, found.cut_states, 0, 0, 0, 0)


def test_the_page_has_a_row_for_each_life() -> None:
    assert list(figures.rows_of(figures.on_page("power"))) == [*power.LIVES, "together"]


def test_there_are_enough_cuts() -> None:
    assert sum(life.least for life in power.LIVES.values()) >= 3000


@pytest.mark.parametrize("name", power.CARELESS)
def test_the_sweep_finds_what_a_careless_store_loses(name: str, scratch: Path) -> None:
    """The check can fail."""
    careless = power.CARELESS[name]
    found = careless.sweep(scratch)
    print(f"\n{found}")
    count = getattr(found, careless.kind)
    assert count > 0
    page_has("careless", name, careless.life, found.cut_states, f"{count:,} {careless.kind.replace('_', ' ')}")


# -- a disk that fails ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", trouble.SWEEPS)
def test_a_disk_that_fails_loses_nothing(name: str, scratch: Path) -> None:
    """No error but a StoreError leaves the store, and all is written when the disk is well again."""
    sweep = trouble.SWEEPS[name]
    runs, hurt = sweep.run(scratch)
    print(f"\n{name}: {runs} runs, {hurt} with a write that failed")
    if sweep.once:
        assert hurt > 10
    else:
        assert runs > 50
        assert hurt > runs / 2
    page_has("disk", name, runs, hurt, 0)


def test_the_timer_goes_on_over_a_disk_that_fails(scratch: Path) -> None:
    """A whole device: the session is timed, and saved when the disk is well again."""
    calls = trouble.device_lived(scratch.resolve() / "well", None)
    assert calls > 100
    for n, number in enumerate(trouble.KINDS.values()):
        for first in range(n * 3, calls, 9):
            trouble.device_lived(scratch.resolve() / f"{number}-{first}", Trouble(number, first))
