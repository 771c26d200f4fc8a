""" "Felt wrong?" when it happens: first after a session cut short, after a stay under 30 s, and from the menu."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from datetime import timedelta
from math import sin

import pytest
from msgspec.structs import replace

from matpi.core.effects import Show
from matpi.core.events import LogChanged
from matpi.core.front import Front
from matpi.core.model import Log, Memory, StopSign
from matpi.core.plan.progress import RestReason
from matpi.core.reminder import Silence
from matpi.core.screens.menu import Item
from matpi.core.views import FeltWrong, Menu
from matpi.words import GERMAN
from tests.bench import NOON, Bench, said
from tests.core.stories import DAY_S, KNOWN, TODAY, household, on_plan_day, past


def on_day_5() -> Bench:
    """Four days were done, each with 45 kg; today's lower bound is five minutes."""
    bench = Bench(on_plan_day(5))
    bench.pass_s(40)
    return bench


def stop_of(bench: Bench) -> StopSign:
    (stop,) = bench.rows.stops.values()
    return stop


def tomorrow(bench: Bench) -> tuple[int, RestReason | None]:
    """The plan's day tomorrow, and why it is one of rest."""
    plan = bench.device.plans.on(None, TODAY + timedelta(days=1))
    return plan.day, plan.rest_reason


# -- a session that was cut short --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rated", [False, True])
def test_a_session_cut_short_asks_it_before_the_rating_and_not_again(rated: bool) -> None:
    bench = on_day_5()
    bench.lie(200)
    bench.up(25)
    assert bench.state is Front.FELT_WRONG
    bench.hold()
    assert stop_of(bench).session_id == bench.saved[0].id
    bench.pass_s(8.1)
    assert bench.state is Front.RATING
    if rated:
        bench.tap()
        bench.hold()
        bench.pass_s(8.1)
    else:
        bench.pass_s(60.1)
    assert bench.state is Front.IDLE
    assert len(bench.rows.stops) == 1


def test_the_day_s_total_decides() -> None:
    bench = on_day_5()
    bench.lie(200)
    bench.up(100)
    bench.lie(120)
    bench.up(25)
    assert bench.state is Front.RATING, "320 s of 300"
    bench.pass_s(60.1)
    assert bench.state is Front.FELT_WRONG, "after the rating, as ever"


def test_a_session_that_counts_once_it_is_confirmed_is_judged_as_if_it_did() -> None:
    memory = on_plan_day(5)
    bench = Bench(replace(memory, settings=replace(memory.settings, others="pets")))
    bench.pass_s(40)
    bench.lie(310, kg=75.0)
    bench.up(21)
    assert bench.state is Front.CONFIRM
    bench.hold()
    bench.pass_s(5)
    assert bench.state is Front.RATING


def test_a_slip_while_it_is_asked_does_not_lose_it() -> None:
    bench = on_day_5()
    bench.lie(200)
    bench.up(25)
    bench.lie(1.5)
    bench.up(2)
    assert bench.state is Front.FELT_WRONG
    bench.hold()
    assert stop_of(bench).session_id == bench.saved[0].id
    bench.tap()
    assert bench.state is Front.RATING


# -- a stay too short for a session ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [3.3, 4, 10, 25, 29])
def test_dizzy_and_up_is_asked_as_soon_as_the_stay_is_over(seconds: float) -> None:
    bench = on_day_5()
    bench.lie(seconds)
    bench.up(20.2)
    assert bench.dropped == ["short"]
    assert bench.state is Front.FELT_WRONG
    bench.hold()
    stop = stop_of(bench)
    assert (stop.session_id, stop.day) == (None, TODAY)
    assert tomorrow(bench) == (1, RestReason.STOP_SIGN), "a day of rest, and a tier back"
    bench.pass_s(8.1)
    assert bench.state is Front.IDLE


def test_a_tap_while_away_asks_it_at_once() -> None:
    bench = on_day_5()
    bench.lie(25)
    bench.up(2)
    assert bench.state is Front.AWAY
    bench.tap()
    assert bench.state is Front.FELT_WRONG


@pytest.mark.parametrize("tapped", [False, True])
def test_untouched_or_tapped_it_notes_nothing(tapped: bool) -> None:
    bench = on_day_5()
    bench.lie(25)
    bench.up(20.2)
    if tapped:
        bench.tap()
    else:
        bench.pass_s(8.1)
    assert bench.state is Front.IDLE
    assert (bench.rows.stops, tomorrow(bench)) == ({}, (5, None))


@pytest.mark.parametrize(("kg", "asked"), [(45.0, True), (23.0, True), (22.0, False), (13.0, False)])
def test_from_half_of_the_lightest_usual_load_on(kg: float, asked: bool) -> None:
    bench = on_day_5()
    bench.lie(20, kg)
    bench.up(20.5)
    assert bench.dropped == ["short"]
    assert (bench.state is Front.FELT_WRONG) is asked


@pytest.mark.parametrize(("kg", "asked"), [(31.0, True), (29.0, False)])
def test_without_a_usual_load_from_30_kg_on(kg: float, asked: bool) -> None:
    bench = Bench(Memory(acknowledgement=KNOWN, log=Log(sessions=(past(2), past(1)))))
    bench.pass_s(40)
    for seconds in (20, 3.3):
        bench.lie(seconds, kg)
        bench.up(20.5)
        assert (bench.state is Front.FELT_WRONG) is asked
        bench.pass_s(40)


def test_of_people_who_share_the_mat_the_lightest_is_asked_too() -> None:
    bench = Bench(household())
    bench.pass_s(5)
    bench.lie(20, kg=18.0)
    bench.up(20.5)
    assert bench.state is Front.FELT_WRONG
    bench.hold()
    assert stop_of(bench).person == "a"


def test_a_step_across_the_mat_asks_nothing() -> None:
    bench = on_day_5()
    for seconds in (0.5, 2.8):
        bench.lie(seconds, kg=74.0)
        bench.up(25)
        assert bench.state is Front.IDLE


def test_a_bag_that_is_dropped_asks_nothing() -> None:
    bench = on_day_5()
    bench.motion_kg = 0.0
    for seconds in (10, 28):
        bench.lie(seconds, kg=25.0 if seconds > 20 else 20.0)
        bench.up(25)
        assert bench.state is Front.IDLE, "under half, or still and light: a thing"


def test_a_dog_that_jumps_about_asks_nothing() -> None:
    bench = on_day_5()
    bench.body = lambda t: (9.0 + 4.0 * sin(9 * t), 8.0)
    bench.pass_s(20)
    bench.body = None
    bench.up(25)
    assert "short" in bench.dropped
    assert bench.state is Front.IDLE


@pytest.mark.parametrize(("hours", "asked"), [(10.4, True), (10.6, False), (18.9, False), (19.1, True)])
def test_in_quiet_hours_a_short_stay_asks_nothing(hours: float, asked: bool) -> None:
    """From 22:30 to 07:00."""
    bench = Bench(on_plan_day(5), utc=NOON + hours * 3600)
    bench.pass_s(40)
    bench.lie(25)
    shown = len(bench.of(Show))
    bench.up(60)
    seen = [effect.view for effect in bench.of(Show)[shown:]]
    assert any(isinstance(view, FeltWrong) for view in seen) is asked


def test_without_a_clock_it_is_asked() -> None:
    bench = Bench(on_plan_day(5), utc=None)
    bench.pass_s(40)
    bench.lie(25)
    bench.up(20.5)
    assert bench.state is Front.FELT_WRONG
    bench.hold()
    assert stop_of(bench).estimated


def test_cells_that_fall_silent_ask_nothing() -> None:
    bench = on_day_5()
    bench.lie(10)
    bench.silent = True
    bench.pass_s(80)
    bench.silent = False
    bench.up(5)
    assert bench.dropped == ["short"]
    assert bench.state is Front.IDLE


def test_another_step_brings_it_back_and_a_session_that_follows_has_its_own() -> None:
    bench = on_day_5()
    bench.lie(25)
    bench.up(20.5)
    bench.lie(1.5)
    assert bench.state is Front.ARRIVING
    bench.up(2)
    assert bench.state is Front.FELT_WRONG
    bench.lie(310)
    bench.up(25)
    assert bench.state is Front.RATING
    bench.pass_s(60.1)
    assert bench.state is Front.FELT_WRONG
    bench.hold()
    assert stop_of(bench).session_id == bench.saved[0].id


def test_it_comes_before_what_was_still_to_be_asked_of_a_session() -> None:
    bench = on_day_5()
    bench.lie(310)
    bench.up(25)
    assert bench.state is Front.RATING
    bench.lie(10)
    bench.up(20.5)
    assert bench.state is Front.FELT_WRONG
    bench.hold()
    assert stop_of(bench).session_id is None
    bench.lie(1.5)
    bench.up(2)
    assert bench.state is Front.RATING, "what was noted is not asked again"
    bench.tap()
    bench.hold()
    (rating,) = (r for r in bench.rows.ratings.values() if r.boot_id == "boot-1")
    assert rating.session_id == bench.saved[0].id


def test_a_routine_that_was_chosen_stays_chosen() -> None:
    bench = on_day_5()
    bench.choose(Item.ROUTINE)
    bench.choose(bench.words("routines.upper_back.title"))
    bench.lie(25)
    bench.up(30)
    assert bench.device.selection.name == "upper_back"


# -- from the menu -----------------------------------------------------------------------------------------------------


def test_the_menu_notes_it_at_any_time_of_the_last_session_of_today() -> None:
    bench = on_day_5()
    for _ in range(2):
        bench.lie(310)
        bench.up(130)
    bench.pass_s(3600)
    bench.tap()
    bench.choose(Item.FELT_WRONG)
    assert bench.state is Front.FELT_WRONG
    bench.hold()
    assert stop_of(bench).session_id == bench.saved[1].id
    assert stop_of(bench).mono == pytest.approx(bench.t, abs=1.0)
    bench.pass_s(8.1)
    assert bench.state is Front.IDLE
    bench.choose(Item.FELT_WRONG)
    shown = bench.view
    assert isinstance(shown, FeltWrong)
    assert shown.logged, "it is noted already"
    bench.hold()
    assert bench.rows.stops == {}, "and a hold takes it back"


def test_without_a_session_today_it_is_about_none() -> None:
    bench = on_day_5()
    bench.choose(Item.FELT_WRONG)
    bench.hold()
    assert (stop_of(bench).session_id, stop_of(bench).day) == (None, TODAY)
    bench.tap()
    assert bench.state is Front.IDLE
    assert tomorrow(bench) == (1, RestReason.STOP_SIGN)


def test_it_is_about_a_session_of_the_person_whose_turn_it_is() -> None:
    bench = Bench(household())
    bench.pass_s(5)
    bench.lie(130, kg=35.0)
    bench.up(130)
    bench.choose(Item.WHO)
    bench.choose("Ben")
    bench.choose(Item.FELT_WRONG)
    bench.hold()
    assert (stop_of(bench).session_id, stop_of(bench).person) == (None, "b"), "the session was Ada's"


def test_the_menu_says_it_in_both_languages() -> None:
    bench = on_day_5()
    bench.hold()
    assert isinstance(bench.view, Menu)
    assert "Felt wrong" in bench.view.items
    assert bench.device.display.shown is not None
    german = said(bench.device.display.shown.view, GERMAN)
    assert isinstance(german, Menu)
    assert "Beschwerden" in german.items


# -- what follows ------------------------------------------------------------------------------------------------------


def test_a_stop_sign_of_yesterday_makes_today_a_day_of_rest_and_a_tier_back() -> None:
    """A bruise that shows the next day, noted by the command line while the service was stopped."""
    bench = on_day_5()
    assert (bench.device.plans.today.day, bench.device.plans.today.rest_day) == (5, False)
    yesterday = TODAY - timedelta(days=1)
    bruise = StopSign("bruise", "by hand", 0.0, None, NOON - DAY_S, 0, yesterday)
    bench.send(LogChanged(bench.t, replace(bench.device.ledger.log, stops=(bruise,))))
    plan = bench.device.plans.today
    assert (plan.day, plan.rest_reason) == (1, RestReason.STOP_SIGN)
    assert tomorrow(bench) == (1, None)


def test_after_a_stop_sign_nothing_asks_for_a_session_that_day() -> None:
    bench = Bench(Memory(acknowledgement=KNOWN))
    bench.pass_s(40)
    bench.lie(20)
    bench.up(24)
    bench.hold()
    assert len(bench.rows.stops) == 1
    bench.pass_s(120)
    bench.tap()
    assert bench.state is not Front.READY
    bench.rate = 1.0
    bench.pass_s(12 * 3600)
    assert bench.device.reminder.reasons == {None: Silence.REST_DAY}


def test_a_sign_of_one_stay_is_not_taken_back_by_the_hold_that_is_about_the_session_before() -> None:
    bench = Bench(on_plan_day(5))
    bench.pass_s(40)
    bench.lie(60)
    bench.up(26)
    assert bench.state is Front.FELT_WRONG, "of the session"
    bench.lie(20)
    bench.up(22)
    assert bench.state is Front.FELT_WRONG, "of the stay"
    bench.hold()
    bench.tap()
    assert bench.view == FeltWrong(0.0, 1.0, logged=False), "of the session again"
    bench.hold()
    assert len(bench.rows.stops) == 2
