"""The real gpiozero over its own mock pins."""

from __future__ import annotations

import inspect
import os
import queue
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from gpiod import EdgeEvent
from gpiod.line import Bias, Edge
from gpiozero.pins.mock import MockFactory, MockPWMPin

from matpi.core.effects import Pattern
from matpi.core.events import ButtonDown, ButtonUp, Event, Noted
from matpi.core.light import table
from matpi.drivers import gpio
from matpi.drivers.gpio import Button, header, open_button
from matpi.drivers.led import Led
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
    button.close()
    assert got == [ButtonDown(1.0), ButtonUp(1.3), ButtonDown(2.0)]


def test_every_bounce_is_handed_on(pins: Any) -> None:
    got: list[Event] = []
    button = Button(17, pins)
    button.start(got.append)
    for _ in range(5):
        pins.pin(17).drive_low()
        pins.pin(17).drive_high()
    button.close()
    assert [type(event) for event in got] == [ButtonDown, ButtonUp] * 5
    assert [event.t for event in got] == sorted(event.t for event in got)


def test_nothing_is_put_before_the_start_nor_after_the_stop(pins: Any) -> None:
    got: list[Event] = []
    button = Button(17, pins)
    pins.pin(17).drive_low()
    pins.pin(17).drive_high()
    button.start(got.append)
    button.close()
    pins.pin(17).drive_low()
    assert got == []


def test_a_button_held_at_boot_is_no_press(pins: Any) -> None:
    got: list[Event] = []
    button = Button(17, pins, now=lambda: 5.0)
    pins.pin(17).drive_low()
    button.start(got.append)
    pins.pin(17).drive_high()
    button.close()
    assert got == [ButtonUp(5.0)]


def test_the_duty_reaches_the_pin_in_whole_percents_and_only_when_it_changes(pins: Any) -> None:
    led = Led(18, pins)
    wire = pins.pin(18)
    assert (wire.state, wire.frequency) == (0.0, None)
    wire.steps = []
    for duty in (0.0, 0.29, 0.291, 0.57, 0.004, 0.004, 1.0, 1.5, -1.0):
        led.set(duty)
    assert wire.steps == [29, 57, 0, 100, 0]
    led.set(0.5)
    assert (wire.state, wire.frequency) == (pytest.approx(0.5, abs=1e-5), 200)
    led.set(0.0)
    assert (wire.state, wire.frequency) == (0.0, None)
    led.close()
    assert wire.state == 0.0


def test_beside_another_pwm_a_dark_led_keeps_its_pulses(pins: Any) -> None:
    led = Led(18, pins, rests=False)
    wire = pins.pin(18)
    for duty in (0.5, 0.0):
        led.set(duty)
        assert (wire.state, wire.frequency) == (pytest.approx(duty, abs=1e-5), 200)
    led.close()


def test_a_pin_at_rest_gets_a_level_and_no_duty() -> None:
    """RPi.GPIO refuses a number with a point where no PWM runs."""

    class Strict(MockPWMPin):  # type: ignore[misc]
        def _set_state(self, value: float) -> None:
            assert self.frequency is not None or isinstance(value, bool | int)
            super()._set_state(value)

    strict = MockFactory(pin_class=Strict)
    led = Led(18, strict)
    led.set(0.5)
    led.set(0.0)
    led.close()
    strict.reset()


def test_every_step_of_a_fade_is_the_one_asked_for(pins: Any) -> None:
    led = Led(18, pins)
    wire = pins.pin(18)
    wire.steps = []
    for percent in range(1, 101):
        led.set(percent / 100)
    led.close()
    assert wire.steps[:100] == list(range(1, 101))


def test_a_pin_that_is_taken_is_reported_with_its_table(pins: Any) -> None:
    led = Led(18, pins)
    with pytest.raises(HardwareError, match=r"button cannot use GPIO 18 .*\[button\]"):
        Button(18, pins)
    with pytest.raises(HardwareError, match=r"lamp cannot use GPIO 99 .*\[lamp\]"):
        Led(99, pins)
    led.close()


def test_without_pwm_the_led_is_on_or_off_and_the_patterns_differ() -> None:
    plain = MockFactory()
    led = Led(18, plain)
    assert not led.fades
    wire = plain.pin(18)
    for pattern, changes in ((Pattern.SAVED, 2), (Pattern.BREATH, 2), (Pattern.ATTENTION, 4)):
        led.set(0.0)
        wire.clear_states()
        for light in table(pattern):
            led.set(light)
        assert [state.state for state in wire.states[1:]] == [True, False] * (changes // 2), pattern
    led.close()
    plain.reset()


def test_pwm_fades(pins: Any) -> None:
    led = Led(18, pins)
    assert led.fades
    led.close()


def test_a_line_without_edges_is_reported() -> None:
    class Edgeless(MockPWMPin):  # type: ignore[misc]
        def _set_when_changed(self, value: Any) -> None:
            if value is not None:
                raise RuntimeError("Failed to add edge detection")

    factory = MockFactory(pin_class=Edgeless)
    with pytest.raises(HardwareError, match=r"button cannot use GPIO 17 \(Failed to add edge detection\)"):
        Button(17, factory)


class Line:
    """In the place of a line that gpiod has opened: its edges come through a pipe."""

    def __init__(self) -> None:
        self.fd, self._wire = os.pipe()
        self.asked: tuple[Any, ...] = ()
        self.released = False

    def open(self, *asked: Any, consumer: str) -> Line:
        self.asked = (*asked, consumer)
        return self

    def move(self, *edges: EdgeEvent.Type) -> None:
        os.write(self._wire, bytes(edge.value for edge in edges))

    def read_edge_events(self) -> list[EdgeEvent]:
        return [EdgeEvent(value, 0, 17, 1, 1) for value in os.read(self.fd, 16)]

    def release(self) -> None:
        self.released = True
        os.close(self.fd)
        os.close(self._wire)


class Lgpio(MockFactory):  # type: ignore[misc]
    """Pins of lgpio, which tell of which chip they are."""

    chip = 4


def test_on_lgpios_pins_the_button_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    monkeypatch.setattr("gpiod.request_lines", line.open)
    got: queue.SimpleQueue[Event] = queue.SimpleQueue()
    times = count(1.0)
    button = open_button(17, Lgpio(), now=lambda: next(times))
    path, config, consumer = line.asked
    assert (path, list(config), consumer) == ("/dev/gpiochip4", [17], "matpi")
    assert (config[17].edge_detection, config[17].bias) == (Edge.BOTH, Bias.PULL_UP)
    button.start(got.put)
    line.move(EdgeEvent.Type.FALLING_EDGE)
    assert got.get(timeout=60) == ButtonDown(1.0)
    line.move(EdgeEvent.Type.RISING_EDGE, EdgeEvent.Type.FALLING_EDGE)
    assert [got.get(timeout=60) for _ in range(2)] == [ButtonUp(2.0), ButtonDown(3.0)]
    button.close()
    assert line.released
    assert "button edges" not in {thread.name for thread in threading.enumerate()}


def test_a_line_that_fails_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    monkeypatch.setattr("gpiod.request_lines", line.open)
    monkeypatch.setattr(line, "read_edge_events", lambda: os.read(10**6, 1))
    got: queue.SimpleQueue[Event] = queue.SimpleQueue()
    button = open_button(17, Lgpio(), now=lambda: 1.0)
    button.start(got.put)
    line.move(EdgeEvent.Type.FALLING_EDGE)
    lost = got.get(timeout=60)
    assert isinstance(lost, Noted)
    assert (lost.kind, "Bad file descriptor" in lost.text) == ("button_lost", True)
    button.close()
    assert line.released


def test_a_line_that_is_taken_is_reported_and_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*_: Any, **__: Any) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr("gpiod.request_lines", taken)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(HardwareError, match=r"button cannot use GPIO 17 \(.*busy\); correct pin in \[button\]"):
            open_button(17, Lgpio())
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_without_gpiod_and_on_other_pins_the_button_is_gpiozeros(monkeypatch: pytest.MonkeyPatch) -> None:
    for pins, there in ((MockFactory(), True), (Lgpio(), False)):
        if not there:
            monkeypatch.setitem(sys.modules, "gpiod", None)
        button = open_button(17, pins)
        assert isinstance(button, Button)
        button.close()
        pins.reset()


class Library:
    """In the place of a module with a pin factory of any name."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble

    def __getattr__(self, name: str) -> Any:
        def make() -> MockFactory:
            if self.trouble is not None:
                raise self.trouble
            return MockFactory()

        return make


def installed(monkeypatch: pytest.MonkeyPatch, libraries: dict[str, Library], *, old_kernel: bool = False) -> list[str]:
    """Only these libraries are there; what is asked for goes on the list."""
    asked: list[str] = []

    def load(name: str) -> Library:
        short = name.rpartition(".")[2]
        asked.append(short)
        if short not in libraries:
            raise ModuleNotFoundError(f"No module named '{short}'")
        return libraries[short]

    monkeypatch.setattr(gpio, "import_module", load)
    monkeypatch.setattr(gpio, "load_lgpio", lambda: None)  # the machine's own, if it has one
    monkeypatch.setattr(gpio, "FIRST_LINE", Path("/" if old_kernel else "/nowhere"))
    return asked


def test_auto_is_lgpio(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = installed(monkeypatch, {"lgpio": Library(), "native": Library()}, old_kernel=True)
    assert isinstance(header(), MockFactory)
    assert asked == ["lgpio"]


def test_auto_falls_back_to_native_under_an_old_kernel_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = installed(monkeypatch, {"native": Library()}, old_kernel=True)
    assert isinstance(header(), MockFactory)
    assert asked == ["lgpio", "native"]
    asked = installed(monkeypatch, {"native": Library()})
    with pytest.raises(HardwareError, match=r"lgpio \(No module named 'lgpio'\), native \(needs .* before 6.6\)"):
        header()
    assert asked == ["lgpio"]


@pytest.mark.parametrize("name", ["lgpio", "rpigpio", "pigpio", "native"])
def test_a_name_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    asked = installed(monkeypatch, {name: Library()})
    assert isinstance(header(name), MockFactory)
    asked = installed(monkeypatch, {name: Library(OSError("can not\n open gpiochip"))})
    with pytest.raises(
        HardwareError, match=rf"used: {name} \(can not open gpiochip\); install python3-lgpio.*gpio.*none"
    ):
        header(name)
    assert asked == [name]


def test_every_name_is_one_of_gpiozeros() -> None:
    from gpiozero.devices import Device

    source = inspect.getsource(Device._default_pin_factory)
    for name, (module, factory) in gpio.FACTORIES.items():
        assert f"'{name}'" in source
        assert f"'{module}:{factory}'" in source


def test_started_in_a_folder_that_may_not_be_written_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    installed(monkeypatch, {"lgpio": Library(FileNotFoundError(2, "No such file or directory", ".lgd-nfy-3"))})
    with pytest.raises(HardwareError, match=f"may not make a file in {tmp_path}, where matpi was started"):
        header("lgpio")


@pytest.mark.parametrize("choice", ["auto", "native"])
def test_without_a_header_one_sentence(choice: str) -> None:
    """On a computer without GPIO, which is where the tests run; on a board there is nothing to refuse."""
    try:
        header(choice).close()
    except HardwareError as error:
        reported = str(error)
    else:
        pytest.skip("this machine has a GPIO header")
    assert reported.startswith("The GPIO pins cannot be used: ")
    assert reported.endswith('set driver = "none" in [button] and [lamp].')
