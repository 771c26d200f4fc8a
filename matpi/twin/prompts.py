"""Word what the device waits for and what to do, in sentences for the page of the twin."""

from __future__ import annotations

from typing import Any

from matpi.core.brightness import Brightness
from matpi.core.device import SCREENS, Device
from matpi.core.front import Front
from matpi.core.presence.zero import ZeroWord
from matpi.core.text import Text
from matpi.core.views import Fault, Off, RatingEntry, Safety

FRESH_S = 300.0
"""A reason is shown for so long after the change it explains. Chosen: at x60 it is 5 s of reading."""
REJECTED_SHOWN_S = 30.0
"""Rejected readings are reported until there were none for so long. Chosen."""

_DARK = {
    Front.CAPPED: "get up (g) slowly, or press the button (space) to light the screen.",
    Front.OBJECT: "take the thing off the mat (b), or press the button (space) to light the screen.",
    Front.SENSOR_LOST: "plug the load cell in again, or press the button (space) to light the screen.",
}


class Prompts:
    """Remembers when readings were last rejected, and what to do as last given."""

    def __init__(self) -> None:
        self._given = ""
        self._rejected = self._rejected_before = 0
        self._rejected_at = float("-inf")

    def of(self, device: Device | None, t: float, spiked: int = 0) -> dict[str, Any]:
        """Return the fields of a `status` (see Bench) that follow from the device; None: without power.

        `spiked`: readings with a spike that the median of three rejects, where no reader has flagged them.
        """
        if device is None:
            do = "Press “Power on”. What was saved is still there."
            return {"state": "OFF", "about": "", "reason": "", "do": do, "notes": [], "load_kg": 0.0, "answered": True}
        seen = device.snapshot()
        self._given = _do(device)
        return {
            "state": seen.front.name,
            "about": seen.front.value,
            "reason": seen.reason if t - seen.entered < FRESH_S else "",
            "do": self._given,
            "notes": [*_notes(device), *self._rejections(seen.rejected + spiked, t)],
            "load_kg": round(seen.net_kg, 1),
            "answered": device.household.acknowledgement is not None,
        }

    def outdated(self, device: Device | None) -> bool:
        """Return whether what is to do has changed since `of`: within a state, such as on the next page."""
        return device is not None and _do(device) != self._given

    def _rejections(self, rejected: int, t: float) -> list[str]:
        """Return the note of rejected readings, counted from the last pause; a boot counts from 0."""
        if rejected < self._rejected:
            self._rejected = self._rejected_before = 0
        if rejected > self._rejected:
            if t - self._rejected_at > REJECTED_SHOWN_S:
                self._rejected_before = self._rejected
            self._rejected, self._rejected_at = rejected, t
        n = rejected - self._rejected_before
        shown = n and 0.0 <= t - self._rejected_at <= REJECTED_SHOWN_S
        return [f"{n} {'reading' if n == 1 else 'readings'} rejected."] if shown else []


def _do(device: Device) -> str:
    state, view = device.stage.front, None if device.display.shown is None else device.display.shown.view
    dark = isinstance(view, Off)
    if dark and state is Front.IDLE and device.reminder.reminds:
        return "Dark: lie down (l), or press the button (space) to silence the reminder until tomorrow."
    if dark:
        return "Dark: " + _DARK.get(state, "press the button (space) to light the screen, or lie down (l).")
    match state:
        case Front.SAFETY if isinstance(view, Safety) and view.name == "question":
            return "Hold the button (space) if none applies. Tap it if one applies or you are unsure."
        case Front.SAFETY if isinstance(view, Safety):
            return f"Read, then press the button (space): page {view.page} of {view.pages}."
        case Front.RATING if isinstance(view, RatingEntry) and view.value is None:
            return "Tap (space) once for 1, twice for 2, up to 10 = tightest."
        case Front.RATING:
            return "Tap (space) for one more. Hold to confirm, or let it rest for 4 s."
        case Front.IDLE if device.presence.zero.word is ZeroWord.WANTED:
            return "Leave the mat empty for ten seconds."
        case Front.IDLE if isinstance(view, Fault) and view.title in (
            Text("faults.log_damaged"),
            Text("faults.log_missing"),
        ):
            return "Tap (space) once you have read it."
        case _:
            return SCREENS[state].to_do


def _notes(device: Device) -> list[str]:
    notes, plan, settings = [], device.plans.today, device.ledger.settings
    if device.reminder.reminds:
        notes.append(f"Reminder: today's {plan.lower_min} to {plan.upper_min} minutes are missing.")
    shown, on_mat = device.display.shown, device.stage.front is Front.ON_MAT
    if shown is not None and shown.brightness is Brightness.DIM and not (on_mat or isinstance(shown.view, Off)):
        notes.append(f"Dimmed until {settings.quiet_to:%H:%M}: bedtime is {settings.bedtime:%H:%M}.")
    return notes
