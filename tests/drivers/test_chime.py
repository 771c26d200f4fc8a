"""Chimes: the notes of each kind, the newest wins but for a breath over a cue, a dead piezo is reported once.

And its square wave on the mock pins.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from matpi.core.effects import ChimeKind
from matpi.core.events import Event, Noted
from matpi.drivers.chime import NOTES, ChimeThread, Piezo
from matpi.errors import HardwareError
from matpi.ports import Put

WAIT_S = 30.0


class Ear:
    """Hears tones; `quiet` is set each time a rest follows."""

    def __init__(self) -> None:
        self.heard: list[float] = []
        self.at: list[float] = []
        self.dead = False
        self.meanwhile: Callable[[], None] = lambda: None
        """Done at each tone and each rest, before the next note."""
        self.quiet = threading.Event()

    def sound(self, hz: float) -> None:
        self.at.append(time.monotonic())
        self.heard.append(hz)
        if self.dead:
            self.quiet.set()
            raise HardwareError("The chime cannot use GPIO 13.")
        self.meanwhile()

    def stop(self) -> None:
        self.heard.append(0.0)
        self.quiet.set()
        self.meanwhile()

    def close(self) -> None:
        pass


def at_once() -> float:
    """A clock by which nothing waits too long: a busy machine may take its time."""
    return 0.0


@pytest.fixture
def ear() -> Ear:
    return Ear()


def started(ear: Ear, put: Put, now: Callable[[], float]) -> ChimeThread:
    ringing = ChimeThread(lambda: ear, put, now=now)
    ringing.start()
    return ringing


def test_every_kind_has_notes_one_can_hear_and_is_short() -> None:
    assert set(NOTES) == set(ChimeKind)
    for notes in NOTES.values():
        assert all(hz == 0.0 or 400 <= hz <= 700 for hz, _ in notes)
        assert 0.0 < sum(seconds for _, seconds in notes) <= 1.0


def test_a_chime_sounds_at_once_and_then_is_silent(ear: Ear) -> None:
    ringing = started(ear, lambda _: None, now=at_once)
    asked = time.monotonic()
    ringing.ring(ChimeKind.IN)
    assert ear.quiet.wait(WAIT_S)
    ringing.stop()
    assert ear.heard == [523.0, 0.0]
    assert ear.at[0] - asked < 5.0


def test_the_newest_wins_and_stopping_is_silent(ear: Ear) -> None:
    ringing = started(ear, lambda _: None, now=at_once)
    ear.meanwhile = lambda: ringing.ring(ChimeKind.PHASE) if ear.heard == [440.0] else None
    ringing.ring(ChimeKind.ENOUGH)
    assert played(ear, 2) == [440.0, 0.0, 523.0, 0.0], "what rang was cut short"
    ringing.stop()


def played(ear: Ear, rests: int, within_s: float = 30.0) -> list[float]:
    """What was heard, once it was silent so often."""
    end = time.monotonic() + within_s
    while ear.heard.count(0.0) < rests and time.monotonic() < end:
        time.sleep(0.001)
    return list(ear.heard)


@pytest.mark.parametrize("cue", [ChimeKind.PHASE, ChimeKind.SOON, ChimeKind.ENOUGH, ChimeKind.OVER])
def test_a_breath_cuts_no_cue_short(ear: Ear, cue: ChimeKind) -> None:
    """It rings from its first note to its last, whenever the breath turns meanwhile; the breath after it is heard."""
    ringing = started(ear, lambda _: None, now=at_once)
    whole = [hz for hz, _ in NOTES[cue]]

    def breathe() -> None:
        ringing.ring(ChimeKind.IN)
        ringing.ring(ChimeKind.OUT)

    ear.meanwhile = breathe
    ringing.ring(cue)
    rests = whole.count(0.0) + 1
    assert played(ear, rests) == [*whole, 0.0]
    ear.meanwhile = lambda: None
    ringing.ring(ChimeKind.OUT)
    while played(ear, rests + 1, 0.02) == [*whole, 0.0]:  # its thread may have the last rest still in hand
        ringing.ring(ChimeKind.OUT)
    assert played(ear, rests + 1)[len(whole) + 1] == 440.0
    ringing.stop()


def test_a_breath_does_not_take_the_place_of_a_cue_that_waits() -> None:
    """The piezo is slow with the first breath; a cue and another breath come meanwhile."""
    taken, go_on = threading.Event(), threading.Event()

    class Slow(Ear):
        def sound(self, hz: float) -> None:
            super().sound(hz)
            taken.set()
            assert go_on.wait(WAIT_S)

    ear = Slow()
    ringing = started(ear, lambda _: None, now=at_once)
    ringing.ring(ChimeKind.OUT)
    assert taken.wait(WAIT_S)
    ringing.ring(ChimeKind.PHASE)
    ringing.ring(ChimeKind.OUT)
    go_on.set()
    assert played(ear, 2) == [440.0, 0.0, 523.0, 0.0]
    ringing.stop()


def test_a_cue_comes_in_the_middle_of_a_breath(ear: Ear) -> None:
    ringing = started(ear, lambda _: None, now=at_once)
    ear.meanwhile = lambda: ringing.ring(ChimeKind.SOON) if ear.heard == [440.0] else None
    ringing.ring(ChimeKind.OUT)
    assert played(ear, 3) == [440.0, 0.0, 523.0, 0.0, 523.0, 0.0]
    ringing.stop()


def test_what_waited_too_long_is_left_out(ear: Ear) -> None:
    times = iter([10.0, 11.0, 12.0, 12.0])
    ringing = started(ear, lambda _: None, now=lambda: next(times))
    ringing.ring(ChimeKind.PHASE)
    while ringing._wanted is not None:
        time.sleep(0.001)
    ringing.ring(ChimeKind.OUT)
    assert ear.quiet.wait(WAIT_S)
    ringing.stop()
    assert ear.heard == [440.0, 0.0]


def test_a_dead_piezo_is_noted_once_and_stops_nothing(ear: Ear) -> None:
    noted: list[Event] = []
    ear.dead = True
    ringing = started(ear, noted.append, now=lambda: 5.0)
    for _ in range(3):
        ear.quiet.clear()
        ringing.ring(ChimeKind.IN)
        assert ear.quiet.wait(WAIT_S)
    ringing.stop()
    assert noted == [Noted(5.0, "chime_lost", "The chime cannot use GPIO 13.")]


def test_a_piezo_that_works_again_is_noted_without_a_chime_to_ring(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matpi.drivers.gpio.PART_RETRY_S", 0.02)
    noted: list[Event] = []
    ear.dead = True
    ringing = started(ear, noted.append, now=lambda: 5.0)
    ringing.ring(ChimeKind.IN)
    end = time.monotonic() + 30.0
    while len(noted) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    ringing.stop()
    assert noted == [
        Noted(5.0, "chime_lost", "The chime cannot use GPIO 13."),
        Noted(5.0, "chime_back", "the chime works again"),
    ]


@pytest.fixture
def pins() -> Iterator[Any]:
    factory = MockFactory(pin_class=MockPWMPin)
    yield factory
    factory.reset()


def test_the_piezo_is_a_square_wave_at_the_notes_frequency(pins: Any) -> None:
    piezo = Piezo(13, pins)
    wire = pins.pin(13)
    assert wire.state == 0.0
    piezo.sound(523.0)
    assert (wire.frequency, wire.state) == (523.0, 0.5)
    piezo.stop()
    assert wire.state == 0.0
    piezo.close()


def test_without_pwm_there_is_no_chime_and_it_says_what_to_do() -> None:
    plain = MockFactory()
    with pytest.raises(HardwareError, match=r'set driver = "none" in \[chime\]'):
        Piezo(13, plain)
    plain.reset()
