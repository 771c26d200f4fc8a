"""Makes docs/images/page-*.png, the pictures of the page, from the running program: `docs/make_page_pictures.py`.

A simulated device after an invented fortnight serves its real page to Debian's chromium. What the pictures show comes
from the page's own files; their digest is written into each PNG, and tests/test_docs.py fails when they have changed.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, PngImagePlugin

from matpi.config import Config
from matpi.control.address import beside
from matpi.control.client import Client
from matpi.page.access import COOKIE
from matpi.page.devices import Devices, devices_file
from matpi.page.server import SiteServer
from matpi.twin.demo import write_fortnight
from matpi.twin.twin import Twin
from matpi.twin.world import VirtualWorld

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "images"
SOURCES = ("matpi/page/static", "matpi/words/page_en.toml")
PICTURES = {
    "page-today": ("today", 360),
    "page-history": ("history", 360),
    "page-setup": ("setup/evening", 360),
    "page-sheet": ("sheet", 360),
    "page-history-wide": ("history", 1280),
}
"""The view that is shown, and the width of the screen in px."""
HEIGHT = 1000
UTC, ZONE, KG = 1_773_586_800.0, "Europe/Berlin", 74.0  # 2026-03-15 15:00 UTC


def digest() -> str:
    """Of everything the pictures are made from."""
    total = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            total.update(file.read_bytes())
    return total.hexdigest()


def made_from() -> set[str]:
    """The digests written into the pictures; one, if they were made together."""
    found = set()
    for name in PICTURES:
        with Image.open(FOLDER / f"{name}.png") as image:
            found.add(str(image.info.get("made-from", "")))
    return found


def photograph(url: str, token: str, client: Client, twin: Twin) -> dict[str, bytes]:
    from playwright.sync_api import sync_playwright

    made = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        for name, (view, width) in PICTURES.items():
            context = browser.new_context(
                viewport={"width": width, "height": HEIGHT}, timezone_id=ZONE, locale="en-GB", reduced_motion="reduce"
            )
            context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
            page = context.new_page()
            page.goto(f"{url}#{view}")
            page.get_by_role("heading", level=1).wait_for()
            if name == "page-today":
                lie(client, twin, page)
            page.wait_for_timeout(1500)
            made[name] = page.screenshot()
            context.close()
        browser.close()
    return made


def lie(client: Client, twin: Twin, page: Page) -> None:
    """Have somebody lie on the mat for seven minutes."""
    twin.act("lie_down")
    page.get_by_role("heading", name="On the mat").wait_for()
    twin.jump("20:47")
    client.ask({"do": "press", "how": "tap"})
    page.get_by_role("timer").filter(has_text="6").wait_for()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "picture.db"
        write_fortnight(store, ZONE, UTC, KG)
        site = SiteServer(Config(), store, beside(store))
        twin = Twin(
            lambda watch: VirtualWorld(
                store, utc=UTC, zone=ZONE, kg=KG, watch=watch, page_address="http://raspberrypi.local:8377"
            )
        )
        twin.start()
        site.start()
        try:
            twin.jump("20:40")
            token = Devices(devices_file(store)).add("Ada's phone")
            pictures = photograph(site.url, token, Client(beside(store)), twin)
        finally:
            site.stop()
            twin.stop()
    notes = PngImagePlugin.PngInfo()
    notes.add_text("made-by", "python docs/make_page_pictures.py")
    notes.add_text("made-from", digest())
    for name, png in pictures.items():
        with Image.open(io.BytesIO(png)) as image:
            image.convert("RGB").save(FOLDER / f"{name}.png", optimize=True, pnginfo=notes)


if __name__ == "__main__":
    main()
