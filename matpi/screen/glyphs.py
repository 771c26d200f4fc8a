"""The fonts of the panel and their measures. Bitmaps only: the same pixels with every Pillow, and no FreeType."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

FONTS: Final = Path(__file__).parent / "fonts"
CUT: Final = ".."
"""What stands at the end of a text that had to be cut: never silently."""


class Face(Enum):
    """A font file and the height of its cell in px."""

    TEXT = ("text-6x12", 12)
    LABEL = ("text-8x16", 16)
    WORDS = ("words-15", 19)
    NUMERALS = ("numerals-32", 32)
    MINUTES = ("numerals-38", 38)

    @property
    def height_px(self) -> int:
        return self.value[1]


@lru_cache(maxsize=len(Face))
def font(face: Face) -> ImageFont.ImageFont:
    """Loaded once. Raises OSError when the file is not there: a broken installation."""
    return ImageFont.load(str(FONTS / f"{face.value[0]}.pil"))


def plain(text: str) -> str:
    """The text with a `?` for every character that the fonts do not have (they are Latin-1)."""
    return text.encode("latin-1", "replace").decode("latin-1")


@lru_cache(maxsize=512)
def width_px(text: str, face: Face) -> int:
    return int(font(face).getlength(plain(text)))


def fitting(text: str, room_px: int, faces: tuple[Face, ...] = (Face.LABEL, Face.TEXT)) -> tuple[str, Face]:
    """The text in the first face in which it fits; if it fits in none, in the last one and visibly cut."""
    for face in faces:
        if width_px(text, face) <= room_px:
            return text, face
    last = faces[-1]
    kept = len(text)
    while kept and width_px(text[:kept] + CUT, last) > room_px:
        kept -= 1
    return text[:kept] + CUT, last


def wrapped(text: str, room_px: int, face: Face) -> list[str] | None:
    """The words on as few lines as they need, or None when one word is wider than a line."""
    lines: list[str] = []
    for word in text.split():
        if width_px(word, face) > room_px:
            return None
        if lines and width_px(f"{lines[-1]} {word}", face) <= room_px:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
