"""What is over with a choice: whose and what the next session is, and what a guest said of themselves."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from matpi.core import choice, who
from matpi.core.people import GUEST_ID
from matpi.core.session import State

if TYPE_CHECKING:
    from matpi.core.device import Device


def forget_choice(device: Device, t: float) -> None:
    """Nobody used it. A guest's safety pages are not the next one's: they close, or begin anew for who must answer."""
    guest = device.choice.guest
    device.choice.drop()
    device.look_again()
    if not guest:
        return
    forget_guest(device)
    if device.machine.state is not State.SAFETY:
        return
    if device.acknowledgement is None:
        device.safety_page, device.page_turned = 0, t
    else:
        device.fire("answered", t, "the guest is gone")


def forget_left_open(device: Device, t: float) -> None:
    """The session of before a power cut is closed: nobody is its guest any more, and nothing is of its routine.

    That holds for a session under way too, which began as if it were the same, and for what the load says of it.
    """
    if not device.choice.inherited:
        return
    forget_choice(device, t)
    running = device.machine.running
    if running is None:
        return
    running.routine = choice.next_name(device)
    if running.person == GUEST_ID:
        running.person = who.next_owner(device)
        device.who.suggestion, device.who.asked_until = None, -inf
        if running.load_kg is not None:
            who.suggest_by_load(device, t, running)
    if device.who.people.on:
        who.look_from(device, t, running)
    device.checkpoint(t)


def forget_guest(device: Device) -> None:
    """The next guest is somebody else: this one's answer goes with the last that is theirs, or may still be."""
    under_way = any(running.person == GUEST_ID for running in device.machine.unfinished())
    if GUEST_ID not in device.who.answers or under_way or who.owner(device) == GUEST_ID or device.choice.guest:
        return
    del device.who.answers[GUEST_ID]
    device.replan()
