"""Amend the session log by hand: what `matpi sessions --delete`, `--restore`, `--edit`, `--confirm`, `--deny` do.

All of them need the log for themselves (StoreBusyError while a device runs). Nothing is lost by them: a deleted session
stays in the file, the former values of an edited one are stored, and an export has both. The plan is recomputed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from matpi import people, which_log
from matpi.core.calendar_day import day_of, local_instant, utc_offset_s
from matpi.core.model import ROUTINE_NAMES, EndReason, Session, Settings
from matpi.core.rules import DeviceRules
from matpi.errors import UsageError
from matpi.host import default_store, zone_for
from matpi.store.db import Store
from matpi.store.rows import StoredSession
from matpi.telling import clock, local, say, tell_set_aside, words

_RULES = DeviceRules()
SHORTEST_S, LONGEST_S = _RULES.min_session_s, _RULES.cap_s
"""What the device itself would call a session; by hand no other is made."""
EDITS = {
    "minutes": "minutes=12 or minutes=12:30, the time on the mat",
    "start": 'start="2026-03-15 21:00", by the local clock',
    "routine": f"routine=NAME, one of {', '.join(ROUTINE_NAMES)}",
    "person": "person=NAME, of somebody who shares the mat, or guest",
}


def delete(store: Path | None, session_id: str) -> None:
    """`session_id` may be the start of an id. Raises UsageError when it fits none or several."""
    path = store or default_store()
    found = _find(path, session_id, lambda entry: entry.deleted_why is None, "matpi sessions --json")
    with which_log.writing(store) as log:
        tell_set_aside(log.set_aside)
        log.delete_session(found.id, utc=time.time())
    say(f"Session {found.id} is deleted; its trace is kept, and the plan is counted anew.")
    say(f"Not meant? matpi sessions --restore {session_id}")


def restore(store: Path | None, session_id: str) -> None:
    """A deleted session is back. `session_id` as for `delete`, among the deleted ones."""
    path = store or default_store()
    found = _find(path, session_id, lambda entry: entry.deleted_why is not None, "matpi sessions --deleted --json")
    with which_log.writing(store) as log:
        tell_set_aside(log.set_aside)
        log.restore_session(found.id)
    say(f"Session {found.id} is back, and the plan is counted anew.")
    if found.reason is EndReason.DISCARDED:
        say("It was thrown away on the mat, so the plan does not count it.")


def edit(store: Path | None, session_id: str, pairs: tuple[str, ...]) -> None:
    """`pairs` are "key=value" of EDITS; all or none. Raises UsageError naming what is wrong."""
    path = store or default_store()
    found = _find(path, session_id, lambda entry: entry.deleted_why is None, "matpi sessions --json")
    with Store.open(path, read_only=True) as log:
        memory, names = log.load(), people.names(log)
        wanted = [text for key, equals, text in map(_parted, pairs) if key == "person" and equals]
        if wanted and not memory.people.all:
            raise UsageError(
                f"person={wanted[0]} would take the session out of the plan for good, for nobody is named here; "
                "`matpi people add NAME` names somebody first."
            )
        owners = {name: people.owner_of(log, name) for name in wanted}
        others = [entry.session for entry in log.sessions() if entry.deleted_why is None]
    newest = max((session.end_utc or 0.0 for session in memory.log.sessions), default=0.0)
    changes = _changes(found, pairs, memory.settings, max(time.time(), newest), owners)
    _refuse_overlap(found, changes, others)
    with which_log.writing(store) as log:
        tell_set_aside(log.set_aside)
        after = log.edit_session(found.id, utc=time.time(), **changes)
    say(f"Session {found.id} was {_told(found, names)} and is {_told(after, names)}.")
    say("What it was is kept, and the plan is counted anew.")


def answer(store: Path | None, session_id: str, *, yours: bool) -> None:
    """Answer "Was that you?" of a closed session, whether it was asked or not. `session_id` as for `delete`.

    A "no" to an unusual load also sets `others` to pets, and reports it. Raises UsageError for an open session.
    """
    path = store or default_store()
    found = _find(path, session_id, lambda entry: entry.deleted_why is None, "matpi sessions --json")
    if found.yours is yours:
        say(f"Session {found.id} is {'confirmed' if yours else 'denied'} already; nothing was changed.")
        return
    with which_log.writing(store) as log:
        tell_set_aside(log.set_aside)
        after, pets = log.answer_session(found.id, yours=yours, utc=time.time())
    answered = "is confirmed as yours" if yours else "was not you"
    counts = "counts" if after.counts else "does not count"
    say(f"Session {found.id} {answered} and {counts}; the plan is recomputed.")
    if not yours:
        say(f"Not meant? matpi sessions --confirm {session_id}")
    if pets:
        say(
            "The setting others is now pets: a load that is not known as yours counts only when it is confirmed. "
            "`matpi settings others=no` switches back."
        )


def _find(path: Path, session_id: str, wanted: Callable[[StoredSession], bool], listed_by: str) -> Session:
    with Store.open(path, read_only=True) as log:
        known = {entry.session.id: entry.session for entry in log.sessions() if wanted(entry)}
    fits = [known_id for known_id in known if session_id and known_id.startswith(session_id)]
    if session_id in known:
        fits = [session_id]
    if len(fits) != 1:
        what = f"fits {len(fits)} sessions" if fits else "fits no session"
        raise UsageError(f"The id {session_id!r} {what} of {path}; take a whole one from `{listed_by}`.")
    return known[fits[0]]


def _parted(pair: str) -> tuple[str, str, str]:
    return pair.partition("=")


def _changes(
    found: Session, pairs: tuple[str, ...], settings: Settings, now_utc: float, owners: Mapping[str, str]
) -> dict[str, object]:
    """`owners`: the ids of the names there."""
    if not pairs:
        raise UsageError(f"--edit needs what to change: {'; '.join(EDITS.values())}.")
    changes: dict[str, object] = {}
    for pair in pairs:
        key, equals, text = _parted(pair)
        match key:
            case "minutes" if equals:
                on_mat_s = _seconds(text)
                changes |= {"on_mat_s": on_mat_s, "span_s": on_mat_s + found.span_s - found.on_mat_s}
            case "start" if equals:
                changes |= _start(text, settings, now_utc)
            case "routine" if text in ROUTINE_NAMES:
                changes["routine"] = text
            case "person" if text in owners:
                changes["person"] = owners[text]
            case _ if key in EDITS:
                raise UsageError(f"{pair!r} does not work; write {EDITS[key]}.")
            case _:
                raise UsageError(f"A session has no {key!r} to edit; write {'; '.join(EDITS.values())}.")
    return changes


def _seconds(text: str) -> float:
    minutes, colon, seconds = text.partition(":")
    parts = (minutes, seconds) if colon else (minutes, "0")
    fine = all(part.isdecimal() and part.isascii() and len(part) <= 4 for part in parts)
    total_s = int(parts[0]) * 60.0 + int(parts[1]) if fine and int(parts[1]) < 60 else 0.0
    if not SHORTEST_S <= total_s <= LONGEST_S:
        bounds = f"{clock(SHORTEST_S)} to {clock(LONGEST_S)}"
        raise UsageError(f"minutes={text} is no time on the mat; write minutes or m:ss from {bounds}.")
    return total_s


def _start(text: str, settings: Settings, now_utc: float) -> dict[str, object]:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None or len(text) < len("2026-03-15 21:00"):
        raise UsageError(f"start={text} is no date and time of the local clock; write {EDITS['start']}.")
    zone = zone_for(settings.zone)
    utc = local_instant(wall.date(), zone, wall.time()) if 1970 < wall.year < 2200 else 0.0
    if utc is None or (utc and datetime.fromtimestamp(utc, zone).replace(tzinfo=None) != wall):
        raise UsageError(f"start={text} never was: the clocks went forward over it; choose a time beside it.")
    if not 0.0 < utc <= now_utc:
        raise UsageError(f"start={text} lies in the future, or before 1971; write when the session began.")
    return {
        "start_utc": utc,
        "utc_offset_s": utc_offset_s(utc, zone),
        "day": day_of(utc, zone, settings.day_start),
    }


def _refuse_overlap(found: Session, changes: Mapping[str, object], others: Iterable[Session]) -> None:
    """On one mat there is one session at a time; what overlapped before, as an import may bring it, may go on to."""
    after = replace(found, **{key: changes[key] for key in ("start_utc", "span_s", "on_mat_s") if key in changes})  # type: ignore[arg-type]
    for other in others:
        if other.id == found.id or other.reason is EndReason.DISCARDED:
            continue
        if _overlap(after, other) and not _overlap(found, other):
            raise UsageError(
                f"Session {found.id} would overlap session {other.id} on the same mat ({_told(other, {})}); "
                "choose another start or fewer minutes."
            )


def _overlap(one: Session, other: Session) -> bool:
    if one.start_utc is None or other.start_utc is None:
        return False
    both_s = min(one.start_utc + one.span_s, other.start_utc + other.span_s) - max(one.start_utc, other.start_utc)
    return both_s > 0.0


def _told(session: Session, names: Mapping[str | None, str]) -> str:
    """With whose it is, where somebody was ever named."""
    when = local(session.start_utc, session.utc_offset_s)
    whose = "nobody" if session.person is None else names.get(session.person, session.person)
    return f"{clock(session.on_mat_s)} min of {words(session.routine)}, {when}" + (f" ({whose})" if names else "")
