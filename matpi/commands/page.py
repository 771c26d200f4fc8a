"""`matpi page`: the device's page, a process of its own; which browsers are paired with it."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from matpi.commands.output import say, table
from matpi.commands.target import config_path_of
from matpi.config import Config
from matpi.errors import StoreError, UsageError
from matpi.page.devices import Devices, devices_file
from matpi.paths import default_store


def run(
    config_path: Path | None,
    store: Path | None,
    *,
    port: int | None,
    host: str | None,
    devices: bool,
    revoke: str | None,
) -> None:
    """List or revoke, or serve until SIGTERM or Ctrl-C.

    Raises ConfigError, PortInUseError, UsageError and StoreError.
    """
    from matpi import config as config_file

    if (devices or revoke is not None) and not (port is None and host is None):
        raise UsageError("--port and --host are for serving the page; leave them out with --devices and --revoke.")
    path, config_path = store or default_store(), config_path_of(config_path, board=False)
    if revoke is not None:
        say(f"{_paired(path).revoke(revoke).name} is no longer paired.")
    elif devices:
        listed(_paired(path))
    else:
        serve(config_file.load(config_path), config_path, path, port, host)


def _paired(log: Path) -> Devices:
    """Return the browsers of this log's page. Raises StoreError for a user who may not read them."""
    file = devices_file(log)
    try:
        with file.open("rb"):
            pass
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StoreError(f"The paired browsers in {file} cannot be read ({error.strerror}); use sudo.") from None
    return Devices(file)


def listed(paired: Devices) -> None:
    """Print the paired browsers, the one that was here last first."""
    found = sorted(paired.all(), key=lambda one: one.seen_utc, reverse=True)
    if not found:
        say('No browser is paired. Hold the button on "Page" in the menu of the device, and enter the code.')
        return
    rows = [
        (one.id, one.name, f"{_local(one.paired_utc):%Y-%m-%d}", f"{_local(one.seen_utc):%Y-%m-%d %H:%M}")
        for one in found
    ]
    table(("id", "browser", "paired", "last here"), rows)


def serve(config: Config, config_path: Path | None, log: Path, port: int | None, host: str | None) -> None:
    if not config.page.enabled:
        say("[page] enabled = false in the config: no page is served.")
        return
    import queue

    from matpi.commands.stopping import stop_on_signals
    from matpi.control.address import socket_of
    from matpi.page.server import EVERYWHERE, SiteServer

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # else each malformed request is a line in the journal
    asked: queue.SimpleQueue[None] = queue.SimpleQueue()
    stop_on_signals(asked)
    server = SiteServer(
        config,
        log,
        socket_of(log),
        port=config.page.port if port is None else port,
        addresses=EVERYWHERE if host is None else (host,),
        config_path=config_path,
    )
    server.start()
    try:
        say(f"The page of {log} is at {server.url}")
        asked.get()
    finally:
        server.stop()


def _local(utc: float) -> datetime:
    return datetime.fromtimestamp(utc).astimezone()
