"""Draw texts, numerals, boxes and the marks shared by all screens; `draw` and `sentence` of a view.

Coordinates are pixels of the area that the pixel shift never moves off the panel: 126 wide, 62 high.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Final, Literal

from PIL import Image, ImageDraw

from matpi.core.views import View
from matpi.screen.glyphs import Face, fitting, font, plain, width_px
from matpi.words import Words

PANEL: Final = (128, 64)
SHIFT_MAX: Final = 2  # px that the picture moves right and down against burn-in; more would cost a line of text
WIDTH: Final = PANEL[0] - SHIFT_MAX
HEIGHT: Final = PANEL[1] - SHIFT_MAX
LAST_ROW: Final = HEIGHT - Face.TEXT.height_px
"""The y of the last row of small letters."""
BESIDE_PX: Final = 5  # between a big numeral and the small words beside it
GAP_PX: Final = 4  # between two texts in a row; chosen

Align = Literal["left", "middle", "right"]


class Canvas:
    """A picture to draw on. `border` widens it on all sides, where tests find what was drawn outside."""

    def __init__(self, border: int = 0) -> None:
        self.image = Image.new("1", (WIDTH + 2 * border, HEIGHT + 2 * border))
        self._draw = ImageDraw.Draw(self.image)
        self._border = border

    def text(self, x: int, y: int, text: str, face: Face = Face.TEXT, ink: int = 1) -> int:
        """Draw a text. Return the x of its end."""
        self._draw.text((x + self._border, y + self._border), plain(text), fill=ink, font=font(face))
        return x + width_px(text, face)

    def line(
        self,
        y: int,
        text: str,
        faces: tuple[Face, ...] = (Face.TEXT,),
        align: Align = "left",
        left: int = 0,
        right: int = WIDTH,
        ink: int = 1,
    ) -> Face:
        """Draw one line between `left` and `right`, in the first face in which it fits. Return that face."""
        text, face = fitting(text, right - left, faces)
        slack = right - left - width_px(text, face)
        x = left + {"left": 0, "middle": slack // 2, "right": slack}[align]
        self.text(x, y, text, face, ink)
        return face

    def band(self, y: int, text: str, faces: tuple[Face, ...] = (Face.TEXT,), foot: int = 0) -> None:
        """Draw dark text on a lit bar, for attention; as high as the first face and `foot` px more."""
        height = faces[0].height_px
        self.box(0, y, WIDTH, height + foot)
        text, face = fitting(text, WIDTH, faces)
        self.text((WIDTH - width_px(text, face)) // 2, y + (height - face.height_px) // 2, text, face, ink=0)

    def cells(self, x: int, y: int, text: str, face: Face, cells: int = 0) -> int:
        """Draw numerals right-aligned in `cells` equally wide cells. Return the x of their end."""
        blank = max(0, cells - len(text)) * width_px("0", face)
        return self.text(x + blank, y, text, face)

    def box(self, x: int, y: int, width: int, height: int, ink: int = 1) -> None:
        """Draw a filled box; nothing when it has no size."""
        if width > 0 and height > 0:
            left, top = x + self._border, y + self._border
            self._draw.rectangle((left, top, left + width - 1, top + height - 1), fill=ink)

    def frame(self, x: int, y: int, width: int, height: int) -> None:
        left, top = x + self._border, y + self._border
        self._draw.rectangle((left, top, left + width - 1, top + height - 1), outline=1)

    def circle(self, x: int, y: int, radius: int, ink: int = 1) -> None:
        """Draw a filled circle around a pixel, 2 * `radius` + 1 across."""
        middle, high = x + self._border, y + self._border
        self._draw.ellipse((middle - radius, high - radius, middle + radius, high + radius), fill=ink)

    def check(self, x: int, y: int, size: int = 1) -> None:
        """Draw a check mark, 14 x 12 px times `size`: done, or stored."""
        left, top = x + self._border, y + self._border
        corners = [(0, 5), (4, 9), (13, 0)]
        for thick in range(3 * size):
            self._draw.line([(left + size * across, top + size * down + thick) for across, down in corners], fill=1)

    def unit(self, x: int, foot: int, word: str) -> None:
        """Draw a unit behind a big numeral that ends at `x`, on the same baseline, as large as fits."""
        face = Face.LABEL if width_px(word, Face.LABEL) + BESIDE_PX <= WIDTH - x else Face.TEXT
        # Spleen has 4 px of 16 and 3 px of 12 below the baseline.
        drop = face.height_px // 4
        self.text(min(x + BESIDE_PX, WIDTH - width_px(word, face)), foot - face.height_px + drop, word, face)

    def beside(self, title: str, *notes: str) -> None:
        """Draw a title as large as it fits beside the first note for which there is room."""
        rooms = {note: WIDTH - (width_px(note, Face.TEXT) + GAP_PX if note else 0) for note in notes}
        note = next((note for note, room in rooms.items() if width_px(title, Face.TEXT) <= room), notes[-1])
        large = width_px(title, Face.LABEL) <= rooms[note]
        self.line(0 if large else 2, title, (Face.LABEL if large else Face.TEXT,), right=rooms[note])
        self.line(2, note, align="right")

    def saved(self, word: str, *right: str) -> None:
        """Draw a check mark and `word`, as large as the texts on the `right` leave room for."""
        self.check(0, 35)
        taken = max(width_px(text, Face.TEXT) for text in right) + GAP_PX
        self.line(33, word, (Face.WORDS, Face.LABEL, Face.TEXT), left=19, right=WIDTH - taken)

    def bottom_line(self, hold: float, text: str) -> None:
        """Draw the last row: the bar of a hold, else what the button does."""
        if hold > 0.0:
            self.hold_bar(hold)
        else:
            self.line(LAST_ROW, text)

    def bottom_edge(self, hold: float, left: float | None = None) -> None:
        """Draw the lower edge: the bar of a hold, else the time that is left."""
        if hold > 0.0:
            self.hold_bar(hold)
        elif left is not None:
            self.rest_line(left)

    def hold_bar(self, fraction: float) -> None:
        """Draw the thick bar on the lower edge that grows while the button is held."""
        self.frame(0, HEIGHT - 5, WIDTH, 5)
        self.box(0, HEIGHT - 5, round(WIDTH * fraction), 5)

    def rest_line(self, fraction: float) -> None:
        """Draw the thin line on the lower edge that shrinks until what is shown is taken as the answer."""
        self.box(0, HEIGHT - 2, round(WIDTH * fraction), 2)


@singledispatch
def draw(view: View, canvas: Canvas, words: Words) -> None:
    """Draw a view without a shift. Each drawing registers itself for the type of its view."""
    raise NotImplementedError(type(view))


@singledispatch
def sentence(view: View, words: Words) -> str:
    """Put a view into one sentence. Each registers itself, next to its drawing, for the type of its view."""
    raise NotImplementedError(type(view))


def range_text(lower_min: int, upper_min: int) -> str:
    return str(upper_min) if lower_min == upper_min else f"{lower_min}-{upper_min}"
