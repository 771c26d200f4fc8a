from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from matpi.config import Config
from matpi.core.effects import Save
from matpi.core.model import EndReason, Moment, Rating, Session, Settings
from matpi.page.devices import Devices
from matpi.page.server import PATIENCE, SiteServer
from matpi.store.db import Store
from matpi.web.listeners import Patience
from tests.page.fake_device import FakeDevice
from tests.web.client import Answer, Events, ask, listening

STATIC = {
    "index.html": "<!doctype html><title>matpi</title><script type=module src=/static/app.js></script>",
    "app.js": "export const greeting = 'hello'; // " + "x" * 400,
    "views/today.js": "export {};",
    "secret.key": "no page file",
}
UTC = 1773604800.0  # 2026-03-15 20:00 UTC


def write_log(path: Path) -> None:
    with Store.open(path) as log:
        log.write(Save(Settings(zone="Europe/Berlin")))
        for n, minutes in enumerate((3, 4, 6)):
            utc = UTC - 86_400.0 * (3 - n)
            day = date(2026, 3, 12 + n)
            log.write(Save(Session(f"s{n}", "b", 1.0, 60.0 * minutes, 60.0 * minutes, EndReason.LEFT, utc, 3600, day)))
            log.write(Save(Rating(f"r{n}", "b", 1.0, 7 - n, Moment.AFTER, f"s{n}", utc + 400, 3600, day)))


@dataclass
class Page:
    """A served page with its log and its device."""

    server: SiteServer
    device: FakeDevice
    devices: Devices
    log: Path
    token: str

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def cookie(self) -> dict[str, str]:
        return {"cookie": f"matpi={self.token}"}

    def ask(
        self, method: str, path: str, body: str | bytes | None = None, *, paired: bool = True, **headers: str
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.url, method, path, body, (self.cookie if paired else {}) | sent)

    def get(self, path: str, *, paired: bool = True, **headers: str) -> Answer:
        return self.ask("GET", path, paired=paired, **headers)

    def post(self, path: str, body: Any, *, paired: bool = True, **headers: str) -> Answer:
        sent = {"content_type": "application/json"} | headers
        return self.ask("POST", path, json.dumps(body), paired=paired, **sent)

    def listening(self, headers: Mapping[str, str] | None = None) -> Any:
        return listening(self.url, self.cookie if headers is None else headers)


@contextmanager
def served(folder: Path, patience: Patience = PATIENCE, device: bool = True) -> Iterator[Page]:
    """Serve the page of a log in `folder`. `device`: a device runs."""
    static, log = folder / "static", folder / "mat.db"
    for name, text in STATIC.items():
        (static / name).parent.mkdir(parents=True, exist_ok=True)
        (static / name).write_text(text)
    if not log.exists():
        write_log(log)
    paired = folder / "devices.json"
    devices = Devices(paired)
    with ExitStack() as stack, tempfile.TemporaryDirectory() as short:  # the kernel takes 108 characters
        fake = FakeDevice(Path(short) / "control.sock")
        stack.callback(fake.stop)
        if not device:
            fake.stop()
        server = SiteServer(Config(), log, fake.path, devices=paired, static=static, patience=patience)
        server.start()
        stack.callback(server.stop)
        yield Page(server, fake, devices, log, devices.add("the test"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page a module, with a device; paired with `page.token`."""
    with served(tmp_path_factory.mktemp("page")) as running:
        yield running


@pytest.fixture
def make_page(tmp_path: Path) -> Iterator[Callable[..., Page]]:
    with ExitStack() as stack:
        yield lambda **given: stack.enter_context(served(tmp_path, **given))


__all__ = ["Events", "Page", "served"]
