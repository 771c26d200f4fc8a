"""The first sign of life: the panel lit before anything heavy is loaded, and why it stays at that."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from matpi.core.brightness import Brightness
from matpi.drivers.oled import Panel, PanelThread
from matpi.errors import StoreError
from matpi.screen.splash import splash

if TYPE_CHECKING:
    from matpi.drivers.scale.process import ReaderScale
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


def show_why(screen: PanelThread | None, error: Exception, language: str) -> None:
    """Show why the device cannot start. Never raises: what is missing may be what would draw it."""
    with suppress(Exception):
        from matpi.core.views import Fault
        from matpi.screen.render import render
        from matpi.words import LANGUAGES

        say = LANGUAGES[language]
        of_log = isinstance(error, StoreError)
        what, do = ("log_closed", "run_doctor") if of_log else ("unexpected", "see_journal")
        fault = Fault(say("faults.cannot_start"), say(f"faults.{what}"), say(f"faults.{do}"))
        if screen is not None:
            screen.show(render(fault), Brightness.BRIGHT)
