"""Render a view to 128 x 64 pixels of one bit, the same on every machine, or to one sentence."""

from __future__ import annotations

from PIL import Image

from matpi.core.views import View
from matpi.screen import idle_views, page_view, question_views, session_views
from matpi.screen.canvas import PANEL, SHIFT_MAX, Canvas, draw, sentence
from matpi.words import ENGLISH, Words

__all__ = ["draw", "render", "spoken"]
_DRAWINGS = (idle_views, page_view, question_views, session_views)
"""Imported here: each registers its drawings with `draw`, and what a screen reader says with `sentence`."""


def render(view: View, shift: tuple[int, int] = (0, 0), words: Words = ENGLISH) -> Image.Image:
    """Return the view's picture, mode "1", moved right and down by `shift`, 0 to SHIFT_MAX px each."""
    if not all(0 <= step <= SHIFT_MAX for step in shift):
        raise ValueError(f"the picture may move 0 to {SHIFT_MAX} px to the right and down, not {shift}")
    canvas = Canvas()
    draw(view, canvas, words)
    panel = Image.new("1", PANEL)
    panel.paste(canvas.image, shift)
    return panel


def spoken(view: View, words: Words = ENGLISH) -> str:
    """Return the view as a sentence, without what changes several times a second (hold, countdown)."""
    return sentence(view, words)
