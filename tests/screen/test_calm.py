"""A running timer is calm: only digits and ticks change, each in its own place, and overtime earns nothing."""

from __future__ import annotations

from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw

from matpi.core.views import Away, Holding, RatingEntry, Timer
from matpi.screen.canvas import HEIGHT, WIDTH
from matpi.screen.glyphs import Face, font, width_px
from matpi.screen.render import render
from tests.every import every
from tests.screen.reading import lit, read, runs

TICK_TOP, TICK_FOOT = HEIGHT - 11, HEIGHT - 1


def timer(elapsed_s: int, *, seconds: bool = False, lower_min: int = 15, upper_min: int = 20) -> Timer:
    return Timer(elapsed_s, lower_min, upper_min, "warmth", seconds)


def without(image: Image.Image, *boxes: tuple[int, int, int, int]) -> bytes:
    copy = image.copy()
    for box in boxes:
        copy.paste(0, box)
    return copy.tobytes()


def glyph(char: str, face: Face) -> bytes:
    cell = Image.new("1", (width_px(char, face), face.height_px))
    ImageDraw.Draw(cell).text((0, 0), char, fill=1, font=font(face))
    return cell.tobytes()


@every("face", [Face.NUMERALS, Face.MINUTES])
def test_all_digits_are_equally_wide_and_reach_from_top_to_foot(face: Face) -> None:
    assert len({width_px(digit, face) for digit in "0123456789?"}) == 1
    for digit in "0123456789?":
        cell = Image.new("1", (width_px(digit, face), face.height_px))
        ImageDraw.Draw(cell).text((0, 0), digit, fill=1, font=font(face))
        box = cell.getbbox()
        assert box is not None
        assert (box[1], box[3]) == (0, face.height_px)


@every("minutes", [range(10), range(10, 21)])
def test_between_minutes_only_digits_and_ticks_change(minutes: range) -> None:
    cell = width_px("0", Face.MINUTES)
    digits = (0, 0, cell * len(str(minutes[0])), Face.MINUTES.height_px)
    ticks = (0, TICK_TOP, 128, 64)
    assert len({without(render(timer(60 * minute)), digits, ticks) for minute in minutes}) == 1
    for minute in minutes:
        image = render(timer(60 * minute))
        for place, digit in enumerate(str(minute)):
            here = image.crop((cell * place, 0, cell * (place + 1), Face.MINUTES.height_px))
            assert here.tobytes() == glyph(digit, Face.MINUTES)


@every("span", [range(600), range(600, 1260)])
def test_between_seconds_only_digits_and_ticks_change(span: range) -> None:
    cell, colon = width_px("0", Face.NUMERALS), width_px(":", Face.NUMERALS)
    left = len(str(span[0] // 60))
    digits = (0, 3, cell * (left + 2) + colon, 35)
    ticks = (0, TICK_TOP, 128, 64)
    rest = set()
    for second in span:
        image = render(timer(second, seconds=True))
        rest.add(without(image, digits, ticks))
        x = 0
        for char in f"{second // 60}:{second % 60:02d}":
            width = width_px(char, Face.NUMERALS)
            assert image.crop((x, 3, x + width, 35)).tobytes() == glyph(char, Face.NUMERALS)
            x += width
    assert len(rest) == 1


def test_the_countdown_does_not_move_while_it_counts() -> None:
    cell = width_px("0", Face.MINUTES)
    rest = set()
    for left in range(21):
        image = render(Away(277, left, 20))
        rest.add(without(image, (0, 0, 2 * cell, Face.MINUTES.height_px), (0, HEIGHT - 2, 128, 64)))
        ones = image.crop((cell, 0, 2 * cell, Face.MINUTES.height_px))
        assert ones.tobytes() == glyph(str(left % 10), Face.MINUTES)
        assert (image.crop((0, 0, cell, 38)).getbbox() is None) == (left < 10)
    assert len(rest) == 1


def test_the_wait_for_load_cells_does_not_move_while_it_counts() -> None:
    ten, nine = render(Holding(754, 10)), render(Holding(754, 9))
    box = ImageChops.difference(ten, nine).getbbox()
    assert box is not None
    assert box[2] - box[0] <= 2 * width_px("0", Face.TEXT)
    assert {"9", "s", "waits,", "ends"} <= set(read(nine))


@every(("lower", "upper"), [(2, 5), (5, 10), (10, 15), (15, 20), (5, 5), (10, 20), (30, 45)])
def test_one_tick_a_planned_minute_and_a_pole_where_it_is_done(lower: int, upper: int) -> None:
    for minute in range(upper + 1):
        image = render(timer(60 * minute, lower_min=lower, upper_min=upper))
        assert len(runs(image, TICK_FOOT)) == upper + 1
        tall = runs(image, TICK_TOP)
        # Tall are the pole, and up to the lower bound the minutes that are over and the one that runs.
        assert len(tall) == 1 + min(lower, minute + 1)


@every(("lower", "upper"), [(2, 5), (5, 10), (15, 20)])
def test_minutes_to_come_are_lines_up_to_the_lower_bound_and_dots_from_there(lower: int, upper: int) -> None:
    image = render(timer(0, lower_min=lower, upper_min=upper))
    widths = [right - left for left, right in runs(image, TICK_FOOT)]
    tick, pole, dot = widths[0], 1, 2
    assert tick > dot
    assert widths == [tick] * lower + [pole] + [dot] * (upper - lower)


def test_a_tick_grows_and_never_shrinks() -> None:
    shares = [lit(render(timer(second, seconds=True)).crop((0, TICK_TOP, 128, 64))) for second in range(0, 1201, 5)]
    assert all(after >= before for before, after in pairwise(shares))
    assert 0 < shares[1] < shares[6] < shares[11]


def test_overtime_is_shown_and_not_rewarded() -> None:
    full = render(timer(20 * 60)).crop((0, TICK_TOP, 128, 64)).tobytes()
    for minute in (21, 23, 32, 45):
        image = render(timer(60 * minute))
        assert image.crop((0, TICK_TOP, 128, 64)).tobytes() == full
        assert {f"+{minute - 20}", "over"} <= set(read(image))
        assert f"+{minute - 20}" in read(render(timer(60 * minute + 9, seconds=True)))
    assert "over" not in read(render(timer(20 * 60)))


def test_a_hold_and_the_rest_look_different() -> None:
    """A hold is thick, framed and grows; the rest is thin and shrinks."""
    thick_y = HEIGHT - 5
    for fraction in (0.25, 0.5, 0.75):
        held = render(RatingEntry(7, hold=fraction, rest=fraction))
        resting = render(RatingEntry(7, rest=fraction))
        assert runs(held, thick_y) == [(0, WIDTH)]
        assert runs(held, thick_y + 2)[0] == (0, round(WIDTH * fraction))
        assert runs(resting, thick_y) == []
        assert runs(resting, HEIGHT - 1) == [(0, round(WIDTH * fraction))]


@every("value", [None, *range(1, 11)])
def test_ten_boxes_and_as_many_full_as_the_value(value: int | None) -> None:
    image = render(RatingEntry(value))
    assert len(runs(image, 46)) == 10
    full = [run for run in runs(image, 50) if run[1] - run[0] == 9]
    assert len(full) == (value or 0)


def test_no_value_is_shown_before_the_first_tap() -> None:
    image = render(RatingEntry(None))
    cell = width_px("?", Face.NUMERALS)
    assert image.crop((0, 0, cell, 32)).tobytes() == glyph("?", Face.NUMERALS)
    assert {"How", "tight", "do", "I", "feel", "today?"} <= set(read(image))
