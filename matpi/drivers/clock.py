"""Read the machine's two clocks, decide whether the wall clock is trusted, and watch it in a thread.

A Raspberry Pi without a battery starts with a plausible, wrong date [evidence: clock-trust]. The wall clock is trusted
once one of these holds:

1. This is no board (no /proc/device-tree/model): a desktop computer has a battery for its clock.
2. systemd-timesyncd has had an answer in this boot.
3. A time service, chrony and ntpd among them, disciplines the kernel's clock (`KernelClock`).
4. The kernel took the time from a battery-backed clock (`battery_backed`).
"""

from __future__ import annotations

import ctypes
import math
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from matpi.core.events import Event, Noted, WallClock
from matpi.ports import Clock, Put

SYNCHRONIZED: Final = Path("/run/systemd/timesync/synchronized")  # systemd-time-wait-sync(8)
BOARD: Final = Path("/proc/device-tree/model")  # exists on a Raspberry Pi and similar boards
RTC: Final = Path("/sys/class/rtc")
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

STA_UNSYNC: Final = 0x0040  # <sys/timex.h>; the kernel sets it again 9 h after the last answer
TIMEDATED: Final = ("timedatectl", "show", "--property=NTPSynchronized", "--value")
ASK_S: Final = 10.0  # chosen: before the first question
ASK_AGAIN_S: Final = 60.0  # chosen: a question starts a process or two
ANSWER_S: Final = 5.0  # chosen: timedated runs only when it is asked, and starts slowly on a small board
BUILD_YEAR: Final = 2026
BATTERY_UV: Final = 2_000_000
AGREE_S: Final = 60.0

STEP_S: Final = 0.5  # time services slew smaller offsets (ntpd and timesyncd step beyond 0.128 and 0.4 s)
READ_S: Final = 0.05  # chosen: two clocks read further apart, on a busy machine, do not show a step


class SystemClock:
    """The machine's clocks. Implements `Clock`. Once trusted, the wall clock stays trusted."""

    def __init__(
        self,
        *,
        synchronized: Path = SYNCHRONIZED,
        board: Path = BOARD,
        kernel: Callable[[], bool] | None = None,
        rtc: Path = RTC,
    ) -> None:
        self._synchronized, self._rtc = synchronized, rtc
        self._kernel = kernel or KernelClock().synchronised
        self._trusted = not board.exists()

    def monotonic(self) -> float:
        return time.monotonic()

    def utc(self) -> float:
        return time.time()

    def trusted(self) -> bool:
        """Return whether the wall clock is trusted. Cheap enough to call once a second; may wait for ANSWER_S."""
        self._trusted = (
            self._trusted or self._synchronized.exists() or battery_backed(self._rtc, self.utc()) or self._kernel()
        )
        return self._trusted


def battery_backed(rtc: Path, utc: float) -> bool:
    """Return whether `utc` came from a battery-backed clock in `rtc` [evidence: clock-trust]."""
    return any(_backed(device, utc) for device in sorted(rtc.glob("rtc*")))


def _backed(device: Path, utc: float) -> bool:
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
    """Return how long the machine has been suspended since boot; the monotonic clock leaves that out."""
    since_boot = getattr(time, "CLOCK_BOOTTIME", None)
    return 0.0 if since_boot is None else max(0.0, time.clock_gettime(since_boot) - time.monotonic())


class ClockWatch:
    """Put WallClock at the start, every minute, when trust changes and after a step (noted).

    `start` itself puts the first one, so that no event comes before it.
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
        self._clock, self._put, self._slept_s = clock, put, slept_s
        self._every_s, self._minute_s = every_s, minute_s
        self._suspended_s = slept_s()
        self._due_at = -math.inf
        self._trusted = False
        self._offset_s: float | None = None  # wall clock less monotonic, as last reported
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        for event in self.poll():
            self._put(event)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def poll(self) -> list[Event]:
        """Return the events that are due now."""
        trusted = self._clock.trusted()  # first: it may wait, and the time of before the step is not the trusted one
        t, utc, sure = self._read()
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
        """Read monotonic and wall clock together, in at most three tries. False: too far apart to show a step."""
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
            due = max(due + self._every_s, now)  # missed turns are not made up for
            if self._ended.wait(due - now):
                return
            for event in self.poll():
                self._put(event)


class _Timex(ctypes.Structure):
    """The head of struct timex; the rest is reserved generously."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_status() -> int | None:
    """Return the status bits of the kernel's clock; None where adjtimex is missing or refused.

    ProtectClock= refuses it even for reading (systemd/systemd#26413).
    """
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    timex = _Timex()
    return None if adjtimex is None or adjtimex(ctypes.byref(timex)) < 0 else timex.status


class KernelClock:
    """Return whether a time service disciplines the kernel's clock.

    Where the kernel refuses an answer, as in the service's sandbox, systemd-timedated is asked. Not at once: while the
    machine starts, its answer may take seconds, and the device would wait for it.
    """

    def __init__(
        self,
        status: Callable[[], int | None] = kernel_status,
        timedated: Sequence[str] = TIMEDATED,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._status, self._timedated, self._monotonic = status, timedated, monotonic
        self._ask_at = monotonic() + ASK_S

    def synchronised(self) -> bool:
        """Return it, False without an answer. Waits for at most ANSWER_S, once in ASK_AGAIN_S."""
        status = self._status()
        if status is not None:
            return not status & STA_UNSYNC
        if self._monotonic() < self._ask_at:
            return False
        self._ask_at = self._monotonic() + ASK_AGAIN_S
        try:
            done = subprocess.run(self._timedated, capture_output=True, text=True, timeout=ANSWER_S, check=False)
        except (OSError, subprocess.SubprocessError):
            return False
        return done.stdout.strip() == "yes"


def boot_id(path: Path = BOOT_ID, slept_s: Callable[[], float] = suspended_s) -> str:
    """Return a name for this run of the monotonic clock: another one after a suspend.

    Where the kernel has no boot id, each process is a boot of its own.
    """
    try:
        name = path.read_text().strip() or str(uuid4())
    except OSError:
        return str(uuid4())
    slept = slept_s()
    return f"{name}+{slept:.0f}" if slept >= 1.0 else name
