"""Copy how the device is, for who watches it from outside: plain values, ready for JSON."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from matpi.core.device import Device
from matpi.core.effects import Show
from matpi.core.front import Front
from matpi.core.plan.breathing import IN_S, OUT_S
from matpi.core.plan.trend import number_of
from matpi.core.screens.calibration import CalibrationScreen
from matpi.core.screens.idle import IdleScreen
from matpi.core.views import Off
from matpi.screen.frame import rows
from matpi.screen.render import render, spoken
from matpi.words import Words

ASKED: Final = frozenset({Front.RATING, Front.LOOSER, Front.FELT_WRONG, Front.CONFIRM})
"""The questions that can be answered from outside."""
FRAME_BYTES: Final = 1024


def state_of(device: Device, words: Words) -> dict[str, Any]:
    """Return the state without the panel (`with_panel`). In the thread that owns the device; takes no disk."""
    seen, clock, household = device.snapshot(), device.clock, device.household
    running, plan, screen = device.session.running, seen.plan, device.display.screen
    on_mat_s = seen.on_mat_s or 0.0
    if running is not None and seen.open is not None and seen.open.counts:
        plan = plan.running(on_mat_s)
    lower_min, upper_min = plan.range_min
    utc = clock.utc(seen.t) if clock.trusted else None
    return {
        "utc": utc,
        "local": None if utc is None else datetime.fromtimestamp(utc, clock.zone).isoformat(timespec="seconds"),
        "today": clock.today.isoformat(),
        "trusted": seen.trusted,
        "zone": device.ledger.settings.zone,
        "version": device.version,
        "language": words.language,
        "front": seen.front.name,
        "front_s": round(seen.t - seen.entered, 1),
        "lamp": str(device.display.light.pattern),
        "load": seen.load.name,
        "kg": round(seen.net_kg, 1),
        "approximate": seen.approximate,
        "silent": seen.silent,
        "calibrated": not seen.approximate,
        "unsaved": seen.unsaved,
        "lost": list(device.parts.lost),
        "trouble": device.ledger.trouble,
        "damaged": _damaged(device),
        "session": _session(device, seen.t, on_mat_s),
        "routine": device.selection.routine.name,
        "phase": "" if running is None else words(f"phases.{device.pacing.phase(on_mat_s).says}"),
        "pacer": None if running is None else _pacer(device, on_mat_s),
        "plan": {
            "day": plan.day,
            "days": plan.days,
            "after": plan.after,
            "lower_min": lower_min,
            "upper_min": upper_min,
            "short_only": plan.short_only,
            "done": plan.says_done,
            "today_s": round(plan.today_s, 1),
            "clothing": words.say(plan.clothing),
            "goal": words.say(plan.goal),
            "rest_day": plan.rest_day,
            "rest_reason": plan.rest_reason,
            "week_count": plan.week_count,
            "weekly_goal": plan.weekly_goal,
            "streak": plan.streak,
            "stopped": plan.stopped,
        },
        "asks": _asks(device),
        "calibration": screen.progress._asdict() if isinstance(screen, CalibrationScreen) else None,
        "owner": household.owner,
        "people": [
            {"id": person.id, "name": person.name, "chosen": person.id == household.next_owner}
            for person in household.people.all
        ],
        "safety": _safety(device),
        "rated": None if (number := number_of(household.log, clock.today)) is None else number.value,
        "rest": (day := household.day_record(household.next_owner, clock.today)).rest,
        "snoozed": day.snoozed,
    }


def with_panel(state: Mapping[str, Any], show: Show | None, words: Words) -> dict[str, Any]:
    """Add what the panel shows, as 64 rows of 128 bits and in words. Takes 2 ms: not in the device's thread."""
    dark = show is None or isinstance(show.view, Off)
    bits = bytes(FRAME_BYTES) if show is None or dark else rows(render(show.view, show.shift, words))
    return {
        **state,
        "frame": base64.b64encode(bits).decode(),
        "brightness": "off" if show is None or dark else str(show.brightness),
        "spoken": "" if show is None else spoken(show.view, words),
    }


def _damaged(device: Device) -> dict[str, Any] | None:
    """Return what became of a damaged log, until a tap; None when it was whole."""
    screen = device.screens[Front.IDLE]
    if not isinstance(screen, IdleScreen) or screen.set_aside is None:
        return None
    day = None if screen.last_day is None else screen.last_day.isoformat()
    return {"file": screen.set_aside, "restored": screen.restored, "day": day}


def _session(device: Device, t: float, on_mat_s: float) -> dict[str, Any] | None:
    running = device.session.running
    if running is None:
        return None
    record = running.record(t)
    lower_min, upper_min = device.plans.range_min
    return {
        "id": record.id,
        "on_mat_s": round(on_mat_s, 2),
        "runs": device.stage.front is Front.ON_MAT,
        "routine": record.routine,
        "person": record.person,
        "lower_min": lower_min,
        "upper_min": upper_min,
        "start": None
        if record.start_utc is None or record.estimated
        else datetime.fromtimestamp(record.start_utc, device.clock.zone).isoformat(timespec="seconds"),
    }


def _pacer(device: Device, on_mat_s: float) -> dict[str, float] | None:
    pacing = device.pacing
    breath = pacing.pacer(on_mat_s)
    if breath is None:
        return None
    return {"in_s": IN_S, "out_s": OUT_S, "begins_s": breath.start_s, "ends_s": pacing.end_s(breath)}


def _asks(device: Device) -> dict[str, Any] | None:
    now = device.agenda.now
    if now is None or now.screen not in ASKED:
        return None
    return {"what": now.screen.name, "about": now.about}


def _safety(device: Device) -> str:
    answer = device.household.acknowledgement
    if answer is None:
        return "unanswered"
    if not answer.some:
        return "none"
    return "cleared" if answer.cleared else "some"
