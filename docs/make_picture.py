"""Makes docs/images/twin.png, the picture in the README, from the running program: `python docs/make_picture.py`.

It starts a real `matpi sim`, lies down, lets four minutes pass and takes the picture with Debian's chromium. What the
picture shows comes from the files in `SOURCES`; their digest is written into the PNG, and tests/test_docs.py fails
when they have changed since.
"""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, PngImagePlugin

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "twin.png"
SOURCES = ("matpi/twin/page/static/twin.html", "matpi/screen/session_views.py", "matpi/screen/canvas.py")


def digest() -> str:
    """Of everything the picture is made from."""
    total = hashlib.sha256()
    for name in SOURCES:
        total.update((ROOT / name).read_bytes())
    return total.hexdigest()


def made_from() -> str:
    """The digest written into the picture."""
    with Image.open(PICTURE) as image:
        return str(image.info.get("made-from", ""))


def photograph(url: str) -> bytes:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 776})
        page.goto(url)
        for hold_ms in (90, 90, 1200, 90):  # two pages, "none of these", and the last page
            page.keyboard.press("Space", delay=hold_ms)
            page.wait_for_timeout(150)
        page.get_by_role("button", name=re.compile("Lie down")).click()
        page.wait_for_timeout(4000)
        page.locator("input[name=warp][value='60']").click()
        page.wait_for_function("() => document.getElementById('says').textContent.includes('3 minutes')")
        page.locator("input[name=warp][value='1']").click()
        page.keyboard.press("Space", delay=120)  # wakes the dimmed panel: mm:ss, then minutes again
        page.wait_for_timeout(12_000)
        png = page.screenshot()
        browser.close()
        return png


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        twin = subprocess.Popen(
            [sys.executable, "-m", "matpi", "sim", "--port", "0", "--no-browser", "--store", f"{folder}/picture.db"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        try:
            if twin.stdout is None:
                raise RuntimeError("no output to read the address from")
            found = re.search(r"http://\S+", twin.stdout.readline())
            if found is None:
                raise RuntimeError("matpi sim did not print its address")
            png = photograph(found.group())
        finally:
            twin.terminate()
            twin.wait(timeout=10)
    notes = PngImagePlugin.PngInfo()
    notes.add_text("made-by", "python docs/make_picture.py")
    notes.add_text("made-from", digest())
    PICTURE.parent.mkdir(exist_ok=True)
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(128).save(PICTURE, optimize=True, pnginfo=notes)


if __name__ == "__main__":
    main()
