"""The first sign of life: the panel lit before anything heavy is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from matpi.core.brightness import Brightness
from matpi.drivers.oled import Panel, PanelThread
from matpi.screen.splash import splash

if TYPE_CHECKING:
    from matpi.drivers.scale_process import ReaderScale
    from matpi.ports import Put


class Parts(Protocol):
    """Where the wires end: on a header, or on the emulated board. HardwareError where a part cannot be had."""

    def panel(self) -> Panel | None: ...
    def scale(self) -> ReaderScale: ...
    def pins(self) -> Any:
        """A gpiozero pin factory."""


def light_up(parts: Parts, put: Put) -> PanelThread | None:
    """The splash is on its way to the panel when this returns; None without a panel."""
    panel = parts.panel()
    if panel is None:
        return None
    screen = PanelThread(panel, put)
    screen.show(splash(), Brightness.BRIGHT)
    return screen
