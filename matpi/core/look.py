"""From the device's state to what is shown: the view, how bright, and what the LED says. No pixels.

`view` also tells when it would look different next if nothing happens, so that nothing is drawn in between.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from math import ceil, floor, inf
from typing import TYPE_CHECKING

from matpi.core import controls
from matpi.core.brightness import Brightness
from matpi.core.by_button import NO_SIGNAL
from matpi.core.calendar_day import next_local
from matpi.core.effects import Pattern
from matpi.core.model import Session
from matpi.core.presence import Load
from matpi.core.safety import PAGES
from matpi.core.session import Running, State
from matpi.core.views import (
    SILENT,
    Arriving,
    Away,
    Discarded,
    Fault,
    FeltWrong,
    GetUp,
    Holding,
    Idle,
    Menu,
    Notice,
    Object,
    Off,
    RatingEntry,
    RatingSaved,
    Safety,
    SessionDone,
    Splash,
    Timer,
    View,
    fraction,
)
from matpi.core.zero import WANTED

if TYPE_CHECKING:
    from matpi.core.device import Device

# From which minute on: docs/behaviour.md 2.
PHASES = ((15, "deep calm"), (5, "warmth"), (2, "settling"), (0, "sharp - stay with it"))
ATTENTION_OVER_MIN = 5
"""The LED asks to get up this long after "enough". Chosen: long before the cap of 45 min."""
SILENT_SHOWN_S = 300.0
"""A fault stays on the panel this long, then the LED alone tells: pixels wear."""
DIM_BEFORE_BED = timedelta(minutes=60)
"""The wind-down window: screens dim 30-60 min before bed (the article)."""

_HOLD_STEP_S, _FADE_STEP_S = 0.05, 0.25
WOKEN_S = 1e-3
"""Woken for a boundary, floats may stand just before it; what misses it would come a minute late."""


def view(device: Device, t: float) -> tuple[View, float]:
    """What to show at `t`, and when to look again."""
    state = device.machine.state
    if t < device.splash_until and state is State.IDLE:
        return Splash(device.version), device.splash_until
    pressed = device.button.pressed_since is not None
    waits = state is State.SENSOR_LOST or device.presence.zero.seeking
    off_at = device.touched + (SILENT_SHOWN_S if waits else device.rules.idle_off_s)
    if state in {State.IDLE, State.SAFETY, State.OBJECT, State.SENSOR_LOST} and t >= off_at and not pressed:
        return Off(), inf
    shown, again = _of_state(device, t, state)
    if state in {State.IDLE, State.SAFETY, State.OBJECT, State.SENSOR_LOST}:
        again = min(again, off_at if off_at > t else inf)
    return shown, min(again, t + _HOLD_STEP_S) if pressed else again


def _of_state(device: Device, t: float, state: State) -> tuple[View, float]:
    plan, rules, machine = device.plan, device.rules, device.machine
    match state:
        case State.IDLE:
            return _idle(device, t)
        case State.SAFETY:
            asks = device.safety_page == len(PAGES) - 1
            return Safety(device.safety_page, len(PAGES), _hold(device, t) if asks else 0.0), inf
        case State.MENU:
            return Menu(tuple(controls.menu(device)), device.menu_index, _hold(device, t)), inf
        case State.ARRIVING:
            return Arriving(plan.lower_min, plan.upper_min, plan.day, plan.clothing), inf
        case State.ON_MAT if machine.running is not None:
            return _timer(device, t, machine.running)
        case State.AWAY if machine.running is not None and machine.running.frozen_at is not None:
            left = machine.running.frozen_at + rules.presence.away_s - t
            elapsed = int(machine.running.on_mat_s(t))
            return Away(elapsed, max(0, ceil(left - 1e-6)), int(rules.presence.away_s)), _next_second(t, left)
        case State.HOLDING if machine.running is not None:
            lost_at = device.presence.lost_at
            left = (machine.entered if lost_at is None else lost_at) + rules.presence.sensor_gone_s - t
            what = SILENT if device.sensor_words is NO_SIGNAL else device.sensor_words[0]
            waits = Holding(int(machine.running.on_mat_s(t)), max(0, ceil(left - 1e-6)), what)
            return waits, _next_second(t, left)
        case State.CAPPED:
            last = machine.last
            if device.presence.load is Load.AWAY:
                return _done(device, last), inf
            return GetUp(int((last.on_mat_s if last else rules.cap_s) // 60)), inf
        case State.OBJECT:
            return Object(round(device.presence.object_kg), device.approximate), inf
        case State.DONE:
            return _done(device, machine.last), inf
        case State.RATING:
            rest = device.dial.rest(t)
            steps = None if rest is None else fraction(rest)
            holding = device.dial.value is not None
            entry = RatingEntry(device.dial.value, _hold(device, t) if holding else 0.0, steps)
            return entry, inf if rest is None else t + _FADE_STEP_S
        case State.SAVED:
            value = device.dial.value or 1
            saved = device.rating_id is None or device.keeper.is_saved(device.rating_id)
            left = fraction(1 - (t - device.touched) / rules.ask_s)
            return RatingSaved(value, saved, _hold(device, t), left), t + 2 * _FADE_STEP_S
        case State.FELT_WRONG:
            left = fraction(1 - (t - device.touched) / rules.ask_s)
            logged = device.stop_id is not None
            return FeltWrong(0.0 if logged else _hold(device, t), left, logged), t + 2 * _FADE_STEP_S
        case State.DISCARDED:
            return _discarded(device, t)
        case State.SENSOR_LOST:
            return Fault(SILENT, *device.sensor_words), inf
        case State.CALIBRATING if device.by_button is not None:
            return device.by_button.view(device, _hold(device, t)), inf
        case _:
            return Notice("One moment", ""), inf


def _idle(device: Device, t: float) -> tuple[View, float]:
    plan, now = device.plan, device.wall.local(t)
    if device.set_aside is not None:
        return Fault("Log was damaged", f"kept: {device.set_aside[-15:]}", "a new one was begun"), inf
    if device.keeper.trouble:
        return Fault("Not saved yet", "cannot write the disk", "kept; trying again"), inf
    if device.presence.zero.word == WANTED:
        return Notice("Finding zero", device.presence.zero.word, "for ten seconds"), inf
    notice = None
    if device.presence.zero.word:
        notice = device.presence.zero.word
    elif not device.wall.trusted:
        notice = "clock not known yet"
    elif plan.short_only:
        notice = "ask a clinician first"
    elif plan.restarted:
        notice = "from day 1 again"
    elif plan.repeated:
        notice = "this step once more"
    shown = Idle(
        clock=None if now is None else f"{now:%H:%M}",
        plan_day=plan.day,
        lower_min=plan.lower_min,
        upper_min=plan.upper_min,
        today_s=floor(plan.today_s),
        done=plan.done,
        rest_day=plan.rest_day,
        notice=notice,
    )
    return shown, inf if now is None else t + 60.0 - (now.second + now.microsecond / 1e6)


def phase(device: Device, elapsed_s: float) -> str:
    """What the timer says at this time on the mat: what to do now, else the phase."""
    plan = device.plan
    minutes = elapsed_s / 60
    before = plan.today_s
    if minutes >= plan.upper_min + ATTENTION_OVER_MIN:
        return "get up slowly now"
    if minutes >= plan.upper_min:
        return "enough-get up slowly"
    if minutes >= plan.upper_min - 1:
        return "get up slowly soon"
    if before < plan.lower_s <= before + elapsed_s < plan.lower_s + 60:
        return "done for today"
    return next(name for from_min, name in PHASES if minutes >= from_min)


def _timer(device: Device, t: float, running: Running) -> tuple[View, float]:
    elapsed = running.on_mat_s(t) + WOKEN_S
    plan = device.plan
    seconds = elapsed < 60 or t < device.seconds_until
    shown_s = int(elapsed) if seconds else int(elapsed // 60) * 60
    notice = "cannot write the disk" if device.keeper.trouble else None
    pressed = device.button.pressed_since
    held = 0.0 if pressed is None or t - pressed < device.rules.gesture.hold_s else _hold(device, t, long=True)
    shown = Timer(
        elapsed_s=shown_s,
        lower_min=plan.lower_min,
        upper_min=plan.upper_min,
        label=phase(device, elapsed),
        seconds=seconds,
        hold=held,
        notice=notice,
    )
    to_done = plan.lower_s - plan.today_s - elapsed
    again = t + WOKEN_S + (1 - elapsed % 1 if seconds else 60 - elapsed % 60)
    if to_done > 0:
        again = min(again, t + WOKEN_S + to_done)
    bright_until = device.touched + device.rules.bright_s
    return shown, min(again, bright_until) if bright_until > t else again


def _done(device: Device, last: Session | None) -> View:
    if last is None:
        return Notice("Up again", "")
    plan = device.plan
    return SessionDone(int(last.on_mat_s), plan.done, plan.day, device.keeper.is_saved(last.id))


def _discarded(device: Device, t: float) -> tuple[View, float]:
    running = device.machine.discarded()
    left = 1 - (t - device.machine.entered) / device.rules.undo_s
    if running is None:
        return Notice("Not counted", ""), inf
    shown = Discarded(int(running.on_mat_s(device.machine.entered)), _hold(device, t), fraction(left))
    return shown, t + 2 * _FADE_STEP_S if left > 0 else inf


def _hold(device: Device, t: float, *, long: bool = False) -> float:
    """How far the present press has come, 0 to 1; a press from before this state is not one here."""
    since = device.button.pressed_since
    if since is None or device.press_state is not device.machine.state:
        return 0.0
    rules = device.rules.gesture
    return fraction((t - since) / (rules.long_s if long else rules.hold_s) + 1e-6)


def _next_second(t: float, left: float) -> float:
    """When a countdown that shows whole seconds changes."""
    rest = (left - 1e-6) % 1
    return t + (rest if rest > 1e-3 else rest + 1) + 1e-5


def brightness(device: Device, t: float) -> Brightness:
    """Dim once somebody has settled, and around bedtime."""
    if device.machine.state is State.ON_MAT and t >= device.touched + device.rules.bright_s:
        return Brightness.DIM
    now = device.wall.local(t)
    return Brightness.DIM if now is not None and _winding_down(now, device) else Brightness.BRIGHT


def _winding_down(now: datetime, device: Device) -> bool:
    begin = (datetime.combine(now, device.settings.bedtime) - DIM_BEFORE_BED).time()
    return _between(now.time(), begin, device.settings.quiet_to)


def _between(now: time, begin: time, end: time) -> bool:
    return begin <= now < end if begin <= end else now >= begin or now < end


def trouble(device: Device) -> bool:
    """Something wants a person's attention."""
    return bool(device.presence.silent or device.keeper.trouble or device.presence.zero.word)


def quiet_turns(device: Device, t: float) -> float:
    """When quiet hours next begin or end; infinity while the clock is not trusted."""
    utc, wall, settings = device.wall.utc(t), device.wall, device.settings
    if utc is None:
        return inf
    return t - utc + min(next_local(utc, wall.zone, clock) for clock in (settings.quiet_from, settings.quiet_to))


def pattern(device: Device, t: float, *, flash: bool) -> Pattern:
    """What the LED says. Somebody on the mat comes before the reminder, and the night before a fault."""
    machine = device.machine
    if flash:
        return Pattern.SAVED
    lies_on = machine.state is State.CAPPED and device.presence.load is not Load.AWAY
    if lies_on or machine.state is State.HOLDING:
        return Pattern.ATTENTION
    if machine.state is State.ON_MAT and machine.running is not None:
        over = machine.running.on_mat_s(t) + WOKEN_S >= (device.plan.upper_min + ATTENTION_OVER_MIN) * 60
        return Pattern.ATTENTION if over else Pattern.OFF
    if device.nudge is not None and device.nudge.active:
        return Pattern.BREATH
    if not trouble(device):
        return Pattern.OFF
    now = device.wall.local(t)
    quiet = now is not None and _between(now.time(), device.settings.quiet_from, device.settings.quiet_to)
    return Pattern.OFF if quiet else Pattern.ATTENTION
