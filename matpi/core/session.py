"""The session machine: one table, one funnel, and callbacks that only append effects.

Every transition of the device's flat state machine is in TRANSITIONS and nowhere else; docs/states.md is
drawn from it. Everything goes through `SessionMachine.fire`, which takes the time it happened and
the reason. `transitions` does not roll back when a callback fails, so callbacks touch nothing but the list of effects
and the running session.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from transitions import Machine

from matpi.core.effects import Changed, Checkpoint, Drop, Effect, Report, Said, Save
from matpi.core.model import EndReason, Session
from matpi.core.running import Running

# It logs each enter and exit at INFO (measured 21 us an event against 10); a transition is told by our own effect.
logging.getLogger("transitions").setLevel(logging.WARNING)


class State(Enum):
    IDLE = "nobody is on the mat"
    SAFETY = "what to know first"
    MENU = "menu"
    ARRIVING = "a load is on; not yet a session"
    ON_MAT = "on the mat, the timer runs"
    AWAY = "off the mat, the timer waits"
    HOLDING = "load cells silent, the session waits"
    CAPPED = "closed by the cap, still lying there"
    OBJECT = "something lies there, nobody"
    DONE = "the session as it ended"
    CONFIRM = "was that you?"
    OFF_MAT = "what follows off the mat"
    RATING = "how tight do I feel today?"
    SAVED = "the answer as it was saved"
    FELT_WRONG = "felt wrong?"
    DISCARDED = "thrown away by hand, undo offered"
    SENSOR_LOST = "load cells silent"
    CALIBRATING = "calibrating, step by step"
    READY = "a routine is chosen: what to see to first"
    TREND = "how it went so far"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table. `dest` None: legal here, but nothing changes state. `do` and `when` name methods below."""

    trigger: str
    source: State
    dest: State | None
    do: str | None = None
    when: str | None = None
    reason: str = ""
    """The usual reason, for the diagram; `fire` tells the reason of each case."""


def _rows() -> Iterable[Transition]:
    s = State
    row = Transition

    # Somebody comes. Whatever is on the screen gives way to the mat.
    showing = (s.DONE, s.CONFIRM, s.OFF_MAT, s.RATING, s.SAVED, s.FELT_WRONG, s.TREND, s.DISCARDED)
    for source in (s.IDLE, s.SAFETY, s.MENU, s.READY, s.OBJECT, *showing):
        yield row("touched", source, s.ARRIVING, "arrive", reason="load over on")
    yield row("slipped", s.ARRIVING, s.IDLE, reason="off again within 3 s")
    yield row("confirmed", s.ARRIVING, s.ON_MAT, "begin", reason="3 s on the mat")
    yield row("still_there", s.ARRIVING, s.CAPPED, reason="not got up since the cap")

    # On the mat, away and back.
    yield row("left", s.ON_MAT, s.AWAY, "freeze", reason="load under the off threshold")
    yield row("fell", s.AWAY, None, "freeze", reason="the fall goes on")
    for source in (s.DISCARDED, s.CAPPED):
        yield row("fell", source, None)
    yield row("left", s.DISCARDED, None)
    yield row("returned", s.AWAY, s.ON_MAT, "unfreeze", reason="back within 20 s")
    yield row("gone", s.AWAY, s.DONE, "end", "long_enough", "20 s away")
    yield row("gone", s.AWAY, s.IDLE, "drop", reason="under 30 s on the mat")
    yield row("returned", s.DISCARDED, None)
    yield row("gone", s.DISCARDED, None)
    # Closed already; but only 20 s away is got up, or the next wriggle would begin a second session.
    yield row("left", s.CAPPED, None)
    yield row("returned", s.CAPPED, None)
    yield row("gone", s.CAPPED, s.DONE, reason="20 s away")
    yield row("capped", s.ON_MAT, s.CAPPED, "end", reason="45 min")

    # A load with no body in it.
    yield row("object", s.ON_MAT, s.DONE, "end", "left_before", "a thing where a person has left")
    yield row("object", s.ON_MAT, s.OBJECT, "end", "long_enough", "nothing moves in the load")
    yield row("object", s.ON_MAT, s.OBJECT, "drop", reason="under 30 s on the mat")
    for source in (s.IDLE, s.CAPPED):
        yield row("object", source, s.OBJECT, reason="nothing moves in the load")
    yield row("object", s.DISCARDED, s.OBJECT, "give_up", reason="nothing moves in the load")
    yield row("stirred", s.OBJECT, s.ON_MAT, "reinstate", reason="it moves: somebody after all")
    yield row("cleared", s.OBJECT, s.IDLE, "give_up", reason="taken away")
    yield row("still_there", s.OBJECT, s.CAPPED, reason="not got up since the cap")
    for source in (*showing[:-1], s.MENU, s.READY, s.SAFETY):
        yield row("stirred", source, s.ON_MAT, "reinstate", reason="it moves: somebody after all")
        yield row("still_there", source, s.CAPPED, reason="not got up since the cap")
        yield row("cleared", source, None, "give_up")

    # The load cells fall silent and come back. What shows a question goes on showing it.
    yield row("sensor_lost", s.ON_MAT, s.HOLDING, "hold", reason="silent for 2 s")
    for source in (s.IDLE, s.SAFETY, s.MENU, s.READY, s.OBJECT, s.ARRIVING, s.CALIBRATING):
        yield row("sensor_lost", source, s.SENSOR_LOST, reason="silent for 2 s")
    yield row("sensor_back", s.HOLDING, s.ON_MAT, "hear", reason="readings again")
    yield row("sensor_back", s.SENSOR_LOST, s.IDLE, reason="readings again")
    yield row("sensor_gone", s.HOLDING, s.DONE, "end", "long_enough", "silent for 60 s")
    yield row("sensor_gone", s.HOLDING, s.SENSOR_LOST, "drop", reason="under 30 s on the mat")
    yield row("sensor_gone", s.CAPPED, s.SENSOR_LOST, reason="silent 60 s")
    for source in (s.AWAY, s.CAPPED, *showing):
        yield row("sensor_lost", source, None)
        yield row("sensor_back", source, None)
    yield row("sensor_gone", s.DISCARDED, None)

    # Thrown away by hand, and brought back.
    yield row("discard", s.ON_MAT, s.DISCARDED, "discard", reason="held for 3 s")
    yield row("undo", s.DISCARDED, s.ON_MAT, "restore", "still_there", "held again")
    yield row("undo", s.DISCARDED, s.DONE, "restore_ended", "worth_it", "held again, already up")
    yield row("undo", s.DISCARDED, s.IDLE, "restore_short", reason="under 30 s on the mat")
    yield row("expired", s.DISCARDED, s.IDLE, "give_up", reason="nobody wanted it back")

    # A doubtful session: asked about, now or on the next wake, or listed only.
    for source in (s.DONE, s.IDLE):
        yield row("doubtful", source, s.CONFIRM, reason="it may not have been the person")
    yield row("yes", s.CONFIRM, s.DONE, reason="held")
    yield row("no", s.CONFIRM, s.IDLE, reason="a tap")
    yield row("unanswered", s.CONFIRM, s.RATING, None, "counts", "60 s untouched: it counts")
    yield row("unanswered", s.CONFIRM, s.IDLE, reason="60 s untouched")
    yield row("not_counted", s.DONE, s.IDLE, reason="a pet, or a loose wire")

    # One button, one question.
    yield row("go_on", s.DONE, s.OFF_MAT, None, "goes_on", "4 s, or a tap")
    yield row("go_on", s.DONE, s.RATING, reason="4 s, or a tap")
    yield row("go_on", s.OFF_MAT, s.RATING, reason="over, or a tap")
    yield row("ask", s.IDLE, s.RATING, reason="a tap")
    yield row("rated", s.RATING, s.SAVED, reason="held, or 4 s of rest")
    yield row("unrated", s.RATING, s.FELT_WRONG, None, "after_session", "60 s untouched")
    yield row("unrated", s.RATING, s.IDLE, reason="60 s untouched")
    yield row("change", s.SAVED, s.RATING, reason="held")
    yield row("go_on", s.SAVED, s.FELT_WRONG, None, "after_session", "8 s, or a tap")
    yield row("go_on", s.SAVED, s.TREND, None, "trend_due", "on day 7 and 14")
    yield row("go_on", s.SAVED, s.IDLE, reason="8 s, or a tap")
    yield row("go_on", s.FELT_WRONG, s.TREND, None, "trend_due", "on day 7 and 14")
    yield row("go_on", s.FELT_WRONG, s.IDLE, reason="8 s, or a tap")
    yield row("go_on", s.TREND, s.IDLE, reason="20 s, or a tap")

    # First run, and the menu.
    yield row("safety_due", s.IDLE, s.SAFETY, reason="not answered yet")
    yield row("answered", s.SAFETY, s.IDLE, reason="answered")
    yield row("menu", s.IDLE, s.MENU, reason="held")
    yield row("menu", s.OBJECT, s.MENU, reason="held")
    yield row("leave_menu", s.MENU, s.IDLE, reason="chosen, or 20 s untouched")
    yield row("read_safety", s.MENU, s.SAFETY, reason="chosen")
    yield row("choose", s.MENU, s.READY, reason="a routine is chosen")
    yield row("go_on", s.READY, s.IDLE, reason="a tap, or 60 s untouched")
    yield row("see_trend", s.MENU, s.TREND, reason="chosen")

    # Calibrating: whoever stands on the mat now is no session, and a session under way never gets here.
    yield row("calibrate", s.MENU, s.CALIBRATING, reason="chosen")
    yield row("leave_calibration", s.CALIBRATING, s.IDLE, reason="told, a tap, or 3 min untouched")


TRANSITIONS: tuple[Transition, ...] = tuple(_rows())


class SessionMachine:
    """State, running session and last session; `effects` collects what the callbacks want done.

    `occupied` is whether a person is on the mat or may still be back (by presence), `new_session` makes a
    Running for a start time, `judged` adds load and doubt to a session as it ends, `min_session_s` is the bound under
    which a session is only counted, `goes_on` whether something follows a session off the mat, `trend_due`
    whether there is news of how it goes.
    """

    state: State

    def __init__(
        self,
        *,
        min_session_s: float,
        occupied: Callable[[], bool],
        judged: Callable[[Session], Session],
        new_session: Callable[[float], Running],
        goes_on: Callable[[Session], bool] = lambda _: False,
        trend_due: Callable[[], bool] = lambda: False,
    ) -> None:
        self.effects: list[Effect] = []
        self.running: Running | None = None
        self.last: Session | None = None
        """The session the DONE, RATING and FELT_WRONG states speak of; None when a rating stands alone."""
        self.reason = ""
        """Of the last transition."""
        self.entered = 0.0
        """When the present state was entered."""
        self.ended = 0.0
        """When the last session ended, in this boot's time."""
        self._min_session_s = min_session_s
        self._occupied = occupied
        self._judged = judged
        self._new_session = new_session
        self._goes_on, self._trend_due = goes_on, trend_due
        self._withdrawn: Running | None = None
        self._t = self._at = 0.0
        self._end_reason = EndReason.LEFT
        self._machine = Machine(
            model=self,
            states=State,
            initial=State.IDLE,
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
        )

    def can(self, trigger: str) -> bool:
        """Whether the table has a row for this trigger from the present state."""
        return any(row.source is self.state for row in _BY_TRIGGER.get(trigger, ()))

    def fire(
        self, trigger: str, t: float, reason: str, at: float | None = None, end: EndReason = EndReason.LEFT
    ) -> None:
        """Take one transition: known at `t`, back-dated to `at`. A trigger not legal here raises MachineError."""
        self._t, self._at, self._end_reason = t, t if at is None else at, end
        source = self.state
        self._machine.dispatch(trigger)
        if self.state is not source:
            self.entered, self.reason = t, reason
            self.effects.append(Changed(t, trigger, source.name, self.state.name, reason))

    def forget_last(self) -> None:
        """The rating that comes now stands alone."""
        self.last = None

    # -- conditions -----------------------------------------------------------------------------------------------

    def _if_long_enough(self) -> bool:
        return self.running is not None and self.running.on_mat_s(self._at) >= self._min_session_s

    def _if_worth_it(self) -> bool:
        return self._withdrawn is not None and self._withdrawn.on_mat_s(self._at) >= self._min_session_s

    def _if_left_before(self) -> bool:
        running = self.running
        return running is not None and self._at <= running.last_away[0] and self._if_long_enough()

    def _if_still_there(self) -> bool:
        return self._occupied()

    def _if_after_session(self) -> bool:
        return self.last is not None

    def _if_counts(self) -> bool:
        return self.last is not None and self.last.counts

    def _if_goes_on(self) -> bool:
        return self.last is not None and self._goes_on(self.last)

    def _if_trend_due(self) -> bool:
        return self._trend_due()

    # -- what a transition wants done ------------------------------------------------------------------------------

    def _do_arrive(self) -> None:
        self._withdrawn = None
        self.last = None

    def _do_begin(self) -> None:
        self.running = self._new_session(self._at)
        self._checkpoint()
        self._report(Said.SESSION_STARTED, "3 s on the mat", self._at)

    def _do_freeze(self) -> None:
        running = self._the_running()
        running.frozen_at = self._at
        self._checkpoint()

    def _do_unfreeze(self) -> None:
        running = self._the_running()
        if running.frozen_at is not None:
            running.away_s += max(0.0, self._at - running.frozen_at)
            running.last_away = (running.frozen_at, self._at)
            running.frozen_at = None
            running.aways += 1
        self._checkpoint()

    def _do_hold(self) -> None:
        self._the_running().silent_at = self._at
        self._checkpoint()

    def _do_hear(self) -> None:
        self._the_running().silent_at = None
        self._checkpoint()

    def _do_end(self) -> None:
        record = self._judged(self._the_running().record(self._at).closed(self._end_reason))
        taken_for_a_thing = self._end_reason is EndReason.OBJECT and not self._if_left_before()
        self._withdrawn = self.running if taken_for_a_thing else None
        self.running, self.last, self.ended = None, record, self._at
        self.effects.append(Save(record))
        self._report(Said.SESSION_ENDED, self._end_reason, self._at, record)
        if record.doubt is not None:
            self._report(Said.UNCONFIRMED, record.doubt, self._at, record)

    def _do_drop(self) -> None:
        running = self._the_running()
        record = running.record(self._at).closed(self._end_reason)
        self.running = self.last = None
        self._withdrawn = running if self._end_reason is EndReason.OBJECT else None
        self.effects.append(Drop(Session, record.id, "short"))
        self._report(Said.SHORT, self._end_reason, self._at, record)

    def _do_reinstate(self) -> None:
        """Go on with the session that was ended for an object, under its id; saved again it replaces what was saved."""
        self.running = self._withdrawn or self._new_session(self._at)
        self._withdrawn = self.last = None
        self._checkpoint()

    def _do_discard(self) -> None:
        running = self._the_running()
        self._withdrawn, self.running = running, None
        record = running.record(self._at).closed(EndReason.DISCARDED)
        self.last = None
        self.effects.append(Drop(Session, record.id, "discarded"))
        self._report(Said.SESSION_ENDED, EndReason.DISCARDED, self._at, record)

    def _do_give_up(self) -> None:
        self._withdrawn = None

    def _do_restore(self) -> None:
        self.running, self._withdrawn = self._withdrawn, None
        self._checkpoint()

    def _do_restore_ended(self) -> None:
        self.running, self._withdrawn = self._withdrawn, None
        self._do_end()

    def _do_restore_short(self) -> None:
        self.running, self._withdrawn = self._withdrawn, None
        self._do_drop()

    # -- helpers of the above --------------------------------------------------------------------------------------

    def discarded(self) -> Running | None:
        """What an undo would bring back."""
        return self._withdrawn if self.state is State.DISCARDED else None

    def unfinished(self) -> list[Running]:
        """What is under way, and what was taken away but may come back."""
        return [running for running in (self.running, self._withdrawn) if running is not None]

    def _the_running(self) -> Running:
        if self.running is None:
            raise RuntimeError(f"no session is under way in {self.state.name}")
        return self.running

    def _checkpoint(self) -> None:
        self.effects.append(Checkpoint(self._judged(self._the_running().record(self._t))))

    def _report(self, event: Said, reason: str, at: float, session: Session | None = None) -> None:
        self.effects.append(Report(self._t, at, event, reason, session))


_BY_TRIGGER: dict[str, list[Transition]] = {}
for _row in TRANSITIONS:
    _BY_TRIGGER.setdefault(_row.trigger, []).append(_row)
