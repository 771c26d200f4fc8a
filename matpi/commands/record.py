"""Run `matpi record`: counts of the load cells as a file, from the running device or live."""

from __future__ import annotations

import gzip
import os
import queue
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from matpi import __version__
from matpi.commands.doctor.running import owner_of
from matpi.commands.output import say
from matpi.commands.remote import RemoteScale
from matpi.commands.target import config_of, log_of, parts_of
from matpi.control.client import device_of
from matpi.core.events import Counted, Event, SensorLost, Stopping
from matpi.core.model import Memory
from matpi.drivers.clock import SystemClock
from matpi.drivers.scale.process import FAILED
from matpi.drivers.scale.recorder import FOLDER
from matpi.drivers.scale.trace import FORMAT, About, TraceWriter
from matpi.errors import HardwareError, TraceError
from matpi.ports import Scale
from matpi.service.boot import calibration_of
from matpi.store.db import Store, is_unmade

ROOM_BYTES: Final = 1_000_000  # chosen: twice the largest recording (drivers.recorder)


def run(file: Path, config_path: Path | None, store: Path | None, *, last: bool, overwrite: bool, board: bool) -> None:
    """Record from the running device with `last`, else live, by way of the device when one runs.

    Raises as `save_last` and `record_live`.
    """
    config = config_of(config_path, board=board)
    log = store or log_of(config, board=board)
    if last:
        saved = save_last(log, file, overwrite=overwrite)
        say(f"The last 10 minutes are in {file}, a copy of {saved}.")
        return
    device = device_of(log)
    if device is None and (pid := owner_of(log)) is not None:
        raise HardwareError(
            f"The device, process {pid}, holds the load cells' pins and has no control socket; see `matpi doctor`."
        )
    memory = Memory()
    if not is_unmade(log):
        with Store.open(log, read_only=True) as stored:
            memory = stored.load()
    calibration, _ = calibration_of(memory.calibration, config.scale)
    start_utc = datetime.now(UTC).isoformat() if SystemClock().trusted() else None
    about = About(FORMAT, calibration, memory.zero, matpi=__version__, start_utc=start_utc, rate=config.scale.rate)
    scale: Scale = parts_of(config, board=board).scale() if device is None else RemoteScale(device)
    record_live(scale, config.scale.channel_count, about, file, overwrite=overwrite)


def save_last(log: Path, file: Path, *, overwrite: bool) -> Path:
    """Have the device that owns `log` save its last ten minutes; copy them to `file`.

    Returns the device's own file. The copy is packed when its name ends in .gz. Raises MatpiError.
    """
    if file.exists() and not overwrite:
        raise TraceError(f"{file} exists already; choose another name, or give --overwrite.")
    device = device_of(log)
    if device is None:
        raise TraceError(f"No device is running with the log {log}; start it, or record without --last.")
    folder = log.with_name(FOLDER)
    _check_room(folder if folder.is_dir() else log.parent)
    saved = folder / str(device.ask({"do": "record"}).data["name"])
    partial = file if _is_through(file) else _beside(file)
    try:
        data = saved.read_bytes()
        partial.write_bytes(data if file.suffix == ".gz" else gzip.decompress(data))
        if partial != file:
            partial.replace(file)
    except OSError as error:
        if partial != file:
            with suppress(OSError):
                partial.unlink()
        raise TraceError(f"{saved} cannot be copied to {file} ({error.strerror}); copy it by hand.") from error
    return saved


def _is_through(file: Path) -> bool:
    """Return whether `file` is a device or a link, such as /dev/stdout: never replaced or removed."""
    return file.is_symlink() or (file.exists() and not file.is_file())


def _beside(file: Path) -> Path:
    """Return where to write what is to replace `file` once it is whole."""
    return file.with_name(f"unfinished-{file.name}")


def _check_room(folder: Path) -> None:
    """Raise TraceError when `folder` takes no recording; the device reports that in its journal only."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return  # the device may do what this user may not
    if disk.f_flag & os.ST_RDONLY:
        raise TraceError(f"The device cannot save into {folder}: the disk is read-only; make it writable.")
    if disk.f_bavail * disk.f_frsize < ROOM_BYTES:
        raise TraceError(f"The device cannot save into {folder}: the disk is full; make room on it.")


def record_live(scale: Scale, channels: int, about: About, file: Path, *, overwrite: bool) -> None:
    """Record until Ctrl-C or SIGTERM. Raises HardwareError for the cells, TraceError for the file."""
    inbox: queue.SimpleQueue[Event | Counted] = queue.SimpleQueue()
    # An existing file stays until there is something better.
    replaces = overwrite and file.exists() and not _is_through(file)
    path = _beside(file) if replaces else file

    def stop(_number: int, _frame: Any) -> None:
        inbox.put(Stopping(time.monotonic()))

    with TraceWriter(path, channels, "counts", about=about, overwrite=overwrite) as trace:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        scale.start(inbox.put)
        say(f"Recording to {file}. Press Ctrl-C to stop.")
        try:
            while not isinstance(event := inbox.get(), Stopping):
                match event:
                    case Counted(t, counts, ok, flag):
                        trace.write(t, counts, ok, flag)
                    case SensorLost(_, why, what) if what == FAILED[0]:
                        raise HardwareError(why)  # it would be tried again for ever
                    case SensorLost(_, why):
                        say(f"No readings: {why}")
        finally:
            scale.stop()
            if not trace.readings and not _is_through(path):
                path.unlink(missing_ok=True)
    if trace.readings and replaces:
        path.replace(file)
    say(f"{trace.readings} readings are in {file}." if trace.readings else "No reading came; there is no file.")
