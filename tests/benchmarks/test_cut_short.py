"""A stay cut short keeps its edges, and nothing jumps in its middle."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.cut_short import BEFORE_S, BEHIND_S, WITHOUT, alone, cut_short
from benchmarks.scenarios.recording import Thing
from benchmarks.under_test import AS_IT_IS, heard_by_matpi
from tests.benchmarks.made import recording, stay

BAG = recording(things=(Thing(150.0, 400.0, "bag", 20.0),), duration_s=500.0, drift_kg=0.05)


def test_it_lies_there_for_as_long_as_asked_with_the_empty_mat_around_it() -> None:
    short = cut_short(BAG, 150.0, 400.0, 34.0)
    loaded = short.t[short.kg.sum(axis=1) > 10.0]
    assert loaded[0] == pytest.approx(150.0, abs=0.11)
    assert loaded[-1] == pytest.approx(184.0, abs=0.11)
    assert short.duration_s == pytest.approx(BEFORE_S + 34.0 + BEHIND_S, abs=0.3)
    inside = short.kg[(short.t > 151.0) & (short.t < 183.0)]
    assert float(np.abs(np.diff(inside, axis=0)).max()) < 0.03, "no more than the noise"
    assert bool((np.diff(short.t) > 0).all())


def test_without_the_rule_such_a_bag_is_a_session_and_a_person_always_is() -> None:
    bag = cut_short(BAG, 150.0, 400.0, 32.0)
    assert heard_by_matpi(bag).sessions == ()
    assert len(heard_by_matpi(bag, WITHOUT).sessions) == 1
    lying = cut_short(recording((stay(150.0, 400.0),), duration_s=500.0), 150.0, 400.0, 32.0)
    for variant in (AS_IT_IS, WITHOUT):
        assert len(heard_by_matpi(lying, variant).sessions) == 1


def test_only_what_lies_alone_and_long_enough_is_cut() -> None:
    bag, box = Thing(150.0, 400.0, "bag", 20.0), Thing(390.0, 700.0, "box", 20.0)
    cat = Thing(1000.0, 1300.0, "pet rests", 20.0)
    assert list(alone(recording(things=(bag,)))) == [(150.0, 400.0)]
    assert list(alone(recording(things=(bag, box, cat)))) == []
    assert list(alone(recording((stay(150.0, 190.0),)))) == []
