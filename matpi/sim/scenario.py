"""Read timeline files for the simulated mat: a JSON object a line; empty and # lines are skipped.

    {"at": 5, "do": "lie_down", "kg": 74}
    {"at": "6:30", "do": "get_up"}
    {"at": "7:10", "do": "tap"}

`at` is seconds, "m:ss" or "h:mm:ss" from the start, never earlier than the line before. A file of days has, in every
line, `day` (1 is the first) and `clock` instead, the local time as "21:00" or "21:00:30". Actions:

- the mat: lie_down, sit, stand, fidget, get_up, bag_on, bag_off, cat (with `kg`: the person's weight from then on)
- the button: tap (`times`), hold (`seconds`, 0.9 unless given), rate (`value`: so many taps, then a hold)
- the clock: jump (`to`: "21:00"), next_day, distrust (from the next boot on the clock is unknown), trust
- the command line, for which the device is restarted: set (`to`: "rest_weekdays=sun"), delete
  (`session`: 1 is the oldest, -1 the newest), people (`to`: "add Ada", "choose Ben", as after `matpi people`)
- faults: break and mend (`what`: cell, spikes, panel, disk)
- the plug: power_off, power_on
- snap (`name`): save a picture of the screen; end: stop
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Literal

import msgspec

from matpi.core.model import RATING_MAX, RATING_MIN
from matpi.errors import ScenarioError
from matpi.sim.body import Act

Do = Literal[
    Act, "tap", "hold", "rate", "set", "people", "delete", "jump", "next_day", "distrust", "trust", "break", "mend",
    "power_off", "power_on", "snap", "end",
]  # fmt: skip
FAULTS = ("cell", "spikes", "panel", "disk")
LONGEST_S = 14 * 86_400.0  # the plan's two weeks; a minute takes some 5 ms, and a typing mistake must not run for a day
LONGEST_DAYS = 31
TAPS_MAX = 50
SPAN = re.compile(r"(?:(?:([0-9]+):)?([0-9]+):)?([0-9]+(?:\.[0-9]+)?)")
HHMM = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
CLOCK = re.compile(HHMM.pattern + "(?::[0-5][0-9])?")


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: `at`, or `day` and `clock`."""

    do: Do
    at: float | str | None = None
    day: int | None = None
    clock: str | None = None
    kg: float | None = None
    seconds: float | None = None
    to: str | None = None
    what: str | None = None
    name: str | None = None
    times: int | None = None
    value: int | None = None
    session: int | None = None

    @property
    def at_s(self) -> float:
        """Return seconds from the start, of a step with `day` from its midnight. Raises ValueError."""
        if self.day is None or self.clock is None:
            return seconds_of(0.0 if self.at is None else self.at)
        shown = time.fromisoformat(self.clock)
        return shown.hour * 3600.0 + shown.minute * 60.0 + shown.second


def seconds_of(at: float | str) -> float:
    """Return 5, "5", "6:30" and "1:06:30" as seconds. Raises ValueError for anything else."""
    if not isinstance(at, str):
        return float(at)
    found = SPAN.fullmatch(at)
    if found is None:
        raise ValueError(f"{at!r} is no time")
    hours, minutes, seconds = map(float, found.groups("0"))
    return hours * 3600.0 + minutes * 60.0 + seconds


def read_scenario(path: Path) -> list[Step]:
    """Return the steps of a timeline file in order. Raises ScenarioError naming the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ScenarioError(f"Cannot read the scenario {path}: {why}.") from error
    steps = list(_steps(path, text))
    if not steps:
        raise ScenarioError(f"The scenario {path} has no step in it; see docs/simulator.md for what a line looks like.")
    return steps


def _steps(path: Path, text: str) -> Iterator[Step]:
    before: Step | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where = f"{path}, line {number}"
        try:
            step = msgspec.json.decode(line, type=Step)
            problem = _no_time(step, before) or _problem(step)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ScenarioError(f"{where}: {error}; see docs/simulator.md for what a line looks like.") from error
        if problem:
            raise ScenarioError(f"{where}: {problem}.")
        before = step
        yield step


def _no_time(step: Step, before: Step | None) -> str | None:
    if (step.at is None) is (step.day is None) or (step.day is None) is not (step.clock is None):
        return 'a line has either "at", or "day" and "clock"'
    if before is not None and (step.at is None) is not (before.at is None):
        return 'a file has "at" in all its lines, or "day" and "clock" in all'
    if step.day is None:
        if not 0.0 <= step.at_s <= LONGEST_S:
            return f"{step.at} is no time of a story; it lies between 0 and two weeks"
        moment = str(step.at)
    else:
        if not 1 <= step.day <= LONGEST_DAYS:
            return f"day lies between 1, on which the story begins, and {LONGEST_DAYS}, not {step.day}"
        if not CLOCK.fullmatch(step.clock or ""):
            return f'{step.clock!r} is no local time such as "21:00" or "21:00:30"'
        if step.do in {"jump", "next_day"}:
            return f'{step.do} is for a file with "at"; here the next line\'s day and clock say where time goes'
        moment = f"day {step.day}, {step.clock},"
    if before is not None and (step.day or 0, step.at_s) < (before.day or 0, before.at_s):
        return f"{moment} comes before the line above it; put the lines in order of time"
    return None


def _problem(step: Step) -> str | None:
    if step.do in {"break", "mend"} and step.what not in FAULTS:
        return f'{step.do} needs "what", one of {", ".join(FAULTS)}'
    if step.do == "jump" and not HHMM.fullmatch(step.to or ""):
        return 'jump needs "to", a local time such as "21:00"'
    if step.do == "snap" and not (step.name and step.name.replace("-", "").replace("_", "").isalnum()):
        return 'snap needs "name", letters and digits for the file name'
    if step.kg is not None and not 1 <= step.kg <= 300:
        return f"kg lies between 1 and 300, not {step.kg:g}"
    if step.seconds is not None and not 0 < step.seconds <= 3600:
        return f"seconds lie between 0 and 3600, not {step.seconds:g}"
    if step.times is not None and not 1 <= step.times <= TAPS_MAX:
        return f"times lie between 1 and {TAPS_MAX}, not {step.times}"
    if step.do == "rate" and not (step.value is not None and RATING_MIN <= step.value <= RATING_MAX):
        return f'rate needs "value", from {RATING_MIN} to {RATING_MAX}'
    if step.do == "set" and "=" not in (step.to or ""):
        return 'set needs "to", such as "bedtime=23:00", see `matpi settings`'
    if step.do == "people" and not (step.to or "").strip():
        return 'people needs "to", such as "add Ada", see `matpi people`'
    if step.do == "delete" and not step.session:
        return 'delete needs "session", 1 for the oldest or -1 for the newest'
    return None
