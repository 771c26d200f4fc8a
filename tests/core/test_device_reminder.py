"""The reminder on the device: when it breathes and is silent, what the screen says of it, and how it is switched."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from matpi.core.effects import Pattern
from matpi.core.events import ButtonDown, Tick
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, DayRecord, EndReason, Log, Memory, Session, Settings
from matpi.core.rules import DeviceRules, PresenceRules
from matpi.core.screens.menu import Item
from matpi.core.views import Idle, Menu, Off
from matpi.words import ENGLISH, GERMAN, Words
from tests.bench import NOON, Bench

EVENING = NOON + 8.5 * 3600
"""20:30 UTC."""
NINE = 1800.0
"""Seconds from EVENING to 21:00."""
KNOWN = Acknowledgement(some=False, utc=NOON)
DAY_S = 86_400.0
TODAY = date(2026, 3, 15)
"""A Sunday."""
PATIENT = DeviceRules(presence=PresenceRules(stale_s=90.0))
LONG_AGO = replace(KNOWN, utc=NOON - 60 * DAY_S)


def breaths(bench: Bench) -> list[float]:
    """When the light began to breathe, in seconds since EVENING."""
    return [round(light.since - 100, 1) for light in bench.lights if light.pattern is Pattern.BREATH]


def evening(settings: Settings | None = None, utc: float | None = EVENING) -> Bench:
    bench = Bench(Memory(acknowledgement=KNOWN, settings=settings or Settings()), utc=utc, rate=1.0)
    bench.utc_at_0 = EVENING - 100
    return bench


def wake(bench: Bench) -> None:
    """Press on the dark panel; the question of the day and the advice come before the idle screen."""
    bench.tap()
    if bench.state is Front.RATING:
        bench.pass_s(60.1)
    if bench.state is Front.READY:
        bench.tap()


def test_it_breathes_at_nine_and_three_times_more_before_ten() -> None:
    bench = evening()
    bench.pass_s(3 * 3600)
    assert breaths(bench) == [NINE + 900 * n for n in range(4)]
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
    assert len(breaths(bench)) == 4


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


# -- what the screen says of it ------------------------------------------------------------------------------------


def notice(bench: Bench) -> object:
    assert isinstance(bench.view, Idle)
    return bench.view.notice


def day_of_log(days_ago: int, minutes: float = 3.0) -> Session:
    utc = NOON - days_ago * DAY_S
    return Session(
        f"s{days_ago}",
        "before",
        0.0,
        minutes * 60,
        minutes * 60,
        EndReason.LEFT,
        start_utc=utc,
        day=TODAY - timedelta(days=days_ago),
    )


def after(*days_ago: int, utc: float = EVENING, answer: Acknowledgement = LONG_AGO, **more: Any) -> Bench:
    """A device in whose log there is a session on each of these days."""
    log = Log(sessions=tuple(day_of_log(days) for days in sorted(days_ago, reverse=True)))
    bench = Bench(
        Memory(log=log, acknowledgement=answer, settings=Settings(**more)), utc=utc, rules=PATIENT, rate=1 / 30
    )
    bench.pass_s(40)
    assert isinstance(bench.view, Off)
    return bench


@pytest.mark.parametrize(
    ("words", "said"), [(ENGLISH, "not today: fine"), (GERMAN, "heute nicht: ok")], ids=["en", "de"]
)
def test_a_press_is_answered_in_words(words: Words, said: str) -> None:
    bench = evening()
    bench.words = words
    bench.pass_s(NINE + 10)
    wake(bench)
    assert notice(bench) == said
    bench.pass_s(2.8)
    assert notice(bench) == said
    bench.pass_s(0.2)
    assert notice(bench) is None
    bench.pass_s(60)
    wake(bench)
    assert notice(bench) is None, "it was said"


def test_the_words_wait_for_the_menu_that_a_hold_opens() -> None:
    bench = evening()
    bench.pass_s(NINE + 10)
    bench.hold()
    assert bench.state is Front.MENU
    bench.pass_s(20)
    assert notice(bench) == "not today: fine"
    bench.pass_s(3)
    assert notice(bench) is None


def test_the_words_are_not_said_again_after_a_session() -> None:
    bench = after(1)
    bench.pass_s(NINE)
    bench.tap()
    bench.pass_s(60)
    before = len(bench.views)
    bench.rate = 10.0
    bench.lie(60)
    bench.up(150)
    seen = [view for view in bench.views[before:] if isinstance(view, Idle)]
    assert seen
    assert {view.notice for view in seen} == {None}


def test_a_press_at_another_time_gets_no_words() -> None:
    bench = evening()
    bench.pass_s(60)
    wake(bench)
    assert notice(bench) is None


@pytest.mark.parametrize(
    ("words", "said"), [(ENGLISH, "light paused. tap: on"), (GERMAN, "Licht ruht. kurz: an")], ids=["en", "de"]
)
def test_paused_it_says_so_and_a_tap_on_the_lit_panel_switches_it_on_again(words: Words, said: str) -> None:
    bench = after(4)
    bench.words = words
    bench.pass_s(2 * 3600)
    assert breaths(bench) == [], "paused"
    wake(bench)
    assert notice(bench) == said
    assert bench.saves(DayRecord) == [], "to light the panel says nothing yet"
    bench.pass_s(40)
    assert isinstance(bench.view, Off)
    wake(bench)
    bench.tap()
    assert bench.state is Front.IDLE
    assert notice(bench) != said
    assert bench.saves(DayRecord) == [DayRecord(TODAY)]
    bench.tap()
    assert bench.state is Front.RATING, "the next tap is one like any other"
    bench.pass_s(DAY_S)
    assert len(breaths(bench)) == 4, "tomorrow evening"


def test_on_again_outlives_a_power_cut() -> None:
    bench = after(4, utc=NOON)
    wake(bench)
    bench.tap()
    again = Bench(bench.rows.memory(), utc=NOON + 60, rules=PATIENT, rate=1 / 30, t=20.0, boot_id="boot-2")
    again.pass_s(10 * 3600)
    assert len([light for light in again.lights if light.pattern is Pattern.BREATH]) == 4
    again.pass_s(4 * DAY_S)
    lit = [light for light in again.lights if light.pattern is Pattern.BREATH]
    assert len(lit) == 4 * 4, "today and three evenings without an answer"


def test_a_hold_on_the_paused_line_opens_the_menu_as_ever() -> None:
    bench = after(4)
    wake(bench)
    bench.hold()
    assert bench.state is Front.MENU
    assert bench.saves(DayRecord) == []


def test_a_session_ends_the_pause() -> None:
    bench = after(4, utc=NOON)
    assert bench.device.reminder.paused
    bench.rate = 10.0
    bench.lie(60)
    bench.up(40)
    assert not bench.device.reminder.paused
    bench.rate = 1 / 30
    bench.pass_s(10 * 3600)
    assert len([light for light in bench.lights if light.pattern is Pattern.BREATH]) == 4


@pytest.mark.parametrize(
    ("words", "said"), [(ENGLISH, ("Light off", "Light on")), (GERMAN, ("Licht aus", "Licht an"))], ids=["en", "de"]
)
def test_the_menu_switches_the_light_off_and_on(words: Words, said: tuple[str, str]) -> None:
    bench = after(1)
    bench.words = words
    bench.choose(said[0])
    assert bench.saves(Settings) == [Settings(nudge=False)]
    bench.pass_s(3 * 3600)
    assert breaths(bench) == []
    bench.hold()
    assert isinstance(bench.view, Menu)
    assert said[0] not in bench.view.items
    bench.choose(said[1])
    assert bench.device.ledger.settings == Settings()
    assert bench.saves(DayRecord) == [], "it was not paused"
    bench.pass_s(DAY_S)
    assert len(breaths(bench)) == 4


def test_switched_on_it_is_not_paused() -> None:
    """By the menu, or from outside."""
    bench = after(20, nudge=False)
    bench.choose(Item.LIGHT_ON)
    assert bench.saves(DayRecord) == [DayRecord(TODAY)]
    bench.pass_s(3600)
    assert len(breaths(bench)) >= 2
    bench = after(20, nudge=False)
    bench.change(Settings())
    assert not bench.device.reminder.paused


def test_the_ask_is_small_on_the_day_after_a_missed_one() -> None:
    """With the minutes that make the day done: two at first, five on the next tier."""
    bench = after(2, utc=NOON)
    wake(bench)
    assert notice(bench) == "2 min is enough"
    bench.words = GERMAN
    assert notice(bench) == "2 min reichen"
    bench.rate = 10.0
    bench.lie(130)
    bench.up(150)
    bench.tap()
    assert bench.device.plans.today.done, "they were"
    assert notice(bench) is None
    further = after(5, 4, 3, 2, utc=NOON)
    wake(further)
    assert (further.device.plans.today.lower_min, notice(further)) == (5, "5 min is enough")


@pytest.mark.parametrize(
    ("days", "more"),
    [
        ((1,), {}),
        ((), {}),
        ((2,), {"rest_weekdays": frozenset({5})}),
        ((2,), {"rest_weekdays": frozenset({6})}),
        ((2,), {"answer": replace(LONG_AGO, some=True)}),
        ((2,), {"nudge": False}),
        ((4, 3, 2), {"weekly_goal": 3}),
    ],
    ids=["there yesterday", "not begun", "yesterday was of rest", "today is", "ask first", "off", "week done"],
)
def test_it_is_not_asked_of_who_has_missed_nothing_or_rests(days: tuple[int, ...], more: dict[str, Any]) -> None:
    """On a Sunday."""
    bench = after(*days, utc=NOON, **more)
    wake(bench)
    assert notice(bench) not in {"2 min is enough", "5 min is enough"}


def test_the_small_ask_is_for_a_day_that_has_not_begun() -> None:
    bench = after(2, utc=NOON)
    bench.rate = 10.0
    bench.lie(60)
    bench.up(150)
    wake(bench)
    assert notice(bench) is None, "of two minutes one is done"


def test_after_not_today_nothing_more_is_asked() -> None:
    bench = after(2)
    bench.pass_s(NINE)
    wake(bench)
    assert notice(bench) == "not today: fine"
    bench.pass_s(5)
    assert notice(bench) is None


@pytest.mark.parametrize(("words", "said"), [(ENGLISH, "week done"), (GERMAN, "Woche geschafft")], ids=["en", "de"])
def test_a_week_whose_goal_is_met_is_said_and_not_reminded_of(words: Words, said: str) -> None:
    bench = after(4, 3, 2, weekly_goal=3)
    bench.words = words
    wake(bench)
    assert notice(bench) == said
    bench.pass_s(3 * 3600)
    assert breaths(bench) == []


def test_nobody_is_reminded_who_has_not_answered_or_should_ask_a_doctor() -> None:
    for answer in (None, replace(KNOWN, some=True)):
        bench = Bench(Memory(acknowledgement=answer), utc=EVENING, rate=1.0)
        bench.pass_s(3 * 3600)
        assert breaths(bench) == []
