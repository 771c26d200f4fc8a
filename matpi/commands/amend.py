"""Amend the session log by hand: what `matpi sessions --delete`, `--restore`, `--edit`, `--confirm`, `--deny` and
`matpi ratings --edit`, `--delete` do.

All of them need the log for themselves (StoreBusyError while a device runs). A deleted session stays in the file, the
former values of an edited one are stored, and an export has both; a deleted rating or stop sign is gone. The plan is
recomputed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

from matpi import config as config_file
from matpi.commands import people, which_log
from matpi.commands.output import clock, local, say, words
from matpi.core.clock import LATEST_UTC, day_of, local_instant, utc_offset_s
from matpi.core.effects import Save
from matpi.core.model import RATING_MAX, RATING_MIN, ROUTINE_NAMES, EndReason, Rating, Session, Settings, StopSign
from matpi.core.rules import DeviceRules
from matpi.drivers.clock import SystemClock
from matpi.errors import UsageError
from matpi.paths import default_store, device_config, stored_zone
from matpi.store import corrections, history
from matpi.store.db import Store
from matpi.store.rows import StoredSession

EDITS = {
    "minutes": "minutes=12 or minutes=12:30, the time on the mat",
    "start": 'start="2026-03-15 21:00", by the local clock',
    "routine": f"routine=NAME, one of {', '.join(ROUTINE_NAMES)}",
    "person": "person=NAME, of somebody who shares the mat",
}
SAID_EDITS = {
    "value": f"value=N, {RATING_MIN} to {RATING_MAX}, of a rating",
    "time": 'time="2026-03-15 21:00", by the local clock',
    "person": EDITS["person"],
}


def delete(store: Path | None, session_id: str) -> None:
    """`session_id` may be the start of an id. Raises UsageError when it fits none or several."""
    path = store or default_store()
    found = _find(path, session_id, lambda entry: entry.deleted_why is None, "matpi sessions --json")
    with which_log.writing(store) as log:
        log.delete_session(found.id, utc=time.time())
    say(f"Session {found.id} is deleted; its trace is kept, and the plan is counted anew.")
    say(f"Not meant? matpi sessions --restore {session_id}")


def restore(store: Path | None, session_id: str) -> None:
    """A deleted session is back. `session_id` as for `delete`, among the deleted ones.

    Raises UsageError also when another session was on the mat at that time.
    """
    path = store or default_store()
    found = _find(path, session_id, lambda entry: entry.deleted_why is not None, "matpi sessions --deleted --json")
    with Store.open(path, read_only=True) as log:
        _refuse_overlap(None, found, log.sessions(), "delete that one or correct its start first")
    with which_log.writing(store) as log:
        log.restore_session(found.id)
    say(f"Session {found.id} is back, and the plan is counted anew.")
    if found.reason is EndReason.DISCARDED:
        say("It was thrown away on the mat, so the plan does not count it.")


def edit(store: Path | None, session_id: str, pairs: tuple[str, ...], config_path: Path | None = None) -> None:
    """`pairs` are "key=value" of EDITS; all or none. Raises UsageError naming what is wrong.

    The bounds are those of the config, the device's where none is named. Ratings and stop signs of the session move
    with its start and its person. Raises ConfigError.
    """
    path = store or default_store()
    rules = config_file.load(config_path or device_config()).device_rules()
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
        others = log.sessions()
    newest = max((session.end_utc or 0.0 for session in memory.log.sessions), default=0.0)
    settings = memory.settings
    changes = _changes(found, pairs, settings, latest(newest), owners, rules)
    times = {key: changes[key] for key in ("start_utc", "span_s", "on_mat_s") if key in changes}
    moved = replace(found, **times)  # type: ignore[arg-type]
    _refuse_overlap(found, moved, others, "choose another start or fewer minutes")
    with which_log.writing(store) as log, log.writing() as conn:
        after = corrections.edit(conn, found.id, time.time(), changes)
        followed = corrections.follow(conn, found, after, partial(_dated, settings))
    say(f"Session {found.id} was {_told(found, names)} and is {_told(after, names)}.")
    if followed:
        say(f"Its ratings and stop signs ({followed}) follow it.")
    if after.counts is not found.counts:
        say("It counts now." if after.counts else "It does not count now.")
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


def edit_said(store: Path | None, record_id: str, pairs: tuple[str, ...]) -> None:
    """Correct a rating or a stop sign; `pairs` are "key=value" of SAID_EDITS, all or none. Raises UsageError."""
    path = store or default_store()
    found = _find_said(path, record_id)
    edits = {key: how for key, how in SAID_EDITS.items() if key != "value" or isinstance(found, Rating)}
    if not pairs:
        raise UsageError(f"--edit needs what to change: {'; '.join(edits.values())}.")
    with Store.open(path, read_only=True) as log:
        settings, names = log.load().settings, people.names(log)
        changes: dict[str, object] = {}
        for pair in pairs:
            key, equals, text = pair.partition("=")
            if key not in edits:
                raise UsageError(f"A {_noun(found)} has no {key!r} to edit; write {'; '.join(edits.values())}.")
            if key == "value" and text.isascii() and text.isdecimal() and RATING_MIN <= int(text[:9]) <= RATING_MAX:
                changes["value"] = int(text)
            elif key == "time" and equals:
                utc = instant("time", text, settings, latest())
                offset_s, day = _dated(settings, utc)
                changes |= {"utc": utc, "utc_offset_s": offset_s, "day": day, "estimated": False}
                changes["boot_id"] = corrections.BY_HAND
            elif key == "person" and equals:
                changes["person"] = people.owner_of(log, text)
            else:
                raise UsageError(f"{pair!r} does not work; write {edits[key]}.")
    after: Rating | StopSign = replace(found, **changes)  # type: ignore[arg-type]
    with which_log.writing(store) as log:
        if isinstance(after, Rating):
            log.write(Save(after))
        else:
            log.write(Save(after))
    say(f"The {_noun(found)} {found.id} was {_said(found, names)} and is {_said(after, names)}.")
    say("The plan is recomputed.")


def delete_said(store: Path | None, record_id: str) -> None:
    """Delete a rating or a stop sign for good. `record_id` may be the start of an id. Raises UsageError."""
    path = store or default_store()
    found = _find_said(path, record_id)
    with which_log.writing(store) as log:
        names = people.names(log)
        with log.writing() as conn:
            corrections.delete(conn, found)
    say(f"The {_noun(found)} {found.id} ({_said(found, names)}) is deleted; only an earlier export or backup has it.")
    say("The plan is recomputed.")


def _find_said(path: Path, record_id: str) -> Rating | StopSign:
    with Store.open(path, read_only=True) as log, log.reading() as conn:
        everything: tuple[Rating | StopSign, ...] = (*history.ratings(conn), *history.stops(conn))
    known = {record.id: record for record in everything}
    fits = [record_id] if record_id in known else [one for one in known if record_id and one.startswith(record_id)]
    if len(fits) != 1:
        what = f"fits {len(fits)} ratings and stop signs" if fits else "fits no rating and no stop sign"
        raise UsageError(
            f"The id {record_id!r} {what}; take a whole one from `matpi ratings --json`, or with --stops from "
            "`matpi ratings --stops --json`."
        )
    return known[fits[0]]


def _noun(record: Rating | StopSign) -> str:
    return "rating" if isinstance(record, Rating) else "stop sign"


def _said(record: Rating | StopSign, names: Mapping[str | None, str]) -> str:
    value = f"{record.value}, " if isinstance(record, Rating) else ""
    whose = f" ({names.get(record.person, record.person)})" if names else ""
    return value + local(record.utc, record.utc_offset_s, estimated=record.estimated) + whose


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
    found: Session,
    pairs: tuple[str, ...],
    settings: Settings,
    now_utc: float,
    owners: Mapping[str, str],
    rules: DeviceRules,
) -> dict[str, object]:
    """`owners`: the ids of the names there."""
    if not pairs:
        raise UsageError(f"--edit needs what to change: {'; '.join(EDITS.values())}.")
    changes: dict[str, object] = {}
    for pair in pairs:
        key, equals, text = _parted(pair)
        match key:
            case "minutes" if equals:
                on_mat_s = _seconds(text, rules)
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


def _seconds(text: str, rules: DeviceRules) -> float:
    """What the device itself would call a session; by hand no other is made."""
    minutes, colon, seconds = text.partition(":")
    parts = (minutes, seconds) if colon else (minutes, "0")
    fine = all(part.isdecimal() and part.isascii() and len(part) <= 4 for part in parts)
    total_s = int(parts[0]) * 60.0 + int(parts[1]) if fine and int(parts[1]) < 60 else 0.0
    if not rules.min_session_s <= total_s <= rules.cap_s:
        bounds = f"{clock(rules.min_session_s)} to {clock(rules.cap_s)}"
        raise UsageError(f"minutes={text} is no time on the mat; write minutes or m:ss from {bounds}.")
    return total_s


def _start(text: str, settings: Settings, now_utc: float) -> dict[str, object]:
    utc = instant("start", text, settings, now_utc)
    offset_s, day = _dated(settings, utc)
    return {"start_utc": utc, "utc_offset_s": offset_s, "day": day}


def instant(key: str, text: str, settings: Settings, now_utc: float) -> float:
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
    if not 0.0 < utc <= now_utc:
        raise UsageError(f"{key}={text} lies in the future, or before 1971; write when it was.")
    return utc


def latest(newest_utc: float = 0.0) -> float:
    """Until when a record may have been: while no clock is trusted, what is past is not known either."""
    return max(time.time(), newest_utc) if SystemClock().trusted() else LATEST_UTC


def _dated(settings: Settings, utc: float) -> tuple[int, date]:
    """Local time minus UTC, and the plan's day, at `utc`."""
    zone = stored_zone(settings.zone)
    return utc_offset_s(utc, zone), day_of(utc, zone, settings.day_start)


def _refuse_overlap(before: Session | None, after: Session, others: Iterable[StoredSession], do: str) -> None:
    """On one mat there is one session at a time; what overlapped before, as an import may bring it, may go on to."""
    for entry in others:
        other = entry.session
        if other.id == after.id or entry.deleted_why is not None or (before is not None and before.overlaps(other)):
            continue
        if after.overlaps(other):
            raise UsageError(
                f"Session {after.id} would overlap session {other.id} on the same mat ({_told(other, {})}); {do}."
            )


def _told(session: Session, names: Mapping[str | None, str]) -> str:
    """With whose it is, where somebody was ever named."""
    when = local(session.start_utc, session.utc_offset_s, estimated=session.estimated)
    whose = "nobody" if session.person is None else names.get(session.person, session.person)
    return f"{clock(session.on_mat_s)} min of {words(session.routine)}, {when}" + (f" ({whose})" if names else "")
