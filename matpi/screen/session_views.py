"""The screens of a time on the mat: arriving, the timer, away, and how it ended."""

from __future__ import annotations

from typing import Final

from matpi.core.views import (
    Arriving,
    Away,
    Discarded,
    GetUp,
    Holding,
    Object,
    SessionDone,
    Timer,
)
from matpi.screen.canvas import HEIGHT, WIDTH, Canvas
from matpi.screen.glyphs import Face, width_px

PLAN_DAYS: Final = 14
TICKS_MAX: Final = 60
"""More planned minutes than this share a tick: a tick and its gap need 2 px."""
BESIDE_PX: Final = 5
"""Between the big numeral and the small words beside it."""


def minutes_and_seconds(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def range_text(lower_min: int, upper_min: int) -> str:
    return str(upper_min) if lower_min == upper_min else f"{lower_min}-{upper_min}"


def unit(canvas: Canvas, x: int, foot: int, word: str) -> None:
    """A unit behind a big numeral that ends at `x`, standing on the same line, as large as there is room for."""
    room = WIDTH - x
    face = Face.LABEL if width_px(word, Face.LABEL) + BESIDE_PX <= room else Face.TEXT
    # Below the baseline Spleen keeps 4 px of 16 and 3 px of 12.
    drop = face.height_px // 4
    canvas.text(min(x + BESIDE_PX, WIDTH - width_px(word, face)), foot - face.height_px + drop, word, face)


def tick_row(canvas: Canvas, view: Timer, top: int, height: int) -> None:
    """One tick a planned minute. Up to the lower bound they are tall: what the day asks for. From there to the upper
    bound they are low: welcome, and no more. A pole stands between the two. The current tick fills from its foot.
    """
    per_min = -(-view.upper_min // TICKS_MAX) if view.upper_min else 1
    count = -(-view.upper_min // per_min)
    lower = min(count, -(-view.lower_min // per_min))
    pole_px = 4  # one pixel of pole, a pennant of two, and air
    gap = 1 if count >= 10 else 2
    pitch = (WIDTH - pole_px + gap) // max(1, count)
    x = (WIDTH - (count * pitch - gap + pole_px)) // 2
    foot = top + height
    current, within = divmod(view.elapsed_s, 60 * per_min)
    for tick in range(count + 1):
        if tick == lower:
            pole = x if tick < count else x + pole_px - 3
            canvas.box(pole, top, 1, height)
            canvas.box(pole + 1, top, 2, min(3, height // 2))
            x += pole_px
        if tick == count:
            break
        width, tall = pitch - gap, height if tick < lower else (height + 1) // 2
        if tick < current:
            canvas.box(x, foot - tall, width, tall)
        elif tick == current:
            filled = tall * within // (60 * per_min)
            if tall > 2:  # a frame of 2 px would look like a full tick
                canvas.frame(x, foot - tall, width, tall)
            canvas.box(x, foot - max(1, filled), width, max(1, filled))
        elif tick < lower:
            canvas.box(x, foot - 2, width, 2)
        else:
            dot = min(2, width)
            canvas.box(x + (width - dot) // 2, foot - 2, dot, min(2, height))
        x += pitch


def timer(canvas: Canvas, view: Timer) -> None:
    over = view.elapsed_s // 60 - view.upper_min
    notice = view.notice is not None
    tall = Face.NUMERALS if notice or view.seconds else Face.MINUTES
    top = 3 if view.seconds and not notice else 0
    if view.seconds:
        x = canvas.cells(0, top, minutes_and_seconds(view.elapsed_s), tall)
        upper, lower = (f"+{over}", "over") if over > 0 else ("of", range_text(view.lower_min, view.upper_min))
    else:
        x = canvas.cells(0, top, str(view.elapsed_s // 60), tall)
        upper, lower = "min", f"+{over} over" if over > 0 else f"of {range_text(view.lower_min, view.upper_min)}"
    pad = top + (tall.height_px - 32) // 2
    if view.seconds and view.elapsed_s >= 600:  # four digits and a colon leave 20 px: room for "min" and nothing else
        if over > 0:
            canvas.line(pad + 3, f"+{over}", align="right")
            canvas.line(pad + 15, "min", align="right")
    else:
        beside = x + (BESIDE_PX if not view.seconds else 3)
        canvas.line(pad, upper, (Face.LABEL,), left=beside)
        canvas.line(pad + 16, lower, (Face.LABEL, Face.TEXT), left=beside)
    label = "keep holding: discard" if view.hold > 0.0 else view.label
    canvas.line(32 if notice else 39, label)
    if view.notice is not None:
        canvas.band(44, view.notice)
    if view.hold > 0.0:
        canvas.hold_bar(view.hold)
    else:
        height = 4 if notice else 11
        tick_row(canvas, view, HEIGHT - height, height)


def arriving(canvas: Canvas, view: Arriving) -> None:
    canvas.text(0, 0, "Starting", Face.LABEL)
    if view.plan_day <= PLAN_DAYS:
        canvas.line(2, f"day {view.plan_day}", align="right")
    x = canvas.cells(0, 17, range_text(view.lower_min, view.upper_min), Face.NUMERALS)
    unit(canvas, x, 49, "min")
    # What stands in brackets may be left out: the row has room for 21 characters.
    canvas.line(HEIGHT - 12, view.clothing.partition(" (")[0])


def away(canvas: Canvas, view: Away) -> None:
    cells = len(str(view.of_s))
    # Three digits of the large sheet would push the words off the panel.
    x = canvas.cells(0, 0, str(view.left_s), Face.MINUTES if cells < 3 else Face.NUMERALS, cells)
    canvas.line(0, "back?", (Face.WORDS, Face.LABEL), left=x + BESIDE_PX)
    canvas.line(21, "sec left", (Face.LABEL, Face.TEXT), left=x + BESIDE_PX)
    canvas.line(41, f"paused {minutes_and_seconds(view.elapsed_s)}", (Face.LABEL,))
    canvas.rest_line(view.left_s / view.of_s if view.of_s else 0.0)


def holding(canvas: Canvas, view: Holding) -> None:
    canvas.band(0, view.what, (Face.LABEL, Face.TEXT))
    canvas.cells(0, 18, minutes_and_seconds(view.elapsed_s), Face.NUMERALS)
    canvas.line(HEIGHT - 11, f"waits {view.left_s:2d} s, then ends")


def get_up(canvas: Canvas, view: GetUp) -> None:
    x = canvas.cells(0, 0, str(view.elapsed_min), Face.MINUTES)
    canvas.line(3, "min", (Face.LABEL,), left=x + BESIDE_PX)
    canvas.line(19, "enough", (Face.LABEL,), left=x + BESIDE_PX)
    x = canvas.text(0, 42, "Get up", Face.WORDS)
    canvas.line(45, "slowly", (Face.LABEL,), left=x + BESIDE_PX)


def thing(canvas: Canvas, view: Object) -> None:
    canvas.line(0, "Object on mat", (Face.LABEL,))
    left = canvas.text(0, 25, "~", Face.LABEL) if view.approximate else 0
    x = canvas.cells(left, 17, str(view.load_kg), Face.NUMERALS)
    unit(canvas, x, 45, "kg")
    canvas.line(HEIGHT - 12, "take it off the mat")


def session_done(canvas: Canvas, view: SessionDone) -> None:
    canvas.cells(0, 0, minutes_and_seconds(view.on_mat_s), Face.NUMERALS)
    if view.saved:
        canvas.check(0, 35)
        canvas.text(19, 33, "Saved", Face.WORDS)
        if view.plan_day <= PLAN_DAYS:
            canvas.line(36, f"day {view.plan_day}", align="right")
    else:
        canvas.line(33, "not saved yet", (Face.LABEL,))
    canvas.line(HEIGHT - 12, "done for today" if view.done_today else "more today adds up")


def discarded(canvas: Canvas, view: Discarded) -> None:
    canvas.text(0, 0, "Discarded", Face.WORDS)
    canvas.line(22, f"{minutes_and_seconds(view.on_mat_s)} not kept", (Face.LABEL, Face.TEXT))
    canvas.line(43, "hold: bring it back")
    if view.hold > 0.0:
        canvas.hold_bar(view.hold)
    else:
        canvas.rest_line(view.left)
