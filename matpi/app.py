"""Wiring: config -> rig -> page, terminal or file. The only place where threads start."""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from matpi import config as config_file
from matpi.core.effects import Effect, Show
from matpi.core.views import Off
from matpi.errors import HardwareError, UsageError
from matpi.paths import device_config, simulator_store, system_zone, zone_for

if TYPE_CHECKING:
    from matpi.config import Config
    from matpi.service.parts import Header
    from matpi.sim.board import Board
    from matpi.twin.twin import Twin
    from matpi.twin.world import MakeRelays, VirtualWorld
    from matpi.words import Words

EMULATED_KG = 74.0
"""Of the person on the emulated board, unless told."""
RECORD_HZ = 10.0
"""Readings a second in the recording of a simulated mat, by default."""
AT_ONCE = "max"
"""What `--warp` without a number is."""
STORY_UTC = 1_773_586_800.0
"""2026-03-15 15:00 UTC: scenarios begin at the same moment, so that they repeat."""


def make_rig(
    options: dict[str, Any],
    store: Path,
    utc: float,
    watch: Callable[[Effect], None],
    zone_if_new: str | None = None,
    **more: Any,
) -> VirtualWorld:
    from matpi.twin.world import VirtualWorld

    _say_if_bare(store)
    zone = zone_if_new or system_zone() if options["zone"] is None else options["zone"]
    zone_for(zone)
    return VirtualWorld(
        store,
        utc=utc,
        zone=zone,
        zone_wanted=options["zone"] is not None,
        config=config_file.load(options["config_path"]),
        kg=options["kg"],
        seed=options["seed"],
        watch=watch,
        **more,
    )


def run_page(options: dict[str, Any]) -> None:
    """`matpi sim`: the twin on 127.0.0.1, until Ctrl-C or SIGTERM."""
    from matpi.twin.twin import Twin

    asked: queue.SimpleQueue[None] = queue.SimpleQueue()
    with _log_of(options, "sim.db") as (store, about):
        twin = Twin(
            lambda watch: make_rig(options, store, time.time(), watch, make_relays=_relays_of(options, store)),
            int(options["warp"]),
            crashed=lambda: asked.put(None),
        )
        _serve_page(twin, options, about, asked)


@contextmanager
def _log_of(options: dict[str, Any], name: str) -> Iterator[tuple[Path, str]]:
    """The twin's log and a sentence about it: the named one, the simulator's, or an invented one until the end."""
    if not options["demo"]:
        store = options["store"] or simulator_store().with_name(name)
        yield store, f"The log is {store}."
        return
    from matpi.twin.demo import write_fortnight

    with tempfile.TemporaryDirectory(prefix="matpi-") as folder:
        store = Path(folder) / "demo.db"
        write_fortnight(store, options["zone"] or system_zone(), time.time(), options["kg"])
        yield store, "The log begins with an invented fortnight and is deleted at the end."


def _relays_of(options: dict[str, Any], store: Path) -> MakeRelays | None:
    """What sends records and state on where the named config has a table for it; None without one."""
    upstream = config_file.load(options["config_path"]).upstream
    if not upstream.sinks:
        return None
    from matpi.drivers.clock import SystemClock
    from matpi.upstream.relays import Relays

    return lambda put, rate_hz: Relays(upstream, store, SystemClock(), put, rate_hz=rate_hz)


def run_board_page(options: dict[str, Any]) -> None:
    """`matpi sim --board`: the appliance on emulated parts, played on the same page."""
    from matpi.drivers.clock import SystemClock
    from matpi.sim.board import Board
    from matpi.twin.board_world import BoardWorld
    from matpi.twin.twin import Twin

    config = config_file.load(options["config_path"])
    zone = system_zone() if options["zone"] is None else options["zone"]
    zone_for(zone)
    asked: queue.SimpleQueue[None] = queue.SimpleQueue()
    board = Board(config, kg=options["kg"], seed=options["seed"])
    with _log_of(options, "board.db") as (store, about):
        _say_if_bare(store)
        twin = Twin(
            lambda watch: BoardWorld(config, board, store, SystemClock(), zone, watch),
            crashed=lambda: asked.put(None),
        )
        _serve_page(twin, options, f"The board is emulated, the drivers are real. {about}", asked)


def _serve_page(twin: Twin, options: dict[str, Any], about: str, asked: queue.SimpleQueue[None]) -> None:
    from matpi.twin.page.server import PageServer

    _stop_on_signals(asked)  # before the address is printed: who reads it may stop the twin at once
    server = PageServer(twin, options["port"])
    try:
        twin.start()
        server.start()
        _say(f"matpi is on a simulated mat at {server.url}\n{about} Press Ctrl-C to stop.")
        if options["browser"]:
            _open_browser(server.url)
        asked.get()
    finally:
        server.stop()
        twin.stop()


def run_appliance(config_path: Path | None, store: Path | None, *, board: bool) -> None:
    """`matpi run`: the device."""
    from matpi.errors import ConfigError
    from matpi.service.parts import Header, show_fault
    from matpi.service.run import report_start, run_device, status_path

    config_path = config_path or (None if board else device_config())
    try:
        config = config_file.load(config_path)
    except ConfigError as wrong:
        report_start(wrong)
        if not board:
            from matpi.words import LANGUAGES

            shown = config_file.panel_of(config_path)
            say = LANGUAGES[shown.language]
            panel = Header(config_file.Config(panel=shown)).panel()
            show_fault(panel, say("faults.config_wrong"), say("faults.in_config"), say("faults.run_doctor"))
        raise
    path = store or (simulator_store().with_name("board.db") if board else Path(config.store.path))
    _say_if_bare(path)
    if config.scale.driver == "sim":
        _say('No hardware is used: driver = "sim" in [scale] emulates every part.')
    run_device(config, _parts(config, board=board), path, _say, status_path())


def _parts(config: Config, *, board: bool = False, kg: float = EMULATED_KG) -> Board | Header:
    """The real parts; with `board`, or `driver = "sim"` in [scale], a whole emulated board instead."""
    if board or config.scale.driver == "sim":
        from matpi.sim.board import Board

        return Board(config, kg=kg)
    from matpi.service.parts import Header

    return Header(config)


def examine(config_path: Path | None, store: Path | None, *, as_json: bool, board: bool) -> int:
    """`matpi doctor`; returns the exit code."""
    from matpi.commands.doctor.report import STATUS_PATH, read_config, report, run_doctor

    config, check = read_config(config_path or (None if board else device_config()))
    parts, path = _parts(config, board=board), STATUS_PATH
    if board:
        store = store or simulator_store().with_name("board.db")
        path = store.with_name("no-status.json")  # whatever runs on this computer is not this board
    checks = run_doctor(config, path, scale=parts.scale(), probe=parts.probe, store_path=store, config_check=check)
    return report(checks, as_json, _say)


def run_upstream(what: str, name: str | None, config_path: Path | None, store: Path | None, *, as_json: bool) -> int:
    """`matpi upstream`; returns the exit code."""
    from matpi.commands import upstream
    from matpi.commands.doctor.report import upstream_troubles

    return upstream.run(what, name, config_path, store, as_json=as_json, troubles=upstream_troubles)


def run_calibration(
    config_path: Path | None, store: Path | None, *, weight_kg: float | None, anywhere: bool, board: bool
) -> None:
    """`matpi calibrate`: the device must not run, for the log and the chips have one owner."""
    from matpi.commands.calibrate import calibrate
    from matpi.commands.which_log import report
    from matpi.store.db import Store

    config = config_file.load(config_path or (None if board else device_config()))
    parts = _parts(config, board=board, kg=EMULATED_KG if weight_kg is None else weight_kg)
    path = simulator_store().with_name("board.db") if board else Path(config.store.path)
    _say_if_bare(store or path)
    with Store.open(store or path) as log:
        calibrate(
            parts.scale(),
            log,
            config.scale.counts_per_kg,
            config.scale.channel_count,
            _ask,
            _say,
            weight_kg=weight_kg,
            anywhere=anywhere,
            on_step=parts.place,
        )
        if store is None:
            report(path, empty=not log.sessions())


def _ask(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        raise UsageError("There is nobody to answer here; run it in a terminal.") from None


def run_terminal(options: dict[str, Any]) -> None:
    """`matpi sim --tty`."""
    from matpi.twin.terminal import Terminal
    from matpi.twin.twin import Twin

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--tty needs a terminal to draw in; without one use --headless --scenario FILE.")
    with _log_of(options, "sim.db") as (store, about):
        twin = Twin(
            lambda watch: make_rig(options, store, time.time(), watch, make_relays=_relays_of(options, store)),
            int(options["warp"]),
            crashed=lambda: os.kill(os.getpid(), signal.SIGTERM),
        )
        _say(about)
        twin.start()
        try:
            Terminal(twin).run()
        finally:
            twin.stop()


def run_story(options: dict[str, Any]) -> None:
    """`matpi sim --headless --scenario FILE`: virtual time, JSON lines. Without --store the log is thrown away."""
    from matpi.drivers.scale.trace import TraceWriter
    from matpi.sim.body import CHANNELS
    from matpi.sim.scenario import read_scenario
    from matpi.twin.story import Story

    steps = read_scenario(options["scenario"])
    zone_if_new = "UTC" if options["store"] is None else None
    with tempfile.TemporaryDirectory(prefix="matpi-") as folder, ExitStack() as stack:
        store = options["store"] or Path(folder) / "story.db"
        more: dict[str, Any] = {}
        if options["record"] is not None:
            trace = stack.enter_context(TraceWriter(options["record"], CHANNELS, overwrite=options["overwrite"]))
            more = {
                "rate": options["rate"] or RECORD_HZ,
                "hear": lambda reading: trace.write(reading.t, reading.kg, reading.ok),
            }
        story = Story(
            lambda watch: make_rig(options, store, STORY_UTC, watch, zone_if_new, **more),
            lambda line: _say(json.dumps(line)),
            options["frames"],
            every=options["every_frame"],
            warp=options["warp"] == AT_ONCE,
        )
        story.run(steps)


def run_replay(file: Path, config_path: Path | None, *, as_json: bool, screen: bool, calibration: Path | None) -> None:
    """`matpi replay`."""
    from matpi.drivers.scale.trace import Trace, read_calibration
    from matpi.twin.replay import line_of, replay
    from matpi.words import LANGUAGES

    config = config_file.load(config_path)
    words = LANGUAGES[config.panel.language]
    trace = Trace(file, None if calibration is None else read_calibration(calibration))
    watch = partial(_print_screen, words) if screen else lambda _t, _effect: None
    rules = config.device_rules()
    result = replay(trace, rules, watch, trace.calibration, trace.zero)
    if result.slow * 2 > result.readings:
        timeout = f"{rules.presence.stale_s:g} s"
        why = f"Most readings come more than {timeout} apart, and {timeout} without one is a lost sensor (stale_s in"
        print(f"matpi: {why} [presence]); record more readings a second.", file=sys.stderr)  # noqa: T201
    if result.backwards:
        why = "A channel reads far below its zero while its load moves, so it reads backwards"
        print(f"matpi: {why}; calibrate that mat.", file=sys.stderr)  # noqa: T201
    if as_json:
        for line in result.lines():
            _say(json.dumps(line))
        return
    for event in result.events:
        line = line_of(event)
        _say(f"{line['t_s']:10.2f} s  {line['event'].replace('_', ' '):<16} {line['reason']}")
    summary = result.summary()
    count = len(summary["sessions"])
    _say(f"{count} session{'' if count == 1 else 's'} in {result.readings} readings, {result.rejected} rejected.")
    for s in summary["sessions"]:
        text = f"  {s['start_s']:.2f} s to {s['end_s']:.2f} s, {s['on_mat_s']:.2f} s on the mat, {s['reason']}"
        _say(text if s["counts"] else f"{text}, not counted")


def run_record(
    file: Path, config_path: Path | None, store: Path | None, *, last: bool, overwrite: bool, board: bool
) -> None:
    """`matpi record`: from the running device with `last`, else live, for the chips have one owner."""
    from matpi import __version__
    from matpi.commands.record import device_of, record_live, save_last
    from matpi.core.model import Memory
    from matpi.drivers.clock import SystemClock
    from matpi.drivers.scale.trace import FORMAT, About
    from matpi.service.boot import calibration_of
    from matpi.store.db import Store, is_unmade

    config = config_file.load(config_path or (None if board else device_config()))
    log = store or (simulator_store().with_name("board.db") if board else Path(config.store.path))
    if last:
        saved = save_last(log, file, overwrite=overwrite)
        _say(f"The last 10 minutes are in {file}, a copy of {saved}.")
        return
    if (pid := device_of(log)) is not None:
        raise HardwareError(
            f"The device, process {pid}, holds the load cells' pins; stop it first (`sudo systemctl stop matpi`),"
            f" or save its last 10 minutes with --last."
        )
    parts = _parts(config, board=board)
    memory = Memory()
    if not is_unmade(log):
        with Store.open(log, read_only=True) as stored:
            memory = stored.load()
    calibration, _ = calibration_of(memory.calibration, config.scale)
    start_utc = datetime.now(UTC).isoformat() if SystemClock().trusted() else None
    about = About(FORMAT, calibration, memory.zero, matpi=__version__, start_utc=start_utc, rate=config.scale.rate)
    record_live(parts.scale(), config.scale.channel_count, about, file, _say, overwrite=overwrite)


def _print_screen(words: Words, t: float, effect: Effect) -> None:
    if isinstance(effect, Show):
        from matpi.screen.frame import braille
        from matpi.screen.render import render

        dark = isinstance(effect.view, Off)
        drawn = "" if dark else braille(render(effect.view, words=words))
        _say(f"--- {t:.2f} s{' (dark)' if dark else ''}\n{drawn}".rstrip())


def _say_if_bare(store: Path) -> None:
    from matpi.commands.output import tell_bare
    from matpi.store.opening import bare

    tell_bare(bare(store))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _open_browser(url: str) -> None:
    """Where there is a screen to open one on; never waits for it."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    threading.Thread(target=webbrowser.open, args=(url,), name="browser", daemon=True).start()


def _stop_on_signals(asked: queue.SimpleQueue[None]) -> None:
    """Put a word into `asked`. An Event would be a deadlock: its lock may be held where the signal comes."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.put(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup: it outlives its terminal
        signal.signal(signal.SIGHUP, ask)
