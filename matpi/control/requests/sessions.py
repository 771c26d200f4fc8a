"""Correct sessions: edit, delete, restore, confirm or deny one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from msgspec.structs import replace

from matpi.control import log_view
from matpi.control.requests.base import Done, LogRequest, Now
from matpi.control.requests.fields import dated, edits, instant, pick
from matpi.core.model import ROUTINE_NAMES, EndReason, Session
from matpi.core.rules import DeviceRules
from matpi.errors import UsageError
from matpi.store import corrections
from matpi.store.db import Store
from matpi.store.tables import StoredSession
from matpi.words import duration
from matpi.words.phrases import local, words

EDITS: Final = {
    "minutes": "minutes=12 or minutes=12:30, the time on the mat",
    "start": 'start="2026-03-15 21:00", by the local clock',
    "routine": f"routine=NAME, one of {', '.join(ROUTINE_NAMES)}",
    "person": "person=NAME, of somebody who shares the mat",
    "looser": 'looser=yes, no or none, the answer to "Looser?"',
}
_LOOSER: Final = {"yes": True, "no": False, "none": None}


class DeleteSession(LogRequest, frozen=True):
    """Delete a session; its trace stays. The id may be cut short, as in each of these."""

    id: str

    def perform(self, log: Store, now: Now) -> Done:
        found, _ = _find(log, self.id, now)
        log.delete_session(found.id, utc=now.known_utc)
        said = f"Session {found.id} is deleted, and the plan is recomputed."
        return Done((said, f"Not meant? matpi sessions --restore {self.id}"))


class RestoreSession(LogRequest, frozen=True):
    """Restore a deleted session; refused when it overlaps another one."""

    id: str

    def perform(self, log: Store, now: Now) -> Done:
        found, others = _find(log, self.id, now, deleted=True)
        _refuse_overlap(None, found, others, "delete that one or correct its start first")
        log.restore_session(found.id)
        said = [f"Session {found.id} is back, and the plan is recomputed."]
        if found.reason is EndReason.DISCARDED:
            said.append("It was discarded on the mat, so the plan does not count it.")
        return Done(tuple(said))


class AnswerSession(LogRequest, frozen=True):
    """Answer "Was that you?" of a closed session, whether it was asked or not.

    A "no" to an unusual load also sets `others` to pets, and reports it.
    """

    id: str
    yours: bool

    def perform(self, log: Store, now: Now) -> Done:
        found, _ = _find(log, self.id, now)
        if found.yours is self.yours:
            answered = "confirmed" if self.yours else "denied"
            return Done((f"Session {found.id} is {answered} already; nothing was changed.",))
        after, pets = log.answer_session(found.id, yours=self.yours, utc=now.known_utc)
        answered = "is confirmed as yours" if self.yours else "was not you"
        counts = "counts" if after.counts else "does not count"
        said = [f"Session {found.id} {answered} and {counts}; the plan is recomputed."]
        if not self.yours:
            said.append(f"Not meant? matpi sessions --confirm {self.id}")
        if pets:
            said.append(
                "The setting others is now pets: a load that is not known as yours counts only when it is confirmed. "
                "`matpi settings others=no` switches back."
            )
        return Done(tuple(said))


class EditSession(LogRequest, frozen=True):
    """Change a session: `set` has texts by the keys of EDITS, all or none.

    Its ratings and stop signs move with its start and its person.
    """

    id: str
    set: dict[str, str]

    def perform(self, log: Store, now: Now) -> Done:
        found, others = _find(log, self.id, now)
        memory, names = log.load(), log_view.names(log)
        newest = max((session.end_utc or 0.0 for session in memory.log.sessions), default=0.0)

        def change(key: str, text: str) -> Mapping[str, object] | None:
            match key:
                case "minutes":
                    on_mat_s = _seconds(text, now.rules)
                    return {"on_mat_s": on_mat_s, "span_s": on_mat_s + found.span_s - found.on_mat_s}
                case "start":
                    utc, offset_s, day = instant("start", text, memory.settings, now, newest)
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
                    return {"person": log_view.owner_of(log, text)}

        changes = edits(self.set, "session", EDITS, change)
        answers, looser = "looser" in changes, changes.pop("looser", None)
        times = {key: changes[key] for key in ("start_utc", "span_s", "on_mat_s") if key in changes}
        moved = replace(found, **times)
        _refuse_overlap(found, moved, others, "choose another start or fewer minutes")
        with log.writing() as conn:
            if answers:
                corrections.answer_looser(conn, found.id, looser)  # type: ignore[arg-type]
            after = corrections.edit(conn, found.id, now.known_utc, changes) if changes else found
            followed = corrections.follow(conn, found, after, partial(dated, memory.settings))
        said = []
        if answers:
            word = next(word for word, value in _LOOSER.items() if value is looser)
            said.append(f'"Looser?" of session {found.id}: {word}.')
        if changes:
            said.append(f"Session {found.id} was {_described(found, names)} and is {_described(after, names)}.")
            if followed:
                said.append(f"Its ratings and stop signs ({followed}) follow it.")
            if after.counts is not found.counts:
                said.append("It counts now." if after.counts else "It does not count now.")
            said.append("What it was is kept, and the plan is recomputed.")
        return Done(tuple(said))


def _find(log: Store, start: str, now: Now, *, deleted: bool = False) -> tuple[Session, tuple[StoredSession, ...]]:
    """Return the session, and all there are. Raises UsageError, also for one that is under way."""
    entries = log.sessions()
    known = {entry.session.id: entry.session for entry in entries if (entry.deleted_why is not None) is deleted}
    command = f"matpi sessions {'--deleted ' if deleted else ''}--json"
    advice = f" of {log.path}; take a whole one from `{command}`"
    found = known[pick(start, known, "no session", "sessions", advice)]
    if found.id == now.under_way:
        raise UsageError(f"The session {found.id!r} is still going on; wait until it has ended.")
    return found, entries


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
