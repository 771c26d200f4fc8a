"""The wall clock as the device takes it: it dates what this boot has recorded, and moves no duration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matpi.core import left_open, who
from matpi.core.effects import DateBoot
from matpi.core.wall import believable

if TYPE_CHECKING:
    from matpi.core.device import Device
    from matpi.core.running import Running


def date_running(device: Device, running: Running) -> None:
    """Give the session under way its date, once the clock is trusted."""
    utc = device.wall.utc(running.start)
    if utc is not None and running.start_utc is None:
        running.start_utc, running.utc_offset_s = utc, device.wall.offset_at(utc)
        running.day = device.wall.day_at(utc)


def set_clock(device: Device, t: float, utc: float, trusted: bool) -> None:
    """Take what the wall clock says at `t`."""
    trusted = trusted and believable(utc)
    first = trusted and not device.wall.trusted
    step = device.wall.set(t, utc, trusted)
    if abs(step) > 0.5:
        device.note(t, "clock_step", f"the clock was set by {step:+.1f} s; durations are unaffected")
    if first:
        device.keeper.date(device.boot_id, device.wall)
        for unfinished in device.machine.unfinished():
            date_running(device, unfinished)
        running = device.machine.running
        if running is not None:
            left_open.ask(device, t, running.start)
            device.checkpoint(t)
        device.keep(DateBoot(device.boot_id, utc - t))
        who.date_answers(device, utc)
    if first or abs(step) > 0.5:
        device.replan()
