"""The session log for people and programs: what `matpi sessions`, `ratings`, `export`, `import`, `backup` do.

Reading works beside a running device; importing needs the log for itself (StoreBusyError).
JSON lines have these fields, always all of them, in this order; times are ISO 8601 with offset, null when unknown:

- sessions: id, start, day, span_s, on_mat_s, reason (null: under way), aways, routine, rating, edited, person
  (the name, null where nobody is named), counts, doubt (null: none), yours (null: not answered), estimated (the
  date); with `--deleted` also deleted (when) and deleted_why
- ratings: id, time, day, value, moment (before, after, day), session_id, person, estimated; stop signs the same without
  value and moment
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from matpi.commands import people, which_log
from matpi.commands.output import (
    bar,
    boxes,
    clock,
    count,
    iso,
    lines,
    local,
    say,
    table,
    weekday,
    words,
)
from matpi.core.effects import Save
from matpi.core.model import RATING_MAX, Doubt, EndReason, Rating, Session, Settings, StopSign
from matpi.core.plan import trend
from matpi.errors import ImportFormatError, MatpiError, StoreError
from matpi.paths import default_store, system_zone, zone_doubts
from matpi.store import faults
from matpi.store.clashes import OVERLAPS
from matpi.store.db import Store
from matpi.store.file import discard
from matpi.store.history import setting_texts
from matpi.store.opening import bare, image
from matpi.store.rows import StoredSession
from matpi.store.tables import CSV_TABLES
from matpi.store.transfer import export_csv, export_json, take, write_private

ID_SHOWN = 8
"""Characters of an id in a table; `--delete` takes the start of an id. More are shown where that is not enough."""
_DOUBTS = {Doubt.THING: "a thing", Doubt.LIGHT: "too light", Doubt.ONE_END: "one end empty"}
"""Of these the list gives the reason; of the others it asks. The screen asks about all but a thing."""
NAMED_MAX = 5
"""Of the ids that an import reports in one sentence."""
_NOUNS = {"sessions": "session", "ratings": "rating", "stops": "stop sign", "days": "day record", "people": "person"}
MINUTES_A_MARK = 2.0
"""Of the bar of a session, so that the cap of 45 min leaves the table 80 characters wide."""


def sessions(store: Path | None, *, as_json: bool, deleted: bool = False, person: str | None = None) -> None:
    """All but the deleted, or only those; oldest first. `person`: the name of somebody whose they must be."""
    with which_log.reading(store) as log:
        names = people.names(log)
        owner = None if person is None else people.owner_of(log, person)
        entries = [entry for entry in log.sessions() if (entry.deleted_why is not None) is deleted]
        entries = [entry for entry in entries if owner is None or entry.session.person == owner]
        rated = {r.session_id: r.value for r in log.ratings() if r.session_id is not None}
    if as_json:
        lines(
            _session_line(entry, rated.get(entry.session.id), _name(names, entry.session.person), deleted=deleted)
            for entry in entries
        )
        return
    if not entries and owner is not None:
        say(f"No session of {names[owner]}.")
        return
    if not entries:
        say("No session is deleted." if deleted else "No session yet. Lie down, and the first one is here.")
        return
    stored = [entry.session for entry in entries]
    shown = _shown_id([s.id for s in stored])
    notes = [] if deleted else [_counted(s) for s in stored]
    asked = ("counted",) if any(notes) else ()
    table(
        ("", "start", "min:s", "", "tight", "routine", "deleted" if deleted else "ended", *asked, "id", *_who(names)),
        [
            (
                weekday(s.start_utc, s.utc_offset_s),
                local(s.start_utc, s.utc_offset_s, estimated=s.estimated),
                clock(s.on_mat_s),
                bar(s.on_mat_s / 60.0 / MINUTES_A_MARK),
                str(rated.get(s.id, "-")),
                words(s.routine),
                _deleted(entry.deleted_why) or _ended(s),
                *([notes[n]] if asked else []),
                s.id[:shown],
                *_who(names, s.person),
            )
            for n, (entry, s) in enumerate(zip(entries, stored, strict=True))
        ],
        right=(2, 4),
    )
    total_min = int(sum(s.on_mat_s for s in stored if deleted or s.counts) // 60)
    total = f"{total_min} min" if total_min < 120 else f"{total_min / 60:.1f} h"
    what = "deleted, and kept: --restore ID brings one back" if deleted else f"{total} on the mat"
    uncounted = "" if deleted else _uncounted(stored)
    say(f"{count(len(stored), 'session')}, {what}{uncounted}{_edited_mark(stored)}.")
    _explain_estimates(stored)
    if not deleted and any(s.doubt is not None and s.yours is None and not s.is_open for s in stored):
        say("Was that you? matpi sessions --confirm ID says yes, --deny ID says no.")


def _who(names: Mapping[str | None, str], *person: str | None) -> tuple[str, ...]:
    """A last column, where somebody was ever named; without a person its head."""
    return () if not names else tuple(names.get(owner, "?") for owner in person) or ("who",)


def _name(names: Mapping[str | None, str], person: str | None) -> str | None:
    return None if person is None else names.get(person, person)


def _session_line(entry: StoredSession, rating: int | None, person: str | None, *, deleted: bool) -> dict[str, object]:
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
        "person": person,
        "counts": entry.counts,
        "doubt": s.doubt,
        "yours": s.yours,
        "estimated": s.estimated,
    }
    if deleted:
        line |= {"deleted": iso(entry.deleted_utc, s.utc_offset_s), "deleted_why": entry.deleted_why}
    return line


def _deleted(why: str | None) -> str:
    """The reason, with an id in it as it is shown elsewhere."""
    if why is None or not why.startswith(OVERLAPS):
        return why or ""
    return why[: len(OVERLAPS) + ID_SHOWN]


def _ended(session: Session) -> str:
    if session.reason is None:
        return "under way"
    return words(session.reason) + (" *" if session.edited else "")


def ratings(store: Path | None, *, as_json: bool, person: str | None = None, stops: bool = False) -> None:
    """All, oldest first; `stops`: the stop signs instead. `person`: only those of this name."""
    with which_log.reading(store) as log:
        names, said = people.names(log), log.log()
        owner = None if person is None else people.owner_of(log, person)
    signs = [sign for sign in said.stops if owner is None or sign.person == owner]
    given = [rating for rating in said.ratings if owner is None or rating.person == owner]
    records: list[Rating] | list[StopSign] = signs if stops else given
    if as_json:
        lines(_said_line(r, _name(names, r.person)) for r in records)
        return
    what = "stop sign" if stops else "rating"
    if not records and owner is not None:
        say(f"No {what} of {names[owner]}.")
    elif not records and stops:
        say('No stop sign yet. "Felt wrong?" on the device stores one.')
    elif not records:
        say("No rating yet. The device asks after a session, or tap its button.")
    if records:
        _said_table(records, names)
    if given and not stops:
        say(f"{count(len(given), 'rating')}; 1 is loose, 10 is tightest.")
        if len({rating.person for rating in given}) == 1:
            say(trend.pairs_sentence(trend.pairs(given)))
    if signs:
        say(count(len(signs), "stop sign") + ("." if stops else "; `matpi ratings --stops` lists them."))


def _said_line(record: Rating | StopSign, person: str | None) -> dict[str, object]:
    rated = {"value": record.value, "moment": str(record.moment)} if isinstance(record, Rating) else {}
    return {
        "id": record.id,
        "time": iso(record.utc, record.utc_offset_s),
        "day": None if record.day is None else record.day.isoformat(),
        **rated,
        "session_id": record.session_id,
        "person": person,
        "estimated": record.estimated,
    }


def _said_table(records: Sequence[Rating | StopSign], names: Mapping[str | None, str]) -> None:
    given_when = {"before": "before", "after": "after", "day": "in between"}
    shown = _shown_id([record.id for record in records])
    rated = ("tight", "", "given") if isinstance(records[0], Rating) else ()
    table(
        ("", "time", *rated, "id", *_who(names)),
        [
            (
                weekday(r.utc, r.utc_offset_s),
                local(r.utc, r.utc_offset_s, estimated=r.estimated),
                *((str(r.value), boxes(r.value, RATING_MAX), given_when[r.moment]) if isinstance(r, Rating) else ()),
                r.id[:shown],
                *_who(names, r.person),
            )
            for r in records
        ],
        right=(2,) if rated else (),
    )
    _explain_estimates(records)


def export(store: Path | None, target: Path, *, as_csv: bool) -> None:
    """Everything to `target`, `-` for standard output. What exists is never replaced.

    A regular export over the last one would, after a damaged log was set aside, replace the only good copy.
    """
    with which_log.reading(store) as log:
        if as_csv:
            _refuse_csv(target)
            written = export_csv(log, target)
            say(f"{', '.join(path.name for path in written)} written to {target}.")
        elif (out := _stream(target, "or say --csv for a file a table")) is not None:
            _send(out, target, lambda file: export_json(log, file))
        else:
            export_json(log, target)
            say(f"Everything is written to {target}.")


def backup(store: Path | None, target: Path) -> None:
    """Copy the log to `target` as one SQLite file, `-` for standard output; also while the device writes to it."""
    path = store or default_store()
    copy = image(path)
    if (out := _stream(target, "such as matpi-backup.db")) is not None:
        _send(out, target, lambda file: file.write(copy))
    else:
        write_private(target, copy, "backup")
        say(f"{path} is copied to {target}, whole and without companions; `matpi sessions --store {target}` reads it.")
    if store is None:
        which_log.report(path)


def import_(store: Path | None, source: Path, person: str | None = None) -> None:
    """A file of `matpi export`. Tells how many records were new; one that is refused leaves no new log behind.

    `person`: the name of somebody whose what is nobody's becomes.
    """
    if not source.exists():
        raise ImportFormatError(f"There is no {source}; name what `matpi export` has written.")
    path = store or default_store()
    from matpi.commands.amend import latest
    from matpi.store import incoming

    document = incoming.read(source, latest())
    missing = not os.path.exists(path)  # noqa: PTH110  False in a closed folder
    new = missing or bool(bare(path))
    with which_log.writing(store) as log:
        try:
            done = take(log, document, person)
        except MatpiError:
            if missing:
                discard(path)
            else:
                _set_first_zone(log, new=new)
            raise
        _set_first_zone(log, new=new)
        settings = log.load().settings
        if doubts := zone_doubts(settings.zone) if "settings" in done.taken else ():
            log.write(Save(replace(settings, zone=system_zone())))
    counts = [
        (done.sessions, "session"),
        (done.ratings, "rating"),
        (done.stops, "stop sign"),
        (done.days, "day record"),
    ]
    told = ", ".join(count(n, what) for n, what in counts if n) or "nothing"
    also = f"; also {', '.join(name.replace('_', ' ') for name in done.taken)}" if done.taken else ""
    say(f"New: {told}{also}. Already there and left alone: {done.known}.")
    if doubts:
        say(f"The import's time zone {settings.zone!r} is unknown here; {system_zone()} is set instead.")
    if done.differing:
        kinds: dict[str, list[str]] = {}
        for name, key in done.differing:
            kinds.setdefault(_NOUNS.get(name, "record"), []).append(key)
        out = "; ".join(f"{count(len(keys), noun)} ({_some(keys)})" for noun, keys in kinds.items())
        say(
            f"Left out: {out}. The log has these ids with other content, or what they belong to, and stays as it is. "
            f"`matpi import {source} --store NEW.db` reads them into a log of their own."
        )
    if done.overlapping:
        say(
            f"Came in as deleted: {count(len(done.overlapping), 'session')} at the time of another one on the same mat "
            f"({_some([f'{new[:ID_SHOWN]} and {here[:ID_SHOWN]}' for new, here in done.overlapping])}). Correct or "
            "delete the wrong one of the two, then `matpi sessions --restore ID`."
        )
    if done.people:
        say(f"New names: {', '.join(done.people)}. `matpi people` tells who is here; `matpi people add NAME` adds one.")
    if done.nobodys:
        what = "session is nobody's" if done.nobodys == 1 else "sessions are nobody's"
        say(f"{done.nobodys} {what}, for the import does not say whose; `matpi sessions --edit ID person=NAME` does.")


# -- the log -------------------------------------------------------------------------------------------------------


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - NAMED_MAX
    return ", ".join(texts[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")


def _send(out: AbstractContextManager[BinaryIO], target: Path, write: Callable[[BinaryIO], object]) -> None:
    try:
        with out as file:
            write(file)
            file.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise faults.of_os(error, target, "write to", log=False) from error


def _stream(target: Path, instead: str) -> AbstractContextManager[BinaryIO] | None:
    """Where to write, when `target` is not a file to be made. Raises StoreError for a file that exists."""
    if str(target) == "-":
        if sys.__stdout__ is None:
            raise StoreError("Nothing can be written to -, for standard output is closed; name a file.")
        return nullcontext(sys.stdout.buffer)
    try:
        mode = target.stat().st_mode
    except OSError:
        return None  # not there yet; what else is wrong with it, writing tells
    if stat.S_ISDIR(mode):
        raise StoreError(f"{target} is a folder; name a file in it, {instead}.")
    if stat.S_ISREG(mode):
        raise StoreError(f"{target} exists and is not replaced; choose another name, such as one with the date.")
    try:
        return target.open("wb")
    except OSError as error:
        raise faults.of_os(error, target, "write to", log=False) from error


def _set_first_zone(log: Store, *, new: bool) -> None:
    with log.reading() as conn:
        unset = not setting_texts(conn)
    if unset and (new or log.set_aside is not None):
        log.write(Save(Settings(zone=system_zone())))


def _refuse_csv(folder: Path) -> None:
    for kind in CSV_TABLES:
        path = folder / f"{kind.name}.csv"
        if path.exists():
            raise StoreError(f"{path} exists and is not replaced; choose another folder, such as one with the date.")


# -- what is told --------------------------------------------------------------------------------------------------


def _shown_id(ids: Sequence[str]) -> int:
    longest = max(map(len, ids))
    return next((n for n in range(ID_SHOWN, longest) if len({one[:n] for one in ids}) == len(ids)), longest)


def _counted(session: Session) -> str:
    """Why it does not count, or what is asked about it; "" when it counts and nothing is asked."""
    if session.reason is EndReason.DISCARDED:
        why = "discarded"
    elif session.yours is not None:
        why = "" if session.yours else "not you"
    else:
        why = "" if session.doubt is None else _DOUBTS.get(session.doubt, "was that you?")
    return why if session.counts else f"not counted: {why}"


def _uncounted(stored: Sequence[Session]) -> str:
    n = sum(not s.counts for s in stored)
    return f"; without {n} not counted" if n else ""


def _explain_estimates(records: Sequence[Session | Rating | StopSign]) -> None:
    if any(record.estimated for record in records):
        say("~ is estimated: the clock was not known. matpi sessions --edit ID start=... corrects a session.")


def _edited_mark(stored: Sequence[Session]) -> str:
    return "; * edited by hand" if any(s.edited for s in stored) else ""
