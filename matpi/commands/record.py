"""Run `matpi record`: counts of the load cells as a file, from the running device if there is one."""

from __future__ import annotations

import gzip
import os
import queue
import signal
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matpi import __version__, paths
from matpi.commands.output import say
from matpi.commands.target import config_of, log_of, parts_of
from matpi.control.address import socket_of
from matpi.control.client import Client
from matpi.core.events import Counted, Event, SensorLost, Stopping
from matpi.core.model import Memory
from matpi.drivers.clock import SystemClock
from matpi.drivers.scale.process import FAILED
from matpi.drivers.scale.recorder import FOLDER
from matpi.drivers.scale.trace import FORMAT, About, TraceWriter
from matpi.errors import HardwareError, MatpiError, TraceError
from matpi.ports import PutCounted, Scale
from matpi.service.boot import calibration_of
from matpi.store.db import Store, is_unmade


def run(file: Path, config_path: Path | None, store: Path | None, *, last: bool, overwrite: bool, board: bool) -> None:
    """Record from the running device with `last`, else live. Raises as `save_last` and `record_live`."""
    config = config_of(config_path, board=board)
    log, channels = store or log_of(config, board=board), config.scale.channel_count
    device = Client(socket_of(log))
    running = device.is_there()
    if last:
        if not running:
            raise TraceError(f"No device is running with the log {log}; start it, or record without --last.")
        saved = save_last(device, log.with_name(FOLDER), file, overwrite=overwrite)
        say(f"The last 10 minutes are in {file}, a copy of {saved}.")
        return
    memory = Memory()
    if not is_unmade(log):
        with Store.open(log, read_only=True) as stored:
            memory = stored.load()
    calibration, _ = calibration_of(memory.calibration, config.scale)
    start_utc = datetime.now(UTC).isoformat() if SystemClock().trusted() else None
    about = About(FORMAT, calibration, memory.zero, matpi=__version__, start_utc=start_utc, rate=config.scale.rate)
    scale = DeviceScale(device, channels) if running else parts_of(config, board=board).scale()
    record_live(scale, channels, about, file, overwrite=overwrite)


def save_last(device: Client, folder: Path, file: Path, *, overwrite: bool) -> Path:
    """Have the device save its last ten minutes in its `folder`; copy them to `file`.

    Returns the device's own file. The copy is packed when its name ends in .gz. Raises TraceError, and MatpiError with
    why the device saves nothing.
    """
    if file.exists() and not overwrite:
        raise TraceError(f"{file} exists already; choose another name, or give --overwrite.")
    saved = folder / str(device.ask({"do": "record"}).data["name"])
    partial = file if _is_through(file) else _beside(file)
    try:
        data = saved.read_bytes()
        partial.write_bytes(data if file.suffix == ".gz" else gzip.decompress(data))
        if partial != file:
            with partial.open("rb") as copy:
                os.fsync(copy.fileno())
            partial.replace(file)
            paths.sync_folder(file.parent)
    except OSError as error:
        if partial != file:
            with suppress(OSError):
                partial.unlink()
        raise TraceError(f"{saved} cannot be copied to {file} ({error.strerror}); copy it by hand.") from error
    return saved


class DeviceScale:
    """The load cells of a running device, by its control socket. Implements ports.Scale; ends when the device does."""

    def __init__(self, device: Client, channels: int) -> None:
        self._device, self._channels = device, channels

    def start(self, put: PutCounted) -> None:
        threading.Thread(target=self._listen, args=(put,), name="scale", daemon=True).start()

    def stop(self) -> None:
        """Do nothing: the connection ends with this process."""

    def _listen(self, put: PutCounted) -> None:
        try:
            for message in self._device.stream({"do": "counts"}):
                if "lost" in message:
                    put(SensorLost(time.monotonic(), message["lost"]))
                elif (channels := len(message["counts"])) != self._channels:
                    raise HardwareError(
                        f"The device has {channels} chips, the config {self._channels}; give its with --config."
                    )
                else:
                    put(Counted(message["t"], tuple(message["counts"]), message["ok"], message["flag"]))
        except MatpiError as error:
            put(SensorLost(time.monotonic(), str(error)))
            put(Stopping(time.monotonic()))


def _is_through(file: Path) -> bool:
    """Return whether `file` is a device or a link, such as /dev/stdout: never replaced or removed."""
    return file.is_symlink() or (file.exists() and not file.is_file())


def _beside(file: Path) -> Path:
    """Return where to write what is to replace `file` once it is whole."""
    return file.with_name(f"unfinished-{file.name}")


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
        paths.sync_folder(file.parent)
    say(f"{trace.readings} readings are in {file}." if trace.readings else "No reading came; there is no file.")
