"""A whole simulated device and its page in this process, for tests in a browser: nothing of it is scripted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from matpi.config import Config
from matpi.control.address import beside
from matpi.control.client import Client
from matpi.core.effects import Effect
from matpi.drivers.clock import SystemClock
from matpi.errors import MatpiError
from matpi.page.access import COOKIE
from matpi.page.devices import Devices, devices_file
from matpi.page.server import SiteServer
from matpi.sim.board import Board
from matpi.twin.board_world import BoardWorld
from matpi.twin.demo import write_fortnight
from matpi.twin.twin import Twin
from matpi.twin.world import VirtualWorld
from tests.web.client import ask

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

UTC = 1_773_586_800.0  # 2026-03-15 15:00 UTC: 16:00 in Berlin, a Sunday
ZONE = "Europe/Berlin"
KG = 74.0
LONG_MS = 60_000
"""The longest wait for what has to come: a machine may have ten other things to do."""


@dataclass
class Mat:
    """A simulated device that is on, and its page."""

    twin: Twin
    site: SiteServer
    client: Client
    store: Path

    @property
    def url(self) -> str:
        return self.site.url

    def do(self, name: str, **fields: Any) -> dict[str, Any]:
        return dict(self.client.ask({"do": name, **fields}).data)

    def log(self) -> dict[str, Any]:
        """Return what the page is told of the log."""
        token = Devices(devices_file(self.store)).add("a test")
        answer = ask(self.url, "GET", "/api/log", headers={"cookie": f"{COOKIE}={token}"})
        return dict(json.loads(answer.text))

    @property
    def state(self) -> dict[str, Any]:
        return self.do("state")

    def until(self, true: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Wait until this is true of the state; return it."""
        end, state = time.monotonic() + LONG_MS / 1000, {"front": "?", "spoken": "?"}
        while True:
            with suppress(MatpiError):  # a skip over minutes takes seconds on a busy machine, and no call meanwhile
                if true(state := self.state):
                    return state
            assert time.monotonic() < end, (state["front"], state["spoken"])
            time.sleep(0.02)

    def show(self, front: str) -> dict[str, Any]:
        return self.until(lambda state: state["front"] == front)

    def code(self) -> str:
        """Open "Page" in the menu by the button; return the code that the panel says."""
        while ": Page." not in (spoken := self.state["spoken"]):
            in_menu = self.state["front"] == "MENU"
            self.do("press", how="tap" if in_menu else "hold")  # a dark panel wakes first
            time.sleep(0.2)  # until the button is up again
        self.twin.press(3.3)
        spoken = self.show("PAGE")["spoken"]
        return "".join(letter for letter in spoken.rpartition("Code:")[2] if letter.isdigit())

    def lie(self, until: str) -> None:
        """Lie down, and let the time pass until the clock shows HH:MM."""
        self.twin.act("lie_down")
        self.twin.warp(10)
        self.show("ON_MAT")
        self.twin.warp(1)
        self.twin.jump(until)
        self.until(lambda state: state["local"][11:16] >= until or state["local"][11:16] == _before(until))

    def get_up(self) -> dict[str, Any]:
        """Get up, and wait until the session has ended and what is asked about it is shown."""
        self.twin.act("get_up")
        self.twin.warp(60)
        self.until(lambda state: state["session"] is None)
        self.twin.warp(1)
        if self.state["front"] == "DONE":
            self.do("press", how="tap")
        return self.until(lambda state: state["asks"])


def _before(clock: str) -> str:
    """Return the minute before: a skip ends just short of a full one."""
    minutes = int(clock[:2]) * 60 + int(clock[3:]) - 1
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@contextmanager
def running(store: Path, *, config: Config | None = None, demo: bool = True, board: bool = False) -> Iterator[Mat]:
    """Run a device over `store`, which begins with an invented fortnight, and its page."""
    config = config or Config()
    if demo and not store.exists():
        write_fortnight(store, ZONE, time.time() if board else UTC, KG)
    with ExitStack() as ends:
        site = SiteServer(config, store, beside(store))
        address = site.url.rstrip("/")

        def world(watch: Callable[[Effect], None]) -> VirtualWorld | BoardWorld:
            if board:
                return BoardWorld(config, Board(config, kg=KG), store, SystemClock(), ZONE, watch, address)
            return VirtualWorld(store, utc=UTC, zone=ZONE, config=config, kg=KG, watch=watch, page_address=address)

        twin = Twin(world)
        twin.start()
        ends.callback(twin.stop)
        site.start()
        ends.callback(site.stop)
        yield Mat(twin, site, Client(beside(store)), store)


def go(page: Page, view: str) -> None:
    page.get_by_role("navigation", name="Views").get_by_role("link", name=view, exact=True).click()


def heading(page: Page, name: str) -> Locator:
    """Return the heading of the view."""
    return page.get_by_role("heading", level=1, name=name)


def opened(page: Page, section: str) -> Locator:
    """Return a section of the set-up, opened if it is closed."""
    title = page.get_by_role("heading", level=2, name=section, exact=True)
    found = page.get_by_role("group").filter(has=title)
    expect(title).to_be_visible()
    if found.get_attribute("open") is None:
        title.click()
    return found


class Watched:
    """Makes browsers that may complain of nothing, but of the answers that a test has asked for."""

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._complaints: list[str] = []
        self.refused: set[int] = set()
        """The statuses that the test makes the server answer with."""
        self.expected: set[str] = set()
        """Complaints that the test provokes otherwise."""

    @contextmanager
    def open(self, mat: Mat, width: int, view: str = "", *, paired: bool = True, **more: Any) -> Iterator[Page]:
        """Open the page at a width; nothing in it may be wider."""
        context = self._chromium.new_context(
            viewport={"width": width, "height": 740}, timezone_id=ZONE, locale="en-US", **more
        )
        if paired:
            token = Devices(devices_file(mat.store)).add(f"Ada's phone of {width} px")
            context.add_cookies([{"name": COOKIE, "value": token, "url": mat.url}])
        page = context.new_page()
        page.set_default_timeout(LONG_MS)
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        page.on("console", self._heard)
        page.goto(f"{mat.url}{view and f'#{view}'}")
        yield page
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the screen"
        context.close()

    def _heard(self, line: ConsoleMessage) -> None:
        if line.type in {"error", "warning"}:
            self._complaints.append(line.text)

    @property
    def complaints(self) -> list[str]:
        wanted = tuple(f"Failed to load resource: the server responded with a status of {one}" for one in self.refused)
        return [line for line in self._complaints if line not in self.expected and not line.startswith(wanted)]
