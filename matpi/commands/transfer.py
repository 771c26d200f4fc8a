"""`matpi export`, `import` and `backup`: the log out of its file and in again.

Reading works beside a running device; importing needs the log for itself (StoreBusyError).
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from matpi.commands.editing import ID_SHOWN, latest
from matpi.commands.output import count, say, words
from matpi.commands.target import reading, report, writing
from matpi.core.effects import Save
from matpi.core.model import Settings
from matpi.errors import ImportFormatError, MatpiError, StoreError, UsageError
from matpi.paths import default_store, system_zone, zone_doubts
from matpi.store import faults
from matpi.store.db import Store, bare, image
from matpi.store.file import discard
from matpi.store.history import setting_texts
from matpi.store.tables import CSV_TABLES
from matpi.store.transfer import Imported, export_csv, export_json, take, write_private

NAMED_MAX = 5  # of the ids that an import reports in one sentence
_NOUNS = {
    "sessions": "session",
    "ratings": "rating",
    "stops": "stop sign",
    "days": "day record",
    "people": "person",
    "looser": '"looser" answer',
}


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
    from matpi.store import incoming  # here: `export` needs none of it

    document = incoming.read(source, latest())
    missing = not os.path.exists(path)  # noqa: PTH110  False in a closed folder
    new = missing or bool(bare(path))
    with writing(store) as log:
        try:
            done = take(log, document, person)
        except MatpiError:
            if missing:
                discard(path)
            else:
                _set_first_zone(log, new=new)
            raise
        _set_first_zone(log, new=new)
        settings = log.load().settings
        unknown_zone = "settings" in done.taken and bool(zone_doubts(settings.zone))
        if unknown_zone:
            log.write(Save(replace(settings, zone=system_zone())))
    _report(done, source, settings.zone if unknown_zone else "")


def _set_first_zone(log: Store, *, new: bool) -> None:
    with log.reading() as conn:
        unset = not setting_texts(conn)
    if unset and (new or log.set_aside is not None):
        log.write(Save(Settings(zone=system_zone())))


def _report(done: Imported, source: Path, unknown_zone: str) -> None:
    numbers = {name: getattr(done, name) for name in ("sessions", "ratings", "stops", "days", "looser")}
    new = ", ".join(count(n, _NOUNS[name]) for name, n in numbers.items() if n) or "nothing"
    also = f"; also {', '.join(map(words, done.taken))}" if done.taken else ""
    say(f"New: {new}{also}. Already there and left alone: {done.known}.")
    if unknown_zone:
        say(f"The import's time zone {unknown_zone!r} is unknown here; {system_zone()} is set instead.")
    if done.differing:
        kinds: dict[str, list[str]] = {}
        for name, key in done.differing:
            kinds.setdefault(_NOUNS.get(name, "record"), []).append(key)
        out = "; ".join(f"{count(len(keys), noun)} ({_some(keys)})" for noun, keys in kinds.items())
        say(
            f"Left out: {out}. The log has these ids with other content, or what they belong to, and stays as it is. "
            f"`matpi import {source} --store NEW.db` reads them into a log of their own."
        )
    if done.overlapping:
        say(
            f"Came in as deleted: {count(len(done.overlapping), 'session')} at the time of another one on the same mat "
            f"({_some([f'{new[:ID_SHOWN]} and {here[:ID_SHOWN]}' for new, here in done.overlapping])}). Correct or "
            "delete the wrong one of the two, then `matpi sessions --restore ID`."
        )
    if done.people:
        say(f"New names: {', '.join(done.people)}. `matpi people` lists who is here; `matpi people add NAME` adds one.")
    if done.nobodys:
        what = "session belongs to nobody" if done.nobodys == 1 else "sessions belong to nobody"
        say(f"{done.nobodys} {what}: the import has no name for it. `matpi sessions --edit ID person=NAME` assigns it.")


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - NAMED_MAX
    return ", ".join(texts[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")


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
