from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import inf

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matpi.core.model import Log, Settings
from matpi.core.plan.programme import TIERS, Plan, plan
from matpi.core.plan.routine import (
    CHIMED,
    ROUTINES,
    Cue,
    CueKind,
    Routine,
    Says,
    cues,
    goes_on_off_mat,
    off_mat_at,
    off_mat_cues,
    pacer,
    phase_at,
    target,
)
from matpi.words import ENGLISH

DAY_1 = plan(Log(), date(2026, 6, 1), Settings())
TIER_OF_DAY = {day: n for n, tier in enumerate(TIERS) for day in range(tier.first_day, tier.last_day + 1)}


def on_day(day: int, today_s: float = 0.0) -> Plan:
    return replace(DAY_1, day=day, target=TIERS[TIER_OF_DAY[day]], today_s=today_s)


def heard(routine: str, day: int) -> list[tuple[float, str]]:
    """What a chime marks: minutes and words."""
    told = [cue for cue in cues(ROUTINES[routine], on_day(day)) if cue.kind in CHIMED]
    return [(cue.at_s / 60, ENGLISH(f"phases.{cue.says}")) for cue in told]


def says(routine: str, day: int, minutes: float, today_s: float = 0.0) -> str:
    shown = phase_at(ROUTINES[routine], on_day(day, today_s), minutes * 60)
    return ENGLISH(f"phases.{shown.says}")


def test_there_are_the_routines_that_were_asked_for() -> None:
    assert list(ROUTINES) == [
        *("plan", "downshift", "breath", "upper_back", "neck", "feet"),
        *("lower_back", "seat", "calves", "recovery", "before_bed"),
    ]


@pytest.mark.parametrize(
    ("routine", "ranges"),
    [  # on plan days 1, 4, 8, 11 and after
        ("plan", [(2, 5), (5, 10), (10, 15), (15, 20), (10, 20)]),
        ("downshift", [(2, 5), (5, 10), (10, 10), (10, 10), (10, 10)]),
        ("breath", [(2, 5), (3, 5), (3, 5), (3, 5), (3, 5)]),
        ("upper_back", [(2, 5), (5, 10), (5, 10), (5, 10), (5, 10)]),
        ("neck", [(2, 5), (2, 5), (2, 5), (2, 5), (2, 5)]),
        ("feet", [(1, 3), (1, 3), (1, 3), (1, 3), (1, 3)]),
        ("lower_back", [(2, 5), (2, 5), (2, 5), (2, 5), (2, 5)]),
        ("seat", [(2, 5), (2, 5), (2, 5), (2, 5), (2, 5)]),
        ("calves", [(2, 5), (5, 10), (5, 10), (5, 10), (5, 10)]),
        ("recovery", [(2, 5), (5, 10), (10, 10), (10, 10), (10, 10)]),
        ("before_bed", [(2, 5), (5, 10), (10, 15), (10, 20), (10, 20)]),
    ],
)
def test_the_smaller_bound_wins_on_either_side(routine: str, ranges: list[tuple[int, int]]) -> None:
    assert [target(ROUTINES[routine], on_day(day)) for day in (1, 4, 8, 11, 15)] == ranges


def test_somebody_who_should_ask_first_has_short_sessions_in_every_routine() -> None:
    asking = replace(on_day(3), short_only=True)
    assert all(target(routine, asking)[1] <= 5 for routine in ROUTINES.values())


def test_downshift_has_its_three_cues_and_no_others() -> None:
    for day in (8, 12, 15):
        assert says("downshift", day, 0) == says("downshift", day, 1.99) == "settle, breathe slow"
        assert heard("downshift", day)[:3] == [
            (2.0, "still: scan feet-head"),
            (8.0, "breathe, then get up"),
            (10.0, "enough: up slowly"),
        ]
        assert [minute for minute, _ in heard("downshift", day)][3:] == [15.0]  # only after five minutes too many


def test_a_shorter_downshift_keeps_its_beginning_and_its_end() -> None:
    assert heard("downshift", 1)[:3] == [
        (2.0, "still: scan feet-head"),
        (3.0, "breathe, then get up"),
        (5.0, "enough: up slowly"),
    ]


def test_the_plan_names_what_is_felt() -> None:
    texts = [says("plan", 11, minute) for minute in (0, 1.99, 2, 4.99, 5, 10, 14.99)]
    assert texts == ["stings - just breathe"] * 2 + ["settling"] * 2 + ["warmth"] * 3
    assert says("plan", 11, 18, today_s=1000) == "quiet"


def test_a_bound_ends_the_earlier_tier_and_begins_the_later_phase() -> None:
    """5, 10 and 15 min are the end of one tier and the beginning of the next, and 5 and 15 that of a phase."""
    for last_day, minute in ((3, 5), (7, 10), (10, 15)):
        earlier, later = (says("plan", day, minute) for day in (last_day, last_day + 1))
        assert (earlier, later) == ("enough: up slowly", "done for today")
    for day, minute, before, after in ((4, 5, "settling", "warmth"), (11, 15, "warmth", "quiet")):
        assert says("plan", day, minute - 0.01, today_s=1200) == before
        assert says("plan", day, minute, today_s=1200) == after


def test_get_up_is_said_before_the_end_and_again_after_it() -> None:
    times = [(minute, says("plan", 8, minute)) for minute in (13.99, 14, 15, 19.99, 20, 44)]
    assert times == [
        (13.99, "warmth"),
        (14, "1 min, then up slowly"),
        (15, "enough: up slowly"),
        (19.99, "enough: up slowly"),
        (20, "please get up slowly"),
        (44, "please get up slowly"),
    ]


def test_done_speaks_of_the_whole_day_and_for_a_minute() -> None:
    assert [says("plan", 8, minute) for minute in (9.99, 10, 10.99, 11)] == [
        "warmth",
        *["done for today"] * 2,
        "warmth",
    ]
    assert says("plan", 8, 4, today_s=360.0) == "done for today"
    assert says("plan", 8, 10, today_s=600.0) == "warmth"
    assert [cue for cue in cues(ROUTINES["plan"], on_day(8, today_s=700.0)) if cue.kind is CueKind.DONE] == []
    (done,) = [cue for cue in cues(ROUTINES["plan"], on_day(8, today_s=360.0)) if cue.kind is CueKind.DONE]
    assert done == Cue(240.0, CueKind.DONE, Says.DONE)
    assert CueKind.DONE not in CHIMED


def test_all_cues_of_day_12() -> None:
    assert [(cue.at_s / 60, cue.kind.value) for cue in cues(ROUTINES["plan"], on_day(12))] == [
        (2, "phase"),
        (5, "phase"),
        (15, "phase"),  # the screen says "done for today" then; the chime marks the phase
        (19, "soon"),
        (20, "enough"),
        (25, "over"),
    ]


def test_three_minutes_on_the_feet_do_not_make_a_day_of_fifteen_done() -> None:
    assert {cue.kind for cue in cues(ROUTINES["feet"], on_day(12))} == {CueKind.SOON, CueKind.ENOUGH, CueKind.OVER}
    assert heard("feet", 12) == [(2, "1 min, then up slowly"), (3, "enough: up slowly"), (8, "please get up slowly")]


def test_breath_comes_by_plan_from_day_8_and_grows() -> None:
    assert [pacer(ROUTINES["plan"], on_day(day)) is None for day in (1, 7)] == [True, True]
    for day in (8, 10):
        early = pacer(ROUTINES["plan"], on_day(day))
        assert early is not None
        assert (early.start_s, early.end_s, early.cycles) == (120, 300, 18)
    for day in (11, 15):
        late = pacer(ROUTINES["plan"], on_day(day))
        assert late is not None
        assert (late.start_s, late.end_s, late.cycles) == (120, 420, 30)
    whole = pacer(ROUTINES["breath"], on_day(12))
    assert whole is not None
    assert (whole.start_s, whole.end_s) == (0, 300)
    assert pacer(ROUTINES["feet"], on_day(12)) is None


def test_recovery_goes_on_off_the_mat() -> None:
    recovery = ROUTINES["recovery"]
    assert not goes_on_off_mat(recovery, on_day(12), 599)
    assert goes_on_off_mat(recovery, on_day(12), 600)
    assert goes_on_off_mat(recovery, on_day(1), 120)
    assert not goes_on_off_mat(ROUTINES["plan"], on_day(12), 1200)
    told = [off_mat_at(recovery, s) for s in (0.0, 299.9, 300.0, 999.0)]
    assert [(t.says, t.until_s) for t in told if t] == [
        *[(Says.STRETCH, 300.0)] * 2,
        *[(Says.WATER, inf)] * 2,
    ]
    assert [cue.at_s for cue in off_mat_cues(recovery)] == [0.0, 300.0]
    assert off_mat_at(ROUTINES["plan"], 10.0) is None
    assert off_mat_cues(ROUTINES["plan"]) == ()


@pytest.mark.parametrize(
    ("routine", "at_12", "at_20", "at_3"),
    [("plan", 12, 20, 3), ("seat", 12, 20, 3), ("neck", 9, 9, 3), ("calves", 4, 4, 3), ("feet", 20, 20, 20)],
)
def test_how_light_a_load_may_be(routine: str, at_12: float, at_20: float, at_3: float) -> None:
    assert [ROUTINES[routine].on_kg(kg) for kg in (12.0, 20.0, 3.0)] == [at_12, at_20, at_3]


def test_the_lightest_person_is_somebody_in_every_area() -> None:
    share = {"neck": 0.082 + 0.45 / 3, "calves": 0.124 * 0.8, "recovery": 0.124 * 0.8, "feet": 0.75, "plan": 0.45}
    for name, part in share.items():
        assert 45.0 * part > ROUTINES[name].on_kg(12.0), name


# --- properties ---------------------------------------------------------------------------------------------------

routines = st.sampled_from(list(ROUTINES.values()))
plans = st.builds(on_day, st.integers(1, 15), st.floats(0, 3600))
quick = hypothesis_settings(max_examples=200, deadline=None, derandomize=True)


@quick
@given(routines, plans)
def test_cues_come_one_at_a_time_and_match_what_the_screen_says(routine: Routine, today: Plan) -> None:
    told = cues(routine, today)
    assert [cue.at_s for cue in told] == sorted({cue.at_s for cue in told})
    assert all(cue.at_s > 0 for cue in told)
    assert [cue.kind for cue in told[-2:]] == [CueKind.ENOUGH, CueKind.OVER]
    for cue in told:
        shown = phase_at(routine, today, cue.at_s)
        if cue.kind is not CueKind.PHASE or shown.kind is CueKind.PHASE:
            assert (shown.kind, shown.says) == (cue.kind, cue.says)


@quick
@given(routines, plans, st.floats(0, 2700))
def test_what_it_says_holds_until_it_says_so(routine: Routine, today: Plan, elapsed_s: float) -> None:
    shown = phase_at(routine, today, elapsed_s)
    assert shown.until_s > elapsed_s
    before = min(shown.until_s, 1e5) - 1e-6
    if before > elapsed_s:
        assert phase_at(routine, today, (elapsed_s + before) / 2) == shown
        assert phase_at(routine, today, before) == shown


@quick
@given(routines, st.integers(1, 15))
def test_a_range_is_a_range_within_both(routine: Routine, day: int) -> None:
    lower, upper = target(routine, on_day(day))
    assert 1 <= lower <= upper <= min(routine.upper_min, on_day(day).upper_min)
