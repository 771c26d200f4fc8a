"""Load and measure the panel's fonts: bitmaps, so the same pixels with every Pillow, no FreeType."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

FONTS: Final = Path(__file__).parent / "fonts"
CUT: Final = ".."  # the end of a text that was cut


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


LARGE_FIRST: Final = (Face.LABEL, Face.TEXT)


@lru_cache(maxsize=len(Face))
def font(face: Face) -> ImageFont.ImageFont:
    """Return a font, loaded once. Raises OSError when the installation is broken."""
    return ImageFont.load(str(FONTS / f"{face.value[0]}.pil"))


def plain(text: str) -> str:
    """Return the text with a `?` for every character that the fonts lack (they are Latin-1)."""
    return text.encode("latin-1", "replace").decode("latin-1")


@lru_cache(maxsize=512)
def width_px(text: str, face: Face) -> int:
    return int(font(face).getlength(plain(text)))


def fitting(text: str, room_px: int, faces: tuple[Face, ...] = LARGE_FIRST) -> tuple[str, Face]:
    """Return the text and the first face in which it fits, else the last face and the text visibly cut."""
    for face in faces:
        if width_px(text, face) <= room_px:
            return text, face
    last = faces[-1]
    while text and width_px(text + CUT, last) > room_px:
        text = text[:-1]
    return text + CUT, last


def wrapped(text: str, room_px: int, face: Face) -> list[str] | None:
    """Return the words on as few lines as possible, None when one word is wider than a line."""
    lines: list[str] = []
    for word in text.split():
        if width_px(word, face) > room_px:
            return None
        if lines and width_px(f"{lines[-1]} {word}", face) <= room_px:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
