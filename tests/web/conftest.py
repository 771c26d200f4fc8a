from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from matpi.web.serve import PageServer
from tests.web.fake_bench import FakeBench

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    """One server a module (uvicorn takes 0.2 s to stop), over the bench that `bench` makes new for each test."""
    running = PageServer(_BENCH)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def bench() -> Iterator[FakeBench]:
    yield _BENCH
    assert _BENCH.wait_for_listeners(0) == 0
    _BENCH.reset()


_BENCH = FakeBench()


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no chromium was found, and in CI the page must be tried in a browser")
        pytest.skip("no chromium was found; install it to try the page in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGS)
        yield browser
        browser.close()
