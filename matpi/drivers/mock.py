"""The header as gpiozero emulates it: pins whose level anybody may set or read. For the emulated board and tests."""

from __future__ import annotations

from typing import Any


class EmulatedHeader:
    """`factory` is for gpiozero's devices; the other methods are the wires' far ends."""

    def __init__(self) -> None:
        from gpiozero.pins.mock import MockFactory, MockPWMPin

        self.factory: Any = MockFactory(pin_class=MockPWMPin)

    def press(self, pin: int) -> None:
        """The button connects its pin to ground."""
        self.factory.pin(pin).drive_low()

    def release(self, pin: int) -> None:
        """Nothing drives the pin; its pull-up does."""
        self.factory.pin(pin).drive_high()

    def duty(self, pin: int) -> float:
        """What the LED on `pin` shines with, 0 to 1."""
        return float(self.factory.pin(pin).state)
