"""The parts of a real device, as the config wires them. Implements appliance.Parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from matpi.config import Config
from matpi.drivers.oled import Panel

if TYPE_CHECKING:
    from matpi.drivers.facts import HostFacts
    from matpi.drivers.scale.process import ReaderScale


class Header:
    """Nothing is touched before it is asked for."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._pins: Any = None

    def panel(self) -> Panel | None:
        given = self._config.panel
        if given.driver == "none":
            return None
        return Panel(given.driver, given.port, given.address, given.rotate_deg, dim=given.dim)

    def scale(self) -> ReaderScale:
        from matpi.drivers.scale.process import ReaderScale, command_for

        scale = self._config.scale
        return ReaderScale(command_for(scale), scale.channel_count, scale.rate)

    def place(self, where: str) -> None:
        """A real person reads the prompt."""

    def pins(self) -> Any:
        """One factory for the button and the LED. Raises HardwareError when none works here."""
        from matpi.drivers.gpio import header

        if self._pins is None:
            self._pins = header(self._config.gpio.factory)
        return self._pins

    def probe(self, config: Config, store: Path, *, touch: bool) -> HostFacts:
        """Implements drivers.facts.Probe."""
        from matpi.drivers.probe import HostProbe

        return HostProbe(self.pins)(config, store, touch=touch)
