"""A session that a power cut left open: it goes on when somebody still lies there, else it is closed where it was."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from matpi.core import choice, who
from matpi.core.effects import Drop, Said, Save
from matpi.core.model import EndReason, Session
from matpi.core.rules import DeviceRules
from matpi.core.running import Running
from matpi.core.session import State

if TYPE_CHECKING:
    from matpi.core.device import Device

_SOMEBODY = frozenset({State.ARRIVING, State.ON_MAT, State.AWAY, State.HOLDING})


@dataclass(frozen=True, slots=True)
class Verdict:
    """With `gap_s` the session goes on after so long; else `close` says why not; neither: the clock may still tell."""

    gap_s: float | None = None
    close: str | None = None


class LeftOpen:
    """`session` is the open row as its last checkpoint told it. `heard_at`: the first reading, None while silent."""

    def __init__(self, session: Session, boot_t: float, rules: DeviceRules) -> None:
        self.session = session
        self._rules = rules
        self._boot_t = boot_t

    def due(self, state: State, heard_at: float | None) -> float:
        """Until when to wait for somebody; as long as there is somebody, the clock may still tell how long it was."""
        if state in _SOMEBODY:
            return inf
        return self._boot_t + self._rules.resume_s if heard_at is None else heard_at + self._rules.still_there_s

    def verdict(self, touch: float, heard_at: float | None, boot_id: str, touch_utc: float | None) -> Verdict:
        """Somebody is on the mat since `touch`; `touch_utc` is None while the clock is not trusted."""
        if touch > (self._boot_t if heard_at is None else heard_at) + self._rules.still_there_s:
            return Verdict(close="somebody lay down after the power cut")
        gap_s = gap_since(self.session, touch, boot_id, touch_utc)
        if gap_s is None:
            known = self.session.end_utc is not None and not self.session.estimated
            return Verdict() if known else Verdict(close="its time is not known")
        if 0.0 <= gap_s <= self._rules.resume_s:
            return Verdict(gap_s=gap_s)
        return Verdict(close=f"power was off for {gap_s / 60:.0f} min")

    def carry_into(self, running: Running, gap_s: float) -> None:
        """The session under way is this one, going on."""
        before = self.session
        running.id, running.carried, running.gap_s = before.id, before, gap_s
        running.routine, running.person = before.routine, before.person
        running.load_kg = running.load_kg or before.load_kg
        running.start_utc, running.utc_offset_s, running.day = before.start_utc, before.utc_offset_s, before.day
        running.estimated = before.estimated


def due(device: Device) -> float:
    """When to give up waiting for somebody who still lies there; infinity when nothing was left open."""
    left = device.left_open
    return inf if left is None else left.due(device.machine.state, device.presence.heard_at)


def ask(device: Device, t: float, touch: float) -> None:
    """Somebody is on the mat since `touch`: the session of before the cut goes on, ends, or waits for the clock."""
    left, running = device.left_open, device.machine.running
    if left is None or running is None:
        return
    verdict = left.verdict(touch, device.presence.heard_at, device.boot_id, device.wall.utc(touch))
    if verdict.gap_s is None:
        if verdict.close is not None:
            close(device, t, verdict.close)
        return
    device.left_open = None
    device.keep(Drop(Session, running.id, "joined"))
    left.carry_into(running, verdict.gap_s)
    device.note(t, "resumed", f"the session goes on after {verdict.gap_s:.0f} s without power")
    device.checkpoint(t)


def close(device: Device, t: float, why: str) -> None:
    """The session of before the cut ends where its last checkpoint stands."""
    left, device.left_open = device.left_open, None
    if left is None:
        return
    _forget_choice(device, t)
    record = left.session.closed(EndReason.POWER_LOST)
    device.note(t, "power_lost", f"a session was left open by a power cut: {why}")
    if record.on_mat_s < device.rules.min_session_s:
        device.keep(Drop(Session, record.id, "short"))
        device.report(t, Said.SHORT, record)
    else:
        device.keep(Save(record))
        device.report(t, Said.SESSION_ENDED, record)


def _forget_choice(device: Device, t: float) -> None:
    """Drop the routine that the closed session passed on, also from a session that has begun as if it were the same."""
    if not device.choice.inherited:
        return
    choice.forget(device)
    running = device.machine.running
    if running is None:
        return
    running.routine = choice.next_name(device)
    if device.who.people.on:
        who.look_from(device, t, running)
    device.checkpoint(t)


def still_capped(device: Device, touch: float) -> Session | None:
    """Who lay there when the cap closed this session, and when the power or the cells went, lies there still."""
    capped, heard_at = device.capped, device.presence.heard_at
    if capped is None or heard_at is None or touch > heard_at + device.rules.still_there_s:
        return None
    if capped.boot_id == device.boot_id:
        return capped  # nobody was seen to get up
    # Whether somebody got up before the power went is not known: right at the boot, and soon after, it is the same one.
    gap_s = gap_since(capped, touch, device.boot_id, device.wall.utc(touch))
    return capped if gap_s is not None and 0.0 <= gap_s <= device.rules.cap_s else None


def gap_since(session: Session, touch: float, boot_id: str, touch_utc: float | None) -> float | None:
    """Seconds from the session's end to `touch`; None when no clock tells. Within one boot the monotonic one does."""
    if session.boot_id == boot_id:
        return touch - (session.start_mono + session.span_s)
    end_utc = None if session.estimated else session.end_utc  # an estimate knows nothing of the time without power
    return None if end_utc is None or touch_utc is None else touch_utc - end_utc
