"""What the machine underneath says: where the session logs lie, and in which zone it stands."""

from __future__ import annotations

import os
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from matpi.errors import UsageError

DEVICE_STORE = Path("/var/lib/matpi/matpi.db")
DEVICE_CONFIG = Path("/etc/matpi/matpi.toml")


def device_config() -> Path | None:
    """The device's config file where there is one."""
    return DEVICE_CONFIG if DEVICE_CONFIG.exists() else None


def simulator_store() -> Path:
    """Where the simulator keeps its log unless told."""
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "matpi" / "sim.db"


def default_store() -> Path:
    """The device's log where there is one, else the simulator's."""
    return DEVICE_STORE if DEVICE_STORE.exists() else simulator_store()


def system_zone() -> str:
    """The IANA zone of this machine, UTC when it cannot be told."""
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


def zone_for(name: str) -> tzinfo:
    """Raises UsageError for a zone that this machine does not know; UTC needs no time zone data."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(f"There is no time zone {name!r}; write it like Europe/Berlin.") from error


def stored_zone(name: str) -> tzinfo:
    """The zone that a log names; where this machine does not know it, the machine's own. Never raises.

    Zones go: Debian 13 moved US/Pacific, Asia/Calcutta and many more out of its package tzdata.
    """
    try:
        return zone_for(name)
    except UsageError:
        return zone_for(system_zone())


def zone_doubts(name: str) -> tuple[str, ...]:
    """One sentence when this machine does not know the zone that a log names, else none."""
    try:
        zone_for(name)
    except UsageError:
        do = "set one with `matpi settings zone=Europe/Berlin`" if available_timezones() else "install tzdata"
        return (f"The stored time zone {name!r} is unknown here and {system_zone()} is used; {do}.",)
    return ()
