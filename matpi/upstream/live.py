"""What the house is shown of this moment: a small copy of the device, made in its thread, and when to send it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from math import fsum
from typing import TYPE_CHECKING, Final

from matpi.core import who
from matpi.core.calendar_day import day_bounds
from matpi.core.effects import Effect, Report, Said
from matpi.core.model import Log, Session
from matpi.core.plan.progress import RestReason
from matpi.core.session import State

if TYPE_CHECKING:
    from matpi.core.device import Device

ELAPSED_EVERY_S: Final = 10.0
"""What only counts up is sent so often at most: every change is a row in Home Assistant's database."""
BEAT_EVERY_S: Final = 60.0
"""The same state is sent again so often, as long as the loop turns: what is not said again has expired. Chosen."""
DIAGNOSTICS_EVERY_S: Final = 60.0  # chosen: they are looked at when something is wrong
CHANGE_EVERY_S: Final = 1.0  # chosen: a load that flutters around a threshold does not flood the broker
LOOK_EVERY_S: Final = 1.0  # chosen: so often the device is copied while its state stays the same
EVENT_KEPT_S: Final = 30.0
"""An event is dated by Home Assistant when it arrives: one that could not be sent for so long is not sent. Chosen."""

OCCUPIED: Final = frozenset({State.ON_MAT, State.AWAY, State.HOLDING, State.CAPPED})
"""Somebody is there: also while the timer waits for them to come back, so that lights do not flicker."""


@dataclass(frozen=True, slots=True)
class LastSession:
    id: str
    on_mat_s: float
    reason: str
    routine: str
    end: str | None
    """ISO 8601 with offset; None until the clock was trusted."""
    counts: bool = True
    """In the plan and in all totals."""


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """What the edges know and the core does not."""

    rate_hz: float | None = None
    """Of the slowest load cell chip, as measured."""
    outbox_depth: int = 0
    """Records not yet delivered, over all sinks."""
    rejected: int = 0
    clock_trusted: bool = False
    unsaved: int = 0
    version: str = ""


@dataclass(frozen=True, slots=True)
class LiveState:
    """Of the mat and of whose turn it is. Everything is rounded as it is sent, so that equal means nothing to send."""

    phase: str
    occupied: bool
    elapsed_s: int
    """On the mat, of the session under way; 0 without one."""
    today_min: float | None
    """Of today's sessions on record that count, of everyone, without the one under way; None until today is known."""
    today_since: str | None
    """When today began, ISO 8601 with offset."""
    lifetime_h: float
    """Of every session on record that counts, without the one under way."""
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
    tightness: int | None
    """The latest answer, 10 = tightest."""
    nudge_due: bool
    nudge_on: bool
    bedtime: str
    rest_declared: bool
    """Somebody has said that today is one."""
    sensor_lost: bool
    last: LastSession | None
    diagnostics: Diagnostics = field(default_factory=Diagnostics)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something to tell once, to whoever listens now."""

    t: float
    kind: str
    """session_started or session_ended."""
    session_id: str | None = None
    on_mat_s: float | None = None
    reason: str | None = None
    counts: bool | None = None


class Observer:
    """Makes `LiveState` of a device; used in the thread that owns it. Without names of people, weights or addresses."""

    def __init__(self) -> None:
        self._summed: tuple[Log, date | None] | None = None
        self._today_s = self._lifetime_s = 0.0

    def look(self, device: Device, diagnostics: Diagnostics) -> LiveState:
        """`diagnostics` as the edges know them; what the core knows of them is filled in here."""
        seen, settings = device.snapshot(), device.settings
        everything, log = device.keeper.log, who.log(device)
        wall = device.wall
        today = wall.day(seen.t) if wall.trusted else None
        if self._summed is None or self._summed[0] is not everything or self._summed[1] != today:
            self._summed = everything, today
            self._today_s = fsum(s.on_mat_s for s in everything.counting if s.day == today)
            self._lifetime_s = fsum(s.on_mat_s for s in everything.counting)
        on_mat_s = seen.on_mat_s or 0.0
        counts = seen.open is not None and seen.open.counts
        plan = seen.plan.running(on_mat_s) if on_mat_s and counts else seen.plan
        return LiveState(
            phase=seen.state.name.lower(),
            occupied=seen.state in OCCUPIED,
            elapsed_s=int(on_mat_s),
            today_min=None if today is None else round(self._today_s / 60.0, 1),
            today_since=None if today is None else _iso(day_bounds(today, wall.zone, wall.day_start)[0], wall.zone),
            lifetime_h=round(self._lifetime_s / 3600.0, 2),
            done=plan.done,
            plan_day=min(plan.day, plan.days),
            plan_days=plan.days,
            target_lower_min=plan.lower_min,
            target_upper_min=plan.upper_min,
            clothing=plan.clothing,
            rest_day=plan.rest_day,
            streak_days=plan.streak,
            week_count=plan.week_count,
            weekly_goal=plan.weekly_goal,
            tightness=log.ratings[-1].value if log.ratings else None,
            nudge_due=seen.nudge is not None and seen.nudge.reason is None,
            nudge_on=settings.nudge,
            bedtime=f"{settings.bedtime:%H:%M}",
            rest_declared=plan.rest_reason is RestReason.DECLARED,
            sensor_lost=seen.silent,
            last=_last(device, log),
            diagnostics=replace(
                diagnostics,
                rejected=seen.rejected,
                clock_trusted=seen.trusted,
                unsaved=seen.unsaved,
                version=device.version,
            ),
        )


def _last(device: Device, log: Log) -> LastSession | None:
    if not log.sessions:
        return None
    last: Session = log.sessions[-1]
    end = None if last.end_utc is None or last.estimated else _iso(last.end_utc, device.wall.zone)
    return LastSession(last.id, round(last.on_mat_s, 1), str(last.reason), last.routine, end, last.counts)


def _iso(utc: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(utc, zone).isoformat(timespec="seconds")


def happening(effect: Effect) -> Happening | None:
    """What of an effect is told as it happens."""
    if not isinstance(effect, Report) or effect.event not in {Said.SESSION_STARTED, Said.SESSION_ENDED}:
        return None
    session = effect.session
    if session is None:
        return Happening(effect.t, str(effect.event))
    on_mat_s, reason = round(session.on_mat_s, 1), str(session.reason)
    return Happening(effect.t, str(effect.event), session.id, on_mat_s, reason, session.counts)


class Telling:
    """Between the loop and whoever shows: `turned` after each event of the loop, `watch` for each effect."""

    def __init__(
        self,
        show: Callable[[LiveState], None],
        tell: Callable[[Happening], None],
        diagnostics: Callable[[], Diagnostics],
    ) -> None:
        """`diagnostics` is asked once a second at most, in the thread of the loop, and must not wait for anything."""
        self._show, self._tell, self._diagnostics = show, tell, diagnostics
        self._observer = Observer()
        self._due = float("-inf")
        self._state: State | None = None

    def turned(self, device: Device, now: float) -> None:
        """`now` in monotonic seconds. Costs a comparison, and a copy of the device once a second."""
        state = device.machine.state
        if now < self._due and state is self._state:
            return
        self._due, self._state = now + LOOK_EVERY_S, state
        self._show(self._observer.look(device, self._diagnostics()))

    def watch(self, effect: Effect) -> None:
        told = happening(effect)
        if told is not None:
            self._tell(told)


class Pace:
    """When which of the two messages is to be sent again; the newest state wins, nothing is queued."""

    def __init__(self) -> None:
        self._sent: LiveState | None = None
        self._last: LiveState | None = None
        """The very object that was sent last: one that is equal and another was shown since."""
        self._sent_at = self._diagnostics_at = float("-inf")

    def forget(self) -> None:
        """Nobody has anything: send both."""
        self._sent = None

    def due(self, state: LiveState | None, now: float) -> float:
        """When `state` has to be looked at for sending; infinity when it was sent."""
        if state is None:
            return float("inf")
        if self._sent is None:
            return now
        sent = self._sent
        at = float("inf") if state is self._last else self._sent_at + BEAT_EVERY_S
        if _steady(state) != _steady(sent):
            at = min(at, self._sent_at + CHANGE_EVERY_S)
        elif state.elapsed_s != sent.elapsed_s:
            at = min(at, self._sent_at + ELAPSED_EVERY_S)
        if state.diagnostics != sent.diagnostics:
            at = min(at, self._diagnostics_at + DIAGNOSTICS_EVERY_S)
        return at

    def take(self, state: LiveState, now: float) -> tuple[bool, bool]:
        """Whether to send the state, and the diagnostics, now; what is taken counts as sent."""
        if self._sent is None:
            self._sent, self._sent_at, self._diagnostics_at = state, now, now
            self._last = state
            return True, True
        sent = self._sent
        main = _steady(state) != _steady(sent) and now >= self._sent_at + CHANGE_EVERY_S
        main = main or (state.elapsed_s != sent.elapsed_s and now >= self._sent_at + ELAPSED_EVERY_S)
        main = main or (state is not self._last and now >= self._sent_at + BEAT_EVERY_S)
        more = state.diagnostics != sent.diagnostics and now >= self._diagnostics_at + DIAGNOSTICS_EVERY_S
        self._sent = replace(state if main else sent, diagnostics=state.diagnostics if more else sent.diagnostics)
        self._sent_at = now if main else self._sent_at
        self._last = state if main else self._last
        self._diagnostics_at = now if more else self._diagnostics_at
        return main, more


def _steady(state: LiveState) -> LiveState:
    return replace(state, elapsed_s=0, diagnostics=Diagnostics())
