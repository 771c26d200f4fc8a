"""A routine with a threshold of its own, and a start: who lay there is told from who comes, and the threshold holds."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import pytest
from msgspec.structs import replace

from matpi.core.front import Front
from matpi.core.model import Acknowledgement, EndReason, Memory, Session, Settings
from matpi.core.plan.routine import ROUTINES
from matpi.core.rules import PresenceRules
from tests.bench import NOON, Bench

BACK_KG = PresenceRules().on_kg
OWN_KG = {name: r.on_kg(BACK_KG) for name, r in ROUTINES.items() if r.on_kg(BACK_KG) != BACK_KG}
ANSWERED = Acknowledgement(some=False, utc=NOON)


def stored(bench: Bench) -> list[tuple[str, int, EndReason | None]]:
    return [(s.id, round(s.on_mat_s), s.reason) for s in bench.rows.sessions.values()]


def test_legs_a_head_and_feet_have_their_own() -> None:
    assert set(OWN_KG) == {"calves", "neck", "recovery", "feet"}


@pytest.mark.parametrize("routine", OWN_KG)
def test_whoever_comes_after_a_capped_session_and_a_power_cut_is_counted(routine: str) -> None:
    capped = Session("capped", "boot-1", 100.0, 2700.0, 2700.0, EndReason.CAP, NOON - 2760.0, 0, routine=routine)
    memory = Memory(acknowledgement=ANSWERED, settings=Settings(routine=routine))
    bench = Bench(replace(memory, log=replace(memory.log, sessions=(capped,))), rate=4.0, boot_id="boot-2")
    bench.pass_s(300)
    bench.lie(100, kg=50)
    assert bench.state is Front.ON_MAT
    bench.up(22)
    assert stored(bench)[0] == ("capped", 2700, EndReason.CAP)
    assert [(minutes, reason) for _, minutes, reason in stored(bench)[1:]] == [(100, EndReason.LEFT)]


@pytest.mark.parametrize("routine", OWN_KG)
def test_whoever_lies_on_under_the_cap_over_a_power_cut_begins_no_second_session(routine: str) -> None:
    capped = Session("capped", "boot-1", 100.0, 2700.0, 2700.0, EndReason.CAP, NOON - 2760.0, 0, routine=routine)
    memory = Memory(acknowledgement=ANSWERED, settings=Settings(routine=routine))
    bench = Bench(replace(memory, log=replace(memory.log, sessions=(capped,))), boot_id="boot-2")
    bench.lie(30, kg=OWN_KG[routine] * 1.5)
    assert bench.state is Front.CAPPED
    assert stored(bench) == [("capped", 2700, EndReason.CAP)]


@pytest.mark.parametrize("routine", OWN_KG)
@pytest.mark.parametrize("wait_s", [12.0, 150.0])
def test_a_session_cut_off_and_one_after_it_are_two(routine: str, wait_s: float) -> None:
    kg = OWN_KG[routine] * 1.5
    bench = Bench(Memory(acknowledgement=ANSWERED, settings=Settings(routine=routine)))
    bench.pass_s(15)
    bench.lie(90, kg)
    bench.kg = 0.0
    new = bench.reboot(off_s=60)
    new.pass_s(wait_s)
    new.lie(60, kg)
    new.up(22)
    assert [reason for _, _, reason in stored(new)] == [EndReason.POWER_LOST, EndReason.LEFT]
    assert [seconds for _, seconds, _ in stored(new)] == [pytest.approx(90, abs=16), pytest.approx(60, abs=1)]


@pytest.mark.parametrize("routine", OWN_KG)
def test_the_threshold_is_set_with_the_first_reading(routine: str) -> None:
    bench = Bench(Memory(acknowledgement=ANSWERED, settings=Settings(routine=routine)))
    bench.pass_s(0.1)
    assert bench.device.presence.heard_at == bench.t
    assert bench.device.presence.rules.on_kg == OWN_KG[routine]


def test_a_head_that_lies_there_at_the_start_is_somebody() -> None:
    bench = Bench(Memory(acknowledgement=ANSWERED, settings=Settings(routine="neck")))
    bench.lie(60, OWN_KG["neck"] * 1.5)
    bench.up(22)
    assert [seconds for _, seconds, _ in stored(bench)] == [pytest.approx(60, abs=0.5)]


@pytest.mark.parametrize("since_start", [True, False])
def test_a_routine_set_while_the_cells_are_silent_holds_with_the_first_reading(since_start: bool) -> None:
    bench = Bench()
    bench.pass_s(0.0 if since_start else 15.0)
    bench.silent = True
    bench.pass_s(10)
    bench.change(Settings(routine="calves"))
    bench.pass_s(10)
    assert bench.device.presence.rules.on_kg == BACK_KG
    bench.silent = False
    bench.pass_s(0.1)
    assert bench.device.presence.rules.on_kg == OWN_KG["calves"]
    bench.lie(60, OWN_KG["calves"] * 1.5)
    bench.up(22)
    assert [seconds for _, seconds, _ in stored(bench)] == [pytest.approx(60, abs=0.5)]
