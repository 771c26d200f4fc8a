"""What the lists of sessions and ratings have in common, and their --edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from matpi.commands.output import say
from matpi.control.requests.fields import ID_SHOWN
from matpi.core.model import Memory, Rating, Session, StopSign
from matpi.errors import UsageError
from matpi.paths import zone_doubts


def shown_length(ids: Sequence[str]) -> int:
    """Return how many characters of each id make it unique."""
    longest = max(map(len, ids))
    return next((n for n in range(ID_SHOWN, longest) if len({one[:n] for one in ids}) == len(ids)), longest)


def texts_of(pairs: Sequence[str], keys: Mapping[str, str]) -> dict[str, str]:
    """Return the "key=value" of --edit by key; `keys`: how each is written. Raises UsageError."""
    texts = {}
    for pair in pairs:
        key, equals, texts[key] = pair.partition("=")
        if key in keys and not equals:
            raise UsageError(f"{pair!r} does not work; write {keys[key]}.")
    return texts


def explain_estimates(records: Iterable[Session | Rating | StopSign]) -> None:
    """Explain the ~ of a table, where one of `records` has it."""
    if any(record.estimated for record in records):
        say("~ is estimated: the clock was not known. matpi sessions --edit ID start=... corrects a session.")


def doubts(memory: Memory) -> tuple[str, ...]:
    """Return a sentence for each stored value that cannot be used here; its default is used instead."""
    return (*memory.doubts, *zone_doubts(memory.settings.zone))
