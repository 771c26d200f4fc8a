"""matpi on a recording: the whole device in virtual time, as it is and with one part of its rule switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC
from itertools import count

from benchmarks.scenarios.recording import Recording
from benchmarks.scoring import Heard, Reported
from matpi.core.device import Device
from matpi.core.effects import Effect, Report, Said, Save, id_of
from matpi.core.events import Reading, Saved, Tick, WallClock
from matpi.core.model import Acknowledgement, EndReason, Memory, Session, Zero
from matpi.core.presence import Load, Presence
from matpi.core.rules import DeviceRules, PresenceRules
from matpi.core.stillness import Stillness
from matpi.core.zero import Block, ZeroRules

EVENING = 1_773_601_200.0
"""2026-03-15 19:00 UTC."""
AFTER_S = 90.0
"""Virtual time after the last reading: longer than the 60 s of silence that end a session."""
SLICE = 65_536
"""Readings made into tuples at a time: a day at 80/s would take gigabytes."""


class EveryReadingCounts(Presence):
    """Without the median of three: the first reading beyond a threshold has crossed it."""

    def _edge(self, t: float, x: float) -> None:
        if self._lo <= x < self._hi:
            self._onset_floor = None
            self._quiet = True
            return
        onset = t if self._onset_floor is None else self._onset_floor
        self._onset_floor, self._quiet = None, True
        self._crossed(t, onset, x)


class NoFoot(Presence):
    """Starts and ends are those of the thresholds, not of the foot of the rise and of the fall."""

    def _came(self, onset: float, not_before: float, gap_s: float) -> tuple[float, float]:
        return onset, super()._came(onset, not_before, gap_s)[1]

    def _left(self, onset: float) -> float:
        return onset


class AnyWeight(Presence):
    """Whatever is on when the dwell is over is somebody, however little it weighs by then."""

    def _steady_kg(self, t: float) -> float | None:
        kg = super()._steady_kg(t)
        return None if kg is None else max(kg, self.rules.on_kg * self.rules.light_ratio)


class Abrupt(Presence):
    """Half a second under "off" is the end of a fall, however slowly it goes on."""

    def _falls_on(self, onset: float, t: float) -> bool:  # noqa: ARG002
        return False


class EachWriggle(Presence):
    """Two short lifts are two, however little lies between them."""

    def _crossed(self, t: float, onset: float, x: float) -> None:
        self._dip = None
        super()._crossed(t, onset, x)


class NoCreep(Presence):
    """What moves from one second to the next is never the cell."""

    def __init__(self, t: float, zero: Zero | None, rules: PresenceRules, *, calibrated: bool = True) -> None:
        super().__init__(t, zero, rules, calibrated=calibrated)
        self._stillness = Stillness(rules.object_ratio, creep_kg_s=0.0)


class OneChannelTells(Presence):
    """The sum alone, without what moves from end to end, tells a body from a thing."""

    def _look_for_body(self, t: float, block: Block) -> None:
        kg = block.mean_kg
        super()._look_for_body(t, block._replace(mean_kg=(*kg, 0.0)) if len(kg) == 1 else block)


class WhateverStirs(Presence):
    """A pet on a thing brings it to life."""

    def _pet_moves(self, block: Block) -> bool:  # noqa: ARG002
        return False


class FromNothing(Presence):
    """What lay there before somebody came, and what stays behind, is a part of whoever comes."""

    def _touched(self, t: float, onset: float) -> None:
        super()._touched(t, onset)
        self._before_kg = 0.0

    def _rest(self, load: Load, rest_kg: float = 0.0) -> None:  # noqa: ARG002
        super()._rest(load)


def as_told(heard: Heard) -> Heard:
    """Without back-dating: a session begins when it is told and ends when its end is told."""
    late = (replace(s, start_s=s.confirmed_s, end_s=max(s.confirmed_s, s.known_s)) for s in heard.sessions)
    return replace(heard, sessions=tuple(late))


@dataclass(frozen=True, slots=True)
class Variant:
    """`without` names the part that is switched off; "" is matpi as it is."""

    without: str = ""
    rules: PresenceRules = field(default_factory=PresenceRules)
    presence: type[Presence] = Presence
    believes_flags: bool = True
    """False: the reader's flags are ignored, and every row is taken for good."""
    told: Callable[[Heard], Heard] = lambda heard: heard


AS_IT_IS = Variant()
VARIANTS: tuple[Variant, ...] = (
    AS_IT_IS,
    Variant("flags of the reader", believes_flags=False),
    Variant("median of three", presence=EveryReadingCounts),
    Variant("median of three and flags", presence=EveryReadingCounts, believes_flags=False),
    Variant("hysteresis", PresenceRules(off_ratio=1.0)),
    Variant("dwell before a session", PresenceRules(dwell_s=0.0)),
    Variant("bounce while getting on", PresenceRules(bounce_s=0.0)),
    Variant("dip: a short lift is a wriggle", PresenceRules(dip_s=0.0)),
    Variant("back must last", PresenceRules(back_s=0.0)),
    Variant("time to come back", PresenceRules(away_s=0.0)),
    Variant("doubt before a decision", PresenceRules(doubt_s=0.0)),
    Variant("back-dating", told=as_told),
    Variant("foot of the rise and fall", presence=NoFoot),
    Variant("a slow fall is waited for", presence=Abrupt),
    Variant("wriggles in a row are one", presence=EachWriggle),
    Variant("weight at rest", presence=AnyWeight),
    Variant("what lay there before", presence=FromNothing),
    Variant("more time for a light load", PresenceRules(light_ratio=0.0)),
    Variant("most of the load gone", PresenceRules(far_less=0.0)),
    Variant("a thing put where somebody lay", PresenceRules(settled_s=0.0)),
    Variant("a body moves, however short", PresenceRules(body_s=0.0)),
    Variant("cells creep", presence=NoCreep),
    Variant("one channel tells no thing", presence=OneChannelTells),
    Variant("a pet on a thing is a pet", presence=WhateverStirs),
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
    """A device that was just set up: no zero and no noise are known to it when the recording begins."""
    if not len(recording.t):
        return Heard()
    listener = Listener(float(recording.t[0]), variant)
    return variant.told(listener.listen(readings_of(recording, believes_flags=variant.believes_flags)))


class Listener:
    """A device whose store always answers; keeps what it tells about presence."""

    def __init__(self, t: float, variant: Variant) -> None:
        ids = count(1)
        rules = DeviceRules(presence=variant.rules)
        self.device = Device(
            t,
            boot_id="benchmark",
            memory=Memory(acknowledgement=Acknowledgement(some=False)),
            rules=rules,
            zone_for=lambda _: UTC,
            new_id=lambda: str(next(ids)),
        )
        if variant.presence is not Presence:
            self.device.presence = variant.presence(t, None, rules.presence)
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
                self._sessions[report.session.id] = self._reported(report.session, report.t)
            case _:
                pass

    def _reported(self, session: Session, told: float) -> Reported:
        start, end = session.start_mono, session.start_mono + session.span_s
        confirmed = self._started if start <= self._started <= told else start
        return Reported(start, end, confirmed, told, capped=session.reason is EndReason.CAP)
