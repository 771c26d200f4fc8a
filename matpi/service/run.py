"""`matpi run`: the appliance in this process, as a service runs it or by hand in a terminal."""

from __future__ import annotations

import os
import queue
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matpi.config import Config
from matpi.drivers.systemd import Notifier
from matpi.errors import HardwareError
from matpi.paths import system_zone
from matpi.service.splash import Parts, light_up, show_why

if TYPE_CHECKING:
    from matpi.drivers.oled import Panel, PanelThread
    from matpi.service.appliance import Appliance


def run_device(config: Config, parts: Parts, store: Path, say: Callable[[str], None], status: Path | None) -> None:
    """Run until SIGTERM or Ctrl-C; SIGUSR1 saves a recording. Raises StoreError when the log will not open."""
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    asked = False
    stopping: Callable[[float], Any] | None = None

    def ask(_number: int, _frame: Any) -> None:
        nonlocal asked
        asked = True
        if stopping is not None:  # not imported here: the signal may come in the middle of that import
            inbox.put(stopping(time.monotonic()))

    appliance: Appliance | None = None

    def record(_number: int, _frame: Any) -> None:
        if appliance is not None:
            appliance.save_recording()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)  # from the first moment on: whatever is lit goes dark again
    signal.signal(signal.SIGUSR1, record)
    screen = light_up(parts, inbox.put)
    try:
        # What follows takes most of a second on a small board (estimated), so it is loaded with the splash lit.
        appliance = _appliance(config, parts, store, say, status, screen, inbox)
    except Exception as error:
        show_why(screen, error, config.panel.language)
        report_start(error)
        if screen is not None:
            screen.stop(blank=False)
        raise
    from matpi.core.events import Stopping
    from matpi.rules import unstored_minutes

    stopping = Stopping
    if asked:
        inbox.put(Stopping(time.monotonic()))
    try:
        appliance.start()
        own_plan = "" if appliance.device is None else appliance.device.ledger.settings.own_plan
        if wrong := unstored_minutes(config, own_plan):
            say(f"{wrong}.")
        say(f"matpi runs; the log is {appliance.store_path}. Press Ctrl-C to stop.")
        appliance.run()
    finally:
        appliance.close()


def _appliance(
    config: Config,
    parts: Parts,
    store: Path,
    say: Callable[[str], None],
    status: Path | None,
    screen: PanelThread | None,
    inbox: queue.SimpleQueue[Any],
) -> Appliance:
    from matpi.core.effects import Effect, Note
    from matpi.drivers.clock import SystemClock, boot_id
    from matpi.service.appliance import Appliance

    told: dict[str, str] = {}

    def tell(effect: Effect) -> None:
        """What is noted is also said once, for who started it in a terminal and for the journal."""
        if isinstance(effect, Note) and told.get(effect.kind) != effect.text:
            told[effect.kind] = effect.text
            why = screen.trouble if effect.kind == "panel_lost" and screen is not None else None
            say(why or effect.text)

    return Appliance(
        config,
        parts,
        store.absolute(),  # lgpio changes the working directory
        SystemClock(),
        screen=screen,
        inbox=inbox,
        boot_id=boot_id(),
        zone=system_zone(),
        notifier=Notifier.from_env(),
        status_path=status,
        watch=tell,
    )


def report_start(error: Exception) -> None:
    """Report in `systemctl status` why the device cannot start; before an Appliance does it, which takes the socket."""
    Notifier.from_env().status(f"cannot start: {error}")


def show_fault(panel: Panel | None, title: str, what: str, do: str) -> None:
    """On the panel, where there is one, and leave it there; who has none reads it in the terminal."""
    from matpi.core.brightness import Brightness
    from matpi.core.views import Fault
    from matpi.screen.render import render

    if panel is not None:
        with suppress(HardwareError):
            panel.show(render(Fault(title, what, do)), Brightness.BRIGHT)


def status_path(environment: dict[str, str] | None = None) -> Path | None:
    """Where the service's own RAM disk is (RuntimeDirectory=); None when it is not run as a service."""
    folder = (os.environ if environment is None else environment).get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(folder) / "status.json" if folder else None
