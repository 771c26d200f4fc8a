"""What a person types to name a record of the log: the start of an id, a date and time of the local clock."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from matpi.commands.output import say
from matpi.core.calendar_day import day_of, local_instant, utc_offset_s
from matpi.core.model import Rating, Session, Settings, StopSign
from matpi.core.wall import LATEST_UTC
from matpi.drivers.clock import SystemClock
from matpi.errors import UsageError
from matpi.paths import stored_zone

ID_SHOWN = 8
"""Characters of an id in a table; more are shown where that is not enough."""


def shown_length(ids: Sequence[str]) -> int:
    """How many characters of each id tell them apart."""
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
