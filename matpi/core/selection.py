"""Which routine is next, chosen in the menu for one session, else as it is set; and its threshold.

A choice lasts until its session ends, or for ten minutes without one. A session keeps the routine it began with,
whatever is chosen meanwhile. The threshold of presence follows, while the mat is empty.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from math import inf

from matpi.core.front import OF_LAST, Front, Stage
from matpi.core.ledger import Ledger
from matpi.core.model import Memory, Session
from matpi.core.plan.routine import ROUTINES, Routine
from matpi.core.presence.detector import Presence
from matpi.core.presence.load import Load
from matpi.core.rules import DeviceRules
from matpi.core.session import Running, SessionMachine

UNUSED_S = 600.0  # chosen: time to read the advice, fetch a towel and lie down


@dataclass(eq=False)
class Selection:
    """Own the choice. Forget it at `due`.

    After a power cut the routine of the open session is inherited, until anything is chosen by hand.
    """

    t: InitVar[float]
    memory: InitVar[Memory]
    rules: DeviceRules
    ledger: Ledger
    presence: Presence
    session: SessionMachine
    stage: Stage
    name: str | None = None  # chosen for the next session
    inherited: bool = False
    _since: float = field(init=False)

    def __post_init__(self, t: float, memory: Memory) -> None:
        self._since, self.inherited = t, memory.open is not None
        self.name = None if memory.open is None or memory.open.routine == "plan" else memory.open.routine

    def take(self, name: str, t: float) -> None:
        self.by_hand(t)
        self.name = name

    def by_hand(self, t: float) -> None:
        """Begin the ten minutes: a routine or a person was chosen, so nothing is inherited any more."""
        if self.inherited:
            self.drop()
        self._since = t

    def drop(self) -> None:
        self.name, self.inherited = None, False

    @property
    def due(self) -> float:
        return inf if self.name is None or self.session.unfinished else self._since + UNUSED_S

    def advance(self, _: float) -> None:
        self.drop()

    @property
    def shown(self) -> Running | Session | None:
        """Return the session on the screen: under way, discarded or the last; None: it shows none."""
        session, front = self.session, self.stage.front
        if session.running is not None:
            return session.running
        if front in OF_LAST:
            return session.last
        return session.withdrawn if front is Front.DISCARDED else None

    @property
    def next_name(self) -> str:
        """Return the name of the routine of the session to come."""
        return self.ledger.settings.routine if self.name is None else self.name

    @property
    def routine(self) -> Routine:
        """Return the routine of the session that is shown, else of the one to come."""
        shown = self.shown
        return routine_named(self.next_name if shown is None else shown.routine)

    @property
    def settled(self) -> bool:
        """Return False when another threshold can be set now.

        That is never before the first reading: a person may be there at the start.
        """
        presence = self.presence
        if presence.heard_at is None or presence.load is not Load.EMPTY or self.session.unfinished:
            return True
        return presence.rules.on_kg == self._wanted_kg and presence.judged is (self.name is None)

    def settle(self) -> None:
        """Give presence the threshold of the session to come, once the mat is empty."""
        if not self.settled:
            self.presence.configure(self._wanted_kg, judged=self.name is None)

    @property
    def _wanted_kg(self) -> float:
        return routine_named(self.next_name).on_kg(self.rules.presence.on_kg)


def routine_named(name: str) -> Routine:
    """Return the routine; the plan's for a name that is not known any more."""
    return ROUTINES.get(name, ROUTINES["plan"])
