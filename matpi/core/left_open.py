"""A session that a power cut left open: it goes on when somebody still lies there, else it is closed where it was."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from matpi.core.model import Session
from matpi.core.rules import DeviceRules
from matpi.core.session import Running, State

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
            return Verdict(close="nobody knows when that was") if self.session.end_utc is None else Verdict()
        if 0.0 <= gap_s <= self._rules.resume_s:
            return Verdict(gap_s=gap_s)
        return Verdict(close=f"power was off for {gap_s / 60:.0f} min")

    def carry_into(self, running: Running, gap_s: float) -> None:
        """The session under way is this one, going on."""
        before = self.session
        running.id, running.carried, running.gap_s = before.id, before, gap_s
        running.start_utc, running.utc_offset_s, running.day = before.start_utc, before.utc_offset_s, before.day


def gap_since(session: Session, touch: float, boot_id: str, touch_utc: float | None) -> float | None:
    """Seconds from the session's end to `touch`; None when no clock tells. Within one boot the monotonic one does."""
    if session.boot_id == boot_id:
        return touch - (session.start_mono + session.span_s)
    end_utc = session.end_utc
    return None if end_utc is None or touch_utc is None else touch_utc - end_utc
