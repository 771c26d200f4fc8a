"""The peers do what their pages say: the plain case right, and each its own weak side."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from benchmarks.detectors import PEERS, heard, logged
from benchmarks.peers import Ledger, polled, seen_by_peers
from benchmarks.scenarios.recording import Recording, Thing
from benchmarks.scoring import Heard, score
from tests.benchmarks.made import recording, stay

LYING = (stay(100.0, 400.0),)
NAMES = [peer.name for peer in PEERS]
SLOW_END_S = {"sleepypod": 1.0, "bed-presence-sensor": 36.0}


def lying(**more: float) -> Recording:
    return recording(LYING, duration_s=800.0, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "Elevated Sensors, shared"])
def test_a_plain_session_is_found_by_all(name: str) -> None:
    told = heard(name, lying())
    (session,) = told.sessions
    assert session.start_s == pytest.approx(100.0, abs=5.0)
    assert session.end_s == pytest.approx(400.0, abs=SLOW_END_S.get(name, 5.0))
    assert session.start_s <= session.confirmed_s
    assert session.end_s <= session.known_s
    assert score(lying(), told).errors == 0
    if name == "plain rule":
        assert score(lying(), told).edges_off == 0


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_mat_with_a_little_drift_is_no_session(name: str) -> None:
    assert heard(name, recording(duration_s=1200.0, drift_kg=2.0)) == Heard()


@pytest.mark.parametrize("name", NAMES)
def test_flagged_readings_never_reach_a_peer(name: str) -> None:
    spiked = lying(spikes=tuple(float(s) for s in range(10, 790, 7)))  # type: ignore[arg-type]
    assert spiked.flagged.sum() == 112
    told, clean = heard(name, spiked).sessions, heard(name, lying()).sessions
    assert [s.start_s for s in told] == pytest.approx([s.start_s for s in clean], abs=0.5)
    assert [s.end_s for s in told] == pytest.approx([s.end_s for s in clean], abs=0.5)


@pytest.mark.parametrize("peer", PEERS, ids=NAMES)
def test_each_names_its_source_and_what_was_scaled(peer: type) -> None:
    assert " at " in peer.source  # type: ignore[attr-defined]
    assert peer.rules.endswith(".")  # type: ignore[attr-defined]
    assert "object rule" in peer.rules or "not a cat" in peer.rules  # type: ignore[attr-defined]


def test_only_one_peer_ever_tells_an_object_and_late() -> None:
    bag = recording(things=(Thing(100.0, 4000.0, "bag", 15.0),), duration_s=4100.0)
    told = {name: heard(name, bag) for name in NAMES}
    assert [name for name in NAMES if told[name].objects] == ["cat-scale"]
    assert told["cat-scale"].objects[0] == pytest.approx(100.0 + 2700.0, abs=10.0)
    assert all(told[name].sessions for name in NAMES if not name.startswith("Elevated"))


def test_a_dip_while_confirming_becomes_the_zero_of_the_cat_scale() -> None:
    """Touch for under 4 s, half off, on again: the half load is the zero, and the rest is not enough."""
    half = recording((stay(100.0, 103.0), stay(106.0, 400.0)), (Thing(103.0, 106.0, "hand", 11.0),), 800.0, kg=22.0)
    assert heard("cat-scale", half).sessions == ()
    assert heard("matpi", half).sessions


def test_two_phantom_readings_flip_what_has_no_dwell() -> None:
    """Two seconds of 20 kg in an empty night."""
    night = recording(things=(Thing(100.0, 102.0, "hand", 20.0),), duration_s=300.0)
    assert heard("bed-presence-sensor", night).sessions == ()
    assert heard("sleepypod", night).sessions == ()


def test_an_absence_of_half_a_minute_divides_for_those_who_back_date_it() -> None:
    twice = recording((stay(100.0, 300.0), stay(330.0, 500.0)), duration_s=800.0)
    assert len(heard("sleepypod", twice).sessions) == 2
    assert len(heard("bed-presence-sensor", twice).sessions) == 1, "it clears 30 s after the last sure reading"


def test_polling_takes_the_newest_reading_once() -> None:
    made = recording(duration_s=10.0, rate=80)
    polls = list(polled(seen_by_peers(made), 0.5))
    assert len(polls) == 20
    assert all(b[0] - a[0] == pytest.approx(0.5, abs=0.02) for a, b in pairwise(polls))
    slow = recording(duration_s=10.0, rate=1)
    assert [t for t, _ in polled(seen_by_peers(slow), 0.2)] == slow.t.tolist()


def test_a_peer_is_set_up_on_the_empty_mat_and_with_the_person() -> None:
    told = seen_by_peers(lying())
    assert told.on_kg == 12.0
    assert told.empty_kg == pytest.approx(0.0, abs=0.01)
    assert told.occupied_kg == pytest.approx(45.0, abs=0.1)
    sat = seen_by_peers(recording((stay(100.0, 400.0, "sitting"),), duration_s=500.0))
    assert sat.occupied_kg == pytest.approx(45.0 * 0.675 / 0.8, abs=0.1), "calibrated lying, whoever sits later"
    always = seen_by_peers(recording((stay(0.0, 300.0),), duration_s=300.0))
    assert always.empty_kg == 0.0


def test_who_else_may_have_set_it_up_is_one_of_the_people_of_the_bank() -> None:
    others = [seen_by_peers(recording(LYING, duration_s=500.0, seed=seed)).another_kg for seed in range(20)]
    assert all(45 * 0.67 <= kg <= 120 * 0.68 for kg in others)
    assert max(others) - min(others) > 30.0


def test_a_light_person_is_missed_by_what_a_heavy_one_has_set_up() -> None:
    light = [recording(LYING, duration_s=500.0, kg=28.0, seed=seed) for seed in range(20)]
    missed = [not heard("Elevated Sensors, shared", made).sessions for made in light]
    assert any(missed)
    assert all(heard("Elevated Sensors", made).sessions for made in light)


def test_a_ledger_knows_what_is_open() -> None:
    ledger = Ledger()
    ledger.end(5.0, 5.0)
    assert ledger.sessions == []
    with pytest.raises(RuntimeError, match="no session"):
        _ = ledger.start_s
    ledger.begin(1.0, 3.0)
    assert ledger.is_open
    assert ledger.start_s == 1.0


def test_a_log_is_kept_for_the_peers_and_matpi_keeps_its_own() -> None:
    lifted = recording((stay(100.0, 200.0), stay(206.0, 400.0)), duration_s=800.0)
    assert len(heard("Elevated Sensors", lifted).sessions) == 2
    assert len(logged("Elevated Sensors", heard("Elevated Sensors", lifted)).sessions) == 1
    apart = heard("time to come back", lifted)
    assert logged("matpi", apart).sessions == apart.sessions
    assert len(apart.sessions) == 2


def test_the_plain_rule_is_its_two_crossings_and_nothing_else() -> None:
    touch = recording((stay(100.0, 102.5), stay(110.0, 400.0)), duration_s=800.0)
    (session,) = heard("plain rule", touch).sessions
    assert (session.start_s, session.end_s) == pytest.approx((110.0, 400.0), abs=0.11)
    assert (session.confirmed_s, session.known_s) == pytest.approx((113.0, 420.0), abs=0.3)
    away = recording((stay(100.0, 200.0), stay(219.0, 400.0)), duration_s=800.0)
    assert len(heard("plain rule", away).sessions) == 1
    gone = recording((stay(100.0, 200.0), stay(221.0, 400.0)), duration_s=800.0)
    assert len(heard("plain rule", gone).sessions) == 2
    left = recording((stay(100.0, 200.0),), (Thing(199.0, 300.0, "bag", 7.0),), duration_s=800.0)
    assert heard("plain rule", left).sessions[0].end_s == pytest.approx(300.0, abs=0.11), "6 kg is its off threshold"


def test_on_the_calves_the_thresholds_are_those_of_the_recording() -> None:
    calves = replace(recording((stay(100.0, 400.0, "calves"),), duration_s=800.0, kg=8.0), on_kg=4.0)
    for name in ("plain rule", "sleepypod", "bed-presence-sensor", "meowton", "cat-scale", "Elevated Sensors"):
        assert score(calves, logged(name, heard(name, calves))).counts["missed"] == 0, name
    assert not heard("plain rule", replace(calves, on_kg=12.0)).sessions
