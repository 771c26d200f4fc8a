"""The two clocks of the machine, and whether the wall clock may be believed.

A Raspberry Pi without a battery starts in the past, plausible and wrong, and jumps minutes later: a sanity check of
the year does not catch it. So there the word of the time service counts, not the date.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

SYNCHRONIZED: Final = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd at its first answer in this boot (systemd-time-wait-sync(8))."""
BOARD: Final = Path("/proc/device-tree/model")
"""Raspberry Pi and their like have it; a desktop computer has a battery for its clock instead."""
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

STA_UNSYNC: Final = 0x0040
"""<sys/timex.h>: nobody disciplines the clock. The kernel sets it again 9 h after the last answer."""


class SystemClock:
    """Implements `Clock`. Once trusted, it stays so until the process ends: a clock that was right drifts a second a
    day, which no plan of days minds.
    """

    def __init__(
        self,
        *,
        synchronized: Path = SYNCHRONIZED,
        board: Path = BOARD,
        kernel: Callable[[], bool] | None = None,
    ) -> None:
        self._synchronized = synchronized
        self._kernel = kernel or kernel_synchronised
        self._trusted = not board.exists()

    def monotonic(self) -> float:
        return time.monotonic()

    def utc(self) -> float:
        return time.time()

    def trusted(self) -> bool:
        """Cheap enough for once a second: one look at a file and one system call until it is."""
        self._trusted = self._trusted or self._synchronized.exists() or self._kernel()
        return self._trusted


class _Timex(ctypes.Structure):
    """The head of struct timex; the rest is only reserved, generously."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_synchronised() -> bool:
    """Whether any time service (chrony, ntpd, timesyncd) disciplines the clock. Asks only, changes nothing."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    timex = _Timex()
    return adjtimex is not None and adjtimex(ctypes.byref(timex)) >= 0 and not timex.status & STA_UNSYNC


def boot_id(path: Path = BOOT_ID) -> str:
    """One name for one run of the monotonic clock. Where the kernel gives none, each process is a boot of its own."""
    try:
        return path.read_text().strip() or str(uuid4())
    except OSError:
        return str(uuid4())
