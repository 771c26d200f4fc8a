"""The real gpiozero over its own mock pins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from matpi.core.events import ButtonDown, ButtonUp, Event
from matpi.drivers.gpio import Button, Led, header
from matpi.errors import HardwareError


class LgpioLike(MockPWMPin):  # type: ignore[misc]
    """Cuts the duty off at whole percents, as gpiozero's lgpio pin does."""

    steps: list[int]

    def _set_state(self, value: float) -> None:
        self.steps = [*getattr(self, "steps", []), int(value * 100)]
        super()._set_state(value)


@pytest.fixture
def pins() -> Iterator[Any]:
    factory = MockFactory(pin_class=LgpioLike)
    yield factory
    factory.reset()


def test_edges_become_events_with_the_time_they_came(pins: Any) -> None:
    times = iter([1.0, 1.3, 2.0])
    got: list[Event] = []
    button = Button(17, pins, now=lambda: next(times))
    button.start(got.append)
    wire = pins.pin(17)
    wire.drive_low()
    wire.drive_high()
    wire.drive_low()
    button.stop()
    assert got == [ButtonDown(1.0), ButtonUp(1.3), ButtonDown(2.0)]


def test_every_bounce_is_handed_on(pins: Any) -> None:
    got: list[Event] = []
    button = Button(17, pins)
    button.start(got.append)
    for _ in range(5):
        pins.pin(17).drive_low()
        pins.pin(17).drive_high()
    button.stop()
    assert [type(event) for event in got] == [ButtonDown, ButtonUp] * 5
    assert [event.t for event in got] == sorted(event.t for event in got)


def test_nothing_is_put_before_the_start_nor_after_the_stop(pins: Any) -> None:
    got: list[Event] = []
    button = Button(17, pins)
    pins.pin(17).drive_low()
    pins.pin(17).drive_high()
    button.start(got.append)
    button.stop()
    pins.pin(17).drive_low()
    assert got == []


def test_a_button_held_at_boot_is_no_press(pins: Any) -> None:
    got: list[Event] = []
    button = Button(17, pins, now=lambda: 5.0)
    pins.pin(17).drive_low()
    button.start(got.append)
    pins.pin(17).drive_high()
    button.stop()
    assert got == [ButtonUp(5.0)]


def test_the_duty_reaches_the_pin_in_whole_percents_and_only_when_it_changes(pins: Any) -> None:
    led = Led(18, pins)
    wire = pins.pin(18)
    assert (wire.state, wire.frequency) == (0.0, 200)
    wire.steps = []
    for duty in (0.0, 0.29, 0.291, 0.57, 0.004, 0.004, 1.0, 1.5, -1.0):
        led.set(duty)
    assert wire.steps == [29, 57, 0, 100, 0]
    led.close()
    assert wire.state == 0.0


def test_every_step_of_a_fade_is_the_one_that_was_meant(pins: Any) -> None:
    led = Led(18, pins)
    wire = pins.pin(18)
    wire.steps = []
    for percent in range(1, 101):
        led.set(percent / 100)
    led.close()
    assert wire.steps[:100] == list(range(1, 101))


def test_a_pin_that_is_taken_is_told_with_its_table(pins: Any) -> None:
    led = Led(18, pins)
    with pytest.raises(HardwareError, match=r"button cannot use GPIO 18 .*\[button\]"):
        Button(18, pins)
    with pytest.raises(HardwareError, match=r"lamp cannot use GPIO 99 .*\[lamp\]"):
        Led(99, pins)
    led.close()


def test_a_factory_without_pwm_is_told() -> None:
    plain = MockFactory()
    with pytest.raises(HardwareError, match="lamp cannot use GPIO 18"):
        Led(18, plain)
    plain.reset()


def test_without_a_header_one_sentence() -> None:
    """On a computer without GPIO, which is where the tests run; on a board there is nothing to refuse."""
    try:
        header().close()
    except HardwareError as error:
        told = str(error)
    else:
        pytest.skip("this machine has a GPIO header")
    assert "python3-lgpio" in told or 'driver = "none"' in told
