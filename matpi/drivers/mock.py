"""Emulate the header with gpiozero's mock pins, for the emulated board and for tests."""

from __future__ import annotations

from typing import Any


class EmulatedHeader:
    """Pins for gpiozero's devices (`factory`), and the other ends of their wires."""

    def __init__(self) -> None:
        from gpiozero.pins.mock import MockFactory, MockPWMPin

        self.factory: Any = MockFactory(pin_class=MockPWMPin)

    def press(self, pin: int) -> None:
        """Connect the button's pin to ground."""
        self.factory.pin(pin).drive_low()

    def release(self, pin: int) -> None:
        """Leave the pin to its pull-up."""
        self.factory.pin(pin).drive_high()

    def duty(self, pin: int) -> float:
        """Return the duty of the LED on `pin`, 0 to 1."""
        return float(self.factory.pin(pin).state)
