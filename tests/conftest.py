"""The order of the tests: browsers early, else as collected; or shuffled with a printed seed."""

from __future__ import annotations

import os
import random
from itertools import filterfalse
from typing import Any

import pytest

SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shuffle",
        metavar="SEED",
        help="run the files, and the tests of each, in random order: `new`, or the seed of an order to repeat",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    wanted = getattr(config, "workerinput", {}).get("shuffle", config.getoption("shuffle"))
    if wanted is None:
        return
    config.stash[SEED] = random.SystemRandom().randrange(10_000) if wanted == "new" else int(wanted)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"random order: --shuffle {config.stash[SEED]} repeats it")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give each process of pytest-xdist the same order."""
    if SEED in node.config.stash:
        node.workerinput["shuffle"] = node.config.stash[SEED]


def in_browser(item: pytest.Item) -> bool:
    return item.get_closest_marker("browser") is not None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let browsers answer in time: of several processes, one that has come to the other tests goes behind."""
    if hasattr(item.config, "workerinput") and not in_browser(item) and os.nice(0) == 0:
        os.nice(5)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let two of several processes begin with the tests in a browser, a half each: they wait more than they compute.

    `--dist worksteal` gives each process one stretch to begin with. With a seed shuffle files, then the tests in each:
    what a module prepares once is still prepared once.
    """
    workers = getattr(config, "workerinput", {}).get("workercount")
    if SEED not in config.stash:
        if workers is not None:
            browser, rest = list(filter(in_browser, items)), list(filterfalse(in_browser, items))
            half, second = len(browser) // 2, max(0, len(items) // workers - len(browser) // 2)
            items[:] = browser[:half] + rest[:second] + browser[half:] + rest[second:]
        return
    order = random.Random(config.stash[SEED])
    order.shuffle(items)
    place = {path: order.random() for path in sorted({item.path for item in items})}
    items.sort(key=lambda item: place[item.path])
