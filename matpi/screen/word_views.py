"""Draw idle, safety, faults, notices and the splash."""

from __future__ import annotations

from typing import Final

from matpi.core.views import Fault, Idle, Notice, Off, Safety, Splash
from matpi.screen.canvas import HEIGHT, WIDTH, Canvas, draw
from matpi.screen.glyphs import Face, wrapped
from matpi.screen.session_views import range_text, unit
from matpi.words import LINE, Words

LARGE_FIRST: Final = (Face.LABEL, Face.TEXT)
LAST_ROW: Final = HEIGHT - 12


@draw.register
def off(_: Off, *_rest: Canvas | Words) -> None:
    """Draw nothing."""


@draw.register
def splash(view: Splash, canvas: Canvas, _: Words) -> None:
    canvas.line(14, "matpi", (Face.WORDS,), "middle")
    canvas.line(38, view.version, align="middle")


@draw.register
def idle(view: Idle, canvas: Canvas, words: Words) -> None:
    """Draw the plan's minutes, or those done. A notice takes the last row, and the status moves up for it."""
    minutes = int(view.today_s // 60)
    if view.done:
        status = words("common.done_today")
    elif view.rest_day:
        status = words("idle.rest_is_part")
    elif view.today_s > 0.0:
        status = words("idle.so_far", minutes=minutes) if minutes else words("idle.under_a_minute")
    else:
        status = words("idle.not_yet")
    in_plan = view.plan_day <= view.plan_days
    day = words("idle.day_of", day=view.plan_day, days=view.plan_days) if in_plan else words("idle.after_plan")
    canvas.line(0, view.clock, align="right")
    if view.who:
        canvas.line(0, view.who)
    else:
        canvas.line(0, status if view.notice and not (view.rest_day and not view.done) else day)
    if view.done:
        unit(canvas, canvas.cells(0, 14, str(minutes), Face.NUMERALS), 46, words("common.min"))
        canvas.check(WIDTH - 30, 17, size=2)
    elif view.rest_day:
        canvas.text(0, 20, words("idle.rest_day"), Face.WORDS)
    else:
        target = range_text(view.lower_min, view.upper_min)
        unit(canvas, canvas.cells(0, 14, target, Face.NUMERALS), 46, words("common.min"))
    if view.notice:
        canvas.band(LAST_ROW - 1, words.say(view.notice), foot=1)
    else:
        canvas.line(LAST_ROW, status)
        short = words("common.day", day=view.plan_day)
        if view.who and in_plan and len(status) + 1 + len(short) <= 21:
            canvas.line(LAST_ROW, short, align="right")


@draw.register
def safety(view: Safety, canvas: Canvas, words: Words) -> None:
    heading, *lines = words(f"safety.{view.name}").splitlines()
    number = f"{view.page}/{view.pages}"
    with_tap = f"{words('safety.tap')} {number}"
    canvas.line(0, heading)
    canvas.line(
        0, with_tap if len(heading) + len(with_tap) < LINE and view.name != "question" else number, align="right"
    )
    for row, line in enumerate(lines if view.hold == 0.0 else lines[:2]):
        y = 14 + 12 * row
        if line.startswith("* "):
            canvas.box(0, y + 5, 3, 3)
        indent = 6 if line.startswith(("* ", "  ")) else 0
        canvas.line(y, line[2:] if indent else line, left=indent)
    if view.hold > 0.0:
        canvas.hold_bar(view.hold)


@draw.register
def fault(view: Fault, canvas: Canvas, words: Words) -> None:
    """Draw a lit bar with the title, then what is wrong, then what to do, as large as it fits."""
    what, do = words.say(view.what), words.say(view.do)
    canvas.band(0, words.say(view.title), LARGE_FIRST)
    lines = wrapped(do, WIDTH, Face.LABEL)
    if lines is None or len(lines) > 2:
        canvas.line(18, what)
        canvas.line(44, do)
        return
    if len(lines) == 2:
        canvas.line(18, what)
    else:
        canvas.line(22, what, LARGE_FIRST)
    for row, line in enumerate(lines):
        canvas.text(0, HEIGHT - 16 * (len(lines) - row), line, Face.LABEL)


@draw.register
def notice(view: Notice, canvas: Canvas, words: Words) -> None:
    alone = not view.text and not view.more
    canvas.line(20 if alone else 2, words.say(view.title), (Face.WORDS, *LARGE_FIRST))
    canvas.line(26, words.say(view.text), LARGE_FIRST)
    canvas.line(46, words.say(view.more))
