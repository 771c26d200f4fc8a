"""Make the panel's .pil and .pbm files: `python docs/make_fonts.py [FOLDER]`.

Needs Debian's fonts-spleen and fonts-dejavu-extra. The device loads only the results, so neither FreeType nor its
version changes what the panel shows.
"""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.FontFile import FontFile
from PIL.PcfFontFile import PcfFontFile

FONTS = Path(__file__).parent.parent / "matpi" / "screen" / "fonts"
SPLEEN = Path("/usr/share/fonts/X11/misc")
HEAVY = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansCondensed-Bold.ttf")

OUTLINE_PX = 800
"""Outlines are drawn this large and then shrunk, so that hinting decides nothing (chosen: 20 times a sheet)."""

BEYOND_ASCII = "ÄÖÜäöüß"
"""Of the languages that the panel speaks."""

LIT = 112
"""Of 255. With half of it (128) flat sides of round digits grew nicks of one pixel; chosen by eye on the sheets."""


class Sheet(FontFile):
    """A font built glyph by glyph, each a whole cell with its top at 0."""

    def add(self, code: int, cell: Image.Image) -> None:
        box = (0, 0, cell.width, cell.height)
        self.glyph[code] = ((cell.width, 0), box, box, cell)


def spleen(size: str) -> Sheet:
    """One of Spleen's bitmaps; only its Latin-1 part, for the .pil format knows 256 glyphs."""
    packed = (SPLEEN / f"spleen-{size}.pcf.gz").read_bytes()
    sheet = Sheet()
    for code, glyph in enumerate(PcfFontFile(io.BytesIO(gzip.decompress(packed))).glyph):
        if glyph is not None:
            sheet.add(code, glyph[3])
    return sheet


def outline(char: str, font: ImageFont.FreeTypeFont, top: int, bottom: int) -> Image.Image:
    """The ink of one character, cropped at its sides, between two lines of the font's own scale."""
    left, _, right, _ = (round(edge) for edge in font.getbbox(char))
    ink = Image.new("L", (max(1, right - left), bottom - top))
    ImageDraw.Draw(ink).text((-left, -top), char, font=font, fill=255)
    return ink


def shrink(ink: Image.Image, width_px: int, height_px: int) -> Image.Image:
    """To one bit: a pixel is lit when the ink covers enough of it."""
    grey = ink.resize((max(1, width_px), height_px), Image.Resampling.BOX)
    return grey.point([0] * LIT + [255] * (256 - LIT)).convert("1", dither=Image.Dither.NONE)


def numerals(height_px: int, advance_px: int, ink_px: int) -> Sheet:
    """Heavy tabular digits and `?` in cells of one width; `: - + /` are drawn with the digits' stroke.

    Each digit is stretched to the full height, so that round ones do not stand out above and below flat ones.
    """
    font = ImageFont.truetype(str(HEAVY), OUTLINE_PX)
    zero_left, _, zero_right, _ = font.getbbox("0")
    across = ink_px / (zero_right - zero_left)
    sheet = Sheet()
    for char in "0123456789?":
        _, top, _, bottom = (round(edge) for edge in font.getbbox(char))
        ink = outline(char, font, top, bottom)
        glyph = shrink(ink, min(advance_px - 2, round(ink.width * across)), height_px)
        cell = Image.new("1", (advance_px, height_px))
        cell.paste(glyph, ((advance_px - glyph.width) // 2, 0))
        sheet.add(ord(char), cell)
    stroke = height_px // 6  # the width of the digits' stems, seen on the sheets
    for char, cell in signs(height_px, stroke).items():
        sheet.add(ord(char), cell)
    return sheet


def signs(height_px: int, stroke: int) -> dict[str, Image.Image]:
    """`: - + /`, one stroke thick, each in a cell as wide as it needs."""
    middle = (height_px - stroke) // 2

    def cell(width: int, *boxes: tuple[int, int, int, int]) -> Image.Image:
        image = Image.new("1", (width, height_px))
        for left, top, across, down in boxes:
            image.paste(1, (left, top, left + across, top + down))
        return image

    plus = 3 * stroke
    slash = Image.new("1", (2 * stroke + 4, height_px))
    right, foot = slash.width - 2, height_px - 1
    ImageDraw.Draw(slash).polygon([(right - stroke + 1, 0), (right, 0), (stroke, foot), (1, foot)], fill=1)
    return {
        ":": cell(stroke + 5, (2, height_px // 4, stroke, stroke), (2, 3 * height_px // 4 - 1, stroke, stroke)),
        "-": cell(2 * stroke, (1, middle, 2 * stroke - 2, stroke)),
        "+": cell(plus + 4, (2, middle, plus, stroke), (2 + stroke, middle - stroke, stroke, plus)),
        "/": slash,
    }


def words(cap_px: int, across: float) -> Sheet:
    """Heavy proportional letters for one-word messages: printable ASCII, and what German has beyond it.

    `cap_px` is a capital's height; `across` narrows the letters, so that "Felt wrong?" fits a line of 126 px. A letter
    with dots above a capital is pressed into its height.
    """
    font = ImageFont.truetype(str(HEAVY), OUTLINE_PX)
    _, cap_top, _, cap_bottom = font.getbbox("H")
    scale = cap_px / (cap_bottom - cap_top)
    # From a capital's top to the foot of a g; what reaches further (brackets, |) is cut there.
    height = cap_px + round((font.getbbox("g")[3] - cap_bottom) * scale)
    top = round(cap_top)
    sheet = Sheet()
    for char in [*map(chr, range(32, 127)), *BEYOND_ASCII]:
        dots = round(font.getbbox(char)[1]) if char in "ÄÖÜ" else top
        lines = cap_px if dots < top else height
        ink = outline(char, font, dots, round(cap_bottom) if dots < top else top + round(height / scale))
        glyph = shrink(ink, round(ink.width * scale * across), lines)
        cell = Image.new("1", (glyph.width + 1 if char != " " else cap_px // 3, height))
        cell.paste(glyph, (0, 0))
        sheet.add(ord(char), cell)
    return sheet


def save(sheet: Sheet, folder: Path, name: str) -> None:
    """Write a real .pbm: Pillow's `FontFile.save` writes a PNG, whose bytes may differ."""
    sheet.save(folder / f"{name}.pil")
    if sheet.bitmap is None:
        raise ValueError(f"{name} has no glyphs")
    sheet.bitmap.save(folder / f"{name}.pbm", "PPM")


def main(folder: Path) -> None:
    save(spleen("6x12"), folder, "text-6x12")
    save(spleen("8x16"), folder, "text-8x16")
    save(words(15, 0.86), folder, "words-15")
    save(numerals(38, 28, 26), folder, "numerals-38")
    save(numerals(32, 24, 20), folder, "numerals-32")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FONTS)
