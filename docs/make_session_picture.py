"""Draw docs/images/session.gif, a whole session on the panel: `python docs/generate.py` writes it.

The device itself shows it, on the simulated mat, in virtual time and after the fortnight of `matpi sim --demo`. Chosen
here are only the acts, the moments that are shown, and the words below the panel.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageSequence

from matpi.screen.canvas import PANEL
from matpi.screen.glyphs import Face, font
from matpi.twin.demo import write_fortnight
from matpi.twin.world import HOLD_S, TAP_S, VirtualWorld

PICTURE = Path(__file__).resolve().parent / "images" / "session.gif"
UTC, KG = 1_773_607_500.0, 74.0  # 2026-03-15 20:45 UTC
ZOOM, RIM, STRIP = 5, 4, 20
"""Pixels a dot; then in dots: the edge around the panel, and the height of the words below it."""
SIZE = (PANEL[0] + 2 * RIM, PANEL[1] + 2 * RIM + STRIP)
DARK, LIT, CASE, INK = range(4)
COLOURS = (0, 0, 0, 255, 255, 255, 45, 48, 54, 255, 200, 120)
STORY: tuple[tuple[str, str | float | None, tuple[tuple[float, int], ...]], ...] = (
    ("Lie down.", "lie_down", ((0.4, 2000),)),
    ("It counts.", None, ((3.7, 500), (1.0, 500), (1.0, 500), (1.0, 500))),
    ("Lie still.", None, ((54.5, 1000),)),
    ("Breathe along.", None, ((61.0, 250), *((1.0, 250),) * 9)),
    ("Lie still.", None, ((290.0, 350), *((60.0, 350),) * 7)),
    ("Goal reached.", None, ((60.0, 2500),)),
    ("Get up.", "get_up", ((3.0, 900), (5.0, 450), (5.0, 450), (5.0, 450))),
    ("It is saved.", None, ((4.0, 2500),)),
    ("One question.", TAP_S, ((0.5, 2000),)),
    *[("Tap to choose.", TAP_S, ((0.5, 450),))] * 4,
    ("Hold to confirm.", HOLD_S, ((0.3, 300), (0.3, 300), (0.9, 2000))),
    ("Until tomorrow.", None, ((16.0, 2500), (40.0, 1500))),
)
"""The words, the act or the seconds of a press, and what is shown: after how many seconds, for how many ms."""


def frames() -> list[tuple[Image.Image, int]]:
    """Play the story; return its pictures, each with its time in ms."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "picture.db"
        write_fortnight(log, "UTC", UTC, KG)
        world = VirtualWorld(log, utc=UTC, kg=KG)
        world.power_on()
        world.run_until(60.0)
        made = []
        for words, act, moments in STORY:
            if isinstance(act, str):
                world.act(act)
            elif act is not None:
                world.press(act)
            for after_s, shown_ms in moments:
                world.run_until(world.t + after_s)
                made.append((_frame(world.picture()[0], words, lying=world.mat.doing == "lying"), shown_ms))
        world.shut_down()
    return made


def _frame(panel: Image.Image | None, words: str, *, lying: bool) -> Image.Image:
    frame = Image.new("P", SIZE, CASE)
    frame.putpalette(COLOURS)
    pen, left, floor = ImageDraw.Draw(frame), RIM, SIZE[1] - 4
    frame.paste(DARK, (RIM, RIM, RIM + PANEL[0], RIM + PANEL[1]))
    if panel is not None:
        frame.paste(LIT, (RIM, RIM), panel)
    pen.rectangle((left, floor, left + 25, floor + 1), fill=INK)
    x, y = (left + 1, floor - 6) if lying else (left + 28, floor - 16)
    pen.ellipse((x, y, x + 4, y + 4), fill=INK)
    pen.rectangle((x + 6, y + 2, x + 23, y + 4) if lying else (x + 1, y + 6, x + 3, y + 17), fill=INK)
    pen.text((left + 36, SIZE[1] - STRIP + 3), words, fill=INK, font=font(Face.TEXT))
    return frame.resize((SIZE[0] * ZOOM, SIZE[1] * ZOOM))


def picture() -> bytes:
    """Return the GIF; the file that is there, if it shows the same: packed sizes differ."""
    images, times = zip(*frames(), strict=True)
    if PICTURE.exists():
        with Image.open(PICTURE) as gif:
            there = [(one.convert("RGB").tobytes(), one.info["duration"]) for one in ImageSequence.Iterator(gif)]
        if there == [(image.convert("RGB").tobytes(), ms) for image, ms in zip(images, times, strict=True)]:
            return PICTURE.read_bytes()
    made = io.BytesIO()
    images[0].save(made, "GIF", save_all=True, append_images=images[1:], duration=times, loop=0)
    return made.getvalue()
