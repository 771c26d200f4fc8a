"""Put values into English sentences: counts, names, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone


def count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def words(name: str) -> str:
    return str(name).replace("_", " ")


def at(utc: float, offset_s: int | None) -> datetime:
    """Return local time; `offset_s` is local time minus UTC, None: UTC."""
    return datetime.fromtimestamp(utc, UTC if offset_s is None else timezone(timedelta(seconds=offset_s)))


def iso(utc: float | None, offset_s: int | None) -> str | None:
    return None if utc is None else at(utc, offset_s).isoformat(timespec="seconds")


def local(utc: float | None, offset_s: int | None, *, estimated: bool = False) -> str:
    about = "~" if estimated else ""
    return "no date yet" if utc is None else f"{about}{at(utc, offset_s):%Y-%m-%d %H:%M}"
