"""When somebody came and left: the foot of the rise and of the fall, whatever lies there besides."""

from __future__ import annotations

from math import pi, sin

import pytest

from matpi.core import edges
from matpi.core.presence.detector import Load
from tests.bench import Bench, Body, end_of
from tests.core.test_presence import Feed


def ramp(feed: Feed, begin: float, end: float, was: float, becomes: float) -> Feed:
    """Readings every 0.1 s in [begin, end), in a straight line."""
    low, high = round(begin * 10), round(end * 10)
    for n in range(low, high):
        feed.at(n / 10, was + (becomes - was) * (n - low + 1) / (high - low))
    return feed


# -- coming --------------------------------------------------------------------------------------------------------


def test_somebody_who_gets_on_slowly_came_with_the_first_kilogram() -> None:
    """2 kg a tenth of a second: 12 kg after 0.6 s, told then; over 1 kg with the first of them."""
    feed = ramp(Feed().run(0, 5, 0.0), 5, 7, 0.0, 40.0).run(7, 12, 40.0)
    assert feed.told[0] == ("touched", 5.6, 5.0)
    assert feed.told[1] == ("confirmed", 8.5, 5.0), "the dwell counts from the threshold"


def test_a_light_touch_and_lifted_off_again_for_under_a_second_is_the_first_touch() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 5.5, 8.0).run(5.5, 6.3, 0.0).run(6.3, 12, 60.0)
    assert ("confirmed", 9.3, 5.0) in feed.told


def test_a_cat_that_left_over_a_second_before_is_no_part_of_getting_on() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 6, 4.0).run(6, 7.2, 0.0).run(7.2, 12, 60.0)
    assert ("confirmed", 10.2, 7.2) in feed.told


def test_what_lay_there_already_is_no_touch() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 8.0).run(60, 66, 50.0)
    assert ("confirmed", 63.0, 60.0) in feed.told


@pytest.mark.parametrize("kg", [5.0, 11.0, -30.0, 400.0])
def test_one_wrong_reading_before_it_moves_no_start(kg: float) -> None:
    feed = Feed().run(0, 5, 0.0).at(5.0, kg).run(5.1, 5.6, 0.0)
    feed.run(5.6, 12, 60.0)
    assert ("confirmed", 8.6, 5.6) in feed.told


def test_with_nothing_seen_before_it_the_start_is_the_first_reading() -> None:
    assert Feed().run(1, 6, 60.0).told == [("touched", 1.1, 1.0), ("confirmed", 4.0, 1.0)]


def test_coming_back_is_dated_like_coming() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 70, 0.0)
    ramp(feed, 70, 72, 0.0, 40.0).run(72, 80, 40.0)
    assert feed.told[-1][0] == "returned"
    assert feed.told[-1][2] == 70.0


# -- leaving -------------------------------------------------------------------------------------------------------


def test_somebody_who_slides_off_left_at_the_foot_of_the_fall() -> None:
    """From 6 kg to nothing in 1.2 s: "off" is told when that is over, and the end is where a kilogram was left."""
    feed = ramp(Feed().run(0, 5, 0.0).run(5, 60, 48.0), 60, 69.6, 48.0, 0.0).run(69.6, 95, 0.0)
    trigger, _, at = feed.told[-1]
    assert trigger == "gone"
    assert at == pytest.approx(69.4 - edges.CHIP_S, abs=0.11)
    assert at > 68.5, "under 6 kg since 68.4 s"


@pytest.mark.parametrize("hand_kg", [15.0, 40.0])
@pytest.mark.parametrize("after_s", [0.2, 0.4])
def test_a_hand_put_down_at_once_behind_does_not_move_the_end(after_s: float, hand_kg: float) -> None:
    hand = 60 + after_s
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, hand, 0.0).run(hand, hand + 0.6, hand_kg)
    feed.run(hand + 0.6, 90, 0.0)
    assert feed.triggers == ["touched", "confirmed", "left", "gone"]
    assert feed.told[-1][2] == 60.0


def test_two_wriggles_of_one_fidget_are_no_leaving() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0)
    for at in (60.0, 60.8, 61.6):
        feed.run(at, at + 0.3, 2.0).run(at + 0.3, at + 0.8, 45.0)
    assert feed.run(62.4, 80, 45.0).triggers == ["touched", "confirmed"]


def test_what_fell_in_a_gap_of_the_readings_was_last_seen_before_it() -> None:
    falls = [(60.0, 45.0), (60.1, 5.0), (61.9, 0.2), (62.0, 0.1), (62.1, 0.0)]
    assert edges.left(falls, 60.1) == 60.1


def test_the_foot_is_that_of_the_first_fall() -> None:
    track = [(n / 10, kg) for n, kg in enumerate([40.0, 20.0, 5.0, 3.0, 2.0, 2.0, 2.0, 9.0, 9.0, 9.0, 0.0, 0.0, 0.0])]
    assert edges.left(track, 0.2) == pytest.approx(max(0.2, 0.3 - edges.CHIP_S))
    assert edges.left([], 3.0) == 3.0


# -- somebody leaves, something stays ------------------------------------------------------------------------------


def test_a_cat_that_stays_behind_does_not_lie_on_for_the_person() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 100, 7.0)
    assert feed.triggers == ["touched", "confirmed", "left", "gone"]
    assert feed.told[-1] == ("gone", 80.0, 60.0)
    assert feed.presence.load is Load.EMPTY


def test_nor_does_a_bag_that_lay_there_before() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 10.0).run(60, 120, 50.0).run(120, 160, 10.0)
    assert feed.triggers == ["touched", "confirmed", "left", "gone"]
    assert feed.told[-1][2] == 120.0


def test_a_hand_behind_does_not_make_it_later() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 62, 7.0).run(62, 62.6, 30.0).run(62.6, 100, 7.0)
    assert feed.triggers[-1] == "gone"
    assert feed.told[-1][2] == 60.0


def test_hips_lifted_for_four_seconds_leave_a_tenth_and_nobody_has_left() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 80.0).run(60, 64, 9.0).run(64, 80, 80.0)
    assert feed.triggers == ["touched", "confirmed"]


def test_who_gets_up_from_a_cat_and_lies_down_again_is_back() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 72, 7.0).run(72, 90, 45.0)
    assert feed.triggers == ["touched", "confirmed", "left", "returned"]
    assert feed.told[-1][2] == 72.0


def test_sitting_first_and_lying_down_after_is_no_leaving() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 100.0).run(60, 120, 60.0)
    assert feed.triggers == ["touched", "confirmed"]


# -- what is too light for a person --------------------------------------------------------------------------------


def pet_lands(feed: Feed, begin: float, kg: float) -> Feed:
    """Jumps up with half as much again, turns round for six seconds, and lies."""
    feed.run(begin, begin + 0.4, 1.5 * kg)
    for n in range(10):
        feed.run(begin + 0.4 + 0.6 * n, begin + 1.0 + 0.6 * n, kg * (1.15 if n % 2 else 0.85))
    return feed


@pytest.mark.parametrize("kg", [9.0, 11.0, 11.5])
def test_a_pet_that_jumps_up_and_lies_down_is_no_session(kg: float) -> None:
    feed = pet_lands(Feed().run(0, 5, 0.0), 5, kg)
    feed.run(11.4, 600, kg)
    assert "confirmed" not in feed.triggers
    assert feed.triggers.count("touched") == 1, "and it is greeted once"
    assert feed.triggers.count("slipped") == 1


def test_beside_such_a_pet_a_person_counts_and_when_it_is_gone_all_is_as_before() -> None:
    feed = pet_lands(Feed().run(0, 5, 0.0), 5, 11.0).run(11.4, 60, 11.0)
    before = len(feed.told)
    feed.run(60, 120, 45.0).run(120, 160, 11.0)
    assert feed.triggers[before:] == ["touched", "confirmed", "left", "gone"]
    assert feed.told[-1][2] == 120.0
    before = len(feed.told)
    feed.run(160, 170, 0.0).run(170, 176, 13.0)
    assert feed.triggers[before:] == ["touched"]
    assert feed.told[-1][2] == 170.0, "the threshold is the old one"


def test_a_light_load_that_rests_over_the_threshold_is_believed_after_ten_seconds_from_its_touch() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 20, 13.0)
    assert feed.told == [("touched", 5.1, 5.0), ("confirmed", 15.0, 5.0)]


def test_a_cat_on_a_bag_is_together_heavy_enough_and_nobody() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 10.0).run(60, 300, 15.0)
    assert feed.triggers == ["touched", "slipped"]
    feed.run(300, 400, 10.0).run(400, 500, 0.0)
    assert feed.triggers == ["touched", "slipped"]


# -- things --------------------------------------------------------------------------------------------------------


def test_a_bag_put_where_somebody_lay_is_no_return() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(300, kg=65.0)
    off = bench.t
    bench.up(10)
    bench.motion_kg = 0.0
    bench.lie(60, kg=20.0)
    (session,) = bench.saved
    assert end_of(session) == pytest.approx(off, abs=0.2)
    assert session.on_mat_s == pytest.approx(300, abs=0.2)
    assert session.span_s == pytest.approx(session.on_mat_s)
    assert session.aways == 0


@pytest.mark.parametrize("seconds", [32, 35, 40])
def test_a_bag_that_lies_a_little_longer_than_a_short_session_is_none(seconds: float) -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(8, kg=20.0)  # is put straight
    bench.motion_kg = 0.0
    bench.lie(seconds - 8, kg=20.0)
    bench.up(60)
    assert bench.saved == []
    assert bench.rows.sessions == {}
    assert bench.dropped == ["object"]


def test_a_person_of_half_a_minute_is_one() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(32)
    bench.up(60)
    assert len(bench.saved) == 1


@pytest.mark.parametrize("rate", [3.0, 3.5, 10.0])
def test_who_was_never_judged_to_be_still_is_a_person(rate: float) -> None:
    """With three readings a second no second can be judged, and with four not every one."""
    bench = Bench(rate=10.0)
    bench.pass_s(60)
    assert bench.device.presence.zero.noise_kg is not None
    bench.rate = rate
    bench.lie(35)
    bench.up(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(35.0, abs=2 / rate)


def asleep(bench: Bench, noise_kg: float) -> Body:
    """A breath of ten seconds that moves 24 g to and fro between the ends: in no second more than noisy cells show."""

    def load(t: float) -> tuple[float, ...]:
        breath = 0.012 * sin(2 * pi * 0.1 * t)
        return (18.0 + breath + bench.random.gauss(0, noise_kg), 12.0 - breath + bench.random.gauss(0, noise_kg))

    return load


def lies_dead(bench: Bench, noise_kg: float, kg: float) -> Body:
    return lambda _: (kg / 2 + bench.random.gauss(0, noise_kg), kg / 2 + bench.random.gauss(0, noise_kg))


@pytest.mark.parametrize("seconds", [33.0, 45.0, 300.0])
def test_a_slow_sleeper_on_noisy_cells_is_a_person(seconds: float) -> None:
    bench, noise_kg = Bench(), 0.0036
    bench.body = lies_dead(bench, noise_kg, 0.0)
    bench.pass_s(60)
    bench.body = asleep(bench, noise_kg)
    bench.pass_s(seconds)
    bench.body = lies_dead(bench, noise_kg, 0.0)
    bench.pass_s(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(seconds, abs=0.2)


@pytest.mark.parametrize("seconds", [45.0, 300.0])
def test_and_was_one_when_a_bag_is_put_there_behind(seconds: float) -> None:
    bench, noise_kg = Bench(), 0.0036
    bench.body = lies_dead(bench, noise_kg, 0.0)
    bench.pass_s(60)
    bench.body = asleep(bench, noise_kg)
    bench.pass_s(seconds)
    for kg, behind_s in ((0.0, 4), (18.0, 200)):
        bench.body = lies_dead(bench, noise_kg, kg)
        bench.pass_s(behind_s)
    assert bench.device.presence.load is Load.OBJECT
    (session,) = bench.saved
    assert session.on_mat_s >= seconds - 0.2


def test_a_thing_taken_away_slowly_was_one() -> None:
    """The seconds in which it is lifted move, and take nothing from those in which it was still."""
    for phase in range(10):
        bench = Bench()
        bench.pass_s(60 + phase / 10)
        bench.lie(5, kg=20.0)
        bench.motion_kg = 0.0
        bench.lie(30, kg=20.0)
        for kg in (18.0, 15.0, 11.0, 8.0):
            bench.lie(0.2, kg=kg)
        bench.up(60)
        assert bench.saved == []


def test_on_one_channel_nobody_is_taken_for_an_object() -> None:
    """Breath moves from end to end and hardly shows in the sum; a weak heart does not show in the noise."""
    bench = Bench(channels=1)
    bench.body = lambda _: (bench.random.gauss(0.0, 0.006),)
    bench.pass_s(90)
    assert bench.device.presence.zero.noise_kg is not None
    bench.body = lambda _: (40.0 + bench.random.gauss(0.0, 0.006),)
    bench.pass_s(600)
    assert bench.path == ["ARRIVING", "ON_MAT"]


def test_a_bag_on_a_poor_cell_that_creeps_is_an_object() -> None:
    """0.3 g a second and channel; under a breath the channels go to and fro by 20 g and more."""
    bench = Bench()
    bench.noise_kg = 0.001
    bench.pass_s(60)
    bench.motion_kg = 0.0
    begin = bench.t
    gauss = bench.random.gauss

    def creeping(t: float) -> tuple[float, ...]:
        return (12.0 + 0.0003 * (t - begin) + gauss(0, 0.0008), 8.0 + 0.0003 * (t - begin) + gauss(0, 0.0008))

    bench.body = creeping
    bench.pass_s(60)
    assert bench.device.presence.load is Load.OBJECT


def test_a_pet_on_a_thing_or_left_alone_by_it_does_not_bring_it_to_life() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(40, kg=20.0)
    assert bench.device.presence.load is Load.OBJECT
    bench.motion_kg = 0.05
    bench.lie(60, kg=27.0)  # a pet of 7 kg on top
    assert bench.device.presence.load is Load.OBJECT
    bench.lie(60, kg=7.0)
    assert bench.saved == []
    assert bench.path.count("ON_MAT") == 1, "the thing itself, before it was told as one"


def test_whoever_lay_there_while_nobody_was_counted_is_not_what_lay_there_before() -> None:
    """After a calibration the person who stood there lies down without getting off."""
    feed = Feed().run(0, 5, 0.0)
    feed.presence.suspend()
    feed.run(5, 60, 60.0)
    feed.presence.suspend(False)
    assert feed.run(60, 70, 60.0).triggers == ["touched", "confirmed"]


def test_a_small_part_of_somebody_heavy_is_somebody_while_it_weighs_enough_by_itself() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 90.0).run(60, 120, 13.0)
    assert feed.presence.load is Load.ON


def test_with_another_threshold_enough_by_itself_is_another_weight() -> None:
    feed = Feed().run(0, 5, 0.0)
    feed.presence.set_on_kg(4.0)
    assert feed.run(5, 60, 40.0).run(60, 120, 5.0).presence.load is Load.ON
