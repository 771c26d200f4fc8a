"""From the device's state to what is shown: the view, how bright, and what the LED says. No pixels.

`view` also tells when it would look different next if nothing happens, so that nothing is drawn in between.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from math import ceil, floor, inf
from typing import TYPE_CHECKING

from matpi.core import choice, controls, on_mat, reminding, who
from matpi.core.brightness import Brightness
from matpi.core.calendar_day import next_local
from matpi.core.effects import Pattern
from matpi.core.events import NO_SIGNAL
from matpi.core.model import Session
from matpi.core.plan import routine, trend
from matpi.core.presence.load import Load
from matpi.core.presence.zero import ZeroWord
from matpi.core.session import State
from matpi.core.text import Text
from matpi.core.views import (
    SAFETY_PAGES,
    Advice,
    Arriving,
    Away,
    Confirm,
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
    OffMat,
    RatingEntry,
    RatingSaved,
    Safety,
    SessionDone,
    Splash,
    View,
    fraction,
)

if TYPE_CHECKING:
    from matpi.core.device import Device

LONG_SHOWN_S = 300.0
"""A fault stays on the panel this long, then the LED alone reports it; "get up" after the cap as well: pixels wear. So
long after the last press the safety pages stay lit: they are more to read than an idle screen."""
DIM_BEFORE_BED = timedelta(minutes=60)
"""The wind-down window: screens dim 30-60 min before bed (the article)."""

PARTS = {
    "button_lost": Text("bar.no_button"),
    "lamp_lost": Text("bar.no_lamp"),
    "chime_lost": Text("bar.no_chime"),
    "log_doubt": Text("bar.see_doctor"),
}
"""What is noted of a part that does not work, or of a stored value that cannot be used -> what the screen says."""
CLOTHING = {
    "thin shirt": Text("clothing.thin_shirt"),
    "thin shirt, or bare (optional)": Text("clothing.thin_or_bare"),
    "your choice": Text("clothing.your_choice"),
}
"""The starter plan's own, by what a plan file calls it: a copied plan stays in the language of the panel."""

_HOLD_STEP_S, _FADE_STEP_S = 0.05, 0.25
_ANY_DAY = date(2000, 1, 1)


def view(device: Device, t: float) -> tuple[View, float]:
    """What to show at `t`, and when to look again."""
    state = device.machine.state
    if t < device.splash_until and state is State.IDLE:
        return Splash(device.version), device.splash_until
    pressed = device.button.pressed_since is not None
    off_at = _dark_at(device, state)
    if t >= off_at and not pressed:
        return Off(), inf
    shown, again = _of_state(device, t, state)
    again = min(again, off_at if off_at > t else inf)
    return shown, min(again, t + _HOLD_STEP_S) if pressed else again


def _dark_at(device: Device, state: State) -> float:
    """When the panel goes dark unless something happens; infinity for a state that soon ends by itself."""
    match state:
        case State.CAPPED if device.presence.load is not Load.AWAY:
            return device.touched + LONG_SHOWN_S
        case State.SENSOR_LOST | State.SAFETY:
            return device.touched + LONG_SHOWN_S
        case State.IDLE | State.OBJECT | State.DISCARDED:
            return device.touched + (LONG_SHOWN_S if device.presence.zero.seeking else device.rules.idle_off_s)
        case _:
            return inf


def _of_state(device: Device, t: float, state: State) -> tuple[View, float]:
    plan, rules, machine = choice.plan(device), device.rules, device.machine
    match state:
        case State.IDLE:
            return _idle(device, t)
        case State.SAFETY:
            asks = device.safety_page == SAFETY_PAGES - 1
            return Safety(device.safety_page, SAFETY_PAGES, _hold(device, t) if asks else 0.0), inf
        case State.MENU:
            return Menu(tuple(entry.label for entry in controls.menu(device)), device.menu_index, _hold(device, t)), inf
        case State.READY:
            return _advice(device, t), inf
        case State.TREND:
            return _trend(device), inf
        case State.ARRIVING:
            name, worn = choice.routine(device).name, CLOTHING.get(plan.clothing, plan.clothing)
            title = "" if name == "plan" else Text(f"routines.{name}.title")
            return Arriving(*choice.target(device), plan.day, worn, title, plan.days, who.name(device)), inf
        case State.ON_MAT if machine.running is not None:
            pressed = device.button.pressed_since
            meant = pressed is not None and t - pressed >= rules.gesture.hold_s and not device.who.took_press
            return on_mat.view(device, t, machine.running, _hold(device, t, long=True) if meant else 0.0)
        case State.AWAY if machine.running is not None and machine.running.frozen_at is not None:
            gone_at, left_at = device.presence.absence.gone_at, machine.running.frozen_at
            elapsed, left = int(machine.running.on_mat_s(t)), gone_at - t
            return Away(elapsed, max(0, ceil(left - 1e-6)), round(gone_at - left_at)), _next_second(t, left)
        case State.HOLDING if machine.running is not None:
            lost_at = device.presence.lost_at
            left = (machine.entered if lost_at is None else lost_at) + rules.presence.sensor_gone_s - t
            what = "" if device.sensor_words == NO_SIGNAL else device.sensor_words[0]
            waits = Holding(int(machine.running.on_mat_s(t)), max(0, ceil(left - 1e-6)), what)
            return waits, _next_second(t, left)
        case State.CAPPED:
            last = machine.last
            if device.presence.load is Load.AWAY:
                return _done(device, t, last), inf
            return GetUp(int((last.on_mat_s if last else rules.cap_s) // 60)), inf
        case State.OBJECT:
            return Object(round(device.presence.object_kg), device.approximate), inf
        case State.DONE:
            return _done(device, t, machine.last), inf
        case State.OFF_MAT:
            return _off_mat(device, t)
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
        case State.CONFIRM if machine.last is not None:
            last = machine.last
            load_kg = round(last.load_kg or 0.0)
            return Confirm(int(last.on_mat_s), load_kg, _hold(device, t), device.approximate), inf
        case State.FELT_WRONG:
            left = fraction(1 - (t - device.touched) / rules.ask_s)
            logged = device.stop_id is not None
            return FeltWrong(_hold(device, t), left, logged), t + 2 * _FADE_STEP_S
        case State.DISCARDED:
            return _discarded(device, t)
        case State.SENSOR_LOST:
            return Fault(Text("faults.silent"), *device.sensor_words), inf
        case State.CALIBRATING if device.by_button is not None:
            return device.by_button.view(device, _hold(device, t)), inf
        case _:
            return Notice(Text("common.one_moment"), ""), inf


def _idle(device: Device, t: float) -> tuple[View, float]:
    plan, now = device.plan, device.wall.local(t)
    if device.set_aside is not None:
        kept = Text("faults.log_kept", name=device.set_aside[-15:])
        return Fault(Text("faults.log_damaged"), kept, Text("faults.log_new")), inf
    if device.keeper.trouble:
        return Fault(Text("faults.not_saved"), Text("bar.cannot_write"), Text("faults.kept")), inf
    if device.presence.zero.word is ZeroWord.WANTED:
        finding = Text("calibration.finding_zero")
        return Notice(finding, Text("calibration.leave_empty"), Text("calibration.ten_seconds")), inf
    notice: Text | str | None = None
    if device.presence.zero.word is ZeroWord.BACKWARDS:
        notice = Text("bar.backwards")
    elif device.presence.zero.word:
        notice = Text("bar.check_mat")
    elif device.face.lost:
        notice = PARTS[device.face.lost[0]]
    elif not device.wall.trusted:
        notice = Text("bar.clock_unknown")
    elif device.choice.name is not None:
        notice = Text("bar.next", routine=Text(f"routines.{choice.routine(device).name}.title"))
    elif missing := reminding.missing_words(device):
        notice = missing
    elif plan.short_only:
        notice = Text("bar.ask_clinician")
    elif device.face.upstream:
        notice = device.face.upstream
    elif plan.restarted:
        notice = Text("bar.from_day_1")
    elif plan.repeated:
        notice = Text("bar.once_more")
    shown = Idle(
        clock=f"~{device.wall.day(t):%m-%d}" if now is None else f"{now:%H:%M}",
        plan_day=plan.day,
        lower_min=plan.lower_min,
        upper_min=plan.upper_min,
        today_s=floor(plan.today_s),
        done=plan.done,
        rest_day=plan.rest_day,
        notice=notice,
        plan_days=plan.days,
        who=who.name(device),
    )
    return shown, inf if now is None else t + 60.0 - (now.second + now.microsecond / 1e6)


def _done(device: Device, t: float, last: Session | None) -> View:
    if last is None:
        return Notice(Text("on_mat.up_again"), "")
    plan = choice.plan(device)
    name, asks = who.result_words(device, last)
    return SessionDone(
        int(last.on_mat_s),
        plan.done,
        plan.day,
        device.keeper.is_saved(last.id),
        plan.days,
        name,
        asks,
        _hold(device, t) if name else 0.0,
    )


def _off_mat(device: Device, t: float) -> tuple[View, float]:
    since_s = t - device.machine.ended
    says = routine.off_mat_at(choice.routine(device), since_s + on_mat.WOKEN_S)
    if says is None:
        return Notice(Text("on_mat.up_again"), ""), inf
    text = Text(f"phases.{says.says}")
    if says.until_s == inf:
        return OffMat(text, None), inf
    left_s = says.until_s - since_s
    return OffMat(text, max(0, ceil(left_s - 1e-6))), _next_second(t, left_s)


def _advice(device: Device, t: float) -> View:
    """With the bedtime that is set where "before bed" is chosen at another time."""
    name, now = choice.routine(device).name, device.wall.local(t)
    advice = Text(f"routines.{name}.advice")
    if name == "before_bed" and now is not None:
        bed = datetime.combine(now, device.settings.bedtime)
        late, early = ((bed - timedelta(minutes=minutes)).time() for minutes in routine.BED_WINDOW_MIN)
        if not _between(now.time(), early, late):
            advice = Text("routines.before_bed_at.advice", clock=f"{bed:%H:%M}")
    return Advice(Text(f"routines.{name}.title"), *choice.target(device), advice)


def _trend(device: Device) -> View:
    if device.trend_page:
        return Notice(*trend.pairs_page(trend.pairs(who.log(device).ratings)))
    seen = device.plan.trend
    if seen is not None:
        return Notice(*trend.page(seen))
    title = Text("trend.title")
    if device.plan.days < trend.AT_DAYS[0]:
        return Notice(title, Text("trend.too_short"), Text("trend.seven_days"))
    return Notice(title, Text("trend.not_before"), Text("trend.rate_daily"))


def _discarded(device: Device, t: float) -> tuple[View, float]:
    running = device.machine.discarded()
    left = 1 - (t - device.machine.entered) / device.rules.undo_s
    if running is None:
        return Notice(Text("on_mat.not_counted"), ""), inf
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


def brightness_turns(device: Device, t: float) -> float:
    """When `brightness` next changes while the device stays in its state; infinity when never."""
    settles = device.touched + device.rules.bright_s
    if device.machine.state is State.ON_MAT and t < settles:
        return settles
    return _next_clock(device, t, _dims_from(device), device.settings.quiet_to)


def _winding_down(now: datetime, device: Device) -> bool:
    return _between(now.time(), _dims_from(device), device.settings.quiet_to)


def _dims_from(device: Device) -> time:
    return (datetime.combine(_ANY_DAY, device.settings.bedtime) - DIM_BEFORE_BED).time()


def _between(now: time, begin: time, end: time) -> bool:
    return begin <= now < end if begin <= end else now >= begin or now < end


def trouble(device: Device) -> bool:
    """Something wants a person's attention, for as long as it lasts."""
    return bool(device.presence.silent or device.keeper.trouble or device.presence.zero.word)


def light_turns(device: Device, t: float) -> float:
    """When quiet hours next silence or release the LED; infinity when it has nothing to say or no clock is trusted."""
    if device.machine.state is not State.CAPPED and not trouble(device):
        return inf
    return _next_clock(device, t, device.settings.quiet_from, device.settings.quiet_to)


def _next_clock(device: Device, t: float, *clocks: time) -> float:
    """When the local clock next shows one of these times; infinity while the clock is not trusted."""
    utc = device.wall.utc(t)
    return inf if utc is None else t - utc + min(next_local(utc, device.wall.zone, clock) for clock in clocks)


def pattern(device: Device, t: float, *, flash: bool) -> Pattern:
    """What the LED says. Somebody on the mat comes before the reminder, and the night before a fault."""
    machine = device.machine
    if flash:
        return Pattern.SAVED
    if machine.state is State.HOLDING:
        return Pattern.ATTENTION
    if machine.state is State.ON_MAT and machine.running is not None:
        elapsed_s = machine.running.on_mat_s(t)
        if elapsed_s + on_mat.WOKEN_S >= on_mat.over_s(device):
            return Pattern.ATTENTION
        return Pattern.PACER if on_mat.pacer(device, elapsed_s) is not None else Pattern.OFF
    if device.nudge is not None and device.nudge.active:
        return Pattern.BREATH
    stays = machine.state is State.CAPPED and device.presence.load is not Load.AWAY
    if not trouble(device) and not (stays and t < _dark_at(device, machine.state)):
        return Pattern.OFF
    now = device.wall.local(t)
    quiet = now is not None and _between(now.time(), device.settings.quiet_from, device.settings.quiet_to)
    return Pattern.OFF if quiet else Pattern.ATTENTION
