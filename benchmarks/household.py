"""A device that runs for months, through power cuts, with a store that answers at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from itertools import count
from typing import Final

from benchmarks.scoring import Reported
from benchmarks.under_test import EVENING, reported
from matpi.core.device import Device
from matpi.core.effects import (
    Calibrated,
    Checkpoint,
    Drop,
    Effect,
    Report,
    Said,
    Save,
    UseCalibration,
    Write,
    Zeros,
)
from matpi.core.events import Reading, Saved, Tick, WallClock
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Calibration, Memory, Session
from matpi.core.presence.detector import Presence
from matpi.core.rules import DeviceRules, PresenceRules

NOMINAL: Final = Calibration((0, 0), (42_950.0, 42_950.0), approximate=True)
"""Of a mat that was never calibrated. 42 950 counts a kilogram: docs/dev/sources.md, cells."""
RULES: Final = PresenceRules()


class Household:
    """A device with its store, through power cuts. The store answers at once and loses nothing."""

    def __init__(
        self, t: float, *, calibrated: bool, rules: PresenceRules = RULES, presence: type[Presence] = Presence
    ) -> None:
        """`presence`: for a comparison, a detector without a protection that no rule switches off."""
        self._rules, self._presence = DeviceRules(presence=rules), presence
        self._ids, self._boots = count(1), count(1)
        self._zero: Zeros | None = None
        self._open: Session | None = None
        self._calibration = None if calibrated else NOMINAL
        self._by_id: dict[str, Reported] = {}
        self.objects: list[float] = []
        self.device = self._boot(t, Memory(acknowledgement=Acknowledgement(some=False), calibration=self._calibration))

    def _boot(self, t: float, memory: Memory) -> Device:
        self._t = t
        device = Device(
            t,
            boot_id=f"boot {next(self._boots)}",
            memory=memory,
            rules=self._rules,
            zone_for=lambda _: UTC,
            new_id=lambda: str(next(self._ids)),
            presence=self._presence,
        )
        self.device = device
        self._use(memory.calibration)
        self._perform(device.handle(WallClock(t, EVENING + t, trusted=True)))
        return device

    def _use(self, calibration: Calibration | None) -> None:
        """Convert readings, which come by `NOMINAL`, as the reader does with this calibration."""
        slopes = NOMINAL.counts_per_kg if calibration is None else calibration.counts_per_kg
        factors = tuple(nominal / slope for nominal, slope in zip(NOMINAL.counts_per_kg, slopes, strict=True))
        self._factors = factors if set(factors) != {1.0} else ()  # () for nearly every mat: nothing to convert

    @property
    def sessions(self) -> list[Reported]:
        """Ended ones; one that was resumed is listed as it ended last."""
        return list(self._by_id.values())

    def restart(self, t: float) -> None:
        """Boot after a power cut, with what the store has."""
        memory = Memory(
            log=self.device.ledger.log,
            open=self._open,
            zero=self._zero.zero if self._zero else None,
            zero_before=self._zero.before if self._zero else None,
            calibration=self._calibration,
            acknowledgement=Acknowledgement(some=False),
        )
        self._open = None
        self._boot(t, memory)

    def zero_by_hand(self, t: float) -> bool:
        """Choose it in the menu. False where the device has no menu, as during a session, or refuses."""
        offered = self.device.stage.front in {Front.IDLE, Front.OBJECT}
        done = offered and self.device.zeroing.set_zero(t)
        self.tick(t)
        return done

    def tick(self, t: float) -> None:
        self._t = t
        self._perform(self.device.handle(Tick(t)))

    def listen(self, readings: Iterable[Reading]) -> None:
        handle, perform = self.device.handle, self._perform
        for reading in readings:
            effects = handle(self._converted(reading) if self._factors else reading)
            if effects:
                self._t = reading.t
                perform(effects)

    def _converted(self, reading: Reading) -> Reading:
        kg = tuple(factor * kg for factor, kg in zip(self._factors, reading.kg, strict=True))
        return Reading(reading.t, kg, reading.ok)

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Report(event=Said.SESSION_ENDED, session=Session() as session, t=known):
                    self._by_id[session.id] = reported(session, session.start_mono, known)
                case Report(event=Said.OBJECT, t=known):
                    self.objects.append(known)
                case Checkpoint(session):
                    self._open = session
                case Save(Session()) | Drop():
                    if self._open is not None and effect.key == self._open.id:
                        self._open = None
                case Save(Zeros() as zeros):
                    self._zero = zeros
                case Save(Calibrated(calibration, zero)):
                    self._calibration, self._zero = calibration, Zeros(zero, None)
                case UseCalibration(calibration):
                    self._use(calibration)
                case _:
                    pass
            if isinstance(effect, Write):
                self._perform(self.device.handle(Saved(self._t, effect.key)))
