"""luma's own I2C interface under the panel: addresses, and the error of a bus where nobody answers."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import pytest
from luma.core.interface.serial import i2c

from matpi.core.brightness import Brightness
from matpi.drivers.oled import Panel
from matpi.errors import HardwareError
from matpi.sim.panel import PanelChip
from tests.drivers.test_oled import Driver, every_driver, picture

COMMAND, DATA = 0x00, 0x40


class Bus:
    """What luma asks of an SMBus: writes of at most 32 bytes to an address, with the control byte before them."""

    def __init__(self, chips: dict[int, PanelChip]) -> None:
        self.chips = chips

    def write_i2c_block_data(self, address: int, control: int, values: Sequence[int]) -> None:
        if address not in self.chips:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        chip = self.chips[address]
        if control == COMMAND:
            chip.command(*values)
        else:
            assert control == DATA
            chip.data(values)


@every_driver
@pytest.mark.parametrize("address", [0x3C, 0x3D])
def test_only_the_panel_at_the_address_is_spoken_to(driver: Driver, address: int) -> None:
    bus = Bus({0x3C: PanelChip(driver), 0x3D: PanelChip(driver)})
    panel = Panel(driver, address=address, serial=lambda: i2c(bus=bus, address=address))
    panel.show(picture(), Brightness.DIM)
    assert bus.chips[address].image.tobytes() == picture().tobytes()
    assert bus.chips[0x3C + 0x3D - address].transfers == 0


@pytest.mark.parametrize(("configured", "soldered"), [(0x3C, 0x3D), (0x3D, 0x3C)])
def test_the_wrong_address_is_reported(configured: int, soldered: int) -> None:
    bus = Bus({soldered: PanelChip()})
    panel = Panel("ssd1306", address=configured, serial=lambda: i2c(bus=bus, address=configured))
    with pytest.raises(HardwareError, match=rf"No answer from the OLED at address 0x{configured:X} .*\[panel\]"):
        panel.show(picture())
    assert bus.chips[soldered].transfers == 0


def test_an_error_of_the_bus_that_luma_does_not_know() -> None:
    class Stuck(Bus):
        def write_i2c_block_data(self, address: int, control: int, values: Sequence[int]) -> None:
            raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")

    panel = Panel(serial=lambda: i2c(bus=Stuck({})))
    with pytest.raises(HardwareError, match="Connection timed out"):
        panel.show(picture())
