"""The device: every event goes through `handle`, which returns what must be done; `next_wake` tells when time matters.

No clock, thread or file in here. Whoever calls owns the time: events carry it, and `handle(Tick(t))` at `next_wake()`
makes happen what was due.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, tzinfo
from math import inf

from matpi.core import controls, look
from matpi.core.effects import (
    Checkpoint,
    DateBoot,
    DropSession,
    Effect,
    Light,
    Note,
    Pattern,
    Report,
    Said,
    SaveAcknowledgement,
    SaveDay,
    SaveRating,
    SaveSession,
    SaveStop,
    SaveZero,
    Show,
)
from matpi.core.events import (
    ButtonDown,
    ButtonUp,
    Event,
    LogChanged,
    PanelBack,
    PanelLost,
    Reading,
    Saved,
    SaveFailed,
    SensorBack,
    SensorLost,
    SettingsChanged,
    Stopping,
    Tick,
    WallClock,
)
from matpi.core.gesture import Button, GestureRules
from matpi.core.keeping import Keeper
from matpi.core.model import DayRecord, EndReason, Memory, Session
from matpi.core.nudge import Nudge, nudge
from matpi.core.presence import Change, Load, Presence, PresenceRules
from matpi.core.programme import Plan, plan
from matpi.core.rating import Dial
from matpi.core.session import Running, SessionMachine, State
from matpi.core.views import Off
from matpi.core.wall import Wall

NOTHING: list[Effect] = []
"""What most readings lead to. Never changed."""


_SAID = {
    "touched": Said.ARRIVING,
    "left": Said.AWAY,
    "returned": Said.BACK,
    "object": Said.OBJECT,
    "sensor_lost": Said.SENSOR_LOST,
    "sensor_back": Said.SENSOR_BACK,
}


@dataclass(frozen=True, slots=True)
class DeviceRules:
    """Times in seconds; values from BEHAVIOUR.md unless marked."""

    presence: PresenceRules = field(default_factory=PresenceRules)
    gesture: GestureRules = field(default_factory=GestureRules)
    min_session_s: float = 30.0
    cap_s: float = 45 * 60.0
    checkpoint_s: float = 15.0
    resume_s: float = 300.0
    """Somebody who still lies there this long after a power cut goes on with the same session."""
    still_there_s: float = 10.0
    """Still there: the touch comes this soon after the start. Chosen: the cells settle in 0.4 s, the dwell takes 3."""
    idle_off_s: float = 30.0
    bright_s: float = 20.0
    """On the mat the panel dims after this. Chosen: lying down and a look."""
    splash_s: float = 1.5
    done_s: float = 4.0
    ask_s: float = 8.0
    """Of "hold: change" and "felt wrong?"."""
    undo_s: float = 10.0
    menu_s: float = 20.0
    seconds_s: float = 10.0
    """mm:ss after a tap. Chosen."""
    zero_save_s: float = 600.0
    zero_save_kg: float = 0.1
    """The zero is written this rarely, and only when it moved: cards wear."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How things stand, for pages and diagnostics."""

    t: float
    state: State
    reason: str
    load: Load
    net_kg: float
    silent: bool
    zero_kg: float
    noise_kg: float | None
    readings: int
    rejected: int
    on_mat_s: float | None
    """Of the session under way."""
    plan: Plan
    nudge: Nudge | None
    trusted: bool
    unsaved: int
    open: Session | None


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
        self.settings, self.acknowledgement = memory.settings, memory.acknowledgement
        self.wall = Wall(zone_for(memory.settings.zone), memory.settings.day_start)
        self.keeper = Keeper(memory.log)
        self.presence = Presence(t, memory.zero, rules.presence)
        self.button = Button(rules.gesture)
        self.machine = SessionMachine(
            min_session_s=rules.min_session_s,
            occupied=lambda: self.presence.load in {Load.ON, Load.AWAY},
            body_s=lambda: self.presence.body_s,
            new_session=self._new_session,
        )
        self.dial = Dial(t)
        self.rating_id: str | None = None
        self.stop_id: str | None = None
        self.safety_page = 0
        self.page_turned = t
        self.menu_index = 0
        self.touched = t
        """When somebody last did something with the device."""
        self.seconds_until = -inf
        self.splash_until = t + rules.splash_s
        self.press_state: State | None = None
        self.woke_by_press = False
        self.nudge: Nudge | None = None
        self.zero_before = memory.zero_before
        self.set_aside = memory.set_aside
        """Shown until a tap."""
        self.t = t

        self._zone_for = zone_for
        self._left_open = memory.open
        self._boot_t = t
        self._first_reading: float | None = None
        self._zero_saved = memory.zero
        self._plan: Plan | None = None
        self._plan_due = -inf
        self._nudge_due = -inf
        self._checkpoint_due = inf
        self._zero_due = t + rules.zero_save_s
        self._view_due = -inf
        self._shown: Show | None = None
        self._light = Light(Pattern.OFF, t)
        self._flash_until = -inf
        self._shift = 0
        self._stopped = False
        self._dirty = True
        self._effects: list[Effect] = []
        self._wake = self._others_due = -inf

    # -- the funnel ------------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> list[Effect]:
        """All that follows from `event`, and from the time that has passed until it, in the order to be done."""
        t = event.t
        if type(event) is Reading and t < self._wake:
            presence = self.presence
            if not presence.read(event):
                return NOTHING
            if not presence.changes:
                self._wake = min(self._others_due, presence.deadline)
                return NOTHING
            self._follow_presence()
        else:
            self.t = max(self.t, min(t, self.presence.last_t))  # readings that changed nothing did not move it
            t = max(t, self.t)
            self._advance(t)
            self._take(event, t)
        self.t = t
        return self._finish(t)

    def next_wake(self) -> float | None:
        """When to send a Tick if nothing else happens; None: never."""
        return None if self._wake == inf else self._wake

    def _finish(self, t: float) -> list[Effect]:
        self._settle(t)
        if self._dirty:
            self._dirty = False
            self._refresh(t)
        self._plan_wake()
        effects, self._effects = self._effects, []
        return effects

    def _take(self, event: Event, t: float) -> None:
        match event:
            case Reading(_, kg, ok):
                if self._first_reading is None:
                    self._first_reading = t
                self.presence.read(Reading(t, kg, ok))
                self._follow_presence()
            case ButtonDown() | ButtonUp():
                self.button.edge(t, isinstance(event, ButtonDown))
                self._follow_button()
            case WallClock(_, utc, trusted):
                self._set_clock(t, utc, trusted)
            case SensorLost(_, why):
                self.presence.lose(t, why)
                self._follow_presence()
            case Saved(_, record_id):
                self._saved(t, record_id)
            case SaveFailed(_, record_id, why):
                if self.keeper.refused(t, record_id, why):
                    self._effects.append(Note(t, "save_failed", why))
                self._dirty = True
            case SettingsChanged(_, settings):
                self.settings = settings
                self.wall.zone, self.wall.day_start = self._zone_for(settings.zone), settings.day_start
                self._replan()
            case LogChanged(_, log):
                self.keeper.take_log(log)
                self._replan()
            case PanelLost():
                self._effects.append(Note(t, "panel_lost", "the panel does not answer; the timer goes on"))
            case PanelBack():
                self._shown, self._dirty = None, True
                self._effects.append(Note(t, "panel_back", "the panel answers again"))
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
        if t >= self._state_due():
            self._state_over(t)
        if t >= self._checkpoint_due:
            self._checkpoint(t)
        if t >= self._zero_due:
            self._zero_due = t + self.rules.zero_save_s
            self._save_zero(by_hand=False)
        if t >= self.keeper.retry_due:
            self._effects += self.keeper.retry(t)
        if t >= self._left_open_due():
            self._close_left_open(t, "nobody on the mat after the power cut")
        if t >= self._plan_due:
            self._replan()
        if self._dirty or t >= min(self._view_due, self._nudge_due):
            self._settle(t)
            self._dirty = False
            self._refresh(t)

    def _plan_wake(self) -> float:
        self._others_due = min(
            self.button.deadline,
            self._state_due(),
            self._checkpoint_due,
            self._zero_due,
            self.keeper.retry_due,
            self._left_open_due(),
            self._plan_due,
            self._view_due,
            self._nudge_due,
        )
        self._wake = inf if self._stopped else min(self._others_due, self.presence.deadline)
        return self._wake

    def _state_due(self) -> float:
        """When the present state is over by itself."""
        machine, rules = self.machine, self.rules
        match machine.state:
            case State.ON_MAT if machine.running is not None:
                return self.t + rules.cap_s - machine.running.on_mat_s(self.t)
            case State.DONE:
                return machine.entered + rules.done_s
            case State.RATING:
                return inf if self.button.pressed_since is not None else self.dial.deadline
            case State.SAVED | State.FELT_WRONG:
                return inf if self.button.pressed_since is not None else self.touched + rules.ask_s
            case State.MENU:
                return inf if self.button.pressed_since is not None else self.touched + rules.menu_s
            case State.DISCARDED:
                nobody = self.presence.load in {Load.EMPTY, Load.OBJECT}
                return machine.entered + rules.undo_s if nobody and self.button.pressed_since is None else inf
            case _:
                return inf

    def _state_over(self, t: float) -> None:
        match self.machine.state:
            case State.ON_MAT:
                self.fire("capped", t, f"{self.rules.cap_s / 60:g} min", end=EndReason.CAP)
            case State.DONE:
                self.fire("go_on", t, f"{self.rules.done_s:g} s")
            case State.RATING:
                controls.rating_over(self, t)
            case State.SAVED | State.FELT_WRONG:
                self.fire("go_on", t, f"{self.rules.ask_s:g} s untouched")
            case State.MENU:
                self.fire("leave_menu", t, f"{self.rules.menu_s:g} s untouched")
            case State.DISCARDED:
                self.fire("expired", t, f"{self.rules.undo_s:g} s untouched")
            case _:
                pass

    # -- presence --------------------------------------------------------------------------------------------------

    def _follow_presence(self) -> None:
        changes = self.presence.changes
        while changes:
            self._follow(changes.pop(0))

    def _follow(self, change: Change) -> None:
        trigger, t, machine = change.trigger, change.t, self.machine
        self._dirty = True
        if not machine.can(trigger):
            self._effects.append(Note(t, "unexpected", f"{trigger} in {machine.state.name}: {change.reason}"))
            return
        counted = machine.state not in {State.CAPPED, State.DISCARDED}
        said = _SAID.get(trigger)
        if said is not None and (counted or trigger.startswith("sensor")):
            self._effects.append(Report(t, change.at, said, change.reason))
        end = {"object": EndReason.OBJECT, "sensor_gone": EndReason.SENSOR_LOST}.get(trigger, EndReason.LEFT)
        self.fire(trigger, t, change.reason, at=change.at, end=end)
        if trigger == "touched":
            self._shift = (self._shift + 1) % 9
        elif trigger == "confirmed":
            self._resume_left_open(t, change.at)

    def fire(
        self, trigger: str, t: float, reason: str, at: float | None = None, end: EndReason = EndReason.LEFT
    ) -> None:
        """One transition, and what the device itself keeps about the new state."""
        machine = self.machine
        before = machine.state
        machine.fire(trigger, t, reason, at, end)
        for effect in machine.effects:
            if isinstance(effect, SaveSession | DropSession):
                self.keeper.keep(effect)
                self._replan()
            elif isinstance(effect, Checkpoint):
                self.keeper.goes_on(effect.session.id)
            self._effects.append(effect)
        machine.effects.clear()
        self._dirty = True
        if machine.state is before:
            return
        self.touched = t
        running = machine.state in {State.ON_MAT, State.HOLDING}
        self._checkpoint_due = t + self.rules.checkpoint_s if running else inf
        self._nudge_due = -inf
        if machine.state is State.RATING and before is not State.SAVED:
            self.dial, self.rating_id = Dial(t), None
        if machine.state is State.FELT_WRONG:
            self.stop_id = None
        if machine.state is State.MENU:
            self.menu_index = 0
        if machine.state is State.SAFETY:
            self.safety_page = 0

    def _settle(self, t: float) -> None:
        """From IDLE to where the mat or the first run wants it."""
        machine = self.machine
        if machine.state is State.OBJECT and self.presence.load is Load.EMPTY:
            self.fire("cleared", t, "taken away")
        if machine.state is State.IDLE:
            if self.presence.silent:
                self.fire("sensor_lost", t, "the load cells are still silent")
            elif self.presence.load is Load.OBJECT:
                self.fire("object", t, "the object is still there")
            elif self.acknowledgement is None and t >= self.splash_until:
                self.fire("safety_due", t, "not answered yet")

    # -- the session under way -------------------------------------------------------------------------------------

    def _new_session(self, start: float) -> Running:
        running = Running(self.new_id(), self.boot_id, start)
        self._date_running(running)
        return running

    def _date_running(self, running: Running) -> None:
        utc = self.wall.utc(running.start)
        if utc is not None and running.start_utc is None:
            running.start_utc, running.utc_offset_s = utc, self.wall.offset_at(utc)
            running.day = self.wall.day_at(utc)

    def _checkpoint(self, t: float) -> None:
        running = self.machine.running
        self._checkpoint_due = t + self.rules.checkpoint_s if running else inf
        if running is not None:
            self._effects.append(Checkpoint(running.record(t)))

    # -- a session that a power cut left open ----------------------------------------------------------------------

    def _left_open_due(self) -> float:
        """Wait a while for somebody who still lies there; with the clock unknown, as long as that session runs."""
        if self._left_open is None:
            return inf
        if self.machine.state in {State.ARRIVING, State.ON_MAT, State.AWAY, State.HOLDING}:
            return inf
        return (self._boot_t if self._first_reading is None else self._first_reading) + self.rules.still_there_s

    def _resume_left_open(self, t: float, touch: float) -> None:
        """Somebody is on the mat. If the cut was short and they still lie there, the session goes on."""
        left, running = self._left_open, self.machine.running
        if left is None or running is None:
            return
        began = self._boot_t if self._first_reading is None else self._first_reading
        seen_utc = left.end_utc
        if touch > began + self.rules.still_there_s or seen_utc is None:
            self._close_left_open(t, "somebody lay down after the power cut")
            return
        touch_utc = self.wall.utc(touch)
        if touch_utc is None:
            return  # the gap is not known yet; the clock may still tell
        gap = touch_utc - seen_utc
        if not 0.0 <= gap <= self.rules.resume_s:
            self._close_left_open(t, f"power was off for {gap / 60:.0f} min")
            return
        self._drop(running.id, "joined")
        running.id, running.carried, running.gap_s = left.id, left, gap
        running.start_utc, running.utc_offset_s, running.day = left.start_utc, left.utc_offset_s, left.day
        self._left_open = None
        self._effects.append(Note(t, "resumed", f"the session goes on after {gap:.0f} s without power"))
        self._checkpoint(t)
        self._dirty = True

    def _drop(self, session_id: str, reason: str) -> None:
        drop = DropSession(session_id, reason)
        self.keeper.keep(drop)
        self._effects.append(drop)

    def _close_left_open(self, t: float, why: str) -> None:
        left, self._left_open = self._left_open, None
        if left is None:
            return
        record = left.closed(EndReason.POWER_LOST)
        self._effects.append(Note(t, "power_lost", f"a session was left open by a power cut: {why}"))
        if left.on_mat_s < self.rules.min_session_s:
            self._drop(left.id, "short")
            self._effects.append(Report(t, t, Said.SHORT, EndReason.POWER_LOST, record))
            return
        save = SaveSession(record)
        self.keeper.keep(save)
        self._effects += [save, Report(t, t, Said.SESSION_ENDED, EndReason.POWER_LOST, record)]
        self._replan()

    # -- clock, store ----------------------------------------------------------------------------------------------

    def _set_clock(self, t: float, utc: float, trusted: bool) -> None:
        first = trusted and not self.wall.trusted
        step = self.wall.set(t, utc, trusted)
        if abs(step) > 0.5:
            self._effects.append(Note(t, "clock_step", f"the clock was set by {step:+.1f} s; durations are unaffected"))
        if first:
            offset = utc - t
            self.keeper.date(self.boot_id, self.wall)
            for unfinished in self.machine.unfinished():
                self._date_running(unfinished)
            running = self.machine.running
            if running is not None:
                self._resume_left_open(t, running.start)
                self._checkpoint(t)
            self._effects.append(DateBoot(self.boot_id, offset))
        if first or abs(step) > 0.5:
            self._replan()

    def _saved(self, t: float, record_id: str) -> None:
        troubled = bool(self.keeper.trouble)
        if not self.keeper.saved(record_id):
            self._dirty = self._dirty or troubled
            return
        last = self.machine.last
        if record_id == self.rating_id or (last is not None and record_id == last.id):
            self._flash_until = t + 2.0  # BEHAVIOUR 6: solid 2 s = saved
        self._dirty = True

    def undo_discard(self, t: float, reason: str) -> None:
        """The discarded session is back, and stands where the mat is by now: lying there, away, silent or over."""
        presence = self.presence
        gone = presence.load in {Load.EMPTY, Load.OBJECT}
        self.fire("undo", t, reason, at=presence.left_at if gone else t)
        if presence.load is Load.AWAY:
            self.fire("left", t, "got up before the undo", at=presence.left_at)
        elif self.machine.state is State.ON_MAT and presence.silent:
            self.fire("sensor_lost", t, "the load cells are silent", at=presence.lost_at)

    def keep(self, effect: SaveRating | SaveStop) -> None:
        """A record made by hand: into the log, and to the store."""
        self.keeper.keep(effect)
        self._effects.append(effect)
        self._replan()

    def note(self, t: float, kind: str, text: str) -> None:
        self._effects.append(Note(t, kind, text))

    def acknowledge(self, effect: SaveAcknowledgement) -> None:
        self.acknowledgement = effect.acknowledgement
        self._effects.append(effect)
        self._replan()

    def snooze(self, t: float) -> None:
        """The reminder was seen: silent until tomorrow."""
        day = self.wall.day(t)
        if day is not None:
            old = self.day_record(day) or DayRecord(day)
            record = DayRecord(day, rest=old.rest, snoozed=True)
            self.keeper.set_day(record)
            self._effects.append(SaveDay(record))
            self._nudge_due = -inf

    def day_record(self, day: date) -> DayRecord | None:
        return next((d for d in self.keeper.log.days if d.day == day), None)

    def set_zero(self, t: float) -> bool:
        """Re-zero by hand. False when the load cells are silent or the load moves."""
        if not self.presence.set_zero():
            return False
        self.zero_before = self.presence.zero.before
        self._save_zero(by_hand=True)
        self.note(t, "zero_set", f"zero set by hand at {self.presence.zero.total_kg:.1f} kg")
        return True

    def undo_zero(self, t: float) -> None:
        if self.zero_before is not None:
            self.presence.undo_zero(self.zero_before)
            self.zero_before = None
            self._save_zero(by_hand=True)
            self.note(t, "zero_undone", f"zero back at {self.presence.zero.total_kg:.1f} kg")

    def _save_zero(self, *, by_hand: bool) -> None:
        tracker = self.presence.zero
        if tracker.kg is None:
            return
        zero, saved = tracker.value(len(tracker.kg)), self._zero_saved
        moved = saved is None or abs(zero.total_kg - saved.total_kg) >= self.rules.zero_save_kg
        learnt = zero.noise_kg is not None and (saved is None or saved.noise_kg is None)
        if by_hand or moved or learnt:
            self._zero_saved = zero
            self._effects.append(SaveZero(zero, self.zero_before))

    def _stop(self, t: float) -> None:
        """A last checkpoint; the session stays open and goes on when somebody still lies there after the start."""
        self._checkpoint(t)
        self._effects += [self.keeper.waiting[record_id] for record_id in self.keeper.failed]  # the last chance
        self._save_zero(by_hand=False)
        self._effects += [Light(Pattern.OFF, t), Show(Off())]
        self._stopped = True
        self._dirty = False

    # -- what is seen ----------------------------------------------------------------------------------------------

    @property
    def plan(self) -> Plan:
        """Today's plan; without a trusted clock, that of the last day known."""
        if self._plan is None:
            self._replan()
            today = self.wall.day(self.t)
            if today is None:
                known = [s.day for s in self.keeper.log.sessions if s.day is not None]
                today = max(known, default=date(2000, 1, 1))
            self._plan = plan(self.keeper.log, today, self.settings, self.acknowledgement)
            self._plan_due = self.wall.day_ends(self.t)
        return self._plan

    def _replan(self) -> None:
        self._plan, self._plan_due, self._nudge_due, self._dirty = None, inf, -inf, True

    def _follow_button(self) -> None:
        gestures = self.button.gestures
        self._dirty = True
        while gestures:
            t, gesture = gestures.pop(0)
            controls.act(self, t, gesture)

    def _refresh(self, t: float) -> None:
        if t >= self._nudge_due:
            self._ask_nudge(t)
        view, again = look.view(self, t)
        self._view_due = max(again, t + 0.001)  # an instant that floats cannot tell from now would never come
        show = Show(view, look.brightness(self, t), (self._shift % 3, self._shift // 3))
        if show != self._shown:
            if isinstance(view, Off):
                self._shift = (self._shift + 1) % 9
            self._shown = show
            self._effects.append(show)
        pattern = look.pattern(self, t, flash=t < self._flash_until)
        if pattern is Pattern.SAVED:
            self._view_due = min(self._view_due, self._flash_until)
        if pattern is not self._light.pattern:
            self._light = Light(pattern, t)
            self._effects.append(self._light)

    def _ask_nudge(self, t: float) -> None:
        utc = self.wall.utc(t)
        day = self.wall.day(t)
        record = None if day is None else self.day_record(day)
        here = self.machine.state in {State.ARRIVING, State.ON_MAT, State.AWAY, State.HOLDING, State.CAPPED}
        self.nudge = nudge(utc or 0.0, utc is not None, self.wall.zone, self.settings, self.plan, record, here)
        change, offset = self.nudge.next_change_utc, self.wall.offset_utc
        self._nudge_due = inf if change is None or offset is None else max(change - offset, t + 0.001)

    @property
    def shown(self) -> Show | None:
        return self._shown

    @property
    def light(self) -> Light:
        return self._light

    def snapshot(self) -> Snapshot:
        machine, presence = self.machine, self.presence
        running = machine.running
        return Snapshot(
            t=max(self.t, presence.last_t),
            state=machine.state,
            reason=machine.reason,
            load=presence.load,
            net_kg=presence.net_kg,
            silent=presence.silent,
            zero_kg=presence.zero.total_kg,
            noise_kg=presence.zero.noise_kg,
            readings=presence.readings,
            rejected=presence.rejected,
            on_mat_s=None if running is None else running.on_mat_s(self.t),
            plan=self.plan,
            nudge=self.nudge,
            trusted=self.wall.trusted,
            unsaved=len(self.keeper.failed),
            open=None if running is None else running.record(self.t),
        )

