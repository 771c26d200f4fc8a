"""What doctor makes of the facts: each verdict of each check, the running device, the words and the exit code."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from matpi import __version__
from matpi.commands.doctor import checks, scale
from matpi.commands.doctor.checks import FAIL, OK, SKIPPED, WARN, Check, Verdict
from matpi.commands.doctor.report import log_checks, read_config, run_doctor, show
from matpi.commands.doctor.running import Life, read_device, running
from matpi.config import ButtonConfig, ChannelConfig, Config, LampConfig, PanelConfig, ScaleConfig, SpiConfig
from matpi.core.effects import Calibrated, Save
from matpi.core.events import SensorLost
from matpi.core.model import Calibration, Memory, Zero
from matpi.drivers.facts import (
    BusFacts,
    ButtonFacts,
    ChipFacts,
    ClockFacts,
    DiskFacts,
    GpioFacts,
    HostFacts,
    PanelFacts,
    ScaleFacts,
)
from matpi.drivers.scale.guard import Status
from matpi.errors import HardwareError
from matpi.ports import PutCounted
from matpi.store.db import Store
from tests.store.values import session

CONFIG = Config()
NO_PARTS = Config(
    scale=ScaleConfig(driver="sim"),
    panel=PanelConfig(driver="none"),
    button=ButtonConfig(driver="none"),
    lamp=LampConfig(driver="none"),
)
SPI = Config(scale=ScaleConfig(driver="spi", spi=(SpiConfig(bus=0), SpiConfig(bus=1))))
WELL = HostFacts(
    user="lea",
    groups=frozenset({"lea", "gpio", "i2c"}),
    known_groups=frozenset({"gpio", "i2c", "spi"}),
    gpio=GpioFacts("pinctrl-bcm2711"),
    button=ButtonFacts(),
    bus=BusFacts((0x3C,)),
    clock=ClockFacts(board=True, service=True, kernel=True, battery=False),
    disk=DiskFacts("/var/lib/matpi", 20_000_000_000),
    throttled=0,
    temperature_c=48.3,
    realtime=True,
    model="Raspberry Pi 4 Model B Rev 1.4",
    kernel="6.12.47",
    python="3.13.5",
    libraries={"gpiozero": "2.0.1.post3", "lgpio": "0.2.2.0", "spidev": ""},
)
CHIP = ChipFacts("chip", 86.4, {"ok": 700, "glitch": 2, "stale": 4}, 182_000, 78.0)


def host(config: Config, **changes: Any) -> list[Check]:
    facts = replace(WELL, **changes)
    return [
        checks.panel(config, facts.bus, None),
        checks.gpio(config, facts.gpio),
        checks.button(config, facts.button, running=False),
        checks.lamp(config),
        checks.clock(facts.clock),
        *checks.disk(facts.disk),
        checks.groups(config, facts),
        checks.spi(config, facts.spi_faults),
        checks.realtime(facts.realtime, None),
        checks.power(facts.throttled),
        checks.temperature(facts.temperature_c),
        checks.versions(facts),
        checks.libraries(config.scale, facts.libraries),
    ]


def the(checks: list[Check], key: str) -> Check:
    part, _, name = key.rpartition(" ")
    (found,) = [check for check in checks if (check.part, check.name) == (part, name)]
    return found


BOARD_CLOCK = ClockFacts(board=True, service=False, kernel=False, battery=False)
EVERYBODY = tuple(range(0x08, 0x78))


@pytest.mark.parametrize(
    ("key", "config", "changes", "verdict", "says"),
    [
        ("panel answer", CONFIG, {}, OK, "answers at 0x3C on /dev/i2c-1"),
        ("panel answer", CONFIG, {"bus": BusFacts((0x3C, 0x68))}, OK, "so does 0x68"),
        ("panel answer", CONFIG, {"bus": BusFacts()}, FAIL, "four wires"),
        ("panel answer", CONFIG, {"bus": BusFacts((0x3D,))}, FAIL, "but from 0x3D; if one of them is the panel"),
        ("panel answer", CONFIG, {"bus": BusFacts(fault="absent")}, FAIL, "do_i2c 0"),
        ("panel answer", CONFIG, {"bus": BusFacts(fault="denied")}, FAIL, "group i2c"),
        ("panel answer", CONFIG, {"bus": BusFacts(fault="library", why="no smbus2")}, FAIL, "make upgrade"),
        ("panel answer", CONFIG, {"bus": BusFacts((0x3C,), "hung", "no end after 3 s")}, FAIL, "switch the power off"),
        ("panel answer", CONFIG, {"bus": BusFacts(fault="other", why="EPROTO")}, FAIL, "the bus fails (EPROTO)"),
        ("panel answer", CONFIG, {"bus": BusFacts(EVERYBODY)}, FAIL, "held low"),
        ("panel answer", CONFIG, {"bus": None}, SKIPPED, "running device"),
        ("panel answer", NO_PARTS, {}, SKIPPED, "none configured"),
        ("gpio header", CONFIG, {}, OK, "pinctrl-bcm2711"),
        ("gpio header", CONFIG, {"gpio": GpioFacts()}, FAIL, "matpi sim"),
        ("gpio header", CONFIG, {"gpio": GpioFacts("", ("/dev/gpiochip0",))}, FAIL, "group gpio"),
        ("gpio header", CONFIG, {"gpio": None}, SKIPPED, "not known"),
        ("gpio header", NO_PARTS, {"gpio": GpioFacts()}, SKIPPED, "no part"),
        ("button level", CONFIG, {}, OK, "GPIO 17 reads released"),
        ("button level", CONFIG, {"button": ButtonFacts(pressed=True)}, WARN, "let it go"),
        ("button level", CONFIG, {"button": ButtonFacts(fault="GPIO busy")}, FAIL, "GPIO busy; stop what else"),
        ("button level", CONFIG, {"button": None}, SKIPPED, "no header"),
        ("button level", NO_PARTS, {}, SKIPPED, "none configured"),
        ("lamp light", CONFIG, {}, SKIPPED, "GPIO 18"),
        ("lamp light", NO_PARTS, {}, SKIPPED, "none configured"),
        ("clock trust", CONFIG, {}, OK, "timesyncd"),
        ("clock trust", CONFIG, {"clock": replace(BOARD_CLOCK, kernel=True)}, OK, "time service keeps it"),
        ("clock trust", CONFIG, {"clock": replace(BOARD_CLOCK, board=False)}, OK, "runs on when it is off"),
        ("clock trust", CONFIG, {"clock": BOARD_CLOCK}, WARN, "no battery clock; connect the network"),
        ("clock trust", CONFIG, {"clock": replace(BOARD_CLOCK, battery=True)}, WARN, "there is a battery clock"),
        ("clock trust", CONFIG, {"clock": None}, SKIPPED, "not known"),
        ("disk room", CONFIG, {}, OK, "20,000 MB free in /var/lib/matpi"),
        ("disk room", CONFIG, {"disk": DiskFacts("/d", 99_000_000)}, WARN, "make room"),
        ("disk room", CONFIG, {"disk": DiskFacts("/d", 9_000_000)}, FAIL, "9 MB free in /d; make room"),
        ("disk room", CONFIG, {"disk": DiskFacts("/d", fault="Permission denied")}, FAIL, "/d: Permission denied"),
        ("disk room", CONFIG, {"disk": None}, SKIPPED, "not known"),
        ("disk writable", CONFIG, {}, OK, "writing"),
        ("disk writable", CONFIG, {"disk": DiskFacts("/d", 10**9, read_only=True)}, FAIL, "remount,rw"),
        ("disk writable", CONFIG, {"disk": DiskFacts("/d", fault="Permission denied")}, SKIPPED, "see above"),
        ("user groups", CONFIG, {}, OK, "lea is in gpio, i2c"),
        ("user groups", CONFIG, {"groups": frozenset()}, WARN, "sudo usermod -aG gpio,i2c lea"),
        ("user groups", SPI, {}, WARN, "lea is not in spi"),
        ("user groups", CONFIG, {"root": True, "groups": frozenset()}, OK, "root"),
        ("user groups", CONFIG, {"known_groups": frozenset()}, SKIPPED, "no group gpio or i2c"),
        ("user groups", CONFIG, {"user": ""}, SKIPPED, "not known"),
        ("user groups", NO_PARTS, {}, OK, "needs none"),
        ("spi nodes", CONFIG, {}, SKIPPED, "no chip"),
        ("spi nodes", SPI, {}, SKIPPED, "not known"),
        ("spi nodes", SPI, {"spi_faults": {"/dev/spidev0.0": ""}}, OK, "open to this user"),
        ("spi nodes", SPI, {"spi_faults": {"/dev/spidev1.0": "absent"}}, FAIL, "do_spi 0"),
        ("spi nodes", SPI, {"spi_faults": {"/dev/spidev1.0": "denied"}}, FAIL, "group spi"),
        ("user realtime", CONFIG, {}, OK, "allowed"),
        ("user realtime", CONFIG, {"realtime": False}, SKIPPED, "RLIMIT_RTPRIO 0"),
        ("user realtime", CONFIG, {"realtime": None}, SKIPPED, "not known"),
        ("power voltage", CONFIG, {}, OK, "0x0"),
        ("power voltage", CONFIG, {"throttled": 0x50005}, FAIL, "at this moment (0x50005); use a supply"),
        ("power voltage", CONFIG, {"throttled": 0x50000}, WARN, "since boot (0x50000); use a supply"),
        ("power voltage", CONFIG, {"throttled": None}, SKIPPED, "not known here"),
        ("board temperature", CONFIG, {}, OK, "48 degC"),
        ("board temperature", CONFIG, {"temperature_c": 80.0}, WARN, "80 degC; give it air"),
        ("board temperature", CONFIG, {"temperature_c": 85.0}, FAIL, "85 degC; give it air"),
        ("board temperature", CONFIG, {"temperature_c": None}, SKIPPED, "not known"),
        ("matpi versions", CONFIG, {}, OK, "Python 3.13.5, Linux 6.12.47, Raspberry Pi 4 Model B Rev 1.4"),
        ("matpi versions", CONFIG, {"model": ""}, OK, "no Raspberry Pi"),
        ("matpi libraries", CONFIG, {}, OK, "lgpio 0.2.2.0"),
        ("matpi libraries", CONFIG, {"libraries": {"lgpio": "0.0.0.2"}}, FAIL, "stub; run `sudo apt install python3-l"),
        ("matpi libraries", CONFIG, {"libraries": {"lgpio": ""}}, FAIL, "missing: lgpio; run `sudo apt"),
        ("matpi libraries", CONFIG, {"libraries": {"luma.oled": ""}}, FAIL, "missing: luma.oled; reinstall matpi"),
        ("matpi libraries", SPI, {}, FAIL, "python3-spidev"),
        ("matpi libraries", NO_PARTS, {"libraries": {"lgpio": "", "spidev": "", "rich": "15"}}, OK, "rich 15"),
        ("matpi libraries", CONFIG, {"libraries": {}}, SKIPPED, "not known"),
    ],
)
def test_a_part_of_the_host(key: str, config: Config, changes: dict[str, Any], verdict: Verdict, says: str) -> None:
    check = the(host(config, **changes), key)
    assert check.verdict is verdict
    assert says in f"{check.what}; {check.do}"


@pytest.mark.parametrize(
    ("name", "changes", "net_kg", "verdict", "says"),
    [
        ("samples", {}, None, OK, "700 of 706 good (2 glitch, 4 stale)"),
        ("samples", {"tally": {}}, None, FAIL, "no sample at all; check its supply (VCC, GND)"),
        ("samples", {"tally": {"not_ready": 9}}, None, FAIL, "data GPIO 23, clock GPIO 24"),
        ("samples", {"tally": {"desync": 9, "stale": 18}}, None, FAIL, "loose contact"),
        ("samples", {"tally": {"saturated": 9}}, None, FAIL, "broken wire"),
        ("samples", {"tally": {"ok": 90, "glitch": 6, "stale": 12}}, None, WARN, "real-time priority"),
        ("samples", {"tally": {"ok": 90, "stale": 12}}, None, WARN, "processor busy"),
        ("samples", {"tally": {"ok": 90, "glitch": 95}}, None, FAIL, "90 of 185 good"),
        ("samples", {"tally": {Status.OK: 700, Status.GLITCH: 0}}, None, OK, "700 of 700 good"),
        ("rate", {}, None, OK, "86.4 samples/s, configured 80"),
        ("rate", {"rate_hz": 72.1}, None, OK, "72.1"),
        ("rate", {"rate_hz": 70.4}, None, WARN, "configured 80: 12 % too slow; 72 to 88 would be right"),
        ("rate", {"rate_hz": 89.6}, None, WARN, "configured 80: 12 % too fast; leave it if the samples"),
        ("rate", {"rate_hz": 105.1}, None, WARN, "72 to 88 would be right"),
        ("rate", {"rate_hz": 40.0}, None, WARN, "processor busy"),
        ("rate", {"rate_hz": 11.7}, None, FAIL, "11.7 samples/s, configured 80; set rate = 10 in [scale]"),
        ("rate", {"rate_hz": 0.0}, None, FAIL, "silent now"),
        ("rate", {"rate_hz": None}, None, FAIL, "silent now"),
        ("rate", {"tally": {"not_ready": 9}, "rate_hz": 0.0}, None, SKIPPED, "no good sample"),
        ("noise", {}, None, OK, "1.8 g (78 counts), 1.0 to 3.6 g expected"),
        ("noise", {"noise_counts": 620.0}, None, OK, "14.4 g"),
        ("noise", {"noise_counts": 621.0}, None, WARN, "nobody on the mat"),
        ("noise", {"noise_counts": 8601.0}, None, FAIL, "200.0 g"),
        ("noise", {"noise_counts": 0.0}, None, FAIL, "same number every time"),
        ("noise", {"noise_counts": None}, None, SKIPPED, "too few"),
        ("noise", {"tally": {"ok": 19}}, None, SKIPPED, "too few"),
        ("noise", {"noise_counts": 9000.0}, 71.2, SKIPPED, "71.2 kg lie on the mat"),
        ("noise", {}, 0.3, OK, "1.8 g"),
        ("offset", {}, None, OK, "182000 counts, like 4.2 kg"),
        ("offset", {"last_counts": -1_290_001}, None, WARN, "like -30.0 kg; run again with nothing on the mat"),
        ("offset", {"last_counts": 6_700_001}, None, FAIL, "bent, swapped or broken"),
        ("offset", {"last_counts": None}, None, SKIPPED, "nothing heard"),
        ("offset", {"last_counts": 1_900_000}, 71.2, SKIPPED, "run again when it is empty"),
    ],
)
def test_a_chip(name: str, changes: dict[str, Any], net_kg: float | None, verdict: Verdict, says: str) -> None:
    checks = scale.chip(0, CONFIG.scale, replace(CHIP, **changes), 43_000.0, net_kg)
    assert [check.name for check in checks] == ["samples", "rate", "noise", "offset"]
    check = the(checks, f"chip 1 {name}")
    assert check.verdict is verdict
    assert says in f"{check.what}; {check.do}"


def test_a_slow_chip_is_told_from_a_fast_one() -> None:
    slow = ScaleConfig(rate=10)
    assert scale.chip(0, slow, replace(CHIP, rate_hz=10.7), 43_000.0, None)[1].verdict is OK
    jumper = scale.chip(0, slow, CHIP, 43_000.0, None)[1]
    assert (jumper.verdict, "rate = 80" in jumper.do) == (FAIL, True)


def test_the_wires_of_a_chip_are_named() -> None:
    silent = ChipFacts(tally={"not_ready": 3})
    wired = ScaleConfig(channels=(ChannelConfig(data=5, clock=6),))
    assert "data GPIO 5, clock GPIO 6" in scale.chip(0, wired, silent, 1.0, None)[0].do
    assert "/dev/spidev1.0" in scale.chip(1, SPI.scale, silent, 1.0, None)[0].do


@pytest.mark.parametrize(
    ("facts", "verdict", "says"),
    [
        (None, SKIPPED, "not tried"),
        (ScaleFacts(alive=True, scheduling="fifo 50", cpu_s=0.9), OK, "alive, fifo 50, 0.9 s"),
        (ScaleFacts(alive=True, restarts=2), WARN, "restarted 2 times"),
        (ScaleFacts(alive=True, dropped=7), WARN, "7 samples dropped"),
        (ScaleFacts(), FAIL, "does not run"),
        (ScaleFacts(trouble="GPIO 23 is taken."), FAIL, "GPIO 23 is taken; look for the reason"),
        (ScaleFacts(trouble="No header; use the group gpio."), FAIL, "No header; use the group gpio"),
    ],
)
def test_the_reader(facts: ScaleFacts | None, verdict: Verdict, says: str) -> None:
    check = scale.reader(facts, "not tried")
    assert check.verdict is verdict
    assert says in f"{check.what}; {check.do}"


@pytest.mark.parametrize(
    ("zero_kg", "calibrated", "verdict"),
    [(None, True, SKIPPED), (0.4, False, SKIPPED), (-3.0, True, OK), (3.1, True, WARN)],
)
def test_the_zero(zero_kg: float | None, calibrated: bool, verdict: Verdict) -> None:
    assert scale.zero(zero_kg, calibrated=calibrated).verdict is verdict


def test_a_chip_that_was_turned_round_is_reported_until_the_calibration() -> None:
    turned = scale.calibration(calibrated=False, per_kg=(43_000.0, -43_000.0))
    assert turned.what.startswith("chip 2 read backwards and was turned round by the device; none yet")
    assert "calibrate" in turned.do
    both = scale.calibration(calibrated=False, per_kg=(-43_000.0, -43_000.0))
    assert both.what.startswith("chip 1 and chip 2 read backwards and were turned round by the device")
    # Wired that way and calibrated so: nothing is wrong.
    assert scale.calibration(calibrated=True, per_kg=(43_000.0, -43_000.0)).verdict is OK


@pytest.mark.parametrize(("calibrated", "verdict"), [(None, SKIPPED), (True, OK), (False, WARN)])
def test_the_calibration(calibrated: bool | None, verdict: Verdict) -> None:
    assert scale.calibration(calibrated=calibrated, per_kg=(41_234.0,)).verdict is verdict


def test_the_panel_of_a_running_device() -> None:
    drawn = checks.panel(CONFIG, None, PanelFacts(frames=12))
    assert (drawn.verdict, "12 frames" in drawn.what) == (OK, True)
    lost = checks.panel(CONFIG, None, PanelFacts(lost=True, trouble="No answer."))
    assert (lost.verdict, lost.what) == (FAIL, "No answer")


def test_the_priority_of_a_running_reader() -> None:
    assert checks.realtime(False, "fifo 50").verdict is OK
    assert checks.realtime(True, "other").verdict is WARN


@pytest.mark.parametrize("verdict", [WARN, FAIL])
def test_no_trouble_without_what_to_do(verdict: Verdict) -> None:
    with pytest.raises(ValueError, match="what to do"):
        Check("part", "name", verdict, "broken")


# -- the whole of it ---------------------------------------------------------------------------------------------------


class Bench:
    """A scale that tells what it was given, and whether it was started and stopped."""

    def __init__(self, told: Any = None, fails: Exception | None = None, lost: str = "") -> None:
        self.told = told or ScaleFacts(alive=True, scheduling="other", chips=(CHIP, CHIP))
        self.fails = fails
        self.lost = lost
        self.calls: list[str] = []

    def start(self, put: PutCounted) -> None:
        self.calls.append("start")
        if self.fails is not None:
            raise self.fails
        if self.lost:
            put(SensorLost(0.0, self.lost))

    def stop(self) -> None:
        self.calls.append("stop")

    def report(self) -> Any:
        self.calls.append("report")
        return self.told


class Machine:
    """A Probe that remembers whether it might touch."""

    def __init__(self, facts: HostFacts = WELL) -> None:
        self.facts = facts
        self.touched: list[bool] = []

    def __call__(self, config: Config, store: Path, *, touch: bool) -> HostFacts:
        self.touched.append(touch)
        return self.facts


@dataclass
class Ran:
    checks: list[Check]
    slept: list[float]


@pytest.fixture
def status_path(tmp_path: Path) -> Path:
    return tmp_path / "status.json"


@pytest.fixture
def run(tmp_path: Path, status_path: Path) -> Callable[..., Ran]:
    def go(config: Config = CONFIG, *, alive: bool = True, **options: Any) -> Ran:
        slept: list[float] = []
        checks = run_doctor(
            config,
            status_path,
            probe=options.pop("probe", Machine()),
            store_path=options.pop("store_path", tmp_path / "matpi.db"),
            alive=lambda pid: alive and pid == 4242,
            now=lambda: 1000.0,
            sleep=slept.append,
            **options,
        )
        return Ran(checks, slept)

    return go


def live(path: Path, **changes: Any) -> None:
    status = {
        "pid": 4242,
        "version": __version__,
        "started_mono": 10.0,
        "written_mono": 996.0,
        "scale": to_builtins(ScaleFacts(alive=True, scheduling="fifo 50", cpu_s=12.0, chips=(CHIP, CHIP))),
        "panel": {"driver": "sh1106", "lost": False, "trouble": "", "frames": 31},
        "state": "IDLE",
        "net_kg": 0.012,
        "zero_kg": 0.21,
        "calibrated": True,
        "counts_per_kg": [42_000.0, 41_500.0],
        "readings": 81_220,
        "rejected": 90,
        "unsaved": 0,
        "clock": {"trusted": True},
        "something_newer": [1, 2],
    }
    path.write_text(json.dumps({**status, **changes}))


def calibrated_log(path: Path) -> Path:
    with Store.open(path) as log:
        log.write(Save(Calibrated(Calibration((1, 2), (42_000.0, 41_500.0)), Zero((0.0, 0.0)))))
    return path


def test_without_a_device_the_scale_is_watched_and_stopped(
    run: Callable[..., Ran], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scale, machine = Bench(), Machine()
    ran = run(scale=scale, probe=machine, seconds=8.0, store_path=calibrated_log(tmp_path / "matpi.db"))
    assert scale.calls == ["start", "report", "stop"]
    assert ran.slept == [8.0]
    assert machine.touched == [True]
    assert the(ran.checks, "chip 2 noise").what.startswith("1.9 g (78 counts)")
    assert the(ran.checks, "log whole").what.endswith("0 sessions, whole")
    assert {check.verdict for check in ran.checks} == {OK, SKIPPED}
    assert show(ran.checks, as_json=False) == 0
    assert capsys.readouterr().out.endswith("\nAll is well.\n")


def test_a_running_device_is_asked_and_left_alone(run: Callable[..., Ran], status_path: Path) -> None:
    live(status_path)
    scale, machine = Bench(), Machine(replace(WELL, bus=None, button=None))
    ran = run(scale=scale, probe=machine)
    assert (scale.calls, ran.slept, machine.touched) == ([], [], [False])
    assert the(ran.checks, "device running").what == f"matpi {__version__}, process 4242, idle"
    assert the(ran.checks, "device kept").verdict is OK
    assert the(ran.checks, "reader process").verdict is OK
    assert the(ran.checks, "user realtime").what == "the reader has it (fifo 50)"
    assert the(ran.checks, "panel answer").what.endswith("31 frames drawn")
    assert the(ran.checks, "scale calibration").what == "42,000 and 41,500 counts/kg"
    assert the(ran.checks, "scale zero").verdict is OK
    assert not {check.verdict for check in ran.checks} & {FAIL, WARN}


@pytest.mark.parametrize(
    ("changes", "key", "verdict", "says"),
    [
        ({"written_mono": 985.0}, "device running", OK, "idle"),
        ({"written_mono": 984.9}, "device running", FAIL, "has not turned for 15 s; run `sudo systemctl restart"),
        ({"version": "0.0.9"}, "device running", WARN, f"but {__version__} is installed"),
        ({"unsaved": 2}, "device kept", FAIL, "2 records are not on the disk"),
        ({"panel": {"lost": True, "trouble": "No answer."}}, "panel answer", FAIL, "No answer; look"),
        ({"lost": ["lamp_lost", "button_lost"]}, "button level", FAIL, "cannot use GPIO 17; find why in `journalctl"),
        ({"lost": ["lamp_lost"]}, "lamp light", FAIL, "cannot use GPIO 18"),
        ({"scale": None}, "reader process", SKIPPED, "not started it yet"),
        ({"scale": {"alive": False}}, "chip 1 samples", SKIPPED, "nothing heard"),
        ({"net_kg": 71.0}, "chip 1 noise", SKIPPED, "71.0 kg lie"),
        ({"zero_kg": 4.5}, "scale zero", WARN, "+4.50 kg"),
        ({"zero_word": "backwards"}, "scale zero", WARN, "it reads backwards; run `matpi calibrate`"),
        ({"calibrated": False, "counts_per_kg": None}, "scale calibration", WARN, "43,000 and 43,000"),
    ],
)
def test_what_the_device_says_is_judged(
    run: Callable[..., Ran],
    status_path: Path,
    changes: dict[str, Any],
    key: str,
    verdict: Verdict,
    says: str,
) -> None:
    live(status_path, **changes)
    check = the(run().checks, key)
    assert check.verdict is verdict
    assert says in f"{check.what}; {check.do}"


def test_a_hung_device_keeps_its_parts(run: Callable[..., Ran], status_path: Path) -> None:
    live(status_path, written_mono=100.0)
    scale, machine = Bench(), Machine()
    checks = run(scale=scale, probe=machine).checks
    assert (scale.calls, machine.touched) == ([], [False])
    assert the(checks, "reader process").what == "left alone: the hung device holds it"


def test_a_dead_device_is_told_and_its_parts_are_tried(run: Callable[..., Ran], status_path: Path) -> None:
    live(status_path)
    scale = Bench()
    checks = run(scale=scale, alive=False).checks
    assert "not running: its process 4242 has ended" in the(checks, "device running").what
    assert scale.calls == ["start", "report", "stop"]


@pytest.mark.parametrize(
    "text", ["", "{", '{"pid": "x", "written_mono": 1}', "[]", '{"pid": 4242, "written_mono": NaN}']
)
def test_a_broken_status_is_no_leave_to_touch(run: Callable[..., Ran], status_path: Path, text: str) -> None:
    status_path.write_text(text)
    scale = Bench()
    checks = run(scale=scale).checks
    assert the(checks, "device running").verdict is WARN
    assert scale.calls == []


def test_a_status_nobody_may_read(status_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise PermissionError

    live(status_path)
    monkeypatch.setattr(Path, "open", refuse)
    device = read_device(status_path)
    assert (device.life, device.why) == (Life.UNKNOWN, f"{status_path} may not be read by this user")


def test_whether_a_process_is_ours() -> None:
    assert not running(2**22 + 1)
    assert not running(10**30)
    assert running(os.getpid()) == (b"matpi" in Path("/proc/self/cmdline").read_bytes())


def test_a_scale_that_cannot_start(run: Callable[..., Ran]) -> None:
    scale = Bench(fails=HardwareError("No GPIO header could be opened; add this user to the group gpio."))
    ran = run(scale=scale)
    assert ran.slept == []
    check = the(ran.checks, "reader process")
    assert (check.verdict, check.what.startswith("No GPIO header")) == (FAIL, True)
    assert the(ran.checks, "chip 1 samples").verdict is SKIPPED


def test_a_reader_that_died_says_why(run: Callable[..., Ran]) -> None:
    check = the(run(scale=Bench(ScaleFacts(), lost="GPIO 23 is taken")).checks, "reader process")
    assert (check.verdict, check.what) == (FAIL, "GPIO 23 is taken")


@pytest.mark.parametrize("alive", [True, False])
def test_chips_are_not_blamed_for_a_reader_that_tries_again_and_again(run: Callable[..., Ran], alive: bool) -> None:
    silent = ChipFacts(tally={status.value: 0 for status in Status})
    scale = Bench(ScaleFacts(alive=alive, restarts=1, chips=(silent, silent)), lost="No header.")
    checks = run(scale=scale).checks
    assert (the(checks, "reader process").verdict, the(checks, "reader process").what) == (FAIL, "No header")
    assert the(checks, "chip 1 samples").verdict is SKIPPED


def test_one_silent_chip_is_blamed_beside_a_good_one(run: Callable[..., Ran]) -> None:
    silent = ChipFacts("foot", 0.0, {"ok": 0, "not_ready": 8}, None, None)
    checks = run(scale=Bench(ScaleFacts(alive=True, chips=(CHIP, silent)), lost="chip 2 does not answer")).checks
    assert the(checks, "reader process").verdict is OK
    assert the(checks, "chip 1 samples").verdict is OK
    assert the(checks, "chip 2 samples").verdict is FAIL


def test_the_readers_own_report_is_understood(run: Callable[..., Ran]) -> None:
    from matpi.drivers.scale.process import ReaderScale

    told = ReaderScale(["unstarted"], 2, 80).report()
    checks = run(scale=Bench(told)).checks
    assert the(checks, "reader process").what == "the load cell reader does not run"


def test_a_report_of_another_shape_is_no_crash(run: Callable[..., Ran]) -> None:
    scale = Bench(told={"alive": "yes"})
    assert the(run(scale=scale).checks, "reader process").verdict is FAIL
    assert scale.calls[-1] == "stop"


def test_a_simulated_scale_is_watched_only_when_there_is_one(run: Callable[..., Ran]) -> None:
    assert the(run(NO_PARTS).checks, "reader process").what == "simulated"
    assert the(run(CONFIG).checks, "reader process").what == "not tried"
    assert the(run(NO_PARTS, scale=Bench()).checks, "chip 1 samples").verdict is OK


def test_a_desktop_gets_answers_everywhere(run: Callable[..., Ran]) -> None:
    bare = HostFacts(user="lea", gpio=GpioFacts(), bus=BusFacts(fault="absent"), disk=DiskFacts("/", 10**10))
    checks = run(probe=Machine(bare), scale=Bench(fails=HardwareError("No GPIO header could be opened."))).checks
    failed = {(check.part, check.name) for check in checks if check.verdict is FAIL}
    assert failed == {("reader", "process"), ("panel", "answer"), ("gpio", "header")}


# -- the log and the config --------------------------------------------------------------------------------------------


def test_a_damaged_log_fails_and_stays_where_it_is(run: Callable[..., Ran], tmp_path: Path) -> None:
    path = calibrated_log(tmp_path / "matpi.db")
    path.write_bytes(b"no database " * 1000)
    before = sorted(p.name for p in tmp_path.iterdir())
    check = the(run(store_path=path).checks, "log whole")
    assert check.verdict is FAIL
    assert str(path) in check.what
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_backups_and_a_damaged_log_that_was_set_aside_are_named(run: Callable[..., Ran], tmp_path: Path) -> None:
    path = calibrated_log(tmp_path / "matpi.db")
    check = the(run(store_path=path).checks, "log backups")
    assert (check.verdict, check.what[:8]) == (OK, "none yet")
    with Store.open(path) as store:
        store.write(Save(session()))
        store.back_up(None)
    check = the(run(store_path=path).checks, "log backups")
    assert check.verdict is OK
    assert check.what.startswith("1 backup, the newest matpi.db.backup-1 of 2")
    path.write_bytes(b"no database " * 1000)
    Store.open(path).close()
    [aside] = [entry for entry in tmp_path.glob("matpi.db.damaged-*") if not entry.name.endswith(("-wal", "-shm"))]
    check = the(run(store_path=path).checks, "log backups")
    assert check.verdict is WARN
    assert check.what.startswith(aside.name)


def test_a_closed_folder_is_not_taken_for_one_without_backups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", closed)
    check = log_checks(tmp_path / "matpi.db").checks[-1]
    assert (check.name, check.verdict) == ("backups", SKIPPED)


def test_the_log_of_a_running_device_can_be_read(run: Callable[..., Ran], tmp_path: Path) -> None:
    with Store.open(tmp_path / "matpi.db"):
        assert the(run().checks, "log whole").verdict is OK


def test_the_log_is_loaded_once(run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[Store] = []
    load = Store.load

    def counted(log: Store) -> Memory:
        loads.append(log)
        return load(log)

    monkeypatch.setattr(Store, "load", counted)
    path = calibrated_log(tmp_path / "matpi.db")
    assert the(run(store_path=path).checks, "log values").verdict is OK
    assert len(loads) == 1


def test_a_log_yet_to_be_made(run: Callable[..., Ran], tmp_path: Path) -> None:
    checks = run().checks
    assert the(checks, "log whole").verdict is OK
    assert the(checks, "scale calibration").verdict is WARN
    assert not list(tmp_path.glob("matpi.db*"))


def test_a_log_nobody_may_read(run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise sqlite3.OperationalError("unable to open database file")

    path = calibrated_log(tmp_path / "matpi.db")
    monkeypatch.setattr("matpi.store.file.connect", refuse)
    monkeypatch.setattr("matpi.store.raw.connect", refuse)
    checks = run(store_path=path).checks
    assert the(checks, "log whole").verdict is FAIL
    assert the(checks, "scale calibration").verdict is SKIPPED


def test_a_wrong_config_is_a_finding_not_an_end(run: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "matpi.toml"
    path.write_text("[scale]\nrat = 80\n")
    config, check = read_config(path)
    assert config == Config()
    assert check.verdict is FAIL
    assert (check.what, check.do) == (
        f"{path}: the key scale.rat is unknown",
        "did you mean scale.rate? (what follows assumes the defaults)",
    )
    assert run(config, config_check=check).checks[0] is check


def test_a_right_config(tmp_path: Path) -> None:
    path = tmp_path / "matpi.toml"
    path.write_text("[scale]\nrate = 10\n")
    config, check = read_config(path)
    assert (config.scale.rate, check.verdict) == (10, OK)
    assert read_config(None)[1].verdict is OK
    assert read_config(tmp_path / "absent.toml")[1].verdict is FAIL


# -- the words ---------------------------------------------------------------------------------------------------------

KEYS = [
    "config file",
    "device running",
    "device kept",
    "reader process",
    *[f"chip {n} {name}" for n in (1, 2) for name in ("samples", "rate", "noise", "offset")],
    "scale zero",
    "scale calibration",
    "panel answer",
    "gpio header",
    "button level",
    "lamp light",
    "clock trust",
    "disk room",
    "disk writable",
    "log whole",
    "log values",
    "log backups",
    "upstream sinks",
    "user groups",
    "spi nodes",
    "user realtime",
    "power voltage",
    "board temperature",
    "matpi versions",
    "matpi libraries",
]


@pytest.mark.parametrize("written_mono", [None, 996.0, 100.0])
def test_the_parts_are_the_same_however_it_stands(
    run: Callable[..., Ran], status_path: Path, written_mono: float | None
) -> None:
    if written_mono is not None:
        live(status_path, written_mono=written_mono)
    for machine in (Machine(), Machine(HostFacts())):
        assert [f"{c.part} {c.name}" for c in run(scale=Bench(), probe=machine).checks] == KEYS


def test_json_is_one_object_with_stable_names(run: Callable[..., Ran], capsys: pytest.CaptureFixture[str]) -> None:
    checks = run(scale=Bench(), probe=Machine(replace(WELL, throttled=1))).checks
    assert show(checks, as_json=True) == 1
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert list(told) == ["matpi", "ok", "counts", "checks"]
    assert told["ok"] is False
    assert list(told["counts"]) == ["ok", "warn", "fail", "skipped"]
    assert sum(told["counts"].values()) == len(told["checks"])
    assert {tuple(check) for check in told["checks"]} == {("part", "name", "verdict", "what", "do")}
    power = next(check for check in told["checks"] if check["part"] == "power")
    assert power["verdict"] == "FAIL"
    assert power["do"].startswith("use a supply")


@pytest.mark.parametrize(
    ("found", "code", "last"),
    [
        ([OK, SKIPPED], 0, "All is well."),
        ([OK, WARN], 0, "1 thing to look at."),
        ([FAIL, WARN], 1, "2 things to look at."),
        ([FAIL], 1, "1 thing to look at."),
    ],
)
def test_the_exit_code_and_the_last_line(
    found: list[Verdict], code: int, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show([Check("part", "name", v, "so", "do this") for v in found], as_json=False) == code
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_a_table_in_a_pipe_is_a_plain_line_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    do = "look at [this] and " + "that " * 40
    checks = [
        Check("chip 1", "rate", FAIL, "0.0 samples/s", do.strip()),
        Check("power", "voltage", OK, "never too low"),
    ]
    show(checks, as_json=False)
    said = capsys.readouterr().out
    *lines, last = said.splitlines()
    assert len(lines) == 2
    assert last == "1 thing to look at."
    assert "\x1b" not in said
    assert lines[0].startswith("FAIL")
    assert lines[0].endswith("that that.")
    assert "[this]" in lines[0]
    assert lines[0].index("0.0") == lines[1].index("never")
