"""The order of the tests: browsers first, else as collected; or shuffled with a printed seed."""

from __future__ import annotations

import os
import random
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
    if getattr(config, "workerinput", {}).get("workerid", "gw0") != "gw0":
        os.nice(5)  # the process with the browsers answers in time, the others have the rest
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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests in a browser first, which wait more than they compute; one process then has most of them.

    With a seed shuffle files, then the tests in each: what a module prepares once is still prepared once.
    """
    if SEED not in config.stash:
        items.sort(key=lambda item: item.get_closest_marker("browser") is None)
        return
    order = random.Random(config.stash[SEED])
    order.shuffle(items)
    place = {path: order.random() for path in sorted({item.path for item in items})}
    items.sort(key=lambda item: place[item.path])
