"""A virtual machine with Debian 13 and matpi's tree: start it, run scripts in it, cut its power.

It has no network. The first serial line is its console, the second one a shell (shell.service).
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).parents[2]
MEMORY_MB = 1024
BOOT_S = 1200.0  # an emulated processor takes a minute, or many when the machine is busy
UNUSED = "kvm_amd,kvm_intel,powernow_k8,psmouse,pcspkr,floppy,ata_piix,i2c_piix4,sr_mod"
"""Modules that only cost time; i2c_piix4 would take the number of the panel's bus."""
LEFT_OUT = (".git", ".venv", ".*_cache", ".hypothesis", "__pycache__")


UNPACK = "rm -rf /srv/matpi; mkdir /srv/matpi; tar -C /srv/matpi --no-same-owner -xf /dev/vdb"
INSTALL = "export PIP_NO_INDEX=1 PIP_FIND_LINKS=/srv/wheels; sh /srv/matpi/systemd/install.sh"
READER = r"""for p in $(cat /proc/{0}/task/*/children); do grep -qa reader /proc/$p/cmdline && echo $p; done"""
"""Prints the process of the reader whose parent is {0}; there is no pgrep in the guest."""
CONFIG = '[scale]\ndriver = "sim"\nrate = 10\n'  # at 80/s an emulated processor has no time for anything else


class GuestError(Exception):
    """The guest does not do what it should."""


def image() -> Path:
    """Return the folder of the disk image, made by image.sh if it is not there. Ends the program when it cannot be."""
    made = subprocess.run(["sh", Path(__file__).with_name("image.sh")], stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        raise SystemExit(made.returncode)
    return Path(made.stdout.strip())


def tar_of(into: Path, *names: str) -> Path:
    """Return a tar file of those parts of the tree as they are."""
    excludes = [f"--exclude={name}" for name in LEFT_OUT]
    subprocess.run(["tar", "-C", SOURCE, "--sort=name", "--owner=0", *excludes, "-cf", into, *names], check=True)
    return into


def copy(disk: Path, to: Path) -> Path:
    subprocess.run(["cp", "--sparse=always", disk, to], check=True)
    return to


class Machine:
    """Makes guests on which this tree is installed; `folder` is temporary and takes their files."""

    def __init__(self, folder: Path, system: Path) -> None:
        self.folder, self._system = folder, system
        self._guests: list[Guest] = []
        self._tree = tar_of(folder / "tree.tar", ".")
        self.installed = system / "installed.img"
        """The disk, shut down in order after the installation; `CONFIG` is its config, the page is on."""
        product = tar_of(folder / "product.tar", "matpi", "systemd", "pyproject.toml", "constraints.txt").read_bytes()
        self._wanted = hashlib.sha256(product).hexdigest()

    def guest(self, disk: Path, drive: str, *, exact: bool = False) -> Guest:
        self._guests.append(Guest(self._system, disk, self._tree, self.folder, drive=drive, exact=exact))
        return self._guests[-1]

    def end(self) -> None:
        """End every guest that runs."""
        for guest in self._guests:
            guest.kill()

    def install(self) -> None:
        """Install as a person does, by systemd/install.sh on the booted system, unless this very product is there."""
        made_of = self.installed.with_suffix(".made-of")
        if made_of.exists() and made_of.read_text() == self._wanted:
            return
        made_of.unlink(missing_ok=True)
        print("Installing in the virtual machine, once for each state of the tree.", file=sys.stderr, flush=True)
        guest = self.guest(copy(self._system / "disk.img", self.installed), "cache=unsafe")
        guest.boot()
        guest.run(f"mkdir -p /etc/matpi; cat >/etc/matpi/matpi.toml <<'end'\n{CONFIG}end")
        guest.run(f"{UNPACK}; {INSTALL} install", seconds=3600.0)
        guest.power_off()
        made_of.write_text(self._wanted)


@contextmanager
def machine() -> Iterator[Machine]:
    """Make the image and the installed disk, each if it is not there, and a temporary folder beside them.

    A GuestError ends the program with its text.
    """
    system = image()
    with tempfile.TemporaryDirectory(prefix="matpi-guest-", dir=system.parent) as name:
        made = Machine(Path(name), system)
        try:
            made.install()
            yield made
        except GuestError as error:
            raise SystemExit(f"matpi: {error}") from None
        finally:
            made.end()


def has_kvm() -> bool:
    """Return whether the processor has what KVM needs too; a /dev/kvm alone may run special guests only."""
    flags = set(Path("/proc/cpuinfo").read_text().split())
    return os.access("/dev/kvm", os.W_OK) and bool(flags & {"vmx", "svm"})


class Guest:
    """Runs from `boot` until `kill` or `power_off`; `folder` takes its sockets and its console's text."""

    def __init__(self, system: Path, disk: Path, tar: Path, folder: Path, *, drive: str, exact: bool = False) -> None:
        """`drive`: how qemu treats the disk, such as cache=directsync or snapshot=on.

        Where there is no KVM, and with `exact`, the guest's time follows its instructions, 2 ns each, so that no
        time-out of the guest depends on how busy this machine is. With `exact` it is 1 ns, since a pulse at a pin is a
        system call and may take 60 us; and time jumps ahead while the guest has nothing to do, so that no sleep in it
        is too long either.
        """
        kvm = has_kvm() and not exact
        ticks = "shift=0,sleep=off" if exact else "shift=1"
        processor = ("kvm", "-smp", "2") if kvm else ("tcg,thread=single", "-icount", ticks)
        self.console = folder / "console.txt"
        self._socket, self._monitor = folder / "shell.sock", folder / "monitor.sock"
        self._command = [
            *("qemu-system-x86_64", "-accel", *processor, "-cpu", "max", "-m", str(MEMORY_MB)),
            *("-nodefaults", "-no-user-config", "-display", "none", "-nic", "none"),
            *("-kernel", str(system / "vmlinuz"), "-initrd", str(system / "initrd.img")),
            *("-append", f"root=/dev/vda rw console=ttyS0 8250.nr_uarts=2 mitigations=off module_blacklist={UNUSED}"),
            *("-drive", f"file={disk},format=raw,if=virtio,{drive}"),
            *("-drive", f"file={tar},format=raw,if=virtio,readonly=on"),
            *("-serial", f"file:{self.console}"),
            *("-serial", f"unix:{self._socket},server=on,wait=on"),
            *("-monitor", f"unix:{self._monitor},server=on,wait=off"),
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self._shell = socket.socket()
        self._rest = b""
        self._numbers = itertools.count(1)

    def boot(self) -> None:
        """Switch it on, and wait for its shell."""
        self._begin()
        self.wait_for_shell()

    def resume(self, state: Path) -> None:
        """Go on from where `freeze` has left it; its disk must be as it was then."""
        self._begin("-incoming", f"exec:cat {state}")

    def freeze(self, state: Path) -> None:
        """Write the running machine to a file, and end it."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self._monitor))
            monitor.sendall(f'migrate_set_parameter max-bandwidth 8G\nmigrate "exec:cat > {state}"\n'.encode())
            end, said = time.monotonic() + BOOT_S, b""
            while b"completed" not in said:
                if time.monotonic() > end:
                    raise GuestError(f"The machine could not be written to a file: {said.decode(errors='replace')}")
                monitor.sendall(b"info migrate\n")
                time.sleep(0.5)
                said = monitor.recv(65536)
        self.kill()

    def _begin(self, *more: str) -> None:
        self._rest = b""
        self._socket.unlink(missing_ok=True)
        self._process = subprocess.Popen([*self._command, *more], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        end = time.monotonic() + BOOT_S
        while not self._socket.exists():
            if self._process.poll() is not None or time.monotonic() > end:
                raise GuestError(f"qemu did not start: {self._process.communicate()[1].decode()}")
            time.sleep(0.05)
        self._shell = socket.socket(socket.AF_UNIX)
        self._shell.connect(str(self._socket))

    def wait_for_shell(self) -> None:
        """Wait until the guest has booted, after `boot` or a reboot."""
        for line in self.lines(BOOT_S):
            if line == "@shell":
                return
        raise GuestError(f"The guest did not boot; its console: {self.console.read_text(errors='replace')[-2000:]}")

    def lines(self, seconds: float) -> Iterator[str]:
        """Yield what the shell prints, line by line, until the guest ends or the time is over."""
        end = time.monotonic() + seconds
        while True:
            while b"\n" in self._rest:
                line, _, self._rest = self._rest.partition(b"\n")
                yield line.decode(errors="replace").rstrip("\r")
            if not select.select([self._shell], [], [], max(0.0, end - time.monotonic()))[0]:
                return
            more = self._shell.recv(65536)
            if not more:
                return
            self._rest += more

    def start(self, script: str) -> str:
        """Hand a script to the shell; return the mark of the line that follows its output."""
        mark = f"@end{next(self._numbers)}"
        self._shell.sendall(f"(\n{script}\n) </dev/null 2>&1; env printf '\\n%s\\n' \"{mark} $?\"\n".encode())
        return mark

    def run(self, script: str, *, fails: bool = False, seconds: float = BOOT_S) -> str:
        """Return what a script printed. Raises GuestError when it fails, or with `fails` when it does not."""
        mark = self.start(script)
        said: list[str] = []
        for line in self.lines(seconds):
            if line.startswith(mark):
                if (line != f"{mark} 0") != fails:
                    raise GuestError("\n".join((f"ended with {line.split()[1]}: {script}", *said)))
                return "\n".join(said).strip()
            said.append(line)
        raise GuestError("\n".join((f"no end after {seconds:.0f} s: {script}", *said)))

    def wait(self, script: str, *, seconds: float = 120.0) -> None:
        """Wait until a script, tried every half second, ends well. Raises GuestError."""
        tries = f"n=0; until {{ {script}\n}}; do n=$((n + 1)); [ $n -lt {2 * seconds:.0f} ] || exit 1; sleep 0.5; done"
        self.run(tries, seconds=10 * seconds)

    def fetch(self, path: str) -> bytes:
        """Return a file of the guest."""
        return base64.b64decode(self.run(f"base64 {path}"))

    def kill(self) -> list[str]:
        """Cut the power: SIGKILL for qemu. Returns what had still come from the shell."""
        if self._process is None:
            return []
        self._process.kill()
        self._process.communicate()
        self._process = None
        left = list(self.lines(10.0))
        self._shell.close()
        return left

    def power_off(self) -> None:
        """Shut it down in order."""
        self.start("systemctl poweroff")
        if self._process is not None:
            self._process.wait(BOOT_S)
        self.kill()
