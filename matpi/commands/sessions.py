"""`matpi sessions`: list the sessions; delete, restore, edit, confirm or deny one.

A running device does the changes, else this process. A deleted session stays in
the file, the former values of an edited one are stored, and an export has both. JSON lines have these fields, always
all of them, in this order; times are ISO 8601 with offset, null when unknown: id, start, day, span_s, on_mat_s, reason
(null: under way), aways, routine, rating, edited, person (the name, null where nobody is named), counts, doubt (null:
none), yours (null: not answered), estimated (the date), looser (null: not answered); with `--deleted` also deleted
(when) and deleted_why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matpi.commands import people
from matpi.commands.editing import explain_estimates, shown_length, texts_of
from matpi.commands.output import bar, day_and_time, lines, say, table
from matpi.commands.target import config_of, perform, reading
from matpi.control import log_view
from matpi.control.requests.fields import ID_SHOWN
from matpi.control.requests.sessions import EDITS, AnswerSession, DeleteSession, EditSession, RestoreSession
from matpi.core.model import Doubt, EndReason, Session
from matpi.errors import UsageError
from matpi.store.tables import StoredSession
from matpi.store.transfer import OVERLAPS
from matpi.words import duration
from matpi.words.phrases import count, iso, words

_DOUBTS = {Doubt.THING: "a thing", Doubt.LIGHT: "too light", Doubt.ONE_END: "one end empty"}
"""Of these the list gives the reason; of the others it asks. The screen asks about all but a thing."""
MINUTES_A_MARK = 2.0  # of the bar of a session, so that the cap of 45 min leaves the table 80 characters wide


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
            perform(EditSession(found, texts_of(pairs, EDITS)), store, rules=config_of(config_path).device_rules())
        case "delete_id", found:
            perform(DeleteSession(found), store)
        case "restore_id", found:
            perform(RestoreSession(found), store)
        case "confirm_id" | "deny_id" as option, found:
            perform(AnswerSession(found, option == "confirm_id"), store)
        case _:
            sessions(store, as_json=as_json, deleted=deleted, person=person)


def sessions(store: Path | None, *, as_json: bool, deleted: bool = False, person: str | None = None) -> None:
    """List all but the deleted, or only those; oldest first. `person`: only those of this name."""
    with reading(store) as log:
        names = log_view.names(log)
        owner = None if person is None else log_view.owner_of(log, person)
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
        "person": log_view.name_of(names, s.person),
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
