"""Timeline files: what happens to the simulated mat, when. One JSON object a line; empty lines and # lines are skipped.

    {"at": 5, "do": "lie_down", "kg": 74}
    {"at": "6:30", "do": "get_up"}
    {"at": "7:10", "do": "tap"}

`at` is seconds, "m:ss" or "h:mm:ss" from the start, never earlier than the line before. What can be done:

- the mat: lie_down, sit, stand, fidget, get_up, bag_on, bag_off, cat (with `kg`: the person weighs that from now on)
- the button: tap, hold (`seconds`, 0.9 unless told)
- the clock: jump (`to`: "21:00"), next_day, distrust (from the next boot on the clock is not known), trust
- faults: break and mend (`what`: cell, spikes, panel, disk)
- the plug: power_off, power_on
- snap (`name`): leave a picture of the screen; end: stop here
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from matpi.errors import ScenarioError

Do = Literal[
    "lie_down", "sit", "stand", "fidget", "get_up", "bag_on", "bag_off", "cat",
    "tap", "hold", "jump", "next_day", "distrust", "trust", "break", "mend", "power_off", "power_on", "snap", "end",
]  # fmt: skip
FAULTS = ("cell", "spikes", "panel", "disk")
LONGEST_S = 14 * 86_400.0
"""The plan's two weeks; a minute of story takes some 20 ms, so a slip of the finger must not run for a day."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line. `at_s` is filled in from `at`."""

    at: float | str
    do: Do
    kg: float | None = None
    seconds: float | None = None
    to: str | None = None
    what: str | None = None
    name: str | None = None

    @property
    def at_s(self) -> float:
        return seconds_of(self.at)


def seconds_of(at: float | str) -> float:
    """5, "5", "6:30" and "1:06:30" as seconds. Raises ValueError for anything else."""
    if not isinstance(at, str):
        return float(at)
    parts = at.split(":")
    if len(parts) > 3 or not all(part.replace(".", "", 1).isdecimal() for part in parts):
        raise ValueError(f"{at!r} is no time")
    total = 0.0
    for part in parts:
        total = total * 60.0 + float(part)
    return total


def read_scenario(path: Path) -> list[Step]:
    """The steps of a timeline file in order. Raises ScenarioError naming the line."""
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
    before = 0.0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where = f"{path}, line {number}"
        try:
            step = msgspec.json.decode(line, type=Step)
            at = step.at_s
        except (msgspec.MsgspecError, ValueError) as error:
            raise ScenarioError(f"{where}: {error}; see docs/simulator.md for what a line looks like.") from error
        if not 0.0 <= at <= LONGEST_S:
            raise ScenarioError(f"{where}: {step.at} is no time of a story; it lies between 0 and two weeks.")
        if at < before:
            raise ScenarioError(f"{where}: {step.at} comes before the line above it; put the lines in order of time.")
        problem = _problem(step)
        if problem:
            raise ScenarioError(f"{where}: {problem}.")
        before = at
        yield step


def _problem(step: Step) -> str | None:
    if step.do in {"break", "mend"} and step.what not in FAULTS:
        return f"{step.do} needs \"what\", one of {', '.join(FAULTS)}"
    if step.do == "jump" and not _is_clock(step.to):
        return 'jump needs "to", a local time such as "21:00"'
    if step.do == "snap" and not (step.name and step.name.replace("-", "").replace("_", "").isalnum()):
        return 'snap needs "name", letters and digits for the file name'
    if step.kg is not None and not 1 <= step.kg <= 300:
        return f"kg lies between 1 and 300, not {step.kg:g}"
    if step.seconds is not None and not 0 < step.seconds <= 3600:
        return f"seconds lie between 0 and 3600, not {step.seconds:g}"
    return None


def _is_clock(text: str | None) -> bool:
    if text is None:
        return False
    hours, colon, minutes = text.partition(":")
    two_digits = all(len(part) == 2 and part.isdecimal() and part.isascii() for part in (hours, minutes))
    return bool(colon) and two_digits and int(hours) < 24 and int(minutes) < 60
