"""Draw the questions and the menu."""

from __future__ import annotations

from typing import Final

from matpi.core.model import RATING_MAX
from matpi.core.views import Confirm, FeltWrong, Menu, RatingEntry, RatingSaved
from matpi.screen.canvas import HEIGHT, WIDTH, Canvas, draw
from matpi.screen.glyphs import Face
from matpi.screen.session_views import saved
from matpi.words import Words, duration

BOX_PITCH: Final = 13
BOX_PX: Final = 9
MENU_ROWS: Final = 3


def answer(canvas: Canvas, hold: float, left: float | None) -> None:
    """Draw the lower edge: the bar of a hold, else the time that is left."""
    if hold > 0.0:
        canvas.hold_bar(hold)
    elif left is not None:
        canvas.rest_line(left)


@draw.register
def rating_entry(view: RatingEntry, canvas: Canvas, words: Words) -> None:
    shown = "?" if view.value is None else str(view.value)
    canvas.cells(0, 0, shown, Face.NUMERALS)
    for row, line in enumerate(words("questions.how_tight").splitlines()):
        canvas.text(60, 11 * row, line)
    if view.hold > 0.0:
        hint = words("common.keep_holding")
    else:
        hint = words("questions.tap_first") if view.value is None else words("questions.tap_or_hold")
    canvas.line(33, hint)
    left = (WIDTH - (BOX_PITCH * RATING_MAX - (BOX_PITCH - BOX_PX))) // 2
    for box in range(RATING_MAX):
        x = left + BOX_PITCH * box
        canvas.frame(x, 46, BOX_PX, BOX_PX)
        if view.value is not None and box < view.value:
            canvas.box(x, 46, BOX_PX, BOX_PX)
    answer(canvas, view.hold, view.rest)


@draw.register
def rating_saved(view: RatingSaved, canvas: Canvas, words: Words) -> None:
    canvas.cells(0, 0, f"{view.value}/{RATING_MAX}", Face.NUMERALS)
    if view.saved:
        saved(canvas, words, words("questions.hold"), words("questions.change"))
    else:
        canvas.line(36, words("questions.not_saved"))
    canvas.line(36, words("questions.hold"), align="right")
    canvas.line(46, words("questions.change"), align="right")
    answer(canvas, view.hold, view.left)


@draw.register
def confirm(view: Confirm, canvas: Canvas, words: Words) -> None:
    canvas.line(0, words("questions.was_that_you"), (Face.WORDS, Face.LABEL))
    canvas.text(0, 22, duration(view.on_mat_s), Face.LABEL)
    about = "~" if view.approximate else ""
    canvas.line(22, f"{about}{view.load_kg} {words('common.kg')}", (Face.LABEL,), align="right")
    canvas.line(44, words("common.keep_holding") if view.hold > 0.0 else words("questions.yes_or_no"))
    answer(canvas, view.hold, None)


@draw.register
def felt_wrong(view: FeltWrong, canvas: Canvas, words: Words) -> None:
    if view.logged:
        canvas.check(0, 3)
        canvas.text(19, 0, words("questions.noted"), Face.WORDS)
        last = words("common.keep_holding") if view.hold > 0.0 else words("questions.take_back")
        for row, line in enumerate((*words("questions.what_follows").splitlines(), last)):
            canvas.line(18 + 12 * row, line)
        answer(canvas, view.hold, view.left)
        return
    canvas.text(0, 0, words("questions.felt_wrong"), Face.WORDS)
    for row, line in enumerate(words("questions.signs").splitlines()):
        canvas.line(21 + 11 * row, line)
    canvas.line(44, words("common.keep_holding") if view.hold > 0.0 else words("questions.hold_to_note"))
    answer(canvas, view.hold, view.left)


@draw.register
def menu(view: Menu, canvas: Canvas, words: Words) -> None:
    """Draw three items, the chosen one dark on light. The list scrolls only when the choice leaves it."""
    first = max(0, min(view.index - 1, len(view.items) - MENU_ROWS))
    for row, item in enumerate(view.items[first : first + MENU_ROWS]):
        chosen = first + row == view.index
        if chosen:
            canvas.box(0, 16 * row, WIDTH - 6, 16)
        canvas.line(16 * row, words.say(item), (Face.LABEL, Face.TEXT), left=4, right=WIDTH - 7, ink=0 if chosen else 1)
    if len(view.items) > MENU_ROWS:
        track = 16 * MENU_ROWS
        length = track * MENU_ROWS // len(view.items)
        canvas.box(WIDTH - 3, (track - length) * first // (len(view.items) - MENU_ROWS), 3, length)
    if view.hold > 0.0:
        canvas.hold_bar(view.hold)
    else:
        canvas.line(HEIGHT - 12, words("menu.hint"))
