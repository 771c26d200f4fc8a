"""Wiring: config -> rig -> page, terminal or file. The only place where threads start."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from matpi import config as config_file
from matpi.core.effects import Effect, Show
from matpi.core.views import Off
from matpi.errors import UsageError
from matpi.host import simulator_store, system_zone, zone_for
from matpi.rig import Rig, device_rules

STORY_UTC = 1_773_586_800.0
"""2026-03-15 15:00 UTC: scenarios begin at the same moment, so that they repeat."""


def make_rig(options: dict[str, Any], store: Path, utc: float, watch: Callable[[Effect], None]) -> Rig:
    zone = system_zone() if options["zone"] is None else options["zone"]
    zone_for(zone)
    return Rig(
        store,
        utc=utc,
        zone=zone,
        zone_wanted=options["zone"] is not None,
        config=config_file.load(options["config_path"]),
        kg=options["kg"],
        seed=options["seed"],
        watch=watch,
    )


def run_page(options: dict[str, Any]) -> None:
    """`matpi sim`: the twin on 127.0.0.1, until Ctrl-C or SIGTERM."""
    from matpi.twin import Twin
    from matpi.web.serve import PageServer

    store = options["store"] or simulator_store()
    asked = threading.Event()
    twin = Twin(lambda watch: make_rig(options, store, time.time(), watch), int(options["warp"]), crashed=asked.set)
    server = PageServer(twin, options["port"])
    try:
        twin.start()
        server.start()
        _say(f"matpi is on a simulated mat at {server.url}\nThe log is {store}. Press Ctrl-C to stop.")
        if options["browser"]:
            _open_browser(server.url)
        _until_asked_to_stop(asked)
    finally:
        server.stop()
        twin.stop()


def run_terminal(options: dict[str, Any]) -> None:
    """`matpi sim --tty`."""
    from matpi.terminal import Terminal
    from matpi.twin import Twin

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--tty needs a terminal to draw in; without one use --headless --scenario FILE.")
    store = options["store"] or simulator_store()
    twin = Twin(
        lambda watch: make_rig(options, store, time.time(), watch),
        int(options["warp"]),
        crashed=lambda: os.kill(os.getpid(), signal.SIGTERM),
    )
    twin.start()
    try:
        Terminal(twin).run()
    finally:
        twin.stop()


def run_story(options: dict[str, Any]) -> None:
    """`matpi sim --headless --scenario FILE`: virtual time, JSON lines. Without --store the log is thrown away."""
    from matpi.sim.scenario import read_scenario
    from matpi.story import Story

    steps = read_scenario(options["scenario"])
    if options["zone"] is None and options["store"] is None:
        options = {**options, "zone": "UTC"}
    with tempfile.TemporaryDirectory(prefix="matpi-") as folder:
        store = options["store"] or Path(folder) / "story.db"
        story = Story(
            lambda watch: make_rig(options, store, STORY_UTC, watch),
            lambda line: _say(json.dumps(line)),
            options["frames"],
            every=options["every_frame"],
        )
        story.run(steps)


def run_replay(
    file: Path, config_path: Path | None, *, as_json: bool, screen: bool, calibration: Path | None
) -> None:
    """`matpi replay`."""
    from matpi.replay import line_of, replay
    from matpi.sim.trace import read_calibration, read_trace

    rules = device_rules(config_file.load(config_path))
    readings = read_trace(file, None if calibration is None else read_calibration(calibration))
    result = replay(readings, rules, _print_screen if screen else lambda _t, _effect: None)
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
        _say(f"  {s['start_s']:.2f} s to {s['end_s']:.2f} s, {s['on_mat_s']:.2f} s on the mat, {s['reason']}")


def run_record(file: Path, scenario: Path, *, rate: float, seed: int, overwrite: bool) -> None:
    """`matpi record`: a scenario's readings as a trace."""
    from matpi.sim.body import CHANNELS
    from matpi.sim.scenario import read_scenario
    from matpi.sim.trace import TraceWriter
    from matpi.story import Story

    steps = read_scenario(scenario)
    with (
        tempfile.TemporaryDirectory(prefix="matpi-") as folder,
        TraceWriter(file, CHANNELS, overwrite=overwrite) as trace,
    ):
        Story(
            lambda watch: Rig(
                Path(folder) / "record.db",
                utc=STORY_UTC,
                seed=seed,
                rate=rate,
                watch=watch,
                hear=lambda reading: trace.write(reading.t, reading.kg, reading.ok),
            ),
            lambda _: None,
        ).run(steps)
        _say(f"{trace.readings} readings written to {file}.")


def _print_screen(t: float, effect: Effect) -> None:
    if isinstance(effect, Show):
        from matpi.screen.frame import braille
        from matpi.screen.render import render

        dark = isinstance(effect.view, Off)
        _say(f"--- {t:.2f} s{' (dark)' if dark else ''}\n{'' if dark else braille(render(effect.view))}".rstrip())


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _open_browser(url: str) -> None:
    """Where there is a screen to open one on; never waits for it."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    threading.Thread(target=webbrowser.open, args=(url,), name="browser", daemon=True).start()


def _until_asked_to_stop(asked: threading.Event) -> None:
    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    while not asked.wait(3600.0):
        pass
