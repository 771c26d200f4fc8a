"""The same picture as bytes, text and file."""

from __future__ import annotations

import io
import random

from PIL import Image

from matpi.screen.frame import DOTS, braille, png, rows
from matpi.screen.render import render
from tests.every import every
from tests.screen.gallery import VIEWS
from tests.screen.reading import lit, pack


def noise(seed: int) -> Image.Image:
    return Image.frombytes("1", (128, 64), random.Random(seed).randbytes(1024))


def from_braille(text: str) -> Image.Image:
    """Return the picture whose text is `text`."""
    image = Image.new("1", (128, 64))
    for row, line in enumerate(text.splitlines()):
        for column, char in enumerate(line):
            for down, bits in enumerate(DOTS):
                for right, bit in enumerate(bits):
                    image.putpixel((2 * column + right, 4 * row + down), bool(ord(char) - 0x2800 & bit))
    return image


def test_pack_is_pages_of_columns_with_the_lowest_bit_on_top() -> None:
    image = noise(1)
    expected = bytes(
        sum(bool(image.getpixel((x, 8 * page + bit))) << bit for bit in range(8))
        for page in range(8)
        for x in range(128)
    )
    assert pack(image) == expected


def test_rows_have_the_highest_bit_on_the_left() -> None:
    image = noise(2)
    expected = bytes(
        sum(bool(image.getpixel((8 * byte + bit, y))) << (7 - bit) for bit in range(8))
        for y in range(64)
        for byte in range(16)
    )
    assert rows(image) == expected


def test_one_lit_pixel_in_each_form() -> None:
    image = Image.new("1", (128, 64))
    image.putpixel((3, 10), 1)
    assert pack(image)[128 + 3] == 0b100
    assert sum(pack(image)) == 0b100
    assert rows(image)[10 * 16] == 0b00010000
    assert braille(image).splitlines()[2][1] == "\u2820"  # dot 6: right column, third row


@every("seed", range(5))
def test_braille_there_and_back(seed: int) -> None:
    image = noise(seed)
    assert [len(line) for line in braille(image).splitlines()] == [64] * 16
    assert from_braille(braille(image)).tobytes() == image.tobytes()


def test_png_shows_each_pixel_as_a_square() -> None:
    image = render(VIEWS["timer-17-of-15-20"])
    shown = Image.open(io.BytesIO(png(image, scale=3))).convert("RGB")
    assert shown.size == (384, 192)
    for x, y in ((0, 0), (10, 20), (127, 63), (5, 57)):
        lit = bool(image.getpixel((x, y)))
        for corner in ((3 * x, 3 * y), (3 * x + 2, 3 * y + 2)):
            assert shown.getpixel(corner) == ((170, 221, 255) if lit else (0, 0, 0))


@every("name", VIEWS)
def test_a_screen_is_128_by_64_of_one_bit(name: str) -> None:
    image = render(VIEWS[name])
    assert (image.mode, image.size, len(pack(image)), len(rows(image))) == ("1", (128, 64), 1024, 1024)


def test_equal_views_give_equal_pictures_and_no_view_lights_half_the_panel() -> None:
    for name, view in VIEWS.items():
        assert render(view).tobytes() == render(view).tobytes()
        # Lit pixels wear out: the studies lay at 3 to 36 %.
        assert lit(render(view)) / 8192 < 0.40, name
