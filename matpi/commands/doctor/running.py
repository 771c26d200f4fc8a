"""Find out whether a device runs on this computer, and what its status file reports."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from matpi import __version__
from matpi.commands.doctor.checks import FAIL, OK, SKIPPED, WARN, Check
from matpi.control.address import socket_of
from matpi.control.client import Client
from matpi.drivers.facts import Status

STATUS_PATH: Final = Path("/run/matpi/status.json")
FRESH_S: Final = 15.0  # three times the interval at which the running device writes
STATUS_LIMIT_BYTES: Final = 1 << 20


class Life(Enum):
    RUNNING = auto()
    BY_HAND = auto()
    """It runs and writes no status file, as when it was started in a terminal."""
    HUNG = auto()
    """The process is there and writes no more."""
    GONE = auto()
    UNKNOWN = auto()
    """The file is there and cannot be used."""


class Device(Struct, frozen=True):
    """The device as its status file shows it; `status` is there when RUNNING or HUNG."""

    life: Life
    status: Status | None = None
    age_s: float = 0.0
    why: str = ""

    @property
    def live(self) -> Status:
        """The status of a device that is RUNNING; else an empty one, of which nothing is known."""
        return self.status if self.life is Life.RUNNING and self.status is not None else Status(0, 0.0)


def running(pid: int) -> bool:
    """Return whether there is a process of this number that is a matpi: numbers are reused."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    try:
        return b"matpi" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def read_device(
    path: Path,
    *,
    log: Path | None = None,
    now: Callable[[], float] = time.monotonic,
    alive: Callable[[int], bool] = running,
) -> Device:
    """Return the device as its status file shows it. Never raises.

    A stale file is recognised by whether its process still lives. `log`: where to look for a device without a
    status file.
    """
    device = _by_status(path, now, alive)
    if device.life is not Life.GONE or log is None:
        return device
    client = Client(socket_of(log))
    try:
        return Device(Life.BY_HAND, why=f"the device at {client.path}") if client.is_there() else device
    except OSError as error:
        return Device(Life.UNKNOWN, why=str(error).rstrip("."))


def _by_status(path: Path, now: Callable[[], float], alive: Callable[[int], bool]) -> Device:
    try:
        with path.open("rb") as file:
            status = msgspec.json.decode(file.read(STATUS_LIMIT_BYTES), type=Status)
    except FileNotFoundError:
        return Device(Life.GONE)
    except PermissionError:
        return Device(Life.UNKNOWN, why=f"{path} may not be read by this user")
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
        return Device(Life.UNKNOWN, why=f"{path} cannot be read ({error})")
    age_s = now() - status.written_mono
    if not alive(status.pid):
        return Device(Life.GONE, why=f"its process {status.pid} has ended")
    return Device(Life.RUNNING if -1.0 <= age_s <= FRESH_S else Life.HUNG, status, age_s)


def upstream_troubles(path: Path = STATUS_PATH, *, alive: Callable[[int], bool] = running) -> Mapping[str, str]:
    """Return sink -> what the running device reports of its connection; nothing when none runs."""
    return read_device(path, alive=alive).live.upstream


def checks(device: Device) -> list[Check]:
    """Check whether the device runs, and has stored everything."""
    restart, status = "run `sudo systemctl restart matpi`", device.status
    alive, kept = partial(Check, "device", "running"), partial(Check, "device", "kept")
    unknown = kept(SKIPPED, "known to the running device only")
    if device.life is Life.UNKNOWN:
        return [alive(WARN, f"not known: {device.why}", f"run again with sudo; if it stays, {restart}"), unknown]
    if device.life is Life.BY_HAND:
        what = f"{device.why} writes no status, as when it is started by hand, so its parts are left alone"
        return [alive(OK, what), unknown]
    if device.life is Life.GONE or status is None:
        why = f": {device.why}" if device.why else ""
        return [alive(SKIPPED, f"the device is not running{why}; the parts are tried"), unknown]
    if device.life is Life.HUNG:
        what = f"process {status.pid} has not turned for {device.age_s:.0f} s"
        return [alive(FAIL, what, f"{restart}, and look at `journalctl -u matpi`"), unknown]
    what = f"matpi {status.version}, process {status.pid}, {status.state.lower().replace('_', ' ')}"
    runs = alive(OK, what)
    if status.version != __version__:
        runs = alive(WARN, f"{what}, but {__version__} is installed", restart)
    if status.unsaved:
        do = "look at the disk below; they are kept in memory, so do not switch off"
        return [runs, kept(FAIL, f"{status.unsaved} records are not on the disk yet", do)]
    return [runs, kept(OK, f"nothing waits; {status.readings} readings, {status.rejected} rejected")]
