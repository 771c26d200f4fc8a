"""Each kind of error is counted as what it is, on truths made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scenarios.recording import Stay, Thing
from benchmarks.scoring import EDGE_S, ERRORS, RAN_ON_S, Heard, Reported, Score, joined, score
from tests.benchmarks.made import recording, stay, told

ONE = (stay(60.0, 180.0),)
TWO = (stay(60.0, 120.0), stay(200.0, 260.0))
BAG = Thing(60.0, 200.0, "bag", 15.0)


def scored(stays: tuple[Stay, ...], *sessions: Reported, things: tuple[Thing, ...] = (), **more: object) -> Score:
    arrivals, objects = more.get("arrivals", ()), more.get("objects", ())
    return score(recording(stays, things), Heard(sessions, arrivals, objects))  # type: ignore[arg-type]


def kinds(result: Score) -> dict[str, int]:
    return {kind: number for kind, number in result.counts.items() if number}


def test_the_truth_told_as_it_is_has_no_error() -> None:
    result = scored(TWO, told(60.0, 120.0), told(200.0, 260.0), arrivals=(60.2, 200.3))
    assert kinds(result) == {}
    assert result.stays == 2
    assert result.start_errors_s == [0.0, 0.0]
    assert result.end_errors_s == [0.0, 0.0]
    assert result.arriving_s == pytest.approx([0.2, 0.3])
    assert result.confirmed_s == [3.0, 3.0]


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        ((), {"missed": 1}),
        ((told(60.0, 100.0), told(105.0, 180.0)), {"split": 1}),
        ((told(60.0, 90.0), told(95.0, 130.0), told(140.0, 180.0)), {"split": 1}),
        ((told(60.0, 180.0 - EDGE_S - 0.1),), {"cut": 1}),
        ((told(60.0, 180.0 - EDGE_S + 0.1),), {}),
        ((told(60.0 + EDGE_S + 0.1, 180.0),), {"late": 1}),
        ((told(60.0, 100.0), told(105.0, 150.0)), {"split": 1, "cut": 1}),
        ((told(60.0, 180.0 + RAN_ON_S + 0.1),), {"ran_on": 1}),
        ((told(60.0, 180.0 + RAN_ON_S - 0.1),), {}),
        ((told(60.0 - RAN_ON_S - 0.1 + 0.1, 180.0),), {}),
        ((told(60.0, 180.0), told(220.0, 260.0)), {"invented": 1}),
        ((told(1.0, 40.0),), {"missed": 1, "invented": 1}),
        ((told(60.0, 120.0, capped=True),), {}),
    ],
)
def test_each_error_has_its_name(sessions: tuple[Reported, ...], expected: dict[str, int]) -> None:
    assert kinds(scored(ONE, *sessions)) == expected


def test_a_session_that_began_long_before_its_stay_ran_on() -> None:
    assert kinds(scored((stay(150.0, 250.0),), told(80.0, 250.0))) == {"ran_on": 1}


def test_one_session_over_two_stays_is_merged_and_neither_is_missed() -> None:
    result = scored(TWO, told(60.0, 260.0))
    assert result.counts["merged"] == 1
    assert result.counts["missed"] == 0


def test_touching_the_next_stay_is_not_merging_it() -> None:
    assert kinds(scored((stay(60.0, 120.0), stay(141.0, 260.0)), told(60.0, 142.0), told(143.0, 260.0))) == {}


def test_a_moment_on_the_mat_told_as_a_session_is_invented() -> None:
    assert kinds(scored((stay(60.0, 75.0),), told(60.0, 95.0))) == {"invented": 1}


@pytest.mark.parametrize("sessions", [(), (told(60.0, 91.0),), (told(60.0, 70.0), told(75.0, 91.0))])
def test_a_grey_stay_is_judged_neither_way(sessions: tuple[Reported, ...]) -> None:
    result = scored((stay(60.0, 91.0),), *sessions)
    assert kinds(result) == {}
    assert result.stays == 0


def test_a_detector_that_invents_is_seen_on_an_empty_mat() -> None:
    result = score(recording(duration_s=86_400.0, rate=1), Heard((told(100.0, 200.0), told(300.0, 400.0))))
    assert result.counts["invented"] == 2
    assert result.days == 1.0
    assert [fault.kind for fault in result.faults] == ["invented", "invented"]


@pytest.mark.parametrize("kind", ["bag", "laundry", "pillow"])
def test_an_object_told_while_it_lies_there_counts(kind: str) -> None:
    thing = Thing(60.0, 200.0, kind, 15.0)
    assert scored((), things=(thing,), objects=(95.0,)).objects_told == 1
    assert scored((), things=(thing,)).objects_told == 0
    assert scored((), things=(thing,)).objects == 1


@pytest.mark.parametrize(
    "thing", [Thing(60.0, 200.0, "pet rests", 15.0), Thing(60.0, 200.0, "pillow", 2.0), Thing(60.0, 100.0, "bag", 15.0)]
)
def test_what_moves_is_light_or_lies_short_needs_not_be_told(thing: Thing) -> None:
    assert scored((), things=(thing,)).objects == 0


def test_a_bag_under_a_person_is_judged_by_the_time_it_lies_alone() -> None:
    assert scored((stay(80.0, 190.0),), told(80.0, 190.0), things=(BAG,)).objects == 0
    assert scored((stay(130.0, 190.0),), told(130.0, 190.0), things=(BAG,)).objects == 1


def test_somebody_told_as_an_object_is_an_error() -> None:
    result = scored(ONE, told(60.0, 180.0), objects=(100.0,))
    assert kinds(result) == {"told_object": 1}
    assert kinds(scored(ONE, told(60.0, 180.0), things=(Thing(180.0, 290.0, "bag", 15.0),), objects=(215.0,))) == {}


def test_short_absences_join_and_short_sessions_go() -> None:
    sessions = [told(100.0, 110.0), told(10.0, 50.0), told(60.0, 90.0), told(200.0, 220.0)]
    (one,) = joined(sessions)
    assert (one.start_s, one.end_s, one.known_s) == (10.0, 110.0, 130.0)
    assert one.confirmed_s == 13.0


@given(st.lists(st.tuples(st.floats(0, 280), st.floats(0.1, 200)), max_size=6))
def test_every_session_and_stay_is_accounted_for(edges: list[tuple[float, float]]) -> None:
    sessions = tuple(told(start, start + length) for start, length in edges)
    result = scored(TWO, *sessions)
    outside = sum(all(s.end_s <= there.start_s or s.start_s >= there.end_s for there in TWO) for s in sessions)
    assert result.counts["invented"] == outside
    assert result.stays == 2
    assert result.counts["missed"] + len(result.start_errors_s) + result.counts["merged"] >= 2
    assert len(result.faults) == result.errors
    assert set(result.counts) == set(ERRORS)


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


def test_what_happened_in_a_silence_is_nobodys_error() -> None:
    made = recording(ONE)
    heard = (made.t < 55.0) | ((made.t > 70.0) & (made.t < 150.0)) | (made.t > 200.0)
    silent = replace(made, t=made.t[heard], kg=made.kg[heard], flagged=made.flagged[heard])
    assert kinds(score(silent, Heard((told(70.1, 149.9),)))) == {}
    assert kinds(score(made, Heard((told(70.1, 149.9),)))) == {"late": 1, "cut": 1}
    assert kinds(score(silent, Heard((told(76.0, 144.0),)))) == {"late": 1, "cut": 1}
    assert score(silent, Heard((told(70.1, 149.9),))).end_errors_s == pytest.approx([-30.1]), "the quantiles know"
