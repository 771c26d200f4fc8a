"""Learn what each person usually weighs on the mat."""

from __future__ import annotations

from matpi.core.model import Log
from matpi.core.people import People, usual_kg
from matpi.core.plan.routine import ROUTINES, Area


def learnt(people: People, log: Log) -> People:
    """Return `people` with what each usually weighs on the mat, by the last sessions on the back."""
    for person in people.all:
        loads = [
            session.load_kg
            for session in log.sessions
            if session.person == person.id and session.load_kg is not None and is_on_back(session.routine)
        ]
        people = people.learnt(person.id, usual_kg(loads))
    return people


def is_on_back(routine: str) -> bool:
    """Return whether a person lies on the mat with the upper back in this routine."""
    own = ROUTINES.get(routine)
    return own is not None and own.area is Area.UPPER_BACK
