"""Routines on the device: chosen in the menu, with their range, words, cues, threshold and what follows off the mat."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from msgspec.structs import replace

from matpi.core.effects import Checkpoint, Chime, ChimeKind, Pattern
from matpi.core.front import Front
from matpi.core.model import ROUTINE_NAMES, Acknowledgement, EndReason, Log, Memory, Session, Settings
from matpi.core.plan.routine import ROUTINES
from matpi.core.presence.load import Load
from matpi.core.screens.menu import Item
from matpi.core.selection import UNUSED_S
from matpi.core.views import Advice, Arriving, Idle, Menu, OffMat, SessionDone, Timer
from matpi.words import ENGLISH
from tests.bench import NOON, Bench, end_of

KNOWN = Acknowledgement(some=False, utc=NOON)
FOUR_AM = NOON - 8 * 3600.0


def on_plan_day(day: int, settings: Settings | None = None, *, utc: float = NOON, last_days_ago: int = 1) -> Memory:
    """So many days were done, one a day, the last of them yesterday."""
    today = datetime.fromtimestamp(utc - 4 * 3600, UTC).date()
    done = []
    for n in range(1, day):
        before = today - timedelta(days=day - n - 1 + last_days_ago)
        done.append(Session(f"s{n}", "b", 0.0, 1200.0, 1200.0, EndReason.LEFT, utc - 86400.0 * (day - n), 0, before))
    return Memory(acknowledgement=KNOWN, log=Log(sessions=tuple(done)), settings=settings or Settings())


def with_chosen(name: str, day: int = 5, **more: float) -> Bench:
    bench = Bench(on_plan_day(day), rate=more.get("rate", 10.0))
    bench.pass_s(35)
    bench.choose(Item.ROUTINE)
    bench.choose(ENGLISH(f"routines.{name}.title"))
    return bench


def chimes(bench: Bench) -> list[ChimeKind]:
    return [effect.kind for effect in bench.of(Chime)]


# -- choosing ------------------------------------------------------------------------------------------------------


def test_the_menu_lists_the_routines_and_stands_on_the_one_that_would_be_next() -> None:
    bench = Bench(on_plan_day(5))
    bench.pass_s(35)
    bench.choose(Item.ROUTINE)
    assert isinstance(bench.view, Menu)
    assert bench.view.items == (*(ENGLISH(f"routines.{name}.title") for name in ROUTINES), "Back")
    assert bench.view.index == 0
    bench.choose("Back")
    assert bench.state is Front.IDLE
    assert bench.device.selection.name is None


def test_what_to_see_to_is_told_before_lying_down_and_the_session_is_of_that_routine() -> None:
    bench = with_chosen("neck")
    assert bench.state is Front.READY
    assert bench.view == Advice("Neck", 2, 5, ENGLISH("routines.neck.advice"))
    bench.lie(1)
    assert isinstance(bench.view, Arriving)
    assert (bench.view.routine, bench.view.lower_min, bench.view.upper_min) == ("Neck", 2, 5)
    bench.lie(130)
    assert isinstance(bench.view, Timer)
    assert (bench.view.lower_min, bench.view.upper_min) == (2, 5)
    assert bench.of(Checkpoint)[-1].session.routine == "neck"
    bench.up(25)
    assert bench.saved[-1].routine == "neck"
    assert bench.rows.memory().log.sessions[-1].routine == "neck"


@pytest.mark.parametrize(
    ("hours_after_noon", "bedtime", "told"),
    [
        (9.4, time(22, 30), "bedtime is 22:30"),
        (9.6, time(22, 30), None),
        (9.9, time(22, 30), None),
        (10.1, time(22, 30), "bedtime is 22:30"),
        (11.6, time(0, 30), None),
        (12.1, time(0, 30), "bedtime is 00:30"),
        (0.0, time(22, 30), "bedtime is 22:30"),
        (None, time(22, 30), None),
    ],
)
def test_before_bed_tells_the_bedtime_when_it_is_not_half_an_hour_to_an_hour_before(
    hours_after_noon: float | None, bedtime: time, told: str | None
) -> None:
    utc = None if hours_after_noon is None else NOON + 3600.0 * hours_after_noon
    bench = Bench(replace(on_plan_day(5), settings=Settings(bedtime=bedtime)), utc=utc)
    bench.pass_s(35)
    bench.choose(Item.ROUTINE)
    bench.choose(ENGLISH("routines.before_bed.title"))
    assert bench.state is Front.READY
    first, *others = ENGLISH("routines.before_bed.advice").splitlines()
    assert isinstance(bench.view, Advice)
    assert str(bench.view.advice).splitlines() == [first if told is None else told, *others]


def test_a_choice_ends_with_its_session() -> None:
    bench = with_chosen("neck")
    bench.lie(60)
    bench.up(60)
    assert bench.device.selection.name is None
    bench.lie(60)
    assert bench.of(Checkpoint)[-1].session.routine == "plan"


def test_a_choice_nobody_uses_is_forgotten_after_ten_minutes() -> None:
    bench = with_chosen("feet")
    bench.tap()
    assert isinstance(bench.view, Idle)
    assert bench.view.notice == "next: Feet"
    bench.pass_s(UNUSED_S - 5)
    assert bench.device.selection.name == "feet"
    bench.pass_s(10)
    assert bench.device.selection.name is None
    assert bench.device.presence.rules.on_kg == 12.0


def test_a_session_that_outlasts_the_ten_minutes_stays_what_it_is() -> None:
    bench = with_chosen("calves", day=12)
    bench.pass_s(UNUSED_S - 60)
    bench.lie(400, kg=6.0)
    assert bench.state is Front.ON_MAT
    bench.up(25)
    assert bench.saved[-1].routine == "calves"


def test_a_choice_after_a_power_cut_outlasts_getting_up_from_what_the_cap_closed_before() -> None:
    capped = Session("c", "boot-0", 0.0, 2700.0, 2700.0, EndReason.CAP, NOON - 2760, 0, date(2026, 3, 15), load_kg=45.0)
    bench = Bench(replace(on_plan_day(5), log=Log(sessions=(capped,))), rate=2.0)
    bench.choose(Item.ROUTINE)
    bench.choose(ENGLISH("routines.feet.title"))
    bench.lie(5)
    assert bench.state is Front.CAPPED
    bench.up(21)
    assert bench.state is Front.DONE
    assert bench.device.selection.name == "feet"


def test_a_session_too_short_leaves_the_choice() -> None:
    bench = with_chosen("neck")
    bench.lie(10)
    bench.up(25)
    assert bench.dropped == ["short"]
    assert bench.device.selection.name == "neck"


def test_one_routine_may_be_set_for_every_session() -> None:
    bench = Bench(on_plan_day(5, Settings(routine="before_bed")))
    bench.pass_s(35)
    bench.lie(40)
    bench.up(25)
    assert bench.saved[-1].routine == "before_bed"
    bench.change(Settings())
    bench.pass_s(60)
    bench.lie(40)
    bench.up(25)
    assert bench.saved[-1].routine == "plan"


def test_there_is_no_routine_of_another_name() -> None:
    with pytest.raises(ValueError, match="no routine 'nap'"):
        Settings(routine="nap")
    assert tuple(ROUTINES) == ROUTINE_NAMES


# -- thresholds ----------------------------------------------------------------------------------------------------


def test_calves_are_somebody_from_4_kg_on_while_they_are_chosen() -> None:
    bench = with_chosen("calves")
    bench.lie(60, kg=5.6)
    assert bench.state is Front.ON_MAT
    bench.up(25)
    assert bench.saved[-1].routine == "calves"
    bench.pass_s(90)
    bench.lie(60, kg=5.6)
    assert bench.state is Front.IDLE, "on the back 12 kg are asked for again"


def test_a_full_bag_of_15_kg_is_nobody_standing() -> None:
    bench = with_chosen("feet")
    bench.lie(20, kg=15.0)
    assert bench.state in {Front.READY, Front.IDLE}
    bench.up(5)
    bench.lie(20, kg=45.0)
    assert bench.state is Front.ON_MAT


def test_a_threshold_does_not_change_under_somebody() -> None:
    bench = Bench(on_plan_day(5))
    bench.pass_s(35)
    bench.lie(60)
    bench.change(Settings(routine="calves"))
    bench.pass_s(5)
    assert bench.device.presence.rules.on_kg == 12.0
    bench.up(60)
    assert bench.device.presence.rules.on_kg == 4.0


def test_a_threshold_changes_as_soon_as_a_thing_is_taken_away() -> None:
    bench = Bench(on_plan_day(5))
    bench.pass_s(35)
    bench.motion_kg = 0.0
    bench.lie(45, kg=20.0)
    assert bench.device.presence.load is Load.OBJECT
    bench.change(Settings(routine="calves"))
    bench.kg = 0.0
    while bench.device.presence.load is not Load.EMPTY:
        assert bench.device.presence.rules.on_kg == 12.0
        bench.pass_s(0.1)
    assert bench.device.presence.rules.on_kg == 4.0


def test_over_a_power_cut_legs_are_still_legs() -> None:
    bench = with_chosen("calves", day=12)
    bench.lie(120, kg=6.0)
    again = bench.reboot()
    again.kg = 6.0
    again.pass_s(60)
    assert again.state is Front.ON_MAT
    again.up(60)
    (session,) = again.saved
    assert (session.routine, session.reason) == ("calves", EndReason.LEFT)
    assert session.on_mat_s == pytest.approx(170, abs=5)


# -- words and cues ------------------------------------------------------------------------------------------------


def test_downshift_says_and_rings_its_three_cues_on_time() -> None:
    bench = with_chosen("downshift", day=12)
    bench.lie(10.0)
    start = bench.device.session.running
    assert start is not None
    heard: list[tuple[float, ChimeKind]] = []
    labels: dict[str, float] = {}
    known = 0
    while bench.t < start.start + 610:
        bench.pass_s(0.1)
        elapsed = bench.t - start.start
        for effect in bench.of(Chime)[known:]:
            heard.append((round(elapsed, 1), effect.kind))
            known += 1
        if isinstance(bench.view, Timer):
            labels.setdefault(str(bench.view.label), elapsed)
    assert [kind for _, kind in heard] == [ChimeKind.PHASE, ChimeKind.PHASE, ChimeKind.ENOUGH]
    assert [at for at, _ in heard] == [pytest.approx(due, abs=0.2) for due in (120, 480, 600)]
    assert labels["still: scan feet-head"] == pytest.approx(120, abs=0.2)
    assert labels["breathe, then get up"] == pytest.approx(480, abs=0.2)


def test_cues_wait_while_somebody_is_away_and_what_passed_in_a_silence_is_not_made_up() -> None:
    bench = with_chosen("downshift", day=12)
    bench.lie(110)
    bench.up(15)
    assert bench.state is Front.AWAY
    bench.lie(6)
    assert chimes(bench) == []
    bench.lie(10)
    assert chimes(bench) == [ChimeKind.PHASE], "2:00 on the mat, not by the wall clock"
    bench.pass_s(330)
    bench.silent = True
    bench.pass_s(45)
    assert bench.state is Front.HOLDING
    bench.silent = False
    bench.pass_s(2)
    assert bench.state is Front.ON_MAT
    assert chimes(bench) == [ChimeKind.PHASE], "8:00 went by unheard"


def test_the_light_asks_to_get_up_by_the_area_and_not_by_the_plan() -> None:
    bench = with_chosen("feet", day=12, rate=5)
    bench.lie(3 * 60 + 290)
    assert bench.pattern is Pattern.OFF
    bench.pass_s(15)
    assert bench.pattern is Pattern.ATTENTION


def test_three_minutes_on_the_feet_do_not_make_the_day_done() -> None:
    bench = with_chosen("feet", day=12)
    bench.lie(200)
    assert not any(view.label == "done for today" for view in bench.views if isinstance(view, Timer))
    bench.up(25)
    assert not bench.device.plans.today.done


# -- off the mat ---------------------------------------------------------------------------------------------------


def test_recovery_goes_on_off_the_mat_and_then_asks() -> None:
    bench = with_chosen("recovery", day=12)
    bench.lie(610, kg=8.0)
    bench.up(25)
    up_at = end_of(bench.saved[-1])
    assert bench.state is Front.OFF_MAT
    assert isinstance(bench.view, OffMat)
    assert bench.view.text == "stretch gently"
    assert bench.view.left_s == pytest.approx(300 - (bench.t - up_at), abs=1.5)
    rung = len(chimes(bench))
    while bench.t < up_at + 299.8:
        bench.pass_s(0.1)
    assert len(chimes(bench)) == rung
    bench.pass_s(0.4)
    assert len(chimes(bench)) == rung + 1
    assert bench.view == OffMat("water, walk around", None)
    bench.pass_s(61)
    assert bench.state is Front.FELT_WRONG, "ten minutes are under the day's fifteen"
    bench.tap()
    assert bench.state is Front.RATING
    bench.tap()
    bench.hold()
    assert bench.rows.memory().log.ratings[-1].session_id == bench.saved[-1].id


def test_a_tap_ends_the_stretching_and_lying_down_again_too() -> None:
    bench = with_chosen("recovery", day=12)
    bench.lie(610, kg=8.0)
    bench.up(25)
    bench.tap()
    assert bench.state is Front.FELT_WRONG
    again = with_chosen("recovery", day=12)
    again.lie(610, kg=8.0)
    again.up(25)
    again.lie(5, kg=45.0)
    assert again.state is Front.ON_MAT


def test_recovery_that_was_cut_short_just_asks() -> None:
    bench = with_chosen("recovery", day=12)
    bench.lie(300, kg=8.0)
    bench.up(25)
    assert bench.state is Front.FELT_WRONG


# -- over the start of the day -------------------------------------------------------------------------------------


def test_a_session_begun_before_four_keeps_its_words_and_its_range_at_four() -> None:
    """Day 7 is 5 to 10 min; day 8, which is there from 04:00 on once day 7 is done, is 10 to 15."""
    memory = on_plan_day(7, utc=FOUR_AM - 120)
    today = date(2026, 3, 14)
    nearly = replace(memory.log.sessions[-1], id="tonight", on_mat_s=290.0, span_s=290.0, day=today)
    memory = replace(memory, log=replace(memory.log, sessions=(*memory.log.sessions, nearly)))
    bench = Bench(memory, utc=FOUR_AM - 60 - 40, rate=5)
    bench.pass_s(40)
    assert bench.device.plans.today.day == 7
    bench.lie(30)
    assert isinstance(bench.view, Timer)
    assert (bench.view.lower_min, bench.view.upper_min) == (5, 10)
    bench.pass_s(120)
    assert bench.device.plans.today.today == today + timedelta(days=1), "it is past four"
    bench.tap()
    assert isinstance(bench.view, Timer)
    assert (bench.view.lower_min, bench.view.upper_min) == (5, 10)
    bench.pass_s(400)
    assert isinstance(bench.view, Timer)
    assert bench.view.label == "1 min, then up slowly"
    bench.up(21.5)
    assert bench.state is Front.DONE
    shown = bench.device.display.shown
    assert shown is not None
    assert isinstance(shown.view, SessionDone)
    assert (shown.view.plan_day, shown.view.done_today) == (7, True)
    assert bench.device.plans.today.day == 8


def test_a_zero_by_the_menu_still_works_after_a_choice() -> None:
    bench = with_chosen("feet")
    bench.tap()
    bench.choose(Item.ZERO)
    assert bench.device.presence.zero.by_hand
