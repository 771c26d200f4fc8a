"""A guest is one for a session: what was chosen for them, asked of them and said by them is nobody else's."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from dataclasses import replace

import pytest

from matpi.core.controls import Item
from matpi.core.model import Acknowledgement, EndReason, Memory, Session
from matpi.core.people import GUEST_ID, People, Person
from matpi.core.safety import PAGES
from matpi.core.session import State
from matpi.core.views import Menu
from matpi.core.words_en import ENGLISH
from tests.bench import NOON, Bench

ADA, BEN = Person("a", "Ada"), Person("b", "Ben")
CLEARED = Acknowledgement(some=True, utc=NOON - 86_400.0, cleared=True, person="a")
NONE_APPLIES = Acknowledgement(some=False, utc=NOON - 86_400.0, person="b")


def household(*answers: Acknowledgement, left_open: Session | None = None, utc: float | None = NOON) -> Bench:
    memory = Memory(people=People((ADA, BEN), "a"), answers=answers or (CLEARED, NONE_APPLIES), open=left_open)
    return Bench(memory, utc=utc, boot_id="boot-2")


def choose_guest(bench: Bench) -> None:
    bench.choose(Item.WHO)
    bench.choose("Guest")
    assert bench.state is State.SAFETY


def to_the_last_page(bench: Bench) -> None:
    for _ in range(len(PAGES) - 1):
        bench.tap()
    bench.pass_s(2)
    assert bench.device.safety_page == len(PAGES) - 1


def guests(routine: str = "plan", ago_s: float = 3600.0) -> Session:
    return Session("old", "boot-1", 50.0, 90.0, 90.0, None, NOON - ago_s - 90.0, 0, routine=routine, person=GUEST_ID)


# -- after a power cut -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wait_s", [0.0, 6.0])
@pytest.mark.parametrize("routine", ["plan", "calves"])
def test_whoever_comes_an_hour_after_a_guest_was_cut_off_is_no_guest(wait_s: float, routine: str) -> None:
    bench = household(left_open=guests(routine))
    bench.pass_s(wait_s)
    bench.lie(60)
    assert bench.rows.sessions["boot-2-1"].person == "a"  # already while it is under way
    bench.up(21.5)
    old, new = bench.rows.sessions.values()
    assert (old.person, old.routine, old.reason) == (GUEST_ID, routine, EndReason.POWER_LOST)
    assert (new.person, new.routine, new.reason) == ("a", "plan", EndReason.LEFT)


def test_a_guest_who_still_lies_there_is_the_guest() -> None:
    bench = household(left_open=guests("calves", ago_s=60.0))
    bench.lie(60)
    bench.up(21.5)
    (session,) = bench.rows.sessions.values()
    assert (session.person, session.routine) == (GUEST_ID, "calves")
    assert session.on_mat_s == pytest.approx(150, abs=1)


def test_whoever_turns_out_to_be_no_guest_is_suggested_by_the_load() -> None:
    log = [
        Session(f"{p}{n}", "b", 0.0, 300.0, 300.0, EndReason.LEFT, NOON - n * 86_400, 0, load_kg=kg, person=p)
        for p, kg in (("a", 35.0), ("b", 55.0))
        for n in (3, 2)
    ]
    bench = household(left_open=guests("calves"))
    memory = replace(bench.rows.before, log=replace(bench.rows.before.log, sessions=tuple(log)))
    bench = Bench(memory, utc=NOON, boot_id="boot-2")
    bench.lie(60, kg=55.0)
    bench.hold()
    bench.up(21.5)
    assert bench.rows.sessions["boot-2-1"].person == "b"


def test_a_clock_that_comes_late_leaves_whoever_said_yes_meanwhile() -> None:
    log = [
        Session(f"{p}{n}", "b", 0.0, 300.0, 300.0, EndReason.LEFT, NOON - n * 86_400, 0, load_kg=kg, person=p)
        for p, kg in (("a", 35.0), ("b", 55.0))
        for n in (3, 2)
    ]
    bench = household(left_open=guests())
    memory = replace(bench.rows.before, log=replace(bench.rows.before.log, sessions=tuple(log)))
    bench = Bench(memory, utc=None, boot_id="boot-2")
    bench.lie(60, kg=55.0)
    bench.hold()
    bench.utc_at_0 = NOON - bench.t
    bench.clock_known()
    bench.pass_s(20)
    bench.up(21.5)
    assert bench.rows.sessions["old"].reason is EndReason.POWER_LOST
    assert bench.rows.sessions["boot-2-1"].person == "b"


def test_what_was_chosen_after_the_cut_stays_chosen() -> None:
    bench = household(left_open=guests("calves"))
    bench.choose(Item.ROUTINE)
    bench.choose(ENGLISH.routines.of("feet").title)
    bench.tap()
    assert bench.device.left_open is not None
    bench.lie(60)
    bench.up(21.5)
    assert bench.rows.sessions["old"].reason is EndReason.POWER_LOST
    assert (bench.rows.sessions["boot-2-1"].routine, bench.rows.sessions["boot-2-1"].person) == ("feet", "a")


# -- the safety pages --------------------------------------------------------------------------------------------------


def test_pages_that_a_guest_left_open_do_not_become_somebody_elses() -> None:
    bench = household()
    choose_guest(bench)
    to_the_last_page(bench)
    bench.pass_s(700)
    assert bench.state is State.IDLE
    bench.tap()
    bench.pass_s(2)
    bench.hold()
    assert (bench.rows.answers["a"].utc, bench.rows.answers["a"].cleared) == (CLEARED.utc, True)


def test_pages_that_a_power_cut_brought_back_for_a_guest_close_with_the_session() -> None:
    bench = household(left_open=guests())
    bench.pass_s(5)
    assert bench.state is State.SAFETY
    bench.pass_s(6)
    assert bench.rows.sessions["old"].reason is EndReason.POWER_LOST
    assert bench.state is State.IDLE


def test_whoever_has_to_answer_after_the_guest_begins_with_the_first_page() -> None:
    bench = household(NONE_APPLIES)
    bench.pass_s(5)
    assert bench.state is State.SAFETY
    bench = household(CLEARED, NONE_APPLIES)
    choose_guest(bench)
    to_the_last_page(bench)
    bench.device.who.answers.pop("a")
    bench.pass_s(700)
    assert (bench.state, bench.device.safety_page) == (State.SAFETY, 0)
    bench.tap()
    bench.hold()
    assert bench.device.acknowledgement is None


# -- the answer --------------------------------------------------------------------------------------------------------


def says_yes(bench: Bench) -> None:
    choose_guest(bench)
    to_the_last_page(bench)
    bench.tap()
    assert bench.state is State.IDLE
    assert bench.device.acknowledgement is not None
    assert bench.device.acknowledgement.some


def test_a_guests_yes_is_over_with_the_session() -> None:
    bench = household()
    bench.pass_s(15)
    says_yes(bench)
    bench.lie(100)
    assert bench.device.plan.short_only
    bench.up(23)
    assert bench.device.plan.short_only  # it is still the guest's result
    bench.pass_s(120)
    bench.lie(100)
    bench.up(21.5)
    bench.hold()
    bench.hold()
    (_, last) = bench.rows.sessions.values()
    assert last.person == GUEST_ID
    assert not bench.device.plan.short_only


def test_a_guests_yes_is_over_with_the_choice() -> None:
    bench = household()
    says_yes(bench)
    bench.pass_s(650)
    bench.lie(100)
    bench.up(21.5)
    bench.hold()
    bench.hold()
    (session,) = bench.rows.sessions.values()
    assert session.person == GUEST_ID
    assert not bench.device.plan.short_only


def test_a_guests_yes_holds_while_the_session_may_still_go_on() -> None:
    bench = household()
    says_yes(bench)
    bench.lie(100)
    bench.hold(3.2)
    assert bench.state is State.DISCARDED
    bench.hold()
    assert bench.state is State.ON_MAT
    assert bench.device.plan.short_only
    assert not isinstance(bench.view, Menu)
