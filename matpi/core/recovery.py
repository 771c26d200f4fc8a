"""Recovery from a power cut.

A session left open goes on when the person is still on the mat, else it is closed where it was. A person who was still
there after the cap begins no second session.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from math import inf

from msgspec.structs import replace

from matpi.core.clock import Clock
from matpi.core.dated import redated
from matpi.core.effects import DateBoot, Drop, Emit, Note, Report, Said, Save
from matpi.core.household import Household
from matpi.core.ledger import Ledger
from matpi.core.model import EndReason, Memory, Session
from matpi.core.people import People
from matpi.core.presence.detector import Presence
from matpi.core.rules import DeviceRules
from matpi.core.selection import Selection
from matpi.core.session import SessionMachine, State

_OCCUPIED = frozenset({State.ARRIVING, State.ON_MAT, State.AWAY, State.HOLDING})


@dataclass(eq=False)
class Recovery:
    """Own the session left open and the one that the cap closed. Stop waiting for the person at `due`."""

    memory: InitVar[Memory]
    rules: DeviceRules
    emit: Emit
    clock: Clock
    ledger: Ledger
    presence: Presence
    session: SessionMachine
    selection: Selection
    household: Household
    left_open: Session | None = field(init=False)
    """As its last checkpoint stored it; None once it has gone on or is closed."""
    _capped: Session | None = field(init=False)  # as long as no one was seen to get up from it

    def __post_init__(self, memory: Memory) -> None:
        sessions, self.left_open = memory.log.sessions, memory.open
        by_cap = memory.open is None and bool(sessions) and sessions[-1].reason is EndReason.CAP
        self._capped = sessions[-1] if by_cap else None

    @property
    def due(self) -> float:
        """Return when the person is late; infinity once they are there: the clock may still decide."""
        if self.left_open is None or self.session.state in _OCCUPIED:
            return inf
        heard_at = self.presence.heard_at
        return self.clock.began + self.rules.resume_s if heard_at is None else heard_at + self.rules.still_there_s

    def advance(self, t: float) -> None:
        self.close(t, "nobody on the mat after the power cut")

    def decide(self, t: float, touch: float) -> None:
        """Continue the session of before the cut, end it, or wait for the clock: a load is on since `touch`."""
        left, running = self.left_open, self.session.running
        if left is None or running is None:
            return
        heard_at, gap_s = self.presence.heard_at, self._gap_since(left, touch)
        if touch > (self.clock.began if heard_at is None else heard_at) + self.rules.still_there_s:
            self.close(t, "somebody lay down after the power cut")
        elif gap_s is None:
            if left.end_utc is None or left.estimated:
                self.close(t, "its time is not known")
        elif not 0.0 <= gap_s <= self.rules.resume_s:
            self.close(t, f"power was off for {gap_s / 60:.0f} min")
        else:
            self.left_open = None
            self.ledger.save(Drop(Session, running.id, "joined"))
            running.carry(left, gap_s)
            self.emit(Note(t, "resumed", f"the session goes on after {gap_s:.0f} s without power"))
            self.session.checkpoint(t)

    def close(self, t: float, why: str) -> None:
        """End the session of before the cut where its last checkpoint is."""
        left, self.left_open = self.left_open, None
        if left is None:
            return
        self._drop_inherited(t)
        record = left.closed(EndReason.POWER_LOST)
        self.emit(Note(t, "power_lost", f"a session was left open by a power cut: {why}"))
        short = record.on_mat_s < self.rules.min_session_s
        self.ledger.save(Drop(Session, record.id, "short") if short else Save(record))
        self.emit(Report(t, t, Said.SHORT if short else Said.SESSION_ENDED, str(record.reason), record))

    def _drop_inherited(self, t: float) -> None:
        """Drop the inherited routine, also from a session that has begun as if it were the same."""
        if not self.selection.inherited:
            return
        self.selection.drop()
        running = self.session.running
        if running is None:
            return
        running.routine = self.selection.next_name
        self.household.sample_from(t, running)
        self.session.checkpoint(t)

    def still_capped(self, touch: float) -> Session | None:
        """Return the session closed by the cap whose person is still there; None: the load is a new session.

        From an object that moves it is the same person in any case. Else the person was on the mat when the cap closed
        it, and when the power or the cells went, and is there at the first reading.
        """
        capped, heard_at = self._capped, self.presence.heard_at
        if self.session.state is State.EMPTY:
            return capped
        if capped is None or heard_at is None or touch > heard_at + self.rules.still_there_s:
            return None
        if capped.boot_id == self.clock.boot_id:
            return capped  # no one was seen to get up
        # Whether anyone got up before the power went is not known: right at the boot, and soon after, it is the same.
        gap_s = self._gap_since(capped, touch)
        return capped if gap_s is not None and 0.0 <= gap_s <= self.rules.cap_s else None

    def follow(self, trigger: str) -> None:
        """Follow a trigger that the session machine has taken."""
        session = self.session
        if session.state is State.CLOSED:
            self._capped = session.last or self._capped
        elif (
            session.state is State.ON_MAT
            or trigger in {"gone", "cleared"}
            or (trigger == "touched" and self.presence.object_kg > 0.0)
        ):
            self._capped = None

    def seen_empty(self) -> None:
        """Take that readings end over an empty mat: with enough of them before, the person has got up."""
        if self.presence.heard_s > self.rules.still_there_s:
            self._capped = None

    def replace(self, people: People) -> None:
        """Take who shares the mat now, as the household does, and what was changed of the capped session."""
        self.left_open = self.left_open and replace(self.left_open, person=people.heir(self.left_open.person))
        capped = self._capped
        self._capped = next((s for s in self.ledger.log.sessions if capped is not None and s.id == capped.id), None)

    def date(self, dating: DateBoot) -> None:
        self.left_open = self.left_open and redated(self.left_open, dating)
        self._capped = self._capped and redated(self._capped, dating)

    def _gap_since(self, session: Session, touch: float) -> float | None:
        """Return the seconds from the session's end to `touch`; None when no clock decides.

        Within one boot the monotonic clock does.
        """
        if session.boot_id == self.clock.boot_id:
            return touch - (session.start_mono + session.span_s)
        # An estimate knows nothing of the time without power.
        end_utc, touch_utc = None if session.estimated else session.end_utc, self.clock.utc(touch)
        return None if end_utc is None or touch_utc is None else touch_utc - end_utc
