"""Note and correct what was answered: ratings and stop signs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from msgspec.structs import replace

from matpi.control import log_view
from matpi.control.requests.base import Done, LogRequest, Now
from matpi.control.requests.fields import dated, edits, instant, pick
from matpi.control.requests.sessions import EDITS as SESSION_EDITS
from matpi.core.clock import believable, day_bounds
from matpi.core.effects import Save
from matpi.core.model import RATING_MAX, RATING_MIN, Memory, Moment, Rating, Session, StopSign
from matpi.errors import UsageError
from matpi.paths import stored_zone
from matpi.store import corrections, history
from matpi.store.db import Store
from matpi.words.phrases import local

Said = Rating | StopSign
MIDDAY_S: Final = 8 * 3600.0  # after the start of a day: noon, as days start by default
EDITS: Final = {
    "value": f"value=N, {RATING_MIN} to {RATING_MAX}, of a rating",
    "time": 'time="2026-03-15 21:00", by the local clock',
    "person": SESSION_EDITS["person"],
}


class Rate(LogRequest, frozen=True):
    """Note how tight a person feels now, 1 to 10; `session`: the id of the one that has just ended, if so."""

    value: int
    session: str | None = None
    person: str | None = None
    begins = True

    def perform(self, log: Store, now: Now) -> Done:
        if not RATING_MIN <= self.value <= RATING_MAX:
            raise UsageError(f"{self.value} is no rating; give {RATING_MIN} to {RATING_MAX}, 10 is tightest.")
        day, owner, memory = _today(log, now, self.person)
        alone = Moment.BEFORE if _last_of(memory, owner, day) is None else Moment.DAY
        if self.session is not None:
            with log.reading() as conn:
                owner = corrections.closed_session(conn, self.session).person
        rating = Rating(
            uuid.uuid4().hex,
            value=self.value,
            moment=alone if self.session is None else Moment.AFTER,
            session_id=self.session,
            person=owner,
            **_stamp(now, memory, day),
        )
        log.write(Save(rating))
        return Done((f"The rating {self.value} is noted.",), {"id": rating.id})


class FeltWrong(LogRequest, frozen=True):
    """Note a stop sign of the person who is chosen or named, now or on the day `on`, about its last session."""

    on: str | None = None
    person: str | None = None
    begins = True

    def perform(self, log: Store, now: Now) -> Done:
        today, owner, memory = _today(log, now, self.person)
        day = today if self.on is None else _day_of(self.on, today)
        about = _last_of(memory, owner, day)
        stamp = _stamp(now, memory, day)
        if day != today:
            midday = day_bounds(day, stored_zone(memory.settings.zone), memory.settings.day_start)[0] + MIDDAY_S
            utc = midday if about is None or about.end_utc is None else about.end_utc
            stamp = _stamp(replace(now, utc=utc, trusted=True, stamp=None), memory, day)
        session_id = None if about is None else about.id
        stop = StopSign(uuid.uuid4().hex, session_id=session_id, person=owner, **stamp)
        log.write(Save(stop))
        of = "no session" if about is None else f"the session of {local(about.start_utc, about.utc_offset_s)}"
        rest = f"{day + timedelta(days=1)} is a day of rest, and the plan is recomputed."
        return Done((f"The stop sign {stop.id} is noted on {day}, about {of}.", rest), {"id": stop.id})


class EditRating(LogRequest, frozen=True):
    """Change a rating or a stop sign: `set` has texts by the keys of EDITS, all or none."""

    id: str
    set: dict[str, str]

    def perform(self, log: Store, now: Now) -> Done:
        found = _find(log, self.id)
        keys = {key: how for key, how in EDITS.items() if key != "value" or isinstance(found, Rating)}
        settings, names = log.load().settings, log_view.names(log)

        def change(key: str, text: str) -> Mapping[str, object] | None:
            if key == "value":
                fine = text.isascii() and text.isdecimal() and RATING_MIN <= int(text[:9]) <= RATING_MAX
                return {"value": int(text)} if fine else None
            if key == "person":
                return {"person": log_view.owner_of(log, text)}
            utc, offset_s, day = instant("time", text, settings, now)
            moved = {"utc": utc, "utc_offset_s": offset_s, "day": day}
            return {**moved, "estimated": False, "boot_id": corrections.BY_HAND}

        changes = edits(self.set, _noun(found), keys, change)
        after: Said = replace(found, **changes)
        log.write(Save(after))
        what = f"The {_noun(found)} {found.id} was {_described(found, names)} and is {_described(after, names)}."
        return Done((what, "The plan is recomputed."))


class DeleteRating(LogRequest, frozen=True):
    """Delete a rating or a stop sign for good."""

    id: str

    def perform(self, log: Store, now: Now) -> Done:  # noqa: ARG002
        found, names = _find(log, self.id), log_view.names(log)
        with log.writing() as conn:
            corrections.delete(conn, found)
        what = f"{_noun(found)} {found.id} ({_described(found, names)})"
        return Done((f"The {what} is deleted; only an earlier export or backup has it.", "The plan is recomputed."))


def _today(log: Store, now: Now, person: str | None) -> tuple[date, str | None, Memory]:
    """Return the plan's day, the id of the person, and what is stored. Raises UsageError."""
    if not believable(now.utc):
        raise UsageError("The clock of this computer cannot be right, so what is today is not known; set it first.")
    owner, memory = log_view.loaded(log, person)
    return now.today or log_view.today_of(memory, log.path, now.utc).day, owner, memory


def _stamp(now: Now, memory: Memory, day: date) -> Mapping[str, Any]:
    """Return the fields of a record's date."""
    if now.stamp is not None:
        return now.stamp
    offset_s, _ = dated(memory.settings, now.utc)
    by_hand = {"boot_id": corrections.BY_HAND, "mono": 0.0, "utc": now.utc, "utc_offset_s": offset_s}
    here = {"zone": memory.settings.zone, "day_start": memory.settings.day_start}
    return {**by_hand, "day": day, "estimated": False, **here}


def _last_of(memory: Memory, owner: str | None, day: date) -> Session | None:
    sessions = log_view.only(memory, owner).log.counting
    return next((session for session in reversed(sessions) if session.day == day), None)


def _day_of(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--on {text} is no date; write one such as --on {today - timedelta(days=1)}.") from None
    if not date(1971, 1, 1) <= day <= today:
        raise UsageError(f"--on {text} lies in the future, or before 1971; today is {today}.")
    return day


def _find(log: Store, start: str) -> Said:
    with log.reading() as conn:
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
