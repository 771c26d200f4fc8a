"""The session under way, and the machine that knows whether there is one. One table, one funnel.

Every transition is in TRANSITIONS and nowhere else; docs/dev/states.md is drawn from it. What is on the mat is the
presence's (core/presence), what the screen asks is the agenda's (core/agenda.py). A trigger without a row for the
present state is ignored: after each event of each test, tests/bench.py checks that this was not wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from enum import Enum
from math import inf
from typing import Final, NamedTuple

from transitions import Machine

from matpi.core.clock import Clock, day_of, utc_offset_s
from matpi.core.dated import redated
from matpi.core.effects import Checkpoint, DateBoot, Drop, Emit, Report, Said, Save
from matpi.core.ledger import Ledger
from matpi.core.model import EndReason, Session
from matpi.core.rules import DeviceRules

# It logs each enter and exit at INFO (measured 21 us an event against 10); a transition has an effect of its own.
logging.getLogger("transitions").setLevel(logging.ERROR)


class State(Enum):
    EMPTY = "no session, and no one known to be on the mat"
    ARRIVING = "a load is on; not yet a session"
    ON_MAT = "the timer runs"
    AWAY = "the timer waits for the person"
    HOLDING = "the timer waits for the load cells"
    CLOSED = "ended by the cap or by hand; the person is still on the mat"


class Transition(NamedTuple):
    """One row of the table."""

    trigger: str
    source: State
    dest: State
    do: str | None = None
    when: str | None = None
    reason: str = ""  # the usual one, for the table in the docs; presence and screens give that of each case


_S = State
TRANSITIONS: Final = (
    Transition("touched", _S.EMPTY, _S.ARRIVING, "arrive", reason='load over "on"'),
    Transition("slipped", _S.ARRIVING, _S.EMPTY, reason="off again within 3 s"),
    Transition("sensor_lost", _S.ARRIVING, _S.EMPTY, reason="no reading for 2 s"),
    Transition("confirmed", _S.ARRIVING, _S.CLOSED, "recall", "still_occupied", "not got up since the cap"),
    Transition("confirmed", _S.ARRIVING, _S.ON_MAT, "begin", reason="3 s on the mat"),
    Transition("left", _S.ON_MAT, _S.AWAY, "freeze", reason='load under "off", or most of it gone'),
    Transition("fell", _S.AWAY, _S.AWAY, "freeze", reason="the fall goes on"),
    Transition("returned", _S.AWAY, _S.ON_MAT, "unfreeze", reason="back in time"),
    Transition("gone", _S.AWAY, _S.EMPTY, "end", reason="20 s (most of the load gone: 120 s), or a tap"),
    Transition("sensor_lost", _S.ON_MAT, _S.HOLDING, "hold", reason="no reading for 2 s"),
    Transition("sensor_back", _S.HOLDING, _S.ON_MAT, "resume", reason="readings again"),
    Transition("sensor_gone", _S.HOLDING, _S.EMPTY, "end", reason="no reading for 60 s"),
    Transition("object", _S.ON_MAT, _S.EMPTY, "end", reason="nothing moves in the load"),
    Transition("stirred", _S.EMPTY, _S.CLOSED, "recall", "still_occupied", "it moves: not got up since the cap"),
    Transition("stirred", _S.EMPTY, _S.ON_MAT, "reinstate", reason="it moves: a person after all"),
    Transition("capped", _S.ON_MAT, _S.CLOSED, "end", reason="45 min"),
    Transition("discard", _S.ON_MAT, _S.CLOSED, "discard", reason="held for 3 s"),
    Transition("undo", _S.CLOSED, _S.ON_MAT, "restore", reason="held: still there, or back in time"),
    Transition("undo", _S.EMPTY, _S.EMPTY, "restore_ended", reason="held: already up"),
    Transition("gone", _S.CLOSED, _S.EMPTY, "up", reason="20 s away, or a tap"),
    Transition("object", _S.CLOSED, _S.EMPTY, "give_up", reason="nothing moves in the load"),
    Transition("sensor_gone", _S.CLOSED, _S.EMPTY, reason="no reading for 60 s"),
)
TRIGGERS: Final = frozenset(row.trigger for row in TRANSITIONS)


@dataclass(slots=True)
class Running:
    """The session under way. Times are monotonic; `carried` is what it brought over a power cut.

    The session machine changes it; but the household sets person and load, and Recovery what it continues.
    """

    id: str
    boot_id: str
    start: float
    carried: Session | None = None
    gap_s: float = 0.0  # from the carried session's last checkpoint to `start`; not time on the mat
    frozen_at: float | None = None  # left then; the timer waits
    silent_at: float | None = None
    """The load cells fell silent then. If they come back in time the silence counts; nothing is claimed before."""
    away_s: float = 0.0
    aways: int = 0
    last_away: tuple[float, float] = (-inf, -inf)
    """Left, and back. An end no later than that leaving: what came back was a thing."""
    start_utc: float | None = None
    utc_offset_s: int | None = None
    day: date | None = None
    estimated: bool = False
    zone: str | None = None
    day_start: time | None = None
    routine: str = "plan"
    load_kg: float | None = None
    first_kg: float = 0.0  # the load when it was confirmed: all that is known of one that ends within a second
    person: str | None = None

    def carry(self, before: Session, gap_s: float) -> None:
        """Make it `before`, going on after `gap_s`."""
        self.id, self.carried, self.gap_s = before.id, before, gap_s
        self.routine, self.person, self.load_kg = before.routine, before.person, self.load_kg or before.load_kg
        self._date_as(before)

    def _date_as(self, before: Session) -> None:
        self.start_utc, self.utc_offset_s, self.day = before.start_utc, before.utc_offset_s, before.day
        self.estimated, self.zone, self.day_start = before.estimated, before.zone, before.day_start

    def date(self, clock: Clock) -> None:
        """Date it by its start, or as the session that it continues."""
        if self.carried is not None:
            self._date_as(self.carried)
        elif self.boot_id == clock.boot_id:
            _, self.zone, self.day_start = clock.place(self.start)
            zone, utc = clock.zone_for(self.zone), self.start + clock.offset_utc
            self.start_utc, self.utc_offset_s = utc, utc_offset_s(utc, zone)
            self.day = day_of(utc, zone, self.day_start)
            self.estimated = not clock.trusted

    def on_mat_s(self, t: float) -> float:
        """Return the seconds on the mat up to `t`; none pass while away, or without readings."""
        left, back = self.last_away
        here = self._seen(t) - self.start - self.away_s + (back - left if t <= left else 0.0)
        return max(0.0, here) + (self.carried.on_mat_s if self.carried else 0.0)

    @property
    def began(self) -> float:
        """Return the start of a time on the mat without aways: the same at any time while it runs."""
        return self.start + self.away_s - (self.carried.on_mat_s if self.carried else 0.0)

    def _seen(self, t: float) -> float:
        if self.frozen_at is not None:
            t = min(t, self.frozen_at)
        return t if self.silent_at is None else min(t, self.silent_at)

    def record(self, t: float) -> Session:
        """Return the session as if it ended at `t`, or at the moment of leaving."""
        on_mat = self.on_mat_s(t)
        span = max(0.0, self._seen(t) - self.start)
        before = self.carried
        return Session(
            id=self.id,
            boot_id=before.boot_id if before else self.boot_id,
            start_mono=before.start_mono if before else self.start,
            span_s=max(on_mat, span + (before.span_s + self.gap_s if before else 0.0)),
            on_mat_s=on_mat,
            start_utc=self.start_utc,
            utc_offset_s=self.utc_offset_s,
            day=self.day,
            aways=self.aways - (t <= self.last_away[0]) + (before.aways + 1 if before else 0),
            routine=self.routine,
            load_kg=self.load_kg,
            person=self.person,
            estimated=self.estimated,
            zone=self.zone,
            day_start=self.day_start,
        )


class Over(NamedTuple):
    """A session has ended, and is stored unless it was too short. `asked`: now is the time to ask about it."""

    session: Session
    asked: bool
    short_kg: float | None = None  # the load of one too short to be stored


class SessionMachine:
    """Own the state, the session under way, the last, and one that may come back. Checkpoint at `due`."""

    state: State

    def __init__(
        self,
        emit: Emit,
        ledger: Ledger,
        rules: DeviceRules,
        begin: Callable[[float], Running],
        judge: Callable[[Session], Session],
        capped: Callable[[float], Session | None],
    ) -> None:
        """`begin` makes a Running for a start time, `judge` adds load and doubt to a session as it ends,
        `capped` is the session closed by the cap from which, by all that is known, no one has got up.
        """
        self.running: Running | None = None
        self.last: Session | None = None  # the session that ended last, or that the screen shows
        self.ended = 0.0  # when the last session ended, in this boot's time
        self.withdrawn: Running | None = None  # ended for an object, or discarded: it may still go on
        self._discarded: str | None = None
        """Discarded by a press that is not over yet: if the power goes meanwhile, the session goes on."""
        self._over: Over | None = None
        self.due = inf
        self._emit, self._ledger = emit, ledger
        self._rules = rules
        self._begin, self._judge, self._still_capped = begin, judge, capped
        self._t = self._at = 0.0
        self._end_reason = EndReason.LEFT
        self._machine = Machine(
            model=self,
            states=State,
            initial=State.EMPTY,
            transitions=[
                {
                    "trigger": row.trigger,
                    "source": row.source,
                    "dest": row.dest,
                    "conditions": f"_if_{row.when}" if row.when else None,
                    "before": f"_do_{row.do}" if row.do else None,
                }
                for row in TRANSITIONS
            ],
            queued=True,
            auto_transitions=False,
            ignore_invalid_triggers=True,
        )

    def fire(self, trigger: str, t: float, at: float | None = None) -> Over | None:
        """Take one transition: known at `t`, back-dated to `at`. Nothing happens where the table has no row.

        Return the session that is over by it.
        """
        if trigger not in TRIGGERS:
            return None
        self._t, self._at, before = t, t if at is None else at, self.state
        self._end_reason, self._over = _ENDS.get(trigger, EndReason.LEFT), None
        self._machine.dispatch(trigger)
        if self.state not in {State.ON_MAT, State.HOLDING}:
            self.due = inf
        elif self.state is not before:
            self.due = t + self._rules.checkpoint_s
        return self._over

    def advance(self, t: float) -> None:
        self.checkpoint(t)

    def checkpoint(self, t: float) -> None:
        """Store how the session under way is now."""
        self.due = inf if self.running is None else t + self._rules.checkpoint_s
        if self.running is not None:
            record = self._judge(self.running.record(t))
            self._ledger.go_on(record.id)
            self._emit(Checkpoint(record))

    def show(self, session: Session | None) -> None:
        """Make it the session that the screen shows; None: it shows none."""
        self.last = session

    def correct(self, session: Session) -> None:
        """Store the session that is shown otherwise: a person has answered about it."""
        self.last = session
        self._ledger.save(Save(session))

    def date(self, dating: DateBoot, clock: Clock) -> None:
        """Date the sessions of a boot, and the one under way."""
        self.last = self.last and redated(self.last, dating)
        for running in self.unfinished:
            running.carried = running.carried and redated(running.carried, dating)
            running.date(clock)

    def give_up(self) -> None:
        """Forget what was withdrawn: it does not come back any more."""
        self.withdrawn = None

    _do_give_up = give_up

    @property
    def unfinished(self) -> list[Running]:
        """Return what is under way, and what was withdrawn but may come back."""
        return [running for running in (self.running, self.withdrawn) if running is not None]

    def _if_still_occupied(self) -> bool:
        return self._still_capped(self._at) is not None

    def _do_arrive(self) -> None:
        self.let_go()
        self.withdrawn = self.last = None

    def _do_begin(self) -> None:
        self.running = self._begin(self._at)
        self.checkpoint(self._t)
        self._report(Said.SESSION_STARTED, "3 s on the mat")

    def _do_freeze(self) -> None:
        self._the_running().frozen_at = self._at
        self.checkpoint(self._t)

    def _do_unfreeze(self) -> None:
        running = self._the_running()
        if running.frozen_at is not None:
            running.away_s += max(0.0, self._at - running.frozen_at)
            running.last_away = (running.frozen_at, self._at)
            running.frozen_at = None
            running.aways += 1
        self.checkpoint(self._t)

    def _do_hold(self) -> None:
        self._the_running().silent_at = self._at
        self.checkpoint(self._t)

    def _do_resume(self) -> None:
        self._the_running().silent_at = None
        self.checkpoint(self._t)

    def _do_end(self) -> None:
        """Store it, or drop it when it is short."""
        running, reason = self._the_running(), self._end_reason
        record = running.record(self._at).closed(reason)
        short = running.on_mat_s(self._at) < self._rules.min_session_s
        # An object that was put down where a person has just left ended the session then, and it is asked about.
        thing = reason is EndReason.OBJECT and (short or self._at > running.last_away[0])
        self.withdrawn = running if thing else None
        self.running = None
        if short:
            self.last = None
            self._ledger.save(Drop(Session, record.id, "short"))
            self._report(Said.SHORT, reason, record)
            stay = self._judge(record)
            self._over = Over(stay, reason is EndReason.LEFT, short_kg=stay.load_kg or running.first_kg)
            return
        self.last, self.ended = self._judge(record), self._at
        self._ledger.save(Save(self.last))
        self._report(Said.SESSION_ENDED, reason, self.last)
        if self.last.doubt is not None:
            self._report(Said.UNCONFIRMED, self.last.doubt, self.last)
        self._over = Over(self.last, asked=not thing and reason is not EndReason.CAP)

    def _do_recall(self) -> None:
        self.last = self._still_capped(self._at)

    def _do_up(self) -> None:
        """Ask about the session after the cap; not about a discarded one."""
        self._over = None if self.last is None else Over(self.last, asked=True)

    def _do_reinstate(self) -> None:
        """Go on with the session that was ended for an object; saved again it replaces what was saved."""
        self.running = self.withdrawn or self._begin(self._at)
        self.withdrawn = self.last = None
        self.checkpoint(self._t)

    def _do_discard(self) -> None:
        running = self._the_running()
        self.withdrawn, self.running, self.last = running, None, None
        record = running.record(self._at).closed(EndReason.DISCARDED)
        self._discarded = record.id
        self._report(Said.SESSION_ENDED, EndReason.DISCARDED, record)

    def let_go(self) -> None:
        """Drop what was discarded: its press is over, so the button is not stuck."""
        if self._discarded is not None:
            self._ledger.save(Drop(Session, self._discarded, "discarded"))
            self._discarded = None

    def _do_restore(self) -> None:
        self.running, self.withdrawn, self._discarded = self.withdrawn, None, None
        self.checkpoint(self._t)

    def _do_restore_ended(self) -> None:
        self.running, self.withdrawn, self._discarded = self.withdrawn, None, None
        self._do_end()

    def _the_running(self) -> Running:
        if self.running is None:
            raise RuntimeError(f"no session is under way in {self.state.name}")
        return self.running

    def _report(self, event: Said, reason: str, session: Session | None = None) -> None:
        self._emit(Report(self._t, self._at, event, reason, session))


_ENDS: Final = {
    "object": EndReason.OBJECT,
    "sensor_gone": EndReason.SENSOR_LOST,
    "capped": EndReason.CAP,
}
