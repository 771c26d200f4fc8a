"""The people who share one mat: the next owner, the person suggested, and what belongs to whom.

With fewer than two names nothing here does anything. Else the person named last owns the next session,
also after a restart.

The load suggests and the person decides: twice, in mid-session and on the result. A hold says yes. On the result a hold
also goes on to the next name, so that whatever was attributed wrongly is put right with one button.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass, field
from datetime import date
from functools import lru_cache
from math import inf
from typing import Final

from msgspec.structs import replace

from matpi.core.clock import Clock
from matpi.core.effects import Chosen, Emit, Note, Save
from matpi.core.front import Front, Stage
from matpi.core.ledger import Ledger
from matpi.core.model import (
    LOAD_MAX_KG,
    Acknowledgement,
    DayRecord,
    Log,
    Memory,
    Rating,
    Session,
    Settings,
    StopSign,
)
from matpi.core.people import (
    PEOPLE_MAX,
    STEADY_BLOCKS,
    STEADY_FROM_S,
    People,
    Person,
    steady_kg,
    suggest,
)
from matpi.core.plan.usual_load import is_on_back, learnt
from matpi.core.presence.detector import Presence
from matpi.core.presence.load import Load
from matpi.core.selection import Selection
from matpi.core.session import Running, SessionMachine
from matpi.core.text import Text

ASKED_S: Final = 20.0
"""In mid-session the question stays so long. Chosen: the person who looks up sees it, the others are left alone."""
EVERY_S: Final = 1.0
"""Between two samples of the load. One reading a second, not its mean: the middle of twenty says the same."""
SAMPLES: Final = STEADY_BLOCKS + 10  # so many are stored: a person who settles later is known later


@dataclass(eq=False)
class Household:
    """Own the people, their safety answers, and the suggestion by weight. Sample the load at `due`."""

    memory: InitVar[Memory]
    emit: Emit
    clock: Clock
    ledger: Ledger
    presence: Presence
    session: SessionMachine
    selection: Selection
    stage: Stage
    people: People = field(init=False)
    answers: Mapping[str | None, Acknowledgement] = field(init=False)  # to the safety pages, by person; replaced whole
    due: float = inf
    asked_until: float = -inf  # until when the question in mid-session is shown
    _suggestion: Person | None = None  # not answered yet
    _attributed: str | None = None  # to whom the result was given by hand
    _answered_now: set[str | None] = field(default_factory=set)  # in this boot: the date may still come
    _samples: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    _logs: dict[str | None, tuple[Log, Log]] = field(default_factory=dict)
    """The whole log, and of it what is this person's."""

    def __post_init__(self, memory: Memory) -> None:
        self._use(memory.people)
        answers = (memory.acknowledgement, *memory.answers)
        self.answers = {answer.person: answer for answer in answers if answer}

    def _use(self, people: People) -> None:
        self.people = people.choose(people.all[0].id) if people.on and people.chosen is None else people

    def replace(self, people: People, answers: Iterable[Acknowledgement]) -> None:
        """Take what the store has, changed by a person, and on top of it what the store does not have yet.

        As in the store, the first name takes over all there is, and the last one leaves it to no person.
        """
        self._use(people)
        new = {answer.person: answer for answer in answers}
        # One without a date was given just now, while the clock is not known.
        self._answered_now |= {p for p, one in new.items() if one.utc is None and one != self.answers.get(p)}
        for key, write in list(self.ledger.waiting.items()):
            match write:
                case Save(Chosen(person)) if people.person(person) is None:
                    self.ledger.forget(key)  # the store would refuse it for good
                case Save(Chosen(person)):
                    self.people = self.people.choose(person)
                case Save(Session() | Rating() | StopSign() | DayRecord() | Acknowledgement() as record):
                    if (owner := people.heir(record.person)) != record.person:
                        self.ledger.forget(key)
                        self.ledger.save(Save(record := replace(record, person=owner)))
                    if isinstance(record, Acknowledgement):
                        new[owner] = record
                case _:
                    pass
        self.answers = new
        for running in self.session.unfinished:
            before, running.person = running.person, people.heir(running.person)
            if running.person != before:
                self.session.checkpoint(self.clock.t)  # the last one may have stored the owner before
        suggested = self._suggestion and people.on and people.person(self._suggestion.id)
        self._suggestion = suggested or None

    @property
    def next_owner(self) -> str | None:
        """Return the owner of the session to come: a person's id, None where no one is named."""
        return self.people.owner

    @property
    def owner(self) -> str | None:
        """Return whose turn it is: the owner of the session that is shown, else of the one to come."""
        shown = self.selection.shown if self.people.on else None
        return self.next_owner if shown is None else shown.person

    def name_of(self, person_id: str | None) -> str:
        """Return at most `people.NAME_MAX` characters; "" with fewer than two people."""
        if not self.people.on:
            return ""
        person = None if person_id is None else self.people.person(person_id)
        return "-" if person is None else person.name

    @property
    def name(self) -> str:
        """Return the owner's name; "" with fewer than two people."""
        return self.name_of(self.owner)

    def log_of(self, person_id: str | None) -> Log:
        log, found = self.ledger.log, self._logs.get(person_id)
        if found is None or found[0] is not log:
            found = self._logs[person_id] = log, log.of(person_id)
        return found[1]

    @property
    def log(self) -> Log:
        """Return the owner's log."""
        return self.log_of(self.owner)

    def settings_of(self, person_id: str | None) -> Settings:
        """Return the settings with the person's own weekly goal; the same object until one of the two changes."""
        person = None if person_id is None else self.people.person(person_id)
        goal = None if person is None else person.weekly_goal
        return self.ledger.settings if goal is None else _with_goal(self.ledger.settings, goal)

    def choose(self, t: float, person_id: str) -> None:
        """Take the person chosen in the menu."""
        self.selection.by_hand(t)
        self._set_current(person_id)

    def _set_current(self, person_id: str | None) -> None:
        """Make `person_id` the owner of the next sessions. An unknown id changes nothing."""
        if person_id is None or person_id == self.people.chosen or self.people.person(person_id) is None:
            return
        self.people = self.people.choose(person_id)
        self.ledger.save(Save(Chosen(person_id)))

    @property
    def acknowledgement(self) -> Acknowledgement | None:
        """Return the owner's answer to the safety pages; None: the device asks."""
        answer = self.answers.get(self.owner)
        return None if answer is None or answer.asked_again else answer

    def acknowledge(self, t: float, *, some: bool) -> None:
        """Store the owner's answer to the safety pages."""
        person_id = self.owner
        self._answered_now.add(person_id)
        answer = Acknowledgement(some=some, utc=self.clock.utc(t), person=person_id)
        self._save_answer(answer.in_place_of(self.answers.get(person_id)))

    def clear(self, t: float) -> None:
        """Store that a doctor agreed, for the owner."""
        answer = self.answers.get(self.owner)
        if answer is not None and answer.short_only:
            self._save_answer(replace(answer, cleared=True, cleared_utc=self.clock.utc(t)))

    def date_answers(self, utc: float) -> None:
        """Date the answers given in this boot, now that the clock is trusted.

        What ended at an unknown time has ended now, for no day that is in the log came after it.
        """
        for person_id, answer in self.answers.items():
            dated = answer
            if answer.utc is None and person_id in self._answered_now:
                dated = replace(dated, utc=utc)
            if answer.cleared and answer.cleared_utc is None:
                dated = replace(dated, cleared_utc=utc)
            if answer.earlier and answer.earlier[-1][1] is None:
                dated = replace(dated, earlier=(*answer.earlier[:-1], (answer.earlier[-1][0], utc)))
            if dated != answer:
                self._save_answer(dated)

    def _save_answer(self, answer: Acknowledgement) -> None:
        self.answers = {**self.answers, answer.person: answer}
        self.ledger.save(Save(answer))

    def day_record(self, person_id: str | None, day: date) -> DayRecord:
        return next((d for d in self.log_of(person_id).days if d.day == day), None) or DayRecord(day, person=person_id)

    def rest_today(self, t: float, *, rest: bool) -> None:
        """Make today a day of rest of the next owner, or none after all."""
        self.note_today(t, self.next_owner, rest=rest)

    def note_today(self, t: float, person_id: str | None, *, rest: bool | None = None, snoozed: bool = False) -> None:
        """Store what was said of today; where today is not known, note that it cannot be."""
        if not self.clock.trusted:
            self.emit(Note(t, "wish_refused", "something was asked for today, but the clock is not known yet"))
            return
        old = self.day_record(person_id, self.clock.day(t))
        new = replace(old, rest=old.rest if rest is None else rest, snoozed=old.snoozed or snoozed)
        if new != old:
            self.ledger.save(Save(new))

    def entered(self, t: float, before: Front) -> None:
        """Follow the screen that came to the front."""
        self.due = inf
        if not self.people.on:
            return
        front, running = self.stage.front, self.session.running
        if front is Front.ON_MAT and running is not None:
            if before is Front.ARRIVING:
                self._suggestion, self.asked_until = None, -inf
            self._samples.clear()
            self.sample_from(t, running)
        elif front is Front.DONE:
            self._attributed = None
        elif before is Front.DONE:
            self._suggestion = None
            self._set_current(self._attributed)

    def sample_from(self, t: float, running: Running) -> None:
        """Begin to sample the load; never where that says nothing, or is known."""
        wanted = self.people.on and running.load_kg is None and is_on_back(running.routine)
        self.due = max(t + EVERY_S, running.start + STEADY_FROM_S) if wanted else inf

    def advance(self, t: float) -> None:
        """Sample the load; with enough of them, see who it might be."""
        running = self.session.running
        self.due = inf
        if self.stage.front is not Front.ON_MAT or running is None:
            return
        self.due = t + EVERY_S
        if self.presence.load is Load.ON and not self.presence.silent:
            self._samples.append(self.presence.net_kg)
        steady = steady_kg(tuple(self._samples))
        if steady is None or not 0.01 <= steady < LOAD_MAX_KG:
            return
        self.due = inf
        running.load_kg = round(steady, 2)
        known = running.person is not None and self.people.person(running.person) is not None
        people = self.people.choose(running.person if known else None)
        self._suggestion = suggest(learnt(people, self.ledger.log), running.load_kg)
        if self._suggestion is not None:
            self.asked_until = t + ASKED_S
            self.emit(Note(t, "who", "suggested another person"))  # an export takes it along: no name, no weight

    def asks(self, t: float) -> Text | None:
        """Return the question in mid-session, at most 21 characters."""
        return _question(self._suggestion) if self._suggestion is not None and t < self.asked_until else None

    def reply(self, t: float, *, yes: bool) -> None:
        """Take the answer to the question in mid-session."""
        running = self.session.running
        suggestion, self._suggestion, self.asked_until = self._suggestion, None, -inf
        if not yes or suggestion is None or running is None:
            return
        running.person = suggestion.id
        self._set_current(running.person)
        self.session.checkpoint(t)

    def attribute(self) -> None:
        """Give the session that is shown to the person suggested, else to the next in the menu.

        The next sessions are theirs, too.
        """
        last = self.session.last
        if last is None:
            return
        suggestion, self._suggestion = self._suggestion, None
        order = [person.id for person in self.people.all]
        if suggestion is not None:
            person_id = suggestion.id
        elif last.doubt is not None and last.yours is None and last.person in order:
            person_id = last.person  # it was asked whether it is theirs
        else:
            here = order.index(last.person) if last.person in order else -1
            person_id = order[(here + 1) % len(order)]
        self._attributed = person_id
        self.session.correct(replace(last, person=person_id, yours=None if last.doubt is None else True))

    def result_words(self, last: Session) -> tuple[str, Text | str]:
        """Return whose the result is, and what a hold does; "" with fewer than two people."""
        if not self.people.on:
            return "", ""
        name = self.name_of(last.person)
        if self._suggestion is not None:
            return name, _question(self._suggestion)
        asked = last.doubt is not None and last.yours is None and name
        return name, Text("people.asks", name=name) if asked else Text("people.not_you")


@lru_cache(maxsize=PEOPLE_MAX)
def _with_goal(settings: Settings, weekly_goal: int) -> Settings:
    return replace(settings, weekly_goal=weekly_goal)  # 9 us to make and check, and asked for with every plan


def _question(person: Person) -> Text:
    return Text("people.asks", name=person.name)
