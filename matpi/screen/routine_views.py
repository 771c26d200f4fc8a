"""Draw the screens of the routines: advice, breath, off the mat."""

from __future__ import annotations

from typing import Final

from matpi.core.plan.breathing import RADIUS_MAX_PX
from matpi.core.views import Advice, Breathe, OffMat
from matpi.screen.canvas import HEIGHT, WIDTH, Canvas, draw
from matpi.screen.glyphs import Face, wrapped
from matpi.screen.session_views import beside, range_text, unit
from matpi.words import Words, duration

LINE_PX: Final = 11  # of the advice: four lines and a title leave no pixel between them
BESIDE: Final = 2 * RADIUS_MAX_PX + 5  # x of the words, clear of the largest circle
RING_PX: Final = 2  # a ring, because lit pixels wear and a full disc would be a third of the panel


@draw.register
def advice(view: Advice, canvas: Canvas, words: Words) -> None:
    minutes = range_text(view.lower_min, view.upper_min)
    lines = words.say(view.advice).splitlines()
    beside(canvas, words.say(view.title), f"{minutes} {words('common.min')}", minutes)
    for row, line in enumerate(lines):
        canvas.line(16 + LINE_PX * row, line)
    if len(lines) < 4:
        canvas.line(HEIGHT - 12, words("around.then_onto_mat"))


@draw.register
def breathe(view: Breathe, canvas: Canvas, words: Words) -> None:
    middle = (RADIUS_MAX_PX + 1, HEIGHT // 2)
    canvas.circle(*middle, view.radius_px)
    canvas.circle(*middle, view.radius_px - RING_PX, ink=0)
    canvas.text(BESIDE, 0, words("breath.inhale") if view.inhale else words("breath.exhale"), Face.WORDS)
    canvas.line(3, str(view.left_s), (Face.LABEL,), align="right")
    lines = wrapped(words.say(view.says), WIDTH - BESIDE, Face.TEXT) or []
    for row, line in enumerate(lines):
        canvas.text(BESIDE, 22 + Face.TEXT.height_px * row, line)
    if len(lines) < 3:
        canvas.line(HEIGHT - 12, f"{view.elapsed_min} {words('common.min')}", align="right")


@draw.register
def off_mat(view: OffMat, canvas: Canvas, words: Words) -> None:
    canvas.line(0, words.say(view.text), (Face.LABEL, Face.TEXT))
    if view.left_s is None:
        canvas.check(0, 24, size=2)
        canvas.line(HEIGHT - 12, words("around.go_on"))
        return
    unit(canvas, canvas.cells(0, 17, duration(view.left_s), Face.NUMERALS), 49, words("around.left"))
    canvas.line(HEIGHT - 12, words("around.off_mat_now"))
