"""Find the paths of the session logs and the machine's time zone, and make the names of files durable."""

from __future__ import annotations

import errno
import os
import tomllib
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from matpi.errors import UsageError

DEVICE_STORE = Path("/var/lib/matpi/matpi.db")
DEVICE_CONFIG = Path("/etc/matpi/matpi.toml")


def device_config() -> Path | None:
    """Return the device's config file if there is one."""
    return DEVICE_CONFIG if _is_there(DEVICE_CONFIG) else None


def device_store() -> Path:
    """Return the path of the device's log, existing or not: from its config, else the default."""
    try:
        named = tomllib.loads(DEVICE_CONFIG.read_text(encoding="utf-8-sig"))["store"]["path"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return DEVICE_STORE
    return Path(named) if isinstance(named, str) and named.startswith("/") else DEVICE_STORE


def simulator_store() -> Path:
    """Return the path of the simulator's log. Raises UsageError for a user without a home."""
    data = os.environ.get("XDG_DATA_HOME", "")
    try:
        # A relative path is to be ignored: XDG Base Directory Specification 0.8.
        folder = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
    except RuntimeError:
        raise UsageError("This user has no home folder for the simulator's log; name a log with --store.") from None
    return folder / "matpi" / "sim.db"


def default_store() -> Path:
    """Return the device's log where a device is installed or has left one, else the simulator's."""
    path = device_store()
    return path if _is_there(DEVICE_CONFIG) or _is_there(path) else simulator_store()


def _is_there(path: Path) -> bool:
    """Return whether `path` exists; True in a closed folder, so that opening the file raises the error."""
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make created and renamed names durable. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems have no such call for a folder
            raise
    finally:
        os.close(fd)


def system_zone() -> str:
    """Return the IANA zone of this machine, UTC when it is unknown."""
    named = os.environ.get("TZ", "").lstrip(":")
    try:
        link = str(Path("/etc/localtime").readlink())
    except OSError:
        link = ""
    for name in (named, link.partition("zoneinfo/")[2]):
        if name:
            try:
                zone_for(name)
            except UsageError:
                continue
            return name
    return "UTC"


_UNKNOWN = (KeyError, ValueError, OSError)
"""What ZoneInfo raises."""


def zone_for(name: str) -> tzinfo:
    """Return a zone; UTC needs no time zone data. Raises UsageError for one unknown to this machine."""
    try:
        return _zone(name)
    except _UNKNOWN as error:
        if not available_timezones():
            why = "This computer has no time zone data and knows only UTC; install tzdata."
            raise UsageError(why) from error
        raise UsageError(f"There is no time zone {name[:80]!r}; write it like Europe/Berlin.") from error


def stored_zone(name: str) -> tzinfo:
    """Return the zone that a log names, or the machine's own if it is unknown here. Never raises.

    Debian 13 moved US/Pacific, Asia/Calcutta and many more out of its package tzdata.
    """
    try:
        return _zone(name)  # not zone_for, which looks through all zones for its message: each record is asked about
    except _UNKNOWN:
        return zone_for(system_zone())


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def zone_doubts(name: str) -> tuple[str, ...]:
    """Return a sentence if the zone that a log names is unknown here, else nothing."""
    try:
        zone_for(name)
    except UsageError:
        do = "set one with `matpi settings zone=Europe/Berlin`" if available_timezones() else "install tzdata"
        return (f"The stored time zone {name!r} is unknown here and {system_zone()} is used; {do}.",)
    return ()
