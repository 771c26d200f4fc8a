"""The device: `handle` takes an event and returns what must be done; `next_wake` is when time matters.

No clock, thread or file in here. The caller owns the time: events carry it, and `handle(Tick(t))` at `next_wake()`
makes happen what was due. What happens is done by the machines, each of which owns its own state; here they are wired,
and their deadlines are one list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from math import inf
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from matpi.core import dated, events
from matpi.core.agenda import Agenda
from matpi.core.button import Button
from matpi.core.clock import Clock
from matpi.core.cues import Cues
from matpi.core.display import Display
from matpi.core.doubt import Doubts
from matpi.core.effects import Effect, Save
from matpi.core.events import Reading, Tick
from matpi.core.front import Front, Stage
from matpi.core.household import Household
from matpi.core.ledger import Ledger
from matpi.core.model import Looser, Memory, Rating, Session
from matpi.core.pacing import Pacing
from matpi.core.pairing import Pairing
from matpi.core.parts import Parts
from matpi.core.plan.programme import Plan
from matpi.core.plans import Plans
from matpi.core.presence.detector import Presence
from matpi.core.presence.load import Load
from matpi.core.recovery import Recovery
from matpi.core.redating import Redating
from matpi.core.reminder import Reminder, ReminderState
from matpi.core.routing import Routing
from matpi.core.rules import DeviceRules
from matpi.core.screens import calibration, idle, menu, on_mat, pairing, rating, result, safety, trend
from matpi.core.screens.screen import Screen, Step
from matpi.core.selection import Selection
from matpi.core.session import Running, SessionMachine
from matpi.core.zeroing import Zeroing, usable_zero

NOTHING: Final[tuple[Effect, ...]] = ()  # what most readings lead to
SCREENS: Final[Mapping[Front, type[Screen]]] = {screen.front: screen for screen in Screen.__subclasses__()}
"""The class of each screen, in the order in which they are defined."""


class Snapshot(Struct, frozen=True):
    """How the device is, in one immutable copy: for pages, messages and diagnostics."""

    t: float
    front: Front  # the screen in front
    entered: float  # when it came to the front
    reason: str  # why it did
    load: Load
    net_kg: float
    approximate: bool  # kilograms are from the nominal sensitivity of the cells: not calibrated yet
    silent: bool
    zero_kg: float
    readings: int
    rejected: int
    on_mat_s: float | None  # of the session under way
    plan: Plan
    reminder: ReminderState | None
    trusted: bool
    unsaved: int
    open: Session | None


class Device:
    """Wire the machines.

    `memory` is what the store loaded at boot; `zone_for` makes a tzinfo from an IANA name, `new_id` a record id,
    from which the pairing code is made as well: nobody may be able to guess it.
    `presence` makes the Presence, for trying another rule.
    """

    def __init__(
        self,
        t: float,
        *,
        boot_id: str,
        memory: Memory,
        rules: DeviceRules,
        zone_for: Callable[[str], tzinfo],
        new_id: Callable[[], str],
        version: str = "",
        presence: Callable[..., Presence] = Presence,
    ) -> None:
        self.version = version
        self._effects: list[Effect] = []
        button = self._button = Button(rules.gesture)
        emit, offset_utc = self._effects.append, dated.first_offset(t, boot_id, memory.log, memory.open)
        clock = self.clock = Clock(t, boot_id, memory, zone_for, new_id, offset_utc)
        ledger = self.ledger = Ledger(memory, emit, clock)
        mat = self.presence = presence(t, usable_zero(memory), rules.presence, memory.calibration)
        zeroing = self.zeroing = Zeroing(t, memory, rules, emit, ledger, mat)
        stage = self.stage = Stage(t, button)
        parts = self.parts = Parts(emit, rules)
        session = self.session = SessionMachine(emit, ledger, rules, self._begin, self._judge, self._still_capped)
        selection = self.selection = Selection(t, memory, rules, ledger, mat, session, stage)
        household = self.household = Household(memory, emit, clock, ledger, mat, session, selection, stage)
        plans = self.plans = Plans(clock, ledger, household, selection)
        doubts = self._doubts = Doubts(clock, ledger, mat, session, household)
        recovery = self.recovery = Recovery(memory, rules, emit, clock, ledger, mat, session, selection, household)
        self._redating = Redating(emit, clock, ledger, session, household, recovery)
        reminder = self.reminder = Reminder(clock, ledger, household, plans, stage)
        pacing = self.pacing = Pacing(plans, selection, rules)
        self.pairing = Pairing(new_id)
        cues = self._cues = Cues(emit, clock, session, stage, selection, plans, pacing)
        of_any = stage, rules, clock, ledger, mat, zeroing, session, selection, household, plans
        done, dial, ready = result.DoneScreen(*of_any), rating.RatingScreen(*of_any), menu.ReadyScreen(*of_any)
        calibrating = calibration.CalibrationScreen(*of_any, emit, parts)
        damage = memory.set_aside, memory.restored
        at_rest = idle.IdleScreen(*of_any, reminder, doubts, parts, ready, version, *damage, dial.is_due)
        self._idle = at_rest
        screens: tuple[Screen, ...] = (
            at_rest,
            idle.ObjectScreen(*of_any),
            idle.SilentScreen(*of_any, parts),
            safety.SafetyScreen(*of_any),
            menu.MenuScreen(*of_any),
            ready,
            trend.TrendScreen(*of_any),
            pairing.PageScreen(*of_any, self.pairing),
            calibrating,
            on_mat.ArrivingScreen(*of_any),
            on_mat.OnMatScreen(*of_any, pacing),
            on_mat.AwayScreen(*of_any),
            on_mat.HoldingScreen(*of_any, parts),
            done,
            result.CappedScreen(*of_any, done),
            result.DiscardedScreen(*of_any),
            result.ConfirmScreen(*of_any, doubts),
            result.OffMatScreen(*of_any),
            dial,
            rating.SavedScreen(*of_any, dial),
            rating.LooserScreen(*of_any),
            rating.FeltWrongScreen(*of_any),
        )
        self.screens = {screen.front: screen for screen in screens}
        agenda = self.agenda = Agenda(clock, ledger, session, household, plans, doubts, self.screens)
        display = self.display = Display(t, emit, rules, clock, ledger, mat, reminder, stage, self.screens)
        self._routing = Routing(
            emit,
            mat,
            zeroing,
            parts,
            stage,
            session,
            selection,
            household,
            recovery,
            agenda,
            cues,
            reminder,
            display,
            calibrating,
        )
        self._splash_until = t + rules.splash_s
        # After presence, the button and the screen in front; what is due at one time is done in this order.
        self._unseen = self.session, self.zeroing, self.ledger, self._cues
        self._seen = self.recovery, self.selection, self.household, self.display
        self._wake = self._others_due = -inf
        self._stopped = False
        for wrong in (*memory.doubts, *filter(None, [self.plans.wrong])):
            self.parts.noted(t, "log_doubt", wrong)

    def _begin(self, start: float) -> Running:
        """Make the session that begins at `start`."""
        self.pacing.begin()
        name, person = self.selection.next_name, self.household.next_owner
        first_kg = self.presence.net_kg
        running = Running(
            self.clock.new_id(), self.clock.boot_id, start, routine=name, first_kg=first_kg, person=person
        )
        running.date(self.clock)
        return running

    def _judge(self, session: Session) -> Session:
        return self._doubts.judged(session)

    def _still_capped(self, touch: float) -> Session | None:
        return self.recovery.still_capped(touch)

    def handle(self, event: events.Event) -> Sequence[Effect]:
        """Return all that follows from `event` and from the time until it, in the order to be done."""
        t, presence = event.t, self.presence
        if type(event) is Reading and t < self._wake and self.stage.front is not Front.CALIBRATING:
            if not presence.read(event) or self._nothing_follows():
                return NOTHING
            self.clock.t = max(self.clock.t, t)
            self._routing.follow(t)
        else:
            # Readings that changed nothing have not moved it.
            self.clock.t = max(self.clock.t, min(t, presence.last_t))
            t = max(t, self.clock.t)
            self._do_due(t)
            self.clock.t = max(self.clock.t, t)
            if isinstance(event, Tick):
                return self._take_effects()
            self._routing.changed |= type(event) is not Reading
            self._take(event, t)
        self._settle(self.clock.t)
        return self._take_effects()

    def _nothing_follows(self) -> bool:
        """Return whether all is as it was before presence looked; then only its deadline has moved."""
        settled = self.zeroing.calm and self.recovery.left_open is None and self.selection.settled
        if not settled or self.presence.changes:
            return False
        self._wake = min(self._others_due, self.presence.deadline)
        return True

    def next_wake(self) -> float | None:
        """Return when to send a Tick if nothing else happens; None: never."""
        return None if self._wake == inf else max(self._wake, self.clock.t)

    def _take_effects(self) -> list[Effect]:
        effects = self._effects.copy()
        self._effects.clear()
        return effects

    def _plan_wake(self) -> None:
        due = (timed.due for timed in (*self._unseen, *self._seen))
        self._others_due = min(self._button.deadline, self.display.screen.due, *due)
        self._wake = inf if self._stopped else min(self._others_due, self.presence.deadline)

    def _do_due(self, until: float) -> None:
        """Let everything that was due by `until` happen, each at its own time."""
        for _ in range(100_000):
            if self._wake > until:
                return
            t = self.clock.t = max(self._wake, self.clock.t)
            if t >= self.presence.deadline:
                self.presence.advance(t)
                if t < self._others_due and not self._stopped and self._nothing_follows():
                    continue  # the cells were heard in time
                self._routing.follow(t)
            if t >= self._button.deadline:
                self._button.advance(t)
                self._routing.follow(t)
                self._routing.changed = True
            if t >= self.display.screen.due:
                self._routing.fire(self.display.screen.expire(t), t)
                self._routing.changed = True
            for unseen in self._unseen:
                if t >= unseen.due:
                    unseen.advance(t)
            for seen in self._seen:
                if t >= seen.due:
                    seen.advance(t)
                    self._routing.changed = True
            self._settle(t)
        raise RuntimeError(f"time does not pass at {self._wake} on {self.stage.front}")

    def _settle(self, t: float) -> None:
        """Do what has to wait for the mat, or for nothing else to be asked; then show how it is."""
        if self._stopped:
            self._plan_wake()
            return
        self.zeroing.use_saved(t)
        routing = self._routing
        routing.settle()
        self.selection.settle()
        routing.show_front("cleared", t, "taken away")
        unread = self.screens[Front.SAFETY].wanted and t >= self._splash_until
        if self.stage.front is Front.IDLE and unread and not self.presence.zero.seeking:
            routing.fire(Step("safety_due", "not answered yet"), t)
        if routing.changed:
            routing.changed = False
            self.display.refresh(t)
        self._plan_wake()

    def _take(self, event: events.Event, t: float) -> None:
        match event:
            case Reading(_, kg, ok):
                reading = Reading(t, kg, ok)
                self.presence.read(reading)
                self._routing.follow(t)
                self._routing.changed |= self.display.screen.hear(reading)
            case events.ButtonDown() | events.ButtonUp():
                self._button.edge(t, isinstance(event, events.ButtonDown))
                self._routing.follow(t)
            case events.WallClock():
                self._routing.changed = self._redating.take(t, event)
            case events.SensorLost(_, why, what, do):
                self.parts.explain_cells(what, do)
                self.presence.lose(t, why)
                self._routing.follow(t)
            case events.Saved(_, key):
                self._take_saved(t, key)
            case events.SaveFailed(_, key, why):
                self.ledger.refused(t, key, why)
            case events.SettingWished(_, name, value):
                self._routing.changed = self.ledger.change(name, value)
            case events.LogChanged(_, log, people, answers):
                before, running = self.agenda.answers, self.session.running
                if running is not None:  # one that goes on after all is closed in the store until it ends again
                    log = replace(log, sessions=tuple(s for s in log.sessions if s.id != running.id))
                self.ledger.replace_log(log)
                if people is not None and answers is not None:
                    self.household.replace(people, answers)
                    self.recovery.replace(people)
                self.agenda.check(before)
            case events.CalibrationWished():
                self._routing.calibrate(event)
            case events.Wished(_, wish):
                self._routing.grant(t, wish)
            case events.UpstreamTrouble(_, short):
                self.parts.upstream = short
            case events.Noted(_, kind, text):
                self.parts.noted(t, kind, text)
            case events.LogReplaced(_, set_aside, restored):
                self._idle.set_aside, self._idle.restored = set_aside, restored
            case events.PanelLost():
                self.parts.note_panel(t, "panel_lost")
            case events.PanelBack():
                self.display.forget()
                self.parts.note_panel(t, "panel_back")
            case events.Stopping():
                self._stop(t)
            case Tick():
                pass  # time has passed

    def _take_saved(self, t: float, key: str) -> None:
        troubled, write, last = bool(self.ledger.trouble), self.ledger.saved(key), self.session.last
        self._routing.changed = troubled or write is not None
        match write:
            case Save(Rating() | Looser()):
                self.display.flash(t)
            case Save(Session() as session) if last is not None and last.counts and session.id == last.id:
                self.display.flash(t)
            case _:
                pass

    def _stop(self, t: float) -> None:
        """Store a last checkpoint: the session goes on if the person is still there after the start."""
        self.session.checkpoint(t)
        self.ledger.advance(t)
        self.zeroing.advance(t)
        self.display.go_dark(t)
        self._stopped = True

    def snapshot(self) -> Snapshot:
        """Return how the device is; costs a few microseconds."""
        presence, running, stage = self.presence, self.session.running, self.stage
        t = max(self.clock.t, presence.last_t)
        return Snapshot(
            t=t,
            front=stage.front,
            entered=stage.entered,
            reason=stage.reason,
            load=presence.load,
            net_kg=presence.net_kg,
            approximate=self.zeroing.approximate,
            silent=presence.silent,
            zero_kg=presence.zero.total_kg,
            readings=presence.signal.taken + presence.rejected,
            rejected=presence.rejected,
            on_mat_s=None if running is None else running.on_mat_s(t),
            plan=self.plans.today,
            reminder=self.reminder.now,
            trusted=self.clock.trusted,
            unsaved=len(self.ledger.failed),
            open=None if running is None else running.record(t),
        )
