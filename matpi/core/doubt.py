"""Was that you? Which loads are known as the person's, and which session is asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Final

from msgspec.structs import replace

from matpi.core.clock import Clock
from matpi.core.household import Household
from matpi.core.ledger import Ledger
from matpi.core.model import LOAD_MAX_KG, Doubt, Session
from matpi.core.presence.detector import Presence
from matpi.core.session import SessionMachine

HALF: Final = 0.5  # under this share of the lightest usual load another may have been on the mat: a child, a dog
KNOWN: Final = 0.2  # within this share of a known load it is the person's
SAME_KG: Final = 4.0
"""Within this of a load of the same routine that was answered with "no" the screen does not ask again."""
USUAL_MIN: Final = 3  # sessions before a load is usual
FIRST_KG: Final = 30.0  # as long as none is, a stay too short for a session is a person's from here on


@dataclass(eq=False)
class Doubts:
    """Judge sessions by their load and by the log. Owns nothing."""

    clock: Clock
    ledger: Ledger
    presence: Presence
    session: SessionMachine
    household: Household

    def judged(self, session: Session) -> Session:
        """Return the session, under way or just ended, with its load and its doubt."""
        evidence = self.presence.evidence
        middle = evidence.middle_kg
        load_kg = session.load_kg if middle is None or not 0.01 <= middle < LOAD_MAX_KG else round(middle, 2)
        session = replace(session, load_kg=load_kg)
        return replace(session, doubt=evidence.doubt or self._of_load(session))

    def _of_load(self, session: Session) -> Doubt | None:
        load, known = session.load_kg, self._loads(session, _is_known)
        if load is None:
            return None
        if self.ledger.settings.others == "no":
            unusual = len(known) >= USUAL_MIN and load < HALF * min(known)
            return Doubt.UNUSUAL if unusual else None
        nearest = min((abs(load - kg) for kg in self._loads(session, _is_denied)), default=inf)
        return None if any(abs(load - own) <= min(KNOWN * own, nearest) for own in known) else Doubt.UNKNOWN

    def _loads(self, session: Session, which: Callable[[Session], bool]) -> list[float]:
        """Return the loads of other sessions of the same routine, oldest first, of all people."""
        log = self.ledger.log if self.household.people.on else self.household.log_of(session.person)
        return [
            s.load_kg
            for s in log.sessions
            if s.routine == session.routine and s.id != session.id and s.load_kg is not None and which(s)
        ]

    def asks(self, session: Session) -> bool:
        """Return whether the screen asks about it; with several people the result asks whose it is."""
        if not is_open(session) or self.household.people.on:
            return False
        load, known = session.load_kg or 0.0, self._loads(session, _is_known)
        near = any(abs(load - own) <= KNOWN * own for own in known)
        return near or not any(abs(load - kg) <= SAME_KG for kg in self._loads(session, _is_denied))

    def has_result(self, session: Session) -> bool:
        """Return whether a session that is not asked about has a result: it counts, or that asks whose it is."""
        return session.counts or session.yours is not None or (self.household.people.on and is_open(session))

    def may_have_hurt(self, stay: Session, load_kg: float) -> bool:
        """Return whether a stay too short for a session was a person's: half of a usual load, and no thing."""
        known = self._loads(stay, _is_known)
        least_kg = HALF * min(known) if len(known) >= USUAL_MIN else FIRST_KG
        return stay.doubt is not Doubt.THING and load_kg >= least_kg

    @property
    def open_question(self) -> Session | None:
        """Return today's last session if it counts only once a person confirms it."""
        last = next(reversed(self.ledger.log.sessions), None)
        if last is None or last.counts or last.day != self.clock.today or not self.asks(last):
            return None
        return last

    def answer(self, *, yours: bool) -> None:
        """Take the answer about the session that is shown, as the log has it by now.

        "No" to an unusual load means that others use the mat: from then on unknown loads are asked about first.
        """
        shown = self.session.last
        asked = next((s for s in self.ledger.log.sessions if shown is not None and s.id == shown.id), None)
        if asked is None:
            return
        if not yours and asked.doubt is Doubt.UNUSUAL:
            self.ledger.change("others", "pets")
        self.session.correct(replace(asked, yours=yours))


def is_open(session: Session) -> bool:
    """Return whether it is to be asked about: any doubt but of a thing. The list takes any answer."""
    return session.yours is None and session.doubt not in {None, Doubt.THING}


def _is_known(session: Session) -> bool:
    return session.counts and (session.doubt is None or session.yours is True)


def _is_denied(session: Session) -> bool:
    return session.yours is False
