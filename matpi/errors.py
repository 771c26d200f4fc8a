"""Every error matpi raises on purpose.

A message is one sentence or two for a person: what happened, why, and what to do. The command line prints it
alone, without a traceback. Each leaf also inherits the builtin it resembles, so callers may catch either.
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
    """The root. `exit_code` is what the command line ends with: 2 for wrong use, 1 for a failure."""

    exit_code = 1


class UsageError(MatpiError, ValueError):
    """The words of the call are wrong."""

    exit_code = 2


class ConfigError(MatpiError, ValueError):
    """The config file has an unknown key, a value out of bounds, or is not TOML."""

    exit_code = 2


class TraceError(MatpiError, ValueError):
    """A recorded trace cannot be read: broken, empty, unsorted, not numeric."""


class ScenarioError(MatpiError, ValueError):
    """A timeline file for the simulator cannot be read."""


class CalibrationError(MatpiError, ValueError):
    """What was measured makes no calibration; the old one stays."""


class StoreError(MatpiError, OSError):
    """The session log cannot be opened or written."""


class DiskTroubleError(StoreError):
    """The disk is full, failing or read-only: nothing is wrong with the log, and the same may work later."""

    set_aside: Path | None = None
    """Where a damaged file was put before the disk refused to make a new one."""


class StoreBusyError(StoreError):
    """Another process owns the session log."""


class StoreNewerError(StoreError):
    """The session log was written by a newer matpi; it is not touched."""


class StoreDamagedError(StoreError):
    """The session log is damaged; it was set aside under the name the message tells."""


class ImportFormatError(MatpiError, ValueError):
    """A file given to `matpi import` is not what `matpi export` writes; nothing was imported."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))  # it quotes a foreign file


class PortInUseError(MatpiError, OSError):
    """The address the page should be served on is taken."""


class HardwareError(MatpiError, OSError):
    """A part of the device does not answer."""
