"""Several people at one mat, on the device: who is meant, who is asked for, and what is booked to whom."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from matpi.core.effects import Chosen, Pattern
from matpi.core.front import Front
from matpi.core.model import (
    Acknowledgement,
    DayRecord,
    Doubt,
    EndReason,
    Log,
    Memory,
    Rating,
    Session,
    Settings,
    StopSign,
)
from matpi.core.people import GUEST_ID, People, Person
from matpi.core.plan.usual_load import learnt
from matpi.core.reminder import Silence
from matpi.core.screens.menu import Item
from matpi.core.views import Arriving, Idle, Menu, SessionDone, Timer
from matpi.words import GERMAN
from tests.bench import NOON, Bench

ADA, BEN = Person("a", "Ada"), Person("b", "Ben")
DAY = date(2026, 3, 15)
ANSWERED = tuple(Acknowledgement(some=False, utc=NOON, person=person) for person in ("a", "b", "c"))
LONG_AGO = tuple(replace(answer, utc=NOON - 60 * 86_400.0) for answer in ANSWERED)


def past(person: str | None, days_ago: int, kg: float | None = None, minutes: float = 10.0) -> Session:
    day = DAY - timedelta(days=days_ago)
    return Session(
        id=f"{person}-{days_ago}",
        boot_id="before",
        start_mono=0.0,
        span_s=minutes * 60,
        on_mat_s=minutes * 60,
        reason=EndReason.LEFT,
        start_utc=NOON - days_ago * 86_400,
        utc_offset_s=0,
        day=day,
        load_kg=kg,
        person=person,
    )


def of(*sessions: Session, days: tuple[DayRecord, ...] = ()) -> Log:
    return Log(sessions=tuple(sorted(sessions, key=lambda s: s.start_utc or 0.0)), days=days)


KNOWN = of(*(past("a", n, 35.0, 3.0) for n in (2, 3)), *(past("b", n, 55.0, 3.0) for n in (2, 3, 4, 5)))
"""Ada stands on day 3 of the plan, Ben on day 4; she puts 35 kg on the mat and he 55."""


def household(log: Log = KNOWN, chosen: str | None = "a", people: tuple[Person, ...] = (ADA, BEN)) -> Bench:
    memory = Memory(log=log, people=People(people, chosen), answers=ANSWERED)
    bench = Bench(memory)
    bench.pass_s(5)
    return bench


def result(bench: Bench) -> SessionDone:
    assert isinstance(bench.view, SessionDone)
    return bench.view


def idle(bench: Bench) -> Idle:
    assert isinstance(bench.view, Idle)
    return bench.view


def lie_and_get_up(bench: Bench, kg: float, seconds: float = 90.0) -> None:
    bench.lie(seconds, kg)
    bench.up(21.5)


# -- off ---------------------------------------------------------------------------------------------------------------


def story(bench: Bench) -> list[object]:
    bench.pass_s(5)
    bench.tap()
    bench.hold()
    bench.tap()
    bench.pass_s(25)
    bench.lie(130, 45)
    bench.hold(3.2)
    bench.hold()
    bench.up(22)
    bench.tap()
    bench.tap()
    bench.pass_s(80)
    return [*bench.views, *bench.lights]


@pytest.mark.parametrize("person", [None, "a"])
def test_with_nobody_or_one_named_nothing_differs(person: str | None) -> None:
    answer = Acknowledgement(some=False, utc=NOON)
    nobody = Bench(Memory(log=of(past(None, 2), past(None, 3)), acknowledgement=answer))
    people = People() if person is None else People((ADA,))
    answers = () if person is None else ANSWERED[:1]
    log = of(past(person, 2), past(person, 3))
    one = Bench(Memory(log=log, people=people, answers=answers, acknowledgement=None if answers else answer))
    assert story(one) == story(nobody)
    assert [session.person for session in one.saved] == [person] * len(nobody.saved) != []
    assert [session.load_kg for session in one.saved] == [pytest.approx(45.0, abs=0.1)] * len(one.saved)
    bench = household(people=(ADA,), chosen=None)
    bench.hold()
    assert isinstance(bench.view, Menu)
    assert bench.view.items[0] == "Routine"


# -- whose -------------------------------------------------------------------------------------------------------------


def test_each_has_a_plan_of_their_own() -> None:
    bench = household()
    bench.tap()
    bench.tap()  # out of the question
    assert (bench.device.plans.today.day, bench.device.plans.today.lower_min) == (3, 2)
    bench.pass_s(70)
    bench.choose("Who")
    bench.choose("Ben")
    assert bench.state is Front.IDLE
    assert (idle(bench).who, idle(bench).plan_day, idle(bench).lower_min) == ("Ben", 4, 5)
    assert bench.saves(Chosen) == [Chosen("b")]
    bench.kg = 55.0
    bench.pass_s(1)
    assert isinstance(bench.view, Arriving)
    assert (bench.view.who, bench.view.plan_day) == ("Ben", 4)


def test_what_one_does_moves_nobody_else() -> None:
    bench = household()
    lie_and_get_up(bench, 35.0, 150)
    assert (result(bench).who, result(bench).plan_day, result(bench).done_today) == ("Ada", 3, True)
    bench.tap()
    bench.tap()
    bench.pass_s(5)
    bench.tap()
    bench.hold()
    (session,), (rating,), (stop,) = bench.saved, bench.saves(Rating), bench.saves(StopSign)
    assert (session.person, rating.person, stop.person) == ("a", "a", "a")
    plans = bench.device.plans
    tomorrow = DAY + timedelta(days=1)
    assert (plans.on("a", DAY).today_s > 0, plans.on("b", DAY).today_s) == (True, 0.0)
    assert (plans.on("a", tomorrow).rest_day, plans.on("b", tomorrow).rest_day) == (True, False)


def test_who_was_chosen_is_meant_after_a_power_cut_too() -> None:
    bench = household()
    bench.choose("Who")
    bench.choose("Ben")
    again = bench.reboot()
    again.pass_s(5)
    again.tap()
    again.pass_s(70)
    lie_and_get_up(again, 55.0)
    assert [session.person for session in again.saved] == ["b"]


def test_a_session_that_a_power_cut_left_open_stays_whose_it_was() -> None:
    bench = household()
    bench.choose("Who")
    bench.choose("Ben")
    bench.lie(120, 55.0)
    again = bench.reboot(60)
    again.choose("Who")
    again.choose("Ada")
    again.lie(30, 55.0)
    assert again.device.session.running is not None
    assert again.device.session.running.person == "b"
    again.up(21.5)
    assert [(session.person, session.id) for session in again.saved] == [("b", "boot-1-1")]
    assert result(again).who == "Ben"


def test_each_answers_the_safety_pages_and_a_yes_is_that_persons_alone() -> None:
    bench = Bench(Memory(log=KNOWN, people=People((ADA, BEN), "a"), answers=ANSWERED[:1]))
    bench.pass_s(5)
    assert bench.state is Front.IDLE
    bench.choose("Who")
    bench.choose("Ben")
    assert bench.state is Front.SAFETY
    for _ in range(7):
        bench.tap()
    bench.pass_s(1.5)
    bench.tap()
    (kept,) = bench.saves(Acknowledgement)
    assert (kept.some, kept.person) == (True, "b")
    assert (bench.device.plans.today.short_only, bench.device.plans.on("a", DAY).short_only) == (True, False)
    bench.choose("Doctor agreed")
    assert not bench.device.plans.today.short_only
    assert bench.reboot().device.plans.on("b", DAY).short_only is False


def test_the_date_of_an_answer_comes_with_the_clock_for_each() -> None:
    bench = Bench(Memory(log=KNOWN, people=People((ADA, BEN), "a"), answers=ANSWERED[:1]), utc=None)
    bench.pass_s(5)
    bench.choose("Who")
    bench.choose("Ben")
    for _ in range(7):
        bench.tap()
    bench.hold()
    bench.utc_at_0 = NOON
    bench.clock_known()
    first, dated = bench.saves(Acknowledgement)
    assert (first.utc, dated.person) == (None, "b")
    assert dated.utc == pytest.approx(NOON + bench.t)


def test_a_weekly_goal_of_ones_own() -> None:
    bench = household(people=(replace(ADA, weekly_goal=3), BEN))
    plans = bench.device.plans
    assert (plans.on("a", DAY).weekly_goal, plans.on("b", DAY).weekly_goal) == (3, 5)


# -- a guest of an earlier version ------------------------------------------------------------------------------------


def test_a_stored_guests_session_is_in_nobodys_plan() -> None:
    stored = past(GUEST_ID, 0)
    with_guest, without = household(of(*KNOWN.sessions, stored)), household()
    for person in ("a", "b"):
        plans = [bench.device.plans.on(person, DAY) for bench in (with_guest, without)]
        assert plans[0] == plans[1]
    assert stored in with_guest.device.ledger.log.sessions


def test_a_guests_session_that_a_power_cut_left_open_can_be_assigned_on_the_result() -> None:
    bench = household()
    bench.lie(120, 35.0)
    (running,) = (session for session in bench.rows.sessions.values() if session.is_open)
    bench.rows.sessions[running.id] = replace(running, person=GUEST_ID)
    again = bench.reboot(60)
    again.pass_s(30)
    again.up(21.5)
    assert [(session.person, session.id) for session in again.saved] == [(GUEST_ID, running.id)]
    assert (result(again).who, result(again).asks) == ("-", "not you? hold")
    again.hold()
    assert again.rows.sessions[running.id].person == "a"
    assert again.device.plans.today.done


# -- suggested by the load ---------------------------------------------------------------------------------------------


def asked(bench: Bench) -> str | None:
    assert isinstance(bench.view, Timer)
    return None if bench.view.notice is None else str(bench.view.notice)


def test_the_load_suggests_and_a_hold_says_yes() -> None:
    bench = household()
    bench.lie(45, 55.4)
    assert asked(bench) is None, "too early to tell"
    bench.pass_s(10)
    assert asked(bench) == "hold if Ben"
    assert bench.device.session.running is not None
    assert bench.device.session.running.person == "a", "nobody is booked unasked"
    bench.hold()
    assert asked(bench) is None
    assert isinstance(bench.view, Timer)
    assert (bench.view.lower_min, bench.view.upper_min) == (5, 10), "his minutes from now on"
    assert bench.saves(Chosen) == [Chosen("b")]
    assert bench.rows.sessions["boot-1-1"].person == "b", "also after a power cut"
    bench.pass_s(60)
    bench.up(21.5)
    (session,) = bench.saved
    assert (session.person, session.load_kg) == ("b", pytest.approx(55.4, abs=0.3))
    assert result(bench).asks == "not you? hold"


def test_a_hold_that_said_yes_discards_nothing() -> None:
    bench = household()
    bench.lie(55, 55.4)
    bench.hold(4.0)
    assert bench.state is Front.ON_MAT
    assert bench.device.session.running is not None
    assert bench.device.session.running.person == "b"
    bench.hold(3.2)
    assert bench.state is Front.DISCARDED, "the next one does"


def test_a_tap_says_no_and_it_is_not_asked_again() -> None:
    bench = household()
    bench.lie(55, 55.4)
    bench.tap()
    assert asked(bench) is None
    bench.pass_s(60)
    bench.up(21.5)
    assert (result(bench).who, result(bench).asks) == ("Ada", "not you? hold")
    assert [session.person for session in bench.saved] == ["a"]


def test_a_question_that_nobody_saw_goes_and_is_there_again_on_the_result() -> None:
    bench = household()
    bench.lie(55, 55.4)
    bench.pass_s(20)
    assert asked(bench) is None
    bench.up(21.5)
    assert (result(bench).who, result(bench).asks) == ("Ada", "hold if Ben")
    bench.pass_s(8.1)
    assert bench.state is Front.FELT_WRONG
    assert [session.person for session in bench.saved] == ["a"], "never silently"
    assert bench.device.household.people.chosen == "a"


@pytest.mark.parametrize(
    ("kg", "says"), [(35.5, None), (45.0, None), (51.5, "hold if Ben"), (50.5, None), (75.0, None)]
)
def test_who_it_might_be(kg: float, says: str | None) -> None:
    bench = household()
    bench.lie(58, kg)
    assert asked(bench) == says


def test_the_diagnostics_which_are_exported_hear_no_name_and_no_weight() -> None:
    bench = household()
    bench.lie(58, 51.5)
    assert asked(bench) is not None
    assert [told.text for told in bench.notes("who")] == ["suggested another person"]


def test_somebody_who_does_not_lie_still_is_not_weighed_until_they_do() -> None:
    bench = household()
    for _ in range(20):
        bench.lie(2, 40.0)
        bench.lie(2, 55.0)
    assert asked(bench) is None
    bench.lie(30, 55.0)
    assert asked(bench) == "hold if Ben"


def test_only_a_load_on_the_back_suggests_a_person() -> None:
    bench = household()
    bench.choose("Routine")
    bench.choose("Glutes")
    bench.pass_s(1)
    bench.lie(90, 55.0)
    assert asked(bench) is None
    bench.up(21.5)
    assert bench.saved[0].load_kg == pytest.approx(55.0, abs=0.1)


def test_weights_are_learnt_from_what_was_booked() -> None:
    bench = household(of(past("a", 2, 35.0), past("b", 2, 55.0)))
    assert [person.usual_kg for person in learnt(People((ADA, BEN)), bench.device.ledger.log).all] == [None, None]
    lie_and_get_up(bench, 36.0)
    bench.pass_s(100)
    bench.choose("Who")
    bench.choose("Ben")
    lie_and_get_up(bench, 54.0)
    bench.pass_s(100)
    usual = [person.usual_kg for person in learnt(People((ADA, BEN)), bench.device.ledger.log).all]
    assert usual == [pytest.approx(35.5, abs=0.2), pytest.approx(54.5, abs=0.2)]
    bench.lie(58, 35.5)
    assert asked(bench) == "hold if Ada"


# -- on the result -----------------------------------------------------------------------------------------------------


def test_a_hold_on_the_result_goes_round_the_names() -> None:
    bench = household()
    lie_and_get_up(bench, 35.0, 150)
    names = []
    for _ in range(4):
        names.append((result(bench).who, bench.rows.sessions["boot-1-1"].person))
        bench.hold()
    assert names == [("Ada", "a"), ("Ben", "b"), ("Ada", "a"), ("Ben", "b")]
    bench.hold()
    assert result(bench).who == "Ben"
    assert result(bench).plan_day == 4
    assert len(bench.device.ledger.log.sessions) == len(KNOWN.sessions) + 1
    bench.tap()
    assert bench.state is Front.RATING
    assert bench.saves(Chosen) == [Chosen("b")], "only the last one is meant from now on"


def test_the_result_stays_while_it_is_held_and_eight_seconds_after() -> None:
    bench = household()
    lie_and_get_up(bench, 35.0)
    bench.pass_s(6)
    bench.hold(2.0)
    assert bench.state is Front.DONE
    bench.pass_s(7)
    assert bench.state is Front.DONE
    bench.pass_s(1.1)
    assert bench.state is Front.FELT_WRONG


def test_lying_down_again_at_once_keeps_what_was_booked() -> None:
    bench = household()
    lie_and_get_up(bench, 35.0)
    bench.hold()
    bench.lie(60, 55.0)
    assert bench.device.session.running is not None
    assert bench.device.session.running.person == "b"
    assert bench.rows.people.chosen == "b"


def test_what_the_cap_closed_can_be_booked_too() -> None:
    bench = household()
    bench.lie(46 * 60, 35.0)
    assert bench.state is Front.CAPPED
    bench.up(21.5)
    bench.hold()
    assert (result(bench).who, [session.person for session in bench.saved]) == ("Ben", ["b"])


def test_a_full_disk_loses_no_booking() -> None:
    bench = household()
    lie_and_get_up(bench, 35.0)
    bench.disk_full = True
    bench.hold()
    assert (result(bench).who, result(bench).saved) == ("Ben", False)
    bench.disk_full = False
    bench.pass_s(40)
    assert bench.rows.sessions["boot-1-1"].person == "b"
    assert bench.rows.people.chosen == "b"


def test_in_german() -> None:
    bench = household()
    bench.words = GERMAN
    bench.choose(GERMAN("menu.who"))
    bench.choose("Ben")
    lie_and_get_up(bench, 70.0)
    assert (result(bench).who, result(bench).asks) == ("Ben", GERMAN("people.not_you"))


def test_each_has_a_number_of_their_own_today() -> None:
    bench = household()
    bench.pass_s(60)
    bench.tap()
    bench.tap()
    bench.hold()
    bench.pass_s(90)
    bench.tap()
    assert bench.state is Front.IDLE, "Ada has hers"
    bench.choose("Who")
    bench.choose("Ben")
    bench.pass_s(60)
    bench.tap()
    assert bench.state is Front.RATING
    bench.tap()
    bench.hold()
    assert [(rating.person, rating.value) for rating in bench.saves(Rating)] == [("a", 1), ("b", 1)]
    bench.pass_s(30)
    bench.lie(330)
    bench.up(30)
    assert bench.state is Front.LOOSER, "Ben's session, and he has his number"


# -- the reminder ------------------------------------------------------------------------------------------------------


def evening(bench: Bench) -> Bench:
    """21:00, when the reminder begins."""
    bench.up(9 * 3600 - (bench.t - 100) + 5)
    return bench


def slow(log: Log, chosen: str = "a") -> Bench:
    bench = Bench(Memory(log=log, people=People((ADA, BEN), chosen), answers=LONG_AGO), rate=1.0)
    bench.pass_s(5)
    return bench


def test_the_light_reminds_until_the_last_of_them_was_there() -> None:
    bench = evening(slow(of(past("a", 1), past("b", 1), past("a", 0))))
    assert bench.pattern is Pattern.BREATH
    bench.hold()
    assert bench.saves(DayRecord) == [DayRecord(DAY, snoozed=True, person="b")], "seen, and for him alone"
    assert bench.pattern is Pattern.OFF
    done = evening(slow(of(past("a", 1), past("b", 1), past("a", 0), past("b", 0))))
    assert (done.pattern, done.device.reminder.now and done.device.reminder.now.reason) == (Pattern.OFF, Silence.DONE)


def test_the_screen_says_who_is_missing() -> None:
    bench = evening(slow(of(past("a", 1), past("b", 1), past("a", 0))))
    bench.tap()
    assert idle(bench).notice == "not today: fine"
    bench.pass_s(3)
    assert (idle(bench).who, idle(bench).done, idle(bench).notice) == ("Ada", True, "not yet: Ben")
    names = tuple(Person(letter, f"Person {letter}") for letter in "abc")
    log = of(past("a", 1), past("b", 1), past("c", 1))
    three = Bench(Memory(log=log, people=People(names, "a"), answers=ANSWERED), rate=1.0)
    three.pass_s(5)
    evening(three).tap()
    three.pass_s(3)
    assert idle(three).notice == "not yet: 3", "for the names are too long"


@pytest.mark.parametrize(("days_ago", "reminds"), [(3, True), (4, False)])
def test_who_stopped_three_evenings_ago_is_not_held_up_to_the_others(days_ago: int, reminds: bool) -> None:
    bench = evening(slow(of(past("a", 0), past("b", days_ago))))
    assert (bench.pattern is Pattern.BREATH) is reminds
    bench = evening(slow(of(past("a", 0), replace(past("b", days_ago), doubt=Doubt.THING))))
    assert bench.pattern is Pattern.OFF, "a thing is nobody to remind"


def test_it_is_quiet_while_nobody_has_begun() -> None:
    bench = evening(slow(Log()))
    assert (bench.pattern, bench.device.reminder.reasons) == (
        Pattern.OFF,
        {"a": Silence.PAUSED, "b": Silence.PAUSED},
    )


def test_each_is_judged_alone() -> None:
    """Ada was there yesterday, Ben stopped a week ago; neither's answers are the other's."""
    log = of(past("a", 1), past("b", 8))
    bench = evening(slow(log))
    assert bench.device.reminder.reasons == {"a": None, "b": Silence.PAUSED}
    assert bench.pattern is Pattern.BREATH
    bench.tap()
    assert bench.saves(DayRecord) == [DayRecord(DAY, snoozed=True, person="a")]
    ask_first = (replace(LONG_AGO[0], some=True), *LONG_AGO[1:])
    people = People((ADA, BEN), "a")
    bench = Bench(Memory(log=of(past("a", 1), past("b", 1)), people=people, answers=ask_first), rate=1.0)
    bench.pass_s(5)
    assert evening(bench).device.reminder.reasons == {"a": Silence.ASK_FIRST, "b": None}
    assert bench.pattern is Pattern.BREATH
    unanswered = Bench(Memory(log=log, people=people, answers=LONG_AGO[1:]), rate=1.0)
    unanswered.pass_s(5)
    assert unanswered.device.reminder.reasons == {"a": Silence.NOT_ANSWERED, "b": Silence.PAUSED}


def test_the_pause_of_one_is_shown_and_ended_on_their_turn() -> None:
    bench = slow(of(past("a", 1), past("b", 8)))
    assert idle(bench).notice is None, "it is Ada's turn"
    bench.choose(Item.WHO)
    bench.choose("Ben")
    assert idle(bench).notice == "light paused. tap: on"
    bench.tap()
    assert bench.saves(DayRecord) == [DayRecord(DAY, person="b")]
    assert bench.device.reminder.missing == ("a", "b")


def test_a_rest_day_is_that_persons_alone() -> None:
    resting = DayRecord(DAY, rest=True, person="b")
    bench = evening(slow(of(past("a", 0), past("b", 1), days=(resting,))))
    assert bench.pattern is Pattern.OFF
    both = evening(slow(of(past("a", 1), past("b", 1), days=(resting,))))
    assert both.pattern is Pattern.BREATH
    assert both.device.reminder.missing == ("a",)


def test_a_guest_is_not_missed() -> None:
    bench = evening(slow(of(past("a", 0), past("b", 0), past(GUEST_ID, 1))))
    assert bench.pattern is Pattern.OFF


def test_settings_of_the_house_hold_for_all() -> None:
    memory = Memory(log=of(past("a", 1), past("b", 1)), people=People((ADA, BEN), "a"), answers=ANSWERED)
    bench = Bench(replace(memory, settings=Settings(nudge=False)), rate=1.0)
    bench.pass_s(5)
    assert evening(bench).pattern is Pattern.OFF


# -- any order ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_in_any_order_each_session_is_somebodys_and_the_disk_knows_it(seed: int) -> None:
    chance = random.Random(seed)
    bench = household(people=(ADA, BEN, Person("c", "Cy")))
    for _ in range(60):
        match chance.randrange(9):
            case 0 | 1 | 2:
                bench.tap()
            case 3 | 4:
                bench.hold(chance.choice((0.9, 3.5)))
            case 5:
                bench.lie(chance.uniform(5, 90), chance.choice((35.0, 55.0, 75.0)))
            case 6:
                bench.up(chance.uniform(1, 40))
            case 7:
                bench.pass_s(chance.uniform(1, 20))
            case _:
                bench.disk_full = not bench.disk_full and chance.random() < 0.3
    bench.disk_full = False
    bench.up(200)
    people = {"a", "b", "c"}
    assert {session.person for session in bench.device.ledger.log.sessions} <= people
    assert {rating.person for rating in bench.device.ledger.log.ratings} <= people
    assert bench.device.ledger.waiting == {}
    kept = {s.id: s.person for s in bench.rows.sessions.values() if not s.is_open}
    assert kept == {s.id: s.person for s in bench.device.ledger.log.sessions}
    assert bench.device.household.people.chosen == bench.rows.people.chosen in people


def test_the_stop_page_of_one_asks_the_other_nothing() -> None:
    """Ada has answered and has not read to the end; Ben, who answered long ago, is not asked again."""
    bench = Bench(Memory(log=KNOWN, people=People((ADA, BEN), "a"), answers=ANSWERED[1:]))
    bench.pass_s(5)
    for _ in range(2):
        bench.tap()
    bench.pass_s(1.2)
    bench.tap()
    bench.lie(60, 55.0)
    bench.hold()
    bench.up(90)
    assert bench.device.household.owner == "b"
    bench.pass_s(120)
    assert bench.state is not Front.SAFETY
