"""A session that a power cut left open, of a guest of an earlier version: who lies there still, and who comes after."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import pytest
from msgspec.structs import replace

from matpi.core.model import Acknowledgement, EndReason, Memory, Session
from matpi.core.people import GUEST_ID, People, Person
from matpi.core.screens.menu import Item
from matpi.words import ENGLISH
from tests.bench import NOON, Bench

ADA, BEN = Person("a", "Ada"), Person("b", "Ben")
CLEARED = Acknowledgement(some=True, utc=NOON - 86_400.0, cleared=True, person="a")
NONE_APPLIES = Acknowledgement(some=False, utc=NOON - 86_400.0, person="b")


def household(*answers: Acknowledgement, left_open: Session | None = None, utc: float | None = NOON) -> Bench:
    memory = Memory(people=People((ADA, BEN), "a"), answers=answers or (CLEARED, NONE_APPLIES), open=left_open)
    return Bench(memory, utc=utc, boot_id="boot-2")


def guests(routine: str = "plan", ago_s: float = 3600.0) -> Session:
    return Session("old", "boot-1", 50.0, 90.0, 90.0, None, NOON - ago_s - 90.0, 0, routine=routine, person=GUEST_ID)


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
    bench.choose(ENGLISH("routines.feet.title"))
    bench.tap()
    assert bench.device.recovery.left_open is not None
    bench.lie(60)
    bench.up(21.5)
    assert bench.rows.sessions["old"].reason is EndReason.POWER_LOST
    assert (bench.rows.sessions["boot-2-1"].routine, bench.rows.sessions["boot-2-1"].person) == ("feet", "a")
