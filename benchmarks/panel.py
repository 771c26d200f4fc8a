"""What the pictures of a view cost the panel's bus and the processor: one JSON line a view and controller.

Counted at the emulated panel: the bytes of each transfer, its address and its control byte, nine bits each, as a share
of 400 kHz. `whole_...` is luma sending every picture whole, in the same run. The refresh every 15 s is not counted.
CPU is the time from a drawn picture to luma's interface; the system's I2C driver is not in it.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

sys.path.insert(0, str(Path(__file__).parents[1]))

import luma.oled.device
from PIL.Image import Image

from matpi.core.plan.breathing import CYCLE_S, Side, circle, next_change
from matpi.core.text import Text
from matpi.core.views import Breathe, Timer
from matpi.drivers.oled import Panel
from matpi.screen.render import render
from matpi.sim.panel import PanelChip

BUS_HZ: Final = 400_000
BITS: Final = 9  # a byte and its acknowledgement
EXTRA: Final = 2  # address and control byte of a transfer
TARGET_PERCENT: Final = 4.0
Driver = Literal["ssd1306", "sh1106"]
DRIVERS: Final[tuple[Driver, ...]] = ("ssd1306", "sh1106")


class Sink:
    """An interface that takes everything: what is measured is the work before the bus."""

    def command(self, *cmd: int) -> None:
        pass

    def data(self, data: Any) -> None:
        pass

    def cleanup(self) -> None:
        pass


def breaths() -> list[Image]:
    """Return every picture of six breaths."""
    pictures, at_s = [], 0.0
    while at_s < 6 * CYCLE_S:
        now = circle(at_s)
        says = Text("phases.settling")
        pictures.append(render(Breathe(now.phase is Side.IN, now.radius_px, now.left_s, says, 1)))
        at_s = next_change(at_s)
    return pictures


def timers(step_s: int, length_s: int) -> list[Image]:
    seconds = step_s < 60
    return [render(Timer(s, 15, 20, Text("phases.settling"), seconds)) for s in range(0, length_s, step_s)]


def wire_bytes(pictures: list[Image], show: Callable[[Image], None], chip: PanelChip) -> int:
    """Return the bytes that the pictures put on the bus, with those of each transfer."""
    show(pictures[-1])
    before = chip.bytes + EXTRA * chip.transfers
    for picture in pictures:
        show(picture)
    return chip.bytes + EXTRA * chip.transfers - before


def cpu_ms(pictures: list[Image], show: Callable[[Image], None]) -> float:
    """Return the median CPU time of a picture."""
    taken = []
    for picture in pictures:
        start = time.thread_time()
        show(picture)
        taken.append(time.thread_time() - start)
    return round(1000 * statistics.median(taken), 3)


def luma_alone(driver: Driver, serial: Any) -> Callable[[Image], None]:
    device: Any = getattr(luma.oled.device, driver)(serial)
    device.persist = True
    return device.display  # type: ignore[no-any-return]


def figure(driver: Driver, name: str, pictures: list[Image], length_s: int) -> dict[str, object]:
    chip, other = PanelChip(driver), PanelChip(driver)
    parts = wire_bytes(pictures, Panel(driver, serial=chip.plug).show, chip) / length_s
    whole = wire_bytes(pictures, luma_alone(driver, other), other) / length_s
    return {
        "figure": f"panel_bus_{name}_percent",
        "value": round(100 * BITS * parts / BUS_HZ, 3),
        "controller": driver,
        "bytes_per_s": round(parts, 1),
        "whole_percent": round(100 * BITS * whole / BUS_HZ, 3),
        "whole_bytes_per_s": round(whole, 1),
        "cpu_ms": cpu_ms(pictures, Panel(driver, serial=Sink).show),
        "whole_cpu_ms": cpu_ms(pictures, luma_alone(driver, Sink())),
    }


def main() -> None:
    views = {"breath": (breaths(), 60), "seconds": (timers(1, 600), 600), "minutes": (timers(60, 1200), 1200)}
    for driver in DRIVERS:
        for name, (pictures, length_s) in views.items():
            target = {"target": TARGET_PERCENT} if name == "breath" else {}
            print(json.dumps({**figure(driver, name, pictures, length_s), **target}))


if __name__ == "__main__":
    main()
