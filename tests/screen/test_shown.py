"""What the device shows of an absence and of a session in doubt."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from matpi.core.front import Front
from matpi.core.model import Memory, Settings, Zero
from matpi.core.views import Away, Confirm
from tests.bench import UNCALIBRATED, Bench


def test_back_counts_down_the_time_the_device_waits() -> None:
    bench = Bench()
    bench.up(5)
    bench.lie(90.5, kg=45.0)
    bench.kg = 10.0  # the legs
    bench.pass_s(10.5)
    assert bench.view == Away(90, 110, 120)
    bench.pass_s(109)
    assert bench.view == Away(90, 1, 120)
    bench.lie(60.5, kg=45.0)
    bench.up(5)
    assert isinstance(bench.view, Away)
    assert (bench.view.left_s, bench.view.of_s) == (16, 20)
    bench.pass_s(16)
    assert bench.state is Front.DONE


@pytest.mark.parametrize("approximate", [False, True])
def test_a_session_in_doubt_is_asked_about_with_its_time_and_load(approximate: bool) -> None:
    memory = Bench().rows.memory()
    zero = Zero((0.0, 0.0))
    calibration = replace(UNCALIBRATED, approximate=approximate)
    bench = Bench(Memory(acknowledgement=memory.acknowledgement, settings=Settings(others="pets"), zero=zero,
                         calibration=calibration))  # fmt: skip
    bench.up(5)
    bench.lie(95.5, kg=31.0)
    bench.up(21)
    assert isinstance(bench.view, Confirm)
    assert (bench.view.on_mat_s, bench.view.load_kg, bench.view.approximate) == (95, 31, approximate)
    bench.hold()
    assert bench.rows.memory().log.sessions[-1].counts
    bench.up(30)
    bench.lie(95.5, kg=20.0)
    bench.up(21)
    bench.tap()
    assert bench.state is Front.IDLE
    assert not bench.rows.memory().log.sessions[-1].counts
