"""The zero: follows drift only on an empty, still mat, never far; re-zero and undo by hand. And what an object is."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import random
from math import pi, sin

import pytest

from matpi.core.effects import Zeros
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Doubt, EndReason, Memory, Settings, Zero
from matpi.core.presence.load import Load
from matpi.core.presence.signal import Second
from matpi.core.presence.zero import ZeroTracker
from matpi.core.rules import ZeroRules
from matpi.core.screens.menu import Item
from matpi.core.views import Idle, Menu, Object
from matpi.words import ENGLISH
from tests.bench import NOON, Bench, Body, end_of

KNOWN = Acknowledgement(some=False, utc=NOON)


def second(kg: float, moved: float = 0.01, t: float = 0.0) -> Second:
    return Second(t, t + 1.0, (kg,), moved)


# -- following -----------------------------------------------------------------------------------------------------


def test_it_follows_slow_drift_after_ten_still_seconds_and_at_most_5_g_a_second() -> None:
    zero = ZeroTracker(None, ZeroRules())
    for n in range(9):
        zero.empty_second(second(0.5, t=n))
    assert zero.total_kg == 0.0
    before = zero.total_kg
    for n in range(9, 60):
        zero.empty_second(second(0.5, t=n))
        assert zero.total_kg - before <= 0.005 + 1e-12
        before = zero.total_kg
    assert zero.total_kg == pytest.approx(51 * 0.005)
    for n in range(60, 300):
        zero.empty_second(second(0.5, t=n))
    assert zero.total_kg == pytest.approx(0.5)


def test_stillness_starts_anew_when_something_came_or_moved() -> None:
    for touched in (True, False):
        zero = ZeroTracker(None, ZeroRules())
        for n in range(100):
            if n % 9 == 8 and touched:
                zero.disturbed()
            elif n % 9 == 8:
                zero.empty_second(second(0.5, moved=0.6))
            else:
                zero.empty_second(second(0.5, t=n))
        assert zero.total_kg == 0.0


@pytest.mark.parametrize("sign", [1, -1])
def test_it_never_goes_beyond_3_kg_from_the_reference_and_says_so(sign: int) -> None:
    zero = ZeroTracker(None, ZeroRules())
    for n in range(4000):
        zero.empty_second(second(sign * min(n * 0.002, 6.0), t=n))
        assert abs(zero.total_kg) <= 3.0 + 1e-9
    assert abs(zero.total_kg) == pytest.approx(3.0, abs=0.01)
    assert zero.astray
    for n in range(3000):
        zero.empty_second(second(sign * 2.5, t=n))
    assert zero.total_kg == pytest.approx(sign * 2.5, abs=0.01), "it comes back by itself"
    assert not zero.astray


@pytest.mark.parametrize("kg_h", [0.7, 2.0, 5.0])
def test_a_mat_that_drifts_away_is_reported_before_it_is_4_kg_off(kg_h: float) -> None:
    zero = ZeroTracker(None, ZeroRules())
    n = next(n for n in range(30_000) if zero.empty_second(second(kg_h * n / 3600, t=n)) or zero.astray)
    assert 3.0 < kg_h * n / 3600 < 4.5 + (kg_h - 2.0) / 6 * (kg_h > 2.0)


def test_a_thing_of_over_3_kg_is_not_drift() -> None:
    zero = ZeroTracker(None, ZeroRules())
    for n in range(900):
        zero.empty_second(second(3.1, t=n))
    assert zero.total_kg == 0.0
    assert zero.astray, "but it is told"


def test_it_falls_within_three_seconds_when_the_still_mat_reads_half_a_kilogram_lower() -> None:
    zero = ZeroTracker(Zero((2.5,)), ZeroRules())
    assert [zero.empty_second(second(1.9, t=n)) for n in range(3)] == [False, False, True]
    assert zero.total_kg == 1.9
    for n in range(5):
        assert not zero.empty_second(second(1.5, t=n))
    assert zero.total_kg > 1.8, "less than that is drift"


def test_it_falls_for_nothing_that_moves_or_lies_beyond_its_reach() -> None:
    for kg, moved in ((1.0, 0.2), (-3.5, 0.0), (-30.0, 0.0)):
        zero = ZeroTracker(Zero((2.5,)), ZeroRules())
        assert not any(zero.empty_second(second(kg, moved, t=n)) for n in range(9))
        assert zero.total_kg == 2.5


def test_a_pillow_the_zero_crept_up_to_is_taken_away_and_the_next_person_is_dated_to_the_touch() -> None:
    """It followed 2.5 kg; with the pillow away the mat reads 2.5 kg too little for a few seconds only."""
    bench = Bench(rate=5)
    bench.motion_kg = 0.0
    bench.lie(900, kg=2.5)
    assert bench.device.presence.zero.total_kg == pytest.approx(2.5, abs=0.05)
    bench.up(5)
    assert bench.device.presence.zero.total_kg == pytest.approx(0.0, abs=0.05)
    bench.motion_kg = 0.05
    on = bench.t
    bench.lie(60, kg=13.0)
    assert bench.state is Front.ON_MAT
    bench.up(30)
    assert bench.saved[0].start_mono == pytest.approx(on, abs=0.3)


def test_it_stands_still_under_a_load_whatever_creeps() -> None:
    """A cell creeps by 0.1 % of its load over an hour: with somebody on it that is not drift of the zero."""
    bench = Bench(rate=5)
    bench.pass_s(120)
    before = bench.device.presence.zero.total_kg
    bench.body = lambda t: (35.0 + 0.0001 * (t - 220) + 0.05 * sin(t), 15.0)
    bench.pass_s(2400)
    assert bench.state is Front.ON_MAT
    assert bench.device.presence.zero.total_kg == before


def test_it_stands_still_while_arriving_and_under_an_object() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(2.5, kg=14.0)
    bench.up(30)
    bench.lie(600, kg=14.0)
    assert bench.state is Front.OBJECT
    assert abs(bench.device.presence.zero.total_kg) < 0.01


def test_creep_left_after_somebody_got_up_is_forgotten_within_minutes() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(1200)
    bench.body = lambda t: (0.35 + 0.001 * (t * 10 % 3), 0.15)
    bench.pass_s(180)
    assert bench.device.presence.net_kg == pytest.approx(0.0, abs=0.03)
    bench.body = None
    assert len(bench.saved) == 1


def test_the_zero_is_stored_rarely_and_survives_the_reboot() -> None:
    bench = Bench(rate=5)
    bench.body = lambda t: (1.0 + 0.001 * (t * 10 % 3), 0.4)
    bench.pass_s(3600)
    kept = bench.saves(Zeros)
    assert 1 <= len(kept) <= 6
    again = bench.reboot()
    assert again.device.presence.zero.total_kg == pytest.approx(1.4, abs=0.11)


# -- boot with somebody on it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("zero", [None, Zero((0.5, 0.3))])
def test_boot_with_somebody_on_it_starts_the_session_and_tares_nothing(zero: Zero | None) -> None:
    bench = Bench(Memory(zero=zero, acknowledgement=KNOWN))
    bench.lie(300)
    assert bench.state is Front.ON_MAT
    bench.up(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(300, abs=0.3)
    assert abs(bench.device.presence.zero.total_kg) < 1.0


def test_the_first_minutes_of_warming_up_do_not_hide_a_session() -> None:
    """Cells and amplifier drift most in the first ten minutes."""
    bench = Bench()

    def warm(t: float, kg: float) -> tuple[float, float]:
        drift = 0.6 * (1 - 2.718 ** (-(t - 100) / 200))
        return (0.7 * kg + drift + 0.05 * sin(t), 0.3 * kg + drift / 2)

    bench.body = lambda t: warm(t, 0.0)
    bench.pass_s(4)
    bench.body = lambda t: warm(t, 45.0)
    bench.pass_s(600)
    bench.body = lambda t: warm(t, 0.0)
    bench.pass_s(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(600, abs=0.3)


# -- by hand -------------------------------------------------------------------------------------------------------


def choose(bench: Bench, item: Item) -> None:
    if bench.view.__class__.__name__ == "Off":
        bench.tap()
    bench.hold()
    assert isinstance(bench.view, Menu)
    for _ in range(bench.view.items.index(ENGLISH(f"menu.{item}"))):
        bench.tap()
    bench.hold()


def test_re_zero_by_the_menu_and_undo_it() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(30, kg=8.0)  # a thick pillow, left on the mat
    choose(bench, Item.ZERO)
    assert bench.device.presence.zero.total_kg == pytest.approx(8.0, abs=0.05)
    assert bench.device.presence.zero.by_hand
    assert bench.rows.zero is not None
    assert bench.rows.zero.total_kg == pytest.approx(8.0, abs=0.05)
    assert bench.device.presence.net_kg == pytest.approx(0.0, abs=0.05)

    again = bench.reboot()
    again.pass_s(5)
    choose(again, Item.UNDO_ZERO)
    assert again.device.presence.zero.total_kg == pytest.approx(0.0, abs=0.05)
    assert again.rows.zero is not None
    assert again.rows.zero.total_kg == pytest.approx(0.0, abs=0.05)
    again.hold()
    assert isinstance(again.view, Menu)
    assert ENGLISH("menu.undo_zero") not in again.view.items, "one undo, not a pendulum"


def test_the_reach_is_counted_anew_from_a_zero_set_by_hand() -> None:
    zero = ZeroTracker(None, ZeroRules())
    zero.set_by_hand(second(8.0))
    for n in range(3000):
        zero.empty_second(second(8.0 + min(0.002 * n, 5.0), t=n))
    assert 10.9 <= zero.total_kg <= 11.0 + 1e-9


def test_a_moving_load_or_silent_cells_set_no_zero() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.body = lambda t: (4.0 + 2.0 * sin(7 * t), 3.0)
    bench.pass_s(5)
    choose(bench, Item.ZERO)
    assert abs(bench.device.presence.zero.total_kg) < 0.1
    assert not bench.device.presence.zero.by_hand


def test_check_the_mat_is_told_on_the_idle_screen() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(700, kg=8.0)
    bench.tap()
    assert isinstance(bench.view, Idle)
    assert bench.view.notice == "check the mat"
    choose(bench, Item.ZERO)
    assert isinstance(bench.view, Idle)
    assert bench.view.notice is None


# -- objects -------------------------------------------------------------------------------------------------------


def test_a_bag_is_an_object_after_40_s_and_a_session_that_does_not_count() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(39.9, kg=20.0)
    assert bench.state is Front.ON_MAT
    bench.pass_s(2)
    assert bench.state is Front.OBJECT
    assert bench.view == Object(20)
    (session,) = bench.saved
    assert (session.reason, session.doubt, session.counts) == (EndReason.OBJECT, Doubt.THING, False)
    assert session.load_kg == pytest.approx(20.0, abs=0.1)
    assert ("object", "nothing moves in it") in bench.said
    assert bench.device.plans.today.today_s == 0.0
    bench.pass_s(3600)
    bench.up(30)
    assert bench.state is Front.IDLE
    assert len(bench.saved) == 1


def test_a_person_on_top_of_an_object_counts_and_the_object_stays_one() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(45, kg=20.0)
    bench.motion_kg = 0.05
    on = bench.t
    bench.lie(300, kg=65.0)
    assert bench.state is Front.ON_MAT
    bench.motion_kg = 0.0
    bench.lie(60, kg=20.0)
    bag, session = bench.saved
    assert (bag.doubt, session.doubt) == (Doubt.THING, None)
    assert session.start_mono == pytest.approx(on, abs=0.2)
    assert session.on_mat_s == pytest.approx(300, abs=0.3)
    assert session.reason is EndReason.LEFT
    assert session.load_kg == pytest.approx(45.0, abs=0.1)
    bench.pass_s(120)
    assert bench.device.presence.load is Load.OBJECT
    bench.up(10)
    assert bench.device.presence.load is Load.EMPTY


def test_a_person_who_leaves_a_bag_behind_left_when_the_load_fell() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(300, kg=65.0)
    off = bench.t
    bench.motion_kg = 0.0
    bench.lie(60, kg=20.0)
    assert bench.state is Front.AWAY, "most of the load is gone, and may be back within two minutes"
    bench.pass_s(61)
    (session,) = bench.saved
    assert session.reason is EndReason.LEFT
    assert end_of(session) == pytest.approx(off, abs=0.2)
    bench.pass_s(20)
    assert bench.device.presence.load is Load.OBJECT
    assert bench.device.presence.object_kg == pytest.approx(20.0, abs=0.1)


def test_when_the_thing_is_taken_away_together_with_the_person_all_is_empty() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(45, kg=20.0)
    bench.motion_kg = 0.05
    bench.lie(300, kg=65.0)
    bench.up(60)
    assert bench.device.presence.load is Load.EMPTY
    assert bench.device.presence.object_kg == 0.0
    assert [s.doubt for s in bench.saved] == [Doubt.THING, None]


def test_a_still_load_of_30_kg_is_a_person() -> None:
    bench = Bench()
    bench.motion_kg = 0.0
    bench.noise_kg = 0.0
    bench.lie(600, kg=30.0)
    assert bench.state is Front.ON_MAT


def test_with_the_threshold_of_calves_nothing_is_an_object() -> None:
    bench = Bench(Memory(acknowledgement=KNOWN, settings=Settings(routine="calves")))
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(600, kg=8.0)
    assert bench.state is Front.ON_MAT
    bench.up(30)
    assert [s.doubt for s in bench.saved] == [None]


def test_a_person_taken_for_an_object_is_taken_back_with_all_the_time() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(45, kg=25.0)
    assert bench.state is Front.OBJECT
    (before,) = bench.saved
    bench.motion_kg = 0.05
    bench.lie(300, kg=25.0)
    assert bench.state is Front.ON_MAT
    assert bench.device.plans.today.today_s == 0.0, "what goes on is counted when it ends, once"
    bench.up(60)
    (after,) = bench.saved
    assert before.id == after.id, "the same session, saved again"
    assert after.on_mat_s == pytest.approx(345, abs=0.3)
    assert (after.doubt, after.counts) == (None, True)
    assert bench.device.plans.today.today_s == pytest.approx(345, abs=0.3)


def test_a_sleeper_who_hardly_moved_for_a_while_stays_a_person() -> None:
    """A quarter of the windows may be still."""
    bench = Bench()
    bench.pass_s(60)
    bench.lie(200, kg=25.0)
    bench.motion_kg = 0.0
    bench.lie(60, kg=25.0)
    bench.motion_kg = 0.05
    bench.lie(100, kg=25.0)
    bench.up(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(360, abs=0.3)
    assert session.counts
    assert "OBJECT" not in bench.path


def test_a_bag_that_stays_and_is_fetched_minutes_after_is_no_part_of_the_session() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(100)
    off = bench.t
    bench.motion_kg = 0.0
    bench.lie(200, kg=15.0)
    bench.up(60)
    (session,) = bench.saved
    assert end_of(session) == pytest.approx(off, abs=0.2)


# -- the very still person -----------------------------------------------------------------------------------------


def still_person(sigma_kg: float, between_kg: float, total_kg: float, breath_hz: float, seed: int) -> Body:
    """Breathing between the channels and, far less, in the sum; white noise. Amplitudes, not peak to peak. 28 kg."""
    gauss = random.Random(seed).gauss

    def body(t: float) -> tuple[float, ...]:
        wave = sin(2 * pi * breath_hz * t)
        head, foot = 17.0 + (between_kg + total_kg) * wave, 11.0 - between_kg * wave
        return (head + gauss(0, sigma_kg), foot + gauss(0, sigma_kg))

    return body


def empty(sigma_kg: float, channels: int, seed: int) -> Body:
    gauss = random.Random(seed).gauss
    return lambda _: tuple(gauss(0, sigma_kg) for _ in range(channels))


@pytest.mark.parametrize("rate", [10.0, 80.0])
@pytest.mark.parametrize("sigma_g", [1.1, 2.0, 3.5])
@pytest.mark.parametrize("breath_hz", [0.1, 0.25])
def test_a_very_still_light_person_is_never_an_object(rate: float, sigma_g: float, breath_hz: float) -> None:
    """The least breathing the estimates give, 12 g peak to peak between the ends, on cells from ideal to bad."""
    bench = Bench(rate=rate)
    bench.body = empty(sigma_g / 1000, 2, 1)
    bench.pass_s(30)
    bench.body = still_person(sigma_g / 1000, 0.006, 0.001, breath_hz, 2)
    bench.pass_s(900)
    assert bench.path == ["ARRIVING", "ON_MAT"]


@pytest.mark.parametrize(("sigma_g", "rate"), [(1.1, 10.0), (3.5, 10.0), (1.1, 80.0), (7.0, 80.0)])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_a_bag_is_an_object_on_cells_from_ideal_to_bad(sigma_g: float, rate: float, channels: int) -> None:
    """3.5 g rms at 10 readings/s is the noisiest board; the same at 80 is quieter a second."""
    bench = Bench(rate=rate, channels=channels)
    bench.body = empty(sigma_g / 1000, channels, 1)
    bench.pass_s(30)
    noise = empty(sigma_g * (2 / channels) / 1000, channels, 2)
    bench.body = lambda t: tuple(20.0 / channels + n for n in noise(t))
    bench.pass_s(120)
    assert bench.state is Front.OBJECT


def test_on_cells_far_noisier_than_those_a_bag_is_timed_as_a_person_is() -> None:
    """The limit is fixed: what moves more may be a person, and a person is never dropped."""
    bench = Bench()
    noise = empty(0.02, 2, 2)
    bench.body = empty(0.02, 2, 1)
    bench.pass_s(30)
    bench.body = lambda t: tuple(10.0 + n for n in noise(t))
    bench.pass_s(120)
    assert bench.state is Front.ON_MAT
