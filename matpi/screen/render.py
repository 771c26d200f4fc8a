"""Render a view to 128 x 64 pixels of one bit. Equal views give equal pictures, on every machine."""

from __future__ import annotations

from typing import assert_never

from PIL import Image

from matpi.core import views
from matpi.screen import calibration_views, question_views, routine_views, session_views, word_views
from matpi.screen.canvas import PANEL, SHIFT_MAX, Canvas
from matpi.words import ENGLISH, Words


def draw(canvas: Canvas, view: views.View, words: Words = ENGLISH) -> None:
    """Draw the view without a shift, its texts in `words`."""
    match view:
        case views.Off():
            pass
        case views.Splash():
            word_views.splash(canvas, view)
        case views.Idle():
            word_views.idle(canvas, view, words)
        case views.Safety():
            word_views.safety(canvas, view, words)
        case views.Arriving():
            session_views.arriving(canvas, view, words)
        case views.Timer():
            session_views.timer(canvas, view, words)
        case views.Breathe():
            routine_views.breathe(canvas, view, words)
        case views.Away():
            session_views.away(canvas, view, words)
        case views.Holding():
            session_views.holding(canvas, view, words)
        case views.GetUp():
            session_views.get_up(canvas, view, words)
        case views.Object():
            session_views.thing(canvas, view, words)
        case views.SessionDone():
            session_views.session_done(canvas, view, words)
        case views.OffMat():
            routine_views.off_mat(canvas, view, words)
        case views.RatingEntry():
            question_views.rating_entry(canvas, view, words)
        case views.RatingSaved():
            question_views.rating_saved(canvas, view, words)
        case views.Confirm():
            question_views.confirm(canvas, view, words)
        case views.FeltWrong():
            question_views.felt_wrong(canvas, view, words)
        case views.Discarded():
            session_views.discarded(canvas, view, words)
        case views.Menu():
            question_views.menu(canvas, view, words)
        case views.Advice():
            routine_views.advice(canvas, view, words)
        case views.Guide():
            calibration_views.guide(canvas, view, words)
        case views.WeightEntry():
            calibration_views.weight_entry(canvas, view, words)
        case views.Fault():
            word_views.fault(canvas, view, words)
        case views.Notice():
            word_views.notice(canvas, view, words)
        case _:
            assert_never(view)


def render(view: views.View, shift: tuple[int, int] = (0, 0), words: Words = ENGLISH) -> Image.Image:
    """Return the view's picture, mode "1", moved right and down by `shift`, 0 to SHIFT_MAX px each."""
    if not all(0 <= step <= SHIFT_MAX for step in shift):
        raise ValueError(f"the picture may move 0 to {SHIFT_MAX} px to the right and down, not {shift}")
    canvas = Canvas()
    draw(canvas, view, words)
    panel = Image.new("1", PANEL)
    panel.paste(canvas.image, shift)
    return panel
