from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from matpi.twin.page.server import PageServer
from tests.web.fake_bench import FakeBench
from tests.web.real_mat import Mat, Watched, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LEFT_OUT = pytest.StashKey[int]()
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Return the program. The one without a window does the same pages with half the processor."""
    names = "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"
    return next(filter(None, map(shutil.which, names)), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser its tests are left out, and that is said in one line. In CI they run, and fail."""
    if chromium() is not None or os.environ.get("CI"):
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
        config.stash[LEFT_OUT] = len(left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left_out = config.stash.get(LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(f"{left_out} tests need a browser and were left out: no chromium was found")


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    """One server a module (uvicorn takes 0.2 s to stop), over the bench that `bench` makes new for each test."""
    running = PageServer(_BENCH)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def bench() -> Iterator[FakeBench]:
    _BENCH.reset()  # of what tests of the server alone have called
    yield _BENCH
    assert _BENCH.wait_for_listeners(0) == 0
    _BENCH.reset()


@pytest.fixture(params=[360, 1280])
def width(request: pytest.FixtureRequest) -> int:
    """The width of the screen in px."""
    return int(request.param)


@pytest.fixture
def mat(tmp_path: Path) -> Iterator[Mat]:
    """A simulated device after an invented fortnight, with its page."""
    with running(tmp_path / "mat.db") as one:
        yield one


@pytest.fixture
def watched(chromium_browser: Browser) -> Iterator[Watched]:
    """Browsers, which have complained of nothing at the end."""
    watched = Watched(chromium_browser)
    yield watched
    assert watched.complaints == []


_BENCH = FakeBench()


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.fail("no chromium was found, and in CI the page must be tried in a browser")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGS)
        yield browser
        browser.close()
