"""Each kind of error is counted as what it is, on truths made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scenarios.recording import Stay, Thing
from benchmarks.scoring import EDGE_S, EDGES, ERRORS, RAN_ON_S, Heard, Reported, Score, joined, score
from tests.benchmarks.made import recording, stay, told

ONE = (stay(60.0, 180.0),)
TWO = (stay(60.0, 120.0), stay(200.0, 260.0))
BAG = Thing(60.0, 200.0, "bag", 15.0)


def scored(stays: tuple[Stay, ...], *sessions: Reported, things: tuple[Thing, ...] = (), **more: object) -> Score:
    arrivals, objects = more.get("arrivals", ()), more.get("objects", ())
    return score(recording(stays, things), Heard(sessions, arrivals, objects))  # type: ignore[arg-type]


def kinds(result: Score) -> dict[str, int]:
    return {kind: number for kind, number in result.counts.items() if number}


def test_the_truth_reported_as_it_is_has_no_error() -> None:
    result = scored(TWO, told(60.0, 120.0), told(200.0, 260.0), arrivals=(60.2, 200.3))
    assert kinds(result) == {}
    assert (result.stays, result.edges, result.edges_off) == (2, 4, 0)
    assert result.start_errors_s == [0.0, 0.0]
    assert result.end_errors_s == [0.0, 0.0]
    assert result.arriving_s == result.arriving_on_s == pytest.approx([0.2, 0.3])
    assert result.confirmed_s == [3.0, 3.0]
    assert result.empty_h == pytest.approx(180.0 / 3600.0)


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        ((), {"missed": 1}),
        ((told(60.0, 100.0), told(105.0, 180.0)), {"split": 1}),
        ((told(60.0, 90.0), told(95.0, 130.0), told(140.0, 180.0)), {"split": 1}),
        ((told(60.0, 180.0 - EDGE_S - 0.1),), {"cut": 1, "end_off": 1}),
        ((told(60.0, 180.0 - EDGE_S + 0.1),), {"end_off": 1}),
        ((told(60.0, 179.1),), {}),
        ((told(60.0, 180.9),), {}),
        ((told(60.0, 181.1),), {"end_off": 1}),
        ((told(59.1, 180.0),), {}),
        ((told(58.9, 180.0),), {"start_off": 1}),
        ((told(60.9, 180.0),), {}),
        ((told(61.1, 180.0),), {"start_off": 1}),
        ((told(60.0 + EDGE_S + 0.1, 180.0),), {"late": 1, "start_off": 1}),
        ((told(60.0, 100.0), told(105.0, 150.0)), {"split": 1, "cut": 1, "end_off": 1}),
        ((told(60.0, 180.0 + RAN_ON_S + 0.1),), {"ran_on": 1, "end_off": 1}),
        ((told(60.0, 180.0 + RAN_ON_S - 0.1),), {"end_off": 1}),
        ((told(60.0, 180.0), told(220.0, 260.0)), {"invented": 1}),
        ((told(60.0, 180.0), told(178.0, 260.0)), {"invented": 1}),
        ((told(1.0, 40.0),), {"missed": 1, "invented": 1}),
        ((told(60.0, 120.0, capped=True),), {}),
        ((told(60.0, 180.0, counts=False),), {"lost": 1}),
        ((told(60.0, 180.0, counts=False, asked=True),), {}),
        ((told(60.0, 180.0, counts=False, thing=True),), {"lost": 1, "thing": 1}),
        ((told(60.0, 100.0), told(105.0, 180.0, counts=False, thing=True)), {"split": 1, "thing": 1}),
        ((told(60.0, 180.0), told(200.0, 290.0, counts=False, thing=True)), {}),
        ((told(1.0, 60.5, counts=False, thing=True), told(60.3, 180.0)), {}),
    ],
)
def test_each_error_has_its_name(sessions: tuple[Reported, ...], expected: dict[str, int]) -> None:
    assert kinds(scored(ONE, *sessions)) == expected


def test_a_start_may_be_anywhere_between_the_touch_and_the_threshold() -> None:
    slow = (Stay(60.0, 180.5, "lying", touch_s=60.2, on_s=68.0, off_s=180.0, left_s=180.0),)
    for start_s, expected in ((59.3, {}), (65.0, {}), (68.9, {}), (59.0, {"start_off": 1}), (69.1, {"start_off": 1})):
        assert kinds(scored(slow, told(start_s, 180.0))) == expected


def test_what_does_not_count_and_has_no_person_is_right_but_listed() -> None:
    result = scored((), told(60.0, 120.0, counts=False, asked=True), told(150.0, 250.0, counts=False, thing=True))
    assert kinds(result) == {}
    assert (result.uncounted, result.asked_in_vain) == (2, 1)


def test_edges_are_counted_with_and_without_faults_and_big_dogs() -> None:
    made = recording(ONE)
    late = Heard((told(60.0, 184.0),))
    for marked in (replace(made, faults=True), replace(made, big_dog_stays=True)):
        assert (score(marked, late).hard_edges, score(marked, late).hard_off) == (2, 1)
    assert (score(made, late).hard_edges, score(made, late).edges_off) == (0, 1)


def test_a_session_that_began_long_before_its_stay_ran_on() -> None:
    assert kinds(scored((stay(150.0, 250.0),), told(80.0, 250.0))) == {"ran_on": 1, "start_off": 1}


def test_one_session_over_two_stays_is_merged_and_neither_is_missed() -> None:
    result = scored(TWO, told(60.0, 260.0))
    assert result.counts["merged"] == 1
    assert result.counts["missed"] == 0


def test_touching_the_next_stay_is_not_merging_it() -> None:
    two = stay(60.0, 120.0), stay(140.5, 260.0)
    assert kinds(scored(two, told(60.0, 121.0), told(140.0, 260.0))) == {}
    assert kinds(scored(two, told(60.0, 142.0), told(141.0, 260.0))) == {"end_off": 1}


def test_a_moment_on_the_mat_reported_as_a_session_is_invented() -> None:
    assert kinds(scored((stay(60.0, 75.0),), told(60.0, 95.0))) == {"invented": 1}


@pytest.mark.parametrize("sessions", [(), (told(60.0, 90.5),), (told(60.0, 70.0), told(75.0, 90.5))])
def test_within_a_second_of_thirty_a_stay_is_judged_neither_way(sessions: tuple[Reported, ...]) -> None:
    result = scored((stay(60.0, 90.5),), *sessions)
    assert kinds(result) == {}
    assert result.stays == 0


def test_a_detector_that_invents_is_seen_on_an_empty_mat() -> None:
    result = score(recording(duration_s=86_400.0, rate=1), Heard((told(100.0, 200.0), told(300.0, 400.0))))
    assert result.counts["invented"] == 2
    assert (result.days, result.empty_h) == (1.0, 24.0)
    assert [fault.kind for fault in result.faults] == ["invented", "invented"]


@pytest.mark.parametrize("kind", ["bag", "laundry", "pillow"])
def test_an_object_shown_while_it_is_there_or_stored_as_one_is_found(kind: str) -> None:
    thing = Thing(60.0, 200.0, kind, 15.0)
    assert scored((), things=(thing,), objects=(95.0,)).objects_found == 1
    assert scored((), told(60.0, 200.0, counts=False, thing=True), things=(thing,)).objects_found == 1
    assert scored((), things=(thing,)).objects_found == 0
    assert scored((), things=(thing,)).objects == 1


@pytest.mark.parametrize(
    "thing", [Thing(60.0, 200.0, "pet rests", 15.0), Thing(60.0, 200.0, "pillow", 2.0), Thing(60.0, 100.0, "bag", 15.0)]
)
def test_what_moves_is_light_or_is_short_need_not_be_found(thing: Thing) -> None:
    assert scored((), things=(thing,)).objects == 0


def test_a_bag_under_a_person_is_judged_by_the_time_it_is_alone() -> None:
    assert scored((stay(80.0, 190.0),), told(80.0, 190.0), things=(BAG,)).objects == 0
    assert scored((stay(130.0, 190.0),), told(130.0, 190.0), things=(BAG,)).objects == 1


def test_short_absences_join_and_short_sessions_go() -> None:
    sessions = [told(100.0, 110.0), told(10.0, 50.0), told(60.0, 90.0), told(200.0, 220.0)]
    (one,) = joined(sessions)
    assert (one.start_s, one.end_s, one.known_s) == (10.0, 110.0, 130.0)
    assert one.confirmed_s == 13.0


@given(st.lists(st.tuples(st.floats(0, 280), st.floats(0.1, 200)), max_size=6))
def test_every_session_and_stay_is_accounted_for(edges: list[tuple[float, float]]) -> None:
    sessions = tuple(told(start, start + length) for start, length in edges)
    result = scored(TWO, *sessions)
    assert result.stays == 2
    assert result.counts["missed"] + len(result.start_errors_s) + result.counts["merged"] >= 2
    assert len(result.faults) == result.errors + result.edges_off
    assert result.counts["invented"] <= len(sessions)
    assert set(result.counts) == {*ERRORS, *EDGES}


def test_scores_add_up() -> None:
    whole, parts = Score(), [scored(ONE), scored(ONE, told(60.0, 180.0)), scored((), told(1.0, 50.0))]
    for part in parts:
        whole.add(part)
    assert (whole.stays, whole.recordings, whole.errors) == (2, 3, 2)
    assert whole.days == pytest.approx(3 * 300.0 / 86_400.0)
    assert len(whole.faults) == 2


def test_a_session_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="after its start"):
        told(10.0, 9.0)


def test_what_happened_in_a_sensor_timeout_is_no_error() -> None:
    made = recording(ONE)
    heard = (made.t < 55.0) | ((made.t > 70.0) & (made.t < 150.0)) | (made.t > 200.0)
    silent = replace(made, t=made.t[heard], kg=made.kg[heard], flagged=made.flagged[heard])
    assert kinds(score(silent, Heard((told(70.1, 149.9),)))) == {}
    off = {"start_off": 1, "end_off": 1}
    assert kinds(score(made, Heard((told(70.1, 149.9),)))) == {"late": 1, "cut": 1, **off}
    assert kinds(score(silent, Heard((told(76.0, 144.0),)))) == {"late": 1, "cut": 1, **off}
    assert score(silent, Heard((told(70.1, 149.9),))).end_errors_s == pytest.approx([-30.1]), "the quantiles know"
