"""Every error matpi raises on purpose.

A message is a sentence or two for the user: what happened, why, and what to do. The command line prints it without a
traceback. Each leaf also inherits the builtin it resembles.
"""

from __future__ import annotations

from pathlib import Path


def is_control(char: str) -> bool:
    """Return whether a terminal or a reader may act on the character instead of showing it."""
    import unicodedata

    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def printable(text: str) -> str:
    """Return the text with each control character as an escape sequence."""
    return "".join(repr(char)[1:-1] if is_control(char) else char for char in text)


class MatpiError(Exception):
    """The base class. `exit_code` is that of the command line: 2 for wrong use, 1 for a failure."""

    exit_code = 1


class UsageError(MatpiError, ValueError):
    """The arguments are wrong."""

    exit_code = 2


class ConfigError(MatpiError, ValueError):
    """The config file has an unknown key, a value out of bounds, or is not TOML."""

    exit_code = 2


class TraceError(MatpiError, ValueError):
    """A recorded trace cannot be read: broken, empty, unsorted, not numeric."""


class ScenarioError(MatpiError, ValueError):
    """A timeline file for the simulator cannot be read."""


class CalibrationError(MatpiError, ValueError):
    """The measurements make no calibration; the old one stays."""


class StoreError(MatpiError, OSError):
    """The session log cannot be opened or written."""


class DiskTroubleError(StoreError):
    """The disk is full, failing or read-only: nothing is wrong with the log, and a retry may work."""

    set_aside: Path | None = None  # where a damaged file was moved before the disk refused a new one
    restored = False  # a backup was put in its place


class StoreBusyError(StoreError):
    """Another process owns the session log."""


class StoreLockedError(DiskTroubleError, StoreBusyError):
    """Another program writes to the session log just now: a retry may work."""


class StoreNewerError(StoreError):
    """The session log was written by a newer matpi; it is not touched."""


class StoreDamagedError(StoreError):
    """The session log is damaged; it was set aside under the name in the message."""


class ImportFormatError(MatpiError, ValueError):
    """A file given to `matpi import` is not what `matpi export` writes; nothing was imported."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))  # it quotes a foreign file


class DeviceOffError(MatpiError, OSError):
    """No device runs, or it does not answer."""


class PortInUseError(MatpiError, OSError):
    """The address of the page is in use."""


class HardwareError(MatpiError, OSError):
    """A part of the device does not answer."""
