"""The parts of a device, on a real header or on the emulated board, and the splash on its panel."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from matpi.config import Config
from matpi.core.brightness import Brightness
from matpi.drivers.oled import Panel, PanelThread
from matpi.errors import StoreError
from matpi.screen.splash import splash

if TYPE_CHECKING:
    from matpi.drivers.facts import HostFacts
    from matpi.drivers.scale.process import ReaderScale
    from matpi.ports import Put


class Parts(Protocol):
    """What makes the parts. Each call raises HardwareError when its part is missing."""

    def panel(self) -> Panel | None: ...
    def scale(self) -> ReaderScale: ...
    def pins(self) -> Any:
        """Return a gpiozero pin factory."""


class Header:
    """The parts of a real device, as the config wires them, each opened on request."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = threading.Lock()  # the threads of button, lamp and chime ask for the pins
        self._pins: Any = None

    def panel(self) -> Panel | None:
        p = self._config.panel
        return None if p.driver == "none" else Panel(p.driver, p.port, p.address, p.rotate_deg, dim=p.dim)

    def scale(self) -> ReaderScale:
        from matpi.drivers.scale.process import ReaderScale, command_for

        scale = self._config.scale
        return ReaderScale(command_for(scale), scale.channel_count, scale.rate)

    def place(self, where: str) -> None:
        """Do nothing: a person follows the prompt."""

    def pins(self) -> Any:
        """Return the one factory for all parts. Raises HardwareError when none works here."""
        from matpi.drivers.gpio import header

        with self._lock:
            if self._pins is None:
                self._pins = header(self._config.gpio.factory)
            return self._pins

    def probe(self, config: Config, store: Path, *, touch: bool) -> HostFacts:
        """Return the facts of this machine. Implements drivers.facts.Probe."""
        from matpi.drivers.probe import HostProbe

        return HostProbe(self.pins)(config, store, touch=touch)


def light_up(parts: Parts, put: Put) -> PanelThread | None:
    """Start the panel with the splash. Return None without a panel."""
    panel = parts.panel()
    if panel is None:
        return None
    screen = PanelThread(panel, put)
    screen.show(splash(), Brightness.BRIGHT)
    return screen


def show_fault(panel: Panel | PanelThread | None, title: str, what: str, do: str) -> None:
    """Leave a fault on the panel, if there is one. Never raises: the drawing itself may be broken."""
    with suppress(Exception):
        from matpi.core.views import Fault
        from matpi.screen.render import render

        if panel is not None:
            panel.show(render(Fault(title, what, do)), Brightness.BRIGHT)


def show_why(screen: PanelThread | None, error: Exception, language: str) -> None:
    """Show why the device cannot start. Never raises."""
    with suppress(Exception):
        from matpi.words import LANGUAGES

        say = LANGUAGES[language]
        what, do = ("log_closed", "run_doctor") if isinstance(error, StoreError) else ("unexpected", "see_journal")
        show_fault(screen, say("faults.cannot_start"), say(f"faults.{what}"), say(f"faults.{do}"))
