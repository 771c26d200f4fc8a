"""The plan of today and of the day a session belongs to, each person's reckoned once until log or settings change."""

from __future__ import annotations

from datetime import date
from math import inf
from typing import TYPE_CHECKING

from matpi.core import who
from matpi.core.plan.custom_plan import course_of
from matpi.core.plan.programme import Plan, plan

if TYPE_CHECKING:
    from matpi.core.device import Device


class Plans:
    """`due` is when today's plan is no longer that of today."""

    def __init__(self, own_plan: str) -> None:
        self.due = -inf
        self._today: dict[str | None, Plan] = {}
        self._of: dict[tuple[str | None, date], Plan] = {}
        self.take_course(own_plan)

    def take_course(self, own_plan: str) -> None:
        self.own_plan = own_plan
        self.course, self.wrong = course_of(own_plan)
        self.forget()

    def forget(self) -> None:
        """Something changed that a plan follows from."""
        self.due = inf
        self._today.clear()
        self._of.clear()

    def today(self, device: Device) -> Plan:
        """Today's, of whose turn it is; without a trusted clock, today is estimated."""
        return self.today_of(device, who.owner(device))

    def today_of(self, device: Device, owner: str | None) -> Plan:
        found = self._today.get(owner)
        if found is None:
            found = self._today[owner] = self.on(device, owner, device.wall.day(device.t))
            self.due = device.wall.day_ends(device.t)
        return found

    def on(self, device: Device, owner: str | None, day: date) -> Plan:
        found = self._of.get((owner, day))
        if found is None:
            log, settings = who.log_of(device, owner), who.settings_of(device, owner)
            answer = who.answer_of(device, owner)
            found = plan(log, day, settings, answer, course=self.course, zone=device.wall.zone)
            self._of[owner, day] = found
        return found

    def of_session(self, device: Device, day: date | None) -> Plan:
        """What holds for a session that began on this day: it keeps its range and its words over the start of the next.

        A session without a day, from before the clock was known, goes by today's.
        """
        today = self.today(device)
        return today if day is None or day == today.today else self.on(device, who.owner(device), day)
