"""`matpi sessions`: list the sessions; delete, restore, edit, confirm or deny one.

Listing works beside a running device; changing needs the log for itself (StoreBusyError). A deleted session stays in
the file, the former values of an edited one are stored, and an export has both. JSON lines have these fields, always
all of them, in this order; times are ISO 8601 with offset, null when unknown: id, start, day, span_s, on_mat_s, reason
(null: under way), aways, routine, rating, edited, person (the name, null where nobody is named), counts, doubt (null:
none), yours (null: not answered), estimated (the date), looser (null: not answered); with `--deleted` also deleted
(when) and deleted_why.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from matpi.commands import people
from matpi.commands.editing import ID_SHOWN, dated, edits, explain_estimates, instant, pick, shown_length
from matpi.commands.output import bar, count, day_and_time, iso, lines, local, say, table, words
from matpi.commands.target import config_of, reading, writing
from matpi.core.model import ROUTINE_NAMES, Doubt, EndReason, Session
from matpi.core.rules import DeviceRules
from matpi.errors import UsageError
from matpi.paths import default_store
from matpi.store import corrections
from matpi.store.db import Store
from matpi.store.tables import StoredSession
from matpi.store.transfer import OVERLAPS
from matpi.words import duration

_DOUBTS = {Doubt.THING: "a thing", Doubt.LIGHT: "too light", Doubt.ONE_END: "one end empty"}
"""Of these the list gives the reason; of the others it asks. The screen asks about all but a thing."""
MINUTES_A_MARK = 2.0  # of the bar of a session, so that the cap of 45 min leaves the table 80 characters wide
EDITS = {
    "minutes": "minutes=12 or minutes=12:30, the time on the mat",
    "start": 'start="2026-03-15 21:00", by the local clock',
    "routine": f"routine=NAME, one of {', '.join(ROUTINE_NAMES)}",
    "person": "person=NAME, of somebody who shares the mat",
    "looser": 'looser=yes, no or none, the answer to "Looser?"',
}
_LOOSER = {"yes": True, "no": False, "none": None}


def run(
    store: Path | None,
    config_path: Path | None,
    pairs: tuple[str, ...],
    *,
    as_json: bool,
    deleted: bool,
    person: str | None,
    **ids: str | None,
) -> None:
    """Do what the options say; at most one of `ids`, such as delete_id, is given. Raises UsageError."""
    if pairs and ids["edit_id"] is None:
        raise UsageError(f"{pairs[0]!r} changes nothing without --edit ID; `matpi sessions` shows the ids.")
    match next(((option, found) for option, found in ids.items() if found is not None), None):
        case "edit_id", found:
            edit(store, found, pairs, config_path)
        case "delete_id", found:
            delete(store, found)
        case "restore_id", found:
            restore(store, found)
        case "confirm_id" | "deny_id" as option, found:
            answer(store, found, yours=option == "confirm_id")
        case _:
            sessions(store, as_json=as_json, deleted=deleted, person=person)


def sessions(store: Path | None, *, as_json: bool, deleted: bool = False, person: str | None = None) -> None:
    """List all but the deleted, or only those; oldest first. `person`: only those of this name."""
    with reading(store) as log:
        names = people.names(log)
        owner = None if person is None else people.owner_of(log, person)
        entries = [
            entry
            for entry in log.sessions()
            if (entry.deleted_why is not None) is deleted and owner in {None, entry.session.person}
        ]
        rated = {r.session_id: r.value for r in log.ratings() if r.session_id is not None}
        looser = log.looser()
    if as_json:
        lines(
            _line(entry, rated.get(entry.session.id), looser.get(entry.session.id), names, deleted=deleted)
            for entry in entries
        )
    elif entries:
        _table(entries, rated, looser, names, deleted=deleted)
    elif owner is not None:
        say(f"No session of {names[owner]}.")
    else:
        say("No session is deleted." if deleted else "No session yet. Lie down, and the first one is here.")


def _line(
    entry: StoredSession, rating: int | None, looser: bool | None, names: Mapping[str | None, str], *, deleted: bool
) -> dict[str, object]:
    s = entry.session
    line: dict[str, object] = {
        "id": s.id,
        "start": iso(s.start_utc, s.utc_offset_s),
        "day": None if s.day is None else s.day.isoformat(),
        "span_s": round(s.span_s, 3),
        "on_mat_s": round(s.on_mat_s, 3),
        "reason": None if s.reason is None else str(s.reason),
        "aways": s.aways,
        "routine": s.routine,
        "rating": rating,
        "edited": s.edited,
        "person": people.name_of(names, s.person),
        "counts": entry.counts,
        "doubt": s.doubt,
        "yours": s.yours,
        "estimated": s.estimated,
        "looser": looser,
    }
    if deleted:
        line |= {"deleted": iso(entry.deleted_utc, s.utc_offset_s), "deleted_why": entry.deleted_why}
    return line


def _table(
    entries: Sequence[StoredSession],
    rated: Mapping[str, int],
    looser: Mapping[str, bool],
    names: Mapping[str | None, str],
    *,
    deleted: bool,
) -> None:
    stored = [entry.session for entry in entries]
    shown = shown_length([s.id for s in stored])
    notes = ["" if deleted else _counted(s) for s in stored]
    asked = any(notes)
    answers = [{None: "-", True: "yes", False: "no"}[looser.get(s.id)] for s in stored]
    answered = set(answers) != {"-"}
    table(
        (
            *("", "start", "min:s", "", "tight", *(("looser",) if answered else ())),
            *("routine", "deleted" if deleted else "ended"),
            *(("counted",) if asked else ()),
            *("id", *people.who(names)),
        ),
        [
            (
                *day_and_time(s.start_utc, s.utc_offset_s, estimated=s.estimated),
                duration(s.on_mat_s),
                bar(s.on_mat_s / 60.0 / MINUTES_A_MARK),
                str(rated.get(s.id, "-")),
                *((answer,) if answered else ()),
                words(s.routine),
                _ended(entry),
                *((note,) if asked else ()),
                s.id[:shown],
                *people.who(names, s.person),
            )
            for entry, s, answer, note in zip(entries, stored, answers, notes, strict=True)
        ],
        right=(2, 4),
    )
    total_min = int(sum(s.on_mat_s for s in stored if deleted or s.counts) // 60)
    what = f"{total_min} min on the mat" if total_min < 120 else f"{total_min / 60:.1f} h on the mat"
    if deleted:
        what = "deleted, and kept: --restore ID brings one back"
    elif uncounted := sum(not s.counts for s in stored):
        what += f"; without {uncounted} not counted"
    edited = "; * edited by hand" if any(s.edited for s in stored) else ""
    say(f"{count(len(stored), 'session')}, {what}{edited}.")
    explain_estimates(stored)
    if not deleted and any(s.doubt is not None and s.yours is None and not s.is_open for s in stored):
        say("Was that you? matpi sessions --confirm ID says yes, --deny ID says no.")


def _ended(entry: StoredSession) -> str:
    """Return how it ended, or why it was deleted: an id in that is cut as in the table."""
    session, why = entry.session, entry.deleted_why
    if why:
        return why[: len(OVERLAPS) + ID_SHOWN] if why.startswith(OVERLAPS) else why
    return "under way" if session.reason is None else words(session.reason) + (" *" if session.edited else "")


def _counted(session: Session) -> str:
    """Return why it does not count, or what is asked about it; "" when it counts without a question."""
    if session.reason is EndReason.DISCARDED:
        why = "discarded"
    elif session.yours is not None:
        why = "" if session.yours else "not you"
    else:
        why = "" if session.doubt is None else _DOUBTS.get(session.doubt, "was that you?")
    return why if session.counts else f"not counted: {why}"


def delete(store: Path | None, session_id: str) -> None:
    """Delete a session; its trace stays. Raises UsageError when the id fits none or several."""
    found, _ = _find(store, session_id)
    with writing(store) as log:
        log.delete_session(found.id, utc=time.time())
    say(f"Session {found.id} is deleted, and the plan is recomputed.")
    say(f"Not meant? matpi sessions --restore {session_id}")


def restore(store: Path | None, session_id: str) -> None:
    """Restore a deleted session. Raises UsageError as `delete`, and when it overlaps another one."""
    found, others = _find(store, session_id, deleted=True)
    _refuse_overlap(None, found, others, "delete that one or correct its start first")
    with writing(store) as log:
        log.restore_session(found.id)
    say(f"Session {found.id} is back, and the plan is recomputed.")
    if found.reason is EndReason.DISCARDED:
        say("It was discarded on the mat, so the plan does not count it.")


def answer(store: Path | None, session_id: str, *, yours: bool) -> None:
    """Answer "Was that you?" of a closed session, whether it was asked or not.

    A "no" to an unusual load also sets `others` to pets, and reports it. Raises UsageError for an open session.
    """
    found, _ = _find(store, session_id)
    if found.yours is yours:
        say(f"Session {found.id} is {'confirmed' if yours else 'denied'} already; nothing was changed.")
        return
    with writing(store) as log:
        after, pets = log.answer_session(found.id, yours=yours, utc=time.time())
    answered = "is confirmed as yours" if yours else "was not you"
    say(f"Session {found.id} {answered} and {'counts' if after.counts else 'does not count'}; the plan is recomputed.")
    if not yours:
        say(f"Not meant? matpi sessions --confirm {session_id}")
    if pets:
        say(
            "The setting others is now pets: a load that is not known as yours counts only when it is confirmed. "
            "`matpi settings others=no` switches back."
        )


def edit(store: Path | None, session_id: str, pairs: tuple[str, ...], config_path: Path | None = None) -> None:
    """Change a session; `pairs` are "key=value" of EDITS, all or none.

    The bounds are those of the config, the device's where none is named. Ratings and stop signs of the session move
    with its start and its person. Raises ConfigError, and UsageError naming what is wrong.
    """
    rules = config_of(config_path).device_rules()
    found, others = _find(store, session_id)
    with Store.open(store or default_store(), read_only=True) as log:
        memory, names = log.load(), people.names(log)
        newest = max((session.end_utc or 0.0 for session in memory.log.sessions), default=0.0)

        def change(key: str, text: str) -> Mapping[str, object] | None:
            match key:
                case "minutes":
                    on_mat_s = _seconds(text, rules)
                    return {"on_mat_s": on_mat_s, "span_s": on_mat_s + found.span_s - found.on_mat_s}
                case "start":
                    utc, offset_s, day = instant("start", text, memory.settings, newest)
                    return {"start_utc": utc, "utc_offset_s": offset_s, "day": day}
                case "routine":
                    return {"routine": text} if text in ROUTINE_NAMES else None
                case "looser":
                    return {"looser": _LOOSER[text]} if text in _LOOSER else None
                case _ if not memory.people.all:
                    raise UsageError(
                        f"person={text} would take the session out of the plan for good, for nobody is named here; "
                        "`matpi people add NAME` names somebody first."
                    )
                case _:
                    return {"person": people.owner_of(log, text)}

        changes = edits(pairs, "session", EDITS, change)
    answers, looser = "looser" in changes, changes.pop("looser", None)
    times = {key: changes[key] for key in ("start_utc", "span_s", "on_mat_s") if key in changes}
    moved = replace(found, **times)  # type: ignore[arg-type]
    _refuse_overlap(found, moved, others, "choose another start or fewer minutes")
    with writing(store) as log, log.writing() as conn:
        if answers:
            corrections.answer_looser(conn, found.id, looser)  # type: ignore[arg-type]
        after = corrections.edit(conn, found.id, time.time(), changes) if changes else found
        followed = corrections.follow(conn, found, after, partial(dated, memory.settings))
    if answers:
        said = next(word for word, value in _LOOSER.items() if value is looser)
        say(f'"Looser?" of session {found.id}: {said}.')
        if not changes:
            return
    say(f"Session {found.id} was {_described(found, names)} and is {_described(after, names)}.")
    if followed:
        say(f"Its ratings and stop signs ({followed}) follow it.")
    if after.counts is not found.counts:
        say("It counts now." if after.counts else "It does not count now.")
    say("What it was is kept, and the plan is recomputed.")


def _find(store: Path | None, start: str, *, deleted: bool = False) -> tuple[Session, tuple[StoredSession, ...]]:
    """Return the session, and all there are. Raises UsageError."""
    path = store or default_store()
    with Store.open(path, read_only=True) as log:
        entries = log.sessions()
    known = {entry.session.id: entry.session for entry in entries if (entry.deleted_why is not None) is deleted}
    command = f"matpi sessions {'--deleted ' if deleted else ''}--json"
    advice = f" of {path}; take a whole one from `{command}`"
    return known[pick(start, known, "no session", "sessions", advice)], entries


def _seconds(text: str, rules: DeviceRules) -> float:
    """Return the time on the mat within the bounds of what the device itself would call a session."""
    minutes, colon, seconds = text.partition(":")
    parts = (minutes, seconds) if colon else (minutes, "0")
    fine = all(part.isdecimal() and part.isascii() and len(part) <= 4 for part in parts)
    total_s = int(parts[0]) * 60.0 + int(parts[1]) if fine and int(parts[1]) < 60 else 0.0
    if not rules.min_session_s <= total_s <= rules.cap_s:
        bounds = f"{duration(rules.min_session_s)} to {duration(rules.cap_s)}"
        raise UsageError(f"minutes={text} is no time on the mat; write minutes or m:ss from {bounds}.")
    return total_s


def _refuse_overlap(before: Session | None, after: Session, others: Iterable[StoredSession], do: str) -> None:
    """Raise UsageError if `after` overlaps a session that `before` did not: one mat has one at a time."""
    for entry in others:
        other = entry.session
        if other.id == after.id or entry.deleted_why is not None or (before is not None and before.overlaps(other)):
            continue
        if after.overlaps(other):
            raise UsageError(
                f"Session {after.id} would overlap session {other.id} on the same mat ({_described(other, {})}); {do}."
            )


def _described(session: Session, names: Mapping[str | None, str]) -> str:
    """Return the session in words, with its owner where people are named."""
    when = local(session.start_utc, session.utc_offset_s, estimated=session.estimated)
    whose = f" ({names.get(session.person, session.person)})" if names else ""
    return f"{duration(session.on_mat_s)} min of {words(session.routine)}, {when}{whose}"
