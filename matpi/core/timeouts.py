"""States that end by themselves: when, and what follows. A press under way keeps a question open."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from matpi.core import choice, controls
from matpi.core.model import EndReason
from matpi.core.plan import routine
from matpi.core.presence.load import Load
from matpi.core.session import State

if TYPE_CHECKING:
    from matpi.core.device import Device


def due(device: Device) -> float:
    """When the present state is over by itself; infinity when never."""
    machine, rules = device.machine, device.rules
    pressed = device.button.pressed_since is not None
    match machine.state:
        case State.ON_MAT if machine.running is not None:
            return device.t + rules.cap_s - machine.running.on_mat_s(device.t)
        case State.DONE if device.who.people.on:
            return inf if pressed else device.touched + rules.ask_s
        case State.DONE:
            return machine.entered + rules.done_s
        case State.CONFIRM if not pressed:
            return device.touched + rules.advice_s
        case State.RATING if not pressed:
            return device.dial.deadline
        case State.SAVED | State.FELT_WRONG if not pressed:
            return device.touched + rules.ask_s
        case State.MENU | State.TREND if not pressed:
            return device.touched + rules.menu_s
        case State.READY if not pressed:
            return device.touched + rules.advice_s
        case State.OFF_MAT if not pressed:
            last = max((cue.at_s for cue in routine.off_mat_cues(choice.routine(device))), default=0.0)
            return machine.ended + last + rules.advice_s
        case State.CALIBRATING if device.by_button is not None and not pressed:
            return device.by_button.due(device)
        case State.DISCARDED if not pressed and device.presence.load in {Load.EMPTY, Load.OBJECT}:
            return machine.entered + rules.undo_s
        case _:
            return inf


def over(device: Device, t: float) -> None:
    """The present state's time is up."""
    rules = device.rules
    match device.machine.state:
        case State.ON_MAT:
            # What ran on unseen, such as a silence, may have passed the cap already.
            device.fire("capped", t, f"{rules.cap_s / 60:g} min", at=min(t, due(device)), end=EndReason.CAP)
        case State.DONE:
            device.fire("go_on", t, f"{rules.ask_s if device.who.people.on else rules.done_s:g} s")
        case State.CONFIRM:
            device.fire("unanswered", t, f"{rules.advice_s:g} s untouched")
        case State.RATING:
            controls.rating_over(device, t)
        case State.SAVED | State.FELT_WRONG:
            device.fire("go_on", t, f"{rules.ask_s:g} s untouched")
        case State.TREND | State.READY | State.OFF_MAT:
            device.fire("go_on", t, "untouched")
        case State.MENU:
            device.fire("leave_menu", t, f"{rules.menu_s:g} s untouched")
        case State.CALIBRATING if device.by_button is not None:
            device.by_button.over(device, t)
        case State.DISCARDED:
            device.fire("expired", t, f"{rules.undo_s:g} s untouched")
        case _:
            pass
