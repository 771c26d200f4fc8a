"""`matpi run`: the appliance in this process, as a service runs it or by hand in a terminal."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matpi.config import Config
from matpi.drivers.systemd import Notifier
from matpi.host import system_zone
from matpi.splash import Parts, light_up


def run_device(config: Config, parts: Parts, store: Path, say: Callable[[str], None], status: Path | None) -> None:
    """Until SIGTERM or Ctrl-C. Raises StoreError when the log will not open."""
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    screen = light_up(parts, inbox.put)
    # What follows takes most of a second on a small board (estimated), so it is loaded with the splash lit.
    from matpi.appliance import Appliance
    from matpi.drivers.clock import SystemClock, boot_id

    appliance = Appliance(
        config,
        parts,
        store,
        SystemClock(),
        screen=screen,
        inbox=inbox,
        boot_id=boot_id(),
        zone=system_zone(),
        notifier=Notifier.from_env(),
        status_path=status,
    )

    def ask(_number: int, _frame: Any) -> None:
        appliance.ask_to_stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    try:
        appliance.start()
        say(f"matpi runs; the log is {store}. Press Ctrl-C to stop.")
        appliance.run()
    finally:
        appliance.close()


def status_path(environment: dict[str, str] | None = None) -> Path | None:
    """Where the service's own RAM disk is (RuntimeDirectory=); None when it is not run as a service."""
    folder = (os.environ if environment is None else environment).get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(folder) / "status.json" if folder else None
