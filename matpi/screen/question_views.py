"""Draw what the button answers: questions, the menu, and the steps of a calibration."""

from __future__ import annotations

from typing import Final

from matpi.core.calibration.weighing import BLOCKS
from matpi.core.model import RATING_MAX
from matpi.core.views import Confirm, FeltWrong, Guide, LooserEntry, Menu, RatingEntry, RatingSaved, WeightEntry
from matpi.screen.canvas import WIDTH, Canvas, draw, sentence
from matpi.screen.glyphs import LARGE_FIRST, Face, width_px
from matpi.words import Words, duration

BOX_PITCH: Final = 13
BOX_PX: Final = 9
MENU_ROWS: Final = 3
GAP_PX: Final = 6  # between the boxes of a measurement


def hint(hold: float, key: str, words: Words) -> str:
    """Return what the button does, or while it is held, what to do with it."""
    return words("common.keep_holding" if hold > 0.0 else key)


@draw.register
def rating_entry(view: RatingEntry, canvas: Canvas, words: Words) -> None:
    """Draw the question and how to begin; from the first tap on, the value and what both gestures do."""
    tap, hold = words("questions.tap_or_hold").splitlines()
    if view.value is None:
        shown, left, lines = "?", 46, [*words("questions.how_tight").splitlines(), tap]
    else:
        shown, left, lines = str(view.value), 60, [tap, hold]
    canvas.cells(0, 0, shown, Face.NUMERALS)
    for row, line in enumerate(lines):
        canvas.text(left, 11 * row, line)
    canvas.line(33, words("questions.scale"))
    left = (WIDTH - (BOX_PITCH * RATING_MAX - (BOX_PITCH - BOX_PX))) // 2
    for box in range(RATING_MAX):
        x = left + BOX_PITCH * box
        canvas.frame(x, 46, BOX_PX, BOX_PX)
        if view.value is not None and box < view.value:
            canvas.box(x, 46, BOX_PX, BOX_PX)
    canvas.bottom_edge(view.hold, view.rest)


@sentence.register
def _(view: RatingEntry, words: Words) -> str:
    value = view.value
    answer = words("spoken.tap_to_choose") if value is None else words("spoken.hold_to_confirm", value=value)
    return words("spoken.rating", answer=answer)


@draw.register
def rating_saved(view: RatingSaved, canvas: Canvas, words: Words) -> None:
    canvas.cells(0, 0, f"{view.value}/{RATING_MAX}", Face.NUMERALS)
    if view.saved:
        canvas.saved(words("common.saved"), words("questions.hold"), words("questions.change"))
    else:
        canvas.line(36, words("questions.not_saved"))
    canvas.line(36, words("questions.hold"), align="right")
    canvas.line(46, words("questions.change"), align="right")
    if view.yesterday is not None:
        canvas.line(48, words("questions.yesterday", value=view.yesterday))
    canvas.bottom_edge(view.hold, view.left)


@sentence.register
def _(view: RatingSaved, words: Words) -> str:
    said = words("spoken.rated" if view.saved else "spoken.rated_unsaved", value=view.value)
    return said if view.yesterday is None else f"{said} {words('spoken.yesterday', value=view.yesterday)}"


@draw.register
def looser_entry(view: LooserEntry, canvas: Canvas, words: Words) -> None:
    canvas.text(0, 0, words("questions.looser"), Face.WORDS)
    canvas.line(22, words("questions.than_before"))
    canvas.line(44, hint(view.hold, "questions.yes_or_no", words))
    canvas.bottom_edge(view.hold, view.left)


@sentence.register
def _(_: LooserEntry, words: Words) -> str:
    return words("spoken.looser")


@draw.register
def confirm(view: Confirm, canvas: Canvas, words: Words) -> None:
    canvas.line(0, words("questions.was_that_you"), (Face.WORDS, Face.LABEL))
    canvas.text(0, 22, duration(view.on_mat_s), Face.LABEL)
    about = "~" if view.approximate else ""
    canvas.line(22, f"{about}{view.load_kg} {words('common.kg')}", (Face.LABEL,), align="right")
    canvas.line(44, hint(view.hold, "questions.yes_or_no", words))
    canvas.bottom_edge(view.hold)


@sentence.register
def _(view: Confirm, words: Words) -> str:
    return words("spoken.confirm", time=duration(view.on_mat_s), kg=view.load_kg)


@draw.register
def felt_wrong(view: FeltWrong, canvas: Canvas, words: Words) -> None:
    if view.logged:
        canvas.check(0, 3)
        canvas.text(19, 0, words("questions.noted"), Face.WORDS)
        last = hint(view.hold, "questions.take_back", words)
        for row, line in enumerate((*words("questions.what_follows").splitlines(), last)):
            canvas.line(18 + 12 * row, line)
        canvas.bottom_edge(view.hold, view.left)
        return
    canvas.text(0, 0, words("questions.felt_wrong"), Face.WORDS)
    for row, line in enumerate(words("questions.signs").splitlines()):
        canvas.line(21 + 11 * row, line)
    canvas.line(44, hint(view.hold, "questions.hold_to_note", words))
    canvas.bottom_edge(view.hold, view.left)


@sentence.register
def _(view: FeltWrong, words: Words) -> str:
    return words("spoken.felt_wrong_logged" if view.logged else "spoken.felt_wrong")


@draw.register
def menu(view: Menu, canvas: Canvas, words: Words) -> None:
    """Draw three items, the chosen one dark on light. The list scrolls only when the choice leaves it."""
    first = max(0, min(view.index - 1, len(view.items) - MENU_ROWS))
    for row, item in enumerate(view.items[first : first + MENU_ROWS]):
        chosen = first + row == view.index
        if chosen:
            canvas.box(0, 16 * row, WIDTH - 6, 16)
        canvas.line(16 * row, words.say(item), LARGE_FIRST, left=4, right=WIDTH - 7, ink=0 if chosen else 1)
    if len(view.items) > MENU_ROWS:
        track = 16 * MENU_ROWS
        length = track * MENU_ROWS // len(view.items)
        canvas.box(WIDTH - 3, (track - length) * first // (len(view.items) - MENU_ROWS), 3, length)
    canvas.bottom_line(view.hold, words("menu.hint"))


@sentence.register
def _(view: Menu, words: Words) -> str:
    return words("spoken.menu", item=view.items[view.index])


@draw.register
def guide(view: Guide, canvas: Canvas, words: Words) -> None:
    """Draw a step. While it measures, a box fills each second; the bar is for a hold."""
    canvas.line(0, words.say(view.title), (Face.WORDS, Face.LABEL))
    canvas.line(23, words.say(view.text), LARGE_FIRST)
    if view.done is not None:
        width = (WIDTH - GAP_PX * (BLOCKS - 1)) // BLOCKS
        for second in range(BLOCKS):
            x = second * (width + GAP_PX)
            canvas.frame(x, 44, width, 10)
            if second < round(view.done * BLOCKS):
                canvas.box(x, 44, width, 10)
    else:
        canvas.bottom_line(view.hold, words.say(view.more))


@sentence.register
def _(view: Guide, words: Words) -> str:
    more = view.more if view.done is None else words("spoken.measuring")
    return words("spoken.guide", title=view.title, text=view.text, more=more)


@draw.register
def weight_entry(view: WeightEntry, canvas: Canvas, words: Words) -> None:
    """Draw the weight in three cells, with the digits that a tap changes underlined."""
    cell = width_px("0", Face.NUMERALS)
    canvas.line(0, words("calibration.your_weight"))
    canvas.cells(0, 12, str(view.kg), Face.NUMERALS, 3)
    canvas.unit(3 * cell, 40, words("common.kg"))
    if view.tens:
        left = 0 if view.kg >= 100 else cell
        canvas.box(left, 46, 2 * cell - left - 2, 2)
    else:
        canvas.box(2 * cell, 46, cell - 2, 2)
    canvas.bottom_line(view.hold, words("calibration.weight_hint", step="+10" if view.tens else "+1 "))


@sentence.register
def _(view: WeightEntry, words: Words) -> str:
    return words("spoken.weight_tens" if view.tens else "spoken.weight_ones", kg=view.kg)
