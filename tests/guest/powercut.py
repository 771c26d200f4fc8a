"""Cut the power of a virtual machine while its device writes, and compare its log with what it had acknowledged.

The moments are random, with a seed: `python3 -m tests.guest.powercut [cuts a mode] [seed]`, as root. Prints the
figures as a JSON line; ends with 1 when anything acknowledged is missing, or when the control loses nothing.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.guest.guest import BOOT_S, UNPACK, Guest, GuestError, Machine, copy, machine

CUTS, SEED = 10, 15
CONTROL_CUTS = 3
BEFORE = 300  # changes before the first cut, so that the log has had its checkpoints
WRITES_S = (0.3, 12.0)  # from the first change to the cut
MODES = ("directsync", "writeback")
CONTROL = "synchronous=NORMAL"
RECORDS = "/srv/matpi/tests/guest/records.py"
BROKER = """[[upstream.mqtt]]
host = "127.0.0.1"
tls = false
"""  # which is not there: what is queued for it stays
IS_READY = "systemctl is-active --quiet matpi && [ -S /run/matpi/control.sock ]"
CARELESS = (
    "cd /opt/matpi/current/lib/python3*/site-packages/matpi/store\n"
    """sed -i 's/("synchronous", 2)/("synchronous", 1)/' file.py && grep -q '("synchronous", 1)' file.py"""
)


@dataclass
class Figures:
    cuts: int = 0
    changes: int = 0  # acknowledged
    records: int = 0  # in the logs after the cuts
    lost: int = 0
    torn: int = 0
    damaged: int = 0
    set_aside: int = 0

    def bad(self) -> int:
        return self.lost + self.torn + self.damaged + self.set_aside


class Expected:
    """What the log must hold: of each record the value that was acknowledged, and of one the value asked for last."""

    def __init__(self, before: dict[str, str]) -> None:
        self.acked = dict(before)
        self.asked: tuple[str, str] = ("", "")
        self.changes = 0

    def hear(self, line: str) -> None:
        match line.split():
            case ["do", record, value]:
                self.asked = record, value
            case ["ack", record, value]:
                self.acked[record] = value
                self.asked = "", ""
                self.changes += 1
            case [said, *_] if said not in {"do", "ack"}:
                raise GuestError(f"The device refused a change: {line}")
            case _:  # cut off by the cut
                pass

    def missing(self, found: dict[str, str]) -> list[str]:
        return [
            f"{record}: {value} acknowledged, {found.get(record, 'gone')} found"
            for record, value in self.acked.items()
            if found.get(record, "gone") != value and self.asked != (record, found.get(record, "gone"))
        ]


def cut(guest: Guest, expected: Expected, seconds: float, seed: int) -> None:
    """Let the device write, and cut the power that long after its first acknowledgement."""
    guest.start(f"python3 {RECORDS} write {seed} 0")
    for line in guest.lines(BOOT_S):
        expected.hear(line)
        if line.startswith("ack"):
            break
    else:
        raise GuestError("The device acknowledged nothing.")
    for line in guest.lines(seconds):
        expected.hear(line)
    for line in guest.kill():
        expected.hear(line)


def judge(log: dict[str, Any], expected: Expected, figures: Figures) -> None:
    """Compare what `records.py` has found in the log with what was acknowledged."""
    found = {record: str(value) for record, value in log["values"].items()}
    missing = expected.missing(found)
    torn = [
        f"{record}: {value} in the log, {log['queued'].get(record)} in the outbox"
        for record, value in log["values"].items()
        if record.startswith("ratings/") and log["queued"].get(record) != value
    ]
    aside = [name for name in log["files"] if "damaged" in name]
    for what in (*missing[:3], *torn[:3], *aside):
        print(f"  cut {figures.cuts}: {what}", file=sys.stderr)
    figures.cuts += 1
    figures.lost += len(missing)
    figures.torn += len(torn)
    figures.damaged += log["integrity"] != "ok"
    figures.set_aside += len(aside)
    figures.changes += expected.changes
    figures.records += len(found)


def left_on(disk: Path, folder: Path) -> dict[str, Any]:
    """Start the installed version on the disk of a machine that is off, as its user; return what the log has.

    The file system recovers as at a boot: this kernel mounts it, from its journal.
    """
    command = (
        "mount -o loop $0 $1 && exec chroot $1 setpriv --reuid matpi --regid matpi --init-groups"
        f" /opt/matpi/current/bin/python {RECORDS} start"
    )
    (folder / "disk").mkdir(exist_ok=True)
    words: list[str | Path] = ["unshare", "--mount", "sh", "-euc", command, disk, folder / "disk"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise GuestError(f"The log does not open after the cut: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Sweep:
    """Cuts of one machine: it boots once, and goes on from there for each cut."""

    def __init__(self, made: Machine, mode: str, random_: random.Random, *, careless: bool = False) -> None:
        """`careless`: with a log that does not wait for the disk."""
        self._folder, self._random = made.folder, random_
        self._disk, self._at_rest, self._state = (made.folder / name for name in ("cut.img", "at_rest.img", "state"))
        self.guest = made.guest(copy(made.installed, self._disk), f"cache={mode}")
        self.guest.boot()
        self.guest.run(UNPACK)
        if careless:
            self.guest.run(CARELESS)
        self.guest.run(f"systemctl disable --now matpi-page; cat >>/etc/matpi/matpi.toml <<'end'\n{BROKER}end")
        self.guest.run("systemctl restart matpi", seconds=BOOT_S)
        self.guest.run(f"python3 {RECORDS} write {self._random.getrandbits(32)} {BEFORE}", seconds=BOOT_S)
        log = json.loads(self.guest.run(f"python3 {RECORDS} read"))
        self._before = {record: str(value) for record, value in log["values"].items()}
        self.guest.freeze(self._state)
        copy(self._disk, self._at_rest)

    def cuts(self, number: int, *, boots: bool) -> Figures:
        """Cut it that often; with `boots` it boots after the last cut, and that start is judged."""
        figures = Figures()
        for left in reversed(range(number)):
            expected = Expected(self._before)
            copy(self._at_rest, self._disk)
            self.guest.resume(self._state)
            cut(self.guest, expected, self._random.uniform(*WRITES_S), self._random.getrandbits(32))
            judge(left_on(self._disk, self._folder) if left or not boots else self._booted(), expected, figures)
            print(f"  {asdict(figures)}", file=sys.stderr, flush=True)
        return figures

    def _booted(self) -> dict[str, Any]:
        self.guest.boot()
        self.guest.wait(IS_READY, seconds=BOOT_S)
        log: dict[str, Any] = json.loads(self.guest.run(f"python3 {RECORDS} read"))
        self.guest.kill()
        return log


def main(cuts: int = CUTS, seed: int = SEED) -> int:
    began, random_ = time.monotonic(), random.Random(seed)
    found: dict[str, Figures] = {}
    with machine() as made:
        for mode in (*MODES, CONTROL):
            print(f"{mode}:", file=sys.stderr, flush=True)
            careless = mode == CONTROL
            sweep = Sweep(made, "writeback" if careless else mode, random_, careless=careless)
            found[mode] = sweep.cuts(CONTROL_CUTS if careless else cuts, boots=not careless)
    figures = {mode: asdict(each) for mode, each in found.items()}
    print(json.dumps({"powercut": figures, "seed": seed, "s": round(time.monotonic() - began)}))
    return int(any(found[mode].bad() for mode in MODES) or not found[CONTROL].lost)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
