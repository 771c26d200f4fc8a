"""Serve the device's page: bind its addresses, wire its parts, run them in a thread."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matpi.config import Config
from matpi.errors import PortInUseError, UsageError
from matpi.page.access import Access
from matpi.page.app import Site, make_app, open_paths
from matpi.page.devices import Devices, devices_file
from matpi.page.link import Link
from matpi.page.logbook import Logbook
from matpi.page.statics import STATIC
from matpi.page.subcommands import Subcommands
from matpi.web.listeners import Listeners, Patience
from matpi.web.server import WebServer, bound
from matpi.words import LANGUAGES

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  it is a page for the local network
LOCAL: Final = ("127.0.0.1",)
PATIENCE: Final = Patience(farewell_s=1)


class SiteServer(WebServer):
    """Serves the page of the log at `log` at `url` from `start` to `stop`; port 0 takes any free one.

    `control` is the socket of its device. Binds when made, so that a taken port raises PortInUseError at once; raises
    UsageError for an address that this machine does not have.
    """

    def __init__(
        self,
        config: Config,
        log: Path,
        control: Path,
        *,
        port: int = 0,
        addresses: Sequence[str] = LOCAL,
        config_path: Path | None = None,
        devices: Path | None = None,
        static: Path = STATIC,
        patience: Patience = PATIENCE,
    ) -> None:
        sockets = _bound(addresses, port)
        own, port = sockets[0].getsockname()[:2]
        named = f"{socket.gethostname().partition('.')[0]}.local" if own in EVERYWHERE else own
        self.url = f"http://{f'[{named}]' if ':' in named else named}:{port}/"
        self.link = Link(control)
        self._logbook = Logbook(log, LANGUAGES[config.panel.language])
        paired = Devices(devices or devices_file(log))
        listeners = Listeners(self.link.subscribe, patience)
        options = [*(["--config", str(config_path)] if config_path else []), "--store", str(log)]
        site = Site(paired, self._logbook, self.link, listeners, Subcommands(options), static)
        access = Access(paired, open_paths(), port, self.connections_of)
        super().__init__(make_app(site, access), listeners, sockets, patience)

    def stop(self) -> None:
        super().stop()
        self._logbook.close()


def _bound(addresses: Sequence[str], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            try:
                sockets.append(bound(address, port))
            except PortInUseError:
                raise
            except OSError as error:
                if address == EVERYWHERE[1] and sockets and error.errno in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}:
                    continue  # a machine without IPv6
                if error.errno == errno.EADDRNOTAVAIL or (error.errno or 0) < 0:  # no such name
                    raise UsageError(f"This machine has no address {address}; choose another with --host.") from error
                raise
            port = port or sockets[0].getsockname()[1]
    except BaseException:
        for one in sockets:
            one.close()
        raise
    return sockets
