"""`matpi safety`: read what the device asks first, answer it here, clear it, or have it asked again.

Reading works beside a running device; answering needs the log for itself (StoreBusyError).
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from matpi.commands import people
from matpi.commands.output import say
from matpi.commands.target import reading, writing
from matpi.core.effects import Save
from matpi.core.model import Acknowledgement
from matpi.core.plan.programme import SHORT_MIN
from matpi.errors import UsageError
from matpi.paths import stored_zone
from matpi.words import ENGLISH, running_text


def run(store: Path | None, *, none: bool, some: bool, agreed: bool, again: bool, person: str | None) -> None:
    """Do what the options say; at most one of them is given. Raises UsageError."""
    if none or some:
        answer(store, some=some, person=person)
    elif agreed:
        doctor_agreed(store, person)
    elif again:
        ask_again(store, person)
    else:
        read(store, person)


def read(store: Path | None, person: str | None = None) -> None:
    """Print the pages, and the answer of the person who is chosen or named `person`."""
    with reading(store) as log:
        owner, memory = people.loaded(log, person)
    for page in ("ask_1", "ask_2", "stop"):
        say(running_text(ENGLISH(f"safety.{page}")) + ".")
    say(answered(memory.answer_of(owner), memory.settings.zone))


def answer(store: Path | None, *, some: bool, person: str | None = None) -> None:
    with writing(store) as log:
        owner, memory = people.loaded(log, person)
        given = Acknowledgement(some=some, utc=time.time(), person=owner).in_place_of(memory.answer_of(owner))
        log.write(Save(given))
    say(answered(given, memory.settings.zone))


def doctor_agreed(store: Path | None, person: str | None = None) -> None:
    """Lift the limit of a ticked condition. Raises UsageError when none was ticked."""
    with writing(store) as log:
        owner, memory = people.loaded(log, person)
        before = memory.answer_of(owner)
        if before is None or not before.some:
            raise UsageError("No condition was ticked, so there is nothing to clear; see `matpi safety`.")
        now = before if before.cleared else replace(before, cleared=True, cleared_utc=time.time())
        log.write(Save(now))
    say(answered(now, memory.settings.zone))


def ask_again(store: Path | None, person: str | None = None) -> None:
    with writing(store) as log:
        log.ask_safety_again(people.loaded(log, person)[0])
    say("The device asks again when it starts next; until it is answered, what was answered before holds.")


def answered(given: Acknowledgement | None, zone: str) -> str:
    if given is None:
        return "Not answered yet: the device asks, or say --none or --some."
    when = _on(given.utc, zone)
    again = " The device asks again when it starts next." if given.asked_again else ""
    if not given.some:
        return f"Answered{when}: none of these.{again}"
    if given.cleared:
        return f"Answered{when}: one of these or unsure, and a doctor agreed{_on(given.cleared_utc, zone)}.{again}"
    lower_min, upper_min = SHORT_MIN
    return (
        f"Answered{when}: one of these, or unsure. Ask your doctor first; sessions are kept to {lower_min} to "
        f"{upper_min} min until you say --clinician-ok.{again}"
    )


def _on(utc: float | None, zone: str) -> str:
    return "" if utc is None else f" on {datetime.fromtimestamp(utc, stored_zone(zone)):%Y-%m-%d}"
