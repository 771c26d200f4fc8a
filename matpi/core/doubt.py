"""Was that you? Which loads are known as the person's, and which session is asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Final

from matpi.core import choice, who, wishes
from matpi.core.effects import Save
from matpi.core.model import LOAD_MAX_KG, Doubt, Session
from matpi.core.session import State

if TYPE_CHECKING:
    from matpi.core.device import Device
    from matpi.core.presence.evidence import Evidence

HALF: Final = 0.5
"""Under this share of the lightest usual load another may have been on the mat: a child, a dog."""
KNOWN: Final = 0.2
"""Within this share of a known load it is the person's."""
SAME_KG: Final = 4.0
"""Within this of a load of the same routine that was answered with "no" the screen does not ask again."""
USUAL_MIN: Final = 3
"""Sessions before a load is usual."""


def judged(device: Device, session: Session, evidence: Evidence) -> Session:
    """Return the session that just ended, with its load and with what speaks against its being the person's."""
    middle = evidence.middle_kg
    load_kg = session.load_kg if middle is None or not 0.01 <= middle < LOAD_MAX_KG else round(middle, 2)
    session = replace(session, load_kg=load_kg)
    return replace(session, doubt=evidence.doubt or _of_load(device, session))


def _of_load(device: Device, session: Session) -> Doubt | None:
    load, known = session.load_kg, _loads(device, session, _is_known)
    if load is None:
        return None
    if device.settings.others == "no":
        unusual = len(known) >= USUAL_MIN and load < HALF * min(known)
        return Doubt.UNUSUAL if unusual else None
    nearest = min((abs(load - kg) for kg in _denied(device, session)), default=inf)
    return None if any(abs(load - own) <= min(KNOWN * own, nearest) for own in known) else Doubt.UNKNOWN


def _loads(device: Device, session: Session, which: Callable[[Session], bool]) -> list[float]:
    """Loads of other sessions of the same routine, oldest first; where several people are named, of all of them."""
    log = device.keeper.log if device.who.people.on else who.log_of(device, session.person)
    return [
        s.load_kg
        for s in log.sessions
        if s.routine == session.routine and s.id != session.id and s.load_kg is not None and which(s)
    ]


def _is_known(session: Session) -> bool:
    return session.counts and (session.doubt is None or session.yours is True)


def _denied(device: Device, session: Session) -> list[float]:
    return _loads(device, session, lambda one: one.yours is False)


def is_open(session: Session) -> bool:
    """Whether it is to be asked about: any doubt but of a thing. The list takes an answer about any."""
    return session.yours is None and session.doubt not in {None, Doubt.THING}


def asks(device: Device, session: Session) -> bool:
    """Whether the screen asks about this session; with several people the result asks whose it is."""
    if not is_open(session) or device.who.people.on:
        return False
    load, known = session.load_kg or 0.0, _loads(device, session, _is_known)
    near = any(abs(load - own) <= KNOWN * own for own in known)
    return near or not any(abs(load - kg) <= SAME_KG for kg in _denied(device, session))


def follow(device: Device, t: float) -> None:
    """On from the result of a session that is asked about, or that does not count."""
    machine = device.machine
    last = machine.last if machine.state is State.DONE else None
    if last is None or last.yours is not None:
        return
    if asks(device, last):
        device.fire("doubtful", t, str(last.doubt))
    elif not last.counts and not (device.who.people.on and is_open(last)):
        device.fire("not_counted", t, str(last.doubt))


def open_question(device: Device) -> Session | None:
    """Today's last session, if it counts only once somebody says that it was theirs."""
    last = next(reversed(device.keeper.log.sessions), None)
    if last is None or last.counts or last.day != choice.plan(device).today or not asks(device, last):
        return None
    return last


def answer(device: Device, *, yours: bool) -> None:
    """Take the answer about the session that is shown, as the log has it by now.

    "No" to an unusual load means that others use the mat: from then on unknown loads are asked about first.
    """
    shown = device.machine.last
    asked = next((s for s in device.keeper.log.sessions if shown is not None and s.id == shown.id), None)
    if asked is None:
        return
    if not yours and asked.doubt is Doubt.UNUSUAL:
        wishes.change_setting(device, "others", "pets")
    device.machine.last = replace(asked, yours=yours)
    device.keep(Save(device.machine.last))
