"""The first run of a mat that nobody has calibrated: no session out of a bridge's offset, no zero out of a person."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import random
from itertools import pairwise
from math import pi, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matpi.core.effects import Pattern, Zeros
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Calibration, Doubt, Memory, Zero
from matpi.core.presence.signal import Signal
from matpi.core.presence.zero import ZeroTracker
from matpi.core.rules import ZeroRules
from matpi.core.screens.menu import Item
from matpi.core.views import Fault, Idle, Notice, Object
from matpi.sim.body import Mat
from tests.bench import NOMINAL, NOON, UNCALIBRATED, Bench, Body, Cells

KNOWN = Acknowledgement(some=False, utc=NOON)
WORST_COUNTS = 155.0
"""Noise rms of the noisiest boards (docs/dev/sources.md, cells)."""
WAITING = Notice("Finding zero", "leave the mat empty", "for ten seconds")


def nothing(_: float) -> tuple[float, ...]:
    return (0.0, 0.0)


def bench(
    offset_kg: tuple[float, ...] = (17.0, -4.0),
    noise: float = 60.0,
    body: Body = nothing,
    rate: float = 10.0,
    zero: Zero | None = None,
    seed: int = 1,
) -> Bench:
    channels = len(offset_kg)
    cells = Cells((NOMINAL,) * channels, tuple(NOMINAL * kg for kg in offset_kg), noise, seed)
    scale = Calibration((0,) * channels, (NOMINAL,) * channels, approximate=True)
    made = Bench(Memory(acknowledgement=KNOWN, calibration=scale, zero=zero), cells=cells, rate=rate)
    made.body = body
    return made


def lying(kg: float = 48.0, hz: float = 0.25, swing_kg: float = 0.1, heart_kg: float = 0.01, seed: int = 1) -> Body:
    """Head and foot: breathing moves `swing_kg` either way between them, the heart beats in the sum."""
    phase = random.Random(seed).uniform(0, 2 * pi)

    def load(t: float) -> tuple[float, ...]:
        breath, beat = swing_kg * sin(2 * pi * hz * t + phase), heart_kg * sin(2 * pi * 1.1 * t)
        return (0.62 * kg + breath + beat / 2, 0.38 * kg - breath + beat / 2)

    return load


@pytest.mark.parametrize("offset_kg", [(0.0, 0.0), (15.0, 15.0), (-15.0, -15.0), (30.0, -30.0), (5.0,), (8.0,) * 4])
@pytest.mark.parametrize(("noise", "rate"), [(25.0, 10.0), (WORST_COUNTS, 10.0), (WORST_COUNTS, 80.0)])
def test_the_empty_mat_is_found_whatever_it_weighs(offset_kg: tuple[float, ...], noise: float, rate: float) -> None:
    on = bench(offset_kg, noise, lambda _: (0.0,) * len(offset_kg), rate)
    on.pass_s(3)
    assert on.view == WAITING
    on.pass_s(25)
    assert isinstance(on.view, Idle)
    assert on.device.presence.zero.total_kg == pytest.approx(sum(offset_kg), abs=0.02)
    assert abs(on.device.presence.net_kg) < 0.1
    assert on.heard == []
    on.pass_s(60)
    assert on.rows.zero is not None
    assert on.rows.zero.total_kg == pytest.approx(sum(offset_kg), abs=0.02)


@pytest.mark.parametrize("rate", [10, 80])
@pytest.mark.parametrize("seed", range(10))
def test_four_cells_on_one_noisy_chip_take_half_a_minute_at_most(rate: int, seed: int) -> None:
    rng = random.Random(seed)
    tracker, signal = ZeroTracker(None, ZeroRules(), Calibration((0,), (21_475.0,), approximate=True)), Signal()
    noise_kg = WORST_COUNTS / 21_475
    for n in range(30 * rate):
        kg = 33.0 + rng.gauss(0.0, noise_kg)
        if signal.take(n / rate, (kg,), kg) and signal.second is not None:
            tracker.empty_second(signal.second)
    assert tracker.total_kg == pytest.approx(33.0, abs=0.03)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.floats(-15.0, 15.0),
    st.floats(-15.0, 15.0),
    st.floats(10.0, WORST_COUNTS),
    st.floats(30.0, 100.0),
    st.floats(0.1, 0.3),
    st.floats(0.012, 0.2),
    st.floats(0.005, 0.02),
    st.integers(0, 999),
)
def test_who_lies_there_at_the_first_start_is_never_the_zero(
    head: float, foot: float, noise: float, kg: float, hz: float, swing: float, heart: float, seed: int
) -> None:
    """Six breaths a minute that move 24 g peak to peak at each end are the least that is estimated for one."""
    on = bench((head, foot), noise, lying(kg, hz, swing, heart, seed), seed=seed)
    on.pass_s(90)
    assert on.device.presence.zero.seeking
    assert on.heard == []
    on.body = nothing
    on.pass_s(45)
    assert on.device.presence.zero.total_kg == pytest.approx(head + foot, abs=0.03)
    on.body = lying(kg, hz, swing, heart, seed)
    on.pass_s(60)
    assert on.heard == ["arriving", "session_started"]
    on.body = nothing
    on.pass_s(30)
    assert len(on.saved) == 1
    assert on.saved[0].on_mat_s == pytest.approx(60.0, abs=0.5)


@pytest.mark.parametrize("act", ["lie_down", "sit", "stand"])
@pytest.mark.parametrize("seed", range(5))
def test_the_simulators_person_is_never_the_zero(act: str, seed: int) -> None:
    mat = Mat(kg=74.0, seed=seed)
    mat.act(act, 100.0)
    on = bench((11.0, -3.0), 40.0, lambda t: mat.sample(t) or (0.0, 0.0))
    on.pass_s(5)
    on.pass_s(120)
    assert on.device.presence.zero.seeking
    mat.act("get_up", on.t)
    on.pass_s(30)
    assert on.device.presence.zero.total_kg == pytest.approx(8.0, abs=0.05)


def test_it_waits_in_words_and_the_led_asks() -> None:
    on = bench(body=lying())
    on.pass_s(90)
    assert on.view == WAITING
    assert on.pattern is Pattern.ATTENTION
    on.body = nothing
    on.pass_s(20)
    assert on.pattern is Pattern.OFF


def test_a_bag_at_the_first_start_is_the_zero_until_it_is_taken_away() -> None:
    on = bench((9.0, -2.0), body=lambda _: (8.0, 7.0))
    on.pass_s(30)
    assert on.device.presence.zero.total_kg == pytest.approx(22.0, abs=0.05)
    on.body = lying(48.0)
    on.pass_s(20)
    assert on.state is Front.ON_MAT, "somebody in its place is somebody"
    on.body = nothing
    on.pass_s(60)
    assert on.device.presence.zero.total_kg == pytest.approx(7.0, abs=0.05), "less than nothing cannot lie there"
    assert len(on.saved) + len(on.dropped) == 1
    on.body = lambda _: (8.0, 7.0)
    on.pass_s(60)
    assert on.state is Front.OBJECT
    assert on.view == Object(15, approximate=True)
    assert on.saved[-1].doubt is Doubt.THING


def test_on_one_chip_a_very_quiet_person_may_be_taken_for_the_mat_until_they_get_up() -> None:
    """One chip sees no load move from head to foot, only the sum: a few grams of breath and heartbeat."""
    on = bench((4.0,), noise=50.0, body=lambda t: (50.0 + 0.001 * sin(2 * pi * 0.2 * t) + 0.006 * sin(7 * t),))
    on.pass_s(30)
    on.body = lambda _: (0.0,)
    on.pass_s(15)
    assert on.device.presence.zero.total_kg == pytest.approx(4.0, abs=0.05)
    assert on.heard == []


def test_after_a_restart_the_bag_can_still_be_taken_away() -> None:
    on = bench((9.0, -2.0), body=lambda _: (8.0, 7.0))
    on.pass_s(60)
    again = on.reboot()
    again.body = nothing
    again.pass_s(30)
    assert again.device.presence.zero.total_kg == pytest.approx(7.0, abs=0.05)


def test_somebody_who_hovers_under_the_zero_does_not_move_it() -> None:
    """A bag in the zero, and a child lighter than it in its place."""
    on = bench((9.0, -2.0), body=lambda _: (12.0, 12.0))
    on.pass_s(30)
    on.body = lying(15.0, swing_kg=0.05)
    on.pass_s(120)
    assert on.device.presence.zero.total_kg == pytest.approx(31.0, abs=0.1)


def test_a_calibrated_zero_set_with_something_on_the_mat_falls_back_when_that_is_taken_off() -> None:
    """To the calibrated reference, which is an empty mat; else a light person would be missed."""
    known = Calibration((0, 0), (NOMINAL, NOMINAL))
    on = Bench(
        Memory(acknowledgement=KNOWN, calibration=known, zero=Zero((7.0, 8.0), by_hand=True, anchor_kg=15.0)),
        cells=Cells((NOMINAL, NOMINAL), (0.0, 0.0)),
    )
    on.body = nothing
    on.pass_s(10)
    assert on.device.presence.zero.total_kg == pytest.approx(0.0, abs=0.1)


def test_the_first_zero_follows_drift_from_where_it_was_found() -> None:
    on = bench((30.0, 10.0))
    on.pass_s(30)
    on.cells = Cells((NOMINAL, NOMINAL), (30.6 * NOMINAL, 10.6 * NOMINAL))
    on.pass_s(600)
    assert on.device.presence.zero.total_kg == pytest.approx(41.2, abs=0.1)


def test_a_wire_is_no_zero() -> None:
    on = bench((100.0, 0.0))
    on.pass_s(25)
    assert isinstance(on.view, Idle)
    assert on.view.notice == "check the mat"
    assert on.device.presence.zero.seeking
    assert on.heard == []


def test_by_hand_it_can_be_set_at_any_time() -> None:
    on = bench((9.0, 1.0), noise=900.0)
    on.pass_s(60)
    assert on.device.presence.zero.seeking, "too noisy to tell an empty mat from somebody"
    on.choose(Item.ZERO)
    assert not on.device.presence.zero.seeking
    assert on.device.presence.zero.total_kg == pytest.approx(10.0, abs=0.1)
    on.body = lying()
    on.pass_s(5)
    assert on.state is Front.ON_MAT


def test_a_zero_of_another_number_of_chips_is_no_zero() -> None:
    on = bench((9.0, -2.0), zero=Zero((1.0, 2.0, 3.0)))
    on.pass_s(3)
    assert on.device.presence.zero.seeking
    on.pass_s(27)
    assert on.device.presence.zero.total_kg == pytest.approx(7.0, abs=0.05)


def test_a_known_zero_is_used_at_once() -> None:
    on = bench((9.0, -2.0), zero=Zero((9.0, -2.0), anchor_kg=7.0), body=lying(kg=48.0))
    on.pass_s(5)
    assert on.state is Front.ON_MAT


def test_silence_begins_the_stretch_anew_and_is_told() -> None:
    on = bench()
    on.pass_s(5)
    on.silent = True
    on.pass_s(5)
    assert isinstance(on.view, Fault)
    on.silent = False
    on.pass_s(30)
    assert not on.device.presence.zero.seeking


def test_it_is_written_once_it_is_known() -> None:
    on = bench()
    on.pass_s(20)
    assert [round(save.zero.total_kg) for save in on.saves(Zeros)] == [13]
    assert on.rows.zero is not None
    assert on.rows.zero.anchor_kg == pytest.approx(13.0, abs=0.05)
    for one, two in pairwise(on.saves(Zeros)):
        assert one != two


def test_kilograms_are_about_until_somebody_calibrates() -> None:
    assert bench().device.snapshot().approximate
    assert bench().device.zeroing.calibration == UNCALIBRATED
    assert not Bench().device.snapshot().approximate
