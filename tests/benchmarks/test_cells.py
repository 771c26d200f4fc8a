"""Cells and chips: each figure of the model comes out of the readings again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.scenarios.cells import BAD_CREEP, CREEP, HYSTERESIS_KG, Build, Faults, draw_build, readings
from benchmarks.scenarios.loads import Array, follow, moments
from matpi.sim.chip import CODE_MAX

QUIET = Faults(glitch_share=0.0)


def build(**changes: object) -> Build:
    plain = draw_build(np.random.default_rng(1), rate=10)
    perfect = {
        "noise_kg": (0.0, 0.0),
        "phase": (0.0, 0.0),
        "zero_kg_c": (0.0,) * 4,
        "span": (1.0,) * 4,
        "creep": (0.0,) * 4,
    }
    return replace(plain, **{**perfect, **changes})  # type: ignore[arg-type]


def tell(
    build: Build, load: Array, faults: Faults = QUIET, ambient_c: float = 0.0, warm: float = 0.0
) -> tuple[Array, Array, NDArray[np.bool_]]:
    n = len(load)
    t: Array = np.arange(n, dtype=np.float64) * build.period_s
    return readings(build, t, load, np.full(n, warm), np.full(n, ambient_c), faults, np.random.default_rng(2))


def stepped(n: int, at: int, kg: float, off: int | None = None) -> Array:
    load = np.zeros((n, 4))
    load[at:off] = kg / 4
    return load


def test_a_step_takes_four_readings() -> None:
    _, kg, _ = tell(build(), stepped(40, 20, 40.0))
    # Hysteresis holds back 30 g of it.
    assert kg[19:24].sum(axis=1) == pytest.approx([0.0, 10.0, 20.0, 30.0, 40.0], abs=0.04)


def test_a_chip_that_is_read_late_tells_what_was_before() -> None:
    _, kg, _ = tell(build(phase=(0.0, 0.5)), stepped(40, 20, 40.0))
    assert kg[20] == pytest.approx([5.0, 2.5], abs=0.02)


def test_the_noise_is_that_of_the_build() -> None:
    _, kg, _ = tell(build(noise_kg=(0.001, 0.0035)), np.zeros((20_000, 4)))
    assert np.diff(kg, axis=0).std(axis=0) / np.sqrt(2) == pytest.approx([0.001, 0.0035], rel=0.05)


def test_creep_grows_for_minutes_and_a_poor_cell_creeps_more() -> None:
    for share in (CREEP, BAD_CREEP * CREEP):
        _, kg, _ = tell(build(creep=(share,) * 4), stepped(14_000, 100, 60.0))
        crept = kg[13_900:].sum(axis=1).mean() - kg[110:130].sum(axis=1).mean()
        # After twenty minutes all of the quick part and most of the slow one.
        assert 0.75 * share * 60.0 < crept < 1.05 * share * 60.0


def test_after_a_load_the_loop_of_hysteresis_stays_open() -> None:
    _, kg, _ = tell(build(), stepped(2000, 100, 60.0, 1000))
    assert kg[500:900].sum() / 400 == pytest.approx(60.0 - 2 * HYSTERESIS_KG, abs=0.008)
    assert kg[1500:].sum(axis=1).mean() == pytest.approx(2 * HYSTERESIS_KG, abs=0.008)


def test_temperature_moves_the_zero_by_the_sum_of_its_cells() -> None:
    _, kg, _ = tell(build(zero_kg_c=(0.05, 0.03, -0.02, 0.01)), np.zeros((100, 4)), ambient_c=5.0)
    assert kg[50:].mean(axis=0) == pytest.approx([0.4, -0.05], abs=0.005)


def test_a_body_warms_the_cells_within_a_quarter_of_an_hour() -> None:
    warm = build(zero_kg_c=(0.05,) * 4, warm_c=(4.0,) * 4)
    _, kg, _ = tell(warm, stepped(10_000, 0, 40.0), warm=1.0)
    cold, quarter = kg[100].sum(), kg[int(900 / warm.period_s)].sum()
    assert quarter - cold == pytest.approx(0.8 * (1 - np.exp(-1)), abs=0.05)


def test_a_glitch_keeps_the_top_bits_and_sets_the_rest_and_the_chip_starts_anew() -> None:
    true = 300_000
    part = build(offset_counts=(float(true),) * 2)
    t, kg, flagged = tell(part, np.zeros((20_000, 4)), Faults(glitch_share=0.002, unflagged_share=0.25))
    seen = np.rint(kg * 42_950.0).astype(int) + true
    wrong = np.flatnonzero((abs(seen - true) > 1000).any(axis=1))
    assert len(wrong) > 15
    for code in seen[wrong][abs(seen[wrong] - true) > 1000].tolist():
        ones = (code ^ (code + 1)).bit_length() - 1  # trailing ones
        # The code walks by some hundred counts within half an hour.
        assert abs((code >> ones) - (true >> ones)) <= 1, f"{code:#x} is no {true:#x} with ones behind"
    assert 0.05 < (~flagged[wrong]).mean() < 0.5
    after = wrong[wrong + 1 < len(t)]
    assert (t[after + 1] - t[after] > 3.5 * part.period_s).all()


def test_a_glitch_in_quiet_hours_costs_no_more_than_four_conversions() -> None:
    part = build()
    t = np.arange(0.0, 5000.0)
    told_t, _, flagged = readings(
        part,
        t,
        np.zeros((5000, 4)),
        np.zeros(5000),
        np.zeros(5000),
        Faults(glitch_share=0.05),
        np.random.default_rng(3),
    )
    assert flagged.sum() > 100
    assert len(told_t) == len(t)


def test_a_dropout_has_no_rows_and_a_lost_wire_is_flagged_at_the_end_of_the_code() -> None:
    part = build()
    t, kg, flagged = tell(part, np.zeros((1000, 4)), Faults(0.0, dropouts=((20.0, 25.0),), saturated=((40.0, 41.0),)))
    assert not ((t >= 20.0) & (t < 25.0)).any()
    assert ((t >= 40.0) & (t < 41.0) == flagged).all()
    assert kg[flagged][:, 0] * 42_950.0 + part.offset_counts[0] == pytest.approx(CODE_MAX)


def test_an_overloaded_bridge_saturates_and_is_flagged() -> None:
    _, kg, flagged = tell(build(), stepped(100, 50, 500.0))
    assert flagged[60:].all()
    assert not flagged[:50].any()
    assert kg.max() < 201.0


@pytest.mark.parametrize("tau", [3.0, 900.0])
def test_follow_is_the_recursion_it_says(tau: float) -> None:
    x = np.random.default_rng(4).random((2500, 2))
    a, y = np.exp(-1.0 / tau), np.zeros(2)
    expected = np.empty_like(x)
    for k, row in enumerate(x):
        y = a * y + (1 - a) * row
        expected[k] = y
    assert follow(x, 1.0, tau) == pytest.approx(expected, abs=1e-9)


def test_readings_come_at_the_full_rate_while_something_happens() -> None:
    t = moments(7200.0, 0.1, [(1000.0, 1100.0)], np.random.default_rng(5))
    step = np.diff(t)
    assert (step > 0.0).all()
    assert step.max() < 2.0, "the core would tell silence"
    assert step[(t[:-1] > 1000.0) & (t[:-1] < 1099.0)].max() < 0.11
    assert step[(t[:-1] > 1202.0) & (t[:-1] < 1258.0)].max() < 0.11, "a minute in ten"
    assert step[(t[:-1] > 300.0) & (t[:-1] < 500.0)].min() > 0.9


def test_boards_are_as_noisy_as_their_sources_say_at_either_rate() -> None:
    for rate, low, high, worst in ((10, 0.001, 0.007, 0.007), (80, 0.0018, 0.0065, 0.013)):
        noise = np.array([draw_build(np.random.default_rng(n), rate=rate).noise_kg for n in range(300)])
        assert noise.min() >= low
        assert noise.max() <= worst
        assert 0.85 < (noise <= high).mean() <= 1.0
        bad = [max(draw_build(np.random.default_rng(n), rate=rate, bad_cell=1).noise_kg) for n in range(100)]
        assert max(bad) <= 0.013
    rates = [draw_build(np.random.default_rng(n)).rate for n in range(400)]
    assert 0.17 < rates.count(10) / len(rates) < 0.33


def test_no_such_mat() -> None:
    with pytest.raises(ValueError, match="1, 2 or 4 channels"):
        draw_build(np.random.default_rng(1), channels=3)


def test_the_device_does_without_numpy() -> None:
    code = "import sys, matpi.commands.sim, matpi.sim.body; print('numpy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
