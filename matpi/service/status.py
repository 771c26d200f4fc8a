"""Write the running device's status to a file for `matpi doctor`, replaced as a whole."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from matpi import __version__
from matpi.core.parts import PARTS
from matpi.words import ENGLISH

if TYPE_CHECKING:
    from matpi.config import Config
    from matpi.core.device import Device
    from matpi.drivers.oled import PanelThread
    from matpi.drivers.scale.process import ReaderScale
    from matpi.ports import Clock

STATUS_EVERY_S: Final = 5.0


class Running(Protocol):
    """An appliance, as far as its status needs it."""

    config: Config
    clock: Clock
    screen: PanelThread | None
    scale: ReaderScale | None
    started_mono: float

    @property
    def device(self) -> Device | None: ...
    def upstream_troubles(self) -> dict[str, str]: ...


def status(appliance: Running) -> dict[str, Any]:
    """Return the status, ready for JSON; the field names are stable."""
    device, scale, screen = _booted(appliance), appliance.scale, appliance.screen
    snapshot, calibration = device.snapshot(), device.zeroing.calibration
    return {
        "pid": os.getpid(),
        "version": __version__,
        "started_mono": appliance.started_mono,
        "written_mono": appliance.clock.monotonic(),
        "written_utc": appliance.clock.utc(),
        "scale": None if scale is None else asdict(scale.report()),
        "panel": {
            "driver": appliance.config.panel.driver,
            "lost": screen is not None and bool(screen.trouble),
            "trouble": "" if screen is None else screen.trouble or "",
            "frames": 0 if screen is None else screen.drawn,
        },
        "lost": list(device.parts.lost),
        "state": snapshot.front.name,
        "net_kg": round(snapshot.net_kg, 3),
        "zero_kg": round(snapshot.zero_kg, 3),
        "zero_word": str(device.presence.zero.word),
        "calibrated": calibration is not None and not calibration.approximate,
        "counts_per_kg": None if calibration is None else list(calibration.counts_per_kg),
        "readings": snapshot.readings,
        "rejected": snapshot.rejected,
        "unsaved": snapshot.unsaved,
        "clock": {"trusted": snapshot.trusted},
        "upstream": appliance.upstream_troubles(),
    }


def status_line(appliance: Running) -> str:
    """Return in one line what the device does and what is wrong, for `systemctl status`."""
    device, scale, screen = _booted(appliance), appliance.scale, appliance.screen
    snapshot = device.snapshot()
    wrong = [
        scale.report().trouble if scale is not None else "",
        (screen.trouble or "") if screen is not None else "",
        *(ENGLISH.say(PARTS[kind]) for kind in device.parts.lost),
        f"{snapshot.unsaved} records are not on the disk yet" if snapshot.unsaved else "",
    ]
    return "; ".join(text.rstrip(".") for text in (snapshot.front.value, *wrong) if text)


def _booted(appliance: Running) -> Device:
    if appliance.device is None:
        raise RuntimeError("a device that has not started has no status")
    return appliance.device


def write_status(path: Path, appliance: Running) -> None:
    """Replace the status file. A failure is ignored: doctor reports that there is none."""
    new = path.with_name(path.name + ".new")
    with suppress(OSError):
        new.write_text(json.dumps(status(appliance), allow_nan=False), encoding="utf-8")
        new.chmod(0o644)  # for `matpi doctor` of another user; there is nothing secret in it
        new.replace(path)
