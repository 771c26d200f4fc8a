"""The LED's thread: steps in virtual time on a lamp that records each duty."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from matpi.core.effects import Light, Pattern
from matpi.core.events import Event, Noted
from matpi.core.light import duty
from matpi.drivers.led import LedThread, step_at
from matpi.errors import HardwareError


class FakeLamp:
    """A lamp. `broken` makes it fail."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.sets: list[tuple[float, float]] = []
        self.broken: str | None = None

    def set(self, duty: float) -> None:
        self.sets.append((round(self.rig.t, 6), duty))
        if self.broken is not None:
            raise HardwareError(self.broken)

    def close(self) -> None:
        pass


class Rig:
    def __init__(self) -> None:
        self.t = 1000.0
        self.late_s = 0.0
        self.events: list[Event] = []
        self.lamp = FakeLamp(self)
        self.led = LedThread(lambda: self.lamp, self.events.append, now=lambda: self.t)

    def until(self, t: float) -> int:
        """Wake up as the led asks for, `late_s` late each time; how often it did."""
        woken = 0
        while True:
            wait_s = self.led.step()
            woken += 1
            if wait_s is None or self.t + wait_s > t:
                self.t = t
                return woken
            assert wait_s > 0.0
            self.t += wait_s + self.late_s


def test_dark_costs_no_wake_up() -> None:
    rig = Rig()
    assert rig.until(4000.0) == 1
    assert rig.lamp.sets == [(1000.0, 0.0)]


def test_saved_is_two_writes() -> None:
    rig = Rig()
    rig.led.play(Light(Pattern.SAVED, 1000.0))
    assert rig.until(4000.0) == 2
    assert rig.lamp.sets == [(1000.0, 1.0), (1002.0, 0.0)]


@pytest.mark.parametrize("pattern", [Pattern.BREATH, Pattern.ATTENTION])
def test_what_moves_is_the_pattern_at_fifty_steps_a_second_and_asleep_between(pattern: Pattern) -> None:
    rig = Rig()
    rig.led.play(Light(pattern, 1000.0))
    rig.until(1020.0)
    for t, light in rig.lamp.sets:
        assert light == pytest.approx(duty(pattern, t - 1000.0), abs=1e-9)
    gaps = [later[0] - sooner[0] for sooner, later in pairwise(rig.lamp.sets)]
    assert min(gaps) == pytest.approx(0.02)
    assert all(sooner[1] != later[1] for sooner, later in pairwise(rig.lamp.sets))
    dark = {Pattern.BREATH: 5.0 - 4.2, Pattern.ATTENTION: 10.0 - 2.5 - 1.3}[pattern]
    assert max(gaps) == pytest.approx(dark, abs=0.041)
    moving_s = {Pattern.BREATH: 4 * 3.8, Pattern.ATTENTION: 2 * 4 * 0.3}[pattern]
    assert len(rig.lamp.sets) <= 50 * moving_s + 20


def test_a_late_thread_skips_and_does_not_drift() -> None:
    rig = Rig()
    rig.late_s = 0.031
    rig.led.play(Light(Pattern.BREATH, 1000.0))
    rig.until(1100.0)
    assert 1400 < len(rig.lamp.sets) < 2200
    for t, light in rig.lamp.sets:
        nearest = round((t - 1000.0) * 50 - 0.5 + 1e-3) / 50
        assert light == pytest.approx(duty(Pattern.BREATH, nearest), abs=1e-9)


def test_a_pattern_begun_in_the_past_goes_on_where_it_is() -> None:
    rig = Rig()
    rig.led.play(Light(Pattern.SAVED, 998.5))
    rig.until(1010.0)
    assert rig.lamp.sets == [(1000.0, 1.0), (1000.5, 0.0)]


def test_a_pattern_to_come_is_awaited() -> None:
    rig = Rig()
    rig.led.play(Light(Pattern.SAVED, 1003.0))
    assert rig.until(1010.0) == 3
    assert rig.lamp.sets == [(1000.0, 0.0), (1003.0, 1.0), (1005.0, 0.0)]


def test_the_next_pattern_takes_over_at_once() -> None:
    rig = Rig()
    rig.led.play(Light(Pattern.BREATH, 1000.0))
    rig.until(1001.0)
    rig.led.play(Light(Pattern.OFF, 1001.0))
    assert rig.until(1100.0) == 1
    assert rig.lamp.sets[-1] == (1001.0, 0.0)


@pytest.mark.parametrize("t", [0.0, 86_400.0 * 365, 3.3e7 + 0.1])
def test_no_step_is_taken_twice_or_left_out_at_any_uptime(t: float) -> None:
    rig = Rig()
    rig.t = t
    rig.led.play(Light(Pattern.BREATH, t))
    rig.until(t + 1.69)
    assert len(rig.lamp.sets) == 85


def test_every_step_holds_until_the_next_one_it_names() -> None:
    for pattern in Pattern:
        age_s, duties = 0.0, []
        while age_s < 12.0:
            light, changes_s = step_at(pattern, age_s)
            duties.append(light)
            if changes_s is None:
                break
            assert step_at(pattern, changes_s - 1e-3)[0] == light
            assert changes_s > age_s
            age_s = changes_s
        assert max(duties) == (0.0 if pattern is Pattern.OFF else 1.0)


def test_a_dead_led_is_noted_once_and_tried_again_every_5_s_and_with_each_pattern() -> None:
    rig = Rig()
    rig.lamp.broken = "The lamp cannot use GPIO 18 (gone); correct pin in [lamp]."
    rig.led.play(Light(Pattern.BREATH, 1000.0))
    rig.until(1059.0)
    assert len(rig.lamp.sets) == 12
    for n in range(3):
        rig.led.play(Light(Pattern.SAVED, 1060.0 + n))
        rig.until(1061.0 + n)
    assert rig.events == [Noted(1000.0, "lamp_lost", rig.lamp.broken)]
    rig.led.play(Light(Pattern.BREATH, rig.t))
    rig.until(rig.t + 1.0)
    rig.lamp.broken, since = None, rig.t
    rig.until(rig.t + 5.0)  # no new pattern: the one that is wanted goes on by itself
    assert max(duty for _, duty in rig.lamp.sets[-200:]) > 0.9
    (_, back) = rig.events
    assert isinstance(back, Noted)
    assert back.kind == "lamp_back"
    assert since <= back.t <= since + 5.0
    rig.led.play(Light(Pattern.SAVED, rig.t))
    rig.until(rig.t + 30.0)
    assert rig.lamp.sets[-1][1] == 0.0
    assert len(rig.events) == 2


class Paced:
    """A lamp of the real thread: reports each set."""

    def __init__(self) -> None:
        self.sets: list[float] = []
        self.lit = threading.Event()
        self.closed = False

    def set(self, duty: float) -> None:
        self.sets.append(duty)
        if duty:
            self.lit.set()

    def close(self) -> None:
        self.closed = True


def test_the_thread_plays_and_stop_is_dark() -> None:
    lamp = Paced()
    led = LedThread(lambda: lamp, lambda _: None, now=lambda: 5.0)
    led.start()
    led.play(Light(Pattern.SAVED, 4.5))
    assert lamp.lit.wait(30.0)
    led.stop()
    assert lamp.sets[-1] == 0.0
    assert not led._thread.is_alive()
    assert lamp.closed


def test_stop_of_a_dead_led_ends_too() -> None:
    rig = Rig()
    rig.lamp.broken = "gone"
    led = LedThread(lambda: rig.lamp, rig.events.append, now=lambda: 1.0)
    led.start()
    led.stop()
    assert not led._thread.is_alive()
    assert rig.events == [Noted(1.0, "lamp_lost", "gone")]


def test_an_led_that_is_not_there_at_the_start_shines_as_soon_as_it_is() -> None:
    rig = Rig()
    why: str | None = "The GPIO pins cannot be used."

    def make() -> FakeLamp:
        if why is not None:
            raise HardwareError(why)
        return rig.lamp

    rig.led = LedThread(make, rig.events.append, now=lambda: rig.t)
    rig.led.play(Light(Pattern.SAVED, 1006.0))
    rig.until(1003.0)
    why = None
    rig.until(1010.0)
    assert rig.events == [Noted(1000.0, "lamp_lost", "The GPIO pins cannot be used."), rig.events[-1]]
    assert (rig.events[-1].t <= 1008.0, len(rig.events)) == (True, 2)
    assert rig.lamp.sets[-2:] == [(1006.0, 1.0), (1008.0, 0.0)]
