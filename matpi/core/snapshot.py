"""How the device is, in one immutable copy: for pages, messages and diagnostics."""

from __future__ import annotations

from dataclasses import dataclass

from matpi.core.front import Front
from matpi.core.model import Session
from matpi.core.plan.programme import Plan
from matpi.core.presence.load import Load
from matpi.core.reminder import ReminderState


@dataclass(frozen=True, slots=True)
class Snapshot:
    t: float
    front: Front  # the screen in front
    entered: float  # when it came to the front
    reason: str  # why it did
    load: Load
    net_kg: float
    approximate: bool  # kilograms are from the nominal sensitivity of the cells: not calibrated yet
    silent: bool
    zero_kg: float
    readings: int
    rejected: int
    on_mat_s: float | None  # of the session under way
    plan: Plan
    reminder: ReminderState | None
    trusted: bool
    unsaved: int
    open: Session | None
