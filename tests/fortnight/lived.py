"""The fourteen days of docs/examples/fortnight.jsonl, lived once: what was told, shown and lit.

`python -m tests.fortnight.lived` writes the goldens anew: the pictures as braille, and the log of the light. Then read
the diff with your eyes.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image

from matpi.commands.sim import STORY_UTC
from matpi.core.brightness import Brightness
from matpi.core.effects import Effect, Show
from matpi.core.model import Memory
from matpi.core.views import Off, View
from matpi.screen.frame import braille
from matpi.store.db import Store
from matpi.store.tables import StoredSession
from matpi.twin.scenario import Story, read_scenario
from matpi.twin.world import VirtualWorld

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "docs" / "examples" / "fortnight.jsonl"
GOLDENS = Path(__file__).parent / "goldens"
BERLIN = ZoneInfo("Europe/Berlin")
SCALE = 4
"""Of the pictures that a story writes."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the panel showed from `utc` on, for `seconds`."""

    utc: float
    seconds: float
    view: View
    brightness: Brightness
    shift: tuple[int, int]
    pixels: bytes
    """1024 bytes row by row; empty when dark."""

    @property
    def lit(self) -> bool:
        return bool(self.pixels)

    @property
    def local(self) -> datetime:
        return datetime.fromtimestamp(self.utc, UTC).astimezone(BERLIN)


@dataclass(slots=True)
class Fortnight:
    lines: list[dict[str, Any]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)
    """Braille, by name."""
    memory: Memory = field(default_factory=Memory)
    stored: tuple[StoredSession, ...] = ()
    took_s: float = 0.0

    def lit_s(self) -> dict[date, float]:
        """Seconds in which the panel was lit, a day of the calendar."""
        lit: dict[date, float] = {}
        for frame in self.frames:
            seconds = frame.seconds if frame.lit else 0.0
            lit[frame.local.date()] = lit.get(frame.local.date(), 0.0) + seconds
        return lit

    def worn_s(self) -> list[float]:
        """Seconds in which each pixel was lit in the whole fortnight, row by row."""
        shown: dict[bytes, float] = {}
        for frame in self.frames:
            shown[frame.pixels] = shown.get(frame.pixels, 0.0) + frame.seconds
        worn = [0.0] * (128 * 64)
        for pixels, seconds in shown.items():
            for place, byte in enumerate(pixels):
                if byte:
                    for bit in range(8):
                        if byte >> (7 - bit) & 1:
                            worn[8 * place + bit] += seconds
        return worn

    def lights(self) -> str:
        """The log of the light, a line each."""
        told = [f"{line['clock'][:19]} {line['pattern']}" for line in self.lines if line["event"] == "light"]
        return "\n".join(told) + "\n"


def live(folder: Path) -> Fortnight:
    """Live it in virtual time, with an empty log in `folder`."""
    began = time.process_time()  # the same on a machine with nothing else to do
    lived = Fortnight()
    shown: list[tuple[float, Show, bytes]] = []

    def make(watch: Callable[[Effect], None]) -> VirtualWorld:
        def both(effect: Effect) -> None:
            watch(effect)
            if isinstance(effect, Show):
                image = rig.panel.image
                dark = image is None or isinstance(effect.view, Off)
                shown.append((rig.utc, effect, b"" if dark or image is None else image.tobytes()))

        rig = VirtualWorld(folder / "fortnight.db", utc=STORY_UTC, zone="UTC", watch=both)
        return rig

    story = Story(make, lived.lines.append, folder / "frames", warp=True)
    story.run(read_scenario(SCENARIO))
    end = story.world.utc
    begins = [*(utc for utc, _, _ in shown), end]
    lived.frames = [
        Frame(utc, after - utc, show.view, show.brightness, show.shift, pixels)
        for (utc, show, pixels), after in zip(shown, begins[1:], strict=True)
    ]
    for path in sorted((folder / "frames").glob("*.png")):
        with Image.open(path) as large:
            small = large.convert("L").resize((large.width // SCALE, large.height // SCALE), Image.Resampling.NEAREST)
            lived.pictures[path.stem] = braille(small.point(lambda level: 255 if level else 0).convert("1"))
    with Store.open(folder / "fortnight.db", read_only=True) as log:
        lived.memory, lived.stored = log.load(), log.sessions()
    lived.took_s = time.process_time() - began
    return lived


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="matpi-") as folder:
        lived = live(Path(folder))
    GOLDENS.mkdir(exist_ok=True)
    told = {f"{name}.txt": f"{picture}\n" for name, picture in lived.pictures.items()} | {"light.log": lived.lights()}
    for stale in {path.name for path in GOLDENS.iterdir()} - told.keys():
        (GOLDENS / stale).unlink()
        print(f"removed {stale}")
    for name, text in told.items():
        path = GOLDENS / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    print(json.dumps({"figure": "fortnight_s", "value": round(lived.took_s, 1), "target": 120.0}))


if __name__ == "__main__":
    main()
