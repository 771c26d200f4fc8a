"""Find and edit records as a person names them: the start of an id, "key=value", a local time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Final

from matpi.control.requests.base import Now
from matpi.core.clock import LATEST_UTC, day_of, local_instant, utc_offset_s
from matpi.core.model import Settings
from matpi.errors import UsageError
from matpi.paths import stored_zone

ID_SHOWN: Final = 8  # characters of an id in a table; more are shown where that is not enough


def pick(start: str, ids: Collection[str], none: str, several: str, advice: str) -> str:
    """Return the one id that is `start` or begins with it, else raise UsageError."""
    fits = [start] if start in ids else [one for one in ids if start and one.startswith(start)]
    if len(fits) != 1:
        raise UsageError(f"The id {start!r} fits {f'{len(fits)} {several}' if fits else none}{advice}.")
    return fits[0]


def edits(
    texts: Mapping[str, str],
    noun: str,
    keys: Mapping[str, str],
    change: Callable[[str, str], Mapping[str, object] | None],
) -> dict[str, object]:
    """Return the fields of a record called `noun` that `texts` change.

    `keys`: how each is written, as "key=value". `change` makes fields of a key and a value, None of a value that does
    not work. Raises UsageError.
    """
    how = "; ".join(keys.values())
    if not texts:
        raise UsageError(f"--edit needs what to change: {how}.")
    changes: dict[str, object] = {}
    for key, text in texts.items():
        if key not in keys:
            raise UsageError(f"A {noun} has no {key!r} to edit; write {how}.")
        fields = change(key, text)
        if fields is None:
            raise UsageError(f"{f'{key}={text}'!r} does not work; write {keys[key]}.")
        changes |= fields
    return changes


def instant(key: str, text: str, settings: Settings, now: Now, newest_utc: float = 0.0) -> tuple[float, int, date]:
    """Return UTC, local time minus UTC and the plan's day at a date and time of the local clock.

    `newest_utc`: of the records that there are, which cannot be in the future. Raises UsageError naming `key`.
    """
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
    if not 0.0 < utc <= latest(now, newest_utc):
        raise UsageError(f"{key}={text} lies in the future, or before 1971; write when it was.")
    return utc, *dated(settings, utc)


def latest(now: Now, newest_utc: float = 0.0) -> float:
    """Return until when a record may have been: anything while no clock is trusted."""
    return max(now.utc, newest_utc) if now.trusted else LATEST_UTC


def dated(settings: Settings, utc: float) -> tuple[int, date]:
    """Return local time minus UTC, and the plan's day, at `utc`."""
    zone = stored_zone(settings.zone)
    return utc_offset_s(utc, zone), day_of(utc, zone, settings.day_start)
