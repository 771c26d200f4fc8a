"""Any evening: people of any weight who sit up, get up and come back, pets, sensor timeouts. One session for each."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench import Bench, end_of

PART = st.one_of(
    st.tuples(st.just("lie"), st.integers(5, 200)),
    st.tuples(st.just("up"), st.integers(2, 18)),
    st.tuples(st.just("sit up"), st.integers(2, 110)),
    st.tuples(st.just("lift"), st.integers(2, 7)),
    st.tuples(st.just("silent"), st.sampled_from([1, 3, 20, 55])),
)
"""Of a session that goes on, `lift` in tenths of a second."""
VISIT = st.tuples(
    st.integers(32, 90),
    st.lists(PART, max_size=5),
    st.sampled_from(["get up", "get up while silent", "leave a bag", "tap"]),
    st.sampled_from([0.0, 0.0, 2.5, 5.5]),
)
"""Weight, what happens, how it ends, and the pet that lies there until the next one."""


def visit(bench: Bench, kg: int, parts: list[tuple[str, int]], end: str, pet_kg: float) -> tuple[float, float, float]:
    """When it began and ended, and how much of it was on the mat."""
    began, on_s = bench.t, 90.0
    bench.lie(90, float(kg))
    for what, much in parts:
        match what:
            case "lie":
                bench.lie(much, float(kg))
                on_s += much
            case "up":
                bench.up(much)
            case "sit up":
                bench.lie(much, max(6.5, 0.25 * kg))
            case "lift":
                bench.up(much / 10)
                on_s += much / 10  # a wriggle
            case _:
                bench.silent = True
                bench.pass_s(much)
                bench.silent = False
                on_s += much
        bench.lie(3, float(kg))
        on_s += 3
    left = bench.t
    if end == "get up while silent":
        bench.silent = True
        bench.up(10)
        bench.silent = False
    elif end == "leave a bag":
        bench.lie(130, 8.0)
    elif end == "tap":
        bench.up(2)
        bench.tap()
    bench.lie(30, pet_kg)
    bench.up(70)
    return began, left, on_s


@settings(max_examples=20, derandomize=True, deadline=None)
@given(st.lists(VISIT, min_size=1, max_size=2), st.sampled_from([5.0, 10.0]), st.sampled_from([1, 2, 4]))
def test_any_evening_has_one_session_for_each_visit(visits: list[Any], rate: float, channels: int) -> None:
    bench = Bench(rate=rate, channels=channels)
    bench.pass_s(40)
    truth = [visit(bench, *one) for one in visits]
    found = [session for session in bench.saved if session.counts]
    assert len(found) == len(truth)
    step = 2.0 / rate
    for session, (began, left, on_s) in zip(found, truth, strict=True):
        assert session.start_mono == pytest.approx(began, abs=step)
        assert end_of(session) == pytest.approx(left, abs=step)
        assert session.on_mat_s == pytest.approx(on_s, abs=2.5 * step)
