"""The one button in every state: discard, menu, safety, wake, a stuck one, a press that outlives its state."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import pytest

from matpi.core.events import ButtonDown, ButtonUp, WallClock
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, EndReason, Memory, Rating, StopSign
from matpi.core.screens.menu import Item
from matpi.core.views import Idle, Menu, Off, Safety, SessionDone, Timer
from matpi.screen.render import spoken
from matpi.words import ENGLISH
from tests.bench import NOON, Bench, end_of
from tests.core.test_device_routines import on_plan_day


def session(bench: Bench, seconds: float = 100.0) -> Bench:
    bench.pass_s(40)
    bench.lie(seconds)
    assert bench.state is Front.ON_MAT
    return bench


# -- on the mat ----------------------------------------------------------------------------------------------------


def test_a_tap_on_the_mat_shows_minutes_and_seconds_for_a_while() -> None:
    bench = session(Bench())
    assert isinstance(bench.view, Timer)
    assert not bench.view.seconds
    bench.tap()
    assert isinstance(bench.view, Timer)
    assert bench.view.seconds
    bench.pass_s(11)
    assert isinstance(bench.view, Timer)
    assert not bench.view.seconds
    bench.up(60)
    assert len(bench.saved) == 1


@pytest.mark.parametrize("held_s", [0.8, 2.0, 2.95])
def test_a_hold_of_under_three_seconds_discards_nothing(held_s: float) -> None:
    bench = session(Bench())
    bench.hold(held_s)
    assert bench.state is Front.ON_MAT
    holds = [v.hold for v in bench.views if isinstance(v, Timer)]
    if held_s > 1:
        assert max(holds) > 0, "but it is seen coming"
    bench.pass_s(0.2)
    assert isinstance(bench.view, Timer)
    assert bench.view.hold == 0.0


def test_a_press_that_began_on_the_mat_does_nothing_in_the_state_it_ends_in() -> None:
    bench = session(Bench())
    bench.kg = 0.0
    bench.pass_s(19.8)
    bench.send(ButtonDown(bench.t))
    bench.pass_s(1.0)
    assert bench.state is Front.DONE
    bench.pass_s(2.0)
    bench.send(ButtonUp(bench.t))
    bench.pass_s(0.1)
    assert bench.state is Front.DONE
    assert len(bench.saved) == 1


def test_a_hold_that_began_before_the_session_does_not_discard_it() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.kg = 45.0
    bench.send(ButtonDown(bench.t))
    bench.pass_s(10)
    bench.send(ButtonUp(bench.t))
    bench.pass_s(60)
    assert bench.state is Front.ON_MAT
    assert bench.dropped == []


def test_the_hold_that_discards_does_not_also_undo() -> None:
    bench = session(Bench())
    bench.hold(8.0)
    assert bench.state is Front.DISCARDED
    bench.tap()
    assert bench.state is Front.DISCARDED


def test_a_tap_while_away_says_that_the_session_is_over() -> None:
    bench = session(Bench())
    off = bench.t
    bench.up(3)
    bench.hold(4)
    assert bench.state is Front.AWAY, "a hold says nothing"
    bench.tap()
    assert bench.state is Front.DONE
    (ended,) = bench.saved
    assert end_of(ended) == pytest.approx(off, abs=0.2)
    bench.lie(60)
    assert bench.state is Front.ON_MAT
    bench.up(60)
    assert len(bench.saved) == 2, "and what follows is another one"


def test_a_tap_while_away_after_the_cap_ends_it_too() -> None:
    bench = Bench(rate=5)
    bench.pass_s(40)
    bench.lie(2720)
    bench.tap()
    assert bench.state is Front.CAPPED
    bench.up(3)
    bench.tap()
    assert bench.state is Front.DONE
    assert [one.reason for one in bench.saved] == [EndReason.CAP]


def test_buttons_while_holding_or_arriving_touch_no_session() -> None:
    for prepare in ("holding", "arriving"):
        bench = session(Bench()) if prepare != "arriving" else Bench()
        if prepare == "holding":
            bench.silent = True
            bench.pass_s(3)
        else:
            bench.pass_s(40)
            bench.lie(1)
        before = bench.state
        bench.tap()
        assert bench.state is before or prepare == "arriving"
        bench.hold(4)
        bench.silent = False
        bench.lie(60)
        assert bench.state is Front.ON_MAT
        bench.up(60)
        assert len(bench.saved) == 1
        assert bench.dropped == []


# -- stuck ---------------------------------------------------------------------------------------------------------


def stuck(bench: Bench, seconds: float = 60.0) -> Bench:
    bench.send(ButtonDown(bench.t))
    bench.pass_s(seconds)
    return bench


def test_stuck_on_the_mat_the_discard_is_taken_back() -> None:
    bench = stuck(session(Bench()))
    assert bench.state is Front.ON_MAT
    assert len(list(bench.notes("button_stuck"))) == 1
    bench.up(60)
    (saved,) = bench.saved
    assert saved.on_mat_s == pytest.approx(160, abs=0.2)
    assert len(bench.rows.sessions) == 1


def test_stuck_and_got_up_meanwhile_the_session_ends_when_the_person_left() -> None:
    bench = session(Bench())
    bench.send(ButtonDown(bench.t))
    bench.pass_s(5)
    off = bench.t
    bench.up(60)
    (saved,) = bench.saved
    assert saved.start_mono + saved.span_s == pytest.approx(off, abs=0.2)


def test_stuck_when_the_power_goes_loses_no_session() -> None:
    bench = stuck(session(Bench(utc=NOON)), 10)
    assert bench.state is Front.DISCARDED
    (before,) = bench.rows.sessions
    bench = bench.reboot(5)
    bench.pass_s(20)
    bench.up(60)
    (saved,) = bench.saved
    assert saved.id == before
    assert saved.on_mat_s > 100


def test_stuck_on_the_idle_screen_leads_nowhere_and_the_panel_rests() -> None:
    bench = Bench(on_plan_day(6))
    bench.pass_s(5)
    stuck(bench, 120)
    assert bench.state is Front.IDLE
    assert isinstance(bench.view, Off)
    bench.send(ButtonUp(bench.t))
    bench.pass_s(1)
    bench.tap()
    assert bench.state is Front.RATING, "the first wake of the day"


@pytest.mark.parametrize("taps", [0, 3])
def test_stuck_during_the_question_answers_no_more_than_no_press_would(taps: int) -> None:
    bench = session(Bench(), 130.0)
    bench.up(26)
    assert bench.state is Front.RATING
    for _ in range(taps):
        bench.tap()
    stuck(bench, 200)
    assert [e.value for e in bench.saves(Rating)][:1] == ([taps] if taps else [])
    assert bench.saves(StopSign) == []
    assert bench.state is Front.IDLE


def test_stuck_on_felt_wrong_logs_no_stop_sign() -> None:
    bench = session(Bench())
    bench.up(26)
    assert bench.state is Front.FELT_WRONG
    stuck(bench, 100)
    assert bench.saves(StopSign) == []
    assert bench.state is Front.IDLE


def test_stuck_on_the_safety_question_acknowledges_nothing() -> None:
    bench = Bench(acknowledged=False)
    bench.pass_s(3)
    to_question(bench)
    stuck(bench, 100)
    bench.send(ButtonUp(bench.t))
    bench.pass_s(1)
    assert bench.saves(Acknowledgement) == []


def test_stuck_in_the_menu_chooses_nothing() -> None:
    bench = Bench()
    bench.pass_s(30)
    bench.hold()
    stuck(bench, 100)
    bench.send(ButtonUp(bench.t))
    bench.pass_s(1)
    assert bench.device.presence.zero.by_hand is False
    assert bench.state is Front.IDLE


def test_with_a_stuck_button_the_timer_works() -> None:
    bench = Bench()
    bench.pass_s(5)
    stuck(bench, 30)
    bench.lie(300)
    bench.up(60)
    assert [round(s.on_mat_s) for s in bench.saved] == [300]


def test_ghost_presses_at_any_moment_do_nothing() -> None:
    bench = session(Bench())
    for _ in range(200):
        bench.send(ButtonDown(bench.t))
        bench.send(ButtonUp(bench.t + 0.005))
        bench.pass_s(0.5)
    assert bench.path == ["ARRIVING", "ON_MAT"]


# -- menu ----------------------------------------------------------------------------------------------------------


def test_the_menu_opens_with_a_hold_turns_with_taps_and_closes_by_itself() -> None:
    bench = Bench()
    bench.pass_s(30)
    bench.hold()
    items = ("Routine", "Rest today", "Felt wrong", "Trend", "Zero the mat", "Light off", "There are pets", "Safety")
    assert bench.view == Menu((*items, "Back"), 0)
    for index in (1, 2, 3, 4, 5, 6, 7, 8, 0):
        bench.tap()
        assert isinstance(bench.view, Menu)
        assert bench.view.index == index
    bench.pass_s(19.7)
    assert bench.state is Front.MENU
    bench.pass_s(0.5)
    assert bench.state is Front.IDLE
    assert not bench.device.presence.zero.by_hand


def test_the_hold_that_opened_the_menu_chooses_nothing() -> None:
    bench = Bench()
    bench.pass_s(30)
    bench.hold(5.0)
    assert bench.state is Front.MENU
    assert not bench.device.presence.zero.by_hand


def test_back_goes_back_and_safety_can_be_read_again() -> None:
    bench = Bench()
    bench.pass_s(30)
    bench.choose(Item.BACK)
    assert bench.state is Front.IDLE
    bench.choose(Item.SAFETY)
    assert bench.view == Safety("stop", 1, 4, 0.0)


def test_lying_down_in_the_menu_starts_the_timer() -> None:
    bench = Bench()
    bench.pass_s(30)
    bench.hold()
    bench.lie(60)
    assert bench.state is Front.ON_MAT
    bench.up(60)
    assert len(bench.saved) == 1


# -- safety --------------------------------------------------------------------------------------------------------


def page(bench: Bench) -> str:
    assert isinstance(bench.view, Safety)
    return bench.view.name


def to_question(bench: Bench) -> None:
    assert bench.state is Front.SAFETY
    while page(bench) != "question":
        bench.pass_s(1.5)
        bench.tap()
    bench.pass_s(2.5)


def answered(bench: Bench) -> list[tuple[bool, bool]]:
    return [(e.some, e.cleared) for e in bench.saves(Acknowledgement)]


def test_at_first_run_the_pages_come_until_they_are_answered() -> None:
    bench = Bench(acknowledged=False)
    bench.pass_s(3)
    assert bench.view == Safety("ask_1", 1, 4, 0.0)
    bench.pass_s(290)
    assert bench.view == Safety("ask_1", 1, 4, 0.0), "time to read"
    bench.pass_s(20)
    assert isinstance(bench.view, Off)
    bench.tap()
    assert page(bench) == "ask_1", "the first tap wakes"
    to_question(bench)
    bench.hold()
    assert page(bench) == "stop", "what to remember comes last"
    bench.tap()
    assert answered(bench) == [(False, False)]
    assert bench.rows.acknowledgement == Acknowledgement(some=False, utc=bench.rows.acknowledgement.utc)  # type: ignore[union-attr]
    assert bench.state is Front.READY, "the advice before the first session"
    again = bench.reboot()
    again.pass_s(5)
    assert again.state is Front.IDLE, "answered once is answered"


def test_not_answered_they_come_again_after_a_reboot() -> None:
    bench = Bench(acknowledged=False)
    bench.pass_s(100)
    again = bench.reboot()
    again.pass_s(3)
    assert again.state is Front.SAFETY


def test_a_hold_before_the_question_answers_nothing() -> None:
    bench = Bench(acknowledged=False)
    bench.pass_s(3)
    bench.hold()
    assert bench.state is Front.SAFETY
    assert answered(bench) == []


def test_a_yes_keeps_sessions_short_until_a_doctor_agreed() -> None:
    bench = Bench(acknowledged=False)
    bench.pass_s(3)
    to_question(bench)
    bench.tap()
    assert answered(bench) == [(True, False)]
    assert bench.device.plans.today.short_only
    again = bench.reboot()
    again.pass_s(5)
    assert again.device.plans.today.short_only, "remembered"
    again.hold()
    assert isinstance(again.view, Menu)
    for _ in range(again.view.items.index(ENGLISH("menu.doctor_agreed"))):
        again.tap()
    again.hold()
    assert answered(again) == [(True, True)]
    assert not again.device.plans.today.short_only


def test_a_hold_on_the_dark_question_wakes_and_answers_nothing() -> None:
    bench = Bench(acknowledged=False)
    bench.pass_s(3)
    to_question(bench)
    bench.pass_s(301)
    assert isinstance(bench.view, Off)
    bench.hold()
    assert answered(bench) == []
    assert isinstance(bench.view, Safety)
    bench.hold()
    assert answered(bench) == [(False, False)]


def test_the_pages_are_never_in_the_way_of_the_timer() -> None:
    bench = Bench(acknowledged=False)
    bench.pass_s(10)
    bench.lie(120)
    assert bench.state is Front.ON_MAT
    bench.up(60)
    assert len(bench.saved) == 1
    bench.pass_s(120)
    assert bench.state is Front.SAFETY, "and they come back"


def test_somebody_on_the_mat_at_first_boot_is_timed_first() -> None:
    bench = Bench(acknowledged=False)
    bench.lie(100)
    assert "SAFETY" not in bench.path
    assert bench.state is Front.ON_MAT


def test_the_acknowledgement_keeps_its_date() -> None:
    bench = Bench(acknowledged=False)
    bench.pass_s(3)
    to_question(bench)
    bench.hold()
    (saved,) = bench.saves(Acknowledgement)
    assert saved.utc == pytest.approx(NOON + bench.t - 100, abs=2)


def test_a_yes_of_an_earlier_boot_is_told_on_the_idle_screen() -> None:
    bench = Bench(Memory(acknowledgement=Acknowledgement(some=True, utc=NOON)))
    bench.pass_s(5)
    assert isinstance(bench.view, Idle)
    assert (bench.view.lower_min, bench.view.upper_min) == (0, 0)
    assert "ask a doctor first" in spoken(bench.view)


def test_clearing_on_the_device_keeps_the_date_of_the_answer() -> None:
    bench = Bench(Memory(acknowledgement=Acknowledgement(some=True, utc=NOON - 86_400.0)))
    bench.pass_s(35)
    bench.choose(Item.DOCTOR_AGREED)
    kept = bench.rows.acknowledgement
    assert kept is not None
    assert (kept.utc, kept.cleared) == (NOON - 86_400.0, True)
    assert kept.cleared_utc == pytest.approx(NOON + bench.t - 100, abs=2)


def test_what_was_cleared_before_the_clock_was_known_gets_its_date_and_the_answer_none() -> None:
    bench = Bench(Memory(acknowledgement=Acknowledgement(some=True)), utc=None)
    bench.pass_s(35)
    bench.choose(Item.DOCTOR_AGREED)
    assert bench.rows.acknowledgement == Acknowledgement(some=True, cleared=True)
    bench.send(WallClock(bench.t, NOON, trusted=True))
    assert bench.rows.acknowledgement == Acknowledgement(some=True, cleared=True, cleared_utc=NOON)


def test_another_answer_on_the_device_takes_along_what_was_short_before() -> None:
    bench = Bench(Memory(acknowledgement=Acknowledgement(some=True, utc=NOON - 86_400.0)), utc=None)
    bench.pass_s(35)
    bench.choose(Item.SAFETY)
    to_question(bench)
    bench.hold()
    bench.send(WallClock(bench.t, NOON, trusted=True))
    assert bench.rows.acknowledgement == Acknowledgement(some=False, utc=NOON, earlier=((NOON - 86_400.0, NOON),))


def test_what_is_asked_again_holds_until_it_is_answered() -> None:
    bench = Bench(Memory(acknowledgement=Acknowledgement(some=True, utc=NOON - 86_400.0, asked_again=True)))
    bench.pass_s(10)
    assert bench.state is Front.SAFETY
    assert bench.device.plans.today.short_only
    to_question(bench)
    bench.hold()
    bench.pass_s(31)
    assert bench.state is Front.READY, "what to remember closes by itself"
    assert not bench.device.plans.today.short_only
    assert bench.rows.acknowledgement is not None
    assert not bench.rows.acknowledgement.asked_again


def test_the_menu_opens_over_an_object_and_can_make_it_the_zero() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.kg = 20.0
    bench.pass_s(60)
    assert bench.state is Front.OBJECT
    bench.hold()
    assert bench.state is Front.MENU
    bench.choose(Item.ZERO)
    assert bench.state is Front.IDLE
    assert bench.device.presence.zero.total_kg == pytest.approx(20.0, abs=0.1)
    bench.reboot(5.0)
    assert bench.device.presence.zero.value(2).anchor_kg == pytest.approx(20.0, abs=0.1)


def test_a_chosen_rating_is_kept_when_somebody_lies_down_before_it_was_confirmed() -> None:
    bench = Bench()
    bench.pass_s(5)
    bench.lie(130)
    bench.up(26)
    assert bench.state is Front.RATING
    for _ in range(4):
        bench.tap()
    bench.lie(10)
    assert [r.value for r in bench.device.ledger.log.ratings] == [4]
    assert bench.device.ledger.log.ratings[0].session_id == bench.saved[0].id


def test_read_again_the_stop_rules_come_first_and_it_closes_without_an_answer() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.choose(Item.SAFETY)
    assert page(bench) == "stop"
    bench.tap()
    bench.pass_s(31)
    assert bench.state is Front.READY
    assert answered(bench) == []


def test_before_the_answer_nothing_says_done_for_today() -> None:
    bench = Bench(acknowledged=False)
    bench.pass_s(10)
    bench.lie(135)
    assert isinstance(bench.view, Timer)
    assert str(bench.view.label) != "done for today"
    bench.up(24)
    assert isinstance(bench.view, SessionDone)
    assert not bench.view.done_today
