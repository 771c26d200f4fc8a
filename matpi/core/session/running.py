"""The session under way, and what it would be if it ended now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import inf

from matpi.core.clock import Clock
from matpi.core.model import Session


@dataclass(slots=True)
class Running:
    """The session under way. Times are monotonic; `carried` is what it brought over a power cut.

    The session machine changes it; but the household sets person and load, and Recovery what it continues.
    """

    id: str
    boot_id: str
    start: float
    carried: Session | None = None
    gap_s: float = 0.0  # from the carried session's last checkpoint to `start`; not time on the mat
    frozen_at: float | None = None  # left then; the timer waits
    silent_at: float | None = None
    """The load cells fell silent then. If they come back in time the silence counts; nothing is claimed before."""
    away_s: float = 0.0
    aways: int = 0
    last_away: tuple[float, float] = (-inf, -inf)
    """Left, and back. An end no later than that leaving: what came back was a thing."""
    start_utc: float | None = None
    utc_offset_s: int | None = None
    day: date | None = None
    estimated: bool = False
    routine: str = "plan"
    load_kg: float | None = None
    person: str | None = None

    def carry(self, before: Session, gap_s: float) -> None:
        """Make it `before`, going on after `gap_s`."""
        self.id, self.carried, self.gap_s = before.id, before, gap_s
        self.routine, self.person, self.load_kg = before.routine, before.person, self.load_kg or before.load_kg
        self._date_as(before)

    def _date_as(self, before: Session) -> None:
        self.start_utc, self.utc_offset_s, self.day = before.start_utc, before.utc_offset_s, before.day
        self.estimated = before.estimated

    def date(self, clock: Clock) -> None:
        """Date it by its start, or as the session that it continues."""
        if self.carried is not None:
            self._date_as(self.carried)
        elif self.boot_id == clock.boot_id:
            utc = self.start + clock.offset_utc
            self.start_utc, self.utc_offset_s, self.day = utc, clock.offset_at(utc), clock.day_at(utc)
            self.estimated = not clock.trusted

    def on_mat_s(self, t: float) -> float:
        """Seconds on the mat up to `t`; stands still while away, and while nothing is heard."""
        left, back = self.last_away
        here = self._seen(t) - self.start - self.away_s + (back - left if t <= left else 0.0)
        return max(0.0, here) + (self.carried.on_mat_s if self.carried else 0.0)

    @property
    def began(self) -> float:
        """When the time on the mat had begun if the person had never been away: the same at any time while it runs."""
        return self.start + self.away_s - (self.carried.on_mat_s if self.carried else 0.0)

    def _seen(self, t: float) -> float:
        if self.frozen_at is not None:
            t = min(t, self.frozen_at)
        return t if self.silent_at is None else min(t, self.silent_at)

    def record(self, t: float) -> Session:
        """The session as it would stand if it ended at `t` (or at the moment of leaving)."""
        on_mat = self.on_mat_s(t)
        span = max(0.0, self._seen(t) - self.start)
        before = self.carried
        return Session(
            id=self.id,
            boot_id=before.boot_id if before else self.boot_id,
            start_mono=before.start_mono if before else self.start,
            span_s=max(on_mat, span + (before.span_s + self.gap_s if before else 0.0)),
            on_mat_s=on_mat,
            start_utc=self.start_utc,
            utc_offset_s=self.utc_offset_s,
            day=self.day,
            aways=self.aways - (t <= self.last_away[0]) + (before.aways + 1 if before else 0),
            routine=self.routine,
            load_kg=self.load_kg,
            person=self.person,
            estimated=self.estimated,
        )
