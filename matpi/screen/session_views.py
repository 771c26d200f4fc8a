"""Draw the screens of a session: advice, arriving, timer, breath, away, the result, off the mat."""

from __future__ import annotations

from typing import Final

from matpi.core.plan.breathing import RADIUS_MAX_PX
from matpi.core.views import (
    Advice,
    Arriving,
    Away,
    Breathe,
    Discarded,
    GetUp,
    Holding,
    OffMat,
    SessionDone,
    Timer,
)
from matpi.screen.canvas import BESIDE_PX, HEIGHT, LAST_ROW, WIDTH, Canvas, draw, range_text, sentence
from matpi.screen.glyphs import LARGE_FIRST, Face, wrapped
from matpi.words import LINE, Words, duration

TICKS_MAX: Final = 60  # more planned minutes share a tick: a tick and its gap need 2 px
LONG_S: Final = 6000  # from 100 minutes on mm:ss is wider than the panel; a cap may be set to 120
LINE_PX: Final = 11  # of the advice: four lines and a title leave no pixel between them
CIRCLE_PX: Final = 2 * RADIUS_MAX_PX + 5  # x of the words of the breath, clear of the largest circle
RING_PX: Final = 2  # a ring, because lit pixels wear and a full disc would be a third of the panel


def minutes_or_ask(canvas: Canvas, y: int, lower_min: int, upper_min: int, words: Words) -> None:
    """Draw the range of minutes in numerals; to a person without one, that they should ask a doctor first."""
    if upper_min:
        x = canvas.cells(0, y, range_text(lower_min, upper_min), Face.NUMERALS)
        canvas.unit(x, y + Face.NUMERALS.height_px, words("common.min"))
        return
    for row, line in enumerate(wrapped(words("bar.ask_doctor"), WIDTH, Face.LABEL) or []):
        canvas.text(0, y + 16 * row, line, Face.LABEL)


def spoken_range(lower_min: int, upper_min: int, words: Words) -> str:
    if not upper_min:
        return words("bar.ask_doctor")
    return spoken_minutes(upper_min, words) if lower_min == upper_min else spoken_span(lower_min, upper_min, words)


def spoken_span(lower_min: int, upper_min: int, words: Words) -> str:
    return words("spoken.some_minutes", lower=lower_min, upper=upper_min)


def spoken_minutes(minutes: int, words: Words) -> str:
    return words("spoken.one_minute") if minutes == 1 else words("spoken.minutes", n=minutes)


def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


@draw.register
def advice(view: Advice, canvas: Canvas, words: Words) -> None:
    minutes = range_text(view.lower_min, view.upper_min) if view.upper_min else ""
    # A plan of one's own may have longer lines, which are left out; a bracket is not drawn.
    lines = [line.partition(" (")[0] for line in words.say(view.advice).splitlines()]
    lines = [line for line in lines if len(line) <= LINE]
    canvas.beside(words.say(view.title), f"{minutes} {words('common.min')}" if minutes else "", minutes)
    for row, line in enumerate(lines):
        canvas.line(16 + LINE_PX * row, line)
    if len(lines) < 4:
        canvas.line(LAST_ROW, words("around.then_onto_mat"))


@sentence.register
def _(view: Advice, words: Words) -> str:
    lines = ". ".join(words.say(view.advice).splitlines())
    minutes = spoken_range(view.lower_min, view.upper_min, words)
    return words("spoken.advice", title=view.title, minutes=minutes, lines=lines)


@draw.register
def arriving(view: Arriving, canvas: Canvas, words: Words) -> None:
    day = words("common.day", day=view.plan_day) if view.plan_day <= view.plan_days else ""
    routine = words.say(view.routine)
    canvas.beside(view.who or routine or words("on_mat.starting"), day)
    minutes_or_ask(canvas, 17, view.lower_min, view.upper_min, words)
    # Without what is in brackets: the row has room for 21 characters.
    canvas.line(LAST_ROW, routine if view.who and routine else words.say(view.clothing).partition(" (")[0])


@sentence.register
def _(view: Arriving, words: Words) -> str:
    what = view.routine or words("spoken.day", day=view.plan_day)
    return words("spoken.arriving", what=what, minutes=spoken_range(view.lower_min, view.upper_min, words))


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
    minutes = range_text(view.lower_min, view.upper_min) if view.upper_min else ""
    over = view.elapsed_s // 60 - view.upper_min if minutes else 0
    notice = view.notice is not None
    seconds = view.seconds and view.elapsed_s < LONG_S
    tall = Face.NUMERALS if notice or seconds else Face.MINUTES
    top = 3 if seconds and not notice else 0
    if seconds:
        x = canvas.cells(0, top, duration(view.elapsed_s), tall)
        upper, lower = (
            (f"+{over}", words("on_mat.over")) if over > 0 else (words("on_mat.of") if minutes else "", minutes)
        )
    else:
        x = canvas.cells(0, top, str(view.elapsed_s // 60), tall)
        upper = words("common.min")
        lower = words("on_mat.over_by", minutes=over) if over > 0 else words("on_mat.of_range", range=minutes)
        if view.elapsed_s >= LONG_S or not minutes:
            lower = f"+{over}" if over > 0 else minutes
    pad = top + (tall.height_px - 32) // 2
    if seconds and view.elapsed_s >= 600:  # four digits and a colon leave 20 px: room for "min" and nothing else
        if over > 0:
            canvas.line(pad + 3, f"+{over}", align="right")
            canvas.line(pad + 15, words("common.min"), align="right")
    else:
        left = x + (BESIDE_PX if not seconds else 3)
        canvas.line(pad, upper, (Face.LABEL,), left=left)
        canvas.line(pad + 16, lower, LARGE_FIRST, left=left)
    label = words("on_mat.keep_holding") if view.hold > 0.0 else words.say(view.label)
    canvas.line(32 if notice else 39, label)
    if view.notice is not None:
        canvas.band(44, words.say(view.notice))
    if view.hold > 0.0:
        canvas.hold_bar(view.hold)
    elif minutes:
        height = 4 if notice else 11
        tick_row(canvas, view, HEIGHT - height, height)


@sentence.register
def _(view: Timer, words: Words) -> str:
    so_far = duration(view.elapsed_s) if view.seconds else spoken_minutes(view.elapsed_s // 60, words)
    label = sentence_case(words.say(view.label))
    if not view.upper_min:
        return words("spoken.timer_alone", so_far=so_far, label=label)
    planned = spoken_span(view.lower_min, view.upper_min, words)
    return words("spoken.timer", so_far=so_far, range=planned, label=label)


@draw.register
def breathe(view: Breathe, canvas: Canvas, words: Words) -> None:
    middle = (RADIUS_MAX_PX + 1, HEIGHT // 2)
    canvas.circle(*middle, view.radius_px)
    canvas.circle(*middle, view.radius_px - RING_PX, ink=0)
    canvas.text(CIRCLE_PX, 0, words("breath.inhale") if view.inhale else words("breath.exhale"), Face.WORDS)
    canvas.line(3, str(view.left_s), (Face.LABEL,), align="right")
    lines = wrapped(words.say(view.says), WIDTH - CIRCLE_PX, Face.TEXT) or []
    for row, line in enumerate(lines):
        canvas.text(CIRCLE_PX, 22 + Face.TEXT.height_px * row, line)
    if len(lines) < 3:
        canvas.line(LAST_ROW, f"{view.elapsed_min} {words('common.min')}", align="right")


@sentence.register
def _(view: Breathe, words: Words) -> str:
    side = "spoken.breathe_in" if view.inhale else "spoken.breathe_out"
    return words(side, says=view.says, minutes=spoken_minutes(view.elapsed_min, words))


@draw.register
def away(view: Away, canvas: Canvas, words: Words) -> None:
    cells = len(str(view.of_s))
    # Three digits of the large font would push the words off the panel.
    x = canvas.cells(0, 0, str(view.left_s), Face.MINUTES if cells < 3 else Face.NUMERALS, cells)
    canvas.line(0, words("on_mat.back"), (Face.WORDS, Face.LABEL, Face.TEXT), left=x + BESIDE_PX)
    canvas.line(21, words("on_mat.seconds_left"), LARGE_FIRST, left=x + BESIDE_PX)
    canvas.line(41, words("on_mat.paused", time=duration(view.elapsed_s)), (Face.LABEL,))
    canvas.rest_line(view.left_s / view.of_s if view.of_s else 0.0)


@sentence.register
def _(view: Away, words: Words) -> str:
    return words("spoken.away", time=duration(view.elapsed_s))


@draw.register
def holding(view: Holding, canvas: Canvas, words: Words) -> None:
    canvas.band(0, words.say(view.what) or words("faults.silent"), LARGE_FIRST)
    canvas.cells(0, 18, duration(view.elapsed_s), Face.NUMERALS)
    canvas.line(HEIGHT - 11, words("on_mat.waits", seconds=f"{view.left_s:2d}"))


@sentence.register
def _(view: Holding, words: Words) -> str:
    what = view.what or words("spoken.cells_silent")
    return words("spoken.holding", what=what, time=duration(view.elapsed_s))


@draw.register
def get_up(view: GetUp, canvas: Canvas, words: Words) -> None:
    x = canvas.cells(0, 0, str(view.elapsed_min), Face.MINUTES)
    canvas.line(3, words("common.min"), (Face.LABEL,), left=x + BESIDE_PX)
    canvas.line(19, words("on_mat.enough"), LARGE_FIRST, left=x + BESIDE_PX)
    x = canvas.text(0, 42, words("on_mat.get_up"), Face.WORDS)
    canvas.line(45, words("on_mat.slowly"), (Face.LABEL,), left=x + BESIDE_PX)


@sentence.register
def _(view: GetUp, words: Words) -> str:
    return words("spoken.get_up", minutes=spoken_minutes(view.elapsed_min, words))


@draw.register
def session_done(view: SessionDone, canvas: Canvas, words: Words) -> None:
    if view.on_mat_s < LONG_S:
        canvas.cells(0, 0, duration(view.on_mat_s), Face.NUMERALS)
    else:
        canvas.unit(canvas.cells(0, 0, str(view.on_mat_s // 60), Face.NUMERALS), 32, words("common.min"))
    if view.who:
        _whose(canvas, view, words)
        return
    if view.saved:
        day = words("common.day", day=view.plan_day) if view.plan_day <= view.plan_days else ""
        canvas.saved(words("common.saved"), day)
        canvas.line(36, day, align="right")
    else:
        canvas.line(33, words("on_mat.not_saved"), LARGE_FIRST)
    today = "common.done_today" if view.done_today else "on_mat.more_today"
    canvas.line(LAST_ROW, words("bar.ask_doctor" if view.ask_first else today))


def _whose(canvas: Canvas, view: SessionDone, words: Words) -> None:
    """Draw whose session it is, where several people share the mat; "done" is a second check mark."""
    if view.done_today:
        canvas.check(WIDTH - 16, 10)
    if view.saved:
        canvas.check(0, 35)
        canvas.line(33, view.who, LARGE_FIRST, left=19)
    else:
        canvas.line(33, words("on_mat.not_saved"), LARGE_FIRST)
    canvas.bottom_line(view.hold, words.say(view.asks))


@sentence.register
def _(view: SessionDone, words: Words) -> str:
    on_mat = words("spoken.done" if view.saved else "spoken.done_unsaved", time=duration(view.on_mat_s))
    if view.ask_first:
        return f"{on_mat} {sentence_case(words('bar.ask_doctor'))}."
    return on_mat + (words("spoken.done_today") if view.done_today else "")


@draw.register
def off_mat(view: OffMat, canvas: Canvas, words: Words) -> None:
    canvas.line(0, words.say(view.text), LARGE_FIRST)
    if view.left_s is None:
        canvas.check(0, 24, size=2)
        canvas.line(LAST_ROW, words("around.go_on"))
        return
    canvas.unit(canvas.cells(0, 17, duration(view.left_s), Face.NUMERALS), 49, words("around.left"))
    canvas.line(LAST_ROW, words("around.off_mat_now"))


@sentence.register
def _(view: OffMat, words: Words) -> str:
    if view.left_s is None:
        return words("spoken.off_mat", text=view.text)
    return words("spoken.off_mat_left", text=view.text, time=duration(view.left_s))


@draw.register
def discarded(view: Discarded, canvas: Canvas, words: Words) -> None:
    canvas.text(0, 0, words("on_mat.discarded"), Face.WORDS)
    canvas.line(22, words("on_mat.not_kept", time=duration(view.on_mat_s)), LARGE_FIRST)
    canvas.line(43, words("on_mat.bring_back"))
    canvas.bottom_edge(view.hold, view.left)


@sentence.register
def _(view: Discarded, words: Words) -> str:
    return words("spoken.discarded", time=duration(view.on_mat_s))
