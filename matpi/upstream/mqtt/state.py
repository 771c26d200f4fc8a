"""Copy the device's state for the live view, in the thread of its loop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from math import fsum, inf
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from matpi.core.clock import day_bounds
from matpi.core.effects import Effect, Report, Said
from matpi.core.front import Front
from matpi.core.model import Log
from matpi.core.plan.progress import RestReason
from matpi.core.plan.trend import number_of
from matpi.words import ENGLISH

if TYPE_CHECKING:
    from matpi.core.device import Device

COPY_EVERY_S: Final = 1.0  # chosen: so often the device is copied while its state stays the same

# Also while the timer waits for the person to come back, so that lights do not flicker.
OCCUPIED: Final = frozenset({Front.ON_MAT, Front.AWAY, Front.HOLDING, Front.CAPPED})

Edges = Callable[[], tuple[float | None, int]]  # measured Hz of the slowest chip, and records due over all sinks


class LastSession(Struct, frozen=True):
    id: str
    on_mat_s: float
    reason: str
    routine: str
    end: str | None  # ISO 8601 with offset; None until the clock was trusted
    counts: bool = True  # in the plan and in all totals


class Diagnostics(Struct, frozen=True):
    rate_hz: float | None = None
    outbox_depth: int = 0
    rejected: int = 0
    clock_trusted: bool = False
    unsaved: int = 0
    version: str = ""


class LiveState(Struct, frozen=True):
    """The mat and its owner's day, rounded as it is sent: an equal state need not be sent."""

    phase: str
    occupied: bool
    elapsed_s: int  # on the mat, of the session under way; 0 without one
    today_min: float | None  # of today's stored sessions that count, of all people; None until today is known
    today_since: str | None  # when today began, ISO 8601 with offset
    lifetime_h: float  # of all stored sessions that count
    done: bool
    plan_day: int
    plan_days: int
    target_lower_min: int
    target_upper_min: int
    clothing: str
    rest_day: bool
    streak_days: int
    week_count: int
    weekly_goal: int
    tightness: int | None  # the first rating of the last rated day, 10 = tightest
    nudge_due: bool
    nudge_on: bool
    bedtime: str
    rest_declared: bool
    sensor_lost: bool
    last: LastSession | None
    diagnostics: Diagnostics = field(default_factory=Diagnostics)


class Happening(Struct, frozen=True):
    """An event for present subscribers."""

    t: float
    kind: str  # session_started or session_ended
    session_id: str | None = None
    on_mat_s: float | None = None
    reason: str | None = None
    counts: bool | None = None


class Observer:
    """Copies a device to `LiveState`, without names of people, weights or addresses."""

    def __init__(self) -> None:
        self._summed: tuple[Log, date | None] | None = None
        self._today_s = self._lifetime_s = 0.0
        self._due = -inf
        self._state: Front | None = None

    def turned(self, device: Device, now: float, edges: Edges) -> LiveState | None:
        """Copy `device` when its state changes, and once a second. Else it costs a comparison."""
        state = device.stage.front
        if now < self._due and state is self._state:
            return None
        self._due, self._state = now + COPY_EVERY_S, state
        return self.copy(device, edges)

    def copy(self, device: Device, edges: Edges) -> LiveState:
        """Copy `device`. This function alone reads it."""
        seen, settings, wall = device.snapshot(), device.ledger.settings, device.clock
        everything, log = device.ledger.log, device.household.log
        today = wall.day(seen.t) if wall.trusted else None
        if self._summed is None or self._summed[0] is not everything or self._summed[1] != today:
            self._summed = everything, today
            self._today_s = fsum(s.on_mat_s for s in everything.counting if s.day == today)
            self._lifetime_s = fsum(s.on_mat_s for s in everything.counting)
        on_mat_s = seen.on_mat_s or 0.0
        counts = seen.open is not None and seen.open.counts
        plan = seen.plan.running(on_mat_s) if on_mat_s and counts else seen.plan

        def iso(utc: float) -> str:
            return datetime.fromtimestamp(utc, wall.zone).isoformat(timespec="seconds")

        last = None
        if log.sessions:
            s = log.sessions[-1]
            end = None if s.end_utc is None or s.estimated else iso(s.end_utc)
            last = LastSession(s.id, round(s.on_mat_s, 1), str(s.reason), s.routine, end, s.counts)
        rated = next(reversed(log.ratings), None)
        number = rated if rated is None or rated.day is None else number_of(log, rated.day)
        rate_hz, depth = edges()
        return LiveState(
            phase=seen.front.name.lower(),
            occupied=seen.front in OCCUPIED,
            elapsed_s=int(on_mat_s),
            today_min=None if today is None else round(self._today_s / 60.0, 1),
            today_since=None if today is None else iso(day_bounds(today, wall.zone, wall.day_start)[0]),
            lifetime_h=round(self._lifetime_s / 3600.0, 2),
            done=plan.says_done,
            plan_day=min(plan.day, plan.days),
            plan_days=plan.days,
            target_lower_min=plan.range_min[0],
            target_upper_min=plan.range_min[1],
            clothing=ENGLISH.say(plan.clothing),
            rest_day=plan.rest_day,
            streak_days=plan.streak,
            week_count=plan.week_count,
            weekly_goal=plan.weekly_goal,
            tightness=None if number is None else number.value,
            nudge_due=seen.reminder is not None and seen.reminder.reason is None,
            nudge_on=settings.nudge,
            bedtime=f"{settings.bedtime:%H:%M}",
            rest_declared=plan.rest_reason is RestReason.DECLARED,
            sensor_lost=seen.silent,
            last=last,
            diagnostics=Diagnostics(rate_hz, depth, seen.rejected, seen.trusted, seen.unsaved, device.version),
        )


def happening(effect: Effect) -> Happening | None:
    """Return what of an effect is reported as it happens, None for most."""
    if not isinstance(effect, Report) or effect.event not in {Said.SESSION_STARTED, Said.SESSION_ENDED}:
        return None
    kind, session = str(effect.event), effect.session
    if session is None:
        return Happening(effect.t, kind)
    return Happening(effect.t, kind, session.id, round(session.on_mat_s, 1), str(session.reason), session.counts)
