"""Reads the small text of a picture back, glyph by glyph: proof that a word stands on the panel whole.

A cut or covered letter is no glyph of the font, so its word is not found.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from PIL import Image, ImageDraw

from matpi.screen.glyphs import Face, font, width_px

Cell = tuple[int, ...]


@cache
def glyphs(face: Face) -> dict[Cell, str]:
    width, height = width_px("A", face), face.height_px
    known: dict[Cell, str] = {}
    for code in (*range(33, 127), *range(161, 256)):
        cell = Image.new("1", (width, height))
        ImageDraw.Draw(cell).text((0, 0), chr(code), fill=1, font=font(face))
        known[tuple(bits(cell))] = chr(code)
    return known


def bits(image: Image.Image) -> list[int]:
    """The rows of the picture as numbers, the leftmost pixel highest."""
    stride = (image.width + 7) // 8
    data = image.tobytes()
    spare = stride * 8 - image.width
    return [int.from_bytes(data[y * stride : (y + 1) * stride], "big") >> spare for y in range(image.height)]


def words(image: Image.Image, face: Face) -> list[str]:
    """All words in this face, from top to bottom and left to right, dark on light ones too."""
    width, height = width_px("A", face), face.height_px
    known = glyphs(face)
    mask = (1 << width) - 1
    lit = bits(image)
    dark = [row ^ ((1 << image.width) - 1) for row in lit]
    found: list[tuple[int, int, str]] = []
    for rows in (lit, dark):
        for y in range(image.height - height + 1):
            part = rows[y : y + height]
            if not any(part):
                continue
            here: dict[int, str] = {}
            for x in range(image.width - width + 1):
                shift = image.width - width - x
                char = known.get(tuple((row >> shift) & mask for row in part))
                if char is not None:
                    here[x] = char
            for x in here:
                if x - width in here:
                    continue
                word, at = "", x
                while at in here:
                    word += here[at]
                    at += width
                found.append((y, x, word))
    return [word for _, _, word in sorted(found)]


def read(image: Image.Image) -> list[str]:
    """The words in both text faces."""
    return words(image, Face.LABEL) + words(image, Face.TEXT)


def lit(image: Image.Image) -> int:
    """How many pixels are lit; `histogram` would tell how Pillow stores them."""
    return int.from_bytes(image.tobytes(), "big").bit_count()


def runs(image: Image.Image, y: int) -> list[tuple[int, int]]:
    """Where row `y` is lit: (first, past the last)."""
    row = [0, *(1 if image.getpixel((x, y)) else 0 for x in range(image.width)), 0]
    edges = [x for x, (before, after) in enumerate(pairwise(row)) if before != after]
    return list(zip(edges[::2], edges[1::2], strict=True))


def pack(image: Image.Image) -> bytes:
    """Return 1024 bytes as in an SSD1306: 8 pages of 128 columns, the lowest bit on top (data sheet, 8.7)."""
    columns = image.transpose(Image.Transpose.TRANSPOSE).tobytes("raw", "1;R")
    return b"".join(columns[page::8] for page in range(8))
