"""What the machine tells, over folders and buses made up here: every trouble is a fact."""

from __future__ import annotations

import errno
import os
import resource
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matpi.config import ButtonConfig, Config, PanelConfig, ScaleConfig, SpiConfig
from matpi.drivers import probe as probing
from matpi.drivers.facts import BusFacts, ButtonFacts, GpioFacts
from matpi.drivers.gpio import EmulatedHeader
from matpi.drivers.probe import HostProbe
from matpi.errors import HardwareError


def put(root: Path, path: str, text: str = "") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def a_board(root: Path) -> Path:
    put(root, "proc/device-tree/model", "Raspberry Pi Zero 2 W Rev 1.0\0")
    return root


class Bus:
    """Some addresses answer, others fail as set; records the requests."""

    def __init__(self, *answering: int, **faults: int) -> None:
        self.answering = answering
        self.faults = {int(name[1:], 16): number for name, number in faults.items()}
        self.asked: list[tuple[str, int]] = []
        self.closed = False

    def _ask(self, how: str, address: int) -> int:
        self.asked.append((how, address))
        if address in self.faults:
            raise OSError(self.faults[address], "as set")
        if address not in self.answering:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        return 0

    def write_quick(self, address: int) -> None:
        self._ask("quick", address)

    def read_byte(self, address: int) -> int:
        return self._ask("read", address)

    def close(self) -> None:
        self.closed = True


def test_on_a_board_everybody_on_the_bus_is_asked_the_panel_first(tmp_path: Path) -> None:
    bus = Bus(0x3C, 0x68)
    assert HostProbe(root=a_board(tmp_path), open_bus=lambda _: bus).bus(1, 0x3C) == BusFacts((0x3C, 0x68))
    assert bus.asked[0] == ("quick", 0x3C)
    assert sorted(address for _, address in bus.asked) == list(range(0x08, 0x78))
    assert {address for how, address in bus.asked if how == "read"} == {*range(0x30, 0x38), *range(0x50, 0x60)}
    assert bus.closed


def test_on_another_computer_only_the_panel_is_asked(tmp_path: Path) -> None:
    bus = Bus(0x3C, 0x50)
    assert HostProbe(root=tmp_path, open_bus=lambda _: bus).bus(1, 0x3C).answers == (0x3C,)
    assert bus.asked == [("quick", 0x3C)]


def test_an_address_a_kernel_driver_holds_is_there(tmp_path: Path) -> None:
    bus = Bus(x68=errno.EBUSY)
    assert HostProbe(root=a_board(tmp_path), open_bus=lambda _: bus).bus(1, 0x3C).answers == (0x68,)


def raising(error: Exception) -> Callable[[int], Any]:
    def opened(_port: int) -> Any:
        raise error

    return opened


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file"), "absent"),
        (PermissionError(errno.EACCES, "Permission denied"), "denied"),
        (ModuleNotFoundError("No module named 'smbus2'"), "library"),
        (OSError(errno.ETIMEDOUT, "Connection timed out"), "hung"),
        (OSError(errno.ENODEV, "No such device"), "other"),
        (ValueError("a bus of somebody's own"), "other"),
    ],
)
def test_a_bus_that_cannot_be_opened(tmp_path: Path, error: Exception, fault: str) -> None:
    assert HostProbe(root=tmp_path, open_bus=raising(error)).bus(1, 0x3C).fault == fault


def test_a_bus_without_the_device_node() -> None:
    assert HostProbe().bus(98, 0x3C).fault == "absent"


def test_the_first_timeout_ends_the_scan(tmp_path: Path) -> None:
    bus = Bus(0x3C, x09=errno.ETIMEDOUT)
    facts = HostProbe(root=a_board(tmp_path), open_bus=lambda _: bus).bus(1, 0x3C)
    assert (facts.fault, facts.answers) == ("hung", (0x3C,))
    assert bus.asked[-1] == ("quick", 0x09)


def test_a_call_that_never_returns_is_waited_for_only_so_long(tmp_path: Path) -> None:
    for_ever = threading.Event()

    class Held(Bus):
        def write_quick(self, address: int) -> None:
            if address == 0x0A:
                for_ever.wait(30)
            super().write_quick(address)

    begun = time.monotonic()
    try:
        facts = HostProbe(root=a_board(tmp_path), open_bus=lambda _: Held(0x3C), bus_limit_s=0.1).bus(1, 0x3C)
    finally:
        for_ever.set()
    assert time.monotonic() - begun < 5
    assert (facts.fault, facts.answers) == ("hung", (0x3C,))


def labels(**reported: str | OSError) -> Callable[[Path], str]:
    def label(node: Path) -> str:
        answer = reported.get(node.name, FileNotFoundError())
        if isinstance(answer, OSError):
            raise answer
        return answer

    return label


@pytest.mark.parametrize(
    ("reported", "facts"),
    [
        ({}, GpioFacts()),
        ({"gpiochip0": "pinctrl-bcm2711", "gpiochip1": "raspberrypi-exp-gpio"}, GpioFacts("pinctrl-bcm2711", (), 1)),
        ({"gpiochip4": "pinctrl-rp1"}, GpioFacts("pinctrl-rp1")),
        ({"gpiochip0": PermissionError()}, GpioFacts("", ("/dev/gpiochip0",))),
        ({"gpiochip0": OSError(errno.ENODEV, "gone")}, GpioFacts()),
        ({"gpiochip0": "INTC1056:00"}, GpioFacts("", (), 1)),
    ],
)
def test_the_header_is_known_by_its_label(tmp_path: Path, reported: dict[str, str | OSError], facts: GpioFacts) -> None:
    assert HostProbe(root=tmp_path, label=labels(**reported)).gpio() == facts


def test_what_is_no_gpio_chip_has_no_label(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="ioctl"):
        probing.chip_label(put(tmp_path, "gpiochip0"))


def test_the_button_is_watched_and_its_pin_left_free() -> None:
    header = EmulatedHeader()
    watched_s: list[float] = []

    def hold(seconds: float) -> None:
        watched_s.append(seconds)
        header.press(17)

    assert HostProbe(lambda: header.factory, sleep=lambda _: None).button(17) == ButtonFacts()
    assert HostProbe(lambda: header.factory, sleep=hold).button(17) == ButtonFacts(pressed=True)
    assert sum(watched_s) == pytest.approx(probing.PRESS_WATCH_S)
    assert HostProbe(lambda: header.factory, sleep=lambda _: None).button(17) == ButtonFacts()


def test_one_look_at_a_released_button_is_enough() -> None:
    header = EmulatedHeader()
    header.factory.pin(17)
    looks: list[float] = []

    def let_go(seconds: float) -> None:
        looks.append(seconds)
        (header.press if len(looks) < 3 else header.release)(17)

    assert HostProbe(lambda: header.factory, sleep=let_go).button(17) == ButtonFacts()
    assert len(looks) == 3


def test_a_button_no_library_reaches() -> None:
    def pins() -> Any:
        raise HardwareError("lgpio is not there; install python3-lgpio.")

    assert HostProbe(pins).button(17).fault == "lgpio is not there; install python3-lgpio."
    assert HostProbe(object).button(17).fault
    assert HostProbe().button(17).fault


def test_spi_nodes(tmp_path: Path) -> None:
    put(tmp_path, "dev/spidev0.0")
    assert HostProbe(root=tmp_path).spi([(0, 0), (1, 0)]) == {"/dev/spidev0.0": "", "/dev/spidev1.0": "absent"}


def test_spi_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "dev/spidev0.0")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert HostProbe(root=tmp_path).spi([(0, 0)]) == {"/dev/spidev0.0": "denied"}


def no_program(_command: list[str]) -> str:
    raise FileNotFoundError


@pytest.mark.parametrize(
    ("files", "program", "bits"),
    [
        ({}, None, None),
        ({}, "throttled=0x50005\n", 0x50005),
        ({}, "VCHI initialization failed\n", None),
        ({"sys/devices/platform/soc/soc:firmware/get_throttled": "50000\n"}, None, 0x50000),
        ({"sys/class/hwmon/hwmon1/name": "rpi_volt\n", "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n"}, None, 0x10000),
        ({"sys/class/hwmon/hwmon0/name": "rpi_volt\n", "sys/class/hwmon/hwmon0/in0_lcrit_alarm": "0\n"}, None, 0),
        ({"sys/class/hwmon/hwmon0/name": "coretemp\n", "sys/class/hwmon/hwmon0/in0_lcrit_alarm": "1\n"}, None, None),
    ],
)
def test_power(tmp_path: Path, files: dict[str, str], program: str | None, bits: int | None) -> None:
    for path, text in files.items():
        put(tmp_path, path, text)
    run = no_program if program is None else (lambda _: program)
    assert HostProbe(root=tmp_path, run=run).throttled() == bits


def test_temperature_is_the_processors(tmp_path: Path) -> None:
    assert HostProbe(root=tmp_path).temperature_c() is None
    put(tmp_path, "sys/class/thermal/thermal_zone0/type", "acpitz\n")
    put(tmp_path, "sys/class/thermal/thermal_zone0/temp", "27800\n")
    assert HostProbe(root=tmp_path).temperature_c() == 27.8
    put(tmp_path, "sys/class/thermal/thermal_zone1/type", "cpu-thermal\n")
    put(tmp_path, "sys/class/thermal/thermal_zone1/temp", "48312\n")
    assert HostProbe(root=tmp_path).temperature_c() == 48.312


def test_a_broken_sensor_is_not_reported(tmp_path: Path) -> None:
    put(tmp_path, "sys/class/thermal/thermal_zone0/temp", "\n")
    assert HostProbe(root=tmp_path).temperature_c() is None


def test_clock(tmp_path: Path) -> None:
    def broken() -> bool:
        raise OSError

    bare = HostProbe(root=tmp_path, synchronised=broken).clock()
    assert (bare.board, bare.service, bare.kernel, bare.battery) == (False, False, False, False)
    a_board(tmp_path)
    put(tmp_path, "run/systemd/timesync/synchronized")
    put(tmp_path, "sys/class/rtc/rtc0/name")
    full = HostProbe(root=tmp_path, synchronised=lambda: True).clock()
    assert (full.board, full.service, full.kernel, full.battery) == (True, True, True, True)


@pytest.mark.parametrize(("caps", "limit", "allowed"), [("0", 0, False), ("0", 50, True), ("800000", 0, True)])
def test_realtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caps: str, limit: int, allowed: bool) -> None:
    put(tmp_path, "proc/self/status", f"Name:\tmatpi\nCapEff:\t{caps.zfill(16)}\n")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert HostProbe(root=tmp_path).realtime() is allowed


def test_the_disk_of_a_log_yet_to_be_made(tmp_path: Path) -> None:
    facts = probing.disk(tmp_path / "not" / "there" / "matpi.db")
    assert facts.folder == str(tmp_path)
    assert facts.free_bytes > 0
    assert not facts.fault


def test_a_disk_that_does_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: Path) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "statvfs", refuse)
    assert probing.disk(tmp_path / "matpi.db").fault == "Permission denied"


def test_versions() -> None:
    assert probing.version("msgspec")[0].isdigit()
    assert probing.version("no-such-library-of-ours") == ""
    assert probing.version("json") == "?"


def test_all_of_it_on_this_machine_without_a_raise() -> None:
    facts = HostProbe(bus_limit_s=1.0)(Config(), Path("/nowhere/matpi.db"), touch=False)
    assert facts.user
    assert facts.python
    assert (facts.bus, facts.button, facts.spi_faults) == (None, None, None)


def test_only_what_is_configured_is_touched(tmp_path: Path) -> None:
    opened: list[int] = []

    def open_bus(port: int) -> Bus:
        opened.append(port)
        return Bus(0x3D)

    header = EmulatedHeader()
    probe = HostProbe(
        lambda: header.factory,
        root=a_board(tmp_path),
        open_bus=open_bus,
        label=labels(gpiochip0="pinctrl-bcm2835"),
        run=no_program,
        sleep=lambda _: None,
    )
    full = Config(scale=ScaleConfig(driver="spi", spi=(SpiConfig(bus=0),)), panel=PanelConfig(port=7, address=0x3D))
    facts = probe(full, tmp_path / "x.db", touch=True)
    assert facts.bus == BusFacts((0x3D,))
    assert facts.button == ButtonFacts()
    assert facts.spi_faults == {"/dev/spidev0.0": "absent"}
    assert facts.model == "Raspberry Pi Zero 2 W Rev 1.0"
    assert opened == [7]
    bare = Config(panel=PanelConfig(driver="none"), button=ButtonConfig(driver="none"))
    facts = probe(bare, tmp_path / "x.db", touch=True)
    assert (facts.bus, facts.button) == (None, None)
    assert opened == [7]
