"""`matpi sim`: the device on a simulated mat, in the browser, in the terminal or in virtual time."""

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
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matpi import config as config_file
from matpi.commands.output import say
from matpi.commands.stopping import stop_on_signals
from matpi.commands.target import board_log, warn_if_bare
from matpi.config import Config
from matpi.control.address import beside
from matpi.core.effects import Effect
from matpi.drivers.clock import SystemClock
from matpi.errors import UsageError
from matpi.paths import simulator_store, system_zone, zone_for

if TYPE_CHECKING:
    from matpi.twin.twin import Twin
    from matpi.twin.world import MakeRelays, VirtualWorld

Options = Mapping[str, Any]
"""As the command line gives them; a test of one that is missing raises KeyError at once."""
RECORD_HZ = 10.0  # readings a second in the recording of a simulated mat, by default
AT_ONCE = "max"
"""What `--warp` without a number is."""
STORY_UTC = 1_773_586_800.0  # 2026-03-15 15:00 UTC: scenarios begin at the same moment, so that they repeat


def run(**options: Any) -> None:
    """Play what the options say. Raises UsageError for those that do not go together."""
    headless, tty, board, demo, warp = (options[name] for name in ("headless", "tty", "board", "demo", "warp"))
    scenario, frames, record, rate = (options[name] is not None for name in ("scenario", "frames", "record", "rate"))
    store = options["store"] is not None
    live = "--record goes with --headless --scenario FILE; `matpi record` records the load cells."
    by_hand = "--demo has a log of its own and is played by hand; leave out --store and --headless."
    wrong = {
        "--headless needs --scenario FILE; without it there is nothing to run.": headless and not scenario,
        "--scenario goes with --headless; the page is played by hand.": scenario and not headless,
        "--frames goes with --headless --scenario FILE.": frames and not headless,
        "--every-frame goes with --frames FOLDER.": options["every_frame"] and not frames,
        live: record and not headless,
        "--rate and --overwrite go with --record FILE.": (rate or options["overwrite"]) and not record,
        "--headless never waits for a clock; leave the number off --warp to pass empty hours faster.": (
            headless and warp not in {"1", AT_ONCE}
        ),
        "--warp without a number goes with --headless; for the page say --warp 10 or --warp 60.": (
            warp == AT_ONCE and not headless
        ),
        "--board runs in real time on the page; leave out --headless, --tty and --warp.": (
            board and (headless or tty or warp != "1")
        ),
        by_hand: demo and (headless or store),
    }
    if sentence := next((text for text, holds in wrong.items() if holds), ""):
        raise UsageError(sentence)
    play = _story if headless else _terminal if tty else _page
    play(options)


def _page(options: Options) -> None:
    """Serve the twin and its device's page on 127.0.0.1, until Ctrl-C or SIGTERM."""
    from matpi.page.server import SiteServer
    from matpi.twin.page.server import PageServer

    asked: queue.SimpleQueue[None] = queue.SimpleQueue()
    with _log_of(options) as (store, about), ExitStack() as ends:
        config = config_file.load(options["config_path"])
        site = None
        if config.page.enabled:
            port, page_port = options["port"], options["page_port"]
            page_port = (port + 1 if port else 0) if page_port is None else page_port
            site = SiteServer(config, store, beside(store), port=page_port, config_path=options["config_path"])
            ends.callback(site.stop)
        twin = _twin(options, store, lambda: asked.put(None), "" if site is None else site.url.rstrip("/"))
        stop_on_signals(asked)  # before the address is printed: who reads it may stop the twin at once
        server = PageServer(twin, options["port"])
        ends.callback(twin.stop)
        ends.callback(server.stop)
        twin.start()
        server.start()
        say(f"matpi is on a simulated mat at {server.url}")
        if site is not None:
            site.start()
            how = "hold the button, menu, Page, hold 3 s; with a new log hold 3 s at once"
            say(f"Its page, as on a phone, is at {site.url} (pair it: {how})")
        say(f"{about} Press Ctrl-C to stop.")
        if options["browser"]:
            _open_browser(server.url)
        asked.get()


def _terminal(options: Options) -> None:
    from matpi.twin.terminal import Terminal

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--tty needs a terminal to draw in; without one use --headless --scenario FILE.")
    with _log_of(options) as (store, about):
        twin = _twin(options, store, lambda: os.kill(os.getpid(), signal.SIGTERM))
        say(about)
        twin.start()
        try:
            Terminal(twin).run()
        finally:
            twin.stop()


def _story(options: Options) -> None:
    """Run a scenario in virtual time and print JSON lines. Without --store the log is thrown away."""
    from matpi.drivers.scale.trace import TraceWriter
    from matpi.sim.body import CHANNELS
    from matpi.twin.scenario import Story, read_scenario

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
            lambda line: say(json.dumps(line)),
            options["frames"],
            every=options["every_frame"],
            warp=options["warp"] == AT_ONCE,
        )
        story.run(steps)


def make_rig(
    options: Options,
    store: Path,
    utc: float,
    watch: Callable[[Effect], None],
    zone_if_new: str | None = None,
    **more: Any,
) -> VirtualWorld:
    """Make a virtual world over the log `store`. Raises UsageError for an unknown zone, and ConfigError."""
    from matpi.twin.world import VirtualWorld

    warn_if_bare(store)
    return VirtualWorld(
        store,
        utc=utc,
        zone=_zone_of(options, zone_if_new),
        zone_wanted=options["zone"] is not None,
        config=config_file.load(options["config_path"]),
        kg=options["kg"],
        seed=options["seed"],
        watch=watch,
        **more,
    )


def _twin(options: Options, store: Path, crashed: Callable[[], None], page_address: str = "") -> Twin:
    """Make a twin played by the wall clock: of a virtual world, with `board` of the emulated board."""
    from matpi.twin.twin import Twin

    config = config_file.load(options["config_path"])
    if options["board"]:
        from matpi.sim.board import Board
        from matpi.twin.board_world import BoardWorld

        zone, board = _zone_of(options), Board(config, kg=options["kg"], seed=options["seed"])
        warn_if_bare(store)
        return Twin(
            lambda watch: BoardWorld(config, board, store, SystemClock(), zone, watch, page_address), crashed=crashed
        )
    return Twin(
        lambda watch: make_rig(
            options, store, time.time(), watch, make_relays=_relays_of(config, store), page_address=page_address
        ),
        int(options["warp"]),
        crashed=crashed,
    )


def _relays_of(config: Config, store: Path) -> MakeRelays | None:
    """Return what makes the relays of a config that has sinks; None without one."""
    if not config.upstream.sinks:
        return None
    from matpi.upstream.relays import Relays

    return lambda put, rate_hz: Relays(config.upstream, store, SystemClock(), put, rate_hz=rate_hz)


def _zone_of(options: Options, if_new: str | None = None) -> str:
    """Return the named zone, else `if_new` or this machine's. Raises UsageError for an unknown one."""
    zone: str = (if_new or system_zone()) if options["zone"] is None else options["zone"]
    zone_for(zone)
    return zone


@contextmanager
def _log_of(options: Options) -> Iterator[tuple[Path, str]]:
    """Yield the twin's log and a sentence about it; the log of --demo is deleted at the end."""
    board = options["board"]
    begin = "The board is emulated, the drivers are real. " if board else ""
    if not options["demo"]:
        store = options["store"] or (board_log() if board else simulator_store())
        yield store, f"{begin}The log is {store}."
        return
    from matpi.twin.demo import write_fortnight

    with tempfile.TemporaryDirectory(prefix="matpi-") as folder:
        store = Path(folder) / "demo.db"
        write_fortnight(store, options["zone"] or system_zone(), time.time(), options["kg"])
        yield store, f"{begin}The log begins with an invented fortnight and is deleted at the end."


def _open_browser(url: str) -> None:
    """Open the page where there is a screen for it; never waits for it."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    threading.Thread(target=webbrowser.open, args=(url,), name="browser", daemon=True).start()
