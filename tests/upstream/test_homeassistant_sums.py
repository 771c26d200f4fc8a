"""What Home Assistant sums up over days of `today` and `lifetime` is what is on record, whatever was corrected."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from matpi.core.events import LogChanged, WallClock
from matpi.core.model import Acknowledgement, EndReason, Log, Memory, Session, Settings
from matpi.core.people import People, Person
from matpi.upstream.mqtt import homeassistant
from matpi.upstream.mqtt.state import Observer
from tests.bench import NOON, Bench
from tests.upstream.mats import config

KNOWN = Acknowledgement(some=False, utc=NOON)


def edges() -> tuple[float | None, int]:
    return None, 0


class Meter:
    """Home Assistant's long-term sum of a sensor, after its rules for the state classes (developers' page "Sensor").

    `total`: growth and decline since the first value, from 0 again when `last_reset` has changed. `total_increasing`:
    growth, from 0 again when the value has fallen.
    """

    def __init__(self, component: dict[str, Any], field: str) -> None:
        self.component, self.field = component, field
        self.sum = 0.0
        self._last: float | None = None
        self._reset: str | None = None

    def take(self, payload: dict[str, Any]) -> None:
        value = payload[self.field]
        if value is None:
            return
        reset = payload["today_since"] if "last_reset_value_template" in self.component else None
        assert (self.component["state_class"] == "total") or reset is None, "Home Assistant refuses the sensor"
        fell = self.component["state_class"] == "total_increasing" and self._last is not None and value < self._last
        if self._last is not None:
            self.sum += value - (0.0 if fell or reset != self._reset else self._last)
        self._last, self._reset = value, reset


class House:
    """A mat and the two sums; `watch` is asked after everything that happens, as each message would be."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.bench = Bench(Memory(acknowledgement=KNOWN, settings=settings or Settings()), rate=4)
        components = json.loads(homeassistant.discovery_payload(config(1883), "test"))["components"]
        self.meters = [Meter(components["today"], "today_min"), Meter(components["lifetime"], "lifetime_h")]
        self.observer = Observer()
        self.watch()

    def watch(self) -> dict[str, Any]:
        seen = self.observer.copy(self.bench.device, edges)
        payload: dict[str, Any] = json.loads(homeassistant.state_payload(seen))
        for meter in self.meters:
            meter.take(payload)
        return payload

    def pass_s(self, seconds: float) -> None:
        for _ in range(round(seconds / 10)):
            self.bench.pass_s(10)
            self.watch()

    def lie(self, seconds: float) -> None:
        self.bench.kg = 45.0
        self.pass_s(seconds)
        self.bench.kg = 0.0
        self.pass_s(120)

    def correct(self, *sessions: Session) -> None:
        self.bench.send(LogChanged(self.bench.t, replace(self.bench.device.ledger.log, sessions=sessions)))
        self.watch()

    @property
    def recorded_s(self) -> float:
        return sum(session.on_mat_s for session in self.bench.device.ledger.log.counting)

    def agrees(self) -> None:
        minutes, hours = (meter.sum for meter in self.meters)
        assert minutes == pytest.approx(self.recorded_s / 60, abs=0.1)
        assert hours == pytest.approx(self.recorded_s / 3600, abs=0.011)


def test_the_sums_are_what_is_on_record_after_a_discard_a_denial_an_edit_and_a_deletion() -> None:
    house = House()
    house.pass_s(40)
    house.lie(600)
    house.agrees()

    house.bench.kg = 45.0
    house.pass_s(300)
    house.bench.press(3.5)  # discarded
    house.bench.kg = 0.0
    house.pass_s(60)
    house.agrees()

    house.lie(400)
    house.lie(200)
    house.agrees()
    first, second, third = house.bench.device.ledger.log.sessions
    house.correct(first, replace(second, yours=False), third)
    house.agrees()
    house.correct(first, second, replace(third, on_mat_s=100.0, span_s=100.0))
    house.agrees()
    house.correct(first, second)
    house.agrees()
    assert house.recorded_s == pytest.approx(1000, abs=5)


def test_a_new_day_begins_a_new_cycle_and_not_before_four() -> None:
    house = House(Settings(zone="Europe/Berlin"))
    house.pass_s(40)
    house.lie(600)
    house.bench.rate = 1
    for hours, day in ((0, 15), (13, 15), (1.5, 15), (0.5, 16), (24, 17), (24, 18)):  # midnight, then four o'clock
        house.bench.pass_s(hours * 3600)
        assert house.watch()["today_since"] == f"2026-03-{day}T04:00:00+01:00"
    assert house.watch()["today_min"] == 0.0
    house.lie(300)
    house.agrees()


def test_until_the_clock_is_known_nothing_is_said_of_today_and_nothing_is_summed() -> None:
    bench = Bench(utc=None, rate=4)
    bench.pass_s(40)
    bench.lie(300)
    bench.up(60)
    seen = Observer().copy(bench.device, edges)
    assert (seen.today_min, seen.today_since, seen.lifetime_h) == (None, None, 0.08)
    bench.send(WallClock(bench.t, NOON, trusted=True))
    bench.pass_s(1)
    seen = Observer().copy(bench.device, edges)
    assert (seen.today_min, seen.today_since) == (5.0, "2026-03-15T04:00:00+00:00")


def test_whose_turn_it_is_changes_no_total() -> None:
    """`today` is of the mat, as `lifetime` is: with two people in turn each change would else add to the sum."""
    today = date(2026, 3, 15)
    sessions = tuple(
        Session(f"s-{owner}", "b", 0.0, 600.0, 600.0, EndReason.LEFT, NOON - 7200.0, 0, today, person=owner)
        for owner in ("a", "b")
    )
    seen = []
    for chosen in ("a", "b", None):
        people = People((Person("a", "Ada"), Person("b", "Ben")), chosen)
        bench = Bench(Memory(acknowledgement=KNOWN, log=Log(sessions=sessions), people=people))
        bench.pass_s(5)
        seen.append(Observer().copy(bench.device, edges).today_min)
    assert seen == [20.0, 20.0, 20.0]
