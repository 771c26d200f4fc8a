"""Play a recorded trace through the core, as if the device had read it. Times are the trace's own.

Nothing is stored. After the last reading time goes on without any: a person who had left is gone after 20 s; a session
still under way ends at the last reading with the reason sensor_lost, and its sensor_lost event says that the trace
ended there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC
from itertools import chain, count
from math import inf
from typing import Any

from msgspec import structs

from matpi.core.device import Device
from matpi.core.effects import Effect, Report, Said, Save, UseCalibration, Write
from matpi.core.events import Event, Reading, Saved, Tick
from matpi.core.model import Acknowledgement, Calibration, Memory, Session, Zero
from matpi.core.presence.zero import ZeroWord
from matpi.core.rules import DeviceRules

AFTER_S = 90.0
"""Virtual time after the last reading: longer than the 60 s without readings that end a session."""

Watch = Callable[[float, Effect], None]


@dataclass(slots=True)
class Result:
    """What the trace held. `readings` counts all, `rejected` those that the recording flags."""

    events: list[Report] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    readings: int = 0
    rejected: int = 0
    slow: int = 0
    """Readings that came later than the sensor timeout after the one before."""
    backwards: bool = False
    """Whether a channel read backwards and was not turned round."""

    def lines(self) -> list[dict[str, Any]]:
        """Return the stable form of `matpi replay --json`, the summary last."""
        return [line_of(event) for event in self.events] + [self.summary()]

    def summary(self) -> dict[str, Any]:
        return {
            "event": "summary",
            "sessions": [
                {
                    "start_s": _ms(s.start_mono),
                    "end_s": _ms(s.start_mono + s.span_s),
                    "on_mat_s": _ms(s.on_mat_s),
                    "reason": str(s.reason),
                    "counts": s.counts,
                }
                for s in self.sessions
            ],
            "readings": self.readings,
            "rejected": self.rejected,
        }


def line_of(report: Report) -> dict[str, Any]:
    """Return one event as `matpi replay --json` prints it."""
    return {"t_s": _ms(report.at), "event": str(report.event), "reason": str(report.reason)}


def replay(
    readings: Iterable[Reading],
    rules: DeviceRules | None = None,
    watch: Watch = lambda _t, _effect: None,
    calibration: Calibration | None = None,
    zero: Zero | None = None,
) -> Result:
    """Run the readings through a device. `watch` sees every effect with the time it came at.

    `calibration` and `zero` are what the device has stored when it starts; an approximate calibration without a zero
    makes it search for one first.
    """
    memory = Memory(acknowledgement=Acknowledgement(some=False), calibration=calibration, zero=zero)
    rest = iter(readings)
    first = next(rest, None)
    if first is None:
        return Result()
    return Replayer(first.t, rules or DeviceRules(), watch, memory).run(chain((first,), rest))


class Replayer:
    """A device from `t` on, and what it makes of the readings."""

    def __init__(self, t: float, rules: DeviceRules, watch: Watch, memory: Memory) -> None:
        ids = count(1)
        self._device = Device(
            t,
            boot_id="replay",
            memory=memory,
            rules=rules,
            zone_for=lambda _: UTC,
            new_id=lambda: str(next(ids)),
        )
        self._stale_s, self._watch, self._calibration = rules.presence.stale_s, watch, memory.calibration
        self._result = Result()
        self._over = False
        self._turned: tuple[float, ...] = ()
        """What each channel is multiplied by since the device turned one that reads backwards."""

    def run(self, readings: Iterable[Reading]) -> Result:
        result, last = self._result, inf
        for reading in readings:
            result.slow += reading.t - last > self._stale_s
            last = reading.t
            self._until(last)
            self._send(self._weighed(reading))
            result.backwards |= self._device.presence.zero.word is ZeroWord.BACKWARDS
        self._over = True
        self._until(last + AFTER_S)
        seen = self._device.snapshot()
        result.readings, result.rejected = seen.readings, seen.rejected
        return result

    def _weighed(self, reading: Reading) -> Reading:
        if not self._turned:
            return reading
        return structs.replace(reading, kg=tuple(kg * sign for kg, sign in zip(reading.kg, self._turned, strict=True)))

    def _hear(self, report: Report) -> None:
        """Add an event; a sensor timeout after the trace only when it ends a session."""
        if self._over and report.event is Said.SENSOR_LOST:
            running = self._device.session.running
            if running is None or running.frozen_at is not None:
                return
            report = structs.replace(report, reason="the trace ended")
        self._result.events.append(report)

    def _until(self, t: float) -> None:
        while (wake := self._device.next_wake()) is not None and wake <= t:
            self._send(Tick(wake))

    def _send(self, event: Event) -> None:
        for effect in self._device.handle(event):
            self._watch(event.t, effect)
            match effect:
                case Save(Session() as session):
                    before = [one for one in self._result.sessions if one.id != session.id]  # it went on after all
                    self._result.sessions = [*before, session]
                case UseCalibration(now) if self._calibration is not None:
                    # Without a hand at the button only signs change, and the references stay.
                    slopes = zip(self._calibration.counts_per_kg, now.counts_per_kg, strict=True)
                    self._turned = tuple(before / after for before, after in slopes)
                case Report():
                    self._hear(effect)
                case _:
                    pass
            if isinstance(effect, Write):
                self._send(Saved(event.t, effect.key))


def _ms(seconds: float) -> float:
    return round(seconds, 3)
