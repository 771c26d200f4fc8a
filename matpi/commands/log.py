"""Open the session log of a command, warn which one that is where it may not be expected, and find records in it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from matpi.commands.output import say, stored, warn, warn_bare
from matpi.core.clock import LATEST_UTC, day_of, local_instant, utc_offset_s
from matpi.core.model import Rating, Session, Settings, StopSign
from matpi.drivers.clock import SystemClock
from matpi.errors import MatpiError, UsageError
from matpi.paths import default_store, device_store, simulator_store, stored_zone
from matpi.store.db import Store, bare, is_unmade

ID_SHOWN = 8  # characters of an id in a table; more are shown where that is not enough


@contextmanager
def reading(store: Path | None) -> Iterator[Store]:
    """A reader of `store`, else of the default log, which is reported when the block is left without an error."""
    with Store.open(store or default_store(), read_only=True) as log:
        yield log
        if store is None:
            report(log.path, empty=_is_empty(log))


@contextmanager
def writing(store: Path | None) -> Iterator[Store]:
    """A writer, otherwise like `reading`; needs the log for itself (StoreBusyError). What became of a bare or a damaged
    file is reported.
    """
    path = store or default_store()
    warn_bare(bare(path))
    with Store.open(path) as log:
        warn_if_set_aside(log)
        yield log
        stored.append(path)
        if store is None:
            report(log.path, empty=_is_empty(log))


def warn_if_set_aside(log: Store) -> None:
    """Warn that a writer has found the log damaged."""
    if log.set_aside is not None:
        warn(f"The session log was damaged; it is kept as {log.set_aside}, and a new one was started.")


def report(path: Path, *, empty: bool = False) -> None:
    """Report a log that the user has not named and that the device does not use, or that has no session."""
    device = path == device_store()
    if empty:
        warn(f"There is no session in the log {path} yet.{_other() if device else ''}")
    elif not device:
        warn(f"The log is {path}, not the device's.")


def _other() -> str:
    """Where the simulator's log is, if there is one: a device that was started once hides it."""
    try:
        path = simulator_store()
        return "" if is_unmade(path) else f" The simulator's is {path}; name it with --store."
    except MatpiError:
        return ""


def _is_empty(log: Store) -> bool:
    with log.reading() as conn:
        return conn.execute("SELECT 1 FROM sessions LIMIT 1").fetchone() is None


def shown_length(ids: Sequence[str]) -> int:
    """How many characters of each id make it unique."""
    longest = max(map(len, ids))
    return next((n for n in range(ID_SHOWN, longest) if len({one[:n] for one in ids}) == len(ids)), longest)


def pick(start: str, ids: Collection[str], none: str, several: str, advice: str) -> str:
    """Return the one id that is `start` or begins with it. Raises UsageError for `none` or `several` that fit."""
    fits = [start] if start in ids else [one for one in ids if start and one.startswith(start)]
    if len(fits) != 1:
        raise UsageError(f"The id {start!r} fits {f'{len(fits)} {several}' if fits else none}{advice}.")
    return fits[0]


def instant(key: str, text: str, settings: Settings, latest_utc: float) -> float:
    """Return the UTC of a date and time of the local clock. Raises UsageError naming `key`."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None or len(text) < len("2026-03-15 21:00"):
        raise UsageError(
            f'{key}={text} is no date and time of the local clock; write {key}="2026-03-15 21:00", by the local clock.'
        )
    zone = stored_zone(settings.zone)
    utc = local_instant(wall.date(), zone, wall.time()) if 1970 < wall.year < 2200 else 0.0
    if utc is None or (utc and datetime.fromtimestamp(utc, zone).replace(tzinfo=None) != wall):
        raise UsageError(f"{key}={text} never was: the clocks went forward over it; choose a time beside it.")
    if not 0.0 < utc <= latest_utc:
        raise UsageError(f"{key}={text} lies in the future, or before 1971; write when it was.")
    return utc


def latest(newest_utc: float = 0.0) -> float:
    """Until when a record may have been: while no clock is trusted, what is past is not known either."""
    return max(time.time(), newest_utc) if SystemClock().trusted() else LATEST_UTC


def dated(settings: Settings, utc: float) -> tuple[int, date]:
    """Local time minus UTC, and the plan's day, at `utc`."""
    zone = stored_zone(settings.zone)
    return utc_offset_s(utc, zone), day_of(utc, zone, settings.day_start)


def explain_estimates(records: Iterable[Session | Rating | StopSign]) -> None:
    if any(record.estimated for record in records):
        say("~ is estimated: the clock was not known. matpi sessions --edit ID start=... corrects a session.")
