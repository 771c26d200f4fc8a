"""Notify the service manager (sd_notify(3)): one datagram a message.

Without NOTIFY_SOCKET, as in a terminal, nothing is sent. Never raises.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, MutableMapping
from typing import Final

SEND_S: Final = 1.0  # chosen: how long READY and STOPPING wait for a manager that does not read; the others do not wait
SHARE: Final = 4  # the watchdog is fed every quarter of its time; sd_watchdog_enabled(3) asks for half


class Notifier:
    """The manager behind the socket `where`, None for none. `watchdog_s` is 0.0 when no watchdog is set."""

    def __init__(
        self,
        where: str | bytes | None,
        watchdog_s: float = 0.0,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.watchdog_s = watchdog_s
        self._where = where
        self._now = now
        self._fed_at: float | None = None
        self._status = ""

    @classmethod
    def from_env(
        cls, environ: MutableMapping[str, str] = os.environ, *, now: Callable[[], float] = time.monotonic
    ) -> Notifier:
        """Return the manager named in `environ`, and remove its variables: children must not notify it."""
        given = {name: environ.pop(name, "") for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")}
        where = given["NOTIFY_SOCKET"]
        ours = given["WATCHDOG_PID"] in {"", str(os.getpid())}
        micros = given["WATCHDOG_USEC"]
        return cls(
            b"\0" + where[1:].encode() if where.startswith("@") else where or None,
            int(micros) / 1e6 if ours and micros.isascii() and micros.isdigit() else 0.0,
            now=now,
        )

    def ready(self) -> None:
        """Report that the service has started (Type=notify)."""
        self._send("READY=1", SEND_S)

    def stopping(self) -> None:
        self._send("STOPPING=1", SEND_S)

    def status(self, text: str) -> None:
        """Send one line for `systemctl status`, if it changed."""
        line = " ".join(text.split())
        if line != self._status and self._send(f"STATUS={line}"):
            self._status = line

    def watchdog(self) -> None:
        """Feed the watchdog. Call it whenever the work is being done; it is sent no more often than needed."""
        if not self.watchdog_s:
            return
        now = self._now()
        if self._fed_at is not None and now < self._fed_at + self.watchdog_s / SHARE:
            return
        if self._send("WATCHDOG=1"):
            self._fed_at = now

    def _send(self, message: str, wait_s: float = 0.0) -> bool:
        if self._where is None:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
                wire.settimeout(wait_s)
                wire.sendto(message.encode(), self._where)
        except (OSError, ValueError):  # ValueError: a path too long or with a null in it, before any system call
            return False
        return True
