"""Load the splash, drawn beforehand: on a small board views and fonts load more slowly than the panel."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 128, 64


def splash() -> Image:
    """Return what `render(Splash(__version__))` draws (docs/generate.py writes it, a test compares)."""
    from PIL import Image

    lines = files("matpi.screen").joinpath("splash.txt").read_text(encoding="ascii").splitlines()
    return Image.frombytes("1", (WIDTH, HEIGHT), bytes.fromhex("".join(lines[1:])))
