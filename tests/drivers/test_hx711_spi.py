"""The chip on an SPI bus: the same statuses, and each fault reported as what it is, through either driver."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from matpi.drivers.scale.guard import Guarded, Status
from matpi.drivers.scale.hx711 import GuardedHX711
from matpi.drivers.scale.hx711_spi import SpiHX711, open_spi
from matpi.errors import HardwareError
from matpi.sim.chip import CODE_MAX, CODE_MIN, BusTime, Chip, EmulatedSpi, VirtualTime

OK, GLITCH, NOT_READY = Status.OK, Status.GLITCH, Status.NOT_READY
DESYNC, SATURATED, STALE = Status.DESYNC, Status.SATURATED, Status.STALE
CODE = -123_456


class Rig:
    """A chip in virtual time under one of the drivers."""

    def __init__(self, driver: str, rate: int = 80, *, jumper: int | None = None, oscillator: float = 1.0) -> None:
        self.time = VirtualTime(1000.0)
        self.load: float = CODE
        self.period_s = 1.0 / rate
        how: dict[str, Any] = {"oscillator": oscillator}
        self.scale: Guarded
        if driver == "spi":
            bus_time = BusTime(self.time, self.time.sleep)
            self.chip = Chip(lambda _t: self.load, jumper or rate, now=bus_time, access_s=0.0, **how)
            self.spi = EmulatedSpi(self.chip, bus_time)
            self.scale = SpiHX711(self.spi, rate, now=self.time, sleep=self.time.sleep)
        else:
            self.chip = Chip(lambda _t: self.load, jumper or rate, now=self.time, spend=self.time.sleep, **how)
            self.scale = GuardedHX711(self.chip.data, self.chip.clock, rate, now=self.time, sleep=self.time.sleep)

    def statuses(self, number: int) -> list[Status]:
        return [self.scale.read().status for _ in range(number)]


def unplug(rig: Rig) -> None:
    rig.chip.unplugged = True


def stick_low(rig: Rig) -> None:
    rig.chip.stuck_low = True


def overload(rig: Rig) -> None:
    rig.load = 2e7


def break_a_wire(rig: Rig) -> None:
    rig.load = -2e7


def power_down(rig: Rig) -> None:
    rig.chip.stall = {12: 70e-6}


def long_pulse(rig: Rig) -> None:
    rig.chip.stall = {12: 52e-6}


def look_away(rig: Rig) -> None:
    rig.time.sleep(1.9 * rig.period_s)


def look_away_for_long(rig: Rig) -> None:
    rig.time.sleep(20.3 * rig.period_s)


def brown_out(rig: Rig) -> None:
    rig.chip._reset(rig.time())


def pulse_twice_more(rig: Rig) -> None:
    """27 pulses: the other gain, after settling; the next read-out brings the old one back, after settling again."""
    for level in (True, False) * 2:
        rig.chip.clock_level(level)


Fault = Callable[[Rig], None]
EITHER: list[tuple[Fault, list[Status]]] = [
    (unplug, [NOT_READY, NOT_READY]),
    (stick_low, [DESYNC, DESYNC, DESYNC]),
    (look_away, [STALE, STALE, STALE, OK]),
    (look_away_for_long, [STALE, STALE, STALE, OK]),
    (brown_out, [STALE, STALE, OK, OK]),
    (pulse_twice_more, [STALE, STALE, STALE, OK]),
]
SCHEDULED: list[tuple[Fault, list[Status]]] = [
    (power_down, [GLITCH, STALE, STALE, OK]),
    (long_pulse, [GLITCH, STALE, STALE, OK]),
]


@pytest.mark.parametrize("rate", [10, 80])
@pytest.mark.parametrize(
    ("driver", "fault", "statuses"),
    [(driver, *row) for driver in ("adafruit", "spi") for row in EITHER] + [("adafruit", *row) for row in SCHEDULED],
)
def test_each_fault_is_reported_as_what_it_is(driver: str, fault: Fault, statuses: list[Status], rate: int) -> None:
    rig = Rig(driver, rate)
    assert rig.statuses(6) == [OK] * 6
    fault(rig)
    samples = [rig.scale.read() for _ in statuses]
    assert [sample.status for sample in samples] == statuses
    assert {sample.counts for sample in samples if sample.status is OK} <= {CODE}
    assert {sample.counts for sample in samples if sample.status is not OK} <= {0}


@pytest.mark.parametrize("driver", ["adafruit", "spi"])
@pytest.mark.parametrize(("fault", "end"), [(overload, CODE_MAX), (break_a_wire, CODE_MIN)])
def test_an_end_of_the_range_is_saturated(driver: str, fault: Fault, end: int) -> None:
    rig = Rig(driver)
    rig.scale.read()
    fault(rig)
    samples = [rig.scale.read() for _ in range(6)]
    assert [(sample.counts, sample.status) for sample in samples[-2:]] == [(end, SATURATED)] * 2


@pytest.mark.parametrize("driver", ["adafruit", "spi"])
@pytest.mark.parametrize("rate", [10, 80])
@pytest.mark.parametrize("oscillator", [0.96, 1.0, 1.07, 1.12, 1.18])
def test_oscillators_as_they_are_cost_no_sample(driver: str, rate: int, oscillator: float) -> None:
    rig = Rig(driver, rate, oscillator=oscillator)
    assert set(rig.statuses(200)) == {OK}
    assert rig.scale.rate_hz() == pytest.approx(rate * oscillator, rel=0.01)


@pytest.mark.parametrize("driver", ["adafruit", "spi"])
@pytest.mark.parametrize(("jumper", "rate"), [(80, 10), (10, 80)])
def test_a_jumper_that_is_not_as_set_is_never_believed_and_its_rate_is_seen(
    driver: str, jumper: int, rate: int
) -> None:
    rig = Rig(driver, rate, jumper=jumper, oscillator=1.1)
    statuses = rig.statuses(60)
    assert statuses.count(OK) <= 1
    assert set(statuses[1:]) <= {STALE, NOT_READY}
    assert rig.scale.rate_hz() == pytest.approx(jumper * 1.1, rel=0.1)


@pytest.mark.parametrize("driver", ["adafruit", "spi"])
@pytest.mark.parametrize(("rate", "jumper"), [(80, 10), (10, 80)])
def test_a_jumper_that_comes_loose_is_seen(driver: str, rate: int, jumper: int) -> None:
    rig = Rig(driver, rate, oscillator=1.1)
    rig.statuses(40)
    rig.chip._period_s = 1 / (jumper * 1.1)
    rig.statuses(20)
    assert OK not in rig.statuses(20)
    rig.chip._period_s = 1 / (rate * 1.1)
    rig.statuses(20)
    assert set(rig.statuses(40)) == {OK}
    assert rig.scale.rate_hz() == pytest.approx(rate * 1.1, rel=0.01)


@pytest.mark.parametrize("oscillator", [0.96, 1.0, 1.07, 1.18])
def test_few_looks_are_enough(oscillator: float) -> None:
    """At most two and a half a sample: the reader wakes for each."""
    rig = Rig("spi", oscillator=oscillator)
    rig.statuses(10)
    looks = 0
    level = rig.scale._level

    def counted() -> bool:
        nonlocal looks
        looks += 1
        return level()

    rig.scale._level = counted  # type: ignore[method-assign]
    rig.statuses(100)
    assert looks <= 250


@pytest.mark.parametrize("code", [0, 1, -1, 2, -2, 123456, -123456, CODE_MAX - 1, CODE_MIN + 1, 0x555555, -0x555556])
def test_known_codes_are_read_right_over_the_bus(code: int) -> None:
    rig = Rig("spi")
    rig.load = code
    assert {(sample.counts, sample.status) for sample in (rig.scale.read() for _ in range(3))} == {(code, OK)}


def test_a_bus_that_idles_high_keeps_the_chip_asleep() -> None:
    rig = Rig("spi")
    rig.scale.read()
    rig.spi.idles_high = True
    assert OK not in rig.statuses(4)


# -- opening -----------------------------------------------------------------------------------------------------------


class Spidev:
    """The part of the library that is used."""

    def __init__(self, error: OSError | None = None) -> None:
        self.error = error
        self.mode = self.max_speed_hz = self.bits_per_word = -1
        self.opened: tuple[int, int] | None = None

    def SpiDev(self) -> Spidev:  # noqa: N802  (spidev's name)
        return self

    def open(self, bus: int, device: int) -> None:
        if self.error is not None:
            raise self.error
        self.opened = (bus, device)

    def xfer2(self, values: list[int], /) -> list[int]:
        return values


def test_the_bus_is_set_to_one_megahertz_and_mode_0() -> None:
    spidev = Spidev()
    open_spi(1, 0, spidev)
    assert (spidev.opened, spidev.max_speed_hz, spidev.mode, spidev.bits_per_word) == ((1, 0), 1_000_000, 0, 8)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (FileNotFoundError(2, "No such file"), r"There is no /dev/spidev1\.0 .*dtoverlay=spi1-1cs.*\[\[scale\.spi\]\]"),
        (PermissionError(13, "Permission denied"), r"/dev/spidev1\.0 may not be used by this user; .*group spi"),
        (OSError(16, "Device or resource busy"), r"/dev/spidev1\.0 cannot be used .*busy.*correct"),
    ],
)
def test_what_is_wrong_with_the_bus_is_one_sentence(error: OSError, sentence: str) -> None:
    with pytest.raises(HardwareError, match=sentence):
        open_spi(1, 0, Spidev(error))


def test_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spidev", None)
    with pytest.raises(HardwareError, match="install python3-spidev"):
        open_spi(0, 0)
