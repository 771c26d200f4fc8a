"""How far the breath on the desktop twin strays from n * 10 s in real time, over so many breaths: one JSON line.

The twin runs as it does for the page: its own thread, every picture drawn. `--breaths 30` is the longest there is and
takes five minutes. The screen joins the first breath after the 3 s that make a session; the second one sets the clock,
and what is told is by how much each later one misses its time.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from matpi.core.effects import Effect, Save, Show
from matpi.core.model import Acknowledgement, Settings
from matpi.core.views import Breathe
from matpi.store.db import Store
from matpi.twin.twin import Twin
from matpi.twin.world import VirtualWorld

CYCLE_S = 10.0
TARGET_MS = 50.0


def begun(breaths: int) -> list[float]:
    """When each breath in was shown first, in seconds of the monotonic clock."""
    times: list[float] = []
    enough = threading.Event()
    inhales = False

    def watch(effect: Effect) -> None:
        nonlocal inhales
        if not (isinstance(effect, Show) and isinstance(effect.view, Breathe)):
            return
        if effect.view.inhale and not inhales:
            times.append(time.monotonic())
            if len(times) == breaths:
                enough.set()
        inhales = effect.view.inhale

    with tempfile.TemporaryDirectory(prefix="matpi-") as folder:
        path = Path(folder) / "breath.db"
        with Store.open(path) as log:
            log.write(Save(Settings(routine="breath")))
            log.write(Save(Acknowledgement(some=False)))

        def make(tell: Callable[[Effect], None]) -> VirtualWorld:
            def both(effect: Effect) -> None:
                watch(effect)
                tell(effect)

            return VirtualWorld(path, utc=time.time(), watch=both)

        twin = Twin(make)
        twin.start()
        try:
            twin.act("lie_down")
            enough.wait(CYCLE_S * (breaths + 2))
        finally:
            twin.stop()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--breaths", type=int, default=4)
    times = begun(parser.parse_args().breaths)[1:]
    off_ms = [1000.0 * abs(t - times[0] - CYCLE_S * n) for n, t in enumerate(times)]
    print(
        json.dumps(
            {
                "figure": "breath_twin_ms",
                "breaths": len(times),
                "last": round(off_ms[-1], 2),
                "worst": round(max(off_ms), 2),
                "target": TARGET_MS,
            }
        )
    )


if __name__ == "__main__":
    main()
