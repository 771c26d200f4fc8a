"""matpi on a recording: the whole device in virtual time, as it is and with one part of its rule switched off."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from itertools import count
from math import inf
from typing import Final

from msgspec import structs

from benchmarks.scenarios.recording import Recording
from benchmarks.scoring import Heard, Reported
from matpi.core import doubt
from matpi.core.device import Device
from matpi.core.effects import Effect, Report, Said, Write
from matpi.core.events import ButtonDown, ButtonUp, Event, Reading, Saved, Tick, WallClock
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Doubt, EndReason, Memory, Session, Settings, Zero
from matpi.core.presence.detector import Presence
from matpi.core.presence.signal import Signal
from matpi.core.rules import DeviceRules, PresenceRules, ZeroRules

EVENING = 1_773_601_200.0
"""2026-03-15 19:00 UTC."""
AFTER_S = 150.0
"""Virtual time after the last reading: longer than any wait of docs/dev/behaviour.md 1."""
SLICE = 65_536
"""Readings made into tuples at a time: a day at 80/s would take gigabytes."""
BEFORE_POWER: Final = "boot"
"""The scenario class whose device was on before, and so has a stored zero."""


class EveryReading(Signal):
    """Without the median of three: the last reading alone."""

    def take(self, t: float, kg: tuple[float, ...], total: float) -> bool:
        ends_second = super().take(t, kg, total)
        self.kg = total
        return ends_second


class FromTheFloor(Signal):
    """A rise begins above the zero, also where something was on the mat before."""

    def rise_began(self, onset: float, floor_kg: float, rules: PresenceRules, not_before: float) -> float:
        track = self._track
        first = next((n for n, (t, _) in enumerate(track) if t > onset - rules.touch_s), 0)
        self._track = deque([*list(track)[:first], (onset - rules.touch_s, floor_kg), *list(track)[first:]])
        try:
            return super().rise_began(onset, floor_kg, rules, not_before)
        finally:
            self._track = track


class OneLoad(Presence):
    """What comes back is the person who left."""

    def _return(self, t: float, at: float) -> None:
        super()._return(t, at)
        self._latest, self._latest_from = self.evidence, self._touch


class FirstFall(Presence):
    """The end is where most of the load had gone, however the fall went on."""

    def _fell(self, t: float) -> None:
        """Leave `left_at` where it is."""


@dataclass(frozen=True, slots=True)
class Variant:
    """`without` names the part that is switched off; "" is matpi as it is."""

    without: str = ""
    rules: PresenceRules = field(default_factory=PresenceRules)
    presence: type[Presence] = Presence
    signal: type[Signal] = Signal
    believes_flags: bool = True
    """False: the reader's flags are ignored, and every row is taken for good."""


AS_IT_IS = Variant()
VARIANTS: tuple[Variant, ...] = (
    AS_IT_IS,
    Variant("flags of the reader", believes_flags=False),
    Variant("median of three", signal=EveryReading),
    Variant("median of three and flags", signal=EveryReading, believes_flags=False),
    Variant("hysteresis", PresenceRules(off_ratio=1.0)),
    Variant("dwell before a session", PresenceRules(dwell_s=0.0)),
    Variant("time to come back", PresenceRules(away_s=0.0)),
    Variant("back-dating to the first touch", PresenceRules(touch_s=0.0)),
    Variant("a rise begins above what lay there", signal=FromTheFloor),
    Variant("most of the load gone is away", PresenceRules(rest_share=0.0)),
    Variant("more time while something stays", PresenceRules(rest_s=20.0)),
    Variant("a middle load is known after 30 s", PresenceRules(rest_from_s=0)),
    Variant("a fall that goes on", presence=FirstFall),
    Variant("leaving and return must last 1 s", PresenceRules(debounce_s=0.0)),
    Variant("things", PresenceRules(thing_kg=0.0)),
    Variant("things reported live", PresenceRules(object_s=inf)),
    Variant("a thing where a person has left", presence=OneLoad),
    Variant("heavier than 30 kg is no thing", PresenceRules(thing_kg=inf)),
    Variant("a quarter of the windows", PresenceRules(still_share=0.0)),
    Variant("one end carries nothing", PresenceRules(wire_kg=0.0)),
    Variant("the zero follows", PresenceRules(zero=ZeroRules(rate_kg_s=0.0))),
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
    variant = replace(variant, rules=structs.replace(variant.rules, on_kg=recording.on_kg))
    zero = Zero(recording.zero_kg) if recording.kind == BEFORE_POWER else None
    listener = Listener(float(recording.t[0]), variant, zero)
    return listener.listen(readings_of(recording, believes_flags=variant.believes_flags))


class Listener:
    """A device whose store always answers; collects what it reports about presence."""

    def __init__(self, t: float, variant: Variant, zero: Zero | None = None, others: str = "no") -> None:
        ids = count(1)
        self.device = Device(
            t,
            boot_id="benchmark",
            memory=Memory(acknowledgement=Acknowledgement(some=False), zero=zero, settings=Settings(others=others)),
            rules=DeviceRules(presence=variant.rules),
            zone_for=lambda _: UTC,
            new_id=lambda: str(next(ids)),
            presence=variant.presence,
        )
        self.device.presence.signal = variant.signal()
        self._t = t
        self._started = t
        self._sessions: dict[str, Reported] = {}
        self._arrivals: list[float] = []
        self._objects: list[float] = []
        self._perform(self.device.handle(WallClock(t, EVENING, trusted=True)))

    def listen(self, readings: Iterable[Reading]) -> Heard:
        """What is due between two readings the device does at its own time when the next one comes."""
        reading, handle = None, self.device.handle
        for reading in readings:
            if effects := handle(reading):
                self._t = reading.t
                self._perform(effects)
        if reading is not None:
            self._hear(Tick(reading.t + AFTER_S))
        return self.heard()

    def _hear(self, event: Event) -> None:
        effects = self.device.handle(event)
        if effects:
            self._t = event.t
            self._perform(effects)

    def heard(self) -> Heard:
        return Heard(tuple(self._sessions.values()), tuple(self._arrivals), tuple(self._objects))

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Report):
                self._note(effect)
            elif isinstance(effect, Write):
                self._perform(self.device.handle(Saved(self._t, effect.key)))

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


class Household(Listener):
    """A device with a log, and a person who answers its questions by the truth, three seconds after they are asked."""

    ANSWERS_S: Final = 3.0

    def live(self, recording: Recording) -> Heard:
        """One day. The person presses the button while nothing is on the mat."""
        self._sessions, self._arrivals, self._objects = {}, [], []
        due = inf
        for reading in readings_of(recording):
            if reading.t >= due:
                self._answer(due, recording)
                due = inf
            self._hear(reading)
            if due == inf and self.device.stage.front is Front.CONFIRM:
                due = reading.t + self.ANSWERS_S
        self._hear(Tick(reading.t + AFTER_S))
        return self.heard()

    def _answer(self, t: float, recording: Recording) -> None:
        asked = self.device.session.last
        if asked is None or self.device.stage.front is not Front.CONFIRM:
            return
        begin, end = asked.start_mono, asked.start_mono + asked.span_s
        theirs = any(min(end, stay.end_s) > max(begin, stay.start_s) for stay in recording.stays)
        self._hear(ButtonDown(t))
        self._hear(ButtonUp(t + (1.0 if theirs else 0.1)))
        answered = next((s for s in self.device.ledger.log.sessions if s.id == asked.id), None)
        before = self._sessions.get(asked.id)
        if answered is not None and before is not None:
            self._sessions[asked.id] = replace(before, counts=answered.counts)


def live(days: Sequence[Recording], pets: bool) -> list[Heard]:
    """What a device that lives through a household's days reports of each (`benchmarks.dogs.Live`)."""
    home = Household(float(days[0].t[0]), AS_IT_IS, Zero(days[0].zero_kg), others="pets" if pets else "no")
    return [home.live(day) for day in days]


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
        asked=doubt.is_open(session),
        thing=session.doubt is Doubt.THING,
    )
