"""Draw where the page is: a QR code of the address, and beside it the address in words and the code to pair with."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from matpi.core.views import PagePairing
from matpi.screen.canvas import GAP_PX, HEIGHT, WIDTH, Canvas, draw, sentence
from matpi.screen.glyphs import Face, width_px
from matpi.words import Words

QUIET_MODULES: Final = 4  # of light around the code, as the standard has it
QUIET_MIN_MODULES: Final = 1  # what readers still find on a dark panel (ZXing and OpenCV, on pictures of the panel)
ROWS: Final = 4
"""Of the address; the code has the rest of the height."""
ROW_PX: Final = 11


@lru_cache(maxsize=1)
def modules(address: str) -> tuple[tuple[bool, ...], ...]:
    """Return the rows of the QR code, True for dark, without the light around them.

    In capitals: scheme and host do not distinguish them, and the code is smaller by a version for most names.
    """
    import segno  # here: it loads a hundred modules, and hardly anyone pairs a browser

    return tuple(tuple(map(bool, row)) for row in segno.make_qr(address.upper(), error="l").matrix)


def scale_of(side: int) -> tuple[int, int]:
    """Return the pixels a module, and of the light around, for a code of so many modules."""
    scale = max(1, HEIGHT // (side + 2 * QUIET_MODULES), min(2, HEIGHT // (side + 2 * QUIET_MIN_MODULES)))
    return scale, min(QUIET_MODULES * scale, (HEIGHT - side * scale) // 2)


def address_lines(address: str, chars: int) -> list[str]:
    """Return host and port on lines of at most `chars`, cut at dots and hyphens where they are, in at most ROWS.

    What is left out of a longer one is in the QR code.
    """
    lines = [""]
    for part in re.findall(r"[.:-]?[^.:-]+", address.partition("://")[2]):
        for piece in (part[at : at + chars] for at in range(0, len(part), chars)):
            if len(lines[-1] + piece) > chars:
                lines.append("")
            lines[-1] += piece
    return lines if len(lines) <= ROWS else [*lines[: ROWS - 2], "[...]", lines[-1]]


@draw.register
def page_pairing(view: PagePairing, canvas: Canvas, _: Words) -> None:
    rows = modules(view.address)
    scale, quiet = scale_of(len(rows))
    edge = len(rows) * scale + 2 * quiet
    canvas.box(0, (HEIGHT - edge) // 2, edge, edge)
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:
                canvas.box(quiet + across * scale, (HEIGHT - edge) // 2 + quiet + down * scale, scale, scale, ink=0)
    left = edge + GAP_PX
    for at, line in enumerate(address_lines(view.address, (WIDTH - left) // width_px("0", Face.TEXT))):
        canvas.text(left, at * ROW_PX, line)
    canvas.text(left, HEIGHT - Face.LABEL.height_px, f"{view.code[:3]} {view.code[3:]}", Face.LABEL)


@sentence.register
def _(view: PagePairing, words: Words) -> str:
    return words("spoken.page", address=view.address, code=" ".join(view.code))
