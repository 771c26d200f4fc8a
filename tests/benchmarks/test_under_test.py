"""matpi is judged as the device is, and each part that can be switched off is really off."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from benchmarks.detectors import COMPARED, WITHOUT, heard
from benchmarks.scenarios.recording import Recording, Thing
from benchmarks.scoring import Heard, score
from benchmarks.under_test import AS_IT_IS, VARIANTS, heard_by_matpi, readings_of, reported
from matpi.core.model import Doubt, EndReason, Session
from matpi.twin.replay import replay
from tests.benchmarks.made import recording, stay

LYING = recording((stay(60.0, 200.0),), duration_s=300.0)
BY_NAME = {variant.without: variant for variant in VARIANTS}


def without(part: str, made: Recording) -> Heard:
    return heard_by_matpi(made, BY_NAME[part])


def test_it_is_the_same_device_that_replays_a_trace() -> None:
    told, replayed = heard_by_matpi(LYING), replay(readings_of(LYING))
    assert [(s.start_s, s.end_s) for s in told.sessions] == [
        (s.start_mono, s.start_mono + s.span_s) for s in replayed.sessions
    ]
    (session,) = told.sessions
    assert session.start_s == pytest.approx(60.0, abs=0.11)
    assert session.end_s == pytest.approx(200.0, abs=0.11)
    assert session.confirmed_s == pytest.approx(63.0, abs=0.2)
    assert session.known_s == pytest.approx(220.0, abs=0.3)
    assert told.arrivals[0] == pytest.approx(60.1, abs=0.15)
    assert score(LYING, told).errors == 0


@pytest.mark.parametrize("rate", [10, 80])
def test_rows_become_readings_channel_by_channel(rate: int) -> None:
    made = recording(duration_s=1000.0, rate=rate, spikes=(5.0,))
    readings = list(readings_of(made))
    assert len(readings) == len(made.t)
    assert readings[-1].kg == tuple(made.kg[-1])
    assert [r.t for r in readings if not r.ok] == [5.0]
    assert all(r.ok for r in readings_of(made, believes_flags=False))


def test_a_session_under_way_when_the_recording_ends_ends_there() -> None:
    (session,) = heard_by_matpi(recording((stay(60.0, 300.0),), duration_s=300.0)).sessions
    assert session.end_s == pytest.approx(299.8, abs=0.2)


def test_a_session_closed_by_the_cap_is_told_as_capped() -> None:
    long = recording((stay(60.0, 3000.0),), duration_s=3100.0)
    (session,) = heard_by_matpi(long).sessions
    assert session.capped
    assert score(long, heard_by_matpi(long)).errors == 0


def test_a_thing_is_stored_as_one_and_without_the_test_it_is_none() -> None:
    bag = recording(things=(Thing(100.0, 280.0, "bag", 15.0),), duration_s=300.0)
    (session,) = heard_by_matpi(bag).sessions
    assert (session.thing, session.counts) == (True, False)
    assert score(bag, heard_by_matpi(bag)).objects_found == 1
    assert score(bag, heard_by_matpi(bag)).counts["invented"] == 0
    (session,) = without("things", bag).sessions
    assert not session.thing
    assert score(bag, without("things", bag)).objects_found == 0


def test_without_the_zero_following_it_stays() -> None:
    drifting = recording((stay(1500.0, 1600.0),), duration_s=1700.0, drift_kg=14.0, kg=30.0)
    assert len(heard_by_matpi(drifting).arrivals) == 1
    assert len(without("the zero follows", drifting).arrivals) == 2, "the drift alone is a load by then"


def test_without_time_to_come_back_a_lift_splits() -> None:
    lifted = recording((stay(60.0, 120.0), stay(130.0, 200.0)), duration_s=300.0)
    assert len(heard_by_matpi(lifted).sessions) == 1
    assert len(without("time to come back", lifted).sessions) == 2


@pytest.mark.parametrize("part", WITHOUT)
def test_every_variant_differs_from_what_is_shipped_and_runs(part: str) -> None:
    variant = BY_NAME[part]
    assert replace(variant, without="") != AS_IT_IS
    assert len(heard(part, LYING).sessions) == 1


def test_doubts_become_what_is_judged() -> None:
    own = Session(id="1", boot_id="b", start_mono=10.0, span_s=50.0, on_mat_s=50.0, reason=EndReason.LEFT)
    for doubt, counts, asked, thing in (
        (None, True, False, False),
        (Doubt.THING, False, False, True),
        (Doubt.LIGHT, False, True, False),
        (Doubt.ONE_END, False, True, False),
        (Doubt.UNUSUAL, True, True, False),
        (Doubt.UNKNOWN, False, True, False),
    ):
        one = reported(structs.replace(own, doubt=doubt), 13.0, 80.0)
        assert (one.counts, one.asked, one.thing) == (counts, asked, thing), doubt
        assert (one.start_s, one.end_s, one.confirmed_s, one.known_s) == (10.0, 60.0, 13.0, 80.0)


def test_an_empty_recording_is_heard_as_nothing() -> None:
    made = recording(duration_s=10.0)
    nothing = replace(made, t=made.t[:0], kg=made.kg[:0], flagged=made.flagged[:0])
    assert [heard(name, nothing) for name in COMPARED] == [Heard()] * len(COMPARED)
