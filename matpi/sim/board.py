"""Emulate the documented build under the real drivers. Implements service.Parts.

Two HX711, bit by bit, in the reader's process; an OLED from its bytes; gpiozero's mock pins for button and LED. What
people do to it (press, lie down, pull a plug) are methods.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from matpi.config import Config
from matpi.core.brightness import Brightness
from matpi.drivers.facts import BusFacts, ButtonFacts, GpioFacts, HostFacts
from matpi.drivers.gpio import EmulatedHeader
from matpi.drivers.oled import Panel
from matpi.sim.body import Mat
from matpi.sim.panel import PanelChip

if TYPE_CHECKING:
    from PIL.Image import Image

    from matpi.drivers.scale.process import ReaderScale

FAULTS: Final = ("cell", "spikes", "panel", "reader")
"""The head chip unplugged, its clock disturbed, the OLED unplugged, the reader's process killed."""
HISTORY: Final = 400  # acts replayed to a restarted reader; older ones have no effect any more
DIM_UNDER: Final = 0x40


class Board:
    """A powered board. What is on the mat stays there when the reader is restarted."""

    def __init__(self, config: Config, *, kg: float = 74.0, seed: int = 1) -> None:
        self.mat = Mat(kg=kg, seed=seed)  # a copy of the one in the reader's process
        self.header = EmulatedHeader()
        driver = config.panel.driver
        fitted = driver if driver == "ssd1306" or driver == "ssd1309" else "sh1106"  # noqa: PLR1714 - narrows the type
        self.panel_chip = PanelChip(fitted)
        self._config, self._seed = config, seed
        self._scale: ReaderScale | None = None
        self._history: list[dict[str, Any]] = []
        self._on: set[str] = set()
        self._send({"weigh": kg})

    # -- parts -----------------------------------------------------------------------------------------------------

    def panel(self) -> Panel | None:
        given = self._config.panel
        if given.driver == "none":
            return None
        return Panel(
            given.driver, given.port, given.address, given.rotate_deg, dim=given.dim, serial=self.panel_chip.plug
        )

    def scale(self) -> ReaderScale:
        from matpi.drivers.scale.process import ReaderScale

        given = self._config.scale
        job = {
            "driver": "spi" if given.driver == "spi" else "adafruit",
            "rate": given.rate,
            "chips": given.channel_count,
            "counts_per_kg": given.counts_per_kg,
            "seed": self._seed,
        }
        self._scale = ReaderScale(
            [sys.executable, "-m", "matpi.sim.board_reader", json.dumps(job)],
            given.channel_count,
            given.rate,
            greeting=lambda: list(self._history),
        )
        return self._scale

    def pins(self) -> Any:
        return self.header.factory

    def probe(self, config: Config, store: Path, *, touch: bool) -> HostFacts:
        """Return the facts of a sound board and this computer's own. Implements facts.Probe."""
        from matpi.drivers.probe import HostProbe  # 2.8 MB, for the doctor alone

        given, host = config.panel, HostProbe()(config, store, touch=False)
        return replace(
            host,
            groups=frozenset({"gpio", "i2c", "spi"}),
            known_groups=frozenset({"gpio", "i2c", "spi"}),
            gpio=GpioFacts(header="emulated"),
            button=ButtonFacts() if touch else None,
            bus=BusFacts((given.address,)) if touch and given.driver != "none" else None,
            spi_faults={f"/dev/spidev{chip.bus}.{chip.device}": "" for chip in config.scale.spi},
            throttled=0,
            model="emulated board",
            libraries={name: found for name, found in host.libraries.items() if name not in {"lgpio", "spidev"}},
        )

    # -- hands -----------------------------------------------------------------------------------------------------

    def act(self, what: str) -> None:
        """Do an act of sim.body.Mat."""
        self.mat.act(what, time.monotonic())
        self._send({"act": what})

    def place(self, where: str) -> None:
        """Follow a prompt of `matpi calibrate`: off, head, foot, or anything else for the middle."""
        self.act({"off": "get_up", "head": "stand_head", "foot": "stand_foot"}.get(where, "stand"))

    def weigh(self, kg: float) -> None:
        self.mat.weigh(kg, time.monotonic())
        self._send({"weigh": kg})

    def button(self, *, down: bool) -> None:
        (self.header.press if down else self.header.release)(self._config.button.pin)

    def fault(self, name: str, *, on: bool) -> None:
        """Start or end one of FAULTS. A killed reader is restarted by its owner, so that fault ends by itself."""
        match name:
            case "cell":
                self._send({"chip": 0, "unplugged": on})
            case "spikes":
                self._send({"spikes": on})
            case "panel" if on:
                self.panel_chip.lost = True
            case "panel":
                self.panel_chip.replug()
            case "reader":
                if on and self._scale is not None:
                    self._scale.kill()
                return
        (self._on.add if on else self._on.discard)(name)

    def power_cut(self) -> None:
        """Cut the power: the panel loses its memory, the pins their levels."""
        self._scale = None
        if not self.panel_chip.lost:
            self.panel_chip.replug()
        self.header = EmulatedHeader()

    # -- what can be seen ------------------------------------------------------------------------------------------

    @property
    def faults(self) -> list[str]:
        return [name for name in FAULTS if name in self._on]

    @property
    def panel_changes(self) -> int:
        """Return a number that grows with every transfer and changes when the panel is plugged or pulled."""
        return self.panel_chip.transfers * 2 + int(self.panel_chip.lost)

    def picture(self) -> Image | None:
        """Return what is visible, None when the panel is dark or unplugged."""
        chip = self.panel_chip
        return None if chip.lost or not chip.lit else chip.image

    def brightness(self) -> Brightness:
        return Brightness.DIM if self.panel_chip.contrast < DIM_UNDER else Brightness.BRIGHT

    def _send(self, line: dict[str, Any]) -> None:
        line = {"t": time.monotonic(), **line}
        self._history = [*self._history, line][-HISTORY:]
        if self._scale is not None:
            self._scale.send(line)
