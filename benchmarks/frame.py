"""How long a picture takes: every view of the gallery, drawn and packed for the panel. One JSON line, milliseconds."""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from matpi.screen.render import render
from tests.screen.gallery import VIEWS
from tests.screen.reading import pack

TARGET_MS = 1.0
ROUNDS = 60


def main() -> None:
    costs_ms: dict[str, float] = {}
    for name, view in VIEWS.items():
        pack(render(view))
        taken = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            pack(render(view))
            taken.append(time.perf_counter() - start)
        costs_ms[name] = statistics.median(taken) * 1000.0
    worst = max(costs_ms, key=costs_ms.__getitem__)
    print(
        json.dumps(
            {
                "figure": "frame_ms",
                "median": round(statistics.median(costs_ms.values()), 4),
                "worst": round(costs_ms[worst], 4),
                "worst_view": worst,
                "target": TARGET_MS,
            }
        )
    )


if __name__ == "__main__":
    main()
