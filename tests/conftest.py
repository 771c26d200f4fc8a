"""The order of the tests: as collected, or shuffled with a printed seed."""

from __future__ import annotations

import random

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shuffle",
        type=lambda text: random.SystemRandom().randrange(10_000) if text == "new" else int(text),
        metavar="SEED",
        help="run the files, and the tests of each, in random order: `new`, or the seed of an order to repeat",
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    seed = session.config.getoption("shuffle")
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if seed is not None and reporter is not None:
        reporter.write_line(f"random order: --shuffle {seed} repeats it")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle files, then the tests in each: what a module prepares once is still prepared once."""
    seed = config.getoption("shuffle")
    if seed is None:
        return
    order = random.Random(seed)
    order.shuffle(items)
    place = {path: order.random() for path in sorted({item.path for item in items})}
    items.sort(key=lambda item: place[item.path])
