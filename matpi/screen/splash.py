"""The splash as it was drawn beforehand: on a small board the views and fonts take longer to load than the panel."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 128, 64


def splash() -> Image:
    """128x64 in mode "1"; what `render(Splash(__version__))` draws (docs/generate.py writes it, a test compares)."""
    from PIL import Image

    lines = files("matpi.screen").joinpath("splash.txt").read_text(encoding="ascii").splitlines()
    return Image.frombytes("1", (WIDTH, HEIGHT), bytes.fromhex("".join(lines[1:])))


def as_text(image: Image) -> str:
    """The file's text: a line that says what made it, then a row of the picture in each line, as hex."""
    bits, width = image.tobytes(), WIDTH // 8
    rows = (bits[at : at + width].hex() for at in range(0, len(bits), width))
    return "\n".join(["# made by docs/generate.py from the view Splash", *rows, ""])
