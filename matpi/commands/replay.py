"""`matpi replay`: a recorded trace through the device's core."""

from __future__ import annotations

from pathlib import Path

from matpi import config as config_file
from matpi.commands.output import lines, say, warn
from matpi.core.effects import Effect, Show
from matpi.core.views import Off
from matpi.drivers.scale.trace import Trace, read_calibration
from matpi.twin.replay import line_of, replay
from matpi.words import LANGUAGES
from matpi.words.phrases import count, words


def run(file: Path, config_path: Path | None, *, as_json: bool, screen: bool, calibration: Path | None) -> None:
    """Play the trace in `file` and print its events and sessions. Raises TraceError and ConfigError."""
    config = config_file.load(config_path)
    language = LANGUAGES[config.panel.language]
    trace = Trace(file, None if calibration is None else read_calibration(calibration))
    rules = config.device_rules()

    def watch(t: float, effect: Effect) -> None:
        if screen and isinstance(effect, Show):
            from matpi.screen.frame import braille
            from matpi.screen.render import render

            dark = isinstance(effect.view, Off)
            drawn = "" if dark else braille(render(effect.view, words=language))
            say(f"--- {t:.2f} s{' (dark)' if dark else ''}\n{drawn}".rstrip())

    result = replay(trace, rules, watch, trace.calibration, trace.zero)
    if result.slow * 2 > result.readings:
        timeout = f"{rules.presence.stale_s:g} s"
        why = f"Most readings come more than {timeout} apart, and {timeout} without one is a lost sensor (stale_s in"
        warn(f"{why} [presence]); record more readings a second.")
    if result.backwards:
        warn("A channel reads far below its zero while its load moves, so it reads backwards; calibrate that mat.")
    if as_json:
        lines(result.lines())
        return
    for event in result.events:
        line = line_of(event)
        say(f"{line['t_s']:10.2f} s  {words(line['event']):<16} {line['reason']}")
    found = result.summary()["sessions"]
    say(f"{count(len(found), 'session')} in {result.readings} readings, {result.rejected} rejected.")
    for s in found:
        text = f"  {s['start_s']:.2f} s to {s['end_s']:.2f} s, {s['on_mat_s']:.2f} s on the mat, {s['reason']}"
        say(text if s["counts"] else f"{text}, not counted")
