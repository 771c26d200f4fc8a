"""Collect the facts of this machine for `matpi doctor`. Never raises; a failure is a fact, too."""

from __future__ import annotations

import errno
import fcntl
import getpass
import grp
import os
import platform
import re
import resource
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import metadata, util
from pathlib import Path
from typing import Any, Final

from matpi.config import Config
from matpi.drivers.clock import BOARD, SYNCHRONIZED, KernelClock
from matpi.drivers.facts import BusFacts, ButtonFacts, ClockFacts, DiskFacts, GpioFacts, HostFacts
from matpi.drivers.pins import GPIOCHIPS, HEADER_CHIPS
from matpi.errors import MatpiError

BUS_LIMIT_S: Final = 3.0  # a scan takes 0.03 s at 100 kHz; a held line up to 1 s a call (the kernel's time-out)
PRESS_WATCH_S: Final = 0.5  # chosen: longer than any bounce
RUN_LIMIT_S: Final = 2.0
NO_ANSWER: Final = {errno.ENXIO, errno.EREMOTEIO, errno.EIO}  # Linux, Documentation/i2c/fault-codes.rst
READ_ONLY_ADDRESSES: Final = {*range(0x30, 0x38), *range(0x50, 0x60)}  # a write may upset an EEPROM (as i2cdetect)

LIBRARIES: Final = (
    "adafruit-circuitpython-hx711", "Adafruit-Blinka", "gpiozero", "lgpio", "luma.oled", "smbus2", "spidev", "pillow",
    "transitions", "msgspec", "starlette", "uvicorn",
)  # fmt: skip
_OTHER_NAMES: Final = {"lgpio": "adafruit-lgpio"}
CHIP_INFO: Final = struct.Struct("32s32sI")
# GPIO_GET_CHIPINFO_IOCTL of <linux/gpio.h>: name, label, number of lines.
GET_CHIP_INFO: Final = 0x80000000 | CHIP_INFO.size << 16 | 0xB4 << 8 | 0x01
CAP_SYS_NICE: Final = 1 << 23


class HostProbe:
    """The Probe of a real machine. `root` replaces /; `pins` makes a pin factory or raises MatpiError."""

    def __init__(
        self,
        pins: Callable[[], Any] | None = None,
        *,
        root: Path = Path("/"),
        open_bus: Callable[[int], Any] | None = None,
        label: Callable[[Path], str] | None = None,
        run: Callable[[list[str]], str] | None = None,
        synchronised: Callable[[], bool] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        bus_limit_s: float = BUS_LIMIT_S,
    ) -> None:
        self._pins, self._root, self._bus_limit_s = pins, root, bus_limit_s
        self._open_bus, self._label, self._run = open_bus or _smbus, label or chip_label, run or _output
        self._synchronised, self._sleep = synchronised or KernelClock().synchronised, sleep

    def __call__(self, config: Config, store: Path, *, touch: bool) -> HostFacts:
        """Collect all facts in at most BUS_LIMIT_S + PRESS_WATCH_S + RUN_LIMIT_S."""
        gpio = self.gpio()
        panel = config.panel
        uses_spi = config.scale.driver == "spi"
        return HostFacts(
            user=_user(),
            root=os.geteuid() == 0,
            groups=_groups(),
            known_groups=frozenset(_known_groups()),
            gpio=gpio,
            button=self.button(config.button.pin) if touch and gpio.header and config.button.driver != "none" else None,
            bus=self.bus(panel.port, panel.address) if touch and panel.driver != "none" else None,
            spi_faults=self.spi([(c.bus, c.device) for c in config.scale.spi]) if uses_spi else None,
            clock=self.clock(),
            disk=disk(store),
            throttled=self.throttled(),
            temperature_c=self.temperature_c(),
            realtime=self.realtime(),
            model=_text(self._at(BOARD)).rstrip("\0 \n"),
            kernel=platform.release(),
            python=platform.python_version(),
            libraries={name: version(name) for name in LIBRARIES},
        )

    def gpio(self) -> GpioFacts:
        header, others = "", 0
        denied: list[str] = []
        for number in range(GPIOCHIPS):
            node = self._at(f"/dev/gpiochip{number}")
            try:
                label = self._label(node)
            except PermissionError:
                denied.append(f"/dev/gpiochip{number}")
            except OSError:
                continue
            else:
                header = header or (label if label in HEADER_CHIPS else "")
                others += label not in HEADER_CHIPS
        return GpioFacts(header, tuple(denied), others)

    def button(self, pin: int) -> ButtonFacts:
        """Watch the pin, pulled up, for PRESS_WATCH_S, then free it."""
        if self._pins is None:
            return ButtonFacts(fault="no GPIO library was given")
        import gpiozero

        try:
            with gpiozero.Button(pin, pull_up=True, bounce_time=None, pin_factory=self._pins()) as button:
                for _ in range(10):
                    self._sleep(PRESS_WATCH_S / 10)
                    if not button.is_pressed:
                        return ButtonFacts()
                return ButtonFacts(pressed=True)
        except MatpiError as error:
            return ButtonFacts(fault=str(error))
        except Exception as error:  # noqa: BLE001  gpiozero's back ends raise their libraries' own kinds
            return ButtonFacts(fault=f"GPIO {pin} cannot be used ({error})")

    def bus(self, port: int, address: int) -> BusFacts:
        """Return who answers on /dev/i2c-`port`, within `bus_limit_s`.

        A Pi is scanned; on another computer only `address` is asked: its buses carry memory modules and batteries.
        """
        found: list[int] = []
        done: list[BusFacts] = []
        scanned = range(0x08, 0x78) if self._at(BOARD).exists() else ()
        asked = [address, *(other for other in scanned if other != address)]
        # In a daemon thread, because a call into a held bus cannot be cancelled.
        thread = threading.Thread(target=lambda: done.append(self._ask(port, asked, found)), name="i2c", daemon=True)
        thread.start()
        thread.join(self._bus_limit_s)
        return done[0] if done else BusFacts(tuple(found), "hung", f"no end after {self._bus_limit_s:g} s")

    def _ask(self, port: int, asked: list[int], found: list[int]) -> BusFacts:
        bus = None
        try:
            bus = self._open_bus(port)
            found.extend(address for address in asked if _answers(bus, address))
            return BusFacts(tuple(sorted(found)))
        except FileNotFoundError:
            return BusFacts(fault="absent")
        except PermissionError:
            return BusFacts(fault="denied")
        except ImportError as error:
            return BusFacts(fault="library", why=str(error))
        except TimeoutError as error:
            return BusFacts(tuple(found), "hung", str(error))
        except Exception as error:  # noqa: BLE001  a fault of any library is a fact
            return BusFacts(tuple(found), "other", str(error) or type(error).__name__)
        finally:
            if bus is not None:
                with suppress(Exception):
                    bus.close()

    def spi(self, chips: list[tuple[int, int]]) -> dict[str, str]:
        faults: dict[str, str] = {}
        for number, device in chips:
            node = self._at(name := f"/dev/spidev{number}.{device}")
            usable = os.access(node, os.R_OK | os.W_OK)
            faults[name] = "" if usable else "denied" if node.exists() else "absent"
        return faults

    def clock(self) -> ClockFacts:
        kernel = False
        with suppress(Exception):
            kernel = self._synchronised()
        return ClockFacts(
            board=self._at(BOARD).exists(),
            service=self._at(SYNCHRONIZED).exists(),
            kernel=kernel,
            battery=self._at("/sys/class/rtc/rtc0").exists(),
        )

    def throttled(self) -> int | None:
        bits = _text(self._at("/sys/devices/platform/soc/soc:firmware/get_throttled"))
        if not bits:
            with suppress(OSError, subprocess.SubprocessError):
                bits = self._run(["vcgencmd", "get_throttled"]).strip().removeprefix("throttled=")
        with suppress(ValueError):
            return int(bits, 16)
        for folder in self._all("/sys/class/hwmon/hwmon*"):
            if _text(folder / "name").strip() == "rpi_volt":
                # The kernel driver shows bit 16, under-voltage since boot (drivers/hwmon/raspberrypi-hwmon.c).
                return 0x10000 if _text(folder / "in0_lcrit_alarm").strip() == "1" else 0
        return None

    def temperature_c(self) -> float | None:
        zones = self._all("/sys/class/thermal/thermal_zone*")
        processor = [z for z in zones if _text(z / "type").strip() in {"cpu-thermal", "x86_pkg_temp"}]
        for zone in [*processor, *zones]:
            with suppress(ValueError):
                return int(_text(zone / "temp")) / 1000
        return None

    def realtime(self) -> bool:
        capabilities = re.search(r"^CapEff:\s*([0-9a-f]+)$", _text(self._at("/proc/self/status")), re.MULTILINE)
        if capabilities is not None and int(capabilities[1], 16) & CAP_SYS_NICE:
            return True
        return resource.getrlimit(resource.RLIMIT_RTPRIO)[0] != 0

    def _at(self, path: str | Path) -> Path:
        return self._root / str(path).lstrip("/")

    def _all(self, pattern: str) -> list[Path]:
        with suppress(OSError):
            return sorted(self._root.glob(pattern.lstrip("/")))
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _answers(bus: Any, address: int) -> bool:
    try:
        if address in READ_ONLY_ADDRESSES:
            bus.read_byte(address)
        else:
            bus.write_quick(address)
    except OSError as error:
        if error.errno in NO_ANSWER:
            return False
        if error.errno == errno.EBUSY:  # a kernel driver uses it
            return True
        raise
    return True


def _smbus(port: int) -> Any:
    import smbus2

    return smbus2.SMBus(port)


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=RUN_LIMIT_S, check=True).stdout


def chip_label(node: Path) -> str:
    """Return the label of the GPIO chip behind a device node. Raises OSError."""
    fd = os.open(node, os.O_RDWR | os.O_CLOEXEC)
    try:
        info = fcntl.ioctl(fd, GET_CHIP_INFO, bytes(CHIP_INFO.size))
    finally:
        os.close(fd)
    label: bytes = CHIP_INFO.unpack(info)[1]
    return label.rstrip(b"\0").decode(errors="replace")


def disk(store: Path) -> DiskFacts:
    """Return the facts of the folder that holds the log, or will hold it."""
    folder = store.absolute().parent
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        found = os.statvfs(folder)
    except OSError as error:
        return DiskFacts(str(folder), fault=error.strerror or str(error))
    return DiskFacts(str(folder), found.f_bavail * found.f_frsize, bool(found.f_flag & os.ST_RDONLY))


def version(name: str) -> str:
    """Return the version as in HostFacts.libraries. A Debian package may have none."""
    for known in (name, _OTHER_NAMES.get(name, name)):
        with suppress(metadata.PackageNotFoundError):
            return metadata.version(known)
    try:
        return "?" if util.find_spec(name) is not None else ""
    except (ImportError, ValueError):
        return ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def _groups() -> frozenset[str]:
    names = set()
    for number in {*os.getgroups(), os.getegid()}:
        with suppress(KeyError):
            names.add(grp.getgrgid(number).gr_name)
    return frozenset(names)


def _known_groups() -> Iterator[str]:
    for name in ("gpio", "i2c", "spi"):
        with suppress(KeyError):
            yield grp.getgrnam(name).gr_name
