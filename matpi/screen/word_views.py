"""The screens that tell: idle, safety, faults, notices, the splash."""

from __future__ import annotations

from typing import Final

from matpi.core.safety import PAGES
from matpi.core.views import Fault, Idle, Notice, Safety, Splash
from matpi.screen.canvas import HEIGHT, WIDTH, Canvas
from matpi.screen.glyphs import Face, wrapped
from matpi.screen.session_views import PLAN_DAYS, range_text, unit

LARGE_FIRST: Final = (Face.LABEL, Face.TEXT)
LAST_ROW: Final = HEIGHT - 12


def splash(canvas: Canvas, view: Splash) -> None:
    canvas.line(14, "matpi", (Face.WORDS,), "middle")
    canvas.line(38, view.version, align="middle")


def idle(canvas: Canvas, view: Idle) -> None:
    """The plan's minutes, or what was done of them. A notice takes the last row, and the status moves up for it."""
    minutes = int(view.today_s // 60)
    if view.done:
        status = "done for today"
    elif view.rest_day:
        status = "rest is part of it"
    elif view.today_s > 0.0:
        status = f"{minutes} min so far" if minutes else "under a minute"
    else:
        status = "not yet today"
    day = f"day {view.plan_day} of {PLAN_DAYS}" if view.plan_day <= PLAN_DAYS else "keep going"
    unknown = "--:--" if view.notice else "no clock"
    canvas.line(0, view.clock or unknown, align="right")
    canvas.line(0, status if view.notice and not (view.rest_day and not view.done) else day)
    if view.done:
        unit(canvas, canvas.cells(0, 14, str(minutes), Face.NUMERALS), 46, "min")
        canvas.check(WIDTH - 30, 17, size=2)
    elif view.rest_day:
        canvas.text(0, 20, "Rest day", Face.WORDS)
    else:
        unit(canvas, canvas.cells(0, 14, range_text(view.lower_min, view.upper_min), Face.NUMERALS), 46, "min")
    if view.notice:
        canvas.band(LAST_ROW - 1, view.notice, foot=1)
    else:
        canvas.line(LAST_ROW, status)


def safety(canvas: Canvas, view: Safety) -> None:
    heading, *lines = PAGES[view.page]
    last = view.page == view.pages - 1
    number = f"{view.page + 1}/{view.pages}"
    canvas.line(0, heading)
    canvas.line(0, number if last else f"tap {number}", align="right")
    if last:
        for y, words in zip((14, 31, 43), lines, strict=False):
            canvas.line(y, words, LARGE_FIRST)
        if view.hold > 0.0:
            canvas.hold_bar(view.hold)
        return
    for row, words in enumerate(lines):
        y = 14 + 16 * row
        if words.startswith("* "):
            canvas.box(0, y + 7, 4, 4)
        indent = 6 if words.startswith(("* ", "  ")) else 0
        canvas.line(y, words[2:] if indent else words, LARGE_FIRST, left=indent)


def fault(canvas: Canvas, view: Fault) -> None:
    """A lit bar with what it is, then what was noticed, then what to do, as large as it goes."""
    canvas.band(0, view.title, LARGE_FIRST)
    lines = wrapped(view.do, WIDTH, Face.LABEL)
    if lines is None or len(lines) > 2:
        canvas.line(18, view.what)
        canvas.line(44, view.do)
        return
    if len(lines) == 2:
        canvas.line(18, view.what)
    else:
        canvas.line(22, view.what, LARGE_FIRST)
    for row, words in enumerate(lines):
        canvas.text(0, HEIGHT - 16 * (len(lines) - row), words, Face.LABEL)


def notice(canvas: Canvas, view: Notice) -> None:
    alone = not view.text and not view.more
    canvas.line(20 if alone else 2, view.title, (Face.WORDS, *LARGE_FIRST))
    canvas.line(26, view.text, LARGE_FIRST)
    canvas.line(46, view.more)
