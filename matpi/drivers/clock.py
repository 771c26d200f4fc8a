"""The two clocks of the machine, whether the wall clock may be believed, and the thread that tells of it.

A Raspberry Pi without a battery starts in the past, plausible and wrong, and jumps minutes later: a sanity check of
the year does not catch it. So the date proves nothing. `SystemClock` believes it when one of these holds:

1. This is no board (no /proc/device-tree/model): a desktop computer's clock has a battery.
2. systemd-timesyncd has had an answer in this boot (/run/systemd/timesync/synchronized).
3. Some time service, chrony and ntpd among them, disciplines the kernel's clock (adjtimex: not STA_UNSYNC).
4. The board has a clock with a battery and the kernel took the time from it. For one of /sys/class/rtc/rtc* all of:
   `hctosys` is 1 (the system time came from this one); `since_epoch` reads (chips with a stop flag refuse to after
   an empty battery) and lies in BUILD_YEAR or later (the Pi 5's has counted from 1970 when power was cut without
   a battery); the system time still agrees with it (timesyncd moves the system time on from an older one at boot, to
   when it last saw it); and `battery_voltage`, which only the Pi 5's has, is that of a battery.
"""

from __future__ import annotations

import ctypes
import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from matpi.core.events import Event, Noted, WallClock
from matpi.ports import Clock, Put

SYNCHRONIZED: Final = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd at its first answer in this boot (systemd-time-wait-sync(8))."""
BOARD: Final = Path("/proc/device-tree/model")
"""Raspberry Pi and their like have it; a desktop computer has a battery for its clock instead."""
RTC: Final = Path("/sys/class/rtc")
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

STA_UNSYNC: Final = 0x0040
"""<sys/timex.h>: nobody disciplines the clock. The kernel sets it again 9 h after the last answer."""

BUILD_YEAR: Final = 2026
BATTERY_UV: Final = 2_000_000
"""Chosen: the end of discharge of the ML-2020 that the Pi 5 is sold with is 2.0 V. The file is in microvolts
(rtc-rpi.c); what it says with no battery at all was not seen."""
AGREE_S: Final = 60.0
"""Chosen: a chip without temperature compensation drifts 2 s a day, and matpi may start days after the boot."""

STEP_S: Final = 0.5
"""A time service slews what is less (ntpd and timesyncd step beyond 0.128 and 0.4 s); in the log it would be noise."""
READ_S: Final = 0.05
"""Chosen: two clocks read so far apart, on a busy machine, cannot tell a step."""


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
        rtc: Path = RTC,
    ) -> None:
        self._synchronized = synchronized
        self._kernel = kernel or kernel_synchronised
        self._rtc = rtc
        self._trusted = not board.exists()

    def monotonic(self) -> float:
        return time.monotonic()

    def utc(self) -> float:
        return time.time()

    def trusted(self) -> bool:
        """Cheap enough for once a second: a few looks at files and one system call until it is."""
        self._trusted = (
            self._trusted or self._synchronized.exists() or self._kernel() or battery_kept(self._rtc, self.utc())
        )
        return self._trusted


def battery_kept(rtc: Path, utc: float) -> bool:
    """Rule 4 above: whether the time `utc` came from a clock with a battery. `rtc` is /sys/class/rtc."""
    return any(_kept(device, utc) for device in sorted(rtc.glob("rtc*")))


def _kept(device: Path, utc: float) -> bool:
    try:
        took = (device / "hctosys").read_text().strip() == "1"
        its_utc = int((device / "since_epoch").read_text())
        battery = device / "battery_voltage"
        charged = not battery.exists() or int(battery.read_text()) >= BATTERY_UV
    except (OSError, ValueError):
        return False
    built_utc = datetime(BUILD_YEAR, 1, 1, tzinfo=UTC).timestamp()
    return took and charged and its_utc >= built_utc and abs(utc - its_utc) <= AGREE_S


def suspended_s() -> float:
    """How long the machine has slept since it was switched on; the monotonic clock leaves that out. A Pi never does."""
    since_boot = getattr(time, "CLOCK_BOOTTIME", None)
    return 0.0 if since_boot is None else max(0.0, time.clock_gettime(since_boot) - time.monotonic())


class ClockWatch:
    """Puts WallClock at the start, once a minute, when trust changes, and after a step of the wall clock, which is
    also noted ("clock_step"). The first one is put by `start` itself, so that nothing comes before it.
    """

    def __init__(
        self,
        clock: Clock,
        put: Put,
        *,
        every_s: float = 1.0,
        minute_s: float = 60.0,
        slept_s: Callable[[], float] = suspended_s,
    ) -> None:
        self._clock = clock
        self._put = put
        self._slept_s = slept_s
        self._suspended_s = self._slept_s()
        self._every_s = every_s
        self._minute_s = minute_s
        self._due_at = -math.inf
        self._trusted = False
        self._offset_s: float | None = None  # wall clock less monotonic, as last told
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        for event in self.look():
            self._put(event)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> list[Event]:
        """What there is to tell now."""
        t, utc, sure = self._read()
        trusted = self._clock.trusted()
        stepped_s = 0.0 if self._offset_s is None or not sure else utc - t - self._offset_s
        stepped = abs(stepped_s) > STEP_S
        if t < self._due_at and trusted is self._trusted and not stepped:
            return []
        suspended_s = self._slept_s()
        slept = suspended_s - self._suspended_s > STEP_S
        self._suspended_s = suspended_s
        events: list[Event] = [WallClock(t, utc, trusted, slept)]
        if stepped and not slept:
            events.append(Noted(t, "clock_step", f"The wall clock stepped by {stepped_s:+.1f} s."))
        if sure:
            self._offset_s = utc - t
        self._trusted = trusted
        self._due_at = t + self._minute_s
        return events

    def _read(self) -> tuple[float, float, bool]:
        """Both clocks at one time, as nearly as three tries get; False when none got near enough to tell a step."""
        for _ in range(3):
            before = self._clock.monotonic()
            utc = self._clock.utc()
            after = self._clock.monotonic()
            if after - before <= READ_S:
                return (before + after) / 2.0, utc, True
        return (before + after) / 2.0, utc, False

    def _run(self) -> None:
        due = self._clock.monotonic()
        while True:
            now = self._clock.monotonic()
            due = max(due + self._every_s, now)  # what a machine missed that slept or was busy is not made up for
            if self._ended.wait(due - now):
                return
            for event in self.look():
                self._put(event)


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
    """Whether any time service (chrony, ntpd, timesyncd) disciplines the clock. Asks only, changes nothing. False, too,
    where a service may not ask: ProtectClock= refuses adjtimex to those that only read as well (systemd/systemd#26413).
    """
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    timex = _Timex()
    return adjtimex is not None and adjtimex(ctypes.byref(timex)) >= 0 and not timex.status & STA_UNSYNC


def boot_id(path: Path = BOOT_ID, slept_s: Callable[[], float] = suspended_s) -> str:
    """One name for one run of the monotonic clock, which begins again after a suspend. Where the kernel gives none,
    each process is a boot of its own.
    """
    try:
        name = path.read_text().strip() or str(uuid4())
    except OSError:
        return str(uuid4())
    slept = slept_s()
    return f"{name}+{slept:.0f}" if slept >= 1.0 else name
