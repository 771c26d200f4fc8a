"""For whom the light reminds: one person, or several until the last of them has been there (core/who.py)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from matpi.core import who
from matpi.core.effects import Save
from matpi.core.model import DayRecord
from matpi.core.nudge import Nudge, Silence, nudge
from matpi.core.plan.programme import REPEAT_AFTER_DAYS
from matpi.core.text import Text

if TYPE_CHECKING:
    from matpi.core.device import Device


def reminded(device: Device, day: date) -> list[str | None]:
    """For whom the light may breathe: of several people those with a session in the last days before today.

    Whoever has stopped is not held up to the others every evening.
    """
    people = device.who.people
    if not people.on:
        return [people.books_to()]
    since = day.toordinal() - REPEAT_AFTER_DAYS
    return [
        person.id
        for person in people.all
        if any(s.day is not None and s.day.toordinal() >= since for s in who.log_of(device, person.id).counting)
    ]


def reminder(device: Device, t: float, *, occupied: bool) -> Nudge:
    """What the reminder does now: of several people it goes on until the last of them has been there."""
    utc, day, zone = device.wall.utc(t), device.wall.day(t), device.wall.zone
    each = {
        person_id: nudge(
            utc or 0.0,
            utc is not None,
            zone,
            who.settings_of(device, person_id),
            device.plans.today_of(device, person_id),
            who.day_record(device, person_id, day),
            occupied,
        )
        for person_id in reminded(device, day)
    }
    device.who.missing = tuple(person_id for person_id, own in each.items() if own.reason is None)
    seen = {None, Silence.SNOOZED}
    device.who.not_yet = tuple(person_id for person_id, own in each.items() if own.reason in seen)
    if not each:
        return Nudge(active=False, reason=Silence.NOBODY, next_change_utc=None)
    changes = [own.next_change_utc for own in each.values() if own.next_change_utc is not None]
    told = next((own for own in each.values() if own.reason is None), None)
    told = told or next((own for own in each.values() if own.reason is Silence.NOT_YET), next(iter(each.values())))
    return replace(told, next_change_utc=min(changes, default=None))


def snooze(device: Device, t: float) -> None:
    """The reminder was seen: silent until tomorrow, for all whom it was for."""
    day = device.wall.day(t)
    for person_id in device.who.missing:
        old = who.day_record(device, person_id, day) or DayRecord(day, person=person_id)
        device.keep(Save(replace(old, snoozed=True)))


def missing_words(device: Device) -> Text | None:
    """Who has not been there yet, once the light has reminded; of several people only. At most 21 characters."""
    not_yet = device.who.not_yet
    if not device.who.people.on or not not_yet:
        return None
    names = ", ".join(who.name_of(device, person_id) for person_id in not_yet)
    return Text("people.missing", names=names).or_shorter(Text("people.missing", names=len(not_yet)))
