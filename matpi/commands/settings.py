"""`matpi settings`: show what a person sets, and change it in the log."""

from __future__ import annotations

from pathlib import Path

from matpi.commands.editing import doubts
from matpi.commands.output import say, warn
from matpi.commands.target import reading, writing
from matpi.core.effects import Save
from matpi.core.model import Settings
from matpi.paths import default_store, system_zone
from matpi.store.db import Store, bare, is_unmade
from matpi.store.settings import changed, rows


def run(store: Path | None, pairs: tuple[str, ...]) -> None:
    """Change what the pairs say, and show all."""
    if pairs:
        change(store or default_store(), pairs)
    show(store)


def begin(path: Path) -> None:
    """Make the log at `path` if there is none yet, in this machine's zone."""
    if is_unmade(path):
        change(path, ())


def change(path: Path, pairs: tuple[str, ...]) -> None:
    """Set the pairs in the log at `path`; needs it for itself (StoreBusyError while a device runs).

    A damaged log is reported (StoreDamagedError) and stays where it is; only a device begins a new one in its
    place. One that is not there yet is made, in this machine's zone, and that is reported.
    """
    new, begun = is_unmade(path), bool(bare(path))
    if new:
        changed(Settings(), pairs)
    else:
        with Store.open(path, read_only=True) as log:
            changed(log.load().settings, pairs)
    with writing(path) as log:
        settings = Settings(zone=system_zone()) if new else log.load().settings
        log.write(Save(changed(settings, pairs)))
    if new and not begun:
        warn(f"There was no session log at {path} yet; a new one was made.")


def show(store: Path | None) -> None:
    """Print what is set, what may be written, and what cannot be used; works beside a running device."""
    with reading(store) as log:
        memory = log.load()
    table = rows(memory.settings)
    keys, values = (max(len(row[n]) for row in table) + 2 for n in (0, 1))
    for key, value, wanted in table:
        say(f"{key:<{keys}}{value:<{max(values, 18)}}{wanted}")
    for doubt in doubts(memory):
        say(doubt)
