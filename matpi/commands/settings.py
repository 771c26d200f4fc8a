"""`matpi settings`: show what a person sets, and change it."""

from __future__ import annotations

from pathlib import Path

from matpi.commands.editing import doubts
from matpi.commands.output import say
from matpi.commands.target import perform, reading
from matpi.control.requests.settings import Settings
from matpi.store.settings import rows, texts_of


def run(store: Path | None, pairs: tuple[str, ...]) -> None:
    """Change what the pairs say, and show all."""
    if pairs:
        perform(Settings(texts_of(pairs)), store, names_log=False)
    show(store)


def show(store: Path | None) -> None:
    """Print what is set, what may be written, and what cannot be used."""
    with reading(store) as log:
        memory = log.load()
    table = rows(memory.settings)
    keys, values = (max(len(row[n]) for row in table) + 2 for n in (0, 1))
    for key, value, wanted in table:
        say(f"{key:<{keys}}{value:<{max(values, 18)}}{wanted}")
    for doubt in doubts(memory):
        say(doubt)
