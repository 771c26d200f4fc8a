"""A device that lives for months: with a store that answers at once, and through power cuts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from itertools import count
from typing import Final

from benchmarks.scoring import Reported
from benchmarks.under_test import EVENING, reported
from matpi.core import zeroing
from matpi.core.device import Device
from matpi.core.effects import Checkpoint, DropSession, Effect, Report, Said, Save, SaveSession, SaveZero, id_of
from matpi.core.events import Reading, Saved, Tick, WallClock
from matpi.core.model import Acknowledgement, Calibration, Memory, Session
from matpi.core.presence.detector import Presence
from matpi.core.rules import DeviceRules

NOMINAL: Final = Calibration((0, 0), (42_950.0, 42_950.0), approximate=True)
"""Nobody has calibrated. 42 950 counts a kilogram: docs/sources.md, cells."""


class Household:
    """A device with its store, through power cuts. The store answers at once and has what it was given."""

    def __init__(self, t: float, *, calibrated: bool, presence: type[Presence] = Presence) -> None:
        self._presence = presence
        self._ids, self._boots = count(1), count(1)
        self._zero: SaveZero | None = None
        self._open: Session | None = None
        self._calibration = None if calibrated else NOMINAL
        self._by_id: dict[str, Reported] = {}
        self.objects: list[float] = []
        self.device = self._boot(t, Memory(acknowledgement=Acknowledgement(some=False), calibration=self._calibration))

    def _boot(self, t: float, memory: Memory) -> Device:
        self._t = t
        rules = DeviceRules()
        device = Device(
            t,
            boot_id=f"boot {next(self._boots)}",
            memory=memory,
            rules=rules,
            zone_for=lambda _: UTC,
            new_id=lambda: str(next(self._ids)),
        )
        if self._presence is not Presence:
            device.presence = self._presence(t, memory.zero, rules.presence, calibrated=not device.approximate)
        self.device = device
        self._perform(device.handle(WallClock(t, EVENING + t, trusted=True)))
        return device

    @property
    def sessions(self) -> list[Reported]:
        """Ended ones; one that went on after all stands here as it ended last."""
        return list(self._by_id.values())

    def restart(self, t: float) -> None:
        """Power is back: what the store has is all that is known."""
        memory = Memory(
            log=self.device.keeper.log,
            open=self._open,
            zero=self._zero.zero if self._zero else None,
            zero_before=self._zero.before if self._zero else None,
            calibration=self._calibration,
            acknowledgement=Acknowledgement(some=False),
        )
        self._open = None
        self._boot(t, memory)

    def zero_by_hand(self, t: float) -> None:
        if not zeroing.set_zero(self.device, t):
            raise RuntimeError(f"the zero could not be set by hand at {t:.0f} s")
        self.tick(t)

    def tick(self, t: float) -> None:
        self._t = t
        self._perform(self.device.handle(Tick(t)))

    def listen(self, readings: Iterable[Reading]) -> None:
        handle, perform = self.device.handle, self._perform
        for reading in readings:
            effects = handle(reading)
            if effects:
                self._t = reading.t
                perform(effects)

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Report(event=Said.SESSION_ENDED, session=Session() as session, t=told):
                    self._by_id[session.id] = reported(session, session.start_mono, told)
                case Report(event=Said.OBJECT, t=told):
                    self.objects.append(told)
                case Checkpoint(session):
                    self._open = session
                case SaveSession() | DropSession():
                    if self._open is not None and id_of(effect) == self._open.id:
                        self._open = None
                case SaveZero():
                    self._zero = effect
                case _:
                    pass
            if isinstance(effect, Save):
                self._perform(self.device.handle(Saved(self._t, id_of(effect))))
