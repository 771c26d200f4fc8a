"""Faults that other scales and bed sensors had in the field, each as a story: here they must not happen."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from datetime import date
from math import sin

import pytest

from matpi.core.events import Reading, SensorLost, WallClock
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Doubt, EndReason, Memory, Settings, Zero
from matpi.core.presence.load import Load
from matpi.core.rules import DeviceRules, PresenceRules
from tests.bench import NOON, Bench, end_of

KNOWN = Acknowledgement(some=False, utc=NOON)


def test_a_dip_while_it_is_being_confirmed_sets_no_zero() -> None:
    bench = Bench()
    bench.pass_s(60)
    before = bench.device.presence.zero.total_kg
    bench.lie(1.5)
    bench.lie(0.5, kg=5.0)
    bench.lie(60)
    assert bench.device.presence.zero.total_kg == pytest.approx(before, abs=0.003)
    assert bench.state is Front.ON_MAT


def test_creep_of_1_4_kg_in_45_minutes_and_what_it_leaves_behind_do_not_hold_the_session_open() -> None:
    bench = Bench(rate=5)
    bench.pass_s(60)
    t0 = bench.t
    bench.body = lambda t: (28.0 + 1.4 * (t - t0) / 2700 + 0.05 * sin(t), 17.0)
    bench.pass_s(2400)
    off = bench.t
    bench.body = lambda t: (1.3 + 0.002 * sin(9 * t), 0.0)
    bench.pass_s(60)
    (session,) = bench.saved
    assert end_of(session) == pytest.approx(off, abs=0.25)
    bench.pass_s(600)
    assert bench.device.presence.net_kg == pytest.approx(0.0, abs=0.05)


def test_the_mat_lifted_off_washed_and_put_back_is_no_session() -> None:
    bench = Bench(rate=5)
    bench.pass_s(60)
    bench.body = lambda t: (-1.5 + 0.002 * sin(9 * t), -0.7)
    bench.pass_s(3600)
    bench.body = None
    bench.pass_s(1200)
    assert bench.path == []
    assert bench.device.presence.net_kg == pytest.approx(0.0, abs=0.05)
    bench.lie(60)
    bench.up(60)
    assert len(bench.saved) == 1


def test_a_pillow_added_before_the_session_and_taken_away_in_it_moves_nothing() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(300, kg=1.5)
    bench.motion_kg = 0.05
    bench.lie(300, kg=46.5)
    bench.lie(300, kg=45.0)
    off = bench.t
    bench.up(60)
    (session,) = bench.saved
    assert end_of(session) == pytest.approx(off, abs=0.2)


def test_a_laundry_basket_for_an_hour_then_a_person_then_the_basket_again() -> None:
    bench = Bench(rate=5)
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(3600, kg=14.0)
    bench.up(5)
    assert [s.doubt for s in bench.saved] == [Doubt.THING]
    bench.motion_kg = 0.05
    bench.lie(200)
    bench.motion_kg = 0.0
    bench.up(60)
    bench.lie(3600, kg=14.0)
    bench.up(30)
    (session,) = (s for s in bench.saved if s.counts)
    assert session.on_mat_s == pytest.approx(200, abs=0.4)
    assert [s.doubt for s in bench.saved] == [Doubt.THING, None, Doubt.THING]


def test_a_light_body_area_has_its_own_threshold() -> None:
    bench = Bench(rules=DeviceRules(presence=PresenceRules(on_kg=4.0)))
    bench.pass_s(60)
    bench.motion_kg = 0.02
    bench.lie(120, kg=6.0)
    bench.up(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(120, abs=0.2)


def test_a_person_who_stands_on_it_counts_like_one_who_lies() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(90, kg=80.0)
    bench.up(60)
    assert [s.reason for s in bench.saved] == [EndReason.LEFT]


def test_codes_at_the_end_of_the_range_several_in_a_row_are_flagged_and_do_nothing() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(60)
    for n in range(15):
        bench.send(Reading(bench.t + 0.1 * n, (390.6, -390.6), ok=False))
    bench.t += 1.5
    bench.pass_s(60)
    assert bench.path == ["ARRIVING", "ON_MAT"]


@pytest.mark.parametrize(
    ("begins_utc", "day"),
    [
        (NOON + 15.99 * 3600, date(2026, 3, 15)),  # 03:59 of the 16th
        (NOON + 16.01 * 3600, date(2026, 3, 16)),
        (NOON + 11.99 * 3600, date(2026, 3, 15)),  # over midnight
    ],
)
def test_a_session_belongs_to_the_day_it_began(begins_utc: float, day: date) -> None:
    bench = Bench(Memory(acknowledgement=KNOWN, settings=Settings(zone="UTC")), utc=begins_utc - 10)
    bench.pass_s(10)
    bench.lie(300)
    bench.up(60)
    (session,) = bench.saved
    assert session.day == day
    assert session.utc_offset_s == 0


def test_a_session_over_the_night_the_clocks_change_lasts_as_long_as_it_lasted() -> None:
    before_change = 1_774_745_400.0  # 2026-03-29 00:50 UTC; in Berlin 01:50, at 01:00 UTC the clock jumps to 03:00
    bench = Bench(Memory(acknowledgement=KNOWN, settings=Settings(zone="Europe/Berlin")), utc=before_change)
    bench.pass_s(40)
    bench.lie(1200)
    bench.up(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(1200, abs=0.2)
    assert session.utc_offset_s == 3600
    assert session.day == date(2026, 3, 28)


def test_the_clock_jumps_forward_and_back_while_the_rest_goes_on() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(50)
    for n in range(20):
        bench.send(WallClock(bench.t, NOON + (1e7 if n % 2 else -1e7), trusted=n % 3 != 0))
        bench.pass_s(5)
    bench.up(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(150, abs=0.2)


def test_a_zero_of_two_channels_on_a_build_that_now_has_four() -> None:
    bench = Bench(Memory(zero=Zero((0.5, 0.5)), acknowledgement=KNOWN), channels=4)
    bench.pass_s(60)
    bench.lie(60)
    bench.up(60)
    assert len(bench.saved) == 1
    assert len(bench.device.presence.zero.kg or ()) == 4


def test_readings_after_each_word_of_the_reader_do_no_harm() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(50)
    for _ in range(3):
        bench.send(SensorLost(bench.t, "loose plug"))
        bench.pass_s(2)
    assert bench.state is Front.ON_MAT
    bench.up(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(56, abs=0.3)
    assert session.aways == 0


def test_a_day_without_readings_or_ticks_and_one_late_event() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(100)
    bench.t += 86_400
    bench.pass_s(1)
    (session,) = bench.saved
    assert session.reason is EndReason.SENSOR_LOST
    assert session.on_mat_s == pytest.approx(100, abs=0.2)
    bench.pass_s(10)
    assert bench.device.presence.load is Load.ON
