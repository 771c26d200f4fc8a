"""Run the appliance in this process, as a service or in a terminal (`matpi run`)."""

from __future__ import annotations

import os
import queue
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matpi.config import Config
from matpi.drivers.systemd import Notifier
from matpi.paths import system_zone
from matpi.service.parts import Parts, light_up, show_why

if TYPE_CHECKING:
    from matpi.core.effects import Effect
    from matpi.service.appliance import Appliance

# Between threads. A change of a log of 5,000 sessions computes for 0.2 s; with Python's 5 ms a tenth of the readings
# came over 50 ms late meanwhile, with this over 30 to 40 ms (three runs on a busy x86-64).
SWITCH_S: Final = 0.001


def run_device(
    config: Config,
    parts: Parts,
    store: Path,
    say: Callable[[str], None],
    status: Path | None,
    lit: Callable[[], None] = lambda: None,
) -> None:
    """Run until SIGTERM or Ctrl-C; SIGUSR1 saves a recording. `lit` is called with the splash on the panel.

    Raises StoreError for a bad log.
    """
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    asked = False
    appliance: Appliance | None = None

    def ask(_number: int, _frame: Any) -> None:
        nonlocal asked
        asked = True
        if appliance is not None:
            appliance.ask_to_stop()

    def record(_number: int, _frame: Any) -> None:
        if appliance is not None:
            appliance.save_recording()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)  # before the panel is lit, so that it always goes dark again
    signal.signal(signal.SIGUSR1, record)
    sys.setswitchinterval(SWITCH_S)
    notifier = Notifier.from_env()
    screen = light_up(parts, inbox.put)
    try:
        # What follows takes most of a second on a small board (estimated), so it is loaded with the splash lit.
        from matpi.core.effects import Note
        from matpi.drivers.clock import SystemClock, boot_id
        from matpi.service.appliance import Appliance

        lit()
        reported: dict[str, str] = {}

        def report(effect: Effect) -> None:
            """Print each note once, for the terminal and the journal."""
            if isinstance(effect, Note) and reported.get(effect.kind) != effect.text:
                reported[effect.kind] = effect.text
                why = screen.trouble if effect.kind == "panel_lost" and screen is not None else None
                say(why or effect.text)

        appliance = Appliance(
            config,
            parts,
            store.absolute(),  # lgpio changes the working directory
            SystemClock(),
            screen=screen,
            inbox=inbox,
            boot_id=boot_id(),
            zone=system_zone(),
            notifier=notifier,
            status_path=status,
            watch=report,
        )
    except Exception as error:
        show_why(screen, error, config.panel.language)
        notifier.status(f"cannot start: {error}")
        if screen is not None:
            screen.stop(blank=False)
        raise
    try:
        if asked:
            appliance.ask_to_stop()
        device = appliance.start()
        if wrong := config.unstored_minutes(device.ledger.settings.own_plan):
            say(f"{wrong}.")
        say(f"matpi runs; the log is {appliance.store_path}. Press Ctrl-C to stop.")
        appliance.run()
    finally:
        appliance.close()


def status_path() -> Path | None:
    """Return the status file on the service's RAM disk (RuntimeDirectory=), None without a service."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(folder) / "status.json" if folder else None
