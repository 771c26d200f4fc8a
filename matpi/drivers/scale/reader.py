"""Read all chips in a process of its own and write their samples to a pipe.

    python -m matpi.drivers.scale.reader '{"driver": "adafruit", "rate": 80, "channels": [{"data": 23, "clock": 24}]}'

It ends with its stdin, on SIGTERM, and when its parent dies. When it cannot read, it sends the reason in one message
record and exits with 1; pipe.py has the format. Imports are few, for memory on a small board.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from matpi.drivers.scale.guard import Guarded, wake_at
from matpi.drivers.scale.pipe import MESSAGE, REPORT, Outlet, json_record, sample_record
from matpi.errors import HardwareError

REPORT_S: Final = 1.0
PARENT_S: Final = 0.02  # between two checks for messages of the parent; the longest sleep
FIFO_PRIORITY: Final = 50  # as the kernel's interrupt threads have; needs CAP_SYS_NICE or RLIMIT_RTPRIO
NICE: Final = -15
PR_SET_PDEATHSIG, PR_SET_TIMERSLACK = 1, 29  # <linux/prctl.h>


class Parent:
    """The process at the other end of stdin. Non-blocking; each line goes to `hear` as parsed JSON."""

    def __init__(self, descriptor: int = 0, hear: Callable[[dict[str, Any]], None] | None = None) -> None:
        os.set_blocking(descriptor, False)
        self.gone = False
        self._descriptor = descriptor
        self._hear = hear
        self._rest = b""

    def listen(self) -> bool:
        """Pass on what was sent; False when stdin has ended."""
        while not self.gone:
            try:
                data = os.read(self._descriptor, 65536)
            except BlockingIOError:
                return True
            if not data:
                self.gone = True
            # A pipe keeps no message boundaries: the end of this read may be half a line.
            *lines, self._rest = (self._rest + data).split(b"\n")
            if self._hear is not None:
                for line in lines:
                    self._hear(json.loads(line))
        return False


def serve(
    chips: Sequence[Guarded],
    outlet: Outlet,
    goes_on: Callable[[], bool],
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    scheduling: str = "",
) -> None:
    """Send every sample of all chips until `goes_on`, called every PARENT_S, is False.

    A report is sent at once, then every REPORT_S.
    """
    report_at = ask_at = now()
    while True:
        for at, chip in enumerate(chips):
            if (sample := chip.poll()) is not None:
                outlet.put(sample_record(at, sample))
        t = now()
        if t >= report_at:
            report_at = t + REPORT_S
            outlet.put(json_record(REPORT, t, _report(chips, outlet, scheduling)))
        # `put` writes at once; what a full pipe has not taken is tried again here.
        if t >= ask_at:
            ask_at = t + PARENT_S
            outlet.flush()
            if not goes_on():
                return
        wait_s = wake_at(chips) - now()
        if wait_s > 0.0:
            sleep(min(wait_s, PARENT_S))


def run(
    job_text: str,
    open_chips: Callable[[dict[str, Any]], Sequence[Guarded]],
    hear: Callable[[dict[str, Any]], None] | None = None,
) -> int:
    """Run a reader: its job as JSON in, its exit code out. Owns stdin and stdout."""
    # Anything that a library prints must not get between the records, so stdout becomes stderr.
    descriptor = os.dup(1)
    os.dup2(2, 1)
    outlet = Outlet(descriptor)
    ended = False

    def end(*_: object) -> None:
        nonlocal ended
        ended = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to all; the parent ends us
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # `systemctl kill` signals all; the parent saves the recording
    # Where another process has inherited the other end of stdin, that does not end with the parent.
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        job = json.loads(job_text)
        parent = Parent(hear=hear)
        chips = open_chips(job)
        scheduling = hurry() if job.get("realtime", True) else patient()
        # Once and no more: a collection during a read-out may hold the clock high for too long.
        gc.collect()
        gc.freeze()
        gc.disable()
        serve(chips, outlet, lambda: not ended and parent.listen(), scheduling=scheduling)
    except BrokenPipeError:
        return 0
    except HardwareError as error:
        return _say(outlet, {"hardware": True, "text": str(error)})
    except Exception as error:  # noqa: BLE001  the parent reports it; no one sees a traceback here
        text = f"The reader of the load cells failed ({type(error).__name__}: {error}); it is restarted."
        return _say(outlet, {"hardware": False, "text": text[:1000]})
    return 0


def hurry() -> str:
    """Take real-time priority if allowed, else `patient`. Return what was granted, for the report."""
    # Preempted for 50 us between two edges of the clock, a read-out is lost.
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
    except OSError:
        return patient()
    return f"fifo {FIFO_PRIORITY}"


def patient() -> str:
    """Take exact sleeps and a low nice value. Return what was granted, for the report."""
    # By default the kernel makes each sleep up to 50 us longer (PR_SET_TIMERSLACK(2const)).
    _prctl(PR_SET_TIMERSLACK, 1)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    except OSError:
        return "no priority"
    return f"nice {NICE}"


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def _report(chips: Sequence[Guarded], outlet: Outlet, scheduling: str) -> dict[str, Any]:
    return {
        "scheduling": scheduling,
        "cpu_s": round(time.process_time(), 3),
        "dropped": outlet.dropped,
        "rates": [chip.rate_hz() for chip in chips],
    }


def _say(outlet: Outlet, body: dict[str, Any]) -> int:
    with contextlib.suppress(OSError):
        outlet.put(json_record(MESSAGE, time.monotonic(), body))
    return 1


def open_chips(job: dict[str, Any]) -> list[Guarded]:
    """Open the chips of this machine. Raises HardwareError for a bus or pin that is missing or in use."""
    # Imported here: the SPI driver and the pins each load a library that the other does not need.
    rate = job["rate"]
    if job["driver"] == "spi":
        from matpi.drivers.scale.hx711_spi import SpiHX711, open_spi

        return [SpiHX711(open_spi(one["bus"], one["device"]), rate) for one in job["spi"]]
    from matpi.drivers.pins import open_pins
    from matpi.drivers.scale.hx711 import GuardedHX711

    return [GuardedHX711(*open_pins(one["data"], one["clock"]), rate) for one in job["channels"]]


if __name__ == "__main__":
    sys.exit(run(sys.argv[1] if len(sys.argv) == 2 else "", open_chips))
