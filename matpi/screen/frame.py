"""Convert a 128 x 64 one-bit picture to rows, braille and PNG."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

from matpi.screen.canvas import PANEL

ROW_BYTES: Final = PANEL[0] // 8
CELL_COLUMNS, CELL_ROWS = PANEL[0] // 2, PANEL[1] // 4
BRAILLE: Final = 0x2800  # Unicode, braille patterns: plus a bit for each of the eight dots
DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a cell, row by row, left and right."""
PAIRS: Final = tuple(tuple((pair >> 1) * left | (pair & 1) * right for pair in range(4)) for left, right in DOTS)
"""The bits of two pixels side by side, for each row of a cell."""
LIT: Final = (170, 221, 255)  # the blue-white of the common panels (by eye)


def rows(image: Image.Image) -> bytes:
    """Return 1024 bytes row by row, the highest bit on the left."""
    return image.tobytes()


def braille(image: Image.Image) -> str:
    """Return 16 lines of 64 characters, each 2 x 4 px; an empty cell is U+2800, not a space."""
    data = rows(image)
    lines = []
    for top in range(0, PANEL[1], 4):
        codes = [BRAILLE] * CELL_COLUMNS
        for down, pairs in enumerate(PAIRS):
            start = (top + down) * ROW_BYTES
            for index, byte in enumerate(data[start : start + ROW_BYTES]):
                if byte:
                    for cell in range(4):
                        codes[4 * index + cell] |= pairs[byte >> (6 - 2 * cell) & 3]
        lines.append("".join(map(chr, codes)))
    return "\n".join(lines)


def png(image: Image.Image, scale: int = 4) -> bytes:
    """Return a PNG file, blue-white on black, each pixel `scale` times as large."""
    large = image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
    coloured = Image.new("P", large.size)
    coloured.putpalette((0, 0, 0, *LIT))
    coloured.paste(1, (0, 0, *large.size), large)
    buffer = io.BytesIO()
    coloured.save(buffer, "PNG", bits=1)
    return buffer.getvalue()
