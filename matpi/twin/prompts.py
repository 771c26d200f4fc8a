"""What the device waits for at this moment and what to do, in sentences for the page of the twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matpi.core.brightness import Brightness
from matpi.core.presence.zero import ZeroWord
from matpi.core.session import State
from matpi.core.views import SAFETY_PAGES, Off

if TYPE_CHECKING:
    from matpi.core.device import Device

FRESH_S = 300.0
"""A reason is shown for so long after the change it explains. Chosen: at x60 it is 5 s of reading."""
REJECTED_SHOWN_S = 30.0
"""Rejected readings are reported until there were none for so long. Chosen."""

_DO = {
    State.IDLE: "Lie down (l) to start the timer. A tap (space) asks how tight you feel, a hold opens the menu.",
    State.MENU: "Tap (space) for the next line, hold to choose it. Untouched, the menu closes.",
    State.ARRIVING: "Stay on the mat: after 3 s it is a session.",
    State.ON_MAT: "Get up (g) to end the session. A tap (space) changes the view, a hold of 3 s discards it.",
    State.AWAY: "Lie down (l) again and the session goes on; after the countdown it ends. A tap (space) ends it now.",
    State.HOLDING: "Waiting for readings: plug the load cell in again, and the session goes on.",
    State.CAPPED: "The session is saved. Get up (g) slowly.",
    State.OBJECT: "Take the thing off the mat (b), or lie down (l).",
    State.DONE: "The next question comes by itself. A tap (space) goes on at once.",
    State.CONFIRM: "Hold (space) for yes, tap for no.",
    State.OFF_MAT: "Follow the screen. A tap (space) goes on at once.",
    State.SAVED: "Hold (space) to change the answer, or wait.",
    State.FELT_WRONG: "Hold (space) if it felt wrong. If not, wait or tap.",
    State.DISCARDED: "Hold (space) to bring the session back. Untouched, it is gone.",
    State.SENSOR_LOST: "Waiting for readings: plug the load cell in again.",
    State.CALIBRATING: "Follow the steps on the screen.",
    State.READY: "Lie down (l) to begin. A tap (space) goes on at once.",
    State.TREND: "Tap (space) to go on.",
}


_DARK = {
    State.CAPPED: "get up (g) slowly, or press the button (space) to light the screen.",
    State.OBJECT: "take the thing off the mat (b), or press the button (space) to light the screen.",
    State.SENSOR_LOST: "plug the load cell in again, or press the button (space) to light the screen.",
}


class Prompts:
    """Remembers when readings were last rejected, and what to do as last given."""

    def __init__(self) -> None:
        self._given = ""
        self._rejected = self._rejected_before = 0
        self._rejected_at = float("-inf")

    def of(self, device: Device | None, t: float, spiked: int = 0) -> dict[str, Any]:
        """Return the fields of a `status` message (web/bench.py) that follow from the device; None: without power.

        `spiked`: readings with a spike that the median of three rejects, where no reader has flagged them.
        """
        if device is None:
            do = "Press “Boot again”. What was saved is still there."
            return {"state": "OFF", "about": "", "reason": "", "do": do, "notes": [], "load_kg": 0.0, "answered": True}
        seen, machine = device.snapshot(), device.machine
        self._given = _do(device)
        return {
            "state": seen.state.name,
            "about": seen.state.value,
            "reason": seen.reason if t - machine.entered < FRESH_S else "",
            "do": self._given,
            "notes": [*_notes(device), *self._rejections(seen.rejected + spiked, t)],
            "load_kg": round(seen.net_kg, 1),
            "answered": device.acknowledgement is not None,
        }

    def outdated(self, device: Device | None) -> bool:
        """Return whether something else is to do than `of` gave last: within a state, such as on the next page."""
        return device is not None and _do(device) != self._given

    def _rejections(self, rejected: int, t: float) -> list[str]:
        """Count from the last time that none was rejected for a while; a boot counts from 0."""
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
    state = device.machine.state
    dark = device.shown is not None and isinstance(device.shown.view, Off)
    if dark and state is State.IDLE and _reminds(device):
        return "Dark: lie down (l), or press the button (space) to silence the reminder until tomorrow."
    if dark:
        return "Dark: " + _DARK.get(state, "press the button (space) to light the screen, or lie down (l).")
    match state:
        case State.SAFETY if device.safety_page == SAFETY_PAGES - 1:
            return "Hold the button (space) if none applies. Tap it if one applies or you are unsure."
        case State.SAFETY:
            return f"Read, then press the button (space): page {device.safety_page + 1} of {SAFETY_PAGES}."
        case State.RATING if device.dial.value is None:
            return "Tap (space) once for 1, twice for 2, up to 10 = tightest."
        case State.RATING:
            return "Tap (space) for one more. Hold to confirm, or let it rest for 4 s."
        case State.IDLE if device.presence.zero.word is ZeroWord.WANTED:
            return "Leave the mat empty for ten seconds."
        case State.IDLE if device.set_aside is not None:
            return "Tap (space) once you have read it."
        case _:
            return _DO[state]


def _reminds(device: Device) -> bool:
    """The reminder is on, breathing now or between two breaths."""
    return device.nudge is not None and device.nudge.reason is None


def _notes(device: Device) -> list[str]:
    notes, plan, settings = [], device.plan, device.settings
    if _reminds(device):
        notes.append(f"Reminder: today's {plan.lower_min} to {plan.upper_min} minutes are missing.")
    shown, on_mat = device.shown, device.machine.state is State.ON_MAT
    if shown is not None and shown.brightness is Brightness.DIM and not (on_mat or isinstance(shown.view, Off)):
        notes.append(f"Dimmed until {settings.quiet_to:%H:%M}: bedtime is {settings.bedtime:%H:%M}.")
    return notes
