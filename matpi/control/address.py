"""Find the control socket: of the device's log, and of any other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from matpi.paths import device_store

DEVICE_SOCKET: Final = Path("/run/matpi/control.sock")


def beside(log: Path) -> Path:
    """Return the socket of a device that is no service: beside its log."""
    return log.with_name(log.name + ".sock")


def to_serve(log: Path) -> Path:
    """Return where the device of this log serves: a service on its RAM disk (RuntimeDirectory=)."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(folder) / DEVICE_SOCKET.name if folder else beside(log)


def socket_of(log: Path) -> Path:
    """Return where to look for the running device of this log."""
    here = beside(log)
    there = os.path.exists(here)  # noqa: PTH110  False in a closed folder
    return DEVICE_SOCKET if log == device_store() and not there else here
