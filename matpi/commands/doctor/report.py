"""`matpi doctor`: every part in about ten seconds, from the running device's own figures or by trying the parts."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import Enum, auto
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

import msgspec

from matpi import __version__
from matpi import config as config_file
from matpi.commands.doctor import checks, scale
from matpi.commands.doctor.checks import FAIL, OK, SKIPPED, WARN, Check, Verdict
from matpi.config import Config
from matpi.core.events import Counted, Event, SensorLost
from matpi.core.plan.custom_plan import course_of
from matpi.drivers.facts import Probe, ScaleFacts, Status
from matpi.errors import ConfigError, MatpiError, StoreBusyError, StoreError
from matpi.paths import zone_doubts
from matpi.ports import PutCounted

STATUS_PATH: Final = Path("/run/matpi/status.json")
FRESH_S: Final = 15.0
"""Three times the interval at which the running device writes."""
WATCH_S: Final = 8.0
"""80 samples of a chip at 10/s, less the half second it settles."""
STATUS_LIMIT_BYTES: Final = 1 << 20
PIPED_WIDTH: Final = 400  # chosen: one line a check where nobody looks


class WatchedScale(Protocol):
    """A `ports.Scale` that tells of itself: `report()` has the fields of ScaleFacts, more do no harm."""

    def start(self, put: PutCounted) -> None: ...
    def stop(self) -> None: ...
    def report(self) -> Any: ...


class Life(Enum):
    RUNNING = auto()
    HUNG = auto()
    """The process is there and writes no more."""
    GONE = auto()
    UNKNOWN = auto()
    """The file is there and tells nothing."""


@dataclass(frozen=True, slots=True)
class Device:
    """The device as its status file shows it; `status` is there unless GONE or UNKNOWN."""

    life: Life
    status: Status | None = None
    age_s: float = 0.0
    why: str = ""


def running(pid: int) -> bool:
    """There is a process of this number, and it is a matpi: numbers are given again."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    try:
        return b"matpi" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def read_device(
    path: Path, *, now: Callable[[], float] = time.monotonic, alive: Callable[[int], bool] = running
) -> Device:
    """Never raises. What is stale is told apart by whether its process still lives."""
    try:
        with path.open("rb") as file:
            status = msgspec.json.decode(file.read(STATUS_LIMIT_BYTES), type=Status)
    except FileNotFoundError:
        return Device(Life.GONE)
    except PermissionError:
        return Device(Life.UNKNOWN, why=f"{path} may not be read by this user")
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
        return Device(Life.UNKNOWN, why=f"{path} cannot be read ({error})")
    age_s = now() - status.written_mono
    if not alive(status.pid):
        return Device(Life.GONE, age_s=age_s, why=f"its process {status.pid} has ended")
    return Device(Life.RUNNING if -1.0 <= age_s <= FRESH_S else Life.HUNG, status, age_s)


def read_config(path: Path | None) -> tuple[Config, Check]:
    """The config, or the defaults when it is wrong: then the check tells what is."""
    try:
        config = config_file.load(path)
    except ConfigError as error:
        what, do = _split(str(error), "correct the file")
        return Config(), Check("config", "file", FAIL, what, f"{do} (what follows assumes the defaults)")
    return config, Check("config", "file", OK, "no file, so all defaults" if path is None else f"{path} is right")


def run_doctor(
    config: Config,
    status_path: Path = STATUS_PATH,
    *,
    scale: WatchedScale | None = None,
    probe: Probe,
    seconds: float = WATCH_S,
    store_path: Path | None = None,
    config_check: Check | None = None,
    alive: Callable[[int], bool] = running,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Check]:
    """All checks, always the same parts and names in the same order for one config.

    `scale`, not yet started, is watched for `seconds` only while no device runs; it is stopped again. Without it, and
    with a running device, nothing is tried that the device might be using.
    """
    store = store_path or Path(config.store.path)
    device = read_device(status_path, now=now, alive=alive)
    status = device.status if device.life is Life.RUNNING else None
    hands_off = device.life is not Life.GONE
    begun = now()
    watched = None if hands_off or scale is None else _Watched(scale)
    try:
        host = probe(config, store, touch=not hands_off)
        logs, calibrated, slopes = log_checks(store)
        if watched is not None and watched.going:
            sleep(max(0.0, seconds - (now() - begun)))
    finally:
        facts = None if watched is None else watched.end()
    if status is not None:
        facts, calibrated, slopes = status.scale, status.calibrated, status.counts_per_kg or slopes
    lost = () if status is None else status.lost
    return [
        _config_check(config_check, config, store),
        *device_checks(device),
        *_scale_checks(config, facts, slopes, calibrated, status, _why_not(device, config)),
        checks.panel(config, host.bus, None if status is None else status.panel),
        checks.gpio(config, host.gpio),
        checks.button(config, host.button, running=hands_off, lost="button_lost" in lost),
        checks.lamp(config, lost="lamp_lost" in lost),
        checks.clock(host.clock),
        *checks.disk(host.disk),
        *logs,
        *upstream_checks(config, store, {} if status is None else status.upstream),
        checks.groups(config, host),
        checks.spi(config, host.spi_faults),
        checks.realtime(host.realtime, None if status is None or status.scale is None else status.scale.scheduling),
        checks.power(host.throttled),
        checks.temperature(host.temperature_c),
        checks.versions(host),
        checks.libraries(config.scale, host.libraries),
    ]


def report(checks: Sequence[Check], as_json: bool, say: Callable[[str], None]) -> int:
    """Say it all, as a table or as one JSON object; the exit code is 1 when something FAILs."""
    count = {verdict: sum(check.verdict is verdict for check in checks) for verdict in Verdict}
    code = 1 if count[FAIL] else 0
    if as_json:
        tallied = {str(verdict).lower(): count[verdict] for verdict in Verdict}
        listed = [asdict(check) for check in checks]
        say(json.dumps({"matpi": __version__, "ok": code == 0, "counts": tallied, "checks": listed}))
        return code
    say(_table(checks))
    things = count[FAIL] + count[WARN]
    say("All is well." if not things else f"{things} thing{'' if things == 1 else 's'} to look at.")
    return code


class _Watched:
    """A scale on its bench: started when made, and what its reader told at the end."""

    def __init__(self, scale: WatchedScale) -> None:
        self._scale = scale
        self._lost = ""
        self._trouble = ""
        try:
            scale.start(self._hear)
        except (MatpiError, OSError) as error:
            self._trouble = str(error)
        self.going = not self._trouble

    def _hear(self, event: Event | Counted) -> None:
        if isinstance(event, SensorLost):
            self._lost = event.why

    def end(self) -> ScaleFacts:
        if self._trouble:
            return ScaleFacts(trouble=self._trouble)
        try:
            told = msgspec.convert(self._scale.report(), ScaleFacts, from_attributes=True)
        except (MatpiError, OSError, msgspec.ValidationError) as error:
            told = ScaleFacts(trouble=f"the load cell reader tells nothing of use ({error})")
        finally:
            self._scale.stop()
        # A reader that finds no hardware is started again and again, and may look alive at this moment.
        heard = any(sum(chip.tally.values()) for chip in told.chips)
        return replace(told, alive=told.alive and (heard or not self._lost), trouble=told.trouble or self._lost)


def _why_not(device: Device, config: Config) -> str:
    if device.life is Life.HUNG:
        return "left alone: the hung device holds it"
    if device.life is Life.UNKNOWN:
        return "left alone: a device may be running"
    if device.life is Life.RUNNING:
        return "the device has not started it yet"
    return "simulated" if config.scale.driver == "sim" else "not tried"


def _scale_checks(
    config: Config,
    facts: ScaleFacts | None,
    slopes: tuple[float, ...],
    calibrated: bool | None,
    status: Status | None,
    why_not: str,
) -> list[Check]:
    chips = () if facts is None else facts.chips
    if facts is not None and not facts.alive and not any(sum(chip.tally.values()) for chip in chips):
        chips = ()  # nothing follows for a chip from a reader that could not start
    nominal = config.scale.counts_per_kg
    count = config.scale.channel_count
    slopes = slopes if len(slopes) == count else (nominal,) * count
    net_kg = None if status is None else status.net_kg
    checks = [scale.reader(facts, why_not)]
    for n in range(count):
        chip = chips[n] if n < len(chips) else None
        checks += scale.chip(n, config.scale, chip, abs(slopes[n]), net_kg)
    zero_kg = None if status is None else status.zero_kg
    word = "" if status is None else status.zero_word
    checks.append(scale.zero(zero_kg, word, calibrated=bool(calibrated)))
    checks.append(scale.calibration(calibrated=calibrated, per_kg=slopes))
    return checks


def device_checks(device: Device) -> list[Check]:
    """Does it run, and has it kept everything."""
    restart = "run `sudo systemctl restart matpi`"
    untold = Check("device", "kept", SKIPPED, "told by the running device only")
    status = device.status
    if device.life is Life.UNKNOWN:
        do = f"run again with sudo; if it stays, {restart}"
        return [Check("device", "running", WARN, f"cannot be told: {device.why}", do), untold]
    if device.life is Life.GONE or status is None:
        why = f": {device.why}" if device.why else ""
        return [Check("device", "running", SKIPPED, f"the device is not running{why}; the parts are tried"), untold]
    if device.life is Life.HUNG:
        what = f"process {status.pid} has not turned for {device.age_s:.0f} s"
        return [Check("device", "running", FAIL, what, f"{restart}, and look at `journalctl -u matpi`"), untold]
    what = f"matpi {status.version}, process {status.pid}, {status.state.lower().replace('_', ' ')}"
    if status.version != __version__:
        alive = Check("device", "running", WARN, f"{what}, but {__version__} is installed", restart)
    else:
        alive = Check("device", "running", OK, what)
    if status.unsaved:
        do = "look at the disk below; they are kept in memory, so do not switch off"
        return [alive, Check("device", "kept", FAIL, f"{status.unsaved} records are not on the disk yet", do)]
    what = f"nothing waits; {status.readings} readings, {status.rejected} rejected"
    return [alive, Check("device", "kept", OK, what)]


def _config_check(check: Check | None, config: Config, store: Path) -> Check:
    """`check`, and whether the config goes with the plan in the log."""
    from matpi.store.db import Store

    own_plan = ""
    with suppress(StoreError), Store.open(store, read_only=True) as log:
        own_plan = log.load().settings.own_plan
    wrong = config.unstored_minutes(own_plan)
    if check is None or check.verdict is not OK or not wrong:
        return check or Check("config", "file", SKIPPED, "not looked at")
    return Check("config", "file", WARN, *_split(wrong, ""))


def log_checks(store: Path) -> tuple[list[Check], bool | None, tuple[float, ...]]:
    """The log is opened read only: is it whole, can its values be used, is it calibrated (None: not known),
    counts/kg by channel.
    """
    from matpi.store.db import Store, is_unmade
    from matpi.store.opening import bare

    part, untold = "log", Check("log", "values", SKIPPED, "the log could not be read")
    try:
        if sentence := bare(store):
            return [Check(part, "whole", WARN, *_split(sentence, "")), untold], False, ()
        if is_unmade(store):
            whole = Check(part, "whole", OK, f"none yet; {store} is made at the first start")
            return [whole, replace(untold, what="nothing is stored yet")], False, ()
        with Store.open(store, read_only=True) as log:
            sessions, memory = len(log.sessions()), log.load()
    except StoreBusyError as error:
        return [Check(part, "whole", WARN, *_split(str(error), "try again later")), untold], None, ()
    except StoreError as error:
        return [Check(part, "whole", FAIL, *_split(str(error), "run again with sudo")), untold], None, ()
    checks = [Check(part, "whole", OK, f"{store}: {sessions} session{'' if sessions == 1 else 's'}, whole")]
    wrong = course_of(memory.settings.own_plan)[1]
    doubts = [*memory.doubts, *zone_doubts(memory.settings.zone), *([wrong] if wrong else [])]
    if doubts:
        what, do = _split(" ".join(doubts), "set it again with `matpi settings`")
        checks.append(Check(part, "values", WARN, what, do))
    else:
        checks.append(Check(part, "values", OK, f"all usable; the time zone is {memory.settings.zone}"))
    calibration = memory.calibration
    if calibration is None:
        return checks, False, ()
    return checks, not calibration.approximate, calibration.counts_per_kg


def upstream_troubles(path: Path = STATUS_PATH, *, alive: Callable[[int], bool] = running) -> Mapping[str, str]:
    """Sink -> what the running device says of its connection; nothing when none runs."""
    device = read_device(path, alive=alive)
    return device.status.upstream if device.life is Life.RUNNING and device.status is not None else {}


def upstream_checks(config: Config, store: Path, troubles: Mapping[str, str] = MappingProxyType({})) -> list[Check]:
    """What is sent on: a check a sink, and one that says so where nothing is. `troubles` are the running device's."""
    from matpi.commands import upstream, upstream_checks
    from matpi.drivers.clock import SystemClock

    found = upstream.statuses_of(store)
    if found is None and config.upstream.sinks:
        return [Check("upstream", sink.name, SKIPPED, "the log cannot be read") for sink in config.upstream.sinks]
    checks = upstream.checks_of(config.upstream.sinks, found or {}, trusted=SystemClock().trusted(), troubles=troubles)
    return checks or [upstream_checks.NONE]


def _split(sentence: str, otherwise: str) -> tuple[str, str]:
    """What, and what to do: our own errors are told as "what; do."."""
    what, found, do = sentence.rstrip(".").partition("; ")
    return what, do if found else otherwise


def _table(checks: Sequence[Check]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)
    styles = {OK: "green", WARN: "yellow", FAIL: "bold red", SKIPPED: "dim"}
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        told = f"{check.what}; {check.do}." if check.do else check.what
        table.add_row(Text(check.verdict, styles[check.verdict]), check.part, check.name, Text(told))
    with console.capture() as drawn:
        console.print(table)
    return "\n".join(line.rstrip() for line in drawn.get().splitlines())
