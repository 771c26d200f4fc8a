"""Run `matpi doctor`: judge every part, by the running device's own figures or by trying it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import msgspec
from msgspec.structs import asdict, replace

from matpi import __version__
from matpi import config as config_file
from matpi.commands import upstream
from matpi.commands.doctor import checks, running
from matpi.commands.doctor.checks import FAIL, OK, SKIPPED, WARN, Check, Verdict, split
from matpi.commands.doctor.running import STATUS_PATH, Device, Life
from matpi.commands.doctor.scale import scale_checks
from matpi.commands.editing import doubts
from matpi.commands.output import lines, say, table
from matpi.commands.target import board_log, config_path_of, parts_of
from matpi.config import Config
from matpi.core.events import Counted, Event, SensorLost
from matpi.core.plan.custom_plan import course_of
from matpi.drivers.facts import Probe, ScaleFacts
from matpi.errors import ConfigError, MatpiError, StoreBusyError, StoreError
from matpi.ports import PutCounted
from matpi.store.backups import damaged, found
from matpi.store.db import Store, bare, is_unmade
from matpi.words.phrases import count

WATCH_S: Final = 8.0  # 80 samples of a chip at 10/s, less the half second it settles
PIPED_WIDTH: Final = 400  # chosen: one line a check where no one looks
STYLES: Final[dict[str, str]] = {OK: "32", WARN: "33", FAIL: "1;31", SKIPPED: "2"}
"""Green, yellow, bold red, dim."""
UNREAD_CONFIG: Final = Check("config", "file", SKIPPED, "not looked at")


class WatchedScale(Protocol):
    """A `ports.Scale` that reports: `report()` has the fields of ScaleFacts, more do no harm."""

    def start(self, put: PutCounted) -> None: ...
    def stop(self) -> None: ...
    def report(self) -> Any: ...


def run(config_path: Path | None, store: Path | None, *, as_json: bool, board: bool) -> int:
    """Check every part and print the verdicts; returns the exit code."""
    config, check = read_config(config_path_of(config_path, board=board))
    parts, status_path = parts_of(config, board=board), STATUS_PATH
    if board:
        store = store or board_log()
        status_path = store.with_name("no-status.json")  # whatever runs on this computer is not this board
    found = run_doctor(
        config,
        status_path,
        scale=parts.scale(),
        probe=parts.probe,
        store_path=store,
        config_check=check,
        by_hand=not board,
    )
    return show(found, as_json=as_json)


def read_config(path: Path | None) -> tuple[Config, Check]:
    """Return the config, or the defaults when it is wrong: then the check has what is."""
    try:
        config = config_file.load(path)
    except ConfigError as error:
        what, do = split(str(error), "correct the file")
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
    config_check: Check = UNREAD_CONFIG,
    by_hand: bool = True,
    alive: Callable[[int], bool] = running.running,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Check]:
    """Return all checks, always the same parts and names in the same order for one config.

    `scale`, not yet started, is watched for `seconds` only while no device runs; it is stopped again. Without it, and
    with a running device, nothing is tried that the device might be using. `by_hand`: one that owns the log counts.
    """
    store = store_path or Path(config.store.path)
    device = running.read_device(status_path, log=store if by_hand else None, now=now, alive=alive)
    status, hands_off = device.live, device.life is not Life.GONE
    begun = now()
    watched = None if hands_off or scale is None else _Watched(scale)
    try:
        host = probe(config, store, touch=not hands_off)
        log = log_checks(store)
        if watched is not None and watched.going:
            sleep(max(0.0, seconds - (now() - begun)))
    finally:
        facts = None if watched is None else watched.end()
    calibrated, slopes = log.calibrated, log.counts_per_kg
    if device.life is Life.RUNNING:
        facts, calibrated, slopes = status.scale, status.calibrated, status.counts_per_kg or slopes
    return [
        _config_check(config_check, config, log.own_plan),
        *running.checks(device),
        *scale_checks(config.scale, facts, slopes, calibrated, status, _why_not(device, config)),
        checks.panel(config, host.bus, status.panel),
        checks.gpio(config, host.gpio),
        checks.button(config, host.button, running=hands_off, lost="button_lost" in status.lost),
        checks.lamp(config, lost="lamp_lost" in status.lost),
        checks.clock(host.clock),
        *checks.disk(host.disk),
        *log.checks,
        *upstream.doctor_checks(config.upstream.sinks, store, status.upstream),
        checks.groups(config, host),
        checks.spi(config, host.spi_faults),
        checks.realtime(host.realtime, None if status.scale is None else status.scale.scheduling),
        checks.power(host.throttled),
        checks.temperature(host.temperature_c),
        checks.versions(host),
        checks.libraries(config.scale, host.libraries),
    ]


def show(checks: Sequence[Check], *, as_json: bool) -> int:
    """Print the checks, as a table or as one JSON object; returns the exit code, 1 when something FAILs."""
    counts = {verdict: sum(check.verdict is verdict for check in checks) for verdict in Verdict}
    code = 1 if counts[FAIL] else 0
    if as_json:
        tallied = {str(verdict).lower(): counts[verdict] for verdict in Verdict}
        listed = [asdict(check) for check in checks]
        lines([{"matpi": __version__, "ok": code == 0, "counts": tallied, "checks": listed}])
        return code
    rows = [(check.verdict, check.part, check.name, check.sentence) for check in checks]
    table(("",) * 4, rows, whole=range(3), show=False, piped_width=PIPED_WIDTH, styles=STYLES)
    things = counts[FAIL] + counts[WARN]
    say(f"{count(things, 'thing')} to look at." if things else "All is well.")
    return code


class _Watched:
    """A scale that is started when this is made; `end` returns what its reader reported."""

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
            facts = msgspec.convert(self._scale.report(), ScaleFacts, from_attributes=True)
        except (MatpiError, OSError, msgspec.ValidationError) as error:
            facts = ScaleFacts(trouble=f"the load cell reader reports nothing of use ({error})")
        finally:
            self._scale.stop()
        # A reader that finds no hardware is started again and again, and may look alive at this moment.
        heard = any(sum(chip.tally.values()) for chip in facts.chips)
        return replace(facts, alive=facts.alive and (heard or not self._lost), trouble=facts.trouble or self._lost)


def _why_not(device: Device, config: Config) -> str:
    return {
        Life.HUNG: "left alone: the hung device holds it",
        Life.UNKNOWN: "left alone: a device may be running",
        Life.BY_HAND: "left alone: the running device holds it",
        Life.RUNNING: "the device has not started it yet",
        Life.GONE: "simulated" if config.scale.driver == "sim" else "not tried",
    }[device.life]


def _config_check(check: Check, config: Config, own_plan: str) -> Check:
    """Return `check`, or that the config does not go with the plan in the log."""
    wrong = config.unstored_minutes(own_plan) if check.verdict is OK else ""
    return Check("config", "file", WARN, *split(wrong)) if wrong else check


class LogChecks(NamedTuple):
    """The checks of the log, and what else depends on it."""

    checks: list[Check]
    calibrated: bool | None = False
    """None: not known."""
    counts_per_kg: tuple[float, ...] = ()
    own_plan: str = ""


def log_checks(store: Path) -> LogChecks:
    """Check the log, which is opened once, read only."""
    whole, values = partial(Check, "log", "whole"), partial(Check, "log", "values")
    copies = _backups(store)
    unread = values(SKIPPED, "the log could not be read")
    try:
        if sentence := bare(store):
            return LogChecks([whole(WARN, *split(sentence)), unread, copies])
        if is_unmade(store):
            none = whole(OK, f"none yet; {store} is made at the first start")
            return LogChecks([none, values(SKIPPED, "nothing is stored yet"), copies])
        with Store.open(store, read_only=True) as log:
            memory = log.load()
            with log.reading() as conn:
                (sessions,) = conn.execute("SELECT count(*) FROM sessions").fetchone()
    except StoreBusyError as error:
        return LogChecks([whole(WARN, *split(str(error), "try again later")), unread, copies], None)
    except StoreError as error:
        return LogChecks([whole(FAIL, *split(str(error), "run again with sudo")), unread, copies], None)
    calibration, own_plan = memory.calibration, memory.settings.own_plan
    usable = values(OK, f"all usable; the time zone is {memory.settings.zone}")
    if wrong := " ".join(filter(None, (*doubts(memory), course_of(own_plan)[1]))):
        usable = values(WARN, *split(wrong, "set it again with `matpi settings`"))
    found = [whole(OK, f"{store}: {count(sessions, 'session')}, whole"), usable, copies]
    if calibration is None:
        return LogChecks(found, own_plan=own_plan)
    return LogChecks(found, not calibration.approximate, calibration.counts_per_kg, own_plan)


def _backups(store: Path) -> Check:
    """Check what is beside the log: the device's own backups, and damaged logs."""
    what = "none yet; the device makes one after the first session, then every week"
    try:
        if store.parent.is_dir():
            next(store.parent.iterdir(), None)  # in a closed folder none is found
        kept, old = found(store), damaged(store)
        made = datetime.fromtimestamp(kept[0].stat().st_mtime if kept else 0.0).astimezone()
    except OSError:
        return Check("log", "backups", SKIPPED, "the folder of the log could not be read")
    if kept:
        what = f"{count(len(kept), 'backup')}, the newest {kept[0].name} of {made:%Y-%m-%d}"
    if not old:
        return Check("log", "backups", OK, what)
    aside = f"{old[-1].name} is a damaged log that was set aside; {what}"
    return Check("log", "backups", WARN, aside, "remove the file when nothing in it is needed any more")
