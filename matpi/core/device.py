"""The device: every event goes through `handle`, which returns what must be done; `next_wake` tells when time matters.

No clock, thread or file in here. Whoever calls owns the time: events carry it, and `handle(Tick(t))` at `next_wake()`
makes happen what was due.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, tzinfo
from math import inf

from matpi.core import (
    by_button,
    choice,
    controls,
    dating,
    doubt,
    left_open,
    question,
    timeouts,
    who,
    wishes,
    zeroing,
)
from matpi.core.by_button import ByButton
from matpi.core.choice import Choice
from matpi.core.cueing import Cueing
from matpi.core.effects import (
    Calibrated,
    Checkpoint,
    DateBoot,
    Drop,
    Effect,
    Light,
    Note,
    Pattern,
    Report,
    Said,
    Save,
    Show,
    Write,
    Zeros,
)
from matpi.core.events import (
    NO_SIGNAL,
    ButtonDown,
    ButtonUp,
    Event,
    LogChanged,
    Noted,
    PanelBack,
    PanelLost,
    Reading,
    Saved,
    SaveFailed,
    SensorBack,
    SensorLost,
    SettingsChanged,
    SettingWished,
    Stopping,
    Tick,
    UpstreamTrouble,
    WallClock,
    Wished,
)
from matpi.core.face import Face
from matpi.core.gesture import Button
from matpi.core.keeping import Keeper
from matpi.core.left_open import LeftOpen
from matpi.core.model import Acknowledgement, EndReason, Memory, Session
from matpi.core.nudge import Nudge
from matpi.core.on_mat import Pacing
from matpi.core.plan.programme import Plan
from matpi.core.plans import Plans
from matpi.core.presence.detector import Presence
from matpi.core.presence.load import Change, Load
from matpi.core.presence.zero import ZeroSaver, ZeroWord
from matpi.core.rating import Dial
from matpi.core.rules import DeviceRules
from matpi.core.running import Running
from matpi.core.session import SessionMachine, State
from matpi.core.snapshot import Snapshot, snapshot
from matpi.core.views import Off
from matpi.core.who import Who

NOTHING: tuple[Effect, ...] = ()
"""What most readings lead to."""


_SAID = {
    "touched": Said.ARRIVING,
    "left": Said.AWAY,
    "returned": Said.BACK,
    "object": Said.OBJECT,
    "sensor_lost": Said.SENSOR_LOST,
    "sensor_back": Said.SENSOR_BACK,
}


class Device:
    """`memory` is what the store told at boot; `zone_for` makes a tzinfo from an IANA name, `new_id` a record id."""

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
    ) -> None:
        self.rules, self.version, self.boot_id, self.new_id = rules, version, boot_id, new_id
        self.settings, self.who = memory.settings, Who(memory)
        sessions = memory.log.sessions
        closed_by_cap = memory.open is None and bool(sessions) and sessions[-1].reason is EndReason.CAP
        self.capped = sessions[-1] if closed_by_cap else None
        """A session that the cap closed, as long as nobody was seen to get up from it."""
        self.wall = dating.begin(t, boot_id, memory, zone_for(memory.settings.zone))
        self.keeper = Keeper(memory.log)
        self.calibration = memory.calibration
        """What makes kilograms of counts. None: the readings come in kilograms and nobody can calibrate."""
        self.fresh: Calibrated | None = None
        """A new calibration that is not in use yet."""
        self.by_button: ByButton | None = None
        self.sensor_words = NO_SIGNAL
        """What the screen says of a silence, and what to do."""
        zero, scale = memory.zero, memory.calibration
        if scale is not None and zero is not None and len(zero.kg) != len(scale.counts_per_kg):
            zero = None
        self.presence = Presence(t, zero, rules.presence, scale)
        self.button = Button(rules.gesture)
        self.machine = SessionMachine(
            min_session_s=rules.min_session_s,
            occupied=lambda: self.presence.load in {Load.ON, Load.AWAY},
            judged=lambda session: doubt.judged(self, session, self.presence.evidence),
            new_session=self._new_session,
            goes_on=lambda session: choice.follows_off_mat(self, session),
            trend_due=lambda: choice.plan(self).trend_today and self.trend_told != who.whose_day(self),
        )
        self.plans = Plans(memory.settings.own_plan)
        self.choice, self.pacing, self.cueing = Choice(t, memory.open), Pacing(), Cueing()
        self.choosing_routine = False
        """The menu lists the routines."""
        self.trend_page = 0
        self.trend_told: tuple[str | None, date] | None = None
        self.dial, self.question = Dial(t), question.Question()
        self.rating_id: str | None = None
        self.stop_id: str | None = None
        self.safety_page, self.page_turned = 0, t
        self.menu_index = 0
        self.touched = t
        """When somebody last did something with the device."""
        self.seconds_until = -inf
        self.splash_until = t + rules.splash_s
        self.press_state: State | None = None
        self.woke_by_press = False
        self.face = Face(t)
        self.zero_before = memory.zero_before
        self.set_aside = memory.set_aside
        """Shown until a tap."""
        self.t = t

        self.zone_for = zone_for
        self.left_open = None if memory.open is None else LeftOpen(memory.open, t, rules)
        self.zeros = ZeroSaver(zero, t, rules.zero_save_s, rules.zero_save_kg)
        self._checkpoint_due = inf
        self._stopped = False
        self._zero_word = self.presence.zero.word
        self._dirty = True
        self._effects: list[Effect] = []
        self._wake = self._others_due = self._but_face = -inf
        for wrong in (*memory.doubts, *filter(None, [self.plans.wrong])):
            self._effects += self.face.noted(t, "log_doubt", wrong)

    # -- the funnel ------------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> Sequence[Effect]:
        """All that follows from `event`, and from the time that has passed until it, in the order to be done."""
        t = event.t
        # Six times a second in a breath nothing but the circle changes: 9 us instead of 130 (measured on x86-64).
        if self._wake <= t and self._wake == self.face.breath_due:
            self._effects += self.face.breathe(min(t, self._but_face - 1e-9, self.presence.deadline - 1e-9))
            self._others_due = min(self._but_face, self.face.due)
            self._wake = min(self._others_due, self.presence.deadline)
            if t < self._wake and isinstance(event, Tick | Reading) and self.by_button is None:
                circles, self._effects = self._effects, []
                return circles if isinstance(event, Tick) else [*circles, *self.handle(event)]
        if type(event) is Reading and t < self._wake and self.by_button is None:
            presence = self.presence
            if not presence.read(event):
                return NOTHING
            calm = not (presence.changes or presence.zero.turn) and presence.zero.word == self._zero_word
            if calm and self.left_open is None and choice.settled(self):
                self._wake = min(self._others_due, presence.deadline)
                return NOTHING
            self._follow_presence()
        else:
            self.t = max(self.t, min(t, self.presence.last_t))  # readings that changed nothing did not move it
            t = max(t, self.t)
            self._advance(t)
            self._take(event, t)
        self.t = max(self.t, t)
        return self._finish(self.t)

    def next_wake(self) -> float | None:
        """When to send a Tick if nothing else happens; None: never."""
        return None if self._wake == inf else max(self._wake, self.t)

    def _finish(self, t: float) -> list[Effect]:
        self._settle(t)
        if self._dirty and not self._stopped:
            self._dirty = False
            self._effects += self.face.refresh(self, t)
        self._plan_wake()
        effects, self._effects = self._effects, []
        return effects

    def _take(self, event: Event, t: float) -> None:
        match event:
            case Reading(_, kg, ok):
                self.presence.read(Reading(t, kg, ok))
                self._follow_presence()
                if self.by_button is not None:
                    self.by_button.hear(self, Reading(t, kg, ok))
            case ButtonDown() | ButtonUp():
                self.button.edge(t, isinstance(event, ButtonDown))
                self._follow_button()
            case WallClock(_, utc, trusted, slept):
                dating.set_clock(self, t, utc, trusted, slept=slept)
            case SensorLost(_, why, what, do):
                self.sensor_words = (what, do)
                self._dirty = True
                self.presence.lose(t, why)
                self._follow_presence()
            case Saved(_, record_id):
                self._saved(t, record_id)
            case SaveFailed(_, record_id, why):
                if self.keeper.refused(t, record_id, why):
                    self._effects.append(Note(t, "save_failed", why))
                self._dirty = True
            case SettingsChanged() | Wished() | SettingWished() | LogChanged():
                wishes.grant(self, event)
            case UpstreamTrouble(_, short):
                self.face.upstream, self._dirty = short, True
            case Noted(_, kind, text):
                self._effects += self.face.noted(t, kind, text)
            case PanelLost():
                self._effects += self.face.note_panel(t, "panel_lost", self.rules.panel_note_s)
            case PanelBack():
                self.face.forget()
                self._dirty = True
                self._effects += self.face.note_panel(t, "panel_back", self.rules.panel_note_s)
            case Stopping():
                self._stop(t)
            case SensorBack() | Tick():
                pass  # the next reading tells; time has passed

    # -- time ------------------------------------------------------------------------------------------------------

    def _advance(self, t: float) -> None:
        """Let everything that was due by `t` happen, each at its own time."""
        for _ in range(100_000):
            due = self._plan_wake()
            if due > t:
                return
            self._due(max(due, self.t))
        raise RuntimeError(f"time stands still at {self._wake} in {self.machine.state}")

    def _due(self, t: float) -> None:
        self.t = max(self.t, t)
        if t >= self.presence.deadline:
            self.presence.advance(t)
            self._follow_presence()
        if t >= self.button.deadline:
            self.button.advance(t)
            self._follow_button()
        if t >= timeouts.due(self):
            timeouts.over(self, t)
        if t >= self._checkpoint_due:
            self.checkpoint(t)
        if t >= self.zeros.due:
            zeroing.follow(self, t)
        if t >= self.keeper.retry_due:
            self._effects += self.keeper.retry(t)
        if t >= left_open.due(self):
            left_open.close(self, t, "nobody on the mat after the power cut")
        if t >= self.plans.due:
            self.replan()
        if t >= choice.due(self):
            choice.forget(self)
        if t >= self.cueing.due(self):
            self.cueing.ring(self, t)
        if t >= who.due(self):
            who.look(self, t)
        if self._dirty or t >= self.face.due:
            self._settle(t)
            self._dirty = False
            self._effects += self.face.refresh(self, t)

    def _plan_wake(self) -> float:
        self._but_face = min(
            self.button.deadline,
            timeouts.due(self),
            self._checkpoint_due,
            self.zeros.due,
            self.keeper.retry_due,
            left_open.due(self),
            self.plans.due,
            choice.due(self),
            self.cueing.due(self),
            who.due(self),
        )
        self._others_due = min(self._but_face, self.face.due)
        self._wake = inf if self._stopped else min(self._others_due, self.presence.deadline)
        return self._wake

    # -- presence --------------------------------------------------------------------------------------------------

    def _follow_presence(self) -> None:
        changes, word = self.presence.changes, self.presence.zero.word
        if word != self._zero_word:
            zeroing.told(self, self.presence.last_t, self._zero_word)
            self._zero_word, self._dirty = word, True
            self.touched = self.presence.last_t if word is ZeroWord.BACKWARDS else self.touched
        if self.presence.zero.turn and self.fresh is None:
            zeroing.turn(self, self.presence.last_t)
        while changes:
            self._follow(changes.pop(0))

    def _follow(self, change: Change) -> None:
        trigger, t, machine = change.trigger, change.t, self.machine
        self._dirty = True
        if trigger == "noticed":
            self.touched = t
            return
        if not machine.can(trigger):
            self._effects.append(Note(t, "unexpected", f"{trigger} in {machine.state.name}: {change.reason}"))
            return
        counted = machine.state not in {State.CAPPED, State.DISCARDED}
        said = _SAID.get(trigger)
        if said is not None and (counted or trigger.startswith("sensor")):
            self._effects.append(Report(t, change.at, said, change.reason))
        if trigger in {"confirmed", "stirred"}:
            capped = self.capped if trigger == "stirred" else left_open.still_capped(self, change.at)
            if capped is not None:
                machine.last = capped
                self.fire("still_there", t, "not got up since the cap", at=change.at)
                return
        if trigger == "touched" and machine.state is State.RATING:
            controls.keep_chosen(self, t)
        if trigger == "sensor_lost" and machine.state is State.IDLE:
            self.capped = self.capped if self.presence.heard_s <= self.rules.still_there_s else None  # seen empty
        end = {"object": EndReason.OBJECT, "sensor_gone": EndReason.SENSOR_LOST}.get(trigger, EndReason.LEFT)
        self.fire(trigger, t, change.reason, at=change.at, end=end)
        if trigger == "touched":
            self.face.wander()
        elif trigger == "sensor_back":
            self.sensor_words = NO_SIGNAL
        elif trigger == "confirmed":
            left_open.ask(self, t, change.at)

    def fire(
        self, trigger: str, t: float, reason: str, at: float | None = None, end: EndReason = EndReason.LEFT
    ) -> None:
        """One transition, and what the device itself keeps about the new state."""
        machine = self.machine
        before = machine.state
        machine.fire(trigger, t, reason, at, end)
        for effect in machine.effects:
            if isinstance(effect, Save | Drop):
                self.keep(effect)
                if isinstance(effect, Save):
                    self.choice.drop()
                continue
            if isinstance(effect, Checkpoint) and self.keeper.goes_on(effect.session.id):
                self.replan()
            self._effects.append(effect)
        machine.effects.clear()
        self._dirty = True
        if machine.state is before:
            return
        self.touched = t if self.face.lit_by(trigger, t) else self.touched
        upon_object = trigger == "touched" and self.presence.object_kg > 0.0
        if machine.state is State.CAPPED:
            self.capped = machine.last
        elif machine.state is State.ON_MAT or trigger in {"gone", "cleared"} or upon_object:
            self.capped = None
        running = machine.state in {State.ON_MAT, State.HOLDING}
        self._checkpoint_due = t + self.rules.checkpoint_s if running else inf
        self.face.ask_nudge()
        controls.enter(self, t, before)

    def _settle(self, t: float) -> None:
        """From IDLE to where the mat or the first run wants it."""
        machine = self.machine
        by_button.use_saved(self, t)
        choice.settle(self)
        doubt.follow(self, t)
        if machine.state is State.OBJECT and self.presence.load is Load.EMPTY:
            self.fire("cleared", t, "taken away")
        if machine.state is State.IDLE:
            if self.presence.silent:
                self.fire("sensor_lost", t, "the load cells are still silent")
            elif self.presence.load is Load.OBJECT:
                self.fire("object", t, "the object is still there")
            elif self.acknowledgement is None and t >= self.splash_until and not self.presence.zero.seeking:
                self.fire("safety_due", t, "not answered yet")

    # -- the session under way -------------------------------------------------------------------------------------

    def _new_session(self, start: float) -> Running:
        self.pacing = Pacing()
        routine, person = choice.next_name(self), self.who.people.books_to()
        running = Running(self.new_id(), self.boot_id, start, routine=routine, person=person)
        dating.date_running(self, running)
        return running

    def checkpoint(self, t: float) -> None:
        """Write down how the session under way stands."""
        running = self.machine.running
        self._checkpoint_due = t + self.rules.checkpoint_s if running else inf
        if running is not None:
            self._effects.append(Checkpoint(doubt.judged(self, running.record(t), self.presence.evidence)))

    # -- clock, store ----------------------------------------------------------------------------------------------

    def _saved(self, t: float, record_id: str) -> None:
        troubled = bool(self.keeper.trouble)
        if not self.keeper.saved(record_id):
            self._dirty = self._dirty or troubled
            return
        last = self.machine.last
        if record_id == self.rating_id or (last is not None and last.counts and record_id == last.id):
            self.face.flash(t)
        self._dirty = True

    def keep(self, *saves: Write) -> None:
        """To the store, and until it has answered into the keeper; what is of the log changes the plan."""
        for save in saves:
            record = save.record if isinstance(save, Save) else None
            if isinstance(record, Calibrated):
                self.fresh = record
                self.keeper.forget("zero")
            elif isinstance(record, Zeros) and self.fresh is not None:
                continue  # it counts from the old reference, and a new zero is on its way with the new one
            self.keeper.keep(save)
            self._effects.append(save)
            if not isinstance(record, Zeros | Calibrated) and not isinstance(save, DateBoot):
                self.replan()

    def do(self, effect: Effect) -> None:
        """Something to be done that needs no answer."""
        self._effects.append(effect)

    def look_again(self) -> None:
        self._dirty = True

    def report(self, t: float, event: Said, session: Session) -> None:
        self._effects.append(Report(t, t, event, str(session.reason), session))

    def note(self, t: float, kind: str, text: str) -> None:
        self._effects.append(Note(t, kind, text))

    @property
    def acknowledgement(self) -> Acknowledgement | None:
        """Of whose turn it is; None: the device asks."""
        answer = who.answer_of(self, who.owner(self))
        return None if answer is None or answer.asked_again else answer

    def _stop(self, t: float) -> None:
        """A last checkpoint; the session stays open and goes on when somebody still lies there after the start."""
        self.checkpoint(t)
        self._effects += [self.keeper.waiting[record_id] for record_id in self.keeper.failed]  # the last chance
        self.keep(*self.zeros.moved(self.presence.zero, t, self.zero_before))
        self._effects += [Light(Pattern.OFF, t), Show(Off())]
        self._stopped = True
        self._dirty = False

    # -- what is seen ----------------------------------------------------------------------------------------------

    @property
    def plan(self) -> Plan:
        """Today's plan; without a trusted clock, today is estimated."""
        return self.plans.today(self)

    def replan(self) -> None:
        """Something changed that a plan follows from."""
        self.plans.forget()
        self._dirty = True
        self.face.ask_nudge()

    def _follow_button(self) -> None:
        gestures = self.button.gestures
        self._dirty = True
        while gestures:
            t, gesture = gestures.pop(0)
            controls.act(self, t, gesture)
        self._follow_presence()

    @property
    def shown(self) -> Show | None:
        return self.face.shown

    @property
    def approximate(self) -> bool:
        """Kilograms are from the nominal sensitivity of the cells: nobody has calibrated."""
        return self.calibration is not None and self.calibration.approximate

    @property
    def nudge(self) -> Nudge | None:
        return self.face.nudge

    def snapshot(self) -> Snapshot:
        return snapshot(self)
