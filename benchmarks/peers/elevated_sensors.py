"""ElevatedSensors/bed-presence-mk1: a bed presence sensor that is sold, its Normal response speed."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from benchmarks.peers import ON_KG, Ledger

TRIGGER = 0.75
"""Of the way from the empty to the occupied reading: its default."""
AVERAGED = 5
REPORT_SHARE, REPORT_S = 0.01, 180.0
"""A change of one per cent is reported, or anything after three minutes."""
OFF_S = 1.0
"""Normal: at once on, off after one second."""


class ElevatedSensors:
    name: ClassVar[str] = "Elevated Sensors"
    source: ClassVar[str] = "ElevatedSensors/bed-presence-mk1 at 12c587f, bed-presence-mk1/sensor.yaml"
    rules: ClassVar[str] = (
        "The mean of five readings 0.5 s apart over one threshold, three quarters of the way from the empty to the "
        "occupied reading, calibrated with this very person lying down, as its instructions say; on at once, off after "
        "1 s. The zero does not follow. Nothing was scaled. No object rule."
    )
    every_s: ClassVar[float] = 0.5
    set_up_by_another: ClassVar[bool] = False

    def __init__(self, empty_kg: float, occupied_kg: float, on_kg: float = ON_KG) -> None:
        del on_kg
        self.ledger = Ledger()
        span = occupied_kg - empty_kg
        self._trigger_kg, self._step_kg = empty_kg + TRIGGER * span, REPORT_SHARE * abs(span)
        self._window: deque[float] = deque(maxlen=AVERAGED)
        self._reported_kg, self._reported_t = empty_kg, 0.0
        self._under_since: float | None = None

    def feed(self, t: float, kg: float) -> None:
        self._window.append(kg)
        mean = sum(self._window) / len(self._window)
        if abs(mean - self._reported_kg) >= self._step_kg or t - self._reported_t >= REPORT_S:
            self._reported_kg, self._reported_t = mean, t
        if self._reported_kg > self._trigger_kg:
            self._under_since = None
            if not self.ledger.is_open:
                self.ledger.begin(t, t)
        elif self.ledger.is_open:
            if self._under_since is None:
                self._under_since = t
            if t - self._under_since >= OFF_S:
                self.ledger.end(t, t)

    def finish(self, t: float) -> None:
        self.ledger.end(t, t)


class ElevatedSensorsShared(ElevatedSensors):
    """The same on a mat that more than one person uses."""

    name: ClassVar[str] = "Elevated Sensors, shared"
    rules: ClassVar[str] = (
        "The same, calibrated with another person of the household: 45 to 120 kg, drawn for every "
        "recording. No object rule."
    )
    set_up_by_another: ClassVar[bool] = True
