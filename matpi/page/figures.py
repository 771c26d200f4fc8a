"""Make the answer to GET /api/log: all of the log as plain values, and what the plan computes from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any, Final

import msgspec
from msgspec.structs import asdict

from matpi.control.log_view import only
from matpi.core.model import Acknowledgement, DayRecord, Memory, Rating, StopSign
from matpi.core.plan.custom_plan import course_of
from matpi.core.plan.programme import Course, Plan
from matpi.core.plan.programme import plan as plan_of
from matpi.core.plan.usual_load import learnt
from matpi.paths import stored_zone
from matpi.store import settings
from matpi.store.tables import Member, StoredSession
from matpi.words import Words

BAND_DAYS: Final = 56  # four weeks of the sheet, twice
PLAIN: Final = "day days after short_only today_s rest_day rest_reason week_count weekly_goal streak stopped"
"""Fields of a Plan that go out as they are."""


def answer(
    memory: Memory,
    sessions: Sequence[StoredSession],
    members: Sequence[Member],
    *,
    today: date,
    estimated: bool,
    version: int,
    words: Words,
) -> dict[str, Any]:
    """Return what `GET /api/log` answers; `sessions` with the deleted and the open.

    The longest lists are iterators, so that they are never in memory as a whole.
    """
    usual = learnt(memory.people, memory.log)
    owners: tuple[str | None, ...] = tuple(member.id for member in members if not member.removed) or (None,)
    course, _ = course_of(memory.settings.own_plan)
    zone = stored_zone(memory.settings.zone)
    return {
        "version": version,
        "today": today.isoformat(),
        "estimated": estimated,
        "people": [
            {
                "id": member.id,
                "name": member.name,
                "chosen": member.chosen,
                "removed": member.removed,
                "weekly_goal": member.weekly_goal,
                "usual_kg": None if (person := usual.person(member.id)) is None else person.usual_kg,
            }
            for member in members
        ],
        "settings": [
            {"key": key, "value": value, "wanted": wanted} for key, value, wanted in settings.rows(memory.settings)
        ],
        "sessions": map(_session, sessions),
        "ratings": map(_rating, memory.log.ratings),
        "looser": {answer.session_id: answer.looser for answer in memory.log.looser},
        "stops": [{**_dated(stop), "session_id": stop.session_id} for stop in memory.log.stops],
        "days": [_day(record) for record in memory.log.days],
        "plans": {owner or "": _plan(only(memory, owner), today, course, zone, words) for owner in owners},
        "safety": {owner or "": _safety(memory.answer_of(owner), zone, words) for owner in owners},
    }


class _Session(msgspec.Struct, frozen=True):
    """A session as it goes out; a struct, because it is written five times as fast as a dict."""

    id: str
    start: str | None
    day: date | None
    on_mat_s: float
    span_s: float
    reason: str | None
    aways: int
    routine: str
    person: str | None
    counts: bool
    doubt: str | None
    yours: bool | None
    edited: bool
    estimated: bool
    deleted_why: str | None
    load_kg: float | None


def _session(entry: StoredSession) -> _Session:
    one = entry.session
    return _Session(
        one.id,
        _time(one.start_utc, one.utc_offset_s),
        one.day,
        round(one.on_mat_s, 3),
        round(one.span_s, 3),
        one.reason,
        one.aways,
        one.routine,
        one.person,
        entry.deleted_why is None and one.counts,
        one.doubt,
        one.yours,
        one.edited,
        one.estimated,
        entry.deleted_why,
        one.load_kg,
    )


def _rating(rating: Rating) -> dict[str, Any]:
    return {**_dated(rating), "value": rating.value, "moment": rating.moment, "session_id": rating.session_id}


def _dated(record: Rating | StopSign) -> dict[str, Any]:
    return {
        "id": record.id,
        "time": _time(record.utc, record.utc_offset_s),
        "day": record.day,
        "person": record.person,
        "estimated": record.estimated,
    }


def _day(record: DayRecord) -> dict[str, Any]:
    return {"day": record.day, "rest": record.rest, "person": record.person}


def _time(utc: float | None, offset_s: int | None) -> str | None:
    return None if utc is None else datetime.fromtimestamp(utc, _zone(offset_s)).isoformat(timespec="seconds")


@cache
def _zone(offset_s: int | None) -> tzinfo:
    return UTC if offset_s is None else timezone(timedelta(seconds=offset_s))


def _plan(own: Memory, today: date, course: Course, zone: tzinfo, words: Words) -> dict[str, Any]:
    running = own.open
    on_mat_s = running.on_mat_s if running is not None and running.counts and running.day == today else 0.0
    plan = plan_of(
        own.log,
        today,
        own.settings,
        own.acknowledgement,
        course=course,
        running_s=on_mat_s,
        zone=zone,
        band_days=BAND_DAYS,
    )
    return {
        **{name: getattr(plan, name) for name in PLAIN.split()},
        **dict(zip(("lower_min", "upper_min"), plan.range_min, strict=True)),
        "done": plan.says_done,
        "clothing": words.say(plan.clothing),
        "goal": words.say(plan.goal),
        "today": today,
        "score": round(plan.score, 3),
        "trend": None if plan.trend is None else asdict(plan.trend),
        "course": [
            {
                "first_day": tier.first_day,
                "last_day": tier.last_day,
                "lower_min": tier.lower_min,
                "upper_min": tier.upper_min,
                "clothing": words.say(tier.clothing),
                "goal": words.say(tier.goal),
            }
            for tier in course.tiers
            if not plan.short_only
        ],
        # A person who should ask a doctor first is shown no range, and no day that reached one.
        "bands": {} if plan.short_only else plan.bands,
        "done_on": [] if plan.short_only else [date.fromordinal(day) for day in sorted(plan.done_on)],
        "rests": _rests(own, plan),
    }


def _rests(own: Memory, plan: Plan) -> list[date]:
    """Return the days without a demand, from the first session or the first band on."""
    now = plan.today.toordinal()
    days = (session.day for session in own.log.sessions if session.day is not None)
    first = min(min(days, default=plan.today).toordinal(), now - BAND_DAYS + 1)
    return [date.fromordinal(day) for day in range(first, now + 1) if plan.rests.reason(day) is not None]


def _safety(given: Acknowledgement | None, zone: tzinfo, words: Words) -> dict[str, Any]:
    """Return the answer to the safety pages, and a sentence about it without a command of the terminal."""
    if given is None:
        return {"answered": False, "some": False, "cleared": False, "sentence": ""}

    def on(utc: float | None) -> str:
        return "" if utc is None else f" {words('command.on', date=f'{datetime.fromtimestamp(utc, zone):%Y-%m-%d}')}"

    said = [words("command.some" if given.some else "command.none", on=on(given.utc))]
    if given.some and given.cleared:
        said.append(words("command.agreed", agreed_on=on(given.cleared_utc)))
    return {
        "answered": not given.asked_again,
        "some": given.some,
        "cleared": given.cleared,
        "sentence": " ".join(said),
    }
