"""Whose it is, where several people share one mat: who is meant next, who is asked for, and what is booked to whom.

With fewer than two names nothing here does anything. Else whoever was named last is meant, also after a restart.

The load suggests and the person decides: twice, in mid-session and on the result. A hold says yes. On the result a hold
also goes on to the next name, so that whatever was booked wrongly is put right with one button.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import date
from math import inf
from typing import TYPE_CHECKING, Final

from matpi.core import choice
from matpi.core.effects import Chosen, Save
from matpi.core.model import LOAD_MAX_KG, Acknowledgement, DayRecord, Log, Memory, Session, Settings
from matpi.core.people import STEADY_BLOCKS, STEADY_FROM_S, People, Person, steady_kg, suggest, usual_kg
from matpi.core.plan.routine import ROUTINES, Area
from matpi.core.presence.load import Load
from matpi.core.running import Running
from matpi.core.session import State
from matpi.core.text import Text

if TYPE_CHECKING:
    from matpi.core.device import Device

ASKED_S: Final = 20.0
"""In mid-session the question stays so long. Chosen: whoever looks up sees it, and whoever does not is left alone."""
EVERY_S: Final = 1.0
"""Between two looks at the load. One reading a second, not its mean: the middle of twenty says the same."""
LOOKED: Final = STEADY_BLOCKS + 10
"""So many looks are kept: whoever settles later is known later."""


class Who:
    def __init__(self, memory: Memory) -> None:
        self.people = memory.people
        if self.people.on and self.people.chosen is None:
            self.people = self.people.choose(self.people.all[0].id)
        self.answers = {answer.person: answer for answer in (memory.acknowledgement, *memory.answers) if answer}
        """To the safety pages, by person."""
        self.answered_now: set[str | None] = set()
        """In this boot: the date may still come."""
        self.choosing = False
        """The menu lists the people."""
        self.rest_offered: bool | None = None
        """As the menu opened: True, today can be made a day of rest; False, it is one and need not stay it; None."""
        self.suggestion: Person | None = None
        """Not answered yet."""
        self.asked_until = -inf
        self.booked: str | None = None
        """To whom the result was booked by hand."""
        self.missing: tuple[str | None, ...] = ()
        """For whom the light reminds."""
        self.not_yet: tuple[str | None, ...] = ()
        """For whom it does, or did until somebody looked."""
        self.took_press = False
        """The press that is still down has answered: it goes on to nothing else."""
        self.look_due = inf
        self.looks: deque[float] = deque(maxlen=LOOKED)
        self.logs: dict[str | None, tuple[Log, Log]] = {}
        """The whole log, and of it what is this person's."""


# -- whose -----------------------------------------------------------------------------------------------------------


def owner(device: Device) -> str | None:
    """Of the session that is shown, else of the one to come."""
    people = device.who.people
    session = choice.spoken_of(device) if people.on else None
    return people.books_to() if session is None else session.person


def name_of(device: Device, person_id: str | None) -> str:
    """At most `people.NAME_MAX` characters; "" with fewer than two people."""
    people = device.who.people
    if not people.on:
        return ""
    person = None if person_id is None else people.person(person_id)
    return "-" if person is None else person.name


def name(device: Device) -> str:
    """Whose turn it is; "" with fewer than two people."""
    return name_of(device, owner(device)) if device.who.people.on else ""


def log_of(device: Device, person_id: str | None) -> Log:
    log, kept = device.keeper.log, device.who.logs
    found = kept.get(person_id)
    if found is None or found[0] is not log:
        found = kept[person_id] = log, log.of(person_id)
    return found[1]


def log(device: Device) -> Log:
    return log_of(device, owner(device))


def whose_day(device: Device) -> tuple[str | None, date]:
    """The plan's day of the session that is shown, else today's, and whose."""
    return owner(device), choice.plan(device).today


def settings_of(device: Device, person_id: str | None) -> Settings:
    person = None if person_id is None else device.who.people.person(person_id)
    if person is None or person.weekly_goal is None:
        return device.settings
    return replace(device.settings, weekly_goal=person.weekly_goal)


def answer_of(device: Device, person_id: str | None) -> Acknowledgement | None:
    """What holds, also while it is asked for again."""
    return device.who.answers.get(person_id)


def acknowledge(device: Device, answer: Acknowledgement) -> None:
    """Of whose turn it is."""
    who, person_id = device.who, owner(device)
    who.answered_now.add(person_id)
    _keep_answer(device, replace(answer, person=person_id).in_place_of(who.answers.get(person_id)))


def clear(device: Device, utc: float | None) -> None:
    """A clinician agreed, for whose turn it is."""
    answer = device.who.answers.get(owner(device))
    if answer is not None and answer.short_only:
        _keep_answer(device, replace(answer, cleared=True, cleared_utc=utc))


def _keep_answer(device: Device, answer: Acknowledgement) -> None:
    device.who.answers[answer.person] = answer
    device.keep(Save(answer))


def date_answers(device: Device, utc: float) -> None:
    """The clock is trusted now: those given in this boot get their date; what ended at an unknown time has ended now,
    for no day that is in the log came after it.
    """
    who = device.who
    for person_id, answer in list(who.answers.items()):
        dated = answer
        if answer.utc is None and person_id in who.answered_now:
            dated = replace(dated, utc=utc)
        if answer.cleared and answer.cleared_utc is None:
            dated = replace(dated, cleared_utc=utc)
        if answer.earlier and answer.earlier[-1][1] is None:
            dated = replace(dated, earlier=(*answer.earlier[:-1], (answer.earlier[-1][0], utc)))
        if dated != answer:
            _keep_answer(device, dated)


def day_record(device: Device, person_id: str | None, day: date | None) -> DayRecord | None:
    return next((d for d in log_of(device, person_id).days if d.day == day), None)


def _rest_to_offer(device: Device, t: float) -> bool | None:
    """For whose turn it is, while today is known and without a session of theirs."""
    person, day = device.who.people.books_to(), device.wall.day(t)
    if not device.wall.trusted:
        return None
    record, plan = day_record(device, person, day), device.plans.today_of(device, person)
    if plan.today_s > 0.0:
        return None
    if record is not None and record.rest:
        return False
    return None if plan.rest_day else True


# -- chosen by hand --------------------------------------------------------------------------------------------------


def list_people(device: Device) -> int:
    """The menu lists them now; which of them is meant."""
    people = device.who.people
    device.who.choosing = True
    return next((n for n, person in enumerate(people.all) if person.id == people.chosen), 0)


def choose(device: Device, t: float, index: int) -> str:
    """The one with this number in the menu. Returns the name."""
    person = device.who.people.all[index]
    device.choice.by_hand(t)
    mean(device, person.id)
    return person.name


def mean(device: Device, person_id: str | None) -> None:
    """Whoever this is, is meant from now on. An unknown id changes nothing."""
    who = device.who
    if person_id is None or person_id == who.people.chosen or who.people.person(person_id) is None:
        device.replan()
        return
    who.people = who.people.choose(person_id)
    device.keep(Save(Chosen(person_id)))


# -- suggested by the load -------------------------------------------------------------------------------------------


def due(device: Device) -> float:
    return device.who.look_due


def enter(device: Device, t: float, before: State) -> None:
    """A state was entered."""
    who, state = device.who, device.machine.state
    who.choosing = False
    who.look_due = inf
    if state is State.MENU:
        who.rest_offered = _rest_to_offer(device, t)
    if not who.people.on:
        return
    running = device.machine.running
    if state is State.ON_MAT and running is not None:
        if before is State.ARRIVING:
            who.suggestion, who.asked_until = None, -inf
        who.looks.clear()
        look_from(device, t, running)
    elif state is State.DONE:
        who.booked = None
    elif before is State.DONE:
        who.suggestion = None
        mean(device, who.booked)


def look_from(device: Device, t: float, running: Running) -> None:
    """When the load is looked at first; never where that says nothing, or is known."""
    looks = running.load_kg is None and _on_back(running.routine)
    device.who.look_due = max(t + EVERY_S, running.start + STEADY_FROM_S) if looks else inf


def look(device: Device, t: float) -> None:
    """One look at the load; with enough of them, who it might be."""
    who, running = device.who, device.machine.running
    who.look_due = inf
    if device.machine.state is not State.ON_MAT or running is None:
        return
    who.look_due = t + EVERY_S
    if device.presence.load is Load.ON and not device.presence.silent:
        who.looks.append(device.presence.net_kg)
    steady = steady_kg(tuple(who.looks))
    if steady is None or not 0.01 <= steady < LOAD_MAX_KG:
        return
    who.look_due = inf
    running.load_kg = round(steady, 2)
    suggest_by_load(device, t, running)


def suggest_by_load(device: Device, t: float, running: Running) -> None:
    """Ask for whom the load speaks, unless the session is booked to them."""
    who = device.who
    people = learnt(_as_booked(who.people, running.person), device.keeper.log)
    who.suggestion = None if running.load_kg is None else suggest(people, running.load_kg)
    if who.suggestion is not None:
        who.asked_until = t + ASKED_S
        device.note(t, "who", "suggested another person")  # an export takes it along: no name, no weight
        device.look_again()


def asks(device: Device, t: float) -> Text | None:
    """The question in mid-session, at most 21 characters."""
    who = device.who
    return _question(who.suggestion) if who.suggestion is not None and t < who.asked_until else None


def answer(device: Device, t: float, *, yes: bool) -> None:
    """To the question in mid-session."""
    who, running = device.who, device.machine.running
    suggestion, who.suggestion = who.suggestion, None
    who.asked_until, who.took_press = -inf, True
    device.look_again()
    if not yes or suggestion is None or running is None:
        return
    running.person = suggestion.id
    mean(device, running.person)
    device.checkpoint(t)


def book(device: Device) -> None:
    """On the result: to who was suggested, else to the next in the order of the menu; meant from then on."""
    who, last = device.who, device.machine.last
    if last is None:
        return
    suggestion, who.suggestion = who.suggestion, None
    order = [person.id for person in who.people.all]
    if suggestion is not None:
        person_id = suggestion.id
    elif last.doubt is not None and last.yours is None and last.person in order:
        person_id = last.person  # it was asked whether it is theirs
    else:
        here = order.index(last.person) if last.person in order else -1
        person_id = order[(here + 1) % len(order)]
    booked = replace(last, person=person_id, yours=None if last.doubt is None else True)
    device.machine.last, who.booked = booked, person_id
    if device.capped is not None and device.capped.id == booked.id:
        device.capped = booked
    device.keep(Save(booked))


def result_words(device: Device, last: Session) -> tuple[str, Text | str]:
    """Whose the result is, and what a hold does; "" with fewer than two people."""
    who = device.who
    if not who.people.on:
        return "", ""
    name = name_of(device, last.person)
    if who.suggestion is not None:
        return name, _question(who.suggestion)
    asked = last.doubt is not None and last.yours is None and name
    return name, Text("people.asks", name=name) if asked else Text("people.not_you")


def _question(person: Person) -> Text:
    """At most 21 characters."""
    return Text("people.asks", name=person.name)


def learnt(people: People, log: Log) -> People:
    """With what each of them usually weighs on the mat, by the last sessions on the back."""
    for person in people.all:
        loads = [
            session.load_kg
            for session in log.sessions
            if session.person == person.id and session.load_kg is not None and _on_back(session.routine)
        ]
        people = people.learnt(person.id, usual_kg(loads))
    return people


def _as_booked(people: People, person_id: str | None) -> People:
    known = person_id is not None and people.person(person_id) is not None
    return people.choose(person_id if known else None)


def _on_back(routine: str) -> bool:
    own = ROUTINES.get(routine)
    return own is not None and own.area is Area.UPPER_BACK
