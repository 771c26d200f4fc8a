"""The real drivers in the installed service, on device nodes: a module of the guest (module/) is the header.

lgpio, gpiozero and luma.oled run as on a Raspberry Pi; chips, button and panel behind the nodes are modelled.
`python3 -m tests.guest.board`, as root; prints what is shown, and ends with 1 at the first thing that is not so.
"""

from __future__ import annotations

import json
import sys
import time

from tests.guest.guest import READER, UNPACK, Guest, machine
from tests.guest.service import RUNS, check, systemd

PYTHON = "/opt/matpi/current/bin/python"
HANDS = f"cd /srv/matpi && {PYTHON} -m tests.guest.hands"
LIES_S = 45.0


def hands(guest: Guest, *words: object, seconds: float = 900.0) -> str:
    """Do or read something at the board; see hands.py."""
    return guest.run(f"{HANDS} {' '.join(map(str, words))}", seconds=seconds)


def starts(guest: Guest) -> None:
    guest.run(f"{UNPACK}; systemctl stop matpi; : >/etc/matpi/matpi.toml")
    guest.run("modprobe i2c-dev && modprobe matpi_board && udevadm settle")
    found = guest.run("stat -c '%n %a %U:%G' /dev/gpiochip0 /dev/i2c-1")
    check(found == "/dev/gpiochip0 660 root:gpio\n/dev/i2c-1 660 root:i2c", "the nodes belong to gpio and i2c", found)
    guest.run("systemctl start matpi", seconds=900.0)
    guest.wait(RUNS, seconds=300.0)
    reader = guest.run(READER.format(systemd(guest, "MainPID")))
    for process, node in ((systemd(guest, "MainPID"), "i2c-1"), (reader, "gpiochip0")):
        guest.wait(f"ls -l /proc/{process}/fd | grep -q /dev/{node}")
    check(True, "the sandboxed service has opened the panel's bus, its reader the pins")
    scheduler = guest.run(f"chrt -p {reader}")
    check("SCHED_FIFO" in scheduler and "50" in scheduler, "its reader runs under SCHED_FIFO, 50", scheduler)


def reads(guest: Guest) -> None:
    counted = json.loads(hands(guest, "counts", 30))
    print(f"  {json.dumps(counted)}", flush=True)
    check(counted["per_s"] > 75, f"both chips are read {counted['per_s']} times a second, of 80")
    check(counted["flagged"] < 0.1, f"{counted['flagged']:.1%} of the samples are flagged and not used")


def answers(guest: Guest) -> None:
    said = hands(guest, "safety")
    check(said == "none", "the safety pages are answered with the button", said)


def times(guest: Guest) -> None:
    hands(guest, "lie", LIES_S)
    guest.wait(f"{HANDS} ended", seconds=300.0)
    stored = float(hands(guest, "session"))
    check(abs(stored - LIES_S) < 2.0, f"{LIES_S:.0f} s on the mat are stored as {stored:.1f} s", stored)


def shows(guest: Guest) -> None:
    same = json.loads(hands(guest, "panel"))
    check(same["lit"] > 100 and same["differ"] == 0, f"the panel's {same['bytes']} bytes are the picture", same)


def comes_back(guest: Guest) -> None:
    pid = systemd(guest, "MainPID")
    guest.run(f"kill -KILL $({READER.format(pid)})")
    counted = json.loads(hands(guest, "counts", 20))
    check(counted["samples"] > 500, f"SIGKILL of the reader: {counted['samples']} samples in the next 20 s", counted)
    check(systemd(guest, "MainPID") == pid, "from the same device")


def main() -> int:
    began = time.monotonic()
    with machine() as made, made.guest(made.installed, "snapshot=on", exact=True) as guest:
        guest.boot()
        for part in (starts, reads, answers, times, shows, comes_back):
            part(guest)
    print(f"All of this holds; {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
