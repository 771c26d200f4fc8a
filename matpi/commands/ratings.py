"""`matpi ratings`: list the ratings or the stop signs; note a stop sign; correct or delete either.

Listing works beside a running device; changing needs the log for itself (StoreBusyError). A deleted one is gone. JSON
lines have these fields, always all of them, in this order; times are ISO 8601 with offset, null when unknown: id, time,
day, value, moment (before, after, day), session_id, person, estimated; stop signs the same without value and moment.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from matpi.commands import people, settings
from matpi.commands.editing import dated, edits, explain_estimates, instant, pick, shown_length
from matpi.commands.output import boxes, count, day_and_time, iso, lines, local, say, table
from matpi.commands.sessions import EDITS as SESSION_EDITS
from matpi.commands.target import reading, writing
from matpi.core.clock import believable, day_bounds
from matpi.core.effects import Save
from matpi.core.model import RATING_MAX, RATING_MIN, Rating, StopSign
from matpi.core.plan import trend
from matpi.errors import UsageError
from matpi.paths import default_store, stored_zone
from matpi.store import corrections, history
from matpi.store.db import Store

Said = Rating | StopSign
MIDDAY_S = 8 * 3600.0  # after the start of a day: noon, as days start by default
EDITS = {
    "value": f"value=N, {RATING_MIN} to {RATING_MAX}, of a rating",
    "time": 'time="2026-03-15 21:00", by the local clock',
    "person": SESSION_EDITS["person"],
}


def run(
    store: Path | None,
    pairs: tuple[str, ...],
    *,
    edit_id: str | None,
    delete_id: str | None,
    as_json: bool,
    stops: bool,
    felt_wrong: bool,
    on: str | None,
    person: str | None,
) -> None:
    """Do what the options say; at most one of the ids is given. Raises UsageError."""
    if pairs and edit_id is None:
        raise UsageError(f"{pairs[0]!r} changes nothing without --edit ID; `matpi ratings` shows the ids.")
    if on is not None and not felt_wrong:
        raise UsageError(f"--on {on} is the day of a stop sign; write `matpi ratings --felt-wrong --on {on}`.")
    if felt_wrong:
        note(store, on, person)
    elif edit_id is not None:
        edit(store, edit_id, pairs)
    elif delete_id is not None:
        delete(store, delete_id)
    else:
        ratings(store, as_json=as_json, person=person, stops=stops)


def ratings(store: Path | None, *, as_json: bool, person: str | None = None, stops: bool = False) -> None:
    """List all, oldest first; `stops`: the stop signs instead. `person`: only those of this name."""
    with reading(store) as log:
        names, everything = people.names(log), log.log()
        owner = None if person is None else people.owner_of(log, person)
    signs = [sign for sign in everything.stops if owner in {None, sign.person}]
    given = [rating for rating in everything.ratings if owner in {None, rating.person}]
    records: Sequence[Said] = signs if stops else given
    if as_json:
        lines(_line(r, people.name_of(names, r.person)) for r in records)
        return
    if records:
        _table(records, names)
    elif owner is not None:
        say(f"No {'stop sign' if stops else 'rating'} of {names[owner]}.")
    elif stops:
        say('No stop sign yet. "Felt wrong?" on the device stores one, or `matpi ratings --felt-wrong`.')
    else:
        say("No rating yet. The device asks after a session, or tap its button.")
    if given and not stops:
        say(f"{count(len(given), 'rating')}; 1 is loose, 10 is tightest. The first of a day is its number.")
        whose = {rating.person for rating in given}
        if len(whose) == 1 and (looser := trend.looser_sentence(everything.of(*whose).looser)):
            say(looser)
    if signs:
        say(count(len(signs), "stop sign") + ("." if stops else "; `matpi ratings --stops` lists them."))


def _line(record: Said, person: str | None) -> dict[str, object]:
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


def _table(records: Sequence[Said], names: Mapping[str | None, str]) -> None:
    given_when = {"before": "before", "after": "after", "day": "in between"}
    shown = shown_length([record.id for record in records])
    rated = ("tight", "", "given") if isinstance(records[0], Rating) else ()
    table(
        ("", "time", *rated, "id", *people.who(names)),
        [
            (
                *day_and_time(r.utc, r.utc_offset_s, estimated=r.estimated),
                *((str(r.value), boxes(r.value, RATING_MAX), given_when[r.moment]) if isinstance(r, Rating) else ()),
                r.id[:shown],
                *people.who(names, r.person),
            )
            for r in records
        ],
        right=(2,) if rated else (),
    )
    explain_estimates(records)


def note(store: Path | None, on: str | None, person: str | None = None) -> None:
    """Note a stop sign of the person who is chosen or named, now or on the day `on`, about its last session.

    Raises UsageError.
    """
    now = time.time()
    if not believable(now):
        raise UsageError("The clock of this computer cannot be right, so what is today is not known; set it first.")
    settings.begin(store or default_store())
    with writing(store) as log:
        owner, memory = people.loaded(log, person)
        today = people.today_of(memory, log.path, now).day
        day = today if on is None else _day_of(on, today)
        sessions = people.only(memory, owner).log.counting
        about = next((session for session in reversed(sessions) if session.day == day), None)
        utc = now
        if day != today:
            midday = day_bounds(day, stored_zone(memory.settings.zone), memory.settings.day_start)[0] + MIDDAY_S
            utc = midday if about is None or about.end_utc is None else about.end_utc
        offset_s, _ = dated(memory.settings, utc)
        session_id = None if about is None else about.id
        stop = StopSign(uuid.uuid4().hex, corrections.BY_HAND, 0.0, session_id, utc, offset_s, day, owner)
        log.write(Save(stop))
    of = "no session" if about is None else f"the session of {local(about.start_utc, about.utc_offset_s)}"
    say(f"The stop sign {stop.id} is noted on {day}, about {of}.")
    say(f"{day + timedelta(days=1)} is a day of rest, and the plan is recomputed.")


def _day_of(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--on {text} is no date; write one such as --on {today - timedelta(days=1)}.") from None
    if not date(1971, 1, 1) <= day <= today:
        raise UsageError(f"--on {text} lies in the future, or before 1971; today is {today}.")
    return day


def edit(store: Path | None, record_id: str, pairs: tuple[str, ...]) -> None:
    """Change a rating or a stop sign; `pairs` are "key=value" of EDITS, all or none. Raises UsageError."""
    found = _find(store, record_id)
    keys = {key: how for key, how in EDITS.items() if key != "value" or isinstance(found, Rating)}
    with Store.open(store or default_store(), read_only=True) as log:
        settings, names = log.load().settings, people.names(log)

        def change(key: str, text: str) -> Mapping[str, object] | None:
            if key == "value":
                fine = text.isascii() and text.isdecimal() and RATING_MIN <= int(text[:9]) <= RATING_MAX
                return {"value": int(text)} if fine else None
            if key == "person":
                return {"person": people.owner_of(log, text)}
            utc, offset_s, day = instant("time", text, settings)
            moved = {"utc": utc, "utc_offset_s": offset_s, "day": day}
            return {**moved, "estimated": False, "boot_id": corrections.BY_HAND}

        changes = edits(pairs, _noun(found), keys, change)
    after: Said = replace(found, **changes)  # type: ignore[arg-type]
    with writing(store) as log:
        log.write(Save(after))
    say(f"The {_noun(found)} {found.id} was {_described(found, names)} and is {_described(after, names)}.")
    say("The plan is recomputed.")


def delete(store: Path | None, record_id: str) -> None:
    """Delete a rating or a stop sign for good. Raises UsageError."""
    found = _find(store, record_id)
    with writing(store) as log:
        names = people.names(log)
        with log.writing() as conn:
            corrections.delete(conn, found)
    what = f"{_noun(found)} {found.id} ({_described(found, names)})"
    say(f"The {what} is deleted; only an earlier export or backup has it.")
    say("The plan is recomputed.")


def _find(store: Path | None, start: str) -> Said:
    with Store.open(store or default_store(), read_only=True) as log, log.reading() as conn:
        everything: list[Said] = [*history.ratings(conn), *history.stops(conn)]
    known = {record.id: record for record in everything}
    advice = "; take a whole one from `matpi ratings --json`, or with --stops from `matpi ratings --stops --json`"
    return known[pick(start, known, "no rating and no stop sign", "ratings and stop signs", advice)]


def _noun(record: Said) -> str:
    return "rating" if isinstance(record, Rating) else "stop sign"


def _described(record: Said, names: Mapping[str | None, str]) -> str:
    value = f"{record.value}, " if isinstance(record, Rating) else ""
    whose = f" ({names.get(record.person, record.person)})" if names else ""
    return value + local(record.utc, record.utc_offset_s, estimated=record.estimated) + whose
