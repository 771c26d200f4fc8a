"""The real drivers in the installed service, on device nodes: a module of the guest (module/) is the header.

lgpio, gpiozero, adafruit's driver and luma.oled run as on a Raspberry Pi; chips, button and panel behind the nodes are
modelled. `python3 -m tests.guest.board`, as root; prints what is shown, and ends with 1 at the first thing that is
not so.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from tests.guest.guest import READER, UNPACK, Guest, machine
from tests.guest.service import RUNS, check, systemd

HANDS = "cd /srv/matpi && /opt/matpi/current/bin/python -m tests.guest.hands"
LIES_S = 35.0
COUNTED_S = 15
SWITCHES = "cat /proc/{0}/task/*/status | awk '/^voluntary_ctxt/ {{ n += $2 }} END {{ print n }}'"
# Root in the unit's cgroup: of all that confines the service only its devices are left.
OPENS = 'sh -c "echo \\$\\$ >/sys/fs/cgroup{0}/cgroup.procs && : <{1}"'


def hands(guest: Guest, *words: object) -> Any:
    """Do or read something at the board; see hands.py."""
    return json.loads(guest.run(f"{HANDS} {' '.join(map(str, words))}"))


def starts(guest: Guest) -> None:
    guest.run(f"{UNPACK}; systemctl stop matpi; : >/etc/matpi/matpi.toml")
    guest.run("modprobe i2c-dev && modprobe matpi_board && udevadm settle")
    found = guest.run("stat -c '%n %a %U:%G' /dev/gpiochip0 /dev/i2c-1")
    check(found == "/dev/gpiochip0 660 root:gpio\n/dev/i2c-1 660 root:i2c", "the nodes belong to gpio and i2c", found)
    guest.run("cmp /srv/matpi/systemd/matpi.service /etc/systemd/system/matpi.service && systemctl start matpi")
    guest.wait(RUNS)
    device = systemd(guest, "MainPID")
    guest.wait(f'[ -n "$({READER.format(device)})" ]')
    reader = guest.run(READER.format(device))
    for process, node in ((device, "i2c-1"), (device, "gpiochip0"), (reader, "gpiochip0")):
        guest.wait(f"ls -l /proc/{process}/fd | grep -q /dev/{node}")
    check(True, "the unit as it is has opened the panel's bus and the pins, with an empty config")
    policy = guest.run(f"chrt --pid {reader}")
    check("SCHED_FIFO" in policy and policy.endswith(": 50"), "its reader runs in real time, priority 50", policy)


def reads(guest: Guest) -> None:
    counted = hands(guest, "counts", COUNTED_S)
    print(f"  {json.dumps(counted)}", flush=True)
    check(counted["per_s"] > 75, f"both chips are read {counted['per_s']} times a second, of 80")
    check(counted["flagged"] < 0.1, f"{counted['flagged']:.1%} of the samples are flagged and not used")
    device = systemd(guest, "MainPID")
    count = "; ".join(SWITCHES.format(pid) for pid in (device, guest.run(READER.format(device))))
    said = list(map(int, guest.run(f"{count}; sleep {COUNTED_S}; {count}").split()))
    per_s = [(after - before) / COUNTED_S for before, after in zip(said[:2], said[2:], strict=True)]
    print("  voluntary context switches a second: device {:.0f}, reader {:.0f}".format(*per_s), flush=True)


def allows_no_other_device(guest: Guest) -> None:
    group = systemd(guest, "ControlGroup")
    for node in ("/dev/gpiochip0", "/dev/i2c-1"):
        guest.run(OPENS.format(group, node))
    for node in ("/dev/vda", "/dev/kmsg", "/dev/panel"):
        guest.run(f": <{node}")
        said = guest.run(OPENS.format(group, node), fails=True)
        check("not permitted" in said, f"DeviceAllow refuses the unit {node}, even to root", said)


def answers(guest: Guest) -> None:
    said = hands(guest, "safety")
    check(said == ["unanswered", "none"], "the safety pages are answered with the button", said)


def is_calibrated(guest: Guest) -> None:
    found = hands(guest, "calibrate")
    print("\n".join(f"  {line}" for line in found["said"]), flush=True)
    what = f"`matpi calibrate` ends well, and 70 kg at one end are shown as {found['kg']:.1f} kg"
    check(found["code"] == 0 and abs(found["kg"] - 70.0) < 1.0, what, found)


def doctor(guest: Guest) -> list[str]:
    """Ask it; return what it finds not well, but for the rate (docs/build.md, 10)."""
    said = guest.run("cd /root && runuser -u matpi -- matpi doctor >/tmp/said; code=$?; cat /tmp/said; [ $code = 0 ]")
    print("\n".join(f"  {line}" for line in said.splitlines()), flush=True)
    lines = [line.split() for line in said.splitlines()]
    return [" ".join(line) for line in lines if line[0] in {"WARN", "FAIL"} and line[1:4:2] != ["chip", "rate"]]


def is_well_but_for_the_calibration(guest: Guest) -> None:
    guest.run("systemctl stop matpi")
    found = doctor(guest)
    guest.run("systemctl start matpi")
    guest.wait(f"{RUNS} && {HANDS} empty")
    only = len(found) == 1 and found[0].startswith("WARN scale calibration none yet")
    check(only, "`matpi doctor` with the service stopped: all well but for the calibration", found)


def is_well(guest: Guest) -> None:
    guest.run("sleep 30")  # the result stays up for 20 s, and the status file is up to 5 s old
    found = doctor(guest)
    check(found == [], "`matpi doctor` beside the service: all well", found)


def times(guest: Guest) -> None:
    on_mat_s = hands(guest, "lie", LIES_S)
    guest.wait(f"{HANDS} ended", seconds=300.0)
    stored_s = hands(guest, "session")
    what = f"70 kg for {on_mat_s:.1f} s are stored as a session of {stored_s:.1f} s"
    check(abs(stored_s - on_mat_s) < 0.5, what, (on_mat_s, stored_s))


def shows(guest: Guest) -> None:
    same = hands(guest, "panel")
    check(same["lit"] > 100 and same["differ"] == 0, f"the panel's {same['bytes']} bytes are the picture", same)


def comes_back(guest: Guest) -> None:
    pid = systemd(guest, "MainPID")
    guest.run(f"kill -KILL $({READER.format(pid)})")
    counted = hands(guest, "counts", COUNTED_S)
    what = f"SIGKILL of the reader: {counted['samples']} samples in {COUNTED_S} s, the same device"
    check(counted["samples"] > 60 * COUNTED_S and systemd(guest, "MainPID") == pid, what, counted)


PARTS = (
    starts, reads, allows_no_other_device, answers, is_well_but_for_the_calibration, is_calibrated, is_well, times,
    shows, comes_back,
)  # fmt: skip


def main() -> int:
    began = time.monotonic()
    with machine() as made:
        guest = made.guest(made.installed, "snapshot=on", exact=True)
        guest.boot()
        for part in PARTS:
            part(guest)
    print(f"All of this holds; {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
