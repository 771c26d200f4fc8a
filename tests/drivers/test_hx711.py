"""The real library over the emulated chip: what it reads is right, and what may be wrong is reported."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matpi.drivers.scale.guard import DEADLINE, Sample, Status
from matpi.drivers.scale.hx711 import GuardedHX711
from matpi.sim.chip import CODE_MAX, CODE_MIN, Chip, VirtualTime

os.environ.setdefault("BLINKA_OS_AGNOSTIC", "1")


class Rig:
    """A guarded driver over a chip in virtual time."""

    def __init__(
        self,
        source: Callable[[float], float] = lambda _t: 0x123456,
        rate: int = 80,
        *,
        access_s: float = 5e-6,
        oscillator: float = 1.0,
        taps: int = 4,
    ) -> None:
        self.time = VirtualTime(1000.0)
        self.chip = Chip(
            source,
            rate,
            now=self.time,
            spend=self.time.sleep,
            access_s=access_s,
            oscillator=oscillator,
            taps=taps,
        )
        self.scale = GuardedHX711(self.chip.data, self.chip.clock, rate, now=self.time, sleep=self.time.sleep)

    def statuses(self, number: int) -> list[Status]:
        return [self.scale.read().status for _ in range(number)]


@pytest.mark.parametrize("rate", [10, 80])
@pytest.mark.parametrize(
    "code", [0, 1, -1, 2, -2, 123456, -123456, CODE_MAX - 1, CODE_MIN + 1, CODE_MAX, CODE_MIN, 2e7, -2e7]
)
def test_known_codes_are_read_right_through_the_real_library(code: float, rate: int) -> None:
    rig = Rig(lambda _t: code, rate)
    within = CODE_MIN < code < CODE_MAX
    for _ in range(3):
        sample = rig.scale.read()
        assert sample.counts == max(CODE_MIN, min(CODE_MAX, int(code)))
        assert sample.status is (Status.OK if within else Status.SATURATED)


@pytest.mark.parametrize("oscillator", [0.95, 1.0, 1.17])
@pytest.mark.parametrize("rate", [10, 80])
def test_every_conversion_is_read_once(rate: int, oscillator: float) -> None:
    rig = Rig(rate=rate, oscillator=oscillator)
    rig.scale.read()
    before, first = rig.chip.conversions, rig.time()
    samples = [rig.scale.read() for _ in range(200)]
    assert rig.chip.conversions - before == 200
    assert {sample.status for sample in samples} == {Status.OK}
    assert (samples[-1].t - first) / 200 == pytest.approx(1 / (rate * oscillator), rel=0.01)


@pytest.mark.parametrize("rate", [10, 80])
def test_an_unplugged_chip_is_reported_within_the_deadline_and_without_a_busy_loop(rate: int) -> None:
    rig = Rig(rate=rate)
    rig.scale.read()
    rig.chip.unplugged = True
    looks: list[float] = []

    def counted(seconds: float) -> None:
        looks.append(seconds)
        rig.time.sleep(seconds)

    rig.scale._sleep = counted
    start = rig.time()
    sample = rig.scale.read()
    assert sample == (rig.time(), 0, Status.NOT_READY)
    assert rig.time() - start == pytest.approx(DEADLINE / rate, rel=0.05)
    assert len(looks) <= 40 * DEADLINE + 1
    rig.chip.unplugged = False
    assert rig.statuses(3)[-1] is Status.OK


def test_unplugged_between_the_look_and_the_read_out_does_not_hang() -> None:
    rig = Rig()
    while not rig.scale.ready():
        rig.time.sleep(1e-4)
    rig.chip.unplugged = True
    assert rig.scale.take().status is Status.STALE
    assert rig.scale.read().status is Status.NOT_READY


@pytest.mark.parametrize("pulse", range(1, 26))
def test_a_power_down_in_a_read_out_is_reported_and_so_are_the_two_after_it(pulse: int) -> None:
    rig = Rig()
    rig.scale.read()
    rig.chip.stall = {pulse: 70e-6}
    resets = rig.chip.resets
    assert rig.statuses(5) == [Status.GLITCH, Status.STALE, Status.STALE, Status.OK, Status.OK]
    assert rig.chip.resets == resets + 1


def test_the_emulated_glitch_is_the_one_from_the_field() -> None:
    """The top bits right, the rest ones: bogde/HX711#83, google/periph#439."""
    import adafruit_hx711.hx711 as vendor  # type: ignore[import-untyped,unused-ignore]

    rig = Rig()
    for pulse, code in [(1, 0x7FFFFF), (5, 0x17FFFF), (12, 0x123FFF), (20, 0x12345F), (24, 0x123456)]:
        while not rig.scale.ready():
            rig.time.sleep(1e-4)
        rig.chip.stall = {pulse: 70e-6}
        assert vendor.HX711._read_channel_raw(rig.scale._chip, 25) == code


def test_a_clock_high_for_over_50_us_is_refused_though_the_chip_would_bear_it() -> None:
    rig = Rig()
    rig.scale.read()
    rig.chip.stall = {7: 50e-6}
    resets = rig.chip.resets
    assert rig.statuses(2) == [Status.GLITCH, Status.OK]  # the next one came in time, so there was no harm
    assert rig.chip.resets == resets


def test_stuck_low_is_never_a_load_of_nothing() -> None:
    rig = Rig()
    rig.scale.read()
    rig.chip.stuck_low = True
    start = rig.time()
    assert set(rig.statuses(10)) == {Status.DESYNC}
    assert (rig.time() - start) / 10 > 0.03  # each is followed by a reset and its wait, not by the next at once
    rig.chip.stuck_low = False
    assert Status.OK in rig.statuses(4)


def test_a_sample_of_unknown_age_is_stale() -> None:
    rig = Rig()
    rig.scale.read()
    rig.time.sleep(0.1)
    assert rig.statuses(4) == [Status.STALE, Status.STALE, Status.STALE, Status.OK]


def test_two_chips_in_turn() -> None:
    rigs = [Rig(lambda _t: 111), Rig(lambda _t: 222, oscillator=1.11)]
    shared = rigs[0].time
    for rig in rigs:
        rig.chip._now = rig.chip._now if rig is rigs[0] else shared
        rig.chip._spend = shared.sleep
        rig.scale._now = rig.scale._clock._now = shared
    got: dict[int, list[Sample]] = {0: [], 1: []}
    while shared() < 1002.0:
        for at, rig in enumerate(rigs):
            if rig.scale.ready():
                got[at].append(rig.scale.take())
        shared.sleep(3e-4)
    assert [len(samples) for samples in got.values()] == [pytest.approx(157, abs=3), pytest.approx(174, abs=3)]
    assert {(sample.counts, sample.status) for sample in got[0]} == {(111, Status.OK)}
    assert {(sample.counts, sample.status) for sample in got[1]} == {(222, Status.OK)}


@settings(max_examples=60, deadline=None)
@given(
    st.floats(1e-6, 16e-6),
    st.floats(0.9, 1.18),
    st.lists(st.tuples(st.integers(1, 30), st.floats(0, 0.03)), max_size=6),
    st.floats(0, 0.02),
    st.integers(0, 2**32),
)
def test_whatever_happens_an_accepted_sample_is_a_conversion(
    access_s: float, oscillator: float, stalls: list[tuple[int, float]], pause_s: float, seed: int
) -> None:
    codes: list[int] = []

    def source(_t: float) -> float:
        codes.append((seed * 48271 * (len(codes) + 1) + len(codes)) % 0xFFFFFE - 0x7FFFFF)
        return codes[-1]

    rig = Rig(source, access_s=access_s, oscillator=oscillator, taps=1)
    accepted = []
    for pulse, seconds in stalls:
        rig.chip.stall = {pulse: seconds}
        rig.time.sleep(pause_s)
        accepted += [(sample, codes[-1]) for _ in range(4) if (sample := rig.scale.read()).status is Status.OK]
    accepted += [(sample, codes[-1]) for _ in range(6) if (sample := rig.scale.read()).status is Status.OK]
    assert accepted
    assert [sample.counts for sample, _ in accepted] == [code for _, code in accepted]


def test_in_real_time_what_is_accepted_is_right() -> None:
    """The machine may be busy: nothing is asked of how many are accepted."""
    chip = Chip(lambda _t: -123456, 80, now=time.monotonic)
    scale = GuardedHX711(chip.data, chip.clock, 80)
    until = time.monotonic() + 0.5
    samples = []
    while time.monotonic() < until:
        samples.append(scale.read())
    assert {sample.counts for sample in samples if sample.status is Status.OK} <= {-123456}
    assert len(samples) > 4


def test_reset() -> None:
    rig = Rig()
    resets = rig.chip.resets
    rig.scale.reset()
    assert rig.chip.resets == resets + 1
    assert rig.scale.read().status is Status.OK


def test_garbage_collection_is_off_in_the_read_out_and_on_again_even_when_a_pin_fails() -> None:
    rig = Rig()
    seen: list[bool] = []

    class Watched:
        fails = False

        @property
        def value(self) -> bool:
            seen.append(gc.isenabled())
            if self.fails and not gc.isenabled():
                raise OSError("no line")
            return rig.chip.data.value

        @value.setter
        def value(self, level: bool) -> None:
            raise AssertionError("DOUT is an input")

    watched = Watched()
    rig.scale._data._pin = watched
    assert gc.isenabled()
    rig.scale.read()
    assert seen.count(False) == 25
    assert gc.isenabled()
    watched.fails = True
    with pytest.raises(OSError, match="no line"):
        rig.scale.read()
    assert gc.isenabled()


def test_the_day_upstream_changes_this_fails() -> None:
    """Each defect that matpi.drivers.scale.hx711 cures is still there. When one is gone, take its cure out."""
    reported = subprocess.run(
        [sys.executable, "-W", "error", "-c", UPSTREAM],
        env={**os.environ, "BLINKA_OS_AGNOSTIC": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (reported.stdout.split("\n"), reported.stderr) == (
        [
            "1.1.2",
            "module 'microcontroller' has no attribute 'disable_interrupts'",
            "4294967295",
            "two conversions a read",
            "nothing checked",
            "",
        ],
        "",
    )


UPSTREAM = """
from adafruit_hx711 import hx711

class Clock: value = False
class Data:
    value = False
chip = hx711.HX711(Data(), Clock())
print(hx711.__version__)
try:
    chip._read_channel_raw(25)
except AttributeError as error:
    print(error)

class Nothing:
    disable_interrupts = enable_interrupts = staticmethod(lambda: None)
    delay_us = staticmethod(lambda us: None)
hx711.microcontroller = Nothing

class Ones:
    looks = 0
    @property
    def value(self):
        self.looks += 1
        return self.looks % 26 != 1
ones = Ones()
chip = hx711.HX711(ones, Clock())
print(chip._read_channel_raw(25))
ones.looks = 0
chip.read()
print({52: "two conversions a read"}.get(ones.looks, ones.looks))
print("nothing checked" if hx711.HX711(Data(), Clock())._read_channel_raw(25) == 0 else "checked")
"""


def test_the_import_prints_nothing() -> None:
    reported = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            "import matpi.drivers.scale.hx711 as d, sys; assert 'adafruit_hx711' not in sys.modules; d._library()",
        ],
        env={key: value for key, value in os.environ.items() if not key.startswith("BLINKA")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (reported.returncode, reported.stdout, reported.stderr) == (0, "", "")


@pytest.mark.parametrize("rate", [10, 80])
def test_a_chip_that_missed_a_pulse_is_woken(rate: int) -> None:
    """It waits in mid-count with DOUT up, for ever, and looks as if it were unplugged; a reset is what it needs."""
    rig = Rig(rate=rate)
    assert rig.scale.read().status is Status.OK
    rig.chip.lost_pulses = 3
    until = rig.time() + 6.0
    rig.scale.read()
    while rig.scale.read().status is not Status.OK:
        assert rig.time() < until
