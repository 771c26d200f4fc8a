"""`matpi safety`: read what the device asks first, answer it here, clear it, or have it asked again.

It speaks the language of the panel; what it refuses is English, as in every command. Reading works beside a running
device; answering needs the log for itself (StoreBusyError).
"""

from __future__ import annotations

import shlex
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from matpi.commands import people
from matpi.commands.output import say
from matpi.commands.target import reading, words_of, writing
from matpi.core.effects import Save
from matpi.core.model import Acknowledgement, Memory
from matpi.errors import UsageError
from matpi.paths import stored_zone
from matpi.words import ENGLISH, LANGUAGES, Words, running_text


def run(
    store: Path | None,
    config_path: Path | None,
    *,
    none: bool,
    some: bool,
    agreed: bool,
    again: bool,
    person: str | None,
) -> None:
    """Do what the options say; at most one of them is given. Raises UsageError and ConfigError."""
    words = words_of(config_path)
    if none or some:
        answer(store, some=some, person=person, words=words)
    elif agreed:
        doctor_agreed(store, person, words)
    elif again:
        ask_again(store, person, words)
    else:
        read(store, person, words)


def read(store: Path | None, person: str | None = None, words: Words = ENGLISH) -> None:
    """Print the pages, and the answer of the person who is chosen or named `person`."""
    with reading(store) as log:
        owner, memory = people.loaded(log, person)
    words = LANGUAGES.get(memory.settings.language, words)
    for page in ("ask_1", "ask_2", "stop"):
        say(running_text(words(f"safety.{page}")) + ".")
    say(" ".join(words("safety.question").splitlines()[-2:]))  # above them are the gestures
    say(answered(memory.answer_of(owner), memory, owner, words))


def answer(store: Path | None, *, some: bool, person: str | None = None, words: Words = ENGLISH) -> None:
    with writing(store) as log:
        owner, memory = people.loaded(log, person)
        given = Acknowledgement(some=some, utc=time.time(), person=owner).in_place_of(memory.answer_of(owner))
        log.write(Save(given))
    say(answered(given, memory, owner, words))


def doctor_agreed(store: Path | None, person: str | None = None, words: Words = ENGLISH) -> None:
    """Lift the limit of a ticked condition. Raises UsageError when none was ticked."""
    with writing(store) as log:
        owner, memory = people.loaded(log, person)
        before = memory.answer_of(owner)
        if before is None:
            raise UsageError("The safety questions are not answered yet; run `matpi safety`.")
        if not before.some:
            raise UsageError('The answer is "none of these", so there is nothing to clear; see `matpi safety`.')
        now = before if before.cleared else replace(before, cleared=True, cleared_utc=time.time())
        log.write(Save(now))
    say(answered(now, memory, owner, words))


def ask_again(store: Path | None, person: str | None = None, words: Words = ENGLISH) -> None:
    with writing(store) as log:
        owner, _ = people.loaded(log, person)
        log.ask_safety_again(owner)
        memory = log.load()
    say(answered(memory.answer_of(owner), memory, owner, words))


def answered(given: Acknowledgement | None, memory: Memory, owner: str | None, words: Words = ENGLISH) -> str:
    """Return the answer in sentences of this language, with whose it is where people are named."""
    words = LANGUAGES.get(memory.settings.language, words)
    zone, named = memory.settings.zone, None if owner is None else memory.people.person(owner)
    whose = "" if named is None else f"{named.name}: "
    if given is None:
        return whose + words("command.not_answered")

    def on(utc: float | None) -> str:
        if utc is None:
            return ""
        date = f"{datetime.fromtimestamp(utc, stored_zone(zone)):%Y-%m-%d}"
        return f" {words('command.on', date=date)}"

    said = [words("command.some" if given.some else "command.none", on=on(given.utc))]
    if given.short_only:
        option = "" if named is None else f" --person {shlex.quote(named.name)}"
        said.append(words("command.ask_first", command=f"matpi safety --doctor-ok{option}"))
    elif given.some:
        said.append(words("command.agreed", agreed_on=on(given.cleared_utc)))
    if given.asked_again:
        said.append(words("command.asks_again"))
    return whose + " ".join(said)
