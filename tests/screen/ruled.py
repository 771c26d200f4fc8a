"""A canvas that remembers what was written where, so that a test can tell cut and covered texts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from matpi.core.views import Breathe, View
from matpi.screen.canvas import HEIGHT, WIDTH, Canvas
from matpi.screen.glyphs import CUT, Face, font, plain
from matpi.screen.render import draw
from matpi.words import Words


@dataclass(frozen=True, slots=True)
class Written:
    """A text and the box of its ink, past the last pixel on the right and below."""

    text: str
    face: Face
    left: int
    top: int
    right: int
    bottom: int

    def touches(self, other: Written, gap: int) -> bool:
        """Their ink has fewer than `gap` columns between it, in the same rows."""
        beside = self.right + gap <= other.left or other.right + gap <= self.left
        above = self.bottom <= other.top or other.bottom <= self.top
        return not beside and not above


class Ruled(Canvas):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[Written] = []

    def text(self, x: int, y: int, text: str, face: Face = Face.TEXT, ink: int = 1) -> int:
        mask = font(face).getmask(plain(text))
        box = mask.getbbox()
        if box is not None:
            left, top, right, bottom = box
            self.written.append(Written(text, face, x + left, y + top, x + right, y + bottom))
        return super().text(x, y, text, face, ink)


def faults(view: View, words: Words) -> list[str]:
    """What is wrong with the texts of this view: cut, off the area, closer than a letter's gap, or not in the font."""
    canvas = Ruled()
    draw(view, canvas, words)
    found = [f"{w.text!r} was cut" for w in canvas.written if w.text.endswith(CUT)]
    if isinstance(view, Breathe):  # what cannot be wrapped beside the circle is left out
        there = {word for w in canvas.written for word in w.text.split()}
        found += [f"{word!r} is not drawn" for word in words.say(view.says).split() if word not in there]
    found += [
        f"{w.text!r} leaves the panel"
        for w in canvas.written
        if w.left < 0 or w.top < 0 or w.right > WIDTH or w.bottom > HEIGHT
    ]
    found += [
        f"{a.text!r} touches {b.text!r}" for a, b in combinations(canvas.written, 2) if a.touches(b, 2) and a != b
    ]
    found += [f"{char!r} of {w.text!r} is no letter of the font" for w in canvas.written for char in missing(w)]
    return found


def missing(written: Written) -> list[str]:
    """Letters without ink in this face."""
    return [
        char
        for char in written.text
        if char != " " and (plain(char) != char or font(written.face).getmask(char).getbbox() is None)
    ]
