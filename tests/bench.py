"""A device on the bench: virtual clock, recorded effects, a store that always answers. Tests read as stories."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, tzinfo
from itertools import count
from zoneinfo import ZoneInfo

from matpi.core.device import Device, DeviceRules
from matpi.core.effects import Changed, Effect, Note, Report, SaveRating, SaveSession, SaveStop, Show
from matpi.core.events import ButtonDown, ButtonUp, Event, Reading, Saved, SaveFailed, Tick, WallClock
from matpi.core.model import Acknowledgement, Memory, Session
from matpi.core.session import State
from matpi.core.views import View

NOON = 1_773_576_000.0
"""2026-03-15 12:00 UTC, a Sunday."""


def zone_for(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


class Bench:
    """`kg` is what lies on the mat; `pass_s` lets time go by with readings at `rate`."""

    def __init__(
        self,
        memory: Memory | None = None,
        *,
        utc: float | None = NOON,
        rules: DeviceRules | None = None,
        t: float = 100.0,
        rate: float = 10.0,
        boot_id: str = "boot-1",
        acknowledged: bool = True,
        disk_full: bool = False,
    ) -> None:
        ids = count(1)
        if memory is None:
            memory = Memory(acknowledgement=Acknowledgement(some=False, utc=NOON) if acknowledged else None)
        self.t = t
        self.rate = rate
        self.kg = 0.0
        self.motion_kg = 0.05
        """Swing between head and foot of whoever lies there."""
        self.noise_kg = 0.003
        self.disk_full = disk_full
        self.silent = False
        self.effects: list[Effect] = []
        self.device = Device(
            t,
            boot_id=boot_id,
            memory=memory,
            rules=rules or DeviceRules(),
            zone_for=zone_for,
            new_id=lambda: f"{boot_id}-{next(ids)}",
            version="test",
        )
        self._n = 0
        if utc is not None:
            self.send(WallClock(t, utc, trusted=True))

    def send(self, event: Event) -> None:
        for effect in self.device.handle(event):
            self.effects.append(effect)
            match effect:
                case SaveSession(record) | SaveRating(record) | SaveStop(record):
                    answer = (
                        SaveFailed(event.t, record.id, "the disk is full") if self.disk_full else Saved(event.t, record.id)
                    )
                    self.send(answer)
                case _:
                    pass

    def _until(self, t: float) -> None:
        while (wake := self.device.next_wake()) is not None and wake <= t:
            self.t = max(self.t, wake)
            self.send(Tick(self.t))

    def pass_s(self, seconds: float) -> None:
        """Time goes by; readings come unless the cells are silent."""
        end = self.t + seconds
        step = 1.0 / self.rate
        while self.t < end - 1e-9:
            nxt = min(end, self.t + step)
            self._until(nxt)
            self.t = nxt
            if not self.silent:
                self.send(Reading(self.t, self._sample()))
        self._until(end)

    def _sample(self) -> tuple[float, ...]:
        self._n += 1
        wiggle = self.noise_kg * ((self._n * 7919) % 13 - 6) / 6
        sway = self.motion_kg * ((self._n % 30) - 15) / 15 if self.kg > 0 else 0.0
        return (0.7 * self.kg + wiggle + sway, 0.3 * self.kg - wiggle / 2 - sway)

    def lie(self, seconds: float, kg: float = 45.0) -> None:
        self.kg = kg
        self.pass_s(seconds)

    def up(self, seconds: float) -> None:
        self.kg = 0.0
        self.pass_s(seconds)

    def press(self, seconds: float) -> None:
        """Down now, up after `seconds`, and a moment for the release to settle."""
        self._until(self.t)
        self.send(ButtonDown(self.t))
        self.pass_s(seconds)
        self.send(ButtonUp(self.t))
        self.pass_s(0.1)

    def tap(self) -> None:
        self.press(0.15)

    def hold(self, seconds: float = 0.9) -> None:
        self.press(seconds)

    @property
    def state(self) -> State:
        return self.device.machine.state

    @property
    def view(self) -> View:
        shown = self.device.shown
        assert shown is not None
        return shown.view

    def of(self, kind: type) -> list:
        return [e for e in self.effects if isinstance(e, kind)]

    @property
    def saved(self) -> list[Session]:
        return [e.session for e in self.of(SaveSession)]

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(str(e.event), e.reason) for e in self.of(Report)]

    @property
    def path(self) -> list[str]:
        return [e.dest for e in self.of(Changed)]

    def notes(self, kind: str) -> Iterator[Note]:
        return (e for e in self.of(Note) if e.kind == kind)

    @property
    def views(self) -> list[View]:
        return [e.view for e in self.of(Show)]
