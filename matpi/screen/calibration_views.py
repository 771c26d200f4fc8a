"""Draw the screens of a calibration."""

from __future__ import annotations

from typing import Final

from matpi.core.calibration.weighing import BLOCKS
from matpi.core.views import Guide, WeightEntry
from matpi.screen.canvas import HEIGHT, WIDTH, Canvas, draw
from matpi.screen.glyphs import Face, width_px
from matpi.screen.session_views import unit
from matpi.words import Words

HINT_ROW: Final = HEIGHT - 12
GAP_PX: Final = 6


@draw.register
def guide(view: Guide, canvas: Canvas, words: Words) -> None:
    """Draw a step. While it measures, a box fills each second; the bar is for a hold."""
    canvas.line(0, words.say(view.title), (Face.WORDS, Face.LABEL))
    canvas.line(23, words.say(view.text), (Face.LABEL, Face.TEXT))
    if view.done is not None:
        width = (WIDTH - GAP_PX * (BLOCKS - 1)) // BLOCKS
        for second in range(BLOCKS):
            x = second * (width + GAP_PX)
            canvas.frame(x, 44, width, 10)
            if second < round(view.done * BLOCKS):
                canvas.box(x, 44, width, 10)
    elif view.hold > 0.0:
        canvas.hold_bar(view.hold)
    else:
        canvas.line(HINT_ROW, words.say(view.more))


@draw.register
def weight_entry(view: WeightEntry, canvas: Canvas, words: Words) -> None:
    """Draw the weight in three cells, with the digits that a tap changes underlined."""
    cell = width_px("0", Face.NUMERALS)
    canvas.line(0, words("calibration.your_weight"))
    canvas.cells(0, 12, str(view.kg), Face.NUMERALS, 3)
    unit(canvas, 3 * cell, 40, words("common.kg"))
    if view.tens:
        left = 0 if view.kg >= 100 else cell
        canvas.box(left, 46, 2 * cell - left - 2, 2)
    else:
        canvas.box(2 * cell, 46, cell - 2, 2)
    if view.hold > 0.0:
        canvas.hold_bar(view.hold)
    else:
        canvas.line(HINT_ROW, words("calibration.weight_hint", step="+10" if view.tens else "+1 "))
