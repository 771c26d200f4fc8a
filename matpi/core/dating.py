"""The wall clock as the device takes it: it dates what this boot has recorded, and moves no duration."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from matpi.core import dated, left_open, who
from matpi.core.dated import redated
from matpi.core.effects import DateBoot, Save
from matpi.core.model import DayRecord, Memory
from matpi.core.wall import MOVES_S, Wall, believable

if TYPE_CHECKING:
    from matpi.core.device import Device
    from matpi.core.running import Running


def begin(t: float, boot_id: str, memory: Memory, zone: tzinfo) -> Wall:
    """The wall clock of a device that starts at `t`: an estimate, until a clock comes."""
    offset_utc = dated.first_offset(t, boot_id, memory.log, memory.open)
    return Wall(zone, memory.settings.day_start, t, offset_utc)


def date_of(device: Device, t: float) -> dict[str, Any]:
    """The fields that date a record of now."""
    wall = device.wall
    utc = t + wall.offset_utc
    return {
        "utc": utc,
        "utc_offset_s": wall.offset_at(utc),
        "day": wall.day_at(utc),
        "estimated": not wall.trusted,
    }


def date_running(device: Device, running: Running) -> None:
    """Date the session under way by its start, or as the one that it continues."""
    before, wall = running.carried, device.wall
    if before is not None:
        running.start_utc, running.utc_offset_s, running.day = before.start_utc, before.utc_offset_s, before.day
        running.estimated = before.estimated
    elif running.boot_id == device.boot_id:
        utc = running.start + wall.offset_utc
        running.start_utc, running.utc_offset_s, running.day = utc, wall.offset_at(utc), wall.day_at(utc)
        running.estimated = not wall.trusted


def set_clock(device: Device, t: float, utc: float, trusted: bool, *, slept: bool = False) -> None:
    """Take what the wall clock shows at `t`. What this boot has dated moves with it, in memory and in the store.

    `slept`: the machine was suspended, and its monotonic clock with it. What is dated before was right then.
    """
    wall = device.wall
    if slept:
        device.boot_id = device.new_id()
    trusted = trusted and believable(utc)
    first, today = trusted and not wall.trusted, wall.day(t)
    step = wall.set(t, utc, trusted)
    if wall.trusted and not first and not slept and abs(step) > 0.5:
        device.note(t, "clock_step", f"the clock was set by {step:+.1f} s; durations are unaffected")
    for dating in list(dated.undated(device.keeper.log, wall)):
        _date(device, dating)
    if first or abs(step) >= MOVES_S:
        _date(device, wall.dating(device.boot_id, wall.offset_utc, estimated=not wall.trusted))
    if abs(step) >= MOVES_S and not first and not slept:
        _move_days(device, wall.day(t) - today)
    if first:
        left = None if device.left_open is None else device.left_open.session
        for dating in list(dated.in_order(device.keeper.log, left, wall)):
            _date(device, dating)
        running = device.machine.running
        if running is not None:
            left_open.ask(device, t, running.start)
            device.checkpoint(t)
        who.date_answers(device, utc)
    if first or abs(step) > 0.5:
        device.replan()


def _date(device: Device, dating: DateBoot) -> None:
    """Everywhere where the device holds a record of that boot."""
    machine = device.machine
    device.keeper.date(dating)
    machine.last = machine.last and redated(machine.last, dating)
    device.capped = device.capped and redated(device.capped, dating)
    if device.left_open is not None:
        device.left_open.session = redated(device.left_open.session, dating)
    for unfinished in machine.unfinished():
        unfinished.carried = unfinished.carried and redated(unfinished.carried, dating)
        date_running(device, unfinished)
    device.keep(dating)
    device.replan()


def _move_days(device: Device, by: timedelta) -> None:
    """What was said of a day since the start, by a clock that was wrong: a rest, or a reminder that was seen."""
    said = device.keeper.said
    if not by:
        return
    records = [record for record in said.values() if record.rest or record.snoozed]
    for record in records:
        device.keep(Save(DayRecord(record.day, person=record.person)))
    said.clear()
    for record in records:
        device.keep(Save(replace(record, day=record.day + by)))
