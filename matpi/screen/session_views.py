"""Draw the screens of a session: arriving, the timer, away, the result."""

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
from matpi.screen.canvas import HEIGHT, WIDTH, Canvas, draw
from matpi.screen.glyphs import Face, width_px
from matpi.words import Words, duration

TICKS_MAX: Final = 60  # more planned minutes share a tick: a tick and its gap need 2 px
LONG_S: Final = 6000  # from 100 minutes on mm:ss is wider than the panel; a cap may be set to 120
BESIDE_PX: Final = 5  # between the big numeral and the small words beside it
GAP_PX: Final = 4  # between two texts in a row; chosen


def range_text(lower_min: int, upper_min: int) -> str:
    return str(upper_min) if lower_min == upper_min else f"{lower_min}-{upper_min}"


def unit(canvas: Canvas, x: int, foot: int, word: str) -> None:
    """Draw a unit behind a big numeral that ends at `x`, on the same baseline, as large as fits."""
    room = WIDTH - x
    face = Face.LABEL if width_px(word, Face.LABEL) + BESIDE_PX <= room else Face.TEXT
    # Spleen has 4 px of 16 and 3 px of 12 below the baseline.
    drop = face.height_px // 4
    canvas.text(min(x + BESIDE_PX, WIDTH - width_px(word, face)), foot - face.height_px + drop, word, face)


def beside(canvas: Canvas, title: str, *notes: str) -> None:
    """Draw a title as large as it fits beside the first note for which there is room."""
    rooms = {note: WIDTH - (width_px(note, Face.TEXT) + GAP_PX if note else 0) for note in notes}
    note = next((note for note, room in rooms.items() if width_px(title, Face.TEXT) <= room), notes[-1])
    large = width_px(title, Face.LABEL) <= rooms[note]
    canvas.line(0 if large else 2, title, (Face.LABEL if large else Face.TEXT,), right=rooms[note])
    canvas.line(2, note, align="right")


def saved(canvas: Canvas, words: Words, *right: str) -> None:
    """Draw a check mark and "saved", as large as the texts on the `right` leave room for."""
    canvas.check(0, 35)
    taken = max(width_px(text, Face.TEXT) for text in right) + GAP_PX
    canvas.line(33, words("common.saved"), (Face.WORDS, Face.LABEL, Face.TEXT), left=19, right=WIDTH - taken)


def tick_row(canvas: Canvas, view: Timer, top: int, height: int) -> None:
    """Draw a tick a planned minute: tall up to the lower bound, then a pole, low up to the upper bound.

    The current tick fills from its foot.
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


@draw.register
def timer(view: Timer, canvas: Canvas, words: Words) -> None:
    minutes = range_text(view.lower_min, view.upper_min)
    over = view.elapsed_s // 60 - view.upper_min
    notice = view.notice is not None
    seconds = view.seconds and view.elapsed_s < LONG_S
    tall = Face.NUMERALS if notice or seconds else Face.MINUTES
    top = 3 if seconds and not notice else 0
    if seconds:
        x = canvas.cells(0, top, duration(view.elapsed_s), tall)
        upper, lower = (f"+{over}", words("on_mat.over")) if over > 0 else (words("on_mat.of"), minutes)
    else:
        x = canvas.cells(0, top, str(view.elapsed_s // 60), tall)
        upper = words("common.min")
        lower = words("on_mat.over_by", minutes=over) if over > 0 else words("on_mat.of_range", range=minutes)
        if view.elapsed_s >= LONG_S:
            lower = f"+{over}" if over > 0 else minutes
    pad = top + (tall.height_px - 32) // 2
    if seconds and view.elapsed_s >= 600:  # four digits and a colon leave 20 px: room for "min" and nothing else
        if over > 0:
            canvas.line(pad + 3, f"+{over}", align="right")
            canvas.line(pad + 15, words("common.min"), align="right")
    else:
        left = x + (BESIDE_PX if not seconds else 3)
        canvas.line(pad, upper, (Face.LABEL,), left=left)
        canvas.line(pad + 16, lower, (Face.LABEL, Face.TEXT), left=left)
    label = words("on_mat.keep_holding") if view.hold > 0.0 else words.say(view.label)
    canvas.line(32 if notice else 39, label)
    if view.notice is not None:
        canvas.band(44, words.say(view.notice))
    if view.hold > 0.0:
        canvas.hold_bar(view.hold)
    else:
        height = 4 if notice else 11
        tick_row(canvas, view, HEIGHT - height, height)


@draw.register
def arriving(view: Arriving, canvas: Canvas, words: Words) -> None:
    day = words("common.day", day=view.plan_day) if view.plan_day <= view.plan_days else ""
    routine = words.say(view.routine)
    beside(canvas, view.who or routine or words("on_mat.starting"), day)
    x = canvas.cells(0, 17, range_text(view.lower_min, view.upper_min), Face.NUMERALS)
    unit(canvas, x, 49, words("common.min"))
    # Without what is in brackets: the row has room for 21 characters.
    canvas.line(HEIGHT - 12, routine if view.who and routine else words.say(view.clothing).partition(" (")[0])


@draw.register
def away(view: Away, canvas: Canvas, words: Words) -> None:
    cells = len(str(view.of_s))
    # Three digits of the large font would push the words off the panel.
    x = canvas.cells(0, 0, str(view.left_s), Face.MINUTES if cells < 3 else Face.NUMERALS, cells)
    canvas.line(0, words("on_mat.back"), (Face.WORDS, Face.LABEL, Face.TEXT), left=x + BESIDE_PX)
    canvas.line(21, words("on_mat.seconds_left"), (Face.LABEL, Face.TEXT), left=x + BESIDE_PX)
    canvas.line(41, words("on_mat.paused", time=duration(view.elapsed_s)), (Face.LABEL,))
    canvas.rest_line(view.left_s / view.of_s if view.of_s else 0.0)


@draw.register
def holding(view: Holding, canvas: Canvas, words: Words) -> None:
    canvas.band(0, words.say(view.what) or words("faults.silent"), (Face.LABEL, Face.TEXT))
    canvas.cells(0, 18, duration(view.elapsed_s), Face.NUMERALS)
    canvas.line(HEIGHT - 11, words("on_mat.waits", seconds=f"{view.left_s:2d}"))


@draw.register
def get_up(view: GetUp, canvas: Canvas, words: Words) -> None:
    x = canvas.cells(0, 0, str(view.elapsed_min), Face.MINUTES)
    canvas.line(3, words("common.min"), (Face.LABEL,), left=x + BESIDE_PX)
    canvas.line(19, words("on_mat.enough"), (Face.LABEL, Face.TEXT), left=x + BESIDE_PX)
    x = canvas.text(0, 42, words("on_mat.get_up"), Face.WORDS)
    canvas.line(45, words("on_mat.slowly"), (Face.LABEL,), left=x + BESIDE_PX)


@draw.register
def thing(view: Object, canvas: Canvas, words: Words) -> None:
    canvas.line(0, words("on_mat.object"), (Face.LABEL,))
    left = canvas.text(0, 25, "~", Face.LABEL) if view.approximate else 0
    x = canvas.cells(left, 17, str(view.load_kg), Face.NUMERALS)
    unit(canvas, x, 45, words("common.kg"))
    canvas.line(HEIGHT - 12, words("on_mat.take_off"))


@draw.register
def session_done(view: SessionDone, canvas: Canvas, words: Words) -> None:
    if view.on_mat_s < LONG_S:
        canvas.cells(0, 0, duration(view.on_mat_s), Face.NUMERALS)
    else:
        unit(canvas, canvas.cells(0, 0, str(view.on_mat_s // 60), Face.NUMERALS), 32, words("common.min"))
    if view.who:
        _whose(canvas, view, words)
        return
    if view.saved:
        day = words("common.day", day=view.plan_day) if view.plan_day <= view.plan_days else ""
        saved(canvas, words, day)
        canvas.line(36, day, align="right")
    else:
        canvas.line(33, words("on_mat.not_saved"), (Face.LABEL, Face.TEXT))
    canvas.line(HEIGHT - 12, words("common.done_today") if view.done_today else words("on_mat.more_today"))


def _whose(canvas: Canvas, view: SessionDone, words: Words) -> None:
    """Draw whose session it is, where several people share the mat; "done" is a second check mark."""
    if view.done_today:
        canvas.check(WIDTH - 16, 10)
    if view.saved:
        canvas.check(0, 35)
        canvas.line(33, view.who, (Face.LABEL, Face.TEXT), left=19)
    else:
        canvas.line(33, words("on_mat.not_saved"), (Face.LABEL, Face.TEXT))
    if view.hold > 0.0:
        canvas.hold_bar(view.hold)
    else:
        canvas.line(HEIGHT - 12, words.say(view.asks))


@draw.register
def discarded(view: Discarded, canvas: Canvas, words: Words) -> None:
    canvas.text(0, 0, words("on_mat.discarded"), Face.WORDS)
    canvas.line(22, words("on_mat.not_kept", time=duration(view.on_mat_s)), (Face.LABEL, Face.TEXT))
    canvas.line(43, words("on_mat.bring_back"))
    if view.hold > 0.0:
        canvas.hold_bar(view.hold)
    else:
        canvas.rest_line(view.left)
