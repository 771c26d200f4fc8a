"""Whatever the clock does, the plan's day is right and a duration off by at most a sample."""

from __future__ import annotations

import os
from datetime import UTC, datetime, time

import pytest

from matpi.core.redating import Redating
from tests.reliability import clock
from tests.reliability.days import ZONES, changes, right_day

TIMES = int(os.environ.get("MATPI_FUZZ", "1"))
CASES, PARTS = 10_000, 4  # in all, on as many processes as there are


@pytest.mark.timeout(1800 * TIMES)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_day_is_right_and_the_duration_off_by_at_most_a_sample(part: int) -> None:
    figures, wrong = clock.run(CASES * TIMES // PARTS, seed=part if TIMES == 1 else 100 + part)
    assert wrong == []
    assert figures["exact"] > figures["estimated"] > 0
    assert figures["worst_duration_s"] <= figures["period_s"]
    assert set(figures["zones"]) == set(ZONES)
    assert figures["longest_step_days"] > 3652.0
    assert set(figures["of"]) >= {"boot 1970", "boot saved", "never synchronised", "zone changed on a trip"}


def test_the_zones_do_what_they_are_chosen_for() -> None:
    begins = time(4)
    odd = {name: len(changes(name)) for name in ZONES}
    assert odd["UTC"] == 0
    assert all(number > 0 for name, number in odd.items() if name != "UTC"), odd
    apia = datetime(2039, 12, 30, 9, 59, tzinfo=UTC).timestamp()  # 23:59 on the 29th; the next minute is the 31st
    days = [f"{right_day(apia + hours * 3600, ZONES['Pacific/Apia'], begins)}" for hours in (0, 1, 5)]
    assert days == ["2039-12-29", "2039-12-29", "2039-12-31"]


def test_a_wrong_day_or_duration_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Redating, "_date", lambda *_: None)
    _, wrong = clock.run(100)
    assert any("has the day" in sentence and sentence.startswith("seed 1, life ") for sentence in wrong)
