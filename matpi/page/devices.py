"""Remember which browsers are paired: one private file with the hash of each token, written whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import logging
import os
import secrets
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from matpi.errors import MatpiError, UsageError, printable
from matpi.paths import device_store
from matpi.store import faults
from matpi.store.atomic import write_private
from matpi.store.file import companion, make_file, make_folder

_log = logging.getLogger(__name__)

DEVICES_MAX: Final = 32  # chosen: four people with a few browsers each; the one unseen for longest makes room
NAME_MAX: Final = 60
SEEN_S: Final = 3600.0
"""How exactly it is noted when a browser was last here: once an hour spares the card."""
SERVICE_STATE: Final = Path("/var/lib/matpi-page")
"""Of matpi-page.service, for who looks at its browsers from a terminal."""


class Browser(Struct, frozen=True, forbid_unknown_fields=True):
    """A browser that is paired; times are Unix seconds."""

    id: str
    name: str
    token_sha256: str
    paired_utc: float
    seen_utc: float


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    devices: tuple[Browser, ...]
    version: int = 1


def devices_file(log: Path) -> Path:
    """Return where the paired browsers of the page of this log are: in the service's folder, else beside the log."""
    if folder := os.environ.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(folder) / "devices.json"
    if log == device_store() and SERVICE_STATE.is_dir():
        return SERVICE_STATE / "devices.json"
    return companion(log, ".page.json")


class Devices:
    """The browsers in the file `path`. Any thread may use it, and another process may change the file meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._known: tuple[tuple[int, ...] | None, tuple[Browser, ...]] = None, ()

    def all(self) -> tuple[Browser, ...]:
        """Return all, none where the file cannot be read; a damaged one is renamed and reported, once."""
        try:
            return self._read()
        except OSError as error:
            if self._known != ((), ()):
                _log.error(
                    "The paired browsers in %s cannot be read (%s); nobody is paired.", self.path, error.strerror
                )
            self._known = (), ()
            return ()

    def find(self, token: str) -> Browser | None:
        """Return the browser that has this token."""
        given = _hash(token)
        return next((one for one in self.all() if hmac.compare_digest(one.token_sha256, given)), None)

    def add(self, name: str) -> str:
        """Pair a browser and return its token, which is stored nowhere. Raises StoreError."""
        token, now = secrets.token_urlsafe(32), time.time()
        shown = printable(" ".join(name.split()))[:NAME_MAX] or "a browser"
        with self._changing():
            kept = sorted(self._read(), key=lambda one: one.seen_utc)[-(DEVICES_MAX - 1) :]
            new = Browser(secrets.token_hex(4), shown, _hash(token), now, now)
            self._write([*sorted(kept, key=lambda one: one.paired_utc), new])
        return token

    def revoke(self, id_: str) -> Browser:
        """Forget a browser; its token is worth nothing from now on. Raises UsageError and StoreError."""
        with self._changing():
            known = self._read()
            gone = next((one for one in known if one.id == id_), None)
            if gone is None:
                raise UsageError(
                    f"No browser of the id {printable(id_)[:NAME_MAX]!r} is paired; look at the list again."
                )
            self._write([one for one in known if one is not gone])
        return gone

    def saw(self, browser: Browser) -> None:
        """Note that it was here just now. Never raises: it is a kindness."""
        with contextlib.suppress(MatpiError), self._changing():
            now = time.time()
            self._write(
                [msgspec.structs.replace(one, seen_utc=now) if one.id == browser.id else one for one in self._read()]
            )

    def is_due(self, browser: Browser) -> bool:
        """Return whether `saw` is worth a write."""
        return abs(time.time() - browser.seen_utc) >= SEEN_S

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with faults.store_errors(self.path, "change the paired browsers in"), self._lock:
            make_folder(self.path.parent)
            fd = make_file(companion(self.path, ".lock"))
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                yield
            finally:
                os.close(fd)

    def _write(self, devices: list[Browser]) -> None:
        write_private(self.path, msgspec.json.format(msgspec.json.encode(_File(tuple(devices)))), "list of browsers")

    def _read(self) -> tuple[Browser, ...]:
        """Return all. Raises OSError: what cannot be read now must not be written over."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            self._known = None, ()
            return ()
        mark = stat.st_mtime_ns, stat.st_size, stat.st_ino
        if mark != self._known[0]:
            try:
                self._known = mark, msgspec.json.decode(self.path.read_bytes(), type=_File).devices
            except (msgspec.DecodeError, UnicodeDecodeError):
                self._set_aside()
        return self._known[1]

    def _set_aside(self) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        aside = self.path.with_name(f"{self.path.name}.damaged-{stamp}")
        self.path.rename(aside)
        self._known = None, ()
        _log.error("The list of paired browsers was damaged and is kept as %s; pair each browser again.", aside)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
