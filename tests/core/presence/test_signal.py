"""Readings in, by themselves: which are believed, when the load left the band, blocks of a second, silence."""

from __future__ import annotations

from math import inf, nan

import pytest
from matpi.core.intake import Intake

from matpi.core.events import Reading
from matpi.core.presence.zero import Block
from matpi.core.rules import PresenceRules

RULES = PresenceRules()


class Told(Intake):
    """Writes down what it is told; the band is 0 to 10 kg."""

    def __init__(self) -> None:
        super().__init__(0.0, RULES)
        self._band(0.0, 10.0)
        self.crossed: list[tuple[float, float, float]] = []
        self.blocks: list[Block] = []
        self.silences: list[tuple[str, float]] = []
        self.happened: list[float] = []

    def _crossed(self, t: float, onset: float, x: float) -> None:
        self.crossed.append((t, onset, x))

    def _judge(self, t: float, block: Block) -> None:
        self.blocks.append(block)

    def _happen(self, t: float) -> None:
        self.happened.append(t)
        self._due = inf

    def _fallen_silent(self, t: float, lost_at: float, why: str) -> None:
        self.silences.append(("lost", lost_at))

    def _given_up(self, t: float, lost_at: float) -> None:
        self.silences.append(("given up", t))

    def _heard(self, t: float) -> None:
        self.silences.append(("heard", t))

    def wait_for(self, t: float) -> None:
        self._due = t
        self._plan()

    def feed(self, *kg: float, begin: float = 0.0, step: float = 0.1) -> Told:
        for n, x in enumerate(kg):
            t = round(begin + n * step, 3)
            while self.deadline <= t:
                self.advance(self.deadline)
            self.read(Reading(t, (x / 2, x / 2)))
        return self


def test_two_of_three_readings_leave_the_band_and_the_first_of_them_tells_when() -> None:
    assert Told().feed(1, 1, 1, 20, 20).crossed == [(0.4, 0.3, 20)]
    assert Told().feed(1, 1, 1, 20, 1, 20).crossed == [(0.5, 0.3, 20)]
    assert Told().feed(1, 1, 1, -3, 20).crossed == [(0.4, 0.3, 20)]


@pytest.mark.parametrize("wrong", [20.0, -400.0, nan, inf, 2e6])
def test_one_wrong_reading_leaves_nothing(wrong: float) -> None:
    assert Told().feed(*([1.0] * 5 + [wrong] + [1.0] * 5 + [wrong] + [1.0] * 5)).crossed == []


def test_what_is_flagged_or_of_no_world_is_counted_and_nothing_else() -> None:
    intake = Told()
    assert not intake.read(Reading(0.0, (20.0,), ok=False))
    assert not intake.read(Reading(0.1, (nan,)))
    assert not intake.read(Reading(0.2, (2e6,)))
    assert intake.rejected == intake.readings == 3
    assert intake.heard_at is None


def test_the_band_holds_its_lower_bound_and_not_its_upper() -> None:
    assert Told().feed(0.0, 0.0, 0.0, 9.999, 9.999).crossed == []
    assert Told().feed(1, 10.0, 10.0).crossed == [(0.2, 0.1, 10.0)]


def test_a_reading_that_changes_nothing_says_so() -> None:
    intake = Told().feed(1, 1)
    assert not intake.read(Reading(0.2, (1.0, 0.0)))
    assert intake.read(Reading(0.3, (20.0, 0.0)))
    assert intake.net_kg == 20.0


def test_a_block_is_a_second_of_readings_in_which_nothing_broke_off() -> None:
    intake = Told().feed(*[1.0] * 12)
    assert [(block.start, block.end) for block in intake.blocks] == [(0.0, 1.0)]
    intake._restart_block()
    intake.feed(*[1.0] * 11, begin=1.2)
    assert [(block.start, block.end) for block in intake.blocks] == [(0.0, 1.0), (1.2, 2.2)]
    assert intake.readings == 23


def test_with_three_readings_a_second_there_is_no_block() -> None:
    assert Told().feed(*[1.0] * 60, step=0.34).blocks == []


def test_silence_is_told_once_from_the_last_reading_given_up_once_and_ended_by_a_reading() -> None:
    intake = Told().feed(1, 1, 1)
    while intake.deadline < inf:
        intake.advance(intake.deadline)
    assert intake.silences == [("lost", 0.2), ("given up", 0.2 + RULES.sensor_gone_s)]
    assert (intake.silent, intake.heard_at) == (True, None)
    intake.read(Reading(100.0, (1.0,)))
    assert intake.silences[2:] == [("heard", 100.0)]
    assert (intake.silent, intake.heard_at) == (False, 100.0)
    assert intake.deadline == 100.0 + RULES.stale_s


def test_before_the_first_reading_the_parts_have_time_to_settle() -> None:
    intake = Told()
    assert intake.deadline == RULES.settle_s
    intake.advance(intake.deadline)
    assert intake.silences == [("lost", RULES.settle_s - RULES.stale_s)]


def test_what_was_seen_before_a_silence_is_no_edge_with_what_comes_after() -> None:
    intake = Told().feed(1, 1, 20)
    intake.lose(0.3, "the plug is out")
    assert intake.feed(20, 1, 1, begin=5.0).crossed == []


def test_what_is_waited_for_happens_at_its_time() -> None:
    intake = Told().feed(1)
    intake.wait_for(0.5)
    assert intake.deadline == 0.5
    assert intake.feed(*[1.0] * 9, begin=0.1).happened == [0.5]
