"""docs/dev/behaviour.md 1 value by value: thresholds, dwell, back-dating, away, most load gone; nothing split."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import pytest

from matpi.core.events import Reading, Tick
from matpi.core.front import Front
from matpi.core.model import EndReason, Zero
from matpi.core.presence.load import Load
from matpi.core.views import Arriving, Away, Timer
from tests.bench import Bench, end_of
from tests.core.presence.feed import Feed

# -- thresholds ----------------------------------------------------------------------------------------------------


def test_on_begins_at_12_kg() -> None:
    for kg, triggers in ((11.999, []), (12.0, ["touched"]), (12.001, ["touched"])):
        assert Feed().run(0, 5, 0.0).run(5, 6, kg).triggers == triggers


def test_off_is_under_6_kg() -> None:
    for kg, load in ((6.0, Load.ON), (6.001, Load.ON), (5.999, Load.AWAY)):
        assert Feed().run(0, 5, 0.0).run(5, 20, 13.0).run(20, 24, kg).presence.load is load


def test_between_the_thresholds_nothing_changes_in_either_direction() -> None:
    feed = Feed().run(0, 60, 11.9)
    assert feed.triggers == []
    feed.run(60, 78, 12.1).run(78, 130, 6.1)
    assert feed.presence.load is Load.ON


def test_three_kilograms_light_the_screen_once_and_no_more() -> None:
    assert Feed().run(0, 5, 0.0).run(5, 60, 2.9).noticed == []
    feed = Feed().run(0, 5, 0.0).run(5, 60, 3.0)
    assert feed.noticed == [5.1]
    feed.run(60, 70, 2.5).run(70, 80, 11.9)
    assert feed.noticed == [5.1], "it has been on the mat all the time"
    assert feed.run(80, 90, 0.0).run(90, 100, 4.0).noticed == [5.1, 90.1]
    assert feed.triggers == []
    assert feed.presence.load is Load.EMPTY


def test_a_threshold_of_4_kg_lights_the_screen_before_it_is_reached() -> None:
    feed = Feed(on_kg=4.0).run(0, 5, 0.0).run(5, 10, 3.5)
    assert (feed.noticed, feed.triggers) == ([5.1], [])
    assert feed.run(10, 14, 4.0).told == [("touched", 10.1, 5.0), ("confirmed", 13.0, 5.0)]


def test_thresholds_count_from_the_zero_and_not_from_nothing() -> None:
    above = Feed(Zero((2.5,))).run(0, 5, 2.5)
    assert above.run(5, 8, 14.4).triggers == []
    assert above.run(8, 9, 14.6).triggers == ["touched"]
    below = Feed(Zero((-2.5,))).run(0, 5, -2.5)
    assert below.run(5, 6, 9.6).triggers == ["touched"]


def test_a_body_area_may_carry_its_own_threshold() -> None:
    calves = Feed(on_kg=4.0).run(0, 5, 0.0).run(5, 12, 4.5)
    assert calves.presence.load is Load.ON
    assert calves.run(12, 20, 2.0).presence.load is Load.ON
    assert calves.run(20, 21.2, 1.99).presence.load is Load.AWAY


# -- arriving, dwell -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [10.0, 80.0])
@pytest.mark.parametrize("offset", [0.0, 0.013, 0.05, 0.099])
def test_the_screen_greets_within_0_3_s(rate: float, offset: float) -> None:
    bench = Bench(rate=rate)
    bench.pass_s(40 + offset)
    bench.kg = 45.0
    first = bench.t + 1 / rate
    while not isinstance(bench.view, Arriving):
        bench.pass_s(1 / rate)
        assert bench.t - first <= 0.3
    assert bench.state is Front.ARRIVING


def test_three_seconds_on_the_mat_make_a_session_from_the_first_touch() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 9, 45.0)
    assert feed.told == [("touched", 5.1, 5.0), ("confirmed", 8.0, 5.0)]


def test_just_under_three_seconds_make_none() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 7.8, 45.0).run(7.8, 30, 0.0)
    assert feed.triggers == ["touched", "slipped"]
    assert feed.presence.load is Load.EMPTY


def test_the_threshold_may_be_reached_in_any_steps_and_at_any_speed() -> None:
    for steps in (
        ((8.0, 7), (18.0, 60)),
        ((11.0, 5), (22.5, 60)),
        ((5.0, 2), (9.0, 2), (11.9, 2), (12.0, 60)),
        ((8.0, 3), (4.0, 2), (12.1, 60)),
    ):
        feed, t = Feed().run(0, 5, 0.0), 5.0
        for kg, seconds in steps:
            feed.run(t, t + seconds, kg)
            t += seconds
        assert feed.triggers == ["touched", "confirmed"], steps
    for seconds in (1, 5, 10, 12):
        feed = Feed().run(0, 5, 0.0).ramp(5, 5 + seconds, 0.0, 15.0).run(5 + seconds, 60, 15.0)
        assert feed.triggers == ["touched", "confirmed"], seconds


@pytest.mark.parametrize("rate", [10.0, 80.0])
def test_the_dwell_ends_on_time_without_waiting_for_a_reading(rate: float) -> None:
    bench = Bench(rate=rate)
    bench.pass_s(40)
    bench.kg = 45.0
    bench.pass_s(3.0 + 1 / rate - 0.001)
    assert bench.state is Front.ARRIVING
    bench.pass_s(0.002)
    assert bench.state is Front.ON_MAT
    assert isinstance(bench.view, Timer)
    assert bench.view.elapsed_s == 3


@pytest.mark.parametrize("rate", [10.0, 80.0])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_start_and_end_are_back_dated_to_a_tenth_of_a_second(rate: float, channels: int) -> None:
    bench = Bench(rate=rate, channels=channels)
    bench.pass_s(40)
    on = bench.t
    bench.lie(600)
    off = bench.t
    bench.up(60)
    (session,) = bench.saved
    step = 1 / rate + 1e-6
    assert session.start_mono - on <= step
    assert end_of(session) - off <= step
    assert on < session.start_mono < off < end_of(session)
    assert session.on_mat_s == pytest.approx(600.0, abs=step)
    assert session.span_s == pytest.approx(session.on_mat_s)
    assert session.reason is EndReason.LEFT


def test_uneven_time_steps_cost_no_more_than_the_longest_step() -> None:
    bench = Bench(rate=10.0)
    bench.jitter = 0.9
    bench.pass_s(40)
    on = bench.t
    bench.lie(300)
    off = bench.t
    bench.up(60)
    (session,) = bench.saved
    assert 0 < session.start_mono - on <= 0.19
    assert 0 < end_of(session) - off <= 0.19


# -- lifted off ----------------------------------------------------------------------------------------------------


def test_lifted_off_while_arriving_the_arrival_begins_again() -> None:
    """The recording on the balance board does this: a touch, 0.7 s lifted off, and on."""
    for lift_s in (0.3, 0.7, 1.2):
        up = 5.6 + lift_s
        feed = Feed().run(0, 5, 0.0).run(5, 5.6, 60.0).run(5.6, up, 0.0).run(up, 12, 60.0)
        assert feed.triggers == ["touched", "slipped", "touched", "confirmed"]
        assert feed.told[-1] == ("confirmed", pytest.approx(up + 3.0), pytest.approx(up))


def test_lowered_for_a_moment_without_lifting_off_the_arrival_goes_on() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 6, 40.0).run(6, 7, 6.5).run(7, 12, 40.0)
    assert feed.told == [("touched", 5.1, 5.0), ("confirmed", 8.0, 5.0)]


def test_a_lift_of_under_a_second_is_a_wriggle() -> None:
    for lift_s in (0.2, 0.4, 0.8):
        feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 60 + lift_s, 0.0).run(60 + lift_s, 90, 45.0)
        assert feed.triggers == ["touched", "confirmed"]


def test_under_off_for_a_second_is_away_since_the_fall() -> None:
    for lift_s in (1.2, 5.0, 18.0):
        feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 60 + lift_s, 0.0)
        assert feed.told[-1] == ("left", 61.0, 60.0)
        feed.run(60 + lift_s, 90, 45.0)
        assert feed.triggers == ["touched", "confirmed", "left", "returned"]
        assert feed.told[-1][2] == pytest.approx(60 + lift_s)


def test_one_reading_is_no_leaving() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).at(60.0, 0.0).run(60.1, 90, 45.0)
    assert feed.triggers == ["touched", "confirmed"]


def test_a_return_is_one_after_a_second() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 63, 0.0).run(63, 63.9, 45.0)
    assert feed.presence.load is Load.AWAY
    assert feed.run(63.9, 64.1, 45.0).told[-1] == ("returned", 64.0, 63.0)


def test_sitting_up_for_ten_seconds_to_change_a_layer_stays_one_session() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(120)
    bench.up(10)
    assert bench.state is Front.AWAY
    bench.lie(200)
    bench.up(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(320, abs=0.21)
    assert session.span_s == pytest.approx(330, abs=0.21)
    assert session.aways == 1


# -- away ----------------------------------------------------------------------------------------------------------


def test_twenty_seconds_away_end_it_to_the_tick() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(100)
    left = bench.t + 0.1
    bench.up(0.1)
    bench.pass_s(left + 20.0 - bench.t - 0.002)
    assert bench.state is Front.AWAY
    assert isinstance(bench.view, Away)
    assert bench.view.left_s == 1
    bench.pass_s(0.004)
    assert bench.state is Front.DONE
    assert end_of(bench.saved[0]) == pytest.approx(left)


def test_the_countdown_starts_at_20_and_counts_every_second_down() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(100.5)
    bench.up(30)
    left = [view.left_s for view in bench.views if isinstance(view, Away)]
    assert left == list(range(19, 0, -1)), "from the first second, which it must last, on"
    assert {view.elapsed_s for view in bench.views if isinstance(view, Away)} == {100}, "the timer stands still"


@pytest.mark.parametrize("back", [79.0, 79.7, 79.8])
def test_back_before_twenty_seconds_goes_on_although_the_second_that_it_must_last_is_later(back: float) -> None:
    """Seen with its second reading."""
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, back, 0.0).run(back, back + 5, 45.0)
    assert feed.triggers == ["touched", "confirmed", "left", "returned"]
    assert feed.told[-1][2] == pytest.approx(back)


@pytest.mark.parametrize("back", [80.1, 80.5])
def test_back_after_twenty_seconds_is_a_new_arrival(back: float) -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, back, 0.0).run(back, back + 5, 45.0)
    assert feed.triggers == ["touched", "confirmed", "left", "gone", "touched", "confirmed"]
    assert feed.told[3][2] == 60.0


def test_one_spike_in_the_last_moment_does_not_keep_it_open() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 79.9, 0.0).at(79.9, 400.0).run(80, 82, 0.0)
    assert feed.triggers == ["touched", "confirmed", "left", "gone"]
    assert feed.told[-1][2] == 60.0


def test_a_hand_on_the_mat_does_not_move_the_end() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 63, 0.0).run(63, 63.8, 20.0).run(63.8, 90, 0.0)
    assert feed.triggers == ["touched", "confirmed", "left", "gone"]
    assert feed.told[-1] == ("gone", 80.0, 60.0)


def test_a_tap_ends_the_absence_at_once() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 65, 0.0)
    feed.presence.done(65.0)
    assert feed.run(65, 66, 0.0).told[-1] == ("gone", 65.0, 60.0)
    feed.presence.done(66.0)
    assert feed.run(66, 70, 45.0).triggers[-2:] == ["touched", "confirmed"], "and does nothing else"
    feed.presence.done(70.0)
    assert feed.presence.load is Load.ON


@pytest.mark.parametrize("touch_s", [0.2, 0.5, 0.8])
def test_flapping_cannot_keep_it_alive(touch_s: float) -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0)
    t = 60.0
    while t < 200:
        feed.run(t, t + 2, 0.0).run(t + 2, t + 2 + touch_s, 20.0)
        t = round(t + 2 + touch_s, 1)
    gone = [told for told in feed.told if told[0] == "gone"]
    assert len(gone) == 1
    assert gone[0][2] == 60.0
    assert gone[0][1] <= 81.0
    assert "returned" not in feed.triggers


# -- no session ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.2, 1.0, 2.0, 2.8])
def test_stepping_across_or_sitting_down_for_socks_is_no_session(seconds: float) -> None:
    bench = Bench()
    bench.pass_s(40)
    for _ in range(5):
        bench.lie(seconds, kg=70.0)
        bench.up(10)
    assert "ON_MAT" not in bench.path
    assert bench.saved == []
    assert bench.rows.sessions == {}


def test_a_cat_of_4_5_kg_for_an_hour_is_nothing() -> None:
    bench = Bench(rate=5)
    bench.pass_s(40)
    bench.motion_kg = 0.4
    bench.lie(3600, kg=4.5)
    bench.up(30)
    assert set(bench.path) <= {"IDLE"}


def test_under_thirty_seconds_is_counted_and_not_stored() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(29.8)
    bench.up(60)
    assert bench.saved == []
    assert bench.dropped == ["short"]
    assert "short" in bench.heard
    assert bench.rows.sessions == {}, "the row that stood from the third second is away again"


def test_thirty_seconds_are_stored() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(30.2)
    bench.up(60)
    assert [round(s.on_mat_s) for s in bench.saved] == [30]


def test_short_counts_the_time_on_the_mat_and_not_the_span() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(15)
    bench.up(19)
    bench.lie(10)
    bench.up(60)
    assert bench.saved == []
    assert bench.dropped == ["short"]


def test_every_change_carries_a_reason() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(100)
    bench.up(5)
    bench.lie(50)
    bench.up(60)
    assert bench.heard == ["arriving", "session_started", "away", "back", "away", "session_ended"]
    assert all(reason for _, reason in bench.said)
    assert bench.said[-1] == ("session_ended", "left")


# -- spikes and flags ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("rate", [10.0, 80.0])
def test_isolated_spikes_of_400_kg_neither_start_nor_split_nor_stop(channels: int, rate: float) -> None:
    bench = Bench(channels=channels, rate=rate, seed=channels)
    bench.spike_share = 0.05
    bench.pass_s(120)
    assert bench.path == []
    on = bench.t
    bench.lie(300)
    assert bench.path == ["ARRIVING", "ON_MAT"]
    off = bench.t
    bench.up(60)
    (session,) = bench.saved
    assert session.start_mono == pytest.approx(on, abs=0.31)
    assert end_of(session) == pytest.approx(off, abs=0.31)
    assert session.aways == 0


@pytest.mark.parametrize("seed", range(4))
def test_pairs_of_spikes_begin_and_end_no_session(seed: int) -> None:
    bench = Bench(seed=seed)
    bench.spike_share, bench.spike_run = 0.05, 2
    bench.pass_s(600)
    assert "ON_MAT" not in bench.path
    bench.lie(600)
    bench.up(60)
    (session,) = bench.saved
    assert session.span_s == pytest.approx(600, abs=3.0)
    assert session.on_mat_s == pytest.approx(session.span_s, abs=0.1)
    assert session.aways == 0


@pytest.mark.parametrize("kg", [400.0, -400.0, 0.0, float("nan"), float("inf")])
def test_a_flagged_reading_never_enters_whatever_it_says(kg: float) -> None:
    feed = Feed().run(0, 5, 0.0)
    for n in range(50, 60):
        feed.at(n / 10, 0.0).at(n / 10 + 0.03, kg, ok=False)
    assert feed.triggers == []
    feed.run(6, 30, 45.0)
    for n in range(300, 400):
        feed.at(n / 10, 45.0).at(n / 10 + 0.03, kg, ok=False).at(n / 10 + 0.06, kg, ok=False)
    assert feed.triggers == ["touched", "confirmed"]
    assert feed.presence.rejected == 210


def test_time_that_steps_back_by_a_hair_changes_nothing() -> None:
    bench = Bench()
    bench.pass_s(40)
    for n, kg in enumerate([0.0] * 50 + [45.0] * 3000 + [0.0] * 400):
        t = bench.t + n * 0.1 - (0.0004 if n % 7 == 3 else 0.0)
        while (wake := bench.device.next_wake()) is not None and wake <= t:
            bench.send(Tick(wake))
        bench.send(Reading(t, (0.7 * kg + 0.01 * (n % 5), 0.3 * kg)))
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(300.0, abs=0.01)
