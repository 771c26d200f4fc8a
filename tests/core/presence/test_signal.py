"""The load signal by itself: median of three, whole seconds, holes, and where a rise began."""

# mypy: no-warn-unreachable
# (the signal changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from itertools import pairwise
from math import inf, nan

import pytest

from matpi.core.events import Reading
from matpi.core.presence.detector import Presence
from matpi.core.presence.signal import HOLE_S, TRACK, Second, Signal
from matpi.core.rules import PresenceRules

RULES = PresenceRules()


class Fed(Signal):
    """Writes down its whole seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[Second] = []

    def feed(self, *kg: float, begin: float = 0.0, step: float = 0.1) -> Fed:
        for n, x in enumerate(kg):
            if self.take(round(begin + n * step, 3), (x / 2, x / 2), x) and self.second is not None:
                self.seconds.append(self.second)
        return self


def test_two_of_three_readings_leave_the_band_and_the_first_of_them_tells_when() -> None:
    for kg, onset in (((1, 1, 1, 20, 20), 0.3), ((1, 1, 1, 20, 1, 20), 0.3), ((1, 1, 1, -3, 20, 20), 0.4)):
        signal = Fed().feed(*kg)
        assert signal.kg == 20
        assert signal.left_band_at(0.0 if -3 not in kg else -5.0, 10.0) == onset


def test_one_wrong_reading_moves_nothing() -> None:
    signal = Fed()
    for n, kg in enumerate([1.0] * 5 + [400.0] + [1.0] * 5 + [-400.0] + [1.0] * 5):
        signal.feed(kg, begin=n / 10)
        assert signal.kg in {0.0, 1.0}


def test_what_is_flagged_or_of_no_world_is_counted_and_nothing_else() -> None:
    presence = Presence(0.0, None, RULES)
    assert not presence.read(Reading(0.0, (20.0,), ok=False))
    for n, kg in enumerate((nan, inf, -inf, 2e6, -2e6)):
        assert not presence.read(Reading(0.1 + n / 10, (kg,)))
    assert presence.rejected == 6
    assert presence.heard_at is None


def test_a_reading_that_changes_nothing_says_so() -> None:
    presence = Presence(0.0, None, RULES)
    assert presence.read(Reading(0.0, (1.0, 0.0))), "the first is heard"
    assert not presence.read(Reading(0.1, (1.0, 0.0)))
    assert not presence.read(Reading(0.2, (20.0, 0.0))), "one alone is a spike"
    assert presence.read(Reading(0.3, (20.0, 0.0)))
    assert presence.net_kg == 20.0


def test_a_second_is_a_second_of_readings_in_which_nothing_broke_off() -> None:
    signal = Fed().feed(*[1.0] * 12)
    assert [(second.start, second.end) for second in signal.seconds] == [(0.0, 1.0)]
    signal.restart_second()
    signal.feed(*[1.0] * 11, begin=1.2)
    assert [(second.start, second.end) for second in signal.seconds] == [(0.0, 1.0), (1.2, 2.2)]
    assert signal.taken == 23


def test_seconds_follow_one_another_and_tell_how_far_the_load_moved() -> None:
    signal = Fed().feed(*[1.0] * 10, *[3.0] * 10, *[3.0] * 11)
    assert [second.total_kg for second in signal.seconds] == [1.0, 3.0, 3.0]
    assert [second.moved_kg for second in signal.seconds] == [inf, 2.0, 0.0]
    assert all(a.end == b.start for a, b in pairwise(signal.seconds))


def test_after_a_hole_how_far_it_moved_is_unknown() -> None:
    signal = Fed().feed(*[1.0] * 11).feed(*[1.0] * 12, begin=2.0)
    assert [second.moved_kg for second in signal.seconds] == [inf, inf]


def test_a_second_with_a_hole_at_its_end_is_none() -> None:
    assert Fed().feed(*[1.0] * 6).feed(1.0, begin=0.9 + HOLE_S + 0.2).seconds == []


def test_a_spike_moves_no_second() -> None:
    clean = Fed().feed(*[1.0] * 11)
    spiked = Fed().feed(*[1.0] * 4, 401.0, *[1.0] * 6)
    assert spiked.seconds == clean.seconds


def test_with_three_readings_a_second_there_is_none() -> None:
    assert Fed().feed(*[1.0] * 60, step=0.34).seconds == []


def test_what_was_seen_before_a_timeout_is_no_edge_with_what_comes_after() -> None:
    signal = Fed().feed(1, 1, 20)
    signal.restart()
    signal.feed(20, 1, begin=5.0)
    assert not signal.settled
    signal.feed(1, begin=5.2)
    assert signal.settled
    assert signal.kg == 1


def test_a_fall_in_a_hole_was_last_seen_before_it() -> None:
    signal = Fed().feed(*[45.0] * 20).feed(0, 0, 0, begin=3.0)
    assert signal.seen_before(3.0) == pytest.approx(1.9)
    assert Fed().feed(*[45.0] * 20, 0, 0, 0).seen_before(2.0) == 2.0
    assert Fed().seen_before(3.0) == 3.0, "nothing was seen at all"


def test_light_readings_before_a_fall_belong_to_it() -> None:
    signal = Fed().feed(*[45.0] * 20, 0)
    signal.restart()
    signal.feed(0, begin=5.0)
    signal.restart()
    signal.feed(0, 0, 0, begin=8.0)
    assert signal.seen_before(8.0) == pytest.approx(5.0)
    assert signal.seen_before(8.0, low=6.0) == pytest.approx(2.0)


def test_where_it_fell_under_is_the_first_reading_of_the_track() -> None:
    signal = Fed().feed(*[45.0] * 20, 30.0, 15.0, 9.0, 9.0, 9.0)
    assert signal.fell_under(12.0, 2.0) == 2.2
    assert signal.fell_under(5.0, 2.0) == 2.0, "it never did"
    assert signal.feed(*[9.0] * 2000, begin=2.5).fell_under(12.0, 2.0) == 2.0, "forgotten by now"


def test_a_rise_began_with_its_first_reading_over_2_kg_above_the_lowest() -> None:
    def began(*kg: float, floor: float = 0.0, not_before: float = -inf) -> float:
        signal = Fed().feed(*kg, *[40.0] * 3)
        return signal.rise_began(round(len(kg) / 10, 1), floor, RULES, not_before)

    assert began(*[0.0] * 20) == 2.0
    assert began(*[0.0] * 20, 2.5, 5.0, 9.0) == 2.0
    assert began(*[0.0] * 20, 1.9, 2.1, 9.0) == 2.1
    assert began(*[8.0] * 20, 9.0, 10.5, 11.0) == 2.1
    assert began(*[8.0] * 5, *[0.0] * 15, 3.0) == 2.0
    assert began(*[5.0] * 20, 5.1, 7.5, floor=5.0) == 2.1
    assert began(*[0.0] * 10, *[5.0] * 10, not_before=1.45) == 2.0, "what lay there then is no part of it"


def test_the_track_holds_ten_seconds_of_the_fastest_readings() -> None:
    assert RULES.touch_s < TRACK / 80.0
    signal = Fed().feed(*[0.0] * 100, *[5.0] * 799, *[40.0] * 3, step=1 / 80)
    began = signal.rise_began(round(899 / 80, 3), 0.0, RULES, -inf)
    assert began == pytest.approx(1.25, abs=0.03)


def test_a_timeout_is_reported_once_from_the_last_reading_given_up_once_and_ended_by_a_reading() -> None:
    presence = Presence(0.0, None, RULES)
    for n in range(3):
        presence.read(Reading(n / 10, (1.0,)))
    while presence.deadline < inf:
        presence.advance(presence.deadline)
    assert [(change.trigger, change.t, change.at) for change in presence.changes] == [("sensor_lost", 2.2, 0.2)]
    assert (presence.silent, presence.heard_at) == (True, None)
    presence.read(Reading(100.0, (1.0,)))
    assert presence.changes[1:] == [presence.changes[-1]]
    assert presence.changes[-1].trigger == "sensor_back"
    assert (presence.silent, presence.heard_at) == (False, 100.0)
    assert presence.deadline == 100.0 + RULES.stale_s


def test_before_the_first_reading_the_parts_have_time_to_settle() -> None:
    presence = Presence(0.0, None, RULES)
    assert presence.deadline == RULES.settle_s
    presence.advance(presence.deadline)
    assert [(c.trigger, c.at) for c in presence.changes] == [("sensor_lost", RULES.settle_s - RULES.stale_s)]
