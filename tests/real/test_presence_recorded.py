"""Presence on recordings of real load cells. No mat, nobody lies there; edges, bounces, noise and spikes are real."""

from __future__ import annotations

from itertools import pairwise
from math import pi, sin
from statistics import median

import pytest

from matpi.core.effects import Changed, Effect
from matpi.core.events import Reading
from matpi.core.model import EndReason
from matpi.twin.replay import replay
from tests.bench import Bench, end_of
from tests.real.recordings import board, static_g


def test_somebody_who_steps_on_bounces_and_steps_off_is_one_session() -> None:
    """Over 12 kg at 3.54 s, 0.69 s lifted off, under 2 kg in it, on again at 4.87 s, under 6 kg at 105.33 s."""
    (session,) = replay(board("stand_100s_bounced_start")).sessions
    assert 4.2 <= session.start_mono <= 4.88, "after the bounce: nothing was on the board in it"
    assert end_of(session) == pytest.approx(105.33, abs=0.5)
    assert session.on_mat_s == pytest.approx(session.span_s)
    assert session.aways == 0
    assert session.reason is EndReason.LEFT


def test_the_edges_are_found_to_the_reading() -> None:
    (session,) = replay(board("stand_100s_bounced_start")).sessions
    rows = board("stand_100s_bounced_start")
    lifted = max(r.t for r in rows if 3.6 < r.t < 4.87 and sum(r.kg) < 2.0)
    assert lifted < session.start_mono <= lifted + 0.1, "the first reading over 2 kg"
    assert end_of(session) == pytest.approx(105.33, abs=0.05)


@pytest.mark.parametrize("keep_every", [2, 6, 9])
def test_the_same_at_a_half_a_sixth_and_a_ninth_of_the_rows(keep_every: int) -> None:
    """60 rows a second thinned to 30, 10 and under 7, as uneven as they came. In the last two the median of three shows
    no load under 2 kg in the bounce, so it is part of getting on.
    """
    (session,) = replay(board("stand_100s_bounced_start")[::keep_every]).sessions
    assert (4.2 if keep_every == 2 else 3.2) <= session.start_mono <= (4.95 if keep_every == 2 else 3.5)
    assert end_of(session) == pytest.approx(105.33, abs=0.5)


@pytest.mark.parametrize("name", ["hand_presses_five", "light_press_18kg", "empty_board"])
def test_hands_and_nobody_are_no_session(name: str) -> None:
    result = replay(board(name))
    assert result.sessions == []
    assert result.readings > 300
    assert result.rejected == 0


def test_uneven_traces_are_uneven() -> None:
    """What the tests above rely on: steps from nothing to a tenth of a second."""
    steps = [b.t - a.t for a, b in pairwise(board("stand_100s_bounced_start"))]
    assert min(steps) <= 0.01
    assert max(steps) >= 0.04
    assert min(steps) >= 0.0


def test_a_standing_person_is_never_taken_for_an_object() -> None:
    """The empty board before, 20 times over."""
    empty = board("empty_board")
    length = empty[-1].t + 0.02
    before = [Reading(n * length + r.t, r.kg) for n in range(20) for r in empty]
    at = before[-1].t + 0.02
    path: list[str] = []

    def watch(_t: float, effect: Effect) -> None:
        if isinstance(effect, Changed):
            path.append(effect.dest)

    stand = [Reading(at + r.t, r.kg) for r in board("stand_100s_bounced_start")]
    (session,) = replay([*before, *stand], watch=watch).sessions
    assert path[:5] == ["ARRIVING", "IDLE", "ARRIVING", "ON_MAT", "AWAY"], "the bounce begins the arrival again"
    assert session.span_s == pytest.approx(100.7, abs=0.3)
    assert session.counts


# -- 10 000 static readings of an HX711 ----------------------------------------------------------------------------


def feed(bench: Bench, kg: list[float]) -> None:
    values = iter(kg)
    bench.body = lambda _: (next(values),)
    bench.pass_s(len(kg) / bench.rate - 1e-6)
    bench.body = None


def test_the_recording_has_spikes_in_runs_and_drift() -> None:
    """What the tests below rely on."""
    grams = static_g()
    assert len(grams) == 10_000
    middle = median(grams)
    assert max(abs(g - middle) for g in grams) > 200
    assert abs(median(grams[:1000]) - median(grams[-1000:])) > 5


def test_on_the_empty_mat_real_spikes_start_nothing() -> None:
    bench = Bench(channels=1)
    feed(bench, [g / 1000 for g in static_g()])
    assert bench.path == []
    assert bench.heard == []


def test_under_a_person_real_spikes_change_neither_start_nor_end() -> None:
    grams = static_g()
    bench = Bench(channels=1)
    feed(bench, [(g - grams[0]) / 1000 for g in grams[:600]])
    on = bench.t
    feed(bench, [45.0 + 0.1 * sin(2 * pi * 0.25 * n / 10) + (g - grams[0]) / 1000 for n, g in enumerate(grams)])
    off = bench.t
    assert bench.path == ["ARRIVING", "ON_MAT"]
    feed(bench, [(g - grams[0]) / 1000 for g in grams[:600]])
    (session,) = bench.saved
    assert session.start_mono == pytest.approx(on, abs=0.2)
    assert end_of(session) == pytest.approx(off, abs=0.2)
    assert session.aways == 0


def test_a_static_58_kg_whose_spikes_are_28_kg_is_never_stopped_or_split() -> None:
    """Ten grams read as one kilogram."""
    grams = static_g()
    bench = Bench(channels=1)
    on = bench.t
    feed(bench, [g / 10 for g in grams])
    off = bench.t
    assert bench.heard.count("arriving") == 1
    assert "away" not in bench.heard
    bench.up(60)
    (session,) = bench.saved
    assert session.start_mono == pytest.approx(on, abs=0.2)
    assert end_of(session) == pytest.approx(off, abs=0.2)
    assert (session.aways, session.doubt) == (0, None)


@pytest.mark.parametrize("rate", [10.0, 80.0])
def test_an_empty_mat_with_the_real_drift_is_followed_and_never_astray(rate: float) -> None:
    grams = static_g()
    bench = Bench(channels=1, rate=rate)
    feed(bench, [(g - grams[0]) / 100 for g in grams])
    assert bench.path == []
    assert not bench.device.presence.zero.astray
