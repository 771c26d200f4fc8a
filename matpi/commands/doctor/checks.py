"""Judge the facts of a host: pure functions, each returns a `Check`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import Final

from msgspec import Struct

from matpi import __version__
from matpi.config import Config, ScaleConfig
from matpi.drivers.facts import BusFacts, ButtonFacts, ClockFacts, DiskFacts, GpioFacts, HostFacts, PanelFacts


class Verdict(StrEnum):
    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIPPED = "SKIPPED"


class Check(Struct, frozen=True):
    """A verdict on `part` and `name`, both stable: `what` was measured, with its unit; what to `do`."""

    part: str
    name: str
    verdict: Verdict
    what: str
    do: str = ""

    def __post_init__(self) -> None:
        if self.verdict in {Verdict.WARN, Verdict.FAIL} and not self.do:
            raise ValueError(f"{self.part} {self.name}: {self.verdict} without what to do")

    @property
    def sentence(self) -> str:
        return f"{self.what}; {self.do}." if self.do else self.what


OK, WARN, FAIL, SKIPPED = Verdict.OK, Verdict.WARN, Verdict.FAIL, Verdict.SKIPPED

ROOM_WARN_MB, ROOM_FAIL_MB = 100, 10
"""Chosen: ten years of three sessions a day are 2 MB (measured, store/file.py), the log of writes 4 MB at most."""
HOT_C, TOO_HOT_C = 80.0, 85.0
"""A Pi slows down from 80 degC on and harder at 85 (Raspberry Pi documentation, frequency management)."""
STUCK_ANSWERS: Final = 100  # of 112 addresses: with the data line held low every one of them seems to answer
STUB = "0.0.0"
"""The release of lgpio on the Python package index that pip takes where there is no wheel; it does nothing."""


def split(sentence: str, otherwise: str = "") -> tuple[str, str]:
    """Return what, and what to do: our own errors are "what; do."."""
    what, found, do = sentence.rstrip(".").partition("; ")
    return what, do if found else otherwise


NO_HEADER_DO = "on a computer without a header run `matpi sim`; on a Pi update the system, its header was not found"
LOST_DO = "find why in `journalctl -u matpi`; it is tried again every 5 s, so no restart is needed"


def _wired(config: Config) -> list[str]:
    """Return the parts that the GPIO header is needed for."""
    uses = {"load cells": config.scale.driver == "adafruit", "button": config.button.driver == "gpio"}
    uses["LED"] = config.lamp.driver == "gpio"
    return [part for part, wired in uses.items() if wired]


def gpio(config: Config, facts: GpioFacts | None) -> Check:
    check = partial(Check, "gpio", "header")
    users = _wired(config)
    if not users:
        return check(SKIPPED, "no part is wired to it")
    if facts is None:
        return check(SKIPPED, "not known here")
    if facts.header:
        return check(OK, f"{facts.header}, open to this user")
    if facts.denied:
        what = f"{', '.join(facts.denied[:3])} may not be opened by this user, and the {users[0]} need it"
        return check(FAIL, what, "add this user to the group gpio and log in again, or use sudo")
    more = f" ({facts.others} GPIO chips that are no Pi's)" if facts.others else ""
    return check(FAIL, f"no GPIO header on this computer{more}", NO_HEADER_DO)


def button(config: Config, facts: ButtonFacts | None, *, running: bool, lost: bool = False) -> Check:
    """Judge the level of the button's line. `lost`: the running device cannot use it."""
    check, pin = partial(Check, "button", "level"), config.button.pin
    if config.button.driver == "none":
        return check(SKIPPED, "none configured")
    if lost:
        return check(FAIL, f"the running device cannot use GPIO {pin}", LOST_DO)
    if facts is None:
        return check(SKIPPED, "the running device holds its line" if running else "no header to see it on")
    if facts.fault:
        do = "stop what else uses this line, or correct pin in [button] and factory in [gpio]"
        return check(FAIL, facts.fault.rstrip("."), do)
    if facts.pressed:
        do = f"let it go; if nobody holds it, look for a short between GPIO {pin} and ground"
        return check(WARN, f"GPIO {pin} reads pressed all the while", do)
    return check(OK, f"GPIO {pin} reads released")


def lamp(config: Config, *, lost: bool = False) -> Check:
    """Judge the LED, which nothing can measure. `lost`: the running device cannot use it."""
    check = partial(Check, "lamp", "light")
    if config.lamp.driver == "none":
        return check(SKIPPED, "none configured")
    if lost:
        return check(FAIL, f"the running device cannot use GPIO {config.lamp.pin}", LOST_DO)
    return check(SKIPPED, f"GPIO {config.lamp.pin}; only an eye can see it")


def panel(config: Config, facts: BusFacts | None, live: PanelFacts | None) -> Check:
    check, given = partial(Check, "panel", "answer"), config.panel
    if given.driver == "none":
        return check(SKIPPED, "none configured")
    where = f"0x{given.address:02X} on /dev/i2c-{given.port}"
    if live is not None and live.lost:
        what = live.trouble.rstrip(".") or f"the {given.driver} is lost"
        return check(FAIL, what, "look at its four wires; it comes back by itself")
    if live is not None:
        return check(OK, f"{given.driver} at {where}, {live.frames} frames drawn")
    if facts is None:
        return check(SKIPPED, "left to the running device")
    others = ", ".join(f"0x{a:02X}" for a in facts.answers if a != given.address)
    if len(facts.answers) >= STUCK_ANSWERS:
        what = f"{len(facts.answers)} addresses seem to answer on /dev/i2c-{given.port}: its data line is held low"
        return check(FAIL, what, "unplug the panel and run again; look for a short between SDA and ground")
    if facts.fault:
        what, do = {
            "absent": (f"/dev/i2c-{given.port} does not exist", "run `sudo raspi-config nonint do_i2c 0` and reboot"),
            "denied": (f"/dev/i2c-{given.port} may not be opened by this user", "add it to the group i2c, or use sudo"),
            "library": (f"no I2C library ({facts.why})", "reinstall matpi with `make upgrade`"),
            "hung": (f"the bus hangs ({facts.why})", "switch the power off and on; if it stays, unplug the panel"),
        }.get(facts.fault, (f"the bus fails ({facts.why})", "look at the wires of SDA and SCL"))
        return check(FAIL, what, f'{do}; without a panel set driver = "none" in [panel]')
    if given.address in facts.answers:
        return check(OK, f"answers at {where}" + (f"; so does {others}" if others else ""))
    if others:
        do = "if one of them is the panel, set address in [panel] to it; else look at its wires"
        return check(FAIL, f"no answer at {where}, but from {others}", do)
    return check(FAIL, f"no answer at {where}, nor from anybody", "look at its four wires: VCC, GND, SDA, SCL")


def clock(facts: ClockFacts | None) -> Check:
    check = partial(Check, "clock", "trust")
    if facts is None:
        return check(SKIPPED, "not known here")
    if facts.service or facts.kernel:
        by = "systemd-timesyncd had an answer since boot" if facts.service else "a time service keeps it"
        return check(OK, f"trusted: {by}")
    if not facts.board:
        return check(OK, "trusted: this computer's clock runs on when it is off")
    battery = "though there is a battery clock" if facts.battery else "and there is no battery clock"
    what = f"not trusted: no time service has answered since boot, {battery}"
    return check(WARN, what, "connect the network and look at `timedatectl`; until then no reminder comes")


def disk(facts: DiskFacts | None) -> list[Check]:
    room, writable = partial(Check, "disk", "room"), partial(Check, "disk", "writable")
    if facts is None:
        return [room(SKIPPED, "not known here"), writable(SKIPPED, "not known here")]
    if facts.fault:
        do = "run as the user of the service (sudo -u matpi), or correct path in [store]"
        return [room(FAIL, f"{facts.folder}: {facts.fault}", do), writable(SKIPPED, "see above")]
    free_mb = facts.free_bytes / 1e6
    what = f"{free_mb:,.0f} MB free in {facts.folder}"
    verdict = FAIL if free_mb < ROOM_FAIL_MB else WARN if free_mb < ROOM_WARN_MB else OK
    do = "" if verdict is OK else "make room: sessions cannot be kept on a full disk"
    has_room = room(verdict, what, do)
    if facts.read_only:
        do = "run `sudo mount -o remount,rw /`, or switch the overlay off in raspi-config; a dying card does it, too"
        return [has_room, writable(FAIL, f"{facts.folder} is mounted read-only", do)]
    return [has_room, writable(OK, "mounted for reading and writing")]


def groups(config: Config, facts: HostFacts) -> Check:
    check = partial(Check, "user", "groups")
    wanted = {
        "gpio": bool(_wired(config)),
        "i2c": config.panel.driver != "none",
        "spi": config.scale.driver == "spi",
    }
    needed = [group for group, needs in wanted.items() if needs]
    if not facts.user:
        return check(SKIPPED, "not known here")
    if facts.root:
        return check(OK, "root may use every part")
    if not needed:
        return check(OK, f"{facts.user} needs none")
    known = [group for group in needed if group in facts.known_groups]
    if not known:
        return check(SKIPPED, f"this computer has no group {' or '.join(needed)}")
    if missing := [group for group in known if group not in facts.groups]:
        do = f"run `sudo usermod -aG {','.join(missing)} {facts.user}`, then log in again"
        return check(WARN, f"{facts.user} is not in {', '.join(missing)}", do)
    return check(OK, f"{facts.user} is in {', '.join(known)}")


def spi(config: Config, faults: Mapping[str, str] | None) -> Check:
    check = partial(Check, "spi", "nodes")
    if config.scale.driver != "spi":
        return check(SKIPPED, "no chip is wired to it")
    if faults is None:
        return check(SKIPPED, "not known here")
    bad = {node: why for node, why in faults.items() if why}
    if not bad:
        return check(OK, f"{', '.join(faults)}, open to this user")
    what = ", ".join(
        f"{node} {'does not exist' if why == 'absent' else 'may not be opened'}" for node, why in bad.items()
    )
    if "absent" in bad.values():
        do = "run `sudo raspi-config nonint do_spi 0` and reboot; SPI1 needs dtoverlay=spi1-1cs in config.txt as well"
        return check(FAIL, what, do)
    return check(FAIL, what, "add this user to the group spi and log in again, or use sudo")


def realtime(allowed: bool | None, scheduling: str | None) -> Check:
    """Judge the reader's priority; `scheduling` is what the running one got, None when no device runs."""
    check = partial(Check, "user", "realtime")
    if scheduling is not None:
        if scheduling.lower().startswith("fifo"):
            return check(OK, f"the reader has it ({scheduling})")
        # hx711 in a process of its own under load: 99.7 % good samples with SCHED_FIFO, 98.3 % without.
        do = "set CPUSchedulingPolicy=fifo and LimitRTPRIO=50 in the unit; without it more samples are lost under load"
        return check(WARN, f"the reader has an ordinary priority ({scheduling or 'not known'})", do)
    if allowed is None:
        return check(SKIPPED, "not known here")
    if allowed:
        return check(OK, "allowed to this user")
    return check(SKIPPED, "not allowed to this user (RLIMIT_RTPRIO 0); the service has a limit of its own")


def power(throttled: int | None) -> Check:
    check = partial(Check, "power", "voltage")
    do = "use a supply of 5.1 V with a short thick cable: low voltage spoils the load cells and the card"
    if throttled is None:
        return check(SKIPPED, "not known here")
    if throttled & 0x1:
        return check(FAIL, f"under 4.63 V at this moment (0x{throttled:X})", do)
    if throttled & 0x10000:
        return check(WARN, f"was under 4.63 V since boot (0x{throttled:X})", do)
    return check(OK, f"never too low since boot (0x{throttled:X})")


def temperature(celsius: float | None) -> Check:
    check = partial(Check, "board", "temperature")
    if celsius is None:
        return check(SKIPPED, "not known here")
    verdict = FAIL if celsius >= TOO_HOT_C else WARN if celsius >= HOT_C else OK
    do = "" if verdict is OK else "give it air or a heat sink, and keep it off the mat: warm cells drift"
    return check(verdict, f"{celsius:.0f} degC", do)


def versions(facts: HostFacts) -> Check:
    kernel = f", Linux {facts.kernel}" if facts.kernel else ""
    python = f", Python {facts.python}" if facts.python else ""
    model = f", {facts.model}" if facts.model else ", no Raspberry Pi"
    return Check("matpi", "versions", OK, f"matpi {__version__}{python}{kernel}{model}")


def libraries(scale: ScaleConfig, versions: Mapping[str, str]) -> Check:
    check = partial(Check, "matpi", "libraries")
    if not versions:
        return check(SKIPPED, "not known here")
    spare = {"spidev"} if scale.driver != "spi" else set()
    if scale.driver == "sim":
        spare |= {"lgpio"}
    missing = [n for n, v in versions.items() if not v and n not in spare]
    stub = versions.get("lgpio", "").startswith(STUB) and "lgpio" not in spare
    if not missing and not stub:
        return check(OK, ", ".join(f"{n} {v}" for n, v in versions.items() if v))
    debian = [f"python3-{n}" for n in ("lgpio", "spidev") if n in missing or (n == "lgpio" and stub)]
    what = f"missing: {', '.join(missing)}" if missing else f"lgpio {versions['lgpio']} is an empty stub"
    do = f"run `sudo apt install {' '.join(debian)}`" if debian else "reinstall matpi with `make upgrade`"
    return check(FAIL, what, do)
