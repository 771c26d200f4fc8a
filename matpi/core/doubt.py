"""Was that you? Which loads are known as the person's, and which session is asked about."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Final

from matpi.core import choice, who, wishes
from matpi.core.effects import SaveSession
from matpi.core.model import LOAD_MAX_KG, Doubt, Log, Session

if TYPE_CHECKING:
    from matpi.core.device import Device
    from matpi.core.presence.evidence import Evidence

HALF: Final = 0.5
"""Under this share of the usual load somebody else may have been on the mat: a child, a dog."""
KNOWN: Final = 0.2
"""Within this share of a known load it is the person's."""
SAME_KG: Final = 4.0
"""Within this of a load that was answered with "no" the screen does not ask again."""
USUAL_MIN: Final = 3
"""Sessions before a load is usual."""
USUAL_OF: Final = 10


def judged(device: Device, session: Session, evidence: Evidence) -> Session:
    """Return the session that just ended, with its load and with what speaks against its being the person's."""
    middle = evidence.middle_kg
    load_kg = session.load_kg if middle is None or not 0.01 <= middle < LOAD_MAX_KG else round(middle, 2)
    session = replace(session, load_kg=load_kg)
    doubt = evidence.doubt or _of_load(session, who.log_of(device, session.person), device.settings.others)
    return replace(session, doubt=doubt)


def _of_load(session: Session, log: Log, others: str) -> Doubt | None:
    load, known = session.load_kg, _loads(session, log)
    if load is None:
        return None
    if others == "no":
        unusual = len(known) >= USUAL_MIN and load < HALF * median(known[-USUAL_OF:])
        return Doubt.UNUSUAL if unusual else None
    return None if any(abs(load - own) <= KNOWN * own for own in known) else Doubt.UNKNOWN


def _loads(session: Session, log: Log, *, counting: bool = True) -> list[float]:
    """Loads of earlier sessions of the same routine, oldest first."""
    return [
        s.load_kg
        for s in log.sessions
        if s.routine == session.routine and s.id != session.id and s.load_kg is not None and s.counts is counting
    ]


def asks(device: Device, session: Session) -> bool:
    """Whether the screen asks about this session; the list takes an answer about any."""
    if session.yours is not None or session.doubt not in {Doubt.UNUSUAL, Doubt.UNKNOWN} or session.load_kg is None:
        return False
    log = who.log_of(device, session.person)
    denied = [s.load_kg for s in log.sessions if s.yours is False and s.load_kg is not None and s.id != session.id]
    return not any(abs(session.load_kg - kg) <= SAME_KG for kg in denied)


def open_question(device: Device) -> Session | None:
    """Today's last session, if it counts only once somebody says that it was theirs."""
    sessions = device.keeper.log.sessions
    last = sessions[-1] if sessions else None
    if last is None or last.counts or last.day != choice.plan(device).today or not asks(device, last):
        return None
    return last


def answer(device: Device, *, yours: bool) -> None:
    """Take the answer about the session that is shown.

    "No" to an unusual load means that others use the mat: from then on unknown loads are asked about first.
    """
    last = device.machine.last
    if last is None:
        return
    if not yours and last.doubt is Doubt.UNUSUAL:
        wishes.change_setting(device, "others", "pets")
    device.machine.last = replace(last, yours=yours)
    device.keep(SaveSession(device.machine.last))
