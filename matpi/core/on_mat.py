"""The session as its screen shows it: minutes, mm:ss or the breath, what is said, and the LED with it.

A tap goes round: minutes, mm:ss, breath, minutes. The breath comes by itself where the routine has it, and goes on
until a tap, its last cycle, or "enough"; by hand it comes at any time and goes on until "get up slowly now": from there
on a tap shows mm:ss and no more. All of it is a function of the time on the mat, so nothing drifts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from matpi.core import choice, who
from matpi.core.plan import breathing, routine
from matpi.core.plan.breathing import CYCLES_MAX, Side
from matpi.core.plan.routine import CueKind, Pacer, PhaseText
from matpi.core.running import Running
from matpi.core.text import Text
from matpi.core.views import Breathe, Timer, View

if TYPE_CHECKING:
    from matpi.core.device import Device

WOKEN_S = 1e-3
"""Woken for a boundary, floats may stand just before it; what misses it would come a minute late."""
CALM_S = 10.0
"""So long only the circle is looked at. Chosen: a breath; what is sooner to change ends it sooner."""
FIRST_S = 60.0
"""So long every second is shown."""


@dataclass(slots=True)
class Pacing:
    """What a tap has made of the breath in the session under way."""

    by_hand_s: float | None = None
    """Begun by hand at this time on the mat."""
    dismissed: bool = False
    """The breath that comes by plan is not wanted."""


@dataclass(frozen=True, slots=True)
class Circles:
    """The pictures of a breath, as long as nothing but the circle changes: five a second, so they must cost little."""

    since: float
    """When the breath began, had nobody been away."""
    until: float
    """Then the whole view is to be looked at again."""
    inhale_says: Text
    exhale_says: Text
    elapsed_min: int

    def at(self, t: float) -> tuple[Breathe, float]:
        """The picture of `t`, and when it changes."""
        into_s = t - self.since
        circle = breathing.circle(into_s)
        inhale = circle.phase is Side.IN
        says = self.inhale_says if inhale else self.exhale_says
        drawn = Breathe(inhale, circle.radius_px, circle.left_s, says, self.elapsed_min)
        return drawn, min(self.since + breathing.next_change(into_s), self.until)


def circles(device: Device, t: float, running: Running) -> Circles | None:
    """Those that follow the picture of `t`; None when that is no breath."""
    elapsed_s = running.on_mat_s(t)
    shown = pacer(device, elapsed_s)
    if shown is None:
        return None
    says, minutes = phase(device, elapsed_s + WOKEN_S), int((elapsed_s + WOKEN_S) // 60)
    until_s = min(says.until_s, end_s(device, shown), 60.0 * (minutes + 1))
    calm = says.kind is CueKind.PHASE
    until = min(t + CALM_S, t + until_s - elapsed_s)
    now = Text(f"phases.{says.says}")
    both = (Text("breath.inhale_says"), Text("breath.exhale_says")) if calm else (now, now)
    return Circles(t - elapsed_s + shown.start_s, until, *both, minutes)


def phase(device: Device, elapsed_s: float) -> PhaseText:
    """What the screen says at this time on the mat."""
    return routine.phase_at(choice.routine(device), choice.plan(device), elapsed_s)


def pacer(device: Device, elapsed_s: float) -> Pacer | None:
    """The breath that is shown now."""
    found = meant(device)
    return found if found is not None and found.start_s <= elapsed_s + WOKEN_S < end_s(device, found) else None


def end_s(device: Device, breathing: Pacer) -> float:
    """Time on the mat at which this breath is over, had nobody tapped."""
    by_hand = device.pacing.by_hand_s is not None
    return min(breathing.end_s, over_s(device) if by_hand else choice.target(device)[1] * 60.0)


def meant(device: Device) -> Pacer | None:
    """The breath that is shown, that was, or that comes by itself later."""
    by_hand_s = device.pacing.by_hand_s
    if by_hand_s is not None:
        return Pacer(by_hand_s, CYCLES_MAX)
    return None if device.pacing.dismissed else routine.pacer(choice.routine(device), choice.plan(device))


def tap(device: Device, t: float, running: Running) -> None:
    """Minutes -> mm:ss -> breath -> minutes; once the light asks to get up, mm:ss only."""
    elapsed_s = running.on_mat_s(t)
    if pacer(device, elapsed_s) is not None:
        device.pacing = Pacing(dismissed=True)
        device.seconds_until = -inf
    elif (elapsed_s < FIRST_S or t < device.seconds_until) and elapsed_s + WOKEN_S < over_s(device):
        device.pacing = Pacing(by_hand_s=elapsed_s)
    else:
        device.seconds_until = t + device.rules.seconds_s


def view(device: Device, t: float, running: Running, held: float) -> tuple[View, float]:
    """What to show at `t`, and when to look again. `held`: how far a hold towards "discard" has come."""
    elapsed_s = running.on_mat_s(t)
    asked = who.asks(device, t)
    drawn = circles(device, t, running) if asked is None else None
    if drawn is not None and held == 0.0 and not device.keeper.trouble:
        return drawn.at(t)
    return _timer(device, t, elapsed_s, held)


def _timer(device: Device, t: float, on_mat_s: float, held: float) -> tuple[View, float]:
    elapsed_s = on_mat_s + WOKEN_S
    lower_min, upper_min = choice.target(device)
    seconds = elapsed_s < FIRST_S or t < device.seconds_until
    says = phase(device, elapsed_s)
    shown = Timer(
        elapsed_s=int(elapsed_s) if seconds else int(elapsed_s // 60) * 60,
        lower_min=lower_min,
        upper_min=upper_min,
        label=Text(f"phases.{says.says}"),
        seconds=seconds,
        hold=held,
        notice=Text("bar.cannot_write") if device.keeper.trouble else who.asks(device, t),
    )
    again = t + WOKEN_S + min(1 - elapsed_s % 1 if seconds else 60 - elapsed_s % 60, says.until_s - elapsed_s)
    breathing = meant(device)
    if breathing is not None and on_mat_s < breathing.start_s:
        again = min(again, t + breathing.start_s - on_mat_s)
    if t < device.who.asked_until:
        again = min(again, device.who.asked_until)
    return shown, again


def breath_since(device: Device, t: float, running: Running) -> float | None:
    """When the breath that is shown began, had nobody been away; None while none is shown."""
    elapsed_s = running.on_mat_s(t)
    shown = pacer(device, elapsed_s)
    return None if shown is None else t - elapsed_s + shown.start_s


def over_s(device: Device) -> float:
    """Time on the mat from which on the light asks to get up."""
    return choice.target(device)[1] * 60.0 + routine.OVER_S
