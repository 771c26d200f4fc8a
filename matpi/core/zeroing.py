"""The zero as the device handles it: set by hand, undone, found at the first run, stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from matpi.core.effects import Calibrated, Save
from matpi.core.model import Zero
from matpi.core.presence.zero import ZeroWord

if TYPE_CHECKING:
    from matpi.core.device import Device

TURN_S: Final = 20.0
"""A channel must read backwards for so long. A thing that is lifted off slowly moves too, but 10 s later the still mat
has a new first zero. Shorter than any session that is stored."""


def set_zero(device: Device, t: float) -> bool:
    """Re-zero by hand. False in a sensor timeout, or when the load moves."""
    if not device.presence.set_zero():
        return False
    tracker = device.presence.zero
    device.zero_before = tracker.before
    device.keep(*device.zeros.by_hand(tracker, device.zero_before))
    device.note(t, "zero_set", f"zero set by hand at {tracker.total_kg:.1f} kg")
    return True


def undo_zero(device: Device, t: float) -> None:
    if device.zero_before is not None:
        device.presence.undo_zero(device.zero_before)
        device.zero_before = None
        device.keep(*device.zeros.by_hand(device.presence.zero, None))
        device.note(t, "zero_undone", f"zero back at {device.presence.zero.total_kg:.1f} kg")


def told(device: Device, t: float, before: ZeroWord) -> None:
    """Handle a change of what is shown of the zero, `before` it; store a first zero that was found at once."""
    tracker = device.presence.zero
    if before is ZeroWord.WANTED and device.approximate and not tracker.seeking and not tracker.by_hand:
        device.keep(*device.zeros.moved(tracker, t, device.zero_before))
        device.note(t, "zero_found", f"the empty mat weighs {tracker.total_kg:.1f} kg")


def follow(device: Device, t: float) -> None:
    """Store a zero that moved, when it moved far enough."""
    device.keep(*device.zeros.moved(device.presence.zero, t, device.zero_before))


def turn(device: Device, t: float) -> None:
    """Turn round the channels that read backwards for `TURN_S`: uncalibrated, their polarity was never known."""
    tracker, calibration = device.presence.zero, device.calibration
    if calibration is None or tracker.kg is None:
        return
    if tracker.turned_since is None:  # it ended: something was lifted off a mat whose first zero was found with it on
        tracker.turn = ()
        return
    if t - tracker.turned_since < TURN_S:
        return
    signs = [-1.0 if n in tracker.turn else 1.0 for n in range(len(tracker.kg))]
    kg = tuple(sign * kg for sign, kg in zip(signs, tracker.kg, strict=True))
    slopes = tuple(sign * slope for sign, slope in zip(signs, calibration.counts_per_kg, strict=True))
    turned = replace(calibration, counts_per_kg=slopes)
    device.keep(Save(Calibrated(turned, Zero(kg, anchor_kg=sum(kg)))))
    channels = " and ".join(str(n + 1) for n in tracker.turn)
    device.note(t, "polarity", f"channel {channels} read the wrong way round and was turned; calibrate when you can")
