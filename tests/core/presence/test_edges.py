"""When the person came and left, whatever else is on the mat: edges, sitting up, sensor timeouts, pets, things."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from math import pi, sin

import pytest

from matpi.core.front import Front
from matpi.core.model import Doubt, EndReason
from matpi.core.presence.load import Load
from matpi.core.views import Away
from tests.bench import Bench, Body, end_of
from tests.core.presence.feed import Feed

# -- coming --------------------------------------------------------------------------------------------------------


def test_a_slow_arrival_is_dated_to_the_first_reading_over_2_kg() -> None:
    """2 kg a tenth of a second: 12 kg after 0.6 s, seen 0.1 s later."""
    feed = Feed().run(0, 5, 0.0).ramp(5, 7, 0.0, 40.0).run(7, 12, 40.0)
    assert feed.told[0] == ("touched", 5.6, 5.0)
    assert feed.told[1] == ("confirmed", 8.5, 5.0), "the dwell counts from the threshold"
    slow = Feed().run(0, 5, 0.0).ramp(5, 11, 0.0, 15.0).run(11, 15, 15.0)
    assert slow.told[-1][2] == pytest.approx(5.7), "2 kg after 0.8 s"


def test_the_start_lies_at_most_ten_seconds_of_readings_before_the_threshold() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 5.1, 1.0).ramp(5.1, 35, 1.0, 13.0).run(35, 40, 13.0)
    assert feed.told[-1][0] == "confirmed"
    assert feed.told[-1][2] >= feed.told[0][1] - 10.2


def test_under_2_kg_in_between_the_arrival_begins_after_it() -> None:
    for kg in (8.0, 60.0):
        feed = Feed().run(0, 5, 0.0).run(5, 5.5, kg).run(5.5, 6.3, 0.0).run(6.3, 12, 60.0)
        assert ("confirmed", 9.3, 6.3) in feed.told
    over = Feed().run(0, 5, 0.0).run(5, 5.5, 8.0).run(5.5, 6.3, 2.5).run(6.3, 12, 60.0)
    assert ("confirmed", 9.3, 5.0) in over.told


def test_what_was_on_the_mat_before_is_no_touch() -> None:
    """The rise begins above the lowest of the last ten seconds."""
    feed = Feed().run(0, 5, 0.0).run(5, 60, 8.0).run(60, 66, 50.0)
    assert ("confirmed", 63.0, 60.0) in feed.told


@pytest.mark.parametrize("kg", [5.0, 11.0, -30.0, 400.0])
def test_one_wrong_reading_before_it_moves_no_start(kg: float) -> None:
    feed = Feed().run(0, 5, 0.0).at(5.0, kg).run(5.1, 5.6, 0.0)
    feed.run(5.6, 12, 60.0)
    assert ("confirmed", 8.6, 5.6) in feed.told


def test_with_nothing_seen_before_it_the_start_is_the_first_reading() -> None:
    assert Feed().run(1, 6, 60.0).told == [("touched", 1.2, 1.0), ("confirmed", 4.0, 1.0)]


def test_a_sensor_timeout_that_begins_with_the_touch_does_not_date_the_start_late() -> None:
    """One reading over 2 kg, or a few, and then none for longer than a timeout takes: the start is the touch."""
    for heard_s in (0.1, 0.2, 0.3, 0.5):
        for lost_s in (1.0, 2.5, 5.0, 30.0, 59.0):
            feed = Feed().run(0, 60, 0.0).run(60, 60 + heard_s, 45.0)
            back = 60 + heard_s + lost_s
            feed.until(back - 0.05).run(back, back + 5, 45.0)
            trigger, _, at = feed.told[-1]
            assert trigger == "confirmed"
            assert at == pytest.approx(60.0, abs=0.11), (heard_s, lost_s)


def test_a_hole_over_a_minute_ends_the_look_back() -> None:
    feed = Feed().run(0, 60, 0.0).run(60, 60.3, 45.0).until(124.95).run(125, 130, 45.0)
    assert feed.told[-1] == ("confirmed", 128.0, 125.0)


def test_a_hole_before_the_touch_is_no_time() -> None:
    feed = Feed().run(0, 60, 0.0).until(69.95).run(70, 75, 45.0)
    assert feed.told[-1] == ("confirmed", 73.0, 70.0)


def test_coming_back_is_dated_to_the_threshold() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 80, 45.0).run(80, 90, 0.0)
    feed.ramp(90, 92, 0.0, 40.0).run(92, 100, 40.0)
    assert feed.told[-1][0] == "returned"
    assert feed.told[-1][2] == pytest.approx(90.7), "over 35 % of 45 kg"


# -- leaving -------------------------------------------------------------------------------------------------------


def test_a_slow_fall_moves_the_end_from_a_third_of_the_load_to_off() -> None:
    """5 kg a second: under 35 % of 48 kg at 86.3 s, under 6 kg at 88.4 s."""
    feed = Feed().run(0, 5, 0.0).run(5, 80, 48.0).ramp(80, 89.6, 48.0, 0.0).run(89.6, 115, 0.0)
    assert feed.triggers == ["touched", "confirmed", "left", "fell", "gone"]
    assert feed.told[2][2] == pytest.approx(86.2, abs=0.11)
    assert feed.told[-1][2] == pytest.approx(88.4, abs=0.11)


@pytest.mark.parametrize("hand_kg", [15.0, 40.0])
@pytest.mark.parametrize("after_s", [0.2, 0.4])
def test_a_hand_put_down_at_once_behind_does_not_move_the_end(after_s: float, hand_kg: float) -> None:
    hand = 60 + after_s
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, hand, 0.0).run(hand, hand + 0.6, hand_kg)
    feed.run(hand + 0.6, 90, 0.0)
    assert [trigger for trigger in feed.triggers if trigger != "fell"] == ["touched", "confirmed", "left", "gone"]
    assert feed.told[-1][2] == pytest.approx(60.0, abs=1.0)


def test_what_fell_in_a_hole_of_the_readings_was_last_seen_before_it() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).until(61.45).run(61.5, 90, 0.0)
    assert feed.told[-1][0] == "gone"
    assert feed.told[-1][2] == pytest.approx(59.9)


# -- most of the load gone -----------------------------------------------------------------------------------------


def test_sitting_up_is_away_and_has_two_minutes() -> None:
    for kg, seconds in ((9.0, 28), (8.5, 38), (14.0, 110), (6.1, 115)):
        feed = Feed().run(0, 5, 0.0).run(5, 100, 45.0).run(100, 100 + seconds, kg).run(100 + seconds, 300, 45.0)
        assert feed.triggers == ["touched", "confirmed", "left", "returned"], (kg, seconds)
        assert feed.told[2][1:] == (101.0, 100.0)
        assert feed.told[3][2] == 100 + seconds


def test_less_than_most_of_the_load_gone_is_none() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 300, 16.0)
    assert feed.triggers == ["touched", "confirmed"]
    sitting_first = Feed().run(0, 5, 0.0).run(5, 60, 100.0).run(60, 300, 60.0)
    assert sitting_first.triggers == ["touched", "confirmed"]


def test_in_the_first_minute_only_off_is_away() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 64, 8.0)
    assert feed.triggers == ["touched", "confirmed"]


def test_sitting_down_first_and_lying_down_half_on_is_one_session() -> None:
    """Light as the half is: under 35 % of what sat there."""
    for sits_s in (5, 15, 25):
        feed = Feed().run(0, 5, 0.0).run(5, 5 + sits_s, 70.0).run(5 + sits_s, 600, 20.0).run(600, 630, 0.0)
        assert feed.triggers == ["touched", "confirmed", "left", "gone"], sits_s
        assert feed.told[-1][2] == 600.0


def test_what_stays_for_two_minutes_is_subtracted_until_it_leaves() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 80, 45.0).run(80, 205, 9.0)
    assert feed.triggers == ["touched", "confirmed", "left", "gone"]
    assert feed.told[-1] == ("gone", 200.0, 80.0)
    assert feed.presence.load is Load.OBJECT
    assert feed.presence.object_kg == pytest.approx(9.0)
    feed.run(205, 210, 20.0)
    assert feed.presence.load is Load.OBJECT, "11 kg more are under the threshold"
    feed.run(210, 260, 50.0).run(260, 300, 9.0)
    assert feed.triggers[4:] == ["touched", "confirmed", "left", "gone"]
    assert feed.told[-1] == ("gone", 280.0, 260.0)
    feed.run(300, 310, 0.0)
    assert (feed.triggers[-1], feed.presence.load, feed.presence.object_kg) == ("cleared", Load.EMPTY, 0.0)
    assert feed.run(310, 320, 13.0).triggers[-2:] == ["touched", "confirmed"]


def test_what_stayed_is_no_longer_subtracted_when_part_of_it_is_taken_away() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 100, 90.0).run(100, 225, 20.0)
    assert feed.presence.object_kg == pytest.approx(20.0)
    feed.run(225, 300, 9.0)
    assert feed.presence.object_kg == 0.0, "it was not what it seemed"
    assert feed.run(300, 310, 22.0).triggers[-1] == "confirmed"


def test_two_things_that_stayed_are_subtracted_together() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 80, 45.0).run(80, 205, 9.0).run(205, 290, 54.0).run(290, 415, 17.0)
    assert feed.triggers.count("gone") == 2
    assert feed.presence.object_kg == pytest.approx(17.0)


def test_when_all_leaves_within_the_wait_it_ended_at_the_fall_or_with_what_weighed_enough_for_a_person() -> None:
    for kg, end in ((8.0, 100.0), (11.0, 100.0), (13.0, 140.0)):
        feed = Feed().run(0, 5, 0.0).run(5, 100, 45.0).run(100, 140, kg).run(140, 170, 0.0)
        assert feed.triggers[-1] == "gone"
        assert feed.told[-1][1:] == (160.0, end), kg


def test_the_screen_counts_down_what_is_waited_for() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(100)
    bench.kg = 8.0
    bench.pass_s(10)
    assert isinstance(bench.view, Away)
    assert (bench.view.left_s, bench.view.of_s) == (111, 120)
    bench.up(5)
    assert isinstance(bench.view, Away)
    assert bench.view.left_s == 16
    bench.pass_s(16)
    assert bench.state is Front.DONE


def test_a_tap_while_something_stays_ends_it_at_the_fall() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(100)
    off = bench.t
    bench.kg = 8.0
    bench.pass_s(10)
    bench.tap()
    assert bench.state is Front.DONE
    assert end_of(bench.saved[0]) == pytest.approx(off, abs=0.2)
    assert bench.device.presence.object_kg == pytest.approx(8.0, abs=0.1)


# -- sensor timeouts while away ------------------------------------------------------------------------------------


def test_an_absence_is_not_over_while_there_are_no_readings() -> None:
    for lost_s in (10, 25, 50):
        feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 65, 0.0).until(65 + lost_s)
        assert feed.triggers[-1] == "sensor_lost"
        back = 65 + lost_s
        came = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 65, 0.0).until(back - 0.05).run(back, back + 5, 45.0)
        assert came.triggers[-2:] == ["sensor_back", "returned"]
        assert came.told[-1][2] == pytest.approx(back)
        stayed_away = feed.run(back, back + 25, 0.0)
        assert stayed_away.triggers[-2:] == ["sensor_back", "gone"]
        assert stayed_away.told[-1][2] == 60.0


def test_a_fall_just_before_the_readings_stop_is_dated_to_it() -> None:
    """One light reading, and single ones between timeouts: too few to be the fall at once."""
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 60.1, 0.0)
    for second in (60.2, 64.0, 67.8):
        feed.presence.lose(second, "disturbed")
        feed.until(second + 3.5).run(second + 3.6, second + 3.7, 0.0)
    feed.run(71.6, 100, 0.0)
    assert feed.triggers[-1] == "gone"
    assert feed.told[-1][2] == pytest.approx(60.0)


def test_after_a_minute_without_readings_it_ended_at_the_fall() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 65, 0.0).until(200)
    assert feed.triggers == ["touched", "confirmed", "left", "sensor_lost", "gone"]
    assert feed.told[-1] == ("gone", pytest.approx(124.9), 60.0)


def test_slow_readings_decide_it_too() -> None:
    for step_s in (0.1, 0.25, 0.3):
        feed = Feed(step_s=step_s).run(0, 6, 0.0).run(6, 60, 45.0).run(60, 66, 0.0).until(95)
        feed.run(96, 105, 45.0)
        assert feed.triggers[-2:] == ["sensor_back", "returned"], step_s


def test_a_return_that_a_timeout_cuts_short_is_decided_by_the_readings_after_it() -> None:
    for there in (True, False):
        feed = Feed().run(0, 5, 0.0).run(5, 60, 45.0).run(60, 70, 0.0).run(70, 70.5, 45.0)
        feed.presence.lose(70.5, "unplugged")
        feed.until(79.95).run(80, 110, 45.0 if there else 0.0)
        assert feed.triggers[-1] == ("returned" if there else "gone"), there
        assert feed.told[-1][2] == pytest.approx(70.0 if there else 60.0)


# -- pets ----------------------------------------------------------------------------------------------------------


def pet_lands(feed: Feed, begin: float, kg: float) -> Feed:
    """Jumps up with half as much again, turns round for six seconds, and lies."""
    feed.run(begin, begin + 0.4, 1.5 * kg)
    for n in range(10):
        feed.run(begin + 0.4 + 0.6 * n, begin + 1.0 + 0.6 * n, kg * (1.15 if n % 2 else 0.85))
    return feed


def test_a_pet_under_the_threshold_that_lands_over_it_is_a_session_that_does_not_count() -> None:
    """Over off it stays for longer than the dwell: timed like any other load, and told apart by its middle load."""
    bench = Bench()
    bench.pass_s(60)
    bench.lie(0.4, kg=16.0)
    bench.lie(200, kg=10.0)
    bench.up(30)
    (session,) = bench.saved
    assert (session.doubt, session.counts) == (Doubt.LIGHT, False)
    assert session.load_kg == pytest.approx(10.0, abs=0.1)
    assert bench.state is Front.CONFIRM, "a person who sat up at once may weigh so little"


def test_a_pet_of_8_kg_that_lands_is_no_session() -> None:
    feed = pet_lands(Feed().run(0, 5, 0.0), 5, 7.0).run(11.4, 600, 7.0)
    assert "confirmed" not in feed.triggers


def test_a_light_load_over_the_threshold_is_a_session_after_three_seconds() -> None:
    assert Feed().run(0, 5, 0.0).run(5, 20, 12.5).told == [("touched", 5.1, 5.0), ("confirmed", 8.0, 5.0)]


# -- things --------------------------------------------------------------------------------------------------------


def test_a_bag_put_where_the_person_lay_is_no_return() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(300, kg=65.0)
    off = bench.t
    bench.up(10)
    bench.motion_kg = 0.0
    bench.lie(60, kg=25.0)
    (session,) = bench.saved
    assert end_of(session) == pytest.approx(off, abs=0.2)
    assert session.on_mat_s == pytest.approx(300, abs=0.2)
    assert session.span_s == pytest.approx(session.on_mat_s)
    assert (session.aways, session.doubt) == (0, None)


def test_a_bag_put_where_the_person_lay_for_under_half_a_minute_leaves_a_short_session() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(20, kg=65.0)
    bench.up(5)
    bench.motion_kg = 0.0
    bench.lie(60, kg=25.0)
    assert bench.state is Front.OBJECT
    assert bench.saved == []
    assert bench.dropped == ["short"]
    bench.up(30)
    assert bench.state is Front.IDLE


@pytest.mark.parametrize("seconds", [32, 35, 39])
def test_a_bag_taken_away_before_it_is_reported_is_stored_as_a_thing(seconds: float) -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(5, kg=20.0)  # is put straight
    bench.motion_kg = 0.0
    bench.lie(seconds - 5, kg=20.0)
    bench.up(60)
    (session,) = bench.saved
    assert (session.doubt, session.counts) == (Doubt.THING, False)
    assert bench.state is Front.IDLE, "and nothing is asked"
    assert "OBJECT" not in bench.path


def test_a_person_of_half_a_minute_is_one() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(32)
    bench.up(60)
    assert [s.doubt for s in bench.saved] == [None]


@pytest.mark.parametrize("rate", [3.0, 3.5, 10.0])
@pytest.mark.parametrize("kg", [20.0, 45.0])
def test_a_load_that_no_second_is_known_of_is_a_person(rate: float, kg: float) -> None:
    """With three readings a second there is no whole second, and with four not every one is."""
    bench = Bench(rate=rate)
    bench.pass_s(60)
    bench.lie(65, kg=kg)
    bench.up(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(65.0, abs=2 / rate)
    assert session.doubt is None
    assert bench.device.presence.load is Load.EMPTY


def asleep(bench: Bench, noise_kg: float) -> Body:
    """A breath of ten seconds that moves 24 g to and fro between the ends: in no second more than noisy cells show."""

    def load(t: float) -> tuple[float, ...]:
        breath = 0.012 * sin(2 * pi * 0.1 * t)
        return (16.0 + breath + bench.random.gauss(0, noise_kg), 11.0 - breath + bench.random.gauss(0, noise_kg))

    return load


def unmoving(bench: Bench, noise_kg: float, kg: float) -> Body:
    return lambda _: (kg / 2 + bench.random.gauss(0, noise_kg), kg / 2 + bench.random.gauss(0, noise_kg))


@pytest.mark.parametrize("seconds", [33.0, 45.0, 300.0])
def test_a_slow_sleeper_on_noisy_cells_is_a_person(seconds: float) -> None:
    bench, noise_kg = Bench(), 0.0036
    bench.body = unmoving(bench, noise_kg, 0.0)
    bench.pass_s(60)
    bench.body = asleep(bench, noise_kg)
    bench.pass_s(seconds)
    bench.body = unmoving(bench, noise_kg, 0.0)
    bench.pass_s(60)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(seconds, abs=0.2)
    assert session.doubt is None


def test_and_was_one_when_a_bag_is_put_there_behind() -> None:
    bench, noise_kg = Bench(), 0.0036
    bench.body = unmoving(bench, noise_kg, 0.0)
    bench.pass_s(60)
    bench.body = asleep(bench, noise_kg)
    bench.pass_s(300)
    for kg, behind_s in ((0.0, 4), (18.0, 200)):
        bench.body = unmoving(bench, noise_kg, kg)
        bench.pass_s(behind_s)
    assert bench.device.presence.load is Load.OBJECT
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(300.0, abs=0.2)
    assert session.doubt is None


def test_a_thing_taken_away_slowly_was_one() -> None:
    """The seconds in which it is lifted move, and take nothing from those in which it was still."""
    for phase in range(10):
        bench = Bench()
        bench.pass_s(60 + phase / 10)
        bench.lie(4, kg=20.0)
        bench.motion_kg = 0.0
        bench.lie(34, kg=20.0)
        for kg in (18.0, 15.0, 11.0, 8.0):
            bench.lie(0.2, kg=kg)
        bench.up(60)
        assert [s.doubt for s in bench.saved] == [Doubt.THING]


def test_on_one_channel_nothing_is_taken_for_an_object() -> None:
    """Breath moves from end to end and hardly shows in the sum."""
    bench = Bench(channels=1)
    bench.body = lambda _: (bench.random.gauss(0.0, 0.006),)
    bench.pass_s(90)
    bench.body = lambda _: (20.0 + bench.random.gauss(0.0, 0.006),)
    bench.pass_s(600)
    assert bench.path == ["ARRIVING", "ON_MAT"]


def test_a_bag_on_a_poor_cell_that_creeps_is_an_object() -> None:
    """0.3 g a second and channel, steadily; breath goes to and fro."""
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


def test_a_thing_on_a_thing_is_taken_away_and_the_one_below_is_no_person() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(60, kg=25.0)
    bench.lie(60, kg=45.0)
    assert bench.device.presence.object_kg == pytest.approx(45.0, abs=0.1)
    bench.motion_kg = 0.05
    bench.lie(120, kg=25.0)
    assert bench.state is Front.OBJECT
    assert bench.device.presence.object_kg == pytest.approx(25.0, abs=0.1)
    assert [s.doubt for s in bench.saved] == [Doubt.THING, Doubt.THING]
    assert bench.path.count("ON_MAT") == 2
    bench.up(10)
    assert bench.state is Front.IDLE


def test_a_load_of_no_world_is_stored_without_its_weight() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(60, kg=20_000.0)
    bench.up(60)
    assert [s.load_kg for s in bench.saved] == [None]


def test_a_pet_on_a_thing_that_is_reported_is_its_own_affair() -> None:
    """7 kg more are no person, and they move: the thing is taken for a person until the pet has gone again."""
    bench = Bench()
    bench.pass_s(60)
    bench.motion_kg = 0.0
    bench.lie(60, kg=20.0)
    assert bench.device.presence.load is Load.OBJECT
    bench.motion_kg = 0.05
    bench.lie(20, kg=27.0)
    bench.motion_kg = 0.0
    bench.lie(300, kg=20.0)
    bench.up(30)
    (session,) = bench.saved
    assert (session.doubt, session.counts) == (Doubt.THING, False)


def test_after_a_calibration_the_person_who_stood_there_may_lie_down_without_getting_off() -> None:
    feed = Feed().run(0, 5, 0.0)
    feed.presence.suspend()
    feed.run(5, 60, 60.0)
    assert feed.triggers == []
    feed.presence.suspend(suspended=False)
    feed.run(60, 70, 60.0)
    assert feed.triggers == ["touched", "confirmed"]
    assert feed.told[-1][2] == pytest.approx(60.0, abs=0.3)


def test_a_load_under_the_threshold_before_a_calibration_and_after_it_changes_nothing() -> None:
    feed = Feed().run(0, 5, 0.0).run(5, 10, 8.0)
    feed.presence.suspend()
    feed.run(10, 20, 60.0).run(20, 30, 8.0)
    feed.presence.suspend(suspended=False)
    feed.run(30, 40, 8.0).run(40, 45, 0.0)
    assert feed.triggers == []
    assert feed.run(45, 50, 60.0).told[-1] == ("confirmed", 48.0, 45.0)


def test_with_another_threshold_off_is_another_weight() -> None:
    feed = Feed().run(0, 5, 0.0)
    feed.presence.configure(4.0, judged=True)
    assert feed.run(5, 60, 5.0).run(60, 70, 2.5).presence.load is Load.ON


def test_a_person_who_turned_into_an_object_by_mistake_ended_for_a_thing() -> None:
    bench = Bench()
    bench.pass_s(60)
    bench.lie(100, kg=25.0)
    bench.motion_kg = 0.0
    bench.lie(100, kg=25.0)
    assert bench.state is Front.OBJECT
    (session,) = bench.saved
    assert (session.reason, session.doubt) == (EndReason.OBJECT, Doubt.THING)
