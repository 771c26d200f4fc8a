"""Write the tables of docs/dev/reliability.md from figures, which come as JSON lines:

    PYTHONPATH=. python -m tests.reliability.power | PYTHONPATH=. python -m tests.reliability.figures

A line's `name` is in the mark of its table on the page, and a key of TABLES. A test that has the same figures compares
them with the page (test_power.page_has).
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "dev" / "reliability.md"
FOUND: Final = ("lost", "torn", "corrupt", "set_aside")
_MARKED = re.compile(r"(?P<begin><!-- figures: (?P<name>[\w ]+) -->\n).*?(?P<end><!-- end of figures -->)", re.DOTALL)


def cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(*rows: Iterable[object]) -> str:
    """Return the rows in Markdown; the first is the head."""
    head, *others = ("| " + " | ".join(map(cell, cells)) + " |" for cells in rows)
    return "\n".join([head, "|---" * (head.count(" | ") + 1) + "|", *others])


def power(found: Mapping[str, Any]) -> str:
    lives: dict[str, dict[str, int]] = found["lives"]
    columns = ("cut_states", *FOUND)
    together = [sum(life[key] for life in lives.values()) for key in columns]
    return table(
        ("what is cut", *(key.replace("_", " ") for key in columns)),
        *((name, *(life[key] for key in columns)) for name, life in lives.items()),
        ("together", *together),
    )


def careless(found: Mapping[str, Any]) -> str:
    return table(
        ("what is left out", "what is cut", "cut states", "found"),
        *(
            (name, row["life"], row["cut_states"], f"{row['found']:,} {row['kind'].replace('_', ' ')}")
            for name, row in found["by"].items()
        ),
    )


def disk(found: Mapping[str, Any]) -> str:
    sweeps: dict[str, dict[str, int]] = found["sweeps"]
    columns = ("runs", "hurt", "lost")
    return table(
        ("what fails", "runs", "with a write that failed", "lost"),
        *((name, *(row[key] for key in columns)) for name, row in sweeps.items()),
        ("together", *(sum(row[key] for row in sweeps.values()) for key in columns)),
    )


TABLES: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {"power": power, "careless": careless, "disk": disk}


def filled(page: str, lines: Iterable[str]) -> str:
    """Return the page with the tables of these lines. Raises KeyError for a table that nothing is known of."""
    for line in lines:
        found = json.loads(line)
        name, made = found["name"], TABLES[found["name"]](found)
        if not any(mark["name"] == name for mark in _MARKED.finditer(page)):
            raise KeyError(name)
        sqlite = f"With SQLite {found['sqlite']}:\n\n" if "sqlite" in found else ""
        page = _MARKED.sub(
            lambda mark, name=name, text=f"{sqlite}{made}\n": (  # type: ignore[misc]
                mark["begin"] + text + mark["end"] if mark["name"] == name else mark[0]
            ),
            page,
        )
    return page


def on_page(name: str) -> str:
    """Return what is between the marks of this table."""
    (text,) = (mark[0] for mark in _MARKED.finditer(PAGE.read_text(encoding="utf-8")) if mark["name"] == name)
    return str(text)


def rows_of(text: str) -> dict[str, list[str]]:
    """Return the rows of the table in this text, without its head: the first cell and the others."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    rows = ([one.strip() for one in line.strip("|").split("|")] for line in lines[1:])
    return {first: others for first, *others in rows}


def is_counted_here(name: str) -> bool:
    """Return whether the table's figures are of this SQLite: another one makes other calls."""
    return f"With SQLite {sqlite3.sqlite_version}:" in on_page(name)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), sys.stdin), encoding="utf-8")
