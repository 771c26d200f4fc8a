"""What a device does in a story, one line an effect, in words that outlive its classes: `time  kind  facts`.

Everything that knows today's effects, views and records stands in this module. An open session is saved like a closed
one; an open one has no reason. Of pictures in a row that differ in their numbers only, such as a
timer's seconds, a breath's circle or a hold's bar, the first and the last are written, with a digest of the times and
pictures of all between. Left out are three things that are nobody's to see: `Changed`, which names the states of the
machine inside; how often a dark panel is drawn dark again; and by how much the picture is shifted against burn-in,
which counts those times (test_lit.py and the fortnight hold that it wanders).

`python -m tests.core.streams` rewrites the golden streams. Then read the diff: a changed line is changed behaviour.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date, time
from enum import Enum
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from msgspec.structs import fields

from matpi.core import effects as e
from matpi.core.model import Acknowledgement, Calibration, DayRecord, Looser, Rating, Session, Settings, StopSign, Zero
from matpi.core.views import Off, View
from matpi.screen.render import render, spoken
from tests.bench import Bench
from tests.core import stories
from tests.screen.reading import pack

STREAMS = Path(__file__).parent / "streams"
FOLDED_FROM = 3
MADE_BY = "# made by: python -m tests.core.streams"


def stream(name: str) -> str:
    """The story as a text: what it is about, and for each boot in it all that the device did."""
    story = stories.STORIES[name]
    lines = [f"# {(story.__doc__ or name).splitlines()[0]}", MADE_BY]
    for bench in story():
        lines += ["", f"boot {bench.device.clock.boot_id}"]
        each = [f"{t:.2f}  {does}" for t, does in _seen(bench)]
        for _, alike in groupby(each, _kind_of_picture):
            lines += _folded(list(alike))
    return "\n".join(lines) + "\n"


def _seen(bench: Bench) -> Iterator[tuple[float, str]]:
    dark = False
    for t, effect in zip(bench.times, bench.effects, strict=True):
        does, was_dark = line(effect), dark
        if isinstance(effect, e.Show):
            dark = isinstance(effect.view, Off)
        if does is not None and not (isinstance(effect, e.Show) and dark and was_dark):
            yield t, does


def _kind_of_picture(line: str) -> object:
    """Equal for pictures in a row that are folded; that of any other line is equal to none."""
    match line.split("  ", 3):
        case [_, "show", how, sentence]:
            return how.partition(" ")[2], re.sub(r"\d+", "0", sentence)
        case _:
            return object()


def _folded(lines: list[str]) -> list[str]:
    if len(lines) <= FOLDED_FROM:
        return lines
    first, *between, last = lines
    return [first, f"  {len(between)} between, {_digest(chr(10).join(between).encode())}", last]


def line(effect: e.Effect) -> str | None:
    """The effect in one line; None for what is not written down."""
    match effect:
        case e.Show(view, brightness):
            picture, sentence = _picture(view)
            return f"show  {picture} {brightness.name.lower()}  {sentence}"
        case e.Light(pattern, since):
            return f"light  {pattern} since {since:.2f}"
        case e.Chime(kind):
            return f"chime  {kind}"
        case e.Save(e.Zeros(zero, before)):
            return f"save  {_record(zero)}, before: {'none' if before is None else _record(before)}"
        case e.Save(e.Calibrated(calibration, zero)):
            return f"save  {_record(calibration)}, {_record(zero)}"
        case e.Save(e.Chosen(person)):
            return f"save  chosen {person}"
        case e.Checkpoint(record) | e.Save(record):
            return f"save  {_record(record)}"
        case e.Drop(kind, record_id, why):
            return f"drop  stop {record_id}" if kind is StopSign else f"drop  session {record_id}: {why}"
        case e.DateBoot(boot_id, offset_utc, estimated):
            return f"date  {boot_id} by {offset_utc:.2f}{' estimated' if estimated else ''}"
        case e.UseCalibration(calibration):
            return f"use  {_record(calibration)}"
        case e.Report(_, at, event, reason, session):
            return f"report  {event} at {at:.2f}: {reason}{'' if session is None else f' ({session.id})'}"
        case e.Note(_, kind, text):
            return f"note  {kind}: {text}"
        case e.Changed():
            return None


_KINDS: Final[dict[type, str]] = {
    Session: "session",
    Rating: "rating",
    StopSign: "stop",
    Looser: "looser",
    DayRecord: "day",
    Acknowledgement: "answer",
    Settings: "settings",
    Zero: "zero",
    Calibration: "calibration",
}
_HEADS = ("id",)
_HERE = {"zone": "UTC", "day_start": time(4)}  # where most streams play: in a record only when it is elsewhere


def _record(record: Any) -> str:
    """Its kind, its id, and the fields that are not at their default."""
    text = [_KINDS[type(record)], *(getattr(record, head) for head in _HEADS if hasattr(record, head))]
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name not in _HEADS and value != _HERE.get(field.name, field.default):
            text.append(f"{field.name}={_plain(value)}")
    return " ".join(text)


def _plain(value: object) -> str:
    match value:
        case Enum():
            return str(value.value)
        case float():
            return f"{value:.3f}"
        case date() | time():
            return value.isoformat()
        case frozenset():
            return "{" + ",".join(sorted(map(_plain, value))) + "}"
        case tuple():
            return "(" + ",".join(map(_plain, value)) + ")"
        case _:
            return str(value)


@cache
def _picture(view: View) -> tuple[str, str]:
    """A digest of the 128 x 64 pixels, and what a screen reader says."""
    return _digest(pack(render(view))), spoken(view)


def _digest(whole: bytes) -> str:
    return hashlib.sha256(whole).hexdigest()[:8]


def goldens() -> Iterator[Path]:
    yield from STREAMS.glob("*.txt")


def main() -> None:
    STREAMS.mkdir(exist_ok=True)
    for path in goldens():
        if path.stem not in stories.STORIES:
            path.unlink()
            print(f"removed {path.stem}")
    for name in stories.STORIES:
        path, text = STREAMS / f"{name}.txt", stream(name)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
