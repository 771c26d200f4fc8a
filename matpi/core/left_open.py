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
    """`session` is the open row as its last checkpoint told it."""

    def __init__(self, session: Session, boot_t: float, rules: DeviceRules) -> None:
        self.session = session
        self._rules = rules
        self._began = boot_t
        self._reading = False

    def heard(self, t: float) -> None:
        """A reading came; who touched the mat soon after the first one lay there all the time."""
        if not self._reading:
            self._reading, self._began = True, t

    def due(self, state: State) -> float:
        """Until when to wait for somebody; as long as there is somebody, the clock may still tell how long it was."""
        if state in _SOMEBODY:
            return inf
        rules = self._rules
        return self._began + (rules.still_there_s if self._reading else rules.presence.sensor_gone_s)

    def verdict(self, touch: float, touch_utc: float | None) -> Verdict:
        """Somebody is on the mat since `touch`; `touch_utc` is None while the clock is not trusted."""
        seen_utc = self.session.end_utc
        if touch > self._began + self._rules.still_there_s:
            return Verdict(close="somebody lay down after the power cut")
        if seen_utc is None:
            return Verdict(close="nobody knows when that was")
        if touch_utc is None:
            return Verdict()
        gap_s = touch_utc - seen_utc
        if 0.0 <= gap_s <= self._rules.resume_s:
            return Verdict(gap_s=gap_s)
        return Verdict(close=f"power was off for {gap_s / 60:.0f} min")

    def carry_into(self, running: Running, gap_s: float) -> None:
        """The session under way is this one, going on."""
        before = self.session
        running.id, running.carried, running.gap_s = before.id, before, gap_s
        running.start_utc, running.utc_offset_s, running.day = before.start_utc, before.utc_offset_s, before.day
