"""The agenda: what the screen still asks, and about which session. A list, not a state machine.

After a session: AFTER_SESSION, as far as each screen is wanted when its turn comes; "felt wrong?" before the rating
when it was cut short. After a stay too short for a session: "felt wrong?" alone. On waking: as after a session when
today's last one is still doubtful, else ON_WAKING. What a person chooses is one entry. After the safety pages: the
advice.

A step on the mat hides what was asked after a session; when no session follows it is asked once more, for OPEN_S.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Final, NamedTuple

from matpi.core.clock import Clock, between
from matpi.core.doubt import Doubts
from matpi.core.front import AFTER_SESSION, ASKED_AGAIN, HIDDEN, ON_WAKING, Front
from matpi.core.household import Household
from matpi.core.ledger import Ledger
from matpi.core.model import Acknowledgement, Rating, Session
from matpi.core.plan.trend import number_of
from matpi.core.plans import Plans
from matpi.core.screens.screen import Screen
from matpi.core.session import SessionMachine, State

OPEN_S: Final = 300.0
"""From the first step on. Chosen: later no one waits for it, and a cat does not keep the screen lit."""

OPENS: Final = {
    "menu": Front.MENU,
    "choose": Front.READY,
    "read_safety": Front.SAFETY,
    "safety_due": Front.SAFETY,
    "report_problem": Front.FELT_WRONG,
    "see_trend": Front.TREND,
    "calibrate": Front.CALIBRATING,
    "show_page": Front.PAGE,
}
"""Triggers that replace the whole list by one entry."""
CLOSES: Final = frozenset({"no", "leave_menu", "answered", "expired", "leave_calibration", "leave_page"})
"""Triggers that end the present entry and, but for a question that waits hidden, the list."""
ADVISES: Final = frozenset({"advise", "answered"})  # the first wake since a session; the safety pages
WAKES: Final = frozenset({"ask", "doubtful"})  # a tap on the idle screen
IN_PLACE: Final = {"rated": Front.SAVED, "change": Front.RATING}
NEEDS_CELLS: Final = frozenset({Front.MENU, Front.SAFETY, Front.READY, Front.CALIBRATING})
"""Left when the load cells fall silent."""
BACK: Final = frozenset({"slipped", "gone", "undo", "expired"})
"""After these what was hidden is asked again at once, whatever else is on the mat."""


class Ask(NamedTuple):
    screen: Front
    about: str | None = None  # id of the session, or stay, that is asked about; None: about none


@dataclass(eq=False)
class Agenda:
    """Own the list. `now` is shown as soon as no session is under way."""

    clock: Clock
    ledger: Ledger
    session: SessionMachine
    household: Household
    plans: Plans
    doubts: Doubts
    screens: Mapping[Front, Screen]
    now: Ask | None = None
    _ahead: list[Ask] = field(default_factory=list)
    _hidden: bool = False  # `_ahead` waits for the mat to be empty again
    _open_until: float = -inf
    _open_about: str = ""
    _stay: str = ""  # id of the last stay too short for a session; the log does not have it

    def fire(self, trigger: str) -> None:
        """Follow what a person did, or did not do in time."""
        if trigger in WAKES:
            self._wake()
        elif trigger == "report_problem":
            self._show([Ask(OPENS[trigger], self._last_of_today)])
        elif trigger in OPENS:
            self._drop()
            self.now = Ask(OPENS[trigger])
        elif trigger in IN_PLACE:
            self.now = Ask(IN_PLACE[trigger], None if self.now is None else self.now.about)
        elif trigger in ADVISES and not self._hidden:
            self._show([Ask(Front.READY)])
        elif trigger in CLOSES or self._hidden:
            self.now = None
            self._ahead = self._ahead if self._hidden else []
        elif trigger == "unanswered":
            last = self.session.last
            counts = last is not None and last.counts
            self._show([ask for ask in self._ahead if counts and ask.screen in ASKED_AGAIN])
        elif trigger == "unrated" and (self.now is None or self.now.about is None):
            self._show([])
        else:  # go_on, unrated, yes
            self._show(self._ahead)

    def session_over(self, session: Session, short_kg: float | None = None) -> None:
        """Replace the list by what is asked about a session that has ended.

        `short_kg`: it was too short, with this load. What waits hidden then goes on waiting.
        """
        if short_kg is not None:
            if self.doubts.may_have_hurt(session, short_kg) and not self._quiet:
                self._stay = session.id
                self.now = Ask(Front.FELT_WRONG, session.id)
            return
        asked = self.doubts.asks(session) or self.doubts.has_result(session)
        self._show(self._all_about(session) if asked else [])

    @property
    def answers(self) -> tuple[Rating | None, Acknowledgement | None]:
        """Return the answers to what is asked about no session: the number of today, and that to the safety pages."""
        return number_of(self.household.log, self.clock.today), self.household.acknowledgement

    def check(self, before: tuple[Rating | None, Acknowledgement | None]) -> None:
        """Go on when what is asked was answered elsewhere, or is about a session that was deleted.

        `before`: `answers` before the log was changed.
        """
        if self.now is None:
            last = self.session.last
            if last is not None:  # after the cap it is shown, and asked about later
                self.session.show(next((s for s in self.ledger.log.sessions if s.id == last.id), None))
        elif self._is_moot(self.now, before):
            self._show(self._ahead or [Ask(Front.READY)] * (self.now.screen is Front.SAFETY))

    def _is_moot(self, ask: Ask, before: tuple[Rating | None, Acknowledgement | None]) -> bool:
        if ask.about is not None:
            return not self._is_wanted(ask)
        rating, safety = self.answers
        match ask.screen:
            case Front.RATING:
                return rating is not None and rating != before[0]
            case Front.SAFETY:
                return safety is not None and safety != before[1]
            case _:
                return False

    def _all_about(self, session: Session) -> list[Ask]:
        order = list(AFTER_SESSION)
        if self.plans.cut_short(session):
            order.remove(Front.FELT_WRONG)
            order.insert(order.index(Front.RATING), Front.FELT_WRONG)
        return [Ask(screen, session.id) for screen in order]

    @property
    def _quiet(self) -> bool:
        now, settings = self.clock.local(self.clock.t), self.ledger.settings
        return now is not None and between(now.time(), settings.quiet_from, settings.quiet_to)

    @property
    def _last_of_today(self) -> str | None:
        """Return the id of the last session of today of the person whose turn it is."""
        sessions = self.household.log_of(self.household.next_owner).counting
        return next((s.id for s in reversed(sessions) if s.day == self.clock.today), None)

    def _wake(self) -> None:
        asked = self.doubts.open_question
        self._show([Ask(screen) for screen in ON_WAKING] if asked is None else self._all_about(asked))

    def follow(self, trigger: str, t: float, *, clear: bool) -> None:
        """Follow a trigger of the session machine or of presence. `clear`: nothing is on the mat."""
        state = self.session.state
        if trigger == "discard":
            self.now = Ask(Front.DISCARDED)
        elif self.now is not None and self.now.screen is Front.DISCARDED:
            # Undo is offered as long as the person is there, and for a while after.
            if trigger in {"undo", "object"} or state not in {State.EMPTY, State.CLOSED}:
                self.now = None
        elif state is State.CLOSED:
            self._drop()
        elif state is not State.EMPTY:
            self._hide(t)
        elif trigger == "sensor_lost" and self.now is not None and self.now.screen in NEEDS_CELLS:
            self._drop()
        if self._hidden and self.now is None and state is State.EMPTY and (clear or trigger in BACK):
            self._ask_again(t)

    def _show(self, asks: list[Ask]) -> None:
        """Show the first that is still wanted."""
        ahead, self._hidden = list(asks), False
        while ahead and not self._is_wanted(ahead[0]):
            ahead.pop(0)
        self.now, self._ahead = (ahead[0], ahead[1:]) if ahead else (None, [])

    def _is_wanted(self, ask: Ask) -> bool:
        """Turn to its session as the log has it by now: of another person, perhaps, or deleted."""
        session = next((s for s in reversed(self.ledger.log.sessions) if s.id == ask.about), None)
        if session is None and ask.about not in {None, self._stay}:
            return False
        self.session.show(session)
        return self.screens[ask.screen].wanted

    def _drop(self) -> None:
        self.now, self._ahead, self._hidden = None, [], False

    def _hide(self, t: float) -> None:
        now, self.now = self.now, None
        if now is None:
            return
        if now.screen not in HIDDEN or now.about is None:
            self._drop()
            return
        self._ahead, self._hidden = [ask for ask in (now, *self._ahead) if ask.screen in ASKED_AGAIN], True
        if self._open_about != now.about:
            self._open_until, self._open_about = t + OPEN_S, now.about

    def _ask_again(self, t: float) -> None:
        ahead, late = self._ahead, t > self._open_until
        self._drop()
        self._show([] if late else ahead)
