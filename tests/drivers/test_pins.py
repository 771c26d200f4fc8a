"""The wires of a chip over a stand-in for lgpio."""

from __future__ import annotations

from pathlib import Path

import pytest

from matpi.drivers.pins import open_pins
from matpi.errors import HardwareError


class Lgpio:
    """The five calls that are used, for a board whose header is chip 4, as on a Pi 5 with an older kernel."""

    SET_PULL_UP = 32

    class error(Exception):  # noqa: N801, N818  (lgpio's name)
        pass

    def __init__(self, label: str = "pinctrl-rp1") -> None:
        self.label = label
        self.level = {23: 1, 24: 1}
        self.claims: list[tuple[int, ...]] = []
        self.open: set[int] = set()
        self.taken: set[int] = set()

    def gpiochip_open(self, number: int) -> int:
        if number not in {0, 4}:
            raise self.error("can not open gpiochip")
        self.open.add(number)
        return number

    def gpiochip_close(self, handle: int) -> int:
        self.open.remove(handle)
        return 0

    def gpio_get_chip_info(self, handle: int) -> list[object]:
        return [0, 54, f"gpiochip{handle}", self.label if handle == 4 else "brcmvirt-gpio"]

    def gpio_claim_input(self, handle: int, gpio: int, flags: int) -> int:
        if gpio in self.taken:
            raise self.error("GPIO busy")
        self.claims.append((handle, gpio, flags))
        return 0

    def gpio_claim_output(self, handle: int, gpio: int, level: int) -> int:
        if gpio in self.taken:
            raise self.error("GPIO busy")
        self.claims.append((handle, gpio, level))
        self.level[gpio] = level
        return 0

    def gpio_read(self, _handle: int, gpio: int) -> int:
        return self.level[gpio]

    def gpio_write(self, _handle: int, gpio: int, level: int) -> int:
        self.level[gpio] = level
        return 0


def test_dout_is_pulled_up_and_the_clock_starts_low_on_the_header() -> None:
    lgpio = Lgpio()
    data, clock = open_pins(23, 24, lgpio)
    assert lgpio.claims == [(4, 23, lgpio.SET_PULL_UP), (4, 24, 0)]
    assert lgpio.open == {4}
    assert (data.value, clock.value) == (True, False)
    clock.value = True
    assert lgpio.level[24] == 1
    lgpio.level[23] = 0
    assert data.value is False


def test_no_header(tmp_path: Path) -> None:
    lgpio = Lgpio("something else")
    with pytest.raises(HardwareError, match=r"no GPIO header here.*\[scale\]"):
        open_pins(23, 24, lgpio, tmp_path)
    assert lgpio.open == set()


def test_a_header_that_may_not_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gpiochip0").touch()
    lgpio = Lgpio("something else")
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    with pytest.raises(HardwareError, match=r"gpiochip0 may not be used by this user.*group gpio"):
        open_pins(23, 24, lgpio, tmp_path)


@pytest.mark.parametrize("gpio", [23, 24])
def test_a_taken_line_is_named(gpio: int) -> None:
    lgpio = Lgpio()
    lgpio.taken = {gpio}
    with pytest.raises(HardwareError, match=rf"GPIO {gpio} cannot be used .*GPIO busy.*scale.channels"):
        open_pins(23, 24, lgpio)
