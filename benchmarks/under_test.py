"""matpi on a recording: the whole device in virtual time, as it is and with one part of its rule switched off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC
from itertools import count
from typing import Final

from benchmarks.scenarios.recording import Recording
from benchmarks.scoring import Heard, Reported
from matpi.core.device import Device
from matpi.core.effects import Effect, Report, Said, Save, id_of
from matpi.core.events import Reading, Saved, Tick, WallClock
from matpi.core.model import Acknowledgement, Doubt, EndReason, Memory, Session, Zero
from matpi.core.presence.zero import ZeroRules
from matpi.core.rules import DeviceRules, PresenceRules

EVENING = 1_773_601_200.0
"""2026-03-15 19:00 UTC."""
AFTER_S = 150.0
"""Virtual time after the last reading: longer than any wait of docs/behaviour.md 1."""
SLICE = 65_536
"""Readings made into tuples at a time: a day at 80/s would take gigabytes."""
ASKED: Final = frozenset({Doubt.UNUSUAL, Doubt.UNKNOWN})
"""Doubts about which the person is asked."""
BEFORE_POWER: Final = "boot"
"""The scenario class whose device was on before, and so has a stored zero."""


@dataclass(frozen=True, slots=True)
class Variant:
    """`without` names the part that is switched off; "" is matpi as it is."""

    without: str = ""
    rules: PresenceRules = field(default_factory=PresenceRules)
    believes_flags: bool = True
    """False: the reader's flags are ignored, and every row is taken for good."""


AS_IT_IS = Variant()
VARIANTS: tuple[Variant, ...] = (
    AS_IT_IS,
    Variant("flags of the reader", believes_flags=False),
    Variant("hysteresis", PresenceRules(off_ratio=1.0)),
    Variant("dwell before a session", PresenceRules(dwell_s=0.0)),
    Variant("time to come back", PresenceRules(away_s=0.0)),
    Variant("zero tracking", PresenceRules(zero=ZeroRules(rate_kg_s=0.0))),
    Variant("object test", PresenceRules(object_s=1e9)),
)


def readings_of(recording: Recording, *, believes_flags: bool = True) -> Iterator[Reading]:
    for low in range(0, len(recording.t), SLICE):
        rows = slice(low, low + SLICE)
        t = recording.t[rows].tolist()
        kg = list(zip(*recording.kg[rows].T.tolist(), strict=True))
        ok = (~recording.flagged[rows]).tolist() if believes_flags else [True] * len(t)
        yield from map(Reading, t, kg, ok)


def heard_by_matpi(recording: Recording, variant: Variant = AS_IT_IS) -> Heard:
    """A device that was just set up: no zero and no noise are known to it when the recording begins.

    But in the class `BEFORE_POWER`, where it has the zero that it stored. The on threshold is the recording's.
    """
    if not len(recording.t):
        return Heard()
    variant = replace(variant, rules=replace(variant.rules, on_kg=recording.on_kg))
    zero = Zero(recording.zero_kg) if recording.kind == BEFORE_POWER else None
    listener = Listener(float(recording.t[0]), variant, zero)
    return listener.listen(readings_of(recording, believes_flags=variant.believes_flags))


class Listener:
    """A device whose store always answers; keeps what it reports about presence."""

    def __init__(self, t: float, variant: Variant, zero: Zero | None = None) -> None:
        ids = count(1)
        self.device = Device(
            t,
            boot_id="benchmark",
            memory=Memory(acknowledgement=Acknowledgement(some=False), zero=zero),
            rules=DeviceRules(presence=variant.rules),
            zone_for=lambda _: UTC,
            new_id=lambda: str(next(ids)),
        )
        self._t = t
        self._started = t
        self._sessions: dict[str, Reported] = {}
        self._arrivals: list[float] = []
        self._objects: list[float] = []
        self._perform(self.device.handle(WallClock(t, EVENING, trusted=True)))

    def listen(self, readings: Iterable[Reading]) -> Heard:
        """What is due between two readings the device does at its own time when the next one comes."""
        handle, perform, reading = self.device.handle, self._perform, None
        for reading in readings:
            effects = handle(reading)
            if effects:
                self._t = reading.t
                perform(effects)
        if reading is not None:
            self._t = reading.t
            perform(handle(Tick(reading.t + AFTER_S)))
        return Heard(tuple(self._sessions.values()), tuple(self._arrivals), tuple(self._objects))

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Report):
                self._note(effect)
            elif isinstance(effect, Save):
                self._perform(self.device.handle(Saved(self._t, id_of(effect))))

    def _note(self, report: Report) -> None:
        match report.event:
            case Said.ARRIVING:
                self._arrivals.append(report.t)
            case Said.SESSION_STARTED:
                self._started = report.t
            case Said.OBJECT:
                self._objects.append(report.t)
            case Said.SESSION_ENDED if report.session is not None:
                self._sessions[report.session.id] = reported(report.session, self._started, report.t)
            case _:
                pass


def reported(session: Session, started: float, known: float) -> Reported:
    """An ended session as it is judged. `started`: when the newest session was shown as begun."""
    start, end = session.start_mono, session.start_mono + session.span_s
    return Reported(
        start,
        end,
        started if start <= started <= known else start,
        known,
        capped=session.reason is EndReason.CAP,
        counts=session.counts,
        asked=session.doubt in ASKED,
        thing=session.doubt is Doubt.THING,
    )
