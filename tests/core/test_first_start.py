"""The very first start: the mat weighs itself before anything is asked, so that whoever lies on it sees why."""

from __future__ import annotations

from matpi.core.model import Calibration, Memory
from matpi.core.views import Notice, Safety
from tests.bench import NOMINAL, Bench, Cells


def test_the_zero_comes_first_and_the_safety_pages_follow() -> None:
    scale = Calibration((0, 0), (NOMINAL, NOMINAL), approximate=True)
    on = Bench(Memory(calibration=scale), cells=Cells((NOMINAL,) * 2, (NOMINAL * 17.0, 0.0), 60.0, 1))
    on.body = lambda t: (30.0 + 0.2 * (int(t) % 4), 18.0)  # somebody lies there, breathing
    on.pass_s(30)
    waits = on.view
    on.body = lambda _: (0.0, 0.0)
    on.pass_s(20)
    asks = on.view
    assert isinstance(waits, Notice)
    assert waits.text == "leave the mat empty"
    assert isinstance(asks, Safety)
