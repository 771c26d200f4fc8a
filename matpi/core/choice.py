"""Which routine is meant: chosen in the menu for the next session, else the one that is set.

A choice lasts until its session ends, or for ten minutes without one. What a session is stays with it, whatever is
chosen meanwhile. The threshold of presence follows, while the mat is empty.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from matpi.core.model import Session
from matpi.core.plan.programme import Plan
from matpi.core.plan.routine import ROUTINES, Routine, goes_on_off_mat
from matpi.core.plan.routine import target as target_of
from matpi.core.presence.load import Load
from matpi.core.running import Running
from matpi.core.session import State

if TYPE_CHECKING:
    from matpi.core.device import Device

UNUSED_S = 600.0
"""Chosen: time to read the advice, fetch a towel and lie down."""
_TELLS_OF_LAST = frozenset(
    {State.DONE, State.CONFIRM, State.OFF_MAT, State.CAPPED, State.RATING, State.SAVED, State.FELT_WRONG}
)


class Choice:
    """`left_open` is a session that a power cut left open: whoever lies there still does the same.

    What is chosen by hand after the cut says that somebody else is meant, or something else: then nothing is inherited.
    """

    def __init__(self, t: float, left_open: Session | None) -> None:
        self.name = None if left_open is None or left_open.routine == "plan" else left_open.routine
        self.inherited = left_open is not None
        self.since = t

    def take(self, name: str, t: float) -> None:
        self.by_hand(t)
        self.name = name

    def drop(self) -> None:
        self.name, self.inherited = None, False

    def by_hand(self, t: float) -> None:
        """Start the time of the choice anew: a routine or a person was chosen. Nothing is inherited any more."""
        if self.inherited:
            self.drop()
        self.since = t


def due(device: Device) -> float:
    """When the choice is forgotten."""
    if device.choice.name is None or device.machine.unfinished():
        return inf
    return device.choice.since + UNUSED_S


def forget(device: Device) -> None:
    """Drop the choice: its session has ended, or never came."""
    device.choice.drop()
    device.look_again()


def next_name(device: Device) -> str:
    """Of the session to come."""
    return device.settings.routine if device.choice.name is None else device.choice.name


def routine(device: Device) -> Routine:
    """Of the session that is shown, else of the one to come. A name that nobody knows any more is the plan's."""
    session = spoken_of(device)
    return _named(next_name(device) if session is None else session.routine)


def plan(device: Device) -> Plan:
    """Of the day of the session that is shown, else today's."""
    session = spoken_of(device)
    return device.plans.of_session(device, None if session is None else session.day)


def target(device: Device) -> tuple[int, int]:
    """Minutes, lower and upper, of the session that is shown or to come."""
    return target_of(routine(device), plan(device))


def follows_off_mat(device: Device, session: Session) -> bool:
    own = ROUTINES.get(session.routine)
    return own is not None and goes_on_off_mat(own, device.plans.of_session(device, session.day), session.on_mat_s)


def settle(device: Device) -> None:
    """The threshold of presence is that of the session to come, once the mat is empty."""
    if not settled(device):
        device.presence.configure(_wanted_kg(device), judged=device.choice.name is None)


def settled(device: Device) -> bool:
    """False: another threshold can be set now. Not before the first reading, which tells who lay there at the start."""
    presence = device.presence
    if presence.heard_at is None or presence.load is not Load.EMPTY or device.machine.unfinished():
        return True
    return presence.rules.on_kg == _wanted_kg(device) and presence.judged is (device.choice.name is None)


def _wanted_kg(device: Device) -> float:
    return _named(next_name(device)).on_kg(device.rules.presence.on_kg)


def _named(name: str) -> Routine:
    return ROUTINES.get(name, ROUTINES["plan"])


def spoken_of(device: Device) -> Running | Session | None:
    """The session that is shown."""
    machine = device.machine
    if machine.running is not None:
        return machine.running
    return machine.last if machine.state in _TELLS_OF_LAST else machine.discarded()
