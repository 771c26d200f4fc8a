"""`matpi export`, `import` and `backup`: the log out of its file and in again.

A running device does the import, else this process.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path

from matpi.commands.output import say
from matpi.commands.target import perform, reading, report
from matpi.control.requests.transfer import Import
from matpi.errors import ImportFormatError, MatpiError, StoreError, UsageError
from matpi.paths import default_store
from matpi.store import faults, incoming
from matpi.store.atomic import write_private
from matpi.store.backups import found
from matpi.store.db import image
from matpi.store.file import discard
from matpi.store.tables import CSV_TABLES
from matpi.store.transfer import export_csv, export_json


def export(store: Path | None, target: Path, *, as_csv: bool) -> None:
    """Write everything to `target`, `-` for standard output. What exists is never replaced.

    A regular export over the last one would, after a damaged log was set aside, replace the only good copy.
    """
    if as_csv and str(target) == "-":
        raise UsageError("--csv needs a folder, for it writes several files; - is for JSON only.")
    with reading(store) as log:
        if as_csv:
            for path in (target / f"{kind.name}.csv" for kind in CSV_TABLES):
                if path.exists():
                    advice = "choose another folder, such as one with the date"
                    raise StoreError(f"{path} exists and is not replaced; {advice}.")
            say(f"{', '.join(path.name for path in export_csv(log, target))} written to {target}.")
            return
        data = BytesIO()
        export_json(log, data)
        if _write(target, data.getvalue(), "export", "or say --csv for a file a table"):
            say(f"Everything is written to {target}.")


def backup(store: Path | None, target: Path) -> None:
    """Copy the log to `target`, `-` for stdout, as one SQLite file, also while the device writes to it."""
    path = store or default_store()
    if _write(target, image(path), "backup", "such as matpi-backup.db"):
        say(f"{path} is copied to {target}, whole and without companions; `matpi sessions --store {target}` reads it.")
    if store is None:
        report(path)


def import_(store: Path | None, source: Path, person: str | None = None) -> None:
    """Read a file of `matpi export` and report how many records were new.

    An import that is refused leaves no new log behind. `person`: the name of the person who gets what is no one's.
    """
    if not source.exists():
        raise ImportFormatError(f"There is no {source}; name a JSON file made by `matpi export`.")
    path = store or default_store()
    missing = not (os.path.exists(path) or found(path))  # noqa: PTH110  False in a closed folder
    request = Import(incoming.text_of_file(source), person, str(source))
    try:
        perform(request, store)
    except MatpiError:
        if missing:
            discard(path)
        raise


def _write(target: Path, data: bytes, what: str, instead: str) -> bool:
    """Make the file `target` and return True, or write to what is there: `-`, a pipe or a device.

    `instead`: what to name in place of a folder. Raises StoreError, for a file that exists too.
    """
    to_stdout = str(target) == "-"
    if to_stdout and sys.__stdout__ is None:
        raise StoreError("Nothing can be written to -, for standard output is closed; name a file.")
    if not to_stdout:
        try:
            mode = target.stat().st_mode
        except OSError:  # not there yet; what else is wrong with it, write_private reports
            write_private(target, data, what)
            return True
        if stat.S_ISDIR(mode):
            raise StoreError(f"{target} is a folder; name a file in it, {instead}.")
        if stat.S_ISREG(mode):
            raise StoreError(f"{target} exists and is not replaced; choose another name, such as one with the date.")
    try:
        with nullcontext(sys.stdout.buffer) if to_stdout else target.open("wb") as file:
            file.write(data)
            file.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise faults.of_os(error, target, "write to", log=False) from error
    return False
