"""Print on a terminal or into a pipe: tables, JSON lines, and times as people write them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap
from types import MappingProxyType
from typing import Any

from matpi.words.phrases import at, local

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PIPED_WIDTH = 120  # chosen: nothing of ours is wider, so no cell wraps in a pipe
LEAST_WIDTH = 8  # chosen: a narrower column holds no word

stored: list[Path] = []
"""The logs that this command has changed; when its report cannot be printed, cli.run still says that it did."""


def make_writable() -> None:
    """Replace what an output cannot encode by `?`, and a closed stream by one that goes nowhere."""
    # In the order of their numbers: the lowest free one is taken, and a log that is opened later must not get it.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def drop_output() -> None:
    """Keep the interpreter from complaining at exit about what it cannot write."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Print at once: the reader of a pipe does not wait for the end."""
    print(text, flush=True)  # noqa: T201


def warn(text: str) -> None:
    """Print on standard error, so that what a program reads stays whole."""
    print(f"matpi: {text}", file=sys.stderr, flush=True)  # noqa: T201


def lines(rows: Iterable[dict[str, Any]]) -> None:
    """Print each of `rows` as a line of JSON."""
    if text := "\n".join(map(json.dumps, rows)):
        say(text)


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int] = (),
    whole: Sequence[int] = (),
    *,
    show: bool = True,
    piped_width: int = PIPED_WIDTH,
    styles: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Print a table of `rows` under `heads` (not with `show` False).

    Columns in `right` are aligned to the right. Where there is no room, the widest columns are folded; those in
    `right`, in `whole` and one headed "id" never are: an id that was cut short could not be typed again. `styles`:
    ANSI codes by first word of a line, for a terminal.
    """
    terminal = sys.stdout.isatty()
    room = shutil.get_terminal_size().columns if terminal else piped_width
    widths = [max(map(len, column)) for column in zip(*([heads] if show else []), *rows, strict=True)]
    foldable = [n for n, head in enumerate(heads) if n not in {*right, *whole} and head != "id"]
    while foldable and sum(widths) + 2 * (len(widths) - 1) > room:
        widest = max(foldable, key=widths.__getitem__)
        if widths[widest] <= LEAST_WIDTH:
            break
        widths[widest] -= 1
    text = _row_lines(heads, widths, right) if show else []
    if show and terminal:
        text.append(("\u2500" if _draws("\u2500") else "-") * len(text[0]))
    text += [line for row in rows for line in _row_lines(row, widths, right)]
    if terminal and "NO_COLOR" not in os.environ:
        for n, first in enumerate(line.partition(" ")[0] for line in text):
            if first in styles:
                text[n] = f"\33[{styles[first]}m{first}\33[0m{text[n][len(first) :]}"
    say("\n".join(line.rstrip() for line in text))


def _row_lines(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> list[str]:
    """Return one line, or as many as the cell needs that has been folded most."""
    fold = any(len(cell) > width for cell, width in zip(row, widths, strict=True))
    pairs = zip(row, widths, strict=True)
    cells = [wrap(cell, max(1, width), break_on_hyphens=False) if fold else [cell] for cell, width in pairs]
    return [
        "  ".join(
            cell.rjust(width) if n in right else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in zip_longest(*cells, fillvalue="")
    ]


def day_and_time(utc: float | None, offset_s: int | None, *, estimated: bool) -> tuple[str, str]:
    """Return the first two cells of a row of a table: the weekday, and the date with the time."""
    weekday = "" if utc is None else WEEKDAYS[at(utc, offset_s).weekday()]
    return weekday, local(utc, offset_s, estimated=estimated)


def bar(marks: float) -> str:
    """Return as many full marks as fit, and half a one for what is left over half."""
    full, half = ("\u2588", "\u258c") if _draws("\u2588\u258c") else ("#", "")
    return full * int(marks) + (half if marks % 1 >= 0.5 else "")


def boxes(value: int, of: int) -> str:
    """Return the row of boxes that the device shows: `value` of them full."""
    full, empty = ("\u25a0", "\u25a1") if _draws("\u25a0\u25a1") else ("#", ".")
    return full * value + empty * (of - value)


def _draws(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
