"""What somebody changed or asked for from outside, where it does no harm: each is looked at against how the mat is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from matpi.core import reminding, who, zeroing
from matpi.core.effects import Save
from matpi.core.events import LogChanged, SettingsChanged, SettingWished, Wish, Wished
from matpi.core.model import DayRecord, Settings
from matpi.core.presence.load import Load
from matpi.core.session import State

if TYPE_CHECKING:
    from matpi.core.device import Device


def _use(device: Device, settings: Settings) -> None:
    """From now on these hold."""
    device.settings = settings
    device.plans.take_course(settings.own_plan)
    device.wall.zone, device.wall.day_start = device.zone_for(settings.zone), settings.day_start
    device.replan()


def change_setting(device: Device, name: str, value: Any) -> None:
    """Change one setting and store it; nothing when it is that already."""
    settings = replace(device.settings, **{name: value})
    if settings != device.settings:
        _use(device, settings)
        device.keep(Save(settings))


def grant(device: Device, wished: SettingsChanged | SettingWished | Wished | LogChanged) -> None:
    """Do it, or note in one line why not."""
    match wished:
        case SettingsChanged(_, settings):
            _use(device, settings)
        case LogChanged(_, log):
            device.keeper.take_log(log)
            device.replan()
        case SettingWished(_, name, value):
            change_setting(device, name, value)
        case Wished(t, Wish.ZERO):
            _zero(device, t)
        case Wished(t, Wish.IDENTIFY):
            device.face.flash(t)
            device.look_again()
        case Wished(t, Wish.SNOOZE):
            for person in reminding.reminded(device, device.wall.day(t)):
                _note_day(device, t, person, snoozed=True)
        case Wished(t, wish):
            rest_today(device, t, rest=wish is Wish.REST)


def rest_today(device: Device, t: float, *, rest: bool) -> None:
    """Today is a day of rest of whose turn it is, or none after all; noted where today is not known."""
    _note_day(device, t, device.who.people.books_to(), rest=rest)


def _zero(device: Device, t: float) -> None:
    """Whoever asks from afar does not see who lies there: a zero is set only when nothing does, and nothing moves."""
    state, presence = device.machine.state, device.presence
    why = ""
    if presence.silent:
        why = "the load cells are silent"
    elif presence.load is not Load.EMPTY:
        why = "the mat is not empty"
    elif state is not State.IDLE:
        why = f"the device is busy ({state.value})"
    elif not zeroing.set_zero(device, t):
        why = "the load moves"
    if why:
        device.note(t, "zero_refused", f"a zero was asked for from outside, but {why}: zero kept")


def _note_day(device: Device, t: float, person: str | None, *, rest: bool | None = None, snoozed: bool = False) -> None:
    day = device.wall.day(t)
    if not device.wall.trusted:
        device.note(t, "wish_refused", "something was asked for today, but the clock is not known yet")
        return
    old = who.day_record(device, person, day) or DayRecord(day, person=person)
    new = replace(old, rest=old.rest if rest is None else rest, snoozed=old.snoozed or snoozed)
    if new != old:
        device.keep(Save(new))
