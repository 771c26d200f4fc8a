"""How the log is told on a terminal: tables, JSON lines, and times as people write them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PIPED_WIDTH = 120  # chosen: nothing of ours is wider, so no cell wraps in a pipe


def count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def words(name: str) -> str:
    return str(name).replace("_", " ")


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _at(utc: float, offset_s: int | None) -> datetime:
    return datetime.fromtimestamp(utc, UTC if offset_s is None else timezone(timedelta(seconds=offset_s)))


def iso(utc: float | None, offset_s: int | None) -> str | None:
    return None if utc is None else _at(utc, offset_s).isoformat(timespec="seconds")


def weekday(utc: float | None, offset_s: int | None) -> str:
    return "" if utc is None else WEEKDAYS[_at(utc, offset_s).weekday()]


def local(utc: float | None, offset_s: int | None, *, estimated: bool = False) -> str:
    about = "~" if estimated else ""
    return "no date yet" if utc is None else f"{about}{_at(utc, offset_s):%Y-%m-%d %H:%M}"


def bar(marks: float) -> str:
    """As many full marks as fit, and half a one for what is left over half."""
    full, half = ("\u2588", "\u258c") if _draws("\u2588\u258c") else ("#", "")
    return full * int(marks) + (half if marks % 1 >= 0.5 else "")


def boxes(value: int, of: int) -> str:
    """The row of boxes that the device shows: `value` of them full."""
    full, empty = ("\u25a0", "\u25a1") if _draws("\u25a0\u25a1") else ("#", ".")
    return full * value + empty * (of - value)


def _draws(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def table(
    heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: tuple[int, ...] = (), *, show: bool = True
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = _console()
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal and show else None, show_header=show, pad_edge=False)
    for n, head in enumerate(heads):
        # An id that was cut short could not be typed again.
        whole = n in right or head == "id"
        table.add_column(head, justify="right" if n in right else "left", no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    with console.capture() as drawn:
        console.print(table)
    say("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def _console() -> Console:
    from rich.console import Console

    # Made anew, so that it writes to the standard output of the moment.
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)


def lines(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        say(json.dumps(row))


def tell_set_aside(aside: Path | None) -> None:
    """On standard error, when a writer found the log damaged."""
    if aside is not None:
        print(  # noqa: T201
            f"matpi: The session log was damaged; it is kept as {aside}, and a new one was started.", file=sys.stderr
        )


def tell_bare(sentence: str) -> None:
    """On standard error, when a writer begins a log in a bare file; `sentence` is that of `opening.bare`."""
    if sentence:
        print(f"matpi: {sentence} A new log is begun in it.", file=sys.stderr, flush=True)  # noqa: T201


def say(text: str) -> None:
    print(text)  # noqa: T201
