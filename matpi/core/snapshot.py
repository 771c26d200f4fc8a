"""How things stand, in one immutable copy: for pages and diagnostics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matpi.core.model import Session
from matpi.core.nudge import Nudge
from matpi.core.plan.programme import Plan
from matpi.core.presence.load import Load
from matpi.core.session import State

if TYPE_CHECKING:
    from matpi.core.device import Device


@dataclass(frozen=True, slots=True)
class Snapshot:
    t: float
    state: State
    reason: str
    load: Load
    net_kg: float
    approximate: bool
    """Kilograms are from the nominal sensitivity of the cells: nobody has calibrated."""
    silent: bool
    zero_kg: float
    readings: int
    rejected: int
    on_mat_s: float | None
    """Of the session under way."""
    plan: Plan
    nudge: Nudge | None
    trusted: bool
    unsaved: int
    open: Session | None


def snapshot(device: Device) -> Snapshot:
    """Of this moment; costs a few microseconds."""
    machine, presence = device.machine, device.presence
    running, t = machine.running, max(device.t, presence.last_t)
    return Snapshot(
        t=t,
        state=machine.state,
        reason=machine.reason,
        load=presence.load,
        net_kg=presence.net_kg,
        approximate=device.approximate,
        silent=presence.silent,
        zero_kg=presence.zero.total_kg,
        readings=presence.signal.taken + presence.rejected,
        rejected=presence.rejected,
        on_mat_s=None if running is None else running.on_mat_s(t),
        plan=device.plan,
        nudge=device.nudge,
        trusted=device.wall.trusted,
        unsaved=len(device.keeper.failed),
        open=None if running is None else running.record(t),
    )
