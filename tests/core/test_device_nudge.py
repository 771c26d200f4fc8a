"""The reminder on the device: breathes at 21:00, silent after a press, when done, on rest days and in the night."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from datetime import time

import pytest

from matpi.core.effects import Pattern
from matpi.core.events import ButtonDown, Tick
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, DayRecord, Memory, Settings
from matpi.core.views import Off
from tests.bench import NOON, Bench

EVENING = NOON + 8.5 * 3600
"""20:30 UTC."""
NINE = 1800.0
"""Seconds from EVENING to 21:00."""
KNOWN = Acknowledgement(some=False, utc=NOON)


def breaths(bench: Bench) -> list[float]:
    """When the light began to breathe, in seconds since EVENING."""
    return [round(light.since - 100, 1) for light in bench.lights if light.pattern is Pattern.BREATH]


def evening(settings: Settings | None = None, utc: float | None = EVENING) -> Bench:
    bench = Bench(Memory(acknowledgement=KNOWN, settings=settings or Settings()), utc=utc, rate=1.0)
    bench.utc_at_0 = EVENING - 100
    return bench


def test_it_breathes_at_nine_every_15_minutes_then_every_5_until_the_quiet_hours() -> None:
    bench = evening()
    bench.pass_s(3 * 3600)
    first = [NINE + 900 * n for n in range(5)]
    then = [NINE + 3600 + 300 * n for n in range(1, 6)]
    assert breaths(bench) == [*first, *then]
    ends = [light.since - 100 for light in bench.lights if light.pattern is Pattern.OFF]
    assert next(end - NINE for end in ends if end > NINE) == pytest.approx(30, abs=0.01)


def test_it_does_not_wake_the_panel() -> None:
    bench = evening()
    bench.pass_s(NINE + 10)
    assert bench.pattern is Pattern.BREATH
    assert isinstance(bench.view, Off)


@pytest.mark.parametrize("after_s", [10.0, 300.0])
@pytest.mark.parametrize("held_s", [0.15, 1.0])
def test_a_press_snoozes_it_until_tomorrow(after_s: float, held_s: float) -> None:
    bench = evening()
    bench.pass_s(NINE + after_s)
    before = len(breaths(bench))
    bench.press(held_s)
    assert bench.pattern is Pattern.OFF
    bench.pass_s(3 * 3600)
    assert len(breaths(bench)) == before
    (kept,) = bench.saves(DayRecord)
    assert kept.snoozed
    bench.pass_s(21 * 3600)
    assert len(breaths(bench)) > before, "tomorrow it may speak again"


def test_a_stuck_button_snoozes_nothing() -> None:
    bench = evening()
    bench.pass_s(NINE + 10)
    bench.send(ButtonDown(bench.t))
    bench.pass_s(3600)
    assert bench.saves(DayRecord) == []
    assert len(breaths(bench)) >= 4


def test_a_press_before_nine_snoozes_nothing() -> None:
    bench = evening()
    bench.pass_s(60)
    bench.tap()
    bench.pass_s(NINE)
    assert breaths(bench) == [NINE]


def test_it_is_silent_once_done() -> None:
    bench = Bench(Memory(acknowledgement=KNOWN), utc=EVENING)
    bench.pass_s(40)
    bench.lie(130)
    bench.up(60)
    assert bench.device.plans.today.done
    bench.rate = 1.0
    bench.pass_s(3 * 3600)
    assert breaths(bench) == []


def test_a_session_too_short_for_the_plan_does_not_silence_it() -> None:
    bench = Bench(Memory(acknowledgement=KNOWN), utc=EVENING)
    bench.pass_s(40)
    bench.lie(60)
    bench.up(60)
    bench.rate = 1.0
    bench.pass_s(NINE)
    assert breaths(bench) == [NINE]


def test_somebody_on_the_mat_is_not_reminded() -> None:
    bench = Bench(Memory(acknowledgement=KNOWN), utc=EVENING)
    bench.pass_s(NINE - 60)
    bench.lie(100)
    assert bench.state is Front.ON_MAT
    assert breaths(bench) == []


@pytest.mark.parametrize(
    "settings", [Settings(nudge=False), Settings(rest_weekdays=frozenset({6})), Settings(quiet_from=time(20, 0))]
)
def test_off_rest_days_and_quiet_hours_are_silent(settings: Settings) -> None:
    bench = evening(settings)
    bench.pass_s(2 * 3600)
    assert breaths(bench) == []


def test_it_is_silent_while_the_clock_is_not_trusted_and_speaks_when_it_is() -> None:
    bench = evening(utc=None)
    bench.pass_s(NINE + 10)
    assert breaths(bench) == []
    bench.clock_known()
    assert bench.pattern is Pattern.BREATH


def test_settings_changed_from_the_page_count_at_once() -> None:
    bench = evening()
    bench.pass_s(NINE + 10)
    bench.change(Settings(nudge=False))
    assert bench.pattern is Pattern.OFF
    bench.change(Settings())
    assert bench.pattern is Pattern.BREATH


def test_it_needs_no_reading_to_come_on_time() -> None:
    bench = evening()
    bench.silent = True
    bench.send(Tick(bench.t + NINE + 1))
    assert bench.pattern is Pattern.BREATH


def test_a_tap_that_answers_the_question_snoozes_nothing() -> None:
    bench = Bench(Memory(acknowledgement=KNOWN), utc=EVENING)
    bench.pass_s(NINE - 60)
    bench.lie(70)
    bench.up(25)
    assert bench.state is Front.FELT_WRONG
    assert bench.device.reminder.now is not None
    assert bench.device.reminder.now.reason is None, "too short for the plan: it reminds"
    bench.tap()
    assert bench.state is Front.RATING
    bench.tap()
    bench.hold()
    bench.tap()
    assert bench.state is Front.IDLE
    assert bench.saves(DayRecord) == []
    bench.pass_s(31)
    assert isinstance(bench.view, Off)
    bench.tap()
    assert len(bench.saves(DayRecord)) == 1, "on the dark panel it is meant for the light"


def test_a_snooze_outlives_a_power_cut() -> None:
    bench = evening()
    bench.pass_s(NINE + 10)
    bench.tap()
    again = bench.reboot()
    again.rate = 1.0
    again.pass_s(1800)
    assert [light for light in again.lights if light.pattern is Pattern.BREATH] == []
