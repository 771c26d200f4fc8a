"""Change what a person sets: settings, people, the answer to the safety pages, a day of rest."""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec.structs import replace

from matpi.control import log_view
from matpi.control.requests.base import Done, LogRequest, Now
from matpi.core.clock import believable
from matpi.core.effects import Save
from matpi.core.model import Acknowledgement, DayRecord, Memory
from matpi.errors import MatpiError, UsageError
from matpi.paths import stored_zone
from matpi.store import history, members
from matpi.store.db import Store
from matpi.store.settings import changed, settings_of
from matpi.words import ENGLISH, LANGUAGES, Words

WORDS_MAX: Final = 8  # chosen: `matpi people` takes three


class Settings(LogRequest, frozen=True):
    """Change settings: `set` has texts by key, as `matpi settings` takes them; of own_plan the plan itself."""

    set: dict[str, str]
    begins = True

    def perform(self, log: Store, now: Now) -> Done:  # noqa: ARG002
        with log.writing() as conn:
            before, _ = settings_of(history.setting_texts(conn))
            history.put(conn, changed(before, self.set))
        return Done()


class People(LogRequest, frozen=True):
    """Change who shares the mat: `words` as `matpi people` takes them, such as add Anna."""

    words: Sequence[str]
    begins = True

    def perform(self, log: Store, now: Now) -> Done:  # noqa: ARG002
        words = self.words[:WORDS_MAX]
        if not words:
            raise UsageError("Say what to do with the people of this mat, for example add Anna.")
        with log.writing() as conn:
            return Done((members.change(conn, words, lambda: uuid.uuid4().hex),))


class Rest(LogRequest, frozen=True):
    """Make today a day of rest of the person who is chosen or named, or none after all."""

    rest: bool
    person: str | None = None
    begins = True

    def perform(self, log: Store, now: Now) -> Done:
        if not believable(now.utc):
            raise UsageError("The clock of this computer cannot be right, so what is today is not known; set it first.")
        if now.stamp is not None and not now.trusted:
            raise MatpiError("The clock of the device is not known yet, so neither is today; try again when it is.")
        owner, memory = log_view.loaded(log, self.person)
        today = now.today or log_view.today_of(memory, log.path, now.utc).day
        days = log_view.only(memory, owner).log.days
        old = next((record for record in days if record.day == today), DayRecord(today, person=owner))
        if old.rest is not self.rest:
            log.write(Save(replace(old, rest=self.rest)))
        return Done()


class Safety(LogRequest, frozen=True):
    """Answer the safety pages of the person who is chosen or named, clear the answer, or have them asked again."""

    answer: Literal["none", "some", "doctor_ok", "again"]
    person: str | None = None
    begins = True

    def perform(self, log: Store, now: Now) -> Done:
        owner, memory = log_view.loaded(log, self.person)
        before = memory.answer_of(owner)
        if self.answer == "again":
            log.ask_safety_again(owner)
            memory = log.load()
            return Done((answered(memory.answer_of(owner), memory, owner, now.words),))
        if self.answer == "doctor_ok":
            after = _cleared(before, now)
        else:
            given = Acknowledgement(some=self.answer == "some", utc=now.known_utc, person=owner)
            after = given.in_place_of(before)
        log.write(Save(after))
        return Done((answered(after, memory, owner, now.words),))


def _cleared(before: Acknowledgement | None, now: Now) -> Acknowledgement:
    """Return the answer without the limit of a ticked condition. Raises UsageError when none was ticked."""
    if before is None:
        raise UsageError("The safety questions are not answered yet; run `matpi safety`.")
    if not before.some:
        raise UsageError('The answer is "none of these", so there is nothing to clear; see `matpi safety`.')
    return before if before.cleared else replace(before, cleared=True, cleared_utc=now.known_utc)


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
