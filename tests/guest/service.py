"""The installed units under a real systemd: install, hang, kill, reboot, upgrade, uninstall, in a virtual machine.

The board is the emulated one; GPIO and I2C are in board.py. `python3 -m tests.guest.service`, as root; prints
what is shown, and ends with 1 at the first thing that is not so.
"""

from __future__ import annotations

import json
import re
import sys
import time

from tests.guest.guest import BOOT_S, INSTALL, READER, UNPACK, Guest, GuestError, machine

RECORDS = "python3 /srv/matpi/tests/guest/records.py"
RUNS = "systemctl is-active --quiet matpi && [ -S /run/matpi/control.sock ]"
ASK_PAGE = """python3 -c '
import json, urllib.request
hello = json.load(urllib.request.urlopen("http://127.0.0.1:8377/api/hello", timeout=5))
assert hello["running"], hello'"""
# All that the user of a service may write, seen from inside its sandbox: files and folders. Devices are DevicePolicy='s
# matter, and sockets of others, such as the journal's, are there to be spoken to.
WRITABLE = r"""
nsenter --target $(systemctl show -p MainPID --value {0}) --mount \
  setpriv --reuid {0} --regid {0} --init-groups --no-new-privs \
  find / \( -path /proc -o -path /sys \) -prune -o \( -type f -o -type d \) -writable -print 2>/dev/null | sort
"""
EXPOSURE = 1.5
STA_UNSYNC = 0x0040  # <sys/timex.h>
# What a time service sets: the kernel's flag, and the error that it adds up without one; timedated looks at that.
SET_CLOCK = """python3 -c '
import ctypes
timex = (ctypes.c_long * 64)()
timex[0], timex[3], timex[5] = 0x0014, {1}, {0}  # ADJ_MAXERROR | ADJ_STATUS; maxerror, us; status
assert ctypes.CDLL(None).adjtimex(timex) >= 0'"""
# The unit of the device with another program: what adjtimex says there, and what the device makes of the answers.
IN_SANDBOX = r"""
cat >/run/asks.py <<'end'
import time
from matpi.drivers import clock
asked = clock.KernelClock()
time.sleep(clock.ASK_S + 1.0)
print(clock.kernel_status(), asked.synchronised())
end
sed 's/^Type=.*/Type=oneshot/; /^Restart/d; /^WatchdogSec/d; /^\(State\|Runtime\)Directory/d; /^WorkingDirectory/d
  s|^ExecStart=.*|ExecStart=/opt/matpi/current/bin/python /run/asks.py\nStandardOutput=file:/run/asked|' \
  /etc/systemd/system/matpi.service >/run/systemd/system/asks.service
systemctl daemon-reload
rm -f /run/asked
systemctl start asks
"""
# The system's own: what an installed Debian writes while it runs and starts.
SYSTEMS_OWN = "/var/log /var/lib/systemd /var/cache/ldconfig /etc/.pwd.lock /etc/machine-id /etc/resolv.conf"
# At its start these delete every rating and end, or hang for ever.
DESTROYS = """import sqlite3
log = sqlite3.connect("/var/lib/matpi/matpi.db")
log.execute("DELETE FROM ratings")
log.commit()
"""
BROKEN = {"crashes": f"{DESTROYS}raise SystemExit(1)\n", "hangs": f"{DESTROYS}import time\ntime.sleep(1e6)\n"}


def check(held: bool, what: str, found: object = "") -> None:
    if not held:
        raise GuestError(f"This does not hold: {what}. Found: {found}")
    print(f"  {what}", flush=True)


def systemd(guest: Guest, key: str, unit: str = "matpi") -> str:
    return guest.run(f"systemctl show -p {key} --value {unit}")


def log(guest: Guest) -> dict[str, object]:
    values: dict[str, object] = json.loads(guest.run(f"{RECORDS} read"))["values"]
    return values


def installed(guest: Guest) -> None:
    guest.run(f"{UNPACK}")
    guest.wait(RUNS, seconds=BOOT_S)
    check(systemd(guest, "Type") == "notify", "installed, then booted: the unit has said READY")
    guest.wait(ASK_PAGE)
    check(systemd(guest, "ActiveState", "matpi-page") == "active", "the page runs beside it and sees the device run")
    guest.run(f"{RECORDS} write 1 40")
    check(len(log(guest)) > 10, "it takes ratings, sessions and settings", log(guest))


def confined(guest: Guest) -> None:
    modes = {
        "/var/lib/matpi": "750 matpi:matpi",
        "/var/lib/matpi/matpi.db": "640 matpi:matpi",
        "/var/lib/matpi-page": "700 matpi-page:matpi-page",
        "/run/matpi": "755 matpi:matpi",
        "/run/matpi/control.sock": "660 matpi:matpi",
    }
    for path, mode in modes.items():
        found = guest.run(f"stat -c '%a %U:%G' {path}")
        check(found == mode, f"{path} has mode {mode}", found)
    for unit, own in (("matpi", ("/var/lib/matpi", "/run/matpi")), ("matpi-page", ("/var/lib/matpi-page",))):
        places = ("/tmp", "/var/tmp", "/dev/mqueue", *own)  # the first three are private to it
        writable = guest.run(WRITABLE.format(unit)).splitlines()
        outside = [path for path in writable if not path.startswith(places)]
        check(bool(writable) and not outside, f"{unit} can write {', '.join(places)} and nothing else", outside)
        said = guest.run(f"systemd-analyze security --no-pager {unit} | tail -n 1")
        exposure = re.search(r": ([0-9.]+) ", said)
        check(bool(exposure and float(exposure[1]) <= EXPOSURE), f"exposure of {unit} at most {EXPOSURE}", said)
    reader = guest.run(READER.format(systemd(guest, "MainPID")))
    policy = guest.run(f"chrt --pid {reader}")
    check("SCHED_FIFO" in policy and policy.endswith(": 50"), "the reader runs in real time, priority 50", policy)


def knows_its_clock(guest: Guest) -> None:
    for status, error_us, what in ((STA_UNSYNC, 16_000_000, "on its own"), (0, 1000, "set by a time service")):
        guest.run(SET_CLOCK.format(status, error_us))
        guest.run(IN_SANDBOX, seconds=BOOT_S)
        found = guest.run("cat /run/asked")
        check(found == f"None {not status}", f"a clock {what} is known for it in the sandbox", found)


def comes_back(guest: Guest) -> None:
    before = log(guest)
    for name, signal in (("SIGKILL", "KILL"), ("SIGSTOP, seen by the watchdog", "STOP")):
        pid = systemd(guest, "MainPID")
        began = time.monotonic()
        guest.run(f"kill -{signal} {pid}")
        guest.wait(f"[ $(systemctl show -p MainPID --value matpi) != {pid} ] && {RUNS}", seconds=BOOT_S)
        check(log(guest) == before, f"{name}: runs again after {time.monotonic() - began:.0f} s, the log as it was")
    check("watchdog" in guest.run("journalctl -u matpi -b --no-pager").lower(), "the journal names the watchdog")
    pid = systemd(guest, "MainPID")
    reader = guest.run(READER.format(pid))
    guest.run(f"kill -KILL {reader}")
    guest.wait(f'new=$({READER.format(pid)}); [ -n "$new" ] && [ "$new" != {reader} ]')
    check(systemd(guest, "MainPID") == pid, "SIGKILL of the reader: a new reader, the same device")
    guest.run("systemctl kill --signal=KILL matpi-page")
    guest.wait(ASK_PAGE)
    check(systemd(guest, "MainPID") == pid, "SIGKILL of the page: it answers again, the same device")


def reboots(guest: Guest) -> None:
    before = log(guest)
    guest.start("systemctl reboot")
    guest.wait_for_shell()
    guest.wait(RUNS)
    check(log(guest) == before, "reboot: the log as it was", (before, log(guest)))
    guest.run(f"{RECORDS} write 2 10")
    check(len(log(guest)) > len(before), "and it goes on")


def upgrades(guest: Guest) -> None:
    before = log(guest)
    guest.run("cp -a /srv/matpi /srv/newer; sed -i 's/^version = .*/version = \"98.0\"/' /srv/newer/pyproject.toml")
    guest.run(INSTALL.replace("/srv/matpi", "/srv/newer") + " upgrade", seconds=3600.0)
    release = guest.run("readlink /opt/matpi/current")
    check("98.0" in release and log(guest) == before, "upgrade: the newer version runs with the log as it was", release)
    for how, code in BROKEN.items():
        guest.run("rm -rf /srv/broken; cp -a /srv/newer /srv/broken")
        guest.run(f"cat >>/srv/broken/matpi/commands/run.py <<'end'\n{code}end")
        said = guest.run(INSTALL.replace("/srv/matpi", "/srv/broken") + " upgrade", fails=True, seconds=3600.0)
        check("Went back" in said and "runs again" in said, f"a version that deletes and {how}: rolled back", said)
        check(guest.run("readlink /opt/matpi/current") == release, "the version from before is the current one")
        guest.wait(f"{RUNS} && {ASK_PAGE}")
        check(log(guest) == before, "every record is there again", log(guest))


def only_its_own_places(guest: Guest) -> None:
    prune = " -o ".join(f"-path {path}" for path in f"/var/lib/matpi /var/lib/matpi-page {SYSTEMS_OWN}".split())
    changed = guest.run(rf"find / -xdev \( {prune} \) -prune -o -type f -newer /root/installed -print")
    check(not changed, "no file elsewhere was made or changed while they ran", changed)
    owned = guest.run(r"find / -xdev \( -user matpi -o -user matpi-page \) ! -path '/var/lib/matpi*' ! -path '*/tmp/*'")
    check(not owned, "they own nothing elsewhere", owned)


def leaves(guest: Guest) -> None:
    before = log(guest)
    guest.run(f"{INSTALL} uninstall")
    check(log(guest) == before, "uninstall: the log stays")
    found = guest.run("stat -c '%U:%G' /var/lib/matpi /var/lib/matpi/matpi.db | sort -u")
    check(found == "root:root", "and is root's", found)
    gone = "/opt/matpi /etc/systemd/system/matpi.service /etc/systemd/system/matpi-page.service /var/lib/matpi-page"
    left = guest.run(f"ls -d {gone} /usr/local/bin/matpi 2>/dev/null; getent passwd matpi matpi-page || true")
    check(not left, "units, program, users and tokens are gone", left)
    guest.run(f"{INSTALL} install", seconds=3600.0)
    guest.run("systemctl start matpi matpi-page")
    guest.wait(f"{RUNS} && {ASK_PAGE}")
    check(log(guest) == before, "install again: it takes up the log")
    guest.run(f"{RECORDS} write 3 10")
    check(len(log(guest)) > len(before), "and goes on")


def main() -> int:
    began = time.monotonic()
    with machine() as made:
        guest = made.guest(made.installed, "snapshot=on")
        guest.boot()
        print(f"{guest.run('uname -sr')}, {guest.run('systemctl --version | head -n 1')}:", flush=True)
        installed(guest)
        guest.run("touch /root/installed")
        for part in (confined, knows_its_clock, comes_back, reboots, only_its_own_places, upgrades, leaves):
            part(guest)
    print(f"All of this holds; {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
